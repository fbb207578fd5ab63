/**
 * The demo's log: what Python did, as a story. Each event is a group that folds; below it stand its handlers, and below
 * each what it asked for and what was said.
 *
 * The entries come from the placement page (feed.js).
 */

import { isEntry } from "../timeline/frame.js";
import { durationWords } from "../timeline/outcomes.js";
import { button, element, setText } from "./dom.js";
import { Story } from "./story.js";

/** @typedef {import("./story.js").Node} Node */
/** @typedef {import("./story.js").TraceEntry} TraceEntry */

const ROWS_KEPT = 400;

/** Kinds that only Python's running app brings about. */
const OF_PYTHON = new Set(["handler", "command", "rest", "call", "printed"]);

/** @type {Readonly<Record<string, string>>} */
const KIND_WORDS = {
  command: "command",
  rest: "REST",
  call: "page call",
  report: "report",
  printed: "print",
  start: "start",
  boot: "start",
  page: "page",
  card: "card",
  stats: "phone",
  emit: "page event",
  event: "event",
};
/** Kinds whose names are words of ours, not of the app or the portal. */
const PLAIN = new Set(["boot", "card", "page", "report"]);
/** What a folded group says that it holds, in this order. @type {readonly [string, string][]} */
const COUNTED = [
  ["command", "command"],
  ["rest", "REST call"],
  ["call", "page call"],
  ["printed", "line printed"],
  ["report", "report"],
];

/**
 * Where a row leads.
 * @typedef {object} Ways
 * @property {(handler: string) => void} toSource  the handler's line in the editor
 * @property {(node: Node) => void} toBar          its bar in the timeline
 */

export class LogPanel {
  #story = new Story();
  /** @type {Map<Node, Row>} */
  #rows = new Map();
  /** What has come since the last animation frame: a burst of events must not lay the list out for each. @type {[unknown, string][]} */
  #queue = [];
  /** Whether the newest row is in sight. */
  #follows = true;
  /** How many calls have a name. */
  #named = 0;
  #show;
  #call;
  #ways;

