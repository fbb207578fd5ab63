/**
 * The placement page: binds the portal's events, journals them and hands them to Python; carries
 * out what Python asks. Everything it offers to other scripts is `window.workerPy`.
 *
 * @module
 */

import { INITIALIZED, LIMITS } from "../protocol.js";
import { Binder } from "./binder.js";
import { bounded } from "./bounds.js";
import { findClient } from "./client/find.js";
import { Clock, soon } from "./clock.js";
import { INSTALLING, problems } from "./diagnostics.js";
import { takeHost } from "./early.js";
import { Executor } from "./executor.js";
import { FromPython } from "./from_python.js";
import { isSecure } from "./host.js";
import { identify } from "./identity.js";
import { Journal } from "./journal.js";
import { Link, ON_REQUEST } from "./link.js";
import { watchMessages } from "./messages.js";
import { Pace } from "./pace.js";
import { Recorder } from "./recorder.js";
import { Reports } from "./reports.js";
import { masked, Trace } from "./trace.js";
import { Visits } from "./visits.js";

/**
 * @typedef {import("./client/client.js").Client} Client
 * @typedef {{build: string, client: string, bx24_url?: string, live?: boolean}} Config
 * @typedef {{phase: string, fraction: number}} Progress
 */

class Shim {
  /** @type {(value: {mode: string, phases: Record<string, number>}) => void} */
  #resolveReady = () => {};
  /** @type {(error: Error) => void} */
  #rejectReady = () => {};
  /** @type {((progress: Progress) => void) | null} */
  #onprogress = null;
  /** @type {Progress | null} */
  #progressed = null;

