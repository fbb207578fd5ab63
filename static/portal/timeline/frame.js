/**
 * Reads the trace of one page, from the oldest entry to the newest, into spans.
 *
 * What a page or an interpreter took with it when it went is closed at that time, so that nothing seems
 * to run for ever.
 */

import { shortName } from "../core/vocabulary.js";
import { outcomeOf } from "./outcomes.js";

/**
 * An entry of the trace as feed.js forwards it, with the frame that it came from; see docs/api.md.
 * @typedef {{at: number, kind: string, name?: string, id?: string, call_id?: string, event?: string,
 *   duration_ms?: number, outcome?: string, ending?: string, detail?: unknown, started?: number, cause?: string,
 *   phases?: Record<string, number>, frame?: string}} Entry
 */

/**
 * @param {unknown} received what a frame posted
 * @returns {received is Entry}
 */
export function isEntry(received) {
  const { at, kind } = /** @type {Record<string, unknown>} */ (received ?? {});
  return typeof at === "number" && typeof kind === "string";
}

/** @typedef {import("./outcomes.js").Outcome} Outcome */

/**
 * @typedef {object} Span
 * @property {string} key       tells spans apart, also after new entries
 * @property {string} frame
 * @property {LaneKind} lane
 * @property {string} name
 * @property {number} start     ms since the epoch
 * @property {number | null} end  null: it goes on
 * @property {Outcome} outcome
 * @property {string} said      the outcome in the trace's own words; empty for none
 * @property {number | null} duration  ms, as it was measured where it happened
 * @property {string} cause     key of the event that led here; of an event, its own
 * @property {string} detail
 * @property {number[]} marks   when it was delivered again
 * @property {number} row       within its lane: spans of a row don't overlap
 */

/** @typedef {"page" | "boot" | "event" | "handler" | "command" | "rest" | "call" | "note"} LaneKind */

/** Names of `card` entries by which a page came to show a card. @type {ReadonlySet<string>} */
export const SHOWN = new Set(["opened", "joined", "moved", "restored", "shown_again"]);

