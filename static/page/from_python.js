/**
 * What Python says to the page: what it asks for goes to the executor, the rest is taken note of.
 *
 * @module
 */

import { setBounded } from "./bounds.js";

/** @typedef {import("../protocol.js").News} News */

/** How many calls' kept state a page holds on to. */
const KEPT_CALLS = 8;

/**
 * Where it goes.
 * @typedef {{
 *   pageId: string,
 *   executor: import("./executor.js").Executor,
 *   journal: import("./journal.js").Journal,
 *   trace: import("./trace.js").Trace,
 *   reports: import("./reports.js").Reports,
 *   recorder: import("./recorder.js").Recorder,
 *   live: () => import("../live/live.js").Live | null,
 *   proven: () => void,
 * }} Places
 */

export class FromPython {
  counts = { acknowledged: 0, late_answers: 0, second_answers: 0 };
  /** Commands that are not the app's own. */
  service = { probe: 0, mirror: 0, title: 0 };
  /** What is wrong with calls as long as it is: kinds by `CALL_ID`. @type {Map<string, Set<string>>} */
  #problems = new Map();
  /** What Python keeps here of each call, by `CALL_ID`; the newest last. @type {Map<string, string>} */
  #kept = new Map();
  /** What Python keeps here of the app. @type {string | null} */
  data = null;
  #places;
  /** What becomes of each kind of news. @type {{[T in News["t"]]: (message: Extract<News, {t: T}>) => void}} */
  #heard = {
    turn: ({ seq }) => this.#places.journal.turn(seq),
    ack: (message) => this.#acknowledged(message),
    outcome: (message) => this.#outcome(message),
    report: (message) => this.#report(message),
    trace: ({ entry }) => this.#traced(entry),
    keep: ({ call_id, kept }) => {
      this.#kept.delete(call_id); // it is the newest now
      setBounded(this.#kept, call_id, kept, KEPT_CALLS);
    },
    keep_data: ({ kept }) => {
      this.data = kept;
    },
    printed: (message) => this.#printed(message),
    captured: (message) => this.#captured(message),
    taking: ({ id }) => this.#places.live()?.taking(id),
    reloaded: (message) => this.#reloaded(message),
    forget: ({ call_id }) => {
      this.#kept.delete(call_id);
      this.#problems.delete(call_id);
    },
    problem: (message) => this.#problem(message),
  };

  /** @param {Places} places */
  constructor(places) {
    this.#places = places;
  }

  /** The call that this page shows, with what is kept of it. */
  get card() {
    const last = [...this.#kept].at(-1);
    return last ? { call_id: last[0], kept: parsed(last[1]) } : null;
  }

  /** What is wrong with a call now: `not_external`, `no_buttons`. */
  get problems() {
    return new Set([...this.#problems.values()].flatMap((kinds) => [...kinds]));
  }

  /** They are another user's. */
  forgetCalls() {
    this.data = null;
    this.#kept.clear();
    this.#problems.clear();
  }

  /**
   * @param {string} text
   * @param {(text: string) => void} reply reaches the interpreter that said it
   */
  receive(text, reply) {
    const { recorder, executor } = this.#places;
    recorder.add("page", text);
    const at = Date.now();
    const message = /** @type {import("../protocol.js").FromPython} */ (JSON.parse(text));
    const handled = executor.execute(message, (answer) => {
      const json = JSON.stringify(answer);
      recorder.add("python", json);
      reply(json);
    });
    if (!handled) {
      /** @type {any} */ (this.#heard)[message.t]?.(message);
      return;
    }
    tellAsked(message);
    if (message.t === "command") {
      this.#commanded(message, at);
    }
  }

  /** @param {import("../protocol.js").Command} message @param {number} at the portal is at work meanwhile */
  #commanded({ id, command, purpose }, at) {
    if (purpose !== undefined) {
      this.service[purpose]++;
    }
    if (purpose !== "probe") {
      this.#places.trace.add("command", command, { id, at, purpose });
    }
  }

  /** @param {import("../protocol.js").Reloaded} message */
  #reloaded(message) {
    if (message.outcome !== "shown" && message.outcome !== "kept") {
      this.#places.trace.add("page", `handlers_${message.outcome}`, { detail: message.error?.text });
    }
    this.#places.live()?.reloaded(message);
  }

  /** @param {import("../protocol.js").Ack} message */
  #acknowledged({ seq, handlers, call_id }) {
    const entry = this.#places.journal.acknowledge(seq);
    if (!entry) {
      return;
    }
    this.counts.acknowledged++;
    this.#places.proven();
    const id = `${this.#places.pageId}:${seq}`;
    for (const { name, duration_ms, outcome, started } of handlers) {
      const more = { id, event: entry.name, call_id: call_id ?? undefined, duration_ms, outcome, started };
      this.#places.trace.add("handler", name, more);
    }
    // Not so for what the page emits: that can be much, and would drive the rest out of the trace.
    if (handlers.length === 0 && entry.what.t === "event") {
      this.#places.trace.add("handled", entry.name, { id });
    }
  }

  /** @param {import("../protocol.js").Trace["entry"]} entry */
  #traced(entry) {
    if (entry.kind === "stray" && entry.name === "late") {
      this.counts.late_answers++;
    } else if (entry.kind === "stray" && entry.name === "second") {
      this.counts.second_answers++;
    }
    this.#places.trace.add(entry.kind, entry.name, entry);
  }

