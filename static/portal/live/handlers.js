/** What is known of the handlers that run and of those in the editor, in words that a person reads. */

import { keepInTab, keptInTab } from "../core/tab_storage.js";

/**
 * @typedef {{outcome: string, error: {text: string, line: number | null, column: number | null} | null, file: string,
 *   source: string, original: string, version?: string, edited: boolean}} Runs
 * @typedef {{line: number | null, column?: number | null, text: string}} Problem
 */

export const STARTING = "Python is starting; its handlers appear here.";
const FAILED = "Python could not be started: no handlers run.";
export const APPLYING = "Applying…";
/** A handler may fail at every event. */
const PROBLEMS_KEPT = 5;

export class Handlers {
  /** What runs, as far as the placement page said. @type {Runs | null} */
  runs = null;
  /** @type {Problem[]} */
  problems = [];
  /** Whether the interpreter could not be started. */
  pythonFails = false;
  /** The number of the request that has no answer yet, or 0. */
  #asked = 0;
  #serial = 0;
  #notice = "";
  #tab;

  /**
   * @param {object} tab
   * @param {(message: {workerPyApply: {id: number, source: string}}) => boolean} tab.tell
   * @param {() => void} tab.show
   * @param {string} tab.key under which this tab's browser keeps a text that is not applied
   * @param {() => string | null} tab.text what the editor holds, once it is there
   */
  constructor(tab) {
    this.#tab = tab;
  }

  /** What the editor held when this page was left. @type {string | null} */
  get draft() {
    return keptInTab(this.#tab.key);
  }

  get #isChanged() {
    const text = this.#tab.text();
    return this.runs !== null && text !== null && text !== this.runs.source;
  }

  get canApply() {
    return this.#asked === 0 && this.runs !== null;
  }

  get canRevert() {
    return this.canApply && (this.runs?.edited === true || this.#isChanged);
  }

  /** The state in a sentence or two. */
  get words() {
    if (this.runs === null) {
      return this.pythonFails ? FAILED : STARTING;
    }
    if (this.#asked !== 0) {
      return APPLYING;
    }
    const { edited, version } = this.runs;
    const runs = !edited ? "The app's own handlers run" : version ? "The app's files run as saved" : "Your edit runs";
    const changed = this.#isChanged ? " The text below is changed and not applied." : "";
    return `${this.#notice || `${runs}.`}${changed}`;
  }

  /** Sends the editor's text to Python. */
  apply() {
    this.#ask(this.#tab.text() ?? "");
  }

  /** Takes everything back, in Python too when it runs something else than the bundle's own. */
  revert() {
    if (this.runs?.edited) {
      this.#ask(this.runs.original);
    } else {
      this.problems = [];
      this.#notice = "";
      this.changed();
    }
  }

  /** @param {string} source */
  #ask(source) {
    if (!this.canApply) {
      return;
    }
    this.#asked = ++this.#serial;
    if (!this.#tab.tell({ workerPyApply: { id: this.#asked, source } })) {
      this.#left();
    }
    this.#tab.show();
  }

  /** The editor's text is another. */
  changed() {
    const text = this.#tab.text();
    if (text !== null) {
      keepInTab(this.#tab.key, this.#isChanged ? text : null);
    }
    this.#tab.show();
  }

  /** The placement page that was asked answers no more. */
  #left() {
    if (this.#asked !== 0) {
      this.#asked = 0;
      this.problems = [{ line: null, text: "The placement page was left before it answered: apply again." }];
      this.#tab.show();
    }
  }

  /** @param {unknown} news */
  heard(news) {
    const { kind, id, handler, error, line, text, ...runs } = /** @type {Record<string, any>} */ (news ?? {});
    if (kind === "here") {
      this.#left();
    } else if (kind === "failed") {
      this.#failed(`${handler} failed: ${lastLine(text)}`, line);
    } else if (kind === "runs") {
      this.#hearRuns(/** @type {Runs} */ ({ ...runs, error }));
    } else if (kind === "answer" && id === this.#asked) {
      this.#asked = 0;
      this.#answered(/** @type {Runs} */ ({ ...runs, error }));
    }
    this.changed();
  }

  /** @param {Runs} runs */
  #hearRuns(runs) {
    const known = this.runs;
    this.runs = runs;
    if (runs.outcome === "applied_again") {
      this.#notice = runs.version ? "" : "Another interpreter runs: your edit was applied to it again.";
    } else if (runs.outcome === "applied" && this.#asked === 0) {
      this.#notice = runs.version ? "" : "Another page of the portal applied other handlers.";
      this.problems = [];
    } else if (runs.outcome === "refused" && runs.error !== null && this.#asked === 0) {
      this.#notice = "The app's own handlers run: another interpreter refused your edit.";
      this.problems = [runs.error];
    } else if (known !== null && known.edited !== runs.edited) {
      this.#notice = "";
    }
  }

  /** @param {Runs} runs */
  #answered({ outcome, error, edited }) {
    if (outcome === "refused") {
      this.problems = [error ?? { line: null, text: "refused" }];
      this.#notice = "Not applied: the handlers that ran before still run.";
    } else {
      this.problems = [];
      this.#notice = edited ? "Applied: your edit runs. The call goes on." : "Reverted: the app's own handlers run.";
    }
  }

  /** @param {string} text @param {number | null} line of the source that runs */
  #failed(text, line) {
    const others = this.problems.filter((problem) => problem.text !== text || problem.line !== line);
    this.problems = [...others, { line, text }].slice(-PROBLEMS_KEPT);
  }
}

/** @param {string} traceback */
function lastLine(traceback) {
  return traceback.trimEnd().split("\n").at(-1) ?? "";
}
