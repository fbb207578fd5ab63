/**
 * The frame that the portal has made for this page: what its name says, and which messages reach it.
 *
 * @module
 */

/**
 * `origin` is the portal's, `domain` as the portal writes it: perhaps with a port.
 * @typedef {{inPortal: boolean, domain: string, isHttps: boolean, origin: string, sid: string | undefined}} PortalFrame
 */

/** @param {string} [name] the portal's `DOMAIN|PROTOCOL|APP_SID` @returns {PortalFrame} */
export function portalFrame(name = window.name) {
  const [domain, protocol, sid] = name.split("|");
  const isHttps = protocol !== "0";
  return { inPortal: sid !== undefined, domain, isHttps, origin: `${isHttps ? "https" : "http"}://${domain}`, sid };
}

/**
 * Look at the messages that reach this window. The portal's client takes what is for it and drops the rest in silence; here
 * what it must drop is counted and said.
 * @param {string} portal its origin
 * @param {(kind: "foreign_message" | "unreadable_message", text: string) => void} report
 */
export function watchMessages(portal, report) {
  addEventListener("message", ({ source, origin, data }) => {
    if (source === window) {
      return;
    }
    if (origin !== portal) {
      report("foreign_message", `a message from ${origin} was not for us`);
    } else if (typeof data === "string" && !isReadable(data)) {
      const callback = data.slice(0, 40).split(":", 1)[0];
      const what = "an event or an answer, and the client drops it";
      report("unreadable_message", `the portal's message for callback ${callback} is not JSON: ${what}`);
    }
  });
}

/** Whether a message has the portal's form `callback:JSON`, or no JSON at all. @param {string} text */
function isReadable(text) {
  const colon = text.indexOf(":");
  const json = colon < 0 ? "" : text.slice(colon + 1);
  if (json === "" || json === "undefined") {
    return true;
  }
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}
