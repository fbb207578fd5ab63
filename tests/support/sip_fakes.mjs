/**
 * What the SIP phone needs of a browser, for Node: JsSIP itself runs there, against the exchange of `sip_exchange.js`.
 * A `RTCPeerConnection` that carries nothing, and a microphone that the test hands over.
 */

import { deferred, settled, stillClock } from "./fakes.mjs";
import "./sip_exchange.js";

const SDP = [
  "v=0",
  "o=- 1 1 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 0",
  "c=IN IP4 127.0.0.1",
  "",
].join("\r\n");

/** The n-th address that is found. @param {number} n */
export const candidateLine = (n) => `a=candidate:${n} 1 udp 1 192.0.2.1 ${1000 + n} typ host`;

export class FakePeer extends EventTarget {
  /** @type {FakePeer[]} */
  static made = [];
  /** When addresses are found, in ms after the description; a server that does not answer keeps it gathering. @type {number[]} */
  static gathers = [];
  /** Whether media do, once they are agreed on. */
  static findsWay = true;
  signalingState = "stable";
  connectionState = "new";
  iceConnectionState = "new";
  iceGatheringState = "complete";
  /** Of the other side's. @type {any[]} */
  candidates = [];
  /** @type {any} */
  localDescription = null;
  /** @type {any} */
  remoteDescription = null;
  #transceiver = { direction: "sendrecv", currentDirection: /** @type {string | null} */ (null) };
  /** @type {any[]} */
  #senders = [];

  constructor(/** @type {any} */ { iceServers = [], iceTransportPolicy = "all" } = {}) {
    super();
    if (!Array.isArray(iceServers) || !["all", "relay"].includes(iceTransportPolicy)) {
      throw new TypeError("Failed to construct 'RTCPeerConnection'");
    }
    if (iceServers.flatMap(({ urls }) => urls).some((url) => !/^(stun|turn)s?:./.test(url))) {
      throw new DOMException("Failed to construct 'RTCPeerConnection': no valid URL", "SyntaxError");
    }
    FakePeer.made.push(this);
  }

  addTrack(/** @type {any} */ track) {
    this.#senders.push({ track });
  }

  getSenders() {
    return this.#senders;
  }

  getTransceivers() {
    return [this.#transceiver];
  }

  async createOffer() {
    return { type: "offer", sdp: `${SDP}a=${this.#transceiver.direction}\r\n` };
  }

  async createAnswer() {
    return { type: "answer", sdp: `${SDP}a=${this.#transceiver.direction}\r\n` };
  }

  async setLocalDescription(/** @type {any} */ given) {
    const description = given ?? (await this.createOffer());
    this.#describe("local", description.type);
    this.localDescription = description;
    for (const [n, ms] of FakePeer.gathers.entries()) {
      this.iceGatheringState = "gathering";
      setTimeout(() => {
        this.localDescription = { type: description.type, sdp: `${this.localDescription.sdp}${candidateLine(n)}\r\n` };
        this.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate: {} }));
      }, ms);
    }
  }

  /** @param {any} candidate */
  async addIceCandidate(candidate) {
    if (!this.remoteDescription) {
      throw new DOMException("no description", "InvalidStateError");
    }
    this.candidates.push(candidate);
  }

  async setRemoteDescription(/** @type {any} */ { type, sdp }) {
    if (!sdp.startsWith("v=0")) {
      throw new DOMException("no SDP", "OperationError");
    }
    this.#describe("remote", type);
    this.remoteDescription = { type, sdp };
  }

  /** @param {string} whose @param {string} type */
  #describe(whose, type) {
    if (this.signalingState === "closed") {
      throw new DOMException("closed", "InvalidStateError");
    }
    this.signalingState = type === "offer" ? `have-${whose}-offer` : "stable";
    if (type === "answer") {
      this.#transceiver.currentDirection = this.#transceiver.direction;
      this.connectionState = FakePeer.findsWay && this.connectionState === "new" ? "connected" : this.connectionState;
    }
    queueMicrotask(() => this.dispatchEvent(new Event("signalingstatechange")));
  }

  /** Browsers call those that capture first; Node calls them in their turn. @type {Array<[string, any]>} */
  #first = [];

  addEventListener(/** @type {string} */ name, /** @type {any} */ listener, /** @type {any} */ options) {
    options?.capture ? this.#first.push([name, listener]) : super.addEventListener(name, listener, options);
  }

  /** @param {string} state */
  become(state) {
    this.connectionState = state;
    this.iceConnectionState = state;
    for (const name of ["iceconnectionstatechange", "connectionstatechange"]) {
      let stopped = false;
      const event = Object.assign(new Event(name), { stopImmediatePropagation: () => (stopped = true) });
      for (const [wanted, listener] of this.#first) {
        wanted === name && listener(event);
      }
      stopped || this.dispatchEvent(event);
    }
  }

  async getStats() {
    return new Map();
  }

  close() {
    this.signalingState = "closed";
    this.connectionState = "closed";
  }
}

