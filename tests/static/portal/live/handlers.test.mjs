import assert from "node:assert/strict";
import { test } from "node:test";
import { APPLYING, Handlers, STARTING } from "../../../../static/portal/live/handlers.js";
import { withGlobals } from "../../../support/fakes.mjs";

const RUNS = { outcome: "shown", error: null, file: "/app/h.py", source: "own", original: "own", edited: false };
const EDITED = { ...RUNS, outcome: "applied", source: "edit", edited: true };

/** @param {import("node:test").TestContext} t @param {{reached?: boolean}} [options] */
function tab(t, { reached = true } = {}) {
  const kept = new Map();
  withGlobals(t, {
    sessionStorage: {
      getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
      removeItem: (/** @type {string} */ key) => void kept.delete(key),
    },
  });
  const editor = { text: /** @type {string | null} */ ("own") };
  /** @type {any[]} */
  const told = [];
  const handlers = new Handlers({
    tell: (message) => {
      told.push(message.workerPyApply);
      return reached;
    },
    show: () => {},
    key: "draft",
    text: () => editor.text,
  });
  return { handlers, editor, told, kept };
}

test("nothing can be applied before Python said what runs", (t) => {
  const { handlers, told } = tab(t);
  assert.equal(handlers.words, STARTING);
  handlers.apply();
  assert.deepEqual(told, []);
});

test("an edit is applied once, and its answer is said in words", (t) => {
  const { handlers, editor, told } = tab(t);
  handlers.heard({ kind: "runs", ...RUNS });
  editor.text = "edit";
  handlers.changed();
  assert.match(handlers.words, /changed and not applied/);
  handlers.apply();
  handlers.apply();
  assert.deepEqual(told, [{ id: 1, source: "edit" }]);
  assert.equal(handlers.words, APPLYING);
  handlers.heard({ kind: "runs", ...EDITED });
  handlers.heard({ kind: "answer", id: 1, ...EDITED });
  assert.equal(handlers.words, "Applied: your edit runs. The call goes on.");
  assert.equal(handlers.canRevert, true);
});

test("a text that is not applied is kept for the next page, and only as long", (t) => {
  const { handlers, editor, kept } = tab(t);
  handlers.heard({ kind: "runs", ...RUNS });
  editor.text = "draft text";
  handlers.changed();
  assert.equal(handlers.draft, "draft text");
  editor.text = null; // the next page, before its editor is there
  handlers.heard({ kind: "runs", ...RUNS });
  assert.equal(kept.get("draft"), "draft text");
  editor.text = "own";
  handlers.changed();
  assert.equal(handlers.draft, null);
});

test("a page that was loaded anew owes no answer", (t) => {
  const { handlers, editor } = tab(t);
  handlers.heard({ kind: "runs", ...RUNS });
  editor.text = "edit";
  handlers.apply();
  handlers.heard({ kind: "here" });
  assert.match(handlers.problems[0]?.text ?? "", /left before it answered/);
  assert.equal(handlers.canApply, true);
});

test("without a placement page an edit is refused at once", (t) => {
  const { handlers } = tab(t, { reached: false });
  handlers.heard({ kind: "runs", ...RUNS });
  handlers.apply();
  assert.equal(handlers.canApply, true);
  assert.equal(handlers.problems.length, 1);
});

test("revert asks Python only when it runs an edit", (t) => {
  const { handlers, editor, told } = tab(t);
  handlers.heard({ kind: "runs", ...RUNS });
  handlers.revert();
  assert.deepEqual(told, []);
  editor.text = "edit";
  handlers.heard({ kind: "runs", ...EDITED });
  handlers.revert();
  assert.deepEqual(told, [{ id: 1, source: "own" }]);
});

test("failures of handlers are gathered, each once, and end with the next source", (t) => {
  const { handlers, editor } = tab(t);
  handlers.heard({ kind: "runs", ...RUNS });
  for (const line of [4, 4, 9]) {
    handlers.heard({ kind: "failed", handler: "mute", line, text: "Traceback…\nValueError: no" });
  }
  assert.deepEqual(handlers.problems, [
    { line: 4, text: "mute failed: ValueError: no" },
    { line: 9, text: "mute failed: ValueError: no" },
  ]);
  editor.text = "edit";
  handlers.apply();
  handlers.heard({ kind: "answer", id: 1, ...EDITED });
  assert.deepEqual(handlers.problems, []);
});
