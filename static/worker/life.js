/**
 * The worker's own life: the lock that shows it, how long it stays without pages, what it keeps.
 *
 * @module
 */

import { deadline, LONGEST_TIMER_MS, within } from "../deadline.js";
import { aliveLock, SLICE_STEPS_MS, sliceLock, stepLock } from "../protocol.js";
import { isOfApp, KeptStore } from "./kept_store.js";

/** Without a page, before the app's own grace for calls is known. */
const LINGER_S = 60;
/** Longer than the app's grace, so that what waits for a page ends in order. */
const AFTERWARDS_S = 5;
/**
 * A worker that hangs in the middle of a transaction blocks the storage for as long as it lives. The
 * page that shows a call has what was kept of it too.
 */
const LOAD_DEADLINE_MS = 2000;
const SLOW = "the storage has not answered";
/** What was kept is its user's alone: so long what concerns it waits for a page that says who that is. */
const USER_DEADLINE_MS = 3000;
/** A write costs as much as handling an event: in a burst there is one only so often. */
const PAUSE_MS = 100;
/** Before it counts as one, so many come at once: a page that goes may take its worker with it. */
const WRITES_AT_ONCE = 10;
/** A newer worker has taken over: nobody will come back. */
const SUPERSEDED_LINGER_S = 2;

/** @typedef {import("./kept_store.js").KeptCall} KeptCall */

export class Life {
  /** The lock that this worker holds as long as it lives; empty until it has it. */
  lock = "";
  /** Of the two locks that say for how long this worker may hold its thread: each one's name, and what lets go of it. */
  #slice = { name: "", release: () => {} };
  #step = { name: "", release: () => {} };
  /** @type {KeptStore | null} */
  #store = null;
  /** What was in the storage, once a page has said which portal this is. @type {Promise<KeptCall[]>} */
  #loaded;
  /** @type {(store: KeptStore) => void} */
  #known = () => {};
  /** Whose calls these are, once a page has said it. @type {string | null} */
  #user = null;
  /** What was in the storage and may be of another user. @type {KeptCall[]} */
  #undecided = [];
  /** No page has said in time who works here. */
  #unknown = false;
  /** What is to be kept: in a moment, or as soon as it is known for whom. @type {Map<string, string>} */
  #unwritten = new Map();
  /** Another user works here now: nothing is kept any more. */
  #abandoned = false;
  /** Up to when the writes so far have used up their share of the time. */
  #spent = Number.NEGATIVE_INFINITY;
  /** A write is going to come. */
  #pausing = false;
  #lingerS = LINGER_S;
  #superseded = false;
  /** No page is here; nor is one before the first has said hello, and it may be gone by then. */
  #deserted = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** Tells other interpreters what is kept: of other builds, for pages that go over to them; of the app, all. @type {BroadcastChannel | null} */
  #told = null;
  /** What they have told, until Python can take it. @type {Map<string, {user: string, kept: string | null}>} */
  #news = new Map();
  #runs = false;
  #name;
  #sliceLock;
  #shared;
  #outside;
  /** Why the last write failed, by the error's name. @type {string | null} */
  #refused = null;

  /**
   * @param {object} options
   * @param {string} options.name
   * @param {boolean} options.shared
   * @param {(lock: string) => void} options.alive
   * @param {(callId: string, kept: string | null) => void} options.heard  another interpreter keeps this of a call
   * @param {(user: string) => void} options.serves  it is known now whose calls these are
   * @param {(kept: Record<string, string>) => void} options.decided  what of `undecided` is this user's: nothing if
   *   nobody has said in time who that is
   * @param {(refused: string | null) => void} options.wrote  what is to be kept cannot be any more, or can be again
   */
  constructor({ name, shared, alive, ...outside }) {
    this.#outside = outside;
    this.#name = name;
    this.#shared = shared;
    const known = new Promise((resolve) => {
      this.#known = resolve;
    });
    this.#loaded = known.then((store) => within(store.load(), LOAD_DEADLINE_MS, SLOW).catch(() => []));
    const lock = aliveLock(name) + crypto.randomUUID();
    navigator.locks
      ?.request(lock, () => {
        this.lock = lock;
        alive(lock);
        return new Promise(() => {});
      })
      .catch(() => {}); // storage is blocked: the pages' pings have to do
    this.#sliceLock = sliceLock(lock);
    this.holds("boot");
  }

