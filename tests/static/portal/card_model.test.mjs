import assert from "node:assert/strict";
import { test } from "node:test";
import { buttonsOf, CardModel } from "../../../static/portal/card_model.js";
import { execute } from "../../../static/portal/commands.js";
import { CALLEES } from "../../../static/portal/directory.js";
import { Telephony } from "../../../static/portal/telephony.js";
import { COMMANDS, EVENTS, UI_STATES } from "../../../static/portal/vocabulary.js";

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
  return { card, clock };
}

/** A portal's calls, with the events they raise. */
function telephony() {
  /** @type {[string, any][]} */
  const raised = [];
  const calls = new Telephony({
    raise: (event, payload) => void raised.push([event, payload]),
    cardChanged: () => {},
  });
  return { calls, raised };
}

test("there are 17 events, 9 commands and 12 states", () => {
  assert.deepEqual([EVENTS.length, COMMANDS.length, UI_STATES.length], [17, 9, 12]);
});

/** @type {[import("../../../static/portal/vocabulary.js").UiState, boolean, string][]} */
const BUTTONS = [
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

test("the timer starts with connected, counts on through a transfer, and stops with redial", () => {
  const { card, clock } = cardAt();
  clock.ms = 5000;
  card.setUiState("connected");
  clock.ms = 8000;
  card.setUiState("transferring");
  assert.deepEqual(card.timer, { running: true, seconds: 3 });
  card.setUiState("redial");
  clock.ms = 60_000;
  assert.deepEqual(card.timer, { running: false, seconds: 3 });
});

for (const state of UI_STATES) {
  const runsOn = ["connected", "transferring", "transferFailed", "transferConnected"].includes(state);
  test(`a running timer ${runsOn ? "runs on" : "stops"} in ${state}`, () => {
    const { card } = cardAt({ uiState: "connected" });
    card.startTimer();
    card.setUiState(state);
    assert.equal(card.timer.running, runsOn);
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

test("an unknown state is an error and changes nothing", () => {
  const { card } = cardAt();
  const answer = [[{ result: "error", errorCode: "Invalid ui state" }]];
  for (const params of [{ uiState: "sleeping" }, { uiState: "toString" }, {}, null, "connected"]) {
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
  assert.deepEqual(execute("CallCardSetCardTitle", {}, card, desktop), [[error("title")]]);
  assert.deepEqual(execute("CallCardSetStatusText", {}, card, desktop), [[error("statusText")]]);
});

test("an incoming call raises initialized with its whole payload", () => {
  const { calls, raised } = telephony();
  const callId = calls.call("incoming", { activityId: null });
  assert.match(callId, /^[0-9A-F]{16}\.\d+\.\d{6}$/);
  assert.equal(raised.length, 1);
  const [event, payload] = raised[0] ?? ["", {}];
  assert.equal(event, "initialized");
  assert.deepEqual(JSON.parse(JSON.stringify(payload)), {
    CALL_ID: callId,
    PHONE_NUMBER: "+12025550143",
    LINE_NUMBER: "12025550100",
    LINE_NAME: "Front desk",
    CRM_ENTITY_TYPE: "CONTACT",
    CRM_ENTITY_ID: 7,
    CRM_BINDINGS: [{ ENTITY_TYPE: "CONTACT", ENTITY_ID: 7 }],
    CALL_DIRECTION: "incoming",
    CALL_STATE: "idle",
    CALL_LIST_MODE: false,
  });
});

test("an unknown number is left out, a hidden one is told", () => {
  const { calls, raised } = telephony();
  calls.call("incoming", { phoneNumber: "unknown" });
  calls.call("incoming", { phoneNumber: "hidden" });
  assert.deepEqual(
    raised.map(([, payload]) => JSON.parse(JSON.stringify(payload)).PHONE_NUMBER),
    [undefined, "hidden"],
  );
});

test("clicks on mute and hold tell the state after the click", () => {
  const { calls, raised } = telephony();
  calls.call("incoming", { silent: true });
  calls.act("muteButtonClick");
  calls.act("muteButtonClick");
  calls.act("holdButtonClick");
  assert.deepEqual(raised, [
    ["muteButtonClick", true],
    ["muteButtonClick", false],
    ["holdButtonClick", true],
  ]);
});

test("rating, key and comment are told as strings", () => {
  const { calls, raised } = telephony();
  calls.call("incoming", { silent: true });
  calls.act("qualityMeterClick", 4);
  calls.act("dialpadButtonClick", "#");
  calls.act("addCommentButtonClick", "");
  assert.deepEqual(raised, [
    ["qualityMeterClick", "4"],
    ["dialpadButtonClick", "#"],
    ["addCommentButtonClick", ""],
  ]);
});

test("a transfer tells the target's type before the app's first command, and the number after it", () => {
  const { calls, raised } = telephony();
  calls.call("incoming", { silent: true });
  calls.act("transferButtonClick", 2);
  execute("CallCardSetStatusText", { statusText: "x" }, calls.card);
  calls.act("transferButtonClick", 2);
  calls.act("transferButtonClick", "+12025550111");
  assert.deepEqual(
    raised.map(([, payload]) => payload),
    [
      { type: "user", target: 2 },
      { phoneNumber: "+12025550143", target: 2 },
      { phoneNumber: "+12025550143", target: "+12025550111" },
    ],
  );
});

test("Close closes the card by itself, and no other click changes the state", () => {
  const { calls, raised } = telephony();
  calls.call("incoming");
  calls.act("answerButtonClick");
  assert.equal(calls.card?.uiState, "incoming");
  calls.act("closeButtonClick");
  assert.equal(calls.card?.open, false);
  assert.deepEqual(raised.at(-1), ["closeButtonClick", undefined]);
  assert.throws(() => calls.act("answerButtonClick"), /no card is open/);
});

test("Next moves on to outgoing and the next entry of the list", () => {
  const { calls, raised } = telephony();
  calls.callList(2);
  execute("CallCardSetUiState", { uiState: "error" }, calls.card);
  calls.act("nextButtonClick");
  assert.equal(calls.card?.uiState, "outgoing");
  assert.equal(calls.card?.party.crmEntityId, 12);
  assert.deepEqual(
    raised.map(([event]) => event),
    ["initialized", "nextButtonClick", "entityChanged"],
  );
});

test("entityChanged can come before initialized", () => {
  const { calls, raised } = telephony();
  calls.call("incoming", { entityChangedFirst: true });
  assert.deepEqual(
    raised.map(([event]) => event),
    ["entityChanged", "initialized"],
  );
});

test("a regular call is silent", () => {
  const { calls, raised } = telephony();
  calls.call("incoming", { external: false });
  calls.act("muteButtonClick");
  assert.deepEqual(raised, []);
});

test("a list longer than the people known begins again", () => {
  const { calls } = telephony();
  calls.callList(20);
  assert.equal(calls.card?.parties.length, 20);
  const names = calls.card?.parties.map(({ name }) => name) ?? [];
  const known = CALLEES.length;
  assert.equal(new Set(names.slice(0, known)).size, known);
  assert.equal(names[known], names[0]);
});

test("after the last entry of a list comes the first", () => {
  const { calls } = telephony();
  calls.callList(2);
  calls.act("nextButtonClick");
  assert.equal(calls.card?.entry, 1);
  calls.act("nextButtonClick");
  assert.equal(calls.card?.entry, 0);
});

test("a department is told to no app, changes no state, and is forgotten with the next state", () => {
  const { calls, raised } = telephony();
  calls.call("incoming", { uiState: "connected", silent: true });
  calls.transferToDepartment(6);
  assert.deepEqual([calls.card?.uiState, calls.card?.department], ["connected", "Technical support"]);
  assert.deepEqual(raised, []);
  calls.card?.setUiState("redial");
  assert.equal(calls.card?.department, "");
});

test("an unknown department is refused with those that there are", () => {
  const { calls } = telephony();
  calls.call("incoming");
  assert.throws(() => calls.transferToDepartment(99), /no department 99.*5 \(Sales\)/);
});

test("folding is no app's matter, lasts through a navigation, and needs a card", () => {
  const { calls, raised } = telephony();
  assert.throws(() => calls.fold(true), /no card is open/);
  calls.call("incoming", { silent: true });
  calls.fold(true);
  assert.deepEqual(raised, []);
  const next = telephony().calls;
  next.resume(JSON.parse(JSON.stringify(calls.snapshot())));
  assert.equal(next.card?.folded, true);
});
