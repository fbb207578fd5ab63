// Makes the memory snapshot of a bundle, in Node: the interpreter as it is once `worker_py`, the
// app and its requirements are imported.
//
//   node snapshot.mjs CONFIG.json OUT
//
// CONFIG: {pyodide, library, tidy, wheels: [...], archive, describe, trace, compiler, compiled, module, attribute, native,
// harmless, bare, seed, limitS, base}, the first six paths. `base`: {memory, zone}, what an earlier run with null there made
// and answered (with `filled`, behind which many bytes a new module's memory is empty): the interpreter before an app is
// installed, whose start takes most of the time and is the same for all apps.
// That run takes `pyodide`, `library`, `seed` and `wheels` alone: that of worker_py, which is imported there (its files are
// not in that memory), or none. `compiler`: what `compiler.mjs` takes to put the app's files, compiled, into the archive
// `compiled`, which is not there when that fails; or null. `native`: the wheels hold machine code, so note which libraries
// the app loads, of which the `harmless` may draw random numbers (`libraries.mjs`). `trace`: null, or the path of
// `trace_imports.py`: say which modules the app imports that have nothing to do with such libraries, and make no snapshot.
// `bare`: these, to import instead of the app, or null.
//
// OUT gets the sparse snapshot that `static/worker/snapshot.js` reads: without the pages that a freshly instantiated module
// holds anyway. The last line on stdout is JSON: {"tookS": …}, how long the import took, with "loaded", the libraries, and
// "refused", why what was imported cannot be frozen; or with "bare", those modules; or {"failed": …, "slow": …}, how the
// import failed, as `describe.py` tells it, and whether that was because it took longer than the limit.
//
// Two runs with the same input give the same bytes, on any machine: clocks, hash seed, file times,
// language and random numbers are fixed, the last by `seed`.

import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { compile } from "./compiler.mjs";
import { answer, beforePyodide, close, fail, timeLimit } from "./fence.mjs";
import { watchLibraries } from "./libraries.mjs";

const PAGE = 4096;
const MAGIC = "WPYSNAP2";
const EPOCH_MS = 1_700_000_000_000;
/** From the largest pieces to the smallest; with larger ones the heap would grow. */
const FREE_SIZES = [...Array.from({ length: 10 }, (_, index) => 32768 >> index), 56, 48, 40, 32, 24, 16, 8];

const [, , configPath, outPath] = process.argv;
const config = JSON.parse(fs.readFileSync(configPath, "utf8"));

/** @param {string} file */
const read = (file) => new Uint8Array(fs.readFileSync(file));

fixClocks();
fixRandomNumbers();
beforePyodide();
const functions = watchFunctions();
const fresh = captureFreshMemory();

try {
  const pyodide = await load();
  if (config.base) {
    const { snapshot, libraries, watched, ...result } = make(pyodide);
    if (snapshot) {
      const before = /** @type {[number, Uint8Array][]} */ ([[0, fresh.memory()], ...(watched?.fresh() ?? [])]);
      fs.writeFileSync(outPath, encode(snapshot, before, config.base.zone, libraries));
    }
    if (config.compiler && (!result.failed || result.failed.untried)) {
      compileApp(pyodide);
    }
    answer(result);
  } else {
    if (config.wheels.length > 0) {
      install(pyodide);
      close();
      pyodide.pyimport("worker_py._pyodide").destroy();
    }
    fs.writeFileSync(outPath, pyodide.makeMemorySnapshot());
    answer({ zone: fresh.zone(), filled: fresh.filled() });
  }
} catch (error) {
  fail(error);
}

/**
 * @param {any} pyodide
 * @returns {{
 *   tookS?: number, snapshot?: Uint8Array, watched?: ReturnType<typeof watchLibraries> | null,
 *   libraries?: import("./libraries.mjs").Libraries, loaded?: string[], refused?: string, bare?: string[], failed?: any,
 *   slow?: boolean,
 * }}
 */
