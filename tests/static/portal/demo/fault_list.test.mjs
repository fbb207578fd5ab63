import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FAULTS } from "../../../../static/portal/demo/fault_list.js";

const PAGE = readFileSync(new URL("../../../../static/portal/index.html", import.meta.url), "utf8");

/** @param {string} id @param {Partial<import("../../../../static/portal/demo/fault_list.js").News>} news */
function told(id, news) {
  const fault = FAULTS.find((one) => one.id === id);
  assert.ok(fault, id);
  return fault.tells({ after_ms: 1234, ...news });
}

/** @param {string} interpreter @param {number} redelivered */
const hosted = (interpreter, redelivered = 0, state = "ready") => ({ state, interpreter, counts: { redelivered } });

test("each fault has a control on the page, and words about what the project does", () => {
  for (const { id, does } of FAULTS) {
    assert.ok(PAGE.includes(`id="${id}"`), id);
    assert.ok(does.length > 40, id);
  }
});

test("no fault takes a good ending for news of a bad one", () => {
  const good = { kind: "outcome", name: "CallCardSetMute", outcome: "ok", duration_ms: 3 };
  for (const { id } of FAULTS) {
    assert.equal(told(id, { entry: good }), null, id);
  }
});

test("an interpreter that was replaced is told with what was delivered again", () => {
  const line = told("fault-kill", { hosting: hosted("bbbbbb", 3), was: hosted("aaaaaa", 1) });
  assert.equal(
    line,
    "Interpreter bbbb took the place of aaaa, 1,234 ms after the click; 2 events were delivered again.",
  );
  assert.equal(told("fault-kill", { hosting: hosted("aaaaaa", 1), was: hosted("aaaaaa", 1) }), null);
});

test("a page that was loaded anew tells whether the interpreter is the same", () => {
  const was = hosted("aaaaaa", 0, "before");
  assert.match(told("reload-frame", { hosting: hosted("aaaaaa"), was }) ?? "", /same interpreter as before \(aaaa\)/);
  assert.match(told("reload-frame", { hosting: hosted("bbbbbb"), was }) ?? "", /an interpreter of its own/);
  assert.equal(told("reload-frame", { hosting: hosted("", 0, "booting"), was }), null);
});

test("a command that was not answered is told with its time, in the silence as when the answer is late", () => {
  const entry = { kind: "outcome", name: "CallCardSetMute", outcome: "timeout", duration_ms: 5003.4 };
  for (const id of ["fault-silent", "fault-late"]) {
    assert.equal(told(id, { entry }), "CallCardSetMute was not answered: CommandTimeout after 5,003 ms.");
  }
});

test("a command that was answered late enough to be noticed is told with its time", () => {
  const entry = { kind: "outcome", name: "CallCardSetStatusText", outcome: "ok", duration_ms: 2004 };
  const line = told("fault-slow", { entry }) ?? "";
  assert.match(line, /^CallCardSetStatusText was answered after 2,004 ms: its handler has waited/);
  assert.equal(told("fault-slow", { entry: { ...entry, duration_ms: 1999 } }), null);
});

test("answers that nobody waits for are told as dropped", () => {
  assert.match(told("fault-late", { entry: { kind: "stray", name: "late" } }) ?? "", /dropped/);
  assert.match(told("fault-double", { entry: { kind: "stray", name: "second" } }) ?? "", /dropped/);
  assert.equal(told("fault-double", { entry: { kind: "stray", name: "late" } }), null);
});
