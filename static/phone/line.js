/**
 * What a phone stands on: a line, which carries calls, and a leg, which is one of them. `loopback.js`
 * and `jssip.js` are lines; `phone.js` makes a phone of either.
 *
 * @module
 */

/**
 * How a call ended, as handlers of `phone.ended` see it.
 * @typedef {"hung_up" | "far_hung_up" | "declined" | "missed" | "busy" | "refused" | "failed" | "transferred" |
 *   "holder_gone"} EndReason
 */

/**
 * One call, from its first ring to its end.
 * @typedef {object} Leg
 * @property {"incoming" | "outgoing"} direction
 * @property {string} number                            the other side's, or what the line knows of it
 * @property {RTCPeerConnection | null} connection      there while media may flow
 * @property {(muted?: boolean) => Promise<void>} answer  resolves when the call is connected
 * @property {() => Promise<void>} hangUp               decline, cancel or end it, as the moment has it
 * @property {(muted: boolean) => Promise<void>} mute   what we send falls silent
 * @property {(held: boolean) => Promise<void>} hold    no media either way
 * @property {(target: string, consultation?: Leg) => Promise<void>} transfer  resolves when the other side took it, and throws when not;
 *   with a consultation the two others are joined
 * @property {boolean} [heldByFar]                     the other side wants no media for now
 * @property {(keys: string, allowed?: RegExp) => void} [sendTones]      where there is another way than the connection's
 * @property {string} [cause]                          why it ended, in words, where the exchange gave any
 * @property {boolean} [silent]                        there is no sound in it: this browser can make none
 * @property {() => Promise<number>} [farLevel]           how loud the other side hears us, 0 to 1; simulated lines only
 */

/** It rings there, or they let us hear something. @typedef {"ringing" | "early_media"} Stage */

/**
 * What a line says by itself.
 * @typedef {object} LineEvents
 * @property {(leg: Leg) => boolean} incoming     somebody rings; `false`: we are on the phone already
 * @property {(leg: Leg, stage: Stage) => void} progress  of a number that was dialled
 * @property {(leg: Leg) => void} connected       the other side picked up
 * @property {(leg: Leg, next: Leg) => boolean} replaced  the other side has put somebody else in its place; `false`: of no call of ours
 * @property {(leg: Leg, reason: EndReason) => void} ended  exactly once for each leg
 * @property {(standing: Standing) => void} registration  the exchange knows us, or no longer does
 * @property {(leg: Leg, key: string) => void} heard  the other side heard a tone; simulated lines only
 */

/**
 * How an account stands at its exchange.
 * @typedef {object} Standing  of an account at its exchange
 * @property {boolean} known    calls come in
 * @property {string} cause     why not
 * @property {boolean} trying   it goes on trying; when not, another `phone.register` is needed
 * @property {number} since     when it began to be so, in ms since the epoch
 */

/**
 * What carries calls. `register` and `simulate` are for lines that have an account, or nobody at the other end.
 * @typedef {object} Line
 * @property {string} kind
 * @property {(number: string, params: Record<string, any>, cancelled: AbortSignal) => Promise<Leg>} dial
 * @property {(account: Record<string, any>) => Promise<unknown>} [register]
 * @property {(what: Record<string, any>) => Promise<unknown>} [simulate]
 * @property {Standing | null} [registration]
 * @property {() => Promise<void>} close          end everything; the line is of no use afterwards
 */

/**
 * What `phone.register` takes.
 * @typedef {object} Account
 * @property {string} server         the exchange's WebSocket, such as `wss://pbx.example/ws`
 * @property {string} uri            the operator's address, such as `sip:100@pbx.example`
 * @property {string} [password]
 * @property {string} [user]         name for authentication, where it is not the address's
 * @property {RTCIceServer[]} [ice_servers]
 * @property {RTCIceTransportPolicy} [ice_policy]  `relay`: by a TURN server alone
 * @property {"microphone" | "generated"} [audio]  what the other side hears; `generated` is for tests
 * @property {number} [expires_s]    how long a registration lasts; it is renewed in time
 * @property {{quiet_ms?: number, most_ms?: number}} [gather]  how long addresses are looked for
 */

/** An error whose name tells Python what went wrong: `PageCallFailed.name`. */
export class PhoneError extends Error {
  /** @param {string} name @param {string} message */
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}
