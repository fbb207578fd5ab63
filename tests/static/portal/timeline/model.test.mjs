import assert from "node:assert/strict";
import { test } from "node:test";
import { neighbour } from "../../../../static/portal/timeline/keys.js";
import { timelineOf } from "../../../../static/portal/timeline/model.js";
import { durationWords, outcomeOf, outcomeWords } from "../../../../static/portal/timeline/outcomes.js";
import { fitted, followed, offsetWords, revealing, ticks, zoomed } from "../../../../static/portal/timeline/window.js";

/** @typedef {import("../../../../static/portal/timeline/model.js").Entry} Entry */

const PREFIX = "BackgroundCallCard::";

/** @param {...Partial<Entry>} entries of one page */
const read = (...entries) => timelineOf(entries.map((entry) => /** @type {Entry} */ ({ frame: "f1", ...entry })));

/** @param {ReturnType<typeof timelineOf>} timeline @param {string} lane */
const inLane = ({ spans }, lane) => spans.filter((span) => span.lane === lane);

/** @param {ReturnType<typeof timelineOf>} timeline @param {string} lane */
const only = (timeline, lane) => {
  const found = inLane(timeline, lane);
  assert.equal(found.length, 1, `one span in ${lane}`);
  return /** @type {import("../../../../static/portal/timeline/model.js").Span} */ (found[0]);
};

const EVENT = { at: 1000, kind: "event", name: `${PREFIX}muteButtonClick`, id: "p:1" };
const handler = (/** @type {Partial<Entry>} */ more) => ({
  at: 1300,
  kind: "handler",
  name: "mute",
  id: "p:1",
  event: EVENT.name,
  started: 1100,
  duration_ms: 150,
  outcome: "ok",
  ...more,
});

test("an event lasts until its handlers have ended, a handler as long as it says", () => {
  const timeline = read(EVENT, handler({}));
  const { name, start, end, duration, outcome } = only(timeline, "event");
  assert.deepEqual([name, start, end, duration, outcome], ["muteButtonClick", 1000, 1300, 300, "ok"]);
  const span = only(timeline, "handler");
  assert.deepEqual([span.start, span.end, span.duration], [1100, 1250, 150]);
  assert.equal(span.cause, only(timeline, "event").cause);
});

test("an event without an acknowledgement runs", () => {
  const timeline = read(EVENT);
  assert.deepEqual(
    [only(timeline, "event").end, only(timeline, "event").outcome, timeline.open],
    [null, "running", true],
  );
});

test("an event is as bad as the worst of its handlers, whichever comes first", () => {
  const bad = handler({ name: "broken", outcome: "failed" });
  assert.equal(only(read(EVENT, bad, handler({})), "event").outcome, "failed");
  assert.equal(only(read(EVENT, handler({}), bad), "event").outcome, "failed");
  assert.equal(only(read(EVENT, handler({ outcome: "timeout" })), "event").outcome, "timeout");
});

test("an event for which no handler ran is over all the same", () => {
  const span = only(read(EVENT, { at: 1002, kind: "handled", name: EVENT.name, id: "p:1" }), "event");
  assert.deepEqual([span.end, outcomeWords(span)], [1002, "ok (no handler)"]);
});

test("what a page emitted is a moment, and lasts when handlers ran for it", () => {
  const emitted = { at: 1000, kind: "emit", name: "phone.ringing", id: "p:1" };
  const alone = only(read(emitted), "event");
  assert.deepEqual([alone.end, alone.outcome], [1000, "none"]);
  const heard = only(read(emitted, handler({})), "event");
  assert.deepEqual([heard.end, heard.outcome, heard.duration], [1300, "ok", 300]);
});

test("what was delivered again says so, and when; a failure goes before it", () => {
  const again = { at: 1200, kind: "redelivery", name: EVENT.name, id: "p:1" };
  const span = only(read(EVENT, again, handler({})), "event");
  assert.deepEqual([span.outcome, span.marks], ["redelivered", [1200]]);
  assert.equal(only(read(EVENT, again, handler({ outcome: "failed" })), "event").outcome, "failed");
});

