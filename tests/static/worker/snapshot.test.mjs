import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSnapshot, snapshotLoader } from "../../../static/worker/snapshot.js";

const PAGE = 4096;
/** What is in memory that nothing has run in. */
const FRESH = 1;

/** Where memory says how far behind its state the interpreter keeps the place of the trampoline. */
const OFFSET_AT = 2 * PAGE;
const STATE = 3 * PAGE;
const OFFSET = 8;
/** Where it says how far it is used. */
const BREAK_AT = 2 * PAGE + 16;

/**
 * A snapshot as `snapshot.mjs` writes it.
 * @param {{heap: number, pages: Record<number, number>, libraries?: any}} what each page's number, and the byte that
 *   fills it
 */
function written({ heap, pages, libraries }) {
  const numbers = Object.keys(pages).map(Number);
  // Padded, as the numbers behind it are read in place.
  const text = JSON.stringify({ heap, zone: [11, 12, 13, 14], prefix: 4, pages: numbers.length, libraries });
  const header = Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const list = Buffer.from(new Uint32Array(numbers).buffer);
  const contents = numbers.map((number) => Buffer.alloc(PAGE, pages[number]));
  const file = Buffer.concat([Buffer.from("WPYSNAP2"), length, header, list, Buffer.from("head"), ...contents]);
  return new Uint8Array(file).buffer;
}

test("a snapshot is read as it was written", () => {
  const { heap, prefix, pages, contents } = parseSnapshot(written({ heap: 3 * PAGE, pages: { 0: 7, 2: 9 } }));
  assert.equal(heap, 3 * PAGE);
  assert.equal(Buffer.from(prefix).toString(), "head");
  assert.deepEqual([...pages], [0, 2]);
  assert.deepEqual([contents.length, contents[0], contents[PAGE]], [2 * PAGE, 7, 9]);
});

for (const [what, spoil, reason] of /** @type {const} */ ([
  ["of another version", (/** @type {Uint8Array} */ bytes) => bytes.fill(0x58, 0, 8), /not a snapshot of this version/],
  ["cut in its header", (/** @type {Uint8Array} */ bytes) => bytes.slice(0, 20), /truncated/],
  ["cut in its pages", (/** @type {Uint8Array} */ bytes) => bytes.slice(0, -1), /has \d+ bytes instead of \d+/],
])) {
  test(`a snapshot ${what} is refused with the reason`, () => {
    const bytes = spoil(new Uint8Array(written({ heap: PAGE, pages: { 0: 1 } })));
    assert.throws(() => parseSnapshot(new Uint8Array(bytes).buffer), reason);
  });
}

/**
 * Start from a snapshot with a runtime that the test plays.
 * @param {import("node:test").TestContext} t
 * @param {{heap: number, limit: number, pages?: Record<number, number>, trampoline?: number, filled?: number, used?: number, libraries?: any}}
 *   options the memory that the snapshot wants, and that there is; its pages; what the runtime writes where the interpreter
 *   finds its trampoline; how much of a new module's memory holds something, and how much is used once the runtime stands;
 *   what the snapshot tells of compiled code
 */
async function started(t, { heap, limit, pages = { 1: 9 }, trampoline = 0, filled = 65536, used = 65536, libraries }) {
  const fresh = new WebAssembly.Memory({ initial: 1 });
  new Uint8Array(fresh.buffer).fill(FRESH, 0, filled);
  const exports = { memory: fresh, emscripten_get_sbrk_ptr: () => BREAK_AT };
  t.mock.method(WebAssembly, "instantiate", async () => ({ exports }));
  const turned = Object.entries(pages).map(([page, byte]) => [page, +page * PAGE < filled ? byte ^ FRESH : byte]);
  /** @type {any[]} */
  const restored = [];
  const runtime = {
    __PyRuntime: STATE,
    __PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET: OFFSET_AT,
    HEAPU8: new Uint8Array(fresh.buffer),
    growMemory(/** @type {number} */ bytes) {
      if (bytes > limit) {
        return false;
      }
      const grown = new Uint8Array(bytes);
      grown.set(runtime.HEAPU8);
      runtime.HEAPU8 = grown;
      return true;
    },
    API: {
      restoreSnapshot: (/** @type {Uint8Array} */ prefix) => restored.push(Buffer.from(prefix).toString()),
      rawRun: (/** @type {string} */ code) => [0, `ran ${code}`],
      runPythonInternal: (/** @type {string} */ code) => `ran ${code}`,
    },
  };
  /** @type {any[]} */
  const zones = [];
  const _tzset_js = (/** @type {number[]} */ ...places) => zones.push([...places, runtime.HEAPU8[PAGE]]);
  const create = async () => {
    const imports = /** @type {any} */ ({ env: { _tzset_js } });
    await WebAssembly.instantiateStreaming(/** @type {any} */ (new Response()), imports);
    new Uint8Array(fresh.buffer).fill(2); // the runtime begins, and writes into its memory
    const words = new DataView(fresh.buffer);
    words.setInt32(OFFSET_AT, OFFSET, true);
    words.setInt32(STATE + OFFSET, trampoline, true);
    words.setUint32(BREAK_AT, used, true);
    return runtime;
  };
  const replay = t.mock.fn((/** @type {typeof runtime} */ { HEAPU8 }) => {
    HEAPU8.fill(7, 16 * PAGE, 18 * PAGE);
  });
  const loader = snapshotLoader({
    replay: Promise.resolve(replay),
    glue: Promise.resolve({ default: create }),
    module: Promise.resolve(/** @type {any} */ ({})),
    snapshot: async () => parseSnapshot(written({ heap, pages: Object.fromEntries(turned), libraries })),
    laid: async () => {},
    urls: { wasm: "https://app.example/wasm", library: "https://app.example/library" },
    filled,
  });
  t.after(loader.unhook);
  const options = /** @type {any} */ (loader.options);
  return { make: () => options.createPyodideModule({}), runtime, restored, loader, zones, replay };
}

