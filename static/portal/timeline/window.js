/** What part of the time axis is seen: zoom, pan, fit, follow, and the ticks below it. Pure. */

/** @typedef {{from: number, to: number}} Seen ms since the epoch */
/** @typedef {{start: number, end: number, open: boolean}} Extent */

const SHORTEST_MS = 2;
const LONGEST_MS = 6 * 3_600_000;
/** What is seen at first, and when following. */
export const FIRST_MS = 6000;
/** Room after the newest span while following. */
const LEAD = 0.04;

/**
 * @param {Seen} seen
 * @param {number} factor below 1 shows less, larger
 * @param {number} [around] the time that stays where it is; the middle when left out
 * @returns {Seen}
 */
export function zoomed({ from, to }, factor, around = (from + to) / 2) {
  const length = to - from;
  const wanted = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, length * factor));
  const share = (around - from) / length;
  const start = around - share * wanted;
  return { from: start, to: start + wanted };
}

/** @param {Seen} seen @param {number} ms @returns {Seen} */
export function panned({ from, to }, ms) {
  return { from: from + ms, to: to + ms };
}

/** @param {Extent} extent @returns {Seen} all there is, with a margin */
export function fitted({ start, end }) {
  const length = Math.max(end - start, 50);
  return { from: start - length * 0.02, to: start + length * 1.04 };
}

/**
 * The newest part, as long as what is seen now; from its beginning as long as it is shorter. When nothing runs, it stops
 * behind the last span.
 * @param {Seen} seen
 * @param {Extent} extent
 * @param {number} now
 * @returns {Seen}
 */
export function followed({ from, to }, { start, end, open }, now) {
  const length = to - from;
  const last = open ? now : Math.min(now, end);
  const until = Math.max(last + length * LEAD, start + length * (1 - LEAD));
  return { from: until - length, to: until };
}

/**
 * Moves as little as possible so that a span can be seen.
 * @param {Seen} seen
 * @param {number} start
 * @param {number} end
 * @returns {Seen}
 */
export function revealing(seen, start, end) {
  const length = seen.to - seen.from;
  const margin = length * 0.08;
  if (start >= seen.from && Math.min(end, start + length / 2) <= seen.to) {
    return seen;
  }
  const from = start < seen.from ? start - margin : Math.min(start - margin, end + margin - length);
  return { from, to: from + length };
}

/**
 * @param {Seen} seen
 * @param {number} zero what counts as 0 s
 * @param {number} width in pixels
 * @returns {{at: number, label: string}[]}
 */
export function ticks({ from, to }, zero, width) {
  const wanted = Math.max(2, Math.floor(width / 90));
  const rough = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10);
  const first = Math.ceil((from - zero) / step);
  const count = Math.floor((to - zero) / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_unused, index) => {
    const offset = (first + index) * step;
    return { at: zero + offset, label: offsetWords(offset, step) };
  });
}

/**
 * @param {number} ms since the beginning
 * @param {number} [step] how fine it has to be
 * @returns {string} e.g. `1.25 s`
 */
export function offsetWords(ms, step = 1) {
  const digits = Math.max(0, Math.min(4, 3 - Math.floor(Math.log10(step))));
  const sign = ms < 0 ? "−" : "";
  const size = Math.abs(ms);
  if (size < 60_000) {
    return `${sign}${(size / 1000).toFixed(digits)} s`;
  }
  const seconds = ((size % 60_000) / 1000).toFixed(digits);
  return `${sign}${Math.floor(size / 60_000)}:${seconds.padStart(digits > 0 ? digits + 3 : 2, "0")}`;
}
