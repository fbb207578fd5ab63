/**
 * What Python asks of the page: commands of the call card, REST, functions of the page.
 *
 * @module
 */

import * as messages from "../messages.js";
import { LIMITS } from "../protocol.js";
import { bounded, setBounded } from "./bounds.js";
import { EXPIRED, failure, mapped, shared } from "./client/client.js";
import { soon } from "./clock.js";

/**
 * @typedef {import("./client/client.js").Client} Client
 * @typedef {import("./client/client.js").RestAnswer} RestAnswer
 * @typedef {import("../protocol.js").FromPython} FromPython
 * @typedef {import("../protocol.js").Question} Question
 * @typedef {(message: import("../protocol.js").ToPython) => void} Reply
 * @typedef {(params: any, context: {signal: AbortSignal}) => unknown} PageFunction
 */

const CURSORS = 200;
/** So many requests that must not be made twice are remembered, with their answers. */
const ONCE_KEPT = 200;
/** What their ids begin with; no interpreter's do. */
const ONCE = "once:";
/** What an error of REST may say, in characters. */
const MAX_CODE = 200;
const MAX_TEXT = 2000;
/** Why a request is called off whose answer nobody awaits. */
const CANCELLED = "cancelled";

export class Executor {
  /** @type {Map<string, PageFunction>} */
  #functions = new Map();
  /** Calls of page functions and requests of REST that are under way. @type {Map<string, AbortController>} */
  #calls = new Map();
  /** Calls of functions that no script of the page has provided yet. @type {Map<string, Array<() => void>>} */
  #awaiting = new Map();
  /** How to get the next page of a list. @type {Map<string, NonNullable<RestAnswer["next"]>>} */
  #cursors = new Map();
  /**
   * Requests that must not be made twice, with their answers: the interpreter that made one may have ended before it had
   * the answer, and the next one makes it again. @type {Map<string, Promise<import("../protocol.js").ToPython>>}
   */
  #once = new Map();
  #refreshed = 0;
  #refresh = shared(async () => {
    await this.#client.refresh();
    this.#refreshed++;
  });
  /** Moves when an interpreter is gone: the next one gives the same ids to other requests. */
  #epoch = 0;
  #client;
  #scriptsHaveRun;
  /** What is done for each kind of question. @type {{[T in Question["t"]]: (request: Extract<Question, {t: T}>, reply: Reply) => void}} */
  #does = {
    command: (request, reply) => this.#command(request, reply),
    interface: ({ id }, reply) =>
      this.#client.getInterface((_events, commands) => reply(messages.interfaceAnswer(id, commands))),
    rest: (request, reply) => this.#askRest(request, reply),
    rest_batch: (request, reply) => this.#askRest(request, reply),
    rest_next: (request, reply) => this.#restNext(request, reply),
    rest_done: ({ of }) => this.#cursors.delete(of),
    call: (request, reply) => this.#call(request, reply),
    cancel: ({ id }) => {
      this.#calls.get(id)?.abort(CANCELLED);
      this.#calls.delete(id); // what never ends is not held on to
    },
  };

  /**
   * @param {Client | null} client none yet: nothing is asked before it has come
   * @param {Promise<unknown>} scriptsHaveRun when all that may provide functions have done so
   */
  constructor(client, scriptsHaveRun) {
    this.#client = /** @type {Client} */ (client);
    this.#scriptsHaveRun = scriptsHaveRun;
  }

  /** How often an expired token was refreshed. */
  get refreshed() {
    return this.#refreshed;
  }

  /** @param {Client} client */
  set client(client) {
    this.#client = client;
  }

  /** @param {string} name @param {PageFunction} fn */
  provide(name, fn) {
    if (typeof name !== "string" || name === "" || typeof fn !== "function") {
      throw new TypeError("workerPy.provide takes a name and a function");
    }
    this.#functions.set(name, fn);
    this.#wake(name);
  }

  /**
   * @param {FromPython} request
   * @param {Reply} reply reaches the interpreter that asked, and no other
   * @returns {request is Question} whether this was for the executor
   */
  execute(request, reply) {
    const act = /** @type {any} */ (this.#does)[request.t];
    act?.(request, reply);
    return act !== undefined;
  }

  /** The interpreter is gone: nobody waits for what is under way. */
  abandon() {
    this.#epoch++;
    for (const [id, call] of this.#calls) {
      if (!id.startsWith(ONCE)) {
        call.abort();
        this.#calls.delete(id);
      }
    }
    this.#cursors.clear();
  }

  /** @param {import("../protocol.js").Command} request @param {Reply} reply */
  #command({ id, command, params, silent }, reply) {
    try {
      this.#client.command(command, params, (answer) => {
        const { json, refused } = bounded(answer, LIMITS.payloadChars, LIMITS.depth);
        if (refused) {
          reply(messages.refused(id, `the portal's answer was refused: ${refused}`));
        } else {
          reply(messages.answer(id, json === undefined ? null : answer));
        }
      });
      if (silent) {
        reply(messages.sent(id)); // from now on silence counts
      }
    } catch (error) {
      reply(messages.refused(id, `the page could not send it: ${textOf(error)}`));
    }
  }

  // REST ------------------------------------------------------------------------------------------

  /** @param {import("../protocol.js").Rest | import("../protocol.js").RestBatch} request @param {Reply} reply */
  #askRest(request, reply) {
    const { once, id } = request;
    if (once === undefined) {
      this.#makeRequest(request, reply);
      return;
    }
    let answer = this.#once.get(once);
    if (!answer) {
      answer = new Promise((resolve) => this.#makeRequest({ ...request, id: ONCE + once }, resolve));
      setBounded(this.#once, once, answer, ONCE_KEPT);
    }
    answer.then((message) => {
      if (hasFailed(request.t, /** @type {import("../protocol.js").RestAnswer} */ (message))) {
        this.#once.delete(once); // nothing was done, or nobody knows: whoever asks again wants it made again
      }
      reply(/** @type {import("../protocol.js").RestAnswer} */ ({ ...message, id }));
    });
  }

  /** @param {import("../protocol.js").Rest | import("../protocol.js").RestBatch} request @param {Reply} reply */
  #makeRequest(request, reply) {
    if (request.t === "rest_batch") {
      this.#batch(request, reply);
      return;
    }
    const { id, method, params, paged = false } = request;
    this.#pageOfList(id, (callback, signal) => this.#client.rest(method, params, callback, signal), paged, reply);
  }

  /** @param {import("../protocol.js").RestNext} request @param {Reply} reply */
  #restNext({ id, of }, reply) {
    const next = this.#cursors.get(of);
    if (!next) {
      reply(restMessage(id, { error: failure("CURSOR_GONE", "the page forgot where the list went on") }));
      return;
    }
    const done = () => this.#cursors.delete(of); // not after an error: the same page may be asked for again
    this.#pageOfList(id, next, true, reply, done);
  }

  /**
   * @param {string} id
   * @param {NonNullable<RestAnswer["next"]>} ask
   * @param {boolean} paged whether the list may go on
   * @param {Reply} reply
   * @param {() => void} [done] told when there was no error
   */
  #pageOfList(id, ask, paged, reply, done = () => {}) {
    const epoch = this.#epoch;
    this.#request(
      id,
      ask,
      /** @param {RestAnswer} answer */
      (answer) => answer.error?.code === EXPIRED,
      (answer) => {
        if (!answer.error) {
          done();
        }
        const goesOn = answer.next && paged && epoch === this.#epoch;
        if (goesOn) {
          setBounded(this.#cursors, id, answer.next, CURSORS);
        }
        reply(restMessage(id, answer, goesOn ? id : undefined));
      },
      reply,
    );
  }

  /** @param {import("../protocol.js").RestBatch} request @param {Reply} reply */
  #batch({ id, calls, halt }, reply) {
    this.#request(
      id,
      (callback, signal) => this.#client.batch(calls, halt, callback, signal),
      /** @param {Record<string, RestAnswer>} answers */
      (answers) => {
        const rows = Object.values(answers);
        return rows.length > 0 && rows.every((row) => row.error?.code === EXPIRED);
      },
      (answers) => {
        const told = mapped(answers, ({ error, result = null }) => (error ? { error: shortened(error) } : { result }));
        reply(restMessage(id, { result: told }));
      },
      reply,
    );
  }

  /**
   * Make a request, and once more when the token had expired. What Python has given up is not answered.
   * @template A
   * @param {string} id
   * @param {(callback: (answer: A) => void, signal: AbortSignal) => void} request
   * @param {(answer: A) => boolean} isExpired
   * @param {(answer: A) => void} done
   * @param {Reply} reply of what went wrong here
   */
  #request(id, request, isExpired, done, reply) {
    const controller = new AbortController();
    const { signal } = controller;
    this.#calls.set(id, controller);
    /** @type {<T>(end: (outcome: T) => void) => (outcome: T) => void} */
    const ending = (end) => (outcome) => {
      this.#ended(id, controller);
      if (signal.reason !== CANCELLED) {
        end(outcome);
      }
    };
    const finished = ending(done);
    const broke = ending((/** @type {unknown} */ problem) => {
      reply(restMessage(id, { error: failure("CLIENT_FAILED", textOf(problem)) }));
    });
    const before = this.#refreshed;
    try {
      request((answer) => {
        if (!isExpired(answer)) {
          finished(answer);
          return;
        }
        const fresh = this.#refreshed > before ? Promise.resolve() : this.#refresh(); // one since then will do
        fresh.then(() => (signal.aborted ? finished(answer) : request(finished, signal))).catch(broke);
      }, signal);
    } catch (error) {
      broke(error);
    }
  }

  /** And not what has that id by an interpreter that came since. @param {string} id @param {AbortController} controller */
  #ended(id, controller) {
    if (this.#calls.get(id) === controller) {
      this.#calls.delete(id);
    }
  }

  // Functions of the page -------------------------------------------------------------------------

  /** @param {string} name @returns {Promise<void>} when the function is there, or will not come any more */
  #mayCome(name) {
    return new Promise((resolve) => {
      this.#awaiting.set(name, [...(this.#awaiting.get(name) ?? []), resolve]);
      this.#scriptsHaveRun.then(() => this.#wake(name));
    });
  }

  /** @param {string} name */
  #wake(name) {
    const waiting = this.#awaiting.get(name) ?? [];
    this.#awaiting.delete(name);
    for (const wake of waiting) {
      wake();
    }
  }

  /** @param {import("../protocol.js").Call} request @param {Reply} reply */
  async #call({ id, name, params }, reply) {
    const controller = new AbortController();
    this.#calls.set(id, controller);
    try {
      if (!this.#functions.has(name)) {
        await this.#mayCome(name); // Python may be faster than the page
        controller.signal.throwIfAborted();
      }
      const fn = this.#functions.get(name);
      if (!fn) {
        throw Object.assign(new Error("the page provides no such function"), { name: "NotProvided" });
      }
      const value = await fn(params, { signal: controller.signal });
      const { json, refused } = bounded(value, LIMITS.resultChars, LIMITS.depth);
      if (refused) {
        throw new TypeError(`what it returned was refused: ${refused}`);
      }
      reply(messages.callAnswer(id, { value: json === undefined ? null : value }));
    } catch (error) {
      const kind = error instanceof Error ? String(error.name) : "Error";
      const message = error instanceof Error ? textOf(error.message) : textOf(error);
      reply(messages.callAnswer(id, { error: { name: kind, message: message.slice(0, 2000) } }));
    } finally {
      this.#ended(id, controller);
    }
  }
}

