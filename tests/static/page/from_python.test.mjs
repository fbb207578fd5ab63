import assert from "node:assert/strict";
import { test } from "node:test";
import { Executor } from "../../../static/page/executor.js";
import { FromPython } from "../../../static/page/from_python.js";
import { Journal } from "../../../static/page/journal.js";
import { Recorder } from "../../../static/page/recorder.js";
import { Reports } from "../../../static/page/reports.js";
import { Trace } from "../../../static/page/trace.js";
import { FakeClient, withGlobals } from "../../support/fakes.mjs";

/** @param {() => any} live */
function hearing(live = () => null) {
  const trace = new Trace();
  const fromPython = new FromPython({
    pageId: "page-1",
    executor: new Executor(new FakeClient(), Promise.resolve()),
    journal: new Journal(),
    trace,
    reports: new Reports(),
    recorder: new Recorder("build"),
    live,
    proven: () => {},
  });
  /** @param {Record<string, unknown>} message */
  const say = (message) => fromPython.receive(JSON.stringify(message), () => {});
  return { fromPython, say, trace };
}

test("what is wrong with a call is told while it is so, and no longer than the call goes on", () => {
  const { fromPython, say } = hearing();
  say({ t: "problem", kind: "no_buttons", call_id: "A", on: true });
  say({ t: "problem", kind: "not_external", call_id: "B", on: true });
  assert.deepEqual(fromPython.problems, new Set(["no_buttons", "not_external"]));
  say({ t: "problem", kind: "no_buttons", call_id: "A", on: false });
  assert.deepEqual(fromPython.problems, new Set(["not_external"]));
  say({ t: "forget", call_id: "B" });
  assert.deepEqual(fromPython.problems, new Set());
});

test("what is kept of the app is its user's alone", () => {
  const { fromPython, say } = hearing();
  assert.equal(fromPython.data, null);
  say({ t: "keep_data", kept: '{"n":[1,"2"]}' });
  assert.equal(fromPython.data, '{"n":[1,"2"]}');
  fromPython.forgetCalls();
  assert.equal(fromPython.data, null);
});

test("commands that are not the app's are counted apart, and a probe leaves no trace", () => {
  const { fromPython, say, trace } = hearing();
  for (const purpose of ["probe", "mirror", "title", undefined, "probe"]) {
    say({ t: "command", id: "c1", command: "CallCardSetCardTitle", params: { title: "x" }, purpose });
  }
  assert.deepEqual(fromPython.service, { probe: 2, mirror: 1, title: 1 });
  assert.deepEqual(
    trace.entries().map(({ purpose }) => purpose),
    ["mirror", "title", undefined],
  );
});

test("what the app prints is the console's as it is, by its level; the trace has handler, level and length", (t) => {
  const { say, trace } = hearing();
  const shown = ["debug", "info", "warn", "error"].map((level) =>
    t.mock.method(console, /** @type {"info"} */ (level), () => {}),
  );
  /** @type {unknown[]} */
  const fired = [];
  const told = (/** @type {Event} */ event) => fired.push(/** @type {CustomEvent} */ (event).detail.text);
  const events = new EventTarget();
  events.addEventListener("workerpy:printed", told);
  withGlobals(t, { dispatchEvent: (/** @type {Event} */ event) => events.dispatchEvent(event) });
  for (const level of ["debug", "info", "warning", "error"]) {
    say({ t: "printed", level, handler: "greet", id: "page-1:1", text: `Ada ${level}` });
  }
  assert.deepEqual(
    shown.map(({ mock }) => mock.calls.map((call) => call.arguments)),
    [[["greet: Ada debug"]], [["greet: Ada info"]], [["greet: Ada warning"]], [["greet: Ada error"]]],
  );
  assert.deepEqual(fired, ["Ada debug", "Ada info", "Ada warning", "Ada error"]);
  const { at, ...entry } = /** @type {any} */ (trace.entries()[1]);
  assert.deepEqual(entry, { kind: "printed", name: "greet", id: "page-1:1", level: "info", chars: 8 });
  assert.doesNotMatch(JSON.stringify(trace.entries()), /Ada/);
});

test("which source is about to run is told to who sent it", () => {
  /** @type {string[]} */
  const taking = [];
  const { say } = hearing(() => ({ taking: (/** @type {string} */ id) => taking.push(id) }));
  say({ t: "taking", id: "reload-1" });
  assert.deepEqual(taking, ["reload-1"]);
});
