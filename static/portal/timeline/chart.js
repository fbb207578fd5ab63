/**
 * The bars: lanes of one page below another, and a time axis above them all.
 *
 * Only what lies in the seen part is in the document, and elements are used again from one drawing to the
 * next. The bars are options of a list box: one is in the page's tab order, arrow keys go to the others.
 */

import { element, setText } from "../demo/dom.js";
import { durationWords, OUTCOMES, outcomeWords } from "./outcomes.js";
import { offsetWords, ticks } from "./window.js";

/** @typedef {import("./model.js").Span} Span */
/** @typedef {import("./model.js").Lane} Lane */
/** @typedef {import("./model.js").Timeline} Timeline */
/** @typedef {import("./window.js").Seen} Seen */

/** How high a row is: more where there is room for more. */
const ROW_PX = { least: 22, most: 34 };
/** What a lane has above and below its rows. */
const LANE_PX = 7;
/** A name beside a bar that is too short for it wants so much room. */
const BESIDE_PX = 42;
/** Below this width a bar shows its sign only; and what is shorter than that is still as wide as it. */
const SIGN_PX = 16;
const NARROWEST_PX = 5;
/** Bars that begin and end this close to each other look the same. */
const ALIKE_PX = 4;

/** Which part of a bar is drawn: a long one would otherwise reach far out of the picture. */
const OUTSIDE_PX = 40;

export class Chart {
  /** @type {Map<string, HTMLElement>} */
  #lanes = new Map();
  /** @type {Map<string, HTMLElement>} */
  #bars = new Map();
  /** Which bar is an element's. @type {WeakMap<Element, Span>} */
  #spans = new WeakMap();

  constructor() {
    this.axis = element("div", { class: "tl-axis", "aria-hidden": "true" });
    this.list = element("div", { class: "tl-lanes", role: "listbox", "aria-label": "Bars of the timeline" });
    this.root = element("div", { class: "tl-chart" }, this.axis, this.list);
  }

  /** How wide the time axis is, in pixels. */
  get width() {
    return Math.max(50, this.axis.clientWidth);
  }

  /** @param {EventTarget | null} target @returns {Span | undefined} the bar that was hit */
  spanAt(target) {
    const bar = target instanceof Element ? target.closest(".tl-bar") : null;
    return bar ? this.#spans.get(bar) : undefined;
  }

