/**
 * Reading zip archives, each of their files when it is wanted, and at once: whoever opens a file cannot wait for
 * `DecompressionStream`. A bundle has this module and its library as one.
 *
 * @module
 */

import { inflateSync } from "fflate";

const END = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

/**
 * A file of an archive.
 * @typedef {{path: string, size: number, read: () => Uint8Array<ArrayBuffer>}} ZipFile
 */

/**
 * The files of an archive, without its directories.
 * @param {ArrayBuffer} archive
 * @returns {ZipFile[]}
 * @throws {Error} that says what is wrong with it
 */
export function zipFiles(archive) {
  const view = new DataView(archive);
  const bytes = new Uint8Array(archive);
  const text = new TextDecoder();
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const files = [];
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES > end || view.getUint32(at, true) !== ENTRY) {
      throw new Error("its directory is damaged");
    }
    const nameBytes = view.getUint16(at + 28, true);
    const path = text.decode(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes));
    if (!path.endsWith("/")) {
      files.push(fileOf(view, bytes, at, path));
    }
    at += ENTRY_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return files;
}

/** @param {DataView} view */
function endOf(view) {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
    if (view.getUint32(at, true) === END) {
      return at;
    }
  }
  throw new Error("it is no zip archive");
}

/**
 * @param {DataView} view
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {number} at where the entry begins in the directory
 * @param {string} path
 * @returns {ZipFile}
 */
function fileOf(view, bytes, at, path) {
  const method = view.getUint16(at + 10, true);
  if (view.getUint16(at + 8, true) & ENCRYPTED || (method !== STORED && method !== DEFLATED)) {
    throw new Error(`${path} is packed in a way that is not known here`);
  }
  const packed = view.getUint32(at + 20, true);
  const size = view.getUint32(at + 24, true);
  const local = view.getUint32(at + 42, true);
  const read = () => {
    const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const content = bytes.subarray(start, start + packed);
    return method === STORED ? content.slice() : inflate(content, size);
  };
  return { path, size, read };
}

/**
 * @param {Uint8Array} packed
 * @param {number} size of the content
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {Error} when it is not what deflate makes of so many bytes
 */
export function inflate(packed, size) {
  const room = new Uint8Array(size + 1); // what is too long shows in the one byte more
  let filled;
  try {
    filled = inflateSync(packed, { out: room }).length;
  } catch (error) {
    throw new Error(`it cannot be unpacked: ${/** @type {Error} */ (error).message}`);
  }
  if (filled !== size) {
    throw new Error(`it does not unpack to ${size} bytes`);
  }
  return room.subarray(0, size);
}
