/**
 * Loading the interpreter with `worker_py` and the app of the bundle: from the bundle's memory
 * snapshot, or from nothing when there is none or it cannot be used.
 *
 * @module
 */

import { bundle } from "./bundle.js";
import { download, downloadNow, importModule, locate } from "./downloads.js";
import { LateFiles } from "./late_files.js";
import { ModuleFile } from "./module_file.js";
import { phaseClock } from "./phase_clock.js";
import { parseSnapshot, snapshotLoader } from "./snapshot.js";
import { SnapshotFile } from "./snapshot_file.js";
import { zipFiles } from "./zip.js";

/**
 * What the worker holds of Python; each call returns in how many milliseconds the loop wants its
 * next turn, negative for never.
 * @typedef {{
 *   deliver: (page: string, text: string) => number,
 *   detach: (page: string, reason: string) => number,
 *   turn: () => number,
 *   hear: (callId: string, kept: string | null) => void,
 *   configure: (file: string) => number,
 *   remember: (kept: string) => void,
 *   starts_with_kept: boolean,
 *   slice_limit_ms: number,
 *   page_grace_s: number,
 *   phases: Record<string, number>,
 *   parts: Record<string, number>,
 *   plainBecause: string | null,
 * }} Runtime
 */

/**
 * What the boot needs of its worker.
 * @typedef {{
 *   progress: (phase: string, fraction: number) => void,
 *   post: (page: string, text: string) => void,
 *   keep: (callId: string, kept: string | null | undefined) => void,
 *   kept: () => Promise<Record<string, string>>,
 *   wake: () => void,
 *   fatal: (error: unknown) => void,
 *   holding: () => void,
 *   interruptBuffer: typeof import("./interrupt.js").interruptBuffer,
 *   watchBlockingRequests: typeof import("./interrupt.js").watchBlockingRequests,
 * }} Outside
 */

/** The app itself cannot be loaded: trying again would change nothing. */
class AppError extends Error {
  permanent = true;
}

/** @param {Outside} outside @returns {Promise<Runtime>} */
export async function boot(outside) {
  const clock = phaseClock(outside.progress);
  let plainBecause = bundle.withoutSnapshot ?? "the bundle has no snapshot";
  if (bundle.snapshot) {
    try {
      const file = new SnapshotFile(bundle.snapshot);
      const module = new ModuleFile(MODULE);
      const places = [libraryPlace(), ...packagePlaces()];
      const first = bundle.bare ? archivesOf(places) : bundle.libraries.map(({ archive }) => archive);
      const early = downloads(first);
      const restoring = restored(file, module.compiled, clock, early);
      const place = whereItRuns(); // while the downloads come
      const pyodide = await restoring;
      clock.enter("app", 0.9);
      const holding = new Holding(outside.holding);
      const late = lateFiles(pyodide, places, holding, early);
      if (bundle.bare) {
        await late.mount();
      }
      const runtime = await run(pyodide, outside, holding, place);
      clock.enter("ready", 1);
      late
        .mount()
        .catch((error) => console.warn(`worker-py: files will be loaded when they are needed: ${error.message}`));
      file.keepLater();
      module.keepLater();
      const parts = clock.parts(locate(MODULE));
      return { ...runtime, phases: clock.phases, parts, plainBecause: null };
    } catch (error) {
      plainBecause = `the snapshot could not be used: ${/** @type {Error} */ (error).message}`;
      console.warn(`worker-py: ${plainBecause}`);
    }
  }
  const holding = new Holding(outside.holding);
  const pyodide = await loaded(clock, holding);
  clock.enter("app", 0.9);
  const runtime = await run(pyodide, outside, holding, whereItRuns());
  clock.enter("ready", 1);
  return { ...runtime, phases: clock.phases, parts: {}, plainBecause };
}

// From the snapshot -------------------------------------------------------------------------------

/**
 * @param {SnapshotFile} file
 * @param {Promise<WebAssembly.Module>} module
 * @param {import("./phase_clock.js").PhaseClock} clock
 * @param {Map<string, Promise<ArrayBuffer>>} early archives on their way, those of the libraries among them
 * @returns {Promise<any>}
 */