  #pageId = isSecure() ? crypto.randomUUID() : "";
  #clock = new Clock();
  #journal = new Journal();
  /** @type {Pace<import("./journal.js").Entry>} */
  #pace = new Pace(
    (entry) => this.#send(entry),
    () => this.#link.mark(),
  );
  #trace = new Trace();
  #reports = new Reports();
  /** @type {Client | null} */
  #client = null;
  /** @type {Executor} */
  #executor;
  /** @type {Binder | null} */
  #binder = null;
  #host;
  #link;
  #fromPython;
  #recorder;
  #visits;
  /** Takes other source for the app, in a bundle that was built for that. @type {import("../live/live.js").Live | null} */
  #live = null;
  #goesLive = false;

  /** @type {string | null} */
  #clientProblem;
  /** @type {string | null} */
  #failure = null;
  #state = "waiting";
  /** Why the interpreter can keep nothing, by the error's name. @type {string | null} */
  #storageRefused = null;
  #hosting = { mode: "none", reason: "not started" };
  /** Workers that hung and could not be ended at once. @type {Array<{text: string, until: number}>} */
  #leftRunning = [];
  /** What was set aside, in words. @type {string[]} */
  #setAside = [];
  /** @type {Record<string, number>} */
  #phases = {};
  /** Why the interpreter did not start from the snapshot. @type {string | null} */
  #plainBecause = null;
  #counts = {
    redelivered: 0,
    set_aside: 0,
    undeliverable: 0,
    refused: 0,
    foreign_messages: 0,
    unreadable_messages: 0,
    workers: 0,
  };
  /** @type {string[]} */
  #workerEnds = [];
  /** Whether the portal has announced a card here. */
  #announced = false;
  #missedCards = 0;
  /** The call whose card was last initialized here. @type {string | undefined} */
  #callId;
  /** Looks for a card that nobody announced. */
  #probes = 0;

  /**
   * @param {Config} config
   * @param {Client | null} client
   * @param {string | null} clientProblem why there is none
   */
  constructor(config, client, clientProblem) {
    this.#client = client;
    this.#clientProblem = clientProblem;
    this.#executor = new Executor(/** @type {Client} */ (client), scriptsHaveRun());
    this.#recorder = new Recorder(config.build);
    const [portal] = window.name.split("|");
    this.#host = takeHost(config.build);
    this.#visits = new Visits(portal);
    this.#goesLive = config.live === true;
    this.#link = new Link(
      this.#host,
      { page: this.#pageId, portal },
      {
        opened: (send, connection, again) => this.#opened(send, connection, again),
        ready: (...how) => this.#pythonReady(...how),
        storage: (refused) => {
          this.#storageRefused = refused;
        },
        text: (text, reply) => this.#fromPython.receive(text, reply),
        progress: (phase, fraction) => this.#progress(phase, fraction),
        ended: (ending, text, retryInMs) => this.#workerEnded(ending, text, retryInMs),
        marked: () => this.#pace.marked(),
        busy: () => this.#journal.size > 0 || this.#live?.busy === true,
      },
      this.#clock,
    );
    this.#fromPython = new FromPython({
      pageId: this.#pageId,
      executor: this.#executor,
      journal: this.#journal,
      trace: this.#trace,
      reports: this.#reports,
      recorder: this.#recorder,
      live: () => this.#live,
      proven: () => this.#link.proven(),
    });
    this.#promiseReady();
  }

  /**
   * The portal's client has come after all.
   * @param {[Client, null] | [null, string]} found
   */
  clientCame([client, problem]) {
    this.#clientProblem = problem;
    if (client && !this.#client) {
      this.#client = client;
      this.#executor.client = client;
      this.#promiseReady();
      const status = document.getElementById("worker-py-status");
      if (status) {
        status.hidden = true;
      }
      this.start();
    }
  }

  #promiseReady() {
    /** Resolves when Python runs; rejects when it never will. */
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => {}); // diagnostics() says it too
  }

  start() {
    if (!this.#client) {
      this.#state = "outside";
      this.#host.leaveEarly();
      this.#reports.add("no_client", String(this.#clientProblem));
      this.#rejectReady(new Error(String(this.#clientProblem)));
      return;
    }
    this.#binder = new Binder(
      this.#client,
      (name, payload) => this.#event(name, payload),
      (missing) => this.#reports.add("missing_events", `the portal does not offer ${missing.join(", ")} (yet)`),
      (text) => this.#reports.add("client_failed", text, { level: "error" }),
      (callback, ms) => this.#clock.later(callback, ms),
      () => this.#lookForCard(),
    );
    this.#binder.start();
    watchMessages(window.name, (kind, text) => {
      this.#counts[kind === "foreign_message" ? "foreign_messages" : "unreadable_messages"]++;
      this.#reports.add(kind, text);
    });
    this.#state = "booting";
    const live = this.#goesLive ? this.#goLive() : null;
    this.#host.settle(() => (live ? live.then(() => this.#link.open()) : this.#link.open()));
    this.#comeAndGo();
    this.#identify(this.#client);
  }

  /**
   * A card that was shown before the portal's names could be bound is announced by nobody. The question has a
   * price: the portal's page takes itself for one that an app uses, and the transfer of its own calls suffers. In
   * the desktop app it is refused whether there is a card or not.
   */
  #lookForCard() {
    if (this.#announced || !this.#client || /BitrixDesktop/.test(navigator.userAgent)) {
      return;
    }
    this.#probes++;
    // No such state: the portal refuses it where there is a card, and says otherwise that there is none.
    this.#client.command("CallCardSetUiState", { uiState: "?" }, (answer) => {
      if (errorCodeOf(answer) === "Invalid ui state" && !this.#announced && this.#missedCards === 0) {
        this.#missedCards++;
        this.#reports.add("missed_card", "the portal shows a card that it announced before this page could hear of it");
      }
    });
  }

  // What the page offers --------------------------------------------------------------------------

  /**
   * Offer a function to Python: `await card.page.call(name, params)`.
   * @param {string} name
   * @param {(params: any, context: {signal: AbortSignal}) => unknown} fn may return a promise
   */
  provide(name, fn) {
    this.#executor.provide(name, fn);
  }

  /**
   * Tell Python that something happened: handlers of `@app.on_page_event(name)`.
   * @param {string} name
   * @param {unknown} payload anything that JSON can carry
   */
  emit(name, payload = null) {
    if (typeof name !== "string" || name === "") {
      throw new TypeError("workerPy.emit takes a name and a payload");
    }
    const { json = "null", refused } = bounded(payload, LIMITS.payloadChars, LIMITS.depth);
    if (refused) {
      throw new TypeError(`workerPy.emit(${JSON.stringify(name)}): the payload is ${refused}`);
    }
    this.#deliver(name, { t: "emit", name, payload: JSON.parse(json) }, "emit");
  }

  /** Called with the progress of loading; at once, when some was made before. */
  get onprogress() {
    return this.#onprogress;
  }

  set onprogress(callback) {
    this.#onprogress = callback;
    if (this.#progressed && this.#state === "booting") {
      this.#tellProgress(this.#progressed);
    }
  }

  /** Counters of what this page has seen. */
  stats() {
    return {
      page: this.#pageId,
      state: this.#state,
      events: this.#journal.count,
      waiting: this.#journal.size,
      ...this.#counts,
      ...this.#fromPython.counts,
      service: { ...this.#fromPython.service, probe: this.#fromPython.service.probe + this.#probes },
      tokens_refreshed: this.#executor.refreshed,
      binding: this.#binder?.counts ?? null,
      reports: this.#reports.counts,
      trace: this.#trace.counts,
    };
  }

  /** What happened: names, ids, times and outcomes, nothing personal. The newest 2,000 entries. */
  trace() {
    return this.#trace.entries();
  }

  /**
   * Record from now on, payloads and answers included; `false` stops.
   * @param {boolean} [on]
   */
  record(on = true) {
    return this.#recorder.record(on);
  }

  /** What is wrong, in words, and what runs. */
  diagnostics() {
    const leftRunning = this.#leftRunning.filter(({ until }) => until > Date.now()).map(({ text }) => text);
    const found = problems({
      client: this.#client?.name ?? null,
      clientProblem: this.#clientProblem,
      missing: this.#binder?.missing ?? [],
      interfaceAnswered: (this.#binder?.counts.answered ?? 0) > 0,
      ofCalls: this.#fromPython.problems,
      missedCards: this.#missedCards,
      dropped: this.#reports.counts.no_card ?? 0,
      state: this.#state,
      failure: this.#failure,
      storageRefused: this.#storageRefused,
      ownWorker: this.#hosting.mode === "dedicated",
      pagesDisagree: this.#host.full,
      lost: this.#visits.lost,
      setAside: this.#setAside,
      leftRunning,
    });
    return {
      ok: found.length === 0,
      problems: found,
      state: this.#state,
      client: this.#client?.name ?? null,
      host: { ...this.#hosting, interpreter: this.#link.interpreter },
      boot: this.#phases,
      plain_boot: this.#plainBecause,
      workers: {
        started: this.#counts.workers,
        ended: [...this.#workerEnds],
        left_running: leftRunning,
      },
      storage: this.#storageRefused === null && !this.#host.full,
      missing_events: this.#binder?.missing ?? [],
      reports: this.#reports.recent,
    };
  }

  /** End the worker as a fault would; the page recovers. For tests and the demo. */
  killWorker() {
    this.#link.kill();
  }

  /** A new interpreter must get the source that was applied before it gets events: so this is there first. */
  #goLive() {
    const [portal] = window.name.split("|");
    const live = import("../live/live.js").then(
      ({ Live }) => {
        const storage = {
          // Where it is blocked, the property itself throws.
          getItem: (/** @type {string} */ key) => sessionStorage.getItem(key),
          setItem: (/** @type {string} */ key, /** @type {string} */ value) => sessionStorage.setItem(key, value),
          removeItem: (/** @type {string} */ key) => sessionStorage.removeItem(key),
        };
        this.#live = new Live(portal, storage, () => this.#link.watch());
        return this.#live;
      },
      (error) => {
        this.#reports.add("live_failed", `handlers cannot be edited: ${error}`, { level: "error" });
        return null;
      },
    );
    Object.defineProperty(this, "live", { value: live, enumerable: true });
    return live;
  }

  // Into Python -----------------------------------------------------------------------------------

  /** @param {string} name @param {unknown} payload */
  #event(name, payload) {
    const { json, refused } = bounded(payload, LIMITS.payloadChars, LIMITS.depth);
    if (refused) {
      this.#counts.refused++;
      this.#reports.add("refused_payload", `the payload of ${name} was refused: ${refused}`, { event: name });
      this.#trace.add("report", "refused_payload", { event: name, detail: refused });
      return;
    }
    // A copy: what is delivered again must be what came, whoever else holds the payload.
    const copy = json === undefined ? undefined : JSON.parse(json);
    if (name === INITIALIZED) {
      this.#announced = true;
      this.#missedCards = 0;
      this.#callId = typeof copy?.CALL_ID === "string" ? copy.CALL_ID : undefined;
    }
    this.#deliver(name, json === undefined ? { t: "event", name } : { t: "event", name, payload: copy }, "event");
  }

  /** @param {string} name @param {Record<string, unknown>} message @param {string} kind */
  #deliver(name, message, kind) {
    if (this.#state === "failed" || this.#state === "outside") {
      this.#counts.undeliverable++; // nobody will ever take it: the journal must not grow for nothing
      this.#trace.add(kind, name, { outcome: "undeliverable" });
      return;
    }
    const entry = this.#journal.add(name, message, this.#callId);
    const at = Date.now();
    this.#pace.add(entry); // first: the worker wakes up meanwhile
    this.#trace.add(kind, name, { id: `${this.#pageId}:${entry.seq}`, at });
    this.#link.watch();
  }

  /** @param {import("./journal.js").Entry} entry */
  #send(entry) {
    if (entry.reached) {
      this.#counts.redelivered++;
      this.#trace.add("redelivery", entry.name, { id: `${this.#pageId}:${entry.seq}` });
    }
    const text = this.#journal.message(entry, this.#link.ready);
    this.#recorder.add("python", text);
    this.#link.send(text);
  }

  /**
   * A worker is there: tell it who we are, and deliver again what was not acknowledged.
   * @param {(text: string) => void} send
   * @param {import("./host.js").Connection} connection
   * @param {boolean} again it may know us from before
   */
  #opened(send, { mode, reason }, again) {
    this.#counts.workers += again ? 0 : 1;
    this.#hosting = { mode, reason };
    const attach = JSON.stringify({ t: "attach", mode, reason, card: this.#fromPython.card });
    this.#recorder.add("python", attach);
    send(attach);
    this.#live?.opened(send);
    this.#pace.restart(this.#journal.unsent(again));
  }

  // The worker's life -----------------------------------------------------------------------------

  /** @param {string} phase @param {number} fraction */
  #progress(phase, fraction) {
    this.#trace.add("boot", phase);
    this.#progressed = { phase, fraction };
    this.#tellProgress(this.#progressed);
  }

  /** @param {Progress} progress */
  #tellProgress(progress) {
    try {
      this.#onprogress?.(progress);
    } catch (error) {
      console.error(error);
    }
  }

  /**
   * @param {Record<string, number>} phases
   * @param {string | null} refused why the browser keeps nothing
   * @param {string | null} plainBecause
   */
  #pythonReady(phases, refused, plainBecause) {
    this.#state = "ready";
    this.#storageRefused = refused;
    this.#failure = null;
    this.#phases = phases;
    this.#plainBecause = plainBecause;
    this.#journal.reachedAll();
    this.#trace.add("boot", "booted", { duration_ms: phases.total, phases });
    this.#resolveReady({ mode: this.#hosting.mode, phases });
  }

  /**
   * @param {import("./link.js").Ending} ending
   * @param {string} text
   * @param {number | null} retryInMs
   */
  #workerEnded(ending, text, retryInMs) {
    this.#executor.abandon();
    this.#live?.ended(ending, text);
    this.#progressed = null;
    this.#workerEnds.push(masked(`${ending}: ${text.slice(0, 500)}`));
    this.#workerEnds.splice(0, this.#workerEnds.length - 20);
    this.#trace.add("boot", `worker ended: ${ending}`, { detail: text.slice(0, 500) });
    const setAside = this.#blame(ending, text);
    if (ending !== "failed") {
      this.#journal.reachedAll(); // its last words are lost: it may have come further than we know
    }
    if (setAside) {
      this.#counts.set_aside++;
      const what = setAside.vanishings
        ? `${setAside.name} was set aside: it was being handled in ${setAside.kills + setAside.vanishings} workers that ended or vanished`
        : `${setAside.name} ended the interpreter twice and was set aside`;
      this.#setAside.push(`${what}: what its handlers do ends the interpreter.`);
      this.#setAside.splice(0, this.#setAside.length - 20);
      this.#reports.add("set_aside", what, { event: setAside.name, level: "error" });
      this.#trace.add("report", "set_aside", { event: setAside.name });
    }
    if (retryInMs === null) {
      this.#state = "failed";
      this.#failure = text;
      this.#rejectReady(new Error(text));
      this.#reports.add("app_failed", text, { level: "error" });
    } else if (ending === "moved" || ending === "unreachable") {
      this.#state = "booting";
    } else {
      this.#state = "booting";
      if (ending === "failed") {
        this.#failure = `The interpreter could not be started, and is tried again: ${text}`;
      }
      if (ending === "hang" && this.#hosting.mode !== "dedicated") {
        const until = Date.now() + (this.#hosting.mode === "extended" ? 300_000 : 10_000);
        const limit = new Date(until).toISOString();
        const text = `A worker of this portal hangs (mode ${this.#hosting.mode}); the browser ends it by ${limit} at the latest.`;
        this.#leftRunning.push({ text, until });
      }
      this.#reports.add(`worker_${ending}`, `the worker ended (${ending}: ${text}); another one starts`, {
        level: "error",
      });
    }
  }

  /**
   * What was being handled when the worker ended may have ended it.
   * @param {import("./link.js").Ending} ending
   * @param {string} text
   * @returns {import("./journal.js").Entry | undefined} what is set aside
   */
  #blame(ending, text) {
    if (ending === "fatal" || ending === "hang") {
      return this.#journal.blame();
    }
    return ending === "vanished" && text !== ON_REQUEST ? this.#journal.blame("vanishings") : this.#journal.turn(0);
  }

  // The page's life -------------------------------------------------------------------------------

  /** Leaving, staying in the browser's cache of pages, coming back. */
  #comeAndGo() {
    addEventListener("pagehide", ({ persisted }) => {
      this.#visits.leave(this.#journal.size); // a page in the cache may be thrown away without another word
      this.#link.leave(persisted ? "frozen" : "closed");
    });
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted) {
        this.#visits.back();
        this.#trace.add("page", "back from the cache");
        this.#link.rejoin();
        this.#lookForCard();
      }
    });
    this.#host.onMoved((another) => {
      if (another) {
        this.#forgetOtherUser();
      }
      this.#link.move("another page of the portal moved on");
    });
  }

  /**
   * Ask who works here, and leave an interpreter that serves somebody else.
   * @param {Client} client
   */
  async #identify(client) {
    const user = await identify(client);
    if (user === null) {
      this.#trace.add("page", "user unknown");
      return;
    }
    const another = this.#host.isAnother(user);
    this.#link.identified(user, another);
    if (another) {
      this.#trace.add("page", "another user");
      this.#link.send(JSON.stringify({ t: "user_changed" }));
      this.#forgetOtherUser();
      this.#link.move("another user works here now");
    }
    this.#journal.trust();
  }

  /** What this page has done so far, it has done with an interpreter of another user. */
  #forgetOtherUser() {
    this.#fromPython.forgetCalls();
    this.#journal.reinstate();
  }
}

