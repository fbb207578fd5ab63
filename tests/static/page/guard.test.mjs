import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Script } from "node:vm";
import { deferred, settled, stillClock, withGlobals } from "../../support/fakes.mjs";

/** It is no module: it has to run where modules do not load. */
const GUARD = new Script(readFileSync(new URL("../../../static/guard.js", import.meta.url), "utf8"));
const ASSETS = "https://app.example/assets/b1/";
const PARTS = [`${ASSETS}shim.js`, "https://portal.example/api.js", `${ASSETS}link.js`];

/**
 * A page whose first script has run.
 * @param {import("node:test").TestContext} t
 * @param {{href?: string, fetches?: (url: string) => Promise<unknown>}} [page]
 */
function page(t, { href = "https://app.example/?x=1#y", fetches = async () => {} } = {}) {
  const clock = stillClock(t);
  const said = t.mock.method(console, "error", () => {});
  /** @type {Array<[string, RequestInit]>} */
  const fetched = [];
  /** @type {string[]} */
  const replaced = [];
  /** @type {Array<() => void>} */
  const loads = [];
  const window = {
    addEventListener: (/** @type {string} */ type, /** @type {() => void} */ listener) => {
      assert.equal(type, "load");
      loads.push(listener);
    },
  };
  t.mock.method(performance, "getEntriesByType", (/** @type {string} */ type) =>
    type === "resource" ? PARTS.map((name) => ({ name })) : [],
  );
  withGlobals(t, {
    document: { currentScript: { src: `${ASSETS}guard.js` } },
    window,
    location: { href, replace: (/** @type {URL} */ address) => replaced.push(String(address)) },
    fetch: (/** @type {string} */ url, /** @type {RequestInit} */ options) => {
      fetched.push([url, options]);
      return fetches(url);
    },
  });
  GUARD.runInThisContext();
  const load = () => loads.forEach((listener) => void listener());
  return { clock, said, fetched, replaced, load, window };
}

test("a page whose modules came is left alone", async (t) => {
  const { clock, fetched, replaced, load, said, window } = page(t);
  Object.assign(window, { workerPy: {} });
  load();
  clock.tick(60_000);
  await settled();
  assert.deepEqual([fetched, replaced, said.mock.callCount()], [[], [], 0]);
});

test("nothing is done before the page is loaded: modules may still be on their way", async (t) => {
  const { clock, fetched, replaced } = page(t);
  clock.tick(60_000);
  await settled();
  assert.deepEqual([fetched, replaced], [[], []]);
});

test("a page whose modules did not come takes its own parts past the cache, and then loads anew", async (t) => {
  const parts = deferred();
  const { clock, fetched, replaced, load } = page(t, { fetches: () => parts.promise });
  load();
  clock.tick(999);
  await settled();
  assert.deepEqual(fetched, []);
  clock.tick(1);
  await settled();
  assert.deepEqual(fetched, [
    [PARTS[0], { cache: "reload" }],
    [PARTS[2], { cache: "reload" }],
  ]);
  assert.deepEqual(replaced, []);
  parts.resolve();
  await settled();
  assert.deepEqual(replaced, ["https://app.example/?x=1&worker-py-again=1#y"]);
});

test("parts that do not come this time either do not hold up the next attempt", async (t) => {
  const fetches = (/** @type {string} */ url) =>
    url.endsWith("shim.js") ? Promise.reject(new TypeError("Failed to fetch")) : Promise.resolve();
  const { clock, replaced, load } = page(t, { fetches });
  load();
  clock.tick(1000);
  await settled();
  assert.equal(replaced.length, 1);
});

for (const [attempt, pause] of /** @type {const} */ ([
  [1, 2000],
  [3, 8000],
  [5, 30_000],
  [1000, 30_000],
])) {
  test(`after attempt ${attempt} the next one comes after ${pause / 1000} s, and says so`, async (t) => {
    const { clock, replaced, load, said } = page(t, { href: `https://app.example/?worker-py-again=${attempt}` });
    load();
    clock.tick(pause - 1);
    await settled();
    assert.deepEqual(replaced, []);
    clock.tick(1);
    await settled();
    assert.deepEqual(replaced, [`https://app.example/?worker-py-again=${attempt + 1}`]);
    assert.deepEqual(said.mock.calls[0].arguments, [
      `worker-py: a script of this page did not load. Attempt ${attempt + 2} follows in ${pause / 1000} s.`,
    ]);
  });
}
