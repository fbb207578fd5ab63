import assert from "node:assert/strict";
import { test } from "node:test";
import { showSupport } from "../../../static/install/support.js";
import { withGlobals } from "../../support/fakes.mjs";
import { FakeBroadcastChannel, RefusedBroadcastChannel } from "../../support/storage_fakes.mjs";

/**
 * The page's document, as far as it is used here; the first of each kind is found by its name.
 * @param {import("node:test").TestContext} t
 * @param {any} BroadcastChannel
 */
async function shown(t, BroadcastChannel) {
  /** @type {Map<string, any>} */
  const made = new Map();
  const createElement = (/** @type {string} */ name) => {
    const one = { name, value: "", disabled: false, textContent: "", setAttribute() {}, append() {}, select() {} };
    made.set(name, made.get(name) ?? one);
    return one;
  };
  const head = { append: (/** @type {any} */ link) => link.onload() };
  const document = { createElement, head, body: { replaceChildren() {} }, execCommand: () => true };
  const navigator = { userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0" };
  const location = { origin: "https://app.example" };
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => FakeBroadcastChannel.reset());
  withGlobals(t, { document, navigator, location, BroadcastChannel });
  await showSupport();
  return { text: made.get("textarea"), copy: made.get("button"), status: made.get("p") };
}

test("where the browser refuses a channel, the page says why, and what it knows by itself", async (t) => {
  const { text, copy, status } = await shown(t, RefusedBroadcastChannel);
  assert.match(status.textContent, /blocks site data.*Allow cookies and site data for https:\/\/app\.example/);
  const [browser, problem] = text.value.split("\n");
  assert.equal(browser, "Firefox 153");
  assert.match(problem, /^problem: site data is blocked for https:\/\/app\.example \(SecurityError\)/);
  assert.equal(copy.disabled, false);
  await copy.onclick();
  assert.equal(status.textContent, "Copied.");
});

test("where no page answers, the page says so", async (t) => {
  const { status } = await shown(t, FakeBroadcastChannel);
  t.mock.timers.tick(3000);
  assert.match(status.textContent, /^No hidden page answered\./);
});

test("what a page answers is shown, and may be copied", async (t) => {
  const page = new FakeBroadcastChannel("worker-py:support");
  page.onmessage = ({ data }) => data.asks && page.postMessage({ page: "page-1", text: "worker-py 1" });
  const { text, copy, status } = await shown(t, FakeBroadcastChannel);
  assert.deepEqual([text.value, copy.disabled, status.textContent], ["worker-py 1", false, "One page answered."]);
});
