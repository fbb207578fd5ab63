/**
 * What the bundle holds and where. `scripts/build` writes this module anew for each bundle; this
 * one shows its shape. All paths are relative to the folder of this build.
 *
 * @module
 */

export const bundle = {
  build: "000000000000",
  pyodideUrl: "../../pyodide/",
  /** Unpacked as they are: micropip and what it needs. @type {string[]} */
  /** Installed by micropip. @type {string[]} */
  wheels: [],
  app: { archive: "app.zip", module: "app", attribute: "app" },
  /** The limits of the project's file, for an app that gives none. @type {Record<string, number | null>} */
  settings: {},
  /** What names the app's files, when pages may bring others while it runs. @type {string | false} */
  live: false,
  /** Where the app's settings are, when it reads any. @type {string | null} */
  config: null,
  /** The interpreter's memory with all that imported. @type {string | null} */
  snapshot: null,
  /** Behind this many bytes the memory of a new module is empty. */
  filled: 0,
  /** The app is not in it: it loads compiled code, and is imported at each start. */
  bare: false,
  /** Compiled code that is in it, in the order in which it is loaded. @type {{archive: string, file: string}[]} */
  libraries: [],
  /** Why there is no snapshot. @type {string | null} */
  withoutSnapshot: null,
  /** Pyodide's lock file of all wheels here. */
  lock: "pyodide-lock.json",
  /** What it says of the interpreter. @type {Record<string, string>} */
  lockInfo: { python: "3.0" },
  /** SHA-256 of what is loaded as bytes, as `integrity` takes it. @type {Record<string, string>} */
  hashes: {},
};
