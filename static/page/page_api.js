/**
 * What the page offers to other scripts: `window.workerPy`.
 *
 * @module
 */

import { SUPPORT_CHANNEL } from "../protocol.js";
import { diagnose, statistics } from "./diagnostics.js";

/**
 * What a page is made of; `client`, `binder` and `missed` are there once the portal's client is.
 * @typedef {{
 *   page: string,
 *   build: string,
 *   client: import("./client/client.js").Client | null,
 *   clientProblem: string | null,
 *   binder: import("./binder.js").Binder | null,
 *   missed: import("./lost_events.js").MissedCard | null,
 *   messages: Record<string, number>,
 *   host: import("./host.js").Host,
 *   link: import("./link.js").Link,
 *   status: import("./interpreter_status.js").InterpreterStatus,
 *   queue: import("./event_queue.js").EventQueue,
 *   executor: import("./executor.js").Executor,
 *   fromPython: import("./from_python.js").FromPython,
 *   lost: import("./lost_events.js").LostEvents,
 *   trace: import("./trace.js").Trace,
 *   reports: import("./reports.js").Reports,
 *   recorder: import("./recorder.js").Recorder,
 * }} Parts
 */

export class PageApi {
  #parts;

  /** @param {Parts} parts of the page; those that come later are set in there */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Resolves when Python runs; rejects when it never will. */
  get ready() {
    return this.#parts.status.ready;
  }

  /** Called with the progress of loading; at once, when some was made before. */
  get onprogress() {
    return this.#parts.status.onprogress;
  }

  set onprogress(callback) {
    this.#parts.status.onprogress = callback;
  }

  /**
   * Offer a function to Python: `await card.page.call(name, params)`.
   * @param {string} name
   * @param {(params: any, context: {signal: AbortSignal}) => unknown} fn may return a promise
   */
  provide(name, fn) {
    this.#parts.executor.provide(name, fn);
  }

  /**
   * Tell Python that something happened: handlers of `@app.on_page_event(name)`.
   * @param {string} name
   * @param {unknown} payload anything that JSON can carry
   */
  emit(name, payload = null) {
    this.#parts.queue.emit(name, payload);
  }

  /** Counters of what this page has seen. */
  stats() {
    return statistics(this.#parts);
  }

  /** What is wrong, in words, and what runs. */
  diagnostics() {
    return diagnose(this.#parts);
  }

  /** One text for whoever helps an operator: what runs, what is wrong and what happened last, nothing personal. */
  async support() {
    const { supportText } = await import("./support.js");
    return supportText(this.#parts);
  }

  /** What happened: names, ids, times and outcomes, nothing personal. The newest 2,000 entries. */
  trace() {
    return this.#parts.trace.entries();
  }

  /**
   * Record from now on, payloads and answers included; `false` stops.
   * @param {boolean} [on]
   */
  record(on = true) {
    return this.#parts.recorder.record(on);
  }

  /** End the worker as a fault would; the page recovers. For tests and the demo. */
  killWorker() {
    this.#parts.link.kill();
  }
}

/**
 * The page with `?support` asks all pages of this browser, whatever state they are in.
 * @param {Pick<PageApi, "support">} offer
 * @param {string} page who answers
 */
export function answerSupport(offer, page) {
  /** @type {BroadcastChannel} */
  let channel;
  try {
    channel = new BroadcastChannel(SUPPORT_CHANNEL);
  } catch {
    return null; // Firefox, where storage is blocked
  }
  channel.onmessage = async ({ data }) => {
    if (data?.asks) {
      channel.postMessage({ page, text: await offer.support() });
    }
  };
  return channel;
}
