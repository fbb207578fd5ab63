import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { bundle } from "../../../static/worker/bundle.js";
import {
  compile,
  download,
  downloadNow,
  fetchUnverified,
  importModule,
  locate,
  verify,
} from "../../../static/worker/downloads.js";
import { outcome, settled, stillClock, until, withGlobals } from "../../support/fakes.mjs";

const PART = "part.bin";
const WHOLE = new TextEncoder().encode("as it was built");
const DAMAGED = new TextEncoder().encode("as it was");
/** The smallest module that WebAssembly knows. */
const WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** @param {Uint8Array<ArrayBuffer>} bytes */
const wasm = (bytes) => new Response(bytes, { headers: { "Content-Type": "application/wasm" } });

/**
 * A network that the test plays: each request gets the next of these answers.
 * @param {import("node:test").TestContext} t
 * @param {Array<() => Response | Promise<Response>>} answers
 */
function network(t, answers) {
  const clock = stillClock(t);
  /** The pauses that have begun, in milliseconds. @type {number[]} */
  const pauses = [];
  const { setTimeout } = globalThis;
  const armed = (/** @type {() => void} */ callback, /** @type {number} */ ms) => {
    pauses.push(ms);
    return setTimeout(callback, ms);
  };
  const hashes = { ...bundle.hashes };
  t.after(() => Object.assign(bundle, { hashes }));
  bundle.hashes = { [PART]: hash(WHOLE), "module.wasm": hash(WASM) };
  /** What was asked for, and how. @type {Array<[string, RequestInit]>} */
  const asked = [];
  withGlobals(t, {
    setTimeout: armed,
    fetch: async (/** @type {string} */ url, /** @type {RequestInit} */ options) => {
      asked.push([url, options]);
      const answer = answers.shift();
      assert.ok(answer, `nobody answers request ${asked.length}`);
      return answer();
    },
  });
  /** The next pause has begun, nothing is asked for while it lasts, and it is over. */
  const pause = async () => {
    await until(() => pauses.length > 0);
    const [ms = 0] = pauses.splice(0, 1);
    const before = asked.length;
    clock.tick(ms - 1);
    await settled();
    assert.equal(asked.length, before);
    clock.tick(1);
    return ms;
  };
  return { clock, asked, pause };
}

/** @param {Uint8Array} bytes */
const hash = (bytes) => `sha256-${createHash("sha256").update(bytes).digest("base64")}`;

/** What may happen to a part on its way. @type {Array<[string, () => Response | Promise<Response>, RegExp]>} */
const MISHAPS = [
  ["does not come", () => Promise.reject(new TypeError("Failed to fetch")), /Failed to fetch/],
  ["is not there", () => new Response("", { status: 404 }), /HTTP 404/],
  ["is refused by a server in trouble", () => new Response("", { status: 503 }), /HTTP 503/],
  ["breaks off", () => broken(), /broke off/],
];

/** A response whose body ends with an error. */
function broken() {
  return new Response(
    new ReadableStream({
      start: (controller) => controller.error(new TypeError("the connection broke off")),
    }),
  );
}

test("parts lie beside the modules", () => {
  assert.equal(locate("part.bin"), new URL("../../../static/part.bin", import.meta.url).href);
  assert.equal(locate("../../pyodide/"), new URL("../../../../pyodide/", import.meta.url).href);
});

test("a part that comes whole is asked for once, and may come from the browser's cache", async (t) => {
  const { asked } = network(t, [() => new Response(WHOLE)]);
  assert.deepEqual(new Uint8Array(await download(PART)), WHOLE);
  assert.deepEqual(asked, [[locate(PART), {}]]);
});

for (const [what, mishap] of [...MISHAPS, /** @type {const} */ (["is damaged", () => new Response(DAMAGED)])]) {
  test(`a part that ${what} is asked for again after half a second, past the browser's cache`, async (t) => {
    const { asked, pause } = network(t, [mishap, () => new Response(WHOLE)]);
    const got = outcome(download(PART));
    assert.equal(await pause(), 500);
    await until(() => got.value);
    assert.deepEqual(new Uint8Array(got.value ?? new ArrayBuffer()), WHOLE);
    assert.deepEqual(asked[1], [locate(PART), { cache: "reload" }]);
  });
}

