/** Parameters as PHP reads them from a query: `filter[ID]=7&select[]=NAME`. */

const MAX_DEPTH = 32;

/** @typedef {{[name: string]: string | Tree}} Tree */

/**
 * @param {string} query what stands behind the `?`, or a form's body
 * @returns {Record<string, unknown>} nested; what has the keys 0, 1, 2 … is a list; values stay strings
 */
export function parseQuery(query) {
  /** @type {Tree} */
  const root = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    const path = pathOf(name);
    if (path.length > 0) {
      put(root, path, value);
    }
  }
  return Object.fromEntries(Object.entries(root).map(([name, value]) => [name, withLists(value)]));
}

/**
 * @param {string} name
 * @returns {string[]}
 */
function pathOf(name) {
  const first = /^[^[]+/.exec(name)?.[0];
  if (first === undefined) {
    return [];
  }
  const keys = [...name.slice(first.length).matchAll(/\[([^[\]]*)\]/g)].map((match) => match[1] ?? "");
  return [first, ...keys].slice(0, MAX_DEPTH);
}

/**
 * @param {Tree} root
 * @param {string[]} path
 * @param {string} value
 */
function put(root, path, value) {
  let here = root;
  for (const key of path.slice(0, -1)) {
    const name = key || String(Object.keys(here).length);
    here[name] ??= Object.create(null);
    const below = here[name];
    if (typeof below !== "object") {
      return;
    }
    here = below;
  }
  here[path.at(-1) || String(Object.keys(here).length)] = value;
}

/**
 * @param {string | Tree} value
 * @returns {unknown}
 */
function withLists(value) {
  if (typeof value === "string") {
    return value;
  }
  const entries = Object.entries(value);
  if (entries.every(([name], index) => name === String(index))) {
    return entries.map(([, one]) => withLists(one));
  }
  return Object.fromEntries(entries.map(([name, one]) => [name, withLists(one)]));
}
