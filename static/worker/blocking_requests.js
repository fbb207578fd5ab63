/**
 * Requests that hold the worker until they are answered: what Python's `requests` and `pyodide.http.pyxhr` make, for
 * want of another way to wait. They cannot be interrupted, so it is told afterwards how long they took.
 *
 * @module
 */

/**
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
