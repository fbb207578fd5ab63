/**
 * The client over `BX24`, the portal's official script (or what stands in for it).
 *
 * It makes requests of REST itself, with the script's tokens; only a script that has none to give makes them.
 *
 * @module
 */

import { portalFrame } from "../portal_frame.js";
import { commandsOf, eventsOf, failureOf, mapped, readSafely, shared } from "./client.js";
import { ownRest, restAddress } from "./rest.js";

/**
 * @typedef {import("./client.js").Client} Client
 * @typedef {import("./client.js").RestAnswer} RestAnswer
 */

/**
 * @param {any} BX24
 * @returns {Client}
 */
export function bx24Client(BX24) {
  const started = initialised(BX24);
  const refresh = shared(() => new Promise((resolve) => BX24.refreshAuth(() => resolve(undefined))));
  return {
    name: "BX24",
    getInterface: (callback) =>
      BX24.placement.getInterface((/** @type {unknown} */ known) => callback(eventsOf(known), commandsOf(known))),
    bind: (name, callback) => BX24.placement.bindEvent(name, callback),
    command: (name, params, callback) => BX24.placement.call(name, params, callback),
    ...(lendsTokens(BX24) ? withTokens(BX24, started, refresh) : throughScript(BX24)),
    refresh,
    installFinish: async () => BX24.installFinish(),
  };
}

/** When the script has its session, as it says; nothing but REST needs that. @param {any} BX24 @returns {Promise<unknown>} */
function initialised(BX24) {
  return new Promise((resolve) => {
    try {
      BX24.init ? BX24.init(resolve) : resolve(null);
    } catch (error) {
      console.error(`worker-py: BX24.init failed: ${error}`);
      resolve(null);
    }
  });
}

/** @param {any} BX24 */
function lendsTokens(BX24) {
  return typeof BX24.getAuth === "function" && typeof BX24.refreshAuth === "function" && portalFrame().inPortal;
}

/**
 * @param {any} BX24
 * @param {Promise<unknown>} started
 * @param {() => Promise<void>} refresh
 * @returns {Pick<Client, "rest" | "batch">}
 */
function withTokens(BX24, started, refresh) {
  const address = restAddress(portalFrame());
  const { call, batch } = ownRest(async () => {
    if (!BX24.getAuth()) {
      await Promise.race([started, messageWith(() => BX24.getAuth())]);
    }
    if (!BX24.getAuth()) {
      await refresh();
    }
    return { address, auth: BX24.getAuth() };
  });
  return {
    rest: (method, params, callback, signal) => void call(method, params, signal).then(callback),
    batch: (calls, halt, callback, signal) => void batch(calls, halt, signal).then(callback),
  };
}

/**
 * A message after which something is so: the script calls `init` back by a timer, which a hidden frame has once a second.
 * @param {() => unknown} isSo
 * @returns {Promise<void>}
 */
function messageWith(isSo) {
  return new Promise((resolve) => {
    const look = () => {
      if (isSo()) {
        removeEventListener("message", look);
        resolve();
      }
    };
    addEventListener("message", look); // behind the script's own listener, which has the message first
  });
}

/** @param {any} BX24 @returns {Pick<Client, "rest" | "batch">} */
function throughScript(BX24) {
  return {
    rest: (method, params, callback) => {
      BX24.callMethod(method, params, (/** @type {any} */ result) => callback(restAnswer(result)));
    },
    batch: (calls, halt, callback) => {
      BX24.callBatch(
        calls,
        (/** @type {Record<string, any>} */ results) => {
          callback(mapped(results ?? {}, restAnswer));
        },
        halt,
      );
    },
  };
}

/** @param {any} result */
const restAnswer = (result) => readSafely(() => readAnswer(result));

/**
 * @param {any} result
 * @returns {RestAnswer}
 */
function readAnswer(result) {
  const error = result?.error?.();
  if (error) {
    return { error: failureOf(error.ex ?? error, Number(error.status) || 0) };
  }
  const more = result?.more?.() === true;
  return {
    result: result?.data?.(),
    total: Number(result?.total?.()) || undefined,
    next: more ? (callback) => result.next((/** @type {any} */ page) => callback(restAnswer(page))) : undefined,
  };
}
