/** The simulated portal's REST as one page meets it: its tokens, its faults, and how it refuses. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PageRest } from "../../../../static/portal/rest_api/rest.js";

/** A portal page with its own session. */
async function page(rest = new PageRest()) {
  const { answer: opened } = await rest.handle("simulation.session", {});
  const auth = opened.result.AUTH_ID;
  const ask = async (/** @type {string} */ method, /** @type {Record<string, unknown>} */ params = {}) => {
    const { status, answer } = await rest.handle(method, { auth, ...params });
    return { status, error: answer.error, result: answer.result };
  };
  const result = async (/** @type {string} */ method, /** @type {Record<string, unknown>} */ params = {}) => {
    const answered = await ask(method, params);
    assert.equal(answered.status, 200, method);
    return answered.result;
  };
  return { ask, result };
}

test("the rate limit concerns so many calls", async () => {
  const { ask, result } = await page();
  await result("simulation.configure", { limit: 2 });
  const statuses = [];
  for (let count = 0; count < 3; count++) {
    statuses.push((await ask("profile")).status);
  }
  assert.deepEqual(statuses, [503, 503, 200]);
});

test("a fault that makes no sense is refused and changes nothing", async () => {
  const faults = [
    { delay_ms: { profile: 1e9 } },
    { delay_ms: { profile: Number.NaN } },
    { delay_ms: { profile: -1 } },
    { delay_ms: { profile: "soon" } },
    { delay_ms: 1e9 },
    { lifetime_s: Number.POSITIVE_INFINITY },
    { lifetime_s: "long" },
    { limit: 10 ** 9 },
    { limit: null },
    { deny: "profile" },
    { missing_scopes: [1] },
  ];
  const { ask } = await page();
  for (const fault of faults) {
    const { status, error } = await ask("simulation.configure", fault);
    assert.deepEqual([status, error], [400, "ERROR_ARGUMENT"], JSON.stringify(fault));
    assert.equal((await ask("profile")).status, 200);
  }
});

test("many sessions do not push out one that is in use", async () => {
  const rest = new PageRest(5);
  const pages = [await page(rest)];
  for (let count = 0; count < 20; count++) {
    await pages[0]?.result("profile");
    pages.push(await page(rest));
  }
  const kept = [];
  for (const one of pages) {
    if ((await one.ask("profile")).status === 200) {
      kept.push(one);
    }
  }
  assert.deepEqual(kept, [pages[0], ...pages.slice(-4)]);
});

test("a placement is bound for users first and then for all", async () => {
  const { ask, result } = await page();
  const handler = {
    PLACEMENT: "PAGE_BACKGROUND_WORKER",
    HANDLER: "http://app.localhost:8000/",
    OPTIONS: { errorHandlerUrl: "http://app.localhost:8000/placement-error" },
  };
  await result("placement.bind", { ...handler, USER_ID: "5" });
  await result("placement.bind", handler);
  for (const again of [{}, { USER_ID: 0 }, { USER_ID: 5 }, { USER_ID: 7 }]) {
    assert.equal((await ask("placement.bind", { ...handler, ...again })).error, "ERROR_PLACEMENT_MAX_COUNT");
  }
  const users = (await result("placement.get")).map((/** @type {{userId: number}} */ { userId }) => userId);
  assert.deepEqual(users, [5, 0]);
});
