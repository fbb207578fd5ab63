/**
 * `telephony.externalCall.*` of the simulated REST.
 *
 * Source: https://apidocs.bitrix24.com/api-reference/telephony/
 */

import { newCallId } from "../core/made_up.js";
import { need, RestFault, text, wholeNumber } from "./fault.js";
import { matches } from "./records.js";

/** @typedef {import("./fault.js").Params} Params */
/** @typedef {import("./records.js").Row} Row */
/** @typedef {import("./session.js").RestSession} RestSession */
/** @typedef {import("./session.js").KnownCall} KnownCall */
/** @typedef {import("./crm.js").Method} Method */

/** For so long `register` takes a call with the same parameters for the same call. */
const SAME_CALL_MS = 30 * 60 * 1000;

/** @type {Method} */
function register(session, params) {
  need(params, ["USER_ID", "PHONE_NUMBER", "TYPE"], "parameter");
  wholeNumber(params, "TYPE");
  const names = ["USER_ID", "PHONE_NUMBER", "TYPE", "LINE_NUMBER", "EXTERNAL_CALL_ID"];
  const key = JSON.stringify(names.map((name) => text(params[name])));
  const now = performance.now();
  for (const call of session.calls.values()) {
    if (call.key === key && !call.finished && now - call.registeredAt < SAME_CALL_MS) {
      return registered(session, call);
    }
  }
  const call = rememberCall(session, { ...params, CALL_ID: newCallId() }, key);
  if (text(params.SHOW ?? 1) !== "0") {
    showNotice(session, call);
  }
  return registered(session, call);
}

/**
 * Keeps a call, so that it can be shown, hidden and finished.
 * @param {RestSession} session
 * @param {Params} params its CALL_ID and what it was registered with
 * @param {string} [key]  what makes another registration the same call; nothing does when empty
 * @returns {KnownCall}
 */
export function rememberCall(session, params, key = "") {
  /** @type {KnownCall} */
  const call = {
    CALL_ID: text(params.CALL_ID),
    key,
    registeredAt: performance.now(),
    finished: false,
    params: { USER_ID: 1, ...params },
  };
  session.calls.set(call.CALL_ID, call);
  return call;
}

/**
 * @param {RestSession} session
 * @param {KnownCall} call
 * @returns {Row}
 */
function registered(session, call) {
  const client = session.records.contacts.find((contact) => matches(contact, "PHONE", call.params.PHONE_NUMBER));
  return {
    CALL_ID: call.CALL_ID,
    CRM_CREATED_LEAD: null,
    CRM_CREATED_ENTITIES: [],
    CRM_ENTITY_TYPE: client ? "CONTACT" : "",
    CRM_ENTITY_ID: client ? Number(client.ID) : 0,
    LEAD_CREATION_ERROR: "",
  };
}

/** The portal's page is to show a call. @param {RestSession} session @param {KnownCall} call */
function showNotice(session, call) {
  const { CALL_ID, CRM_ENTITY_TYPE, CRM_ENTITY_ID } = registered(session, call);
  session.notices.push({
    what: "show",
    CALL_ID,
    PHONE_NUMBER: text(call.params.PHONE_NUMBER),
    TYPE: wholeNumber(call.params, "TYPE"),
    LINE_NUMBER: text(call.params.LINE_NUMBER),
    CRM_ENTITY_TYPE,
    CRM_ENTITY_ID,
  });
}

/**
 * @param {RestSession} session
 * @param {Params} params
 * @returns {KnownCall}
 */
function callOf(session, params) {
  const call = session.calls.get(text(params.CALL_ID));
  if (call === undefined) {
    throw new RestFault(400, "ERROR_NOT_FOUND", "Call is not found");
  }
  return call;
}

/** @type {Method} */
function show(session, params) {
  showNotice(session, callOf(session, params));
  return true;
}

/** @type {Method} */
function hide(session, params) {
  session.notices.push({ what: "hide", CALL_ID: callOf(session, params).CALL_ID });
  return true;
}

/** @type {Method} */
function finish(session, params) {
  const call = callOf(session, params);
  const duration = wholeNumber(params, "DURATION");
  call.finished = true;
  session.notices.push({ what: "hide", CALL_ID: call.CALL_ID });
  return {
    CALL_ID: call.CALL_ID,
    CALL_DURATION: duration,
    CALL_FAILED_CODE: text(params.STATUS_CODE ?? 200),
    PHONE_NUMBER: text(call.params.PHONE_NUMBER),
    PORTAL_USER_ID: text(params.USER_ID ?? call.params.USER_ID),
  };
}

/** @type {Method} */
function attachRecord(session, params) {
  callOf(session, params);
  need(params, ["FILENAME"], "parameter");
  return { FILE_ID: 800 + session.calls.size };
}

/** @type {readonly [string, Method][]} */
export const CALL_METHODS = [
  ["telephony.externalcall.register", register],
  ["telephony.externalcall.show", show],
  ["telephony.externalcall.hide", hide],
  ["telephony.externalcall.finish", finish],
  ["telephony.externalcall.attachrecord", attachRecord],
];
