/**
 * Page script of the browser tests: keeps, in order, what Python notes by `await card.page.call("note", …)`.
 *
 * `notebook.onnote` is called with each note, as it comes: a test may end the worker there.
 */
{
  const notebook = {
    /** @type {unknown[]} */
    notes: [],
    /** @type {((note: unknown) => void) | null} */
    onnote: null,
  };
  const page = /** @type {any} */ (window);
  page.notebook = notebook;
  page.workerPy.provide("note", (/** @type {unknown} */ note) => {
    notebook.notes.push(note);
    notebook.onnote?.(note);
  });
}
