/**
 * Makes the sound of a voice, and listens to another: in a worker, because the timers of a hidden
 * frame are slowed and would send it in gusts.
 *
 * @module
 */

import { Ear } from "./tones.js";
import { RATE, VoiceMaker } from "./voice.js";

const FRAME = 480; // 10 ms, as the browser's own microphones give
const FRAME_MS = (FRAME / RATE) * 1000;

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
  /** @type {Ear | null} */
  let ear = null;
  for (;;) {
    const { value: frame, done } = await reader.read();
    if (done) {
      return;
    }
    const samples = new Float32Array(frame.numberOfFrames);
    frame.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
    ear ??= new Ear(frame.sampleRate, (heard) => scope.postMessage(heard));
    frame.close();
    ear.hear(samples);
  }
}
