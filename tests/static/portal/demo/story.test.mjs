import assert from "node:assert/strict";
import { test } from "node:test";
import { Story } from "../../../../static/portal/demo/story.js";

/** @typedef {import("../../../../static/portal/demo/story.js").Node} Node */

const PREFIX = "BackgroundCallCard::";
const MUTE = { at: 1000, kind: "event", name: `${PREFIX}muteButtonClick`, id: "p:1" };
const HANDLER = { at: 1300, kind: "handler", id: "p:1", event: MUTE.name, call_id: "A", outcome: "ok" };

/** @param {...object} entries of one page */
function told(...entries) {
  const story = new Story();
  for (const entry of entries) {
    story.take(entry, "f1");
  }
  return story;
}

/** @param {Node[]} nodes @returns {unknown[]} kind and name of each, and below it what it holds */
const outline = (nodes) =>
  nodes.map(({ kind, name, children }) => (children.length ? [kind, name, outline(children)] : [kind, name]));

test("an event holds its handlers, and each what it asked for while it ran", () => {
  const { roots } = told(
    MUTE,
    { at: 1010, kind: "command", name: "CallCardSetStatusText", id: "c1" },
    {
      at: 1050,
      kind: "outcome",
      name: "CallCardSetStatusText",
      id: "c1",
      outcome: "ok",
      duration_ms: 40,
      cause: "p:1",
    },
    { at: 1210, kind: "rest", name: "crm.contact.get", id: "r1", outcome: "ok", started: 1200, cause: "p:1" },
    { ...HANDLER, name: "first", started: 1005, duration_ms: 100 },
    { ...HANDLER, name: "second", started: 1150, duration_ms: 100 },
  );
  assert.deepEqual(outline(roots), [
    [
      "event",
      "muteButtonClick",
      [
        ["handler", "first", [["command", "CallCardSetStatusText"]]],
        ["handler", "second", [["rest", "crm.contact.get"]]],
      ],
    ],
  ]);
  assert.deepEqual([roots[0]?.ms, roots[0]?.call, roots[0]?.failed], [300, "A", false]);
});

test("what is answered after its handler ended stands below it all the same", () => {
  const { roots } = told(
    MUTE,
    { ...HANDLER, name: "mute", started: 1005, duration_ms: 100 },
    { at: 1400, kind: "call", name: "phone.mute", id: "f1", outcome: "ok", started: 1050, cause: "p:1" },
  );
  assert.deepEqual(outline(roots), [["event", "muteButtonClick", [["handler", "mute", [["call", "phone.mute"]]]]]]);
});

test("a command waits below the newest event that is being handled, and goes to its own when that is known", () => {
  const other = { ...MUTE, at: 1100, name: `${PREFIX}holdButtonClick`, id: "p:2" };
  const story = told(MUTE, other, { at: 1110, kind: "command", name: "CallCardSetMute", id: "c1" });
  assert.deepEqual(outline(story.roots), [
    ["event", "muteButtonClick"],
    ["event", "holdButtonClick", [["command", "CallCardSetMute"]]],
  ]);
  story.take({ at: 1200, kind: "outcome", id: "c1", name: "CallCardSetMute", outcome: "ok", cause: "p:1" }, "f1");
  assert.deepEqual(outline(story.roots), [
    ["event", "muteButtonClick", [["command", "CallCardSetMute"]]],
    ["event", "holdButtonClick"],
  ]);
});

test("what was said stands with what was asked for", () => {
  const story = new Story();
  story.asked("f1", { kind: "command", id: "c1", name: "CallCardSetStatusText", params: { statusText: "busy" } });
  story.asked("f1", { kind: "rest", id: "r1", name: "crm.contact.get", params: { id: 7 } });
  story.asked("f1", { kind: "call", id: "f1", name: "phone.state", params: {} });
  story.take(MUTE, "f1");
  story.take({ at: 1001, kind: "command", name: "CallCardSetStatusText", id: "c1" }, "f1");
  story.take({ at: 1002, kind: "rest", name: "crm.contact.get", id: "r1", outcome: "ok", cause: "p:1" }, "f1");
  story.take({ at: 1003, kind: "call", name: "phone.state", id: "f1", outcome: "ok", cause: "p:1" }, "f1");
  assert.deepEqual(
    story.roots[0]?.children.map(({ said }) => said),
    ["status ← “busy”", "crm.contact.get {id: 7}", ""],
  );
});

test("ids that begin anew with another interpreter do not bring back what was said before", () => {
  const story = new Story();
  story.asked("f1", { kind: "command", id: "c1", name: "CallCardSetStatusText", params: { statusText: "old" } });
  story.take({ at: 1001, kind: "command", name: "CallCardSetMute", id: "c1" }, "f1");
  assert.equal(story.roots[0]?.said, "");
});

test("a failure marks all that it stands below; an event is as bad as the worst of its handlers", () => {
  const late = { at: 1050, kind: "outcome", id: "c1", name: "CallCardSetMute", outcome: "timeout", cause: "p:1" };
  const story = told(MUTE, { at: 1010, kind: "command", name: "CallCardSetMute", id: "c1" }, late);
  assert.deepEqual([story.roots[0]?.failed, story.roots[0]?.children[0]?.failed], [true, true]);
  const { roots } = told(MUTE, { ...HANDLER, name: "a", outcome: "failed" }, { ...HANDLER, name: "b" });
  assert.deepEqual([roots[0]?.outcome, roots[0]?.failed], ["failed", true]);
});

