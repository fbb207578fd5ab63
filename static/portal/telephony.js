/**
 * Calls: opening a card, the events it raises, and what a click on it does.
 *
 * The operator's clicks change the card only where the portal does so by itself (mute, hold, close,
 * next); everything else is the app's answer to the event.
 */

import { CardModel } from "./card_model.js";
import { CALLEES, COLLEAGUES, CONTACTS, DEPARTMENTS, STRANGER } from "./directory.js";

/** @typedef {import("./card_model.js").Party} Party */
/** @typedef {import("./vocabulary.js").EventName} EventName */
/** @typedef {import("./vocabulary.js").UiState} UiState */

/**
 * What a call can be told to be; everything has a default.
 * @typedef {object} CallOptions
 * @property {string} [phoneNumber]      `hidden`, or `unknown`: then the payload lacks the key
 * @property {string} [crmEntityType]    `LEAD`, `CONTACT`, `COMPANY`, `DEAL` or empty
 * @property {number} [crmEntityId]
 * @property {string} [name]             what the portal shows before the app says anything
 * @property {string} [callId]
 * @property {string} [lineNumber]
 * @property {string} [lineName]
 * @property {number | null} [activityId]  null leaves the key out
 * @property {boolean} [external]        false: a regular call, silent and out of an app's reach
 * @property {UiState} [uiState]         the state in which the card opens
 * @property {boolean} [entityChangedFirst]  raise `entityChanged` before `initialized`
 * @property {Record<string, unknown>} [payload]  overrides of the `initialized` payload; `undefined` removes a key
 * @property {boolean} [silent]          open the card without raising `initialized`
 */

/** @typedef {"incoming" | "outgoing" | "callback"} Direction */
/** @typedef {(event: EventName, payload: unknown) => void} Raise */

/** Events whose payload is what the operator chose, or the state after the click. */
/** @type {Readonly<Partial<Record<EventName, (card: CardModel, argument: unknown) => unknown>>>} */
const ACTIONS = {
  muteButtonClick: (card) => {
    card.muted = !card.muted;
    return card.muted;
  },
  holdButtonClick: (card) => {
    card.held = !card.held;
    return card.held;
  },
  dialpadButtonClick: (card, key) => {
    card.digits += String(key);
    return String(key);
  },
  qualityMeterClick: (card, rating) => {
    card.rating = Number(rating);
    return String(rating);
  },
  addCommentButtonClick: (card, comment) => {
    card.comment = String(comment ?? "");
    return card.comment;
  },
  transferButtonClick: (card, target) => transferPayload(card, target),
  entityChanged: (card, entity) => {
    Object.assign(card.party, entity);
    return entityPayload(card);
  },
};

export class Telephony {
  /** @type {CardModel | null} */
  card = null;
  /** What the last `initialized` said. @type {Record<string, unknown>} */
  #initialized = {};

  /**
   * @param {object} options
   * @param {Raise} options.raise
   * @param {() => void} options.cardChanged
   * @param {(card: CardModel, direction: Direction) => void} [options.opened]
   */
  constructor({ raise, cardChanged, opened = () => {} }) {
    this.raise = raise;
    this.opened = opened;
    this.cardChanged = cardChanged;
  }

  /**
   * Opens a card, in place of the one shown, and raises `initialized`.
   * @param {Direction} direction
   * @param {CallOptions} [options]
   * @returns {string} the call's id
   */
  call(direction, options = {}) {
    const party = partyOf(options);
    const uiState = options.uiState ?? (direction === "incoming" ? "incoming" : "outgoing");
    return this.#open(direction, [party], { ...options, uiState });
  }

  /**
   * Opens a card in call-list mode.
   * @param {number} length
   * @param {CallOptions} [options]
   * @returns {string}
   */
  callList(length, options = {}) {
    if (!Number.isInteger(length) || length < 1) {
      throw new TypeError(`A call list has 1 or more entries, not ${length}.`);
    }
    const parties = Array.from({ length }, (_unused, index) => /** @type {Party} */ (CALLEES[index % CALLEES.length]));
    return this.#open("outgoing", parties, { ...options, uiState: options.uiState ?? "outgoing" }, true);
  }

  /**
   * The portal takes the card away: `telephony.externalCall.hide`.
   * @param {string} callId
   */
  hide(callId) {
    if (this.card?.callId === callId) {
      this.card.close();
      this.cardChanged();
    }
  }

  /**
   * The operator did something on the card.
   * @param {EventName} event
   * @param {unknown} [argument] what was chosen: key, rating, comment, transfer target, entity
   */
  act(event, argument) {
    const card = this.#shown(event);
    const payload = ACTIONS[event]?.(card, argument);
    if (card.external) {
      this.raise(event, payload);
    }
    if (event === "closeButtonClick") {
      card.close();
    } else if (event === "nextButtonClick") {
      card.next();
      if (card.external) {
        this.raise("entityChanged", entityPayload(card));
      }
    }
    this.cardChanged();
  }

  /**
   * The card becomes a strip, or a whole card again. No app hears of it.
   * @param {boolean} folded
   */
  fold(folded) {
    this.#shown("fold").folded = folded;
    this.cardChanged();
  }

