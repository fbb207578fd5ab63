/**
 * Stand-ins for what the browser gives, so that the scripts of the page run in Node: a clock that
 * stands still until it is told, message channels, locks, the portal's client.
 */

import { COMMANDS } from "../../static/portal/core/vocabulary.js";
import { EVENT_NAMES } from "../../static/protocol.js";

/**
 * @typedef {import("node:test").TestContext} TestContext
 * @typedef {import("../../static/page/client/client.js").Client} Client
 */

/** Timers that are due within it see the same time, that of its end. */
const STEP_MS = 20;

/**
 * Time that passes only by `tick`: timers, `Date` and `performance.now` alike.
 * @param {TestContext} t
 */
export function stillClock(t) {
  const begun = 1_700_000_000_000;
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: begun });
  let slept = 0;
  t.mock.method(performance, "now", () => slept + Date.now() - begun);
  return {
    /** @param {number} ms @param {number} [stepMs] a browser that holds timers back lets them fire so seldom */
    tick(ms, stepMs = STEP_MS) {
      for (let left = ms; left > 0; left -= stepMs) {
        t.mock.timers.tick(Math.min(left, stepMs));
      }
    },
    /** The machine sleeps: time passes, and no timer fires before it wakes. @param {number} ms */
    sleep(ms) {
      slept += ms;
    },
  };
}

/** Whatever was posted, granted and resolved so far has arrived. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** How long something may take that ends in its own time, on a machine that has much else to do. */
const PATIENCE_NS = 20_000_000_000n;

/**
 * Something has ended that takes its own time, such as hashing or compiling; also where the clock stands still.
 * @param {() => unknown} isSo
 */
export async function until(isSo) {
  const begun = process.hrtime.bigint();
  while (!isSo()) {
    if (process.hrtime.bigint() - begun > PATIENCE_NS) {
      throw new Error(`this did not come true: ${isSo}`);
    }
    await settled();
  }
}

