import assert from "node:assert/strict";
import { test } from "node:test";
import { guideTo } from "../../../../static/portal/demo/guide.js";

test("the guide names what to press, and never a button that is not there", () => {
  assert.match(guideTo(null), /about to ring/);
  assert.match(guideTo({ uiState: "incoming", open: true, external: true }), /Press Answer/);
  assert.match(guideTo({ uiState: "moneyError", open: true, external: true }), /any button/);
  assert.match(guideTo({ uiState: "connected", open: false, external: true }), /closed/);
});

test("the guide does not promise Python where no app can be heard", () => {
  assert.match(guideTo({ uiState: "incoming", open: true, external: false }), /no event of its card reaches an app/);
});
