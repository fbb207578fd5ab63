/**
 * The file of the memory snapshot, and its copy.
 *
 * @module
 */

import { dropCopy, keepCopy, readCopy } from "./copies.js";
import { fetchUnverified, verify } from "./downloads.js";

/** Calls come first. */
const KEEP_AFTER_MS = 1000;
/** The header of a copy that has what it adds up to. */
const SUM = "X-Sum";
/** That of the hash FNV-1. */
const PRIME = 0x01000193;

export class SnapshotFile {
  #path;
  /** What the copy adds up to, if this is one. @type {string | null} */
  #sum = null;
  /** Its bytes, whatever they are. @type {Promise<ArrayBuffer>} */
  content;
  /** Rejects when they are not what the build wrote. @type {Promise<void>} */
  verified;

  /** @param {string} path relative to the folder of this build */
  constructor(path) {
    this.#path = path;
    this.content = this.#read();
    this.verified = this.content.then((content) => this.#verify(content));
    this.verified.catch(() => {}); // awaited on the way; a failure before that is not unhandled
  }

  /** Keep a copy for the next boot, after a while. */
  keepLater() {
    if (this.#sum === null) {
      setTimeout(() => this.#keep().catch(() => {}), KEEP_AFTER_MS); // the next boot unpacks it again then
    }
  }

  async #read() {
    const copy = await readCopy(this.#path, async (response) => ({
      content: await response.arrayBuffer(),
      sum: response.headers.get(SUM),
    }));
    if (copy?.sum) {
      this.#sum = copy.sum;
      return copy.content;
    }
    return fetchUnverified(this.#path);
  }

  /** @param {ArrayBuffer} content */
  async #verify(content) {
    if (this.#sum === null) {
      await verify(this.#path, content);
    } else if (sumOf(content) !== this.#sum) {
      dropCopy(this.#path);
      throw new Error("its copy is damaged");
    }
  }

  async #keep() {
    const content = await this.content;
    await keepCopy(this.#path, content, { [SUM]: sumOf(content) });
  }
}

/**
 * Tells damage, not intent: what was written is what the build wrote. A hash would have all of it copied first, in the
 * thread that boots.
 * @param {ArrayBuffer} content
 */
function sumOf(content) {
  const words = new Int32Array(content, 0, content.byteLength >>> 2);
  const lanes = words.length & ~3;
  let [a, b, c, d] = [content.byteLength, 1, 2, 3]; // four, none of which waits for another
  for (let index = 0; index < lanes; index += 4) {
    a = Math.imul(a ^ words[index], PRIME);
    b = Math.imul(b ^ words[index + 1], PRIME);
    c = Math.imul(c ^ words[index + 2], PRIME);
    d = Math.imul(d ^ words[index + 3], PRIME);
  }
  const rest = new Uint8Array(content, lanes * 4);
  return [a, b, c, d, ...rest].join(" ");
}
