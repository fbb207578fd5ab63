/**
 * The call card without its looks: states, their buttons, the timer, and what a click does by itself.
 *
 * No DOM and no wire, so that it runs in Node. Time comes from the caller.
 */

import { FIRST_STATE, UI_STATES } from "../core/vocabulary.js";

/** @typedef {import("../core/vocabulary.js").UiState} UiState */
/** @typedef {UiState | typeof FIRST_STATE} CardState */
/** @typedef {import("../core/vocabulary.js").EventName} EventName */
/** What a click on the card does. @typedef {(event: EventName, argument?: unknown) => void} Act */

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

/** @type {Readonly<Record<CardState, readonly Button[]>>} */
const BUTTONS = {
  externalCard: [CLOSE],
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

/** @type {Readonly<Partial<Record<CardState, readonly Button[]>>>} */
const CALL_LIST_BUTTONS = {
  outgoing: [CALL, NEXT, CLOSE],
  error: [CALL_AGAIN, NEXT],
};

/** All that a folded card still shows, where its state has it. @type {readonly Button[]} */
const ON_THE_STRIP = [HANG_UP, CLOSE];

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
 * @param {CardState} uiState
 * @param {boolean} callListMode
 * @returns {readonly Button[]} in the order in which the card shows them
 */
export function buttonsOf(uiState, callListMode) {
  return (callListMode ? CALL_LIST_BUTTONS[uiState] : undefined) ?? BUTTONS[uiState];
}

/**
 * @param {unknown} name
 * @returns {name is UiState} a state that a command can bring about
 */
export function isUiState(name) {
  return UI_STATES.some((state) => state === name);
}

export class CardModel {
  /** @type {CardState} */
  uiState;
  title = "";
  /** The title that an app has set, whatever stands there now. @type {unknown} */
  appTitle;
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
  /** Whether the CRM's part of the card is there: without it the card has no place for a timer. */
  hasCrmLayout = false;
  /** What the operator has typed into the open comment box; null while it is closed. @type {string | null} */
  draft = null;
  /** The call is over for the portal, which waits for the open comment box. */
  ending = false;

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
   * @param {CardState} options.uiState
   * @param {Party[]} options.parties      one, or the entries of the call list
   * @param {boolean} [options.external]   false: a regular call, which no app can manage
   * @param {boolean} [options.internal]   between colleagues: the card has no CRM part
   * @param {boolean} [options.callListMode]
   * @param {() => number} [options.now]   milliseconds
   */
  constructor({ callId, uiState, parties, external = true, internal = false, callListMode = false, now = Date.now }) {
    if (parties.length === 0) {
      throw new TypeError("A card needs at least one party; got an empty list.");
    }
    this.callId = callId;
    this.uiState = uiState;
    this.parties = parties.map((party) => ({ ...party }));
    this.external = external;
    this.internal = internal;
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
    const buttons = this.open ? buttonsOf(this.uiState, this.callListMode) : [];
    return this.folded ? buttons.filter((button) => ON_THE_STRIP.includes(button)) : buttons;
  }

  /** @returns {boolean} whether a call goes on, as far as the state tells */
  get inCall() {
    return this.uiState !== FIRST_STATE && !TIMER_STOPS.has(this.uiState);
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

  #resetTimer() {
    this.#firstStart = null;
    this.#frozen = 0;
    this.#running = false;
  }

  /**
   * Any state but `connected` sets a timer that stands, or that it makes stand, to zero.
   * @param {UiState} uiState
   * @param {boolean} [disableAutoStartTimer] entering `connected` then resets the timer instead of starting it
   */
  setUiState(uiState, disableAutoStartTimer = false) {
    this.uiState = uiState;
    this.department = "";
    if (TIMER_STOPS.has(uiState)) {
      this.stopTimer();
      this.digits = ""; // what was dialled and rated was of the call before
      this.rating = null;
    }
    if (uiState === "connected" && !disableAutoStartTimer) {
      this.startTimer();
    } else if (uiState === "connected" || !this.#running) {
      this.#resetTimer();
    }
  }

  /** What the Next button does by itself: the following entry, after the last the first, as `outgoing`. */
  next() {
    this.#entry = (this.#entry + 1) % this.parties.length;
    this.setUiState("outgoing");
  }

  /** The card goes away; what it was can still be read. */
  close() {
    this.stopTimer();
    this.open = false;
  }
}
