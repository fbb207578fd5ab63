/**
 * The WebSocket to a telephone exchange: JsSIP's own, with a guard at its mouth. What comes in is bounded, what
 * is no SIP ends nothing, what asks who we are is put so that JsSIP answers it or fails, and it is known when the exchange was heard last.
 *
 * @module
 */

import { answerable } from "./challenge.js";
import { WebSocketInterface } from "./jssip_library.js";

/** So long may a message be: a description of media is some 5,000 characters. */
const LONGEST = 65_536;
/** RFC 5626, 4.4.1: whoever is there answers with half of it. */
const PING = "\r\n\r\n";

export class ExchangeSocket {
  /** How often anything came, and when it did last, in ms since the epoch. */
  heard = 0;
  heardAt = 0;
  /** What JsSIP takes. @type {any} */
  inner;

  /** @param {string} server its address */
  constructor(server) {
    this.inner = new WebSocketInterface(server);
    const { connect } = this.inner;
    /** @type {(data: unknown) => void} */
    let deliver = () => {};
    Object.defineProperties(this.inner, {
      ondata: {
        get: () => (/** @type {unknown} */ data) => this.#pass(data, deliver),
        set: (given) => {
          deliver = given;
        },
      },
      connect: {
        value: () => {
          connect.call(this.inner);
          if (!this.inner.isConnecting() && !this.inner.isConnected()) {
            // The browser refused the address itself: JsSIP would wait for ever.
            queueMicrotask(() => this.inner.ondisconnect?.(true, 0, "refused by the browser"));
          }
        },
      },
    });
  }

  ping() {
    this.inner.send(PING);
  }

  /** @param {unknown} data @param {(data: unknown) => void} deliver */
  #pass(data, deliver) {
    this.heard += 1;
    this.heardAt = Date.now();
    const { length } = typeof data === "string" ? data : { length: /** @type {ArrayBuffer} */ (data).byteLength };
    if (length > LONGEST) {
      console.warn(`worker-py: the exchange sent a message of ${length} characters, of which no phone can make use`);
      return;
    }
    try {
      deliver(typeof data === "string" ? answerable(data) : data);
    } catch (error) {
      console.warn("worker-py: the exchange sent what is no SIP", error);
    }
  }
}
