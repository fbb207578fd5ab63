/**
 * The page with `?support`: shows what the hidden pages of this browser say of themselves, to be copied.
 *
 * @module
 */

import { browserOf } from "../page/report_entry.js";
import { SUPPORT_CHANNEL } from "../protocol.js";
import { addStyle, element } from "./elements.js";

/** Nobody answers later. */
const PATIENCE_MS = 3000;

/** Show it. */
export async function showSupport() {
  await addStyle();
  document.title = "Support";
  const text = element("textarea", { id: "support-text", readonly: true, rows: "20", "aria-label": "What to send" });
  const status = element("p", { role: "status" }, "Asking the app's hidden pages …");
  const copy = element("button", { type: "button", disabled: true }, "Copy");
  const lead =
    "Send this text to whoever looks after the app. It holds names, times and counts; no numbers, comments or names of people.";
  document.body.replaceChildren(
    element(
      "main",
      { class: "visible" },
      element("h1", {}, "Support"),
      element("p", { class: "lead" }, lead),
      text,
      copy,
      status,
    ),
  );
  /** @type {Map<string, string>} */
  const told = new Map();
  copy.onclick = () =>
    copyOf(text).then((how) => {
      status.textContent = how;
    });
  /** @type {BroadcastChannel} */
  let channel;
  try {
    channel = new BroadcastChannel(SUPPORT_CHANNEL);
  } catch (error) {
    // Firefox, where storage is blocked: no page can hear another, and this one says what it knows by itself.
    text.value = unheard(navigator.userAgent, error instanceof Error ? error.name : "");
    copy.disabled = false;
    status.textContent =
      "This browser blocks site data here, so the app's hidden pages cannot be asked. Allow cookies and site data for " +
      `${location.origin}, open this page again, or send this text as it is.`;
    return;
  }
  channel.onmessage = ({ data }) => {
    if (typeof data?.text === "string") {
      told.set(String(data.page), data.text);
      text.value = [...told.values()].join("\n\n");
      copy.disabled = false;
      status.textContent = told.size === 1 ? "One page answered." : `${told.size} pages answered.`;
    }
  };
  channel.postMessage({ asks: true });
  setTimeout(() => {
    if (told.size === 0) {
      status.textContent =
        "No hidden page answered. Open this page inside Bitrix24, in the browser in which the app does not work.";
    }
  }, PATIENCE_MS);
}

/** What is known without the hidden pages. @param {string} agent @param {string} refusal the browser's own name of it */
function unheard(agent, refusal) {
  const { name, version } = browserOf(agent);
  return [
    `${name} ${version}`,
    `problem: site data is blocked for ${location.origin} (${refusal}); the hidden pages were not asked`,
    `at ${new Date().toISOString()}`,
  ].join("\n");
}

/** @param {HTMLTextAreaElement} text @returns {Promise<string>} what came of it */
async function copyOf(text) {
  text.select();
  const copied = await navigator.clipboard?.writeText(text.value).then(
    () => true,
    () => false,
  );
  // The portal's frame is not let at the clipboard; what is selected may be copied all the same.
  return copied || document.execCommand("copy") ? "Copied." : "Press Ctrl-C: the text is selected.";
}
