/**
 * Reading zip archives, each of their files when it is wanted, and at once: whoever opens a file cannot wait for
 * `DecompressionStream`.
 *
 * @module
 */

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

// Inflating (RFC 1951) ----------------------------------------------------------------------------

/** The order in which the lengths of the codes for lengths are written. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END_OF_BLOCK = 256;
/** Of how many bytes a repetition is, by its code: the least, and the bits that are added. */
const [LENGTHS, LENGTH_BITS] = steps(29, 4, 3);
LENGTHS[28] = 258;
LENGTH_BITS[28] = 0;
/** How far back it begins. */
const [DISTANCES, DISTANCE_BITS] = steps(30, 2, 1);

/** @param {number} count @param {number} group of codes with the same bits @param {number} first */
function steps(count, group, first) {
  const least = [];
  const bits = [];
  for (let code = 0, next = first; code < count; code++) {
    bits[code] = Math.max(0, Math.floor(code / group) - 1);
    least[code] = next;
    next += 1 << bits[code];
  }
  return [least, bits];
}

/**
 * A code, as a table by the bits that come next: the symbol above four bits that say how many of them are its own.
 * @typedef {{table: Uint16Array, most: number}} Code
 */

/** @param {ArrayLike<number>} lengths of the symbols' codes, 0 for none @returns {Code} */
function codeOf(lengths) {
  const counts = new Uint16Array(16);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    counts[lengths[symbol]]++;
  }
  let most = 15;
  while (most > 1 && counts[most] === 0) {
    most--;
  }
  const next = new Uint16Array(16);
  for (let length = 1, code = 0; length < 16; length++) {
    next[length] = code;
    code = (code + counts[length]) << 1;
  }
  const table = new Uint16Array(1 << most);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol];
    if (length) {
      const step = 1 << length;
      for (let index = reversed(next[length]++, length); index < table.length; index += step) {
        table[index] = (symbol << 4) | length;
      }
    }
  }
  return { table, most };
}

/** @param {number} code @param {number} length */
function reversed(code, length) {
  let result = 0;
  for (let bit = 0; bit < length; bit++) {
    result = (result << 1) | ((code >>> bit) & 1);
  }
  return result;
}

/** @type {[Code, Code] | null} */
let fixed = null;

function fixedCodes() {
  const lengths = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
  fixed ??= [codeOf(lengths), codeOf(new Uint8Array(30).fill(5))];
  return fixed;
}

/**
 * @param {Uint8Array} packed
 * @param {number} size of the content
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {Error} when it is not what deflate makes of so many bytes
 */
export function inflate(packed, size) {
  const content = new Uint8Array(size);
  let filled = 0;
  let at = 0;
  let held = 0;
  let bits = 0;

  /** @param {number} count at most 16 */
  const peek = (count) => {
    while (held < count) {
      bits |= packed[at++] << held; // nothing is 0: that too much was read shows in the end
      held += 8;
    }
    return bits & ((1 << count) - 1);
  };
  /** @param {number} count */
  const drop = (count) => {
    bits >>>= count;
    held -= count;
  };
  /** @param {number} count */
  const take = (count) => {
    const value = peek(count);
    drop(count);
    return value;
  };
  /** @param {Code} code */
  const symbol = ({ table, most }) => {
    const entry = table[peek(most)];
    if (entry === 0) {
      throw new Error("it holds a code that there is not");
    }
    drop(entry & 15);
    return entry >>> 4;
  };

  const copyStored = () => {
    drop(held & 7);
    const length = take(16);
    take(16);
    at -= held >>> 3;
    held = bits = 0;
    content.set(packed.subarray(at, Math.min(at + length, at + size - filled)), filled);
    at += length;
    filled += length;
  };

  /** @returns {[Code, Code]} */
  const readCodes = () => {
    const symbols = take(5) + 257;
    const all = symbols + take(5) + 1;
    const count = take(4) + 4;
    const lengths = new Uint8Array(19);
    for (let index = 0; index < count; index++) {
      lengths[ORDER[index]] = take(3);
    }
    const code = codeOf(lengths);
    const found = new Uint8Array(all);
    for (let index = 0; index < all; ) {
      const next = symbol(code);
      if (next < 16) {
        found[index++] = next;
      } else {
        const value = next === 16 ? found[index - 1] : 0;
        const times = next === 18 ? 11 + take(7) : 3 + take(next - 14);
        found.fill(value, index, index + times);
        index += times;
      }
    }
    return [codeOf(found.subarray(0, symbols)), codeOf(found.subarray(symbols))];
  };

  /** @param {[Code, Code]} codes */
  const unpack = ([literals, distances]) => {
    while (filled <= size) {
      const next = symbol(literals);
      if (next === END_OF_BLOCK) {
        return;
      }
      if (next < END_OF_BLOCK) {
        content[filled++] = next;
        continue;
      }
      const code = next - END_OF_BLOCK - 1;
      const length = LENGTHS[code] + take(LENGTH_BITS[code]);
      const far = symbol(distances);
      const from = filled - DISTANCES[far] - take(DISTANCE_BITS[far]);
      for (let index = 0; index < length; index++) {
        content[filled + index] = content[from + index];
      }
      filled += length;
    }
  };

  for (let last = false; !last; ) {
    last = take(1) === 1;
    const kind = take(2);
    if (kind === 0) {
      copyStored();
    } else if (kind === 3) {
      throw new Error("it holds a block of no known kind");
    } else {
      unpack(kind === 1 ? fixedCodes() : readCodes());
    }
    if (filled > size || at - (held >>> 3) > packed.length) {
      break;
    }
  }
  if (filled !== size || at - (held >>> 3) > packed.length) {
    throw new Error(`it does not unpack to ${size} bytes`);
  }
  return content;
}
