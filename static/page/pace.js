/**
 * The pace at which events go to the worker: only so many lie in its inbox at a time.
 *
 * Answers to commands come by the same way as events. In a burst of thousands they would wait
 * behind all of them, past every deadline; here they wait behind a few. What is held back stays in
 * the journal.
 *
 * @module
 */

/** How many may be on their way. */
const WINDOW = 96;
/** After so many a mark goes along, which the worker returns when it has handed them to Python. */
const MARK_EVERY = 32;

/** @template T */
export class Pace {
  /** @type {T[]} */
  #held = [];
  #next = 0;
  #onTheirWay = 0;
  #unmarked = 0;
  #send;
  #mark;

  /**
   * @param {(entry: T) => void} send
   * @param {() => void} mark
   */
  constructor(send, mark) {
    this.#send = send;
    this.#mark = mark;
  }

  /** Start anew, with a worker that has nothing yet. @param {T[]} entries */
  restart(entries) {
    this.#held = entries;
    this.#next = this.#onTheirWay = this.#unmarked = 0;
    this.#go();
  }

  /** @param {T} entry */
  add(entry) {
    this.#held.push(entry);
    this.#go();
  }

  /** The worker returned a mark. */
  marked() {
    this.#onTheirWay = Math.max(0, this.#onTheirWay - MARK_EVERY);
    this.#go();
  }

  #go() {
    while (this.#next < this.#held.length && this.#onTheirWay < WINDOW) {
      this.#onTheirWay++;
      this.#unmarked++;
      this.#send(this.#held[this.#next++]);
      if (this.#unmarked === MARK_EVERY) {
        this.#unmarked = 0;
        this.#mark();
      }
    }
    if (this.#next === this.#held.length) {
      this.#held = [];
      this.#next = 0;
    }
  }
}
