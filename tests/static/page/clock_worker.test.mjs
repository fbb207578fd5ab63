import assert from "node:assert/strict";
import { test } from "node:test";
import { stillClock, withGlobals } from "../../support/fakes.mjs";

/** It exports nothing, so that no type is known of it. */
const SCRIPT = new URL("../../../static/page/clock_worker.js", import.meta.url).href;

test("numbers are said back after the time asked for, each in its own", async (t) => {
  const clock = stillClock(t);
  /** @type {number[]} */
  const said = [];
  /** @type {any} */
  const self = { postMessage: (/** @type {number} */ id) => said.push(id) };
  withGlobals(t, { self });
  await import(SCRIPT);
  self.onmessage({ data: { id: 1, ms: 300 } });
  self.onmessage({ data: { id: 2, ms: 100 } });
  clock.tick(99);
  assert.deepEqual(said, []);
  clock.tick(1);
  assert.deepEqual(said, [2]);
  clock.tick(200);
  assert.deepEqual(said, [2, 1]);
});
