/**
 * The interpreter's module, and its copy.
 *
 * @module
 */

import { dropCopy, keepCopy, readCopy } from "./copies.js";
import { compile, download } from "./downloads.js";

/** Calls come first, and the snapshot's copy. */
const KEEP_AFTER_MS = 2000;

export class ModuleFile {
  #path;
  #isCopy = false;
  /** @type {Promise<WebAssembly.Module>} */
  compiled;

  /** @param {string} path relative to the folder of this build */
  constructor(path) {
    this.#path = path;
    this.compiled = this.#compile();
  }

  /** Keep a copy for the next boot, after a while. */
  keepLater() {
    if (!this.#isCopy) {
      setTimeout(() => this.#keep().catch(() => {}), KEEP_AFTER_MS); // the next boot unpacks it again then
    }
  }

  /** It is compiled while it comes; the browser's storage sees to it that it is what was written. */
  async #compile() {
    const module = await readCopy(this.#path, (copy) =>
      WebAssembly.compileStreaming(copy).catch((error) => {
        dropCopy(this.#path);
        throw error;
      }),
    );
    this.#isCopy = module !== null;
    return module ?? compile(this.#path);
  }

  async #keep() {
    await keepCopy(this.#path, await download(this.#path), { "Content-Type": "application/wasm" });
  }
}
