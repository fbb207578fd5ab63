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
 * Set an entry of a map that has so many at most: the oldest gives way.
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {T} value
 * @param {number} most
 */
export function setBounded(map, key, value, most) {
  map.set(key, value);
  if (map.size > most) {
    map.delete(/** @type {string} */ (map.keys().next().value));
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
