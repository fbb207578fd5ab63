import assert from "node:assert/strict";
import { test } from "node:test";
import { event } from "../../../static/messages.js";
import { Journal } from "../../../static/page/journal.js";

/** @param {Journal} journal @param {number} count */
function filled(journal, count) {
  return Array.from({ length: count }, (_, index) => journal.add(event(`e${index + 1}`, undefined)));
}

test("entries are numbered from one, in their order, with the time at which they came", () => {
  let now = 100;
  const journal = new Journal(() => now++);
  filled(journal, 3);
  assert.deepEqual(
    journal.unsent().map(({ seq, name, at }) => [seq, name, at]),
    [
      [1, "e1", 100],
      [2, "e2", 101],
      [3, "e3", 102],
    ],
  );
});

test("a message carries the entry's fields, number and time", () => {
  const journal = new Journal(() => 7);
  const entry = journal.add(event("e", { a: 1 }));
  assert.deepEqual(JSON.parse(journal.message(entry, true)), {
    t: "event",
    name: "e",
    payload: { a: 1 },
    seq: 1,
    at: 7,
    redelivered: false,
  });
});

test("an acknowledged entry is not delivered again, and the others keep their order", () => {
  const journal = new Journal();
  filled(journal, 4);
  assert.equal(journal.acknowledge(2)?.name, "e2");
  assert.deepEqual(
    journal.unsent().map(({ seq }) => seq),
    [1, 3, 4],
  );
  assert.equal(journal.size, 3);
  assert.equal(journal.count, 4);
});

test("a second acknowledgement, or one of a number that never was, finds nothing", () => {
  const journal = new Journal();
  filled(journal, 1);
  journal.acknowledge(1);
  assert.equal(journal.acknowledge(1), undefined);
  assert.equal(journal.acknowledge(99), undefined);
  assert.equal(journal.size, 0);
});

test("what reached an interpreter is marked when it is delivered again, at every further delivery", () => {
  const journal = new Journal();
  const [entry] = filled(journal, 1);
  const marks = [true, false, false].map((reaches) => JSON.parse(journal.message(entry, reaches)).redelivered);
  assert.deepEqual(marks, [false, true, true]);
});

test("what was sent to an interpreter that never ran is not marked", () => {
  const journal = new Journal();
  const [entry] = filled(journal, 1);
  journal.message(entry, false);
  assert.equal(JSON.parse(journal.message(entry, false)).redelivered, false);
});

test("what was sent while the interpreter booted is marked once that interpreter ran", () => {
  const journal = new Journal();
  const [entry] = filled(journal, 1);
  journal.message(entry, false);
  journal.reachedAll();
  assert.equal(JSON.parse(journal.message(entry, false)).redelivered, true);
});

test("what is delivered again says whose it was, which the page may not show any more", () => {
  const journal = new Journal();
  const entry = journal.add(event("click", undefined), "A.1");
  const calls = [true, true].map((reaches) => JSON.parse(journal.message(entry, reaches)).call_id);
  assert.deepEqual(calls, [undefined, "A.1"]);
});

test("an entry that ends the interpreter once is delivered again, twice and it is set aside", () => {
  const journal = new Journal();
  filled(journal, 3);
  journal.turn(2);
  assert.equal(journal.blame(), undefined);
  assert.equal(journal.size, 3);
  journal.turn(2);
  assert.equal(journal.blame()?.name, "e2");
  assert.deepEqual(
    journal.unsent().map(({ seq }) => seq),
    [1, 3],
  );
});

/** @param {Journal} journal @param {boolean} [reaches] */
function delivered(journal, reaches = true) {
  for (const entry of journal.unsent()) {
    journal.message(entry, reaches);
  }
}

test("when nobody had a turn, each that was delivered for the first time may have been it", () => {
  const journal = new Journal();
  filled(journal, 3);
  delivered(journal);
  assert.equal(journal.blame(), undefined);
  assert.equal(journal.size, 3);
  delivered(journal);
  journal.turn(2);
  assert.equal(journal.blame()?.name, "e2");
  assert.equal(journal.size, 2);
});

