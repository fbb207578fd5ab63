/**
 * What a page leaves unfinished when it goes, for the next page to say.
 *
 * @module
 */

/** So long after this page began, the page before may still be going. */
const OVERLAP_MS = 10_000;

export class Visits {
  /** How many events went with the pages before this one. */
  lost = 0;
  /** What this page has left itself: it may come back from the browser's cache of pages. */
  #left = 0;
  #key;

  /** @param {string} portal its domain */
  constructor(portal) {
    this.#key = `worker-py:lost:${portal}`;
    this.#take();
    addEventListener("storage", ({ key, newValue }) => {
      if (key === this.#key && newValue && performance.now() < OVERLAP_MS) {
        this.#take();
      }
    });
  }

  /** @param {number} unacknowledged events that go with this page */
  leave(unacknowledged) {
    this.#left = unacknowledged;
    this.#add(unacknowledged);
  }

  /** This page is back, and what waits in it. */
  back() {
    this.#add(-this.#left);
    this.#left = 0;
  }

  #take() {
    try {
      this.lost += Number(localStorage.getItem(this.#key)) || 0;
      localStorage.removeItem(this.#key);
    } catch {
      // storage is blocked
    }
  }

  /** @param {number} events */
  #add(events) {
    if (events !== 0) {
      try {
        const before = Number(localStorage.getItem(this.#key)) || 0;
        localStorage.setItem(this.#key, String(Math.max(0, before + events)));
      } catch {
        // storage is blocked
      }
    }
  }
}
