/**
 * What waits while it is not known whose the kept calls are. A hidden frame hears who works there on a tick of one
 * second, and everything that has nothing to do with those calls need not wait for that.
 *
 * @module
 */

import { INITIALIZED, kindOf } from "../protocol.js";
import { isOfApp } from "./kept_store.js";

const ENTITY_CHANGED = "::entityChanged";

export class KeptGate {
  /** How the messages name the kept calls, as JSON does. */
  #names;
  #all;
  /** Pages whose messages wait: they stay in order. @type {Set<string>} */
  #held = new Set();
  /** Pages that show another call: what they say is of that one. @type {Set<string>} */
  #elsewhere = new Set();

  /**
   * @param {string[]} ids under which it was kept
   * @param {boolean} all the app must not run before it has what was kept
   */
  constructor(ids, all) {
    this.#names = ids.map((id) => JSON.stringify(id).slice(1, -1));
    // An older value that comes late would be lost to one that was written meanwhile.
    this.#all = ids.length > 0 && (all || ids.some(isOfApp));
  }

  /** @param {string} page @returns {boolean} whether what this page says waits */
  holdsPage(page) {
    return this.#all || this.#held.has(page);
  }

  /** @param {string} page @param {string} text for Python @returns {boolean} whether it waits */
  holds(page, text) {
    if (!this.holdsPage(page) && this.#concerns(page, text)) {
      this.#held.add(page);
    }
    return this.holdsPage(page);
  }

  /** @param {string} page that has gone */
  forget(page) {
    this.#held.delete(page);
    this.#elsewhere.delete(page);
  }

  /** Nothing waits any more. */
  open() {
    this.#names = [];
    this.#all = false;
    this.#held.clear();
  }

  /** @param {string} page @param {string} text */
  #concerns(page, text) {
    if (this.#names.length === 0) {
      return false;
    }
    if (this.#names.some((name) => text.includes(name))) {
      return true;
    }
    const kind = kindOf(text);
    if (kind === "emit") {
      return true; // its handlers may look for any card
    }
    if (kind === "attach" ? text.includes('"card":{') : text.includes(INITIALIZED)) {
      this.#elsewhere.add(page);
    }
    // A click that names no call may be one of them. What comes before a call waits for it in Python, if for anything.
    return kind === "event" && !this.#elsewhere.has(page) && !text.includes(ENTITY_CHANGED);
  }
}
