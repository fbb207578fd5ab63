/**
 * Takes a module and all that it imports past the browser's cache, where a damaged copy may lie.
 *
 * @module
 */

const IMPORTED = /^(?:import|export)\b[^;]*?["'](\.\/[\w.-]+\.js)["'];/gm;

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
    const imported = [...text.matchAll(IMPORTED)].map((match) => new URL(match[1], url).href);
    await Promise.all(imported.map((each) => refetch(each, seen)));
  } catch {}
}
