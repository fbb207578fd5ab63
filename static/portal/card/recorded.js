/** The card follows the events of a recording, as it followed the operator's clicks when they were recorded. */

import { CONTACTS } from "./directory.js";

/** @typedef {import("../core/telephony.js").Telephony} Telephony */
/** @typedef {import("../core/vocabulary.js").EventName} EventName */
/** @typedef {import("./model.js").CardModel} CardModel */

/** @type {Readonly<Partial<Record<EventName, (card: CardModel, payload: any) => void>>>} */
const CHANGES = {
  muteButtonClick: (card, muted) => {
    card.muted = muted === true;
  },
  holdButtonClick: (card, held) => {
    card.held = held === true;
  },
  dialpadButtonClick: (card, key) => {
    card.digits += String(key);
  },
  qualityMeterClick: (card, rating) => {
    card.rating = Number(rating);
  },
  addCommentButtonClick: (card, comment) => {
    card.comment = String(comment ?? "");
  },
  entityChanged: (card, payload) => Object.assign(card.party, partyOf(payload)),
  closeButtonClick: (card) => card.close(),
  nextButtonClick: (card) => card.next(),
};

/**
 * @param {Telephony} telephony
 * @param {EventName} event
 * @param {any} payload
 */
export function follow(telephony, event, payload) {
  if (event === "initialized") {
    open(telephony, payload ?? {});
  } else if (telephony.card?.open) {
    CHANGES[event]?.(telephony.card, payload);
    telephony.cardChanged();
  }
}

/** @param {Telephony} telephony @param {any} payload of `initialized` */
function open(telephony, payload) {
  const options = { ...partyOf(payload), callId: String(payload.CALL_ID), silent: true };
  const direction = ["outgoing", "callback"].includes(payload.CALL_DIRECTION) ? payload.CALL_DIRECTION : "incoming";
  if (payload.CALL_LIST_MODE === true) {
    telephony.callList(CONTACTS.length, options);
  } else {
    telephony.call(direction, options);
  }
}

/** @param {any} payload of `initialized` or `entityChanged` */
function partyOf({ PHONE_NUMBER: number, CRM_ENTITY_TYPE: type, CRM_ENTITY_ID: id } = /** @type {any} */ ({})) {
  const known = CONTACTS.find(({ crmEntityType, crmEntityId }) => crmEntityType === type && crmEntityId === Number(id));
  return {
    phoneNumber: String(number ?? "unknown"),
    crmEntityType: String(type ?? ""),
    crmEntityId: Number(id ?? 0),
    name: known?.name ?? String(number ?? "Unknown number"),
  };
}
