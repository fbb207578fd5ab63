/**
 * One account, kept known to its exchange: tried again with growing pauses until it is taken, tested when the
 * machine wakes and when the network is back. Only an exchange that refuses the account itself is believed.
 *
 * @module
 */

import { ExchangeSocket } from "./exchange_socket.js";
import { UA } from "./jssip_library.js";
import { PhoneError } from "./line.js";

/**
 * @typedef {import("./line.js").Standing} Standing
 * @typedef {object} RegistrationEvents
 * @property {(standing: Standing) => void} changed
 * @property {(session: any, request: any) => void} rings
 */

const EXPIRES_S = 600;
const TICK_MS = 1000;
/** A tick that is so late says that the machine slept. */
const SLEPT_MS = 10_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const LONGEST_RETRY_AFTER_S = 300;
/** Between tries to open the socket, in seconds, as JsSIP wants it. */
const RECONNECT_S = { least: 1, most: 30 };
/** So long nothing needs to be heard. */
const QUIET_MS = 20_000;
const PONG_MS = 4000;
/** An exchange that answers no REGISTER by then is not at the other end any more. */
const TEST_MS = 5000;
const CONNECT_MS = 15_000;
/** So long `register` waits before it says that it goes on without its caller. */
const FIRST_TRY_MS = 10_000;
/** Longer than JsSIP waits for an answer: what it makes nothing of is tried again, too. */
const UNHEARD_OF_MS = 40_000;
/** The account itself is refused: the same once more will be, too. */
const REFUSED = [401, 403, 407];

/**
 * Why something was refused: JsSIP's word for it, and the exchange's.
 * @param {string} cause
 * @param {{status_code: number, reason_phrase?: string}} response
 */
export function causeOf(cause, { status_code, reason_phrase }) {
  return `${cause} (${status_code} ${String(reason_phrase ?? "").slice(0, 100)})`;
}

export class Registration {
  /** JsSIP's UA, whose types know neither its events nor its transport. @type {any} */
  agent;
  account;
  /** Calls by this account. @type {Set<{end: () => void, unplugged: () => void}>} */
  calls = new Set();
  /** @type {Standing} */
  standing = { known: false, cause: "", trying: true, since: Date.now() };
  #socket;
  #clock;
  #events;
  #over = false;
  #told = "";
  #failures = 0;
  #lastTick = Date.now();
  /** Moments in ms since the epoch; 0 for none. */
  #retryAt = 0;
  #triedAt = 0;
  #connectingSince = 0;
  /** What waits for an answer: since when, and what had been heard before. */
  #ping = { at: 0, heard: 0 };
  #test = { at: 0, heard: 0 };
  /** Settles `start`. @type {((error?: PhoneError) => void) | null} */
  #first = null;
  #online = () => this.test();

  /**
   * @param {import("./line.js").Account} account
   * @param {{later: (callback: () => void, ms: number) => void}} clock one that keeps time in a hidden frame
   * @param {RegistrationEvents} events
   */
  constructor(account, clock, events) {
    this.account = account;
    this.#clock = clock;
    this.#events = events;
    this.#socket = new ExchangeSocket(account.server);
    this.agent = new UA({
      sockets: [this.#socket.inner],
      uri: account.uri,
      password: account.password,
      authorization_user: account.user,
      register_expires: account.expires_s ?? EXPIRES_S,
      session_timers: false,
      connection_recovery_min_interval: RECONNECT_S.least,
      connection_recovery_max_interval: RECONNECT_S.most,
    });
    this.#listen();
  }

  /**
   * Resolves when the exchange knows us. It goes on trying when this has failed, unless `standing.trying` is false.
   * @returns {Promise<void>}
   */
  start() {
    return new Promise((resolve, reject) => {
      this.#first = (error) => {
        this.#first = null;
        error ? reject(error) : resolve();
      };
      this.#clock.later(() => this.#first && this.#notYet("it does not answer"), FIRST_TRY_MS);
      globalThis.addEventListener?.("online", this.#online);
      globalThis.document?.addEventListener("resume", this.#online);
      this.#later();
      this.agent.start();
    });
  }

  /** See whether the exchange is still there, and knows us: now, whatever pause was meant. */
  test() {
    if (this.#over || !this.standing.trying) {
      return;
    }
    this.#failures = 0;
    this.#retryAt = 0;
    this.#try();
  }

  /** Leave the exchange once the calls are over: another account takes this one's place. */
  retire() {
    if (this.calls.size === 0) {
      this.stop();
      return;
    }
    this.#leave();
    this.agent.unregister();
  }

  /** A call is over. @param {{end: () => void, unplugged: () => void}} call */
  release(call) {
    this.calls.delete(call);
    if (this.#over && this.calls.size === 0) {
      this.agent.stop();
    }
  }

  /** End its calls, and leave. */
  stop() {
    this.#leave();
    for (const call of [...this.calls]) {
      call.end();
    }
    this.agent.stop(); // tells the exchange
  }

  #leave() {
    this.#over = true;
    this.#first?.(new PhoneError("RegistrationFailed", "the phone was given up, or another account, meanwhile"));
    globalThis.removeEventListener?.("online", this.#online);
    globalThis.document?.removeEventListener("resume", this.#online);
  }

  #listen() {
    const { agent } = this;
    agent.on("newRTCSession", (/** @type {any} */ { originator, session, request }) => {
      if (String(originator) === "remote" && !request.hasHeader("replaces")) {
        this.#events.rings(session, request);
      }
    });
    agent.on("connecting", () => {
      this.#connectingSince = Date.now();
    });
    agent.on("connected", () => {
      this.#socket.heardAt = Date.now();
      this.#triedAt = Date.now(); // JsSIP registers
      this.#ping.at = 0;
      this.#test.at = 0;
    });
    agent.on("registered", () => {
      this.#failures = 0;
      this.#now({ known: true, cause: "", trying: true });
      this.#first?.();
    });
    agent.on("unregistered", (/** @type {any} */ { cause }) => {
      this.#now({
        known: false,
        cause: cause ?? "the connection to the exchange was lost",
        trying: this.standing.trying,
      });
    });
    agent.on("registrationFailed", (/** @type {any} */ { response, cause }) => this.#failed(response, String(cause)));
    agent.on("disconnected", () => {
      const cause = "its WebSocket cannot be reached: it is down, or its certificate or this page's policy forbids it";
      if (!this.standing.known) {
        this.#notYet(cause);
      }
      for (const call of [...this.calls]) {
        call.unplugged();
      }
    });
  }

  /** @param {string} cause @param {boolean} [trying] */
  #notYet(cause, trying = this.standing.trying) {
    this.#now({ known: false, cause, trying });
    this.#first?.(new PhoneError("RegistrationFailed", `the exchange did not take the registration: ${cause}`));
  }

