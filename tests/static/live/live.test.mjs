import assert from "node:assert/strict";
import { test } from "node:test";
import { Live } from "../../../static/live/live.js";
import { LIMITS } from "../../../static/protocol.js";

const KEY = "worker-py:live:portal.example";
const RUNS = {
  error: null,
  file: "/app/handlers.py",
  source: "original",
  original: "original",
  version: "",
  edited: false,
};
const EDITED = { ...RUNS, file: "/app/handlers.py (edit 1)", source: "edit", edited: true };
const FILES = { archive: "UEs=", version: "v2" };
const SAVED = { ...RUNS, file: "/app (version 1)/handlers.py", source: "saved", version: "v2", edited: true };
const REFUSAL = { text: "SyntaxError: invalid syntax", line: 3, column: 7, traceback: "…" };

/** @param {Record<string, string>} [stored] */
function page(stored = {}) {
  const kept = new Map(Object.entries(stored));
  const storage = {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
    removeItem: (/** @type {string} */ key) => void kept.delete(key),
  };
  /** @type {any[]} */
  const news = [];
  /** @type {any[]} */
  const sent = [];
  let watched = 0;
  const live = new Live(
    "portal.example",
    () => watched++,
    () => storage,
  );
  live.listen((each) => news.push(each));
  return {
    live,
    kept,
    news,
    sent,
    open: () => live.opened((text) => sent.push(JSON.parse(text))),
    watched: () => watched,
    /** @param {object} message */
    say: (message) => live.reloaded(/** @type {any} */ ({ t: "reloaded", id: null, outcome: "applied", ...message })),
  };
}

test("a new interpreter is asked what runs when nothing was applied", () => {
  const { open, sent, live } = page();
  open();
  assert.deepEqual(sent, [{ t: "reload", id: "again", source: null, again: true }]);
  assert.equal(live.busy, false);
});

test("a source is sent, remembered when it was taken, and answered", async () => {
  const { live, open, sent, say, kept, watched } = page();
  open();
  const answer = live.apply("edit");
  assert.equal(live.busy, true);
  assert.equal(watched(), 1);
  assert.deepEqual(sent.at(-1), { t: "reload", id: "reload-1", source: "edit" });
  assert.equal(kept.has(KEY), false);
  say({ ...EDITED, id: "reload-1" });
  assert.equal((await answer).outcome, "applied");
  assert.equal(kept.get(KEY), "edit");
  assert.equal(live.busy, false);
});

test("a refusal leaves remembered what was", async () => {
  const { live, open, say, kept } = page({ [KEY]: "edit" });
  open();
  say({ ...EDITED, id: "again", outcome: "applied_again" });
  const answer = live.apply("app = (");
  say({ ...EDITED, id: "reload-1", outcome: "refused", error: REFUSAL });
  assert.deepEqual((await answer).error, REFUSAL);
  assert.equal(kept.get(KEY), "edit");
});

test("the bundle's own source is not remembered", () => {
  const { open, say, kept } = page({ [KEY]: "edit" });
  open();
  say(RUNS);
  assert.equal(kept.has(KEY), false);
});

test("what was applied goes to the next interpreter before anything else that waits", () => {
  const { live, open, sent } = page({ [KEY]: "edit" });
  live.apply("next"); // no interpreter is there
  open();
  assert.deepEqual(
    sent.map(({ source, again = false }) => [source, again]),
    [
      ["edit", true],
      ["next", false],
    ],
  );
});

test("an interpreter that refuses what was applied is not given it again", () => {
  const { open, say, kept, news } = page({ [KEY]: "edit" });
  open();
  say({ ...RUNS, id: "again", outcome: "refused", error: REFUSAL });
  assert.equal(kept.has(KEY), false);
  assert.equal(news.at(-1).outcome, "refused");
});

