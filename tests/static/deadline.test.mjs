import assert from "node:assert/strict";
import { test } from "node:test";
import { within } from "../../static/deadline.js";
import { stillClock } from "../support/fakes.mjs";

test("what comes in time is passed on, and so is a failure", async (t) => {
  const clock = stillClock(t);
  assert.equal(await within(Promise.resolve(7), 100, "no seven came"), 7);
  await assert.rejects(within(Promise.reject(new Error("broken")), 100, "nothing came"), /broken/);
  clock.tick(100);
});

test("what does not come in time is named", async (t) => {
  const clock = stillClock(t);
  const waiting = within(new Promise(() => {}), 100, "the token was not refreshed in time");
  clock.tick(99);
  assert.equal(await Promise.race([waiting, Promise.resolve("waits")]), "waits");
  clock.tick(1);
  await assert.rejects(waiting, /^Error: the token was not refreshed in time$/);
});
