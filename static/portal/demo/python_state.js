/** What the page says of Python as a whole: it starts, it runs, or it could not be started, and why. */

import { setText } from "./dom.js";

/** Lines of a traceback that say what went wrong; those above say how it came there. */
const LINES = 8;
const LINE_CHARS = 300;
/** A line that only points into the one above it: in a narrow window it points anywhere. */
const POINTERS = /^[\s~^]+$/;

/** Why an interpreter could not be started. @typedef {{text: string, final: boolean}} Failure */

export class PythonState {
  /** Why Python does not run, as far as that is known. @type {Failure | null} */
  failure = null;
  #runs = false;
  #parts;

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.state    a word or two, for the whole page
   * @param {HTMLElement} parts.quiet    what stands in place of Python's deeds while there are none
   * @param {HTMLElement} parts.failure  the end of a traceback
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** A sign of Python. @returns {boolean} whether it is the first */
  runs() {
    const first = !this.#runs;
    this.#runs = true;
    this.failure = null;
    this.#show("Python is ready", "");
    return first;
  }

  /**
   * How a placement page is hosted: one that joins a living interpreter has no other sign of it.
   * @param {{state: string, failure?: Failure | null}} hosting
   * @returns {boolean} whether it is the first sign of Python
   */
  hosted({ state, failure }) {
    if (state === "ready") {
      return this.runs();
    }
    if (failure) {
      this.failure = failure;
      this.#runs = false;
      this.#show("Python could not be started", wordsOf(failure));
    }
    return false;
  }

  /** @param {string} words @param {string} quiet empty: it is not shown */
  #show(words, quiet) {
    const { state, quiet: line, failure } = this.#parts;
    setText(state, words);
    state.classList.toggle("ready", this.#runs);
    state.classList.toggle("failed", this.failure !== null);
    line.hidden = quiet === "";
    setText(line, quiet);
    failure.hidden = this.failure === null;
    setText(failure, lastLines(this.failure?.text ?? ""));
  }
}

/** @param {Failure} failure */
function wordsOf({ final }) {
  return final
    ? "Python could not be started: this is how its last words end."
    : "Python could not be started, and is tried again.";
}

/**
 * @param {string} text
 * @returns {string} the end of a traceback: at most eight lines, none of them endless
 */
export function lastLines(text) {
  const all = text
    .trimEnd()
    .split("\n")
    .filter((line) => !POINTERS.test(line));
  const lines = all.map((line) => (line.length > LINE_CHARS ? `${line.slice(0, LINE_CHARS)}…` : line));
  return lines.length > LINES ? ["…", ...lines.slice(1 - LINES)].join("\n") : lines.join("\n");
}
