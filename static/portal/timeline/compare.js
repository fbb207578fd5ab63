/** Two lists of commands beside each other: what is the same, what is not. Pure. */

/** @typedef {import("./recording.js").Command} Command */
/** @typedef {{verdict: "same" | "moved" | "different" | "missing" | "new", recorded: Command | null, now: Command | null}} Compared */

/** Longer lists are compared place by place: the table for the best match would not fit into memory. */
const MOST_CELLS = 4_000_000;

/**
 * Lays two lists of commands beside each other so that as many as possible are the same.
 * @param {readonly Command[]} recorded
 * @param {readonly Command[]} now
 * @returns {Compared[]}
 */
export function compare(recorded, now) {
  const before = recorded.map(textOf);
  const after = now.map(textOf);
  const pairs = before.length * after.length > MOST_CELLS ? placeByPlace(before, after) : longestMatch(before, after);
  const moved = movedBetween(before, after, pairs);
  const recordedElsewhere = new Set(moved.values());
  /** @type {Compared[]} */
  const rows = [];
  let [a, b] = [0, 0];
  for (const [nextA, nextB] of [...pairs, /** @type {const} */ ([recorded.length, now.length])]) {
    /** @type {Command[]} */
    const gone = [];
    for (; a < nextA; a++) {
      const command = /** @type {Command} */ (recorded[a]);
      if (moved.has(a)) {
        rows.push({ verdict: "moved", recorded: command, now: command });
      } else {
        gone.push(command);
      }
    }
    const come = now.slice(b, nextB).filter((_unused, index) => !recordedElsewhere.has(b + index));
    b = nextB;
    for (let index = 0; index < Math.max(gone.length, come.length); index++) {
      const [was, is] = [gone[index] ?? null, come[index] ?? null];
      rows.push({ verdict: was === null ? "new" : is === null ? "missing" : "different", recorded: was, now: is });
    }
    if (a < recorded.length && b < now.length) {
      rows.push({ verdict: "same", recorded: recorded[a++] ?? null, now: now[b++] ?? null });
    }
  }
  return rows;
}

/**
 * Commands that are in both lists, but not in the same order.
 * @param {string[]} before
 * @param {string[]} after
 * @param {ReadonlyArray<readonly [number, number]>} pairs that are at their place
 * @returns {Map<number, number>} places in `after` by those in `before`
 */
function movedBetween(before, after, pairs) {
  const [placedBefore, placedAfter] = [new Set(pairs.map(([a]) => a)), new Set(pairs.map(([, b]) => b))];
  /** Places in `after` that are left over, by text. @type {Map<string, number[]>} */
  const left = new Map();
  for (const [place, text] of after.entries()) {
    if (!placedAfter.has(place)) {
      left.set(text, [...(left.get(text) ?? []), place]);
    }
  }
  /** @type {Map<number, number>} */
  const moved = new Map();
  for (const [place, text] of before.entries()) {
    const found = placedBefore.has(place) ? undefined : left.get(text)?.shift();
    if (found !== undefined) {
      moved.set(place, found);
    }
  }
  return moved;
}

/** @param {string[]} before @param {string[]} after @returns {Array<readonly [number, number]>} */
function placeByPlace(before, after) {
  return before.flatMap((text, at) => (text === after[at] ? [/** @type {const} */ ([at, at])] : []));
}

/** @param {string[]} before @param {string[]} after @returns {Array<readonly [number, number]>} places that are the same */
function longestMatch(before, after) {
  const width = after.length + 1;
  const length = new Uint32Array((before.length + 1) * width);
  const at = (/** @type {number} */ a, /** @type {number} */ b) => length[a * width + b] ?? 0;
  for (let a = before.length - 1; a >= 0; a--) {
    for (let b = after.length - 1; b >= 0; b--) {
      length[a * width + b] = before[a] === after[b] ? at(a + 1, b + 1) + 1 : Math.max(at(a + 1, b), at(a, b + 1));
    }
  }
  /** @type {Array<readonly [number, number]>} */
  const pairs = [];
  for (let a = 0, b = 0; a < before.length && b < after.length; ) {
    if (before[a] === after[b]) {
      pairs.push([a++, b++]);
    } else if (at(a + 1, b) >= at(a, b + 1)) {
      a++;
    } else {
      b++;
    }
  }
  return pairs;
}

/** What `@bitrix24/b24jssdk` adds to parameters for itself. */
const ADDED = new Set(["safelyTime", "isRawValue", "isSafely"]);

/** @param {Command} command */
function textOf({ name, params }) {
  return `${name} ${JSON.stringify(params ?? {}, (key, value) => (ADDED.has(key) ? undefined : sorted(value)))}`;
}

/** @param {unknown} value an object's keys may come in another order */
function sorted(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
