/**
 * Getting the parts of the bundle, whatever happens to them on their way: asked for again with a
 * longer pause each time, past the browser's cache, and held against the hashes that the build wrote.
 *
 * @module
 */

import { bundle } from "./bundle.js";

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 500;

/** @param {string} path relative to the folder of this build */
export const locate = (path) => new URL(path, new URL("../", import.meta.url)).href;

/**
 * @template T
 * @param {string} path
 * @param {(url: string, attempt: number) => Promise<T>} get
 * @returns {Promise<T>}
 */
async function retried(path, get) {
  const url = locate(path);
  for (let attempt = 1; ; attempt++) {
    try {
      return await get(url, attempt);
    } catch (error) {
      if (attempt === ATTEMPTS) {
        throw new Error(`${url} could not be loaded: ${/** @type {Error} */ (error).message}`);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
  }
}

/** @param {string} url @param {number} attempt what came damaged may lie in the browser's cache */
async function ask(url, attempt) {
  const response = await fetch(url, attempt === 1 ? {} : { cache: "reload" });
  if (!response.ok) {
    throw new Error(`HTTP ${response.status}`);
  }
  return response;
}

/**
 * A part as bytes, which are what the build wrote.
 * @param {string} path a key of `bundle.hashes`
 * @returns {Promise<ArrayBuffer>}
 */
export function download(path) {
  return retried(path, async (url, attempt) => {
    const content = await (await ask(url, attempt)).arrayBuffer();
    await verify(path, content);
    return content;
  });
}

/**
 * A part as bytes, for whoever verifies them while doing something else.
 * @param {string} path
 * @returns {Promise<ArrayBuffer>}
 */
export function fetchUnverified(path) {
  return retried(path, async (url, attempt) => (await ask(url, attempt)).arrayBuffer());
}

/**
 * @param {string} path
 * @param {BufferSource} content
 * @throws {Error} when these are not the bytes that the build wrote
 */
export async function verify(path, content) {
  const expected = bundle.hashes[path];
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  if (`sha256-${btoa(String.fromCharCode(...digest))}` !== expected) {
    throw new Error(`it is damaged: ${content.byteLength} bytes, not those that were built`);
  }
}

/**
 * A part as bytes at once, for an import that cannot wait.
 *
 * While it waits, this thread reads nothing of what it has asked for before, and Chromium keeps whoever asks for the same
 * address waiting until the first one has read it, for 20 s. So what is on its way is asked for by another address.
 * @param {string} path
 * @param {boolean} onItsWay
 * @returns {ArrayBuffer}
 */
export function downloadNow(path, onItsWay) {
  const url = locate(path);
  try {
    return getNow(onItsWay ? `${url}?now` : url);
  } catch (error) {
    if (!onItsWay) {
      throw error;
    }
    return getNow(url); // the browser may have this one while the host is out of reach
  }
}

/** @param {string} url @returns {ArrayBuffer} */
function getNow(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) {
    throw new Error(`${url} could not be loaded: HTTP ${request.status}`);
  }
  return request.response;
}

/**
 * The interpreter's module, compiled while it comes. What does not compile is asked for again, and verified.
 * @param {string} path
 * @returns {Promise<WebAssembly.Module>}
 */
export function compile(path) {
  return retried(path, async (url, attempt) => {
    if (attempt === 1) {
      return await WebAssembly.compileStreaming(ask(url, attempt));
    }
    const content = await (await ask(url, attempt)).arrayBuffer();
    await verify(path, content);
    return await WebAssembly.compile(content);
  });
}

/**
 * A module. A browser remembers an import that failed, Firefox for other workers too, so each further attempt has an
 * address that is new.
 * @param {string} path
 * @returns {Promise<any>}
 */
export function importModule(path) {
  return retried(path, async (url, attempt) => {
    if (attempt > 1) {
      await ask(url, attempt); // takes a damaged copy out of the browser's cache
    }
    return await import(attempt === 1 ? url : `${url}?${attempt}.${Date.now()}`);
  });
}