for (const [what, mishap, reason] of [
  ...MISHAPS,
  /** @type {const} */ ([
    "is damaged",
    () => new Response(DAMAGED),
    /it is damaged: 9 bytes, not those that were built/,
  ]),
]) {
  test(`a part that ${what} three times is given up, after a longer pause, and with its address`, async (t) => {
    const { asked, pause } = network(t, [mishap, mishap, mishap]);
    const got = outcome(download(PART));
    assert.deepEqual([await pause(), await pause()], [500, 1000]);
    await until(() => got.error);
    assert.match(got.error?.message ?? "", reason);
    assert.ok(got.error?.message.startsWith(`${locate(PART)} could not be loaded: `));
    assert.equal(asked.length, 3);
  });
}

test("two parts are asked for side by side, and one that fails does not hold up the other", async (t) => {
  const { asked, pause } = network(t, [
    () => new Response("", { status: 500 }),
    () => new Response(WHOLE),
    () => new Response(WHOLE),
  ]);
  const [slow, quick] = [outcome(download(PART)), outcome(download(PART))];
  await until(() => quick.value);
  assert.deepEqual([asked.length, slow.value], [2, undefined]);
  await pause();
  await until(() => slow.value);
});

test("an answer that comes late is waited for, and not asked for a second time", async (t) => {
  /** @type {(response: Response) => void} */
  let answer = () => {};
  const late = new Promise((resolve) => {
    answer = resolve;
  });
  const { clock, asked } = network(t, [() => late]);
  const got = outcome(download(PART));
  await settled();
  clock.tick(60_000);
  await settled();
  assert.equal(asked.length, 1);
  answer(new Response(WHOLE));
  await until(() => got.value);
});

test("whoever verifies a part later gets it as it comes", async (t) => {
  const { asked, pause } = network(t, [() => new Response("", { status: 404 }), () => new Response(DAMAGED)]);
  const got = outcome(fetchUnverified(PART));
  await pause();
  await until(() => got.value);
  assert.deepEqual(new Uint8Array(got.value ?? new ArrayBuffer()), DAMAGED);
  assert.deepEqual(asked[1], [locate(PART), { cache: "reload" }]);
});

test("bytes are those that were built, or they are refused", async (t) => {
  network(t, []);
  await verify(PART, WHOLE);
  await assert.rejects(verify(PART, DAMAGED), /damaged: 9 bytes/);
  await assert.rejects(verify("module.wasm", WHOLE), /damaged: 15 bytes/);
  await assert.rejects(verify("of another build", WHOLE), /damaged: 15 bytes/);
});

// An import that cannot wait ------------------------------------------------------------------------

/**
 * Requests that hold everything up until they are answered.
 * @param {import("node:test").TestContext} t
 * @param {{status: number, response?: ArrayBuffer, error?: Error}} answer
 */
function blocking(t, { status, response, error }) {
  /** @type {any[]} */
  const log = [];
  class XMLHttpRequest {
    responseType = "";
    status = 0;
    /** @type {ArrayBuffer | null} */
    response = null;
    /** @param {any[]} args */
    open(...args) {
      log.push(args);
    }
    send() {
      log.push(this.responseType);
      if (error) {
        throw error;
      }
      this.status = status;
      this.response = response ?? null;
    }
  }
  withGlobals(t, { XMLHttpRequest });
  return log;
}

test("an import that cannot wait gets its bytes at once", (t) => {
  const log = blocking(t, { status: 200, response: WHOLE.buffer });
  assert.equal(downloadNow(PART, false), WHOLE.buffer);
  assert.deepEqual(log, [["GET", locate(PART), false], "arraybuffer"]);
});

test("an import that cannot wait learns that there is nothing", (t) => {
  blocking(t, { status: 404, response: WHOLE.buffer });
  assert.throws(() => downloadNow(PART, false), new Error(`${locate(PART)} could not be loaded: HTTP 404`));
});

test("an import that cannot wait learns that the network is away", (t) => {
  blocking(t, { status: 0, error: new DOMException("A network error occurred.", "NetworkError") });
  assert.throws(() => downloadNow(PART, false), /A network error occurred/);
});

test("an import that cannot wait asks by another address for what is on its way", (t) => {
  const log = blocking(t, { status: 200, response: WHOLE.buffer });
  assert.equal(downloadNow(PART, true), WHOLE.buffer);
  assert.deepEqual(log, [["GET", `${locate(PART)}?now`, false], "arraybuffer"]);
});

