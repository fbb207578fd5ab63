/**
 * Loading the interpreter with `worker_py` and the app of the bundle: from the bundle's memory
 * snapshot, or from nothing when there is none or it cannot be used.
 *
 * @module
 */

import { bundle } from "./bundle.js";
import { parseSnapshot, snapshotLoader } from "./snapshot.js";

/**
 * What the worker holds of Python; each call returns in how many milliseconds the loop wants its
 * next turn, negative for never.
 * @typedef {{
 *   deliver: (page: string, text: string) => number,
 *   detach: (page: string, reason: string) => number,
 *   turn: () => number,
 *   slice_limit_ms: number,
 *   page_grace_s: number,
 *   phases: Record<string, number>,
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
 *   interruptBuffer: typeof import("./interrupt.js").interruptBuffer,
 * }} Outside
 */

/** The app itself cannot be loaded: trying again would change nothing. */
class AppError extends Error {
  permanent = true;
}

const ATTEMPTS = 3;
const ATTEMPT_AFTER_MS = 500;

/** @param {string} path relative to the bundle's modules */
const locate = (path) => new URL(path, import.meta.url).href;

/**
 * @param {string} path
 * @param {RequestInit} [options]
 */
async function download(path, options) {
  const url = locate(path);
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, options);
      if (!response.ok) {
        throw new Error(`HTTP ${response.status}`);
      }
      return await response.arrayBuffer();
    } catch (error) {
      if (attempt === ATTEMPTS) {
        throw new Error(`${url} could not be loaded: ${/** @type {Error} */ (error).message}`);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, ATTEMPT_AFTER_MS * 2 ** attempt));
  }
}

/** @param {Outside} outside @returns {Promise<Runtime>} */
export async function boot(outside) {
  const clock = phaseClock(outside.progress);
  clock.enter("runtime", 0.05);
  let plainBecause = null;
  if (bundle.snapshot) {
    try {
      const pyodide = await restored(bundle.snapshot);
      clock.enter("app", 0.9);
      const interrupts = { buffer: undefined };
      const late = lateFiles(pyodide, interrupts);
      const runtime = await run(pyodide, outside, interrupts, late.mountNow);
      clock.enter("ready", 1);
      late.mountSoon();
      return { ...runtime, phases: clock.phases, plainBecause };
    } catch (error) {
      plainBecause = `the snapshot could not be used: ${/** @type {Error} */ (error).message}`;
      console.warn(`worker-py: ${plainBecause}`);
    }
  } else {
    plainBecause = bundle.withoutSnapshot ?? "the bundle has no snapshot";
  }
  const pyodide = await loaded(clock);
  clock.enter("app", 0.9);
  const runtime = await run(pyodide, outside, { buffer: undefined }, () => {});
  clock.enter("ready", 1);
  return { ...runtime, phases: clock.phases, plainBecause };
}

// From the snapshot -------------------------------------------------------------------------------

/** @param {{url: string, integrity: string}} snapshot @returns {Promise<any>} */
async function restored({ url, integrity }) {
  const indexURL = locate(bundle.pyodideUrl);
  const contents = download(url, { integrity });
  const compiled = WebAssembly.compileStreaming(fetch(`${indexURL}pyodide.asm.wasm`));
  const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([
    import(`${indexURL}pyodide.mjs`),
    import(`${indexURL}pyodide.asm.mjs`),
    contents,
    compiled,
  ]);
  const { _loadSnapshot, restore } = snapshotLoader(parseSnapshot(await contents), compiled);
  try {
    const pyodide = await loadPyodide({
      indexURL,
      createPyodideModule,
      _loadSnapshot,
      stdLibURL: locate("empty.zip"),
      lockFileContents: JSON.stringify({ info: bundle.lockInfo, packages: {} }),
      packageBaseUrl: indexURL,
    });
    pyodide.FS.unlink(STANDARD_LIBRARY); // a traceback would trip over the empty one
    return pyodide;
  } finally {
    restore();
  }
}

const STANDARD_LIBRARY = "/lib/python314.zip";
const SITE_PACKAGES = "/lib/python3.14/site-packages";

/**
 * The snapshot holds what was imported; the files behind it come after the boot. An import that
 * cannot wait for them makes the worker wait.
 * @param {any} pyodide
 * @param {Interrupts} interrupts
 */
