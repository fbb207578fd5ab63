/**
 * The simulated portal's page: reads the query, puts the parts together, and starts.
 *
 * Query: `app` (URL of the placement page, needed but in a static build; may be relative), `rest` (`http`: that of the
 * server, as without it; `page`: the page's own, which needs none), `build` (of a static build, which is kept for use
 * without a network), `plain` (no call on load, for tests), `names=late`,
 * `view=install` (the app's install page instead of the hidden one), `method=get`, `lang`, `user` (id of the employee who works here), `uri` (the portal page that this is),
 * `again=yes` (the call whose card a navigation left behind is shown again), `hears` (ms after which this tab hears of the
 * operator's calls in other tabs; without it of none), `tab` (a tab that stands beside another one: the card alone).
 */

import { Portal } from "./automation.js";
import { CardView } from "./card/view.js";
import { fullEventName } from "./core/vocabulary.js";
import { appAddress, queryOf } from "./demo/address.js";
import { connectControls } from "./demo/controls.js";
import { byId, setText } from "./demo/dom.js";
import { FaultPanel } from "./demo/fault_panel.js";
import { FrameWatch } from "./demo/frame_watch.js";
import { connectGroups } from "./demo/groups.js";
import { guideTo } from "./demo/guide.js";
import { keepForOffline } from "./demo/offline.js";
import { Pages } from "./demo/pages.js";
import { Panel } from "./demo/panel.js";
import { PhonePanel } from "./demo/phone_panel.js";
import { BootProgress } from "./demo/progress.js";
import { PythonState } from "./demo/python_state.js";
import { showScenarios } from "./demo/scenario_panel.js";
import { ScenarioStage } from "./demo/stage.js";
import { connectTabs } from "./demo/tabs.js";
import { connectTabsBeside } from "./demo/tabs_beside.js";
import { HandlersTab } from "./live/handlers_tab.js";
import { connectTimeline } from "./timeline/timeline.js";

const NO_CARD = "No call. Start one with the buttons below.";
/** How long the demo's CRM takes for its part of a card, about as a portal's. */
const CRM_DELAY_MS = 150;

const query = queryOf(document.documentElement.dataset.query ?? "", location.search);
const app = appAddress(query.get("app"), location.href);
if (query.has("away")) {
  byId("away").hidden = false;
  byId("come-back").addEventListener("click", () => history.back());
} else if (app === null) {
  byId("no-app").hidden = false;
} else {
  start(app);
}

