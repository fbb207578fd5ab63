/** The timeline in words: the details of one bar, and all bars as a table. */

import { button, element } from "../demo/dom.js";
import { LANES } from "./model.js";
import { durationWords, OUTCOMES, outcomeWords } from "./outcomes.js";
import { offsetWords } from "./window.js";

/** @typedef {import("./model.js").Span} Span */
/** @typedef {import("./model.js").Timeline} Timeline */

/**
 * Where a bar leads.
 * @typedef {object} Ways
 * @property {(cause: string) => void} toLog       the event's group in the log
 * @property {(handler: string) => void} toSource  the handler's line in the editor
 */

/** The table shows so many of the newest rows. */
export const ROWS_SHOWN = 500;

/**
 * @param {HTMLElement} host
 * @param {Span | undefined} span
 * @param {Timeline} timeline
 * @param {(frame: string) => string} pageName
 * @param {Ways} ways
 */
export function showDetails(host, span, timeline, pageName, ways) {
  if (span === undefined) {
    host.replaceChildren(
      element(
        "p",
        { class: "tl-hint" },
        "Point at a bar, or go to one with Tab and the arrow keys, to see what it was.",
      ),
    );
    return;
  }
  const event = span.lane === "event" ? undefined : timeline.spans.find(({ key }) => key === span.cause);
  const rows = [
    ["Outcome", `${OUTCOMES[span.outcome].sign} ${outcomeWords(span) || "none"}`],
    ["Began", `${offsetWords(span.start - timeline.start)} (${timeOfDay(span.start)})`],
    ["Took", durationWords(span.duration) || (span.end === null ? "goes on" : "no time")],
    ["Because of", event ? `${event.name} at ${offsetWords(event.start - timeline.start)}` : ""],
    ["Led to", span.lane === "event" ? consequences(span, timeline) : ""],
    ["Delivered again", span.marks.map((at) => `at ${offsetWords(at - timeline.start)}`).join(", ")],
    ["Details", span.detail],
    ["Page", pageName(span.frame)],
  ];
  host.replaceChildren(
    element(
      "header",
      {},
      element("h3", {}, element("small", {}, LANES[span.lane]), " ", element("code", {}, span.name)),
      ...leads(span, ways),
    ),
    element(
      "dl",
      {},
      ...rows
        .filter(([, value]) => value)
        .flatMap(([name = "", value = ""]) => [element("dt", {}, name), element("dd", {}, value)]),
    ),
  );
}

/** @param {Span} span @param {Ways} ways */
function leads({ lane, name, cause }, { toLog, toSource }) {
  const buttons = [];
  if (cause !== "") {
    buttons.push(button("In the log", {}, () => toLog(cause)));
  }
  if (lane === "handler") {
    buttons.push(button("In the editor", {}, () => toSource(name)));
  }
  return buttons;
}

/** @param {Span} span @param {Timeline} timeline */
function consequences({ cause }, { spans }) {
  return spans
    .filter((one) => one.cause === cause && one.lane !== "event")
    .map(({ name }) => name)
    .join(", ");
}

/**
 * @param {HTMLElement} host
 * @param {Timeline} timeline
 * @param {number} zero
 * @param {(frame: string) => string} pageName
 */
export function showTable(host, timeline, zero, pageName) {
  const { spans } = timeline;
  const shown = spans.slice(-ROWS_SHOWN);
  const titles = ["Began", "Kind", "Name", "Outcome", "Took", "Page"];
  const about =
    shown.length < spans.length ? `The newest ${shown.length} of ${spans.length} bars` : `${spans.length} bars`;
  const head = element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)));
  const body = shown.map((span) =>
    element(
      "tr",
      { "data-outcome": span.outcome },
      element("td", {}, offsetWords(span.start - zero)),
      element("td", {}, LANES[span.lane]),
      element("th", { scope: "row" }, span.name),
      element("td", {}, `${OUTCOMES[span.outcome].sign} ${outcomeWords(span)}`),
      element("td", {}, durationWords(span.duration)),
      element("td", {}, pageName(span.frame)),
    ),
  );
  const caption = element("caption", {}, `${about}, oldest first`);
  host.replaceChildren(element("table", {}, caption, element("thead", {}, head), element("tbody", {}, ...body)));
}

/** @param {number} at */
function timeOfDay(at) {
  return new Date(at).toLocaleTimeString([], { hour12: false });
}
