/**
 * Makes the page that nobody should see readable for whoever opens it all the same.
 *
 * @module
 */

import { INSECURE, OUTSIDE } from "../page/diagnostics.js";
import { addressText, addStyle, element } from "./elements.js";
import { handlerAddress } from "./rules.js";
import { stepsToRegister } from "./steps.js";

/** Title and heading, by what is wrong. @type {Record<string, [string, string]>} */
const NAMED = {
  [OUTSIDE]: ["A hidden page of Bitrix24", "This page works out of sight"],
  [INSECURE]: ["The portal is not secure", "The portal came by plain http"],
};

/**
 * @param {HTMLElement} status holds what is wrong, in words
 * @param {string} problem the same: `OUTSIDE`, `INSECURE`, or else the portal's client is missing
 */
export async function dress(status, problem) {
  await addStyle();
  const [title, words] = NAMED[problem] ?? ["The portal's client is missing", "The portal's client did not load"];
  document.title = title;
  const heading = element("h1", {}, words);
  const main = element("main", { class: "visible outside" }, element("header", {}, heading));
  status.replaceWith(main);
  status.className = "lead";
  main.append(status);
  if (problem !== OUTSIDE) {
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
