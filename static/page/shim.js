/**
 * The placement page: puts its parts together. The portal's events go from the client by `binder.js`, `event_queue.js` and
 * `link.js` to Python; what Python asks goes by `from_python.js` to `executor.js`. Everything that the page offers to other
 * scripts is `window.workerPy` (`page_api.js`).
 *
 * @module
 */

import * as messages from "../messages.js";
import { INITIALIZED } from "../protocol.js";
import { Binder } from "./binder.js";
import { findClient, showProblem } from "./client/find.js";
import { Clock } from "./clock.js";
import { INSTALLING, SUPPORTING } from "./diagnostics.js";
import { takeHost } from "./early.js";
import { EventQueue } from "./event_queue.js";
import { Executor, scriptsHaveRun } from "./executor.js";
import { FromPython } from "./from_python.js";
import { isSecure } from "./host.js";
import { serveUser } from "./identity.js";
import { InterpreterStatus } from "./interpreter_status.js";
import { Link } from "./link.js";
import { LostEvents, MissedCard } from "./lost_events.js";
import { answerSupport, PageApi } from "./page_api.js";
import { portalFrame, watchMessages } from "./portal_frame.js";
import { Recorder } from "./recorder.js";
import { Reports } from "./reports.js";
import { Trace } from "./trace.js";

/** @typedef {import("./client/client.js").Client} Client */
/** @typedef {import("./reporting.js").Config} Reported */
/**
 * @typedef {{build: string, client: string, bx24_url?: string, live?: boolean, follow?: boolean, report?: Reported}} Config
 */

class Shim {
  /** Takes other source for the app, in a bundle that was built for that. @type {import("../live/live.js").Live | null} */
  #live = null;
  /** Tells the report sink, in a bundle that has one. @type {import("./reporting.js").Reporting | null} */
  #reporting = null;
  #clock = new Clock();
  #frame = portalFrame();
  /** @type {import("./page_api.js").Parts} */
  #parts;
  /** What the page offers. */
  offer;

