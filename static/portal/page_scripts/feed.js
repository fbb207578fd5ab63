/**
 * Page script of the demo: lets the portal's page show what Python and the phone do.
 *
 * Forwards the trace of the placement page to the window that embeds it, and to that origin alone. The
 * trace is redacted by the page itself: names, ids and times. With it goes which interpreter serves this
 * page, what Python prints, what it counted and how far its boot is; and, when it is asked for, the state of the phone. The portal's page may have a
 * few things done here, as a fault would do them. A recording, which is not redacted, is made and handed
 * over only when the portal's page asks for it.
 */
{
  const [domain = "", protocol = ""] = window.name.split("|");
  const portal = `${protocol === "1" ? "https" : "http"}://${domain}`;

  /** @param {Record<string, unknown>} message */
  const tell = (message) => window.parent.postMessage(message, portal);

  /**
   * @typedef {{version: number, build: string, started_at: number, entries: {at: number}[]}} Recording
   * @typedef {{at: number, kind: string, text: string}} Report
   * @typedef {{trace(): unknown[], diagnostics(): {state: string, host: object, reports: Report[]}, killWorker(): void,
   *   emit(name: string, payload: unknown): void, stats(): Record<string, unknown>,
   *   record(on?: boolean): Recording, ready: Promise<unknown>,
   *   onprogress: ((progress: {phase: string, fraction: number}) => void) | null}} WorkerPy
   * @typedef {{holds: boolean, state(): Promise<object>}} Station
   */
  const { workerPy, workerPyPhone } = /** @type {{workerPy?: WorkerPy, workerPyPhone?: Station}} */ (
    /** @type {unknown} */ (window)
  );
  let told = "";
  /**
   * Where the present recording begins: a page has only one, which goes on when it is asked for again; and how many of
   * its entries the portal's page has been told.
   * @type {{at: number, index: number, told: number} | null}
   */
  let begun = null;

  /** A message that a page sends as it goes has no source any more: this tells whose it was. */
  const page = crypto.randomUUID();

  /** @param {Record<string, unknown>} news */
  const tellFeed = (news) => tell({ workerPyFeed: { page, ...news } });

  const record = () => {
    const recording = workerPy?.record();
    if (recording && begun === null) {
      const { length } = recording.entries;
      begun = { at: Date.now() - recording.started_at, index: length, told: length };
      tellFeed({ what: "recording", recording: since(begun, recording, length) });
    }
  };

  /** @param {{at: number}} begun @param {Recording} recording @param {number} first of its entries @returns {Recording} */
  const since = ({ at: beginning }, recording, first) => {
    const entries = recording.entries
      .slice(first)
      .map((entry) => ({ ...entry, at: Math.max(0, entry.at - beginning) }));
    return { ...recording, started_at: recording.started_at + beginning, entries };
  };

  /** A page that goes may not live long enough to hand its recording over: it does so bit by bit. */
  const tellMore = () => {
    const recording = begun && workerPy?.record();
    if (begun && recording && recording.entries.length > begun.told) {
      const { entries } = since(begun, recording, begun.told);
      begun.told = recording.entries.length;
      tellFeed({ what: "more", entries });
    }
  };

  /** Ends the recording. @returns {Recording | null} what was recorded since it was asked for */
  const recorded = () => {
    const recording = workerPy?.record(false);
    if (!recording || begun === null) {
      return null;
    }
    const whole = since(begun, recording, begun.index);
    begun = null;
    return whole;
  };

  let readyAt = 0;

  /** Why there is no interpreter, when the last one could not be started. @param {string} state @param {Report[]} reports */
  const failureOf = (state, reports) => {
    readyAt = state === "ready" ? Date.now() : readyAt;
    const last = reports.findLast(({ kind, at }) => at > readyAt && /^(?:app|worker)_failed$/.test(kind));
    return last ? { text: last.text, final: last.kind === "app_failed" } : null;
  };

  /** Which interpreter serves this page and what was counted, when there is news. */
  const forwardHosting = () => {
    const { state, host, reports } = workerPy?.diagnostics() ?? { state: "outside", host: {}, reports: [] };
    const { redelivered, late_answers, second_answers, workers } = workerPy?.stats() ?? {};
    const counts = { redelivered, late_answers, second_answers, workers };
    const hosting = { state, ...host, counts, failure: failureOf(state, reports) };
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
    record,
    "stop recording": () => tellFeed({ what: "recorded", recording: recorded() }),
    "tell the phone's state": () => void forwardPhone(),
    "sound on": () => window.dispatchEvent(new Event("workerpy:sound-on")),
    "let a handler raise": () => workerPy?.emit("demo.fault", { does: "raise" }),
    "let a handler never end": () => workerPy?.emit("demo.fault", { does: "never end" }),
  };

  if (domain !== "" && window.parent !== window) {
    window.addEventListener("workerpy:trace", (event) => {
      tell({ workerPyTrace: /** @type {CustomEvent} */ (event).detail });
      queueMicrotask(() => {
        forwardHosting(); // the trace tells of what is about to happen
        tellMore();
      });
    });
    window.addEventListener("workerpy:asked", (event) => {
      tell({ workerPyAsked: /** @type {CustomEvent} */ (event).detail });
    });
    window.addEventListener("workerpy:printed", (event) => {
      tell({ workerPyPrinted: /** @type {CustomEvent} */ (event).detail });
    });
    window.addEventListener("workerpy:failed", (event) => {
      tell({ workerPyFailed: /** @type {CustomEvent} */ (event).detail });
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
    window.addEventListener("pagehide", ({ persisted }) => {
      if (!persisted) {
        tellFeed({ what: "ends", recording: begun && recorded() });
      }
    });
    tellFeed({ what: "begins" });
    if (workerPy) {
      workerPy.onprogress = (progress) => tell({ workerPyProgress: progress });
    }
    workerPy?.ready.then(forwardHosting, forwardHosting);
    // What happened before this script ran.
    for (const entry of workerPy?.trace() ?? []) {
      tell({ workerPyTrace: entry });
    }
  }
}
