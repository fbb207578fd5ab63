/**
 * Where a call's sound comes from and goes to: the microphone or a made voice; the loudspeaker, or
 * an ear that tells how loud it is. None of it needs a click, except that a browser may keep the
 * loudspeaker silent until there was one.
 *
 * @module
 */

import { loudness, ringBackTone, voiced, wav } from "./voice.js";

/**
 * @typedef {{track: MediaStreamTrack, stop: () => void}} Source
 * @typedef {{level: () => number, stop: () => void}} Ear  0 to 1
 */

const WORKER = new URL("./sound_worker.js", import.meta.url).href;
const WAV_S = 6;
/** The ear tells more often than this how loud it is, as long as anything comes. */
const LEVEL_MS = 1000;

/** Have the browser keep the worker's modules: the first call may come when there is no network. */
export function keepWorker() {
  for (const name of ["./sound_worker.js", "./telephone_event.js", "./voice.js"]) {
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

/**
 * Play a track to nobody: what was received comes out of its connection only so.
 * @param {MediaStreamTrack} track
 * @returns {() => void} to stop
 */
export function unheard(track) {
  const player = document.createElement("video");
  player.muted = true;
  player.srcObject = new MediaStream([track]);
  player.play().catch(() => {});
  return () => {
    player.pause();
    player.srcObject = null;
  };
}

/** Whether scripts may read tracks. Chromium alone lets them, and there a connection counts no sound that is muted. */
export const readsTracks = () => "MediaStreamTrackProcessor" in globalThis;

/**
 * Hear how loud a track is that nobody plays. Where tracks cannot be read, a browser may let it be heard only after a
 * click.
 * @param {MediaStreamTrack} track
 * @returns {Ear}
 */
export function listen(track) {
  return readsTracks() ? listenInWorker(track) : listenInPage(track);
}

/** @param {MediaStreamTrack} track @returns {Ear} */
function listenInWorker(track) {
  const { MediaStreamTrackProcessor } = /** @type {any} */ (globalThis);
  const worker = new Worker(WORKER, { type: "module", name: "worker-py ear" });
  const { readable } = new MediaStreamTrackProcessor({ track });
  let heard = { level: 0, at: 0 };
  worker.onmessage = ({ data }) => {
    heard = { level: data.level, at: Date.now() };
  };
  worker.postMessage({ listen: readable }, [readable]);
  return { level: () => (Date.now() - heard.at < LEVEL_MS ? heard.level : 0), stop: () => worker.terminate() };
}

/** @param {MediaStreamTrack} track @returns {Ear} */
function listenInPage(track) {
  const context = new AudioContext();
  const node = context.createAnalyser();
  try {
    context.createMediaStreamSource(new MediaStream([track])).connect(node);
  } catch {
    // then nothing is heard
  }
  const samples = new Float32Array(node.fftSize);
  const on = () => context.resume().catch(() => {});
  addEventListener("workerpy:sound-on", on);
  on();
  return {
    level() {
      node.getFloatTimeDomainData(samples);
      return loudness(samples);
    },
    stop() {
      removeEventListener("workerpy:sound-on", on);
      context.close().catch(() => {});
    },
  };
}

/**
 * Read the keys that a connection receives, from the moment on that it is there. In a browser that lets nobody read
 * packets, or does not say which are keys, those are told that it sends.
 * @param {RTCRtpReceiver} receiver
 * @param {RTCDTMFSender | null | undefined} sender at the other end, if that is ours too
 * @param {(key: string) => void} onKey
 * @returns {{begun: Promise<void>, stop: () => void}} `begun`: something has come; from then on no key is missed
 */
export function readKeys(receiver, sender, onKey) {
  const tell = (/** @type {Event} */ event) => {
    const { tone } = /** @type {RTCDTMFToneChangeEvent} */ (event);
    /[^,]/.test(tone) && onKey(tone);
  };
  const asSent = () => sender?.addEventListener("tonechange", tell);
  const stop = () => sender?.removeEventListener("tonechange", tell);
  if (!("RTCRtpScriptTransform" in globalThis)) {
    asSent();
    return { begun: Promise.resolve(), stop };
  }
  const worker = new Worker(WORKER, { type: "module", name: "worker-py keys" });
  /** @type {Promise<void>} */
  const begun = new Promise((resolve) => {
    worker.onmessage = ({ data: { key, reads } }) => {
      if (key !== undefined) {
        onKey(key);
        return;
      }
      reads || asSent();
      resolve();
    };
    worker.onerror = () => {
      receiver.transform = null; // it did not load: else nothing would be played
      asSent();
      resolve();
    };
  });
  receiver.transform = new RTCRtpScriptTransform(worker);
  return {
    begun,
    stop() {
      stop();
      worker.terminate();
    },
  };
}
