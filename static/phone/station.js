/**
 * One phone for all pages of a portal. Every page and slider loads the placement; the one that holds
 * a Web Lock has the phone, and the others pass on to it what Python asks of them.
 *
 * When the holder goes, however it goes, the browser gives the lock to the next page. A note in
 * `localStorage` tells that one which call was cut off.
 *
 * @module
 */

import { PhoneError } from "./line.js";
import { FUNCTIONS } from "./phone.js";

/**
 * @typedef {import("./phone.js").Phone} Phone
 * @typedef {import("./phone.js").Tell} Tell
 * @typedef {(typeof FUNCTIONS)[number]} FunctionName
 * @typedef {(params: any, context: {signal: AbortSignal}) => unknown} PageFunction
 */

/**
 * What the station needs of `window.workerPy`.
 * @typedef {object} WorkerPy
 * @property {(name: string, fn: PageFunction) => void} provide
 * @property {(name: string, payload: unknown) => void} emit
 * @property {() => {page: string}} stats
 * @property {() => {host: {mode: string}}} diagnostics
 */

/**
 * The browser's side of it.
 * @typedef {object} Surroundings
 * @property {Pick<LockManager, "request"> | undefined} locks
 * @property {(name: string) => Pick<BroadcastChannel, "postMessage" | "close" | "onmessage">} channel
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage
 * @property {(tell: Tell) => Promise<Phone>} makePhone
 */

/**
 * A function that was called here and is carried out elsewhere.
 * @typedef {object} Asked
 * @property {FunctionName} name
 * @property {unknown} params
 * @property {string | null} holder     whom it was sent to
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 */

/**
 * Between the pages.
 * @typedef {{t: "who"} | {t: "holder", page: string}
 *   | {t: "ask", to: string, from: string, id: string, name: FunctionName, params: unknown}
 *   | {t: "answer", to: string, id: string, value?: unknown, error?: {name: string, message: string}}
 *   | {t: "event", id: string, interpreter: string, name: string, payload: Record<string, unknown>}} Message
 */

/** All pages whose interpreter is a shared worker have the same one. */
const SHARED = "shared";
/** After so long nobody waits for a state any more. */
const STATE_MS = 10_000;
/** So long an event is not delivered again. */
const EVENT_MS = 10_000;