  /**
   * A page is here.
   * @param {string} portal its domain
   * @param {string | null} user when the page knows
   * @param {boolean} fresh it has just been loaded, and so is of the newest build
   */
  attached(portal, user, fresh) {
    this.#deserted = false;
    clearTimeout(this.#timer);
    if (!this.#store) {
      this.#store = new KeptStore(portal);
      this.#listen(portal);
      this.#known(this.#store);
    }
    if (fresh && !this.#abandoned) {
      this.#superseded = false;
      this.#channel?.postMessage(this.#name);
    }
    if (user !== null) {
      this.identified(user, false);
    }
  }

  /**
   * A page says who works here.
   * @param {string} user
   * @param {boolean} leaving the page goes to another worker, this one served somebody else
   */
  identified(user, leaving) {
    if (leaving) {
      this.#abandon();
    } else if (this.#user === null && !this.#abandoned) {
      this.#user = user;
      this.#outside.serves(user);
      this.#store?.clear(user).catch(() => {});
      this.#write();
      this.#pass();
    }
  }

  /** Whose calls these are, once a page has said it. */
  get user() {
    return this.#user;
  }

  /** The last page has left: stay for a while, another may come. */
  deserted() {
    this.#write();
    this.#deserted = true;
    this.#arm();
  }

  /** For how long this worker may hold its thread. @param {"boot" | number} limit of a slice in milliseconds, 0 for none */
  holds(limit) {
    exchange(this.#slice, this.#sliceLock + limit);
    if (this.#shared) {
      exchange(this.#step, stepLock(this.#name, stepOf(limit)));
    }
  }

  /** How long calls wait for a page; 0 for ever. @param {number} graceS */
  lingers(graceS) {
    this.#lingerS = graceS === 0 ? Number.POSITIVE_INFINITY : graceS + AFTERWARDS_S;
    this.#arm();
  }

  /** This worker is of no use any more; its pages have been told. */
  over() {
    if (this.#shared) {
      setTimeout(() => self.close(), 1000);
    }
  }

  #arm() {
    clearTimeout(this.#timer);
    const seconds = this.#superseded ? SUPERSEDED_LINGER_S : this.#lingerS;
    if (this.#shared && this.#deserted && seconds !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => self.close(), Math.min(seconds * 1000, LONGEST_TIMER_MS));
    }
  }

  /** Hear it when pages were loaded that use another worker of this portal. @param {string} portal */
  #listen(portal) {
    try {
      this.#told = new BroadcastChannel(`worker-py calls ${portal}`);
    } catch {
      return; // Firefox, where storage is blocked: nobody else is there to be heard
    }
    this.#told.onmessage = ({ data: { user, callId, kept } }) => {
      if (this.#tells(callId)) {
        this.#yieldTo(callId, kept);
        this.#news.set(callId, { user, kept });
        this.#pass();
      }
    };
    if (!this.#shared) {
      return;
    }
    this.#channel = new BroadcastChannel(`worker-py ${portal}`);
    this.#channel.onmessage = ({ data }) => {
      if (data !== this.#name) {
        this.#superseded = true;
        this.#arm();
      }
    };
  }

