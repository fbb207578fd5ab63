/** Joins the Timeline tab to the portal: what pages tell goes to the bars, to the recording and to a replay. */

import { RecordingView } from "./recording_view.js";
import { TimelineView } from "./view.js";

/** @typedef {import("../automation.js").Portal} Portal */
/** @typedef {import("./table.js").Ways} Ways */

export class Timeline {
  /** Frames whose page has told something and has not left. @type {Set<string>} */
  #here = new Set();
  /** Frames whose page has an interpreter that runs. @type {Set<string>} */
  #ready = new Set();
  /** Which frame a page is in, by what it calls itself; a page of another origin knows nobody's name. @type {Map<string, string>} */
  #pages = new Map();
  #portal;
  #recording;
  #view;

  /** @param {HTMLElement} panel @param {Portal} portal @param {Ways} ways */
  constructor(panel, portal, ways) {
    this.#portal = portal;
    this.#recording = new RecordingView(
      portal,
      () => this.#view.entries,
      (frame) => this.#ready.has(frame),
    );
    this.#view = new TimelineView(panel, ways, this.#recording);
  }

  /** Shows the bar of an event, or of a handler of it. @param {string} cause @param {string | null} handler */
  reveal(cause, handler) {
    this.#view.reveal(cause, handler);
  }

  /** A page told of a step of its trace. @param {string} frame @param {any} entry */
  traced(frame, entry) {
    this.lookForClosed();
    if (!this.#here.has(frame)) {
      this.#here.add(frame);
      const kind = this.#portal.frames().find(({ id }) => id === frame)?.kind;
      this.#view.named(frame, kind === "slider" ? `Slider (${frame})` : `Page (${frame})`);
    }
    if (entry?.kind === "boot") {
      this.#ready[entry.phases ? "add" : "delete"](frame);
    }
    if (entry?.purpose === undefined) {
      this.#view.add(frame, entry); // what the project does for a purpose of its own is not part of the app's call
    }
    this.#recording.traced(frame, entry);
  }

  /**
   * feed.js of a page told of itself.
   * @param {string | undefined} sender the frame; a page that has gone has none
   * @param {{what: string, page: string}} news
   */
  told(sender, news) {
    const frame = this.#pages.get(news.page) ?? sender;
    if (frame === undefined) {
      return;
    }
    this.#pages.set(news.page, frame);
    this.#recording.told(frame, news);
    if (news.what === "ends" || news.what === "begins") {
      this.#left(frame, "loaded anew");
      this.lookForClosed();
    }
  }

  /** A frame was closed. */
  lookForClosed() {
    const open = new Set(this.#portal.frames().map(({ id }) => id));
    for (const frame of this.#here) {
      if (!open.has(frame)) {
        this.#left(frame, "closed");
      }
    }
  }

  /** @param {string} frame @param {"loaded anew" | "closed"} how */
  #left(frame, how) {
    this.#ready.delete(frame);
    this.#recording.left(frame);
    if (this.#here.delete(frame)) {
      this.#view.left(frame, how);
    }
  }
}
