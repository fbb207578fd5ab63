/**
 * The page's link to the interpreter's worker: joins it, notices when it died, hangs or failed, and
 * replaces it.
 *
 * @module
 */

import * as messages from "../messages.js";
import { soon } from "./clock.js";
import { runningWorker } from "./host.js";

/**
 * @typedef {import("../protocol.js").FromWorker} FromWorker
 * @typedef {import("./host.js").Host} Host
 * @typedef {import("./host.js").Connection} Connection
 */

/**
 * How a link ended: `fatal`, the interpreter said so itself; `hang`, it answered no more;
 * `vanished`, the worker was ended from outside; `failed`, it could not boot; `unreachable`, a
 * shared worker cannot be had here; `moved`, the pages of the portal went on to another.
 * @typedef {"fatal" | "hang" | "vanished" | "failed" | "unreachable" | "moved"} Ending
 */

/**
 * What the link tells its owner.
 * @typedef {{
 *   opened: (send: (text: string) => void, connection: Connection, again: boolean) => void,
 *   ready: (how: import("../protocol.js").Ready) => void,
 *   storage: (refused: string | null) => void,
 *   text: (text: string, reply: (text: string) => void) => void,
 *   progress: (phase: string, fraction: number) => void,
 *   ended: (ending: Ending, text: string, retryInMs: number | null) => void,
 *   marked: () => void,
 *   busy: () => boolean,
 * }} LinkEvents
 */

/** Why a worker vanished that a test or the demo has ended: nothing that it did is to blame. */
export const ON_REQUEST = "ended on request";

/** Endings after which the worker is still there for a while, so that its name is of no use any more. @type {ReadonlySet<Ending>} */
const LEFT_BEHIND = new Set(["fatal", "hang", "failed"]);

const TICK_MS = 1000;
/** A tick that comes much later says that the page slept, not that the worker hangs. */
const LONGEST_TICK_MS = 1500;
/** Beyond the app's own limit for a slice, which the worker enforces from inside. */
const HANG_GRACE_MS = 4000;
const BOOT_SILENCE_MS = 120_000;
const LONGEST_DELAY_MS = 30_000;
/** A worker that exists and does not say welcome within this time hangs. */
const WELCOME_MS = 8000;
/** The one that this page asked may have been about to end, as it is for some 100 ms after its last word: ask again. */
const ASK_AGAIN_MS = 3000;
/** One that does not exist yet may still be on its way through a slow network. */
const SCRIPT_MS = 30_000;
/** A worker of the page's own whose script is cut short starts without an error, and without a word. */
const OWN_SCRIPT_MS = 60_000;
/** Neither is given up for a slow network: not before its files have been in the browser's cache for this long. */
const GATHERED_MS = 20_000;