export class FrameReader {
  /** @type {Span[]} */
  #spans = [];
  /** Events that wait for their handlers, by id. @type {Map<string, Span>} */
  #events = new Map();
  /** @type {Map<string, Span>} */
  #commands = new Map();
  /** @type {Span | null} */
  #page = null;
  /** @type {Span | null} */
  #showing = null;
  /** @type {Span | null} */
  #phase = null;
  /** When the present boot began, as far as this page saw. @type {number | null} */
  #bootSeen = null;
  #serial = 0;
  /** What is made of an entry, by its kind; of any other a note. @type {ReadonlyMap<string, (entry: Entry) => void>} */
  #takes = new Map([
    ["event", (entry) => this.#event(entry)],
    ["emit", (entry) => this.#event(entry)],
    ["redelivery", ({ id, at }) => this.#events.get(String(id))?.marks.push(at)],
    ["handler", (entry) => this.#handler(entry)],
    ["handled", (entry) => this.#settle(entry, "ok", "no handler")],
    ["command", (entry) => this.#command(entry)],
    ["outcome", (entry) => this.#answered(entry)],
    ["rest", (entry) => this.#answered(entry)],
    ["call", (entry) => this.#answered(entry)],
    ["boot", (entry) => this.#boot(entry)],
    ["card", (entry) => this.#card(entry)],
    ["left", (entry) => this.#left(entry)],
  ]);

  /** @param {string} frame */
  constructor(frame) {
    this.frame = frame;
  }

  /** @param {readonly Entry[]} entries */
  read(entries) {
    for (const entry of entries) {
      if (entry.kind !== "left" && this.#page === null) {
        this.#page = this.#add("page", "loaded", entry.at, null);
      }
      const take = this.#takes.get(entry.kind);
      if (take) {
        take(entry);
      } else {
        this.#note(entry);
      }
    }
    return this.#spans;
  }

  /** Ids of commands begin anew with each interpreter. @param {Entry} entry */
  #command({ id, name, at }) {
    const key = `${this.frame}/${id ?? "-"}/${++this.#serial}`;
    this.#commands.set(String(id), this.#add("command", name, at, null, { key }));
  }

  /**
   * @param {LaneKind} lane
   * @param {string | undefined} name
   * @param {number} start
   * @param {number | null} end
   * @param {Partial<Span>} [more]
   */
  #add(lane, name, start, end, more = {}) {
    /** @type {Span} */
    const span = {
      key: `${this.frame}/${lane}/${++this.#serial}`,
      frame: this.frame,
      lane,
      name: shortName(name ?? ""),
      start,
      end,
      outcome: end === null ? "running" : "none",
      said: "",
      duration: null,
      cause: "",
      detail: "",
      marks: [],
      row: 0,
      ...more,
    };
    this.#spans.push(span);
    return span;
  }

  /** @param {Entry} entry */
  #event({ kind, at, name, id, outcome }) {
    const key = this.#causeKey(id);
    // Of what a page emitted the trace tells no end unless a handler ran.
    const runs = outcome === undefined && kind === "event";
    const span = this.#add("event", name, at, runs ? null : at, { key, cause: key });
    if (outcome === undefined) {
      this.#events.set(String(id), span);
    } else {
      this.#end(span, at, outcome, null);
    }
  }

  /** @param {string | undefined} id of an event, which is never given twice */
  #causeKey(id) {
    return id === undefined ? "" : `${this.frame}/${id}`;
  }

  /** Handlers are told of together, once the last of them has ended. @param {Entry} entry */
  #handler(entry) {
    const { at, name, id, duration_ms = 0, outcome = "ok", event, started } = entry;
    const start = started ?? at - duration_ms;
    const span = this.#add("handler", name, start, start + duration_ms, { cause: this.#causeKey(id) });
    span.detail = event === undefined ? "" : `for ${shortName(event)}`;
    this.#end(span, start + duration_ms, outcome, duration_ms);
    this.#settle(entry, outcome, outcome);
  }

  /** An event has been handled, as far as this entry tells. @param {Entry} entry @param {string} outcome @param {string} said */
  #settle({ id, at }, outcome, said) {
    const span = this.#events.get(String(id));
    if (span === undefined) {
      return;
    }
    const failedBefore = ["failed", "timeout", "cancelled"].includes(span.outcome);
    if (!failedBefore) {
      this.#end(span, at, outcome, at - span.start, said);
    }
    span.end = at;
    span.duration = at - span.start;
    if (span.outcome === "ok" && span.marks.length > 0) {
      span.outcome = "redelivered";
    }
  }

  /** @param {Entry} entry */
  #answered({ kind, at, name, id, outcome = "ok", duration_ms = 0, started, cause }) {
    const lane = /** @type {LaneKind} */ (kind === "outcome" ? "command" : kind);
    const waiting = lane === "command" ? this.#commands.get(String(id)) : undefined;
    // Python's own measure, so that the bar is as long as it says; the page hears of the end somewhat later.
    const start = started ?? at - duration_ms;
    const span = waiting ?? this.#add(lane, name, start, at);
    if (waiting) {
      this.#commands.delete(String(id));
    }
    span.start = start;
    span.cause = this.#causeKey(cause);
    this.#end(span, start + duration_ms, outcome, duration_ms);
  }

  /**
   * @param {Span} span
   * @param {number} at
   * @param {string} outcome
   * @param {number | null} duration
   * @param {string} [said]
   */
  #end(span, at, outcome, duration, said = outcome) {
    Object.assign(span, { end: at, outcome: outcomeOf(outcome), said, duration });
  }

  /** @param {Entry} entry */
  #boot({ at, name = "", phases, duration_ms, ending, detail }) {
    if (name === "worker_ended") {
      this.#interpreterEnded(at, ending, detail);
    } else if (phases !== undefined) {
      this.#booted(at, phases, duration_ms ?? 0);
    } else {
      this.#bootSeen ??= at;
      this.#closePhase(at);
      this.#phase = name === "ready" ? null : this.#add("boot", name, at, null);
    }
  }

  /** @param {number} at */
  #closePhase(at) {
    if (this.#phase) {
      this.#end(this.#phase, at, "ok", at - this.#phase.start);
      this.#phase = null;
    }
  }

