/**
 * Page script of the browser tests: keeps, in order, what Python tells it until the test asks.
 *
 * In Python: `await card.page.call("tell", …)`; in the test: `page.told()` for the next, `page.notes()` for all.
 */
{
  let taken = 0;
  let wake = () => {};
  const page = /** @type {any} */ (window);

  const witness = {
    /** Everything. @type {unknown[]} */
    told: [],
    /** Called with each, as it comes: a test may end the worker there. @type {((what: unknown) => void) | null} */
    ontold: null,

    /** What Python told next; a test that waits in vain fails. @param {number} deadlineMs */
    async next(deadlineMs) {
      if (witness.told.length === taken) {
        await new Promise((resolve, reject) => {
          wake = () => resolve(undefined);
          setTimeout(() => reject(new Error(`Python told nothing for ${deadlineMs} ms`)), deadlineMs);
        });
      }
      return witness.told[taken++];
    },

    /** What nobody has taken by `next`, and forgets it all. */
    rest() {
      const left = witness.told.slice(taken);
      witness.told.length = taken = 0;
      return left;
    },
  };
  page.witness = witness;
  page.workerPy.provide("tell", (/** @type {unknown} */ what) => {
    witness.told.push(what);
    wake();
    witness.ontold?.(what);
  });
}