  /** What waits to be written of the app gives way to a newer write of another interpreter. @param {string} id @param {string | null} kept */
  #yieldTo(id, kept) {
    const waits = isOfApp(id) ? this.#unwritten.get(id) : undefined;
    if (waits && kept && JSON.parse(waits)[0] < JSON.parse(kept)[0]) {
      this.#unwritten.delete(id);
    }
  }

  /** Whether other interpreters have to know: pages that have one each take their calls to no other. @param {string} id */
  #tells(id) {
    return this.#shared || isOfApp(id);
  }

  /** Python runs, and can take what other interpreters keep. */
  runs() {
    this.#runs = true;
    this.#pass();
  }

  /** Pass on what is this user's, once it is known who that is: what was kept, then what is newer. */
  #pass() {
    const settled = this.#user !== null || this.#unknown || this.#abandoned;
    if (this.#runs && settled && this.#undecided.length > 0) {
      this.#outside.decided(this.#ours(this.#undecided.splice(0)));
    }
    if (!this.#runs || this.#user === null) {
      return;
    }
    for (const [callId, { user, kept }] of this.#news) {
      if (user === this.#user && !this.#abandoned) {
        this.#outside.heard(callId, kept);
      }
    }
    this.#news.clear();
  }

  // What outlives the interpreter -----------------------------------------------------------------

  /**
   * What an earlier interpreter kept of this user's calls that may still be going on, by call id. As long as it is not
   * known who that is, it is nothing, and the ids are `undecided`.
   * @returns {Promise<Record<string, string>>}
   */
  async kept() {
    const calls = await this.#loaded;
    if (this.#user === null && calls.length > 0) {
      this.#undecided = calls;
      deadline(() => {
        this.#unknown = true;
        this.#pass();
      }, USER_DEADLINE_MS);
      return {};
    }
    return this.#ours(calls);
  }

  /** Ids of what was kept and may be of another user. */
  get undecided() {
    return this.#undecided.map(({ call_id }) => call_id);
  }

  /** @param {KeptCall[]} calls */
  #ours(calls) {
    const ours = calls.filter(({ user }) => user === this.#user && !this.#abandoned);
    return Object.fromEntries(ours.map(({ call_id, kept }) => [call_id, kept]));
  }

  /** Why the browser keeps nothing: the error's name; `null` when it does. @returns {Promise<string | null>} */
  async storageRefused() {
    await this.#loaded;
    return this.#store ? within(this.#store.refused(), LOAD_DEADLINE_MS, SLOW).catch(() => null) : null;
  }

  /** @param {string} callId @param {string | null | undefined} kept nothing: the call is over */
  keep(callId, kept) {
    if (this.#abandoned) {
      return;
    }
    if (!kept) {
      this.#unwritten.delete(callId);
      this.#store?.remove(callId).catch(() => {});
      this.#tell(callId, null);
      return;
    }
    this.#unwritten.set(callId, kept);
    if (this.#pausing) {
      return;
    }
    const now = performance.now();
    this.#spent = Math.max(this.#spent, now - PAUSE_MS * WRITES_AT_ONCE) + PAUSE_MS;
    if (this.#spent <= now) {
      this.#write();
      return;
    }
    this.#pausing = true;
    setTimeout(() => {
      this.#pausing = false;
      this.#write();
    }, this.#spent - now);
  }

  /** Write what waits, if it is known for whom. */
  #write() {
    if (this.#user === null) {
      return;
    }
    for (const [callId, kept] of this.#unwritten) {
      this.#store?.put(callId, this.#user, kept).then(
        () => this.#stored(null),
        (error) => this.#stored(error?.name ?? "Error"),
      );
      this.#tell(callId, kept);
    }
    this.#unwritten.clear();
  }

  /** @param {string} callId @param {string | null} kept */
  #tell(callId, kept) {
    if (this.#tells(callId)) {
      this.#told?.postMessage({ user: this.#user, callId, kept });
    }
  }

  /** @param {string | null} refused why something could not be kept, by the error's name */
  #stored(refused) {
    if (refused !== this.#refused) {
      this.#refused = refused;
      this.#outside.wrote(refused);
    }
  }

  #abandon() {
    if (!this.#abandoned) {
      this.#abandoned = this.#superseded = true;
      this.#unwritten.clear();
      this.#store?.clear(null).catch(() => {});
      this.#pass();
    }
  }
}

/**
 * Hold another lock in a lock's place.
 * @param {{name: string, release: () => void}} held
 * @param {string} name
 */
function exchange(held, name) {
  if (held.name === name) {
    return;
  }
  held.name = name;
  navigator.locks
    ?.request(name, () => {
      held.release(); // not before: a page that asks finds one or both
      return new Promise((resolve) => {
        held.release = () => resolve(undefined);
      });
    })
    .catch(() => {});
}

/** @param {"boot" | number} limit of a slice in milliseconds */
function stepOf(limit) {
  return limit === "boot" ? 0 : (SLICE_STEPS_MS.find((step) => limit > 0 && step >= limit) ?? 0);
}
