// Runs freeze.py in Node's Pyodide.
//
//   node freeze.mjs CONFIG.json
//
// CONFIG: {pyodide, memory, library, loader: [...], script, wheels: [...], requirements: {name: words}, limitS}, all but
// the last two paths. `memory`: of an interpreter that was started before, with `library`; `wheels` are installed. The last line on stdout is the
// script's answer.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { answer, beforePyodide, close, fail, timeLimit } from "./fence.mjs";

const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
/** @param {string} file */
const read = (file) => new Uint8Array(fs.readFileSync(file));

try {
  beforePyodide();
  const { loadPyodide } = await import(pathToFileURL(path.join(config.pyodide, "pyodide.mjs")).href);
  const silent = { stdout: () => {}, stderr: () => {} };
  const restored = { _loadSnapshot: read(config.memory), stdLibURL: config.library };
  const pyodide = await loadPyodide({ indexURL: config.pyodide, ...restored, ...silent });
  pyodide.FS.mkdir("/loader");
  for (const wheel of config.loader) {
    pyodide.unpackArchive(read(wheel), "wheel", { extractDir: "/loader" });
  }
  pyodide.FS.writeFile("/loader/worker_py_freeze.py", read(config.script));
  pyodide.pyimport("sys").path.append("/loader");
  pyodide.FS.mkdir("/wheels");
  const { requirements, limitS } = config;
  const install = config.wheels.map((/** @type {string} */ file) => `/wheels/${path.basename(file)}`);
  for (const [index, file] of config.wheels.entries()) {
    pyodide.FS.writeFile(install[index], read(file));
  }
  const task = JSON.stringify({ install, requirements, limitS });
  close();
  answer(JSON.parse(await pyodide.pyimport("worker_py_freeze").run(task, timeLimit(pyodide, limitS))));
} catch (error) {
  fail(error);
}
