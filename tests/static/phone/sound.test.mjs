import assert from "node:assert/strict";
import test from "node:test";
import { readKeys } from "../../../static/phone/sound.js";
import { withGlobals } from "../../support/fakes.mjs";

/** A browser that lets packets be read. @param {import("node:test").TestContext} t */
function readable(t) {
  /** @type {any[]} */
  const workers = [];
  class Worker {
    ended = false;
    constructor() {
      workers.push(this);
    }
    terminate() {
      this.ended = true;
    }
  }
  class RTCRtpScriptTransform {
    /** @param {Worker} worker */
    constructor(worker) {
      this.worker = worker;
    }
  }
  withGlobals(t, { Worker, RTCRtpScriptTransform });
  const sender = new EventTarget();
  /** @type {string[]} */
  const keys = [];
  const receiver = /** @type {any} */ ({});
  const { begun, stop } = readKeys(receiver, /** @type {any} */ (sender), (key) => keys.push(key));
  const sends = (/** @type {string} */ key) =>
    sender.dispatchEvent(Object.assign(new Event("tonechange"), { tone: key }));
  return { worker: workers[0], receiver, keys, begun, stop, sends };
}

test("where packets can be read, keys are those that come; none is missed once that has begun", async (t) => {
  const { worker, receiver, keys, begun, stop, sends } = readable(t);
  assert.equal(receiver.transform.worker, worker);
  assert.equal(await Promise.race([begun.then(() => "begun"), Promise.resolve("not yet")]), "not yet");
  worker.onmessage({ data: { reads: true } });
  await begun;
  sends("4");
  worker.onmessage({ data: { key: "5" } });
  assert.deepEqual(keys, ["5"]);
  stop();
  assert.equal(worker.ended, true);
});

test("where packets do not say what they are, keys are those that are sent", async (t) => {
  const { worker, receiver, keys, begun, stop, sends } = readable(t);
  worker.onmessage({ data: { reads: false } });
  await begun;
  sends("4");
  assert.deepEqual(keys, ["4"]);
  assert.equal(receiver.transform.worker, worker); // what comes is played all the same
  stop();
  sends("2");
  assert.deepEqual([keys, worker.ended], [["4"], true]);
});

test("where the worker does not load, sound is played without it, and keys are those that are sent", async (t) => {
  const { worker, receiver, keys, begun, sends } = readable(t);
  worker.onerror();
  await begun;
  sends("4");
  assert.deepEqual([keys, receiver.transform], [["4"], null]);
});

test("where nobody may read packets, keys are those that our other end sends", async () => {
  const sender = /** @type {any} */ (new EventTarget());
  const tone = (/** @type {string} */ key) => Object.assign(new Event("tonechange"), { tone: key });
  /** @type {string[]} */
  const keys = [];
  const { begun, stop } = readKeys(/** @type {any} */ ({}), sender, (key) => keys.push(key));
  await begun;
  for (const key of ["4", "2", ",", "#", ""]) {
    sender.dispatchEvent(tone(key));
  }
  assert.deepEqual(keys, ["4", "2", "#"]);
  stop();
  sender.dispatchEvent(tone("1"));
  assert.deepEqual(keys, ["4", "2", "#"]);
});
