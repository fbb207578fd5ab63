import assert from "node:assert/strict";
import { test } from "node:test";
import { InterpreterStatus } from "../../../static/page/interpreter_status.js";
import { Reports } from "../../../static/page/reports.js";
import { Trace } from "../../../static/page/trace.js";

/** @param {import("node:test").TestContext} t */
function begun(t) {
  t.mock.method(console, "warn", () => {});
  t.mock.method(console, "error", () => {});
  const [trace, reports] = [new Trace(), new Reports()];
  const status = new InterpreterStatus(trace, reports);
  const connect = (/** @type {"extended" | "shared" | "dedicated"} */ mode, again = false) =>
    status.opened({ mode, reason: "why", name: "w", port: /** @type {any} */ (null), end: () => {} }, again);
  const end = (/** @type {any} */ ending, /** @type {string} */ text, forGood = false) => {
    status.ended(ending, text);
    status.goesOn(ending, text, forGood);
  };
  return { status, trace, reports, connect, end };
}

test("from waiting over booting to ready, and ready tells how", async (t) => {
  const { status, connect } = begun(t);
  assert.equal(status.state, "waiting");
  status.begin();
  connect("shared");
  assert.deepEqual([status.state, status.isOpen], ["booting", true]);
  status.started({
    ...{ phases: { total: 5 }, parts: { fetch: 1 } },
    ...{ storage: "SecurityError", plainBecause: "built without one" },
  });
  assert.deepEqual(await status.ready, { mode: "shared", phases: { total: 5 } });
  assert.deepEqual(
    [status.state, status.storageRefused, status.plainBecause, status.parts],
    ["ready", "SecurityError", "built without one", { fetch: 1 }],
  );
});

test("outside a portal nothing is ever ready, until the client comes after all", async (t) => {
  const { status, reports } = begun(t);
  status.outside("no portal here");
  await assert.rejects(status.ready, /no portal here/);
  assert.deepEqual([status.isOpen, reports.counts.no_client], [false, 1]);
  status.begin();
  status.started({ phases: { total: 5 }, parts: {}, storage: null, plainBecause: null });
  assert.deepEqual((await status.ready).phases, { total: 5 });
});

test("who asks for the progress late hears the last of it, and a listener that throws harms nothing", (t) => {
  const { status } = begun(t);
  status.begin();
  status.progressed("memory", 0.5);
  /** @type {unknown[]} */
  const heard = [];
  status.onprogress = (progress) => heard.push(progress);
  assert.deepEqual(heard, [{ phase: "memory", fraction: 0.5 }]);
  status.onprogress = () => {
    throw new Error("broken");
  };
  status.progressed("runtime", 0.6);
  assert.equal(status.state, "booting");
});

test("an ending has a code in the trace, and its words are masked", (t) => {
  const { status, trace, end } = begun(t);
  status.begin();
  end("fatal", "it called +49 301 234567");
  const [entry] = trace.entries();
  assert.deepEqual([entry.kind, entry.name, entry.ending], ["boot", "worker_ended", "fatal"]);
  assert.match(status.endings[0], /^fatal: it called •+67$/);
});

test("a move is no failure; others are reported, and the last is for good", async (t) => {
  const { status, reports, end } = begun(t);
  status.begin();
  end("moved", "another page moved on");
  assert.deepEqual(reports.counts, {});
  end("failed", "HTTP 503");
  assert.match(String(status.failure), /is tried again: HTTP 503/);
  end("failed", "no such module", true);
  assert.deepEqual([status.state, status.failure, status.isOpen], ["failed", "no such module", false]);
  await assert.rejects(status.ready, /no such module/);
  assert.deepEqual(reports.counts, { worker_failed: 1, app_failed: 1 });
});

test("a shared worker that hangs is left for as long as the browser keeps it; one of the page's own is ended", (t) => {
  t.mock.timers.enable({ apis: ["Date"] });
  const { status, connect, end } = begun(t);
  for (const [mode, ms] of /** @type {const} */ ([
    ["dedicated", 0],
    ["shared", 10_000],
    ["extended", 300_000],
  ])) {
    connect(mode);
    end("hang", "no answer");
    assert.equal(status.leftRunning.length, ms && 1, mode);
    t.mock.timers.tick(ms);
    assert.deepEqual(status.leftRunning, []);
  }
});

test("a worker that is joined again is counted once", (t) => {
  const { status, connect } = begun(t);
  connect("shared");
  connect("shared", true);
  assert.equal(status.workers, 1);
});
