// Closes what Node itself leaves open to the Python that runs in it while a bundle is made: call
// `beforePyodide` before Pyodide is loaded, `close` before any code of the app or its packages
// runs. `fence.py` starts Node without an environment, with the few files that it may touch.

import fs from "node:fs";
import process from "node:process";

const SIGINT = 2;
const AGAIN_S = 1; // time for the traceback, before the next interruption of what swallowed the first
const NETWORK = ["fetch", "WebSocket", "EventSource"];
const { cpuUsage, kill, pid } = process;

/** Pyodide in Node asks for things that are not given, or answers from this machine. */
export function beforePyodide() {
  process.binding = /** @type {any} */ (() => ({ fs: fs.constants })); // which `--permission` refuses
  for (const name of NETWORK) {
    /** @type {any} */ (globalThis)[name] = function refused() {
      throw new Error(`there is no ${name} while the bundle is made`);
    };
  }
  Object.defineProperty(globalThis, "navigator", { value: NAVIGATOR });
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = /** @type {any} */ (
    (/** @type {any} */ source, /** @type {any} */ imports) => {
      Object.assign(imports?.env ?? {}, BROWSER_CALLS);
      return instantiate(source, imports);
    }
  );
}

/** The same on each machine. */
const NAVIGATOR = Object.freeze({
  hardwareConcurrency: 1,
  language: "en-US",
  languages: Object.freeze(["en-US"]),
  platform: "",
  userAgent: "worker-py",
});

/** System calls that Node would answer, as browsers answer them. */
const BROWSER_CALLS = { __syscall_getuid32_js: () => 0, __syscall_umask_js: () => 0 };

/** From here on Python reaches neither the process nor modules of Node. */
export function close() {
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    void (/** @type {any} */ (globalThis)[name]); // what Node loads at the first look needs its modules
  }
  for (const name of ["process", "require", "module", "global", "Buffer"]) {
    delete (/** @type {any} */ (globalThis)[name]);
  }
  for (const name of ["debug", "error", "info", "log", "trace", "warn"]) {
    /** @type {any} */ (console)[name] = () => {}; // what they print is not for the build's output
  }
}

/** @param {object} result the answer, or what is going on: a line of its own */
export function say(result) {
  fs.writeSync(1, `\n${JSON.stringify(result)}\n`);
}

/**
 * End with the answer, and at once: an orderly exit waits for V8's threads, and now and then one of
 * them waits for ever.
 * @param {object} result
 */
export function answer(result) {
  say({ answer: result });
  kill(pid, "SIGKILL");
}

/** End with what went wrong here. @param {unknown} error */
export function fail(error) {
  answer({ fatal: String((error instanceof Error && error.message) || error) });
}

/**
 * Interrupts Python code that takes too much of the processor: other work of this machine counts
 * for nothing. Python's wasm build asks element 0 of its buffer, every few dozen bytecodes, whether
 * a signal is pending.
 * @param {any} pyodide
 * @param {number} limitS
 */
export function timeLimit(pyodide, limitS) {
  let begun = 0;
  let end = 0;
  let passed = false;
  const spent = () => {
    const { user, system } = cpuUsage();
    return (user + system) / 1e6;
  };
  const buffer = {
    get 0() {
      if (spent() < end) {
        return 0;
      }
      passed = true;
      end = spent() + AGAIN_S;
      return SIGINT;
    },
    set 0(_) {},
  };
  return {
    /** @param {string} module that is about to be imported */
    begin(module) {
      say({ importing: module });
      begun = spent();
      end = begun + limitS;
      passed = false;
      pyodide.setInterruptBuffer(buffer);
    },
    /** What the import has taken until now. */
    tookS: () => spent() - begun,
    /** @returns {boolean} whether the limit was passed */
    end() {
      try {
        pyodide.setInterruptBuffer(undefined);
      } catch {} // in an interpreter that has died nothing is interrupted
      return passed;
    },
  };
}
