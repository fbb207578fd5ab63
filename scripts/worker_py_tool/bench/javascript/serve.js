/** The worker's side of the JavaScript contenders; JSON crosses, as it does with Python. */
import { makeHandlers } from "./handlers.js";

/**
 * Runs the handlers for one page.
 * @param {MessagePort | DedicatedWorkerGlobalScope} page the way to it
 */
export function serve(page) {
  const { handle, answered } = makeHandlers((command) => page.postMessage(JSON.stringify(command)));
  page.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.id === undefined) {
      handle(message.name, message.payload);
    } else {
      answered(message.id, message.answer);
    }
  };
}
