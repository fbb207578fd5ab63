/** Hosts the handlers in a worker; JSON crosses, as it does with Python. */
import { makeHandlers } from "./handlers.js";

const { handle, answered } = makeHandlers((command) => postMessage(JSON.stringify(command)));

onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.id === undefined) {
    handle(message.name, message.payload);
  } else {
    answered(message.id, message.answer);
  }
};
