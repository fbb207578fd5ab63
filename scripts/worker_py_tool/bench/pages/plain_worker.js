/** Boots Pyodide, installs micropip and the wheel of worker_py, and imports it. */
import { loadPyodide } from "./pyodide.mjs";
import { loader, wheel } from "./wheels.js";

const pyodide = await loadPyodide({ indexURL: new URL(".", import.meta.url).href });
for (const name of loader) {
  const response = await fetch(name);
  pyodide.unpackArchive(await response.arrayBuffer(), "wheel");
}
const micropip = pyodide.pyimport("micropip");
await micropip.install(new URL(wheel, import.meta.url).href);
pyodide.pyimport("worker_py");
postMessage("ready");
