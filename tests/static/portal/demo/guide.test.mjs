import assert from "node:assert/strict";
import { test } from "node:test";
import { guideTo } from "../../../../static/portal/demo/guide.js";

test("the guide names what to press, and never a button that is not there", () => {
  assert.match(guideTo(null), /about to ring/);
  assert.match(guideTo({ uiState: "incoming", open: true, external: true }), /Press Answer/);
  assert.match(guideTo({ uiState: "moneyError", open: true, external: true }), /any button/);
  assert.match(guideTo({ uiState: "connected", open: false, external: true }), /closed/);
});

test("the guide speaks of a call to come only where one comes, and of Python only where it runs", () => {
  assert.match(guideTo(null, { callComes: false }), /^No call yet/);
  const failed = /^Python could not be started/;
  assert.match(guideTo(null, { failed: true }), failed);
  assert.match(guideTo({ uiState: "incoming", open: true, external: true }, { failed: true }), failed);
});

test("the guide does not promise Python where no app can be heard", () => {
  assert.match(guideTo({ uiState: "incoming", open: true, external: false }), /no event of its card reaches an app/);
});
