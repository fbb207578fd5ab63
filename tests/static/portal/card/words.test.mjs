import assert from "node:assert/strict";
import { test } from "node:test";
import { CardModel, STATES } from "../../../../static/portal/card/model.js";
import {
  amount,
  clock,
  commentWords,
  flagWords,
  initials,
  numberWords,
  stageWords,
} from "../../../../static/portal/card/words.js";
import { UI_STATES } from "../../../../static/portal/core/vocabulary.js";
import { destination } from "../../../../static/portal/demo/roving.js";

const PARTY = { phoneNumber: "hidden", crmEntityType: "", crmEntityId: 0, name: "" };

test("every state has words of its own", () => {
  const words = UI_STATES.map((state) => STATES[state].words);
  assert.equal(new Set(words).size, UI_STATES.length);
  assert.ok(words.every((word) => word.includes(" ") || /^[A-Z]/.test(word)));
});

test("a number that is not there is said in words", () => {
  const numbers = ["hidden", "unknown", "+1202"].map((phoneNumber) => numberWords({ ...PARTY, phoneNumber }));
  assert.deepEqual(numbers, ["Hidden number", "Unknown number", "+1202"]);
});

test("the timer shows hours when there are any", () => {
  assert.deepEqual([0, 59, 127, 3599, 3600, 36_754].map(clock), [
    ...["00:00", "00:59", "02:07", "59:59", "1:00:00", "10:12:34"],
  ]);
});

test("what holds besides the state is said in one line", () => {
  const card = new CardModel({ callId: "C", uiState: "connected", parties: [PARTY], external: false });
  Object.assign(card, { muted: true, held: true, digits: "12#", department: "Sales" });
  assert.equal(
    flagWords(card),
    "Microphone off · On hold · Dialled 12# · Passed to Sales by the portal; apps hear nothing of it · Regular call: not open to apps",
  );
});

for (const uiState of UI_STATES) {
  const card = new CardModel({ callId: "C", uiState: "connected", parties: [PARTY] });
  Object.assign(card, { muted: true, held: true, digits: "42", rating: 4 });
  card.setUiState(uiState);
  const goesOn = ["connected", "transferring", "transferFailed", "transferConnected"].includes(uiState);

  test(`what a call was like is ${goesOn ? "kept" : "not said any more"} in ${uiState}`, () => {
    assert.equal(flagWords(card), goesOn ? "Microphone off · On hold · Dialled 42" : "");
    assert.equal(card.rating, goesOn ? 4 : null);
    assert.equal(card.muted, true, "the button stays as it was pressed: only an app can change it");
  });
}

test("a comment is said to be saved only where an app hears it and a client is there to save it for", () => {
  const words = (/** @type {boolean} */ external, /** @type {number} */ crmEntityId) =>
    commentWords(new CardModel({ callId: "C", uiState: "redial", parties: [{ ...PARTY, crmEntityId }], external }));
  assert.equal(words(true, 7), "Saved");
  assert.match(words(true, 0), /no client/);
  assert.match(words(false, 7), /No app/);
});

test("initials are two letters, and a question mark for nobody", () => {
  assert.deepEqual(["Mara Lindqvist", "Studio Kestrel Ltd", "Öz", ""].map(initials), ["ML", "SK", "Ö", "?"]);
});

test("amounts are money where the browser can write them", () => {
  assert.equal(amount("18400.00", "EUR", "en"), "€18,400");
  assert.equal(amount("5", "no currency", "en"), "5 no currency");
  assert.equal(amount("", "EUR", "en"), "");
  assert.equal(amount("much", "EUR", "en"), "much");
});

test("stages are words, without the pipeline's prefix", () => {
  assert.deepEqual(["NEW", "IN_PROCESS", "C4:FINAL_INVOICE", ""].map(stageWords), [
    ...["New", "In process", "Final invoice", ""],
  ]);
});

test("arrow keys move within the rows of a pad and not beyond them", () => {
  /** @param {string} key @param {number} here */
  const from = (key, here) => destination(key, here, 3, 12);
  assert.deepEqual(
    [from("ArrowDown", 0), from("ArrowUp", 4), from("ArrowLeft", 1), from("ArrowRight", 1)],
    [3, 1, 0, 2],
  );
  assert.deepEqual(
    [from("ArrowUp", 2), from("ArrowDown", 10), from("ArrowLeft", 0), from("ArrowRight", 11)],
    [...[-1, -1, -1, -1]],
  );
  assert.deepEqual([from("Home", 5), from("End", 5), from("a", 5)], [0, 11, -1]);
});
