/** Which of the app's saved files run, and why what was saved last does not: `worker-py dev` says so through the placement page. */

/**
 * @typedef {{name: string, number: number, saved: number, reload: string | null,
 *   problem: {text: string, file?: string | null, line: number | null} | null}} Saved
 */

/** @param {Saved} saved @returns {string} what runs */
export function whatRuns({ name, number, saved, reload }) {
  const at = new Date(saved).toLocaleTimeString("en-GB");
  return reload === null
    ? `${name} runs as it was saved at ${at} (version ${number}).`
    : `${name}, version ${number}: this page is loaded anew, because ${reload}.`;
}

/** @param {Saved} saved @returns {string} why what was saved last does not run; empty when it does */
export function whatIsWrong({ problem }) {
  if (problem === null) {
    return "";
  }
  const place = problem.file && problem.line ? `${problem.file}, line ${problem.line}: ` : "";
  return `Not applied: ${place}${problem.text}`;
}
