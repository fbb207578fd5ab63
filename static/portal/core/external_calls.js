/**
 * Keeps the page and the simulated REST of one mind about external calls.
 *
 * An app may raise a card by `telephony.externalCall.register`, and finish a call that the page began: so
 * the page asks the REST every second what to show or hide, and tells it of the cards that it opens.
 */

/** @typedef {import("./session.js").PortalSession} PortalSession */
/** @typedef {import("./telephony.js").Telephony} Telephony */
/** @typedef {import("./telephony.js").Call} Call */
/** @typedef {import("./telephony.js").Direction} Direction */

const ASK_EVERY_MS = 1000;

/**
 * The TYPE of a call, see `telephony.externalCall.register`.
 * @type {Readonly<Record<Direction, number>>}
 */
const TYPE_OF = { outgoing: 1, incoming: 2, callback: 4 };

/**
 * @typedef {object} Notice
 * @property {"show" | "hide"} what
 * @property {string} CALL_ID
 * @property {string} PHONE_NUMBER
 * @property {number} TYPE
 * @property {string} LINE_NUMBER
 * @property {string} CRM_ENTITY_TYPE
 * @property {number} CRM_ENTITY_ID
 */

/**
 * @param {PortalSession} session
 * @param {Telephony} telephony
 */
export function followExternalCalls(session, telephony) {
  setInterval(() => {
    if (document.hidden) {
      return;
    }
    session
      .call("simulation.notices", { auth: session.tokens.AUTH_ID })
      .then(({ result }) => {
        for (const notice of /** @type {Notice[]} */ (result)) {
          obey(telephony, notice);
        }
      })
      .catch(() => {}); // the server has stopped, or is being restarted
  }, ASK_EVERY_MS);
}

/**
 * Lets the REST know a call, so that the app can finish it there.
 * @param {PortalSession} session
 * @param {Call} call
 */
export function announce(session, { callId, direction, parties, options }) {
  if (!session.served || options.external === false) {
    return;
  }
  const known = { CALL_ID: callId, PHONE_NUMBER: parties[0]?.phoneNumber, TYPE: TYPE_OF[direction] };
  session.call("simulation.opened", { auth: session.tokens.AUTH_ID, ...known }).catch(() => {});
}

/**
 * @param {Telephony} telephony
 * @param {Notice} notice
 */
function obey(telephony, notice) {
  const callId = notice.CALL_ID;
  const shown = telephony.card?.open && telephony.card.callId === callId;
  if (notice.what === "hide") {
    telephony.takeAway(callId);
  } else if (!shown) {
    telephony.call(directionOf(notice.TYPE), {
      callId,
      phoneNumber: notice.PHONE_NUMBER,
      lineNumber: notice.LINE_NUMBER,
      crmEntityType: notice.CRM_ENTITY_TYPE,
      crmEntityId: notice.CRM_ENTITY_ID,
    });
  }
}

/**
 * @param {number} type
 * @returns {Direction}
 */
function directionOf(type) {
  if (type === TYPE_OF.outgoing) {
    return "outgoing";
  }
  return type === TYPE_OF.callback ? "callback" : "incoming";
}
