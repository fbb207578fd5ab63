/** How a portal gets to know the app, for readers who are not in the portal. @module */

import { addressText, element } from "./elements.js";

/** @param {string} handler the address of the hidden page */
export function stepsToRegister(handler) {
  const install = `${handler}${handler.includes("?") ? "&" : "?"}install`;
  const scope = (/** @type {string} */ name) => element("code", {}, name);
  return element(
    "ol",
    { class: "steps" },
    element(
      "li",
      {},
      "In Bitrix24, as an administrator, add a local application with an interface of its own (Developer resources).",
    ),
    element(
      "li",
      {},
      "Give this address as its handler and as its path for the initial installation: ",
      addressText(install),
    ),
    element(
      "li",
      {},
      "Grant it ",
      ...[scope("placement"), ", ", scope("telephony"), ", and, as your handlers need, "],
      ...[scope("crm"), " and ", scope("user"), "."],
    ),
    element("li", {}, "Save, open the app in Bitrix24, and press “Register” on the page that comes."),
  );
}
