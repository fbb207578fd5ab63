/**
 * The portal's end of the `postMessage` wire: text in, requests out, and back. Pure functions.
 *
 * Frame to portal, classic: `method:PARAMS:callbackId:appSid`, PARAMS being JSON, which may hold
 * colons, or empty or left out. A method whose own name holds a colon travels as an object.
 * Portal to frame: `callbackId:JSON`, or `callbackId:` for a result that is undefined.
 */

/**
 * One request of a frame.
 * @typedef {object} Request
 * @property {string} method    e.g. `getInterface`, `CallCardSetMute`
 * @property {unknown} params   the parsed JSON; `undefined` when the request carried none
 * @property {string} callback  id to answer to; empty when the frame wants no answer
 * @property {string} appSid    the id that the portal gave this load of the frame
 */

/**
 * How an event or answer without data is put: as the wire's empty form, or as JSON.
 * `undefined` is understood by the stand-in client alone (see bx24.js).
 * @typedef {"[]" | "" | "null" | "undefined"} EmptyForm
 */

/** @type {Readonly<Record<EmptyForm, string>>} */
const EMPTY_FORMS = { "[]": "", "": '""', null: "null", undefined: "undefined" };

/**
 * Reads what a frame sent.
 * @param {unknown} message the `data` of the message event
 * @returns {Request | null} null for anything that is not a request
 */
export function parseRequest(message) {
  if (typeof message === "string") {
    return parseClassic(message);
  }
  if (typeof message !== "object" || message === null) {
    return null;
  }
  const { method, params, callback, appSid } = /** @type {Record<string, unknown>} */ (message);
  if (typeof method !== "string" || method === "" || typeof appSid !== "string") {
    return null;
  }
  return {
    method,
    params: params === "" || params === null ? undefined : params,
    callback: typeof callback === "string" ? callback : "",
    appSid,
  };
}

/**
 * The first field is the method and the last two are the callback and the appSid, whatever lies between.
 * @param {string} text
 * @returns {Request | null}
 */
function parseClassic(text) {
  const fields = text.split(":");
  if (fields.length < 3 || fields[0] === "") {
    return null;
  }
  const method = /** @type {string} */ (fields.shift());
  const appSid = /** @type {string} */ (fields.pop());
  const callback = /** @type {string} */ (fields.pop());
  const json = fields.join(":");
  if (json === "") {
    return { method, params: undefined, callback, appSid };
  }
  try {
    return { method, params: JSON.parse(json), callback, appSid };
  } catch {
    return null;
  }
}

/**
 * Writes an answer, or one event for the callback of a bind.
 * @param {string} callback
 * @param {unknown} payload `undefined` gives the wire's empty form
 * @returns {string}
 */
export function serialiseAnswer(callback, payload) {
  return `${callback}:${JSON.stringify(payload) ?? ""}`;
}

/**
 * Writes an event that carries no data, in one of the forms in which it can reach a callback.
 * @param {string} callback
 * @param {EmptyForm} form
 * @returns {string}
 */
export function serialiseEmpty(callback, form) {
  if (!Object.hasOwn(EMPTY_FORMS, form)) {
    throw new TypeError(`An empty payload is "[]", "", "null" or "undefined", not ${JSON.stringify(form)}.`);
  }
  return `${callback}:${EMPTY_FORMS[form]}`;
}

/**
 * What a frame finds in its `window.name`.
 * @param {string} host    the portal's host, with its port
 * @param {boolean} secure whether the portal is served by https
 * @param {string} appSid
 * @returns {string}
 */
export function frameName(host, secure, appSid) {
  return `${host}|${secure ? 1 : 0}|${appSid}`;
}

/**
 * Why a message is not from this frame, or null when it is. The portal drops it in silence either way.
 * @param {{origin: string, appSid: string}} message
 * @param {{origin: string, appSid: string} | undefined} frame
 * @returns {"unknown appSid" | "foreign origin" | null}
 */
export function refusal(message, frame) {
  if (frame === undefined || frame.appSid !== message.appSid) {
    return "unknown appSid";
  }
  return frame.origin === message.origin ? null : "foreign origin";
}
