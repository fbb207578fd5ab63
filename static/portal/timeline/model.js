/**
 * From trace entries to spans on a time axis. Pure: entries in, spans and lanes out.
 *
 * A span that has not ended has no `end`. What a page or an interpreter took with it when it went is
 * closed at that time, so that nothing seems to run for ever.
 */

import { FrameReader } from "./frame.js";

/** @typedef {import("./frame.js").Entry} Entry */
/** @typedef {import("./frame.js").Span} Span */
/** @typedef {import("./frame.js").LaneKind} LaneKind */
/** @typedef {{frame: string, kind: LaneKind, title: string, rows: number, spans: Span[]}} Lane */
/** @typedef {{spans: Span[], lanes: Lane[], start: number, end: number, open: boolean}} Timeline */

/** In the order in which a page's lanes lie. @type {Readonly<Record<LaneKind, string>>} */
export const LANES = {
  page: "Page, card",
  boot: "Start",
  event: "Events",
  handler: "Handlers",
  command: "Commands",
  rest: "REST",
  call: "Page calls",
  note: "Notes",
};

const ROWS_MAX = 8;

/**
 * @param {readonly Entry[]} entries in any order: they may overtake each other on their way
 * @returns {Timeline}
 */
export function timelineOf(entries) {
  const frames = grouped(
    [...entries].sort((a, b) => a.at - b.at),
    ({ frame }) => frame ?? "",
  );
  const spans = [...frames].flatMap(([frame, own]) => new FrameReader(frame).read(own));
  spans.sort((a, b) => a.start - b.start);
  const lanes = lanesOf(spans, [...frames.keys()]);
  const start = spans.reduce((least, span) => Math.min(least, span.start), Number.POSITIVE_INFINITY);
  const end = spans.reduce((most, span) => Math.max(most, span.end ?? span.start), 0);
  const open = spans.some((span) => span.end === null && span.lane !== "page");
  return { spans, lanes, start: spans.length > 0 ? start : 0, end, open };
}

/**
 * @param {Span[]} spans by their start
 * @param {string[]} frames
 * @returns {Lane[]}
 */
function lanesOf(spans, frames) {
  const kinds = /** @type {LaneKind[]} */ (Object.keys(LANES));
  const byLane = grouped(spans, ({ frame, lane }) => `${lane} ${frame}`);
  return frames.flatMap((frame) =>
    kinds.flatMap((kind) => {
      const own = byLane.get(`${kind} ${frame}`);
      return own ? [{ frame, kind, title: LANES[kind], rows: stack(own), spans: own }] : [];
    }),
  );
}

/**
 * Gives each span the first row that is free; beyond the last row they overlap.
 * @param {Span[]} spans by their start
 * @returns {number} how many rows there are
 */
function stack(spans) {
  /** @type {number[]} */
  const freeFrom = [];
  for (const span of spans) {
    const free = freeFrom.findIndex((at) => at <= span.start);
    span.row = free >= 0 ? free : Math.min(freeFrom.length, ROWS_MAX - 1);
    freeFrom[span.row] = span.end ?? Number.POSITIVE_INFINITY;
  }
  return Math.max(1, freeFrom.length);
}

/**
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => string} key
 * @returns {Map<string, T[]>} in the order in which the keys came first
 */
function grouped(all, key) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group) {
      group.push(one);
    } else {
      groups.set(key(one), [one]);
    }
  }
  return groups;
}
