/**
 * Page script of the browser tests: keeps what Python tells it until the test asks.
 *
 * In Python: `await card.page.call("tell", …)`; in the test: `stage.told()`.
 */
{
  /** @type {unknown[]} */
  const told = [];
  let wake = () => {};
  const page = /** @type {any} */ (window);

  page.workerPy.provide("tell", (/** @type {unknown} */ what) => {
    told.push(what);
    wake();
  });

  page.witness = {
    /** What Python told next; a test that waits in vain fails. @param {number} deadlineMs */
    async next(deadlineMs) {
      if (told.length === 0) {
        await new Promise((resolve, reject) => {
          wake = () => resolve(undefined);
          setTimeout(() => reject(new Error(`Python told nothing for ${deadlineMs} ms`)), deadlineMs);
        });
      }
      return told.shift();
    },

    /** What is there already. */
    rest: () => told.splice(0),
  };
}
