/**
 * A line with nobody at its other end: two `RTCPeerConnection`s in the page, with made voices. The
 * media are real, the people are not. It needs no server, no microphone and no click. Where there is no
 * network at all a browser gives its connections no addresses: the two voices then meet in the page itself. In a browser
 * that can make no voice the call is silent, and says so.
 *
 * @module
 */

import { PhoneError } from "./line.js";
import { audioSender, GAP_MS, levelOf, Meter, PAUSE_MS, sendTones, TONE_MS, toneKeys } from "./media.js";
import { keepWorker, listen, loudspeaker, readKeys, readsTracks, unheard, voice } from "./sound.js";

/**
 * @typedef {import("./line.js").LineEvents} LineEvents
 * @typedef {import("./line.js").EndReason} EndReason
 * @typedef {import("./sound.js").Ear} Ear
 * @typedef {import("./sound.js").Source} Source
 */

/**
 * How the other side behaves in a call.
 * @typedef {object} Manners
 * @property {"answers" | "busy" | "refuses" | "rings"} [then]  when it is called; the default is `answers`
 * @property {number} [after_ms]            how long it lets it ring
 * @property {boolean | string[]} [refuses_transfer]  a transfer to anybody, or to these
 */

const OPERATOR_HZ = 130;
const CLIENT_HZ = 190;
const RINGS_AFTER_MS = 100;
const PICKS_UP_AFTER_MS = 600;
const LOOK_EVERY_MS = 20;
const BEGIN_WITHIN_MS = 2000;
/** A recording that does not begin to play by then never does. */
const VOICE_WITHIN_MS = 3000;

/** @param {{later: (callback: () => void, ms: number) => void}} clock */
export function loopbackLine(clock) {
  keepWorker();
  return (/** @type {LineEvents} */ events) => new LoopbackLine(events, clock);
}

class LoopbackLine {
  kind = "loopback";
  /** Those that go on: a call, and a consultation. @type {LoopbackLeg[]} */
  #legs = [];
  #events;
  #clock;

  /** @param {LineEvents} events @param {{later: (callback: () => void, ms: number) => void}} clock */
  constructor(events, clock) {
    this.#events = events;
    this.#clock = clock;
  }

  /** @param {string} number @param {Manners} manners */
  async dial(number, manners) {
    const { then = "answers", after_ms = PICKS_UP_AFTER_MS } = manners;
    const leg = this.#open("outgoing", number, manners);
    this.#legs.push(leg);
    this.#clock.later(
      () => leg.over || leg.answered || this.#events.progress(leg, "ringing"),
      Math.min(RINGS_AFTER_MS, after_ms / 2),
    );
    this.#clock.later(() => {
      if (leg.over) {
        return;
      }
      if (then === "answers") {
        leg.connect().then(
          () => leg.over || this.#events.connected(leg),
          () => leg.end("failed"),
        );
      } else if (then !== "rings") {
        leg.end(then === "busy" ? "busy" : "refused");
      }
    }, after_ms);
    return leg;
  }

  /**
   * Do what the other side would do.
   * @param {{does?: "call" | "hang_up", number?: string} & Manners} what
   */
  async simulate({ does, number = "", ...manners }) {
    if (does === "call") {
      const leg = this.#open("incoming", number, manners);
      const taken = this.#events.incoming(leg);
      taken && this.#legs.push(leg);
      return { taken };
    }
    if (does === "hang_up") {
      const leg = this.#legs.findLast(({ over }) => !over);
      await leg?.end(leg.answered || leg.direction === "outgoing" ? "far_hung_up" : "missed");
      return { taken: true };
    }
    throw new PhoneError("TypeError", `does is ${JSON.stringify(does)}: the other side can call or hang_up`);
  }

  async close() {
    for (const leg of this.#legs) {
      await leg.end("hung_up");
    }
  }

  /** @param {"incoming" | "outgoing"} direction @param {string} number @param {Manners} manners */
  #open(direction, number, manners) {
    this.#legs = this.#legs.filter(({ over }) => !over);
    return new LoopbackLeg(direction, number, manners, this.#events, this.#clock);
  }
}

class LoopbackLeg {
  direction;
  number;
  over = false;
  answered = false;
  /** There is no sound in it: this browser can make none. */
  silent = false;
  /** The operator's end; none where the voices meet without one. @type {RTCPeerConnection | null} */
  connection = null;
  /** The client's end. @type {RTCPeerConnection | null} */
  #far = null;
  /** @type {{operator: Source, client: Source} | null} */
  #voices = null;
  /** What plays or hears sound, each to be stopped. @type {Array<() => void>} */
  #ears = [];
  /** When each key that comes from then on is read at the client's end. @type {Promise<void>} */
  #keysRead = Promise.resolve();
  /** The client's ear, where there is no connection that counts how loud it is. @type {Ear | null} */
  #ear = null;
  /** What is to be undone when the call ends. @type {Array<() => void>} */
  #undo = [() => this.#deafen()];
  #manners;
  #events;
  #clock;
  /** When the last of the tones that were sent without a connection is over, in ms since the epoch. */
  #tonesUntil = 0;
  #held = false;

