/**
 * Starting the interpreter from its memory snapshot instead of from nothing.
 *
 * The file holds the pages of memory that differ from those of a freshly instantiated wasm module
 * (see `scripts/worker_py_tool/snapshot.mjs`): magic, a JSON header, page numbers, Pyodide's own
 * snapshot header, the pages. It is laid over the module's memory once that exists.
 *
 * @module
 */

const PAGE = 4096;
const WASM_PAGE = 65536;
const MAGIC = "WPYSNAP1";

/**
 * @typedef {{heap: number, prefix: Uint8Array, pages: Uint32Array, contents: Uint8Array}} Snapshot
 */

/**
 * @param {ArrayBuffer} buffer the file
 * @returns {Snapshot}
 * @throws {Error} that says what is wrong with it
 */
export function parseSnapshot(buffer) {
  const bytes = new Uint8Array(buffer);
  const text = new TextDecoder();
  if (text.decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new Error("it is not a snapshot of this version");
  }
  const view = new DataView(buffer);
  const start = MAGIC.length + 4;
  const headerLength = view.getUint32(MAGIC.length, true);
  if (start + headerLength > bytes.length) {
    throw new Error("it is truncated");
  }
  const { heap, prefix, pages } = JSON.parse(text.decode(bytes.subarray(start, start + headerLength)));
  const list = start + headerLength;
  const header = list + pages * 4;
  const contents = header + prefix;
  if (contents + pages * PAGE !== bytes.length) {
    throw new Error(`it has ${bytes.length} bytes instead of ${contents + pages * PAGE}`);
  }
  return {
    heap,
    prefix: bytes.subarray(header, contents),
    pages: new Uint32Array(buffer, list, pages),
    contents: bytes.subarray(contents),
  };
}

/**
 * Everything that `loadPyodide` needs to start from a snapshot.
 * @param {Snapshot} snapshot
 * @param {WebAssembly.Module} module Pyodide's
 * @param {() => Promise<void>} laid the memory is in place, and nothing runs in it yet
 * @returns {{_loadSnapshot: Uint8Array, restore: () => void}} `restore` undoes what was hooked
 */
export function snapshotLoader({ heap, prefix, pages, contents }, module, laid) {
  const whole = new Uint8Array(prefix.length + heap);
  whole.set(prefix);
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (_, imports) => {
    WebAssembly.instantiateStreaming = instantiateStreaming;
    const instance = await WebAssembly.instantiate(module, imports);
    const memory = /** @type {WebAssembly.Memory} */ (instance.exports.memory);
    if (memory.buffer.byteLength < heap) {
      memory.grow(Math.ceil((heap - memory.buffer.byteLength) / WASM_PAGE));
    }
    whole.set(new Uint8Array(memory.buffer, 0, heap), prefix.length);
    pages.forEach((page, index) => {
      whole.set(contents.subarray(index * PAGE, (index + 1) * PAGE), prefix.length + page * PAGE);
    });
    await laid();
    return { instance, module };
  };
  return {
    _loadSnapshot: whole,
    restore: () => {
      WebAssembly.instantiateStreaming = instantiateStreaming;
    },
  };
}
