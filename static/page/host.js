/**
 * Where the interpreter lives: one shared worker for all pages of a portal, or one of the page's own.
 *
 * Pages agree by a small record in `localStorage` (`Agreement`): all that read the same record ask
 * for a worker of the same name with the same options, and so get the same one. To move, a page
 * writes the next generation; the others hear of it by the `storage` event and follow. Two pages that
 * write at the same moment for the same reason write the same, and meet in the same worker.
 *
 * @module
 */

import { aliveLock, SLICE_STEPS_MS, sliceLock, stepLock } from "../protocol.js";
import { refetch } from "./refetch.js";

/**
 * `extended`: a SharedWorker that outlives a navigation; `shared`: one that ends with its last page;
 * `dedicated`: a Worker of this page's own.
 * @typedef {"extended" | "shared" | "dedicated"} Mode
 */

/**
 * Which worker the pages of a portal use.
 * @typedef {object} Agreement
 * @property {number} generation
 * @property {string} user        for whom this generation was begun, when it was because of the user
 * @property {boolean} plain      without `extendedLifetime`, because one hung
 * @property {number} plainUntil  ms since the epoch
 */

/**
 * @typedef {{
 *   mode: Mode,
 *   reason: string,
 *   name: string,
 *   port: MessagePort,
 *   end: () => void,
 * }} Connection
 */

/**
 * A connection that waits for its owner, and what its script's failure is to tell whom.
 * @typedef {{connection: Connection, listen: (failed: (text: string) => void) => void}} Early
 */

/**
 * After a hang: a worker that hangs cannot be ended by a page. Without `extendedLifetime` the
 * browser ends it about 10 s after the last frame that holds it has gone; with it, after 300 s.
 */
const PLAIN_FOR_MS = 600_000;

/** Why this page has a worker of its own, in words. */
export const REASONS = Object.freeze({
  old: "this browser has no SharedWorker for modules",
  blocked: "the browser blocks this site's storage, and shared workers with it",
  script: "the shared worker's script could not be loaded",
  silent: "the shared worker did not answer",
  threw: "the browser refused to make a shared worker",
});

/** @type {Agreement} */
const FIRST = Object.freeze({ generation: 0, user: "", plain: false, plainUntil: 0 });

/** Whether the browser gives this page workers, locks and random ids. */
export function isSecure() {
  return globalThis.isSecureContext !== false;
}

/** The name of the error by which the browser says that there is no room. */
const QUOTA = "QuotaExceededError";

export class Host {
  /** Why a shared worker is out of the question, once it is. @type {string | null} */
  #dedicatedBecause = null;
  /** Whose page this is, once it is known. @type {string | null} */
  #user = null;
  /** The shared worker in use. */
  #current = "";
  /** Whom it served before this page came, as far as any page knew. @type {string | null} */
  #served = null;
  /** Told when the pages have gone on to another worker. @type {(another: boolean) => void} */
  #moved = () => {};
  /** What this page could not write: so it goes on alone until there is room. @type {Agreement | null} */
  #unwritten = null;
  /** Whether there was no room in `localStorage` when something was to be written. */
  full = false;
  /** A connection that was made before anybody asked for one. @type {Early | null} */
  #early = null;
  /** Behind the address of a worker of this page's own. */
  #query = "";
  #url;
  #build;
  #portal;
  #agreementKey;
  #userKey;

  /**
   * @param {{url: string, build: string, portal: string}} options `portal` is its domain
   */
  constructor({ url, build, portal }) {
    this.#url = url;
    this.#build = build;
    this.#portal = portal;
    this.#agreementKey = `worker-py:host:${portal}`;
    this.#userKey = `worker-py:user:${portal}`;
    if (typeof SharedWorker !== "function") {
      this.#dedicatedBecause = REASONS.old;
    }
  }

