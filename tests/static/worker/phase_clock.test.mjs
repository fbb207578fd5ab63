import assert from "node:assert/strict";
import { test } from "node:test";
import { phaseClock } from "../../../static/worker/phase_clock.js";
import { deferred, settled, stillClock } from "../../support/fakes.mjs";

const MODULE = "https://app.example/pyodide.asm.wasm";

/** A clock whose module came as the browser says. @param {import("node:test").TestContext} t @param {object[]} [entries] */
function clocked(t, entries = []) {
  const time = stillClock(t);
  t.mock.method(performance, "getEntriesByName", (/** @type {string} */ name, /** @type {string} */ kind) => {
    assert.deepEqual([name, kind], [MODULE, "resource"]);
    return entries;
  });
  /** @type {Array<[string, number]>} */
  const told = [];
  const clock = phaseClock((phase, fraction) => told.push([phase, fraction]));
  return { time, clock, told };
}

test("each phase has its milliseconds, one that is entered again all of them, and the whole is told", (t) => {
  const { time, clock, told } = clocked(t);
  clock.enter("download", 0.05);
  time.tick(30);
  clock.enter("memory", 0.5);
  time.tick(7);
  clock.enter("download", 0.05);
  time.tick(3);
  clock.enter("ready", 1);
  assert.deepEqual(clock.phases, { download: 33, memory: 7, total: 40 });
  assert.deepEqual(told, [
    ["download", 0.05],
    ["memory", 0.5],
    ["download", 0.5],
    ["ready", 1],
  ]);
});

test("a part that is done brings the boot on, and not to its end", (t) => {
  const { clock, told } = clocked(t);
  clock.enter("download", 0.75);
  clock.advance(0.125);
  clock.advance(0.125);
  assert.deepEqual(told.slice(1), [
    ["download", 0.875],
    ["download", 0.9],
  ]);
});

test("the download is told in its parts: the last of the module's requests, and the snapshot's bytes", async (t) => {
  const entries = [
    { startTime: 1, responseStart: 2, responseEnd: 3 },
    { startTime: 100, responseStart: 112, responseEnd: 150 },
  ];
  const { time, clock } = clocked(t, entries);
  const [compiled, read, verified] = [deferred(), deferred(), deferred()];
  clock.note("compiled", compiled.promise);
  clock.note("read", read.promise);
  clock.note("verified", verified.promise);
  time.tick(60);
  read.resolve(null);
  await settled();
  time.tick(4);
  verified.resolve(null);
  await settled();
  time.tick(200);
  compiled.resolve(null);
  await settled();
  assert.deepEqual(clock.parts(MODULE), { module: 264, fetch: 12, decode: 38, compile: 114, read: 60, hash: 4 });
});

test("what a browser keeps to itself, and what failed, is left out", async (t) => {
  const { clock } = clocked(t);
  const compiled = deferred();
  clock.note("compiled", compiled.promise);
  compiled.reject(new Error("HTTP 404"));
  await settled();
  assert.deepEqual(clock.parts(MODULE), {});
});
