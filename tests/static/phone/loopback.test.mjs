import assert from "node:assert/strict";
import test from "node:test";
import { loopbackLine } from "../../../static/phone/loopback.js";
import { Phone } from "../../../static/phone/phone.js";
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
  const later = { later: (/** @type {() => void} */ callback) => due.push(callback) };
  const make = loopbackLine(later);
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
  const phone = new Phone(
    make,
    (event, payload) => event !== "stats" && told.push([event, payload]),
    later,
    () => 5000,
  );
  return { line, told, pass, warned, phone };
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
    assert.deepEqual([leg.silent, leg.answered, leg.connection, await leg.farLevel()], [true, true, null, 0]);
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

/** @typedef {ReturnType<typeof lineIn>} All */
/** @type {Array<[string, (all: All) => Promise<unknown>, string[]]>} */
const ENDS = [
  ["joined", ({ phone }) => phone.run("transfer", {}), ["transferred", "transferred"]],
  ["retrieved", ({ phone }) => phone.run("retrieve", {}), ["hung_up"]],
  ["left by whom was consulted", ({ phone }) => phone.run("simulate", { does: "hang_up" }), ["far_hung_up"]],
  ["ended with all else", ({ phone }) => phone.run("hangup", {}), ["hung_up", "hung_up"]],
  ["cut off with its page", ({ phone }) => phone.close(), ["hung_up", "hung_up"]],
];
for (const [what, end, reasons] of ENDS) {
  test(`somebody is consulted from a call, which is ${what}`, async (t) => {
    const all = lineIn(t, CANNOT["captures no sound"]);
    const { phone, told, pass } = all;
    await phone.run("call", { number: "100" });
    await pass();
    await pass();
    const { consultation, held } = /** @type {any} */ (await phone.run("consult", { target: "200" }));
    assert.deepEqual([consultation.number, held], ["200", true]);
    await pass();
    await pass();
    assert.equal(/** @type {any} */ (await phone.state()).consultation.phase, "connected");

    await end(all);

    const ended = told.filter(([event]) => event === "ended").map(([, { reason }]) => reason);
    assert.deepEqual(ended, reasons);
    const { phase, held: still } = await phone.state();
    assert.deepEqual([phase, still], reasons.length === 2 ? ["idle", false] : ["connected", what !== "retrieved"]);
  });
}

test("a colleague who is busy is told as such, and the call can be retrieved", async (t) => {
  const { phone, told, pass } = lineIn(t, CANNOT["captures no sound"]);
  await phone.run("call", { number: "100" });
  await pass();
  await pass();
  // biome-ignore lint/suspicious/noThenProperty: it is what the other side does then
  await phone.run("consult", { target: "200", then: "busy" });
  await pass();
  assert.equal(told.at(-1)[1].reason, "busy");
  assert.equal(/** @type {any} */ (await phone.run("retrieve", {})).held, false);
});
