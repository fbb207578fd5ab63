/**
 * The client over `BX24`, the portal's official script (or what stands in for it).
 *
 * @module
 */

import { commandsOf, eventsOf } from "./client.js";

/**
 * @typedef {import("./client.js").Client} Client
 * @typedef {import("./client.js").RestAnswer} RestAnswer
 */

/**
 * @param {any} BX24
 * @returns {Client}
 */
export function bx24Client(BX24) {
  try {
    BX24.init?.(() => {}); // REST waits for it; nothing else does
  } catch (error) {
    console.error(`worker-py: BX24.init failed: ${error}`);
  }
  return {
    name: "BX24",
    getInterface: (callback) =>
      BX24.placement.getInterface((/** @type {unknown} */ known) => callback(eventsOf(known), commandsOf(known))),
    bind: (name, callback) => BX24.placement.bindEvent(name, callback),
    command: (name, params, callback) => BX24.placement.call(name, params, callback),
    rest: (method, params, callback) => {
      BX24.callMethod(method, params, (/** @type {any} */ result) => callback(restAnswer(result)));
    },
    batch: (calls, halt, callback) => {
      BX24.callBatch(
        calls,
        (/** @type {Record<string, any>} */ results) => {
          const rows = Object.entries(results ?? {}).map(([key, result]) => [key, restAnswer(result)]);
          callback(Object.fromEntries(rows));
        },
        halt,
      );
    },
    refresh: () => new Promise((resolve) => BX24.refreshAuth(() => resolve(undefined))),
    installFinish: async () => BX24.installFinish(),
  };
}

/**
 * @param {any} result
 * @returns {RestAnswer}
 */
function restAnswer(result) {
  try {
    return readAnswer(result);
  } catch (error) {
    return { error: { code: "CLIENT_FAILED", description: String(error), status: 0 } };
  }
}

/**
 * @param {any} result
 * @returns {RestAnswer}
 */
function readAnswer(result) {
  const error = result?.error?.();
  if (error) {
    return { error: restError(error) };
  }
  const more = result?.more?.() === true;
  return {
    result: result?.data?.(),
    total: Number(result?.total?.()) || undefined,
    next: more ? (callback) => result.next((/** @type {any} */ page) => callback(restAnswer(page))) : undefined,
  };
}

/**
 * @param {any} error an object `{status, ex: {error, error_description}}`, or a string
 * @returns {import("./client.js").RestFailure}
 */
function restError(error) {
  const fields = error.ex ?? error;
  return {
    code: String(fields.error ?? (typeof error === "string" ? error : "UNKNOWN_ERROR")),
    description: String(fields.error_description ?? ""),
    status: Number(error.status) || 0,
    ...(fields.argument ? { argument: String(fields.argument) } : {}),
  };
}
