/**
 * The call card without its looks: states, their buttons, the timer, and what a click does by itself.
 *
 * No DOM and no wire, so that it runs in Node. Time comes from the caller.
 */

import { UI_STATES } from "./vocabulary.js";

/** @typedef {import("./vocabulary.js").UiState} UiState */
/** @typedef {import("./vocabulary.js").EventName} EventName */

/**
 * One button: the event it raises and its accessible name.
 * @typedef {object} Button
 * @property {EventName} event
 * @property {string} label
 */

/**
 * Whom the card is about.
 * @typedef {object} Party
 * @property {string} phoneNumber     `unknown` when there is none
 * @property {string} crmEntityType   `LEAD`, `CONTACT`, `COMPANY`, `DEAL` or empty
 * @property {number} crmEntityId     0 when unbound
 * @property {string} name            what the portal shows
 */

const ANSWER = button("answerButtonClick", "Answer");
const SKIP = button("skipButtonClick", "Skip");
const CALL = button("makeCallButtonClick", "Call");
const CALL_AGAIN = button("makeCallButtonClick", "Call again");
const NEXT = button("nextButtonClick", "Next");
const CLOSE = button("closeButtonClick", "Close");
const HANG_UP = button("hangupButtonClick", "Hang up");
const HOLD = button("holdButtonClick", "Hold");
const MUTE = button("muteButtonClick", "Mute");
const QUALITY = button("qualityMeterClick", "Quality");
const TRANSFER = button("transferButtonClick", "Transfer");
const DIAL_PAD = button("dialpadButtonClick", "Dial pad");
const COMPLETE = button("completeTransferButtonClick", "Complete transfer");
const RETURN = button("cancelTransferButtonClick", "Return to call");
const NOTIFY = button("notifyAdminButtonClick", "Notify admin");

/** @type {Readonly<Record<UiState, readonly Button[]>>} */
const BUTTONS = {
  incoming: [ANSWER, SKIP],
  transferIncoming: [ANSWER, SKIP],
  outgoing: [CALL],
  connectingIncoming: [HANG_UP],
  connectingOutgoing: [HANG_UP],
  connected: [HOLD, MUTE, DIAL_PAD, TRANSFER, QUALITY, HANG_UP],
  transferring: [COMPLETE, RETURN],
  transferFailed: [RETURN],
  transferConnected: [HANG_UP],
  error: [CLOSE],
  moneyError: [NOTIFY, CLOSE],
  redial: [CALL_AGAIN],
};

/** @type {Readonly<Partial<Record<UiState, readonly Button[]>>>} */
const CALL_LIST_BUTTONS = {
  outgoing: [CALL, NEXT, CLOSE],
  error: [CALL_AGAIN, NEXT],
};

/** States that stop the timer; the transfer states let it run on. @type {ReadonlySet<string>} */
const TIMER_STOPS = new Set([
  "incoming",
  "transferIncoming",
  "outgoing",
  "connectingIncoming",
  "connectingOutgoing",
  "error",
  "moneyError",
  "redial",
]);

/**
 * @param {EventName} event
 * @param {string} label
 * @returns {Button}
 */
function button(event, label) {
  return Object.freeze({ event, label });
}

/**
 * @param {UiState} uiState
 * @param {boolean} callListMode
 * @returns {readonly Button[]} in the order in which the card shows them
 */
export function buttonsOf(uiState, callListMode) {
  return (callListMode ? CALL_LIST_BUTTONS[uiState] : undefined) ?? BUTTONS[uiState];
}

/**
 * @param {unknown} name
 * @returns {name is UiState}
 */
export function isUiState(name) {
  return UI_STATES.some((state) => state === name);
}

export class CardModel {
  /** @type {UiState} */
  uiState;
  title = "";
  statusText = "";
  muted = false;
  held = false;
  open = true;
  comment = "";
  /** @type {number | null} */
  rating = null;
  digits = "";
  /** Only a strip of the card is shown; what an app can do to it stays the same. */
  folded = false;
  /** The department to which the portal itself has passed the call. */
  department = "";
  /** Whether the app has sent a command to this card: it changes the shape of the transfer event. */
  commanded = false;