/**
 * @param {string} id
 * @param {RestAnswer} answer
 * @param {string} [cursor]
 */
function restMessage(id, answer, cursor) {
  if (answer.error) {
    return messages.restAnswer(id, { error: shortened(answer.error) });
  }
  const { json, refused } = bounded(answer.result, LIMITS.resultChars, LIMITS.depth);
  if (refused) {
    return messages.restAnswer(id, { error: failure("RESULT_REFUSED", `the result was refused: ${refused}`) });
  }
  return messages.restAnswer(id, { result: json === undefined ? null : answer.result, cursor, total: answer.total });
}

/**
 * Whether a request of REST, or any of a batch, was answered with an error.
 * @param {"rest" | "rest_batch"} kind
 * @param {import("../protocol.js").RestAnswer} answer
 */
function hasFailed(kind, { error, result }) {
  const rows = kind === "rest_batch" ? Object.values(/** @type {Record<string, any>} */ (result ?? {})) : [];
  return error !== undefined || rows.some((row) => row?.error !== undefined);
}

/**
 * An error of REST, bounded: the portal, or what stands before it, may say any amount.
 * @param {import("./client/client.js").RestFailure} error
 */
function shortened({ code, description, argument, ...more }) {
  const short = { ...more, code: code.slice(0, MAX_CODE), description: description.slice(0, MAX_TEXT) };
  return argument === undefined ? short : { ...short, argument: argument.slice(0, MAX_CODE) };
}

/** What was thrown, in words; anything can be thrown. @param {unknown} thrown */
function textOf(thrown) {
  try {
    return String(thrown);
  } catch {
    return "something without a text was thrown";
  }
}

/**
 * When the page's scripts have all run, or failed: those that `guard.js` loads, not those that they load.
 * @returns {Promise<void>}
 */
export function scriptsHaveRun() {
  return new Promise((resolve) => {
    // Not at once: scripts may listen for it too.
    document.addEventListener("DOMContentLoaded", () => soon(resolve), { once: true });
  });
}