  /**
   * The interpreter's own measure of its phases, in place of what this page saw of them.
   * @param {number} at
   * @param {Record<string, number>} phases
   * @param {number} total
   */
  #booted(at, phases, total) {
    this.#closePhase(at);
    const since = this.#bootSeen;
    this.#bootSeen = null;
    const named = Object.entries(phases).filter(([name]) => name !== "total");
    if (since === null) {
      this.#add("boot", "joined", at, at, { detail: `An interpreter that had started before, in ${total} ms` });
      return;
    }
    this.#spans = this.#spans.filter(({ lane, start }) => lane !== "boot" || start < since);
    let start = at - named.reduce((sum, [, ms]) => sum + ms, 0);
    for (const [name, ms] of named) {
      const span = this.#add("boot", name, start, start + ms);
      this.#end(span, start + ms, "ok", ms);
      start += ms;
    }
  }

  /** @param {number} at @param {string | undefined} how @param {unknown} detail */
  #interpreterEnded(at, how, detail) {
    this.#closePhase(at);
    this.#bootSeen = null;
    const outcome = how === "moved" || how === "unreachable" ? "none" : "failed";
    this.#add("boot", `worker ended: ${how}`, at, at, { outcome, detail: String(detail ?? "") });
    this.#cutCommands(at, "interpreter ended");
  }

  /** @param {number} at @param {string} why */
  #cutCommands(at, why) {
    for (const span of this.#commands.values()) {
      this.#end(span, at, why, null);
    }
    this.#commands.clear();
  }

  /** @param {Entry} entry */
  #card({ at, name = "", call_id, detail: why }) {
    const shows = SHOWN.has(name);
    const how = why === undefined ? name.replaceAll("_", " ") : `${name}: ${why}`;
    if (this.#showing) {
      const outcome = shows ? "ok" : how;
      Object.assign(this.#showing, { end: at, outcome: "ok", said: outcome, duration: at - this.#showing.start });
      this.#showing = null;
    }
    if (shows) {
      const detail = `Call ${call_id ?? ""}; the card was ${how}`;
      this.#showing = this.#add("page", "shows the card", at, null, { detail });
    } else {
      this.#add("note", `card ${how}`, at, at, { detail: `Call ${call_id ?? ""}` });
    }
  }

  /** The page was loaded anew, or closed: what it had goes with it. @param {Entry} entry */
  #left({ at, name = "left" }) {
    for (const span of this.#spans.filter(({ end }) => end === null)) {
      this.#end(span, at, span.lane === "page" ? "ok" : "page_gone", at - span.start, `page ${name}`);
    }
    this.#events.clear();
    this.#commands.clear();
    this.#page = null;
    this.#showing = null;
    this.#phase = null;
    this.#bootSeen = null;
  }

  /** @param {Entry} entry */
  #note({ at, kind, name, id, detail, event }) {
    const words = typeof detail === "string" ? detail : detail === undefined ? "" : JSON.stringify(detail);
    const about = event ? `${shortName(event)}: ${words}` : words;
    const outcome = /** @type {Outcome} */ (kind === "report" ? "failed" : "none");
    this.#add("note", name, at, at, { detail: about, cause: this.#causeKey(id), outcome });
    if (kind === "report" && name === "set_aside") {
      this.#setAside(at, event);
    }
  }

  /** @param {number} at @param {string | undefined} event */
  #setAside(at, event = "") {
    const name = shortName(event);
    const span = [...this.#events.values()].find((one) => one.end === null && one.name === name);
    if (span) {
      this.#end(span, at, "set aside", at - span.start);
    }
  }
}
