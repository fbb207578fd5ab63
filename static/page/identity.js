/**
 * Who works here: the portal's id of the user.
 *
 * `profile` is the cheapest REST method that tells: every app may call it. It runs beside the
 * attaching, which does not wait for it.
 *
 * @module
 */

import { within } from "../deadline.js";
import { askRest } from "./client/client.js";

/** @typedef {import("./client/client.js").Client} Client */

/** When to ask again while the portal's REST is out of order. */
const AGAIN_AFTER_MS = [5_000, 30_000, 120_000];
/** An answer that has not come by then is lost. */
const ANSWER_MS = 30_000;

/**
 * @param {Client} client
 * @returns {Promise<string | null>} `null` when the portal does not say
 */
export async function identify(client) {
  for (const delay of AGAIN_AFTER_MS) {
    const user = await ask(client);
    if (user !== null) {
      return user;
    }
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
  return ask(client);
}

/** @param {Client} client @returns {Promise<string | null>} */
async function ask(client) {
  /** @type {Promise<import("./client/client.js").RestAnswer>} */
  const answered = new Promise((resolve) => askRest(client, "profile", {}, resolve));
  try {
    const { result } = await within(answered, ANSWER_MS, "the portal has not said who works here");
    const id = /** @type {{ID?: unknown} | null | undefined} */ (result)?.ID;
    return id === undefined || id === null ? null : String(id);
  } catch {
    return null;
  }
}
