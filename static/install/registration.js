/**
 * What the install page asks of the portal, over either client.
 *
 * @module
 */

import { within } from "../deadline.js";
import { askRest } from "../page/client/client.js";
import { bindParams, isTaken, registrations, unbindParams } from "./rules.js";

/**
 * @typedef {import("../page/client/client.js").Client} Client
 * @typedef {import("../page/client/client.js").RestAnswer} RestAnswer
 * @typedef {import("../page/client/client.js").RestFailure} RestFailure
 * @typedef {import("./rules.js").Registration} Registration
 * @typedef {(method: string, params?: Record<string, unknown>) => Promise<RestAnswer>} Ask
 * @typedef {{id: number, name: string}} Employee
 * @typedef {{
 *   scopes: RestAnswer, admin: RestAnswer, app: RestAnswer, placements: RestAnswer,
 *   registered: Registration[], installed: boolean | null,
 * }} Found `installed` is null when the portal does not say
 * @typedef {{removed: Registration[], inTheWay: Registration[], error?: RestFailure}} Registered
 *   what the portal took away for the new one, what is left of what was in its way, and why there is no new one
 */

const ANSWER_MS = 20_000;
const FINISH_MS = 5_000;
/** Employees offered by name; an id can be typed for others. */
const EMPLOYEES = 500;

/** @param {Client} client @returns {Ask} which never rejects, and always ends */
export function asker(client) {
  return async (method, params) => {
    const late = `${method} was not answered within ${ANSWER_MS / 1000} seconds.`;
    try {
      return await within(askRest(client, method, params), ANSWER_MS, late);
    } catch (problem) {
      return { error: { code: "NO_ANSWER", description: /** @type {Error} */ (problem).message, status: 0 } };
    }
  };
}

/** How things stand at the portal. @param {Ask} ask @returns {Promise<Found>} */
export async function findOut(ask) {
  const [scopes, admin, app, placements] = await Promise.all([
    ask("scope"),
    ask("user.admin"),
    ask("app.info"),
    ask("placement.get"),
  ]);
  const { INSTALLED: installed } = /** @type {{INSTALLED?: unknown}} */ (Object(app.result));
  return {
    ...{ scopes, admin, app, placements },
    registered: registrations(placements.result),
    installed: typeof installed === "boolean" ? installed : null,
  };
}

/** Who works at the portal, by name; nobody when the app may not know. @param {Ask} ask @returns {Promise<Employee[]>} */
export async function employees(ask) {
  const found = [];
  let answer = await ask("user.get", { FILTER: { ACTIVE: true } });
  for (;;) {
    found.push(...Object.values(Object(answer.result)).map(employee));
    const { next } = answer;
    if (!next || found.length >= EMPLOYEES) {
      return found.filter(({ id }) => id > 0);
    }
    answer = await new Promise((resolve) => next(resolve));
  }
}

/** @param {any} row @returns {Employee} */
function employee(row) {
  const name = [row?.NAME, row?.LAST_NAME].filter(Boolean).join(" ");
  return { id: Number(row?.ID) || 0, name: name || String(row?.EMAIL ?? "") || `id ${row?.ID}` };
}

/**
 * Bind the placement. What is bound for the same people already is replaced. What concerns others is left as it is:
 * one for all users, beside which the portal takes none for one employee.
 * @param {Ask} ask
 * @param {Registration} wanted
 * @returns {Promise<Registered>}
 */
export async function register(ask, wanted) {
  const first = await ask("placement.bind", bindParams(wanted));
  if (!first.error || !isTaken(first.error)) {
    return { removed: [], inTheWay: [], ...failure(first) };
  }
  const placements = await ask("placement.get");
  const inTheWay = registrations(placements.result).filter(({ userId }) => userId === 0 || userId === wanted.userId);
  if (inTheWay.length === 0 || inTheWay.some(({ userId }) => userId !== wanted.userId)) {
    return { removed: [], inTheWay, ...failure(first) };
  }
  return replace(ask, wanted, inTheWay);
}

/**
 * Bind the placement in the place of others.
 * @param {Ask} ask
 * @param {Registration} wanted
 * @param {Registration[]} others
 * @returns {Promise<Registered>}
 */
export async function replace(ask, wanted, others) {
  /** @type {Registration[]} */
  const removed = [];
  for (const [index, other] of others.entries()) {
    const { count, error } = await unregister(ask, other.userId);
    if (error) {
      return { removed, inTheWay: others.slice(index), error };
    }
    if (count > 0) {
      removed.push(other);
    }
  }
  const bound = await ask("placement.bind", bindParams(wanted));
  const inTheWay = bound.error ? others.filter((other) => !removed.includes(other)) : [];
  return { removed, inTheWay, ...failure(bound) };
}

/**
 * @param {Ask} ask
 * @param {number} userId 0 is everybody
 * @returns {Promise<{count: number, error?: RestFailure}>} how many registrations that ended, as the portal counts
 */
export async function unregister(ask, userId) {
  const answer = await ask("placement.unbind", unbindParams(userId));
  return { count: Number(Object(answer.result).count) || 0, ...failure(answer) };
}

/** @param {RestAnswer} answer @returns {{error?: RestFailure}} */
const failure = ({ error }) => (error ? { error } : {});

/** Tell the portal that the installation has ended: before that it shows no widget. @param {Client} client */
export async function finish(client) {
  const late = `installFinish was not answered within ${FINISH_MS / 1000} seconds.`;
  await within(client.installFinish(), FINISH_MS, late);
}

/**
 * Whether our own host answers as the portal will ask: by POST. Many static hosts do not.
 * @param {string} handler on this page's own origin
 * @returns {Promise<import("./rules.js").Check>}
 */
export async function postCheck(handler) {
  const started = performance.now();
  const body = new URLSearchParams({ check: "1" });
  const how = { method: "POST", body, cache: "no-store", redirect: "manual", credentials: "omit" };
  try {
    const { status, type } = await fetch(handler, /** @type {RequestInit} */ (how));
    const ms = Math.round(performance.now() - started);
    return status === 200
      ? { level: "ok", title: `Your host answers the portal's POST, in ${ms} ms.` }
      : { level: "bad", title: `Your host answers POST with ${refusalOf(type, status)}.`, remedy: POST_REMEDY };
  } catch (error) {
    return { level: "bad", title: `Your host does not answer POST (${error}).`, remedy: POST_REMEDY };
  }
}

/** @param {string} type @param {number} status */
const refusalOf = (type, status) => (type === "opaqueredirect" ? "a redirect" : `status ${status}`);

const POST_REMEDY =
  "The portal posts a form to the hidden page: configure your host to answer POST with the page, as GET does, " +
  "and without a redirect. (Only where Bitrix24 itself hosts the app's files does it use GET.)";