test("where the host is out of reach, the browser may still have what is on its way", (t) => {
  const log = blocking(t, { status: 404 });
  assert.throws(() => downloadNow(PART, true), new Error(`${locate(PART)} could not be loaded: HTTP 404`));
  assert.deepEqual(
    log.filter(Array.isArray).map(([, url]) => url),
    [`${locate(PART)}?now`, locate(PART)],
  );
});

// The interpreter's module --------------------------------------------------------------------------

test("the interpreter's module is compiled while it comes", async (t) => {
  const { asked } = network(t, [() => wasm(WASM)]);
  const whole = t.mock.method(WebAssembly, "compile");
  assert.ok((await compile("module.wasm")) instanceof WebAssembly.Module);
  assert.deepEqual(asked, [[locate("module.wasm"), {}]]);
  assert.equal(whole.mock.callCount(), 0);
});

for (const [what, mishap] of [
  ...MISHAPS.filter(([what]) => what !== "breaks off"),
  /** @type {const} */ (["does not compile", () => wasm(DAMAGED)]),
  /** @type {const} */ (["comes as another type", () => new Response(WASM)]),
]) {
  test(`an interpreter's module that ${what} is asked for again, verified and compiled`, async (t) => {
    const { asked, pause } = network(t, [mishap, () => new Response(WASM)]);
    const got = outcome(compile("module.wasm"));
    assert.equal(await pause(), 500);
    await until(() => got.value);
    assert.ok(got.value instanceof WebAssembly.Module);
    assert.deepEqual(asked[1], [locate("module.wasm"), { cache: "reload" }]);
  });
}

test("an interpreter's module that compiles and is not the one that was built is not taken the second time", async (t) => {
  // A name section of no use: it compiles, and has other bytes.
  const other = new Uint8Array([...WASM, 0, 2, 1, 0x78]);
  assert.ok(WebAssembly.validate(other));
  const { asked, pause } = network(t, [() => wasm(DAMAGED), () => wasm(other), () => wasm(WASM)]);
  const got = outcome(compile("module.wasm"));
  assert.deepEqual([await pause(), await pause()], [500, 1000]);
  await until(() => got.value);
  assert.equal(asked.length, 3);
});

// Modules -------------------------------------------------------------------------------------------

/**
 * A module of the bundle that fails to load as often as the test says.
 * @param {import("node:test").TestContext} t
 * @param {string} name
 * @param {number} failures
 */
function served(t, name, failures) {
  /** @type {string[]} */
  const loaded = [];
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith(locate(name)) ? { url: specifier, shortCircuit: true } : next(specifier, context),
    load(url, context, next) {
      if (!url.startsWith(locate(name))) {
        return next(url, context);
      }
      loaded.push(url);
      if (loaded.length <= failures) {
        throw new TypeError("Importing a module script failed.");
      }
      return { format: "module", shortCircuit: true, source: `export const attempt = ${loaded.length};` };
    },
  });
  t.after(() => hooks.deregister());
  return loaded;
}

test("a module that comes is asked for once, under its own address", async (t) => {
  const { asked } = network(t, []);
  const loaded = served(t, "whole.mjs", 0);
  assert.equal((await importModule("whole.mjs")).attempt, 1);
  assert.deepEqual([loaded, asked], [[locate("whole.mjs")], []]);
});

test("a module that failed has another address each time, as the browser remembers the failure", async (t) => {
  const { asked, pause } = network(t, [() => new Response(""), () => new Response("")]);
  const loaded = served(t, "twice.mjs", 2);
  const got = outcome(importModule("twice.mjs"));
  assert.deepEqual([await pause(), await pause()], [500, 1000]);
  await until(() => got.value);
  const url = locate("twice.mjs");
  assert.deepEqual(loaded, [url, `${url}?2.1700000000500`, `${url}?3.1700000001500`]);
  assert.deepEqual(asked, [
    [url, { cache: "reload" }], // takes the damaged copy out of the cache
    [url, { cache: "reload" }],
  ]);
});

test("a module is not imported again while its server does not give it", async (t) => {
  const { pause } = network(t, [() => new Response("", { status: 502 }), () => new Response("", { status: 404 })]);
  const loaded = served(t, "gone.mjs", 1);
  const got = outcome(importModule("gone.mjs"));
  assert.deepEqual([await pause(), await pause()], [500, 1000]);
  await until(() => got.error);
  assert.equal(got.error?.message, `${locate("gone.mjs")} could not be loaded: HTTP 404`);
  assert.equal(loaded.length, 1);
});
