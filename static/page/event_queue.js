/**
 * The way of an event to Python: bounded, numbered and kept in the journal, sent at a pace, delivered again when the
 * interpreter is replaced, and set aside when it is what ends interpreters.
 *
 * @module
 */

import * as messages from "../messages.js";
import { INITIALIZED, LIMITS } from "../protocol.js";
import { bounded } from "./bounds.js";
import { Journal } from "./journal.js";
import { ON_REQUEST } from "./link.js";

/**
 * Where it leads, and who hears of what does not get there.
 * @typedef {{
 *   pageId: string,
 *   link: () => Pick<import("./link.js").Link, "send" | "mark" | "watch" | "ready">,
 *   isOpen: () => boolean,
 *   trace: import("./trace.js").Trace,
 *   reports: import("./reports.js").Reports,
 *   recorder: import("./recorder.js").Recorder,
 * }} Places
 *
 * `isOpen`: whether anybody will ever take an event.
 */

/** How many may be on their way. */
const WINDOW = 96;
/** After so many a mark goes along, which the worker returns when it has handed them to Python. */
const MARK_EVERY = 32;
/** How many of what was set aside are told. */
const KEPT_TEXTS = 20;

export class EventQueue {
  journal = new Journal();
  counts = { redelivered: 0, set_aside: 0, undeliverable: 0, refused: 0 };
  /** What was set aside, in words. @type {string[]} */
  setAside = [];
  /** The call whose card was last initialized here. @type {string | undefined} */
  #callId;
  /** @type {Pace<import("./journal.js").Entry>} */
  #pace = new Pace(
    (entry) => this.#send(entry),
    () => this.#places.link().mark(),
  );
  #places;

  /** @param {Places} places */
  constructor(places) {
    this.#places = places;
  }

  /** The portal raised an event. @param {string} name @param {unknown} payload */
  raise(name, payload) {
    const { json, refused } = bounded(payload, LIMITS.payloadChars, LIMITS.depth);
    if (refused) {
      const { reports, trace } = this.#places;
      this.counts.refused++;
      reports.add("refused_payload", `the payload of ${name} was refused: ${refused}`, { event: name });
      trace.add("report", "refused_payload", { event: name, detail: refused });
      return;
    }
    // A copy: what is delivered again must be what came, whoever else holds the payload.
    const copy = json === undefined ? undefined : JSON.parse(json);
    if (name === INITIALIZED) {
      this.#callId = typeof copy?.CALL_ID === "string" ? copy.CALL_ID : undefined;
    }
    this.#add(messages.event(name, copy));
  }

  /** A script of the page tells something. @param {string} name @param {unknown} payload anything that JSON can carry */
  emit(name, payload) {
    if (typeof name !== "string" || name === "") {
      throw new TypeError("workerPy.emit takes a name and a payload");
    }
    const { json = "null", refused } = bounded(payload, LIMITS.payloadChars, LIMITS.depth);
    if (refused) {
      throw new TypeError(`workerPy.emit(${JSON.stringify(name)}): the payload is ${refused}`);
    }
    this.#add(messages.emit(name, JSON.parse(json)));
  }

  /** A worker is there: deliver what was not acknowledged. @param {boolean} again it may know us from before */
  opened(again) {
    this.#pace.restart(this.journal.unsent(again));
  }

  /** The worker has handed to Python what was marked. */
  marked() {
    this.#pace.marked();
  }

  /**
   * The worker ended: what was being handled then may have ended it.
   * @param {import("./link.js").Ending} ending
   * @param {string} text
   */
  ended(ending, text) {
    const entry = this.#blame(ending, text);
    if (ending !== "failed") {
      this.journal.reachedAll(); // its last words are lost: it may have come further than we know
    }
    if (entry) {
      this.#tellSetAside(entry);
    }
  }

  /** @param {import("../messages.js").Happening} what */
  #add(what) {
    const { pageId, link, isOpen, trace } = this.#places;
    if (!isOpen()) {
      this.counts.undeliverable++; // nobody will ever take it: the journal must not grow for nothing
      trace.add(what.t, what.name, { outcome: "undeliverable" });
      return;
    }
    const entry = this.journal.add(what, this.#callId);
    const at = Date.now();
    this.#pace.add(entry); // first: the worker wakes up meanwhile
    trace.add(what.t, what.name, { id: `${pageId}:${entry.seq}`, at });
    link().watch();
  }

  /** @param {import("./journal.js").Entry} entry */
  #send(entry) {
    const { pageId, link, trace, recorder } = this.#places;
    if (entry.reached) {
      this.counts.redelivered++;
      trace.add("redelivery", entry.name, { id: `${pageId}:${entry.seq}` });
    }
    const text = this.journal.message(entry, link().ready);
    recorder.add("python", text);
    link().send(text);
  }

  /** @param {import("./link.js").Ending} ending @param {string} text @returns {import("./journal.js").Entry | undefined} */
  #blame(ending, text) {
    if (ending === "fatal" || ending === "hang") {
      return this.journal.blame();
    }
    return ending === "vanished" && text !== ON_REQUEST ? this.journal.blame("vanishings") : this.journal.turn(0);
  }

  /** @param {import("./journal.js").Entry} entry */
  #tellSetAside({ name, kills, vanishings }) {
    const { reports, trace } = this.#places;
    const what = vanishings
      ? `${name} was set aside: it was being handled in ${kills + vanishings} workers that ended or vanished`
      : `${name} ended the interpreter twice and was set aside`;
    this.counts.set_aside++;
    this.setAside.push(`${what}: what its handlers do ends the interpreter.`);
    this.setAside.splice(0, this.setAside.length - KEPT_TEXTS);
    reports.add("set_aside", what, { event: name, level: "error" });
    trace.add("report", "set_aside", { event: name });
  }
}

/**
 * The pace at which entries go to the worker: only so many lie in its inbox at a time. Answers to commands come by the same
 * way as events. In a burst of thousands they would wait behind all of them, past every deadline; here they wait behind a few.
 * @template T
 */
export class Pace {
  /** @type {T[]} */
  #held = [];
  #next = 0;
  #onTheirWay = 0;
  #unmarked = 0;
  #send;
  #mark;

  /**
   * @param {(entry: T) => void} send
   * @param {() => void} mark
   */
  constructor(send, mark) {
    this.#send = send;
    this.#mark = mark;
  }

  /** Start anew, with a worker that has nothing yet. @param {T[]} entries */
  restart(entries) {
    this.#held = entries;
    this.#next = this.#onTheirWay = this.#unmarked = 0;
    this.#go();
  }

  /** @param {T} entry */
  add(entry) {
    this.#held.push(entry);
    this.#go();
  }

  /** The worker returned a mark. */
  marked() {
    this.#onTheirWay = Math.max(0, this.#onTheirWay - MARK_EVERY);
    this.#go();
  }

  #go() {
    while (this.#next < this.#held.length && this.#onTheirWay < WINDOW) {
      this.#onTheirWay++;
      this.#unmarked++;
      this.#send(this.#held[this.#next++]);
      if (this.#unmarked === MARK_EVERY) {
        this.#unmarked = 0;
        this.#mark();
      }
    }
    if (this.#next === this.#held.length) {
      this.#held = [];
      this.#next = 0;
    }
  }
}
