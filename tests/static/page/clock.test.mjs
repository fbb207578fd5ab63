import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../../static/page/clock.js";
import { stillClock } from "../../support/fakes.mjs";

/** @param {import("node:test").TestContext} t */
function workers(t) {
  /** @type {any[]} */
  const made = [];
  class FakeWorker {
    ended = false;
    /** @type {any[]} */
    asked = [];
    /** @type {((event: {data: number}) => void) | null} */
    onmessage = null;
    constructor() {
      made.push(this);
    }
    /** @param {any} message */
    postMessage(message) {
      this.asked.push(message);
    }
    terminate() {
      this.ended = true;
    }
  }
  const before = globalThis.Worker;
  globalThis.Worker = /** @type {any} */ (FakeWorker);
  t.after(() => {
    globalThis.Worker = before;
  });
  return made;
}

test("the worker's timer rings, and the page's own, which comes later, does not ring again", (t) => {
  const page = stillClock(t);
  const made = workers(t);
  let rung = 0;
  new Clock("clock_worker.js").later(() => void rung++, 100);
  assert.deepEqual(made[0].asked, [{ id: 1, ms: 100 }]);
  made[0].onmessage({ data: 1 });
  assert.equal(rung, 1);
  page.tick(10_000);
  assert.equal(rung, 1);
});

test("without an answer of the worker the page's own timer rings", (t) => {
  const page = stillClock(t);
  workers(t);
  let rung = 0;
  new Clock("clock_worker.js").later(() => void rung++, 100);
  page.tick(100);
  assert.equal(rung, 1);
});

test("the worker goes when nothing has been due for some seconds, and comes again when something is", (t) => {
  const page = stillClock(t);
  const made = workers(t);
  const clock = new Clock("clock_worker.js");
  clock.later(() => {}, 100);
  clock.later(() => {}, 200);
  made[0].onmessage({ data: 1 });
  made[0].onmessage({ data: 2 });
  page.tick(4999);
  assert.equal(made[0].ended, false);
  page.tick(1);
  assert.equal(made[0].ended, true);
  clock.later(() => {}, 100);
  assert.equal(made.length, 2);
});

test("a worker is kept for what is due later, and for who asks again and again", (t) => {
  const page = stillClock(t);
  const made = workers(t);
  const clock = new Clock("clock_worker.js");
  clock.later(() => {}, 60_000);
  for (let id = 2; id < 20; id++) {
    clock.later(() => {}, 1000);
    made[0].onmessage({ data: id });
    page.tick(1000);
  }
  page.tick(10_000);
  assert.equal(made.length, 1);
  assert.equal(made[0].ended, false);
});

test("a browser that makes no worker still has a timer", (t) => {
  const page = stillClock(t);
  workers(t);
  globalThis.Worker = /** @type {any} */ (
    class {
      constructor() {
        throw new Error("no");
      }
    }
  );
  let rung = 0;
  new Clock("clock_worker.js").later(() => void rung++, 100);
  page.tick(100);
  assert.equal(rung, 1);
});
