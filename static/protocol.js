/**
 * The contract between the placement page and the worker: messages, event names and limits.
 *
 * Two kinds of messages cross the port. Strings, or arrays of them, are JSON for Python (`ToPython`)
 * or from Python (`FromPython`) and are only looked at where they are used; `worker_py/inbox.py` and `worker_py/outbox.py`
 * have the same, and a test holds the fields together. Objects are between the two scripts: `link.js` and `worker.js`.
 *
 * @module
 */

/**
 * What a page says to Python; `messages.js` builds each.
 *
 * `card` is the call that the page shows, with what is kept of it; `data` is what it keeps of the app. `event` and `emit` carry what happened; delivered again
 * they say which call's card the page showed then. A question's answer has its `id`: `sent` is none yet, `refused` says why
 * there is none. `commands` is `null` where the portal lists none, or could not be asked.
 * @typedef {{call_id: string, kept: unknown}} KeptCard
 * @typedef {{t: "attach", mode: string, reason: string, card: KeptCard | null,
 *   data: string | null}} Attach
 * @typedef {{t: "detach", reason: string}} Detach
 * @typedef {{t: "event", name: string, payload?: unknown, seq: number, at: number, redelivered: boolean,
 *   call_id?: string}} Event
 * @typedef {{t: "emit", name: string, payload?: unknown, seq: number, at: number, redelivered: boolean,
 *   call_id?: string}} Emit
 * @typedef {{t: "sent", id: string}} Sent
 * @typedef {{t: "answer", id: string, answer: unknown}} Answer
 * @typedef {{t: "refused", id: string, error: string}} Refused
 * @typedef {{t: "interface_answer", id: string, commands: string[] | null}} InterfaceAnswer
 * @typedef {{t: "rest_answer", id: string, result?: unknown, error?: RestFailure, cursor?: string | undefined,
 *   total?: number | undefined}} RestAnswer
 * @typedef {{t: "call_answer", id: string, value?: unknown, error?: {name: string, message: string}}} CallAnswer
 * @typedef {{t: "user_changed"}} UserChanged
 * @typedef {{t: "reload", id: string, source: string | null, again?: boolean, archive?: string, version?: string}} Reload
 * @typedef {Attach | Detach | Event | Emit | Sent | Answer | Refused | InterfaceAnswer | RestAnswer | CallAnswer
 *   | UserChanged | Reload} ToPython
 */

/**
 * An error of REST; `argument` names the parameter that the portal did not like, where it says so.
 * @typedef {{code: string, description: string, status: number, argument?: string}} RestFailure
 */

/**
 * Why Python sends a command that is not the app's own: whether a card is shown, to make this window look like the
 * others, or to set a title again. The page carries them out alike and counts them apart.
 * @typedef {"probe" | "mirror" | "title"} Purpose
 */

/**
 * What Python asks of a page: commands of the call card, REST, functions of the page. `of` is the `id` of the list's page
 * before. What was asked by the same `once` before is not asked again: its answer is. A `silent` command is answered by `sent` first, and perhaps by nothing else. The last two are not answered.
 * @typedef {{t: "command", id: string, command: string, params: Record<string, unknown>, silent?: boolean,
 *   purpose?: Purpose}} Command
 * @typedef {{t: "interface", id: string}} Interface
 * @typedef {{t: "rest", id: string, method: string, params: Record<string, unknown>, paged?: boolean,
 *   once?: string}} Rest
 * @typedef {{t: "rest_next", id: string, of: string}} RestNext
 * @typedef {{t: "rest_batch", id: string, calls: Record<string, [string, Record<string, unknown>]>, halt: boolean,
 *   once?: string}} RestBatch
 * @typedef {{t: "call", id: string, name: string, params: unknown}} Call
 * @typedef {{t: "rest_done", of: string}} RestDone
 * @typedef {{t: "cancel", id: string}} Cancel
 * @typedef {Command | Interface | Rest | RestNext | RestBatch | Call | RestDone | Cancel} Question
 */

/**
 * A handler that ran; `started` is milliseconds since the epoch.
 * @typedef {{name: string, duration_ms: number, outcome: string, started: number}} HandlerRun
 */

/**
 * A source that was not taken. Line and column count from 1.
 * @typedef {{text: string, file?: string | null, line: number | null, column: number | null, traceback: string,
 *   restart?: boolean}} SourceError
 */

/**
 * An exception as a report may tell it; `words` is what it says, which may be personal. Frames are file, line, function.
 * @typedef {{type: string, code: string | null, words: string, frames: [string, number, string][]}} Told
 */

/**
 * What else Python says to a page. `turn`: an event that was delivered again is being handled now, 0: none is. `ack`: these
 * handlers ran, and the event need not come again. `outcome`: how a question ended, but that of a probe. `problem`: one of a
 * call begins or ends, and `forget` of that call ends it too. `keep`: JSON of a call, for the next interpreter; `keep_data`:
 * the same of the app. `printed`: what the app printed, as it is; `id` of the event whose handler did. `captured`: the app reports something
 * by itself. `taking`: this source
 * is about to run. `reloaded`: what runs; `id` for the page that asked.
 * @typedef {{t: "turn", seq: number}} Turn
 * @typedef {{t: "ack", seq: number, handlers: HandlerRun[], call_id: string | null}} Ack
 * @typedef {{t: "outcome", id: string, kind: string, name: string, outcome: string, ms: number, started: number,
 *   cause: string | null, purpose?: Purpose}} Outcome
 * @typedef {{t: "report", kind: string, text: string, event?: string, seq?: number, handler?: string, error?: string,
 *   id?: string | null, told?: Told[]}} Report
 * @typedef {{t: "captured", level: string, text: string, words: string, tags: Record<string, string>, told: Told[],
 *   handler: string, id: string | null}} Captured
 * @typedef {{t: "trace", entry: {kind: string, name: string, id?: string | null, call_id?: string, event?: string,
 *   duration_ms?: number, outcome?: string, detail?: string, started?: number}}} Trace
 * @typedef {{t: "printed", level: "debug" | "info" | "warning" | "error", handler: string, id: string | null,
 *   text: string}} Printed
 * @typedef {{t: "problem", kind: "not_external" | "no_buttons" | "no_config", call_id: string, on: boolean}} Problem
 * @typedef {{t: "keep", call_id: string, kept: string}} Keep
 * @typedef {{t: "keep_data", kept: string}} KeepData
 * @typedef {{t: "forget", call_id: string}} Forget
 * @typedef {{t: "taking", id: string}} Taking
 * @typedef {{t: "reloaded", id: string | null, outcome: "shown" | "applied" | "applied_again" | "kept" | "refused",
 *   error: SourceError | null, file: string, source: string, original: string, version: string,
 *   edited: boolean}} Reloaded
 * @typedef {Turn | Ack | Outcome | Report | Trace | Printed | Problem | Keep | KeepData | Forget | Taking | Reloaded | Captured} News
 */

