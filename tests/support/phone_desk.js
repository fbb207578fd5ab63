/**
 * Page script of the tests of the phone: has Python call the phone's functions, and asks it what it
 * heard of the phone. The same way for all: `workerPy.emit("do", …)`, answered by `done`.
 */
{
  const page = /** @type {any} */ (window);
  const { workerPy } = page;
  /** @type {Map<string, (answer: unknown) => void>} */
  const asked = new Map();

  workerPy.provide("done", (/** @type {{id: string, answer: unknown}} */ { id, answer }) => {
    asked.get(id)?.(answer);
    asked.delete(id);
  });

  page.phoneDesk = {
    /** Resolves with what Python got: `{returns}`, or `{raises}` and the error's attributes. */
    ask: (/** @type {Record<string, unknown>} */ order) =>
      new Promise((resolve) => {
        const id = crypto.randomUUID(); // two pages may ask the same interpreter
        asked.set(id, resolve);
        workerPy.emit("do", { id, ...order });
      }),
  };
}
