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
import { LogPanel } from "./demo/log_panel.js";
import { keepForOffline } from "./demo/offline.js";
import { Pages } from "./demo/pages.js";
import { PhonePanel } from "./demo/phone_panel.js";
import { BootProgress } from "./demo/progress.js";
import { PythonState } from "./demo/python_state.js";
import { showScenarios } from "./demo/scenario_panel.js";
import { ScenarioStage } from "./demo/stage.js";
import { connectTabs } from "./demo/tabs.js";
import { connectTabsBeside } from "./demo/tabs_beside.js";
import { HandlersTab } from "./live/handlers_tab.js";
import { whatIsWrong, whatRuns } from "./live/saved.js";
import { Timeline } from "./timeline/timeline.js";

/** @typedef {import("./core/frames.js").Frame} Frame */

const NO_CARD = "No call. Start one with the buttons below.";
/** How long the demo's CRM takes for its part of a card, about as a portal's. */
const CRM_DELAY_MS = 150;

const query = queryOf(document.documentElement.dataset.query ?? "", location.search);
const app = appAddress(query.get("app"), location.href);
/** @param {string} appUrl */
function start(appUrl) {
  document.documentElement.toggleAttribute("data-tab", query.has("tab"));
  const page = new DemoPage(appUrl);
  addEventListener("message", (event) => page.hear(event));
  const address = new URL(appUrl);
  setText(byId("app-address"), `${address.host}${address.pathname}`);
  page.start();
}

/** What the demo asks of the portal's page, by the address of this page. @returns {Partial<import("./core/faults.js").Faults>} */
function habits() {
  return {
    namesLate: query.get("names") === "late",
    method: query.get("method") === "get" ? "get" : "post",
    crmDelayMs: query.has("plain") && !query.has("tab") ? 0 : CRM_DELAY_MS,
    hearsMs: query.has("hears") ? Number(query.get("hears")) : null,
  };
}