async function restored(file, module, clock, early) {
  clock.enter("download", 0.05);
  const loader = importModule(`${bundle.pyodideUrl}pyodide.mjs`);
  const glue = importModule(`${bundle.pyodideUrl}pyodide.asm.mjs`);
  for (const part of [file.content, module, loader, glue]) {
    part.then(
      () => clock.advance(0.1),
      () => {},
    );
  }
  clock.note("compiled", module);
  clock.note("read", file.content);
  clock.note("verified", file.verified);
  const replay = compiledCode(early);
  for (const part of [module, glue, replay]) {
    part.catch(() => {}); // awaited on the way; a failure before that is not unhandled
  }
  const { loadPyodide } = await loader;
  const library = locate(NO_LIBRARY);
  const { options, broken, unhook } = snapshotLoader({
    glue,
    module,
    replay,
    snapshot: async () => {
      const content = await file.content;
      clock.enter("memory", 0.5);
      return parseSnapshot(content);
    },
    laid: async () => {
      await file.verified;
      clock.enter("runtime", 0.6);
    },
    urls: { wasm: locate(MODULE), library },
    filled: bundle.filled,
  });
  try {
    const loading = loadPyodide({
      ...options,
      indexURL: locate(bundle.pyodideUrl),
      stdLibURL: library,
      lockFileContents: JSON.stringify({ info: bundle.lockInfo, packages: {} }),
      packageBaseUrl: locate(BUNDLE),
    });
    const pyodide = await Promise.race([loading, broken]);
    pyodide.FS.unlink(`${LIBRARY}/${LIBRARY_ARCHIVE}`); // a traceback would trip over the empty one
    return pyodide;
  } finally {
    unhook();
  }
}

/**
 * What puts the compiled code of a snapshot in place.
 * @param {Map<string, Promise<ArrayBuffer>>} early
 * @returns {Promise<import("./snapshot.js").Replay>}
 */
async function compiledCode(early) {
  if (bundle.libraries.length === 0) {
    return () => {};
  }
  const { prepare } = await import("./libraries.js");
  return prepare(bundle.libraries, (archive) => early.get(archive) ?? download(archive), zipFiles);
}

const MODULE = `${bundle.pyodideUrl}pyodide.asm.wasm`;
/** There is no such file: `snapshot.js` answers for it. */
const NO_LIBRARY = "empty.zip";
const BUNDLE = "../../";
const [MAJOR, MINOR] = bundle.lockInfo.python.split(".");
const LIBRARY = "/lib";
const LIBRARY_ARCHIVE = `python${MAJOR}${MINOR}.zip`;
const SITE_PACKAGES = `/lib/python${MAJOR}.${MINOR}/site-packages`;

/** @typedef {import("./late_files.js").LatePlace} LatePlace */
/** @returns {LatePlace} */
const libraryPlace = () => ({
  directory: LIBRARY,
  name: LIBRARY_ARCHIVE,
  archives: [`${bundle.pyodideUrl}python_stdlib.zip`],
});
/** @returns {LatePlace[]} */
const packagePlaces = () => [
  { directory: SITE_PACKAGES, archives: bundle.wheels },
  { directory: "/app", archives: [bundle.app.archive] },
];

/** @param {LatePlace[]} places */
const archivesOf = (places) => places.flatMap(({ archives }) => archives);

/** @param {string[]} archives @returns {Map<string, Promise<ArrayBuffer>>} those, on their way */
function downloads(archives) {
  const coming = new Map(archives.map((path) => [path, download(path)]));
  for (const part of coming.values()) {
    part.catch(() => {}); // awaited on the way; a failure before that is not unhandled
  }
  return coming;
}

/**
 * @param {any} pyodide
 * @param {LatePlace[]} places
 * @param {Holding} holding
 * @param {Map<string, Promise<ArrayBuffer>>} early what is on its way
 */
