/**
 * A made voice: a hum in syllables, so that a call has something to carry where there is no
 * microphone. It stays below the tones of the keys.
 *
 * @module
 */

/** Samples per second. */
export const RATE = 48_000;
const LOUDNESS = 0.12;
const SYLLABLES_PER_S = 3;
/** Shares of the overtones. */
const OVERTONES = [1, 0.4, 0.15];
const WAVE_SIZE = 4096;
/** One swing of it; to look it up takes far less of the processor, which has this to do for each of the samples. */
const WAVE = Float32Array.from({ length: WAVE_SIZE }, (_, at) =>
  OVERTONES.reduce((sum, share, k) => sum + share * Math.sin((2 * Math.PI * (k + 1) * at) / WAVE_SIZE), 0),
);
/** For so many samples, a millisecond, pitch and loudness stay. */
const STEADY = RATE / 1000;

export class VoiceMaker {
  #pitch;
  #sample = 0;
  /** Where in the wave. */
  #at = 0;
  #step = 0;
  #loudness = 0;

  /** @param {number} pitch in hertz */
  constructor(pitch) {
    this.#pitch = pitch;
  }

  /** @param {number} count @returns {Float32Array<ArrayBuffer>} the next so many samples, -1 to 1 */
  next(count) {
    const samples = new Float32Array(count);
    for (let done = 0; done < count; ) {
      const left = STEADY - (this.#sample % STEADY);
      if (left === STEADY) {
        this.#change(this.#sample / RATE);
      }
      const end = Math.min(done + left, count);
      this.#sample += end - done;
      const [step, loudness] = [this.#step, this.#loudness];
      let at = this.#at;
      for (; done < end; done++) {
        at = (at + step) % WAVE_SIZE;
        samples[done] = loudness * WAVE[at | 0];
      }
      this.#at = at;
    }
    return samples;
  }

  /** @param {number} seconds since it began */
  #change(seconds) {
    const rise = Math.sin(Math.PI * SYLLABLES_PER_S * seconds) ** 2; // never silent for long
    this.#loudness = LOUDNESS * (0.15 + 0.85 * rise);
    this.#step = (WAVE_SIZE * this.#pitch * (1 + 0.08 * Math.sin(2 * seconds))) / RATE;
  }
}

/** How loud samples are, 0 to 1: the root of their mean square. @param {Float32Array} samples */
export function loudness(samples) {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / (samples.length || 1));
}

/** The ring-back tone of most of Europe, Africa and Asia: a second of 425 Hz in five. */
export function ringBackTone() {
  return Float32Array.from({ length: RATE * 5 }, (_, n) =>
    n < RATE ? LOUDNESS * Math.sin((2 * Math.PI * 425 * n) / RATE) : 0,
  );
}

/** Some seconds of a voice. @param {number} pitch @param {number} seconds */
export function voiced(pitch, seconds) {
  return new VoiceMaker(pitch).next(RATE * seconds);
}

/** Samples as a WAV file. @param {Float32Array} samples */
export function wav(samples) {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (/** @type {number} */ at, /** @type {string} */ word) =>
    [...word].forEach((letter, k) => {
      view.setUint8(at + k, letter.charCodeAt(0));
    });
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // samples as they are
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, k) => {
    view.setInt16(44 + k * 2, sample * 32_767, true);
  });
  return new Blob([view.buffer], { type: "audio/wav" });
}
