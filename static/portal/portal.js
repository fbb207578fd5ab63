/**
 * The simulated portal's page: reads the query, puts the parts together, and starts.
 *
 * Query: `app` (URL of the placement page, needed), `plain` (no call on load, for tests), `names=late`,
 * `view=install` (the app's install page instead of the hidden one), `method=get`, `lang`, `user` (id of the employee who works here), `uri` (the portal page that this is),
 * `again=no` (`initialized` is not raised again for a call that goes on after a navigation).
 */

import { Portal } from "./automation.js";
import { CardView } from "./card_view.js";
import { connectControls } from "./controls.js";
import { byId, setText } from "./dom.js";
import { Pages } from "./pages.js";
import { Panel } from "./panel.js";
import { connectTabs } from "./tabs.js";
import { connectTimeline } from "./timeline.js";
import { fullEventName } from "./vocabulary.js";

const query = new URLSearchParams(location.search);
const app = appAddress(query.get("app"));
if (query.has("away")) {
  byId("away").hidden = false;
  byId("come-back").addEventListener("click", () => history.back());
} else if (app === null) {
  byId("no-app").hidden = false;
} else {
  start(app);
}

/**
 * @param {string | null} given
 * @returns {string | null} an absolute http address, or null
 */
function appAddress(given) {
  if (given === null || !URL.canParse(given)) {
    return null;
  }
  return /^https?:/.test(given) ? given : null;
}

/** @param {string} appUrl */
function start(appUrl) {
  const cardHost = byId("card");
  const view = new CardView(cardHost, (event, argument) => portal.act(event, argument));
  const portal = new Portal({
    app: appUrl,
    frameHost: byId("frames"),
    appHost: byId("app-view"),
    cardHost,
    showCard: (card) => view.show(card),
    faults: {
      namesLate: query.get("names") === "late",
      method: query.get("method") === "get" ? "get" : "post",
    },
    language: query.get("lang") ?? "en",
    user: query.get("user"),
    uri: query.get("uri") ?? location.pathname,
    raiseAgain: query.get("again") !== "no",
  });
  const panel = new Panel(byId("trace"));
  const timeline = connectTimeline(byId("view-timeline"), portal);
  const pages = new Pages({
    list: byId("pages"),
    summary: byId("served"),
    uri: query.get("uri") ?? location.pathname,
    frames: () => portal.frames().filter(({ kind }) => kind !== "app"),
    reload: (frame) => {
      void portal.reloadFrame(frame);
      pages.left(frame);
    },
    close: (frame) => {
      portal.closeFrame(frame);
      pages.left(frame);
      timeline.lookForClosed();
    },
  });

  window.addEventListener("message", (event) => {
    const { workerPyTrace: entry, workerPyHosting: hosting, workerPyFeed: feed } = event.data ?? {};
    const frame = portal.senderOf(event);
    if (entry === undefined && hosting === undefined && feed === undefined) {
      portal.receive(event);
      if (!query.has("plain")) {
        greetOnce(portal);
      }
    } else if (feed !== undefined) {
      timeline.told(frame?.id, feed);
    } else if (frame !== undefined && hosting !== undefined) {
      pages.hosted(frame.id, hosting);
    } else if (frame !== undefined) {
      panel.add(entry);
      pages.traced(frame.id, entry);
      timeline.traced(frame.id, entry);
      byId("python-quiet").hidden ||= Panel.tellsOfPython(entry);
    }
  });

  connectControls(portal, panel, pages);
  connectTabs(/** @type {HTMLElement} */ (document.querySelector(".tabs")));
  setText(byId("app-address"), new URL(appUrl).host);
  /** @type {Window & {portal?: Portal}} */ (window).portal = portal;
  void portal.start(query.get("view"));
}

let greeted = false;

/**
 * The demo's first call, once the placement page can hear it: nobody should look at an empty page.
 * @param {Portal} portal
 */
function greetOnce(portal) {
  const bound = portal.frames().some((frame) => frame.bound.includes(fullEventName("initialized")));
  if (bound && !greeted) {
    greeted = true;
    if (portal.card() === null) {
      portal.incomingCall();
    }
  }
}
