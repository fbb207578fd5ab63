import assert from "node:assert/strict";
import { test } from "node:test";
import { LongLoads } from "../../../../static/portal/core/long_loads.js";
import { PortalSession } from "../../../../static/portal/core/session.js";

/** @param {import("node:test").TestContext} t */
function clocked(t) {
  const clock = { ms: 1000 };
  t.mock.method(performance, "now", () => clock.ms);
  return clock;
}

test("each load later than 5 s after its frame was put into the page counts, and a reload counts again", (t) => {
  const clock = clocked(t);
  const loads = new LongLoads(() => {});
  const frame = new EventTarget();
  loads.watch("frame1", frame);
  for (const ms of [6000, 6001, 9000]) {
    clock.ms = ms;
    frame.dispatchEvent(new Event("load"));
  }
  assert.deepEqual(loads.rows, [
    { frame: "frame1", ms: 5001 },
    { frame: "frame1", ms: 8000 },
  ]);
});

test("more than ten long loads are too many", (t) => {
  const clock = clocked(t);
  let times = 0;
  const loads = new LongLoads(() => {
    times += 1;
  });
  const frame = new EventTarget();
  loads.watch("frame1", frame);
  clock.ms = 10_000;
  for (let load = 1; load <= 10; load += 1) {
    frame.dispatchEvent(new Event("load"));
  }
  assert.equal(times, 0);
  frame.dispatchEvent(new Event("load"));
  assert.equal(times, 1);
});

test("the registration is deleted and its address for errors is told, without tokens", async (t) => {
  const session = new PortalSession("page");
  await session.start(null);
  const auth = session.tokens.AUTH_ID;
  const address = "https://app.example/placement-error";
  const placement = { PLACEMENT: "PAGE_BACKGROUND_WORKER", HANDLER: "https://app.example/" };
  await session.request("placement.bind", { auth, ...placement, OPTIONS: { errorHandlerUrl: address } });
  /** @type {[unknown, string][]} */
  const requests = [];
  t.mock.method(globalThis, "fetch", async (/** @type {unknown} */ url, /** @type {any} */ { body }) => {
    requests.push([url, String(body)]);
    return new Response();
  });
  assert.deepEqual(await session.deleteRegistration(), [address]);
  assert.deepEqual(requests, [[address, "error=ERROR_PLACEMENT_LOADING_OVERTIME"]]);
  assert.deepEqual(await session.placements(), []);
});
