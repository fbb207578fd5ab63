// A WebAssembly module with fewer exports, for `trim.mjs`: what nothing can call any more loses its body. Functions keep
// their numbers, so every other part of the module stays as it is.

const HEADER_BYTES = 8;
const [IMPORTS, FUNCTIONS, EXPORTS, START, ELEMENTS, CODE] = [2, 3, 7, 8, 9, 10];
const [FUNCTION, TABLE, MEMORY, GLOBAL, TAG] = [0, 1, 2, 3, 4];
/** No local variables; `unreachable`; the end. */
const NO_BODY = [3, 0, 0x00, 0x0b];

/** The module is not of the kind that is understood here. */
export class Unknown extends Error {}

/** Reads numbers and instructions. */
class Reader {
  /** @param {Uint8Array} bytes @param {number} at */
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    if (this.at >= this.bytes.length) {
      throw new Unknown("a part that ends too soon");
    }
    return this.bytes[this.at++];
  }

  number() {
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        return result >>> 0;
      }
    }
  }

  /** @param {number} count of numbers, of any length and sign */
  pass(count = 1) {
    for (let left = count; left > 0; ) {
      left -= this.byte() < 0x80 ? 1 : 0;
    }
  }

  name() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }

  limits() {
    const flags = this.byte();
    this.pass(flags & 1 ? 2 : 1);
  }

  /**
   * Go past one instruction.
   * @param {(callee: number) => void} meet is told each function that it names
   * @returns {number} by how much it goes deeper into blocks
   */
  instruction(meet) {
    const code = this.byte();
    if ((code >= 0x02 && code <= 0x04) || code === 0x06) {
      this.pass(); // block, loop, if, try
      return 1;
    }
    if (code === 0x0b || code === 0x18) {
      this.pass(code === 0x18 ? 1 : 0); // end, delegate
      return -1;
    }
    if (code === 0x10 || code === 0xd2) {
      meet(this.number()); // call, ref.func
    } else if (code === 0x0e) {
      this.pass(this.number() + 1); // br_table
    } else if (code === 0x1c) {
      this.pass(this.number()); // select of types
    } else if (code === 0x43 || code === 0x44) {
      this.at += code === 0x43 ? 4 : 8; // constants of floating point
    } else if (code === 0xfc) {
      this.pass(operandsOfLong(this.number()));
    } else {
      this.pass(operands(code));
    }
    return 0;
  }
}

/** How many numbers follow. @param {number} code of an instruction */
function operands(code) {
  const simple = code <= 0x01 || code === 0x05 || code === 0x0f || (code >= 0x19 && code <= 0x1b);
  if (simple || (code >= 0x45 && code <= 0xc4) || code === 0xd1) {
    return 0;
  }
  const branch = code >= 0x07 && code <= 0x0d && code !== 0x0a && code !== 0x0b;
  if (branch || (code >= 0x20 && code <= 0x26) || (code >= 0x3f && code <= 0x42) || code === 0xd0) {
    return 1;
  }
  if (code === 0x11 || (code >= 0x28 && code <= 0x3e)) {
    return 2; // call_indirect; what reads and writes the one memory
  }
  throw new Unknown(`the instruction ${code.toString(16)}`);
}

/** @param {number} code of an instruction with the prefix fc */
function operandsOfLong(code) {
  if (code > 17) {
    throw new Unknown(`the instruction fc ${code}`);
  }
  return [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1][code];
}

/** @param {Uint8Array} bytes of a module @returns {Array<{id: number, content: Uint8Array}>} */
function sectionsOf(bytes) {
  const reader = new Reader(bytes, HEADER_BYTES);
  const sections = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const length = reader.number();
    sections.push({ id, content: bytes.subarray(reader.at, reader.at + length) });
    reader.at += length;
  }
  return sections;
}

/** @param {Uint8Array} content of the section @returns {number} how many functions are imported */
function importedFunctions(content) {
  const reader = new Reader(content);
  let functions = 0;
  for (let left = reader.number(); left > 0; left--) {
    reader.name();
    reader.name();
    const kind = reader.byte();
    if (kind === FUNCTION) {
      reader.pass();
      functions++;
    } else if (kind === MEMORY) {
      reader.limits();
    } else if (kind === TABLE) {
      reader.pass();
      reader.limits();
    } else if (kind === GLOBAL || kind === TAG) {
      reader.pass(2);
    } else {
      throw new Unknown(`an import of the kind ${kind}`);
    }
  }
  return functions;
}

/** @param {Uint8Array} content of the section */
function exportsOf(content) {
  const reader = new Reader(content);
  return Array.from({ length: reader.number() }, () => {
    const start = reader.at;
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.number();
    return { name, kind, index, bytes: content.subarray(start, reader.at) };
  });
}

