/**
 * The REST methods by which an app installs itself, with the rules and refusals of the portal.
 *
 * Source: https://apidocs.bitrix24.com/api-reference/widgets/placement/placement-bind.html
 */

import { named, RestFault, text } from "./fault.js";

/** @typedef {import("./fault.js").Params} Params */
/** @typedef {import("./session.js").RestSession} RestSession */
/** @typedef {import("./crm.js").Method} Method */

/** What the simulated app was granted, unless a fault takes some of it away. */
const SCOPES = ["crm", "placement", "telephony", "user"];
/** Methods that need no scope although their name begins like one. */
const SCOPELESS = ["user.admin"];
const WORKER = "PAGE_BACKGROUND_WORKER";
const PLACEMENTS = ["CALL_CARD", "CRM_CONTACT_DETAIL_TAB", "CRM_DEAL_DETAIL_TAB", WORKER];

/** @param {RestSession} session */
function scopes(session) {
  return SCOPES.filter((name) => !session.faults.missing_scopes.includes(name));
}

/**
 * Refuses a method whose scope the app does not have.
 * @param {RestSession} session
 * @param {string} method in lower case
 */
export function checkScope(session, method) {
  const wanted = method.split(".")[0] ?? "";
  if (SCOPES.includes(wanted) && !scopes(session).includes(wanted) && !SCOPELESS.includes(method)) {
    const words = "The request requires higher privileges than provided by the access token";
    throw new RestFault(403, "insufficient_scope", words);
  }
}

/** @type {Method} */
function appInfo(session) {
  return { ID: 1, CODE: "local.worker-py", VERSION: 1, STATUS: "L", INSTALLED: session.installed };
}

/** @type {Method} */
function placementGet(session) {
  checkInstaller(session);
  return session.placements.map((one) => ({ ...one }));
}

/** @type {Method} */
function placementBind(session, params) {
  checkInstaller(session);
  const placement = required(params, "PLACEMENT").toUpperCase();
  const handler = required(params, "HANDLER");
  if (!PLACEMENTS.includes(placement)) {
    throw new RestFault(400, "ERROR_PLACEMENT_NOT_FOUND", "Placement not found");
  }
  checkHandler(session, handler);
  const options = named(params.OPTIONS);
  if (placement === WORKER && !options.errorHandlerUrl) {
    const words = "The option errorHandlerUrl is required for this placement";
    throw new RestFault(400, "EMPTY_ERROR_HANDLER_URL", words);
  }
  const userId = userIdOf(params) ?? 0;
  // One for all is in the way of one for a user; one for a user is not in the way of one for all.
  if (session.placements.some((one) => one.placement === placement && [0, userId].includes(one.userId))) {
    throw new RestFault(400, "ERROR_PLACEMENT_MAX_COUNT", "Placement max count");
  }
  const title = text(params.TITLE);
  session.placements.push({ placement, userId, handler, title, description: "", options, langAll: {} });
  return true;
}

/** @type {Method} */
function placementUnbind(session, params) {
  checkInstaller(session);
  const placement = required(params, "PLACEMENT").toUpperCase();
  const userId = userIdOf(params);
  const handler = text(params.HANDLER);
  const kept = session.placements.filter(
    (one) =>
      one.placement !== placement ||
      (handler !== "" && one.handler !== handler) ||
      (userId !== null && one.userId !== userId),
  );
  const count = session.placements.length - kept.length;
  session.placements = kept;
  return { count };
}

/** @param {RestSession} session */
function checkInstaller(session) {
  if (session.faults.webhook) {
    throw new RestFault(403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method");
  }
  if (session.faults.not_admin) {
    throw new RestFault(403, "ACCESS_DENIED", "Access denied!");
  }
}

/**
 * @param {Params} params
 * @param {string} name
 */
function required(params, name) {
  const value = text(params[name]);
  if (value === "") {
    throw new RestFault(400, "ERROR_ARGUMENT", `Argument '${name}' is null or empty`, name);
  }
  return value;
}

/**
 * @param {Params} params
 * @returns {number | null}
 */
function userIdOf(params) {
  const given = text(params.USER_ID);
  if (given === "") {
    return null;
  }
  if (!/^-?\d+$/.test(given)) {
    throw new RestFault(400, "ERROR_ARGUMENT", "Argument 'USER_ID' is not a number", "USER_ID");
  }
  return Number(given);
}

/**
 * @param {RestSession} session
 * @param {string} handler
 */
function checkHandler(session, handler) {
  const address = URL.canParse(handler) ? new URL(handler) : null;
  if (address === null || !["http:", "https:"].includes(address.protocol)) {
    throw new RestFault(400, "ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol");
  }
  const host = address.hostname;
  const isAddress = /^[\d.]+$/.test(host) || host.startsWith("[");
  const isLocal = session.faults.public_handlers && host.endsWith(".localhost");
  if (isAddress || !host.includes(".") || isLocal) {
    throw new RestFault(400, "ERROR_WRONG_HANDLER_URL", "Wrong handler URL");
  }
}

/**
 * What the portal does about an app whose hidden frames load too slowly.
 * @param {RestSession} session
 * @returns {string[]} the addresses that are to be told of it
 */
export function takeRegistrationAway(session) {
  const taken = session.placements.filter(({ placement }) => placement === WORKER);
  session.placements = session.placements.filter(({ placement }) => placement !== WORKER);
  return taken.map(({ options }) => options.errorHandlerUrl);
}

/** @type {readonly [string, Method][]} */
export const APP_METHODS = [
  ["app.info", appInfo],
  ["placement.bind", placementBind],
  ["placement.get", placementGet],
  ["placement.list", () => [...PLACEMENTS]],
  ["placement.unbind", placementUnbind],
  ["scope", scopes],
  ["user.admin", (session) => !session.faults.not_admin],
];
