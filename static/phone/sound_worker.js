/**
 * Makes the sound of a voice, because the timers of a hidden frame are slowed and would send it in gusts; tells how loud
 * another one is; reads the keys that come beside it.
 *
 * @module
 */

import { KeyReader, TELEPHONE_EVENT } from "./telephone_event.js";
import { loudness, RATE, VoiceMaker } from "./voice.js";

const FRAME = 480; // 10 ms, as the browser's own microphones give
const FRAME_MS = (FRAME / RATE) * 1000;
const TELL_EVERY = 10;

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
  for (let frames = 1; ; frames++) {
    const { value: frame, done } = await reader.read();
    if (done) {
      return;
    }
    if (frames % TELL_EVERY === 0) {
      const samples = new Float32Array(frame.numberOfFrames);
      frame.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      scope.postMessage({ level: loudness(samples) });
    }
    frame.close();
  }
}

/** All that a connection receives comes by here, on its way to be played. */
scope.onrtctransform = ({ transformer: { readable, writable } }) => {
  const keys = new KeyReader();
  let told = false;
  const reading = new TransformStream({
    transform(/** @type {RTCEncodedAudioFrame} */ frame, controller) {
      const { mimeType, rtpTimestamp } = frame.getMetadata();
      if (!told) {
        told = true;
        scope.postMessage({ reads: mimeType !== undefined && rtpTimestamp !== undefined });
      }
      const isKey = mimeType === TELEPHONE_EVENT && rtpTimestamp !== undefined; // else the page takes what is sent
      const key = isKey ? keys.read(rtpTimestamp, frame.data) : null;
      if (key !== null) {
        scope.postMessage({ key });
      }
      controller.enqueue(frame);
    },
  });
  readable
    .pipeThrough(reading)
    .pipeTo(writable)
    .catch(() => {}); // the call has ended
};
