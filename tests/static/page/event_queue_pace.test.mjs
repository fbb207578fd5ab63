import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../../static/page/event_queue.js";

function pacing() {
  /** @type {number[]} */
  const sent = [];
  const state = { marks: 0 };
  const pace = new Pace(
    (/** @type {number} */ entry) => sent.push(entry),
    () => state.marks++,
  );
  /** @param {number} count */
  const add = (count) => {
    for (const entry of upTo(count)) {
      pace.add(entry);
    }
  };
  return { pace, add, sent, state };
}

const upTo = (/** @type {number} */ count) => Array.from({ length: count }, (_, index) => index);

test("few entries go at once, and need no mark", () => {
  const { add, sent, state } = pacing();
  add(31);
  assert.deepEqual(sent, upTo(31));
  assert.equal(state.marks, 0);
});

test("of a burst only a window is on its way, and each mark that comes back lets the next ones go, in order", () => {
  const { pace, add, sent, state } = pacing();
  add(1000);
  assert.equal(sent.length, 96);
  assert.equal(state.marks, 3);
  pace.marked();
  assert.equal(sent.length, 128);
  for (let marks = 1; marks < state.marks; marks++) {
    pace.marked();
  }
  assert.deepEqual(sent, upTo(1000));
});

test("entries in twos and threes never get stuck", () => {
  const { pace, sent, state } = pacing();
  let returned = 0;
  upTo(5000).forEach((entry) => {
    pace.add(entry);
    if (entry % 3 === 0 && returned < state.marks) {
      returned++;
      pace.marked();
    }
  });
  while (returned < state.marks) {
    returned++;
    pace.marked();
  }
  assert.deepEqual(sent, upTo(5000));
});

test("a new worker gets everything from the start, and marks of the old one do no harm", () => {
  const { pace, add, sent } = pacing();
  add(200);
  sent.length = 0;
  pace.restart(upTo(200));
  assert.equal(sent.length, 96);
  for (let late = 0; late < 10; late++) {
    pace.marked();
  }
  assert.deepEqual(sent, upTo(200));
});
