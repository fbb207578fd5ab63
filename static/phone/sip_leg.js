/**
 * One call of the SIP phone: a session of JsSIP's, and what it does not do for an operator.
 *
 * @module
 */

import { PhoneError } from "./line.js";
import { causeOf } from "./registration.js";
import { changeDirection, DialogGone, isChanging, restartIce } from "./reinvite.js";
import { loudspeaker, microphone, voice } from "./sound.js";
import { TRICKLES, Trickle } from "./trickle.js";

/**
 * @typedef {import("./line.js").LineEvents} LineEvents
 * @typedef {import("./line.js").EndReason} EndReason
 * @typedef {import("./sound.js").Source} Source
 * @typedef {import("./registration.js").Registration} Registration
 * @typedef {any} Session  JsSIP's RTCSession: an event emitter of Node, which the types here do not know
 * @typedef {{later: (callback: () => void, ms: number) => void}} Clock
 */

const GENERATED_HZ = 150;
/** So much of a caller's number is told. */
const NUMBER_LENGTH = 128;
export const HAS_AUDIO = /^m=audio [1-9]/m;
const PENDING = 491;
const ASKS_WHO = [401, 407];
/** So long a connection may be without a way before another is looked for: most come back by themselves. */
const STUMBLE_MS = 1500;
/** Media of a call that was answered have found a way by then. */
const BEGIN_MS = 15_000;
/** So long another way is looked for. */
const MEND_MS = 30_000;
const LOOK_MS = 500;
/** After a new way was agreed on it has to carry by then. */
const CARRY_MS = 8000;
/** The offer goes so long after the last address that was found, and at the latest. */
const GATHER = { quiet_ms: 1000, most_ms: 2000 };
/** Reasons of calls that never were connected, by JsSIP's causes. @type {Record<string, EndReason>} */
const CAUSES = {
  Busy: "busy",
  Rejected: "refused",
  Unavailable: "refused",
  "Not Found": "refused",
  "Address Incomplete": "refused",
  "Authentication Error": "refused",
  "No Answer": "missed",
  Expires: "missed",
};

export class SipLeg {
  direction;
  number;
  /** Why it ended, where the exchange did not take us for who we are. */
  cause = "";
  #session;
  #registration;
  #events;
  #clock;
  /** @type {Array<() => void>} */
  #undo = [];
  #transferred = false;
  /** The operator, or the page that goes, wanted its end. */
  #hungUp = false;
  #mending = false;
  #trickle;
  /** Rejects when the call ends, for those that wait for something in it. @type {Promise<never>} */
  #over;

