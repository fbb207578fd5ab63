/** Page script of the bundle that is measured: notes when a handler can run. */
globalThis.workerPy.ready.then(() => {
  globalThis.readyAt = performance.now();
});
