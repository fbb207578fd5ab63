/**
 * The Timeline tab: what the pages' traces say, as bars on a time axis, with details and a table.
 *
 * Nothing is drawn while the tab is hidden, and while nothing changes.
 */

import { button, element } from "../demo/dom.js";
import { Chart, labelOf } from "./chart.js";
import { isEntry } from "./frame.js";
import { neighbour } from "./keys.js";
import { timelineOf } from "./model.js";
import { connectPointer } from "./pointer.js";
import { showDetails, showTable } from "./table.js";
import { FIRST_MS, fitted, followed, panned, revealing, zoomed } from "./window.js";

/** @typedef {import("./model.js").Entry} Entry */
/** @typedef {import("./model.js").Span} Span */
/** @typedef {import("./window.js").Seen} Seen */

/** So many entries are kept, of all pages together. */
const KEPT = 4000;
/** How often the picture moves on while something runs. */
const FRAME_MS = 40;
const TABLE_EVERY_MS = 500;
/** @type {Seen} */
const AT_FIRST = { from: 0, to: FIRST_MS };

export class TimelineView {
  /** @type {Entry[]} */
  entries = [];
  /** @type {Map<string, string>} */
  #pageNames = new Map();
  #timeline = timelineOf([]);
  #stale = true;
  #follows = true;
  /** @type {Seen} */
  #seen = AT_FIRST;
  #selected = "";
  /** @type {Span | undefined} */
  #hovered;
  #asked = false;
  #drawnAt = 0;
  #tableAt = 0;
  #chart = new Chart();
  #ways;
  #details = element("section", { class: "tl-details", "aria-label": "Details" });
  #table = element("div", {
    class: "tl-table",
    role: "region",
    "aria-label": "Table of the bars",
    tabindex: "0",
    hidden: true,
  });
  #empty = element("p", { class: "tl-hint tl-empty" }, "Nothing has happened yet.");
  #follow = button("Follow", { title: "Keep the newest bars in sight" }, () => this.#setFollow(!this.#follows));
  #asTable = button("Table", { title: "Show the bars as a table", "aria-pressed": "false" }, () =>
    this.#setTable(this.#table.hidden === true),
  );

  /**
   * @param {HTMLElement} panel a tab panel, which fires `toggled`
   * @param {import("./table.js").Ways} ways where a bar leads
   * @param {{tools: HTMLElement, root: HTMLElement}} recording tools beside those of the picture, and what they show
   */
  constructor(panel, ways, recording) {
    this.panel = panel;
    this.#ways = ways;
    const tools = element("div", { class: "tl-tools", role: "group", "aria-label": "View" });
    tools.append(
      action("−", "Zoom out", () => this.#zoom(1.6)),
      action("+", "Zoom in", () => this.#zoom(1 / 1.6)),
      action("Fit", "Show everything", () => this.#fit()),
      this.#follow,
      this.#asTable,
      action("Clear", "Forget all bars", () => this.clear()),
    );
    const body = element("div", { class: "tl-body" }, this.#empty, this.#chart.root, this.#table);
    panel.append(element("div", { class: "tl-head" }, tools, recording.tools), recording.root, body, this.#details);
    panel.addEventListener("toggled", () => this.#ask());
    new ResizeObserver(() => this.#ask()).observe(this.#chart.root);
    this.#setFollow(true);
    this.#connectChart();
  }

  /**
   * @param {string} frame
   * @param {unknown} received what the frame's page forwarded
   */
  add(frame, received) {
    if (isEntry(received)) {
      this.entries.push({ ...received, frame });
      if (this.entries.length > KEPT + 200) {
        this.entries.splice(0, this.entries.length - KEPT);
      }
      this.#stale = true;
      this.#ask();
    }
  }

  /** The frame's page was loaded anew, or closed. @param {string} frame @param {"loaded anew" | "closed"} how */
  left(frame, how) {
    this.add(frame, { at: Date.now(), kind: "left", name: how });
  }

  /** @param {string} frame @param {string} name */
  named(frame, name) {
    this.#pageNames.set(frame, name);
    this.#ask();
  }

  clear() {
    this.entries.length = 0;
    this.#seen = AT_FIRST; // looked at from as near as before, a call would pass by in an instant
    this.#selected = "";
    this.#hovered = undefined;
    this.#stale = true;
    this.#setFollow(true);
  }

  /** Shows the bar of an event, or of a handler of it. @param {string} cause @param {string | null} handler */
  reveal(cause, handler) {
    const { spans } = this.#upToDate();
    const wanted = (/** @type {Span} */ span) =>
      handler === null ? span.key === cause : span.cause === cause && span.lane === "handler" && span.name === handler;
    this.#setTable(false);
    if (this.#follows) {
      this.#seen = followed(this.#seen, this.#timeline, Date.now()); // nothing may have been drawn yet
    }
    this.#select(spans.find(wanted));
  }

  // What is seen ----------------------------------------------------------------------------------

  /** @param {boolean} on */
  #setFollow(on) {
    this.#follows = on;
    this.#follow.setAttribute("aria-pressed", String(on));
    this.#ask();
  }

  /** @param {boolean} on */
  #setTable(on) {
    this.#asTable.setAttribute("aria-pressed", String(on));
    this.#table.hidden = !on;
    this.#chart.root.hidden = on;
    this.#tableAt = 0;
    this.#ask();
  }

  /** Show everything that there is by now, at once. */
  #fit() {
    this.#show(fitted(this.#upToDate()));
    this.#draw(performance.now());
  }

  /** @param {Seen} seen */
  #show(seen) {
    this.#seen = seen;
    this.#setFollow(false);
  }

  /** @param {number} factor @param {number} [around] */
  #zoom(factor, around) {
    this.#seen = zoomed(this.#seen, factor, this.#follows ? this.#seen.to : around);
    this.#ask();
  }

  #connectChart() {
    const { list } = this.#chart;
    connectPointer(this.#chart, {
      seen: () => this.#seen,
      pan: (ms) => this.#show(panned(this.#seen, ms)),
      zoom: (factor, around) => this.#zoom(factor, around),
      hover: (span) => {
        this.#hovered = span;
        this.#ask();
      },
      select: (span) => this.#select(span),
    });
    list.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("focusin", ({ target }) => {
      const span = this.#chart.spanAt(target);
      if (span && span.key !== this.#selected) {
        this.#select(span);
      }
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const span = this.#chart.spanAt(event.target);
    const next = span && neighbour(this.#timeline, span, event.key);
    /** @type {Readonly<Record<string, () => void>>} */
    const more = {
      "+": () => this.#zoom(1 / 1.6, span?.start),
      "-": () => this.#zoom(1.6, span?.start),
      0: () => this.#fit(),
      Escape: () => this.#select(undefined),
    };
    const act = next ? () => this.#select(next) : event.ctrlKey || event.metaKey ? undefined : more[event.key];
    if (act) {
      event.preventDefault();
      act();
    } else if (/^(Arrow|Home$|End$)/.test(event.key)) {
      event.preventDefault(); // at the end of a lane the page shall not begin to scroll
    }
  }

  /** @param {Span | undefined} span */
  #select(span) {
    this.#selected = span?.key ?? "";
    this.#hovered = undefined;
    if (span) {
      this.#show(revealing(this.#seen, span.start, span.end ?? Date.now()));
      this.#draw(performance.now());
      this.#chart.focus(span.key);
    }
    this.#ask();
  }

  // Drawing ---------------------------------------------------------------------------------------

  #ask() {
    if (!this.#asked && !this.panel.hidden) {
      this.#asked = true;
      requestAnimationFrame((at) => {
        this.#asked = false;
        if (at - this.#drawnAt < FRAME_MS) {
          this.#ask();
        } else {
          this.#draw(at);
        }
      });
    }
  }

  #upToDate() {
    if (this.#stale) {
      this.#timeline = timelineOf(this.entries);
      this.#stale = false;
    }
    return this.#timeline;
  }

  /** @param {number} at */
  #draw(at) {
    if (this.panel.hidden) {
      return;
    }
    this.#drawnAt = at;
    const timeline = this.#upToDate();
    const now = Date.now();
    if (this.#follows) {
      this.#seen = followed(this.#seen, timeline, now);
    }
    const selected = timeline.spans.find(({ key }) => key === this.#selected);
    const pageName = (/** @type {string} */ frame) => this.#pageNames.get(frame) ?? frame;
    const empty = timeline.spans.length === 0;
    this.#empty.hidden = !empty;
    if (this.#table.hidden) {
      const chosen = selected ?? timeline.spans.findLast(({ start }) => start <= this.#seen.to);
      this.#chart.root.hidden = empty;
      this.#chart.draw({ timeline, seen: this.#seen, now, selected, chosen: chosen?.key ?? "", pageName });
    } else if (at - this.#tableAt > TABLE_EVERY_MS) {
      this.#tableAt = at;
      showTable(this.#table, timeline, timeline.start, pageName);
    } else {
      this.#ask();
    }
    this.#showDetails(this.#hovered ?? selected, pageName);
    if (timeline.open) {
      this.#ask(); // what runs grows
    }
  }

  /** @param {Span | undefined} span @param {(frame: string) => string} pageName */
  #showDetails(span, pageName) {
    const said = span
      ? `${labelOf(span, this.#timeline.start)} ${span.marks.length} ${this.#timeline.spans.length}`
      : "";
    if (this.#details.dataset.said !== said || this.#details.childElementCount === 0) {
      this.#details.dataset.said = said;
      showDetails(this.#details, span, this.#timeline, pageName, this.#ways);
    }
  }
}

/** @param {string} text @param {string} title @param {() => void} act */
function action(text, title, act) {
  return button(text, { title, ...(text.length === 1 ? { "aria-label": title } : {}) }, act);
}