function lateFiles(pyodide, places, holding, early) {
  return new LateFiles(pyodide.FS, places, {
    download: (path) => early.get(path) ?? download(path),
    downloadNow,
    holding: (get) => holding.during(get),
  });
}

// From nothing ------------------------------------------------------------------------------------

/** @param {import("./phase_clock.js").PhaseClock} clock @param {Holding} holding @returns {Promise<any>} */
async function loaded(clock, holding) {
  clock.enter("runtime", 0.05);
  const early = downloads(archivesOf(packagePlaces()));
  const pyodide = await interpreter();
  clock.enter("packages", 0.6);
  await lateFiles(pyodide, packagePlaces(), holding, early).mount();
  return pyodide;
}

/**
 * Pyodide loads its own parts unverified, and may wait for ever for one that is damaged. So they are
 * in the browser's cache before, and whole.
 * @returns {Promise<any>}
 */
async function interpreter() {
  const [lock] = await Promise.all([bundle.lock, ...PARTS.map((name) => `${bundle.pyodideUrl}${name}`)].map(download));
  const { loadPyodide } = await importModule(`${bundle.pyodideUrl}pyodide.mjs`);
  const { default: createPyodideModule } = await importModule(`${bundle.pyodideUrl}pyodide.asm.mjs`);
  return loadPyodide({
    indexURL: locate(bundle.pyodideUrl),
    createPyodideModule,
    lockFileContents: new TextDecoder().decode(lock),
    packageBaseUrl: locate(BUNDLE),
    checkAPIVersion: true,
  });
}

const PARTS = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"];

// The app -----------------------------------------------------------------------------------------

/** Time in which the worker is held for files that the app's code reaches for: it is no handler's. */
class Holding {
  /** It goes on. */
  now = false;
  /** What runs then has its whole time again. */
  renew = () => {};
  #tell;

  /** @param {() => void} tell tells the pages that no answer comes for a while */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @template T @param {() => T} get @returns {T} */
  during(get) {
    this.#tell();
    this.now = true;
    try {
      return get();
    } finally {
      this.now = false;
      this.renew();
    }
  }
}

/**
 * @param {any} pyodide
 * @param {Outside} outside
 * @param {Holding} holding
 * @param {Place} place
 */
async function run(pyodide, outside, holding, place) {
  pyodide._api.on_fatal = outside.fatal;
  const python = startApp(pyodide, outside, await outside.kept(), place);
  if (python.slice_limit_ms) {
    const address = python.beat_address >>> 2;
    const readBeat = () => pyodide._module.HEAPU32[address];
    const buffer = outside.interruptBuffer(readBeat, python.slice_limit_ms);
    pyodide.setInterruptBuffer(buffer);
    python.watch_slices(buffer.left);
    holding.renew = () => {
      pyodide._module.HEAPU32[address]++;
    };
  }
  const { deliver, detach, turn, hear, configure, remember, waited } = python;
  const { starts_with_kept, slice_limit_ms, page_grace_s } = python;
  outside.watchBlockingRequests((origin, ms) => holding.now || waited(`a synchronous request to ${origin}`, ms));
  return { deliver, detach, turn, hear, configure, remember, starts_with_kept, slice_limit_ms, page_grace_s };
}

/**
 * What the interpreter is told of its surroundings. The first question for the time zone loads the browser's tables.
 * @typedef {{zone: string, language: string, agent: string}} Place
 * @returns {Place}
 */
function whereItRuns() {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  return { zone, language: navigator.language, agent: navigator.userAgent };
}

/**
 * @param {any} pyodide
 * @param {Outside} outside
 * @param {Record<string, string>} kept of calls that may still be going on
 * @param {Place} place
 */
function startApp(pyodide, { post, wake, keep }, kept, place) {
  const { module, attribute } = bundle.app;
  const { live, settings } = bundle;
  const host = pyodide.pyimport("worker_py._pyodide");
  try {
    return host.start(JSON.stringify({ module, attribute, kept, live, settings, place }), post, wake, keep);
  } catch (error) {
    throw new AppError(`the app could not be loaded\n${/** @type {Error} */ (error).message}`);
  } finally {
    host.destroy();
  }
}
