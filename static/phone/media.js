/**
 * What a phone does with a call's `RTCPeerConnection`, whoever made it.
 *
 * @module
 */

import { PhoneError } from "./line.js";
import { quality } from "./quality.js";

/**
 * @typedef {object} Counts  since the call's media began
 * @property {number} bytes_sent
 * @property {number} bytes_received
 * @property {number} packets_sent
 * @property {number} packets_received
 * @property {number} packets_lost
 * @property {number} jitter_ms
 * @property {number | null} round_trip_ms   `null` until the other side has reported
 * @property {number} buffer_ms              mean wait in the jitter buffer
 * @typedef {Counts & import("./quality.js").Quality} Reading
 */

const KEYS = /^[0-9A-D*#]+$/;
/** Keys behind a number, with pauses. */
export const BEHIND_NUMBER = /^[0-9A-D*#,]+$/;
/** The least that telephone systems ask for is shorter. */
export const TONE_MS = 160;
export const GAP_MS = 100;
/** What a browser makes of a comma among the keys. */
export const PAUSE_MS = 2000;
/** How long a packet of speech takes to fill. */
const PACKET_MS = 20;

/** @param {RTCPeerConnection} connection @returns {RTCRtpSender | undefined} */
export function audioSender(connection) {
  return connection.getSenders().find(({ track }) => track?.kind === "audio");
}

/**
 * Send the tones of keys, behind those that are still being sent.
 * @param {RTCPeerConnection | null} connection
 * @param {string} keys of `0-9`, `A-D`, `*`, `#`
 * @param {RegExp} [allowed]
 */
export function sendTones(connection, keys, allowed = KEYS) {
  const dtmf = connection && audioSender(connection)?.dtmf;
  toneKeys(keys, dtmf?.canInsertDTMF ?? false, allowed);
  dtmf?.insertDTMF(dtmf.toneBuffer + keys, TONE_MS, GAP_MS); // it replaces what is still to be sent
}

/**
 * @param {string} keys
 * @param {boolean} possible whether tones can be sent now
 * @param {RegExp} [allowed]
 * @returns {string[]} the keys one by one
 * @throws {PhoneError} when they are none, or cannot be sent
 */
export function toneKeys(keys, possible, allowed = KEYS) {
  if (!allowed.test(keys)) {
    throw new PhoneError("TypeError", `${JSON.stringify(keys)} are no keys: give some of 0-9, A-D, * and #`);
  }
  if (!possible) {
    throw new PhoneError("NotPossible", "no tones can be sent now: the call has no audio, or is on hold");
  }
  return [...keys];
}

/** So long nothing may come: a far end that is silent sends something more often, with most codecs. */
const LOST_AFTER_MS = 3500;

/** Whether a call's media still come in. */
export class Flow {
  lost = false;
  #received = -1;
  #since = Date.now();

  /**
   * @param {RTCPeerConnection | null} connection
   * @param {boolean} held nothing is to come, whoever wanted it so
   * @returns {Promise<boolean>} whether that has changed
   */
  async look(connection, held) {
    const received = connection && !held ? (await count(connection)).packets_received : -1;
    if (received < 0 || received !== this.#received || Date.now() < this.#since) {
      this.#since = Date.now(); // the last: the machine's clock was set back
    }
    this.#received = received;
    const lost = Date.now() - this.#since >= LOST_AFTER_MS;
    const changed = lost !== this.lost;
    this.lost = lost;
    return changed;
  }
}

/** What was counted, with the quality between the last reading and this one. */
export class Meter {
  /** @type {Counted | null} */
  #last = null;

  /** @param {RTCPeerConnection} connection @returns {Promise<Reading>} */
  async read(connection) {
    const counted = await count(connection);
    const { waited_ms, played, ...counts } = counted;
    const before = this.#last;
    this.#last = counted;
    const since = played - (before?.played ?? 0);
    // Between two readings, as the rest: one moment without time for anything must not weigh on the whole call.
    const wait_ms = since > 0 ? (waited_ms - (before?.waited_ms ?? 0)) / since : counts.buffer_ms;
    return {
      ...counts,
      ...quality({
        packets_received: counts.packets_received - (before?.packets_received ?? 0),
        packets_lost: counts.packets_lost - (before?.packets_lost ?? 0),
        delay_ms: (counts.round_trip_ms ?? 0) / 2 + wait_ms + PACKET_MS,
      }),
    };
  }
}

/** @typedef {Counts & {waited_ms: number, played: number}} Counted how long samples waited in all, and how many have been played */

/** @param {RTCPeerConnection} connection @returns {Promise<Counted>} */
async function count(connection) {
  /** @type {Map<string, any>} */
  const byType = new Map();
  for (const report of (await connection.getStats()).values()) {
    if ((report.kind ?? "audio") === "audio") {
      byType.set(report.type, report);
    }
  }
  const sent = byType.get("outbound-rtp") ?? {};
  const received = byType.get("inbound-rtp") ?? {};
  const roundTrip = byType.get("remote-inbound-rtp")?.roundTripTime;
  const played = received.jitterBufferEmittedCount ?? 0;
  const waited_ms = (received.jitterBufferDelay ?? 0) * 1000;
  return {
    bytes_sent: sent.bytesSent ?? 0,
    bytes_received: received.bytesReceived ?? 0,
    packets_sent: sent.packetsSent ?? 0,
    packets_received: received.packetsReceived ?? 0,
    packets_lost: received.packetsLost ?? 0,
    jitter_ms: (received.jitter ?? 0) * 1000,
    round_trip_ms: typeof roundTrip === "number" ? roundTrip * 1000 : null,
    buffer_ms: waited_ms / (played || 1),
    waited_ms,
    played,
  };
}

/** How loud what comes in is, 0 to 1, as the connection itself counts. @param {RTCPeerConnection} connection */
export async function levelOf(connection) {
  for (const report of (await connection.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.audioLevel !== undefined) {
      return /** @type {number} */ (report.audioLevel);
    }
  }
  return 0;
}
