import assert from "node:assert/strict";
import { test } from "node:test";
import { buttonsOf, CardModel } from "../../../../static/portal/card/model.js";
import { execute } from "../../../../static/portal/core/commands.js";
import { COMMANDS, EVENTS, FIRST_STATE, UI_STATES } from "../../../../static/portal/core/vocabulary.js";

const UNDEFINED_CARD = [[{ result: "error", errorCode: "Call card is undefined" }]];
const CLIENT = { phoneNumber: "+12025550143", crmEntityType: "CONTACT", crmEntityId: 7, name: "Mara" };

/**
 * A card with a clock that the test moves.
 * @param {Partial<ConstructorParameters<typeof CardModel>[0]>} [options]
 */
function cardAt(options = {}) {
  const clock = { ms: 0 };
  const card = new CardModel({
    ...{ callId: "C", uiState: "incoming", parties: [CLIENT], now: () => clock.ms },
    ...options,
  });
  card.hasCrmLayout = true;
  return { card, clock };
}

test("there are 17 events, 9 commands and 12 states", () => {
  assert.deepEqual([EVENTS.length, COMMANDS.length, UI_STATES.length], [17, 9, 12]);
});

/** @type {[import("../../../../static/portal/card/model.js").CardState, boolean, string][]} */
const BUTTONS = [
  ["externalCard", false, "closeButtonClick"],
  ["incoming", false, "answerButtonClick skipButtonClick"],
  ["transferIncoming", false, "answerButtonClick skipButtonClick"],
  ["outgoing", false, "makeCallButtonClick"],
  ["outgoing", true, "makeCallButtonClick nextButtonClick closeButtonClick"],
  ["connectingIncoming", false, "hangupButtonClick"],
  ["connectingOutgoing", true, "hangupButtonClick"],
  [
    "connected",
    false,
    "holdButtonClick muteButtonClick dialpadButtonClick transferButtonClick qualityMeterClick hangupButtonClick",
  ],
  ["transferring", false, "completeTransferButtonClick cancelTransferButtonClick"],
  ["transferFailed", false, "cancelTransferButtonClick"],
  ["transferConnected", false, "hangupButtonClick"],
  ["error", false, "closeButtonClick"],
  ["error", true, "makeCallButtonClick nextButtonClick"],
  ["moneyError", false, "notifyAdminButtonClick closeButtonClick"],
  ["redial", false, "makeCallButtonClick"],
];
for (const [state, callListMode, events] of BUTTONS) {
  test(`${state}${callListMode ? " in call-list mode" : ""} shows its buttons`, () => {
    assert.equal(
      buttonsOf(state, callListMode)
        .map(({ event }) => event)
        .join(" "),
      events,
    );
  });
}

test("the timer starts with connected, counts on through a transfer, and is set to zero by redial", () => {
  const { card, clock } = cardAt();
  clock.ms = 5000;
  card.setUiState("connected");
  clock.ms = 8000;
  card.setUiState("transferring");
  assert.deepEqual(card.timer, { running: true, seconds: 3 });
  card.setUiState("redial");
  clock.ms = 60_000;
  assert.deepEqual(card.timer, { running: false, seconds: 0 });
});

for (const state of UI_STATES) {
  const runsOn = ["connected", "transferring", "transferFailed", "transferConnected"].includes(state);
  test(`a running timer ${runsOn ? "runs on" : "stops, and is set to zero,"} in ${state}`, () => {
    const { card, clock } = cardAt({ uiState: "connected" });
    card.startTimer();
    clock.ms = 7000;
    card.setUiState(state);
    assert.deepEqual(card.timer, { running: runsOn, seconds: runsOn ? 7 : 0 });
  });

  test(`a timer that stands ${state === "connected" ? "goes on from its first start" : "is set to zero"} in ${state}`, () => {
    const { card, clock } = cardAt({ uiState: "connected" });
    card.startTimer();
    clock.ms = 7000;
    card.stopTimer();
    clock.ms = 9000;
    card.setUiState(state);
    assert.deepEqual(
      card.timer,
      state === "connected" ? { running: true, seconds: 9 } : { running: false, seconds: 0 },
    );
  });
}

test("the timer resumes from its first start, not from zero nor from where it stood", () => {
  const { card, clock } = cardAt();
  card.startTimer();
  clock.ms = 2000;
  card.stopTimer();
  card.stopTimer();
  clock.ms = 10_000;
  card.startTimer();
  assert.deepEqual(card.timer, { running: true, seconds: 10 });
});

test("disableAutoStartTimer resets the timer and leaves it standing", () => {
  const { card, clock } = cardAt();
  card.startTimer();
  clock.ms = 4000;
  card.setUiState("connected", true);
  assert.deepEqual(card.timer, { running: false, seconds: 0 });
  card.startTimer();
  clock.ms = 5000;
  assert.equal(card.timer.seconds, 1);
});

