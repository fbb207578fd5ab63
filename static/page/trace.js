/**
 * The trace: what happened, always on, bounded, and free of what is personal.
 *
 * Entries carry names, ids, times and outcomes; never payloads, parameters, comments or tokens.
 *
 * @module
 */

/**
 * @typedef {{at: number, kind: string, name: string, id?: string | null | undefined, call_id?: string | undefined,
 *   event?: string | undefined, duration_ms?: number | undefined, outcome?: string | undefined,
 *   detail?: string | undefined, started?: number | undefined, cause?: string | undefined,
 *   phases?: Record<string, number> | undefined, purpose?: string | undefined,
 *   level?: string | undefined, chars?: number | undefined,
 *   ending?: import("./link.js").Ending | undefined}} TraceEntry
 *
 * `at` and `started` are milliseconds since the epoch. `cause` is the `id` of the event whose handlers asked.
 */

const CAPACITY = 2000;

export class Trace {
  /** @type {TraceEntry[]} */
  #entries = [];
  #first = 0;
  /** @type {Record<string, number>} */
  #counts = {};

  /**
   * @param {string} kind
   * @param {string} name
   * @param {Partial<TraceEntry>} [more]
   */
  add(kind, name, more = {}) {
    /** @type {TraceEntry} */
    const entry = { at: Date.now(), kind, name, ...more };
    if (entry.detail !== undefined) {
      entry.detail = masked(String(entry.detail));
    }
    if (entry.outcome !== undefined) {
      entry.outcome = masked(String(entry.outcome)); // may be what the portal or a page function said
    }
    if (this.#entries.length < CAPACITY) {
      this.#entries.push(entry);
    } else {
      this.#entries[this.#first] = entry;
      this.#first = (this.#first + 1) % CAPACITY;
    }
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
    globalThis.dispatchEvent?.(new CustomEvent("workerpy:trace", { detail: entry }));
  }

  /** The newest entries, oldest first. */
  entries() {
    return [...this.#entries.slice(this.#first), ...this.#entries.slice(0, this.#first)];
  }

  /** How many entries of each kind there have been. */
  get counts() {
    return { ...this.#counts };
  }
}

/** Five digits in a row, spaced as people space them, may be a phone number: two stay. */
const NUMBER = /\+?\d(?:[\s()./\u2010-\u2015-]{0,3}\d){4,}/g;

/** Letters and digits in a row that no name is made of may be a token: nothing stays. */
const TOKEN = /\b(?=[A-Za-z]*\d)[A-Za-z\d]{32,}\b/g;

/** @param {string} text */
export function masked(text) {
  return text.replace(TOKEN, "•".repeat(8)).replace(NUMBER, (number) => `${"•".repeat(6)}${number.slice(-2)}`);
}
