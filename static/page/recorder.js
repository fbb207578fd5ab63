/**
 * The recording: every message between page and Python with its time, payloads and answers
 * included. Off until asked for. `worker_py.testing.replay` takes it.
 *
 * @module
 */

/**
 * @typedef {{version: 1, build: string, started_at: number,
 *   entries: Array<{at: number, to: "python" | "page", message: unknown}>}} Recording
 */

const CAPACITY = 100_000;

export class Recorder {
  /** @type {Recording | null} */
  #recording = null;
  #on = false;
  #build;

  /** @param {string} build */
  constructor(build) {
    this.#build = build;
  }

  /**
   * Start recording, unless it runs already; `false` stops it.
   * @param {boolean} [on]
   * @returns {Recording} what was recorded so far; it goes on growing
   */
  record(on = true) {
    this.#recording ??= { version: 1, build: this.#build, started_at: Date.now(), entries: [] };
    this.#on = on;
    return this.#recording;
  }

  /** @param {"python" | "page"} to @param {string} text */
  add(to, text) {
    if (this.#on && this.#recording && this.#recording.entries.length < CAPACITY) {
      const at = Date.now() - this.#recording.started_at;
      this.#recording.entries.push({ at, to, message: JSON.parse(text) });
    }
  }
}