test("an outcome completes the command of its id and is as long as Python measured", () => {
  const timeline = read(
    { at: 2000, kind: "command", name: "CallCardSetMute", id: "c1" },
    { at: 2000, kind: "command", name: "CallCardClose", id: "c2" },
    { at: 2040, kind: "outcome", name: "CallCardSetMute", id: "c1", outcome: "timeout", duration_ms: 45, cause: "p:1" },
  );
  const [mute, close] = inLane(timeline, "command");
  assert.deepEqual([mute?.start, mute?.end, mute?.duration, mute?.outcome], [1995, 2040, 45, "timeout"]);
  assert.deepEqual([close?.end, close?.outcome], [null, "running"]);
});

test("an outcome whose command the trace no longer holds is a bar of its own", () => {
  const span = only(
    read({ at: 2040, kind: "outcome", name: "CallCardClose", id: "c9", outcome: "ok", duration_ms: 40 }),
    "command",
  );
  assert.deepEqual([span.start, span.end], [2000, 2040]);
});

test("commands that an interpreter took with it have failed, and ids that begin anew are not theirs", () => {
  const timeline = read(
    { at: 2000, kind: "command", name: "CallCardSetMute", id: "c1" },
    { at: 2500, kind: "boot", name: "worker_ended", ending: "fatal" },
    { at: 3000, kind: "command", name: "CallCardSetHold", id: "c1" },
    { at: 3010, kind: "outcome", name: "CallCardSetHold", id: "c1", outcome: "ok", duration_ms: 10 },
  );
  const [mute, hold] = inLane(timeline, "command");
  assert.deepEqual([mute?.end, mute?.outcome, mute?.said], [2500, "failed", "interpreter ended"]);
  assert.deepEqual([hold?.start, hold?.end, hold?.outcome], [3000, 3010, "ok"]);
});

test("REST and page calls reach back from when they ended, with their outcomes", () => {
  const timeline = read(
    {
      at: 900,
      kind: "rest",
      name: "crm.contact.get",
      id: "r1",
      outcome: "ACCESS_DENIED",
      duration_ms: 300,
      cause: "p:1",
    },
    { at: 950, kind: "call", name: "phone.answer", id: "p2", outcome: "ok", duration_ms: 20, started: 925 },
  );
  const rest = only(timeline, "rest");
  assert.deepEqual([rest.start, rest.outcome, outcomeWords(rest)], [600, "failed", "failed (ACCESS_DENIED)"]);
  assert.deepEqual([only(timeline, "call").start, only(timeline, "call").end], [925, 945]);
});

test("the phases of a boot have the interpreter's own milliseconds once it has booted", () => {
  const timeline = read(
    { at: 100, kind: "boot", name: "download" },
    { at: 190, kind: "boot", name: "memory" },
    { at: 305, kind: "boot", name: "booted", duration_ms: 200, phases: { download: 120, memory: 80, total: 200 } },
  );
  const phases = inLane(timeline, "boot").map(({ name, start, end, duration }) => [name, start, end, duration]);
  assert.deepEqual(phases, [
    ["download", 105, 225, 120],
    ["memory", 225, 305, 80],
  ]);
});

test("a boot that goes on shows its present phase as running", () => {
  const timeline = read({ at: 100, kind: "boot", name: "download" }, { at: 190, kind: "boot", name: "memory" });
  assert.deepEqual(
    inLane(timeline, "boot").map(({ name, end, outcome }) => [name, end, outcome]),
    [
      ["download", 190, "ok"],
      ["memory", null, "running"],
    ],
  );
});

test("a page that joins an interpreter has no boot of its own", () => {
  const span = only(read({ at: 305, kind: "boot", name: "booted", duration_ms: 200, phases: { total: 200 } }), "boot");
  assert.deepEqual([span.name, span.start, span.end], ["joined", 305, 305]);
  assert.match(span.detail, /200 ms/);
});

