/**
 * Reports: what went wrong, in words, for the console and for `workerPy.diagnostics()`.
 *
 * @module
 */

import { masked } from "./trace.js";

/** What of it may be told to the report sink. @typedef {Omit<import("./report_entry.js").Fact, "kind">} Facts */

/**
 * @typedef {{at: number, kind: string, text: string, event?: string | undefined, count: number}} Report
 */

const KEPT = 50;
/** Reports of one kind within a minute, beyond which the console stays silent. */
const PER_MINUTE = 20;

export class Reports {
  /** @type {Report[]} */
  #recent = [];
  /** @type {Map<string, {since: number, shown: number, total: number}>} */
  #kinds = new Map();
  /** What the report sink has not heard of yet. @type {import("./report_entry.js").Fact[]} */
  #unheard = [];
  /** @type {((fact: import("./report_entry.js").Fact) => void) | null} */
  #heard = null;

  /** The newest reports, oldest first. */
  get recent() {
    return [...this.#recent];
  }

  /** How many there were of each kind. */
  get counts() {
    return Object.fromEntries([...this.#kinds].map(([kind, { total }]) => [kind, total]));
  }

  /** Somebody tells the report sink from now on. @param {(fact: import("./report_entry.js").Fact) => void} heard */
  hear(heard) {
    this.#heard = heard;
    this.#unheard.splice(0).forEach(heard);
  }

  /** Tell the report sink alone, if there is one. @param {import("./report_entry.js").Fact} fact */
  tell(fact) {
    if (this.#heard) {
      this.#heard(fact);
    } else if (this.#unheard.push(fact) > KEPT) {
      this.#unheard.shift();
    }
  }

  /**
   * @param {string} kind
   * @param {string} text
   * @param {{event?: string | undefined, level?: "error" | "warn", facts?: Facts}} [more]
   */
  add(kind, text, { event, level = "warn", facts } = {}) {
    this.tell({ kind, event, level: level === "warn" ? "warning" : level, ...facts });
    const now = Date.now();
    const seen = this.#kinds.get(kind) ?? { since: now, shown: 0, total: 0 };
    this.#kinds.set(kind, seen);
    seen.total++;
    if (now - seen.since > 60_000) {
      seen.since = now;
      seen.shown = 0;
    }
    const shown = masked(text);
    this.#recent.push({ at: now, kind, text: shown, event, count: seen.total });
    if (this.#recent.length > KEPT) {
      this.#recent.shift();
    }
    if (++seen.shown <= PER_MINUTE) {
      console[level](`worker-py: ${shown}`);
    }
  }
}