export class Link {
  /** @type {Connection | null} */
  #connection = null;
  #welcome = false;
  #ready = false;
  #generation = 0;
  /** How often a worker was greeted: what comes by an older port does not count any more. */
  #greetings = 0;
  /** Whose page this is, once it is known. @type {string | null} */
  #user = null;
  #askedAgain = 0;
  /** The lock of the worker that was there when this page last asked again. @type {string | null} */
  #asked = null;
  /** Takes the files of the worker's script into the browser's cache. @type {Promise<void> | null} */
  #gathering = null;
  /** The worker's silence when they were there. */
  #gatheredAt = Number.POSITIVE_INFINITY;
  /** Endings since something was last acknowledged. */
  #failures = 0;
  #sliceLimit = 0;
  /** The worker has said that it cannot answer for a while. */
  #holds = false;
  #pingSent = 0;
  #pongSeen = 0;
  /** For how long the worker has been silent while an answer was due. */
  #silence = 0;
  #lastTick = 0;
  /** @type {ReturnType<typeof setInterval> | 0} */
  #ticking = 0;
  #asking = false;
  /** Keeps time while an answer is overdue: the page's own timers may tick once a minute. */
  #clock;
  #clockAsked = false;
  /** The worker is about to end because somebody asked for it. */
  #endsOnRequest = false;
  /** Lets go of the lock that shows this page's life to the worker. */
  #releaseLock = () => {};
  /** The lock that the worker holds as long as it lives. */
  #life = "";
  /** Ends the waiting for the worker's death. */
  #stopAwaiting = new AbortController();
  #host;
  #who;
  #events;
  /** What becomes of what the worker says by itself. @type {{[T in FromWorker["t"]]: (said: Extract<FromWorker, {t: T}>) => void}} */
  #said = {
    welcome: () => {
      this.#welcome = true;
    },
    serves: ({ user }) => this.#host.serves(user),
    boot: ({ phase, fraction }) => this.#events.progress(phase, fraction),
    alive: ({ lock }) => this.#awaitDeath(this.#generation, lock),
    ready: (how) => {
      this.#ready = true;
      this.#sliceLimit = how.slice_limit_ms;
      this.#events.ready(how);
    },
    storage: ({ refused }) => this.#events.storage(refused),
    pong: ({ n }) => {
      this.#pongSeen = n;
    },
    marked: () => this.#events.marked(),
    holding: () => {},
    ending: () => {
      this.#endsOnRequest = true;
    },
    failed: ({ text, permanent }) => this.#end(this.#generation, "failed", text, permanent),
    fatal: ({ text }) => this.#end(this.#generation, "fatal", text),
  };

  /**
   * @param {Host} host
   * @param {{page: string, portal: string}} who
   * @param {LinkEvents} events
   * @param {Pick<import("./clock.js").Clock, "later" | "slowed">} clock
   */
  constructor(host, who, events, clock) {
    this.#clock = clock;
    this.#host = host;
    this.#who = who;
    this.#events = events;
  }

  /** Whether the interpreter runs and takes messages. */
  get ready() {
    return this.#ready;
  }

  /** The worker that this page talks to now, if any. */
  get connection() {
    return this.#connection;
  }

  /** Tells interpreters apart: the pages that see the same one share it. Empty where locks are blocked. */
  get interpreter() {
    return this.#ready ? this.#life.slice(-12) : "";
  }

  open() {
    const generation = ++this.#generation;
    this.#endsOnRequest = false;
    this.#silence = 0;
    if (this.#gatheredAt < Number.POSITIVE_INFINITY) {
      this.#gatheredAt = 0;
    }
    this.#pingSent = this.#pongSeen;
    if (this.#connect(generation)) {
      this.#askedAgain = 0;
      this.#asked = null;
      this.#greet(false);
    }
  }

  /** Open a connection to the worker that the host names. @param {number} generation @returns {boolean} whether there is one */
  #connect(generation) {
    this.#welcome = this.#ready = false;
    this.#life = "";
    try {
      this.#connection = this.#host.connect((text) => this.#scriptFailed(generation, text));
    } catch (error) {
      this.#end(generation, "failed", String(error));
      return false;
    }
    return true;
  }

  /** @param {boolean} again the interpreter may be one that knows this page */
  #greet(again) {
    const connection = /** @type {Connection} */ (this.#connection);
    const generation = this.#generation;
    const { port } = connection;
    port.onmessage = ({ data }) => this.#receive(generation, data);
    port.postMessage(messages.hello({ ...this.#who, user: this.#user, greeting: ++this.#greetings }));
    this.#showLife(port);
    this.#events.opened((text) => port.postMessage(text), connection, again);
    this.watch();
  }

  /** Ask anew for the worker that the host names: it may have ended, and another may be in its place. */
  #askAgain() {
    const left = this.#connection;
    const generation = ++this.#generation; // whatever comes by the old port is not for us
    this.#releaseLock();
    if (this.#connect(generation)) {
      this.#greet(true);
      left?.port.close();
      left?.end(); // after the new one is there: a worker without a page might end
    }
  }

  /** Send JSON to Python; what must arrive is kept by the sender until it is acknowledged. @param {string} text */
  send(text) {
    this.#connection?.port.postMessage(text);
  }

  /** Have the worker say when it has handed to Python what was sent before. */
  mark() {
    this.#connection?.port.postMessage(messages.mark());
  }

  /** Something was acknowledged: the worker does its work. */
  proven() {
    this.#failures = 0;
  }

  /** The page is leaving, for good or into the browser's cache of pages. @param {string} reason */
  leave(reason) {
    this.#connection?.port.postMessage(messages.bye(reason));
    this.#releaseLock(); // a page in the cache that holds a lock is evicted as soon as somebody asks for it
    this.#stopAwaiting.abort();
  }

  /** The page is back from the cache: join again. Much may have changed meanwhile. */
  rejoin() {
    if (!this.#connection) {
      return;
    }
    this.#silence = this.#askedAgain = 0;
    this.#asked = null;
    this.#pingSent = this.#pongSeen;
    if (this.#connection.mode === "dedicated") {
      this.#welcome = false;
      this.#greet(true);
    } else {
      this.#askAgain();
    }
  }

  /**
   * Say who the user is.
   * @param {string} user
   * @param {boolean} leaving this page goes to another interpreter, this one served somebody else
   */
  identified(user, leaving) {
    this.#user = user;
    this.#connection?.port.postMessage(messages.user(user, leaving));
  }

  /** Go on to the worker that the host names now. @param {string} why */
  move(why) {
    this.#end(this.#generation, "moved", why);
  }

  /** End the worker, as a fault that a test or a demo asks for. */
  kill() {
    if (this.#connection?.mode === "dedicated") {
      this.#end(this.#generation, "vanished", ON_REQUEST);
    } else {
      this.#connection?.port.postMessage(messages.die());
    }
  }

  /** Make sure that a worker that answers no more is noticed, as long as an answer is due. */
  watch() {
    if (!this.#ticking) {
      this.#lastTick = performance.now();
      this.#ticking = setInterval(() => this.#tick(), TICK_MS);
      if (this.#ready) {
        this.#ping(0);
      }
      if (this.#clock.slowed) {
        this.#tickByClock();
      }
    }
  }

  /** Tick once more in time, whatever the browser does to this page's timers. */
  #tickByClock() {
    if (!this.#clockAsked) {
      this.#clockAsked = true;
      this.#clock.later(() => {
        this.#clockAsked = false;
        if (this.#ticking) {
          this.#tick();
        }
      }, TICK_MS);
    }
  }

  /**
   * Hold a lock as long as this page lives, and let the worker wait for it.
   * @param {MessagePort} port
   */
  #showLife(port) {
    const lock = `worker-py:page:${this.#who.page}:${crypto.randomUUID()}`;
    navigator.locks
      ?.request(lock, () => {
        port.postMessage(messages.watch(lock)); // from inside, or the worker could be first
        return new Promise((resolve) => {
          this.#releaseLock = () => resolve(undefined);
        });
      })
      .catch(() => {});
  }

  /**
   * @param {number} generation
   * @param {string | string[] | FromWorker} data
   */
  #receive(generation, data) {
    if (Array.isArray(data)) {
      for (const text of data) {
        this.#receive(generation, text);
      }
      return;
    }
    const port = this.#connection?.port;
    if (generation !== this.#generation || !port) {
      return;
    }
    this.#silence = 0; // whatever it says, it lives: a pong may wait behind a burst of events
    this.#holds = typeof data !== "string" && data.t === "holding";
    if (typeof data === "string") {
      this.#events.text(data, (text) => port.postMessage(text));
      return;
    }
    /** @type {any} */ (this.#said)[data.t]?.(data);
  }

  /** @param {number} generation @param {string} text */
  #scriptFailed(generation, text) {
    if (this.#welcome) {
      this.#end(generation, "fatal", text || "the worker's script failed");
    } else if (this.#connection?.mode === "dedicated") {
      this.#end(generation, "failed", text || "the worker's script could not be loaded");
    } else {
      this.#giveUpShared(generation, "error");
    }
  }

  /** @param {number} generation @param {"error" | "silent"} what */
  async #giveUpShared(generation, what) {
    await this.#host.giveUpShared(what);
    if (generation === this.#generation) {
      this.#host.refetch(); // the script may have come damaged
    }
    this.#end(generation, "unreachable", what);
  }

  /**
   * The worker holds this lock as long as it lives.
   * @param {number} generation
   * @param {string} lock
   */
  #awaitDeath(generation, lock) {
    this.#life = lock;
    this.#stopAwaiting.abort();
    this.#stopAwaiting = new AbortController();
    // Shared: a page that sleeps in the browser's cache must not stand in the way of the others.
    const options = /** @type {LockOptions} */ ({ mode: "shared", signal: this.#stopAwaiting.signal });
    const died = () => this.#end(generation, "vanished", this.#endsOnRequest ? ON_REQUEST : "the worker was ended");
    navigator.locks?.request(lock, options, died).catch(() => {});
  }

  // Time ------------------------------------------------------------------------------------------

  #tick() {
    const now = performance.now();
    const passed = Math.min(now - this.#lastTick, LONGEST_TICK_MS);
    this.#lastTick = now;
    if (!this.#connection || (this.#ready && this.#welcome && !this.#events.busy())) {
      clearInterval(this.#ticking || undefined);
      this.#ticking = 0;
      this.#silence = 0;
    } else if (!this.#welcome || this.#isUnproven) {
      this.#silence += passed;
      this.#awaitWelcome();
    } else if (!this.#ready) {
      this.#silence += passed;
      if (this.#silence > BOOT_SILENCE_MS) {
        this.#end(this.#generation, "failed", `no progress for ${BOOT_SILENCE_MS / 1000} s while booting`);
      }
    } else {
      this.#ping(passed);
    }
  }

  /** @param {number} passed since the last tick */
  #ping(passed) {
    if (this.#pongSeen === this.#pingSent) {
      this.#silence = 0;
      this.#connection?.port.postMessage(messages.ping(++this.#pingSent));
      return;
    }
    this.#silence += passed;
    this.#tickByClock();
    if (this.#sliceLimit && this.#silence > (this.#holds ? BOOT_SILENCE_MS : mayBeSilentMs(this.#sliceLimit))) {
      this.#end(this.#generation, "hang", `no answer for ${Math.round(this.#silence / 1000)} s`);
    }
  }

  /** Whether a shared worker has said welcome and not by which lock its end can be seen: it may be over already. */
  get #isUnproven() {
    return !this.#ready && !this.#life && this.#connection?.mode !== "dedicated";
  }

  async #awaitWelcome() {
    const connection = /** @type {Connection} */ (this.#connection);
    if (!this.#ready && this.#silence > ASK_AGAIN_MS) {
      this.#gathering ??= this.#host.gather().then(() => {
        this.#gatheredAt = this.#silence;
      });
    }
    if (connection.mode === "dedicated") {
      if (!this.#ready && this.#isSilentFor(OWN_SCRIPT_MS)) {
        const text = `the worker's script said nothing for ${Math.round(this.#silence / 1000)} s: it may be cut short`;
        this.#end(this.#generation, "failed", text);
      }
      return;
    }
    const due = this.#silence - this.#askedAgain > ASK_AGAIN_MS;
    if (!due || this.#asking) {
      return;
    }
    const generation = this.#generation;
    this.#asking = true;
    const worker = await runningWorker(connection.name);
    this.#asking = false;
    if (generation !== this.#generation || (this.#welcome && !this.#isUnproven)) {
      return;
    }
    if (!worker && this.#isSilentFor(SCRIPT_MS)) {
      this.#giveUpShared(generation, "silent");
    } else if (!worker || worker.lock !== this.#asked) {
      // There is none, or one that another page has brought since: this page's may have gone to the one before.
      this.#asked = worker?.lock ?? null;
      this.#askedAgain = this.#silence;
      this.#askAgain();
    } else if (this.#silence > WELCOME_MS && this.#silence - this.#askedAgain > mayBeSilentMs(worker.sliceMs)) {
      this.#end(generation, "hang", `no welcome within ${Math.round(this.#silence / 1000)} s`);
    }
  }

  /** Whether the worker has said nothing for so long, and not because its script was on its way. @param {number} ms */
  #isSilentFor(ms) {
    if (this.#gatheredAt === Number.POSITIVE_INFINITY) {
      return this.#silence > BOOT_SILENCE_MS;
    }
    return this.#silence > Math.max(ms, this.#gatheredAt + GATHERED_MS);
  }

  // Ends ------------------------------------------------------------------------------------------

  /**
   * @param {number} generation
   * @param {Ending} ending
   * @param {string} text
   * @param {boolean} [permanent] another try would end the same way
   */
  #end(generation, ending, text, permanent = false) {
    if (generation !== this.#generation || (!this.#connection && ending !== "failed")) {
      return;
    }
    this.#generation++; // whatever the old worker still says is not for us
    const left = this.#connection;
    this.#connection = null;
    this.#ready = false;
    if (left) {
      this.#releaseLock();
      left.port.postMessage(messages.bye(ending));
      left.port.close();
      left.end();
      if (LEFT_BEHIND.has(ending) && !permanent) {
        this.#host.moveOn(left, ending === "hang");
      }
    }
    if (ending === "failed" && !permanent) {
      this.#host.refetch(); // a module that came damaged may be well-formed all the same
    }
    const calm = ending === "moved" || ending === "unreachable" || this.#failures === 0;
    const delay = calm ? 0 : Math.min(1000 * 2 ** (this.#failures - 1), LONGEST_DELAY_MS);
    this.#failures += ending === "moved" || ending === "unreachable" ? 0 : 1;
    this.#events.ended(ending, text, permanent ? null : delay);
    if (!permanent) {
      const open = () => this.open();
      delay > 0 ? setTimeout(open, delay) : soon(open);
    }
  }
}

/** @param {number} sliceMs how long code may hold a worker; 0 for no limit, as in the boot */
function mayBeSilentMs(sliceMs) {
  return sliceMs ? sliceMs + HANG_GRACE_MS : BOOT_SILENCE_MS;
}