  /** @param {string} key */
  focus(key) {
    this.#bars.get(key)?.focus({ preventScroll: true });
    this.#bars.get(key)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /**
   * @param {object} picture
   * @param {Timeline} picture.timeline
   * @param {Seen} picture.seen
   * @param {number} picture.now          where what goes on has come to
   * @param {Span | undefined} picture.selected
   * @param {string} picture.chosen       the key of the bar in the tab order
   * @param {(frame: string) => string} picture.pageName
   */
  draw({ timeline, seen, now, selected, chosen, pageName }) {
    const { width } = this;
    const scale = width / (seen.to - seen.from);
    const rowPx = this.#rowPx(timeline);
    this.list.style.setProperty("--tl-row", `${rowPx}px`);
    this.#drawAxis(timeline, seen, width, scale);
    const lanes = new Set();
    const bars = new Set();
    let heading = "";
    for (const [place, lane] of timeline.lanes.entries()) {
      const key = `${lane.frame} ${lane.kind}`;
      lanes.add(key);
      const track = this.#track(key, lane, place, lane.frame === heading ? "" : pageName(lane.frame));
      heading = lane.frame;
      const drawn = new Drawn();
      const names = new Names(width);
      for (const span of lane.spans) {
        const end = span.end ?? Math.max(now, span.start);
        const selects = span.key === chosen;
        const [x, y] = [(span.start - seen.from) * scale, (end - seen.from) * scale];
        if (!selects && (y < 0 || x > width || drawn.covers(span, x, y))) {
          continue;
        }
        bars.add(span.key);
        const bar = this.#bar(span, track);
        const left = Math.max(x, -OUTSIDE_PX);
        const right = Math.min(y, width + OUTSIDE_PX);
        lay(bar, span, left, Math.max(right - left, NARROWEST_PX), rowPx);
        names.lay(bar, span.row, left, Math.max(right, left + NARROWEST_PX));
        this.#describe(bar, span, timeline.start, selected, selects);
        marksOf(bar, span, seen, scale, left);
      }
      names.end();
    }
    remove(this.#bars, bars);
    remove(this.#lanes, lanes);
  }

  /** The lanes use the room that there is. @param {Timeline} timeline */
  #rowPx({ lanes }) {
    const rows = lanes.reduce((sum, lane) => sum + lane.rows, 0);
    const headings = new Set(lanes.map(({ frame }) => frame)).size * 30;
    const free = this.root.clientHeight - this.axis.clientHeight - headings - lanes.length * LANE_PX - 10;
    return Math.min(ROW_PX.most, Math.max(ROW_PX.least, Math.floor(free / Math.max(1, rows))));
  }

  /**
   * @param {Timeline} timeline
   * @param {Seen} seen
   * @param {number} width
   * @param {number} scale pixels for a millisecond
   */
  #drawAxis(timeline, seen, width, scale) {
    const wanted = ticks(seen, timeline.start, width);
    while (this.axis.childElementCount > wanted.length) {
      this.axis.lastElementChild?.remove();
    }
    wanted.forEach(({ at, label }, index) => {
      const tick = this.axis.children[index] ?? this.axis.appendChild(element("span"));
      setText(tick, label);
      /** @type {HTMLElement} */ (tick).style.translate = `${(at - seen.from) * scale}px`;
    });
    const [first, second] = wanted;
    const step = first && second ? (second.at - first.at) * scale : width;
    this.list.style.setProperty("--tl-step", `${step}px`);
    this.list.style.setProperty("--tl-first", `${first ? (first.at - seen.from) * scale : 0}px`);
  }

  /** @param {string} key @param {Lane} lane @param {number} place @param {string} heading of a page's first lane */
  #track(key, lane, place, heading) {
    let group = this.#lanes.get(key);
    if (group === undefined) {
      const title = element("span", { class: "tl-title", "aria-hidden": "true" }, lane.title);
      const track = element("div", { class: "tl-track", role: "presentation" });
      group = element("div", { class: "tl-lane", role: "group", "data-lane": lane.kind }, title, track);
      this.#lanes.set(key, group);
    }
    if (group.dataset.heading !== heading) {
      group.dataset.heading = heading; // the style sheet writes it above the lane
    }
    group.setAttribute("aria-label", lane.title);
    group.style.setProperty("--tl-rows", String(lane.rows));
    if (this.list.children[place] !== group) {
      this.list.insertBefore(group, this.list.children[place] ?? null);
    }
    return /** @type {HTMLElement} */ (group.lastElementChild);
  }

  /** @param {Span} span @param {HTMLElement} track */
  #bar(span, track) {
    let bar = this.#bars.get(span.key);
    if (bar === undefined) {
      bar = element(
        "div",
        { class: "tl-bar", role: "option", "data-key": span.key },
        element("span", { class: "tl-sign", "aria-hidden": "true" }),
        element("span", { class: "tl-name", "aria-hidden": "true" }, span.name),
      );
      this.#bars.set(span.key, bar);
    }
    if (bar.parentElement !== track) {
      track.append(bar);
    }
    this.#spans.set(bar, span);
    return bar;
  }

  /**
   * @param {HTMLElement} bar
   * @param {Span} span
   * @param {number} zero
   * @param {Span | undefined} selected
   * @param {boolean} chosen
   */
  #describe(bar, span, zero, selected, chosen) {
    const related = selected !== undefined && span.cause !== "" && span.cause === selected.cause;
    bar.tabIndex = chosen ? 0 : -1;
    const attributes = {
      "aria-selected": String(span.key === selected?.key),
      "data-outcome": span.outcome,
      "data-related": String(related),
      "aria-label": labelOf(span, zero),
    };
    for (const [name, value] of Object.entries(attributes)) {
      if (bar.getAttribute(name) !== value) {
        bar.setAttribute(name, value);
      }
    }
    setText(/** @type {Element} */ (bar.firstElementChild), OUTCOMES[span.outcome].sign);
  }
}