  /**
   * @param {"incoming" | "outgoing"} direction @param {string} number
   * @param {Manners} manners @param {LineEvents} events
   * @param {{later: (callback: () => void, ms: number) => void}} clock
   */
  constructor(direction, number, manners, events, clock) {
    this.#clock = clock;
    this.direction = direction;
    this.number = number;
    this.#manners = manners;
    this.#events = events;
  }

  async farLevel() {
    if (this.#held) {
      return 0;
    }
    if (this.#ear || !this.#far) {
      return this.#ear?.level() ?? 0;
    }
    return levelOf(this.#far).catch(() => 0); // the call has ended
  }

  answer() {
    return this.connect();
  }

  async hangUp() {
    await this.end(this.direction === "incoming" && !this.answered ? "declined" : "hung_up");
  }

  /** @param {boolean} muted */
  async mute(muted) {
    if (this.#voices) {
      this.#voices.operator.track.enabled = !muted;
    }
  }

  /** @param {boolean} held */
  async hold(held) {
    this.#held = held;
    if (!this.connection) {
      this.#deafen();
      if (!held) {
        this.#meet();
      }
      return;
    }
    for (const transceiver of this.connection?.getTransceivers() ?? []) {
      transceiver.direction = held ? "inactive" : "sendrecv";
    }
    await this.#negotiate();
    if (!held) {
      await this.#flow();
    }
  }

  /** @param {string} target @param {import("./line.js").Leg} [consultation] */
  async transfer(target, consultation) {
    const { refuses_transfer: refuses = false } = this.#manners;
    if (Array.isArray(refuses) ? refuses.includes(target) : refuses) {
      throw new PhoneError("TransferFailed", `${target} did not take the call`);
    }
    if (consultation instanceof LoopbackLeg) {
      await consultation.end("transferred");
    }
    await this.end("transferred");
  }

  /** @param {string} keys @param {RegExp} [allowed] */
  sendTones(keys, allowed) {
    if (this.connection) {
      sendTones(this.connection, keys, allowed);
      return;
    }
    const now = Date.now();
    for (const key of toneKeys(keys, !this.#held, allowed)) {
      if (key === ",") {
        this.#tonesUntil = Math.max(this.#tonesUntil, now) + PAUSE_MS;
        continue;
      }
      this.#tonesUntil = Math.max(this.#tonesUntil + GAP_MS, now) + TONE_MS;
      this.#clock.later(() => this.over || this.#events.heard(this, key), this.#tonesUntil - now);
    }
  }

  /** Let media flow between the two ends. */
  async connect() {
    const voices = await this.#makeVoices();
    if (this.over) {
      throw new PhoneError("NoSuchCall", "the call ended while it was being answered");
    }
    this.#voices = voices;
    if (!voices) {
      this.silent = true;
      console.warn("worker-py: the call is silent: this browser can make no sound of its own");
    } else if (navigator.onLine && "RTCPeerConnection" in globalThis) {
      await this.#connectPeers(voices.operator, voices.client);
    } else {
      this.#meet();
    }
    if (this.over) {
      throw new PhoneError("NoSuchCall", "the call ended while it was being answered");
    }
    this.answered = true;
  }

  /** @returns {Promise<{operator: Source, client: Source} | null>} nothing where no voice can be made */
  async #makeVoices() {
    const late = new Promise((resolve) => this.#clock.later(() => resolve(null), VOICE_WITHIN_MS));
    const made = Promise.all([this.#source(OPERATOR_HZ), this.#source(CLIENT_HZ)]).then(
      ([operator, client]) => ({ operator, client }),
      () => null,
    );
    return Promise.race([made, late]);
  }

  /** @param {Source} operator @param {Source} client @returns {Promise<void>} when media may flow */
  async #connectPeers(operator, client) {
    const near = this.#peer();
    const far = this.#peer();
    this.connection = near;
    this.#far = far;
    const candidates = join(near, far);
    near.addTransceiver(operator.track, { direction: "sendrecv" });
    // A track comes anew, as the same one, after each hold: it is attended to once.
    const known = new WeakSet();
    /** @param {MediaStreamTrack} track */
    const isNew = (track) => !known.has(track) && known.add(track);
    near.ontrack = ({ track }) => isNew(track) && this.#ears.push(loudspeaker(track));
    far.ontrack = ({ track, receiver }) => isNew(track) && this.#receive(track, receiver, near);
    const connected = this.#whenConnected(near, candidates);
    await this.#negotiate(client.track);
    await connected;
    await this.#flow();
  }

  /** The client's end. @param {MediaStreamTrack} track @param {RTCRtpReceiver} receiver @param {RTCPeerConnection} near */
  #receive(track, receiver, near) {
    const keys = readKeys(receiver, audioSender(near)?.dtmf, (key) => this.#events.heard(this, key));
    this.#keysRead = keys.begun;
    this.#ears.push(unheard(track), keys.stop);
    if (readsTracks()) {
      this.#hear(track);
    }
  }

  /** Wait until the client's end gets what the operator's sends; not for ever. */
  async #flow() {
    const far = this.#far;
    if (!far) {
      return; // the voices meet in this page
    }
    let late = false;
    this.#clock.later(() => {
      late = true;
    }, BEGIN_WITHIN_MS);
    const received = async () => (await new Meter().read(far)).packets_received;
    const before = await received();
    let keysRead = false;
    this.#keysRead.then(() => {
      keysRead = true;
    });
    while (!late && !this.over && !this.#held && this.#far === far && !(keysRead && (await received()) > before)) {
      await new Promise((resolve) => this.#clock.later(() => resolve(null), LOOK_EVERY_MS));
    }
  }

  /** The connections have no way to each other, or no longer: give them up, and let the voices meet in this page. */
  #unplug() {
    this.connection?.close();
    this.#far?.close();
    this.connection = null;
    this.#far = null;
    this.#deafen();
    if (!this.#held) {
      this.#meet();
    }
  }

  #meet() {
    if (!this.#voices) {
      return;
    }
    const { operator, client } = this.#voices;
    this.#ears.push(loudspeaker(client.track));
    this.#hear(operator.track);
  }

  /** At the client's end. @param {MediaStreamTrack} track */
  #hear(track) {
    this.#ear = listen(track);
    this.#ears.push(this.#ear.stop);
  }

  #deafen() {
    for (const stop of this.#ears.splice(0)) {
      stop();
    }
    this.#ear = null;
  }

  /** @param {EndReason} reason */
  async end(reason) {
    if (this.over) {
      return;
    }
    this.over = true;
    for (const undo of this.#undo) {
      undo();
    }
    this.#events.ended(this, reason);
  }

  /** Agree on the media of both ends. @param {MediaStreamTrack} [answer] what the client's end sends from now on */
  async #negotiate(answer) {
    const near = /** @type {RTCPeerConnection} */ (this.connection);
    const far = /** @type {RTCPeerConnection} */ (this.#far);
    await near.setLocalDescription();
    await far.setRemoteDescription(/** @type {RTCSessionDescription} */ (near.localDescription));
    if (answer) {
      const [transceiver] = far.getTransceivers();
      transceiver.direction = "sendrecv";
      await transceiver.sender.replaceTrack(answer);
    }
    await far.setLocalDescription();
    await near.setRemoteDescription(/** @type {RTCSessionDescription} */ (far.localDescription));
  }

  /** @param {RTCPeerConnection} connection @param {() => number} candidates found so far @returns {Promise<void>} */
  #whenConnected(connection, candidates) {
    return new Promise((resolve, reject) => {
      this.#undo.push(() => reject(new PhoneError("NoSuchCall", "the call ended while it was being connected")));
      const unplug = () => {
        if (!this.over && this.connection === connection) {
          this.#unplug();
          resolve();
        }
      };
      connection.onconnectionstatechange = () => {
        if (connection.connectionState === "connected") {
          resolve();
        } else if (connection.connectionState === "failed") {
          unplug();
        }
      };
      connection.onicegatheringstatechange = () => {
        if (connection.iceGatheringState === "complete" && candidates() === 0) {
          unplug();
        }
      };
      addEventListener("offline", unplug);
      this.#undo.push(() => removeEventListener("offline", unplug));
    });
  }

  #peer() {
    const peer = new RTCPeerConnection({ iceServers: [] });
    this.#undo.push(() => peer.close());
    return peer;
  }

  /** @param {number} pitch */
  async #source(pitch) {
    const source = await voice(pitch);
    if (this.over) {
      source.stop();
    } else {
      this.#undo.push(() => source.stop());
    }
    return source;
  }
}

/**
 * Let two ends in one page find each other.
 * @param {RTCPeerConnection} one @param {RTCPeerConnection} other
 * @returns {() => number} how many addresses they have found
 */
function join(one, other) {
  let found = 0;
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    from.onicecandidate = ({ candidate }) => {
      found += candidate?.candidate ? 1 : 0;
      if (candidate && to.signalingState !== "closed") {
        to.addIceCandidate(candidate).catch(() => {}); // one way of several
      }
    };
  }
  return () => found;
}
