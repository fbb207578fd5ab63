/**
 * What an operator sends when something does not work: one text to copy, free of what is personal.
 *
 * Loaded when it is asked for. The page with `?support` asks the hidden pages of its browser for theirs.
 *
 * @module
 */

import { diagnose, statistics } from "./diagnostics.js";
import { browserOf, short } from "./report_entry.js";
import { masked } from "./trace.js";

/** @typedef {import("./diagnostics.js").Parts & {build: string, trace: import("./trace.js").Trace}} Parts */

const LAST = 60;
const LINE_CHARS = 300;
const COUNTS_CHARS = 2000;
const SHOWN = new Set(["kind", "name", "event", "outcome", "duration_ms", "ending", "phases", "level"]);

/**
 * What runs, what is wrong, and what happened last. No words of an exception, of the app or the portal: reports go by their
 * kind, the trace by names and times.
 * @param {Parts} parts
 * @param {{agent: string, now: number}} [at]
 */
export function supportText(parts, { agent, now } = { agent: navigator.userAgent, now: Date.now() }) {
  const told = diagnose(parts);
  const { name, version } = browserOf(agent);
  const ended = told.workers.ended.map((text) => text.split(":", 1)[0]);
  const problems = told.problems.map((problem) => `problem: ${firstSentence(problem)}`);
  const who = `worker-py ${parts.build}, page ${parts.page}`; // ours, with digits that might be taken for a number's
  const lines = [
    `${name} ${version}`,
    `state ${told.state}, client ${told.client ?? "none"}, host ${told.host.mode} (${told.host.reason})`,
    `boot ${JSON.stringify(told.boot)}${told.plain_boot ? ", without the snapshot" : ""}`,
    `workers ${told.workers.started}, ended: ${ended.join(", ") || "none"}`,
    ...(problems.length > 0 ? problems : ["no problem is known"]),
  ];
  const { page: _, ...counts } = statistics(parts);
  const reported = told.reports.slice(-LAST).map(reportLine);
  const traced = parts.trace.entries().slice(-LAST).map(traceLine);
  const times = [...reported, ...traced].map(([at, text]) => `${clock(at)} ${bounded(text)}`);
  const counted = bounded(`counts ${JSON.stringify(counts)}`, COUNTS_CHARS);
  const own = [who, ...phoneLine(told.phone)];
  return [...own, ...lines.map((line) => bounded(line)), counted, `at ${new Date(now).toISOString()}`, ...times].join(
    "\n",
  );
}

/** Not the exchange's words, but the number of its answer. @param {ReturnType<typeof diagnose>["phone"]} phone */
function phoneLine(phone) {
  if (!phone) {
    return [];
  }
  const where = phone.holds ? "here" : `in ${phone.holder ?? "no page"}`;
  if (!phone.registration) {
    return [`phone ${where}`];
  }
  const { known, trying, since, cause } = phone.registration;
  const answer = /\((\d{3}) /.exec(cause)?.[1];
  const why = known
    ? "registered"
    : `not registered${answer ? `, answer ${answer}` : ""}, ${trying ? "tried again" : "given up"}`;
  return [`phone ${where}, ${why}, since ${new Date(since).toISOString()}`];
}

/** When, and what. @typedef {[number, string]} Line */

/** @param {string} line @param {number} [chars] */
const bounded = (line, chars = LINE_CHARS) => masked(line).slice(0, chars).trimEnd();

/** A failure's own words come after the first sentence, and may be anybody's. @param {string} problem */
const firstSentence = (problem) => short(problem.split(/[.:\n]/, 1)[0], 160);

/** @param {number} at */
const clock = (at) => new Date(at).toISOString().slice(11, 23);

/** @param {import("./reports.js").Report} report @returns {Line} */
const reportLine = ({ at, kind, event, count }) => [at, `report ${kind} ${event ?? ""} (${count})`];

/** @param {import("./trace.js").TraceEntry} entry @returns {Line} */
function traceLine({ at, ...entry }) {
  const told = Object.entries(entry).filter(([name, value]) => SHOWN.has(name) && value !== undefined);
  return [at, told.map(([, value]) => (typeof value === "object" ? JSON.stringify(value) : value)).join(" ")];
}
