// Which dynamic libraries an interpreter loads, and what has to be known of each to have it in another one at the same
// places: `static/worker/libraries.js` puts them there before the memory of the snapshot is laid over it.
//
// Memory holds addresses of data and indices into the table of functions. The first are the same wherever the memory is.
// The table is each engine's own behind what the interpreter's module itself brings: so all that libraries add begins at
// `FIRST`, and what they take from the part before gets a second place behind.

/** Beyond what any engine puts into the table when it starts the interpreter: some 15,000 functions. */
const FIRST = 24_576;
const MAIN = "__main__";
/** How a library draws random numbers: a generator that they seed would go on alike in each browser. */
const DRAWS = /^(?:getentropy|getrandom|arc4random\w*|random_get|__syscall_getrandom)$/;
const DEVICES = ["/dev/random", "/dev/urandom"];
/**
 * Of functions and data that a library takes by their places.
 * @typedef {Record<"GOT.func" | "GOT.mem", Record<string, number>>} Places
 */
/** Code in JavaScript, which a library brings as text. */
const SCRIPTS = /^__(?:em_js__|start_em_asm$)/;

/**
 * @typedef {object} Loaded
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Exports} exports
 * @property {number} memoryBase
 * @property {number} tableBase
 * @property {Places} places
 * @property {boolean} drew random numbers
 * @property {Uint8Array} fresh what memory held of it before anything of it ran
 */

/**
 * What a snapshot tells of a library.
 * @typedef {{name: string, handles: number[], memoryBase: number, tableBase: number, places: Places}} Library
 */

/**
 * All of them, in the order in which they were loaded. `functions`: index, name, and which library exports it; none for
 * the interpreter itself.
 * @typedef {{first: number, length: number, libraries: Library[], functions: [number, string, number | null][]}} Libraries
 */

/**
 * Watch from here on what is loaded.
 * @param {any} pyodide
 * @param {number} own how many functions the interpreter's module itself brings
 * @param {string[]} harmless libraries that draw random numbers for nothing but their hash tables
 */