function make(pyodide) {
  // What Python prints while it imports the app is not for the build's output.
  pyodide.setStdout({ batched: () => {} });
  pyodide.setStderr({ batched: () => {} });
  install(pyodide);
  const [describe, tidying] = [config.describe, config.tidy].map((file) => new TextDecoder().decode(read(file)));
  const trace = config.trace ? traceImports(pyodide) : null;
  close();
  const watched = config.native ? watchLibraries(pyodide, functions.own(), config.harmless) : null;
  functions.begin();
  const limit = timeLimit(pyodide, config.limitS);
  let tookS = 0;
  try {
    const host = pyodide.pyimport("worker_py._pyodide");
    limit.begin(config.module);
    trace?.begin();
    host.prepare(config.module, config.attribute, config.bare ? pyodide.toPy(config.bare) : undefined);
    trace?.end();
    tookS = limit.tookS();
    limit.end();
    host.destroy();
  } catch (error) {
    tookS = limit.tookS();
    const slow = limit.end();
    if (/** @type {any} */ (error)?.type !== "CannotBeFrozen") {
      return { failed: described(pyodide, describe, error), slow };
    }
    return { refused: lastLine(error), tookS };
  }
  if (trace) {
    return { bare: JSON.parse(trace.pure()), tookS };
  }
  const loaded = watched?.names() ?? [];
  try {
    refuseOpenFiles(pyodide);
    functions.refuseLookedUp();
    const libraries = watched?.found();
    if (!watched) {
      functions.refuseKept();
    }
    tidy(pyodide, tidying);
    return { snapshot: pyodide.makeMemorySnapshot(), libraries, watched, loaded, tookS };
  } catch (error) {
    return { refused: lastLine(error), loaded, tookS };
  }
}

/** @param {any} pyodide  where the app may have changed what this needs: then the archive is not made */
function compileApp(pyodide) {
  try {
    compile(pyodide, config.compiler, [[config.archive, config.compiled]]);
  } catch {
    fs.rmSync(config.compiled, { force: true });
  }
}

/** @param {any} pyodide @returns {any} the `Trace` of `trace_imports.py` */
function traceImports(pyodide) {
  const globals = pyodide.toPy({ __name__: "trace_imports" });
  pyodide.runPython(new TextDecoder().decode(read(config.trace)), { globals, filename: "<trace>" });
  return globals.get("Trace")();
}

/** @param {unknown} error the last line of a traceback says what was raised */
function lastLine(error) {
  const text = String(/** @type {any} */ (error)?.message ?? error);
  return text.trim().split("\n").at(-1)?.replace(/^[\w.]+\.CannotBeFrozen: /, "");
}

/**
 * @param {any} pyodide
 * @param {string} script the text of `describe.py`
 * @param {unknown} error
 */
function described(pyodide, script, error) {
  const message = String(/** @type {any} */ (error)?.message ?? error).trim();
  const text = error instanceof ReferenceError ? "it ends the interpreter (os._exit)" : message; // by `process`
  try {
    const globals = pyodide.toPy({ __name__: "describe" });
    pyodide.runPython(script, { globals });
    return JSON.parse(globals.get("describe")());
  } catch {
    return { type: "", text, traceback: text }; // the interpreter has died
  }
}

async function load() {
  const { loadPyodide } = await import(pathToFileURL(path.join(config.pyodide, "pyodide.mjs")).href);
  return loadPyodide({
    _makeSnapshot: true,
    ...(config.base && { _loadSnapshot: read(config.base.memory) }),
    _sysExecutable: "./this.program", // as in a browser
    stdLibURL: config.library,
    args: [],
    env: { HOME: "/home/pyodide", LANG: "en_US.UTF-8", PYTHONHASHSEED: "0", PYTHONINSPECT: "1", PATH: "/" },
  });
}

/**
 * Put the wheels and the app where the worker puts them too. Pyodide's own `unpackArchive` goes
 * through temporary files with random names, which would be different in each snapshot.
 * @param {any} pyodide
 */
