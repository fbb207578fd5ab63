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

/**
 * @param {object} options
 * @param {string} options.user                 windows of other users hear nothing
 * @param {() => Telephony} options.telephony   of this window
 * @param {() => number | null} options.hearsMs how long after the others it hears of a call; null: of none
 * @param {import("./other_tabs.js").Channel} [options.channel]
 * @returns {(notice: Notice) => void} tells the other windows
 */
export function joinWindows({ user, telephony, hearsMs, channel = otherTabs(CHANNEL) }) {
  /** @param {Message} message */
  function hear({ user: theirs, notice }) {
    const afterMs = hearsMs();
    if (theirs !== user) {
      return;
    }
    if (notice.what === "take away") {
      telephony().heard(notice);
    } else if (afterMs !== null && afterMs <= IN_TIME_MS) {
      setTimeout(() => telephony().heard(notice), afterMs);
    }
  }
  channel.onmessage = ({ data }) => hear(data);
  return (notice) => channel.postMessage({ user, notice });
}
