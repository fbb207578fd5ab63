import assert from "node:assert/strict";
import { test } from "node:test";
import { DEADLINE_MS, Player } from "../../../../static/portal/demo/player.js";

const STEPS = [{ says: "one" }, { says: "two" }, { says: "three" }];

/** A player on a stage where the test says what has happened, with a clock that the test moves. */
function theatre() {
  let now = 0;
  /** @type {Set<{at: number, callback: () => void}>} */
  const timers = new Set();
  const clock = {
    later(/** @type {() => void} */ callback, /** @type {number} */ ms) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    now: () => now,
  };
  /** @type {string[]} */
  const acted = [];
  /** @type {Set<string>} */
  const happened = new Set();
  const stage = {
    act: (/** @type {{says: string}} */ { says }) => void acted.push(says),
    lacking: (/** @type {{says: string}} */ { says }) => (happened.has(says) ? [] : [`the end of ${says}`]),
  };
  const player = new Player(stage, clock, () => {});
  player.load(STEPS);
  player.paceMs = 1000;
  return {
    player,
    stage,
    acted,
    happened,
    /** Lets time pass, timer by timer. @param {number} ms */
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const [first] = [...timers].sort((one, other) => one.at - other.at);
        if (!first || first.at > end) {
          break;
        }
        now = first.at;
        timers.delete(first);
        first.callback();
      }
      now = end;
    },
  };
}

test("a step waits for what it wants, and the next one waits for a click", () => {
  const { player, acted, happened, pass } = theatre();
  player.next();
  pass(5000);
  assert.deepEqual([player.phase, player.current, acted], ["waiting", 0, ["one"]]);
  player.next();
  assert.deepEqual(acted, ["one"], "it is not done twice");

  happened.add("one");
  pass(60_000);

  assert.deepEqual([player.phase, player.current, acted], ["ready", 1, ["one"]]);
});

test("playing goes on by itself after the pace's pause, to the end", () => {
  const { player, acted, happened, pass } = theatre();
  for (const { says } of STEPS) {
    happened.add(says);
  }
  player.play();
  assert.deepEqual([player.phase, acted], ["resting", ["one"]]);
  pass(999);
  assert.deepEqual(acted, ["one"]);
  pass(1);
  assert.deepEqual(acted, ["one", "two"]);
  pass(1000);
  assert.deepEqual([player.phase, player.playing, player.current], ["done", false, -1]);
});

test("a pause between two steps holds until it plays again", () => {
  const { player, acted, happened, pass } = theatre();
  happened.add("one");
  player.play();
  player.pause();
  pass(60_000);
  assert.deepEqual([player.phase, acted], ["ready", ["one"]]);

  player.play();

  assert.deepEqual([player.playing, acted], [true, ["one", "two"]]);
});

test("a pause during a step lets it end, and nothing follows", () => {
  const { player, acted, happened, pass } = theatre();
  player.play();
  player.pause();
  happened.add("one");
  pass(60_000);
  assert.deepEqual([player.phase, player.done, acted], ["ready", 1, ["one"]]);
});

test("a step during the pause of a play is one step, and ends the play", () => {
  const { player, acted, happened, pass } = theatre();
  happened.add("one").add("two");
  player.play();
  player.next();
  pass(60_000);
  assert.deepEqual([player.playing, acted], [false, ["one", "two"]]);
});

test("what never happens is waited for until the deadline, and named", () => {
  const { player, pass } = theatre();
  player.play();
  pass(DEADLINE_MS - 100);
  assert.equal(player.phase, "waiting");
  pass(200);
  assert.deepEqual([player.phase, player.playing, player.canStep], ["failed", false, false]);
  assert.equal(player.problem, "Waited 20 s in vain for: the end of one.");
});

test("a step that cannot be done says why", () => {
  const { player, stage } = theatre();
  stage.act = () => {
    throw new Error("no card is open");
  };
  player.next();
  assert.deepEqual([player.phase, player.problem], ["failed", "“one” could not be done: no card is open"]);
});

test("after its end or a failure a play begins anew", () => {
  const { player, acted, happened, pass } = theatre();
  player.play();
  pass(DEADLINE_MS + 100);
  happened.add("one");
  player.play();
  assert.deepEqual([player.problem, acted], ["", ["one", "one"]]);
});

test("another list that is loaded ends what was waited for", () => {
  const { player, acted, happened, pass } = theatre();
  player.play();
  player.load([{ says: "other" }]);
  happened.add("one");
  pass(60_000);
  assert.deepEqual([player.phase, player.done, acted], ["ready", 0, ["one"]]);
});
