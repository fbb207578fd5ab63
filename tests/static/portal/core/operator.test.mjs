import assert from "node:assert/strict";
import { test } from "node:test";
import { noFaults } from "../../../../static/portal/core/faults.js";
import { joinWindows } from "../../../../static/portal/core/operator.js";
import { Telephony } from "../../../../static/portal/core/telephony.js";

/** A portal whose server reaches every window at once. */
function portal() {
  /** @type {{onmessage: any}[]} */
  const channels = [];
  /**
   * One window of it.
   * @param {number | null} hearsMs
   * @param {string} [user]
   */
  return (hearsMs, user = "1") => {
    /** @type {[string, any][]} */
    const raised = [];
    const channel = {
      onmessage: /** @type {any} */ (null),
      postMessage(/** @type {any} */ data) {
        for (const other of channels.filter((one) => one !== channel)) {
          other.onmessage({ data: structuredClone(data) });
        }
      },
    };
    channels.push(channel);
    const faults = { ...noFaults(), titleDelayMs: 0 };
    const calls = new Telephony({
      raise: (event, payload) => raised.push([event, payload]),
      cardChanged: () => {},
      settings: () => faults,
      tell: (notice) => tell(notice),
    });
    const tell = joinWindows({ user, telephony: () => calls, hearsMs: () => hearsMs, channel });
    return { calls, raised, events: () => raised.splice(0).map(([event]) => event) };
  };
}

test("every window that hears of a call in time shows a card of its own, with events of its own", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const open = portal();
  const [first, soon, last, late, deaf] = [open(null), open(30), open(100), open(101), open(null)];
  const callId = first.calls.call("incoming");
  assert.deepEqual(first.events(), ["entityChanged", "initialized"]);
  t.mock.timers.tick(30);
  assert.deepEqual([soon.events(), last.events()], [["entityChanged", "initialized"], []]);
  t.mock.timers.tick(1000);
  assert.deepEqual(last.events(), ["entityChanged", "initialized"]);
  assert.deepEqual([soon.calls.card?.callId, last.calls.card?.callId], [callId, callId]);
  assert.deepEqual([late.calls.card, deaf.calls.card], [null, null]);
});

test("a command reaches the card of its own window alone, and so does a click", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const open = portal();
  const [first, second] = [open(null), open(0)];
  first.calls.call("incoming");
  t.mock.timers.tick(1);
  first.events();
  second.events();
  first.calls.obey("CallCardSetUiState", { uiState: "connected" });
  assert.deepEqual([first.calls.card?.uiState, second.calls.card?.uiState], ["connected", "externalCard"]);
  first.calls.act("muteButtonClick");
  assert.deepEqual([first.calls.card?.muted, second.calls.card?.muted], [true, false]);
  assert.deepEqual([first.events(), second.events()], [["muteButtonClick"], []]);
});

for (const [how, close] of /** @type {[string, (calls: Telephony) => unknown][]} */ ([
  ["the operator closes it", (calls) => calls.act("closeButtonClick")],
  ["the app closes it", (calls) => calls.obey("CallCardClose", {})],
  ["the call is finished", (calls) => calls.takeAway()],
])) {
  test(`the other windows' cards go in silence when ${how}`, (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
    const open = portal();
    const [first, second] = [open(null), open(0)];
    first.calls.call("incoming");
    t.mock.timers.tick(1);
    second.events();
    close(first.calls);
    assert.deepEqual([first.calls.card?.open, second.calls.card?.open], [false, false]);
    assert.deepEqual(second.events(), []);
  });
}

test("a window in which the operator is writing keeps its card when another one closes its own", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const open = portal();
  const [first, second] = [open(null), open(0)];
  first.calls.call("incoming");
  t.mock.timers.tick(1);
  second.calls.draft("Note");
  second.events();
  first.calls.act("closeButtonClick");
  assert.equal(second.calls.card?.open, true);
  t.mock.timers.tick(65_000);
  assert.deepEqual(second.events(), ["addCommentButtonClick"]);
  assert.equal(second.calls.card?.open, false);
});

test("a window that comes later, and one of another operator, show none", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const open = portal();
  const [first, foreign] = [open(null), open(0, "2")];
  first.calls.call("incoming");
  const later = open(0);
  t.mock.timers.tick(1000);
  assert.deepEqual([later.calls.card, foreign.calls.card], [null, null]);
});

test("show brings a fresh card to every window", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const open = portal();
  const [first, second] = [open(null), open(0)];
  first.calls.call("incoming");
  t.mock.timers.tick(1);
  first.calls.takeAway();
  second.events();
  first.calls.show();
  t.mock.timers.tick(1);
  assert.deepEqual(second.events(), ["entityChanged", "initialized"]);
  assert.equal(second.calls.card?.open, true);
});
