import assert from "node:assert/strict";
import { test } from "node:test";
import { zipSync } from "fflate";
import { prepare } from "../../../static/worker/libraries.js";
import { zipFiles } from "../../../static/worker/zip.js";

const [I32, MUTABLE] = [0x7f, 1];
const ARCHIVE = "wheels/lamps.whl";
const FILE = "lamps/_lamps.so";
/** The same library twice would be two. */
const FILES = [{ archive: ARCHIVE, file: FILE }];

/** @param {string} text */
const named = (text) => [text.length, ...Buffer.from(text)];
/** @param {number} id @param {number[][]} entries */
const section = (id, ...entries) => {
  const content = [entries.length, ...entries.flat()];
  return [id, (content.length & 0x7f) | 0x80, content.length >> 7, ...content];
};

/**
 * A library as Emscripten links one: data and a part of the table, at places that it is told; it calls `one` and its own
 * `two` from outside, knows of the function `three` and of the data `four` where they are, and has data of its own.
 */
const LIBRARY = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [0x60, 0, 1, I32]),
  ...section(
    2,
    [...named("env"), ...named("memory"), 2, 0, 1],
    [...named("env"), ...named("__indirect_function_table"), 1, 0x70, 0, 0],
    [...named("env"), ...named("__memory_base"), 3, I32, 0],
    [...named("env"), ...named("__table_base"), 3, I32, 0],
    [...named("GOT.func"), ...named("three"), 3, I32, MUTABLE],
    [...named("GOT.mem"), ...named("four"), 3, I32, MUTABLE],
    [...named("env"), ...named("one"), 0, 0],
    [...named("env"), ...named("two"), 0, 0],
  ),
  ...section(3, [0], [0], [0], [0], [0]),
  ...section(6, [I32, 0, 0x41, 8, 0x0b]),
  ...section(
    7,
    ...["callOne", "callTwo", "three", "four", "two"].map((name, index) => [...named(name), 0, 2 + index]),
    [...named("price"), 3, 4],
  ),
  ...section(9, [0, 0x23, 1, 0x0b, 1, 6]),
  ...section(
    10,
    ...[
      [0x10, 0],
      [0x10, 1],
      [0x23, 2],
      [0x23, 3],
      [0x41, 22],
    ].map((code) => [code.length + 2, 0, ...code, 0x0b]),
  ),
  ...section(11, [0, 0x23, 0, 0x0b, 3, 7, 8, 9]),
]);

const PLACES = { "GOT.func": { three: 33 }, "GOT.mem": { four: 44 } };
/** What a snapshot tells of it: `two` has one more place in the table. */
const RECORDED = {
  first: 20,
  length: 30,
  libraries: [{ name: "/site/_lamps.so", handles: [512, 513], memoryBase: 1024, tableBase: 21, places: PLACES }],
  functions: /** @type {[number, string, number | null][]} */ ([
    [25, "two", 0],
    [26, "ours", null],
  ]),
};

/** What Emscripten has, with some functions in its table. @param {number} size */
function emscripten(size) {
  const table = new WebAssembly.Table({ element: "anyfunc", initial: size });
  const memory = new WebAssembly.Memory({ initial: 1 });
  /** @type {any} */
  const runtime = {
    wasmTable: table,
    memory,
    LDSO: { loadedLibsByName: {}, loadedLibsByHandle: {} },
    /** @param {string} name @param {number} handle @param {any} exports */
    newDSO(name, handle, exports) {
      const dso = { name, exports, global: true };
      runtime.LDSO.loadedLibsByName[name] = dso;
      runtime.LDSO.loadedLibsByHandle[handle] = dso;
      return dso;
    },
  };
  const two = Object.assign(() => 0, { stub: true });
  const exports = { memory, __indirect_function_table: table, one: () => 11, two, ours: ours() };
  runtime.newDSO("__main__", 0, exports);
  return runtime;
}

/** A function of the interpreter's. */
function ours() {
  const code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, [0x60, 0, 1, I32]), ...section(3, [0])];
  const bytes = [...code, ...section(7, [...named("ours"), 0, 0]), ...section(10, [4, 0, 0x41, 55, 0x0b])];
  return new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports.ours;
}

/** @param {Uint8Array} content */
const archived = (content) => async () => /** @type {ArrayBuffer} */ (zipSync({ [FILE]: content }).buffer);

async function replayed() {
  const runtime = emscripten(18);
  const replay = await prepare(FILES, archived(LIBRARY), zipFiles);
  replay(runtime, RECORDED);
  return { runtime, dso: runtime.LDSO.loadedLibsByName["/site/_lamps.so"] };
}

test("a library is where it was: its data, its part of the table, and all that refers to it", async () => {
  const { runtime, dso } = await replayed();
  const { wasmTable: table, memory } = runtime;
  assert.deepEqual([...new Uint8Array(memory.buffer, 1024, 4)], [7, 8, 9, 0]);
  assert.equal(table.length, 30);
  const filled = [...Array(30).keys()].filter((index) => table.get(index) !== null);
  assert.deepEqual(
    filled.map((index) => [index, table.get(index)()]),
    [
      [21, 22],
      [25, 22],
      [26, 55],
    ],
  );
  assert.equal(dso.exports.price.value, 1024 + 8);
  assert.equal(dso.global, false);
  assert.deepEqual([runtime.LDSO.loadedLibsByHandle[512], runtime.LDSO.loadedLibsByHandle[513]], [dso, dso]);
});

test("it finds what it takes from others, and what it has itself where nobody else has it", async () => {
  const { dso } = await replayed();
  const { callOne, callTwo, three, four } = dso.exports;
  assert.deepEqual([callOne(), callTwo(), three(), four()], [11, 22, 33, 44]);
});

test("an engine that has more functions of its own than there are places is refused", async () => {
  const replay = await prepare(FILES, archived(LIBRARY), zipFiles);
  const runtime = emscripten(21);
  assert.throws(() => replay(runtime, RECORDED), /table has 21 functions, and its libraries begin at 20/);
  assert.equal(runtime.wasmTable.length, 21);
});

test("an archive without the library, or with something else in its place, is refused", async () => {
  const other = [{ archive: ARCHIVE, file: "lamps/_other.so" }];
  await assert.rejects(prepare(other, archived(LIBRARY), zipFiles), /wheels\/lamps.whl has no lamps\/_other.so/);
  await assert.rejects(prepare(FILES, archived(LIBRARY.slice(0, 40)), zipFiles), WebAssembly.CompileError);
});
