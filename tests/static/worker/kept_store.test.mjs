import assert from "node:assert/strict";
import { test } from "node:test";
import { KeptStore } from "../../../static/worker/kept_store.js";
import { stillClock, withGlobals } from "../../support/fakes.mjs";
import { FakeIndexedDB } from "../../support/storage_fakes.mjs";

const PORTAL = "portal.example";

/** @param {import("node:test").TestContext} t */
function storing(t) {
  const clock = stillClock(t);
  const indexedDB = new FakeIndexedDB();
  withGlobals(t, { indexedDB });
  return { clock, indexedDB };
}

test("what is older than four hours, of another version or beyond the newest twenty is removed", async (t) => {
  const { clock, indexedDB } = storing(t);
  const store = new KeptStore(PORTAL);
  await store.put("old", "5", "{}");
  clock.tick(4 * 3_600_000 + 1);
  indexedDB.rows.set("strange", { call_id: "strange", user: "5", kept: "{}", at: Date.now() + 1000, v: 99 });
  for (let number = 0; number < 25; number++) {
    clock.tick(1);
    await store.put(`call ${number}`, "5", "{}");
  }
  const ids = (await store.load()).map(({ call_id }) => call_id);
  assert.deepEqual([ids.length, ids[0], ids.at(-1)], [20, "call 24", "call 5"]);
  assert.deepEqual(new Set(indexedDB.rows.keys()), new Set(ids));
});

test("a damaged record takes no other with it", async (t) => {
  const { indexedDB } = storing(t);
  const store = new KeptStore(PORTAL);
  await store.put("A", "5", "{}");
  for (const damage of [{ call_id: 7 }, { kept: 7 }, { kept: undefined }]) {
    indexedDB.rows.set("damaged", { ...indexedDB.rows.get("A"), call_id: "damaged", ...damage });
    assert.deepEqual(
      (await store.load()).map(({ call_id }) => call_id),
      ["A"],
    );
  }
});

test("the app's own data is kept for a day, and is none of the twenty calls", async (t) => {
  const { clock, indexedDB } = storing(t);
  const store = new KeptStore(PORTAL);
  await store.put("app.data/old", "5", '[1,"1"]');
  clock.tick(20 * 3_600_000);
  for (let number = 0; number < 25; number++) {
    await store.put(`app.data/${number}`, "5", '[1,"1"]');
  }
  await store.put("call", "5", "{}");
  clock.tick(4 * 3_600_000 - 1);
  assert.equal((await store.load()).length, 27);
  clock.tick(2);
  const ids = (await store.load()).map(({ call_id }) => call_id);
  assert.deepEqual([ids.length, ids.includes("app.data/old"), ids.includes("call")], [25, false, false]);
  assert.deepEqual(new Set(indexedDB.rows.keys()), new Set(ids));
});

test("every transaction is committed at once: one that a hang leaves open would block the others", async (t) => {
  const { indexedDB } = storing(t);
  const store = new KeptStore(PORTAL);
  await store.put("A", "5", "{}");
  await store.load();
  await store.remove("A");
  await store.clear("5");
  await store.clear(null);
  assert.equal(indexedDB.uncommitted, 0);
});