/** A promise that the test settles. */
export function deferred() {
  /** @type {(value?: any) => void} */
  let resolve = () => {};
  /** @type {(error: unknown) => void} */
  let reject = () => {};
  /** @type {Promise<any>} */
  const promise = new Promise((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

/**
 * What came of a promise so far.
 * @template T
 * @param {Promise<T>} promise
 */
export function outcome(promise) {
  const state = /** @type {{value?: T, error?: Error}} */ ({});
  promise.then(
    (value) => Object.assign(state, { value }),
    (error) => Object.assign(state, { error }),
  );
  return state;
}

/** A port that delivers what is posted, as a copy, before `settled()`. */
export class FakePort {
  /** @type {FakePort | undefined} */
  other;
  closed = false;
  /** @type {((event: {data: any}) => void) | null} */
  onmessage = null;
  /** Everything that was posted here. @type {any[]} */
  posted = [];

  /** @param {unknown} data */
  postMessage(data) {
    this.posted.push(data);
    if (this.closed) {
      return;
    }
    const copy = structuredClone(data);
    queueMicrotask(() => {
      if (this.other && !this.other.closed) {
        this.other.onmessage?.({ data: copy });
      }
    });
  }

  start() {}

  close() {
    this.closed = true;
  }
}

export class FakeMessageChannel {
  port1 = new FakePort();
  port2 = new FakePort();

  constructor() {
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
}

/** Locks whose holders die when the test says so. */
export class FakeLocks {
  /** @type {Map<string, Array<((lock: {name: string}) => unknown) & {mode?: string}>>} */
  #queues = new Map();
  /** Which locks there are is not told, as in Firefox in a frame of another site. */
  secretive = false;

  /**
   * @param {string} name
   * @param {any[]} more options, which may be left out, and the callback; shared requests stand in the queue like others
   */
  request(name, ...more) {
    /** @type {(lock: {name: string}) => unknown} */
    const callback = more.at(-1);
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      const granted = (/** @type {{name: string}} */ lock) => {
        Promise.resolve(callback(lock)).then((value) => {
          this.release(name);
          resolve(value);
        }, reject);
      };
      const waiting = Object.assign(granted, { mode: more[0]?.mode ?? "exclusive" });
      queue.push(waiting);
      more[0]?.signal?.addEventListener("abort", () => {
        if (queue.indexOf(waiting) > 0) {
          queue.splice(queue.indexOf(waiting), 1);
          reject(more[0].signal.reason);
        }
      });
      if (queue.length === 1) {
        queueMicrotask(() => queue[0]?.({ name }));
      }
    });
  }

  /** The holder died: the next in the queue gets the lock. @param {string} name */
  release(name) {
    const queue = this.#queues.get(name);
    queue?.shift();
    queueMicrotask(() => queue?.[0]?.({ name }));
  }

  async query() {
    if (this.secretive) {
      throw new DOMException("query() is not allowed in this context", "SecurityError");
    }
    const queues = [...this.#queues].filter(([, queue]) => queue.length > 0);
    const held = queues.map(([name, [first]]) => ({ name, mode: first.mode }));
    return { held, pending: [] };
  }
}

/**
 * Put globals in place until the test ends.
 * @param {TestContext} t
 * @param {Record<string, unknown>} values
 */
export function withGlobals(t, values) {
  for (const [name, value] of Object.entries(values)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    t.after(() => {
      if (before) {
        Object.defineProperty(globalThis, name, before);
      } else {
        Reflect.deleteProperty(globalThis, name);
      }
    });
  }
}

/** A client whose answers the test gives. */
export class FakeClient {
  name = "fake";
  /** Names that the portal knows. @type {string[]} */
  known = [...EVENT_NAMES];
  /** Whether `getInterface` is answered by `answerInterface` only. */
  late = false;
  /** @type {Array<() => void>} */
  interfaceAnswers = [];
  /** How often `getInterface` was called. */
  asked = 0;
  /** @type {Array<{name: string, callback: (payload: unknown) => void}>} */
  binds = [];
  /** @type {Array<{name: string, params: any, answer: (answer: unknown) => void}>} */
  commands = [];
  /** @type {Array<{method: string, params: any, answer: (answer: any) => void}>} */
  rests = [];
  /** @type {Array<{calls: any, halt: boolean, answer: (answers: any) => void}>} */
  batches = [];
  /** @type {Array<{resolve: (value?: any) => void, reject: (error: Error) => void}>} */
  refreshes = [];

  /** @param {(events: string[], commands: string[] | null) => void} callback */
  getInterface(callback) {
    this.asked++;
    const known = [...this.known];
    if (this.late) {
      this.interfaceAnswers.push(() => callback(known, [...COMMANDS]));
    } else {
      callback(known, [...COMMANDS]);
    }
  }

  /**
   * @param {string} name
   * @param {(payload: unknown) => void} callback
   * @param {(error: unknown) => void} [_failed]
   */
  bind(name, callback, _failed) {
    this.binds.push({ name, callback });
  }

  /** @param {string} name @param {any} params @param {(answer: unknown) => void} answer */
  command(name, params, answer) {
    this.commands.push({ name, params, answer });
  }

  /** @param {string} method @param {any} params @param {(answer: any) => void} answer */
  rest(method, params, answer) {
    this.rests.push({ method, params, answer });
  }

  /** @param {any} calls @param {boolean} halt @param {(answers: any) => void} answer */
  batch(calls, halt, answer) {
    this.batches.push({ calls, halt, answer });
  }

  async installFinish() {}

  refresh() {
    return new Promise((resolve, reject) => this.refreshes.push({ resolve, reject }));
  }

  /** How often each name was bound. */
  get boundTimes() {
    return this.binds.reduce(
      (times, { name }) => {
        times[name] = (times[name] ?? 0) + 1;
        return times;
      },
      /** @type {Record<string, number>} */ ({}),
    );
  }

  /** The portal raises an event: every callback bound for it runs. @param {string} name @param {unknown} payload */
  raise(name, payload) {
    for (const bind of this.binds.filter((each) => each.name === name)) {
      bind.callback(payload);
    }
  }
}
