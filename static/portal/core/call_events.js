/** What the events of a card tell: their payloads, and what a click changes on the card by itself. */

import { COLLEAGUES, CONTACTS, STRANGER } from "../card/directory.js";

/** @typedef {import("../card/model.js").CardModel} CardModel */
/** @typedef {import("../card/model.js").Party} Party */
/** @typedef {import("./vocabulary.js").EventName} EventName */
/** @typedef {import("../card/model.js").CardState} CardState */

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
 * @property {boolean} [internal]        between colleagues: no CRM entity is spoken of, and the card has no CRM part
 * @property {CardState} [uiState]       sets a scene: the card shown before is finished, and the new one is as if an app had
 *   set this state at once; the portal itself opens an external call's card in `externalCard`
 * @property {boolean} [entityChangedFirst]  whether `entityChanged` comes before `initialized`; when left out it does for
 *   a call with a CRM entity
 * @property {Record<string, unknown>} [payload]  overrides of the `initialized` payload; `undefined` removes a key
 * @property {boolean} [silent]          sets a scene too, and raises nothing
 */

/** @typedef {"incoming" | "outgoing" | "callback"} Direction */

/**
 * A call as the portal's server knows it; plain data.
 * @typedef {object} Call
 * @property {string} callId
 * @property {Direction} direction
 * @property {Party[]} parties    one, or the entries of the call list
 * @property {boolean} isList
 * @property {CallOptions} options
 */

/**
 * Events whose payload is what the operator chose, or the state after the click; and what the click changes by itself.
 * @type {Readonly<Partial<Record<EventName, (card: CardModel, argument: unknown) => unknown>>>}
 */
export const ACTIONS = {
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
    card.draft = null;
    return card.comment;
  },
  transferButtonClick: (card, target) => transferPayload(card, target),
  entityChanged: (card, entity) => {
    Object.assign(card.party, entity);
    return undefined; // see act()
  },
};

/**
 * @param {CardModel} card
 * @param {Call} call
 * @param {boolean} asStrings  ids are written as text
 * @returns {Record<string, unknown>}
 */
export function initializedPayload(card, { direction, options }, asStrings) {
  const { phoneNumber, crmEntityType, crmEntityId } = card.party;
  return {
    CALL_ID: card.callId,
    PHONE_NUMBER: phoneNumber === "unknown" ? undefined : phoneNumber,
    LINE_NUMBER: options.lineNumber ?? "12025550100",
    LINE_NAME: options.lineName ?? "Front desk",
    CRM_ENTITY_TYPE: crmEntityType,
    CRM_ENTITY_ID: written(crmEntityId, asStrings),
    CRM_ACTIVITY_ID: options.activityId === null ? undefined : written(options.activityId ?? 901, asStrings),
    CRM_BINDINGS: crmEntityId === 0 ? [] : [{ ENTITY_TYPE: crmEntityType, ENTITY_ID: written(crmEntityId, asStrings) }],
    CALL_DIRECTION: direction,
    CALL_STATE: "idle",
    CALL_LIST_MODE: card.callListMode,
    ...options.payload,
  };
}

/**
 * @param {CardModel} card
 * @param {boolean} asStrings
 * @returns {Record<string, unknown>}
 */
export function entityPayload(card, asStrings) {
  const { phoneNumber, crmEntityType, crmEntityId } = card.party;
  return {
    PHONE_NUMBER: phoneNumber,
    CRM_ENTITY_TYPE: crmEntityType,
    CRM_ENTITY_ID: written(crmEntityId, asStrings),
  };
}

/** @param {number} value @param {boolean} asStrings */
const written = (value, asStrings) => (asStrings ? String(value) : value);

/**
 * @param {CallOptions} options
 * @returns {Party}
 */
export function partyOf(options) {
  const known = /** @type {Party} */ (CONTACTS[0]);
  const told = ["phoneNumber", "crmEntityType", "crmEntityId", "name"].some((key) => key in options);
  const base = told ? STRANGER : { ...known, ...partyIn(options.payload) };
  return {
    phoneNumber: options.phoneNumber ?? base.phoneNumber,
    crmEntityType: options.crmEntityType ?? base.crmEntityType,
    crmEntityId: options.crmEntityId ?? base.crmEntityId,
    name: options.name ?? base.name,
  };
}

/**
 * What overrides of the payload say of the party, where they are such as a portal has: its other events say the same.
 * @param {Record<string, unknown>} [payload]
 * @returns {Partial<Party>}
 */
function partyIn({ PHONE_NUMBER, CRM_ENTITY_TYPE, CRM_ENTITY_ID } = {}) {
  /** @type {Partial<Party>} */
  const told = {};
  if (typeof PHONE_NUMBER === "string") {
    told.phoneNumber = PHONE_NUMBER;
  }
  if (typeof CRM_ENTITY_TYPE === "string") {
    told.crmEntityType = CRM_ENTITY_TYPE;
  }
  if (typeof CRM_ENTITY_ID === "number") {
    told.crmEntityId = CRM_ENTITY_ID;
  }
  return Object.keys(told).length > 0 ? { ...told, name: "" } : told;
}

/**
 * @param {CardModel} card
 * @param {unknown} target an employee's id, a phone number, or the whole payload
 * @returns {unknown}
 */
function transferPayload(card, target) {
  if (typeof target === "object" && target !== null) {
    return target;
  }
  return { phoneNumber: card.party.phoneNumber, target: target ?? COLLEAGUES[0]?.id };
}
