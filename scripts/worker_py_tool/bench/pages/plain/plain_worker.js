/** Boots Pyodide, installs the wheel of worker_py by micropip, and imports it: as Pyodide's documentation shows. */
import { loadPyodide } from "./pyodide.mjs";
import { wheel } from "./wheel.js";

const pyodide = await loadPyodide({ indexURL: new URL(".", import.meta.url).href });
await pyodide.loadPackage("micropip");
const micropip = pyodide.pyimport("micropip");
await micropip.install(new URL(wheel, import.meta.url).href);
pyodide.pyimport("worker_py");
postMessage("ready");
