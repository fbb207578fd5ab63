/**
 * A line to a telephone exchange: SIP over WebSocket by JsSIP, media by WebRTC.
 *
 * @module
 */

import { PhoneError } from "./line.js";
import { Registration } from "./registration.js";
import { HAS_AUDIO, mediaOf, numberOf, SipLeg, soundOf, waysOf } from "./sip_leg.js";

/**
 * @typedef {import("./line.js").LineEvents} LineEvents
 * @typedef {{later: (callback: () => void, ms: number) => void}} Clock
 */

/** @typedef {import("./line.js").Account} Account */

const BUSY_HERE = 486;
const NOT_ACCEPTABLE_HERE = 488;

/** @param {Clock} clock one that keeps time in a hidden frame */
export function jssipLine(clock) {
  return (/** @type {LineEvents} */ events) => new JssipLine(events, clock);
}

class JssipLine {
  kind = "jssip";
  /** The account that worked last. @type {Registration | null} */
  #active = null;
  /** One that has not worked yet. @type {Registration | null} */
  #candidate = null;
  /** Those before, which may still have a call. @type {Set<Registration>} */
  #retired = new Set();
  #events;
  #clock;

  /** @param {LineEvents} events @param {Clock} clock */
  constructor(events, clock) {
    this.#events = events;
    this.#clock = clock;
  }

  /** How the account stands at its exchange. */
  get registration() {
    return (this.#active ?? this.#candidate)?.standing ?? null;
  }

  /**
   * Log in to the exchange; resolves when it knows us. An account that worked is kept until this one does.
   * @param {Record<string, any>} params an `Account`
   */
  async register(params) {
    const account = checked(params);
    const candidate = this.#make(account);
    this.#candidate?.stop();
    this.#candidate = candidate;
    try {
      await candidate.start();
    } catch (error) {
      if (!candidate.standing.trying && this.#candidate === candidate) {
        this.#candidate = null;
        candidate.stop();
      }
      throw error;
    }
    return { uri: account.uri };
  }

  /** @param {string} number @param {Record<string, any>} _more @param {AbortSignal} cancelled */
  async dial(number, _more, cancelled) {
    const source = await soundOf(this.#inUse().account, hasCome(cancelled));
    try {
      const registration = this.#inUse(); // another one, perhaps: the operator took time to allow the microphone
      const session = registration.agent.call(number, mediaOf(registration.account, source));
      return new SipLeg("outgoing", number, session, registration, this.#events, this.#clock, { source });
    } catch (error) {
      source.stop();
      throw new PhoneError("TypeError", `${number} cannot be dialled: ${error}`);
    }
  }

  #inUse() {
    if (!this.#active) {
      throw new PhoneError("NotRegistered", "the phone has no account: call phone.register first");
    }
    return this.#active;
  }

  async close() {
    for (const registration of [this.#candidate, this.#active, ...this.#retired]) {
      registration?.stop();
    }
    this.#retired.clear();
    this.#active = null;
    this.#candidate = null;
  }

  /** @param {Account} account */
  #make(account) {
    let quiet = true; // what `register` returns need not be told
    const registration = registrationOf(account, this.#clock, {
      changed: (standing) => {
        if (standing.known && registration === this.#candidate) {
          this.#candidate = null;
          this.#retire();
          this.#active = registration;
        }
        if (!quiet || !standing.known) {
          this.#events.registration(this.#toTell(registration));
        }
        quiet = false;
      },
      rings: (session, request) => this.#rings(session, request, registration),
    });
    return registration;
  }

  /** Calls come in by the account before, for as long as another one is not taken. @param {Registration} changed */
  #toTell(changed) {
    const stands = this.#active?.standing;
    return stands?.known && changed !== this.#active
      ? { ...stands, cause: `another account was not taken: ${changed.standing.cause}` }
      : changed.standing;
  }

  #retire() {
    for (const registration of this.#retired) {
      registration.calls.size === 0 && this.#retired.delete(registration);
    }
    if (this.#active) {
      this.#retired.add(this.#active);
      this.#active.retire();
    }
  }

  /** @param {any} session @param {any} request @param {Registration} registration */
  #rings(session, request, registration) {
    if (request.body && !HAS_AUDIO.test(request.body)) {
      console.warn("worker-py: a call without sound was refused");
      session.terminate({ status_code: NOT_ACCEPTABLE_HERE });
      return;
    }
    const leg = new SipLeg("incoming", numberOf(session), session, registration, this.#events, this.#clock, {
      invitation: request,
    });
    if (!this.#events.incoming(leg)) {
      session.terminate({ status_code: BUSY_HERE });
    }
  }
}

/** @param {AbortSignal} signal @returns {Promise<never>} rejects then */
function hasCome(signal) {
  return new Promise((_, reject) => {
    const cancel = () => reject(new PhoneError("NoSuchCall", "the call was cancelled before it was dialled"));
    signal.aborted ? cancel() : signal.addEventListener("abort", cancel);
  });
}

/** @param {ConstructorParameters<typeof Registration>} what */
function registrationOf(...what) {
  try {
    return new Registration(...what);
  } catch (error) {
    throw new PhoneError("TypeError", `no phone can use this account: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {Record<string, any>} params @returns {Account} */
function checked(params) {
  const { server, uri } = params;
  if (!("RTCPeerConnection" in globalThis)) {
    throw new PhoneError("NotSupported", "this browser has no WebRTC: no call could be answered");
  }
  if (!/^wss?:\/\//.test(String(server))) {
    throw new PhoneError("TypeError", `server is ${JSON.stringify(server)}: give an address such as wss://pbx.example`);
  }
  if (!/^sips?:.+@.+/.test(String(uri))) {
    throw new PhoneError("TypeError", `uri is ${JSON.stringify(uri)}: give an address such as sip:100@pbx.example`);
  }
  const account = /** @type {Account} */ (params);
  try {
    new RTCPeerConnection(waysOf(account)).close();
  } catch (error) {
    throw new PhoneError(
      "TypeError",
      `ice_servers or ice_policy is of no use: ${/** @type {Error} */ (error).message}`,
    );
  }
  return account;
}
