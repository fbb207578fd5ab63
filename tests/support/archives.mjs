/** Zip archives for tests of what reads them. */

import { deflateRawSync } from "node:zlib";

/** @param {number} size @param {Array<[number, number, number]>} fields offset, bytes, value */
function record(size, fields) {
  const view = new DataView(new ArrayBuffer(size));
  for (const [at, bytes, value] of fields) {
    bytes === 2 ? view.setUint16(at, value, true) : view.setUint32(at, value, true);
  }
  return new Uint8Array(view.buffer);
}

/**
 * @param {Record<string, string | Uint8Array>} files by path; with `/` at the end it is a directory
 * @returns {ArrayBuffer}
 */
export function zipOf(files) {
  const text = new TextEncoder();
  const parts = [];
  const directory = [];
  let at = 0;
  for (const [path, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? text.encode(content) : content;
    const method = bytes.length > 10 ? 8 : 0;
    const packed = method ? new Uint8Array(deflateRawSync(bytes)) : bytes;
    const name = text.encode(path);
    /** @param {number} start @returns {Array<[number, number, number]>} */
    const common = (start) => [
      [start, 2, 20],
      [start + 4, 2, method],
      [start + 14, 4, packed.length],
      [start + 18, 4, bytes.length],
      [start + 22, 2, name.length],
    ];
    const local = record(30, [[0, 4, 0x04034b50], ...common(4)]);
    directory.push(record(46, [[0, 4, 0x02014b50], ...common(6), [42, 4, at]]), name);
    parts.push(local, name, packed);
    at += local.length + name.length + packed.length;
  }
  const count = Object.keys(files).length;
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = record(22, [
    [0, 4, 0x06054b50],
    [8, 2, count],
    [10, 2, count],
    [12, 4, size],
    [16, 4, at],
  ]);
  return Uint8Array.from([...parts, ...directory, end].flatMap((part) => [...part])).buffer;
}
