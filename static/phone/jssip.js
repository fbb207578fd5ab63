/**
 * A line to a telephone exchange: SIP over WebSocket by JsSIP, media by WebRTC.
 *
 * @module
 */

import { UA, WebSocketInterface } from "./jssip_library.js";
import { PhoneError } from "./line.js";
import { loudspeaker, microphone, voice } from "./sound.js";

/**
 * @typedef {import("./line.js").LineEvents} LineEvents
 * @typedef {import("./line.js").EndReason} EndReason
 * @typedef {import("./sound.js").Source} Source
 * @typedef {any} Session  JsSIP's RTCSession: an event emitter of Node, which the types here do not know
 */

/**
 * What `phone.register` takes.
 * @typedef {object} Account
 * @property {string} server         the exchange's WebSocket, such as `wss://pbx.example/ws`
 * @property {string} uri            the operator's address, such as `sip:100@pbx.example`
 * @property {string} [password]
 * @property {string} [user]         name for authentication, where it is not the address's
 * @property {RTCIceServer[]} [ice_servers]
 * @property {"microphone" | "generated"} [audio]  what the other side hears; `generated` is for tests
 * @property {number} [expires_s]    how long a registration lasts; it is renewed in time
 */

const EXPIRES_S = 600;
const GENERATED_HZ = 150;
const BUSY_HERE = 486;
/** JsSIP's causes, of calls that never were connected. @type {Record<string, EndReason>} */
const CAUSES = {
  Busy: "busy",
  Rejected: "refused",
  Unavailable: "refused",
  "Not Found": "refused",
  "Address Incomplete": "refused",
  "No Answer": "missed",
  Expires: "missed",
};

/** @param {LineEvents} events */
export function jssipLine(events) {
  return new JssipLine(events);
}

class JssipLine {
  kind = "jssip";
  /** @type {InstanceType<typeof UA> | null} */
  #agent = null;
  /** @type {Account | null} */
  #account = null;
  #events;

  /** @param {LineEvents} events */
  constructor(events) {
    this.#events = events;
  }

  /** Log in to the exchange; resolves when it knows us. @param {Record<string, any>} params an `Account` */
  async register(params) {
    const account = checked(params);
    await this.close();
    const agent = new UA({
      sockets: [new WebSocketInterface(account.server)],
      uri: account.uri,
      password: account.password,
      authorization_user: account.user,
      register_expires: account.expires_s ?? EXPIRES_S,
      session_timers: false,
    });
    this.#agent = agent;
    this.#account = account;
    agent.on("newRTCSession", (/** @type {any} */ { originator, session }) => {
      if (String(originator) === "remote") {
        this.#incoming(session, account);
      }
    });
    try {
      await registered(agent);
    } catch (error) {
      agent.stop();
      this.#agent = null;
      throw error;
    }
    this.#watch(agent);
    return { uri: account.uri };
  }

  /** @param {string} number */
  async dial(number) {
    const account = this.#account;
    if (!this.#agent || !account) {
      throw new PhoneError("NotRegistered", "the phone has no account: call phone.register first");
    }
    const source = await soundOf(account);
    try {
      const session = this.#agent.call(number, mediaOf(account, source));
      return new JssipLeg("outgoing", number, session, account, this.#events, source);
    } catch (error) {
      source.stop();
      throw new PhoneError("TypeError", `${number} cannot be dialled: ${error}`);
    }
  }

  async close() {
    const agent = this.#agent;
    this.#agent = null;
    agent?.stop(); // ends its calls, and tells the exchange
  }

  /** Tell when the exchange no longer knows us, and when it does again. @param {InstanceType<typeof UA>} agent */
  #watch(agent) {
    let known = true;
    const now = (/** @type {boolean} */ knows, /** @type {string} */ cause) => {
      if (known !== knows && this.#agent === agent) {
        known = knows;
        this.#events.registration(known, cause);
      }
    };
    agent.on("registered", () => now(true, ""));
    agent.on("unregistered", () => now(false, "unregistered"));
    agent.on("registrationFailed", ({ cause }) => now(false, String(cause)));
  }

  /** @param {Session} session @param {Account} account */
  #incoming(session, account) {
    const leg = new JssipLeg("incoming", session.remote_identity.uri.user, session, account, this.#events);
    if (!this.#events.incoming(leg)) {
      session.terminate({ status_code: BUSY_HERE });
    }
  }
}

class JssipLeg {
  direction;
  number;
  #session;
  #account;
  #events;
  /** @type {Array<() => void>} */
  #undo = [];
  #transferred = false;
  /** Rejects when the call ends, for those that wait for something in it. @type {Promise<never>} */
  #over;

