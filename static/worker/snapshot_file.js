/**
 * The file of the memory snapshot, and a copy of it in the origin's Cache Storage. The browser's own cache keeps the
 * file as it came, compressed, and unpacking it is what a boot waits for longest.
 *
 * @module
 */

import { within } from "../deadline.js";
import { fetchUnverified, locate, verify } from "./downloads.js";

/** One for each bundle of this origin, with one entry: the copy of its newest build. */
const CACHE = `worker-py ${new URL(locate("../../")).pathname}`;
/** A storage that takes longer is no help. */
const PATIENCE_MS = 1000;
/** Calls come first. */
const KEEP_AFTER_MS = 1000;

export class SnapshotFile {
  #path;
  #url;
  #isCopy = false;
  /** Its bytes, whatever they are. @type {Promise<ArrayBuffer>} */
  content;
  /** Rejects when they are not what the build wrote. @type {Promise<void>} */
  verified;

  /** @param {string} path relative to the folder of this build */
  constructor(path) {
    this.#path = path;
    this.#url = locate(path);
    this.content = this.#read();
    this.verified = this.content.then((content) => this.#verify(content));
    this.verified.catch(() => {}); // awaited on the way; a failure before that is not unhandled
  }

  /** Keep a copy for the next boot, after a while. */
  keepLater() {
    if (!this.#isCopy) {
      setTimeout(() => this.#keep().catch(() => {}), KEEP_AFTER_MS); // the next boot unpacks it again then
    }
  }

  async #read() {
    const copy = await within(this.#copy(), PATIENCE_MS, "the storage has not answered").catch(() => null);
    this.#isCopy = copy !== null;
    return copy ?? fetchUnverified(this.#path);
  }

  /** @param {ArrayBuffer} content */
  async #verify(content) {
    try {
      await verify(this.#path, content);
    } catch (error) {
      if (this.#isCopy) {
        caches.delete(CACHE).catch(() => {}); // the next boot gets the file itself
      }
      throw error;
    }
  }

  async #copy() {
    const cache = await globalThis.caches?.open(CACHE);
    const response = await cache?.match(this.#url);
    return response ? response.arrayBuffer() : null;
  }

  async #keep() {
    const content = await this.content;
    const cache = await globalThis.caches?.open(CACHE);
    if (cache) {
      const others = (await cache.keys()).filter(({ url }) => url !== this.#url);
      await Promise.all(others.map((request) => cache.delete(request)));
      await cache.put(this.#url, new Response(content));
    }
  }
}
