/**
 * One builder for each message that the page and the worker say; nothing else writes their keys (`protocol.js` has the
 * fields). What the page says to Python is sent as JSON.
 *
 * @module
 */

// To Python ---------------------------------------------------------------------------------------

/**
 * What happened, before it has a number.
 * @typedef {{t: "event" | "emit", name: string, payload?: unknown}} Happening
 */

/** @type {(mode: string, reason: string, kept: Pick<import("./protocol.js").Attach, "card" | "data">) => import("./protocol.js").Attach} */
export const attach = (mode, reason, { card, data }) => ({ t: "attach", mode, reason, card, data });

/** One of the portal's events, by its full name; without data it has no payload. @type {(name: string, payload: unknown) => Happening} */
export const event = (name, payload) => ({ t: "event", name, payload });

/** An event of the page's own scripts. @type {(name: string, payload: unknown) => Happening} */
export const emit = (name, payload) => ({ t: "emit", name, payload });

/**
 * What delivers it.
 * @param {Happening} happening
 * @param {number} seq
 * @param {number} at
 * @param {boolean} redelivered
 * @param {string | undefined} callId the card that the page shows may be another call's by now
 * @returns {import("./protocol.js").Event | import("./protocol.js").Emit}
 */
export function delivered(happening, seq, at, redelivered, callId) {
  const message = { ...happening, seq, at, redelivered };
  return redelivered && callId !== undefined ? { ...message, call_id: callId } : message;
}

/** @type {(id: string) => import("./protocol.js").Sent} */
export const sent = (id) => ({ t: "sent", id });

/** @type {(id: string, answer: unknown) => import("./protocol.js").Answer} */
export const answer = (id, answered) => ({ t: "answer", id, answer: answered });

/** @type {(id: string, error: string) => import("./protocol.js").Refused} */
export const refused = (id, error) => ({ t: "refused", id, error });

/** @type {(id: string, commands: string[] | null) => import("./protocol.js").InterfaceAnswer} */
export const interfaceAnswer = (id, commands) => ({ t: "interface_answer", id, commands });

/** @type {(id: string, row: Omit<import("./protocol.js").RestAnswer, "t" | "id">) => import("./protocol.js").RestAnswer} */
export const restAnswer = (id, row) => ({ t: "rest_answer", id, ...row });

/** @type {(id: string, row: Omit<import("./protocol.js").CallAnswer, "t" | "id">) => import("./protocol.js").CallAnswer} */
export const callAnswer = (id, row) => ({ t: "call_answer", id, ...row });

/** @type {() => import("./protocol.js").UserChanged} */
export const userChanged = () => ({ t: "user_changed" });

/** @type {(id: string, source: string | null, again?: boolean, saved?: {archive: string, version: string} | null) => import("./protocol.js").Reload} */
export const reload = (id, source, again, saved) => ({ t: "reload", id, source, ...(again && { again }), ...saved });

// From the page to its worker ---------------------------------------------------------------------

/** @type {(who: Omit<import("./protocol.js").Hello, "t">) => import("./protocol.js").Hello} */
export const hello = (who) => ({ t: "hello", ...who });

/** @type {(user: string, leaving: boolean) => import("./protocol.js").ToWorker} */
export const user = (id, leaving) => ({ t: "user", user: id, leaving });

/** @type {(lock: string) => import("./protocol.js").ToWorker} */
export const watch = (lock) => ({ t: "watch", lock });

/** @type {(n: number) => import("./protocol.js").ToWorker} */
export const ping = (n) => ({ t: "ping", n });

/** @type {() => import("./protocol.js").ToWorker} */
export const mark = () => ({ t: "mark" });

/** @type {(reason: string) => import("./protocol.js").ToWorker} */
export const bye = (reason) => ({ t: "bye", reason });

/** @type {(target: import("./envelope.js").Target) => import("./protocol.js").ToWorker} */
export const reporting = (target) => ({ t: "reporting", target });

/** @type {() => import("./protocol.js").ToWorker} */
export const die = () => ({ t: "die" });

// From the worker to a page -----------------------------------------------------------------------

/** @type {() => import("./protocol.js").FromWorker} */
export const welcome = () => ({ t: "welcome" });

/** @type {(user: string) => import("./protocol.js").FromWorker} */
export const serves = (user) => ({ t: "serves", user });

/** @type {(phase: string, fraction: number) => import("./protocol.js").FromWorker} */
export const boot = (phase, fraction) => ({ t: "boot", phase, fraction });

/** @type {(lock: string) => import("./protocol.js").FromWorker} */
export const alive = (lock) => ({ t: "alive", lock });

/** @type {(how: Omit<import("./protocol.js").Ready, "t">) => import("./protocol.js").FromWorker} */
export const ready = (how) => ({ t: "ready", ...how });

/** @type {(refused: string | null) => import("./protocol.js").FromWorker} */
export const storage = (refused) => ({ t: "storage", refused });

/** @type {(text: string, permanent: boolean) => import("./protocol.js").FromWorker} */
export const failed = (text, permanent) => ({ t: "failed", text, permanent });

/** @type {(text: string) => import("./protocol.js").FromWorker} */
export const fatal = (text) => ({ t: "fatal", text });

/** @type {() => import("./protocol.js").FromWorker} */
export const marked = () => ({ t: "marked" });

/** @type {() => import("./protocol.js").FromWorker} */
export const ending = () => ({ t: "ending" });

/** @type {() => import("./protocol.js").FromWorker} */
export const holding = () => ({ t: "holding" });

/** @type {(n: number) => import("./protocol.js").FromWorker} */
export const pong = (n) => ({ t: "pong", n });
