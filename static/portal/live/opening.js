/** How the editor opens: on one short handler, with all that is above and below it folded. */

const MARK = /^# Change this/m;
const DEFINES = /^\s*(?:async\s+)?def\s+(\w+)/;
/** What begins at the top level. */
const TOP = /^(?:@|async def |def |class |import |from |\w+ = |""")/;

/**
 * What to fold, and where to put the cursor; offsets into the text.
 * @typedef {{folds: {from: number, to: number}[], select: {from: number, to: number} | null}} Opening
 */

/**
 * @param {string} source
 * @returns {Opening} nothing folded where no handler is marked to begin with
 */
export function openingOf(source) {
  const mark = MARK.exec(source);
  if (mark === null) {
    return { folds: [], select: null };
  }
  /** @type {{from: number, to: number}[]} */
  const folds = [];
  for (const { from, to, text } of blocks(source)) {
    const isMarked = from <= mark.index && mark.index < to;
    const first = headEnd(text);
    if (!isMarked && text.slice(first).trim() !== "") {
      folds.push({ from: from + first, to: from + text.trimEnd().length });
    }
  }
  const words = /(?<!")"([^"\n]+)"(?!")/g; // not a docstring
  words.lastIndex = mark.index;
  const found = words.exec(source);
  return { folds, select: found && { from: found.index + 1, to: found.index + 1 + (found[1]?.length ?? 0) } };
}

/**
 * @param {string} source
 * @param {string} name
 * @returns {number | null} counts from 1
 */
export function lineOfHandler(source, name) {
  const lines = source.split("\n");
  const at = lines.findIndex((line) =>
    new RegExp(`^\\s*(?:async\\s+)?def\\s+${name.replace(/\W/g, "")}\\b`).test(line),
  );
  return at < 0 ? null : at + 1;
}

/**
 * The function that a line is of: in its body, at its head, or in what is written right above it.
 * @param {string} source
 * @param {number} line counts from 1
 * @returns {string | null}
 */
export function handlerAt(source, line) {
  const lines = source.split("\n");
  const of = (/** @type {number} */ index) => lines[index] ?? "";
  let at = line - 1;
  while (at < lines.length && /^\s*[@#]/.test(of(at))) {
    at++;
  }
  while (at > 0 && of(at).trim() === "") {
    at--;
  }
  let within = Number.POSITIVE_INFINITY;
  for (; at >= 0 && within > 0; at--) {
    const indent = of(at).search(/\S/);
    if (indent < 0 || indent >= within || /^\s*[#)\]}]/.test(of(at))) {
      continue; // what is nested deeper, or closes what began above
    }
    const name = DEFINES.exec(of(at))?.[1];
    if (name !== undefined) {
      return name;
    }
    within = indent;
  }
  return null;
}

/**
 * The text in blocks, which empty lines before the top level's definitions part; all imports are one.
 * @param {string} source
 */
function blocks(source) {
  /** @type {{from: number, to: number, text: string}[]} */
  const found = [];
  let from = 0;
  for (const { index } of source.matchAll(/\n\n+(?=\S)/g)) {
    const next = index + (/\n+/.exec(source.slice(index))?.[0].length ?? 0);
    const rest = source.slice(next);
    if ((TOP.test(rest) || rest.startsWith("#")) && !(isImport(rest) && isImport(source.slice(from)))) {
      found.push({ from, to: next, text: source.slice(from, next) });
      from = next;
    }
  }
  found.push({ from, to: source.length, text: source.slice(from) });
  return found;
}

/** @param {string} text */
const isImport = (text) => /^(?:import|from) /.test(text);

/**
 * Where a block's first line that says what it is ends: of a function its `def`.
 * @param {string} text
 */
function headEnd(text) {
  const head = /^(?:(?:@|#)[^\n]*\n|\n)*(?:async def|def|class)[^\n]*/.exec(text)?.[0];
  const end = head?.length ?? text.indexOf("\n");
  return end < 0 ? text.length : end;
}
