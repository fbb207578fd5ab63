import assert from "node:assert/strict";
import { test } from "node:test";
import { Recorder } from "../../../static/page/recorder.js";

test("nothing is recorded before it is asked for", () => {
  const recorder = new Recorder("b1");
  recorder.add("python", '{"t":"event"}');
  assert.deepEqual(recorder.record().entries, []);
});

test("a recording names its version, its build and when it began", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1000 });
  assert.deepEqual(new Recorder("b1").record(), { version: 1, build: "b1", started_at: 1000, entries: [] });
});

test("messages are kept with direction, content and milliseconds since the beginning", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1000 });
  const recorder = new Recorder("b1");
  const recording = recorder.record();
  t.mock.timers.tick(5);
  recorder.add("python", '{"t":"event","payload":{"PHONE_NUMBER":"79161234567"}}');
  t.mock.timers.tick(5);
  recorder.add("page", '{"t":"ack","seq":1}');
  assert.deepEqual(recording.entries, [
    { at: 5, to: "python", message: { t: "event", payload: { PHONE_NUMBER: "79161234567" } } },
    { at: 10, to: "page", message: { t: "ack", seq: 1 } },
  ]);
});

test("it can be stopped, and goes on where it was", () => {
  const recorder = new Recorder("b1");
  const recording = recorder.record();
  recorder.add("page", "1");
  recorder.record(false);
  recorder.add("page", "2");
  assert.equal(recorder.record(true), recording);
  recorder.add("page", "3");
  assert.deepEqual(
    recording.entries.map(({ message }) => message),
    [1, 3],
  );
});

test("a recording is bounded: 100,000 messages, the first ones", () => {
  const recorder = new Recorder("b1");
  const recording = recorder.record();
  for (let number = 0; number < 100_002; number++) {
    recorder.add("page", String(number));
  }
  assert.equal(recording.entries.length, 100_000);
  assert.equal(recording.entries.at(-1)?.message, 99_999);
});
