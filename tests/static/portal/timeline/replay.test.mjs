import assert from "node:assert/strict";
import { test } from "node:test";
import { Replay } from "../../../../static/portal/timeline/replay.js";

const PREFIX = "BackgroundCallCard::";

/** @param {Array<[number, string, unknown]>} raised @param {string[]} commands sent 10 ms after the last event */
function recordingOf(raised, commands = []) {
  const entries = raised.map(([at, name, payload], index) => ({
    at,
    to: "python",
    message: { t: "event", name: PREFIX + name, payload, seq: index + 1 },
  }));
  const last = raised.at(-1)?.[0] ?? 0;
  const sent = commands.map((command) => ({
    at: last + 10,
    to: "page",
    message: { t: "command", command, params: {} },
  }));
  return /** @type {any} */ ({ version: 1, build: "b", started_at: 0, entries: [...entries, ...sent] });
}

/** @typedef {{command: string, params?: unknown, purpose?: string, isRepeated?: boolean}} Command */

/** @param {string} name @param {string} call @returns {Command[]} */
const after = (name, call) => [{ command: `after ${name}`, params: { call } }];

/**
 * A portal whose Python handles each event after a while, and a clock that the test moves.
 * @param {import("node:test").TestContext} t
 * @param {{handlingMs?: number, heard?: boolean, readyAfterMs?: number,
 *   sends?: (name: string, call: string) => Command[]}} [options] `sends`: what follows on an event
 */
function stage(t, { handlingMs = 5, heard = true, readyAfterMs = 0, sends = after } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1000 });
  /** @type {Array<[number, string, any]>} */
  const raised = [];
  /** @type {Replay | null} */
  let replay = null;
  const portal = {
    frames: () => [{ id: "f1", kind: "page" }],
    sent: /** @type {any[]} */ ([]),
    repeated: /** @type {any[]} */ ([]),
    raiseRecorded: (/** @type {string} */ name, /** @type {any} */ payload) => {
      raised.push([Date.now() - 1000, name, payload]);
      const id = `p:${raised.length}`;
      setTimeout(() => {
        replay?.traced("f1", { kind: "event", name: PREFIX + name, id });
        setTimeout(() => {
          for (const { command, params = {}, purpose, isRepeated = false } of sends(name, payload?.CALL_ID)) {
            portal[isRepeated ? "repeated" : "sent"].push({ at: Date.now(), command, params });
            replay?.traced("f1", { kind: "command", name: command, id: "c1", purpose });
          }
          replay?.traced("f1", { kind: "handled", name: PREFIX + name, id });
        }, handlingMs);
      }, 1);
      return heard ? 1 : 0;
    },
  };
  return {
    raised,
    portal,
    /** @param {any} recording @param {number} speed */
    async play(recording, speed) {
      replay = new Replay(
        /** @type {any} */ (portal),
        recording,
        speed,
        () => {},
        () => Date.now() >= 1000 + readyAfterMs,
      );
      let result = /** @type {import("../../../../static/portal/timeline/replay.js").Result | null} */ (null);
      void replay.run().then((given) => {
        result = given;
      });
      for (let ms = 0; ms < 200_000 && result === null; ms++) {
        t.mock.timers.tick(1);
        await Promise.resolve();
        await Promise.resolve();
        await Promise.resolve();
        await Promise.resolve();
      }
      assert.ok(result, "the replay ended");
      return result;
    },
    stop: () => replay?.stop(),
  };
}

/** @type {Array<[number, number[]]>} */
const SPEEDS = [
  [0.5, [0, 2000, 2400]],
  [1, [0, 1000, 1200]],
  [2, [0, 500, 600]],
  [10, [0, 100, 120]],
];
for (const [speed, times] of SPEEDS) {
  test(`at ${speed} times the speed the events come with their spacing`, async (t) => {
    const { raised, play } = stage(t);
    await play(
      recordingOf([
        [300, "muteButtonClick", true],
        [1300, "muteButtonClick", false],
        [1500, "skipButtonClick", []],
      ]),
      speed,
    );
    const first = raised[0]?.[0] ?? 0;
    raised.forEach(([at], index) => {
      assert.ok(Math.abs(at - first - /** @type {number} */ (times[index])) <= 3, `${at - first} ms`);
    });
    assert.deepEqual(
      raised.map(([, name, payload]) => [name, payload]),
      [
        ["muteButtonClick", true],
        ["muteButtonClick", false],
        ["skipButtonClick", []],
      ],
    );
  });
}

