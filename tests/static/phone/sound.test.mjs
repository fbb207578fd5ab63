import assert from "node:assert/strict";
import test from "node:test";
import { readKeys } from "../../../static/phone/sound.js";
import { withGlobals } from "../../support/fakes.mjs";

test("where packets can be read, keys are those that come; none is missed once that has begun", async (t) => {
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
  const receiver = /** @type {any} */ ({});
  /** @type {string[]} */
  const keys = [];
  const { begun, stop } = readKeys(receiver, null, (key) => keys.push(key));
  const [worker] = workers;
  assert.equal(receiver.transform.worker, worker);
  assert.equal(await Promise.race([begun.then(() => "begun"), Promise.resolve("not yet")]), "not yet");
  worker.onmessage({ data: { reads: true } });
  await begun;
  worker.onmessage({ data: { key: "5" } });
  assert.deepEqual(keys, ["5"]);
  stop();
  assert.equal(worker.ended, true);
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