test("what was sent to an interpreter that never ran is not suspected of its end", () => {
  const journal = new Journal();
  const entries = filled(journal, 2);
  delivered(journal, false);
  journal.blame();
  assert.deepEqual(
    entries.map(({ kills }) => kills),
    [0, 0],
  );
});

test("an event that an interpreter has still, and gets again from a page that is back, is suspected like any other", () => {
  const journal = new Journal();
  const [entry] = filled(journal, 1);
  delivered(journal);
  for (const each of journal.unsent(true)) {
    journal.message(each, true);
  }
  journal.blame();
  assert.equal(entry.kills, 1);
});

test("a turn ends with the connection by which it was told", () => {
  const journal = new Journal();
  const [first, second] = filled(journal, 2);
  delivered(journal);
  journal.turn(1);
  journal.unsent(true);
  journal.message(second, true);
  journal.blame();
  assert.deepEqual([first.kills, second.kills], [0, 1]);
});

test("deaths in which nobody had a turn set nothing aside, however many", () => {
  const journal = new Journal();
  filled(journal, 2);
  for (let death = 0; death < 4; death++) {
    delivered(journal);
    assert.equal(journal.blame(), undefined);
  }
  assert.equal(journal.size, 2);
});

test("what was held back, or was delivered again and had no turn, is not suspected", () => {
  const journal = new Journal();
  const [first, second] = filled(journal, 2);
  journal.message(first, true);
  journal.unsent();
  journal.message(first, true);
  journal.blame();
  assert.deepEqual([first.kills, second.kills], [0, 0]);
});

test("an entry that was being handled in three workers that vanished is set aside, in two it is not", () => {
  const journal = new Journal();
  filled(journal, 3);
  for (let vanished = 1; vanished <= 2; vanished++) {
    journal.turn(2);
    assert.equal(journal.blame("vanishings"), undefined);
  }
  journal.turn(2);
  assert.equal(journal.blame("vanishings")?.name, "e2");
  assert.equal(journal.size, 2);
});

test("a worker that vanished before anybody had a turn counts against what it was given first", () => {
  const journal = new Journal();
  filled(journal, 2);
  delivered(journal);
  journal.blame("vanishings");
  for (const expected of [undefined, "e2"]) {
    delivered(journal);
    journal.turn(2);
    assert.equal(journal.blame("vanishings")?.name, expected);
  }
});

test("vanishing and dying add up", () => {
  const journal = new Journal();
  filled(journal, 1);
  journal.turn(1);
  journal.blame("vanishings");
  journal.turn(1);
  assert.equal(journal.blame(), undefined);
  journal.turn(1);
  assert.equal(journal.blame("vanishings")?.name, "e1");
});

test("only the entry whose turn it was is blamed", () => {
  const journal = new Journal();
  filled(journal, 2);
  journal.turn(1);
  journal.blame();
  journal.turn(2);
  assert.equal(journal.blame(), undefined);
});

test("nobody is blamed when an acknowledged entry had the last turn, or none had it", () => {
  const journal = new Journal();
  filled(journal, 2);
  journal.turn(1);
  journal.acknowledge(1);
  assert.equal(journal.blame(), undefined);
  assert.equal(journal.blame(), undefined);
  assert.equal(journal.size, 1);
});

test("a death takes the turn with it: the next one in which nobody had a turn blames nobody", () => {
  const journal = new Journal();
  const [entry] = filled(journal, 1);
  journal.turn(1);
  journal.blame();
  journal.blame();
  assert.equal(entry.kills, 1);
});

test("what was held back has reached nobody, though others were sent", () => {
  const journal = new Journal(() => 0);
  const [first, second] = [journal.add(event("a", null)), journal.add(event("b", null))];
  journal.message(first, false);
  journal.reachedAll();
  assert.deepEqual([first.reached, second.reached], [true, false]);
  journal.unsent();
  journal.reachedAll();
  assert.equal(second.reached, false);
});