  /** @param {any} response @param {string} cause */
  #failed(response, cause) {
    const status = response?.status_code;
    const why = status ? causeOf(cause, response) : cause;
    const trying = !REFUSED.includes(status);
    if (trying) {
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
      this.#failures += 1;
      const wanted = Math.min(Number(response?.getHeader("retry-after")) || 0, LONGEST_RETRY_AFTER_S) * 1000;
      this.#retryAt = Date.now() + Math.max(wanted, pause * (0.5 + Math.random() / 2));
    } else {
      queueMicrotask(() => this.agent.unregister()); // or JsSIP would try again with the next socket
    }
    this.#notYet(why, trying);
  }

  /** @param {Omit<Standing, "since">} standing */
  #now(standing) {
    const { known, cause, since } = this.standing;
    const same = known === standing.known && cause === standing.cause;
    this.standing = { ...standing, since: same ? since : Date.now() };
    const told = `${standing.known} ${standing.trying}`;
    if (told !== this.#told && !this.#over) {
      this.#told = told;
      this.#events.changed(this.standing);
    }
  }

  #later() {
    this.#clock.later(() => {
      if (!this.#over) {
        this.#tick();
        this.#later();
      }
    }, TICK_MS);
  }

  #tick() {
    const now = Date.now();
    const slept = now - this.#lastTick > TICK_MS + SLEPT_MS;
    const setBack = now < this.#lastTick;
    this.#lastTick = now;
    if (setBack) {
      this.#connectingSince = now;
      this.#socket.heardAt = now;
      this.#ping.at = 0;
    }
    if (slept || setBack) {
      this.test();
      return;
    }
    const { transport } = this.agent;
    if (transport.isConnecting()) {
      if (now - this.#connectingSince > CONNECT_MS) {
        this.#reconnect();
      }
    } else if (transport.isConnected()) {
      this.#attend(now);
    }
  }

  /** What is due while the socket is open. @param {number} now */
  #attend(now) {
    const { heard, heardAt } = this.#socket;
    if (this.#test.at && now - this.#test.at > TEST_MS) {
      this.#test.at = 0;
      if (heard === this.#test.heard) {
        this.#reconnect();
      }
    } else if (this.#retryAt && now >= this.#retryAt) {
      this.#retryAt = 0;
      this.#try();
    } else if (!this.standing.known && this.standing.trying && !this.#retryAt && now - this.#triedAt > UNHEARD_OF_MS) {
      this.#try();
    } else if (this.#ping.at) {
      if (heard !== this.#ping.heard) {
        this.#ping.at = 0;
      } else if (now - this.#ping.at > PONG_MS) {
        this.#ping.at = 0;
        this.test(); // some exchanges answer no ping
      }
    } else if (now - heardAt > QUIET_MS && !this.#test.at) {
      this.#ping = { at: now, heard };
      this.#socket.ping();
    }
  }

  /** Register now, over a socket that is there or is to be opened. */
  #try() {
    const { transport } = this.agent;
    this.#triedAt = Date.now();
    if (transport.isConnected()) {
      this.#test = { at: Date.now(), heard: this.#socket.heard };
      this.agent.register();
    } else {
      transport.connect();
    }
  }

  /** Nobody is at the other end of the socket: take another one. */
  #reconnect() {
    const { transport } = this.agent;
    transport.disconnect();
    transport.connect();
  }
}