/** @param {unknown} answer of a command: an error comes in a list, or bare @returns {unknown} */
function errorCodeOf(answer) {
  const one = Array.isArray(answer) ? answer[0] : answer;
  return /** @type {{errorCode?: unknown} | null | undefined} */ (one)?.errorCode;
}

/**
 * When the page's scripts have all run, or failed: those that `guard.js` loads, not those that they load.
 * @returns {Promise<void>}
 */
function scriptsHaveRun() {
  return new Promise((resolve) => {
    // Not at once: scripts may listen for it too.
    document.addEventListener("DOMContentLoaded", () => soon(resolve), { once: true });
  });
}

function main() {
  if (/** @type {any} */ (globalThis).workerPy) {
    return; // it was loaded twice: the first was slow
  }
  const config = JSON.parse(document.getElementById("worker-py-config")?.textContent ?? "{}");
  const installing = new URLSearchParams(location.search).has("install");
  const [client, problem] = installing ? [null, INSTALLING] : findClient(config);
  const shim = new Shim(config, client, problem);
  Object.defineProperty(globalThis, "workerPy", { value: shim, enumerable: true });
  shim.start();
  if (installing) {
    return; // `guard.js` loads what a person sees then
  }
  if (problem) {
    const status = document.getElementById("worker-py-status");
    if (status) {
      status.textContent = problem;
      status.hidden = false;
      import("../install/outside.js").then(({ dress }) => dress(status, problem)).catch(() => {}); // the text will do
    }
  }
  addEventListener("workerpy:client", () => shim.clientCame(findClient(config)), { once: true });
}

main();