test("as fast as possible means: as soon as the one before has been handled", async (t) => {
  const { raised, play } = stage(t, { handlingMs: 70 });
  await play(
    recordingOf([
      [0, "muteButtonClick", true],
      [60_000, "muteButtonClick", false],
    ]),
    Number.POSITIVE_INFINITY,
  );
  const [[first], [second]] = /** @type {[[number], [number]]} */ (/** @type {unknown} */ (raised));
  assert.ok(second - first >= 71 && second - first < 200, `${second - first} ms`);
});

test("nothing is raised before Python runs", async (t) => {
  const { raised, play } = stage(t, { readyAfterMs: 3000 });
  await play(recordingOf([[0, "muteButtonClick", true]]), 1);
  assert.ok((raised[0]?.[0] ?? 0) >= 3000);
});

test("a replayed call has an id of its own, which makes no difference to the comparison", async (t) => {
  const { raised, portal, play } = stage(t);
  const recording = recordingOf([[0, "initialized", { CALL_ID: "A.1", PHONE_NUMBER: "1" }]], ["after initialized"]);
  recording.entries[1].message.params = { call: "A.1" };
  const { rows } = await play(recording, 1);
  assert.match(raised[0]?.[2].CALL_ID, /^REPLAY\./);
  assert.equal(raised[0]?.[2].PHONE_NUMBER, "1");
  assert.equal(portal.sent[0].params.call, raised[0]?.[2].CALL_ID);
  assert.deepEqual(
    rows.map(({ verdict }) => verdict),
    ["same"],
  );
});

test("commands that are not sent any more are awaited for no longer than they took", async (t) => {
  const { play } = stage(t);
  const { rows } = await play(recordingOf([[0, "muteButtonClick", true]], ["one", "two"]), 1);
  assert.deepEqual(
    rows.map(({ verdict }) => verdict),
    ["different", "missing"],
  );
});

test("an event that nobody hears ends the replay with the reason", async (t) => {
  const { raised, play } = stage(t, { heard: false });
  const { notes } = await play(
    recordingOf([
      [0, "muteButtonClick", true],
      [5, "skipButtonClick", []],
    ]),
    1,
  );
  assert.equal(raised.length, 1);
  assert.match(notes.join(" "), /Nobody heard muteButtonClick/);
});

test("a recording of the middle of a call, and page events, are pointed out", async (t) => {
  const { play } = stage(t);
  const recording = recordingOf([[0, "muteButtonClick", true]]);
  recording.entries.push({ at: 3, to: "python", message: { t: "emit", name: "phone.stats" } });
  const { notes } = await play(recording, 1);
  assert.match(notes.join(" "), /began in the middle of a call.*1 page events/);
});

const TITLE = "CallCardSetCardTitle";

/** @type {[string, Command[], string[]][]} */
const SERVICES = [
  [
    "a title that was set again for the app is not held against the replay",
    [{ command: TITLE }, { command: TITLE, isRepeated: true, purpose: "title" }, { command: "last" }],
    [TITLE, "last"],
  ],
  [
    "a title that the app itself set twice counts twice",
    [{ command: TITLE }, { command: TITLE, isRepeated: true }, { command: TITLE, isRepeated: true, purpose: "title" }],
    [TITLE, TITLE],
  ],
  [
    "what brings a window to the card as it is, is not the app's",
    [{ command: "CallCardSetMute", purpose: "mirror" }, { command: "last" }],
    ["last"],
  ],
];
for (const [name, sent, theirs] of SERVICES) {
  test(name, async (t) => {
    const { play } = stage(t, { sends: () => sent });
    const { rows } = await play(recordingOf([[0, "muteButtonClick", true]], theirs), 1);
    assert.deepEqual(
      rows.map(({ verdict, now }) => [verdict, now?.name]),
      theirs.map((command) => ["same", command]),
    );
  });
}
