/**
 * A look at the messages that reach this window. The portal's client takes what is for it and drops
 * the rest in silence; here what it must drop is counted and said.
 *
 * @module
 */

/**
 * @param {string} frameName `window.name`: the portal's `DOMAIN|PROTOCOL|APP_SID`
 * @param {(kind: "foreign_message" | "unreadable_message", text: string) => void} report
 */
export function watchMessages(frameName, report) {
  const [domain, protocol] = frameName.split("|");
  const portal = `${protocol === "0" ? "http" : "https"}://${domain}`;
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
