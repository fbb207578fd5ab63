import assert from "node:assert/strict";
import { test } from "node:test";
import { clientNotLoaded, OUTSIDE, problems } from "../../../static/page/diagnostics.js";

const FINE = {
  client: "BX24",
  clientProblem: null,
  missing: [],
  interfaceAnswered: true,
  ofCalls: new Set(),
  missedCards: 0,
  dropped: 0,
  state: "ready",
  failure: null,
  storageRefused: null,
  ownWorker: false,
  pagesDisagree: false,
  lost: 0,
  setAside: [],
  leftRunning: [],
  registration: null,
};

test("nothing is said when nothing is wrong", () => {
  assert.deepEqual(problems(FINE), []);
});

test("a page opened outside Bitrix24 is told what it is, and nothing that follows from it", () => {
  assert.deepEqual(problems({ ...FINE, clientProblem: OUTSIDE, interfaceAnswered: false, missing: ["a"] }), [OUTSIDE]);
});

test("an interface that does not answer is named, and not the names it would have listed", () => {
  const found = problems({ ...FINE, interfaceAnswered: false, missing: ["BackgroundCallCard::initialized"] });
  assert.equal(found.length, 1);
  assert.match(found[0], /getInterface is unanswered/);
});

test("missing events are counted and named, with what may be the cause", () => {
  const [text] = problems({
    ...FINE,
    missing: ["BackgroundCallCard::initialized", "BackgroundCallCard::entityChanged"],
  });
  assert.match(text, /2 of 17 events: BackgroundCallCard::initialized, BackgroundCallCard::entityChanged/);
  assert.match(text, /PAGE_BACKGROUND_WORKER/);
});

test("a call that is not external is named with the remedy", () => {
  const [text] = problems({ ...FINE, ofCalls: new Set(["not_external"]) });
  assert.match(text, /not external/);
  assert.match(text, /telephony\.externalCall\.register/);
});

for (const [cause, trying, text] of /** @type {Array<[string, boolean, RegExp]>} */ ([
  ["Rejected (503 Service Unavailable)", true, /^No calls come in: .*503 Service Unavailable.*again and again/],
  ["Authentication Error (403 Forbidden)", false, /^No calls come in: .*403 Forbidden.*phone\.register/],
])) {
  test(`a phone that its exchange does not know is named, with ${cause}`, () => {
    assert.match(problems({ ...FINE, registration: { known: false, cause, trying, since: 1 } })[0], text);
    assert.deepEqual(problems({ ...FINE, registration: { known: true, cause: "", trying: true, since: 1 } }), []);
  });
}

test("what was set aside is named", () => {
  assert.deepEqual(problems({ ...FINE, setAside: ["answerButtonClick was set aside"] }), [
    "answerButtonClick was set aside",
  ]);
});

test("everything that is wrong is said", () => {
  const found = problems({
    ...FINE,
    missing: ["a"],
    ofCalls: new Set(["not_external"]),
    failure: "the app could not be loaded",
  });
  assert.equal(found.length, 3);
  assert.equal(found[2], "the app could not be loaded");
});

test("a client that could not be loaded is named by its address", () => {
  assert.match(clientNotLoaded("https://api.example/v1/"), /could not be loaded \(https:\/\/api\.example\/v1\/\)/);
});

test("a card without buttons is named with the remedy, and a card that nobody announced", () => {
  assert.match(problems({ ...FINE, ofCalls: new Set(["no_buttons"]) })[0], /set_ui_state\(UiState.INCOMING\)/);
  assert.match(problems({ ...FINE, missedCards: 1 })[0], /shows a card here that it announced before/);
  assert.match(problems({ ...FINE, dropped: 2 })[0], /2 events came without a card and reached no handler/);
});

test("a disk that is full is not taken for blocked storage, whoever has the interpreter", () => {
  for (const ownWorker of [false, true]) {
    const [text, ...more] = problems({ ...FINE, storageRefused: "QuotaExceededError", ownWorker });
    assert.match(text, /^The browser's storage for this site is full: the interpreter runs as it is, .* is lost when/);
    assert.doesNotMatch(text, /blocks/);
    assert.deepEqual(more, []);
  }
});

test("storage that fails although pages share an interpreter is not blocked; where each has its own, it is", () => {
  const [shared] = problems({ ...FINE, storageRefused: "UnknownError" });
  assert.match(shared, /storage for this site cannot be written \(UnknownError\)/);
  const [own] = problems({ ...FINE, storageRefused: "UnknownError", ownWorker: true });
  assert.match(own, /blocks this site's storage: each page has an interpreter of its own/);
});

test("a localStorage that is full is named by what follows from it", () => {
  const [text, ...more] = problems({ ...FINE, pagesDisagree: true });
  assert.match(text, /localStorage for this site is full: the pages of the portal cannot agree on another interpreter/);
  assert.deepEqual(more, []);
});