test("a second boot leaves the bars of the first", () => {
  const timeline = read(
    { at: 100, kind: "boot", name: "download" },
    { at: 200, kind: "boot", name: "booted", duration_ms: 100, phases: { download: 100 } },
    { at: 500, kind: "boot", name: "worker_ended", ending: "fatal" },
    { at: 600, kind: "boot", name: "download" },
    { at: 650, kind: "boot", name: "booted", duration_ms: 50, phases: { download: 50 } },
  );
  assert.deepEqual(
    inLane(timeline, "boot").map(({ name, start }) => [name, start]),
    [
      ["download", 100],
      ["worker ended: fatal", 500],
      ["download", 600],
    ],
  );
});

test("a page shows the card from when it got it until it lost it", () => {
  const timeline = read(
    { at: 100, kind: "card", name: "opened", call_id: "A" },
    { at: 400, kind: "card", name: "closed", detail: "closed_by_app", call_id: "A" },
    { at: 500, kind: "card", name: "moved", call_id: "B" },
    { at: 600, kind: "card", name: "closed", detail: "closed_by_portal", call_id: "B" },
    { at: 700, kind: "card", name: "shown_again", call_id: "B" },
    { at: 800, kind: "card", name: "closed", detail: "closed_by_operator", call_id: "B" },
    { at: 900, kind: "card", name: "joined", call_id: "C" },
  );
  const showing = inLane(timeline, "page").filter(({ name }) => name === "shows the card");
  assert.deepEqual(
    showing.map(({ start, end }) => [start, end]),
    [
      [100, 400],
      [500, 600],
      [700, 800],
      [900, null],
    ],
  );
});

test("a page that is gone ends what it had, and the next one in its frame begins anew", () => {
  const timeline = read(
    EVENT,
    { at: 1010, kind: "card", name: "opened", call_id: "A" },
    { at: 1500, kind: "left", name: "loaded anew" },
    { at: 1800, kind: "boot", name: "download" },
  );
  assert.deepEqual([only(timeline, "event").end, only(timeline, "event").outcome], [1500, "failed"]);
  assert.deepEqual(
    inLane(timeline, "page").map(({ name, start, end }) => [name, start, end]),
    [
      ["loaded", 1000, 1500],
      ["shows the card", 1010, 1500],
      ["loaded", 1800, null],
    ],
  );
});

test("each page has lanes of its own, and overlapping spans have rows of their own", () => {
  const entries = [
    { ...EVENT, frame: "f1" },
    { ...EVENT, at: 1100, id: "p:2", frame: "f1" },
    { ...EVENT, at: 1200, frame: "f2" },
  ];
  const { lanes } = timelineOf(entries);
  assert.deepEqual(
    lanes.map(({ frame, kind, rows }) => [frame, kind, rows]),
    [
      ["f1", "page", 1],
      ["f1", "event", 2],
      ["f2", "page", 1],
      ["f2", "event", 1],
    ],
  );
});

test("an event that was set aside has failed and no longer runs", () => {
  const timeline = read(EVENT, { at: 1400, kind: "report", name: "set_aside", event: EVENT.name });
  assert.deepEqual([only(timeline, "event").end, only(timeline, "event").said], [1400, "set aside"]);
});

test("entries that overtook each other give the same bars", () => {
  const late = [handler({}), EVENT].map((entry) => ({ frame: "f1", ...entry }));
  assert.deepEqual(timelineOf(late), read(EVENT, handler({})));
});

test("keys of spans stay what they are when more entries come", () => {
  const before = read(EVENT, handler({})).spans.map(({ key }) => key);
  const after = read(EVENT, handler({}), { at: 2000, kind: "command", name: "CallCardClose", id: "c1" });
  assert.deepEqual(
    after.spans.slice(0, before.length).map(({ key }) => key),
    before,
  );
  assert.equal(new Set(after.spans.map(({ key }) => key)).size, after.spans.length);
});

