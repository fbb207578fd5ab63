import assert from "node:assert/strict";
import test from "node:test";
import { Phone } from "../../static/phone/phone.js";
import { settled } from "./fakes.mjs";

/** A phone on a line that does what the test says. */
function onFakeLine() {
  /** @type {any} */
  let events;
  /** @type {Array<[string, any]>} */
  const told = [];
  /** @type {Array<() => void>} */
  const due = [];
  const line = {
    kind: "fake",
    dial: async () => leg("outgoing"),
    close: async () => {},
  };
  const phone = new Phone(
    (given) => {
      events = given;
      return /** @type {any} */ (line);
    },
    (event, payload) => told.push([event, payload]),
    { later: (callback) => due.push(callback) },
    () => 1,
  );
  /** @param {"incoming" | "outgoing"} direction */
  const leg = (direction) => ({
    direction,
    number: "100",
    /** @type {any} */
    connection: null,
    answer: async () => {},
    hangUp: async () => {},
    mute: async () => {},
    hold: async () => {},
    transfer: async () => {},
  });
  return { phone, line, told, due, leg, events: () => events };
}

test("a call that could not be answered can be answered again", async () => {
  const { phone, events, leg } = onFakeLine();
  const ringing = leg("incoming");
  const refused = new DOMException("no microphone", "NotAllowedError");
  ringing.answer = () => Promise.reject(refused);
  events().incoming(ringing);

  await assert.rejects(phone.run("answer", {}), refused);
  assert.equal((await phone.state()).phase, "ringing");
  ringing.answer = async () => {};
  assert.equal(/** @type {any} */ (await phone.run("answer", null)).phase, "connected");
});

test("while a number is dialled there is no place for another call, either way", async () => {
  const { phone, line, events, leg } = onFakeLine();
  /** @type {(leg: any) => void} */
  let dialled = () => {};
  line.dial = () => new Promise((resolve) => (dialled = resolve));
  const calling = phone.run("call", { number: "1" });

  assert.equal(events().incoming(leg("incoming")), false);
  await assert.rejects(phone.run("call", { number: "2" }), { name: "Busy" });
  dialled(leg("outgoing"));
  assert.equal(/** @type {any} */ (await calling).phase, "calling");
});

test("after a dialling that failed the phone is free", async () => {
  const { phone, line, events, leg } = onFakeLine();
  line.dial = () => Promise.reject(new Error("no line"));
  await assert.rejects(phone.run("call", { number: "1" }), { message: "no line" });
  assert.equal(events().incoming(leg("incoming")), true);
});

test("a call that is over before it was dialled to the end is told and forgotten", async () => {
  const { phone, line, events, leg, told } = onFakeLine();
  line.dial = async () => {
    const made = leg("outgoing");
    events().ended(made, "failed");
    return made;
  };
  assert.equal(/** @type {any} */ (await phone.run("call", { number: "1" })).phase, "idle");
  assert.deepEqual(
    told.map(([event, { reason }]) => [event, reason]),
    [["ended", "failed"]],
  );
});

test("an end that is told twice by the line is told once to Python", async () => {
  const { events, leg, told } = onFakeLine();
  const ringing = leg("incoming");
  events().incoming(ringing);
  events().ended(ringing, "missed");
  events().ended(ringing, "failed");
  assert.deepEqual(
    told.map(([event]) => event),
    ["incoming", "ended"],
  );
});

test("the sound is measured as long as the call is connected, and no longer", async () => {
  const { events, leg, told, due } = onFakeLine();
  const ringing = leg("incoming");
  ringing.connection = { getStats: async () => new Map() };
  events().incoming(ringing);
  assert.equal(due.length, 0);
  events().connected(ringing);
  for (let reading = 0; reading < 2; reading++) {
    due.shift()?.();
    await settled();
  }
  events().ended(ringing, "far_hung_up");
  due.shift()?.();
  await settled();
  assert.deepEqual([told.filter(([event]) => event === "stats").length, due.length], [2, 0]);
});
