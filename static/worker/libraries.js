/**
 * The dynamic libraries of a memory snapshot: the compiled code of packages that the app imports.
 *
 * Memory refers to them by addresses of data and by indices into the table of functions. So each is instantiated with the
 * places that it had when the snapshot was made (`scripts/worker_py_tool/bundle/libraries.mjs`), before the memory
 * is laid over it: what a library does to its data when it is loaded has been done there.
 *
 * @module
 */

/**
 * @typedef {import("../../scripts/worker_py_tool/bundle/libraries.mjs").Libraries} Libraries
 * @typedef {import("../../scripts/worker_py_tool/bundle/libraries.mjs").Library} Library
 */

/**
 * Get them out of their archives, and compile them.
 * @param {{archive: string, file: string}[]} files in the order in which they are loaded
 * @param {(archive: string) => Promise<ArrayBuffer>} download
 * @param {typeof import("./zip.js").zipFiles} zipFiles  of the entry that has it
 * @returns {Promise<import("./snapshot.js").Replay>}
 */
export async function prepare(files, download, zipFiles) {
  const modules = await Promise.all(
    files.map(async ({ archive, file }) => {
      const found = zipFiles(await download(archive)).find(({ path }) => path === file);
      if (!found) {
        throw new Error(`${archive} has no ${file}`);
      }
      return WebAssembly.compile(found.read());
    }),
  );
  return (runtime, recorded) => replay(runtime, recorded, modules);
}

/**
 * Put them where they were.
 * @param {any} runtime Emscripten's
 * @param {Libraries} recorded
 * @param {WebAssembly.Module[]} modules of the same libraries
 * @throws {Error} when the places are taken
 */
function replay(runtime, { first, length, libraries, functions }, modules) {
  const { LDSO, wasmTable: table } = runtime;
  if (table.length > first) {
    throw new Error(`this engine's table has ${table.length} functions, and its libraries begin at ${first}`);
  }
  table.grow(length - table.length);
  const ours = LDSO.loadedLibsByName.__main__.exports;
  const exported = libraries.map((library, index) => instantiate(ours, library, modules[index]));
  for (const [index, name, library] of functions) {
    table.set(index, library === null ? ours[name] : exported[library][name]);
  }
  libraries.forEach(({ name, handles, memoryBase }, index) => {
    const [handle, ...others] = handles;
    const dso = runtime.newDSO(name, handle, relocated(exported[index], memoryBase));
    dso.global = false;
    for (const other of others) {
      LDSO.loadedLibsByHandle[other] = dso;
    }
  });
}

/**
 * @param {Record<string, any>} ours what the interpreter has for libraries
 * @param {Library} library
 * @param {WebAssembly.Module} module
 * @returns {Record<string, any>} its exports
 */
function instantiate(ours, { memoryBase, tableBase, places }, module) {
  /** @type {Record<string, any>} */
  let exports = {};
  /** @param {string} name */
  const taken = (name) => {
    if (name in ours && !ours[name].stub) {
      return ours[name];
    }
    return (/** @type {any[]} */ ...values) => exports[name](...values);
  };
  /** @type {Record<string, any>} */
  const env = { __memory_base: memoryBase, __table_base: tableBase };
  /** @type {Record<string, Record<string, any>>} */
  const imports = { env, wasi_snapshot_preview1: env, "GOT.func": {}, "GOT.mem": {} };
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from][name] ??=
      from === "GOT.func" || from === "GOT.mem"
        ? new WebAssembly.Global({ value: "i32", mutable: true }, places[from][name])
        : taken(name);
  }
  exports = new WebAssembly.Instance(module, imports).exports;
  return exports;
}

/**
 * What a library exports of its data is told by where in it that is.
 * @param {Record<string, any>} exports
 * @param {number} memoryBase
 */
function relocated(exports, memoryBase) {
  const place = (/** @type {any} */ value) =>
    value instanceof WebAssembly.Global ? new WebAssembly.Global({ value: "i32" }, value.value + memoryBase) : value;
  return Object.fromEntries(Object.entries(exports).map(([name, value]) => [name, place(value)]));
}
