/**
 * Listens to a track where no worker can read it: in the browser's own thread for sound.
 *
 * @module
 */

import { Ear } from "./tones.js";

const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {any} */ (globalThis);

registerProcessor(
  "worker-py-ear",
  class extends AudioWorkletProcessor {
    #ear = new Ear(sampleRate, (heard) => /** @type {any} */ (this).port.postMessage(heard));

    /** @param {Float32Array[][]} inputs @returns {boolean} whether it goes on */
    process([[samples]]) {
      if (samples) {
        this.#ear.hear(samples);
      }
      return true;
    }
  },
);
