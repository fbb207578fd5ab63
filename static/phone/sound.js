/**
 * Where a call's sound comes from and goes to: the microphone or a made voice; the loudspeaker, or
 * an ear that tells what it hears. None of it needs a click, except that a browser may keep the
 * loudspeaker silent until there was one.
 *
 * @module
 */

import { ringBackTone, voiced, wav } from "./voice.js";

/**
 * @typedef {{track: MediaStreamTrack, stop: () => void}} Source
 * @typedef {{onKey?: (key: string) => void, onLevel?: (level: number) => void}} Ears
 */

const WORKER = new URL("./sound_worker.js", import.meta.url).href;
const WORKLET = new URL("./ear_worklet.js", import.meta.url).href;
const WAV_S = 6;
/** Some seconds of sound for the ear, whose worker may have to wait for the processor: a browser keeps a tenth of one. */
const FRAMES_KEPT = 300;

/** Have the browser keep the worker's modules: the first call may come when there is no network. */
export function keepWorker() {
  for (const name of ["./sound_worker.js", "./ear_worklet.js", "./tones.js"]) {
    fetch(new URL(name, import.meta.url)).catch(() => {}); // the call itself tells
  }
}

/** The operator's microphone; the browser may ask for it. @returns {Promise<Source>} */
export async function microphone() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const [track] = stream.getAudioTracks();
  return { track, stop: () => track.stop() };
}

/** A made voice. @param {number} pitch in hertz @returns {Promise<Source>} */
export async function voice(pitch) {
  const { MediaStreamTrackGenerator } = /** @type {any} */ (globalThis);
  return MediaStreamTrackGenerator ? streamed(new MediaStreamTrackGenerator({ kind: "audio" }), pitch) : filmed(pitch);
}

/** @param {MediaStreamTrack & {writable: WritableStream}} track @param {number} pitch @returns {Source} */
function streamed(track, pitch) {
  const worker = new Worker(WORKER, { type: "module", name: "worker-py voice" });
  worker.postMessage({ speak: { to: track.writable, pitch } }, [track.writable]);
  return {
    track,
    stop() {
      track.stop();
      worker.terminate();
    },
  };
}

/** For browsers that can write no track: a recording that plays unheard. @param {number} pitch @returns {Promise<Source>} */
async function filmed(pitch) {
  const player =
    /** @type {HTMLVideoElement & {captureStream?: () => MediaStream, mozCaptureStream?: () => MediaStream}} */ (
      document.createElement("video")
    );
  player.muted = true;
  player.loop = true;
  player.src = URL.createObjectURL(wav(voiced(pitch, WAV_S)));
  await player.play();
  const stream = (player.captureStream ?? player.mozCaptureStream)?.call(player);
  const track = stream?.getAudioTracks()[0];
  if (!track) {
    throw new Error("this browser can make no sound of its own: use the microphone");
  }
  return {
    track,
    stop() {
      track.stop();
      player.pause();
      URL.revokeObjectURL(player.src);
    },
  };
}

/** Let the operator hear that it rings, if the browser lets us. @returns {() => void} to stop */
export function ringBack() {
  const player = document.createElement("audio");
  player.loop = true;
  player.src = URL.createObjectURL(wav(ringBackTone()));
  player.play().catch(() => {}); // silent until there was a click
  return () => {
    player.pause();
    URL.revokeObjectURL(player.src);
    player.removeAttribute("src");
  };
}

/**
 * Let the operator hear a track, if the browser lets us. The page's scripts hear of it by `workerpy:sound`, whose
 * detail says whether it is `aloud`; after a click they may have it tried again by `workerpy:sound-on`.
 * @param {MediaStreamTrack} track
 * @returns {() => void} to stop
 */
export function loudspeaker(track) {
  const player = document.createElement("audio");
  player.srcObject = new MediaStream([track]);
  let over = false;
  /** @param {boolean | null} aloud */
  const tell = (aloud) => dispatchEvent(new CustomEvent("workerpy:sound", { detail: { aloud } }));
  const play = () => {
    player.muted = false;
    player.play().then(
      () => over || tell(true),
      () => {
        player.muted = true; // else nothing flows at all
        player.play().catch(() => {});
        over || tell(false);
      },
    );
  };
  addEventListener("workerpy:sound-on", play);
  play();
  return () => {
    over = true;
    removeEventListener("workerpy:sound-on", play);
    player.pause();
    player.srcObject = null;
    tell(null);
  };
}

/** Whether `listen` hears at once; elsewhere a browser may let it hear only after a click. */
export const hearsAtOnce = () => "MediaStreamTrackProcessor" in globalThis;

/**
 * Listen to a track without playing it. In a browser that cannot, nothing is heard.
 * @param {MediaStreamTrack} track
 * @param {Ears} ears
 * @returns {() => void} to stop
 */
export function listen(track, { onKey, onLevel }) {
  const player = document.createElement("video"); // without a player a received track gives no sound
  player.muted = true;
  player.srcObject = new MediaStream([track]);
  player.play().catch(() => {});
  const tell = (/** @type {{data: {key?: string, level?: number}}} */ { data }) => {
    if (data.key !== undefined) {
      onKey?.(data.key);
    }
    if (data.level !== undefined) {
      onLevel?.(data.level);
    }
  };
  const stop = hearsAtOnce() ? listenInWorker(track, tell) : listenInWorklet(track, tell);
  return () => {
    stop();
    player.pause();
    player.srcObject = null;
  };
}

/** @typedef {(message: {data: {key?: string, level?: number}}) => void} Heard */

/** @param {MediaStreamTrack} track @param {Heard} tell */
function listenInWorker(track, tell) {
  const { MediaStreamTrackProcessor } = /** @type {any} */ (globalThis);
  const worker = new Worker(WORKER, { type: "module", name: "worker-py ear" });
  const { readable } = new MediaStreamTrackProcessor({ track, maxBufferSize: FRAMES_KEPT });
  worker.onmessage = tell;
  worker.postMessage({ listen: readable }, [readable]);
  return () => worker.terminate();
}

/** @param {MediaStreamTrack} track @param {Heard} tell */
function listenInWorklet(track, tell) {
  const context = new AudioContext();
  const hear = async () => {
    await context.audioWorklet.addModule(WORKLET);
    const node = new AudioWorkletNode(context, "worker-py-ear", { numberOfOutputs: 0 });
    node.port.onmessage = tell;
    context.createMediaStreamSource(new MediaStream([track])).connect(node);
  };
  hear().catch(() => {}); // then nothing is heard
  const on = () => context.resume().catch(() => {});
  addEventListener("workerpy:sound-on", on);
  on();
  return () => {
    removeEventListener("workerpy:sound-on", on);
    context.close().catch(() => {});
  };
}
