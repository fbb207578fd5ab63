/**
 * The names of the call card's interface: what the portal registers, lists and raises.
 *
 * The simulated portal keeps its own copy on purpose. It stands for Bitrix24, which shares no file
 * with the placement page, so a name misspelt on one side fails a test instead of agreeing with itself.
 *
 * Source: https://apidocs.bitrix24.com/api-reference/widgets/ui-interaction/page-background-worker/
 */

/** What every full event name begins with. */
export const EVENT_PREFIX = "BackgroundCallCard::";

/** The 17 events, by the part behind the prefix. */
export const EVENTS = /** @type {const} */ ([
  "initialized",
  "addCommentButtonClick",
  "muteButtonClick",
  "holdButtonClick",
  "closeButtonClick",
  "transferButtonClick",
  "cancelTransferButtonClick",
  "completeTransferButtonClick",
  "hangupButtonClick",
  "nextButtonClick",
  "skipButtonClick",
  "answerButtonClick",
  "entityChanged",
  "qualityMeterClick",
  "dialpadButtonClick",
  "makeCallButtonClick",
  "notifyAdminButtonClick",
]);

/** The 9 commands. */
export const COMMANDS = /** @type {const} */ ([
  "CallCardSetMute",
  "CallCardSetHold",
  "CallCardSetUiState",
  "CallCardGetListUiStates",
  "CallCardSetCardTitle",
  "CallCardSetStatusText",
  "CallCardStartTimer",
  "CallCardStopTimer",
  "CallCardClose",
]);

/** The state in which the card of an external call opens. No command leads to it, and the portal lists it nowhere. */
export const FIRST_STATE = "externalCard";

/** The 12 states that a command can bring about, in the order in which `CallCardGetListUiStates` names them. */
export const UI_STATES = /** @type {const} */ ([
  "incoming",
  "transferIncoming",
  "outgoing",
  "connectingIncoming",
  "connectingOutgoing",
  "connected",
  "transferring",
  "transferFailed",
  "transferConnected",
  "error",
  "moneyError",
  "redial",
]);

/** @typedef {typeof EVENTS[number]} EventName */
/** @typedef {typeof COMMANDS[number]} CommandName */
/** @typedef {typeof UI_STATES[number]} UiState */

/**
 * @param {string} shortName an event's name with or without the prefix
 * @returns {string} the name as it goes over the wire
 */
export function fullEventName(shortName) {
  return shortName.includes("::") ? shortName : EVENT_PREFIX + shortName;
}

/** @param {unknown} name an event's, a command's or a handler's @returns {string} without what stands before it */
export const shortName = (name) => String(name).replace(/^.*::/, "");
