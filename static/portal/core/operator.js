/**
 * The operator's windows: tabs of one portal, which its server tells of the same calls.
 *
 * Each shows a card of its own. They tell each other by a `BroadcastChannel` what the server would tell them all.
 */

import { otherTabs } from "./other_tabs.js";

/** @typedef {import("./telephony.js").Notice} Notice */
/** @typedef {import("./telephony.js").Telephony} Telephony */
/** @typedef {{user: string, notice: Notice}} Message */

const CHANNEL = "portal-calls";
/** Whoever hears of a call later than this after the first window shows no card. */
const IN_TIME_MS = 100;

export class Operator {
  #channel;
  #user;
  #telephony;
  #hearsMs;

  /**
   * @param {object} options
   * @param {string} options.user                 windows of other users hear nothing
   * @param {() => Telephony} options.telephony   of this window
   * @param {() => number | null} options.hearsMs how long after the others it hears of a call; null: of none
   * @param {import("./other_tabs.js").Channel} [options.channel]
   */
  constructor({ user, telephony, hearsMs, channel = otherTabs(CHANNEL) }) {
    this.#user = user;
    this.#telephony = telephony;
    this.#hearsMs = hearsMs;
    this.#channel = channel;
    channel.onmessage = ({ data }) => this.#hear(data);
  }

  /** @param {Notice} notice */
  tell(notice) {
    this.#channel.postMessage({ user: this.#user, notice });
  }

  /** @param {Message} message */
  #hear({ user, notice }) {
    if (user !== this.#user) {
      return;
    }
    if (notice.what === "take away") {
      this.#telephony().heard(notice);
      return;
    }
    const afterMs = this.#hearsMs();
    if (afterMs !== null && afterMs <= IN_TIME_MS) {
      setTimeout(() => this.#telephony().heard(notice), afterMs);
    }
  }
}