/** The far end in Node. */
const farEnd = async () => ({
  answer: async () => SDP,
  offer: async () => SDP,
  accept: async () => {},
  close: () => {},
});

/** A microphone that is given when the test says so; `tracks` are those that were given. */
export class Microphone {
  /** @type {Array<{kind: string, enabled: boolean, stopped: boolean, stop: () => void}>} */
  tracks = [];
  /** @type {ReturnType<typeof deferred> | null} */
  asked = null;
  /** Whether the operator is asked each time. */
  asks = false;

  async getUserMedia() {
    if (this.asks) {
      this.asked = deferred();
      await this.asked.promise;
    }
    const track = {
      kind: "audio",
      enabled: true,
      stopped: false,
      stop() {
        this.stopped = true;
      },
    };
    this.tracks.push(track);
    return { getAudioTracks: () => [track] };
  }

  /** How many of its tracks are open. */
  get open() {
    return this.tracks.filter(({ stopped }) => !stopped).length;
  }
}

/** A browser's surroundings and an exchange, made anew. @returns {{exchange: any, microphone: Microphone}} */
export function surroundings() {
  const page = /** @type {any} */ (globalThis);
  page.window = globalThis;
  const events = new EventTarget();
  for (const name of /** @type {const} */ (["addEventListener", "removeEventListener", "dispatchEvent"])) {
    page[name] = events[name].bind(events);
  }
  const microphone = new Microphone();
  FakePeer.made = [];
  FakePeer.gathers = [];
  FakePeer.findsWay = true;
  page.RTCPeerConnection = FakePeer;
  page.RTCSessionDescription = class {
    constructor(/** @type {object} */ given) {
      Object.assign(this, given);
    }
  };
  page.MediaStream = class {
    #tracks;
    constructor(/** @type {unknown[]} */ tracks) {
      this.#tracks = tracks;
    }
    getTracks = () => this.#tracks;
    getAudioTracks = () => this.#tracks;
  };
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: microphone }, configurable: true });
  const exchange = new page.SipExchange();
  exchange.farEnd = farEnd;
  page.exchange = exchange;
  return { exchange, microphone };
}

export const ACCOUNT = { server: "ws://exchange.test", uri: "sip:operator@pbx.test", password: "secret" };

/** All that is under way arrives; SIP goes back and forth several times. */
export async function arrived() {
  for (let turn = 0; turn < 12; turn++) {
    await settled();
  }
}

/** A phone that is registered, at an exchange, with a microphone. @param {import("node:test").TestContext} t */
export async function registeredPhone(t) {
  const { exchange, microphone } = surroundings();
  const clock = stillClock(t);
  const { jssipLine } = await import("../../static/phone/jssip.js");
  const { Phone } = await import("../../static/phone/phone.js");
  /** @type {Array<[string, any]>} */
  const told = [];
  const later = {
    later: (/** @type {() => void} */ callback, /** @type {number} */ ms) => void setTimeout(callback, ms),
  };
  const made = new Phone(
    jssipLine(later),
    (event, payload) => event !== "stats" && told.push([event, payload]),
    later,
    () => 5000,
  );
  t.after(() => made.close());
  await made.run("register", ACCOUNT);
  FakePeer.made = []; // without the one that tried the account's ways
  const pass = async (/** @type {number} */ s, step_ms = 500) => {
    for (let passed = 0; passed < s * 1000; passed += step_ms) {
      clock.tick(step_ms);
      await arrived();
    }
  };
  const ring = async (/** @type {object} */ how = {}) => {
    const id = await exchange.ring(how);
    await arrived();
    return id;
  };
  /** Be called, and answer. */
  const talk = async () => {
    const id = await ring();
    await made.run("answer", {});
    await arrived();
    return id;
  };
  const reasons = () => told.filter(([event]) => event === "ended").map(([, { reason }]) => reason);
  const phase = async () => (await made.state()).phase;
  return { phone: made, exchange, microphone, told, pass, ring, talk, reasons, phase };
}