function lateFiles(pyodide, interrupts) {
  const library = `${bundle.pyodideUrl}python_stdlib.zip`;
  const archives = [...bundle.wheels, bundle.app.archive];
  let mounted = false;
  /** @param {ArrayBuffer[]} contents */
  const mount = ([first, ...others]) => {
    if (mounted) {
      return;
    }
    mounted = true;
    pyodide.setInterruptBuffer(undefined); // the time that this takes is no handler's
    try {
      pyodide.FS.writeFile(STANDARD_LIBRARY, new Uint8Array(first));
      others.forEach((content, index) => {
        const isApp = index === others.length - 1;
        const extractDir = isApp ? "/app" : SITE_PACKAGES;
        pyodide.unpackArchive(content, isApp ? "zip" : "wheel", { extractDir });
      });
    } finally {
      pyodide.setInterruptBuffer(interrupts.buffer);
    }
  };
  return {
    mountNow: () => {
      if (!mounted) {
        mount([library, ...archives].map((path) => downloadNow(locate(path))));
      }
    },
    mountSoon: () => {
      Promise.all([library, ...archives].map((path) => download(path))).then(mount, (error) =>
        console.warn(`worker-py: late imports will be loaded when they are needed: ${error.message}`),
      );
    },
  };
}

/** @param {string} url */
function downloadNow(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) {
    throw new Error(`${url} could not be loaded: HTTP ${request.status}`);
  }
  return request.response;
}

// From nothing ------------------------------------------------------------------------------------

/** @param {ReturnType<typeof phaseClock>} clock @returns {Promise<any>} */
async function loaded(clock) {
  const indexURL = locate(bundle.pyodideUrl);
  const archives = Promise.all([...bundle.loaderWheels, bundle.app.archive].map((path) => download(path)));
  archives.catch(() => {}); // awaited below; a failure before that is not unhandled
  const { loadPyodide } = await import(`${indexURL}pyodide.mjs`);
  const pyodide = await loadPyodide({ indexURL, checkAPIVersion: true });

  clock.enter("packages", 0.6);
  const contents = await archives;
  const app = contents.pop();
  for (const wheel of contents) {
    pyodide.unpackArchive(wheel, "wheel");
  }
  const micropip = pyodide.pyimport("micropip");
  await micropip.install.callKwargs(pyodide.toPy(bundle.wheels.map(locate)), { deps: false });
  micropip.destroy();
  pyodide.unpackArchive(app, "zip", { extractDir: "/app" });
  return pyodide;
}

// The app -----------------------------------------------------------------------------------------

/**
 * What interrupts a runaway, once it is in place.
 * @typedef {{buffer: {0: number} | undefined}} Interrupts
 */

/**
 * @param {any} pyodide
 * @param {Outside} outside
 * @param {Interrupts} interrupts
 * @param {() => void} mountNow puts the files in place that a late import needs
 */
async function run(pyodide, outside, interrupts, mountNow) {
  pyodide._api.on_fatal = outside.fatal;
  const python = startApp(pyodide, outside, mountNow, await outside.kept());
  if (python.slice_limit_ms) {
    const address = python.beat_address >>> 2;
    const readBeat = () => pyodide._module.HEAPU32[address];
    interrupts.buffer = outside.interruptBuffer(readBeat, python.slice_limit_ms);
    pyodide.setInterruptBuffer(interrupts.buffer);
  }
  const { deliver, detach, turn, slice_limit_ms, page_grace_s } = python;
  return { deliver, detach, turn, slice_limit_ms, page_grace_s };
}

/**
 * @param {any} pyodide
 * @param {Outside} outside
 * @param {() => void} mountNow
 * @param {Record<string, string>} kept of calls that may still be going on
 */
function startApp(pyodide, { post, wake, keep }, mountNow, kept) {
  const { module, attribute } = bundle.app;
  const host = pyodide.pyimport("worker_py._pyodide");
  try {
    return host.start(JSON.stringify({ module, attribute, kept }), post, wake, keep, mountNow);
  } catch (error) {
    throw new AppError(`the app could not be loaded\n${/** @type {Error} */ (error).message}`);
  } finally {
    host.destroy();
  }
}

/** @param {Outside["progress"]} progress */
function phaseClock(progress) {
  /** @type {Record<string, number>} */
  const phases = {};
  const start = performance.now();
  let entered = start;
  let current = "";
  return {
    phases,
    /** @param {string} phase @param {number} fraction of the whole boot that is done */
    enter(phase, fraction) {
      const now = performance.now();
      if (current) {
        phases[current] = Math.round(now - entered);
      }
      phases.total = Math.round(now - start);
      [current, entered] = [phase, now];
      progress(phase, fraction);
    },
  };
}
