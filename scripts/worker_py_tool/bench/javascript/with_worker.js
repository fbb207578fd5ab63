/** The handlers in a dedicated worker. */
import { bindAll, carryOut } from "./bind.js";

const worker = new Worker("worker.js", { type: "module" });
worker.onmessage = ({ data }) => {
  carryOut(JSON.parse(data), (id, answer) => worker.postMessage(JSON.stringify({ id, answer })));
};
bindAll((name, payload) => worker.postMessage(JSON.stringify({ name, payload })));
