import assert from "node:assert/strict";
import test from "node:test";
import { Flow, Meter, sendTones } from "../../../static/phone/media.js";
import { stillClock } from "../../support/fakes.mjs";

/** @param {Record<string, unknown> | null} dtmf */
const withSender = (dtmf) =>
  /** @type {any} */ ({
    getSenders: () => [
      { track: null, dtmf: null },
      { track: { kind: "audio" }, dtmf },
    ],
  });

test("keys go behind those that are still being sent", () => {
  /** @type {string[]} */
  const inserted = [];
  const dtmf = {
    canInsertDTMF: true,
    toneBuffer: "78",
    insertDTMF: (/** @type {string} */ keys) => inserted.push(keys),
  };
  sendTones(withSender(dtmf), "9");
  assert.deepEqual(inserted, ["789"]);
});

test("what is no key is refused before anything is sent", () => {
  const dtmf = { canInsertDTMF: true, toneBuffer: "", insertDTMF: () => assert.fail("sent") };
  for (const keys of ["", "a", "1 2", "1,2", "undefined"]) {
    assert.throws(() => sendTones(withSender(dtmf), keys), { name: "TypeError" });
  }
});

test("without a sender that can send tones that is said", () => {
  for (const connection of [null, withSender(null), withSender({ canInsertDTMF: false })]) {
    assert.throws(() => sendTones(connection, "1"), { name: "NotPossible" });
  }
});

/** @param {number} received @param {number} lost @param {number} [roundTrip] seconds @param {[number, number]} [buffer] waited, played */
const reports = (received, lost, roundTrip, [waited, played] = [96_000, 4_800_000]) =>
  new Map(
    [
      { type: "outbound-rtp", kind: "video", bytesSent: 9e9 },
      { type: "outbound-rtp", kind: "audio", bytesSent: 5000, packetsSent: 50 },
      {
        type: "inbound-rtp",
        kind: "audio",
        bytesReceived: 4000,
        packetsReceived: received,
        packetsLost: lost,
        jitter: 0.003,
        jitterBufferDelay: waited,
        jitterBufferEmittedCount: played,
      },
      { type: "remote-inbound-rtp", kind: "audio", roundTripTime: roundTrip },
    ].map((report, n) => [String(n), report]),
  );

test("a reading holds counts since the beginning, and the quality since the reading before", async () => {
  let now = reports(100, 0);
  const connection = /** @type {any} */ ({ getStats: async () => now });
  const meter = new Meter();
  const first = await meter.read(connection);
  now = reports(190, 10, 0.1);
  const second = await meter.read(connection);
  const third = await meter.read(connection);

  assert.deepEqual(first, {
    bytes_sent: 5000,
    bytes_received: 4000,
    packets_sent: 50,
    packets_received: 100,
    packets_lost: 0,
    jitter_ms: 3,
    round_trip_ms: null,
    buffer_ms: 20,
    mos: 4.41,
    level: 5,
  });
  assert.deepEqual([second.packets_lost, second.round_trip_ms, second.level], [10, 100, 2]);
  assert.deepEqual([third.mos, third.level], [null, 0], "nothing came since");
});

test("a moment without time for anything does not weigh on what is measured after it", async () => {
  let now = reports(100, 0, 0, [96_000, 48_000]); // two seconds each
  const meter = new Meter();
  const connection = /** @type {any} */ ({ getStats: async () => now });
  const stalled = await meter.read(connection);
  now = reports(200, 0, 0, [96_960, 96_000]); // 20 ms each since
  const after = await meter.read(connection);

  assert.deepEqual([stalled.level, after.level], [1, 5]);
  assert.equal(after.buffer_ms, 1010);
});

test("media that stop coming are lost after seconds, unless the call is held, and found when they come again", async (t) => {
  const clock = stillClock(t);
  let packets = 0;
  const connection = /** @type {any} */ ({
    getStats: async () => new Map([["in", { type: "inbound-rtp", kind: "audio", packetsReceived: packets }]]),
  });
  const flow = new Flow();
  /** @type {boolean[]} */
  const lost = [];
  /** @param {number} s @param {number} each @param {boolean} held */
  const pass = async (s, each, held) => {
    for (let passed = 0; passed < s; passed++) {
      clock.tick(1000);
      packets += each;
      (await flow.look(connection, held)) && lost.push(flow.lost);
    }
  };
  await pass(10, 50, false);
  await pass(60, 0, true);
  assert.deepEqual(lost, []);
  await pass(1, 50, false);
  await pass(4, 0, false);
  assert.deepEqual(lost, [true]);
  await pass(2, 50, false);
  assert.deepEqual(lost, [true, false]);
  const now = Date.now;
  t.mock.method(Date, "now", () => now() - 3_600_000); // the machine's clock is set back
  await pass(5, 0, false);
  assert.deepEqual(lost, [true, false, true]);
});