/** What a lane shows already: a bar that would lie on another of the same kind is left out until one zooms in. */
class Drawn {
  /** The newest bar of each row and outcome. @type {Map<string, [number, number]>} */
  #last = new Map();

  /**
   * @param {Span} span
   * @param {number} left in pixels
   * @param {number} right
   */
  covers({ row, outcome, marks }, left, right) {
    const key = `${row} ${outcome} ${marks.length > 0}`;
    const last = this.#last.get(key);
    if (last && left - last[0] < ALIKE_PX && Math.abs(right - last[1]) < ALIKE_PX) {
      return true;
    }
    this.#last.set(key, [left, right]);
    return false;
  }
}

/** Names stand beside bars that are too short for them, up to the next bar of the row. */
class Names {
  /** The newest bar of each row, and where it ends. @type {Map<number, [HTMLElement, number]>} */
  #last = new Map();
  #width;

  /** @param {number} width of the picture */
  constructor(width) {
    this.#width = width;
  }

  /** @param {HTMLElement} bar @param {number} row @param {number} left @param {number} right */
  lay(bar, row, left, right) {
    this.#close(row, left);
    this.#last.set(row, [bar, right]);
  }

  end() {
    for (const row of this.#last.keys()) {
      this.#close(row, this.#width);
    }
  }

  /** @param {number} row @param {number} next where the next one begins */
  #close(row, next) {
    const [bar, right] = this.#last.get(row) ?? [];
    if (bar !== undefined && right !== undefined) {
      const room = next - right - 6;
      const beside = bar.dataset.size !== "name" && room >= BESIDE_PX;
      bar.toggleAttribute("data-beside", beside);
      bar.style.setProperty("--tl-beside", beside ? `${room.toFixed(0)}px` : "0");
    }
  }
}

/** @type {Readonly<Record<string, string>>} */
const WORDS = {
  page: "Page",
  boot: "Start",
  event: "Event",
  handler: "Handler",
  command: "Command",
  rest: "REST",
  call: "Page call",
  note: "Note",
};

/**
 * @param {Span} span
 * @param {number} zero
 * @returns {string} e.g. `Command CallCardSetMute, ok, 12 ms, at 3.250 s`
 */
export function labelOf(span, zero) {
  const parts = [`${WORDS[span.lane]} ${span.name}`, outcomeWords(span), durationWords(span.duration)];
  return [...parts, `at ${offsetWords(span.start - zero)}`].filter(Boolean).join(", ");
}

/**
 * @param {HTMLElement} bar
 * @param {Span} span
 * @param {number} left
 * @param {number} width
 * @param {number} rowPx
 */
function lay(bar, span, left, width, rowPx) {
  bar.style.translate = `${left.toFixed(1)}px ${span.row * rowPx}px`;
  bar.style.width = `${width.toFixed(1)}px`;
  bar.dataset.size = width < SIGN_PX ? "dot" : width < 44 ? "sign" : "name";
  // The words stay in sight when the bar begins left of the picture.
  bar.style.paddingInlineStart = left < 0 ? `${Math.min(-left, OUTSIDE_PX) + 3}px` : "";
}

/**
 * @param {HTMLElement} bar
 * @param {Span} span
 * @param {Seen} seen
 * @param {number} scale
 * @param {number} left of the bar
 */
function marksOf(bar, span, seen, scale, left) {
  const drawn = bar.querySelectorAll(".tl-mark");
  if (drawn.length === 0 && span.marks.length === 0) {
    return;
  }
  for (const mark of drawn) {
    mark.remove();
  }
  for (const at of span.marks) {
    const mark = element("span", { class: "tl-mark", "aria-hidden": "true" });
    mark.style.left = `${(at - seen.from) * scale - left}px`;
    bar.append(mark);
  }
}

/** @param {Map<string, HTMLElement>} all @param {Set<unknown>} kept */
function remove(all, kept) {
  for (const [key, one] of all) {
    if (!kept.has(key)) {
      one.remove();
      all.delete(key);
    }
  }
}
