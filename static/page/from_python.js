/**
 * What Python says to the page: what it asks for goes to the executor, the rest is taken note of.
 *
 * @module
 */

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
  #pageId;
  #executor;
  #journal;
  #trace;
  #reports;
  #recorder;
  #live;
  #proven;

  /** @param {Places} places */
  constructor({ pageId, executor, journal, trace, reports, recorder, live, proven }) {
    this.#pageId = pageId;
    this.#executor = executor;
    this.#journal = journal;
    this.#trace = trace;
    this.#reports = reports;
    this.#recorder = recorder;
    this.#live = live;
    this.#proven = proven;
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
    this.#recorder.add("page", text);
    const at = Date.now();
    const message = /** @type {import("../protocol.js").FromPython} */ (JSON.parse(text));
    const handled = this.#executor.execute(message, (answer) => {
      const json = JSON.stringify(answer);
      this.#recorder.add("python", json);
      reply(json);
    });
    if (!handled) {
      this.#news(message);
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
      this.#trace.add("command", command, { id, at, purpose });
    }
  }

  /** @param {import("../protocol.js").News} message */
  #news(message) {
    switch (message.t) {
      case "turn":
        this.#journal.turn(message.seq);
        break;
      case "ack":
        this.#acknowledged(message);
        break;
      case "outcome":
        this.#outcome(message);
        break;
      case "report":
        this.#report(message);
        break;
      case "trace":
        this.#traced(message.entry);
        break;
      case "keep":
        this.#kept.delete(message.call_id);
        this.#kept.set(message.call_id, message.kept);
        if (this.#kept.size > KEPT_CALLS) {
          this.#kept.delete(/** @type {string} */ (this.#kept.keys().next().value));
        }
        break;
      case "keep_data":
        this.data = message.kept;
        break;
      case "printed":
        this.#printed(message);
        break;
      case "captured":
        this.#captured(message);
        break;
      case "taking":
        this.#live()?.taking(message.id);
        break;
      case "reloaded":
        if (message.outcome !== "shown" && message.outcome !== "kept") {
          this.#trace.add("page", `handlers_${message.outcome}`, { detail: message.error?.text });
        }
        this.#live()?.reloaded(message);
        break;
      case "forget":
        this.#kept.delete(message.call_id);
        this.#problems.delete(message.call_id);
        break;
      case "problem":
        this.#problem(message);
        break;
    }
  }

  /** @param {import("../protocol.js").Ack} message */
  #acknowledged({ seq, handlers, call_id }) {
    const entry = this.#journal.acknowledge(seq);
    if (!entry) {
      return;
    }
    this.counts.acknowledged++;
    this.#proven();
    const id = `${this.#pageId}:${seq}`;
    for (const { name, duration_ms, outcome, started } of handlers) {
      const more = { id, event: entry.name, call_id: call_id ?? undefined, duration_ms, outcome, started };
      this.#trace.add("handler", name, more);
    }
    // Not so for what the page emits: that can be much, and would drive the rest out of the trace.
    if (handlers.length === 0 && entry.what.t === "event") {
      this.#trace.add("handled", entry.name, { id });
    }
  }

  /** @param {import("../protocol.js").Trace["entry"]} entry */
  #traced(entry) {
    if (entry.kind === "stray" && entry.name === "late") {
      this.counts.late_answers++;
    } else if (entry.kind === "stray" && entry.name === "second") {
      this.counts.second_answers++;
    }
    this.#trace.add(entry.kind, entry.name, entry);
  }

  /** @param {import("../protocol.js").Outcome} message */
  #outcome({ id, kind, name, outcome, ms, started, cause, purpose }) {
    const more = { id, outcome, purpose, duration_ms: ms, started, cause: cause ?? undefined };
    this.#trace.add(kind === "command" ? "outcome" : kind, name, more);
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
    this.#trace.add("printed", handler, { id, level, chars: text.length });
    globalThis.dispatchEvent?.(
      new CustomEvent("workerpy:printed", { detail: { at: Date.now(), level, handler, text, id } }),
    );
  }

  /** @param {import("../protocol.js").Captured} message */
  #captured({ level, text, words, tags, told, handler, id }) {
    this.#trace.add("captured", level, { id, detail: text || told[0]?.type });
    this.#reports.tell({ kind: "captured", level, text, words, tags, told, handler });
  }

  /** @param {import("../protocol.js").Report} message */
  #report(message) {
    const { kind, text, event, handler, error, id, told } = message;
    if (kind === "handler_failed") {
      this.#live()?.failed(message);
      globalThis.dispatchEvent?.(new CustomEvent("workerpy:failed", { detail: { id, handler, text } }));
      const what = event ? `handler ${handler} failed at ${event}` : `${handler} failed`;
      this.#reports.add(kind, `${what}\n${text}`, { event, level: "error", facts: { handler, told } });
      this.#trace.add("report", kind, { id, event, detail: `${handler}: ${error}` });
    } else {
      this.#reports.add(kind, text, { event, facts: { handler } });
      this.#trace.add("report", kind, { event, detail: text });
    }
  }
}

/**
 * What the app asks for, as it is, for scripts of this page alone: the trace has no word of it.
 * @param {import("../protocol.js").FromPython} message
 */
function tellAsked(message) {
  const name = askedName(message);
  if (name !== undefined) {
    const { t: kind, id, params } = /** @type {import("../protocol.js").Call} */ (message);
    globalThis.dispatchEvent?.(new CustomEvent("workerpy:asked", { detail: { kind, id, name, params } }));
  }
}

/** @param {import("../protocol.js").FromPython} message @returns {string | undefined} of what the app itself asks for */
function askedName(message) {
  switch (message.t) {
    case "command":
      return message.purpose === undefined ? message.command : undefined;
    case "rest":
      return message.method;
    case "call":
      return message.name;
    default:
      return undefined;
  }
}

/** @param {string} kept what Python wrote; it knows numbers that JSON does not, such as NaN */
function parsed(kept) {
  try {
    return JSON.parse(kept);
  } catch {
    return null;
  }
}
