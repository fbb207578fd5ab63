/**
 * Makes the page that nobody should see readable for whoever opens it all the same.
 *
 * @module
 */

import { addressText, addStyle, element } from "./elements.js";
import { handlerAddress } from "./install_rules.js";
import { stepsToRegister } from "./install_steps.js";

/**
 * @param {HTMLElement} status holds what is wrong, in words
 * @param {boolean} outside opened without a portal; else the portal's client is missing
 */
export async function dress(status, outside) {
  await addStyle();
  document.title = outside ? "A hidden page of Bitrix24" : "The portal's client is missing";
  const heading = element("h1", {}, outside ? "This page works out of sight" : "The portal's client did not load");
  const main = element("main", { class: "visible outside" }, element("header", {}, heading));
  status.replaceWith(main);
  status.className = "lead";
  main.append(status);
  if (!outside) {
    return;
  }
  const handler = handlerAddress(location.href);
  main.append(
    element(
      "section",
      { "aria-labelledby": "next" },
      element("h2", { id: "next" }, "Is this your app?"),
      element("p", {}, "It is up and answers at this address:"),
      element("p", {}, addressText(handler)),
      element("p", {}, "To make a portal load it into its pages:"),
      stepsToRegister(handler),
    ),
    element(
      "p",
      { class: "muted" },
      "Something does not work inside Bitrix24? Open the console there, choose this page's frame, and call ",
      element("code", {}, "workerPy.diagnostics()"),
      ".",
    ),
  );
}
