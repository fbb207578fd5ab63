/** Page script of the bundle that is measured: notes when a handler can run, and tells the server. */
globalThis.workerPy.ready.then(() => {
  globalThis.readyAt = performance.now();
  fetch("/ready");
});
