import assert from "node:assert/strict";
import { test } from "node:test";
import { noFaults } from "../../../../static/portal/core/faults.js";
import { PlacementInterface } from "../../../../static/portal/core/interface.js";
import { Switchboard } from "../../../../static/portal/core/switchboard.js";
import { Telephony } from "../../../../static/portal/core/telephony.js";
import { COMMANDS } from "../../../../static/portal/core/vocabulary.js";

/** @typedef {import("../../../../static/portal/core/faults.js").Faults} Faults */

const PROBE = { uiState: "?" };
const NO_CARD = '[{"result":"error","errorCode":"Call card is undefined"}]';
const SHOWN = '[{"result":"error","errorCode":"Invalid ui state"}]';

/**
 * A window of the portal with one hidden frame, and all that is posted to that frame.
 * @param {Partial<Faults>} [settings]
 * @param {"page" | "app"} [kind]
 */
function desk(settings = {}, kind = "page") {
  /** @type {string[]} */
  const posted = [];
  const frame = { id: "frame1", kind, appSid: "s", origin: "http://app", element: { contentWindow: posts(posted) } };
  const names = new PlacementInterface();
  names.register({ commands: COMMANDS });
  const faults = { ...noFaults(), titleDelayMs: 0, ...settings };
  const calls = new Telephony({ raise: () => {}, cardChanged: () => {}, settings: () => faults });
  const switchboard = new Switchboard(
    /** @type {any} */ ({
      frames: { byAppSid: (/** @type {string} */ sid) => (sid === "s" ? frame : undefined) },
      names,
      session: {},
      faults: () => faults,
      obey: calls.obey.bind(calls),
      repeatsTitle: calls.repeatsTitle.bind(calls),
      log: () => {},
      language: () => "en",
    }),
  );
  let serial = 0;
  return {
    calls,
    switchboard,
    posted,
    /** @param {string} method @param {unknown} [params] */
    send(method, params = {}) {
      serial += 1;
      const data = `${method}:${JSON.stringify(params)}:${serial}:s`;
      switchboard.receive(/** @type {any} */ ({ data, origin: "http://app" }));
    },
  };
}

/** @param {string[]} posted */
function posts(posted) {
  return { postMessage: (/** @type {string} */ text) => posted.push(text) };
}

test("the probe is refused in one way while a card is shown, in another while none is, and changes nothing", () => {
  const { calls, posted, send } = desk();
  send("CallCardSetUiState", PROBE);
  calls.call("incoming");
  send("CallCardSetUiState", PROBE);
  calls.takeAway();
  send("CallCardSetUiState", PROBE);
  calls.call("incoming", { external: false });
  send("CallCardSetUiState", PROBE);
  assert.deepEqual(posted, [`1:${NO_CARD}`, `2:${SHOWN}`, `3:${NO_CARD}`, `4:${NO_CARD}`]);
  assert.equal(calls.card?.uiState, "incoming");
});

test("probes are kept apart from the app's commands", () => {
  const { switchboard, send } = desk();
  send("CallCardSetUiState", PROBE);
  send("CallCardSetUiState", { uiState: "incoming" });
  assert.deepEqual(
    switchboard.sent.map(({ params }) => params),
    [{ uiState: "incoming" }],
  );
  assert.deepEqual(
    switchboard.probes.map(({ params, answers }) => [params, answers.length]),
    [[PROBE, 1]],
  );
});

test("a title that is set again in the first moments is kept apart; another one, and one of the next call, is not", (context) => {
  context.mock.timers.enable({ apis: ["Date", "setTimeout"] });
  const { calls, switchboard, send } = desk();
  const title = (/** @type {string} */ text) => send("CallCardSetCardTitle", { title: text });
  const titles = (/** @type {import("../../../../static/portal/core/switchboard.js").Sent[]} */ kept) =>
    kept.map(({ params }) => /** @type {{title: string}} */ (params).title);
  calls.call("incoming");
  title("Ann");
  title("Ann");
  title("Bo");
  title("Ann");
  context.mock.timers.tick(5000);
  title("Ann");
  calls.takeAway();
  calls.call("incoming");
  title("Ann");
  assert.deepEqual(titles(switchboard.sent), ["Ann", "Bo", "Ann", "Ann", "Ann"]);
  assert.deepEqual(titles(switchboard.repeated), ["Ann"]);
});

test("commands are worked off in order within their messages' turns: silence before an answered probe is for good", () => {
  const { calls, posted, send, switchboard } = desk({ crmFails: true });
  calls.call("incoming");
  send("CallCardSetUiState", { uiState: "connected" });
  send("CallCardStartTimer");
  send("CallCardStopTimer");
  send("CallCardSetUiState", PROBE);
  assert.deepEqual(posted, [`4:${SHOWN}`]);
  assert.equal(calls.card?.uiState, "connected");
  assert.equal(switchboard.errors.length, 2);
  assert.match(String(switchboard.errors), /no place for a timer/);
});

test("a timer command is not answered in the browser, with CRM layout as without, and throws nothing with it", () => {
  const { calls, posted, send, switchboard } = desk();
  calls.call("incoming");
  send("CallCardStartTimer");
  send("CallCardStopTimer");
  assert.deepEqual([posted, switchboard.errors], [[], []]);
});

test("an answer to the probe overtakes no answer that is still owed", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { calls, posted, send } = desk({ delayMs: { CallCardSetMute: 500 } });
  calls.call("incoming");
  send("CallCardSetMute", { muted: true });
  send("CallCardSetUiState", PROBE);
  t.mock.timers.tick(499);
  assert.deepEqual(posted, []);
  t.mock.timers.tick(1);
  assert.deepEqual(posted, ["1:[]", `2:${SHOWN}`]);
});

test("faults that name a command spare the probe, which has one of its own; * concerns both", () => {
  const named = desk({ silent: ["CallCardSetUiState"], answers: { CallCardSetUiState: [] } });
  named.send("CallCardSetUiState", PROBE);
  assert.deepEqual(named.posted, [`1:${NO_CARD}`]);
  const odd = desk({ probe: { answers: ["what?", null] } });
  odd.send("CallCardSetUiState", PROBE);
  assert.deepEqual(odd.posted, ['1:"what?"', "1:null"]);
  const silent = desk({ silent: ["*"] });
  silent.send("CallCardSetUiState", PROBE);
  assert.deepEqual(silent.posted, []);
});

test("an unknown command is dropped in silence, and so is setTitle of a placement", () => {
  const { posted, send } = desk();
  send("CallCardDance");
  send("setTitle", { title: "T" });
  assert.deepEqual(posted, []);
  const own = desk({}, "app");
  own.send("setTitle", { title: "T" });
  assert.deepEqual(own.posted, ["1:"]);
});

test("the list of states needs no card", () => {
  const { posted, send } = desk();
  send("CallCardGetListUiStates");
  assert.equal(JSON.parse(String(posted[0]).slice(2)).length, 12);
});
