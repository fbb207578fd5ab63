/** The handlers of `../app.py` in JavaScript. */
let counted = 0;
let asked = 0;
const waiting = new Map();

/** Sends a command, and waits for its answer. */
function call(command, params) {
  const id = ++asked;
  postMessage(JSON.stringify({ command, params, id }));
  return new Promise((resolve) => waiting.set(id, resolve));
}

const handlers = {
  "BackgroundCallCard::addCommentButtonClick": async (comment) => {
    counted++;
    if (comment === "last") {
      await call("CallCardSetStatusText", { statusText: `${counted} comments` });
    }
  },
  "BackgroundCallCard::dialpadButtonClick": async (key) => {
    await call("CallCardSetCardTitle", { title: key });
  },
};

onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.id === undefined) {
    handlers[message.name]?.(message.payload);
  } else {
    waiting.get(message.id)?.(message.answer);
    waiting.delete(message.id);
  }
};
