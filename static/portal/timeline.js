/** Joins the Timeline tab to the portal: what pages tell goes to the bars, to the recording and to a replay. */

import { RecordingView } from "./recording_view.js";
import { TimelineView } from "./timeline_view.js";

/** @typedef {import("./automation.js").Portal} Portal */

/** @typedef {ReturnType<typeof connectTimeline>} Timeline */

/**
 * @param {HTMLElement} panel
 * @param {Portal} portal
 */
export function connectTimeline(panel, portal) {
  const recording = new RecordingView(portal, () => view.entries);
  const view = new TimelineView(panel, recording.root);
  /** Frames whose page has told something and has not left. @type {Set<string>} */
  const here = new Set();

  /** @param {string} frame @param {"loaded anew" | "closed"} how */
  const left = (frame, how) => {
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
    /** A page told of a step of its trace. @param {string} frame @param {unknown} entry */
    traced(frame, entry) {
      lookForClosed();
      if (!here.has(frame)) {
        here.add(frame);
        const kind = portal.frames().find(({ id }) => id === frame)?.kind;
        view.named(frame, kind === "slider" ? `Slider (${frame})` : `Page (${frame})`);
      }
      view.add(frame, entry);
      recording.traced(frame, entry);
    },

    /** feed.js of a page told of itself. @param {string} frame @param {{what: string}} news */
    told(frame, news) {
      recording.told(frame, news);
      if (news.what === "ends" || news.what === "begins") {
        left(frame, "loaded anew");
      }
    },

    /** A frame was closed. */
    lookForClosed,
  };
}
