/**
 * Page script of the demo: lets the portal's page show what Python does.
 *
 * Forwards the trace of the placement page to the window that embeds it, and to that origin alone. The
 * trace is redacted by the page itself: names, ids and times. With it goes which interpreter serves this
 * page and how far its boot is, and the portal's page may end that interpreter, as a fault would.
 */
{
  const [domain = "", protocol = ""] = window.name.split("|");
  const portal = `${protocol === "1" ? "https" : "http"}://${domain}`;

  /** @param {unknown} entry */
  const forward = (entry) => {
    window.parent.postMessage({ workerPyTrace: entry }, portal);
  };

  /** @typedef {{trace(): unknown[], diagnostics(): {state: string, host: object}, killWorker(): void,
   *   ready: Promise<unknown>, onprogress: ((progress: {phase: string, fraction: number}) => void) | null}} WorkerPy */
  const { workerPy } = /** @type {{workerPy?: WorkerPy}} */ (/** @type {unknown} */ (window));
  let told = "";

  /** Which interpreter serves this page, when there is news. */
  const forwardHosting = () => {
    const { state, host } = workerPy?.diagnostics() ?? { state: "outside", host: {} };
    const hosting = { state, ...host };
    if (JSON.stringify(hosting) !== told) {
      told = JSON.stringify(hosting);
      window.parent.postMessage({ workerPyHosting: hosting }, portal);
    }
  };

  if (domain !== "" && window.parent !== window) {
    window.addEventListener("workerpy:trace", (event) => {
      forward(/** @type {CustomEvent} */ (event).detail);
      queueMicrotask(forwardHosting); // the trace tells of what is about to happen
    });
    window.addEventListener("message", ({ data, origin }) => {
      if (origin === portal && data?.workerPyDo === "end the interpreter") {
        workerPy?.killWorker();
      }
    });
    if (workerPy) {
      workerPy.onprogress = (progress) => window.parent.postMessage({ workerPyProgress: progress }, portal);
    }
    workerPy?.ready.then(forwardHosting, forwardHosting);
    // What happened before this script ran.
    for (const entry of workerPy?.trace() ?? []) {
      forward(entry);
    }
  }
}
