/**
 * The demo's log: what Python did, in time order.
 *
 * The entries come from the placement page (feed.js). An outcome completes the row of its command.
 */

import { shortName } from "../core/vocabulary.js";
import { isEntry } from "../timeline/frame.js";
import { outcomeOf } from "../timeline/outcomes.js";
import { element, setText } from "./dom.js";

/**
 * One entry of the placement page's trace; `where`: the tab beside this one that told it.
 * @typedef {import("../timeline/frame.js").Entry & {where?: string}} TraceEntry
 */

const ROWS_KEPT = 400;
/** Kinds shown under the event that caused them. */
const NESTED = new Set(["handler", "command", "rest", "call", "printed"]);

/** @type {Readonly<Record<string, string>>} */
const KIND_WORDS = {
  event: "event",
  handler: "handler",
  handled: "no handler",
  command: "command",
  outcome: "outcome",
  rest: "REST",
  call: "page call",
  report: "report",
  printed: "print",
  boot: "start",
  page: "page",
  card: "card",
};

export class LogPanel {
  /** Rows of commands that wait for their outcome. @type {Map<string, HTMLElement>} */
  #waiting = new Map();

  /** What has come since the last animation frame: a burst of events must not lay the list out for each. @type {TraceEntry[]} */
  #queue = [];

  /** @param {HTMLElement} list an ordered list */
  constructor(list) {
    this.list = list;
    list.tabIndex = 0; // it scrolls, so the keyboard has to reach it
  }

  /** @param {unknown} received what a frame posted; anything but a trace entry is ignored */
  add(received) {
    if (!isEntry(received) || (received.kind === "printed" && received.detail === undefined)) {
      return;
    }
    this.#queue.push(received);
    if (this.#queue.length === 1) {
      requestAnimationFrame(() => this.#show());
    } else if (this.#queue.length > 2 * ROWS_KEPT) {
      this.#queue.splice(1, ROWS_KEPT); // a page in the background shows nothing for a while
    }
  }

  /** What Python printed. The trace knows only that it did. @param {{at: number, level: string, handler: string, text: string}} printed */
  printed({ at, level, handler, text }) {
    this.add({ at, kind: "printed", name: handler, detail: text, outcome: level === "info" ? undefined : level });
  }

  /**
   * @param {unknown} received
   * @returns {boolean} whether it shows that the app's Python runs
   */
  static tellsOfPython(received) {
    return isEntry(received) && (received.name === "ready" || NESTED.has(received.kind));
  }

  clear() {
    this.#waiting.clear();
    this.list.replaceChildren();
  }

  /** Shows what has come. */
  #show() {
    const { list } = this;
    const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    for (const entry of this.#queue.splice(0)) {
      this.#showOne(entry);
    }
    while (list.childElementCount > ROWS_KEPT) {
      list.firstElementChild?.remove();
    }
    if (follows) {
      list.scrollTop = list.scrollHeight;
    }
  }

  /** @param {TraceEntry} entry */
  #showOne(entry) {
    if (entry.kind === "outcome" && this.#complete(entry)) {
      return;
    }
    const row = rowOf(entry);
    this.#insert(row, entry.at);
    if (entry.kind === "command" && entry.outcome === undefined) {
      this.#waiting.set(String(entry.id), row);
      if (this.#waiting.size > ROWS_KEPT) {
        this.#waiting.delete(/** @type {string} */ (this.#waiting.keys().next().value));
      }
    }
  }

  /**
   * @param {TraceEntry} entry
   * @returns {boolean}
   */
  #complete(entry) {
    const row = this.#waiting.get(String(entry.id));
    if (row === undefined) {
      return false;
    }
    this.#waiting.delete(String(entry.id));
    row.querySelector(".end")?.replaceWith(endOf(entry));
    return true;
  }

  /**
   * Entries may overtake each other on their way here: the later row goes below.
   * @param {HTMLElement} row
   * @param {number} at
   */
  #insert(row, at) {
    let before = this.list.lastElementChild;
    while (before instanceof HTMLElement && Number(before.dataset.at) > at) {
      before = before.previousElementSibling;
    }
    if (before === null) {
      this.list.prepend(row);
    } else {
      before.after(row);
    }
  }
}

/**
 * @param {TraceEntry} entry
 * @returns {HTMLLIElement}
 */
function rowOf(entry) {
  const { at, kind } = entry;
  const nested = NESTED.has(kind) ? " nested" : "";
  return element(
    "li",
    { class: `entry ${kind}${nested}`, "data-at": String(at), "data-kind": kind },
    element("time", {}, timeOfDay(at)),
    element("span", { class: "kind" }, KIND_WORDS[kind] ?? kind),
    element("span", { class: "what" }, ...whatOf(entry)),
    endOf(entry),
  );
}

/**
 * @param {TraceEntry} entry
 * @returns {(Node | string)[]}
 */
function whatOf({ name = "", event, detail, where }) {
  const parts = [element("code", {}, shortName(name))];
  if (event !== undefined) {
    parts.push(element("small", {}, `for ${shortName(event)}`));
  }
  if (detail !== undefined && detail !== null && detail !== "") {
    const words = typeof detail === "string" ? detail : JSON.stringify(detail);
    parts.push(element("small", {}, words.length > 240 ? `${words.slice(0, 240)}…` : words));
  }
  if (where !== undefined) {
    parts.push(element("small", { class: "where" }, where));
  }
  return parts;
}

/**
 * @param {TraceEntry} entry
 * @returns {HTMLElement}
 */
function endOf({ kind, outcome, duration_ms }) {
  const words = [];
  if (outcome !== undefined) {
    words.push(outcome);
  } else if (kind === "command") {
    words.push("…");
  }
  if (duration_ms !== undefined) {
    words.push(`${duration_ms < 10 ? duration_ms.toFixed(1) : Math.round(duration_ms)} ms`);
  }
  const good = outcome === undefined || outcomeOf(outcome) === "ok";
  const end = element("span", { class: good ? "end" : "end bad" });
  setText(end, words.join(" · "));
  return end;
}

/**
 * @param {number} at
 * @returns {string} e.g. `14:03:07.512`
 */
function timeOfDay(at) {
  const date = new Date(at);
  const hms = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  return `${hms}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