export function watchLibraries(pyodide, own, harmless) {
  const runtime = pyodide._module;
  const { LDSO, GOT, FS, wasmTable: table, getDylinkMetadata } = runtime;
  const ours = LDSO.loadedLibsByName[MAIN].exports;
  table.grow(FIRST - table.length);
  /** @type {Loaded[]} */
  const loaded = [];
  /** Functions of the interpreter with a second place. @type {Map<string, number>} */
  const moved = new Map();

  /** @param {string} name @param {number} index */
  const placeOf = (name, index) => {
    if (index < own || index >= FIRST) {
      return index;
    }
    const place = moved.get(name) ?? table.grow(1);
    table.set(place, table.get(index));
    moved.set(name, place);
    return place;
  };

  let fromDevice = false;
  for (const path of DEVICES) {
    const { stream_ops } = FS.getDevice(FS.lookupPath(path).node.rdev);
    const { read } = stream_ops;
    stream_ops.read = (/** @type {any[]} */ ...request) => {
      fromDevice = true;
      return read(...request);
    };
  }

  /** @param {Loaded} library @param {number} index @returns {Library} */
  const told = ({ module, exports, memoryBase, tableBase, places, drew }, index) => {
    const name = namesOf(LDSO)[index];
    const dso = LDSO.loadedLibsByName[name];
    const file = name.slice(name.lastIndexOf("/") + 1);
    if (dso.global || getDylinkMetadata(module).neededDynlibs.length > 0) {
      throw new Error(`${file} shares its functions with other libraries`);
    }
    if (Object.keys(exports).some((each) => SCRIPTS.test(each))) {
      throw new Error(`${file} brings JavaScript`);
    }
    if ((drew || fromDevice) && !harmless.includes(file.split(".")[0])) {
      throw new Error(`${file} may have drawn a seed, which would be the same in each browser`);
    }
    const handles = Object.keys(LDSO.loadedLibsByHandle).filter((handle) => LDSO.loadedLibsByHandle[handle] === dso);
    return { name, handles: handles.map(Number), memoryBase, tableBase, places };
  };

  const { Instance } = WebAssembly;
  WebAssembly.Instance = /** @type {any} */ (
    function Instantiated(/** @type {WebAssembly.Module} */ module, /** @type {any} */ imports) {
      if (!imports?.["GOT.func"]) {
        return new Instance(module, imports);
      }
      const { __memory_base: memoryBase, __table_base: tableBase } = imports.env;
      /** @type {{kind: keyof Places, name: string}[]} */
      const asked = WebAssembly.Module.imports(module).flatMap(({ module: kind, name }) =>
        kind === "GOT.func" || kind === "GOT.mem" ? [{ kind, name }] : [],
      );
      /** @type {Record<keyof Places, Record<string, WebAssembly.Global>>} */
      const globals = { "GOT.func": {}, "GOT.mem": {} };
      /** @type {Places} */
      const places = { "GOT.func": {}, "GOT.mem": {} };
      for (const { kind, name } of asked) {
        globals[kind][name] = new WebAssembly.Global({ value: "i32", mutable: true }, -1);
        void imports[kind][name]; // makes it known, to be found below
      }
      let drew = false;
      const env = new Proxy(imports.env, {
        get(all, name) {
          const found = all[name];
          if (typeof name !== "string" || !DRAWS.test(name)) {
            return found;
          }
          return (/** @type {any[]} */ ...request) => {
            drew = true;
            return found(...request);
          };
        },
      });
      const { exports } = new Instance(module, { ...imports, ...globals, env });
      const end = memoryBase + getDylinkMetadata(module).memorySize;
      loaded.push({
        module,
        exports,
        memoryBase,
        tableBase,
        places,
        fresh: runtime.HEAPU8.slice(memoryBase, end),
        get drew() {
          return drew;
        },
      });
      const relocate = /** @type {undefined | (() => void)} */ (exports.__wasm_apply_data_relocs);
      const __wasm_apply_data_relocs = () => {
        for (const { kind, name } of asked) {
          const { value } = GOT[name];
          places[kind][name] = kind === "GOT.func" ? placeOf(name, value) : value;
          globals[kind][name].value = places[kind][name];
        }
        relocate?.();
      };
      return { exports: { ...exports, __wasm_apply_data_relocs } };
    }
  );

  return {
    names: () => namesOf(LDSO),
    /** What memory holds of each before it runs: those parts of it, and where. @returns {[number, Uint8Array][]} */
    fresh: () => loaded.map(({ memoryBase, fresh }) => [memoryBase, fresh]),
    /** @returns {Libraries} @throws {Error} that says why a snapshot cannot have them */
    found() {
      if (namesOf(LDSO).length !== loaded.length) {
        throw new Error("a library could not be loaded");
      }
      return { first: FIRST, length: table.length, libraries: loaded.map(told), functions: functionsOf(table, loaded, ours, getDylinkMetadata) };
    },
  };
}

/** @param {any} LDSO Emscripten's list of what is loaded @returns {string[]} */
const namesOf = (LDSO) => Object.keys(LDSO.loadedLibsByName).filter((name) => name !== MAIN);

/**
 * What is in the table beside the libraries' own parts.
 * @param {WebAssembly.Table} table
 * @param {Loaded[]} loaded
 * @param {Record<string, unknown>} ours
 * @param {(module: WebAssembly.Module) => {tableSize: number}} metadataOf
 * @returns {Libraries["functions"]}
 * @throws {Error} when something else is there
 */
function functionsOf(table, loaded, ours, metadataOf) {
  /** @type {Map<unknown, [string, number | null]>} */
  const known = new Map(Object.entries(ours).map(([name, value]) => [value, [name, null]]));
  loaded.forEach(({ exports }, library) => {
    for (const [name, value] of Object.entries(exports)) {
      known.set(value, [name, library]);
    }
  });
  const parts = loaded.map(({ module, tableBase }) => [tableBase, tableBase + metadataOf(module).tableSize]);
  /** @type {Libraries["functions"]} */
  const found = [];
  for (let index = FIRST; index < table.length; index++) {
    const value = table.get(index);
    if (value === null || parts.some(([start, end]) => start <= index && index < end)) {
      continue;
    }
    const origin = known.get(value);
    if (!origin) {
      throw new Error("the app makes a function of C when it is imported (a callback of ctypes)");
    }
    found.push([index, ...origin]);
  }
  return found;
}
