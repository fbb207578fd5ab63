/**
 * Takes a module and all that it imports past the browser's cache, where a damaged copy may lie.
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
 * @param {Set<string>} [seen]
 */
export async function refetch(url, seen = new Set()) {
  if (seen.has(url)) {
    return;
  }
  seen.add(url);
  try {
    const text = await (await fetch(url, { cache: "reload" })).text();
    const imported = [...text.replaceAll(COMMENT, "").matchAll(IMPORTED)].map(
      (match) => new URL(match[1] ?? match[2], url).href,
    );
    await Promise.all(imported.map((each) => refetch(each, seen)));
  } catch {}
}
