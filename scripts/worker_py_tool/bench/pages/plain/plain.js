/** A dedicated worker with plain `loadPyodide` and micropip. */
const worker = new Worker("plain_worker.js", { type: "module" });
worker.onmessage = () => {
  globalThis.readyAt = performance.now();
  fetch("/ready");
  parent.postMessage({ began: performance.timeOrigin, ready: globalThis.readyAt }, "*");
};
