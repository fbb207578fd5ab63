/**
 * The hidden iframes that hold the placement page, loaded the way the portal loads them; and the visible
 * one of the app's own page.
 *
 * A form is posted into the frame; the query says which portal this is, the body carries the tokens,
 * and `window.name` tells the client whom to talk to. Every load gets an appSid of its own.
 */

import { element } from "../demo/dom.js";
import { randomHex } from "./made_up.js";
import { frameName } from "./wire.js";

/**
 * @typedef {object} Frame
 * @property {string} id
 * @property {"page" | "slider" | "app"} kind  `app`: the app's own page, which a person sees
 * @property {URL} address       without what the portal adds to it
 * @property {string} appSid     of the present load
 * @property {string} origin     the app's
 * @property {string} uri        the portal page it stands on
 * @property {string} src        the address it was loaded from, with the query
 * @property {HTMLIFrameElement} element
 * @property {Promise<void>} loaded  fulfilled when the present load has ended
 */

/**
 * The tokens and the user behind a load.
 * @typedef {object} Session
 * @property {string} AUTH_ID
 * @property {string} REFRESH_ID
 * @property {number} AUTH_EXPIRES   seconds
 * @property {string} MEMBER_ID
 */

const PLACEMENT = "PAGE_BACKGROUND_WORKER";
const SECURE = globalThis.location?.protocol === "https:";
const ALLOW = "geolocation *; microphone *; camera *; autoplay *";

export class Frames {
  /** @type {Map<string, Frame>} */
  #frames = new Map();
  #serial = 0;

  #portal;

  /**
   * @param {object} portal
   * @param {HTMLElement} portal.host      where the iframes go
   * @param {string} portal.app            absolute URL of the placement page
   * @param {() => Session} portal.session
   * @param {() => "get" | "post"} portal.method
   * @param {string} portal.language
   * @param {import("./long_loads.js").LongLoads} portal.longLoads  watches the hidden ones
   */
  constructor(portal) {
    this.#portal = portal;
  }

