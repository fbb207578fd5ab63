/**
 * A phone that holds one call at a time, and one more that is made from it, on whatever line: the functions that Python
 * calls, and the events that it hears. A second caller is told that we are busy.
 *
 * @module
 */

import { PhoneError } from "./line.js";
import { BEHIND_NUMBER, Flow, Meter, sendTones } from "./media.js";
import { dialled } from "./number.js";

/**
 * @typedef {import("./line.js").Line} Line
 * @typedef {import("./line.js").Leg} Leg
 * @typedef {import("./line.js").EndReason} EndReason
 * @typedef {import("./media.js").Reading} Reading
 * @typedef {"incoming" | "progress" | "connected" | "ended" | "stats" | "heard" | "registration"} PhoneEvent
 * @typedef {(event: PhoneEvent, payload: Record<string, unknown>) => void} Tell
 * @typedef {(events: import("./line.js").LineEvents) => Line} MakeLine
 */

/**
 * The phone as a page function returns it.
 * @typedef {object} PhoneState
 * @property {string} kind                    of line
 * @property {string | null} call             the phone's id of its call
 * @property {"idle" | "ringing" | "calling" | "connected"} phase
 * @property {"incoming" | "outgoing" | null} direction
 * @property {string | null} number
 * @property {boolean} muted
 * @property {boolean} held
 * @property {Consultation | null} consultation  a second call, made from the first
 * @property {import("./line.js").Standing | null} registration  how the account stands at its exchange
 */

/** @typedef {{call: string, phase: Call["phase"], number: string, muted: boolean, held: boolean}} Consultation */

/**
 * @typedef {object} Call
 * @property {string} id
 * @property {Leg} leg
 * @property {Leg | null} before  the leg whose place this one is taking
 * @property {"ringing" | "calling" | "connected"} phase
 * @property {boolean} muted
 * @property {boolean} held
 * @property {Meter} meter
 * @property {Flow} flow
 * @property {Promise<void> | null} answering
 * @property {boolean | null} agreed  whether it is held, as far as that is known
 * @property {Promise<void>} holding  when the last change of hold is made, or has failed
 * @property {string} tones   to be sent once somebody has answered
 * @property {import("./line.js").Stage | null} stage  how far it has come at the other side
 * @property {() => void} stopTone  the ring-back tone
 * @property {number | null} since   ms since the epoch when it was connected
 */

/** The page functions, without the `phone.` before them. */
export const FUNCTIONS = /** @type {const} */ ([
  "register",
  "call",
  "answer",
  "hangup",
  "mute",
  "hold",
  "dtmf",
  "consult",
  "transfer",
  "retrieve",
  "state",
  "simulate",
]);

/** So often it is looked whether media still come in. */
const LOOK_MS = 500;

export class Phone {
  /** @type {Call | null} */
  #call = null;
  /** A second one, made from the first, which is on hold. @type {Call | null} */
  #consultation = null;
  /** What calls off a number that is being dialled. @type {AbortController | null} */
  #dialling = null;
  /** Calls that ended before `dial` had returned. @type {WeakMap<Leg, EndReason>} */
  #overAtOnce = new WeakMap();
  #line;
  #tell;
  #clock;
  #statsEveryMs;
  #ringBack;

