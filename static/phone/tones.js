/**
 * Which key's tones are in a piece of sound, by Goertzel's algorithm. What is done for each of 48,000 samples a second is
 * written so that a browser has little to do for it, also before it has optimized anything: no iterator, no list.
 *
 * @module
 */

const LOW = [697, 770, 852, 941];
const HIGH = [1209, 1336, 1477, 1633];
const KEYS = ["123A", "456B", "789C", "*0#D"];
/** The two tones of a key have most of a block's energy; a voice has not. */
const SHARE = 0.7;
/** Below this mean square there is nothing to hear. */
const SILENCE = 1e-5;
/** How many blocks on end a key takes to count. */
const PRESSED = 2;
/** And the pause after it: a connection that stumbles must not part one tone in two. */
const RELEASED = 5;

/**
 * Half of the share that a tone as low as the lowest changes by: what changes less, as a made voice does, is no key, and
 * is not looked at for each of the eight tones.
 * @param {number} rate
 */
const slowest = (rate) => 2 * Math.sin((Math.PI * LOW[0]) / rate) ** 2;

/** The mean square of what samples differ by from the one before. @param {Float32Array} samples */
function change(samples) {
  let sum = 0;
  for (let n = 1; n < samples.length; n++) {
    const by = samples[n] - samples[n - 1];
    sum += by * by;
  }
  return sum / samples.length;
}

/** The mean square of samples. @param {Float32Array} samples */
export function power(samples) {
  let sum = 0;
  for (let n = 0; n < samples.length; n++) {
    sum += samples[n] * samples[n];
  }
  return samples.length ? sum / samples.length : 0;
}

/**
 * @param {Float32Array} samples 20 ms or so of them
 * @param {number} rate samples per second
 * @returns {string | null} the key whose tones these are
 */
export function keyIn(samples, rate) {
  const whole = power(samples);
  if (whole < SILENCE || change(samples) < whole * slowest(rate)) {
    return null;
  }
  const low = strongest(LOW, samples, rate);
  const high = strongest(HIGH, samples, rate);
  const both = low.power + high.power;
  const even = Math.min(low.power, high.power) > both / 10;
  return even && both > SHARE * whole ? KEYS[low.index][high.index] : null;
}

/** Makes keys of blocks of sound: one for each time that it was pressed. */
export class KeyListener {
  #rate;
  /** @type {string | null} */
  #last = null;
  #run = 0;
  /** @type {string | null} */
  #current = null;

  /** @param {number} rate samples per second */
  constructor(rate) {
    this.#rate = rate;
  }

  /** @param {Float32Array} block @returns {string | null} a key that was pressed just now */
  hear(block) {
    const key = keyIn(block, this.#rate);
    this.#run = key === this.#last ? this.#run + 1 : 1;
    this.#last = key;
    if (this.#run !== (key === null ? RELEASED : PRESSED) || key === this.#current) {
      return null;
    }
    this.#current = key;
    return key;
  }
}

const BLOCK_MS = 20;
/** From one block to the next; they overlap. */
const STEP_MS = 10;
const REPORT_EVERY = 10;

/** Hears keys and how loud it is, in sound that comes in pieces of any length. */
export class Ear {
  #tell;
  #keys;
  #block;
  #step;
  /** How much of the block has come. */
  #filled = 0;
  #blocks = 0;

  /**
   * @param {number} rate samples per second
   * @param {(heard: {key: string} | {level: number}) => void} tell
   */
  constructor(rate, tell) {
    this.#tell = tell;
    this.#keys = new KeyListener(rate);
    this.#block = new Float32Array(Math.floor((rate * BLOCK_MS) / 1000));
    this.#step = Math.floor((this.#block.length * STEP_MS) / BLOCK_MS);
  }

  /** @param {Float32Array} samples those that came next */
  hear(samples) {
    const block = this.#block;
    for (let at = 0; at < samples.length; ) {
      const piece = samples.subarray(at, at + block.length - this.#filled);
      block.set(piece, this.#filled);
      at += piece.length;
      this.#filled += piece.length;
      if (this.#filled === block.length) {
        this.#heard(block);
        block.copyWithin(0, this.#step);
        this.#filled -= this.#step;
      }
    }
  }

  /** @param {Float32Array} block */
  #heard(block) {
    const key = this.#keys.hear(block);
    if (key) {
      this.#tell({ key });
    }
    if (++this.#blocks % REPORT_EVERY === 0) {
      this.#tell({ level: Math.sqrt(power(block)) });
    }
  }
}

/** @param {number[]} frequencies @param {Float32Array} samples @param {number} rate */
function strongest(frequencies, samples, rate) {
  const powers = frequencies.map((frequency) => powerAt(frequency, samples, rate));
  const index = powers.indexOf(Math.max(...powers));
  return { index, power: powers[index] };
}

/**
 * The mean square of the part of a sound that is one tone.
 * @param {number} frequency @param {Float32Array} samples @param {number} rate
 */
function powerAt(frequency, samples, rate) {
  const turn = 2 * Math.cos((2 * Math.PI * frequency) / rate);
  let before = 0;
  let last = 0;
  for (let n = 0; n < samples.length; n++) {
    const next = samples[n] + turn * last - before;
    before = last;
    last = next;
  }
  const squared = last * last + before * before - turn * last * before;
  return (2 * squared) / (samples.length * samples.length);
}
