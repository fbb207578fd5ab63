/**
 * Further tabs of the operator, shown beside the first: each is this very page once more, in an iframe, with a portal,
 * hidden frames and a card of its own. What they share with the first tab is what real tabs share.
 */

import { byId, element, setText } from "./dom.js";

/**
 * What is asked of a portal here; see `automation.js`.
 * @typedef {{ready: Promise<unknown>, tabs: readonly Portal[], openTab: (options: {hearsMs?: number}) => Promise<number>,
 *   closeTab: (at: number) => void, configure: (options: {hearsMs?: number}) => unknown}} Portal
 */
/** @typedef {Window & {portal?: Portal}} PortalWindow */

export class FrameTabs {
  /** @type {HTMLIFrameElement[]} */
  #frames = [];
  #host;

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#host = host;
  }

  /** @returns {Portal[]} */
  get portals() {
    return this.#frames.flatMap((frame) => portalIn(frame) ?? []);
  }

  /**
   * @param {number} hearsMs
   * @returns {Promise<number>}
   */
  async open(hearsMs) {
    const title = `Tab ${this.#frames.length + 2} of the operator`;
    const frame = element("iframe", { class: "tab-beside", title, src: addressOf(hearsMs).href });
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    this.#host.append(frame);
    this.#frames.push(frame);
    await loaded;
    followHeight(frame);
    await portalIn(frame)?.ready;
    return this.#frames.indexOf(frame);
  }

  /** @param {number} at */
  close(at) {
    const [frame] = this.#frames.splice(at, 1);
    if (frame === undefined) {
      throw new Error(`There is no tab ${at} beside this one; there are ${this.#frames.length}.`);
    }
    frame.remove();
  }
}

/**
 * The frame is as high as what it shows.
 * @param {HTMLIFrameElement} frame
 */
function followHeight(frame) {
  const main = frame.contentDocument?.querySelector("main");
  if (main) {
    new ResizeObserver(() => {
      frame.style.height = `${main.getBoundingClientRect().height}px`;
    }).observe(main);
  }
}

/** @param {HTMLIFrameElement} frame */
function portalIn(frame) {
  return /** @type {PortalWindow | null} */ (frame.contentWindow)?.portal;
}

/**
 * @param {number} hearsMs
 * @returns {URL}
 */
function addressOf(hearsMs) {
  const address = new URL(location.href);
  for (const name of ["view", "names", "again"]) {
    address.searchParams.delete(name);
  }
  address.searchParams.set("plain", "");
  address.searchParams.set("tab", "");
  address.searchParams.set("hears", String(hearsMs));
  return address;
}

/**
 * The demo's control: opens one more tab beside this one, says how late it hears of calls, and closes it.
 * @param {Portal} portal
 */
export function connectTabsBeside(portal) {
  const button = byId("second-tab");
  const gap = /** @type {HTMLSelectElement} */ (byId("tab-gap"));
  const words = byId("tab-words");
  const box = byId("tabs-beside");
  button.addEventListener("click", async () => {
    if (portal.tabs.length > 0) {
      portal.closeTab(0);
      box.hidden = true;
      setText(words, "");
      setText(button, "Open a second tab");
      return;
    }
    box.hidden = false;
    setText(button, "Close the second tab");
    setText(words, "Each tab has a card of its own. A tab opened during a call shows the next one.");
    await portal.openTab({ hearsMs: Number(gap.value) });
  });
  gap.addEventListener("change", () => {
    for (const tab of portal.tabs) {
      void tab.configure({ hearsMs: Number(gap.value) });
    }
  });
}
