import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "../../../../static/portal/timeline/compare.js";
import {
  checkSize,
  commandsOf,
  eventsOf,
  LARGEST_BYTES,
  readRecording,
  tailOf,
} from "../../../../static/portal/timeline/recording.js";

const INITIALIZED = { t: "event", name: "BackgroundCallCard::initialized", payload: { CALL_ID: "A" }, seq: 1 };
const MUTE = { t: "event", name: "BackgroundCallCard::muteButtonClick", payload: true, seq: 2 };
const COMMAND = { t: "command", id: "c1", command: "CallCardSetMute", params: { muted: true } };

/** @param {...any} entries */
const recording = (...entries) => ({ version: 1, build: "b", started_at: 0, entries });

/** @param {unknown} content */
const read = (content) => readRecording("call.json", JSON.stringify(content));

const GOOD = recording(
  { at: 500, to: "python", message: INITIALIZED },
  { at: 700, to: "page", message: COMMAND },
  { at: 1500, to: "python", message: MUTE },
  { at: 1900, to: "python", message: { ...MUTE, redelivered: true } },
  { at: 2400, to: "page", message: COMMAND },
);

test("a recording gives its events with their spacing, what came again only once, and its commands", () => {
  const good = read(GOOD);
  assert.deepEqual(eventsOf(good), [
    { at: 0, name: "initialized", payload: { CALL_ID: "A" } },
    { at: 1000, name: "muteButtonClick", payload: true },
  ]);
  assert.deepEqual(commandsOf(good), Array(2).fill({ name: "CallCardSetMute", params: { muted: true } }));
  assert.equal(tailOf(good), 500);
});

test("commands that the project sent for a purpose of its own are not the app's", () => {
  const entries = ["probe", "mirror", "title", undefined].map((purpose) => ({
    at: 1,
    to: "page",
    message: { ...COMMAND, ...(purpose === undefined ? {} : { purpose }) },
  }));
  assert.equal(commandsOf(/** @type {any} */ (recording(...entries))).length, 1);
});

/** @type {Array<[string, unknown, RegExp]>} */
const BAD = [
  ["a list", [], /holds \[\] where a recording is an object/],
  ["null", null, /holds null/],
  ["an exported trace", { kind: "worker-py trace", version: 1, entries: [] }, /exported trace.*no payloads/],
  ["another version", { ...GOOD, version: 2 }, /version is 2, expected 1/],
  ["no entries", { version: 1 }, /entries are nothing, expected a list/],
  ["no events", recording({ at: 1, to: "page", message: COMMAND }), /no event of a call card/],
  ["a time that is none", recording({ at: "x", to: "python", message: MUTE }), /entry 1 of 1 has the time "x"/],
  [
    "a direction that is none",
    recording({ at: 1, to: "moon", message: MUTE }),
    /goes to "moon", expected "python" or "page"/,
  ],
  ["a message that is none", recording({ at: 1, to: "python", message: "hi" }), /has the message "hi"/],
  ["an unknown event", recording({ at: 1, to: "python", message: { t: "event", name: "boom" } }), /raises "boom"/],
  ["a nameless command", recording({ at: 1, to: "page", message: { t: "command" } }), /a command named nothing/],
  ["an entry that is none", recording(7), /entry 1 of 1 is 7, expected an object/],
];
for (const [what, content, said] of BAD) {
  test(`${what} is refused with what was wrong`, () => {
    assert.throws(() => read(content), said);
  });
}

test("a file that was cut off is refused as such", () => {
  assert.throws(
    () => readRecording("call.json", JSON.stringify(GOOD).slice(0, -20)),
    /call\.json is not JSON, or was cut off/,
  );
});

test("size is looked at before anything is read", () => {
  assert.throws(
    () => checkSize({ name: "big.json", size: LARGEST_BYTES + 1 }),
    /big\.json is too large: it has 20\.0 MiB/,
  );
  assert.throws(() => checkSize({ name: "none.json", size: 0 }), /none\.json is empty/);
  checkSize({ name: "fits.json", size: LARGEST_BYTES });
});

test("too many entries are refused", () => {
  const many = { ...GOOD, entries: Array(100_001).fill(GOOD.entries[0]) };
  assert.throws(() => read(many), /100001 entries, at most 100000/);
});

const command = (/** @type {string} */ name, /** @type {unknown} */ params = {}) => ({ name, params });
const verdicts = (/** @type {any[]} */ recorded, /** @type {any[]} */ now) =>
  compare(recorded, now).map(({ verdict, recorded: was, now: is }) => [verdict, was?.name ?? null, is?.name ?? null]);

test("the same commands are the same, whatever the order of their parameters", () => {
  assert.deepEqual(verdicts([command("A", { x: 1, y: 2 })], [command("A", { y: 2, x: 1 })]), [["same", "A", "A"]]);
});

test("what the portal's other client adds to parameters makes no difference", () => {
  assert.deepEqual(verdicts([command("A", { x: 1 })], [command("A", { x: 1, isSafely: true })]), [["same", "A", "A"]]);
});

test("a command that was left out or added leaves the others the same", () => {
  const [a, b, c] = [command("A"), command("B"), command("C")];
  assert.deepEqual(verdicts([a, b, c], [a, c]), [
    ["same", "A", "A"],
    ["missing", "B", null],
    ["same", "C", "C"],
  ]);
  assert.deepEqual(verdicts([a, c], [a, b, c]), [
    ["same", "A", "A"],
    ["new", null, "B"],
    ["same", "C", "C"],
  ]);
});

test("other parameters in the same place are different", () => {
  const rows = verdicts([command("A"), command("B", { n: 1 })], [command("A"), command("B", { n: 2 })]);
  assert.deepEqual(rows, [
    ["same", "A", "A"],
    ["different", "B", "B"],
  ]);
});

test("a command that only comes at another place has moved", () => {
  const [a, b, c] = [command("A"), command("B"), command("C")];
  assert.deepEqual(verdicts([a, b, c], [b, c, a]), [
    ["moved", "A", "A"],
    ["same", "B", "B"],
    ["same", "C", "C"],
  ]);
  assert.deepEqual(verdicts([a, b], [b, c, a]), [
    ["moved", "A", "A"],
    ["same", "B", "B"],
    ["new", null, "C"],
  ]);
});

test("of two that are alike, only one can have moved", () => {
  const [a, b] = [command("A"), command("B")];
  assert.deepEqual(
    verdicts([a, a, b], [b, a])
      .map(([verdict]) => verdict)
      .sort(),
    ["missing", "moved", "same"],
  );
});

test("nothing beside nothing is no row", () => {
  assert.deepEqual(compare([], []), []);
});
