/**
 * The portal's client as the shim needs it, over whichever library speaks to the portal.
 *
 * @module
 */

import { within } from "../../deadline.js";

/** @typedef {import("../../protocol.js").RestFailure} RestFailure */

/**
 * A REST answer: the result and how to get the next page, or an error.
 * @typedef {{
 *   result?: unknown,
 *   error?: RestFailure,
 *   next?: ((callback: (answer: RestAnswer) => void, signal?: AbortSignal) => void) | undefined,
 *   total?: number | undefined,
 * }} RestAnswer
 */

/**
 * What `bind` throws, or tells `failed` later, means that no event may come. REST makes a request once, and never again by
 * itself: not with a fresh token either. A `signal` calls it off where the client can; its answer is worth nothing then.
 * @typedef {{
 *   name: string,
 *   getInterface: (callback: (events: string[], commands: string[] | null) => void) => void,
 *   bind: (name: string, callback: (payload: unknown) => void, failed?: (error: unknown) => void) => void,
 *   command: (name: string, params: Record<string, unknown>, callback: (answer: unknown) => void) => void,
 *   rest: (method: string, params: Record<string, unknown>, callback: (answer: RestAnswer) => void,
 *     signal?: AbortSignal) => void,
 *   batch: (calls: Record<string, [string, Record<string, unknown>]>, halt: boolean,
 *     callback: (answers: Record<string, RestAnswer>) => void, signal?: AbortSignal) => void,
 *   refresh: () => Promise<void>,
 *   installFinish: () => Promise<void>,
 * }} Client
 */

/** @param {unknown} known what `getInterface` answered @returns {string[]} the events in it */
export function eventsOf(known) {
  return namesIn(/** @type {{event?: unknown} | null | undefined} */ (known)?.event) ?? [];
}

/** @param {unknown} known what `getInterface` answered @returns {string[] | null} the commands in it; null when it lists none */
export function commandsOf(known) {
  return namesIn(/** @type {{command?: unknown} | null | undefined} */ (known)?.command);
}

/** @param {unknown} list PHP's lists may be objects */
function namesIn(list) {
  const names = typeof list === "object" && list !== null ? Object.values(list) : [];
  const found = names.filter((name) => typeof name === "string");
  return found.length > 0 ? found : null;
}

export const EXPIRED = "expired_token";

/** The code of a request whose connection was lost: the portal may have carried it out or not. Python knows it too. */
export const LOST = "NETWORK_ERROR";

const REFRESH_DEADLINE_MS = 15_000;

/** @param {string} code @param {string} description @param {number} [status] @returns {RestFailure} */
export function failure(code, description, status = 0) {
  return { code, description, status };
}

/**
 * The portal's own error.
 * @param {any} told an object with `error` and `error_description`, or the code alone
 * @param {number} status of HTTP
 * @returns {RestFailure}
 */
export function failureOf(told, status) {
  const { error, error_description, argument } = Object(told);
  const inner = Object(error); // REST 3.0 has an object with code and message here
  const code = inner.code ?? error ?? (typeof told === "string" ? told : "UNKNOWN_ERROR");
  const found = failure(String(code), String(inner.message ?? error_description ?? ""), status);
  return argument ? { ...found, argument: String(argument) } : found;
}

/**
 * An answer as its library tells it; what throws on the way is an error too.
 * @param {() => RestAnswer} read
 * @returns {RestAnswer}
 */
export function readSafely(read) {
  try {
    return read();
  } catch (error) {
    return { error: failure("CLIENT_FAILED", String(error)) };
  }
}

/**
 * The rows of a batch, each changed.
 * @template A, B
 * @param {Record<string, A>} rows
 * @param {(row: A) => B} change
 * @returns {Record<string, B>}
 */
export function mapped(rows, change) {
  return Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, change(row)]));
}

/**
 * A refresh that serves all who ask while it is under way; one that is not answered is given up.
 * @param {() => Promise<void>} refresh
 * @returns {() => Promise<void>}
 */
export function shared(refresh) {
  /** @type {Promise<void> | null} */
  let running = null;
  return () => {
    running ??= within(attempt(refresh), REFRESH_DEADLINE_MS, "the token was not refreshed in time").finally(() => {
      running = null;
    });
    return running;
  };
}

/** What it throws at once is a rejection too. @param {() => Promise<void>} refresh */
async function attempt(refresh) {
  await refresh();
}

/**
 * Ask REST, and once more with a fresh token when the one in use had expired.
 * @param {Client} client
 * @param {string} method
 * @param {Record<string, unknown>} [params]
 * @returns {Promise<RestAnswer>}
 */
export async function askRest(client, method, params = {}) {
  /** @returns {Promise<RestAnswer>} */
  const ask = () => new Promise((resolve) => client.rest(method, params, resolve));
  const answer = await ask();
  if (answer.error?.code !== EXPIRED) {
    return answer;
  }
  return client.refresh().then(ask, () => answer);
}
