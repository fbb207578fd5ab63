import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue } from "../../../static/page/event_queue.js";
import { ON_REQUEST } from "../../../static/page/link.js";
import { Recorder } from "../../../static/page/recorder.js";
import { Reports } from "../../../static/page/reports.js";
import { Trace } from "../../../static/page/trace.js";
import { INITIALIZED } from "../../../static/protocol.js";

const MUTE = "BackgroundCallCard::muteButtonClick";

/** A queue before a link that the test plays. @param {import("node:test").TestContext} t */
function queueing(t) {
  t.mock.method(console, "warn", () => {});
  t.mock.method(console, "error", () => {});
  /** @type {any[]} */
  const sent = [];
  const state = { open: true, watched: 0, marks: 0 };
  const link = {
    ready: true,
    send: (/** @type {string} */ text) => void sent.push(JSON.parse(text)),
    mark: () => void state.marks++,
    watch: () => void state.watched++,
  };
  const [trace, reports, recorder] = [new Trace(), new Reports(), new Recorder("b1")];
  const isOpen = () => state.open;
  const queue = new EventQueue({ pageId: "p", link: () => link, isOpen, trace, reports, recorder });
  const names = () => trace.entries().map(({ kind, name }) => [kind, name]);
  return { queue, sent, state, link, reports, recorder, names, trace };
}

test("an event is numbered, kept, sent, traced and recorded", (t) => {
  const { queue, sent, state, recorder, trace } = queueing(t);
  recorder.record();
  queue.raise(MUTE, true);
  assert.deepEqual([sent[0].t, sent[0].name, sent[0].payload, sent[0].seq], ["event", MUTE, true, 1]);
  assert.deepEqual([queue.journal.size, state.watched], [1, 1]);
  assert.deepEqual([trace.entries()[0].kind, trace.entries()[0].id], ["event", "p:1"]);
  assert.deepEqual(
    recorder.record().entries.map(({ to, message }) => [to, message]),
    [["python", sent[0]]],
  );
});

test("what is nested too deeply reaches nobody and is said", (t) => {
  const { queue, sent, reports } = queueing(t);
  let deep = /** @type {unknown} */ (null);
  for (let level = 0; level < 70; level++) {
    deep = [deep];
  }
  queue.raise(MUTE, deep);
  assert.deepEqual([sent, queue.counts.refused, reports.counts.refused_payload], [[], 1, 1]);
  assert.throws(() => queue.emit("mood", deep), /workerPy\.emit\("mood"\): the payload is nested deeper/);
  assert.throws(() => queue.emit("", 1), /takes a name and a payload/);
});

test("when nobody will ever take an event it is counted and not kept", (t) => {
  const { queue, sent, state } = queueing(t);
  state.open = false;
  queue.emit("mood", null);
  assert.deepEqual([sent, queue.journal.size, queue.counts.undeliverable], [[], 0, 1]);
});

test("the next worker gets what the one before had, marked, with the call of then", (t) => {
  const { queue, sent } = queueing(t);
  queue.raise(INITIALIZED, { CALL_ID: "A.1" });
  queue.raise(MUTE, true);
  queue.ended("fatal", "trap");
  queue.opened(false);
  assert.deepEqual(
    sent.map(({ seq, redelivered, call_id }) => [seq, redelivered, call_id]),
    [
      [1, false, undefined],
      [2, false, undefined],
      [1, true, "A.1"],
      [2, true, "A.1"],
    ],
  );
  assert.equal(queue.counts.redelivered, 2);
});

test("an event that was being handled in two interpreters that died is set aside, reported and named", (t) => {
  const { queue, reports, names } = queueing(t);
  queue.raise(MUTE, true);
  queue.ended("hang", "no answer");
  queue.opened(false);
  queue.journal.turn(1);
  queue.ended("hang", "no answer");
  assert.deepEqual([queue.journal.size, queue.counts.set_aside, reports.counts.set_aside], [0, 1, 1]);
  assert.match(queue.setAside[0], /ended the interpreter twice and was set aside: what its handlers do ends/);
  assert.deepEqual(names().at(-1), ["report", "set_aside"]);
});

test("a worker that somebody ends on request blames nothing, however often", (t) => {
  const { queue } = queueing(t);
  queue.raise(MUTE, true);
  for (let time = 0; time < 5; time++) {
    queue.ended("vanished", ON_REQUEST);
    queue.opened(false);
    queue.journal.turn(1);
  }
  assert.deepEqual([queue.journal.size, queue.setAside], [1, []]);
});
