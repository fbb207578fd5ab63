/**
 * What no handler will see: events that went with a page before this one, and a card that was announced before this page
 * could hear of it.
 *
 * @module
 */

/** So long after this page began, the page before may still be going. */
const OVERLAP_MS = 10_000;

export class LostEvents {
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

export class MissedCard {
  /** How many calls the portal has announced to nobody. */
  count = 0;
  /** How often the portal was asked. */
  probes = 0;
  #announced = false;
  #client;
  #reports;

  /** @param {import("./client/client.js").Client} client @param {import("./reports.js").Reports} reports */
  constructor(client, reports) {
    this.#client = client;
    this.#reports = reports;
  }

  /** The portal has announced a card: there is nothing to look for. */
  announced() {
    this.#announced = true;
    this.count = 0;
  }

  /**
   * A card that was shown before the portal's names could be bound is announced by nobody. The question has a
   * price: the portal's page takes itself for one that an app uses, and the transfer of its own calls suffers. In
   * the desktop app it is refused whether there is a card or not.
   */
  look() {
    if (this.#announced || /BitrixDesktop/.test(navigator.userAgent)) {
      return;
    }
    this.probes++;
    // No such state: the portal refuses it where there is a card, and says otherwise that there is none.
    this.#client.command("CallCardSetUiState", { uiState: "?" }, (answer) => {
      if (errorCodeOf(answer) === "Invalid ui state" && !this.#announced && this.count === 0) {
        this.count++;
        const what = "the portal shows a card that it announced before this page could hear of it";
        this.#reports.add("missed_card", what);
      }
    });
  }
}

/** @param {unknown} answer of a command: an error comes in a list, or bare @returns {unknown} */
function errorCodeOf(answer) {
  const one = Array.isArray(answer) ? answer[0] : answer;
  return /** @type {{errorCode?: unknown} | null | undefined} */ (one)?.errorCode;
}
