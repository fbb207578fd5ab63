/**
 * Page script of the demo: lets the portal's page show what Python does.
 *
 * Forwards the trace of the placement page to the window that embeds it, and to that origin alone. The
 * trace is redacted by the page itself: names, ids and times. With it goes which interpreter serves this
 * page, and the portal's page may end that interpreter, as a fault would. A recording, which is not
 * redacted, is made and handed over only when the portal's page asks for it.
 */
{
  const [domain = "", protocol = ""] = window.name.split("|");
  const portal = `${protocol === "1" ? "https" : "http"}://${domain}`;

  /** @param {unknown} entry */
  const forward = (entry) => {
    window.parent.postMessage({ workerPyTrace: entry }, portal);
  };

  /** @typedef {{version: number, build: string, started_at: number, entries: {at: number}[]}} Recording */
  /** @typedef {{trace(): unknown[], diagnostics(): {state: string, host: object}, killWorker(): void, record(on?: boolean): Recording, ready: Promise<unknown>}} WorkerPy */
  const { workerPy } = /** @type {{workerPy?: WorkerPy}} */ (/** @type {unknown} */ (window));
  let told = "";
  /** Where the present recording begins: a page has only one, which goes on when it is asked for again. @type {{at: number, index: number} | null} */
  let begun = null;

  /** A message that a page sends as it goes has no source any more: this tells whose it was. */
  const page = crypto.randomUUID();

  /** @param {Record<string, unknown>} news */
  const tell = (news) => window.parent.postMessage({ workerPyFeed: { page, ...news } }, portal);

  const record = () => {
    const recording = workerPy?.record();
    if (recording && begun === null) {
      begun = { at: Date.now() - recording.started_at, index: recording.entries.length };
      tell({ what: "recording" });
    }
  };

  /** Ends the recording. @returns {Recording | null} what was recorded since it was asked for */
  const recorded = () => {
    const recording = workerPy?.record(false);
    if (!recording || begun === null) {
      return null;
    }
    const { at: since, index } = begun;
    begun = null;
    const entries = recording.entries.slice(index).map((entry) => ({ ...entry, at: Math.max(0, entry.at - since) }));
    return { ...recording, started_at: recording.started_at + since, entries };
  };

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
      if (origin !== portal) {
        return;
      }
      if (data?.workerPyDo === "end the interpreter") {
        workerPy?.killWorker();
      } else if (data?.workerPyDo === "record") {
        record();
      } else if (data?.workerPyDo === "stop recording") {
        tell({ what: "recorded", recording: recorded() });
      }
    });
    window.addEventListener("pagehide", ({ persisted }) => {
      if (!persisted) {
        tell({ what: "ends", recording: begun && recorded() });
      }
    });
    tell({ what: "begins" });
    workerPy?.ready.then(forwardHosting, forwardHosting);
    // What happened before this script ran.
    for (const entry of workerPy?.trace() ?? []) {
      forward(entry);
    }
  }
}
