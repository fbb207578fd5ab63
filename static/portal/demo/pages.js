/**
 * Which pages of the portal are attached to which interpreter, in this tab and in all others.
 *
 * A tab knows its own frames: what their pages say of their hosting, and of the card. Tabs tell each
 * other by a `BroadcastChannel`.
 */

import { otherTabs } from "../core/other_tabs.js";
import { SHOWN } from "../timeline/frame.js";
import { button, element, setText } from "./dom.js";

/** @typedef {{id: string, kind: string}} FrameRow */

/**
 * One page that is loaded somewhere.
 * @typedef {object} PageRow
 * @property {string} frame        the frame's id in its tab
 * @property {string} kind         `page` or `slider`
 * @property {string} uri          the portal page it stands on
 * @property {string} state        of its shim: `booting`, `ready`, …
 * @property {string} mode         how the interpreter is hosted
 * @property {string} interpreter  tells interpreters apart
 * @property {string} call         id of the call whose card it shows; empty for none
 */

const CHANNEL = "portal-pages";

export class Pages {
  /** What the pages of this tab said, by frame. @type {Map<string, Partial<PageRow>>} */
  #said = new Map();
  /** The rows of other tabs. @type {Map<string, PageRow[]>} */
  #others = new Map();
  #tab = crypto.randomUUID();
  #channel = otherTabs(CHANNEL);

  #portal;

  /**
   * @param {object} portal
   * @param {HTMLElement} portal.list
   * @param {HTMLElement} portal.summary
   * @param {string} portal.uri          of this tab
   * @param {() => FrameRow[]} portal.frames
   * @param {(frame: string) => void} portal.reload
   * @param {(frame: string) => void} portal.close
   */
  constructor(portal) {
    this.#portal = portal;
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.#channel.postMessage({ tab: this.#tab, asks: true });
    addEventListener("pagehide", () => this.#channel.postMessage({ tab: this.#tab, rows: [] }));
    addEventListener("pageshow", ({ persisted }) => persisted && this.show());
  }

  /**
   * A page told how it is hosted.
   * @param {string} frame
   * @param {any} hosting
   */
  hosted(frame, { state, mode, interpreter }) {
    this.#learn(frame, { state: String(state), mode: String(mode), interpreter: String(interpreter) });
  }

  /**
   * A page told of a step of its trace.
   * @param {string} frame
   * @param {any} entry
   */
  traced(frame, { kind, name, call_id: call }) {
    if (kind === "card") {
      this.#learn(frame, { call: SHOWN.has(name) ? String(call) : "" });
    }
  }

  /** The page of a frame was loaded anew, or its frame was closed. @param {string} frame */
  left(frame) {
    this.#said.delete(frame);
    this.show();
  }

  /** @param {string} frame @param {Partial<PageRow>} news */
  #learn(frame, news) {
    this.#said.set(frame, { ...this.#said.get(frame), ...news });
    this.show();
  }

  /** @param {{tab: string, asks?: boolean, rows?: PageRow[]}} message */
  #hear({ tab, asks, rows }) {
    if (rows?.length) {
      this.#others.set(tab, rows);
    } else if (rows) {
      this.#others.delete(tab);
    }
    if (asks) {
      this.#tell();
    }
    this.#render();
  }

  /** @returns {PageRow[]} */
  #rows() {
    const unknown = { state: "loading", mode: "", interpreter: "", call: "" };
    return this.#portal.frames().map(({ id, kind }) => ({
      ...unknown,
      frame: id,
      kind,
      uri: this.#portal.uri,
      ...this.#said.get(id),
    }));
  }

  #tell() {
    this.#channel.postMessage({ tab: this.#tab, rows: this.#rows() });
  }

  /** Shows all pages, and tells the other tabs of ours. */
  show() {
    this.#tell();
    this.#render();
  }

  #render() {
    const ours = this.#rows();
    const theirs = [...this.#others.values()].flat();
    this.#portal.list.replaceChildren(
      ...ours.map((row) => this.#line(row, true)),
      ...theirs.map((row) => this.#line(row, false)),
    );
    const alone = this.#channel.alone ? " Other tabs are not known: the browser blocks this site's data." : "";
    setText(this.#portal.summary, summaryOf([...ours, ...theirs]) + alone);
  }

  /** @param {PageRow} row @param {boolean} here in this tab */
  #line(row, here) {
    const name = `${row.kind === "slider" ? "Slider" : here ? "This page" : "Another tab"} ${row.uri}`;
    const badge = row.call ? [element("span", { class: "badge" }, "shows the card"), " · "] : [];
    const details = [row.state, row.mode, row.interpreter && `interpreter ${row.interpreter.slice(0, 4)}`];
    return element(
      "li",
      { class: row.call ? "shows" : "" },
      element("span", { class: "whereabouts" }, name),
      element("span", { class: "hosting" }, ...badge, details.filter(Boolean).join(" · ")),
      ...(here ? [this.#buttons(row, name)] : []),
    );
  }

  /** @param {PageRow} row @param {string} name */
  #buttons({ frame }, name) {
    const reload = button("Reload", { "aria-label": `Reload: ${name}` }, () => this.#portal.reload(frame));
    const kill = button("Kill", { "aria-label": `Kill: ${name}` }, () => this.#portal.close(frame));
    return element("div", { class: "row" }, reload, kill);
  }
}

/** @param {PageRow[]} rows */
function summaryOf(rows) {
  const ready = rows.filter(({ state, interpreter }) => state === "ready" && interpreter);
  const interpreters = new Set(ready.map(({ interpreter }) => interpreter)).size;
  if (ready.length === 0) {
    return "No page is attached yet.";
  }
  const pages = ready.length === 1 ? "one page" : `${ready.length} pages`;
  return interpreters === 1 ? `One interpreter serves ${pages}.` : `${interpreters} interpreters serve ${pages}.`;
}
