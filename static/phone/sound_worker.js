/**
 * Makes the sound of a voice, and listens to another: in a worker, because the timers of a hidden
 * frame are slowed and would send it in gusts.
 *
 * @module
 */

import { KeyListener, power } from "./tones.js";
import { RATE, VoiceMaker } from "./voice.js";

const FRAME = 480; // 10 ms, as the browser's own microphones give
const FRAME_MS = (FRAME / RATE) * 1000;
const BLOCK_MS = 20;
/** From one block to the next; they overlap. */
const STEP_MS = 10;
const REPORT_EVERY = 10;

/** @typedef {{speak?: {to: WritableStream<AudioData>, pitch: number}, listen?: ReadableStream<AudioData>}} Order */

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (self));

scope.onmessage = (/** @type {MessageEvent<Order>} */ { data }) => {
  if (data.speak) {
    speak(data.speak.to, data.speak.pitch);
  }
  if (data.listen) {
    listen(data.listen);
  }
};

/** @param {WritableStream<AudioData>} to @param {number} pitch */
function speak(to, pitch) {
  const writer = to.getWriter();
  const voice = new VoiceMaker(pitch);
  const began = performance.now();
  let frames = 0;
  const timer = setInterval(() => {
    // As many as have become due: a tick may come late.
    for (const due = (performance.now() - began) / FRAME_MS; frames < due; frames++) {
      const timestamp = frames * FRAME_MS * 1000;
      const shape = { sampleRate: RATE, numberOfFrames: FRAME, numberOfChannels: 1, timestamp };
      const frame = new AudioData({ format: "f32-planar", data: voice.next(FRAME), ...shape });
      writer.write(frame).catch(() => clearInterval(timer)); // the track has ended
    }
  }, FRAME_MS);
}

/** @param {ReadableStream<AudioData>} from */
async function listen(from) {
  const reader = from.getReader();
  /** @type {number[]} */
  let waiting = [];
  /** @type {KeyListener | null} */
  let keys = null;
  let blocks = 0;
  for (;;) {
    const { value: frame, done } = await reader.read();
    if (done) {
      return;
    }
    const samples = new Float32Array(frame.numberOfFrames);
    frame.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
    const size = (frame.sampleRate * BLOCK_MS) / 1000;
    keys ??= new KeyListener(frame.sampleRate);
    frame.close();
    waiting.push(...samples);
    while (waiting.length >= size) {
      const block = Float32Array.from(waiting.slice(0, size));
      waiting = waiting.slice((size * STEP_MS) / BLOCK_MS);
      const key = keys.hear(block);
      if (key) {
        scope.postMessage({ key });
      }
      if (++blocks % REPORT_EVERY === 0) {
        scope.postMessage({ level: Math.sqrt(power(block)) });
      }
    }
  }
}
