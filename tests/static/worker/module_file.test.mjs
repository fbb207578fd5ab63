import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { bundle } from "../../../static/worker/bundle.js";
import { ModuleFile } from "../../../static/worker/module_file.js";
import { settled, until } from "../../support/fakes.mjs";
import { serveFile, setCaches } from "../../support/storage_fakes.mjs";

const PATH = "empty.wasm";
/** The smallest module. */
const BYTES = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const HEADERS = { "Content-Type": "application/wasm" };

const { url: URL_OF, fetched, kept } = serveFile(PATH, BYTES, HEADERS);

test("the first time, the module is compiled while it comes, and kept after a while", async () => {
  const file = new ModuleFile(PATH);
  assert.ok((await file.compiled) instanceof WebAssembly.Module);
  file.keepLater();
  await settled();
  assert.equal(kept().size, 0);
  mock.timers.tick(2000);
  await until(() => kept().size === 1);
  const copy = /** @type {Response} */ (kept().get(URL_OF));
  assert.equal(copy.headers.get("Content-Type"), "application/wasm");
  assert.deepEqual(new Uint8Array(await copy.arrayBuffer()), BYTES);
});

test("the next time, the copy is compiled, and not written again", async () => {
  kept().set(URL_OF, new Response(BYTES, { headers: HEADERS }));
  const file = new ModuleFile(PATH);
  assert.ok((await file.compiled) instanceof WebAssembly.Module);
  kept().clear();
  file.keepLater();
  mock.timers.tick(2000);
  await settled();
  assert.deepEqual([fetched.length, kept().size], [0, 0]);
});

test("a copy that does not compile is dropped, and the module fetched, and kept again", async () => {
  kept().set(URL_OF, new Response(BYTES.slice(0, 5), { headers: HEADERS }));
  const file = new ModuleFile(PATH);
  assert.ok((await file.compiled) instanceof WebAssembly.Module);
  await settled();
  assert.deepEqual([kept().size, fetched], [0, [URL_OF]]);
  file.keepLater();
  mock.timers.tick(2000);
  await until(() => kept().size === 1);
  assert.deepEqual(fetched, [URL_OF, URL_OF]);
});

test("what comes damaged from the network later is not kept", async () => {
  const file = new ModuleFile(PATH);
  await file.compiled;
  Object.assign(bundle.hashes, { [PATH]: "sha256-another" });
  file.keepLater();
  mock.timers.tick(2000);
  await until(() => fetched.length === 2);
  mock.timers.tick(10_000); // it is asked for again
  await settled();
  assert.equal(kept().size, 0);
});

test("where there is no Cache Storage, the module is fetched each time", async () => {
  setCaches(undefined);
  const file = new ModuleFile(PATH);
  await file.compiled;
  file.keepLater();
  mock.timers.tick(2000);
  await until(() => fetched.length === 2); // to be kept, which cannot be
});
