// Makes the library of snapshots, in Node's Pyodide, by lean.py.
//
//   node library.mjs CONFIG.json
//
// CONFIG: {pyodide, script, library, path, made}: `library` is Python's, which will be at `path`; all but that are paths
// here. The last line on stdout says that it is done.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { answer, beforePyodide, close, fail } from "./fence.mjs";

const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
/** @param {string} file */
const read = (file) => new Uint8Array(fs.readFileSync(file));

try {
  beforePyodide();
  const { loadPyodide } = await import(pathToFileURL(path.join(config.pyodide, "pyodide.mjs")).href);
  // The first variable leaves the columns out of what is compiled, the second makes it the same each time.
  const env = { HOME: "/home/pyodide", PYTHONNODEBUGRANGES: "1", PYTHONHASHSEED: "0" };
  const pyodide = await loadPyodide({ indexURL: config.pyodide, env });
  pyodide.FS.writeFile("/home/pyodide/worker_py_lean.py", read(config.script));
  const original = pyodide.toPy(read(config.library)).tobytes();
  const script = pyodide.pyimport("worker_py_lean");
  close();
  const made = script.run(original, config.path).getBuffer();
  fs.writeFileSync(config.made, made.data);
  answer({});
} catch (error) {
  fail(error);
}
