/**
 * Sends what pages report to the sink: some at a time, again after a while when it cannot be reached, and never in
 * anybody's way. What could not be sent stays in the pages, which keep it until it is confirmed.
 *
 * @module
 */

import { ENVELOPE_BYTES, envelope, fitting } from "../envelope.js";

/** @typedef {import("../envelope.js").Target} Target */

/** What comes within this time goes together. */
const GATHER_MS = 1000;
const REQUEST_MS = 10_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** A sink that asks for more patience is asked again all the same. */
const LONGEST_ASKED_MS = 3_600_000;
const QUEUED = 400;

/** What the outside gives. @typedef {{post: (url: string, body: string) => Promise<{status: number, retryAfter: string | null}>,
 *   later: (callback: () => void, ms: number) => void, random: () => number}} Outside */

export class ReportSender {
  /** JSON and the page's port by id, the oldest first. @type {Map<string, {text: string, port: Pick<MessagePort, "postMessage">}>} */
  #queue = new Map();
  #waiting = false;
  #failures = 0;
  #bytes = ENVELOPE_BYTES;
  #target;
  #outside;

  /** @param {Target} target @param {Outside} outside */
  constructor(target, outside) {
    this.#target = target;
    this.#outside = outside;
  }

  /** How many wait. */
  get size() {
    return this.#queue.size;
  }

  /** @param {[string, string][]} entries @param {Pick<MessagePort, "postMessage">} port */
  take(entries, port) {
    for (const [id, text] of entries) {
      this.#queue.set(id, { text, port });
    }
    for (const id of [...this.#queue.keys()].slice(0, Math.max(0, this.#queue.size - QUEUED))) {
      this.#queue.delete(id); // the page has it still, and says it again to the next worker
    }
    this.#wait(GATHER_MS);
  }

  /** @param {number} ms */
  #wait(ms) {
    if (!this.#waiting && this.#queue.size > 0) {
      this.#waiting = true;
      this.#outside.later(() => this.#send(), ms);
    }
  }

  async #send() {
    const queued = [...this.#queue].map(([id, { text }]) => /** @type {const} */ ([id, text]));
    const texts = queued.map(([, text]) => text);
    const count = fitting(texts, this.#target, this.#bytes);
    const answer = await this.#outside
      .post(this.#target.url, envelope(texts.slice(0, count), this.#target))
      .catch(() => ({ status: 0, retryAfter: null }));
    const ids = queued.slice(0, count).map(([id]) => id);
    const pause = this.#judge(answer, ids);
    this.#waiting = false;
    this.#wait(pause);
  }

  /** @param {{status: number, retryAfter: string | null}} answer @param {string[]} ids @returns {number} when to go on */
  #judge({ status, retryAfter }, ids) {
    if (status === 413 && ids.length > 1) {
      this.#bytes = Math.max(1, this.#bytes / 2);
      return 0;
    }
    const again = status === 0 || status === 408 || status === 429 || status >= 500;
    if (!again) {
      this.#failures = 0;
      this.#tell(ids, false); // taken; or refused, and it would be once more
      return 0;
    }
    this.#failures++;
    this.#tell([], true);
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    const asked = Math.min(Number(retryAfter) * 1000 || 0, LONGEST_ASKED_MS);
    return Math.max(pause, asked) * (1 + this.#outside.random() / 4); // many browsers must not come back at once
  }

  /** @param {string[]} done @param {boolean} failing */
  #tell(done, failing) {
    /** @type {Map<Pick<MessagePort, "postMessage">, string[]>} */
    const told = new Map([...this.#queue.values()].map(({ port }) => [port, []]));
    for (const id of done) {
      const port = this.#queue.get(id)?.port;
      if (port) {
        told.get(port)?.push(id);
      }
      this.#queue.delete(id);
    }
    for (const [port, ids] of told) {
      port.postMessage({ done: ids, failing });
    }
  }
}

/** @type {ReportSender | null} */
let sender = null;
/** The page that came last hears of what the worker does itself. @type {MessagePort | null} */
let newest = null;

/**
 * Take what a page reports from now on.
 * @param {MessagePort} port
 * @param {Target} target
 */
export function serve(port, target) {
  const own = sender ?? begin(target);
  newest = port;
  port.onmessage = (/** @type {{data: import("../envelope.js").ToSender}} */ { data }) => own.take(data.entries, port);
}

/** @param {Target} target */
function begin(target) {
  sender = new ReportSender(target, { post, later: (callback, ms) => setTimeout(callback, ms), random: Math.random });
  self.addEventListener("securitypolicyviolation", (event) => {
    const { effectiveDirective, blockedURI } = /** @type {Record<string, any>} */ (event);
    newest?.postMessage({ violated: { directive: effectiveDirective, blocked: blockedURI } });
  });
  return sender;
}

/** @param {string} url @param {string} body */
async function post(url, body) {
  const response = await fetch(url, {
    method: "POST",
    body, // as text: nothing has to be asked beforehand
    keepalive: true,
    mode: "cors",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  response.body?.cancel().catch(() => {});
  return { status: response.status, retryAfter: response.headers.get("Retry-After") };
}
