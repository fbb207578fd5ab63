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
 * One button: the event it raises, its accessible name, and its icon.
 * @typedef {object} Button
 * @property {EventName} event
 * @property {string} label
 * @property {string} sign
 */

/**
 * Whom the card is about.
 * @typedef {object} Party
 * @property {string} phoneNumber     `unknown` when there is none
 * @property {string} crmEntityType   `LEAD`, `CONTACT`, `COMPANY`, `DEAL` or empty
 * @property {number} crmEntityId     0 when unbound
 * @property {string} name            what the portal shows
 */

/** @param {EventName} event @param {string} label @param {string} [sign] @returns {Button} */
const button = (event, label, sign = "") => Object.freeze({ event, label, sign });

const ANSWER = button("answerButtonClick", "Answer", "phone");
const SKIP = button("skipButtonClick", "Skip", "close");
const CALL = button("makeCallButtonClick", "Call", "phone");
const CALL_AGAIN = button("makeCallButtonClick", "Call again", "phone");
const NEXT = button("nextButtonClick", "Next", "next");
const CLOSE = button("closeButtonClick", "Close", "close");
const HANG_UP = button("hangupButtonClick", "Hang up", "hangup");
const HOLD = button("holdButtonClick", "Hold", "hold");
const MUTE = button("muteButtonClick", "Mute", "mute");
const QUALITY = button("qualityMeterClick", "Quality");
const TRANSFER = button("transferButtonClick", "Transfer", "transfer");
const DIAL_PAD = button("dialpadButtonClick", "Dial pad", "keypad");
const COMPLETE = button("completeTransferButtonClick", "Complete transfer", "check");
const RETURN = button("cancelTransferButtonClick", "Return to call", "back");
const NOTIFY = button("notifyAdminButtonClick", "Notify admin", "bell");
const IN_CALL = [HOLD, MUTE, DIAL_PAD, TRANSFER, QUALITY, HANG_UP];

/**
 * What a state is in words and as an icon; its buttons in the order in which the card shows them, and those in a call
 * list, where they are others; and whether it stops the timer: the transfer states let it run on.
 * @typedef {{words: string, sign: string, buttons: readonly Button[], inList?: readonly Button[], stops?: boolean}} State
 */

/** @type {Readonly<Record<CardState, State>>} */
export const STATES = {
  externalCard: { words: "Call", sign: "phone", buttons: [CLOSE] },
  incoming: { words: "Incoming call", sign: "phone", buttons: [ANSWER, SKIP], stops: true },
  transferIncoming: { words: "Transferred to you", sign: "transfer", buttons: [ANSWER, SKIP], stops: true },
  outgoing: { words: "Ready to call", sign: "phone", buttons: [CALL], inList: [CALL, NEXT, CLOSE], stops: true },
  connectingIncoming: { words: "Connecting", sign: "phone", buttons: [HANG_UP], stops: true },
  connectingOutgoing: { words: "Calling", sign: "phone", buttons: [HANG_UP], stops: true },
  connected: { words: "On the call", sign: "phone", buttons: IN_CALL },
  transferring: { words: "Transferring", sign: "transfer", buttons: [COMPLETE, RETURN] },
  transferFailed: { words: "Transfer failed", sign: "warning", buttons: [RETURN] },
  transferConnected: { words: "Transferred", sign: "transfer", buttons: [HANG_UP] },
  error: { words: "Call failed", sign: "warning", buttons: [CLOSE], inList: [CALL_AGAIN, NEXT], stops: true },
  moneyError: { words: "Out of credit", sign: "coin", buttons: [NOTIFY, CLOSE], stops: true },
  redial: { words: "Call ended", sign: "hangup", buttons: [CALL_AGAIN], stops: true },
};

/** All that a folded card still shows, where its state has it. @type {readonly Button[]} */
const ON_THE_STRIP = [HANG_UP, CLOSE];

/**
 * @param {CardState} uiState
 * @param {boolean} callListMode
 * @returns {readonly Button[]} in the order in which the card shows them
 */
export function buttonsOf(uiState, callListMode) {
  const { buttons, inList = buttons } = STATES[uiState];
  return callListMode ? inList : buttons;
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
    return this.uiState !== FIRST_STATE && !STATES[this.uiState].stops;
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
    if (STATES[uiState].stops) {
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
