/**
 * Takes a module and all that it imports into the browser's cache, past it when a damaged copy may lie there.
 *
 * @module
 */

/** Types are named in comments, by `import("…")` too. */
const COMMENT = /\/\*[\s\S]*?\*\//g;
const MODULE = String.raw`["'](\.{1,2}/[\w./-]+\.m?js)["']`;
/** What a module imports: as it is loaded, or once it runs. */
const IMPORTED = new RegExp(String.raw`^(?:import|export)\b[^;]*?${MODULE};|\bimport\(\s*${MODULE}`, "gm");

/**
 * Ends when all have been tried; what still cannot be had is left to whoever loads it next.
 * @param {string} url
 * @param {"reload" | "default"} [cache] whether what lies in the cache already will do
 * @param {Set<string>} [seen]
 */
export async function refetch(url, cache = "reload", seen = new Set()) {
  if (seen.has(url)) {
    return;
  }
  seen.add(url);
  try {
    const text = await (await fetch(url, { cache })).text();
    const imported = [...text.replaceAll(COMMENT, "").matchAll(IMPORTED)].map(
      (match) => new URL(match[1] ?? match[2], url).href,
    );
    await Promise.all(imported.map((each) => refetch(each, cache, seen)));
  } catch {}
}