  /**
   * The portal passes the call to a department's queue by itself: no event is raised, and the state stays.
   * @param {number} id
   */
  transferToDepartment(id) {
    const card = this.#shown("transfer to a department");
    const department = DEPARTMENTS.find((one) => one.id === id);
    if (department === undefined) {
      const known = DEPARTMENTS.map((one) => `${one.id} (${one.name})`).join(", ");
      throw new TypeError(`There is no department ${id}. There are: ${known}.`);
    }
    card.department = department.name;
    this.cardChanged();
  }

  /**
   * @param {string} what is to be done with it
   * @returns {CardModel}
   */
  #shown(what) {
    if (!this.card?.open) {
      throw new Error(`${what}: no card is open.`);
    }
    return this.card;
  }

  /**
   * @param {Direction} direction
   * @param {Party[]} parties
   * @param {CallOptions & {uiState: UiState}} options
   * @param {boolean} [callListMode]
   * @returns {string}
   */
  #open(direction, parties, options, callListMode = false) {
    this.card?.close();
    const { uiState, external = true } = options;
    const card = new CardModel({
      callId: options.callId ?? newCallId(),
      uiState,
      parties,
      external,
      callListMode,
    });
    this.card = card;
    this.opened(card, direction);
    this.cardChanged();
    this.#initialized = initializedPayload(card, direction, options);
    if (external && options.entityChangedFirst) {
      this.raise("entityChanged", entityPayload(card));
    }
    if (external && !options.silent) {
      this.raise("initialized", this.#initialized);
    }
    return card.callId;
  }

  // Navigation ------------------------------------------------------------------------------------

  /** @returns {Record<string, unknown> | null} the call that goes on, for the next page of the portal */
  snapshot() {
    return this.card?.open ? { card: this.card.snapshot(), initialized: this.#initialized } : null;
  }

  /**
   * Show the card of a call that began on another page.
   * @param {any} snapshot
   */
  resume({ card, initialized }) {
    this.card = CardModel.resume(card);
    this.#initialized = initialized;
    this.cardChanged();
  }

  /** Say again that the card is there, to the placement page of this page. */
  raiseAgain() {
    if (this.card?.open && this.card.external) {
      this.raise("initialized", this.#initialized);
    }
  }
}

/**
 * @param {CallOptions} options
 * @returns {Party}
 */
function partyOf(options) {
  const known = /** @type {Party} */ (CONTACTS[0]);
  const told = ["phoneNumber", "crmEntityType", "crmEntityId", "name"].some((key) => key in options);
  const base = told ? STRANGER : known;
  return {
    phoneNumber: options.phoneNumber ?? base.phoneNumber,
    crmEntityType: options.crmEntityType ?? base.crmEntityType,
    crmEntityId: options.crmEntityId ?? base.crmEntityId,
    name: options.name ?? base.name,
  };
}

/**
 * @param {CardModel} card
 * @param {Direction} direction
 * @param {CallOptions} options
 * @returns {Record<string, unknown>}
 */
function initializedPayload(card, direction, options) {
  const { phoneNumber, crmEntityType, crmEntityId } = card.party;
  return {
    CALL_ID: card.callId,
    PHONE_NUMBER: phoneNumber === "unknown" ? undefined : phoneNumber,
    LINE_NUMBER: options.lineNumber ?? "12025550100",
    LINE_NAME: options.lineName ?? "Front desk",
    CRM_ENTITY_TYPE: crmEntityType,
    CRM_ENTITY_ID: crmEntityId,
    CRM_ACTIVITY_ID: options.activityId === null ? undefined : (options.activityId ?? 901),
    CRM_BINDINGS: crmEntityId === 0 ? [] : [{ ENTITY_TYPE: crmEntityType, ENTITY_ID: crmEntityId }],
    CALL_DIRECTION: direction,
    CALL_STATE: "idle",
    CALL_LIST_MODE: card.callListMode,
    ...options.payload,
  };
}

/**
 * @param {CardModel} card
 * @returns {Record<string, unknown>}
 */
function entityPayload(card) {
  const { phoneNumber, crmEntityType, crmEntityId } = card.party;
  return {
    PHONE_NUMBER: phoneNumber,
    CRM_ENTITY_TYPE: crmEntityType,
    CRM_ENTITY_ID: crmEntityId,
  };
}

/**
 * The two shapes of the transfer event: before the app's first command the portal tells the target's type.
 * @param {CardModel} card
 * @param {unknown} target an employee's id, a phone number, or the whole payload
 * @returns {unknown}
 */
function transferPayload(card, target) {
  if (typeof target === "object" && target !== null) {
    return target;
  }
  const chosen = target ?? COLLEAGUES[0]?.id;
  if (card.commanded) {
    return { phoneNumber: card.party.phoneNumber, target: chosen };
  }
  return { type: typeof chosen === "number" ? "user" : "pstn", target: chosen };
}

/** @returns {string} e.g. `E45D40253D1C2D2F.1774588815.822533` */
function newCallId() {
  const random = crypto.getRandomValues(new Uint8Array(8));
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const fraction = String(Math.floor(Math.random() * 1e6)).padStart(6, "0");
  return `${hex.toUpperCase()}.${Math.floor(Date.now() / 1000)}.${fraction}`;
}
