/**
 * Who works here: the portal's id of the user.
 *
 * `profile` is the cheapest REST method that tells: every app may call it. It runs beside the
 * attaching, which does not wait for it.
 *
 * @module
 */

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
function ask(client) {
  return new Promise((resolve) => {
    setTimeout(resolve, ANSWER_MS, null);
    try {
      askRest(client, "profile", {}, ({ result }) => {
        const id = /** @type {{ID?: unknown} | null | undefined} */ (result)?.ID;
        resolve(id === undefined || id === null ? null : String(id));
      });
    } catch {
      resolve(null);
    }
  });
}
