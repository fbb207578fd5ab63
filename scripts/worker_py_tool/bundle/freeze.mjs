// Runs freeze.py in Node's Pyodide.
//
//   node freeze.mjs CONFIG.json
//
// CONFIG: {pyodide, tools: [...], loader: [...], script, wheels: {address: path}, requirements: [...], info, limitS}.
// `tools` are wheels that the script imports; `wheels` those to lock, and to install unless they are in `loader`. The
// last line on stdout is the script's answer.

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
  const pyodide = await loadPyodide({ indexURL: config.pyodide, ...silent });
  /** @param {string[]} archives @param {string} extractDir */
  const unpack = (archives, extractDir) => {
    pyodide.FS.mkdir(extractDir);
    for (const wheel of archives) {
      pyodide.unpackArchive(read(wheel), "wheel", { extractDir });
    }
  };
  unpack(config.tools, "/tools");
  unpack(config.loader, "/loader");
  pyodide.FS.writeFile("/loader/worker_py_freeze.py", read(config.script));
  pyodide.pyimport("sys").path.append("/loader");
  pyodide.FS.mkdir("/wheels");
  /** @type {Record<string, string>} */
  const wheels = {};
  for (const [address, file] of Object.entries(config.wheels)) {
    wheels[address] = `/wheels/${path.basename(file)}`;
    pyodide.FS.writeFile(wheels[address], read(file));
  }
  const { requirements, info, loader, limitS } = config;
  const locals = Object.entries(config.wheels).filter(([, file]) => !loader.includes(file));
  const install = locals.map(([address]) => wheels[address]);
  const task = JSON.stringify({ wheels, install, requirements, info, limitS });
  close();
  answer(JSON.parse(await pyodide.pyimport("worker_py_freeze").run(task, timeLimit(pyodide, limitS))));
} catch (error) {
  fail(error);
}
