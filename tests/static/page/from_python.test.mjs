import assert from "node:assert/strict";
import { test } from "node:test";
import { Executor } from "../../../static/executor.js";
import { FromPython } from "../../../static/from_python.js";
import { Journal } from "../../../static/journal.js";
import { Recorder } from "../../../static/recorder.js";
import { Reports } from "../../../static/reports.js";
import { Trace } from "../../../static/trace.js";
import { FakeClient } from "../../support/fakes.mjs";

function hearing() {
  const fromPython = new FromPython({
    pageId: "page-1",
    executor: new Executor(new FakeClient(), Promise.resolve()),
    journal: new Journal(),
    trace: new Trace(),
    reports: new Reports(),
    recorder: new Recorder("build"),
    live: () => null,
    proven: () => {},
  });
  /** @param {Record<string, unknown>} message */
  const say = (message) => fromPython.receive(JSON.stringify(message), () => {});
  const refuse = () =>
    say({ t: "outcome", kind: "command", name: "CallCardSetMute", id: "c1", outcome: "Call card is undefined", ms: 1 });
  return { fromPython, say, refuse };
}

test("a command that is refused in the handler of initialized shows that the call is not external", () => {
  const { fromPython, refuse } = hearing();
  fromPython.initialized({ CALL_ID: "A" });
  refuse(); // Python keeps something of the call only once that handler has ended
  assert.equal(fromPython.notExternal, true);
});

test("a command that is refused before any card was shown says nothing of the call", () => {
  const { fromPython, refuse } = hearing();
  refuse();
  assert.equal(fromPython.notExternal, false);
});

test("a command that comes too late for a card that was closed says nothing of the call", () => {
  const { fromPython, say, refuse } = hearing();
  fromPython.initialized({ CALL_ID: "A" });
  say({ t: "forget", call_id: "A" });
  refuse();
  assert.equal(fromPython.notExternal, false);
});

test("that the card before was closed does not hide that this call is not external", () => {
  const { fromPython, say, refuse } = hearing();
  fromPython.initialized({ CALL_ID: "A" });
  fromPython.initialized({ CALL_ID: "B" });
  say({ t: "forget", call_id: "A" });
  refuse();
  assert.equal(fromPython.notExternal, true);
});

test("an initialized with an odd payload stops nothing", () => {
  const { fromPython } = hearing();
  for (const payload of [undefined, null, [], "", 7, { CALL_ID: null }]) {
    fromPython.initialized(payload);
  }
  assert.equal(fromPython.notExternal, false);
});
