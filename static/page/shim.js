/**
 * The placement page: puts its parts together. The portal's events go from the client by `binder.js`, `event_queue.js` and
 * `link.js` to Python; what Python asks goes by `from_python.js` to `executor.js`. Everything that the page offers to other
 * scripts is `window.workerPy`.
 *
 * @module
 */

import * as messages from "../messages.js";
import { INITIALIZED } from "../protocol.js";
import { Binder } from "./binder.js";
import { findClient } from "./client/find.js";
import { Clock } from "./clock.js";
import { diagnose, INSTALLING, statistics } from "./diagnostics.js";
import { takeHost } from "./early.js";
import { EventQueue } from "./event_queue.js";
import { Executor, scriptsHaveRun } from "./executor.js";
import { FromPython } from "./from_python.js";
import { isSecure } from "./host.js";
import { identify } from "./identity.js";
import { InterpreterStatus } from "./interpreter_status.js";
import { Link } from "./link.js";
import { LostEvents, MissedCard } from "./lost_events.js";
import { portalFrame, watchMessages } from "./portal_frame.js";
import { Recorder } from "./recorder.js";
import { Reports } from "./reports.js";
import { Trace } from "./trace.js";

/**
 * @typedef {import("./client/client.js").Client} Client
 * @typedef {{build: string, client: string, bx24_url?: string, live?: boolean}} Config
 */

class Shim {
  #pageId = isSecure() ? crypto.randomUUID() : "";
  #frame = portalFrame();
  #clock = new Clock();
  #trace = new Trace();
  #reports = new Reports();
  #status = new InterpreterStatus(this.#trace, this.#reports);
  #lost = new LostEvents(this.#frame.domain);
  /** What the portal's messages told that is not for us. */
  #messages = { foreign_messages: 0, unreadable_messages: 0 };
  /** @type {Client | null} */
  #client = null;
  /** @type {Binder | null} */
  #binder = null;
  /** @type {MissedCard | null} */
  #missed = null;
  /** Takes other source for the app, in a bundle that was built for that. @type {import("../live/live.js").Live | null} */
  #live = null;
  /** @type {string | null} */
  #clientProblem = null;
  #config;
  #recorder;
  #executor;
  #host;
  #link;
  #queue;
  #fromPython;

