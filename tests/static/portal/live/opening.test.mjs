import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { handlerAt, lineOfHandler, openingOf } from "../../../../static/portal/live/opening.js";

const SOURCE = `"""About.

More of it.
"""

import asyncio

from worker_py import (
    App,
)

app = App()


async def helper(card):
    """Help."""
    return 1


# Change this text and press Ctrl-Enter.
@app.on(MuteButtonClick)
async def mute(event, card):
    """What it does."""
    await card.set_status_text("Muted" if event.muted else "Heard")


@app.on(HoldButtonClick)
def hold(event, card):
    pass
`;

/** @param {string} source @param {{from: number, to: number}[]} folds */
function folded(source, folds) {
  let shown = source;
  for (const { from, to } of [...folds].reverse()) {
    shown = `${shown.slice(0, from)}…${shown.slice(to)}`;
  }
  return shown;
}

test("the editor opens on the handler that is marked, all else folded to the line that says what it is", () => {
  const { folds, select } = openingOf(SOURCE);
  assert.equal(
    folded(SOURCE, folds),
    `"""About.…

import asyncio…

app = App()


async def helper(card):…


# Change this text and press Ctrl-Enter.
@app.on(MuteButtonClick)
async def mute(event, card):
    """What it does."""
    await card.set_status_text("Muted" if event.muted else "Heard")


@app.on(HoldButtonClick)
def hold(event, card):…
`,
  );
  assert.equal(SOURCE.slice(select?.from, select?.to), "Muted");
});

test("a source that marks nothing is shown as it is", () => {
  assert.deepEqual(openingOf("import asyncio\n\ndef f():\n    return 1\n"), { folds: [], select: null });
  assert.deepEqual(openingOf(""), { folds: [], select: null });
});

test("the demo's own handlers open on a handler of a few lines, and the text selected is one that the card shows", () => {
  const source = readFileSync(new URL("../../../../static/portal/handlers.py", import.meta.url), "utf8");
  const { folds, select } = openingOf(source);
  assert.equal(source.slice(select?.from, select?.to), "They cannot hear you");
  const lines = folded(source, folds)
    .split("\n")
    .filter((line) => line.trim() !== "");
  assert.ok(lines.length < source.split("\n").length / 3, `${lines.length} lines are seen`);
});

test("a handler's line is where it is defined, whatever is named alike", () => {
  assert.equal(lineOfHandler(SOURCE, "mute"), SOURCE.split("\n").indexOf("async def mute(event, card):") + 1);
  assert.equal(lineOfHandler(SOURCE, "hold"), SOURCE.split("\n").indexOf("def hold(event, card):") + 1);
  assert.equal(lineOfHandler(SOURCE, "mut"), null);
  assert.equal(lineOfHandler(SOURCE, "<lambda>"), null);
});

/** @param {string} source @param {string} words the first line with them @returns {number} */
const lineWith = (source, words) => source.split("\n").findIndex((line) => line.includes(words)) + 1;

const NESTED = `@app.on(A)
async def outer(
    event,
    card,
):
    def inner():
        return 1

    # In words.
    if inner():
        await card.close()


LIMIT = 3
`;

for (const [words, name] of /** @type {Array<[string, string | null]>} */ ([
  ["About.", null],
  ["from worker_py", null],
  ["app = App()", null],
  ["async def helper", "helper"],
  ["return 1", "helper"],
  ["# Change this", "mute"],
  ["@app.on(Mute", "mute"],
  ["set_status_text", "mute"],
  ["    pass", "hold"],
])) {
  test(`a line with "${words.trim()}" is of ${name ?? "no function"}`, () => {
    assert.equal(handlerAt(SOURCE, lineWith(SOURCE, words)), name);
  });
}

for (const [words, name] of /** @type {Array<[string, string | null]>} */ ([
  ["@app.on", "outer"],
  ["    card,", "outer"],
  ["):", "outer"],
  ["def inner", "inner"],
  ["return 1", "inner"],
  ["# In words", "outer"],
  ["card.close", "outer"],
  ["LIMIT", null],
])) {
  test(`nested, a line with "${words.trim()}" is of ${name ?? "no function"}`, () => {
    assert.equal(handlerAt(NESTED, lineWith(NESTED, words)), name);
  });
}

test("an empty line is of what is above it, and one beyond the text is of its end", () => {
  assert.equal(handlerAt(SOURCE, lineWith(SOURCE, "return 1") + 1), "helper");
  assert.equal(handlerAt(SOURCE, 999), "hold");
  assert.equal(handlerAt("", 1), null);
});
