/**
 * Bounds for what comes from outside: an interpreter would die of what is nested too deeply.
 *
 * @module
 */

/** What the error is called: Firefox has a name of its own. */
const STACK_FULL = new Set(["RangeError", "InternalError"]);

/**
 * Turn a value into JSON, or say why it is refused.
 *
 * @param {unknown} value
 * @param {number} maxChars
 * @param {number} maxDepth
 * @returns {{json: string | undefined, refused?: undefined} | {json?: undefined, refused: string}}
 *   `json` is `undefined` for an undefined value
 */
export function bounded(value, maxChars, maxDepth) {
  if (typeof value === "string" && value.length > maxChars) {
    return { refused: `larger than ${inWords(maxChars)} characters` };
  }
  let json;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    // A cycle, a BigInt, a getter that throws; or the stack is full, of tens of thousands of levels.
    return {
      refused: STACK_FULL.has(/** @type {any} */ (error)?.name) ? `nested deeper than ${maxDepth} levels` : "not JSON",
    };
  }
  if (json !== undefined && json.length > maxChars) {
    return { refused: `larger than ${inWords(maxChars)} characters` };
  }
  if (json !== undefined && isDeeperThan(json, maxDepth)) {
    return { refused: `nested deeper than ${maxDepth} levels` };
  }
  return { json };
}

/**
 * What of a refused object can be taken in all the same: its members that are within the bounds, the small ones first.
 *
 * @param {unknown} value
 * @param {number} maxChars
 * @param {number} maxDepth
 * @returns {{fits: Record<string, unknown>, left: string[]} | null} and the names of those that are not; `null` when nothing fits
 */
export function fitting(value, maxChars, maxDepth) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return null;
  }
  const members = Object.keys(value).map((key) => {
    const { json } = bounded(ofIt(value, key), maxChars, maxDepth - 1);
    return { key, json, chars: json === undefined ? 0 : JSON.stringify(key).length + json.length + 2 };
  });
  let room = maxChars - 2;
  /** @type {Set<string>} */
  const kept = new Set();
  for (const { key, chars } of members.filter(({ chars }) => chars > 0).sort((a, b) => a.chars - b.chars)) {
    room -= chars;
    if (room < 0) {
      break;
    }
    kept.add(key);
  }
  if (kept.size === 0) {
    return null;
  }
  const fits = members.filter(({ key }) => kept.has(key));
  return {
    fits: Object.fromEntries(fits.map(({ key, json }) => [key, JSON.parse(json ?? "null")])),
    left: members.filter(({ key }) => !kept.has(key)).map(({ key }) => key),
  };
}

/** @param {object} value @param {string} key @returns {unknown} a getter of anybody's may throw */
function ofIt(value, key) {
  try {
    return /** @type {Record<string, unknown>} */ (value)[key];
  } catch {
    return undefined;
  }
}

/**
 * A limit in digits that are not taken for a phone number and masked.
 * @param {number} chars
 */
function inWords(chars) {
  return chars % 1024 === 0 ? `${chars / 1024} * 1024` : String(chars);
}

/**
 * Whether objects are nested deeper than `levels`. The text is asked, not the value: objects that
 * refer to each other have more paths than anyone can walk, and `toJSON` may give anything.
 * @param {string} json
 * @param {number} levels
 */
function isDeeperThan(json, levels) {
  let level = 0;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === '"') {
      at = endOfString(json, at);
    } else if (char === "[" || char === "{") {
      if (++level > levels) {
        return true;
      }
    } else if (char === "]" || char === "}") {
      level--;
    }
  }
  return false;
}

/**
 * Where a string of the JSON ends: at a quote behind an even number of backslashes.
 * @param {string} json
 * @param {number} start
 */
function endOfString(json, start) {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let before = end;
    while (json[before - 1] === "\\") {
      before--;
    }
    if ((end - before) % 2 === 0) {
      return end;
    }
  }
}