test("a report stands below its event, one that has none by itself", () => {
  const report = { at: 1100, kind: "report", name: "handler_failed", detail: "mute: LookupError" };
  assert.deepEqual(outline(told(MUTE, { ...report, id: "p:1" }).roots), [
    ["event", "muteButtonClick", [["report", "handler_failed"]]],
  ]);
  const emitted = { at: 1050, kind: "emit", name: "demo.fault", id: "p:2" };
  assert.deepEqual(outline(told(emitted, MUTE, report).roots), [
    ["event", "muteButtonClick"],
    ["emit", "demo.fault", [["report", "handler_failed"]]],
  ]);
  assert.deepEqual(outline(told(MUTE, report).roots), [
    ["event", "muteButtonClick"],
    ["report", "handler_failed"],
  ]);
});

test("a start is one group until Python is ready, and folded; the next start is another", () => {
  const phases = { total: 300, app: 100 };
  const { roots } = told(
    { at: 1, kind: "boot", name: "download" },
    MUTE,
    { at: 3, kind: "boot", name: "app" },
    { at: 4, kind: "boot", name: "booted", duration_ms: 300, phases },
    { at: 2000, kind: "boot", name: "worker_ended", ending: "killed", detail: "gone" },
  );
  assert.deepEqual(
    roots.map(({ kind, folded, ms, failed }) => [kind, folded, ms, failed]),
    [
      ["start", true, 300, false],
      ["event", false, null, false],
      ["start", true, null, true],
    ],
  );
});

test("what the phone measures is one folded group, and shows only what failed of its handlers", () => {
  const stats = (/** @type {number} */ at, /** @type {string} */ id) => ({ at, kind: "emit", name: "phone.stats", id });
  const good = { at: 1010, kind: "handler", name: "measure", id: "p:1", outcome: "ok" };
  const story = told(stats(1000, "p:1"), good, stats(2000, "p:2"), { ...good, at: 2010, id: "p:2", outcome: "failed" });
  assert.deepEqual(outline(story.roots), [
    [
      "stats",
      "phone.stats",
      [
        ["emit", "phone.stats"],
        ["emit", "phone.stats"],
        ["handler", "measure"],
      ],
    ],
  ]);
  assert.deepEqual([story.roots[0]?.folded, story.roots[0]?.failed], [true, true]);
});

test("a call that measures for hours does not drive the rest out of the log", () => {
  const story = told(MUTE);
  for (let at = 2000; at < 2500; at++) {
    story.take({ at, kind: "emit", name: "phone.stats", id: `p:${at}` }, "f1");
  }
  const stats = story.roots[1];
  assert.deepEqual([story.roots.length, stats?.times, stats?.children.length, story.dropped.length], [2, 500, 20, 480]);
  assert.equal(stats?.children.at(-1)?.at, 2499);
});

test("how a handler failed stands with the report of it, and with no other", () => {
  const story = told(MUTE);
  story.failedWith("f1", { id: MUTE.id, handler: "mute", text: "Traceback:\n  File app.py\nKeyError: 'line'\n" });
  story.failedWith("f2", { id: MUTE.id, handler: "mute", text: "of another page" });
  const report = { at: 1020, kind: "report", name: "handler_failed", id: MUTE.id };
  story.take({ ...report, detail: "mute: KeyError: 'line'" }, "f1");
  story.take({ ...report, at: 1021, detail: "hold: KeyError: 'line'" }, "f1");
  const reports = story.roots[0]?.children.filter(({ kind }) => kind === "report");
  assert.deepEqual(
    reports?.map(({ traceback }) => traceback),
    ["Traceback:\n  File app.py\nKeyError: 'line'", ""],
  );
});

test("pages are told apart, and what is no entry is nothing", () => {
  const story = told(MUTE);
  story.take({ ...HANDLER, name: "mute" }, "f2");
  for (const nonsense of [null, 5, { kind: "event" }, { at: 5, kind: "printed", name: "x" }]) {
    assert.equal(story.take(nonsense, "f1").size, 0);
  }
  assert.deepEqual(outline(story.roots), [
    ["event", "muteButtonClick"],
    ["handler", "mute"],
  ]);
});

test("the oldest is forgotten, and what belongs to it comes to stand by itself", () => {
  const story = told(MUTE);
  assert.equal(story.drop()?.name, "muteButtonClick");
  story.take({ ...HANDLER, name: "mute" }, "f1");
  assert.deepEqual(outline(story.roots), [["handler", "mute"]]);
  assert.equal(new Story().drop(), undefined);
});

test("the newest run of a handler is found, below whatever event it stands", () => {
  const story = told(
    MUTE,
    { ...HANDLER, name: "mute", started: 1005, duration_ms: 100 },
    { ...MUTE, at: 2000, id: "p:2" },
    { ...HANDLER, at: 2300, id: "p:2", name: "mute", started: 2005, duration_ms: 7 },
    { ...MUTE, at: 3000, id: "p:3" },
    { ...HANDLER, at: 3300, id: "p:3", name: "other", started: 3005, duration_ms: 9 },
  );
  assert.deepEqual([story.runOf("mute")?.ms, story.runOf("mute")?.parent], [7, story.roots[1]]);
  assert.equal(story.runOf("none"), undefined);
});