  /**
   * @param {"incoming" | "outgoing"} direction @param {string} number @param {Session} session
   * @param {Account} account @param {LineEvents} events @param {Source} [source]
   */
  constructor(direction, number, session, account, events, source) {
    this.direction = direction;
    this.number = number;
    this.#session = session;
    this.#account = account;
    this.#events = events;
    if (source) {
      this.#undo.push(() => source.stop());
    }
    /** @type {(error: Error) => void} */
    let over = () => {};
    this.#over = new Promise((_, reject) => {
      over = reject;
    });
    this.#over.catch(() => {});
    const ended = (/** @type {any} */ { originator, cause }, /** @type {boolean} */ wasConnected) => {
      over(new PhoneError("NoSuchCall", `the call ended meanwhile: ${cause}`));
      this.#ended(this.#reason(String(originator), String(cause), wasConnected));
    };
    session.on("ended", (/** @type {any} */ end) => ended(end, true));
    session.on("failed", (/** @type {any} */ end) => ended(end, false));
    // To follow it would let the other side place calls with our account.
    session.on("refer", (/** @type {{reject: () => void}} */ { reject }) => reject());
    session.on("accepted", () => direction === "outgoing" && events.connected(this));
    if (session.connection) {
      this.#play(session.connection);
    } else {
      session.on("peerconnection", (/** @type {any} */ { peerconnection }) => this.#play(peerconnection));
    }
  }

  /** @returns {RTCPeerConnection | null} */
  get connection() {
    return this.#session.connection ?? null;
  }

  async answer() {
    const source = await soundOf(this.#account);
    this.#undo.push(() => source.stop());
    const confirmed = new Promise((resolve) => this.#session.once("confirmed", resolve));
    this.#session.answer(mediaOf(this.#account, source));
    await Promise.race([confirmed, this.#over]);
  }

  async hangUp() {
    if (!this.#session.isEnded()) {
      this.#session.terminate();
    }
  }

  /** @param {boolean} muted */
  async mute(muted) {
    const audio = { audio: true };
    muted ? this.#session.mute(audio) : this.#session.unmute(audio);
  }

  /** @param {boolean} held */
  async hold(held) {
    for (const transceiver of this.connection?.getTransceivers() ?? []) {
      transceiver.direction = held ? "inactive" : "sendrecv"; // JsSIP alone would go on sending silence
    }
    const agreed = new Promise((resolve, reject) => {
      const begun = held ? this.#session.hold({}, resolve) : this.#session.unhold({}, resolve);
      if (!begun) {
        reject(new PhoneError("NotPossible", "the call is being changed already: try again"));
      }
    });
    await Promise.race([agreed, this.#over]);
  }

  /** @param {string} target */
  async transfer(target) {
    const taken = new Promise((resolve, reject) => {
      const refused = (/** @type {any} */ end) =>
        reject(new PhoneError("TransferFailed", `${target} did not take the call: ${wordsOf(end)}`));
      this.#session.refer(target, {
        eventHandlers: { accepted: resolve, failed: refused, requestFailed: refused },
      });
    });
    await Promise.race([taken, this.#over]);
    this.#transferred = true;
    await this.hangUp();
  }

  /** @param {RTCPeerConnection} connection */
  #play(connection) {
    connection.addEventListener("track", ({ track }) => this.#undo.push(loudspeaker(track)));
  }

  /** @param {EndReason} reason */
  #ended(reason) {
    for (const undo of this.#undo) {
      undo();
    }
    this.#undo = [];
    this.#events.ended(this, reason);
  }

  /** @param {string} originator @param {string} cause @param {boolean} wasConnected @returns {EndReason} */
  #reason(originator, cause, wasConnected) {
    if (this.#transferred) {
      return "transferred";
    }
    if (originator === "local" && (wasConnected || this.direction === "outgoing")) {
      return "hung_up";
    }
    if (wasConnected) {
      return originator === "remote" ? "far_hung_up" : "failed";
    }
    if (this.direction === "incoming") {
      return originator === "local" ? "declined" : "missed";
    }
    return CAUSES[cause] ?? "failed";
  }
}

/** @param {Record<string, any>} params @returns {Account} */
function checked(params) {
  const { server, uri } = params;
  if (!/^wss?:\/\//.test(String(server))) {
    throw new PhoneError("TypeError", `server is ${JSON.stringify(server)}: give an address such as wss://pbx.example`);
  }
  if (!/^sips?:.+@.+/.test(String(uri))) {
    throw new PhoneError("TypeError", `uri is ${JSON.stringify(uri)}: give an address such as sip:100@pbx.example`);
  }
  return /** @type {Account} */ (params);
}

/** @param {InstanceType<typeof UA>} agent @returns {Promise<void>} */
function registered(agent) {
  return new Promise((resolve, reject) => {
    const failed = (/** @type {string} */ why) =>
      reject(new PhoneError("RegistrationFailed", `the exchange did not take the registration: ${why}`));
    agent.on("registered", () => resolve());
    agent.on("registrationFailed", ({ cause }) => failed(String(cause)));
    agent.on("disconnected", () => failed("its WebSocket cannot be reached"));
    agent.start();
  });
}

/** @param {Account} account */
function soundOf({ audio }) {
  return audio === "generated" ? voice(GENERATED_HZ) : microphone();
}

/** @param {Account} account @param {Source} source */
function mediaOf({ ice_servers = [] }, { track }) {
  return { mediaStream: new MediaStream([track]), pcConfig: { iceServers: ice_servers } };
}

/** @param {any} end of a transfer, as JsSIP tells it */
function wordsOf(end) {
  return String(end?.cause ?? end?.status_line?.reason_phrase ?? "refused");
}
