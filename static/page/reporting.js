/**
 * Reports of this page to the sink that the bundle was built with: told once, counted after that, kept until they are
 * there. The page hands them to the worker, which sends them; without one, or when it goes, it sends them itself.
 *
 * Loaded only in a bundle with `--report-to`, and after everything that handles events.
 *
 * @module
 */

import { envelope, fitting } from "../envelope.js";
import * as messages from "../messages.js";
import { browserOf, entryOf, keyOf } from "./report_entry.js";

/** @typedef {import("./report_entry.js").Fact} Fact */
/** @typedef {import("./report_entry.js").Place} Place */
/**
 * What the page's configuration says of it. `sample`: which part of the boots is told.
 * @typedef {import("../envelope.js").Target & {messages: boolean, sample: number, version: string, pyodide: string}} Config
 */

/** The same is told once within this time, and how often it was so after it. */
export const AGAIN_MS = 60_000;
/** Different things that are told within it. */
const PER_MINUTE = 30;
const KEPT = 100;
const ENTRY_CHARS = 24_000;
/** What is older than this is not sent any more. */
const OLDEST_MS = 2 * 3_600_000;
/** A worker that has confirmed nothing by then cannot: it was never there, or its boot failed. */
const UNCONFIRMED_MS = 30_000;
const STORED_CHARS = 200_000;
const STORED = "worker-py:reports";
const OPERATOR = "worker-py:operator";
/** The console's alone: what other frames say is not of this app. The end of a worker is told by the trace. */
const LEFT_OUT = new Set(["foreign_message", "unreadable_message", "no_client"]);

/**
 * What it needs of the outside.
 * @typedef {{
 *   now: () => number,
 *   newId: () => string,
 *   random: () => number,
 *   later: (callback: () => void, ms: number) => void,
 *   beacon: (url: string, body: string) => boolean,
 *   storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null,
 *   isOnline: () => boolean,
 * }} Outside
 */

export class Reporting {
  /** JSON by id, until it is confirmed; the oldest first. @type {Map<string, {text: string, at: number}>} */
  #kept = new Map();
  /** What was told lately, by its key. @type {Map<string, {fact: Fact, since: number, repeated: number}>} */
  #told = new Map();
  #dropped = 0;
  #failing = false;
  #ticking = false;
  /** @type {MessagePort | null} */
  #port = null;
  #config;
  #place;
  #outside;

  /** @param {Config} config @param {() => Place} place @param {Outside} outside */
  constructor(config, place, outside) {
    this.#config = config;
    this.#place = place;
    this.#outside = outside;
    this.#takeStored();
  }

  /** How many are not confirmed. */
  get size() {
    return this.#kept.size;
  }

  /** Something happened. @param {Fact} fact */
  add(fact) {
    if (fact.kind === "boot" && this.#outside.random() >= this.#config.sample) {
      return;
    }
    const now = this.#outside.now();
    this.#settle(now);
    const key = keyOf(fact);
    const told = this.#told.get(key);
    if (told) {
      told.repeated++;
    } else if (this.#told.size >= PER_MINUTE) {
      this.#dropped++;
    } else {
      this.#told.set(key, { fact, since: now, repeated: 0 });
      this.#keep(fact, now);
    }
    this.#tick();
  }

  /** A worker is there: it takes what is kept. @param {(message: object, ports: Transferable[]) => void} post */
  opened(post) {
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (/** @type {{data: import("../envelope.js").FromSender}} */ { data }) => this.heard(data);
    const { url, several, dsn } = this.#config;
    post(messages.reporting({ url, several, ...(dsn && { dsn }) }), [port2]);
    this.#hand([...this.#kept].map(([id, { text }]) => [id, text]));
  }

  /** @param {import("../envelope.js").FromSender} said by the worker's side */
  heard(said) {
    if ("violated" in said) {
      this.add(violation(said.violated, "worker"));
      return;
    }
    this.#failing = said.failing;
    for (const id of said.done) {
      this.#kept.delete(id);
    }
  }