  /** @param {import("../protocol.js").Outcome} message */
  #outcome({ id, kind, name, outcome, ms, started, cause, purpose }) {
    const more = { id, outcome, purpose, duration_ms: ms, started, cause: cause ?? undefined };
    this.#places.trace.add(kind === "command" ? "outcome" : kind, name, more);
  }

  /** @param {import("../protocol.js").Problem} message */
  #problem({ kind, call_id, on }) {
    const kinds = this.#problems.get(call_id) ?? new Set();
    this.#problems.set(call_id, kinds);
    kinds[on ? "add" : "delete"](kind);
  }

  /**
   * What the app printed is the console's as it is; the trace has no word of it.
   * @param {import("../protocol.js").Printed} message
   */
  #printed({ level, handler, id, text }) {
    console[level === "warning" ? "warn" : level](`${handler}: ${text}`);
    this.#places.trace.add("printed", handler, { id, level, chars: text.length });
    globalThis.dispatchEvent?.(
      new CustomEvent("workerpy:printed", { detail: { at: Date.now(), level, handler, text, id } }),
    );
  }

  /** @param {import("../protocol.js").Captured} message */
  #captured({ level, text, words, tags, told, handler, id }) {
    this.#places.trace.add("captured", level, { id, detail: text || told[0]?.type });
    this.#places.reports.tell({ kind: "captured", level, text, words, tags, told, handler });
  }

  /** @param {import("../protocol.js").Report} message */
  #report(message) {
    const { kind, text, event, handler, error, id, told } = message;
    if (kind === "handler_failed") {
      this.#places.live()?.failed(message);
      globalThis.dispatchEvent?.(new CustomEvent("workerpy:failed", { detail: { id, handler, text } }));
      const what = event ? `handler ${handler} failed at ${event}` : `${handler} failed`;
      this.#places.reports.add(kind, `${what}\n${text}`, { event, level: "error", facts: { handler, told } });
      this.#places.trace.add("report", kind, { id, event, detail: `${handler}: ${error}` });
    } else {
      this.#places.reports.add(kind, text, { event, facts: { handler } });
      this.#places.trace.add("report", kind, { event, detail: text });
    }
  }
}

/**
 * What the app asks for, as it is, for scripts of this page alone: the trace has no word of it.
 * @param {import("../protocol.js").FromPython} message
 */
function tellAsked(message) {
  const name = NAMES[message.t]?.(message);
  if (name !== undefined) {
    const { t: kind, id, params } = /** @type {import("../protocol.js").Call} */ (message);
    globalThis.dispatchEvent?.(new CustomEvent("workerpy:asked", { detail: { kind, id, name, params } }));
  }
}

/** What the app itself asks for. @type {Record<string, ((message: any) => string | undefined) | undefined>} */
const NAMES = {
  command: ({ command, purpose }) => (purpose === undefined ? command : undefined),
  rest: ({ method }) => method,
  call: ({ name }) => name,
};

/** @param {string} kept what Python wrote; it knows numbers that JSON does not, such as NaN */
function parsed(kept) {
  try {
    return JSON.parse(kept);
  } catch {
    return null;
  }
}
