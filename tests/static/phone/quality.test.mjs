import assert from "node:assert/strict";
import test from "node:test";
import { quality } from "../../../static/phone/quality.js";

const GOOD = { packets_received: 250, packets_lost: 0, delay_ms: 40 };

test("a call without loss and with little delay is as good as telephones get", () => {
  assert.deepEqual(quality(GOOD), { mos: 4.41, level: 5 });
});

test("nothing received is nothing heard", () => {
  assert.deepEqual(quality({ ...GOOD, packets_received: 0 }), { mos: null, level: 0 });
  assert.deepEqual(quality({ packets_received: 0, packets_lost: 250, delay_ms: 0 }), { mos: null, level: 0 });
});

// R = 94.2 - 0.024 d - 0.11 (d - 177.3) [d > 177.3] - 30 ln(1 + 15 e), worked out by hand.
for (const [share, delay_ms, level, mos] of [
  [0.01, 20, 4, 4.33], // R = 89.53
  [0.05, 20, 3, 3.9], // R = 76.93
  [0.08, 20, 3, 3.6], // R = 70.07
  [0.1, 20, 2, 3.42], // R = 66.23
  [0.2, 20, 1, 2.69], // R = 52.13
  [0, 300, 3, 3.76], // R = 73.50 is worse than the delay alone would be below 177.3 ms
]) {
  test(`a loss of ${share} and a delay of ${delay_ms} ms make level ${level}`, () => {
    const measured = { packets_received: 1000 * (1 - share), packets_lost: 1000 * share, delay_ms };
    const found = quality(measured);
    assert.equal(found.level, level);
    assert.ok(Math.abs(Number(found.mos) - mos) < 0.006, `${found.mos}`);
  });
}

test("packets that were late and are counted back do not make a call better than without loss", () => {
  assert.deepEqual(quality({ ...GOOD, packets_lost: -20 }), quality(GOOD));
});

test("the worst connection has a score too", () => {
  assert.deepEqual(quality({ packets_received: 1, packets_lost: 999, delay_ms: 2000 }), { mos: 1, level: 1 });
});
