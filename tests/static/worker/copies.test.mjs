import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { dropCopy, keepCopy, readCopy } from "../../../static/worker/copies.js";
import { settled } from "../../support/fakes.mjs";
import { COPIES, FakeCacheStorage, setCaches } from "../../support/storage_fakes.mjs";

const PATH = "module.wasm";
const URL_OF = new URL(`../../../static/${PATH}`, import.meta.url).href;
const text = (/** @type {Response} */ copy) => copy.text();
const bytes = (/** @type {string} */ content) => new TextEncoder().encode(content).buffer;

let storage = new FakeCacheStorage();

beforeEach(() => {
  storage = new FakeCacheStorage();
  setCaches(storage);
});

test("what is written is read, with its headers, in place of another build's file of that name", async () => {
  assert.equal(await readCopy(PATH, text), null);
  const kept = storage.entries(COPIES);
  kept.set("https://app.example/old/module.wasm", new Response("old"));
  kept.set("https://app.example/old/snapshot.bin", new Response("old"));
  await keepCopy(PATH, bytes("new"), { "X-Header": "value" });
  assert.deepEqual([...kept.keys()], ["https://app.example/old/snapshot.bin", URL_OF]);
  const read = await readCopy(PATH, async (copy) => [await copy.text(), copy.headers.get("X-Header")]);
  assert.deepEqual(read, ["new", "value"]);
});

test("what is dropped is gone, and the others are not", async () => {
  await keepCopy(PATH, bytes("new"), {});
  await keepCopy("snapshot.bin", bytes("other"), {});
  dropCopy(PATH);
  await settled();
  assert.deepEqual([await readCopy(PATH, text), await readCopy("snapshot.bin", text)], [null, "other"]);
});

test("a copy that cannot be read is none", async () => {
  await keepCopy(PATH, bytes("new"), {});
  assert.equal(await readCopy(PATH, () => Promise.reject(new Error("damaged"))), null);
});

test("a storage that does not answer is not waited for", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  storage.hangs = true;
  const reading = readCopy(PATH, text);
  await settled();
  mock.timers.tick(1000);
  assert.equal(await reading, null);
});

test("a copy that was found is waited for longer than the storage is, and not for ever", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  await keepCopy(PATH, bytes("new"), {});
  const slowly = (/** @type {number} */ ms) => async (/** @type {Response} */ copy) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return copy.text();
  };
  const reading = [readCopy(PATH, slowly(3000)), readCopy(PATH, slowly(60_000))];
  await settled();
  mock.timers.tick(3000);
  await settled();
  mock.timers.tick(7000);
  assert.deepEqual(await Promise.all(reading), ["new", null]);
});

for (const [what, value] of /** @type {const} */ ([
  ["is not there", undefined],
  ["is blocked", { open: async () => Promise.reject(new Error("SecurityError")) }],
])) {
  test(`where Cache Storage ${what}, there are no copies`, async () => {
    setCaches(value);
    assert.equal(await readCopy(PATH, text), null);
    await keepCopy(PATH, bytes("new"), {}).catch(() => {}); // its caller lets it be
    dropCopy(PATH);
    await settled();
    assert.equal(await readCopy(PATH, text), null);
  });
}
