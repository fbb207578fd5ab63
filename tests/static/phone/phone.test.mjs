import assert from "node:assert/strict";
import test from "node:test";
import { Phone } from "../../../static/phone/phone.js";
import { settled } from "../../support/fakes.mjs";

/** A phone on a line that does what the test says. */
function onFakeLine() {
  /** @type {any} */
  let events;
  /** @type {Array<[string, any]>} */
  const told = [];
  /** @type {Array<() => void>} */
  const due = [];
  let tones = 0;
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
    () => {
      tones += 1;
      let over = false;
      return () => {
        tones -= over ? 0 : 1;
        over = true;
      };
    },
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
    hold: async (/** @type {boolean} */ _held) => {},
    transfer: async () => {},
  });
  return { phone, line, told, due, leg, events: () => events, ringing: () => tones };
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

/** A call that is connected, whose changes of hold take until the test says so. */
async function holding() {
  const { phone, events, leg } = onFakeLine();
  const talking = leg("incoming");
  /** @type {Array<[boolean, (value?: unknown) => void, (error: Error) => void]>} */
  const asked = [];
  talking.hold = (held) =>
    new Promise((resolve, reject) => {
      asked.push([held, () => resolve(), reject]);
    });
  events().incoming(talking);
  await phone.run("answer", {});
  return { phone, asked, end: () => events().ended(talking, "far_hung_up") };
}

test("of two changes of hold that come at once the last holds, and none is left out", async () => {
  const { phone, asked } = await holding();
  const first = phone.run("hold", { held: true });
  const second = phone.run("hold", { held: false });
  await settled();
  assert.deepEqual(
    asked.map(([held]) => held),
    [true],
  );

  asked[0][1]();
  await first;
  await settled();
  asked[1][1]();
  assert.equal(/** @type {any} */ (await second).held, false);
  assert.deepEqual(
    asked.map(([held]) => held),
    [true, false],
  );
});

test("a change of hold that fails is its caller's matter, and the next is made", async () => {
  const { phone, asked } = await holding();
  const first = phone.run("hold", { held: true });
  const second = phone.run("hold", { held: true });
  await settled();
  assert.equal(asked.length, 1);
  asked[0][2](new Error("refused"));
  await assert.rejects(first, { message: "refused" });
  await settled();
  asked[1][1]();
  assert.equal(/** @type {any} */ (await second).held, true);
});

test("after a change of hold that failed the way back is made too: what the failed one has done nobody knows", async () => {
  const { phone, asked } = await holding();
  const first = phone.run("hold", { held: true });
  await settled();
  asked[0][2](new Error("the network went"));
  await assert.rejects(first, { message: "the network went" });
  const second = phone.run("hold", { held: false });
  await settled();
  assert.deepEqual(
    asked.map(([held]) => held),
    [true, false],
  );
  asked[1][1]();
  assert.equal(/** @type {any} */ (await second).held, false);
});

test("a change of hold whose call ends before it can be made says so", async () => {
  const { phone, asked, end } = await holding();
  const first = phone.run("hold", { held: true });
  const second = phone.run("hold", { held: false });
  await settled();
  end();
  asked[0][1]();
  await first;
  await assert.rejects(second, { name: "NoSuchCall" });
  assert.equal(asked.length, 1);
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

/** A phone that has dialled, and heard that tones are played to the operator. @param {string} number */
async function dialling(number) {
  const given = onFakeLine();
  /** @type {string[]} */
  const sent = [];
  const leg = { ...given.leg("outgoing"), sendTones: (/** @type {string} */ keys) => void sent.push(keys) };
  /** @type {string[]} */
  const numbers = [];
  given.line.dial = /** @type {any} */ (
    async (/** @type {string} */ dialled) => {
      numbers.push(dialled);
      return leg;
    }
  );
  await given.phone.run("call", { number });
  return { ...given, leg, sent, numbers };
}

test("a number is dialled as it is meant, and what stands behind it is sent once somebody answers", async () => {
  const { events, leg, sent, numbers } = await dialling("+49 (0) 30 123-456 ext. 12");
  assert.deepEqual([numbers, sent], [["+4930123456"], []]);
  events().connected(leg);
  assert.deepEqual(sent, [",12"]);
});

test("how far a call has come is told once for each stage, and the ring-back tone goes with it", async () => {
  const { events, leg, told, ringing } = await dialling("030");
  events().progress(leg, "ringing");
  events().progress(leg, "ringing");
  assert.equal(ringing(), 1);
  events().progress(leg, "early_media");
  assert.equal(ringing(), 0);
  events().progress(leg, "ringing");
  assert.equal(ringing(), 0);
  events().connected(leg);
  assert.deepEqual(
    told.map(([event, { stage }]) => stage ?? event),
    ["ringing", "early_media", "connected"],
  );
});

for (const end of ["connected", "ended"]) {
  test(`the ring-back tone is over when the call is ${end}`, async () => {
    const { events, leg, ringing } = await dialling("030");
    events().progress(leg, "ringing");
    events()[end](leg, "busy");
    assert.equal(ringing(), 0);
  });
}

test("what is no number is dialled nowhere", async () => {
  const { phone } = onFakeLine();
  await assert.rejects(phone.run("call", { number: "my mother" }), { name: "TypeError", message: /is no number/ });
  assert.equal((await phone.state()).phase, "idle");
});