test("two thousand entries are read within a frame of the screen", () => {
  const entries = Array.from({ length: 1000 }, (_, index) => [
    { ...EVENT, at: index * 10, id: `p:${index}`, frame: "f1" },
    { ...handler({ id: `p:${index}` }), at: index * 10 + 5, started: index * 10 + 1, frame: "f1" },
  ]).flat();
  timelineOf(entries);
  const times = Array.from({ length: 9 }, () => {
    const before = process.cpuUsage(); // not the clock's time, which goes on while other programs have their turn
    timelineOf(entries);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  const least = Math.min(...times);
  assert.ok(least < 40, `${least} ms`);
});

test("nothing gives an empty timeline", () => {
  assert.deepEqual(timelineOf([]), { spans: [], lanes: [], start: 0, end: 0, open: false });
});

test("outcomes are told apart in whatever words they come", () => {
  const wordsOf = {
    ok: ["ok", "silence", "proven"],
    timeout: ["timeout", "REQUEST_TIMEOUT"],
    cancelled: ["cancelled"],
    failed: ["page_gone", "UNANSWERED", "ACCESS_DENIED"],
  };
  for (const [outcome, words] of Object.entries(wordsOf)) {
    assert.deepEqual(words.map(outcomeOf), Array(words.length).fill(outcome));
  }
});

test("durations are as fine as they have to be", () => {
  assert.deepEqual([0.04, 3.44, 412.3, 1250, 61_000].map(durationWords), [
    "0 ms",
    "3.4 ms",
    "412 ms",
    "1.25 s",
    "1 min 1 s",
  ]);
  assert.equal(durationWords(null), "");
});

test("zooming keeps the time under the pointer where it is, within limits", () => {
  assert.deepEqual(zoomed({ from: 0, to: 1000 }, 0.5, 200), { from: 100, to: 600 });
  const { from, to } = zoomed({ from: 0, to: 4 }, 0.01);
  assert.equal(to - from, 2);
});

test("following shows the newest span, and goes on with the clock only while something runs", () => {
  const seen = { from: 0, to: 1000 };
  assert.equal(followed(seen, { start: 0, end: 5000, open: false }, 9000).to, 5040);
  assert.equal(followed(seen, { start: 0, end: 5000, open: true }, 9000).to, 9040);
  assert.deepEqual(followed(seen, { start: 4800, end: 5000, open: true }, 5000), { from: 4760, to: 5760 });
});

test("everything fits, and what is out of sight is brought into it", () => {
  const { from, to } = fitted({ start: 100, end: 1100, open: false });
  assert.ok(from < 100 && to > 1100);
  const seen = { from: 0, to: 1000 };
  assert.equal(revealing(seen, 100, 200), seen);
  assert.deepEqual(revealing(seen, 3000, 3100), { from: 2180, to: 3180 });
  assert.deepEqual(revealing({ from: 500, to: 1500 }, 100, 200), { from: 20, to: 1020 });
});

test("ticks are round times since the beginning", () => {
  assert.deepEqual(
    ticks({ from: 10_000, to: 12_000 }, 10_000, 360).map(({ label }) => label),
    ["0.0 s", "0.5 s", "1.0 s", "1.5 s", "2.0 s"],
  );
  assert.equal(offsetWords(75_500, 100), "1:15.5");
  assert.equal(offsetWords(-500, 100), "−0.5 s");
});

test("arrow keys go along a lane, and to what belongs to the same event in the next", () => {
  const timeline = read(
    EVENT,
    { ...EVENT, at: 1200, id: "p:2", name: `${PREFIX}holdButtonClick` },
    handler({ at: 2000, started: 1900, name: "hold", id: "p:2" }),
    handler({ at: 2100, started: 1950, name: "mute" }),
  );
  const [mute, hold] = inLane(timeline, "event");
  assert.ok(mute && hold);
  const to = (/** @type {typeof mute} */ span, /** @type {string} */ key) => neighbour(timeline, span, key)?.name;
  assert.deepEqual(
    ["ArrowRight", "ArrowLeft", "End", "Home", "ArrowDown", "ArrowUp", "x"].map((key) => to(mute, key)),
    ["holdButtonClick", undefined, "holdButtonClick", "muteButtonClick", "mute", "loaded", undefined],
  );
  assert.equal(to(hold, "ArrowDown"), "hold");
});
