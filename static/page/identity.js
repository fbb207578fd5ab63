/**
 * Who works here: the portal's id of the user.
 *
 * `profile` is the cheapest REST method that tells: every app may call it. It runs beside the
 * attaching, which does not wait for it.
 *
 * @module
 */

import { within } from "../deadline.js";
import * as messages from "../messages.js";
import { askRest } from "./client/client.js";

/** @typedef {import("./client/client.js").Client} Client */

/** When to ask again while the portal's REST is out of order. */
const AGAIN_AFTER_MS = [5_000, 30_000, 120_000];
/** An answer that has not come by then is lost. */
const ANSWER_MS = 30_000;

/**
 * Whoever uses it: what of the page has to know who works here.
 * @typedef {{
 *   host: import("./host.js").Host,
 *   link: import("./link.js").Link,
 *   queue: import("./event_queue.js").EventQueue,
 *   fromPython: import("./from_python.js").FromPython,
 *   trace: import("./trace.js").Trace,
 * }} Parts
 */

/**
 * Ask who works here, and leave an interpreter that serves somebody else; leave it too when other pages have.
 * @param {Client} client
 * @param {Parts} parts
 */
export async function serveUser(client, { host, link, queue, fromPython, trace }) {
  const forgetOtherUser = () => {
    fromPython.forgetCalls();
    queue.journal.reinstate(); // what this page has done so far, it has done with an interpreter of another user
  };
  host.onMoved((another) => {
    if (another) {
      forgetOtherUser();
    }
    link.move("another page of the portal moved on");
  });
  const user = await identify(client);
  if (user === null) {
    trace.add("page", "user_unknown");
    return;
  }
  host.identified(user);
  const another = host.servesAnother;
  link.identified(user, another);
  if (another) {
    trace.add("page", "another_user");
    link.send(JSON.stringify(messages.userChanged()));
    forgetOtherUser();
    link.move("another user works here now");
  }
  queue.journal.trust();
}

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
  try {
    const { result } = await within(askRest(client, "profile"), ANSWER_MS, "the portal has not said who works here");
    const id = /** @type {{ID?: unknown} | null | undefined} */ (result)?.ID;
    return id === undefined || id === null ? null : String(id);
  } catch {
    return null;
  }
}