/** @typedef {Question | News} FromPython */

/**
 * Which message a text from Python is, without parsing it: all begin with their `t`.
 * @param {string} text
 * @returns {string}
 */
export const kindOf = (text) => text.slice(OPENING.length, text.indexOf('"', OPENING.length));
const OPENING = '{"t":"';

const PREFIX = "BackgroundCallCard::";

/** The portal's 17 events, by their full names. */
export const EVENT_NAMES = Object.freeze(
  [
    "initialized",
    "addCommentButtonClick",
    "muteButtonClick",
    "holdButtonClick",
    "closeButtonClick",
    "transferButtonClick",
    "cancelTransferButtonClick",
    "completeTransferButtonClick",
    "hangupButtonClick",
    "nextButtonClick",
    "skipButtonClick",
    "answerButtonClick",
    "entityChanged",
    "qualityMeterClick",
    "dialpadButtonClick",
    "makeCallButtonClick",
    "notifyAdminButtonClick",
  ].map((name) => PREFIX + name),
);

/** The event that a call begins with. */
export const INITIALIZED = `${PREFIX}initialized`;

/** What may come in from outside: deeper or larger things could kill the interpreter. */
export const LIMITS = Object.freeze({
  /** Characters of one payload or answer of the portal, as JSON. */
  payloadChars: 256 * 1024,
  /** Characters of one REST result or value of a page function, as JSON. */
  resultChars: 8 * 1024 * 1024,
  /** Characters of a source for the app, in a bundle for live editing. */
  sourceChars: 256 * 1024,
  /** Levels of nesting. */
  depth: 64,
});

/** What the name of the lock begins with that shows the life of a worker. @param {string} name the worker's */
export const aliveLock = (name) => `worker-py:alive:${name}:`;

/**
 * What the name of the lock begins with that says for how long a worker may hold its thread: `boot`, or the app's limit
 * for a slice in milliseconds, 0 for none. Who cannot be welcomed meanwhile has only this to go by.
 * @param {string} alive the lock that shows the worker's life
 */
export const sliceLock = (alive) => `worker-py:slice:${alive.slice(-36)}:`;

/**
 * The same where a page may not ask which locks there are, but can try those of names that it knows. A worker holds the
 * first one whose step is not below its limit, or that of 0: it boots, or there is no limit.
 * @param {string} name the worker's
 * @param {number} step one of `SLICE_STEPS_MS`
 */
export const stepLock = (name, step) => `worker-py:step:${name}:${step}`;

export const SLICE_STEPS_MS = Object.freeze([0, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000]);

/**
 * A page introduces itself. It may do so again, by the same port or another, with a higher `greeting`:
 * when it was frozen, or had no answer. `user` is the portal's id, once it is known.
 * @typedef {{t: "hello", page: string, portal: string, user: string | null, greeting: number}} Hello
 */

/**
 * A message of `link.js` to `worker.js`. `reporting` brings a port for what goes to the report sink. `user` with `leaving`: this is not the worker's user, and
 * the page goes to another worker.
 * @typedef {Hello | {t: "user", user: string, leaving: boolean} | {t: "watch", lock: string}
 *   | {t: "ping", n: number} | {t: "mark"} | {t: "bye", reason: string} | {t: "die"}
 *   | {t: "reporting", target: import("./envelope.js").Target}} ToWorker
 */

/**
 * Python runs. `phases`, and inside the first of them `parts`: what each took, in milliseconds. `plainBecause`: why it did
 * not start from the snapshot. `storage`: why the browser keeps nothing, by the error's name; `null` when it does.
 * @typedef {{t: "ready", phases: Record<string, number>, parts: Record<string, number>, plainBecause: string | null,
 *   slice_limit_ms: number, storage: string | null}} Ready
 */

/**
 * A message of `worker.js` to `link.js`; `serves` once it is known whose worker this is; `refused` as `storage` of `ready`.
 * `holding`: Python's code reaches for files that have to be fetched first, so no answer comes for a while.
 * @typedef {{t: "welcome"}
 *   | {t: "serves", user: string}
 *   | {t: "boot", phase: string, fraction: number}
 *   | {t: "alive", lock: string}
 *   | Ready
 *   | {t: "storage", refused: string | null}
 *   | {t: "failed", text: string, permanent: boolean}
 *   | {t: "fatal", text: string}
 *   | {t: "marked"}
 *   | {t: "ending"}
 *   | {t: "holding"}
 *   | {t: "pong", n: number}} FromWorker
 */

/** By this the page with `?support` and the hidden pages speak. */
export const SUPPORT_CHANNEL = "worker-py:support";
