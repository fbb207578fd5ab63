import assert from "node:assert/strict";
import { test } from "node:test";
import { interruptBuffer } from "../../../static/worker/interrupt.js";

const SIGINT = 2;

/** A buffer whose clock and beat the test moves. @param {number} limitMs */
function watched(limitMs) {
  const state = { now: 0, beat: 0 };
  const buffer = interruptBuffer(
    () => state.beat,
    limitMs,
    () => state.now,
  );
  return {
    state,
    buffer,
    /** Python looks every `step` milliseconds for `ms`; when it is interrupted, if it is. @param {number} ms */
    run(ms, step = 10) {
      const started = state.now;
      for (let passed = 0; passed <= ms; passed += step) {
        state.now = started + passed;
        if (buffer[0] === SIGINT) {
          return passed;
        }
      }
      return null;
    },
  };
}

test("a slice within the limit is not interrupted", () => {
  assert.equal(watched(1000).run(1000), null);
});

test("a slice beyond the limit is interrupted, at once", () => {
  assert.equal(watched(1000).run(5000), 1010);
});

test("after an interruption that was put off it asks again after 20 ms, and again", () => {
  const { run } = watched(1000);
  run(5000);
  assert.equal(run(5000, 1), 21);
  assert.equal(run(5000, 1), 21);
});

test("what a slice has left is told, of a new one the whole limit", () => {
  const { run, state, buffer } = watched(1000);
  run(300);
  assert.equal(buffer.left(), 700);
  state.now += 100;
  assert.equal(buffer.left(), 600);
  state.beat++;
  assert.equal(buffer.left(), 1000);
});

test("a new slice begins from nothing", () => {
  const { run, state } = watched(1000);
  assert.equal(run(900), null);
  state.beat++;
  assert.equal(run(1000), null);
});

test("a new slice after an interruption has the whole limit", () => {
  const { run, state } = watched(1000);
  run(5000);
  state.beat++;
  assert.equal(run(5000), 1010);
});

test("a counter that begins anew is a new slice too", () => {
  const { run, state } = watched(1000);
  state.beat = 0xffffffff;
  run(900);
  state.beat = 0;
  assert.equal(run(1000), null);
});

test("a laptop that slept an hour in the middle of a slice does not count as a runaway", () => {
  const { run, state } = watched(1000);
  run(500);
  state.now += 3_600_000;
  assert.equal(run(200), null);
});

test("long gaps count for something: code that looks rarely is interrupted in the end", () => {
  assert.equal(watched(1000).run(60_000, 5000), 5 * 5000);
});

test("time until the browser calls Python again is nobody's, though no slice began", async () => {
  const { run } = watched(1000);
  assert.equal(run(900), null);
  await null;
  assert.equal(run(1000), null);
});

test("time between two slices is nobody's", () => {
  const { run, state } = watched(1000);
  for (let slice = 0; slice < 50; slice++) {
    state.beat++;
    assert.equal(run(100), null);
  }
});

test("Python may clear the signal: the buffer takes any value and keeps none", () => {
  const { buffer } = watched(1000);
  buffer[0] = SIGINT;
  assert.equal(buffer[0], 0);
});

test("the real clock is used when none is given", (t) => {
  const clock = t.mock.method(performance, "now", () => 0);
  const buffer = interruptBuffer(() => 0, 100);
  const looks = [0, 90, 180, 270].map((now) => {
    clock.mock.mockImplementation(() => now);
    return buffer[0];
  });
  assert.deepEqual(looks, [0, 0, SIGINT, SIGINT]);
});