  /** Position in the call list. */
  #entry = 0;
  /** Clock time of the timer's first start; the portal counts from it, pauses included. @type {number | null} */
  #firstStart = null;
  /** Milliseconds shown while the timer stands. */
  #frozen = 0;
  #running = false;

  /**
   * @param {object} options
   * @param {string} options.callId
   * @param {UiState} options.uiState
   * @param {Party[]} options.parties      one, or the entries of the call list
   * @param {boolean} [options.external]   false: a regular call, which no app can manage
   * @param {boolean} [options.callListMode]
   * @param {() => number} [options.now]   milliseconds
   */
  constructor({ callId, uiState, parties, external = true, callListMode = false, now = Date.now }) {
    if (parties.length === 0) {
      throw new TypeError("A card needs at least one party; got an empty list.");
    }
    this.callId = callId;
    this.uiState = uiState;
    this.parties = parties.map((party) => ({ ...party }));
    this.external = external;
    this.callListMode = callListMode;
    this.now = now;
  }

  /** @returns {Party} whom the card shows now */
  get party() {
    return /** @type {Party} */ (this.parties[this.#entry]);
  }

  /** @returns {number} place in the call list, from 0 */
  get entry() {
    return this.#entry;
  }

  /** @returns {boolean} whether an app can send this card commands */
  get manageable() {
    return this.open && this.external;
  }

  /** @returns {readonly Button[]} */
  get buttons() {
    return this.open ? buttonsOf(this.uiState, this.callListMode) : [];
  }

  /** @returns {{running: boolean, seconds: number}} */
  get timer() {
    const elapsed = this.#running && this.#firstStart !== null ? this.now() - this.#firstStart : this.#frozen;
    return { running: this.#running, seconds: Math.floor(elapsed / 1000) };
  }

  /** Resumes from the first start, not from zero. */
  startTimer() {
    this.#firstStart ??= this.now();
    this.#running = true;
  }

  /** Safe to repeat. */
  stopTimer() {
    if (this.#running && this.#firstStart !== null) {
      this.#frozen = this.now() - this.#firstStart;
    }
    this.#running = false;
  }

  /**
   * @param {UiState} uiState
   * @param {boolean} [disableAutoStartTimer] entering `connected` then resets the timer instead of starting it
   */
  setUiState(uiState, disableAutoStartTimer = false) {
    this.uiState = uiState;
    this.department = "";
    if (uiState === "connected") {
      if (disableAutoStartTimer) {
        this.#firstStart = null;
        this.#frozen = 0;
        this.#running = false;
      } else {
        this.startTimer();
      }
    } else if (TIMER_STOPS.has(uiState)) {
      this.stopTimer();
    }
  }

  /** What the Next button does by itself: the following entry, after the last the first, as `outgoing`. */
  next() {
    this.#entry = (this.#entry + 1) % this.parties.length;
    this.setUiState("outgoing");
  }

  /** @returns {Record<string, unknown>} plain data from which `resume` makes the same card, timer included */
  snapshot() {
    const { callId, uiState, parties, external, callListMode } = this;
    const { title, statusText, muted, held, open, comment, rating, digits, commanded, folded, department } = this;
    return {
      options: { callId, uiState, parties, external, callListMode },
      fields: { title, statusText, muted, held, open, comment, rating, digits, commanded, folded, department },
      progress: { entry: this.#entry, firstStart: this.#firstStart, frozen: this.#frozen, running: this.#running },
    };
  }

  /**
   * The card of another page of the portal, which was left while the call went on.
   * @param {any} snapshot
   * @returns {CardModel}
   */
  static resume({ options, fields, progress }) {
    const card = Object.assign(new CardModel(options), fields);
    card.#entry = progress.entry;
    card.#firstStart = progress.firstStart;
    card.#frozen = progress.frozen;
    card.#running = progress.running;
    return card;
  }

  /** The card goes away; what it was can still be read. */
  close() {
    this.stopTimer();
    this.open = false;
  }
}