  /** @param {Config} config */
  constructor({ build }) {
    const page = isSecure() ? crypto.randomUUID() : "";
    const { domain } = this.#frame;
    const [trace, reports, recorder] = [new Trace(), new Reports(), new Recorder(build)];
    const shared = { pageId: page, trace, reports, recorder };
    const status = new InterpreterStatus(trace, reports);
    const executor = new Executor(null, scriptsHaveRun());
    const queue = new EventQueue({ ...shared, link: () => this.#parts.link, isOpen: () => status.isOpen });
    const [live, proven] = [() => this.#live, () => this.#parts.link.proven()];
    const fromPython = new FromPython({ ...shared, executor, journal: queue.journal, live, proven });
    const host = takeHost(build);
    const link = new Link(host, { page, portal: domain }, this.#heard(), this.#clock);
    const moving = { page, build, host, link, status, queue, executor, fromPython, lost: new LostEvents(domain) };
    const counted = { messages: { foreign_messages: 0, unreadable_messages: 0 }, trace, reports, recorder };
    this.#parts = { ...moving, ...counted, client: null, clientProblem: null, binder: null, missed: null };
    this.offer = new PageApi(this.#parts);
  }

  /** The portal's client is there. @param {Client} client @param {Config} config */
  start(client, config) {
    const { executor, status, messages: counts, reports, host, link } = this.#parts;
    Object.assign(this.#parts, { client, clientProblem: null });
    executor.client = client;
    status.begin();
    this.#bind(client);
    watchMessages(this.#frame.origin, (kind, text) => {
      counts[`${kind}s`]++;
      reports.add(kind, text);
    });
    const live = config.live ? this.#goLive(config) : null;
    host.settle(() => (live ? live.then(() => link.open()) : link.open()));
    this.#comeAndGo();
    if (config.report) {
      this.#report(config.report, config.build);
    }
    serveUser(client, this.#parts);
    answerSupport(this.offer, this.#parts.page);
  }

  /** There is none. @param {string} problem why not, in words */
  stay(problem) {
    this.#parts.clientProblem = problem;
    this.#parts.host.leaveEarly();
    this.#parts.status.outside(problem);
  }

  /** What the link tells of its worker. @returns {import("./link.js").LinkEvents} */
  #heard() {
    const parts = () => this.#parts;
    return {
      opened: (send, connection, again) => {
        const { status, recorder, fromPython, queue } = parts();
        status.opened(connection, again);
        const attach = JSON.stringify(messages.attach(connection.mode, connection.reason, fromPython));
        recorder.add("python", attach);
        send(attach);
        this.#live?.opened(send);
        this.#lend(connection);
        queue.opened(again);
      },
      ready: (how) => {
        parts().queue.journal.reachedAll();
        parts().status.started(how);
      },
      storage: (refused) => {
        parts().status.storageRefused = refused;
      },
      text: (text, reply) => parts().fromPython.receive(text, reply),
      progress: (phase, fraction) => parts().status.progressed(phase, fraction),
      ended: (ending, text, retryInMs) => {
        const { executor, status, queue } = parts();
        executor.abandon();
        this.#live?.ended(ending, text);
        status.ended(ending, text);
        queue.ended(ending, text);
        status.goesOn(ending, text, retryInMs === null);
      },
      marked: () => parts().queue.marked(),
      busy: () => parts().queue.journal.size > 0 || this.#live?.busy === true,
    };
  }

  /** @param {Client} client */
  #bind(client) {
    const { queue, reports } = this.#parts;
    const missed = new MissedCard(client, reports);
    const binder = new Binder(client, {
      onEvent: (name, payload) => {
        queue.raise(name, payload);
        if (name === INITIALIZED) {
          missed.announced();
        }
      },
      onReport: (missing) => {
        const facts = { more: { missing } };
        reports.add("missing_events", `the portal does not offer ${missing.join(", ")} (yet)`, { facts });
      },
      onFailure: (text) => reports.add("client_failed", text, { level: "error" }),
      later: (callback, ms) => this.#clock.later(callback, ms),
      onLate: () => missed.look(),
    });
    Object.assign(this.#parts, { missed, binder });
    binder.start();
  }

  /** A new interpreter must get the source that was applied before it gets events: so this is there first. */
  /** @param {Config} config */
  #goLive({ build, follow }) {
    const live = import("../live/live.js").then(
      async ({ Live }) => {
        this.#live = new Live(this.#frame.domain, () => this.#parts.link.watch());
        if (follow) {
          await (await import("../live/follow.js")).follow(this.#live, build);
        }
        return this.#live;
      },
      (error) => {
        this.#parts.reports.add("live_failed", `handlers cannot be edited: ${error}`, { level: "error" });
        return null;
      },
    );
    Object.defineProperty(this.offer, "live", { value: live, enumerable: true });
    return live;
  }

  /** Nothing waits for it, and nothing depends on it. @param {Reported} report @param {string} build */
  async #report(report, build) {
    const of = { build, portal: this.#frame.domain, parts: this.#parts };
    const { begin } = await import("./reporting.js");
    this.#reporting = await begin(report, of);
    this.#lend(this.#parts.link.connection);
  }

  /** Reports go by the worker. @param {import("./host.js").Connection | null} connection */
  #lend(connection) {
    if (connection) {
      this.#reporting?.opened((message, ports) => connection.port.postMessage(message, ports));
    }
  }

  /** Leaving, staying in the browser's cache of pages, coming back. */
  #comeAndGo() {
    const { lost, queue, link, trace } = this.#parts;
    addEventListener("pagehide", ({ persisted }) => {
      lost.leave(queue.journal.size); // a page in the cache may be thrown away without another word
      link.leave(persisted ? "frozen" : "closed");
    });
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted) {
        lost.back();
        trace.add("page", "back_from_cache");
        link.rejoin();
        this.#parts.missed?.look();
      }
    });
  }
}

function main() {
  if (/** @type {any} */ (globalThis).workerPy) {
    return; // it was loaded twice: the first was slow
  }
  const config = JSON.parse(document.getElementById("worker-py-config")?.textContent ?? "{}");
  const shim = new Shim(config);
  Object.defineProperty(globalThis, "workerPy", { value: shim.offer, enumerable: true });
  if (new URLSearchParams(location.search).has("install")) {
    shim.stay(INSTALLING); // `guard.js` loads what a person sees then
    return;
  }
  if (new URLSearchParams(location.search).has("support")) {
    shim.stay(SUPPORTING);
    import("../install/support.js").then(({ showSupport }) => showSupport());
    return;
  }
  const [client, problem] = findClient(config);
  if (client) {
    shim.start(client, config);
    return;
  }
  shim.stay(problem);
  showProblem(problem);
  const late = () => {
    const [came] = findClient(config);
    if (came) {
      shim.start(came, config);
      showProblem(null);
    }
  };
  addEventListener("workerpy:client", late, { once: true });
}

main();