  /** The page goes: what is not confirmed goes by itself, or waits for the next page. */
  leave() {
    this.#settle(Number.POSITIVE_INFINITY);
    const sent = !this.#failing && this.#outside.isOnline() && this.#send();
    if (!sent && this.#kept.size > 0) {
      this.#store();
    }
  }

  /** @param {Fact} fact @param {number} at */
  #keep(fact, at) {
    const id = this.#outside.newId();
    /** @type {Record<string, number>} */
    const dropped = this.#dropped ? { dropped: this.#dropped } : {};
    this.#dropped = 0;
    const text = JSON.stringify(entryOf({ ...fact, more: { ...fact.more, ...dropped } }, this.#place(), { id, at }));
    if (text.length > ENTRY_CHARS) {
      this.#dropped++;
      return;
    }
    this.#kept.set(id, { text, at });
    for (const oldest of [...this.#kept.keys()].slice(0, Math.max(0, this.#kept.size - KEPT))) {
      this.#kept.delete(oldest);
      this.#dropped++;
    }
    this.#hand([[id, text]]);
  }

  /** @param {[string, string][]} entries */
  #hand(entries) {
    if (entries.length > 0) {
      this.#port?.postMessage({ entries });
    }
  }

  /** Tell how often it was so once more, of what was told long enough ago. @param {number} now */
  #settle(now) {
    for (const [key, { fact, since, repeated }] of this.#told) {
      if (now - since >= AGAIN_MS) {
        this.#told.delete(key);
        if (repeated > 0) {
          this.#keep({ ...fact, more: { ...fact.more, repeated } }, Math.min(now, this.#outside.now()));
        }
      }
    }
    for (const [id, { at }] of this.#kept) {
      if (this.#outside.now() - at > OLDEST_MS) {
        this.#kept.delete(id);
      }
    }
  }