test("commands change the card and succeed with an empty list", () => {
  const { card } = cardAt();
  assert.deepEqual(execute("CallCardSetMute", { muted: true }, card), [[]]);
  assert.deepEqual(execute("CallCardSetMute", { muted: true }, card), [[]]);
  assert.deepEqual(execute("CallCardSetHold", { held: true }, card), [[]]);
  assert.deepEqual(execute("CallCardSetUiState", { uiState: "connected" }, card), [[]]);
  assert.deepEqual(execute("CallCardSetCardTitle", { title: "T" }, card), [[]]);
  assert.deepEqual(execute("CallCardSetStatusText", { statusText: "S" }, card), [[]]);
  const { muted, held, uiState, title, statusText } = card;
  assert.deepEqual(
    { muted, held, uiState, title, statusText },
    {
      ...{ muted: true, held: true, uiState: "connected", title: "T", statusText: "S" },
    },
  );
});

test("timer commands are carried out in silence in the browser and answered on the desktop", () => {
  const { card } = cardAt();
  assert.deepEqual(execute("CallCardStartTimer", {}, card), []);
  assert.equal(card.timer.running, true);
  assert.deepEqual(execute("CallCardStopTimer", {}, card), []);
  assert.equal(card.timer.running, false);
  assert.deepEqual(execute("CallCardStopTimer", {}, card, { desktop: true }), [[]]);
});

test("an unknown state, and the first one, are errors and change nothing", () => {
  const { card } = cardAt();
  const answer = [[{ result: "error", errorCode: "Invalid ui state" }]];
  for (const params of [
    { uiState: "?" },
    { uiState: FIRST_STATE },
    { uiState: "sleeping" },
    { uiState: "toString" },
    {},
    null,
    "connected",
  ]) {
    assert.deepEqual(execute("CallCardSetUiState", params, card), answer);
  }
  assert.equal(card.uiState, "incoming");
});

test("without an open external card every command but the list of states fails", () => {
  const closed = cardAt().card;
  closed.close();
  for (const card of [null, closed, cardAt({ external: false }).card]) {
    for (const command of COMMANDS) {
      const expected = command === "CallCardGetListUiStates" ? [[...UI_STATES]] : UNDEFINED_CARD;
      assert.deepEqual(execute(command, {}, card), expected, command);
    }
  }
});

test("a closed card cannot be managed", () => {
  const { card } = cardAt();
  assert.deepEqual(execute("CallCardClose", {}, card), [[]]);
  assert.deepEqual(execute("CallCardClose", {}, card), UNDEFINED_CARD);
  assert.deepEqual(card.buttons, []);
});

test("the desktop app complains of missing fields, each time in another shape", () => {
  const { card } = cardAt();
  /** @param {string} field */
  const error = (field) => ({ result: "error", errorCode: `missing field ${field}` });
  const desktop = { desktop: true };
  assert.deepEqual(execute("CallCardSetMute", {}, card, desktop), [error("muted")]);
  assert.deepEqual(execute("CallCardSetHold", {}, card, desktop), [[error("held")], []]);
  assert.equal(card.held, false);
  assert.deepEqual(execute("CallCardSetCardTitle", {}, card, desktop), [[error("title")]]);
  assert.deepEqual(execute("CallCardSetStatusText", {}, card, desktop), [[error("statusText")]]);
});

test("the desktop app answers that all went well, card or no card, and whatever came of it", () => {
  const { card } = cardAt();
  card.hasCrmLayout = false;
  const desktop = { desktop: true };
  for (const there of [card, null]) {
    assert.deepEqual(execute("CallCardSetUiState", { uiState: "connected" }, there, desktop), [[]]);
    assert.deepEqual(execute("CallCardStartTimer", {}, there, desktop), [[]]);
    assert.deepEqual(execute("CallCardClose", {}, there, desktop), [[]]);
  }
});

test("the desktop app refuses a state that it does not know, card or no card", () => {
  for (const there of [cardAt().card, null]) {
    for (const params of [{ uiState: "?" }, {}]) {
      const refused = [[{ result: "error", errorCode: "Invalid ui state" }]];
      assert.deepEqual(execute("CallCardSetUiState", params, there, { desktop: true }), refused);
    }
  }
});

test("a folded card shows hang-up and close alone, where its state has them", () => {
  const { card } = cardAt({ uiState: FIRST_STATE });
  card.folded = true;
  const shown = () => card.buttons.map(({ event }) => event);
  assert.deepEqual(shown(), ["closeButtonClick"]);
  card.setUiState("incoming");
  assert.deepEqual(shown(), []);
  card.setUiState("connected");
  assert.deepEqual(shown(), ["hangupButtonClick"]);
  card.setUiState("moneyError");
  assert.deepEqual(shown(), ["closeButtonClick"]);
});

test("connected without CRM layout changes the card, starts its timer, throws and is not answered", () => {
  const { card } = cardAt();
  card.hasCrmLayout = false;
  assert.throws(() => execute("CallCardSetUiState", { uiState: "connected" }, card), /no place for a timer/);
  assert.equal(card.uiState, "connected");
  assert.equal(card.timer.running, true);
  assert.deepEqual(execute("CallCardSetUiState", { uiState: "connected", disableAutoStartTimer: true }, card), [[]]);
  assert.deepEqual(execute("CallCardSetUiState", { uiState: "redial" }, card), [[]]);
});

test("StartTimer without CRM layout throws and starts nothing", () => {
  const { card } = cardAt();
  card.hasCrmLayout = false;
  assert.throws(() => execute("CallCardStartTimer", {}, card), /no place for a timer/);
  assert.equal(card.timer.running, false);
  assert.deepEqual(execute("CallCardStopTimer", {}, card), []);
});
