/** The demo's own buttons, below the card: calls to start, pages to go to. Its faults are in fault_panel.js. */

import { byId } from "./dom.js";

/** @typedef {import("./automation.js").Portal} Portal */
/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("./pages.js").Pages} Pages */

/** Pages of the portal to go to, one after the other. */
const URIS = ["/crm/deal/details/3/", "/crm/contact/details/7/", "/tasks/", "/"];

/**
 * @param {Portal} portal
 * @param {Panel} panel
 * @param {Pages} pages
 */
export function connectControls(portal, panel, pages) {
  /** @type {Readonly<Record<string, () => void>>} */
  const actions = {
    "start-known": () => portal.incomingCall(),
    "start-unknown": () => portal.incomingCall({ phoneNumber: "+12025550199" }),
    "start-hidden": () => portal.incomingCall({ phoneNumber: "hidden" }),
    "start-outgoing": () => portal.outgoingCall(),
    "start-list": () => portal.callList(3),
    "start-regular": () => portal.incomingCall({ external: false }),
    "clear-trace": () => panel.clear(),
    "go-elsewhere": () => portal.navigate(nextUri()),
    "open-tab": openTab,
    "open-slider": () => {
      portal.openFrame({ kind: "slider" });
      pages.show();
    },
    "open-app": () => {
      for (const { id } of portal.frames().filter(({ kind }) => kind === "app")) {
        portal.closeFrame(id);
      }
      portal.openApp();
      byId("app-view").scrollIntoView();
    },
    freeze: () => location.assign(`${location.pathname}?away`),
    "end-interpreter": () => portal.endInterpreter(),
  };
  for (const [id, act] of Object.entries(actions)) {
    byId(id).addEventListener("click", act);
  }
  connectSwitch("fault-desktop", (on) => portal.configure({ desktop: on }));
  connectRaiseAgain();
}

/** @returns {string} */
function nextUri() {
  const here = URIS.indexOf(new URLSearchParams(location.search).get("uri") ?? "/");
  return /** @type {string} */ (URIS[(here + 1) % URIS.length]);
}

/** One more tab of this portal, without a call of its own; it shares nothing with this one but the site. */
function openTab() {
  const address = new URL(location.href);
  address.searchParams.set("plain", "");
  window.open(address, "_blank", "noopener");
}

/** Whether the next page raises `initialized` again: the address says it. */
function connectRaiseAgain() {
  const box = /** @type {HTMLInputElement} */ (byId("raise-again"));
  box.checked = new URLSearchParams(location.search).get("again") !== "no";
  box.addEventListener("change", () => {
    const address = new URL(location.href);
    if (box.checked) {
      address.searchParams.delete("again");
    } else {
      address.searchParams.set("again", "no");
    }
    history.replaceState(null, "", address);
  });
}

/**
 * @param {string} id
 * @param {(on: boolean) => Promise<void>} change
 */
function connectSwitch(id, change) {
  const box = /** @type {HTMLInputElement} */ (byId(id));
  box.addEventListener("change", () => {
    change(box.checked).catch((error) => {
      box.checked = false;
      box.disabled = true;
      box.title = String(error);
    });
  });
}
