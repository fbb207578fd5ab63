/** The demo's own buttons, below the card: calls to start, pages to go to. Faults are in fault_panel.js. */

import { byId } from "./dom.js";

/** @typedef {import("../automation.js").Portal} Portal */
/** @typedef {import("./log_panel.js").LogPanel} LogPanel */
/** @typedef {import("./pages.js").Pages} Pages */

/** Pages of the portal to go to, one after the other. */
const URIS = ["/crm/deal/details/3/", "/crm/contact/details/7/", "/tasks/", "/"];

/**
 * @param {Portal} portal
 * @param {LogPanel} panel
 * @param {Pages} pages
 */
export function connectControls(portal, panel, pages) {
  /** A second call gets no card while one is open: the former is finished first. @param {() => void} start */
  const another = (start) => () => {
    portal.endCall();
    start();
  };
  /** @type {Readonly<Record<string, () => void>>} */
  const actions = {
    "start-known": another(() => portal.incomingCall()),
    "start-unknown": another(() => portal.incomingCall({ phoneNumber: "+12025550199" })),
    "start-hidden": another(() => portal.incomingCall({ phoneNumber: "hidden" })),
    "start-outgoing": another(() => portal.outgoingCall()),
    "start-list": another(() => portal.callList(3)),
    "start-regular": another(() => portal.incomingCall({ external: false })),
    "finish-call": () => portal.finish(),
    "clear-trace": () => panel.clear(),
    "go-elsewhere": () => portal.navigate(nextUri()),
    "open-tab": openTab,
    "open-slider": () => {
      portal.openFrame({ kind: "slider" });
      pages.show();
    },
    "open-app": () => {
      closeApp(portal);
      portal.openApp();
      byId("app-view").scrollIntoView();
    },
    "close-app": () => {
      closeApp(portal);
      if (portal.frames().length === 0) {
        portal.openFrame(); // the portal was opened with the app's page alone
      }
      pages.show();
    },
    freeze: () => location.assign(`${location.pathname}?away`),
    "end-interpreter": () => portal.endInterpreter(),
  };
  for (const [id, act] of Object.entries(actions)) {
    byId(id).addEventListener("click", act);
  }
  connectRaiseAgain();
}

/** @param {Portal} portal */
function closeApp(portal) {
  for (const { id } of portal.frames().filter(({ kind }) => kind === "app")) {
    portal.closeFrame(id);
  }
  byId("app-view").hidden = true;
}

/** @returns {string} */
function nextUri() {
  const here = URIS.indexOf(new URLSearchParams(location.search).get("uri") ?? "/");
  return /** @type {string} */ (URIS[(here + 1) % URIS.length]);
}

/** One more tab of this portal: it shows a card of its own for each call that comes from now on. */
function openTab() {
  const address = new URL(location.href);
  address.searchParams.set("plain", "");
  address.searchParams.set("hears", "0");
  window.open(address, "_blank", "noopener");
}

/** Whether the next page shows the call again, as an app's server may: the address says it. The demo does unless told not to. */
function connectRaiseAgain() {
  const box = /** @type {HTMLInputElement} */ (byId("raise-again"));
  const query = new URLSearchParams(location.search);
  box.checked = query.get("again") === "yes" || !(query.has("again") || query.has("plain"));
  const write = () => {
    const address = new URL(location.href);
    address.searchParams.set("again", box.checked ? "yes" : "no");
    history.replaceState(null, "", address);
  };
  box.addEventListener("change", write);
  if (box.checked) {
    write();
  }
}