function install(pyodide) {
  const shutil = pyodide.pyimport("shutil");
  const sysconfig = pyodide.pyimport("sysconfig");
  const sitePackages = sysconfig.get_path("purelib");
  sysconfig.destroy();
  const importlib = pyodide.pyimport("importlib");
  /** @param {string} archive @param {string} directory */
  const unpack = (archive, directory) => {
    pyodide.FS.writeFile("/archive.zip", read(archive));
    shutil.unpack_archive("/archive.zip", directory, "zip");
    pyodide.FS.unlink("/archive.zip");
  };
  for (const wheel of config.wheels) {
    unpack(wheel, sitePackages);
  }
  if (config.archive) {
    unpack(config.archive, "/app");
  }
  importlib.invalidate_caches(); // the clock stands still, so directories never look changed
  shutil.destroy();
  importlib.destroy();
}

/**
 * Leave as little as possible behind in memory, and nothing of what is not there any more.
 * @param {any} pyodide
 * @param {string} script the text of `tidy.py`
 */
function tidy(pyodide, script) {
  const globals = pyodide.toPy({ __name__: "tidy" });
  pyodide.runPython(script, { globals, filename: "<tidy>" });
  globals.get("tidy")();
  globals.destroy();
  fillFree(pyodide._module);
}

/**
 * Fill with zeros what is free below the last byte that is used: the heap must not grow by that.
 * @param {any} module Pyodide's
 */
function fillFree(module) {
  let end = module.HEAPU32.length;
  while (module.HEAPU32[end - 1] === 0) {
    end--;
  }
  /** @type {number[]} */
  const taken = [];
  for (const size of FREE_SIZES) {
    for (;;) {
      const place = module._malloc(size);
      if (place === 0) {
        break;
      }
      if (place + size > end * 4) {
        module._free(place);
        break;
      }
      module.HEAPU8.fill(0, place, place + size);
      taken.push(place);
    }
  }
  for (const place of taken) {
    module._free(place);
  }
}

/**
 * A file that was opened before the snapshot is dead after it.
 * @param {any} pyodide
 */
function refuseOpenFiles(pyodide) {
  for (const stream of pyodide.FS.streams.slice(3)) {
    if (stream) {
      throw new Error(`the app keeps a file open when it is imported: ${stream.path}`);
    }
  }
}

/**
 * The table of functions is not in the snapshot, and engines count what comes behind the module's own differently: an
 * index into that part must not be in the memory.
 */
function watchFunctions() {
  /** @type {WebAssembly.Table | undefined} */
  let table;
  let own = 0;
  let before = 0;
  let lookedUp = false;
  return {
    /** The module is about to be made. @param {any} imports */
    watch(imports) {
      const lookUp = imports.env._dlsym_js;
      imports.env._dlsym_js = (/** @type {any[]} */ ...what) => {
        const index = lookUp(...what);
        lookedUp ||= index >= own && index < before;
        return index;
      };
    },
    /** It was made. @param {any} exports */
    made(exports) {
      table ??= exports.__indirect_function_table;
      own ||= table?.length ?? 0;
    },
    own: () => own,
    /** What is imported from now on is the app's. */
    begin() {
      before = table?.length ?? 0;
    },
    /** @throws {Error} when the app keeps such an index */
    refuseKept() {
      for (let index = before; index < (table?.length ?? 0); index++) {
        if (table?.get(index)) {
          throw new Error("the app makes a function of C when it is imported (a callback of ctypes)");
        }
      }
    },
    /** @throws {Error} when the app has such an index, which it may keep */
    refuseLookedUp() {
      if (lookedUp) {
        throw new Error("the app looks up a function of C when it is imported (ctypes.pythonapi)");
      }
    },
  };
}

/** Time stands still, so that two snapshots of the same input are the same. */
function fixClocks() {
  const RealDate = Date;
  globalThis.Date = /** @type {any} */ (
    class extends RealDate {
      /** @param {any[]} args */
      constructor(...args) {
        super(...(args.length ? args : [EPOCH_MS]));
      }
      static now() {
        return EPOCH_MS;
      }
    }
  );
  performance.now = () => 0;
}

/**
 * What is drawn while the app is imported is in the bundle for everybody to see; so it may as well
 * be the same each time.
 */