  /**
   * @param {MakeLine} makeLine
   * @param {Tell} tell
   * @param {{later: (callback: () => void, ms: number) => void}} clock one that keeps time in a hidden frame
   * @param {() => number} statsEveryMs how long until the next `phone.stats`
   * @param {() => () => void} [ringBack] lets the operator hear that it rings; what it returns ends that
   */
  constructor(makeLine, tell, clock, statsEveryMs, ringBack = () => () => {}) {
    this.#ringBack = ringBack;
    this.#tell = tell;
    this.#clock = clock;
    this.#statsEveryMs = statsEveryMs;
    this.#line = makeLine({
      incoming: (leg) => this.#incoming(leg),
      progress: (leg, stage) => this.#progress(leg, stage),
      connected: (leg) => this.#connected(leg),
      replaced: (leg, next) => this.#replaced(leg, next),
      ended: (leg, reason) => this.#ended(leg, reason),
      registration: (standing) => this.#tell("registration", { ...standing }),
      heard: (leg, key) => {
        const call = this.#of(leg);
        call && this.#tell("heard", { call: call.id, key });
      },
    });
  }

  /** How the account stands at its exchange. */
  get registration() {
    return this.#line.registration ?? null;
  }

  /**
   * Call one of the functions by its name.
   * @param {(typeof FUNCTIONS)[number]} name
   * @param {any} params an object, or nothing
   * @returns {Promise<unknown>}
   */
  async run(name, params) {
    return this[name](params ?? {});
  }

  /** @returns {Promise<PhoneState & {stats: Reading | null, far_level: number | null, silent: boolean}>} */
  async state() {
    const connection = this.#call?.phase === "connected" ? this.#call.leg.connection : null;
    return {
      ...this.#state(),
      stats: connection ? await new Meter().read(connection) : null, // since the call began
      far_level: (await this.#call?.leg.farLevel?.()) ?? null,
      silent: this.#call?.leg.silent ?? false,
    };
  }

  /** @param {Record<string, any>} account */
  async register(account) {
    if (!this.#line.register) {
      throw new PhoneError("NotSupported", `a ${this.#line.kind} phone has no account to register`);
    }
    return this.#line.register(account);
  }

  /** @param {Record<string, any>} what */
  async simulate(what) {
    if (!this.#line.simulate) {
      throw new PhoneError("NotSupported", `a ${this.#line.kind} phone simulates nothing`);
    }
    return this.#line.simulate(what);
  }

  /** Dial; `phone.connected` or `phone.ended` follows. @param {{number: string} & Record<string, any>} params */
  async call({ number, ...more }) {
    const wanted = dialled(number);
    if (this.#call || this.#dialling) {
      throw new PhoneError("Busy", "the phone is in a call already: hang up first");
    }
    await this.#dial(wanted, more);
    return this.#state();
  }

  /**
   * Put the call on hold and dial somebody else from it. `transfer` then joins the two, `retrieve` goes back.
   * @param {{call?: string, target: string} & Record<string, any>} params
   */
  async consult({ call, target, ...more }) {
    const current = this.#main(call, "consult from");
    const wanted = dialled(target);
    if (!current.held) {
      await this.hold({ call: current.id, held: true });
      this.#main(current.id, "consult from"); // it may have ended meanwhile
    }
    if (this.#consultation || this.#dialling) {
      throw new PhoneError("Busy", "somebody is consulted already: transfer the call, or retrieve it");
    }
    await this.#dial(wanted, more, current);
    return this.#state();
  }

  /** End the consultation, and talk to the other side again. @param {{call?: string}} params */
  async retrieve({ call }) {
    const current = this.#main(call, "retrieve");
    this.#cancelDialling();
    await this.#consultation?.leg.hangUp();
    return this.hold({ call: current.id, held: false });
  }

  /**
   * @param {{number: string, tones: string}} wanted @param {Record<string, any>} more
   * @param {Call} [from] whom it is to be a consultation of
   */
  async #dial({ number, tones }, more, from) {
    const dialling = new AbortController();
    this.#dialling = dialling;
    try {
      const leg = await this.#line.dial(number, more, dialling.signal);
      if (dialling.signal.aborted) {
        await leg.hangUp();
        throw new PhoneError("NoSuchCall", "the call was cancelled before it was dialled");
      }
      const made = this.#begin(leg, "calling");
      made.tones = tones;
      if (from) {
        this.#consultation = made;
      } else {
        this.#call = made;
      }
      const over = this.#overAtOnce.get(leg);
      if (over) {
        this.#ended(leg, over);
      }
    } finally {
      if (this.#dialling === dialling) {
        this.#dialling = null;
      }
    }
  }

  /** Take the call that rings; once is enough, and twice does no harm. @param {{call?: string}} params */
  async answer({ call }) {
    const current = this.#expect(call, ["ringing", "connected"], "answer");
    current.answering ??= current.leg.answer();
    try {
      await current.answering;
    } catch (error) {
      current.answering = null; // the operator may allow the microphone, and try again
      throw error;
    }
    this.#connected(current.leg);
    return this.#state();
  }

  /** End the call, whatever its phase, or both; without one there is nothing to do. @param {{call?: string}} params */
  async hangup({ call }) {
    if (call === undefined) {
      this.#cancelDialling();
    }
    for (const current of [this.#consultation, this.#call]) {
      if (current && (call === undefined || call === current.id)) {
        await current.leg.hangUp();
      }
    }
    return this.#state();
  }

  /** @param {{call?: string, muted: boolean}} params */
  async mute({ call, muted }) {
    const current = this.#expect(call, ["connected"], "mute");
    await current.leg.mute(bool("muted", muted));
    current.muted = muted;
    return this.#state();
  }

  /** One change after the other: what was asked for last holds. @param {{call?: string, held: boolean}} params */
  async hold({ call, held }) {
    const current = this.#expect(call, ["connected"], "hold");
    bool("held", held);
    if (!held && current === this.#call && this.#consultation && !this.#consultation.held) {
      throw new PhoneError("NotPossible", "one can talk to one at a time: hold the consultation, or retrieve the call");
    }
    const changed = current.holding.then(async () => {
      this.#expect(current.id, ["connected"], "hold"); // it may have ended meanwhile
      if (held !== current.agreed) {
        current.agreed = null; // nobody knows, should this fail
        await current.leg.hold(held);
        current.agreed = held;
        current.held = held;
      }
    });
    current.holding = changed.catch(() => {});
    await changed;
    return this.#state();
  }

  /** @param {{call?: string, keys: string}} params */
  async dtmf({ call, keys }) {
    const { leg } = this.#expect(call, ["connected"], "send tones in");
    this.#sendTones(leg, String(keys));
    return this.#state();
  }

  /** @param {Leg} leg @param {string} keys @param {RegExp} [allowed] */
  #sendTones(leg, keys, allowed) {
    leg.sendTones ? leg.sendTones(keys, allowed) : sendTones(leg.connection, keys, allowed);
  }

  /** Send what stood behind the number, as soon as tones can be sent. */
  #sendBehind(/** @type {Call} */ call, /** @type {string} */ tones) {
    if (!this.#has(call) || tones === "") {
      return;
    }
    try {
      this.#sendTones(call.leg, tones, BEHIND_NUMBER);
    } catch {
      this.#clock.later(() => this.#sendBehind(call, tones), LOOK_MS);
    }
  }

  /**
   * Hand the call on and leave it, without a target to whom was consulted; throws `TransferFailed`, and the call goes on,
   * when that is refused.
   */
  async transfer(/** @type {{call?: string, target?: string}} */ { call, target }) {
    const current = this.#main(call, "transfer");
    const consultation = target === undefined ? this.#consultation : null;
    if (consultation) {
      const { leg } = this.#expect(consultation.id, ["connected"], "transfer to");
      await current.leg.transfer(leg.number, leg);
    } else {
      await current.leg.transfer(dialled(target ?? "").number);
    }
    return this.#state();
  }

  /** Hang up and leave the line. */
  async close() {
    this.#cancelDialling();
    await this.#line.close();
  }

  #cancelDialling() {
    this.#dialling?.abort();
    this.#dialling = null;
  }

  // What the line says ----------------------------------------------------------------------------

  /** @param {Leg} leg */
  #incoming(leg) {
    if (this.#call || this.#dialling) {
      return false;
    }
    this.#call = this.#begin(leg, "ringing");
    this.#tell("incoming", { call: this.#call.id, number: leg.number });
    return true;
  }

  /** @param {Leg} leg @param {import("./line.js").Stage} stage */
  #progress(leg, stage) {
    const call = this.#of(leg);
    if (call?.phase !== "calling" || call.stage === stage || call.stage === "early_media") {
      return;
    }
    call.stage = stage;
    call.stopTone();
    call.stopTone = stage === "ringing" ? this.#ringBack() : () => {};
    this.#tell("progress", { call: call.id, stage });
  }

  /** @param {Leg} leg */
  #connected(leg) {
    const call = this.#of(leg);
    if (call && call.phase !== "connected") {
      call.phase = "connected";
      call.since = Date.now();
      call.stopTone();
      this.#tell("connected", { call: call.id, number: leg.number, direction: leg.direction });
      this.#sendBehind(call, call.tones);
      this.#measureLater(call);
    }
  }

  /** Somebody else takes the place of the other side. @param {Leg} leg @param {Leg} next */
  #replaced(leg, next) {
    const call = this.#of(leg);
    if (call?.phase !== "connected" || call.before) {
      return false;
    }
    Object.assign(call, { before: leg, leg: next });
    next.answer(call.muted).then(
      () => {
        Object.assign(call, { before: null, held: false, agreed: false, meter: new Meter(), flow: new Flow() });
        this.#tell("connected", { call: call.id, number: next.number, direction: next.direction });
      },
      () => next.hangUp(),
    );
    return true;
  }

  /** @param {Leg} leg @param {EndReason} reason */
  #ended(leg, reason) {
    const call = this.#of(leg);
    if (!call) {
      this.#overAtOnce.set(leg, reason);
      return;
    }
    if (call.before) {
      Object.assign(call, { before: null, leg: call.before }); // nobody takes its place: all is as it was
      const over = this.#overAtOnce.get(call.leg);
      if (over) {
        this.#ended(call.leg, over);
      }
      return;
    }
    if (call === this.#call) {
      this.#call = this.#consultation; // whom we consulted we still talk to
      this.#cancelDialling();
    }
    this.#consultation = null;
    call.stopTone();
    const seconds = call.since === null ? 0 : (Date.now() - call.since) / 1000;
    const { cause } = call.leg;
    this.#tell("ended", { call: call.id, reason, seconds, ...(cause && { cause }) });
  }

  // The call --------------------------------------------------------------------------------------

  /** @param {Leg} leg @param {"ringing" | "calling"} phase @returns {Call} */
  #begin(leg, phase) {
    return {
      id: crypto.randomUUID(),
      leg,
      before: null,
      phase,
      muted: false,
      held: false,
      agreed: false,
      meter: new Meter(),
      flow: new Flow(),
      answering: null,
      holding: Promise.resolve(),
      tones: "",
      stage: null,
      stopTone: () => {},
      since: null,
    };
  }

  /** @param {Leg} leg @returns {Call | null} */
  #of(leg) {
    return [this.#call, this.#consultation].find((call) => call?.leg === leg) ?? null;
  }

  /** @param {Call} call */
  #has(call) {
    return call === this.#call || call === this.#consultation;
  }

  /** Tell how it sounds, as often as that is wanted, and at once when no sound comes any more, or comes again. */
  #measureLater(/** @type {Call} */ call, waited_ms = 0) {
    const step_ms = Math.min(this.#statsEveryMs(), LOOK_MS);
    this.#clock.later(async () => {
      const { connection, heldByFar } = call.leg;
      if (!this.#has(call) || !connection) {
        return;
      }
      const held = call.agreed !== false || heldByFar === true;
      const changed = await call.flow.look(connection, held);
      const due = waited_ms + step_ms >= this.#statsEveryMs();
      const reading = due || changed ? await call.meter.read(connection) : null;
      if (!this.#has(call)) {
        return;
      }
      if (reading) {
        const media = held ? "held" : call.flow.lost ? "lost" : "flowing";
        this.#tell("stats", { call: call.id, muted: call.muted, held: call.held, media, ...reading });
      }
      this.#measureLater(call, reading ? 0 : waited_ms + step_ms);
    }, step_ms);
  }

  /** The first call, which a consultation is made from. @param {string | undefined} id @param {string} what in words */
  #main(id, what) {
    const current = this.#expect(id ?? this.#call?.id, ["connected"], what);
    if (current !== this.#call) {
      throw new PhoneError("NotPossible", `one cannot ${what} a consultation`);
    }
    return current;
  }

  /**
   * The present call, when it is the one that is meant.
   * @param {string | undefined} id when left out, whom the operator talks to: the consultation, where there is one
   * @param {Array<Call["phase"]>} phases in which it can be done
   * @param {string} what in words
   * @returns {Call}
   */
  #expect(id, phases, what) {
    const call =
      id === undefined
        ? (this.#consultation ?? this.#call)
        : [this.#call, this.#consultation].find((each) => each?.id === id);
    if (!call) {
      throw new PhoneError("NoSuchCall", `there is no call ${id ?? ""} to ${what}; it may have ended`);
    }
    if (!phases.includes(call.phase)) {
      throw new PhoneError("NotPossible", `one cannot ${what} a call that is ${call.phase}`);
    }
    return call;
  }

  /** @returns {PhoneState} */
  #state() {
    const call = this.#call;
    return {
      kind: this.#line.kind,
      ...(call ? told(call) : IDLE),
      direction: call?.leg.direction ?? null,
      consultation: this.#consultation && told(this.#consultation),
      registration: this.registration,
    };
  }
}

const IDLE = Object.freeze({ call: null, phase: "idle", number: null, muted: false, held: false });

/** @param {Call} call @returns {Consultation} */
const told = ({ id, phase, leg, muted, held }) => ({ call: id, phase, number: leg.number, muted, held });

/** @param {string} name @param {unknown} value @returns {boolean} */
function bool(name, value) {
  if (typeof value !== "boolean") {
    throw new PhoneError("TypeError", `${name} is ${JSON.stringify(value)}: give true or false`);
  }
  return value;
}