test("memory becomes what it was: fresh where the snapshot has nothing, its own pages elsewhere", async (t) => {
  const { make, runtime, restored } = await started(t, { heap: 65536 * 2, limit: 65536 * 2 });
  const made = await make();
  const at = (/** @type {number} */ page) => runtime.HEAPU8[page * PAGE];
  assert.deepEqual([at(0), at(1), at(2), at(16)], [1, 9, 1, 0]);
  made.API.restoreSnapshot();
  assert.deepEqual(restored, ["head"]);
});

test("what was empty and is used is emptied, and what is not used is left alone", async (t) => {
  const options = { heap: 65536, limit: 65536, pages: { 1: 9, 5: 7 }, filled: 3 * PAGE, used: 6 * PAGE };
  const { make, runtime } = await started(t, options);
  await make();
  const at = (/** @type {number} */ page) => runtime.HEAPU8[page * PAGE];
  assert.deepEqual([at(0), at(1), at(3), at(5), at(6)], [FRESH, 9, 0, 7, 2]);
});

/** Python's modules as `loadPyodide` reaches them, by name. */
function python() {
  const modules = /** @type {Record<string, any>} */ ({
    importlib: "the module importlib",
    __main__: { __dict__: "the names of __main__" },
    builtins: { __dict__: "the builtins", dict: () => "a new dict" },
  });
  const { builtins } = modules;
  return { _base: { builtins, import_module: (/** @type {string} */ name) => modules[name] } };
}

test("what loadPyodide imports at first it gets without having Python compile anything", async (t) => {
  const { make } = await started(t, { heap: 65536, limit: 65536 });
  const { API } = await make();
  API._pyodide = python();
  const own = API._pyodide;
  assert.deepEqual(API.rawRun("import _pyodide_core"), [0, ""]);
  assert.equal(API._pyodide._base.eval_code("{}"), "a new dict");
  assert.equal(API.runPythonInternal("import importlib; importlib"), "the module importlib");
  assert.equal(API._pyodide, own);
  assert.equal(API.runPythonInternal("import __main__; __main__.__dict__"), "the names of __main__");
  assert.equal(API.runPythonInternal("import builtins; builtins.__dict__"), "the builtins");
  assert.equal(API.runPythonInternal("1"), "ran 1");
  assert.deepEqual(API.rawRun("import _pyodide_core"), [0, "ran import _pyodide_core"]);
});

test("another line than those that are known is run by Python, and so is all that follows", async (t) => {
  const { make } = await started(t, { heap: 65536, limit: 65536 });
  const { API } = await make();
  API._pyodide = python();
  const own = API._pyodide;
  API.rawRun("import _pyodide_core");
  assert.equal(API.runPythonInternal("import sys"), "ran import sys");
  assert.equal(API._pyodide, own);
  assert.equal(API.runPythonInternal("import importlib; importlib"), "ran import importlib; importlib");
  const other = (await started(t, { heap: 65536, limit: 65536 })).make;
  assert.deepEqual((await other()).API.rawRun("import this"), [0, "ran import this"]);
});

test("compiled code is put in place before the snapshot's pages, in memory of its size", async (t) => {
  const options = { heap: 65536 * 2, limit: 65536 * 2, pages: { 17: 9 } };
  const { make, runtime, replay } = await started(t, { ...options, libraries: "recorded" });
  await make();
  const at = (/** @type {number} */ page) => runtime.HEAPU8[page * PAGE];
  assert.deepEqual([at(16), at(17), at(18)], [7, 9, 0]);
  assert.deepEqual(replay.mock.calls[0].arguments, [runtime, "recorded"]);
});

test("a snapshot without compiled code has none put in place", async (t) => {
  const { make, replay } = await started(t, { heap: 65536 * 2, limit: 65536 * 2 });
  await make();
  assert.equal(replay.mock.callCount(), 0);
});

for (const [engine, trampoline] of /** @type {const} */ ([
  ["an engine that counts its functions otherwise", 15146],
  ["a telephone, where there is none", 0],
])) {
  test(`the place of the trampoline stays that of ${engine}`, async (t) => {
    const { make, runtime } = await started(t, { heap: 65536 * 2, limit: 65536 * 2, pages: { 3: 9 }, trampoline });
    await make();
    const words = new Int32Array(runtime.HEAPU8.buffer, STATE + OFFSET - 4, 3);
    assert.deepEqual([...words], [0x09090909, trampoline, 0x09090909]);
  });
}

test("the time zone is written anew, over that of the machine that made the snapshot", async (t) => {
  const { make, zones } = await started(t, { heap: 2 * PAGE, limit: 0 });
  await make();
  assert.deepEqual(zones, [[11, 12, 13, 14, 9]]); // where the snapshot says, once its pages lie there
});

test("without the memory that it wants, the reason says so", async (t) => {
  const { make } = await started(t, { heap: 65536 * 2, limit: 65536 });
  await assert.rejects(make(), /there is no memory for its 131072 bytes/);
});

test("a start that was given up makes no runtime, and what was put in place is taken back", async (t) => {
  const { fetch } = globalThis;
  const { make, loader } = await started(t, { heap: 65536, limit: 65536 });
  assert.notEqual(globalThis.fetch, fetch);
  loader.unhook();
  assert.equal(globalThis.fetch, fetch);
  await assert.rejects(make(), /given up/);
});
