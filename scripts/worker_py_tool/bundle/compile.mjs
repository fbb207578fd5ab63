// Runs compile.py in Node's Pyodide.
//
//   node compile.mjs CONFIG.json
//
// CONFIG: {pyodide, compiler: {tools: [...], script}, archives: [[FROM, TO]...]}, all paths. `tools`: wheels of what the
// script imports. The last line on stdout is the script's answer.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { compile } from "./compiler.mjs";
import { answer, beforePyodide, fail } from "./fence.mjs";

const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));

try {
  beforePyodide();
  const { loadPyodide } = await import(pathToFileURL(path.join(config.pyodide, "pyodide.mjs")).href);
  const silent = { stdout: () => {}, stderr: () => {} };
  // A third of compiled code would be the columns of each expression, for the marks under the lines of tracebacks.
  const env = { HOME: "/home/pyodide", PYTHONNODEBUGRANGES: "1" };
  const pyodide = await loadPyodide({ indexURL: config.pyodide, env, ...silent });
  answer(compile(pyodide, config.compiler, config.archives));
} catch (error) {
  fail(error);
}
