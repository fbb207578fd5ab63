/**
 * Page script of the demo: lets the portal's page show what Python and the phone do.
 *
 * Forwards the trace of the placement page to the window that embeds it, and to that origin alone. The
 * trace is redacted by the page itself: names, ids and times. With it goes which interpreter serves this
 * page and what it counted; and, when it is asked for, the state of the phone. The portal's page may have a
 * few things done here, as a fault would do them.
 */
{
  const [domain = "", protocol = ""] = window.name.split("|");
  const portal = `${protocol === "1" ? "https" : "http"}://${domain}`;

  /** @param {Record<string, unknown>} message */
  const tell = (message) => window.parent.postMessage(message, portal);

  /**
   * @typedef {{trace(): unknown[], diagnostics(): {state: string, host: object}, killWorker(): void,
   *   emit(name: string, payload: unknown): void, stats(): Record<string, unknown>, ready: Promise<unknown>}} WorkerPy
   * @typedef {{holds: boolean, state(): Promise<object>}} Station
   */
  const { workerPy, workerPyPhone } = /** @type {{workerPy?: WorkerPy, workerPyPhone?: Station}} */ (
    /** @type {unknown} */ (window)
  );
  let told = "";

  /** Which interpreter serves this page and what was counted, when there is news. */
  const forwardHosting = () => {
    const { state, host } = workerPy?.diagnostics() ?? { state: "outside", host: {} };
    const { redelivered, late_answers, second_answers, workers } = workerPy?.stats() ?? {};
    const hosting = { state, ...host, counts: { redelivered, late_answers, second_answers, workers } };
    if (JSON.stringify(hosting) !== told) {
      told = JSON.stringify(hosting);
      tell({ workerPyHosting: hosting });
    }
  };

  /** Whether what the other side says is heard; null when nobody says anything. @type {boolean | null} */
  let aloud = null;

  const forwardPhone = async () => {
    try {
      const state = await workerPyPhone?.state();
      tell({ workerPyPhone: { holds: workerPyPhone?.holds, aloud, ...state } });
    } catch {
      // the page with the phone went meanwhile: the next one is asked soon
    }
  };

  /** What the portal's page may ask for. @type {Readonly<Record<string, () => void>>} */
  const orders = {
    "end the interpreter": () => workerPy?.killWorker(),
    "tell the phone's state": () => void forwardPhone(),
    "sound on": () => window.dispatchEvent(new Event("workerpy:sound-on")),
    "let a handler raise": () => workerPy?.emit("demo.fault", { does: "raise" }),
    "let a handler never end": () => workerPy?.emit("demo.fault", { does: "never end" }),
  };

  if (domain !== "" && window.parent !== window) {
    window.addEventListener("workerpy:trace", (event) => {
      tell({ workerPyTrace: /** @type {CustomEvent} */ (event).detail });
      queueMicrotask(forwardHosting); // the trace tells of what is about to happen
    });
    window.addEventListener("workerpy:phone", (event) => {
      tell({ workerPyPhoneEvent: /** @type {CustomEvent} */ (event).detail });
    });
    window.addEventListener("workerpy:sound", (event) => {
      aloud = /** @type {CustomEvent} */ (event).detail.aloud;
    });
    window.addEventListener("message", ({ data, origin }) => {
      if (origin === portal && Object.hasOwn(orders, data?.workerPyDo)) {
        orders[data.workerPyDo]?.();
      }
    });
    workerPy?.ready.then(forwardHosting, forwardHosting);
    // What happened before this script ran.
    for (const entry of workerPy?.trace() ?? []) {
      tell({ workerPyTrace: entry });
    }
  }
}
