/**
 * Unpacked copies of large files in the origin's Cache Storage. The browser's own cache keeps a file as it came, compressed,
 * and unpacking it is what a boot waits for longest.
 *
 * @module
 */

import { within } from "../deadline.js";
import { locate } from "./downloads.js";

/** One for each bundle of this origin: the newest build's copy of each file. */
const CACHE = `worker-py ${new URL(locate("../../")).pathname}`;
/** A storage that takes longer is no help. */
const PATIENCE_MS = 1000;

/**
 * What there is of a file, whatever it holds.
 * @template T
 * @param {string} path relative to the folder of this build
 * @param {(copy: Response) => Promise<T>} read
 * @returns {Promise<T | null>} null when there is none, or not in time
 */
export function readCopy(path, read) {
  const reading = async () => {
    const cache = await globalThis.caches?.open(CACHE);
    const copy = await cache?.match(locate(path));
    return copy ? read(copy) : null;
  };
  return within(reading(), PATIENCE_MS, "the storage has not answered").catch(() => null);
}

/**
 * Write one, in place of another build's.
 * @param {string} path
 * @param {ArrayBuffer} content
 * @param {Record<string, string>} headers
 */
export async function keepCopy(path, content, headers) {
  const cache = await globalThis.caches?.open(CACHE);
  if (cache) {
    const url = locate(path);
    const name = url.slice(url.lastIndexOf("/"));
    const others = (await cache.keys()).filter((other) => other.url !== url && other.url.endsWith(name));
    await Promise.all(others.map((request) => cache.delete(request)));
    await cache.put(url, new Response(content, { headers }));
  }
}

/** The next boot gets the file itself. @param {string} path */
export function dropCopy(path) {
  const dropping = async () => (await caches.open(CACHE)).delete(locate(path));
  dropping().catch(() => {});
}
