/**
 * How good a call sounds, from what the browser counted.
 *
 * The E-model of ITU-T G.107 in the form that R. G. Cole and J. H. Rosenbluth gave it for packet
 * loss and delay alone ("Voice over IP performance monitoring", ACM SIGCOMM Computer Communication
 * Review 31(2), 2001), with their constants for G.711 with loss concealment. For other codecs it is
 * an approximation. Levels are the categories of satisfaction of ITU-T G.109.
 *
 * @module
 */

/**
 * @typedef {object} Measured  what was counted between two readings
 * @property {number} packets_received
 * @property {number} packets_lost
 * @property {number} delay_ms      mouth to ear, one way, as far as it is known
 */

/**
 * @typedef {object} Quality
 * @property {number | null} mos    1 to 4.5: mean opinion score; `null` when nothing was received
 * @property {number} level         5 very satisfied, 4 satisfied, 3 some and 2 many dissatisfied, 1 nearly all; 0 nothing is heard
 */

const BASE = 94.2;
const DELAY_SLOPE = 0.024;
const LATE_SLOPE = 0.11;
const LATE_MS = 177.3;
const LOSS_WEIGHT = 30;
const LOSS_SCALE = 15;
/** The least rating of each level, from 5 down to 2. */
const LEVELS = [90, 80, 70, 60];

/** @param {Measured} measured @returns {Quality} */
export function quality({ packets_received, packets_lost, delay_ms }) {
  if (packets_received <= 0) {
    return { mos: null, level: 0 };
  }
  const lost = Math.max(0, packets_lost); // late packets are counted back, so that a difference can be negative
  const rating = BASE - delayImpairment(delay_ms) - lossImpairment(lost / (lost + packets_received));
  const below = LEVELS.findIndex((least) => rating >= least);
  return { mos: Math.round(opinion(rating) * 100) / 100, level: below < 0 ? 1 : 5 - below };
}

/** @param {number} ms */
function delayImpairment(ms) {
  return DELAY_SLOPE * ms + (ms > LATE_MS ? LATE_SLOPE * (ms - LATE_MS) : 0);
}

/** @param {number} share of packets, 0 to 1 */
function lossImpairment(share) {
  return LOSS_WEIGHT * Math.log(1 + LOSS_SCALE * share);
}

/** @param {number} rating R of the E-model */
function opinion(rating) {
  if (rating <= 0) {
    return 1;
  }
  return 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating);
}
