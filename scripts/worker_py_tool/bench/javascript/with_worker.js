/** The handlers in a worker: of this page alone, or a shared one. */
import { bindAll, carryOut } from "./bind.js";

/** The page's end of the way to the worker. */
function connect() {
  if (new URL(import.meta.url).searchParams.has("shared")) {
    return new SharedWorker("shared_worker.js", { type: "module" }).port;
  }
  return new Worker("worker.js", { type: "module" });
}

const worker = connect();
worker.onmessage = ({ data }) => {
  carryOut(JSON.parse(data), (id, answer) => worker.postMessage(JSON.stringify({ id, answer })));
};
bindAll((name, payload) => worker.postMessage(JSON.stringify({ name, payload })));
