/** The floor: a page that joins a shared worker with nothing in it. */
const options = { type: "module", name: "floor", extendedLifetime: true };
const { port } = new SharedWorker("floor_worker.js", options);
port.onmessage = () => {
  globalThis.readyAt = performance.now();
};
port.postMessage("hello");