  #tick() {
    if (!this.#ticking && (this.#told.size > 0 || this.#kept.size > 0)) {
      this.#ticking = true;
      this.#outside.later(() => {
        this.#ticking = false;
        this.#settle(this.#outside.now());
        this.#sendStuck();
        this.#tick();
      }, UNCONFIRMED_MS);
    }
  }

  /** What no worker sends goes from here: one whose boot failed, or that hangs, takes nothing. */
  #sendStuck() {
    const [oldest] = this.#kept.values();
    const stuck = oldest && this.#outside.now() - oldest.at >= UNCONFIRMED_MS;
    if (stuck && !this.#failing && this.#outside.isOnline()) {
      this.#send();
    }
  }

  /** By the page itself. @returns {boolean} whether the browser has taken all */
  #send() {
    while (this.#kept.size > 0) {
      const entries = [...this.#kept];
      const texts = entries.map(([, { text }]) => text);
      const count = fitting(texts, this.#config);
      if (!this.#outside.beacon(this.#config.url, envelope(texts.slice(0, count), this.#config))) {
        return false;
      }
      for (const [id] of entries.slice(0, count)) {
        this.#kept.delete(id);
      }
    }
    return true;
  }

  #store() {
    try {
      const before = JSON.parse(this.#outside.storage?.getItem(STORED) ?? "[]");
      const all = [...before, ...[...this.#kept].map(([id, { text, at }]) => [id, text, at])].slice(-KEPT);
      while (JSON.stringify(all).length > STORED_CHARS) {
        all.shift();
      }
      this.#outside.storage?.setItem(STORED, JSON.stringify(all));
    } catch {
      // storage is blocked or full, or holds something else
    }
  }

  #takeStored() {
    try {
      const stored = JSON.parse(this.#outside.storage?.getItem(STORED) ?? "[]");
      this.#outside.storage?.removeItem(STORED);
      for (const [id, text, at] of stored.slice(-KEPT)) {
        if (typeof id === "string" && JSON.parse(text).event_id === id && this.#outside.now() - at < OLDEST_MS) {
          this.#kept.set(id, { text, at });
        }
      }
    } catch {
      // storage is blocked, or holds something else
    }
  }
}

/** @param {import("../envelope.js").Violation} violated @param {string} where @returns {Fact} */
function violation({ directive, blocked }, where) {
  let origin = /^[a-z-]{1,20}$/.test(blocked) ? blocked : "other";
  try {
    origin = new URL(blocked).origin;
  } catch {
    // a word: inline, eval
  }
  return { kind: "csp_violation", level: "error", more: { directive, blocked: origin, where } };
}

/** @param {import("./trace.js").TraceEntry} entry @param {import("./interpreter_status.js").InterpreterStatus} status @returns {Fact | null} */
function factOfTrace({ kind, name, outcome, ending, duration_ms, phases }, status) {
  if (kind === "boot" && name === "booted") {
    const { mode, reason } = status.hosting;
    const why = status.plainBecause;
    return {
      kind: "boot",
      level: why ? "warning" : "info",
      more: {
        ms: Math.round(duration_ms ?? 0),
        mode,
        why_mode: reason,
        phases: phases ?? {},
        ...(why && { plain: why }),
      },
    };
  }
  if (kind === "boot" && name === "worker_ended" && ending !== "moved") {
    return { kind: "interpreter_ended", level: "error", more: { ending: String(ending) } };
  }
  if (kind === "outcome" && outcome === "timeout") {
    return { kind: "command_timed_out", more: { command: name } };
  }
  return null;
}

/** An id that this browser keeps, and that says nothing of who works here. @param {Outside} outside */
function operatorOf({ storage, newId }) {
  try {
    const known = storage?.getItem(OPERATOR);
    const id = known && /^[0-9a-f]{32}$/.test(known) ? known : newId();
    storage?.setItem(OPERATOR, id);
    return id;
  } catch {
    return "unknown"; // storage is blocked: each page would be somebody else
  }
}

/** @param {string} text */
async function hashed(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .slice(0, 16);
}

/**
 * Report from now on, and what was so before.
 * @param {Config} config
 * @param {{build: string, portal: string, parts: import("./page_api.js").Parts}} of
 */
export async function begin(config, { build, portal, parts }) {
  const { trace, reports, status, lost, page } = parts;
  const outside = outsideOf();
  const browser = browserOf(navigator.userAgent);
  const fixed = { build, page, browser, version: config.version, pyodide: config.pyodide, messages: config.messages };
  const who = { portal: await hashed(portal), operator: operatorOf(outside) };
  const reporting = new Reporting(config, () => ({ ...fixed, ...who, mode: status.hosting.mode }), outside);

  let boots = false; // else this page has joined an interpreter that runs
  /** @param {import("./trace.js").TraceEntry} entry */
  const heard = (entry) => {
    const fact = factOfTrace(entry, status);
    if (fact && (fact.kind !== "boot" || boots)) {
      reporting.add(fact);
    }
    if (entry.kind === "boot") {
      boots = entry.name !== "booted" && entry.name !== "worker_ended";
    }
  };
  trace.entries().forEach(heard);
  addEventListener("workerpy:trace", (event) => heard(/** @type {CustomEvent} */ (event).detail));
  reports.hear((fact) => {
    if (!LEFT_OUT.has(fact.kind) && !fact.kind.startsWith("worker_")) {
      reporting.add(fact);
    }
  });
  const { instead } = document.documentElement.dataset;
  if (instead) {
    reporting.add({ kind: "could_not_start", level: "error", more: { build: instead } }); // see chooser.js
  }
  if (lost.lost > 0) {
    reporting.add({ kind: "lost_events", more: { events: lost.lost } });
  }
  addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
    reporting.add(violation({ directive: effectiveDirective, blocked: blockedURI }, "page")),
  );
  addEventListener("pagehide", () => reporting.leave());
  return reporting;
}

/** @returns {Outside} */
function outsideOf() {
  let storage = null;
  try {
    storage = localStorage;
  } catch {
    // blocked
  }
  return {
    now: Date.now,
    newId: () => crypto.randomUUID().replaceAll("-", ""),
    random: Math.random,
    later: (callback, ms) => setTimeout(callback, ms),
    beacon: (url, body) => navigator.sendBeacon(url, body),
    storage,
    isOnline: () => navigator.onLine,
  };
}
