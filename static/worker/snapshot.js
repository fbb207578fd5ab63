/**
 * Starting the interpreter from its memory snapshot instead of from nothing.
 *
 * The file holds the pages of memory that differ from those of a freshly instantiated wasm module
 * (see `scripts/worker_py_tool/bundle/snapshot.mjs`): magic, a JSON header, page numbers, Pyodide's own
 * snapshot header, the pages, as the bits that differ from the fresh one's: what differs little packs well.
 * It is laid over the module's memory once the runtime stands, which need not wait for the file.
 *
 * @module
 */

const PAGE = 4096;
const MAGIC = "WPYSNAP2";

/** Pyodide writes it into the file system before Python runs; what would be in it is in the snapshot. */
const EMPTY_ZIP = new Uint8Array([0x50, 0x4b, 5, 6, ...new Uint8Array(18)]);

/** @typedef {import("../../scripts/worker_py_tool/bundle/libraries.mjs").Libraries} Libraries */
/** @typedef {(runtime: any, recorded: Libraries) => void} Replay */

/**
 * `zone`: where the memory holds the time zone; `libraries`: of an app that loads some.
 * @typedef {{
 *   heap: number, zone: number[], libraries?: Libraries, prefix: Uint8Array, pages: Uint32Array, contents: Uint8Array,
 * }} Snapshot
 */

/**
 * @param {ArrayBuffer} buffer the file
 * @returns {Snapshot}
 * @throws {Error} that says what is wrong with it
 */
export function parseSnapshot(buffer) {
  const bytes = new Uint8Array(buffer);
  const text = new TextDecoder();
  if (text.decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new Error("it is not a snapshot of this version");
  }
  const view = new DataView(buffer);
  const start = MAGIC.length + 4;
  const headerLength = view.getUint32(MAGIC.length, true);
  if (start + headerLength > bytes.length) {
    throw new Error("it is truncated");
  }
  const header = JSON.parse(text.decode(bytes.subarray(start, start + headerLength)));
  const { heap, zone, libraries, prefix, pages } = header;
  const list = start + headerLength;
  const behind = list + pages * 4;
  const contents = behind + prefix;
  if (contents + pages * PAGE !== bytes.length) {
    throw new Error(`it has ${bytes.length} bytes instead of ${contents + pages * PAGE}`);
  }
  return {
    heap,
    zone,
    libraries,
    prefix: bytes.subarray(behind, contents),
    pages: new Uint32Array(buffer, list, pages),
    contents: bytes.subarray(contents),
  };
}

/**
 * What a start from a snapshot is made of, each as soon as it is there.
 * @typedef {object} Parts
 * @property {Promise<{default: (settings: any) => Promise<any>}>} glue Pyodide's JavaScript
 * @property {Promise<WebAssembly.Module>} module Pyodide's
 * @property {Promise<Replay>} replay puts the compiled code of the snapshot in place
 * @property {() => Promise<Snapshot>} snapshot called once the runtime stands
 * @property {() => Promise<void>} laid the memory is in place, and nothing runs in it yet
 * @property {{wasm: string, library: string}} urls that `loadPyodide` fetches by itself
 * @property {number} filled behind this many bytes a new module's memory is empty
 */

/**
 * Everything that `loadPyodide` needs to start from a snapshot.
 * @param {Parts} parts
 * @returns {{options: object, broken: Promise<never>, unhook: () => void}} `broken` rejects when the runtime
 *   cannot be made: `loadPyodide` would wait for ever then
 */
export function snapshotLoader({ glue, module, replay, snapshot, laid, urls, filled }) {
  /** Memory as it was before anything ran, as far as there is something in it. */
  let fresh = new Uint8Array(0);
  /** Where the memory holds how far it is used. */
  let breakAt = 0;
  let over = false;
  /** @type {(...places: number[]) => void} */
  let writeZone = () => {};
  /** @type {(error: unknown) => void} */
  let fail = () => {};
  /** @type {Promise<never>} */
  const broken = new Promise((_, reject) => {
    fail = reject;
  });
  broken.catch(() => {}); // whoever loads waits for it; afterwards nobody does

  const unhookFetch = answerInstead(urls);
  const { instantiateStreaming } = WebAssembly;
  const unhook = () => {
    over = true;
    unhookFetch();
    WebAssembly.instantiateStreaming = instantiateStreaming;
  };
  WebAssembly.instantiateStreaming = async (_, imports) => {
    WebAssembly.instantiateStreaming = instantiateStreaming;
    try {
      const compiled = await module;
      writeZone = /** @type {any} */ (imports).env._tzset_js;
      const instance = await WebAssembly.instantiate(compiled, imports);
      const wasmExports = /** @type {any} */ (instance.exports); // `trim.mjs` knows them by this name
      fresh = new Uint8Array(wasmExports.memory.buffer).slice(0, filled);
      breakAt = wasmExports.emscripten_get_sbrk_ptr();
      return { instance, module: compiled };
    } catch (error) {
      fail(error);
      throw error;
    }
  };

  /** @param {any} settings */
  const createPyodideModule = async (settings) => {
    // At once when it is there: what the browser keeps of compiled JavaScript is then this function too.
    const create = (await glue).default;
    if (over) {
      throw new Error("the start from the snapshot was given up");
    }
    const runtime = await create(settings);
    const found = await snapshot();
    lay(runtime, fresh, breakAt, found, await replay);
    writeZone(...found.zone); // what is in it is that of the machine that made the snapshot
    fresh = new Uint8Array(0); // it is large, and the interpreter lives long
    await laid();
    const { restoreSnapshot } = runtime.API;
    runtime.API.restoreSnapshot = () => {
      runtime.API.restoreSnapshot = restoreSnapshot; // else the file would stay in memory with this function
      return restoreSnapshot(found.prefix); // the memory behind it is in place
    };
    importWithoutCompiling(runtime.API);
    return runtime;
  };
  return { options: { _loadSnapshot: new Uint8Array(0), createPyodideModule }, broken, unhook };
}

