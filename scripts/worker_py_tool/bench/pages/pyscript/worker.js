/** A worker of PyScript's; it needs no `SharedArrayBuffer`, which a frame of another origin does not get. */
import { PyWorker } from "./core/core.js";

const config = await (await fetch("pyscript.json")).json();
const absolute = (path) => new URL(path, location.href).href;
const version = absolute(config.interpreter);
config.packages = config.packages.map(absolute);
const worker = await PyWorker("worker.py", { type: "pyodide", version, config });
await worker.ready;
globalThis.readyAt = performance.now();
fetch("/ready");
