/**
 * Binding: each of the portal's events exactly once, as soon as the portal knows its name.
 *
 * The portal drops a bind for a name that it has not registered yet, in silence, and delivers an
 * event twice that was bound twice. So this asks what the portal knows, again and again.
 *
 * @module
 */

import { EVENT_NAMES, INITIALIZED } from "../protocol.js";

/** @typedef {import("./client/client.js").Client} Client */

/**
 * What it needs of the page.
 * @typedef {object} Page
 * @property {(name: string, payload: unknown) => void} onEvent
 * @property {(missing: string[]) => void} onReport told once, after 10 s, which names are missing
 * @property {(text: string) => void} onFailure told what the client threw, of a bind once for each name; it is asked again
 * @property {(callback: () => void, ms: number) => void} later a timer
 * @property {() => void} onLate told once, when the event that announces a card is bound and the portal's first answer did
 *   not name it
 */

/** A little more than 10 s, so that what came in the last moment has been asked for. */
const REPORT_AFTER_MS = 10_250;
/**
 * What the portal raises between two questions is lost, so they follow each other closely: for so long
 * after the start, and after the portal last showed a new name, a question follows the answer before it
 * after that time.
 */
const PACES = [
  { untilMs: 10_000, delayMs: 5 },
  { untilMs: 60_000, delayMs: 20 },
  { untilMs: 600_000, delayMs: 100 },
  { untilMs: Number.POSITIVE_INFINITY, delayMs: 500 }, // many pages of a portal without telephony stay open all day
];
const EAGER_MS = 60_000;
/** When all that is missing is what could not be bound. */
const FAILED_DELAY_MS = 100;
/** After a bind that the portal has refused. */
const REFUSED_DELAY_MS = 1000;
/** A question that is not answered is repeated more slowly: each leaves a callback with the client. */
const UNANSWERED_MS = 1000;
const SLOW_UNANSWERED_MS = 5000;

export class Binder {
  /** Names that are bound, for all we know. @type {Set<string>} */
  #bound = new Set();
  /** Which bind of a name was heard first: any other is a second one, and would deliver twice. @type {Map<string, object>} */
  #heard = new Map();
  /** Names whose bind has failed. @type {Set<string>} */
  #failed = new Set();
  /** When the portal last showed a name that was new. */
  #news = performance.now();
  #asked = 0;
  #answers = 0;
  /** Whether the portal's first answer did not name the event that announces a card. */
  #late = false;
  #client;
  #page;

  /** @param {Client} client @param {Page} page */
  constructor(client, page) {
    this.#client = client;
    this.#page = page;
  }

  /** Names that the portal has not shown yet. */
  get missing() {
    return EVENT_NAMES.filter((name) => !this.#bound.has(name));
  }

  /** How often the portal was asked, and how often it answered. */
  get counts() {
    return { bound: this.#bound.size, asked: this.#asked, answered: this.#answers };
  }

  start() {
    this.#ask();
    setTimeout(() => {
      if (this.missing.length > 0) {
        this.#page.onReport(this.missing);
      }
    }, REPORT_AFTER_MS);
  }

  #ask() {
    if (this.missing.length === 0) {
      return;
    }
    const asked = ++this.#asked;
    setTimeout(() => this.#again(asked), this.#isEager() ? UNANSWERED_MS : SLOW_UNANSWERED_MS);
    try {
      this.#client.getInterface((known) => {
        this.#known(known);
        if (this.missing.length > 0) {
          this.#page.later(() => this.#again(asked), this.#delay());
        }
      });
    } catch (error) {
      this.#page.onFailure(`placement.getInterface failed: ${error}`);
    }
  }

  /** @param {string[]} names that the portal knows now */
  #known(names) {
    if (++this.#answers === 1) {
      this.#late = !names.includes(INITIALIZED);
    }
    for (const name of this.missing) {
      if (names.includes(name) && !this.#bound.has(name)) {
        if (!this.#failed.has(name)) {
          this.#news = performance.now();
        }
        this.#bind(name); // which may call back at once, and bind others meanwhile
      }
    }
    if (this.#late && this.#bound.has(INITIALIZED)) {
      this.#late = false;
      this.#page.onLate();
    }
  }

  /** @param {string} name */
  #bind(name) {
    const attempt = {};
    this.#bound.add(name);
    try {
      this.#client.bind(
        name,
        (payload) => {
          if (!this.#heard.has(name)) {
            this.#heard.set(name, attempt);
            this.#bound.add(name); // it took effect, even if it failed
          }
          if (this.#heard.get(name) === attempt) {
            this.#page.onEvent(name, payload);
          }
        },
        (error) => {
          this.#bindFailed(name, error);
          const asked = this.#asked; // now: others may have been asked since it was bound
          this.#page.later(() => this.#again(asked), REFUSED_DELAY_MS); // everything may have seemed to be bound
        },
      );
    } catch (error) {
      this.#bindFailed(name, error);
    }
  }

  /** Tried again, unless it has taken effect all the same. @param {string} name @param {unknown} error */
  #bindFailed(name, error) {
    if (!this.#heard.has(name)) {
      this.#bound.delete(name);
    }
    if (!this.#failed.has(name)) {
      this.#failed.add(name);
      this.#page.onFailure(`binding ${name} failed: ${error}`);
    }
  }

  /** @param {number} asked which question is repeated */
  #again(asked) {
    if (asked !== this.#asked) {
      return;
    }
    this.#ask();
  }

  #delay() {
    const age = performance.now() - this.#news;
    if (this.missing.every((name) => this.#failed.has(name))) {
      return age < EAGER_MS ? FAILED_DELAY_MS : REFUSED_DELAY_MS; // each question makes another bind
    }
    return PACES.find(({ untilMs }) => age < untilMs)?.delayMs ?? 0;
  }

  #isEager() {
    return performance.now() - this.#news < EAGER_MS;
  }
}
