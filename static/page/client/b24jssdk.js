/**
 * The client over the official `@bitrix24/b24jssdk`.
 *
 * Its promises have two traps. It resolves them with `{isSafely: true}` after 900 ms of silence, and
 * drops the answer that comes later: commands give it a longer time of their own. And an event that
 * arrives before that resolves the promise of its bind instead of reaching the callback: here the
 * resolved value is delivered as the event.
 *
 * Its own requests of REST are sent up to three times, also what must not be done twice. So the page makes
 * them, with the SDK's tokens; only an SDK that does not say where REST is makes them itself.
 *
 * @module
 */

import { portalFrame } from "../portal_frame.js";
import { commandsOf, eventsOf, failure, mapped, readSafely, shared } from "./client.js";
import { ownRest } from "./rest.js";

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
  const refresh = shared(() => opened.then((frame) => frame.auth.refreshAuth()).then(() => undefined));
  const own = ownRest(async () => {
    const frame = await opened;
    if (!frame.auth.getAuthData()) {
      await refresh();
    }
    return { address: String(restOf(frame)), auth: frame.auth.getAuthData() };
  });
  return {
    name: "b24jssdk",
    getInterface: (callback) =>
      told(
        opened.then((frame) => frame.placement.getInterface()),
        () => SILENCE, // it is asked again
        (known) => callback(eventsOf(known), commandsOf(known)),
      ),
    bind: (name, callback, refused) =>
      told(
        opened.then((frame) => frame.placement.bindEvent(name, callback)),
        (error) => {
          refused?.(error);
          return SILENCE;
        },
        callback,
      ),
    command: (name, params, callback) =>
      told(
        opened.then((frame) => frame.placement.call(name, { ...params, safelyTime: KEPT_MS })),
        errorAnswer,
        callback,
      ),
    rest: (method, params, callback, signal) =>
      told(
        opened.then(async (frame) => {
          return restOf(frame)
            ? own.call(method, params, signal)
            : restAnswer(frame, await frame.actions.v2.call.make({ method, params }));
        }),
        failedAnswer,
        callback,
      ),
    batch: (calls, halt, callback, signal) =>
      told(
        opened.then((frame) => (restOf(frame) ? own.batch(calls, halt, signal) : batchBySdk(frame, calls, halt))),
        (error) => mapped(calls, () => failedAnswer(error)),
        callback,
      ),
    refresh,
    installFinish: () => opened.then((frame) => frame.installFinish()).then(() => undefined, notAgain),
  };
}

/**
 * @param {any} frame
 * @param {Record<string, [string, Record<string, unknown>]>} calls
 * @param {boolean} halt
 */
async function batchBySdk(frame, calls, halt) {
  const result = await frame.actions.v2.batch.make({ calls, options: { isHaltOnError: halt, returnAjaxResult: true } });
  return mapped(Object(result.getData()), (row) => restAnswer(frame, row));
}

/** Where the portal's REST is, as the SDK knows it. @param {any} frame @returns {string | undefined} */
const restOf = (frame) => frame.auth.getTargetOriginWithPath?.().get("v2");

const SILENCE = Object.freeze({ isSafely: true });

/**
 * Tell what comes of a request; what fails on the way, by throwing or by rejecting, is an answer too.
 * @template A
 * @param {Promise<A>} request
 * @param {(error: unknown) => A | typeof SILENCE} failed
 * @param {(answer: any) => void} callback what it throws is its owner's affair, and shows in the console
 */
async function told(request, failed, callback) {
  const answer = await request.catch(failed);
  if (!isSilence(answer)) {
    callback(answer);
  }
}

/**
 * The SDK's frame, as soon as it can be used. On a first run its `init` waits, without a deadline,
 * for an answer to something that nothing here depends on.
 * @param {any} sdk
 * @returns {Promise<any>}
 */
function openFrame(sdk) {
  const { domain, isHttps, sid } = portalFrame();
  const frame = new sdk.B24Frame({ DOMAIN: domain, PROTOCOL: isHttps, APP_SID: sid, LANG: null });
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    const check = () => {
      if (frame.isInit) {
        removeEventListener("message", checkAfter);
        port1.close();
        shareRefresh(frame.auth);
        resolve(frame);
      }
    };
    port1.onmessage = check;
    const checkAfter = () => port2.postMessage(null); // once the SDK has taken the message
    addEventListener("message", checkAfter);
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

/** @param {unknown} error @returns {RestAnswer} */
const failedAnswer = (error) => ({ error: restError(error) });

/** @param {any} frame @param {any} result an answer of the SDK's, or whatever came instead */
const restAnswer = (frame, result) => readSafely(() => readAnswer(frame, result));

/**
 * @param {any} frame
 * @param {any} result
 * @returns {RestAnswer}
 */
function readAnswer(frame, result) {
  if (!result.isSuccess) {
    return failedAnswer([...result.getErrors()][0]);
  }
  const next = async () => restAnswer(frame, await result.getNext(frame.getHttpClient("v2")));
  return {
    result: result.getData()?.result,
    total: result.getTotal?.() || undefined,
    next: result.isMore?.() ? (callback) => told(next(), failedAnswer, callback) : undefined,
  };
}

/** @param {any} error */
function restError(error) {
  const description = String(error?.message ?? error ?? "");
  return failure(String(error?.code ?? "UNKNOWN_ERROR"), description, Number(error?.status) || 0);
}