/** @param {string} appUrl */
function start(appUrl) {
  const cardHost = byId("card");
  /** @type {import("./card/model.js").CardModel | null} */
  let shown = null;
  const python = new PythonState({
    state: byId("python-state"),
    quiet: byId("python-quiet"),
    failure: byId("python-failure"),
  });
  const guide = () =>
    setText(byId("guide"), guideTo(shown, { callComes: !query.has("plain"), failed: python.failure !== null }));
  guide();
  const view = new CardView(cardHost, (event, argument) => portal.act(event, argument), {
    ask: (method, params) => portal.ask(method, params),
    fold: (folded) => portal.fold(folded),
    draft: (text) => portal.draft(text),
    transferToDepartment: (department) => portal.transferToDepartment(department),
    noCard: query.has("tab") ? "No card in this tab. The next call brings one." : NO_CARD,
  });
  const portal = new Portal({
    app: appUrl,
    frameHost: byId("frames"),
    appHost: byId("app-view"),
    cardHost,
    showCard: (card, desktop) => {
      view.show(card, desktop);
      shown = card;
      guide();
    },
    frameLoaded: (frame) => watch.loaded({ ...frame }),
    rest: query.get("rest") === "page" ? "page" : "http",
    faults: {
      namesLate: query.get("names") === "late",
      method: query.get("method") === "get" ? "get" : "post",
      crmDelayMs: query.has("plain") && !query.has("tab") ? 0 : CRM_DELAY_MS,
      hearsMs: query.has("hears") ? Number(query.get("hears")) : null,
    },
    language: query.get("lang") ?? "en",
    user: query.get("user"),
    uri: query.get("uri") ?? location.pathname,
    showAgain: query.get("again") === "yes",
    tabHost: byId("tabs-beside"),
  });
  const watch = new FrameWatch({
    notice: byId("frame-lost"),
    words: byId("frame-lost-words"),
    button: byId("frame-again"),
    retry: (frame) => void portal.reloadFrame(frame),
  });
  const panel = new Panel(byId("trace"));
  const timeline = connectTimeline(byId("view-timeline"), portal);
  const boot = new BootProgress(byId("boot"));
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
  const phone = new PhonePanel(byId("phone"), {
    ask: () => portal.order("tell the phone's state"),
    soundOn: () => portal.order("sound on"),
  });
  const stage = new ScenarioStage(portal, phone);
  const faults = new FaultPanel(portal);

  const handlers = new HandlersTab(byId("view-handlers"), (message) => portal.tellApp(message), appUrl);

  window.addEventListener("message", (event) => {
    const { workerPyTrace: entry, workerPyHosting: hosting, workerPyFeed: feed } = event.data ?? {};
    const { workerPyPhone: phoneState, workerPyPhoneEvent: phoneEvent, workerPyLive: live } = event.data ?? {};
    const progress = event.data?.workerPyProgress;
    const beside = event.data?.workerPyBeside;
    const frame = portal.senderOf(event);
    if (frame !== undefined) {
      watch.heard(frame);
    }
    if (beside !== undefined) {
      if (event.origin === location.origin) {
        panel.add({ ...beside, id: `beside ${beside.id}`, where: "tab 2" });
      }
    } else if (live !== undefined) {
      if (frame?.id === portal.frames()[0]?.id) {
        handlers.heard(live);
      }
    } else if (progress !== undefined) {
      if (frame !== undefined) {
        boot.show(progress);
      }
    } else if (phoneState !== undefined || phoneEvent !== undefined) {
      showPhone(frame, phoneState, phoneEvent);
    } else if (entry === undefined && hosting === undefined && feed === undefined) {
      portal.receive(event);
      if (!query.has("plain")) {
        greetOnce(portal);
      }
    } else if (feed !== undefined) {
      timeline.told(frame?.id, feed);
    } else if (frame !== undefined && hosting !== undefined) {
      pages.hosted(frame.id, hosting);
      faults.hosted(hosting);
      boot.hosted(hosting.state);
      if (python.hosted(hosting)) {
        keep();
      }
      handlers.pythonFails(python.failure !== null);
      guide();
    } else if (frame !== undefined && entry.purpose !== undefined) {
      timeline.traced(frame.id, entry); // a command of the project's own: a replay must not take it for the app's
    } else if (frame !== undefined) {
      panel.add(entry);
      if (query.has("tab")) {
        window.parent.postMessage({ workerPyBeside: entry }, location.origin);
      }
      stage.traced(entry);
      faults.traced(entry);
      pages.traced(frame.id, entry);
      timeline.traced(frame.id, entry);
      if (Panel.tellsOfPython(entry) && python.runs()) {
        keep();
        guide();
      }
    }
  });

  /**
   * @param {import("./core/frames.js").Frame | undefined} frame
   * @param {import("./demo/phone_panel.js").PhoneState | undefined} state
   * @param {any} told
   */
  function showPhone(frame, state, told) {
    if (frame === undefined || frame.id !== portal.frames()[0]?.id) {
      return; // every page of the portal hears the phone: one is enough
    }
    if (state !== undefined) {
      phone.show(state, frame.kind);
    } else {
      phone.told(told);
    }
  }

  document.documentElement.toggleAttribute("data-tab", query.has("tab"));
  connectTabsBeside(portal);
  showScenarios(byId("scenarios"), stage);
  connectControls(portal, panel, pages);
  connectTabs(/** @type {HTMLElement} */ (document.querySelector(".tabs")));
  connectGroups(document.querySelectorAll("details"));
  const address = new URL(appUrl);
  setText(byId("app-address"), `${address.host}${address.pathname}`);
  /** @type {Window & {portal?: Portal}} */ (window).portal = portal;
  void portal.start(query.get("view"));
}

/** Python runs: from now on the page is worth keeping for use without a network. */
function keep() {
  const build = query.get("build");
  if (build !== null) {
    void keepForOffline(build);
  }
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
