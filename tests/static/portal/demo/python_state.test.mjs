import assert from "node:assert/strict";
import { test } from "node:test";
import { lastLines, PythonState } from "../../../../static/portal/demo/python_state.js";

/** @returns {any} as much of an element as is needed */
function part() {
  const classes = new Set();
  const toggle = (/** @type {string} */ name, /** @type {boolean} */ on) =>
    on ? classes.add(name) : classes.delete(name);
  return { textContent: "", hidden: false, classes, classList: { toggle } };
}

function shown() {
  const parts = { state: part(), quiet: part(), failure: part() };
  return { ...parts, python: new PythonState(parts) };
}

const TRACEBACK = ["Traceback (most recent call last):", ...Array.from({ length: 20 }, (_, n) => `  line ${n}`)].join(
  "\n",
);

test("an app that cannot be started is said to be that, with the end of its traceback", () => {
  const { python, state, quiet, failure } = shown();
  python.hosted({
    state: "failed",
    failure: { text: `${TRACEBACK}\nNameError: name 'ap' is not defined\n`, final: true },
  });
  assert.equal(state.textContent, "Python could not be started");
  assert.deepEqual([...state.classes], ["failed"]);
  assert.match(quiet.textContent, /last words/);
  assert.equal(failure.hidden, false);
  assert.match(failure.textContent, /^…\n {2}line 14\n.*NameError: name 'ap' is not defined$/s);
});

test("one that is tried again is said to be tried again, and what failed goes when Python runs", () => {
  const { python, state, quiet, failure } = shown();
  python.hosted({ state: "booting", failure: { text: "no network", final: false } });
  assert.match(quiet.textContent, /tried again/);
  assert.equal(python.runs(), true);
  assert.equal(python.runs(), false, "the first sign of it comes once");
  assert.deepEqual([...state.classes], ["ready"]);
  assert.equal(quiet.hidden && failure.hidden && failure.textContent === "", true);
});

test("a page that starts says nothing new, and one that joins a living interpreter is ready with that", () => {
  const { python, state } = shown();
  assert.equal(python.hosted({ state: "booting", failure: null }), false);
  assert.equal(state.textContent, "");
  assert.equal(python.hosted({ state: "ready", failure: null }), true);
  assert.equal(python.failure, null);
  assert.equal(state.textContent, "Python is ready");
});

test("lines of a failure are few and none is endless", () => {
  assert.equal(lastLines("one\n    ~~~^^\ntwo\n"), "one\ntwo");
  assert.equal(lastLines(TRACEBACK).split("\n").length, 8);
  assert.ok(lastLines("x".repeat(10_000)).length < 400);
});
