/**
 * Page script of the bundle that is measured: notes when a handler can run, and tells the server and the portal's page.
 * With `?keep` it leaves the record of a call behind, and tells then.
 */

/** Calls are kept as by the worker, and for it. */
function keepCall() {
  const [portal] = window.name.split("|");
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(`worker-py ${portal}`);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("calls", "readwrite");
      const at = Date.now();
      const kept = JSON.stringify({ state: {}, data: {}, at });
      transaction.objectStore("calls").put({ call_id: "BENCH.1", user: "1", kept, at, v: 1 });
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    };
  });
}

globalThis.workerPy.ready.then(async () => {
  globalThis.readyAt = performance.now();
  fetch("/ready");
  const { boot, boot_download } = globalThis.workerPy.diagnostics();
  if (new URLSearchParams(location.search).has("keep")) {
    await keepCall();
  }
  parent.postMessage({ began: performance.timeOrigin, ready: globalThis.readyAt, phases: { ...boot, ...boot_download } }, "*");
});
