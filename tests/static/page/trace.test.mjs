import assert from "node:assert/strict";
import { test } from "node:test";
import { masked, Trace } from "../../../static/page/trace.js";

test("entries carry time, kind and name, and what more is said", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 5000 });
  const trace = new Trace();
  trace.add("command", "CallCardSetMute", { id: "c1" });
  assert.deepEqual(trace.entries(), [{ at: 5000, kind: "command", name: "CallCardSetMute", id: "c1" }]);
});

test("the newest 2,000 entries stay, oldest first", () => {
  const trace = new Trace();
  for (let number = 0; number < 4501; number++) {
    trace.add("event", `e${number}`);
  }
  const names = trace.entries().map(({ name }) => name);
  assert.equal(names.length, 2000);
  assert.deepEqual(
    names,
    Array.from({ length: 2000 }, (_, index) => `e${index + 2501}`),
  );
});

test("it counts what it no longer holds", () => {
  const trace = new Trace();
  for (let number = 0; number < 2001; number++) {
    trace.add("event", "e");
  }
  trace.add("report", "r");
  assert.deepEqual(trace.counts, { event: 2001, report: 1 });
});

test("what it hands out is a copy: changing it changes nothing here", () => {
  const trace = new Trace();
  trace.add("event", "e");
  trace.entries().pop();
  trace.counts.event = 99;
  assert.equal(trace.entries().length, 1);
  assert.deepEqual(trace.counts, { event: 1 });
});

test("each entry is announced to the page, masked already", (t) => {
  /** @type {any[]} */
  const heard = [];
  const target = new EventTarget();
  target.addEventListener("workerpy:trace", (event) => heard.push(/** @type {CustomEvent} */ (event).detail));
  const before = globalThis.dispatchEvent;
  globalThis.dispatchEvent = target.dispatchEvent.bind(target);
  t.after(() => {
    globalThis.dispatchEvent = before;
  });
  new Trace().add("report", "failed", { detail: "could not call 79161234567" });
  assert.deepEqual(
    heard.map(({ kind, detail }) => [kind, detail]),
    [["report", "could not call ••••••67"]],
  );
});

test("details and outcomes are masked; ids, names and times are what they were", () => {
  const trace = new Trace();
  trace.add("outcome", "CallCardClose", {
    id: "c12345678",
    outcome: "no line for +7 916 123-45-67",
    duration_ms: 12345678,
  });
  const [{ id, outcome, duration_ms }] = trace.entries();
  assert.deepEqual([id, outcome, duration_ms], ["c12345678", "no line for ••••••67", 12345678]);
});

test("a detail that is no text does no harm", () => {
  const trace = new Trace();
  trace.add("report", "r", /** @type {any} */ ({ detail: 79161234567 }));
  assert.equal(trace.entries()[0].detail, "••••••67");
});

for (const number of [
  "79161234567",
  "+79161234567",
  "+7 916 123 45 67",
  "+7 (916) 123-45-67",
  "8(916)123.45.67",
  "8 - 916 - 123 - 45 - 67",
  "495/123 45 67",
  "+7 916 123‑45‑67",
  "+7\u00a0916\u00a0123\u00a045\u00a067",
]) {
  test(`of the number ${number} two digits stay`, () => {
    assert.equal(masked(`call ${number}, please`), "call ••••••67, please");
  });
}

test("several numbers in one text are all masked", () => {
  assert.equal(masked("from 79161234567, to 4951112233"), "from ••••••67, to ••••••33");
});

test("short numbers stay readable", () => {
  const text = "line 12 of app.py: no answer within 5000 ms (code 404), 17 events";
  assert.equal(masked(text), text);
});

test("nothing of a token stays", () => {
  const token = "6f1b2c6500746e3c0052fbd200000001000007a1b2c3d4e5f60718293a4b5c6d7e8f90";
  assert.equal(masked(`auth=${token}&x=1`), "auth=••••••••&x=1");
});

test("long names of functions stay readable", () => {
  const text = "in look_up_the_contact_and_its_company_and_deals, ProcessingOfContactsAndCompaniesAndDeals";
  assert.equal(masked(text), text);
});
