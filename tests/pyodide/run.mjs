// Runs pytest inside Pyodide, in Node: the same unit tests as in CPython, on the wheel that browsers install.
//
//   node run.mjs CONFIG.json
//
// CONFIG holds {pyodide, wheels, mounts, args}: the directory of the npm package, wheels to unpack, directories to
// mount as {path in Pyodide: path on this machine}, and pytest's arguments. The exit status is pytest's.

import { mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

/** @typedef {{pyodide: string, wheels: string[], mounts: Record<string, string>, args: string[]}} Config */

const ROOT = "/w";

/**
 * @param {string} directory
 * @returns {Promise<import("pyodide").PyodideAPI>}
 */
async function boot(directory) {
  /** @type {typeof import("pyodide")} */
  const { loadPyodide } = await import(pathToFileURL(join(directory, "pyodide.mjs")).href);
  return loadPyodide({ indexURL: directory, env: { HOME: "/home/pyodide", TERM: "dumb", COLUMNS: "120" } });
}

/**
 * @param {Config} config
 * @returns {Promise<number>} pytest's exit status
 */
async function main(config) {
  const pyodide = await boot(config.pyodide);
  const extractDir = pyodide.pyimport("sysconfig").get_path("purelib");
  for (const wheel of config.wheels) {
    pyodide.unpackArchive(new Uint8Array(readFileSync(wheel)), "wheel", { extractDir });
  }
  for (const [path, local] of Object.entries(config.mounts)) {
    mkdirSync(local, { recursive: true });
    pyodide.mountNodeFS(path, local);
  }
  pyodide.pyimport("os").chdir(ROOT);
  const version = pyodide.pyimport("sys").version.split(" ")[0];
  const installed = config.wheels.map((path) => basename(path).split("-").slice(0, 2).join(" "));
  console.log(`Pyodide ${pyodide.version}, Python ${version}: ${installed.join(", ")}`);
  return pyodide.pyimport("pytest").main(pyodide.toPy(config.args));
}

try {
  process.exit(await main(JSON.parse(readFileSync(process.argv[2], "utf8"))));
} catch (error) {
  // Node would print the line that threw: all of Pyodide's glue is one line of a megabyte.
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exit(70);
}
