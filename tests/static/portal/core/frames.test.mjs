import assert from "node:assert/strict";
import { test } from "node:test";
import { nextLoad } from "../../../../static/portal/core/frames.js";
import { settled, stillClock } from "../../../support/fakes.mjs";

/** @param {string} href what the frame shows */
function frame(href) {
  return Object.assign(new EventTarget(), { contentWindow: /** @type {any} */ ({ location: { href } }) });
}

/** @param {ReturnType<typeof frame>} element */
function watched(element) {
  const seen = { over: false };
  nextLoad(element).then(() => {
    seen.over = true;
  });
  return seen;
}

test("a frame's load is that of a page, not of the blank one that it was made with", async (t) => {
  stillClock(t);
  const element = frame("about:blank");
  const seen = watched(element);
  element.dispatchEvent(new Event("load"));
  await settled();
  assert.equal(seen.over, false);
  element.contentWindow.location.href = "https://app.example/";
  element.dispatchEvent(new Event("load"));
  await settled();
  assert.equal(seen.over, true);
});

test("a host that does not answer, of which some browsers tell nothing, is waited for ten seconds", async (t) => {
  const clock = stillClock(t);
  const seen = watched(frame("about:blank"));
  clock.tick(9_999);
  await settled();
  assert.equal(seen.over, false);
  clock.tick(1);
  await settled();
  assert.equal(seen.over, true);
});
