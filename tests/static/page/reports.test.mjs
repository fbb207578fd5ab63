import assert from "node:assert/strict";
import { test } from "node:test";
import { Reports } from "../../../static/page/reports.js";

/** Reports, and what the console showed of them. @param {import("node:test").TestContext} t */
function watched(t) {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  /** @type {string[][]} */
  const shown = [];
  t.mock.method(console, "warn", (/** @type {string} */ text) => shown.push(["warn", text]));
  t.mock.method(console, "error", (/** @type {string} */ text) => shown.push(["error", text]));
  return { reports: new Reports(), shown };
}

test("a report reaches the console and the list, with its event", (t) => {
  const { reports, shown } = watched(t);
  reports.add("bad_event", "the payload was refused", { event: "initialized" });
  assert.deepEqual(shown, [["warn", "worker-py: the payload was refused"]]);
  assert.deepEqual(reports.recent, [
    { at: 1_000_000, kind: "bad_event", text: "the payload was refused", event: "initialized", count: 1 },
  ]);
});

test("what failed is shown as an error", (t) => {
  const { reports, shown } = watched(t);
  reports.add("handler_failed", "no", { level: "error" });
  assert.deepEqual(shown, [["error", "worker-py: no"]]);
});

test("phone numbers are masked in the console and in the list", (t) => {
  const { reports, shown } = watched(t);
  reports.add("handler_failed", "no contact for +7 (916) 123-45-67");
  assert.deepEqual(shown, [["warn", "worker-py: no contact for ••••••67"]]);
  assert.equal(reports.recent[0].text, "no contact for ••••••67");
});

test("the console falls silent after 20 of a kind within a minute, and the count goes on", (t) => {
  const { reports, shown } = watched(t);
  for (let number = 0; number < 1000; number++) {
    reports.add("foreign_message", "a message");
  }
  assert.equal(shown.length, 20);
  assert.deepEqual(reports.counts, { foreign_message: 1000 });
});

test("another kind is not silenced with it", (t) => {
  const { reports, shown } = watched(t);
  for (let number = 0; number < 30; number++) {
    reports.add("foreign_message", "a message");
  }
  reports.add("handler_failed", "no");
  assert.equal(shown.length, 21);
});

test("after a minute it is shown again", (t) => {
  const { reports, shown } = watched(t);
  for (let number = 0; number < 30; number++) {
    reports.add("foreign_message", "a message");
  }
  t.mock.timers.tick(60_000);
  reports.add("foreign_message", "still within the minute");
  assert.equal(shown.length, 20);
  t.mock.timers.tick(1);
  reports.add("foreign_message", "a message");
  assert.equal(shown.length, 21);
});

test("the newest 50 stay, oldest first", (t) => {
  const { reports } = watched(t);
  for (let number = 1; number <= 60; number++) {
    reports.add("k", `r${number}`);
  }
  assert.deepEqual(
    reports.recent.map(({ text }) => text),
    Array.from({ length: 50 }, (_, index) => `r${index + 11}`),
  );
  assert.equal(reports.recent.at(-1)?.count, 60);
});
