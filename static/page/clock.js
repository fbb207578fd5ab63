/**
 * A timer that keeps time in a hidden frame, where the browser lets ordinary timers tick once a
 * second, and after some minutes in the background once a minute. Timers of workers are not slowed.
 *
 * @module
 */

/** Call back in a task of its own: a timer of a hidden frame would wait a second. @param {() => void} callback */
export function soon(callback) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(null);
}

/** How long a worker is kept that nothing is due of. */
const IDLE_MS = 5000;

export class Clock {
  /** @type {Worker | null} */
  #worker = null;
  #count = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #idle;
  /** @type {Map<number, {callback: () => void, timer: ReturnType<typeof setTimeout>}>} */
  #due = new Map();
  #url;

  /** @param {string} url of `clock_worker.js` */
  constructor(url = new URL("./clock_worker.js", import.meta.url).href) {
    this.#url = url;
  }

  /** Whether the page may be so deep in the background that its own timers tick once a minute. */
  get slowed() {
    return document.hidden;
  }

  /**
   * Call back after some time, by whichever timer comes first.
   * @param {() => void} callback
   * @param {number} ms
   */
  later(callback, ms) {
    const id = ++this.#count;
    this.#due.set(id, { callback, timer: setTimeout(() => this.#ring(id), ms) });
    this.#start()?.postMessage({ id, ms });
  }

  #start() {
    if (!this.#worker) {
      try {
        this.#worker = new Worker(this.#url, { type: "module", name: "worker-py clock" });
        this.#worker.onmessage = ({ data }) => this.#ring(data);
        this.#worker.onerror = (event) => event.preventDefault(); // the ordinary timer has to do
      } catch {
        return null;
      }
    }
    return this.#worker;
  }

  /** @param {number} id */
  #ring(id) {
    const due = this.#due.get(id);
    if (!due) {
      return;
    }
    clearTimeout(due.timer);
    this.#due.delete(id);
    due.callback();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#rest(), IDLE_MS); // who asks again and again, asks one worker
  }

  #rest() {
    if (this.#due.size === 0) {
      this.#worker?.terminate();
      this.#worker = null;
    }
  }
}