/** @param {Uint8Array} content of the section @returns {number[]} the functions that stand in tables */
function elementsOf(content) {
  const reader = new Reader(content);
  const functions = [];
  for (let left = reader.number(); left > 0; left--) {
    const flags = reader.number();
    if (flags > 3) {
      throw new Unknown(`elements of the kind ${flags}`);
    }
    reader.pass(flags === 2 ? 1 : 0);
    for (let inside = (flags & 1) === 0; inside; ) {
      inside = reader.instruction((callee) => functions.push(callee)) >= 0;
    }
    reader.pass(flags === 0 ? 0 : 1);
    for (let count = reader.number(); count > 0; count--) {
      functions.push(reader.number());
    }
  }
  return functions;
}

/** @param {Uint8Array} content of the section @returns {Uint8Array[]} the body of each function, with its length before it */
function bodiesOf(content) {
  const reader = new Reader(content);
  return Array.from({ length: reader.number() }, () => {
    const start = reader.at;
    const length = reader.number();
    reader.at += length;
    return content.subarray(start, reader.at);
  });
}

/** @param {Uint8Array} body with its length before it @param {(callee: number) => void} meet */
function calls(body, meet) {
  const reader = new Reader(body);
  reader.pass();
  reader.pass(2 * reader.number()); // local variables: how many of which type
  for (let depth = 1; depth > 0; ) {
    depth += reader.instruction(meet);
  }
  if (reader.at !== body.length) {
    throw new Unknown("a function that goes on after its end");
  }
}

/**
 * The functions that can be called.
 * @param {number} imported how many come before those with a body
 * @param {Uint8Array[]} bodies
 * @param {Iterable<number>} roots
 */
function reached(imported, bodies, roots) {
  const found = new Set(roots);
  for (const index of found) {
    if (index >= imported) {
      calls(bodies[index - imported], (callee) => found.add(callee));
    }
  }
  return found;
}

/** @param {number} value @returns {number[]} */
function numbered(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...numbered(value >>> 7)];
}

/** @param {ReadonlyArray<ArrayLike<number>>} parts */
function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * @param {Uint8Array} bytes of the module
 * @param {(name: string) => boolean} keeps
 * @returns {Uint8Array} the module
 * @throws {Unknown} when it is not understood
 */
export function withExports(bytes, keeps) {
  const sections = sectionsOf(bytes);
  /** @param {number} id */
  const section = (id) => sections.find((one) => one.id === id)?.content ?? new Uint8Array([0]);
  const kept = exportsOf(section(EXPORTS)).filter(({ name }) => keeps(name));
  const bodies = bodiesOf(section(CODE));
  if (bodies.length !== new Reader(section(FUNCTIONS)).number() || sections.some(({ id }) => id === START)) {
    throw new Unknown("its functions are not those of a module of Emscripten");
  }
  const imported = importedFunctions(section(IMPORTS));
  const exported = kept.filter(({ kind }) => kind === FUNCTION).map(({ index }) => index);
  const alive = reached(imported, bodies, [...exported, ...elementsOf(section(ELEMENTS))]);
  const contents = new Map([
    [EXPORTS, joined([numbered(kept.length), ...kept.map((one) => one.bytes)])],
    [
      CODE,
      joined([
        numbered(bodies.length),
        ...bodies.map((body, index) => (alive.has(imported + index) ? body : NO_BODY)),
      ]),
    ],
  ]);
  return joined([
    bytes.subarray(0, HEADER_BYTES),
    ...sections.flatMap(({ id, content }) => {
      const now = contents.get(id) ?? content;
      return [[id], numbered(now.length), now];
    }),
  ]);
}

/**
 * Functions of JavaScript as those of WebAssembly, which alone a table of functions takes; by one module. The text of this
 * function goes into Pyodide's glue, which has no other helpers than its own.
 * @param {{sig: string}[]} functions each with its signature, as Emscripten writes it: the result's type, then the parameters'
 * @returns {Map<object, unknown>}
 */
export function wrapAll(functions) {
  const each = [...new Set(functions)];
  const signatures = [...new Set(each.map(({ sig }) => sig))];
  /** @type {Record<string, number>} */
  const codes = { i: 127, p: 127, j: 126, f: 125, d: 124, e: 111 };
  const number = (/** @type {number} */ value) => [(value % 128) | 128, value >> 7];
  const counted = (/** @type {number[][]} */ items) => [...number(items.length), ...items.flat()];
  const name = (/** @type {number} */ index) => counted([...String(index)].map((digit) => [digit.charCodeAt(0)]));
  const types = (/** @type {string} */ letters) => counted([...letters].map((letter) => [codes[letter]]));
  const section = (/** @type {number} */ id, /** @type {number[][]} */ items) => {
    const content = counted(items);
    return [id, ...number(content.length), ...content];
  };
  const bytes = Uint8Array.of(
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(
      1,
      signatures.map((sig) => [96, ...types(sig.slice(1)), ...types(sig[0] === "v" ? "" : sig[0])]),
    ),
    ...section(
      2,
      each.map(({ sig }, index) => [1, 101, ...name(index), 0, ...number(signatures.indexOf(sig))]),
    ),
    ...section(
      7,
      each.map((_, index) => [...name(index), 0, ...number(index)]),
    ),
  );
  const imports = { e: /** @type {any} */ (each) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  return new Map(each.map((one, index) => [one, exports[index]]));
}
