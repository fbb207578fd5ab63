/** The handlers of `../app.py` in JavaScript, for a worker and for the page itself. */

/**
 * Makes handlers that command by `send`.
 * @param {(command: {command: string, params: object, id: number}) => void} send
 */
export function makeHandlers(send) {
  let counted = 0;
  let asked = 0;
  const waiting = new Map();

  /** Sends a command, and waits for its answer. */
  function call(command, params) {
    const id = ++asked;
    send({ command, params, id });
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

  return {
    handle: (name, payload) => handlers[name]?.(payload),
    answered: (id, answer) => {
      waiting.get(id)?.(answer);
      waiting.delete(id);
    },
  };
}
