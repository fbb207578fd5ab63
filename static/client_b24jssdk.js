/**
 * The client over the official `@bitrix24/b24jssdk`.
 *
 * Its promises have two traps. It resolves them with `{isSafely: true}` after 900 ms of silence, and
 * drops the answer that comes later: commands give it a longer time of their own. And an event that
 * arrives before that resolves the promise of its bind instead of reaching the callback: here the
 * resolved value is delivered as the event.
 *
 * @module
 */

import { eventsOf } from "./client.js";

/**
 * @typedef {import("./client.js").Client} Client
 * @typedef {import("./client.js").RestAnswer} RestAnswer
 */

/** A token that was refreshed so recently has not expired again. */
const FRESH_MS = 5000;

/** For how long the SDK keeps a command's answer; the deadline that counts is Python's. */
const KEPT_MS = 600_000;

/**
 * @param {any} sdk the SDK's exports
 * @param {(error: unknown) => void} failed told when the portal refuses the frame
 * @returns {Client}
 */
export function b24jssdkClient(sdk, failed) {
  const opened = openFrame(sdk);
  opened.catch(failed);
  /** @param {(frame: any) => unknown} use */
  const withFrame = (use) => opened.then(use).catch(() => {}); // `failed` has been told
  return {
    name: "b24jssdk",
    getInterface: (callback) =>
      withFrame(async (frame) => {
        const known = await frame.placement.getInterface();
        if (!isSilence(known)) {
          callback(eventsOf(known));
        }
      }),
    bind: (name, callback, refused) =>
      withFrame(async (frame) => {
        /** @type {unknown} */
        let first;
        try {
          first = await frame.placement.bindEvent(name, callback);
        } catch (error) {
          refused?.(error);
          return;
        }
        if (!isSilence(first)) {
          callback(first);
        }
      }),
    command: (name, params, callback) =>
      withFrame(async (frame) => {
        const answer = await frame.placement.call(name, { ...params, safelyTime: KEPT_MS }).catch(errorAnswer);
        if (!isSilence(answer)) {
          callback(answer);
        }
      }),
    rest: (method, params, callback) =>
      withFrame((frame) => answered(frame, frame.actions.v2.call.make({ method, params }), callback)),
    batch: (calls, halt, callback) =>
      withFrame(async (frame) => {
        const options = { isHaltOnError: halt, returnAjaxResult: true };
        const rows = await frame.actions.v2.batch.make({ calls, options }).then(
          (/** @type {any} */ result) => mapped(result.getData() ?? {}, (row) => restAnswer(frame, row)),
          (/** @type {unknown} */ error) => mapped(calls, () => ({ error: restError(error) })),
        );
        callback(rows);
      }),
    refresh: () => opened.then((frame) => frame.auth.refreshAuth()).then(() => undefined),
    installFinish: () => opened.then((frame) => frame.installFinish()).then(() => undefined, notAgain),
  };
}

/**
 * The SDK's frame, as soon as it can be used. On a first run its `init` waits, without a deadline,
 * for an answer to something that nothing here depends on.
 * @param {any} sdk
 * @returns {Promise<any>}
 */
function openFrame(sdk) {
  const [DOMAIN, protocol, APP_SID] = window.name.split("|");
  const frame = new sdk.B24Frame({ DOMAIN, PROTOCOL: protocol === "1", APP_SID, LANG: null });
  return new Promise((resolve, reject) => {
    const check = () => {
      if (frame.isInit) {
        removeEventListener("message", soon);
        shareRefresh(frame.auth);
        resolve(frame);
      }
    };
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = check;
    const soon = () => port2.postMessage(null); // once the SDK has taken the message
    addEventListener("message", soon);
    frame.init().then(check, reject);
  });
}

/**
 * The SDK refreshes a token once for the calls that fail together, and again for one that fails a
 * moment later because it was sent with the old token. That one only has to be repeated.
 * @param {any} auth
 */
function shareRefresh(auth) {
  const refresh = auth.refreshAuth.bind(auth);
  let refreshed = Number.NEGATIVE_INFINITY;
  auth.refreshAuth = async () => {
    if (performance.now() - refreshed < FRESH_MS) {
      return auth.getAuthData();
    }
    const fresh = await refresh();
    refreshed = performance.now();
    return fresh;
  };
}

/**
 * @param {Record<string, any>} rows
 * @param {(row: any) => RestAnswer} change
 * @returns {Record<string, RestAnswer>}
 */
function mapped(rows, change) {
  return Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, change(row)]));
}

/** @param {unknown} value */
function isSilence(value) {
  return /** @type {any} */ (value)?.isSafely === true;
}

/** The SDK refuses to end an installation twice; that it has ended is all we want. @param {any} error */
function notAgain(error) {
  if (error?.code !== "JSSDK_FRAME_INSTALL_ALREADY_FINISHED") {
    throw error;
  }
}

/** @param {any} error */
function errorAnswer(error) {
  return { result: "error", errorCode: String(error?.code ?? error) };
}

/**
 * @param {any} frame
 * @param {Promise<any>} request
 * @param {(answer: RestAnswer) => void} callback
 */
async function answered(frame, request, callback) {
  const answer = await request.then(
    (result) => restAnswer(frame, result),
    (error) => ({ error: restError(error) }),
  );
  callback(answer);
}

/**
 * @param {any} frame
 * @param {any} result
 * @returns {RestAnswer}
 */
function restAnswer(frame, result) {
  if (!result.isSuccess) {
    return { error: restError([...result.getErrors()][0]) };
  }
  const next = () => result.getNext(frame.getHttpClient("v2"));
  return {
    result: result.getData()?.result,
    total: result.getTotal?.() || undefined,
    next: result.isMore?.() ? (callback) => answered(frame, next(), callback) : undefined,
  };
}

/** @param {any} error */
function restError(error) {
  return {
    code: String(error?.code ?? "UNKNOWN_ERROR"),
    description: String(error?.message ?? error ?? ""),
    status: Number(error?.status) || 0,
  };
}