  /** @returns {Frame[]} in the order in which they were opened */
  all() {
    return [...this.#frames.values()];
  }

  /**
   * @param {string} appSid
   * @returns {Frame | undefined}
   */
  byAppSid(appSid) {
    return this.all().find((frame) => frame.appSid === appSid);
  }

  /**
   * @param {MessageEventSource | null} source
   * @returns {Frame | undefined}
   */
  bySource(source) {
    return this.all().find((frame) => frame.element.contentWindow === source);
  }

  /**
   * @param {{uri?: string, kind?: Frame["kind"], query?: string, host?: HTMLElement}} [options] `query`: of the
   *   app's address, such as `install`; `host`: where to put it, when that is not where the hidden ones are
   * @returns {Frame}
   */
  open({ uri = location.pathname, kind = "page", query = "", host = this.#portal.host } = {}) {
    this.#serial += 1;
    const address = new URL(query === "" ? "" : `?${query}`, this.#portal.app);
    /** @type {Frame} */
    const frame = {
      id: `frame${this.#serial}`,
      kind,
      address,
      appSid: "",
      origin: address.origin,
      uri,
      src: "",
      element: element("iframe"),
      loaded: Promise.resolve(),
    };
    this.#address(frame);
    frame.element = this.#iframe(frame);
    host.append(frame.element);
    this.#frames.set(frame.id, frame);
    frame.loaded = this.#load(frame);
    return frame;
  }

  /**
   * @param {string} id
   * @returns {Frame}
   */
  get(id) {
    const frame = this.#frames.get(id);
    if (frame === undefined) {
      const known = [...this.#frames.keys()].join(", ") || "none";
      throw new Error(`There is no frame "${id}". Open: ${known}.`);
    }
    return frame;
  }

  /**
   * Loads the placement anew, in an iframe that takes the place of the former one: the page in that one goes, as it
   * does by a navigation. To navigate the same iframe, it would have to show a blank page of the portal's in between
   * (only there can it get another name), and tools that drive browsers lose a frame that changes its process twice.
   * @param {string} id
   * @returns {Frame}
   */
  reload(id) {
    const frame = this.get(id);
    this.#address(frame);
    const former = frame.element;
    frame.element = this.#iframe(frame);
    former.replaceWith(frame.element);
    frame.loaded = this.#load(frame);
    return frame;
  }

  /**
   * @param {Frame} frame
   * @returns {HTMLIFrameElement}
   */
  #iframe(frame) {
    const hidden = frame.kind !== "app";
    const title = hidden ? `Placement page (${frame.id})` : "The app";
    // A browser reads the name once, when the frame is made.
    const iframe = element("iframe", { hidden, title, allow: ALLOW, name: nameOf(frame) });
    if (hidden) {
      this.#portal.longLoads.watch(frame.id, iframe);
    }
    return iframe;
  }

  /** @param {string} id */
  close(id) {
    this.get(id).element.remove();
    this.#frames.delete(id);
  }

  /**
   * Gives the frame the appSid and the address of its next load.
   * @param {Frame} frame
   */
  #address(frame) {
    frame.appSid = randomHex(16);
    const address = new URL(frame.address);
    const query = {
      DOMAIN: location.host,
      PROTOCOL: SECURE ? "1" : "0",
      LANG: this.#portal.language,
      APP_SID: frame.appSid,
    };
    for (const [key, value] of Object.entries(query)) {
      address.searchParams.set(key, value);
    }
    frame.src = address.href;
  }

  /**
   * @param {Frame} frame
   * @returns {Promise<void>}
   */
  #load(frame) {
    const loaded = nextLoad(frame.element);
    if (this.#portal.method() === "get") {
      frame.element.src = frame.src;
    } else {
      post(frame.src, nameOf(frame), this.#body(frame));
    }
    return loaded;
  }

  /**
   * @param {Frame} frame
   * @returns {Record<string, string>}
   */
  #body(frame) {
    const session = this.#portal.session();
    return {
      AUTH_ID: session.AUTH_ID,
      AUTH_EXPIRES: String(session.AUTH_EXPIRES),
      REFRESH_ID: session.REFRESH_ID,
      SERVER_ENDPOINT: `${location.origin}/rest/`,
      APPLICATION_TOKEN: randomHex(16),
      APPLICATION_SCOPE: "crm,placement,telephony,user",
      member_id: session.MEMBER_ID,
      status: "L",
      PLACEMENT: placementOf(frame),
      PLACEMENT_OPTIONS: JSON.stringify(placementOptions(frame)),
    };
  }
}

/**
 * @param {Frame} frame
 * @returns {Record<string, string>} `URI` is absent when the portal does not say where it is
 */
export function placementOptions(frame) {
  return frame.uri === "" || frame.kind === "app" ? {} : { URI: frame.uri };
}

/**
 * @param {Frame} frame
 * @returns {string} what the portal calls the place
 */
export function placementOf(frame) {
  return frame.kind === "app" ? "DEFAULT" : PLACEMENT;
}

/**
 * @param {Frame} frame
 * @returns {string} what the page is to find in its `window.name`
 */
function nameOf(frame) {
  return frameName(location.host, SECURE, frame.appSid);
}

/** Firefox and WebKit fire no `load` for their own page that tells of a host which does not answer. */
const NO_LOAD_MS = 10_000;

/**
 * @param {Pick<HTMLIFrameElement, "addEventListener" | "removeEventListener" | "contentWindow">} element
 * @returns {Promise<void>} fulfilled too when none comes for long: whatever the frame shows then
 */
export function nextLoad(element) {
  return new Promise((resolve) => {
    setTimeout(resolve, NO_LOAD_MS);
    const onLoad = () => {
      if (!showsBlank(element)) {
        element.removeEventListener("load", onLoad);
        resolve();
      }
    };
    element.addEventListener("load", onLoad);
  });
}

/**
 * A frame just made fires `load` for its blank document in some browsers.
 * @param {Pick<HTMLIFrameElement, "contentWindow">} element
 * @returns {boolean}
 */
function showsBlank(element) {
  try {
    return element.contentWindow?.location.href === "about:blank";
  } catch {
    return false;
  }
}

/**
 * @param {string} action
 * @param {string} target
 * @param {Record<string, string>} fields
 */
function post(action, target, fields) {
  const inputs = Object.entries(fields).map(([name, value]) => element("input", { type: "hidden", name, value }));
  const form = element("form", { method: "post", action, target, hidden: true }, ...inputs);
  document.body.append(form);
  form.submit();
  form.remove();
}