export class Station {
  /** How often the phone tells how a call sounds. */
  statsEveryMs = 5000;
  /** @type {Phone | null} */
  #phone = null;
  /** @type {string | null} */
  #holder = null;
  /** @type {Map<string, Asked>} */
  #asked = new Map();
  /** @type {ReturnType<Surroundings["channel"]> | null} */
  #channel = null;
  /** Leaves the election, or the office. @type {() => void} */
  #leave = () => {};
  /** What becomes of what other pages say. @type {{[T in Message["t"]]: (message: Extract<Message, {t: T}>) => void}} */
  #heard = {
    who: () => this.#phone && this.#post({ t: "holder", page: this.#page }),
    holder: ({ page }) => this.#newHolder(page),
    ask: (asked) => asked.to === this.#page && this.#phone && this.#carryOut(this.#phone, asked),
    answer: (answer) => this.#answered(answer),
    event: (event) => this.#passOn(event),
  };
  #page;
  #portal;
  #workerPy;
  #browser;

  /**
   * @param {string} portal its domain
   * @param {WorkerPy} workerPy
   * @param {Surroundings} browser
   */
  constructor(portal, workerPy, browser) {
    this.#portal = portal;
    this.#workerPy = workerPy;
    this.#browser = browser;
    this.#page = workerPy.stats().page;
    for (const name of FUNCTIONS) {
      workerPy.provide(`phone.${name}`, (params, { signal }) => this.#ask(name, params, signal));
    }
  }

  /** Whether the phone is here. */
  get holds() {
    return this.#phone !== null;
  }

  /** The page that has the phone, as far as it is known. */
  get holder() {
    return this.#holder;
  }

  /** How the phone's account stands at its exchange, where the phone is here and has one. */
  get registration() {
    return this.#phone?.registration ?? null;
  }

  /** What `phone.state` tells Python, for the page's own scripts. @returns {Promise<any>} */
  state() {
    return this.#ask("state", {}, AbortSignal.timeout(STATE_MS));
  }

  /** Stand for election, and serve until `stop`. */
  start() {
    const leaving = new AbortController();
    this.#leave = () => leaving.abort();
    try {
      this.#channel = this.#browser.channel(`worker-py:phone:${this.#portal}`);
      this.#channel.onmessage = ({ data }) => /** @type {any} */ (this.#heard)[data.t]?.(data);
    } catch {
      this.#channel = null; // storage is blocked, and locks with it
    }
    this.#post({ t: "who" });
    const inOffice = () => this.#hold(leaving.signal);
    const options = { signal: leaving.signal };
    const { locks } = this.#browser;
    const elected = locks ? locks.request(`worker-py:phone:${this.#portal}`, options, inOffice) : refusedLock();
    elected
      .catch((/** @type {Error} */ error) => {
        if (error.name !== "SecurityError") {
          throw error;
        }
        return inOffice(); // nobody can be elected: each page has a phone of its own
      })
      .catch((/** @type {Error} */ error) => {
        if (error.name !== "AbortError") {
          console.error("worker-py: this page cannot hold the phone", error);
        }
      });
  }

  /** Give the phone up to another page: this one goes, or is frozen. */
  stop() {
    const phone = this.#phone;
    this.#phone = null; // what it says from now on is for the next holder to tell
    phone?.close();
    this.#leave();
    this.#channel?.close();
    this.#channel = null;
    this.#newHolder(null);
  }

  // Holding the phone -----------------------------------------------------------------------------

  /** @param {AbortSignal} leaving */
  async #hold(leaving) {
    const phone = await this.#browser.makePhone(
      (event, payload) => this.#phone === phone && this.#said(event, payload),
    );
    if (leaving.aborted) {
      return;
    }
    this.#phone = phone;
    this.#newHolder(this.#page);
    this.#post({ t: "holder", page: this.#page });
    for (const call of this.#noted()) {
      this.#said("ended", { call, reason: "holder_gone", seconds: null });
    }
    this.#workerPy.emit("phone.elected", { page: this.#page, ...(await phone.state()) });
    await new Promise((resolve) => leaving.addEventListener("abort", resolve, { once: true }));
  }

  /** @param {string} event @param {Record<string, unknown>} payload */
  #said(event, payload) {
    this.#note(event, payload);
    const name = `phone.${event}`;
    announce(name, payload);
    this.#workerPy.emit(name, payload);
    this.#post({ t: "event", id: crypto.randomUUID(), interpreter: this.#interpreter(), name, payload });
  }

  /** Which interpreter this page's events reach. */
  #interpreter() {
    return this.#workerPy.diagnostics().host.mode === "dedicated" ? this.#page : SHARED;
  }

  // Asking the holder -----------------------------------------------------------------------------

  /** @param {FunctionName} name @param {unknown} params @param {AbortSignal} signal */
  #ask(name, params, signal) {
    return new Promise((resolve, reject) => {
      const id = crypto.randomUUID();
      this.#asked.set(id, { name, params, holder: null, resolve, reject });
      signal.addEventListener("abort", () => this.#asked.delete(id)); // Python no longer waits
      this.#send(id);
    });
  }

  /** @param {string} id of something asked, which waits while nobody holds the phone */
  #send(id) {
    const asked = /** @type {Asked} */ (this.#asked.get(id));
    const { name, params } = asked;
    if (this.#phone) {
      this.#asked.delete(id);
      this.#phone.run(name, params).then(asked.resolve, asked.reject);
    } else if (this.#holder) {
      asked.holder = this.#holder;
      this.#post({ t: "ask", to: this.#holder, from: this.#page, id, name, params });
    }
  }

  /** @param {string | null} holder */
  #newHolder(holder) {
    if (holder === this.#holder) {
      return;
    }
    this.#holder = holder;
    for (const [id, { holder: old, name, reject }] of this.#asked) {
      if (old !== null) {
        this.#asked.delete(id);
        reject(new PhoneError("HolderGone", `the page with the phone went while it carried out ${name}`));
      } else {
        this.#send(id);
      }
    }
  }

  // Between the pages -----------------------------------------------------------------------------

  /** @param {Message} message */
  #post(message) {
    this.#channel?.postMessage(message);
  }

  /** @param {Phone} phone @param {Extract<Message, {t: "ask"}>} asked */
  async #carryOut(phone, { from, id, name, params }) {
    try {
      this.#post({ t: "answer", to: from, id, value: await phone.run(name, params) });
    } catch (error) {
      const { name: kind, message } = /** @type {Error} */ (error);
      this.#post({ t: "answer", to: from, id, error: { name: String(kind), message: String(message) } });
    }
  }

  /** @param {Extract<Message, {t: "answer"}>} answer */
  #answered({ id, value, error }) {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error) {
      asked?.reject(new PhoneError(error.name, error.message));
    } else {
      asked?.resolve(value);
    }
  }

  /**
   * Tell our interpreter what the phone said, when it is not the one that the holder has told.
   * @param {Extract<Message, {t: "event"}>} event
   */
  #passOn({ id, interpreter, name, payload }) {
    announce(name, payload);
    const ours = this.#interpreter();
    if (ours === interpreter) {
      return;
    }
    if (ours !== SHARED) {
      this.#workerPy.emit(name, payload);
      return;
    }
    // The holder has an interpreter of its own, and several pages share ours: one of them is enough.
    this.#browser.locks?.request(`worker-py:phone_event:${id}`, { ifAvailable: true }, async (lock) => {
      if (lock) {
        this.#workerPy.emit(name, payload);
        await new Promise((resolve) => setTimeout(resolve, EVENT_MS));
      }
    });
  }

  // The note of a call that goes on ----------------------------------------------------------------

  /** @param {string} event @param {Record<string, unknown>} payload */
  #note(event, { call }) {
    const key = `worker-py:phone:${this.#portal}`;
    if (event !== "incoming" && event !== "connected" && event !== "ended") {
      return;
    }
    const others = this.#noted().filter((noted) => noted !== call);
    const calls = event === "ended" ? others : [...others, String(call)];
    try {
      if (calls.length > 0) {
        this.#browser.storage.setItem(key, calls.join(" "));
      } else {
        this.#browser.storage.removeItem(key);
      }
    } catch {
      // storage is blocked
    }
  }

  /** The calls that were cut off with the holder before. @returns {string[]} */
  #noted() {
    try {
      return this.#browser.storage.getItem(`worker-py:phone:${this.#portal}`)?.split(" ") ?? [];
    } catch {
      return [];
    }
  }
}

/** Let the page's own scripts hear what Python hears. @param {string} name @param {Record<string, unknown>} payload */
function announce(name, payload) {
  globalThis.dispatchEvent?.(new CustomEvent("workerpy:phone", { detail: { name, payload } }));
}

function refusedLock() {
  return Promise.reject(new DOMException("this browser has no Web Locks", "SecurityError"));
}
