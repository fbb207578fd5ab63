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
/** A storage that takes longer to answer is no help. */
const PATIENCE_MS = 1000;
/** What it has found is worth more: a slow machine reads and compiles it, and would unpack the file itself slower still. */
const READING_MS = 10_000;

/**
 * What there is of a file, whatever it holds.
 * @template T
 * @param {string} path relative to the folder of this build
 * @param {(copy: Response) => Promise<T>} read
 * @returns {Promise<T | null>} null when there is none, or not in time
 */
export function readCopy(path, read) {
  const finding = async () => (await globalThis.caches?.open(CACHE))?.match(locate(path));
  const reading = async () => {
    const copy = await within(finding(), PATIENCE_MS, "the storage has not answered");
    return copy ? within(read(copy), READING_MS, "the copy has not been read") : null;
  };
  return reading().catch(() => null);
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
