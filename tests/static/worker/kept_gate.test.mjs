import assert from "node:assert/strict";
import { test } from "node:test";
import { KeptGate } from "../../../static/worker/kept_gate.js";

const event = (/** @type {string} */ name, /** @type {unknown} */ payload) =>
  JSON.stringify({ t: "event", name: `BackgroundCallCard::${name}`, payload });
const INITIALIZED_B = event("initialized", { CALL_ID: "B" });

for (const [what, texts, holds] of /** @type {Array<[string, string[], boolean]>} */ ([
  ["a page without a card", ['{"t":"attach","card":null}'], false],
  ["a page with another card", ['{"t":"attach","card":{"call_id":"B"}}'], false],
  ["a page with its card", ['{"t":"attach","card":{"call_id":"A\\""}}'], true],
  ["another call", [INITIALIZED_B], false],
  ["the call", [event("initialized", { CALL_ID: 'A"' })], true],
  ["a click on another card", [INITIALIZED_B, event("muteButtonClick", { muted: true })], false],
  [
    "a click on the card that a page with a card shows",
    ['{"t":"attach","card":{"call_id":"B"}}', event("x", {})],
    false,
  ],
  ["what comes before another call", [event("entityChanged", {}), INITIALIZED_B], false],
  ["a click on nobody knows what", [event("muteButtonClick", { muted: true })], true],
  ["the call, after another one", [INITIALIZED_B, event("initialized", { CALL_ID: 'A"' })], true],
  ["what follows it", [event("initialized", { CALL_ID: 'A"' }), '{"t":"answer"}'], true],
  ["an event of the page's scripts", [INITIALIZED_B, '{"t":"emit","name":"pbx.ended"}'], true],
  ["an answer", ['{"t":"answer"}'], false],
])) {
  test(`where a call is kept and its user unknown, ${what} ${holds ? "waits" : "does not wait"}`, () => {
    const gate = new KeptGate(['A"'], false);
    assert.deepEqual(texts.map((text) => gate.holds("p", text)).at(-1), holds);
    assert.equal(gate.holdsPage("p"), holds);
    assert.equal(gate.holdsPage("q"), false);
    gate.forget("p");
    assert.equal(gate.holdsPage("p"), false);
    gate.open();
    assert.deepEqual(
      texts.map((text) => gate.holds("p", text)),
      texts.map(() => false),
    );
  });
}

test("everything waits for the app's own data, and for an app that looks at the calls first of all", () => {
  for (const gate of [new KeptGate(["A", "app.data/n"], false), new KeptGate(["A"], true)]) {
    assert.equal(gate.holds("p", '{"t":"attach","card":null}'), true);
    gate.open();
    assert.equal(gate.holdsPage("p"), false);
  }
});

test("where nothing is kept, nothing waits", () => {
  assert.equal(new KeptGate([], true).holds("p", '{"t":"emit","name":"pbx.ended"}'), false);
});
