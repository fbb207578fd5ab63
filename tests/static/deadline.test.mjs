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

test("what comes while the thread has no time has come in time, and is waited for no longer than that", async (t) => {
  const clock = stillClock(t);
  /** @type {(value: number) => void} */
  let come = () => {};
  const waiting = [
    within(new Promise((resolve) => (come = resolve)), 100, "no seven came"),
    within(new Promise(() => {}), 100, "nothing came"),
  ];
  clock.sleep(5000);
  clock.tick(100); // both timers fire now, and what has come stands behind them
  come(7);
  assert.equal(await waiting[0], 7);
  clock.tick(100);
  await assert.rejects(waiting[1], /nothing came/);
});
