/**
 * REST by requests that the page makes itself: one way for both of the portal's clients, which lend it their tokens.
 *
 * The clients' own requests tell too little of what becomes of them, and repeat what must not be repeated: see docs/portal.md.
 * Here a request is made once, and ends with the portal's answer or with what went wrong. A token never leaves this module.
 *
 * @module
 */

import { failure, failureOf, LOST, mapped } from "./client.js";

/**
 * Where REST is, and the client's tokens for it, as far as it has any that are good by its own clock.
 * @typedef {{address: string, auth: unknown}} Access
 * @typedef {import("./client.js").RestAnswer} RestAnswer
 * @typedef {import("./client.js").RestFailure} RestFailure
 * @typedef {Record<string, unknown>} Fields
 * @typedef {Record<string, [string, Fields]>} Calls
 */

/** What stands for a token that the portal repeats in an answer. */
const HIDDEN = "***";

/** @param {() => Promise<Access>} access */
export function ownRest(access) {
  /**
   * @param {string} method
   * @param {Fields} params
   * @param {AbortSignal} [signal]
   * @returns {Promise<RestAnswer>} never rejects
   */
  async function call(method, params, signal) {
    const { body, error } = await ask(access, method, params, signal);
    if (error) {
      return { error };
    }
    const start = Number.parseInt(String(body.next), 10);
    const here = Number(params.start) || 0;
    /** @type {RestAnswer["next"]} */
    const next =
      start > here
        ? (callback, pageSignal) => void call(method, { ...params, start }, pageSignal).then(callback)
        : (callback) =>
            callback({ error: failure("BAD_NEXT", `the list goes on at ${start}, says its page at ${here}`) });
    return {
      result: body.result,
      total: Number(body.total) || undefined,
      next: Number.isNaN(start) ? undefined : next,
    };
  }

  /**
   * @param {Calls} calls
   * @param {boolean} halt
   * @param {AbortSignal} [signal]
   * @returns {Promise<Record<string, RestAnswer>>} never rejects; what was refused as a whole is refused for each call
   */
  async function batch(calls, halt, signal) {
    /** @type {Fields} */
    let cmd;
    try {
      cmd = mapped(calls, ([method, params]) => `${encodeURIComponent(method)}?${query(params)}`);
    } catch (problem) {
      return mapped(calls, () => ({ error: failure("CLIENT_FAILED", String(problem)) }));
    }
    const { body, error } = await ask(access, "batch", { halt: halt ? 1 : 0, cmd }, signal);
    if (error) {
      return mapped(calls, () => ({ error }));
    }
    return rowsOf(Object.keys(calls), Object(body.result));
  }

  return { call, batch };
}

/**
 * @param {() => Promise<Access>} access
 * @param {string} method
 * @param {Fields} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<{body: Fields, error?: undefined} | {error: RestFailure, body?: undefined}>}
 */
async function ask(access, method, params, signal) {
  try {
    const { address, auth } = await access();
    const { access_token: token } = Object(auth);
    if (typeof token !== "string" || token === "") {
      throw new Error("the portal gave no token");
    }
    return await post(`${address}/${encodeURIComponent(method)}.json`, params, token, signal);
  } catch (error) {
    return { error: failure("CLIENT_FAILED", String(error)) };
  }
}

/**
 * What the portal says of each call of a batch; of those that it did not come to it says nothing.
 * @param {string[]} keys
 * @param {{result?: any, result_error?: unknown, result_total?: unknown}} answered
 */
function rowsOf(keys, { result, result_error, result_total }) {
  /** @type {Record<string, RestAnswer>} */
  const rows = {};
  for (const key of keys) {
    const refused = Object(result_error)[key];
    if (refused) {
      rows[key] = { error: failureOf(refused, 200) };
    } else if (Object.hasOwn(Object(result), key)) {
      rows[key] = { result: result[key], total: Number(Object(result_total)[key]) || undefined };
    }
  }
  return rows;
}

/** @param {import("../portal_frame.js").PortalFrame} frame @returns {string} where the portal's REST is */
export function restAddress({ origin }) {
  return `${origin.replace(/:(80|443)$/, "")}/rest`;
}

/**
 * @param {string} url
 * @param {Fields} params
 * @param {string} token
 * @param {AbortSignal} [signal]
 */
async function post(url, params, token, signal) {
  let text;
  let status;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...params, auth: token }),
      cache: "no-store",
      credentials: "omit",
      redirect: "error", // the token goes to the portal and nowhere else
      signal: signal ?? null,
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    return { error: failure(LOST, String(error).replaceAll(token, HIDDEN)) };
  }
  return read(status, text.replaceAll(token, HIDDEN));
}

/**
 * @param {number} status
 * @param {string} text
 * @returns {{body: Fields, error?: undefined} | {error: RestFailure, body?: undefined}}
 */
function read(status, text) {
  const body = parsed(text);
  if (body && body.error !== undefined && body.error !== null) {
    return { error: failureOf(body, status) };
  }
  if (status < 200 || status > 299) {
    return {
      error: failure(`HTTP_${status}`, `the portal answered with status ${status} and no error of its own`, status),
    };
  }
  return body ? { body } : { error: failure("NOT_JSON", "the portal's answer is no JSON object", status) };
}

/** @param {string} text @returns {Fields | null} */
function parsed(text) {
  try {
    const body = JSON.parse(text);
    return typeof body === "object" && body !== null && !Array.isArray(body) ? body : null;
  } catch {
    return null;
  }
}

/**
 * Parameters as the portal reads them from a call of a batch, which is a query string: `filter[ID]=7&select[0]=NAME`.
 * What is empty cannot be written down so: an empty parameter is left out, and Python sends none within one.
 * @param {Fields} params
 */
function query(params) {
  return Object.entries(params)
    .flatMap(([name, value]) => pairs(encodeURIComponent(name), value))
    .join("&");
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {string[]}
 */
function pairs(name, value) {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, one]) => pairs(`${name}${encodeURIComponent(`[${key}]`)}`, one));
  }
  const plain = typeof value === "boolean" ? Number(value) : (value ?? "");
  return [`${name}=${encodeURIComponent(String(plain))}`];
}
