import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, mock, test } from "node:test";
import { bundle } from "../../../static/worker/bundle.js";
import { SnapshotFile } from "../../../static/worker/snapshot_file.js";

const PATH = "snapshot.bin";
const URL_OF = new URL("../../../static/snapshot.bin", import.meta.url).href;
const BYTES = new TextEncoder().encode("memory");

/** What was asked of the network. @type {string[]} */
let fetched = [];
/** Entries of the origin's only cache, by URL. @type {Map<string, Uint8Array<ArrayBuffer>>} */
let kept = new Map();

const cache = {
  match: async (/** @type {string} */ url) => (kept.has(url) ? new Response(kept.get(url)) : undefined),
  keys: async () => [...kept.keys()].map((url) => ({ url })),
  delete: async (/** @type {{url: string}} */ { url }) => kept.delete(url),
  put: async (/** @type {string} */ url, /** @type {Response} */ response) => {
    kept.set(url, new Uint8Array(await response.arrayBuffer()));
  },
};

/** @param {object | undefined} value */
function setCaches(value) {
  Object.defineProperty(globalThis, "caches", { value, configurable: true });
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  fetched = [];
  kept = new Map();
  Object.assign(bundle.hashes, { [PATH]: `sha256-${createHash("sha256").update(BYTES).digest("base64")}` });
  setCaches({ open: async () => cache, delete: async () => kept.clear() });
  mock.method(globalThis, "fetch", async (/** @type {string} */ url) => {
    fetched.push(url);
    return new Response(BYTES);
  });
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

/** Let promises go on that need no timer. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the first time, the file is fetched, and kept after a while in place of an older build's", async () => {
  kept.set("https://app.example/assets/old/snapshot.bin", BYTES);
  const file = new SnapshotFile(PATH);
  await file.verified;
  file.keepLater();
  await settled();
  assert.equal(kept.has(URL_OF), false);
  mock.timers.tick(1000);
  await settled();
  assert.deepEqual([...kept], [[URL_OF, BYTES]]);
  assert.deepEqual(fetched, [URL_OF]);
});

test("the next time, the copy is taken, and not written again", async () => {
  kept.set(URL_OF, BYTES);
  const file = new SnapshotFile(PATH);
  await file.verified;
  assert.equal(new TextDecoder().decode(await file.content), "memory");
  kept.clear();
  file.keepLater();
  mock.timers.tick(1000);
  await settled();
  assert.deepEqual([fetched.length, kept.size], [0, 0]);
});

test("a damaged copy is refused and dropped", async () => {
  kept.set(URL_OF, new TextEncoder().encode("mammoth"));
  await assert.rejects(new SnapshotFile(PATH).verified, /damaged: 7 bytes/);
  assert.equal(kept.size, 0);
});

for (const [what, value] of /** @type {const} */ ([
  ["is not there", undefined],
  ["is blocked", { open: async () => Promise.reject(new Error("SecurityError")) }],
])) {
  test(`where Cache Storage ${what}, the file is fetched each time`, async () => {
    setCaches(value);
    const file = new SnapshotFile(PATH);
    await file.verified;
    file.keepLater();
    mock.timers.tick(1000);
    await settled();
    assert.deepEqual(fetched, [URL_OF]);
  });
}

test("a Cache Storage that does not answer is not waited for", async () => {
  setCaches({ open: () => new Promise(() => {}) });
  const file = new SnapshotFile(PATH);
  await settled();
  assert.deepEqual(fetched, []);
  mock.timers.tick(1000);
  await file.verified;
  assert.deepEqual(fetched, [URL_OF]);
});
