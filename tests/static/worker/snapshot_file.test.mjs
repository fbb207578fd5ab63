import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { SnapshotFile } from "../../../static/worker/snapshot_file.js";
import { settled } from "../../support/fakes.mjs";
import { serveFile, setCaches } from "../../support/storage_fakes.mjs";

const PATH = "snapshot.bin";
const BYTES = new TextEncoder().encode("all of its memory and a rest");

const { url: URL_OF, fetched, kept } = serveFile(PATH, BYTES);

/** A boot, a while after which its copy is there. */
async function boot() {
  const file = new SnapshotFile(PATH);
  await file.verified;
  file.keepLater();
  mock.timers.tick(1000);
  await settled();
  return file;
}

test("the first time, the file is fetched, and kept after a while in place of an older build's", async () => {
  kept().set("https://app.example/assets/old/snapshot.bin", new Response(BYTES));
  const file = new SnapshotFile(PATH);
  await file.verified;
  file.keepLater();
  await settled();
  assert.equal(kept().has(URL_OF), false);
  mock.timers.tick(1000);
  await settled();
  assert.deepEqual([...kept().keys()], [URL_OF]);
  assert.deepEqual(new Uint8Array(await /** @type {Response} */ (kept().get(URL_OF)).arrayBuffer()), BYTES);
  assert.deepEqual(fetched, [URL_OF]);
});

test("the next time, the copy is taken, and not written again", async () => {
  await boot();
  const copy = kept().get(URL_OF);
  const file = await boot();
  assert.deepEqual(new Uint8Array(await file.content), BYTES);
  assert.deepEqual([fetched.length, kept().get(URL_OF)], [1, copy]);
});

test("a copy of which one bit is another, wherever, is refused and dropped", async () => {
  for (let at = 0; at < BYTES.length; at++) {
    await boot();
    const { headers } = /** @type {Response} */ (kept().get(URL_OF));
    kept().set(URL_OF, new Response(BYTES.with(at, BYTES[at] ^ 1), { headers }));
    await assert.rejects(new SnapshotFile(PATH).verified, /damaged/);
    await settled();
    assert.equal(kept().size, 0);
  }
});

test("a copy that was cut is refused and dropped", async () => {
  await boot();
  const { headers } = /** @type {Response} */ (kept().get(URL_OF));
  kept().set(URL_OF, new Response(BYTES.slice(0, 12), { headers }));
  await assert.rejects(new SnapshotFile(PATH).verified, /damaged/);
});

test("a copy that says not what it adds up to, as an older version wrote it, is written anew", async () => {
  kept().set(URL_OF, new Response("whatever"));
  const file = await boot();
  assert.deepEqual(new Uint8Array(await file.content), BYTES);
  assert.ok(kept().get(URL_OF)?.headers.get("X-Sum"));
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