function fixRandomNumbers() {
  let count = 0;
  /** @template {ArrayBufferView} T @param {T} view @returns {T} */
  const fill = (view) => {
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    const next = () => crypto.createHash("sha256").update(`${config.seed} ${count++}`).digest();
    for (let start = 0; start < bytes.length; start += 32) {
      next().copy(bytes, start);
    }
    return view;
  };
  crypto.randomFillSync = /** @type {any} */ (fill);
  crypto.webcrypto.getRandomValues = /** @type {any} */ (fill);
  Math.random = () => 0.5;
}

/** Keeps a copy of the module's memory as it is right after instantiation. */
function captureFreshMemory() {
  /** @type {Uint8Array | null} */
  let copy = null;
  /** @type {number[]} */
  let zone = [];
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = /** @type {any} */ (
    async (/** @type {any} */ source, /** @type {any} */ imports) => {
      const writeZone = imports?.env?._tzset_js;
      if (writeZone) {
        imports.env._tzset_js = (/** @type {number[]} */ ...places) => {
          zone = places;
          writeZone(...places);
        };
        functions.watch(imports);
      }
      const result = /** @type {any} */ (await instantiate(source, imports));
      const { exports } = result.instance ?? result;
      functions.made(exports);
      const { memory } = exports;
      if (memory && !copy) {
        copy = new Uint8Array(memory.buffer).slice();
      }
      return result;
    }
  );
  const memory = () => /** @type {Uint8Array} */ (/** @type {unknown} */ (copy));
  return {
    memory,
    zone: () => zone,
    /** Behind how many bytes there is nothing in it. */
    filled() {
      const words = new Uint32Array(memory().buffer);
      let end = words.length;
      while (words[end - 1] === 0) {
        end--;
      }
      return Math.ceil((end * 4) / PAGE) * PAGE;
    },
  };
}

/**
 * The bits that are others than in fresh memory.
 * @param {Uint8Array} page
 * @param {Uint8Array} before
 */
function difference(page, before) {
  if (before.length === 0) {
    return page;
  }
  const words = new Uint32Array(Uint8Array.from(page).buffer);
  const fresh = new Uint32Array(before.buffer, before.byteOffset, words.length);
  for (let index = 0; index < words.length; index++) {
    words[index] ^= fresh[index];
  }
  return new Uint8Array(words.buffer);
}

/**
 * @param {Uint8Array} snapshot Pyodide's: a header, then the heap
 * @param {[number, Uint8Array][]} freshMemory what is in it before anything runs, and where
 * @param {number[]} zone where the memory holds the time zone
 * @param {import("./libraries.mjs").Libraries | undefined} libraries
 */
function encode(snapshot, freshMemory, zone, libraries) {
  const prefixBytes = new Uint32Array(snapshot.buffer, snapshot.byteOffset, 2)[1];
  const heap = Buffer.from(snapshot.buffer, snapshot.byteOffset + prefixBytes, snapshot.length - prefixBytes);
  const [[, filled]] = freshMemory; // what compiled code writes is under its pages, not in them
  const was = Buffer.alloc(heap.length);
  for (const [start, content] of freshMemory) {
    was.set(content.subarray(0, heap.length - start), start);
  }
  const changed = [];
  for (let page = 0; page * PAGE < heap.length; page++) {
    const [start, end] = [page * PAGE, (page + 1) * PAGE];
    if (!heap.subarray(start, end).equals(was.subarray(start, end))) {
      changed.push(page);
    }
  }
  const header = Buffer.from(
    JSON.stringify({ heap: heap.length, zone, prefix: prefixBytes, pages: changed.length, libraries }),
  );
  const start = MAGIC.length + 4;
  const padded = Math.ceil((start + header.length) / 4) * 4 - start;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(padded);
  const bytes = Buffer.concat([
    Buffer.from(MAGIC),
    length,
    header,
    Buffer.alloc(padded - header.length, 0x20),
    Buffer.from(new Uint32Array(changed).buffer),
    Buffer.from(snapshot.buffer, snapshot.byteOffset, prefixBytes),
    ...changed.map((page) => difference(heap.subarray(page * PAGE, (page + 1) * PAGE), filled.subarray(page * PAGE))),
  ]);
  return bytes;
}
