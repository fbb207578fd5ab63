/**
 * The files behind a memory snapshot. It holds what was imported, and not the files that this came from, so a start from
 * it puts them in place: as soon as they have come, and at once when somebody reaches for them before that.
 *
 * Who reaches for them is noticed in the file system itself, below Python: an import, `open`, `os.stat`,
 * `importlib.resources` and C code alike all look a name up in a directory, or list it. A file is unpacked when it is
 * opened, so that putting thousands in place takes no time that a handler would miss.
 *
 * @module
 */

import { zipFiles } from "./zip.js";

const DIRECTORY = 0o40755;
const FILE = 0o100644;
/** What the file system answers when the files do not come: an input or output error. */
const EIO = 29;
/**
 * So many archives are on their way at a time. While somebody waits for another one at once, these are not read, and their
 * connections are taken: browsers have six for a host.
 */
const AT_A_TIME = 2;
/** Where a wheel puts what goes beside the rest. */
const PURE_OR_NOT = /^[^/]+\.data\/(?:purelib|platlib)\//;

/**
 * A place in the file system, and the archives that are unpacked there; or one archive that becomes the file `name`.
 * @typedef {{directory: string, name?: string, archives: string[]}} LatePlace
 */

/**
 * @typedef {object} Source
 * @property {(path: string) => Promise<ArrayBuffer>} download
 * @property {(path: string, onItsWay: boolean) => ArrayBuffer} downloadNow
 * @property {<T>(get: () => T) => T} holding  runs what holds the worker for a while, in the middle of the app's code
 */

export class LateFiles {
  #FS;
  #source;
  /** Those that are still missing, and how to put them in place. @type {Map<LatePlace, (contents: ArrayBuffer[]) => void>} */
  #missing = new Map();
  /** Archives that have been asked for and not come. @type {Set<string>} */
  #onTheirWay = new Set();

  /**
   * @param {any} FS Pyodide's file system
   * @param {LatePlace[]} places
   * @param {Source} source
   */
  constructor(FS, places, source) {
    this.#FS = FS;
    this.#source = source;
    for (const place of places) {
      this.#watch(place);
    }
  }

  /** Put all in place, each as soon as it has come. @returns {Promise<void>} rejects when some does not come */
  async mount() {
    const places = [...this.#missing.keys()];
    await Promise.all(
      Array.from({ length: AT_A_TIME }, async () => {
        for (let place = places.shift(); place; place = places.shift()) {
          await this.#mountLater(place);
        }
      }),
    );
  }

  /** @param {LatePlace} place */
  async #mountLater(place) {
    const contents = [];
    for (const path of place.archives) {
      if (!this.#missing.has(place)) {
        return; // somebody could not wait
      }
      this.#onTheirWay.add(path);
      contents.push(await this.#source.download(path).finally(() => this.#onTheirWay.delete(path)));
    }
    this.#missing.get(place)?.(contents);
  }

  /** @param {LatePlace} place */
  #watch(place) {
    const FS = this.#FS;
    FS.mkdirTree(place.directory);
    const { node } = FS.lookupPath(place.directory);
    const before = node.node_ops;
    const own = (/** @type {string} */ name) => place.name === undefined || place.name === name;
    const reach = () => this.#mountNow(place);
    node.node_ops = {
      ...before,
      lookup: (/** @type {any} */ parent, /** @type {string} */ name) => {
        if (!own(name)) {
          return before.lookup(parent, name);
        }
        reach();
        return FS.lookupNode(parent, name);
      },
      readdir: (/** @type {any} */ directory) => {
        reach();
        return before.readdir(directory);
      },
    };
    this.#missing.set(place, (contents) => {
      const files = place.name === undefined ? contents.map(zipFiles) : []; // what is damaged changes nothing
      node.node_ops = before;
      this.#missing.delete(place);
      if (place.name === undefined) {
        put(FS, place.directory, files.flat());
      } else {
        FS.writeFile(`${place.directory}/${place.name}`, new Uint8Array(contents[0]));
      }
    });
  }

  /** @param {LatePlace} place */
  #mountNow(place) {
    try {
      this.#source.holding(() => {
        const contents = place.archives.map((path) => this.#source.downloadNow(path, this.#onTheirWay.has(path)));
        this.#missing.get(place)?.(contents);
      });
    } catch (error) {
      throw failed(this.#FS, /** @type {Error} */ (error).message);
    }
  }
}

/**
 * What to throw out of the file system: anything else would end the interpreter.
 * @param {any} FS
 * @param {string} reason
 */
function failed(FS, reason) {
  console.warn(`worker-py: files are missing: ${reason}`);
  return new FS.ErrnoError(EIO);
}

/**
 * @param {any} FS
 * @param {string} root
 * @param {import("./zip.js").ZipFile[]} files
 */
function put(FS, root, files) {
  const directories = new Map([["", FS.lookupPath(root).node]]);
  /** @param {string} path @returns {any} */
  const directory = (path) => {
    const known = directories.get(path);
    if (known) {
      return known;
    }
    const [above, name] = split(path);
    const parent = directory(above);
    const node = parent.contents[name] ?? parent.node_ops.mknod(parent, name, DIRECTORY, 0);
    directories.set(path, node);
    return node;
  };
  for (const file of files) {
    const [above, name] = split(file.path.replace(PURE_OR_NOT, ""));
    const parent = directory(above);
    if (!(name in parent.contents)) {
      unpackedLate(FS, parent.node_ops.mknod(parent, name, FILE, 0), file);
    }
  }
}

/** @param {string} path */
function split(path) {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? ["", path] : [path.slice(0, slash), path.slice(slash + 1)];
}

/**
 * Give a file its content when somebody wants it.
 * @param {any} FS
 * @param {any} node of the file system
 * @param {import("./zip.js").ZipFile} file
 */
function unpackedLate(FS, node, { path, size, read }) {
  /** @param {unknown} value */
  const keep = (value) => Object.defineProperty(node, "contents", { value, writable: true, configurable: true });
  node.usedBytes = size;
  Object.defineProperty(node, "contents", {
    configurable: true,
    get() {
      try {
        const content = read();
        keep(content);
        return content;
      } catch (error) {
        throw failed(FS, `${path}: ${/** @type {Error} */ (error).message}`);
      }
    },
    set: keep,
  });
}
