/**
 * The contract between the placement page and the worker: message names, event names and limits.
 *
 * Two kinds of messages cross the port. Strings, or arrays of them, are JSON for Python (`FROM_PAGE`)
 * or from Python (`TO_PAGE`) and are only looked at where they are used; `worker_py/wire.py` mirrors their names
 * and a test holds the two together. Objects are between the two scripts: `link.js` and `worker.js`.
 *
 * @module
 */

export const PROTOCOL_VERSION = 1;

/** What a page says to Python. */
export const FROM_PAGE = Object.freeze(
  /** @type {const} */ ([
    "attach",
    "detach",
    "event",
    "emit",
    "sent",
    "answer",
    "refused",
    "interface_answer",
    "rest_answer",
    "call_answer",
    "user_changed",
    "reload",
  ]),
);

/** What Python says to a page. */
export const TO_PAGE = Object.freeze(
  /** @type {const} */ ([
    "turn",
    "ack",
    "command",
    "interface",
    "outcome",
    "rest",
    "rest_next",
    "rest_batch",
    "rest_done",
    "call",
    "cancel",
    "report",
    "problem",
    "keep",
    "forget",
    "trace",
    "taking",
    "reloaded",
  ]),
);

/**
 * Why Python sends a command that is not the app's own: whether a card is shown, to make this window look like the
 * others, or to set a title again. The page carries them out alike and counts them apart.
 * @typedef {"probe" | "mirror" | "title"} Purpose
 */

/**
 * A command of the call card.
 * @typedef {{t: "command", id: string, command: string, params: Record<string, unknown>, silent?: boolean,
 *   purpose?: Purpose}} CommandMessage
 */

/**
 * How a question ended; `purpose` as the command had it. Of a probe Python says nothing.
 * @typedef {{t: "outcome", id: string, kind: string, name: string, outcome: string, ms: number, started: number,
 *   cause: string | null, purpose?: Purpose}} OutcomeMessage
 */

/** Which commands does the portal list now? @typedef {{t: "interface", id: string}} InterfaceMessage */

/**
 * `null`: the portal's answer lists none, or could not be had.
 * @typedef {{t: "interface_answer", id: string, commands: string[] | null}} InterfaceAnswer
 */

/**
 * A problem of a call begins or ends; `forget` of that call ends it too.
 * @typedef {{t: "problem", kind: "not_external" | "no_buttons", call_id: string, on: boolean}} ProblemMessage
 */

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

/** The portal's nine commands. */
export const COMMAND_NAMES = Object.freeze([
  "CallCardSetMute",
  "CallCardSetHold",
  "CallCardSetUiState",
  "CallCardGetListUiStates",
  "CallCardSetCardTitle",
  "CallCardSetStatusText",
  "CallCardStartTimer",
  "CallCardStopTimer",
  "CallCardClose",
]);

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
 * A page introduces itself. It may do so again, by the same port or another, with a higher `visit`:
 * when it was frozen, or had no answer. `user` is the portal's id, once it is known.
 * @typedef {{t: "hello", page: string, portal: string, user: string | null, visit: number}} Hello
 */

/**
 * A message of `link.js` to `worker.js`. `user` with `leaving`: this is not the worker's user, and
 * the page goes to another worker.
 * @typedef {Hello | {t: "user", user: string, leaving: boolean} | {t: "watch", lock: string}
 *   | {t: "ping", n: number} | {t: "mark"} | {t: "bye", reason: string} | {t: "die"}} ToWorker
 */

/**
 * A message of `worker.js` to `link.js`. `storage` of `ready`, and `refused`: why the browser keeps nothing, by the error's
 * name; `null` when it does.
 * @typedef {{t: "welcome"}
 *   | {t: "boot", phase: string, fraction: number}
 *   | {t: "alive", lock: string}
 *   | {t: "ready", phases: Record<string, number>, plainBecause: string | null, slice_limit_ms: number,
 *     storage: string | null}
 *   | {t: "storage", refused: string | null}
 *   | {t: "failed", text: string, permanent: boolean}
 *   | {t: "fatal", text: string}
 *   | {t: "marked"}
 *   | {t: "ending"}
 *   | {t: "pong", n: number}} FromWorker
 */
