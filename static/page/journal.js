/**
 * The journal: everything that must reach Python, until Python says that its handlers have ended.
 *
 * @module
 */

import { delivered } from "../messages.js";

/**
 * @typedef {{
 *   seq: number,
 *   name: string,
 *   what: import("../messages.js").Happening,
 *   at: number,
 *   sent: boolean,
 *   reached: boolean,
 *   watched: boolean,
 *   kills: number,
 *   call: string | undefined,
 *   vanishings: number,
 * }} Entry
 *
 * `reached`: an interpreter may have begun to handle it. `watched`: it was delivered again, and Python says when it
 * has its turn. `kills`, `vanishings`: interpreters that it may have ended, and workers.
 */

/** An event that was being handled when the interpreter died more often is set aside. */
const KILLS_ALLOWED = 1;
/** The same of workers that vanished: that may be nobody's fault, the browser ends one when memory is short. */
const VANISHINGS_ALLOWED = 2;

/** So many are kept, at most, until it is known who works here. */
const DOUBTFUL_KEPT = 100;

const FRESH = { sent: false, reached: false, watched: false, kills: 0, vanishings: 0 };

export class Journal {
  /** Unacknowledged entries in their order. @type {Map<number, Entry>} */
  #entries = new Map();
  /** What was acknowledged while it was not known whether by the right interpreter. @type {Entry[] | null} */
  #doubtful = [];
  #count = 0;
  #turn = 0;
  #now;

  /** @param {() => number} now milliseconds since the epoch */
  constructor(now = Date.now) {
    this.#now = now;
  }

  /** How many entries wait for their acknowledgement. */
  get size() {
    return this.#entries.size;
  }

  /** How many there have ever been. */
  get count() {
    return this.#count;
  }

  /**
   * @param {import("../messages.js").Happening} what
   * @param {string} [call] the one whose card was last initialized here
   * @returns {Entry}
   */
  add(what, call) {
    const seq = ++this.#count;
    const entry = { seq, name: what.name, what, at: this.#now(), call, ...FRESH };
    this.#entries.set(seq, entry);
    return entry;
  }

  /**
   * The message that delivers an entry.
   * @param {Entry} entry
   * @param {boolean} reaches it goes to an interpreter that runs
   */
  message(entry, reaches) {
    const redelivered = entry.reached;
    entry.sent = true;
    entry.reached ||= reaches;
    return JSON.stringify(delivered(entry.what, entry.seq, entry.at, redelivered, entry.call));
  }

  /** The entries that were sent while the interpreter booted have reached it. */
  reachedAll() {
    for (const entry of this.#entries.values()) {
      entry.reached ||= entry.sent;
    }
  }

  /**
   * Everything that is not acknowledged, in order, to be sent to a worker that has nothing yet.
   * @param {boolean} [again] it may be one that had it before, and goes on with it without a word
   */
  unsent(again = false) {
    this.#turn = 0;
    const entries = [...this.#entries.values()];
    for (const entry of entries) {
      entry.sent = false;
      entry.watched ||= entry.reached && !again;
    }
    return entries;
  }

  /** Python works on this entry, which is watched, now; 0 for any other or none. @param {number} seq @returns {undefined} */
  turn(seq) {
    this.#turn = seq;
  }

  /** Python has handled this entry. @param {number} seq @returns {Entry | undefined} */
  acknowledge(seq) {
    const entry = this.#entries.get(seq);
    this.#entries.delete(seq);
    if (entry && this.#doubtful && this.#doubtful.push(entry) > DOUBTFUL_KEPT) {
      this.#doubtful.shift();
    }
    return entry;
  }

  /** The interpreter that acknowledged so far was the right one; and so will be any other. */
  trust() {
    this.#doubtful = null;
  }

  /** What was acknowledged so far was so by an interpreter of another user: it waits again. */
  reinstate() {
    const entries = [...(this.#doubtful ?? []), ...this.#entries.values()].sort((a, b) => a.seq - b.seq);
    this.#entries = new Map(entries.map((entry) => [entry.seq, entry]));
    this.#doubtful &&= [];
  }

  /**
   * The interpreter died of what it was doing, or its worker vanished while it did that.
   * @param {"kills" | "vanishings"} [what]
   * @returns {Entry | undefined} the entry that is set aside now, if any
   */
  blame(what = "kills") {
    const turn = this.#turn;
    this.#turn = 0;
    if (turn === 0) {
      this.#suspect(what);
    }
    const entry = this.#entries.get(turn);
    if (!entry) {
      return undefined;
    }
    entry[what]++;
    const tooMany = entry.kills > KILLS_ALLOWED || entry.kills + entry.vanishings > VANISHINGS_ALLOWED;
    return tooMany ? this.acknowledge(entry.seq) : undefined;
  }

  /** It was something that was delivered for the first time, or none of this. @param {"kills" | "vanishings"} what */
  #suspect(what) {
    for (const entry of this.#entries.values()) {
      if (entry.sent && entry.reached && !entry.watched) {
        entry[what] ||= 1;
      }
    }
  }
}