  /** @param {Config} config */
  constructor(config) {
    this.#config = config;
    this.#recorder = new Recorder(config.build);
    this.#executor = new Executor(null, scriptsHaveRun());
    this.#host = takeHost(config.build);
    const shared = { pageId: this.#pageId, trace: this.#trace, reports: this.#reports, recorder: this.#recorder };
    const isOpen = () => this.#status.isOpen;
    this.#queue = new EventQueue({ ...shared, link: () => this.#link, isOpen });
    this.#fromPython = new FromPython({
      ...shared,
      executor: this.#executor,
      journal: this.#queue.journal,
      live: () => this.#live,
      proven: () => this.#link.proven(),
    });
    this.#link = new Link(this.#host, { page: this.#pageId, portal: this.#frame.domain }, this.#heard(), this.#clock);
  }

  /**
   * The portal's client is there, or in words why it is not.
   * @param {[Client, null] | [null, string]} found
   */
  start([client, problem]) {
    this.#clientProblem = problem;
    if (!client) {
      this.#host.leaveEarly();
      this.#status.outside(problem);
      return;
    }
    this.#client = this.#executor.client = client;
    this.#status.begin();
    this.#bind(client);
    watchMessages(this.#frame.origin, (kind, text) => {
      this.#messages[`${kind}s`]++;
      this.#reports.add(kind, text);
    });
    const live = this.#config.live ? this.#goLive() : null;
    this.#host.settle(() => (live ? live.then(() => this.#link.open()) : this.#link.open()));
    this.#comeAndGo();
    this.#identify(client);
  }

  /** Whether the portal's client is there. */
  get hasClient() {
    return this.#client !== null;
  }

  // What the page offers --------------------------------------------------------------------------

  /** Resolves when Python runs; rejects when it never will. */
  get ready() {
    return this.#status.ready;
  }

  /** Called with the progress of loading; at once, when some was made before. */
  get onprogress() {
    return this.#status.onprogress;
  }

  set onprogress(callback) {
    this.#status.onprogress = callback;
  }

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
    this.#queue.emit(name, payload);
  }

  /** Counters of what this page has seen. */
  stats() {
    return statistics(this.#parts());
  }

  /** What is wrong, in words, and what runs. */
  diagnostics() {
    return diagnose(this.#parts());
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

  /** End the worker as a fault would; the page recovers. For tests and the demo. */
  killWorker() {
    this.#link.kill();
  }

  // How the parts hear of each other --------------------------------------------------------------

  /** @returns {import("./diagnostics.js").Parts} */
  #parts() {
    return {
      page: this.#pageId,
      client: this.#client?.name ?? null,
      clientProblem: this.#clientProblem,
      messages: this.#messages,
      binder: this.#binder,
      missed: this.#missed,
      status: this.#status,
      pagesDisagree: this.#host.full,
      lost: this.#lost.lost,
      interpreter: this.#link.interpreter,
      queue: this.#queue,
      executor: this.#executor,
      fromPython: this.#fromPython,
      reports: this.#reports,
      trace: this.#trace,
    };
  }

  /** What the link tells of its worker. @returns {import("./link.js").LinkEvents} */
  #heard() {
    return {
      opened: (send, connection, again) => {
        this.#status.opened(connection, again);
        const { mode, reason } = connection;
        const attach = JSON.stringify(messages.attach(mode, reason, this.#fromPython.card));
        this.#recorder.add("python", attach);
        send(attach);
        this.#live?.opened(send);
        this.#queue.opened(again);
      },
      ready: (...how) => {
        this.#queue.journal.reachedAll();
        this.#status.started(...how);
      },
      storage: (refused) => {
        this.#status.storageRefused = refused;
      },
      text: (text, reply) => this.#fromPython.receive(text, reply),
      progress: (phase, fraction) => this.#status.progressed(phase, fraction),
      ended: (ending, text, retryInMs) => {
        this.#executor.abandon();
        this.#live?.ended(ending, text);
        this.#status.ended(ending, text);
        this.#queue.ended(ending, text);
        this.#status.goesOn(ending, text, retryInMs === null);
      },
      marked: () => this.#queue.marked(),
      busy: () => this.#queue.journal.size > 0 || this.#live?.busy === true,
    };
  }

  /** @param {Client} client */
  #bind(client) {
    const missed = new MissedCard(client, this.#reports);
    this.#missed = missed;
    this.#binder = new Binder(
      client,
      (name, payload) => {
        this.#queue.raise(name, payload);
        if (name === INITIALIZED) {
          missed.announced();
        }
      },
      (missing) => this.#reports.add("missing_events", `the portal does not offer ${missing.join(", ")} (yet)`),
      (text) => this.#reports.add("client_failed", text, { level: "error" }),
      (callback, ms) => this.#clock.later(callback, ms),
      () => missed.look(),
    );
    this.#binder.start();
  }

  /** A new interpreter must get the source that was applied before it gets events: so this is there first. */
  #goLive() {
    const live = import("../live/live.js").then(
      ({ inThisTab }) => {
        this.#live = inThisTab(this.#frame.domain, () => this.#link.watch());
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

  /** Leaving, staying in the browser's cache of pages, coming back. */
  #comeAndGo() {
    addEventListener("pagehide", ({ persisted }) => {
      this.#lost.leave(this.#queue.journal.size); // a page in the cache may be thrown away without another word
      this.#link.leave(persisted ? "frozen" : "closed");
    });
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted) {
        this.#lost.back();
        this.#trace.add("page", "back_from_cache");
        this.#link.rejoin();
        this.#missed?.look();
      }
    });
    this.#host.onMoved((another) => {
      if (another) {
        this.#forgetOtherUser();
      }
      this.#link.move("another page of the portal moved on");
    });
  }

  /** Ask who works here, and leave an interpreter that serves somebody else. @param {Client} client */
  async #identify(client) {
    const user = await identify(client);
    if (user === null) {
      this.#trace.add("page", "user_unknown");
      return;
    }
    this.#host.identified(user);
    const another = this.#host.servesAnother;
    this.#link.identified(user, another);
    if (another) {
      this.#trace.add("page", "another_user");
      this.#link.send(JSON.stringify(messages.userChanged()));
      this.#forgetOtherUser();
      this.#link.move("another user works here now");
    }
    this.#queue.journal.trust();
  }

  /** What this page has done so far, it has done with an interpreter of another user. */
  #forgetOtherUser() {
    this.#fromPython.forgetCalls();
    this.#queue.journal.reinstate();
  }
}

/** Show whoever looks at this page why it has no portal. @param {string | null} problem none: it has one after all */
function show(problem) {
  const status = document.getElementById("worker-py-status");
  if (status) {
    status.hidden = problem === null;
    status.textContent = problem;
    if (problem !== null) {
      import("../install/outside.js").then(({ dress }) => dress(status, problem)).catch(() => {}); // the text will do
    }
  }
}

function main() {
  if (/** @type {any} */ (globalThis).workerPy) {
    return; // it was loaded twice: the first was slow
  }
  const config = JSON.parse(document.getElementById("worker-py-config")?.textContent ?? "{}");
  const shim = new Shim(config);
  Object.defineProperty(globalThis, "workerPy", { value: shim, enumerable: true });
  if (new URLSearchParams(location.search).has("install")) {
    shim.start([null, INSTALLING]); // `guard.js` loads what a person sees then
    return;
  }
  const found = findClient(config);
  shim.start(found);
  if (found[1] !== null) {
    show(found[1]);
  }
  addEventListener(
    "workerpy:client",
    () => {
      const came = findClient(config);
      if (came[0] && !shim.hasClient) {
        shim.start(came);
        show(null);
      }
    },
    { once: true },
  );
}

main();
