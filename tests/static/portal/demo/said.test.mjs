import assert from "node:assert/strict";
import { test } from "node:test";
import { wordsOf } from "../../../../static/portal/demo/said.js";

for (const [kind, name, params, words] of /** @type {[string, string, unknown, string][]} */ ([
  ["command", "CallCardSetStatusText", { statusText: "They cannot hear you" }, "status ← “They cannot hear you”"],
  ["command", "CallCardSetStatusText", { statusText: "" }, "status ← “”"],
  ["command", "CallCardSetCardTitle", { title: "x".repeat(200) }, `title ← “${"x".repeat(89)}…”`],
  ["command", "CallCardSetUiState", { uiState: "connected" }, "state ← connected"],
  ["command", "CallCardSetMute", { muted: false }, "mute ← off"],
  ["command", "CallCardSetHold", { held: true }, "hold ← on"],
  ["command", "CallCardSetHold", null, "hold ← undefined"],
  ["command", "CallCardClose", {}, "card closes"],
  ["rest", "crm.contact.get", { id: 7, more: ["a", "b"] }, "crm.contact.get {id: 7, more: [a, b]}"],
  ["rest", "CallCardClose", {}, ""],
  ["call", "phone.state", null, ""],
  ["call", "phone.mute", { muted: true }, "phone.mute {muted: true}"],
  ["call", "phone.state", { call: "896e1257-fa8f-4808-b051-9dbf6c92ac1c" }, "phone.state {call: 896e1257…}"],
])) {
  test(`${kind} ${name} with ${JSON.stringify(params)?.slice(0, 40)} is said in a person's words`, () => {
    assert.equal(wordsOf(kind, { name, params }), words);
  });
}