  /**
   * @param {"incoming" | "outgoing"} direction @param {string} number @param {Session} session
   * @param {Registration} registration @param {LineEvents} events @param {Clock} clock
   * @param {{source?: Source, invitation?: any}} begun  what is heard of us; what the other side sent
   */
  constructor(direction, number, session, registration, events, clock, { source, invitation }) {
    this.direction = direction;
    this.number = number;
    this.#session = session;
    this.#registration = registration;
    this.#events = events;
    this.#clock = clock;
    if (source) {
      this.#undo.push(() => source.stop());
    }
    /** @type {(error: Error) => void} */
    let over = () => {};
    this.#over = new Promise((_, reject) => {
      over = reject;
    });
    this.#over.catch(() => {});
    const ended = (/** @type {any} */ { originator, cause, message }, /** @type {boolean} */ wasConnected) => {
      if (ASKS_WHO.includes(message?.status_code)) {
        this.cause = causeOf(String(cause), message);
      }
      over(new PhoneError("NoSuchCall", `the call ended meanwhile: ${cause}`));
      this.#ended(this.#reason(String(originator), String(cause), wasConnected));
    };
    registration.calls.add(this);
    session.on("ended", (/** @type {any} */ end) => ended(end, true));
    session.on("failed", (/** @type {any} */ end) => ended(end, false));
    // To follow it would let the other side place calls with our account.
    session.on("refer", (/** @type {{reject: () => void}} */ { reject }) => reject());
    session.on("replaces", (/** @type {any} */ replacement) => this.#replaced(replacement));
    session.on("progress", (/** @type {any} */ { originator, response }) => {
      if (String(originator) === "remote") {
        events.progress(this, response?.body ? "early_media" : "ringing");
      }
    });
    session.on("confirmed", () => clock.later(() => this.connection && this.#mend(this.connection), BEGIN_MS));
    session.on("accepted", () => direction === "outgoing" && this.#accepted());
    for (const change of ["reinvite", "update"]) {
      session.on(change, (/** @type {any} */ { reject }) => isChanging(session) && reject({ status_code: PENDING }));
    }
    this.#trickle = new Trickle(session, invitation);
    this.#limitGathering();
    if (session.connection) {
      this.#attend(session.connection);
    } else {
      session.on("peerconnection", (/** @type {any} */ { peerconnection }) => this.#attend(peerconnection));
    }
  }

  /**
   * The other side has put somebody else in its place: a transfer after it had consulted us.
   * @param {{request: any, accept: (begun: (session: Session) => void) => void, reject: () => void}} replacement
   */
  #replaced({ request, accept, reject }) {
    if (request.body && !HAS_AUDIO.test(request.body)) {
      reject();
      return;
    }
    accept((session) => {
      // JsSIP's own, which is the only one yet, throws where the other side has ended the call before: we would never hear.
      session.removeAllListeners("confirmed");
      session.once("confirmed", () => this.end());
      const next = new SipLeg("incoming", numberOf(session), session, this.#registration, this.#events, this.#clock, {
        invitation: request,
      });
      // JsSIP tells of a session before it can be answered.
      session.once("progress", () => this.#events.replaced(this, next) || session.terminate());
    });
  }

  get heldByFar() {
    return Boolean(this.#session.isOnHold().remote);
  }

  /** @returns {RTCPeerConnection | null} */
  get connection() {
    return this.#session.connection ?? null;
  }

  async answer(muted = false) {
    const source = await soundOf(this.#registration.account, this.#over);
    source.track.enabled = !muted;
    this.#undo.push(() => source.stop());
    const confirmed = new Promise((resolve) => this.#session.once("confirmed", resolve));
    try {
      this.#session.answer(mediaOf(this.#registration.account, source));
    } catch (error) {
      this.#terminate();
      throw new PhoneError("MediaFailed", `the call cannot be answered: ${error}`);
    }
    await Promise.race([confirmed, this.#over]);
    if (muted) {
      await this.mute(true);
    }
  }

  async hangUp() {
    this.end();
  }

  /** The socket is gone, and with it the way by which a call that rings can be answered. */
  unplugged() {
    if (this.direction === "incoming" && this.#session.status < this.#session.C.STATUS_WAITING_FOR_ACK) {
      this.#terminate();
    }
  }

  /** The operator, or the page that goes, wants it so. */
  end() {
    this.#hungUp = true;
    this.#terminate();
  }

  /** @param {boolean} muted */
  async mute(muted) {
    const audio = { audio: true };
    muted ? this.#session.mute(audio) : this.#session.unmute(audio);
  }

  /** @param {boolean} held */
  async hold(held) {
    await this.#change(changeDirection(this.#session, held ? "inactive" : "sendrecv", this.#clock));
  }

  /** @param {string} target @param {import("./line.js").Leg} [consultation] with whom the other side is to be joined */
  async transfer(target, consultation) {
    const other = consultation instanceof SipLeg ? consultation : null;
    if (other) {
      other.#transferred = true; // the other side of that one ends it, as soon as it has this one's
    }
    try {
      await Promise.race([this.#refer(target, other), this.#over]);
    } catch (error) {
      if (other) {
        other.#transferred = false;
      }
      throw error;
    }
    this.#transferred = true;
    other?.end();
    await this.hangUp();
  }

  /** @param {string} target @param {SipLeg | null} other */
  #refer(target, other) {
    return new Promise((resolve, reject) => {
      const refused = (/** @type {any} */ end) =>
        reject(new PhoneError("TransferFailed", `${target} did not take the call: ${wordsOf(end)}`));
      const asked = this.#session.refer(other ? other.#session.remote_identity.uri : target, {
        replaces: other ? other.#session : undefined,
        eventHandlers: { accepted: resolve, failed: refused, requestFailed: refused },
      });
      if (!asked) {
        reject(new PhoneError("NotPossible", "the call cannot be handed on now: try again"));
      }
    });
  }

  // Media -----------------------------------------------------------------------------------------

  /** @param {Promise<void>} change */
  async #change(change) {
    try {
      await Promise.race([change, this.#over]);
    } catch (error) {
      if (error instanceof DialogGone) {
        this.#terminate();
      }
      throw error;
    }
  }

  /** The other side picked up. */
  #accepted() {
    if (this.connection?.getTransceivers().some(({ currentDirection }) => currentDirection !== null) === false) {
      this.#terminate(); // it has agreed to no sound at all
      return;
    }
    this.#events.connected(this);
  }

  /** @param {RTCPeerConnection} connection */
  #attend(connection) {
    this.#trickle.attend(connection);
    /** A track comes anew, as the same one, after each hold. @type {WeakSet<MediaStreamTrack>} */
    const known = new WeakSet();
    connection.addEventListener("track", ({ track }) => {
      if (!known.has(track)) {
        known.add(track);
        this.#undo.push(loudspeaker(track));
      }
    });
    // JsSIP hangs up where a new way may be found: this listener comes before its own.
    const keep = (/** @type {Event} */ event) =>
      connection.iceConnectionState === "failed" && this.#session.isEstablished() && event.stopImmediatePropagation();
    connection.addEventListener("iceconnectionstatechange", keep, { capture: true });
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState === "failed") {
        this.#mend(connection);
      } else if (connection.connectionState === "disconnected") {
        this.#clock.later(() => this.#mend(connection), STUMBLE_MS);
      }
    });
  }

  /** Find another way for the media, or end the call. @param {RTCPeerConnection} connection */
  async #mend(connection) {
    if (this.#mending) {
      return;
    }
    this.#mending = true;
    const until = Date.now() + MEND_MS;
    let refused = false;
    while (broken(connection) && !this.#session.isEnded()) {
      if (this.#registration.agent.isConnected() && !refused) {
        refused = !(await this.#restart(connection));
      }
      if (Date.now() > until || (refused && connection.connectionState === "failed")) {
        this.#terminate();
      }
      await this.#pause(LOOK_MS);
    }
    this.#mending = false;
  }

  /** @param {RTCPeerConnection} connection @returns {Promise<boolean>} whether it is worth another try */
  async #restart(connection) {
    try {
      await this.#change(restartIce(this.#session, this.#clock));
    } catch {
      return !this.#registration.agent.isConnected(); // not refused, but lost
    }
    const until = Date.now() + CARRY_MS;
    while (broken(connection) && Date.now() < until && !this.#session.isEnded()) {
      await this.#pause(LOOK_MS);
    }
    return !broken(connection);
  }

  /** @param {number} ms @returns {Promise<void>} */
  #pause(ms) {
    return new Promise((resolve) => this.#clock.later(resolve, ms));
  }

  /** Let the offer, or the answer, go without a server that does not answer. */
  #limitGathering() {
    const { quiet_ms, most_ms } = { ...GATHER, ...this.#registration.account.gather };
    /** @type {(() => void) | null} */
    let gathering = null;
    let found = 0;
    this.#session.on("icecandidate", (/** @type {{ready: () => void}} */ { ready }) => {
      found += 1;
      const last = found;
      if (ready !== gathering) {
        gathering = ready;
        this.#clock.later(ready, most_ms);
      }
      this.#clock.later(() => last === found && ready(), quiet_ms);
    });
  }

  // The end ---------------------------------------------------------------------------------------

  /** It cannot go on, or is not to. */
  #terminate() {
    if (!this.#session.isEnded()) {
      this.#session.terminate();
    }
  }

  /** @param {EndReason} reason */
  #ended(reason) {
    for (const undo of this.#undo.splice(0)) {
      undo();
    }
    this.connection?.close(); // after an answer that was none JsSIP leaves it open
    this.#events.ended(this, reason);
    this.#registration.release(this);
  }

  /** @param {string} originator @param {string} cause @param {boolean} wasConnected @returns {EndReason} */
  #reason(originator, cause, wasConnected) {
    if (this.#transferred) {
      return "transferred";
    }
    if (originator === "local" && this.#hungUp) {
      return wasConnected || this.direction === "outgoing" ? "hung_up" : "declined";
    }
    if (wasConnected) {
      return originator === "remote" && cause === "Terminated" ? "far_hung_up" : "failed";
    }
    if (this.direction === "incoming") {
      return ["Canceled", "No Answer", "Expires"].includes(cause) ? "missed" : "failed";
    }
    return CAUSES[cause] ?? "failed";
  }
}