/** The portal with all that shows what it, its pages and Python do. */
class DemoPage {
  /** @type {import("./card/model.js").CardModel | null} */
  #shown = null;
  #python = new PythonState({
    state: byId("python-state"),
    quiet: byId("python-quiet"),
    failure: byId("python-failure"),
  });
  #watch = new FrameWatch({
    notice: byId("frame-lost"),
    words: byId("frame-lost-words"),
    button: byId("frame-again"),
    retry: (frame) => void this.#portal.reloadFrame(frame),
  });
  #log = new LogPanel(
    byId("trace"),
    {
      show: /** @type {HTMLSelectElement} */ (byId("log-show")),
      call: /** @type {HTMLSelectElement} */ (byId("log-call")),
      callLabel: byId("log-call-label"),
    },
    {
      toSource: (handler) => this.#toSource(handler),
      toBar: (node) => this.#toBar(node),
    },
  );
  #boot = new BootProgress(byId("boot"));
  /**
   * What pages of the app tell this page, beside what the portal's client says. All hear the phone, and of the source: one
   * is enough.
   * @type {Readonly<Record<string, (told: any, frame: Frame) => void>>}
   */
  #spokenByPages = {
    workerPyTrace: (entry, frame) => this.#traced(frame, entry),
    workerPyAsked: (asked, frame) => this.#log.asked(asked, frame.id),
    workerPyPrinted: (printed, frame) => {
      this.#log.printed(printed, frame.id);
      this.#handlers.printed(printed);
    },
    workerPyFailed: (failed, frame) => this.#log.failed(failed, frame.id),
    workerPyHosting: (hosting, frame) => this.#hosted(frame, hosting),
    workerPyProgress: (progress) => this.#boot.show(progress),
    workerPyPhone: (state, frame) => this.#isFirst(frame) && this.#phone.show(state, frame.kind),
    workerPyPhoneEvent: (event, frame) => this.#isFirst(frame) && this.#phone.told(event),
    workerPyLive: (live, frame) => {
      if (live.kind === "saved") {
        this.#saved(frame, live);
      } else if (this.#isFirst(frame)) {
        this.#handlers.heard(live);
      }
    },
  };
  #portal;
  #timeline;
  #pages;
  #phone;
  #stage;
  #faults;
  #handlers;

  /** @param {string} appUrl */
  constructor(appUrl) {
    const view = this.#cardView(byId("card"));
    this.#portal = this.#newPortal(appUrl, view);
    this.#guide();
    this.#timeline = new Timeline(byId("view-timeline"), this.#portal, {
      toLog: (cause) => this.#toLog(cause),
      toSource: (handler) => this.#toSource(handler),
    });
    this.#pages = this.#newPages();
    this.#phone = new PhonePanel(byId("phone"), {
      ask: () => this.#portal.order("tell the phone's state"),
      soundOn: () => this.#portal.order("sound on"),
    });
    this.#stage = new ScenarioStage(this.#portal, this.#phone);
    this.#faults = new FaultPanel(this.#portal);
    this.#handlers = new HandlersTab(
      byId("view-handlers"),
      (message) => this.#portal.tellApp(message),
      appUrl,
      (handler) => this.#toRun(handler),
    );
  }

  start() {
    connectTabsBeside(this.#portal);
    showScenarios(byId("scenarios"), this.#stage);
    connectControls(this.#portal, this.#log, this.#pages);
    connectTabs(/** @type {HTMLElement} */ (document.querySelector(".tabs")));
    connectGroups(document.querySelectorAll("details"));
    /** @type {Window & {portal?: Portal}} */ (window).portal = this.#portal;
    void this.#portal.start(query.get("view"));
  }

  /** @param {HTMLElement} host */
  #cardView(host) {
    return new CardView(host, (event, argument) => this.#portal.act(event, argument), {
      ask: (method, params) => this.#portal.ask(method, params),
      fold: (folded) => this.#portal.fold(folded),
      draft: (text) => this.#portal.draft(text),
      transferToDepartment: (department) => this.#portal.transferToDepartment(department),
      noCard: query.has("tab") ? "No card in this tab. The next call brings one." : NO_CARD,
    });
  }

  /** @param {string} app @param {CardView} view @returns {Portal} */
  #newPortal(app, view) {
    return new Portal({
      app,
      frameHost: byId("frames"),
      appHost: byId("app-view"),
      cardHost: byId("card"),
      showCard: (card, desktop) => {
        view.show(card, desktop);
        this.#shown = card;
        this.#guide();
      },
      frameLoaded: (frame) => this.#watch.loaded({ ...frame }),
      rest: query.get("rest") === "page" ? "page" : "http",
      faults: habits(),
      language: query.get("lang") ?? "en",
      user: query.get("user"),
      uri: query.get("uri") ?? location.pathname,
      showAgain: query.get("again") === "yes",
      tabHost: byId("tabs-beside"),
    });
  }

  #newPages() {
    const pages = new Pages({
      list: byId("pages"),
      summary: byId("served"),
      uri: query.get("uri") ?? location.pathname,
      frames: () => this.#portal.frames().filter(({ kind }) => kind !== "app"),
      reload: (frame) => {
        void this.#portal.reloadFrame(frame);
        pages.left(frame);
      },
      close: (frame) => {
        this.#portal.closeFrame(frame);
        pages.left(frame);
        this.#timeline.lookForClosed();
      },
    });
    return pages;
  }

  #guide() {
    const failed = this.#python.failure !== null;
    setText(byId("guide"), guideTo(this.#shown, { callComes: !query.has("plain"), failed }));
  }

  // From one view to another ----------------------------------------------------------------------

  /** @param {string} handler */
  #toSource(handler) {
    byId("tab-handlers").click();
    this.#handlers.goToHandler(handler);
  }

  /** @param {import("./demo/story.js").Node} node */
  #toBar(node) {
    byId("tab-timeline").click();
    this.#timeline.reveal(node.cause, node.kind === "handler" ? node.name : null);
  }

  /** @param {string} cause */
  #toLog(cause) {
    byId("tab-log").click();
    this.#log.reveal(cause);
  }

  /** @param {string} handler @returns {boolean} whether it has run */
  #toRun(handler) {
    const node = this.#log.runOf(handler);
    if (node !== undefined) {
      byId("tab-log").click();
      this.#log.revealNode(node);
    }
    return node !== undefined;
  }

  /** Another window tells something: a page of the app, by `feed.js` and its like, a tab beside, or the portal's client. @param {MessageEvent} event */
  hear(event) {
    const told = event.data ?? {};
    const spoken = Object.keys(this.#spokenByPages).find((name) => told[name] !== undefined);
    const frame = this.#portal.senderOf(event);
    if (frame !== undefined) {
      this.#watch.heard(frame);
    }
    if (told.workerPyBeside !== undefined) {
      if (event.origin === location.origin) {
        this.#log.add({ ...told.workerPyBeside, where: "tab 2" }, "beside");
      }
    } else if (told.workerPyFeed !== undefined) {
      this.#timeline.told(frame?.id, told.workerPyFeed);
    } else if (spoken === undefined) {
      this.#portal.receive(event);
      if (!query.has("plain")) {
        greetOnce(this.#portal);
      }
    } else if (frame !== undefined) {
      this.#spokenByPages[spoken]?.(told[spoken], frame);
    }
  }

  /** @param {Frame} frame */
  #isFirst(frame) {
    return frame.id === this.#portal.frames()[0]?.id;
  }

  /** Other files of the app run, or do not. @param {Frame} frame @param {import("./live/saved.js").Saved} saved */
  #saved(frame, saved) {
    const wrong = whatIsWrong(saved);
    byId("saved").hidden = false;
    setText(byId("saved-runs"), whatRuns(saved));
    setText(byId("saved-wrong"), wrong);
    byId("saved-wrong").hidden = wrong === "";
    if (saved.reload !== null) {
      void (this.#isFirst(frame) ? this.#portal.reloadPage() : this.#portal.reloadFrame(frame.id));
    }
  }

  /** @param {Frame} frame @param {any} hosting */
  #hosted(frame, hosting) {
    this.#pages.hosted(frame.id, hosting);
    this.#faults.hosted(hosting);
    this.#boot.hosted(hosting.state);
    if (this.#python.hosted(hosting)) {
      keep();
    }
    this.#handlers.pythonFails(this.#python.failure !== null);
    this.#guide();
  }

  /** @param {Frame} frame @param {any} entry */
  #traced(frame, entry) {
    if (entry.purpose === undefined) {
      this.#log.add(entry, frame.id);
      if (query.has("tab")) {
        window.parent.postMessage({ workerPyBeside: entry }, location.origin);
      }
      this.#stage.traced(entry);
      this.#faults.traced(entry);
      this.#pages.traced(frame.id, entry);
    }
    this.#timeline.traced(frame.id, entry); // also a command of the project's own, which a replay must not take for the app's
    if (entry.purpose === undefined && LogPanel.tellsOfPython(entry) && this.#python.runs()) {
      keep();
      this.#guide();
    }
  }
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

if (query.has("away")) {
  byId("away").hidden = false;
  byId("come-back").addEventListener("click", () => history.back());
} else if (app === null) {
  byId("no-app").hidden = false;
} else {
  start(app);
}
