/** Joins the Timeline tab to the portal: what pages tell goes to the bars, to the recording and to a replay. */

import { RecordingView } from "./recording_view.js";
import { TimelineView } from "./view.js";

/** @typedef {import("../automation.js").Portal} Portal */

/** @typedef {ReturnType<typeof connectTimeline>} Timeline */

/**
 * @param {HTMLElement} panel
 * @param {Portal} portal
 */
export function connectTimeline(panel, portal) {
  const recording = new RecordingView(
    portal,
    () => view.entries,
    (frame) => ready.has(frame),
  );
  const view = new TimelineView(panel, recording.root);
  /** Frames whose page has told something and has not left. @type {Set<string>} */
  const here = new Set();
  /** Frames whose page has an interpreter that runs. @type {Set<string>} */
  const ready = new Set();
  /** Which frame a page is in, by what it calls itself; a page of another origin knows nobody's name. @type {Map<string, string>} */
  const pages = new Map();

  /** @param {string} frame @param {"loaded anew" | "closed"} how */
  const left = (frame, how) => {
    ready.delete(frame);
    recording.left(frame);
    if (here.delete(frame)) {
      view.left(frame, how);
    }
  };
  const lookForClosed = () => {
    const open = new Set(portal.frames().map(({ id }) => id));
    for (const frame of here) {
      if (!open.has(frame)) {
        left(frame, "closed");
      }
    }
  };

  return {
    /** A page told of a step of its trace. @param {string} frame @param {any} entry */
    traced(frame, entry) {
      lookForClosed();
      if (!here.has(frame)) {
        here.add(frame);
        const kind = portal.frames().find(({ id }) => id === frame)?.kind;
        view.named(frame, kind === "slider" ? `Slider (${frame})` : `Page (${frame})`);
      }
      if (entry?.kind === "boot") {
        ready[entry.phases ? "add" : "delete"](frame);
      }
      if (entry?.purpose === undefined) {
        view.add(frame, entry); // what the project does for a purpose of its own is not part of the app's call
      }
      recording.traced(frame, entry);
    },

    /**
     * feed.js of a page told of itself.
     * @param {string | undefined} sender the frame; a page that has gone has none
     * @param {{what: string, page: string}} news
     */
    told(sender, news) {
      const frame = pages.get(news.page) ?? sender;
      if (frame === undefined) {
        return;
      }
      pages.set(news.page, frame);
      recording.told(frame, news);
      if (news.what === "ends" || news.what === "begins") {
        left(frame, "loaded anew");
        lookForClosed();
      }
    },

    /** A frame was closed. */
    lookForClosed,
  };
}
