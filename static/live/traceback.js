/**
 * Where in a source a Python traceback points.
 *
 * @module
 */

/**
 * @param {string} text what Python's `traceback` wrote
 * @param {string} file the source's name in it
 * @returns {number[]} the lines of its frames in that file, in the order of the text: the innermost of the last error is last
 */
export function linesIn(text, file) {
  const start = `  File "${file}", line `;
  return text
    .split("\n")
    .filter((row) => file !== "" && row.startsWith(start))
    .map((row) => Number.parseInt(row.slice(start.length), 10))
    .filter((line) => line > 0);
}