  /**
   * Before the first `connect`: go back to a worker that outlives navigations, when the time after a
   * hang is over and no interpreter runs that would be left by it.
   * @param {() => void} then called at once when there is nothing to find out
   */
  settle(then) {
    const { plain, plainUntil, generation } = this.agreement;
    const leftMs = plainUntil - Date.now();
    const goesOn = leftMs > 0 && leftMs <= PLAIN_FOR_MS; // more is none: the clock was set back since
    if (this.#early || this.#dedicatedBecause || !plain || goesOn) {
      then();
      return;
    }
    runningWorker(this.#nameOf(this.agreement)).then((runs) => {
      const now = this.agreement;
      if (runs === null && now.generation === generation) {
        this.#write({ ...now, generation: generation + 1, plain: false });
      }
      then();
    });
  }

  /** Make the first connection before `connect` is called, which gives that one then. */
  joinEarly() {
    this.settle(() => {
      /** @type {string | null} */
      let failure = null;
      let tell = (/** @type {string} */ text) => {
        failure = text;
      };
      try {
        const connection = this.connect((text) => tell(text));
        const listen = (/** @type {(text: string) => void} */ failed) => {
          tell = failed;
          if (failure !== null) {
            queueMicrotask(() => failed(/** @type {string} */ (failure))); // not before the owner has it
          }
        };
        this.#early = { connection, listen };
      } catch {
        // `connect` fails in the same way, before the one who can say so
      }
    });
  }

  /** Nobody is going to ask for the connection that was made early. */
  leaveEarly() {
    this.#early?.connection.port.close();
    this.#early?.connection.end();
    this.#early = null;
  }

  /**
   * @param {(text: string) => void} failed the worker's script failed
   * @returns {Connection}
   */
  connect(failed) {
    const early = this.#early;
    if (early && (early.connection.mode === "dedicated" || early.connection.name === this.#nameOf(this.agreement))) {
      this.#early = null;
      early.listen(failed);
      return early.connection;
    }
    this.leaveEarly(); // the pages of the portal have moved on since
    if (!this.#dedicatedBecause) {
      try {
        return this.#connectShared(failed);
      } catch (error) {
        const refused = /** @type {Error} */ (error)?.name === "SecurityError";
        this.#dedicatedBecause = refused ? REASONS.blocked : REASONS.threw;
      }
    }
    return this.#connectDedicated(failed);
  }

  /**
   * The worker's script failed, and a damaged copy of it may lie in the browser's cache. Firefox keeps that one for workers,
   * whatever is fetched: so every other worker of this page's own has a new address.
   */
  refetch() {
    this.#query = this.#query ? "" : `?${Date.now()}`;
    return refetch(this.#url);
  }

  /** Ends when the worker's script and what it imports are in the browser's cache, as far as they can be had. */
  gather() {
    return refetch(this.#url, "default");
  }

  /** @param {(text: string) => void} failed @returns {Connection} */
  #connectShared(failed) {
    const agreement = this.#ours();
    const { plain } = agreement;
    const name = this.#nameOf(agreement);
    const frame = holder();
    const Shared = /** @type {typeof globalThis} */ (/** @type {unknown} */ (frame.contentWindow)).SharedWorker;
    let extended = false;
    const options = /** @type {WorkerOptions} */ ({ type: "module", name });
    if (!plain) {
      Object.defineProperty(options, "extendedLifetime", {
        enumerable: true,
        get() {
          extended = true; // a browser that asks knows what it is
          return true;
        },
      });
    }
    try {
      const worker = new Shared(this.#url, options);
      worker.onerror = (event) => {
        event.preventDefault();
        failed(/** @type {ErrorEvent} */ (event).message || "");
      };
      this.#current = name;
      this.#served = this.#ownerOf(agreement);
      const mode = extended ? "extended" : "shared";
      const reason = extended
        ? "one interpreter for all pages of the portal; it outlives a navigation"
        : `one interpreter for all pages of the portal; it ends with the last of them: ${
            plain ? "one hung a while ago" : "this browser knows no extendedLifetime"
          }`;
      return { mode, reason, name, port: worker.port, end: () => frame.remove() };
    } catch (error) {
      frame.remove();
      throw error;
    }
  }

  /** @param {(text: string) => void} failed @returns {Connection} */
  #connectDedicated(failed) {
    const name = `worker-py ${this.#build}`;
    const worker = new Worker(`${this.#url}${this.#query}`, { type: "module", name });
    worker.onerror = (event) => {
      event.preventDefault();
      failed(event.message || "");
    };
    const { port1, port2 } = new MessageChannel();
    worker.postMessage(null, [port2]);
    const reason = `an interpreter of this page's own: ${this.#dedicatedBecause}`;
    return { mode: "dedicated", reason, name, port: port1, end: () => worker.terminate() };
  }

  // Choosing another ------------------------------------------------------------------------------

  /**
   * A shared worker gave no sign of life: find out why, and do without from now on.
   * @param {"error" | "silent"} what
   */
  async giveUpShared(what) {
    if (!(await storageWorks())) {
      this.#dedicatedBecause = REASONS.blocked;
    } else {
      this.#dedicatedBecause = what === "error" ? REASONS.script : REASONS.silent;
    }
  }

  /**
   * Leave a worker that failed or hangs: all pages of its generation move to the next.
   * @param {Connection} left
   * @param {boolean} hung
   */
  moveOn(left, hung) {
    const agreement = this.agreement;
    if (left.mode !== "dedicated" && left.name === this.#nameOf(agreement)) {
      const plainUntil = hung ? Date.now() + PLAIN_FOR_MS : agreement.plainUntil;
      const plain = hung || agreement.plain;
      this.#write({ ...agreement, generation: agreement.generation + 1, plain, plainUntil });
    }
  }

  /** Say who the user is, to this page and those that come. @param {string} user */
  identified(user) {
    this.#user = user;
    if (this.#ownerOf(this.agreement) === null) {
      this.#write(null, user);
    }
  }

  /** The worker in use says whom it serves: pages may have had no room to agree on it. @param {string} user */
  serves(user) {
    this.#served = user;
    if (this.servesAnother) {
      this.#moved(true);
    }
  }

  /** Whether the interpreter of this page serves another user; the next `connect` goes to one of this user's. */
  get servesAnother() {
    return this.#user !== null && this.#served !== null && this.#served !== this.#user;
  }

  /**
   * @param {(another: boolean) => void} callback called when another page has moved on to another
   *   worker, and whether it did because of another user
   */
  onMoved(callback) {
    this.#moved = callback;
    addEventListener("storage", (event) => {
      if (event.key !== this.#agreementKey || this.#dedicatedBecause || !this.#current) {
        return;
      }
      const agreement = parsed(event.newValue);
      const theirs = this.#user !== null && agreement.user !== "" && agreement.user !== this.#user;
      if (!theirs && this.#nameOf(agreement) !== this.#current) {
        callback(this.#served !== null && agreement.user !== "" && agreement.user !== this.#served);
      }
    });
  }

  /** @returns {Agreement} */
  get agreement() {
    try {
      const written = parsed(localStorage.getItem(this.#agreementKey));
      const own = this.#unwritten;
      return own && own.generation > written.generation ? own : written;
    } catch {
      return FIRST;
    }
  }

  /** Whom the pages of a generation serve, as far as any of them knows. @param {Agreement} agreement */
  #ownerOf(agreement) {
    try {
      return agreement.user || localStorage.getItem(this.#userKey);
    } catch {
      return null;
    }
  }

  /** The present generation; the next one, when the present one is another user's. @returns {Agreement} */
  #ours() {
    const agreement = this.agreement;
    const served = this.#current === this.#nameOf(agreement) ? this.#served : null;
    const owner = this.#ownerOf(agreement) ?? served;
    if (this.#user === null || owner === null || owner === this.#user) {
      return agreement;
    }
    const ours = { ...agreement, generation: agreement.generation + 1, user: this.#user };
    this.#write(ours, this.#user);
    return ours;
  }

  /**
   * @param {Agreement | null} agreement
   * @param {string} [user]
   */
  #write(agreement, user) {
    try {
      if (user !== undefined) {
        localStorage.setItem(this.#userKey, user);
      }
      if (agreement) {
        localStorage.setItem(this.#agreementKey, JSON.stringify(agreement));
        this.#unwritten = null;
      }
      this.full = false;
    } catch (error) {
      // Without storage there is no shared worker to agree on; without room in it, pages that leave a worker for the
      // same reason still meet in the next.
      this.full = /** @type {Error} */ (error)?.name === QUOTA;
      this.#unwritten = agreement ?? this.#unwritten;
    }
  }

  /** @param {Agreement} agreement */
  #nameOf({ generation, user, plain }) {
    const whose = user ? ` of ${user}` : "";
    return `worker-py ${this.#build} ${this.#portal} ${generation}${whose}${plain ? " plain" : ""}`;
  }
}

/**
 * A frame that holds the shared worker for this page: removing it lets go of a worker that hangs.
 * @returns {HTMLIFrameElement}
 */
function holder() {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  document.documentElement.append(frame);
  return frame;
}

/** @param {string | null} text @returns {Agreement} */
function parsed(text) {
  try {
    const { generation, user, plain, plainUntil } = JSON.parse(text ?? "{}");
    return {
      generation: Number.isInteger(generation) ? generation : 0,
      user: typeof user === "string" ? user : "",
      plain: plain === true,
      plainUntil: typeof plainUntil === "number" ? plainUntil : 0,
    };
  } catch {
    return FIRST;
  }
}

/**
 * The worker of a name, by the lock of its own that each one holds. Pages wait for its end by a shared request, and one
 * that is frozen holds what it was granted then until it thaws: that says nothing of a worker.
 * @param {string} name
 * @returns {Promise<{lock: string, sliceMs: number} | null>} `sliceMs`: how long it may hold its thread; 0 when there is
 *   no limit, or none yet
 */
export async function runningWorker(name) {
  /** @type {LockInfo[]} */
  let held;
  try {
    ({ held = [] } = await navigator.locks.query());
  } catch {
    return triedWorker(name).catch(() => null); // Firefox refuses the question in a frame of another site
  }
  const alive = held.find((lock) => lock.mode === "exclusive" && lock.name?.startsWith(aliveLock(name)));
  if (!alive?.name) {
    return null;
  }
  const prefix = sliceLock(alive.name);
  const said = held.map((lock) => (lock.name?.startsWith(prefix) ? lock.name.slice(prefix.length) : ""));
  return { lock: alive.name, sliceMs: Math.max(0, ...said.map((text) => Number(text) || 0)) };
}

/**
 * The same by asking for locks whose names are known: what is free is granted before one that nobody else can have.
 * A worker that took another's place in the meantime cannot be told from that one.
 * @param {string} name
 */
async function triedWorker(name) {
  const held = new Set(SLICE_STEPS_MS);
  const enough = new AbortController();
  const options = /** @type {LockOptions} */ ({ mode: "shared", signal: enough.signal });
  for (const step of SLICE_STEPS_MS) {
    navigator.locks.request(stepLock(name, step), options, () => held.delete(step)).catch(() => {});
  }
  try {
    await navigator.locks.request(probeLock(), () => {});
  } finally {
    enough.abort(); // never left to wait: a page that is frozen would hold what it is granted then
  }
  return held.size > 0 ? { lock: stepLock(name, 0), sliceMs: Math.max(...held) } : null;
}

const probeLock = () => `worker-py:probe:${crypto.randomUUID()}`;

/** Whether this site may use the browser's storage at all. */
async function storageWorks() {
  try {
    await navigator.locks.request(probeLock(), () => {});
    return true;
  } catch {
    return false;
  }
}
