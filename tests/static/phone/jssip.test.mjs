import assert from "node:assert/strict";
import test from "node:test";
import { stillClock } from "../../support/fakes.mjs";
import { ACCOUNT, arrived, FakePeer, surroundings } from "../../support/sip_fakes.mjs";

const CALLS = 200;

/** The same numbers in each run. @param {number} seed */
function dice(seed) {
  let state = seed;
  return (/** @type {number} */ sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
}

/** How many timers wait. @param {import("node:test").TestContext} t */
function countTimers(t) {
  /** @type {Set<unknown>} */
  const waiting = new Set();
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  t.mock.method(globalThis, "setTimeout", (/** @type {() => void} */ callback, /** @type {number} */ ms) => {
    const timer = set(() => {
      waiting.delete(timer);
      callback();
    }, ms);
    waiting.add(timer);
    return timer;
  });
  t.mock.method(globalThis, "clearTimeout", (/** @type {any} */ timer) => {
    waiting.delete(timer);
    clear(timer);
  });
  return waiting;
}

test(`a day of ${CALLS} calls, with faults, sleep and exchanges that restart, leaves nothing behind`, async (t) => {
  const { exchange, microphone } = surroundings();
  const clock = stillClock(t);
  const timers = countTimers(t);
  const { jssipLine } = await import("../../../static/phone/jssip.js");
  const { Phone } = await import("../../../static/phone/phone.js");
  /** @type {Array<[string, any]>} */
  const told = [];
  const later = {
    later: (/** @type {() => void} */ callback, /** @type {number} */ ms) => void setTimeout(callback, ms),
  };
  const phone = new Phone(
    jssipLine(later),
    (event, payload) => told.push([event, payload]),
    later,
    () => 5000,
  );
  const pass = async (/** @type {number} */ s) => {
    for (let passed = 0; passed < s; passed++) {
      clock.tick(1000);
      await arrived();
    }
  };
  const run = async (/** @type {any} */ name, /** @type {object} */ params = {}) => {
    const done = phone.run(name, params);
    done.catch(() => {});
    await arrived();
    return done;
  };
  const peer = () => /** @type {FakePeer} */ (FakePeer.made.at(-1));
  await run("register", ACCOUNT);

  /** What comes between, each of which a call outlives. */
  const between = [
    async () => pass(30),
    async () => {
      exchange.script.REINVITE = [488];
      await assert.rejects(run("hold", { held: true }), { name: "NotPossible" });
    },
    async () => {
      await run("hold", { held: true });
      await run("hold", { held: false });
    },
    async () => {
      exchange.stop();
      await pass(2);
      exchange.stop(false);
      await pass(40);
    },
    async () => {
      exchange.die();
      await pass(40);
    },
    async () => {
      exchange.die();
      t.mock.timers.setTime(Date.now() + 600_000);
      await pass(10);
    },
    async () => {
      exchange.script.REGISTER = [503, "drop", 503];
      await pass(420);
    },
    async () => {
      peer().become("disconnected");
      await pass(3);
      peer().become("connected");
      await pass(3);
    },
  ];
  const dial = async (/** @type {unknown} */ action) => {
    exchange.script.INVITE = [action];
    await run("call", { number: "+49 30 1" });
  };
  const talk = async (/** @type {(sides: number) => number} */ roll) => {
    peer().become("connected");
    await between[roll(between.length)]();
  };
  const byFar = () => exchange.request([...exchange.calls.keys()].at(-1), "BYE");
  const withoutMicrophone = async (/** @type {() => Promise<unknown>} */ begin, /** @type {() => unknown} */ end) => {
    microphone.asks = true;
    const begun = begin();
    begun.catch(() => {});
    await arrived();
    await end();
    await arrived();
    microphone.asks = false;
    microphone.asked?.resolve();
    await assert.rejects(begun, { name: "NoSuchCall" });
  };
  /** @typedef {(roll: (sides: number) => number) => Promise<unknown>} Course */
  /** @param {Array<Course | (() => unknown)>} steps @returns {Course} */
  const inTurn =
    (...steps) =>
    async (sides) => {
      for (const step of steps) {
        await step(sides);
      }
    };
  const dialled = (/** @type {unknown} */ action) => () => dial(action);
  const rung = inTurn(() => exchange.ring(), arrived);
  const taken = inTurn(rung, () => run("answer"), talk);
  const hangUp = () => run("hangup");
  /** @type {Array<[string | null, Course]>} */
  const courses = [
    ["hung_up", inTurn(dialled("ok"), talk, hangUp)],
    ["far_hung_up", inTurn(dialled("ok"), talk, byFar)],
    ["hung_up", inTurn(dialled("ring"), hangUp)],
    ["busy", dialled(486)],
    ["refused", dialled(603)],
    ["failed", dialled(503)],
    ["failed", inTurn(dialled("drop"), () => pass(40))],
    [null, async () => withoutMicrophone(() => phone.run("call", { number: "1" }), hangUp)],
    ["hung_up", inTurn(taken, hangUp)],
    ["far_hung_up", inTurn(taken, byFar)],
    ["declined", inTurn(rung, hangUp)],
    ["missed", inTurn(rung, () => exchange.cancel([...exchange.calls.keys()].at(-1)))],
    [
      "missed",
      async () => {
        const id = await exchange.ring();
        await arrived();
        await withoutMicrophone(
          () => phone.run("answer", {}),
          () => exchange.cancel(id),
        );
      },
    ],
    [
      "failed",
      async () => {
        await dial("ok");
        exchange.script.REINVITE = [488, 488];
        peer().become("failed");
        await pass(10);
      },
    ],
  ];

  const roll = dice(22);
  for (let n = 0; n < CALLS; n++) {
    const [reason, course] = courses[n < courses.length ? n : roll(courses.length)];
    told.length = 0;
    exchange.calls.clear();
    await course(roll);
    await pass(3);
    const ends = told.filter(([event]) => event === "ended").map(([, payload]) => payload.reason);
    assert.deepEqual(ends, reason === null ? [] : [reason], `call ${n}: ${course}`);
    assert.equal((await phone.state()).phase, "idle");
    assert.deepEqual(
      [microphone.open, FakePeer.made.filter(({ signalingState }) => signalingState !== "closed").length],
      [0, 0],
    );
    exchange.script = {};
    await pass(90); // whatever befell the exchange, it is known again
    assert.equal((await phone.state()).registration?.known, true, `after call ${n}: ${course}`);
    assert.equal(exchange.sockets.size, 1);
  }

  await phone.close();
  await pass(130);
  assert.deepEqual([exchange.sockets.size, exchange.contact, timers.size], [0, "", 0]);
});
