import assert from "node:assert/strict";
import test from "node:test";
import { loopbackLine } from "../../../static/phone/loopback.js";
import { settled, withGlobals } from "../../support/fakes.mjs";

/**
 * A line in a browser that plays and captures what the test says.
 * @param {import("node:test").TestContext} t
 * @param {object} player what a video element can do
 */
function lineIn(t, player) {
  /** @type {Array<() => void>} */
  const due = [];
  /** @type {any[]} */
  const told = [];
  const warned = t.mock.method(console, "warn", () => {});
  withGlobals(t, {
    document: { createElement: () => player },
    fetch: async () => new Response(),
    navigator: { onLine: true },
  });
  const make = loopbackLine({ later: (callback) => due.push(callback) });
  const line = make({
    incoming: () => true,
    connected: (leg) => told.push(["connected", leg]),
    ended: (_, reason) => told.push(["ended", reason]),
    progress: () => {},
    replaced: () => false,
    registration: () => {},
    heard: (_, key) => told.push(["heard", key]),
  });
  const pass = async () => {
    await settled();
    for (const callback of due.splice(0)) {
      callback();
    }
    await settled();
  };
  return { line, told, pass, warned };
}

const CANNOT = {
  "captures no sound": { play: async () => {}, pause() {} },
  "plays nothing": { play: () => Promise.reject(new DOMException("no", "NotSupportedError")) },
  "never begins to play": { play: () => new Promise(() => {}) },
};
for (const [what, player] of Object.entries(CANNOT)) {
  test(`a browser that ${what} connects a call without sound, and says so`, async (t) => {
    const { line, told, pass, warned } = lineIn(t, player);
    const leg = /** @type {any} */ (await line.dial("100", {}));
    await pass(); // it is picked up
    await pass(); // a voice has had its time
    assert.deepEqual(told, [["connected", leg]]);
    assert.deepEqual([leg.silent, leg.answered, leg.connection, leg.farLevel()], [true, true, null, 0]);
    assert.match(warned.mock.calls[0].arguments[0], /the call is silent/);

    await leg.mute(true);
    await leg.hold(true);
    await leg.hold(false);
    leg.sendTones("5");
    await pass();
    await line.close();
    assert.deepEqual(told.slice(1), [
      ["heard", "5"],
      ["ended", "hung_up"],
    ]);
  });
}
