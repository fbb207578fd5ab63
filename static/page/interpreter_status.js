/**
 * How the interpreter is: whether it runs, how it came to run, and how those before it ended.
 *
 * @module
 */

import { masked } from "./trace.js";

/**
 * @typedef {{phase: string, fraction: number}} Progress
 * @typedef {{mode: string, phases: Record<string, number>}} Started
 */

/** How many endings are told. */
const KEPT_ENDINGS = 20;
/** After so long the browser ends a worker that hangs and that no page holds any more. */
const LEFT_EXTENDED_MS = 300_000;
const LEFT_SHARED_MS = 10_000;

export class InterpreterStatus {
  /** @type {"waiting" | "outside" | "booting" | "ready" | "failed"} */
  state = "waiting";
  /** Resolves when Python runs; rejects when it never will. @type {Promise<Started>} */
  ready;
  /** Why it does not run, in words. @type {string | null} */
  failure = null;
  /** Why the browser keeps nothing, by the error's name. @type {string | null} */
  storageRefused = null;
  hosting = { mode: "none", reason: "not started" };
  /** What each part of the boot took. @type {Record<string, number>} */
  phases = {};
  /** What the download in it consisted of; most of that goes on side by side. @type {Record<string, number>} */
  parts = {};
  /** Why it did not start from the snapshot. @type {string | null} */
  plainBecause = null;
  /** How many workers there were. */
  workers = 0;
  /** How they ended. @type {string[]} */
  endings = [];
  /** Workers that hung and could not be ended at once. @type {Array<{text: string, until: number}>} */
  #left = [];
  /** @type {((progress: Progress) => void) | null} */
  #onprogress = null;
  /** @type {Progress | null} */
  #progress = null;
  /** @type {(started: Started) => void} */
  #resolve = () => {};
  /** @type {(error: Error) => void} */
  #reject = () => {};
  #trace;
  #reports;

  /** @param {import("./trace.js").Trace} trace @param {import("./reports.js").Reports} reports */
  constructor(trace, reports) {
    this.#trace = trace;
    this.#reports = reports;
    this.ready = this.#promise();
  }

  /** Whether anybody will ever take an event. */
  get isOpen() {
    return this.state !== "failed" && this.state !== "outside";
  }

  /** Called with the progress of loading; at once, when some was made before. */
  get onprogress() {
    return this.#onprogress;
  }

  set onprogress(callback) {
    this.#onprogress = callback;
    if (this.#progress && this.state === "booting") {
      this.#tell(this.#progress);
    }
  }

  /** Workers that hang and may still be there, in words. */
  get leftRunning() {
    return this.#left.filter(({ until }) => until > Date.now()).map(({ text }) => text);
  }

  /** There is no portal here, as far as one can tell. @param {string} problem */
  outside(problem) {
    this.state = "outside";
    this.#reports.add("no_client", problem);
    this.#reject(new Error(problem));
  }

  /** The portal's client is there. */
  begin() {
    if (this.state === "outside") {
      this.ready = this.#promise();
    }
    this.state = "booting";
  }

  /** A worker is there. @param {import("./host.js").Connection} connection @param {boolean} again it may have been before */
  opened({ mode, reason }, again) {
    this.workers += again ? 0 : 1;
    this.hosting = { mode, reason };
  }

  /** @param {string} phase @param {number} fraction */
  progressed(phase, fraction) {
    this.#trace.add("boot", phase);
    this.#progress = { phase, fraction };
    this.#tell(this.#progress);
  }

  /**
   * Python runs.
   * @param {Pick<import("../protocol.js").Ready, "phases" | "parts" | "storage" | "plainBecause">} how
   */
  started({ phases, parts, storage, plainBecause }) {
    this.state = "ready";
    this.failure = null;
    this.phases = phases;
    this.parts = parts;
    this.storageRefused = storage;
    this.plainBecause = plainBecause;
    this.#trace.add("boot", "booted", { duration_ms: phases.total, phases });
    this.#resolve({ mode: this.hosting.mode, phases });
  }

  /**
   * @param {import("./link.js").Ending} ending
   * @param {string} text
   */
  ended(ending, text) {
    this.#progress = null;
    this.endings.push(masked(`${ending}: ${text.slice(0, 500)}`));
    this.endings.splice(0, this.endings.length - KEPT_ENDINGS);
    this.#trace.add("boot", "worker_ended", { ending, detail: text.slice(0, 500) });
  }

  /**
   * What follows from that.
   * @param {import("./link.js").Ending} ending
   * @param {string} text
   * @param {boolean} forGood none comes after it
   */
  goesOn(ending, text, forGood) {
    if (forGood) {
      this.state = "failed";
      this.failure = text;
      this.#reject(new Error(text));
      this.#reports.add("app_failed", text, { level: "error" });
      return;
    }
    this.state = "booting";
    if (ending === "moved" || ending === "unreachable") {
      return;
    }
    if (ending === "failed") {
      this.failure = `The interpreter could not be started, and is tried again: ${text}`;
    }
    if (ending === "hang" && this.hosting.mode !== "dedicated") {
      this.#leave(this.hosting.mode);
    }
    const told = `the worker ended (${ending}: ${text}); another one starts`;
    this.#reports.add(`worker_${ending}`, told, { level: "error" });
  }

  /** @param {string} mode of the worker that hangs */
  #leave(mode) {
    const until = Date.now() + (mode === "extended" ? LEFT_EXTENDED_MS : LEFT_SHARED_MS);
    const limit = new Date(until).toISOString();
    const text = `A worker of this portal hangs (mode ${mode}); the browser ends it by ${limit} at the latest.`;
    this.#left.push({ text, until });
  }

  #promise() {
    /** @type {Promise<Started>} */
    const ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    ready.catch(() => {}); // diagnostics() says it too
    return ready;
  }

  /** @param {Progress} progress */
  #tell(progress) {
    try {
      this.#onprogress?.(progress);
    } catch (error) {
      console.error(error);
    }
  }
}
