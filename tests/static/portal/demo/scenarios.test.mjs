import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CONTACTS } from "../../../../static/portal/card/directory.js";
import { COMMANDS, EVENTS, UI_STATES } from "../../../../static/portal/core/vocabulary.js";
import { SCENARIOS } from "../../../../static/portal/demo/scenarios.js";
import { ScenarioStage } from "../../../../static/portal/demo/stage.js";

const HANDLERS = readFileSync(new URL("../../../../static/portal/handlers.py", import.meta.url), "utf8");
const steps = SCENARIOS.flatMap(({ title, steps }) => steps.map((step) => ({ title, ...step })));

test("scenarios have different names, and something to do and to wait for at each step", () => {
  assert.equal(new Set(SCENARIOS.map(({ id }) => id)).size, SCENARIOS.length);
  for (const { title, says, does, until } of steps) {
    assert.notEqual(says, "", title);
    assert.notDeepEqual(Object.keys(until), [], `${title}: ${says} waits for nothing`);
    assert.notEqual(does.call === undefined, does.click === undefined, `${title}: ${says} opens a call or clicks`);
  }
});

test("scenarios begin with a card of their own, and end without a call", () => {
  for (const { title, steps: own } of SCENARIOS) {
    assert.ok(own[0]?.does.call, title);
    const { card = {}, phone = {} } = own.at(-1)?.until ?? {};
    assert.ok(phone.phase === "idle" || card.open === false, title);
  }
});

test("scenarios name events, commands and states that there are", () => {
  for (const { does, until } of steps) {
    for (const event of [does.click, until.handled]) {
      assert.ok(event === undefined || EVENTS.includes(event), event);
    }
    for (const command of until.commands ?? []) {
      assert.ok(
        COMMANDS.some((name) => name === command),
        command,
      );
    }
    const state = until.card?.uiState;
    assert.ok(state === undefined || UI_STATES.some((name) => name === state), String(state));
  }
});

test("the list of five has five different clients", () => {
  const lengths = steps.filter(({ does }) => does.call === "list").map(({ does }) => does.length);
  assert.deepEqual(lengths, [5]);
  assert.ok(new Set(CONTACTS.map(({ phoneNumber }) => phoneNumber)).size >= 5);
});

test("the numbers on which a scenario relies are those of the handlers", () => {
  const told = steps.flatMap(({ does }) => (does.call === "outgoing" ? (does.options?.phoneNumber ?? []) : []));
  assert.equal(told.length, 2);
  for (const number of told) {
    assert.ok(HANDLERS.includes(`"${number}"`), number);
  }
});

/** A stage on a portal that the test makes up. */
function onStage() {
  const portal = {
    sent: /** @type {any[]} */ ([]),
    card: () => /** @type {any} */ ({ uiState: "incoming" }),
    clicked: /** @type {unknown[]} */ ([]),
    click: (/** @type {unknown[]} */ ...what) => void portal.clicked.push(what),
    incomingCall: () => "A",
    outgoingCall: () => "A",
    callback: () => "A",
    callList: () => "A",
  };
  const phone = { state: /** @type {any} */ ({ phase: "idle" }), heard: "" };
  const stage = new ScenarioStage(/** @type {any} */ (portal), phone);
  return { stage, portal, phone };
}

/** @type {import("../../../../static/portal/demo/scenarios.js").Step} */
const MUTE = {
  says: "Mute",
  does: { click: "muteButtonClick" },
  until: {
    handled: "muteButtonClick",
    commands: ["CallCardSetStatusText"],
    card: { muted: true },
    phone: { muted: true },
  },
};

test("a stage says in words what is lacking, and nothing when all is there", () => {
  const { stage, portal, phone } = onStage();
  stage.act(MUTE);
  assert.deepEqual(stage.lacking(MUTE), [
    "Python's handler of muteButtonClick",
    "the command CallCardSetStatusText",
    "the card's muted to be true, not undefined",
    "the phone's muted to be true, not undefined",
  ]);

  stage.traced({ kind: "handler", event: "BackgroundCallCard::muteButtonClick" });
  portal.sent.push({ command: "CallCardSetStatusText" });
  portal.card = () => ({ muted: true });
  phone.state = { muted: true };

  assert.deepEqual(stage.lacking(MUTE), []);
});

test("a stage does not take what came before the step for what came of it", () => {
  const { stage, portal } = onStage();
  stage.traced({ kind: "handler", event: "BackgroundCallCard::muteButtonClick" });
  portal.sent.push({ command: "CallCardSetStatusText" });
  stage.act(MUTE);
  assert.equal(stage.lacking(MUTE).length, 4);
});

test("without a phone nothing is asked of it", () => {
  const { stage, phone } = onStage();
  phone.state = null;
  stage.act(MUTE);
  assert.ok(stage.lacking(MUTE).every((words) => !words.includes("phone")));
});