/**
 * Have `loadPyodide` take what is imported already from where it is. It would have Python compile a line for each, which are
 * the only ones that a boot compiles, and the parser's functions take the browser longer to compile than all that they do.
 * @param {any} API Pyodide's; called once the memory is in place
 */
function importWithoutCompiling(API) {
  const { rawRun, runPythonInternal } = API;
  API.rawRun = (/** @type {string} */ code) => {
    API.rawRun = rawRun;
    if (code !== "import _pyodide_core") {
      return rawRun(code);
    }
    const { _pyodide } = API;
    const { builtins, import_module: find } = _pyodide._base;
    /** @type {Record<string, () => any>} */
    const known = {
      "import importlib; importlib": () => find("importlib"),
      "import __main__; __main__.__dict__": () => find("__main__").__dict__,
      "import builtins; builtins.__dict__": () => builtins.__dict__,
    };
    API._pyodide = { _base: { eval_code: () => builtins.dict() } }; // for the first thing asked for, an empty dict
    API.runPythonInternal = (/** @type {string} */ line) => {
      API._pyodide = _pyodide;
      const answer = known[line];
      delete known[line];
      if (!answer || Object.keys(known).length === 0) {
        API.runPythonInternal = runPythonInternal;
      }
      return answer ? answer() : runPythonInternal(line);
    };
    return [0, ""]; // it is imported
  };
}

/** Answer what `loadPyodide` fetches by itself, once. @param {Parts["urls"]} urls */
function answerInstead({ wasm, library }) {
  const { fetch } = globalThis;
  const answers = new Map([
    [wasm, () => new Response()], // it comes as `module`, and is not fetched twice
    [library, () => new Response(EMPTY_ZIP)],
  ]);
  globalThis.fetch = async (input, options) => {
    const answer = answers.get(String(input));
    answers.delete(String(input)); // who asks again is not `loadPyodide`
    return answer ? answer() : fetch(input, options);
  };
  return () => {
    globalThis.fetch = fetch;
  };
}

/**
 * Make the memory what it was when the snapshot was taken, but for one word: where this engine's table of functions has
 * the one through which CPython calls C. The table of JavaScriptCore is not that of the Node.js that made the snapshot,
 * and on iOS Pyodide goes without (0).
 * @param {any} runtime
 * @param {Uint8Array} fresh what the pages hold that the snapshot leaves out
 * @param {number} breakAt where the memory holds how far it is used; nothing has been written behind that
 * @param {Snapshot} snapshot
 * @param {Replay} replay
 */
function lay(runtime, fresh, breakAt, { heap, pages, contents, libraries }, replay) {
  const used = runtime.HEAPU8.length; // starting the runtime may have taken more than there was
  if (used < heap && !runtime.growMemory(heap)) {
    throw new Error(`there is no memory for its ${heap} bytes`);
  }
  const memory = /** @type {Uint8Array} */ (runtime.HEAPU8);
  const words = new DataView(memory.buffer);
  const trampoline = runtime.__PyRuntime + words.getInt32(runtime.__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET, true);
  const own = words.getInt32(trampoline, true);
  const behind = words.getUint32(breakAt, true);
  memory.set(fresh);
  memory.fill(0, fresh.length, behind);
  if (libraries) {
    replay(runtime, libraries); // each writes its data
  }
  pages.forEach((page, index) => {
    const start = page * PAGE;
    const content = contents.subarray(index * PAGE, (index + 1) * PAGE);
    if (start >= fresh.length) {
      memory.set(content, start);
    } else {
      for (let at = 0; at < PAGE; at++) {
        memory[start + at] ^= content[at];
      }
    }
  });
  words.setInt32(trampoline, own, true);
}
