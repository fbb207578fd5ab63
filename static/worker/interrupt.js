/**
 * Interrupting code that holds the interpreter, without `SharedArrayBuffer`; and telling of what cannot be interrupted.
 *
 * Python's wasm build asks element 0 of its interrupt buffer, every few dozen bytecodes, whether a
 * signal is pending. Any object will do as that buffer, so a getter can look at the clock: when
 * the same slice of Python code has run for longer than the limit, it answers SIGINT.
 *
 * @module
 */

const SIGINT = 2;

/**
 * Longer gaps between two looks are no running Python: the machine slept, the browser froze the
 * worker, or one call in C took its time. They count for this much at most.
 */
const LONGEST_GAP_MS = 250;

/** After an interruption that hit code which must not be torn, ask again after this much. */
const AGAIN_MS = 20;

/**
 * @param {() => number} readBeat reads the counter that moves with every slice
 * @param {number} limitMs
 * @param {() => number} now a clock in milliseconds
 * @returns {{0: number, left: () => number}} to be given to `setInterruptBuffer`; `left` says how many milliseconds the
 *   slice that runs may still take
 */
export function interruptBuffer(readBeat, limitMs, now = () => performance.now()) {
  let beat = -1;
  let ran = 0;
  let looked = 0;
  let entered = false;
  const look = () => {
    const time = now();
    const current = readBeat();
    if (!entered) {
      entered = true;
      queueMicrotask(() => {
        entered = false; // Python has returned to the browser: time until it is called again is nobody's
        beat = -1;
      });
    }
    if (current !== beat) {
      beat = current;
      ran = 0;
    } else {
      ran += Math.min(time - looked, LONGEST_GAP_MS);
    }
    looked = time;
  };
  return {
    left() {
      look();
      return limitMs - ran;
    },
    get 0() {
      look();
      if (ran <= limitMs) {
        return 0;
      }
      ran = limitMs - AGAIN_MS;
      return SIGINT;
    },
    set 0(_) {}, // Python clears it after every look
  };
}

/**
 * Watch requests that hold the worker until they are answered: what Python's `requests` and `pyodide.http.pyxhr` make, for
 * want of another way to wait. They cannot be interrupted, so it is told afterwards how long they took.
 * @param {(origin: string, ms: number) => void} over told of each such request when it is over
 * @param {{prototype: XMLHttpRequest}} [Requests]
 * @param {() => number} [now] a clock in milliseconds
 */
export function watchBlockingRequests(over, Requests = XMLHttpRequest, now = () => performance.now()) {
  const { open, send } = Requests.prototype;
  /** Where those go that block. @type {WeakMap<XMLHttpRequest, string>} */
  const blocking = new WeakMap();
  Requests.prototype.open = function (/** @type {any[]} */ ...how) {
    const [, url, waits = true] = how;
    if (waits) {
      blocking.delete(this);
    } else {
      blocking.set(this, originOf(url));
    }
    return /** @type {any} */ (open).apply(this, how);
  };
  Requests.prototype.send = function (body) {
    const origin = blocking.get(this);
    if (origin === undefined) {
      return send.call(this, body);
    }
    const begun = now();
    try {
      return send.call(this, body);
    } finally {
      over(origin, now() - begun);
    }
  };
}

/** @param {unknown} url may be anything: it is for the browser to refuse it */
function originOf(url) {
  try {
    return new URL(String(url), globalThis.location?.href).origin;
  } catch {
    return "nowhere";
  }
}
