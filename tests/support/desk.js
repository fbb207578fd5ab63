/**
 * Page script of the tests of hosting: asks Python how it is, and holds what Python waits for.
 *
 * In Python: handlers of `@app.on_page_event("ask")` answer by `await page.call("told", …)`.
 */
{
  const page = /** @type {any} */ (window);
  const { workerPy } = page;
  /** @type {Map<number, (answer: unknown) => void>} */
  const asked = new Map();
  let count = 0;

  workerPy.provide("told", (/** @type {{n: number}} */ { n, ...answer }) => {
    asked.get(n)?.(answer);
    asked.delete(n);
  });

  const desk = {
    /** Calls of `hold` that wait. @type {Array<() => void>} */
    held: [],
    /** What Python has to say of itself. */
    ask: () =>
      new Promise((resolve) => {
        asked.set(++count, resolve);
        workerPy.emit("ask", count);
      }),
  };
  // Ends when the test says so.
  workerPy.provide("hold", () => new Promise((resolve) => desk.held.push(() => resolve(null))));
  page.desk = desk;

  /** What the portal's page may ask: after a thaw Playwright sees no frames. @type {Record<string, () => unknown>} */
  const answers = {
    python: desk.ask,
    stats: () => workerPy.stats(),
    trace: () => workerPy.trace(),
    diagnostics: () => workerPy.diagnostics(),
  };
  addEventListener("message", async ({ data, source, origin }) => {
    const answer = answers[data?.desk];
    if (answer) {
      const told = JSON.stringify(await answer());
      source?.postMessage({ desk: data.desk, told }, { targetOrigin: origin });
    }
  });
}