test("an interpreter that ends while it runs a source has refused it", async () => {
  const { live, open, say, sent, kept } = page();
  open();
  const before = live.apply("edit");
  say({ ...EDITED, id: "reload-1" });
  await before;
  const answer = live.apply("endless");
  live.taking("reload-2");
  live.ended("hang", "no answer for 5 s");
  assert.match((await answer).error?.text ?? "", /^the interpreter ended while it ran this source \(hang: no answer/);
  open();
  assert.equal(sent.at(-1).source, "edit");
  assert.equal(kept.get(KEY), "edit");
});

test("what ends an interpreter when it is applied again is not applied a third time", () => {
  for (const [ending, again] of [
    ["hang", null],
    ["fatal", null],
    ["vanished", "edit"],
  ]) {
    const { live, open, sent } = page({ [KEY]: "edit" });
    open();
    live.taking("again");
    live.ended(String(ending), "for a reason");
    open();
    assert.equal(sent.at(-1).source, again, String(ending));
  }
});

test("a source that waited behind what ended the interpreter is not refused for it: the next one gets it", async () => {
  const { live, open, sent, say, kept } = page();
  open();
  const killer = live.apply("killer");
  const behind = live.apply("behind");
  live.taking("reload-1");
  live.ended("fatal", "Aborted()");
  const late = live.apply("late");
  assert.equal((await killer).outcome, "refused");
  assert.equal(live.busy, true);
  open();
  assert.deepEqual(
    sent.slice(3).map(({ id, source }) => [id, source]),
    [
      ["again", null],
      ["reload-2", "behind"],
      ["reload-3", "late"],
    ],
  );
  say({ ...EDITED, id: "reload-2", source: "behind" });
  say({ ...EDITED, id: "reload-3", source: "late" });
  assert.deepEqual([(await behind).outcome, (await late).outcome], ["applied", "applied"]);
  assert.equal(kept.get(KEY), "late");
});

test("a source that waits while a handler of the one before it hangs is not refused for that", async () => {
  const { live, open, say, sent } = page();
  open();
  const first = live.apply("its handler hangs");
  live.taking("reload-1");
  say({ ...EDITED, id: "reload-1", source: "its handler hangs" });
  await first;
  const next = live.apply("mended");
  live.ended("hang", "no answer for 5 s");
  open();
  assert.deepEqual(
    sent.slice(-2).map(({ source }) => source),
    ["its handler hangs", "mended"],
  );
  live.taking("again");
  live.taking("reload-2");
  say({ ...EDITED, id: "reload-2", source: "mended" });
  assert.equal((await next).outcome, "applied");
});

test("what is applied again has not ended the interpreter before it began", () => {
  const { live, open, sent } = page({ [KEY]: "edit" });
  open();
  live.ended("fatal", "on its way up");
  open();
  assert.equal(sent.at(-1).source, "edit");
});

test("a source that is too long is refused here", async () => {
  const { live, open, sent } = page();
  open();
  const { outcome, error } = await live.apply("#".repeat(LIMITS.sourceChars + 1));
  assert.equal(outcome, "refused");
  assert.match(error?.text ?? "", /expected at most 262144$/);
  assert.equal(sent.length, 1);
});

test("storage that is blocked costs the memory of it alone", () => {
  const blocked = () => {
    throw new Error("blocked");
  };
  const live = new Live("portal.example", () => {}, blocked);
  /** @type {any[]} */
  const sent = [];
  live.opened((text) => sent.push(JSON.parse(text)));
  live.reloaded({ t: "reloaded", ...EDITED, id: null, outcome: "applied" });
  live.opened((text) => sent.push(JSON.parse(text)));
  assert.equal(sent.at(-1).source, "edit");
});

test("who listens late is told what runs", () => {
  const { live, open, say } = page();
  open();
  say(EDITED);
  /** @type {any[]} */
  const heard = [];
  live.listen((news) => heard.push(news.kind));
  assert.deepEqual(heard, ["runs"]);
});

test("a failure is told with the innermost line of the source that runs", () => {
  const { live, open, say, news } = page();
  open();
  say(EDITED);
  const text = [
    "Traceback (most recent call last):",
    '  File "/app/handlers.py (edit 1)", line 12, in answer',
    '  File "/app/handlers.py (edit 1)", line 7, in title',
    '  File "/lib/python314.zip/json/decoder.py", line 99, in decode',
    "ValueError: no",
  ].join("\n");
  live.failed({
    t: "report",
    kind: "handler_failed",
    handler: "answer",
    event: "answerButtonClick",
    error: "ValueError",
    text,
  });
  assert.deepEqual([news.at(-1).kind, news.at(-1).line], ["failed", 7]);
  live.failed({
    t: "report",
    kind: "handler_failed",
    handler: "answer",
    text: text.replaceAll("(edit 1)", "(edit 0)"),
  });
  assert.equal(news.at(-1).line, null);
});

test("the app's files go to each interpreter, and are not kept for the tab", async () => {
  const { live, open, sent, say, kept } = page({ [KEY]: "edit" });
  live.begin({ archive: "UEs=", version: "v1" });
  open();
  assert.deepEqual(sent, [{ t: "reload", id: "again", source: null, again: true, archive: "UEs=", version: "v1" }]);
  say({ ...SAVED, version: "v1", id: "again", outcome: "kept" });
  const answer = live.run(FILES);
  assert.deepEqual(sent.at(-1), { t: "reload", id: "reload-1", source: null, ...FILES });
  say({ ...SAVED, id: "reload-1" });
  assert.equal((await answer).outcome, "applied");
  assert.equal(kept.has(KEY), false);
  live.ended("fatal", "it crashed");
  open();
  assert.deepEqual(sent.at(-1), { t: "reload", id: "again", source: null, again: true, ...FILES });
});

test("files that were refused are not brought to the next interpreter", async () => {
  const { live, open, sent, say } = page();
  open();
  say({ ...RUNS, id: "again", outcome: "shown" });
  const answer = live.run(FILES);
  say({ ...RUNS, id: "reload-1", outcome: "refused", error: REFUSAL });
  assert.equal((await answer).outcome, "refused");
  live.ended("fatal", "it crashed");
  open();
  assert.deepEqual(sent.at(-1), { t: "reload", id: "again", source: null, again: true });
});

test("files that another page brought are no text to remember", () => {
  const { open, say, kept } = page({ [KEY]: "edit" });
  open();
  say({ ...EDITED, id: "again", outcome: "applied_again" });
  say({ ...SAVED, id: null });
  assert.equal(kept.get(KEY), "edit");
});

test("whoever follows the files tells the page's scripts", () => {
  const { live, news } = page();
  live.tell({ kind: "saved", name: "app.py", number: 2, saved: 5, problem: null, reload: null });
  assert.equal(news.at(-1).number, 2);
});