  /**
   * @param {HTMLElement} list an ordered list
   * @param {{show: HTMLSelectElement, call: HTMLSelectElement, callLabel: HTMLElement}} filters
   * @param {Ways} ways
   */
  constructor(list, { show, call, callLabel }, ways) {
    this.list = list;
    this.#show = show;
    this.#call = { field: call, label: callLabel };
    this.#ways = ways;
    list.tabIndex = 0; // it scrolls, so the keyboard has to reach it
    list.addEventListener("scroll", () => {
      if (list.clientHeight > 0) {
        this.#follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      }
    });
    list.closest('[role="tabpanel"]')?.addEventListener("toggled", () => this.#follow());
    show.addEventListener("change", () => this.#filter());
    call.addEventListener("change", () => this.#filter());
    this.#filter();
  }

  /** What Python asks of a page, with all that it says. @param {any} asked @param {string} frame */
  asked(asked, frame) {
    this.#story.asked(frame, asked);
  }

  /** How a handler failed, line by line. @param {any} failed @param {string} frame */
  failed(failed, frame) {
    this.#story.failedWith(frame, failed);
  }

  /** @param {unknown} received what a frame posted; anything but a trace entry is ignored @param {string} frame */
  add(received, frame) {
    if (!isEntry(received)) {
      return;
    }
    this.#queue.push([received, frame]);
    if (this.#queue.length === 1) {
      requestAnimationFrame(() => this.#update());
    } else if (this.#queue.length > 2 * ROWS_KEPT) {
      this.#queue.splice(1, ROWS_KEPT); // a page in the background shows nothing for a while
    }
  }

  /**
   * What Python printed. The trace knows only that it did.
   * @param {{at: number, level: string, handler: string, text: string, id?: string | null}} printed
   * @param {string} frame
   */
  printed({ at, level, handler, text, id }, frame) {
    const entry = { at, kind: "printed", name: handler, detail: text, id: id ?? undefined };
    this.add({ ...entry, outcome: level === "info" ? undefined : level }, frame);
  }

  /**
   * @param {unknown} received
   * @returns {boolean} whether it shows that the app's Python runs
   */
  static tellsOfPython(received) {
    return isEntry(received) && (received.name === "ready" || OF_PYTHON.has(received.kind));
  }

  clear() {
    this.#story.clear();
    this.#rows.clear();
    this.#queue.length = 0;
    this.list.replaceChildren();
    this.#named = 0;
    this.#nameCalls();
  }

  /** Shows an event's group, as the timeline names it. @param {string} cause @returns {boolean} whether it is here */
  reveal(cause) {
    const node = this.#story.event(cause);
    return node !== undefined && this.revealNode(node);
  }

  /** The newest run of a handler. @param {string} handler @returns {Node | undefined} */
  runOf(handler) {
    return this.#story.runOf(handler);
  }

  /** Shows what is in the log, whatever folds it or filters it out. @param {Node} node @returns {boolean} whether it is here */
  revealNode(node) {
    const row = this.#rows.get(node);
    if (!row) {
      return false;
    }
    this.#show.value = "";
    this.#call.field.value = "";
    this.#filter();
    for (let above = node.parent; above !== null; above = above.parent) {
      this.#rows.get(above)?.fold(false);
    }
    row.fold(false);
    row.element.scrollIntoView({ block: "center" });
    row.focus();
    return true;
  }

  /** Takes what has come. */
  #update() {
    /** @type {Set<Node>} */
    const changed = new Set();
    for (const [entry, frame] of this.#queue.splice(0)) {
      for (const node of this.#story.take(entry, frame)) {
        changed.add(node);
      }
    }
    for (const node of this.#story.dropped.splice(0)) {
      changed.delete(node);
      this.#forget(node);
    }
    for (const node of changed) {
      this.#place(node);
    }
    while (this.#rows.size > ROWS_KEPT && this.#story.roots.length > 1) {
      this.#forget(this.#story.drop());
    }
    this.#nameCalls();
    this.#follow();
  }

  #follow() {
    if (this.#follows) {
      this.list.scrollTop = this.list.scrollHeight;
    }
  }

  /** @param {Node} node */
  #place(node) {
    const { parent } = node;
    if (parent !== null && !this.#rows.has(parent)) {
      this.#place(parent);
    }
    const row = this.#rows.get(node) ?? this.#newRow(node);
    row.show(node);
    const among = parent ? parent.children : this.#story.roots;
    const list = parent ? /** @type {Row} */ (this.#rows.get(parent)).inside : this.list;
    const next = among
      .slice(among.indexOf(node) + 1)
      .find((each) => this.#rows.get(each)?.element.parentElement === list);
    const before = next ? /** @type {Row} */ (this.#rows.get(next)).element : null;
    if (row.element.parentElement !== list || row.element.nextElementSibling !== before) {
      list.insertBefore(row.element, before);
    }
    this.#hide(node, row);
    for (let above = parent; above !== null; above = above.parent) {
      this.#rows.get(above)?.show(above);
    }
  }

  /** @param {Node} node */
  #newRow(node) {
    const row = new Row(node, this.#ways);
    this.#rows.set(node, row);
    return row;
  }

  /** @param {Node | undefined} node */
  #forget(node) {
    if (node) {
      this.#rows.get(node)?.element.remove();
      this.#rows.delete(node);
      for (const each of node.children) {
        this.#forget(each);
      }
    }
  }

  #filter() {
    this.list.dataset.show = this.#show.value;
    for (const node of this.#story.roots) {
      this.#hide(node, this.#rows.get(node));
    }
    this.#follow();
  }

  /** @param {Node} node @param {Row | undefined} row */
  #hide(node, row) {
    const call = this.#call.field.value;
    if (row && node.parent === null) {
      row.element.hidden = call !== "" && node.call !== call;
    }
  }

  /** One can choose a call as soon as there are two, and as long as the log has something of it. */
  #nameCalls() {
    const calls = new Set(this.#story.roots.map(({ call }) => call).filter((call) => call !== ""));
    const { field, label } = this.#call;
    const chosen = field.value;
    for (const option of [...field.options].slice(1)) {
      if (!calls.delete(option.value)) {
        option.remove();
      }
    }
    for (const call of calls) {
      field.append(element("option", { value: call }, `Call ${++this.#named}`));
    }
    label.hidden = field.options.length < 3;
    if (field.value !== chosen) {
      this.#filter();
    }
  }
}

/** One row of the log, and the list of what it holds. */
class Row {
  inside = element("ol", { class: "inside" });
  #fold = button("", { class: "fold", "aria-label": "Details", "aria-expanded": "true" }, () => this.#turn());
  #what = element("span", { class: "what" });
  #end = element("span", { class: "end" });
  #name = element("code");
  #digest = element("small", { class: "digest" });
  #said = "";

  /** @param {Node} node @param {Ways} ways */
  constructor(node, { toSource, toBar }) {
    const isGroup = node.parent === null && ["event", "emit", "start", "stats"].includes(node.kind);
    const kind = element("span", { class: "kind" }, KIND_WORDS[node.kind] ?? node.kind);
    const time = element("time", {}, timeOfDay(node.at));
    this.#what.append(...(isGroup ? [this.#fold] : []), this.#name);
    if (isGroup) {
      this.#name.addEventListener("click", () => this.#turn());
    }
    const leads = element("span", { class: "leads" });
    if (node.kind === "handler") {
      leads.append(button("line", { title: "Show its line in the editor" }, () => toSource(node.name)));
    }
    if (node.cause !== "") {
      leads.append(button("bar", { title: "Show its bar in the timeline" }, () => toBar(node)));
    }
    const line = element("div", { class: "entry" }, time, kind, this.#what, leads, this.#end);
    this.element = element("li", { class: node.kind, "data-kind": node.kind, "data-at": String(node.at) }, line);
    if (isGroup) {
      this.element.classList.add("group");
      this.#what.append(this.#digest);
    }
    if (node.traceback !== "") {
      this.element.append(element("pre", { class: "traceback" }, node.traceback));
    }
    this.element.append(this.inside);
    this.fold(isGroup && node.folded);
  }

  #turn() {
    this.fold(this.#fold.getAttribute("aria-expanded") === "true");
  }

  /** @param {boolean} folded */
  fold(folded) {
    this.#fold.setAttribute("aria-expanded", String(!folded));
    this.inside.hidden = folded;
  }

  focus() {
    const first = this.#fold.isConnected ? this.#fold : this.element.querySelector("button");
    first?.focus({ preventScroll: true });
  }

  /** @param {Node} node */
  show(node) {
    const said = JSON.stringify([node.said, node.detail, node.where, node.name]);
    if (said !== this.#said) {
      this.#said = said;
      setText(this.#name, node.said || (PLAIN.has(node.kind) ? node.name.replaceAll("_", " ") : node.name));
      for (const old of this.#what.querySelectorAll("small:not(.digest)")) {
        old.remove();
      }
      const notes = [node.said && !node.said.startsWith(node.name) ? node.name : "", node.detail];
      const more = notes.filter((note) => note !== "").map((note) => element("small", {}, short(note)));
      if (node.where) {
        more.push(element("small", { class: "where" }, node.where));
      }
      this.#what.append(...more);
    }
    setText(this.#end, endWords(node));
    this.#end.classList.toggle("bad", node.failed);
    this.element.toggleAttribute("data-failed", node.failed);
    setText(this.#digest, digestOf(node));
    this.#fold.classList.toggle("bare", node.children.length === 0);
    this.element.dataset.has = [...new Set(all(node).map(({ kind }) => kind))].join(" ");
  }
}

/** @param {Node} node @returns {Node[]} what it holds, at any depth */
function all(node) {
  return node.children.flatMap((each) => [each, ...all(each)]);
}

/** @param {Node} node */
function digestOf(node) {
  if (node.kind === "stats") {
    return node.times === 1 ? "once" : `${node.times} times`;
  }
  const held = all(node);
  const handlers = held.filter(({ kind }) => kind === "handler").map(({ name }) => name);
  const counts = COUNTED.flatMap(([kind, word]) => {
    const count = held.filter((each) => each.kind === kind).length;
    return count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : word.startsWith("line") ? "" : "s"}`];
  });
  return [handlers.join(", "), counts.join(", ")].filter((part) => part !== "").join(" · ");
}

/** @param {Node} node */
function endWords({ kind, outcome, ms }) {
  const waits = kind === "command" && outcome === "" ? "…" : outcome;
  const took = ms === null ? "" : durationWords(ms);
  return [waits, took].filter((part) => part !== "").join(" · ");
}

/** @param {string} text */
function short(text) {
  return text.length > 240 ? `${text.slice(0, 240)}…` : text;
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