/** Whom a session is with, as far as it is told. @param {Session} session */
export function numberOf(session) {
  return String(session.remote_identity.uri.user ?? "").slice(0, NUMBER_LENGTH);
}

/** Whether it has no way, any more or yet. @param {RTCPeerConnection} connection */
function broken({ connectionState }) {
  return connectionState !== "connected" && connectionState !== "closed";
}

/**
 * What the operator says in a call; nothing of it is left open when the call is over before it is there.
 * @param {import("./line.js").Account} account
 * @param {Promise<never>} over rejects when nobody needs it any more
 */
export async function soundOf({ audio }, over) {
  const asked = audio === "generated" ? voice(GENERATED_HZ) : microphone();
  try {
    return await Promise.race([over, asked]);
  } catch (error) {
    asked.then(
      (source) => source.stop(),
      () => {},
    );
    throw error;
  }
}

/** Which ways media may go. @param {import("./line.js").Account} account @returns {RTCConfiguration} */
export function waysOf({ ice_servers = [], ice_policy = "all" }) {
  return { iceServers: ice_servers, iceTransportPolicy: ice_policy };
}

/** @param {import("./line.js").Account} account @param {Source} source */
export function mediaOf(account, { track }) {
  return { mediaStream: new MediaStream([track]), pcConfig: waysOf(account), extraHeaders: TRICKLES };
}

/** @param {any} end of a transfer, as JsSIP tells it */
function wordsOf(end) {
  return String(end?.cause ?? end?.status_line?.reason_phrase ?? "refused");
}
