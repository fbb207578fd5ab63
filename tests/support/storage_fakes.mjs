/** Stand-ins for what pages of one origin share: localStorage with its events, BroadcastChannel, IndexedDB, Cache Storage. */

import { createHash } from "node:crypto";
import { afterEach, beforeEach, mock } from "node:test";
import { bundle } from "../../static/worker/bundle.js";

/** What pages of one origin share; each page has its own view of it. */
export class FakeOrigin {
  /** @type {Map<string, string>} */
  #items = new Map();
  /** @type {FakePage[]} */
  pages = [];
  /** Whether the browser denies everything. */
  blocked = false;
  /** Whether there is no room for more. */
  full = false;

  page() {
    const page = new FakePage(this);
    this.pages.push(page);
    return page;
  }

  /** @param {string} key */
  get(key) {
    if (this.blocked) {
      throw new DOMException("denied", "SecurityError");
    }
    return this.#items.get(key) ?? null;
  }

  /** @param {FakePage} writer @param {string} key @param {string | null} value */
  set(writer, key, value) {
    const oldValue = this.get(key);
    if (this.full && value !== null) {
      throw new DOMException("no room", "QuotaExceededError");
    }
    if (value === null) {
      this.#items.delete(key);
    } else {
      this.#items.set(key, value);
    }
    for (const page of this.pages.filter((each) => each !== writer && oldValue !== value)) {
      page.events.push({ type: "storage", key, oldValue, newValue: value });
    }
  }
}

/** One page: its globals, and the events that wait for it. */
export class FakePage {
  /** Storage events under way to this page. @type {any[]} */
  events = [];
  /** @type {Map<string, Array<(event: any) => void>>} */
  #listeners = new Map();
  #origin;

  /** @param {FakeOrigin} origin */
  constructor(origin) {
    this.#origin = origin;
  }

  /** The globals of this page. */
  get globals() {
    const origin = this.#origin;
    return {
      localStorage: {
        getItem: (/** @type {string} */ key) => origin.get(key),
        setItem: (/** @type {string} */ key, /** @type {string} */ value) => origin.set(this, key, String(value)),
        removeItem: (/** @type {string} */ key) => origin.set(this, key, null),
      },
      addEventListener: (/** @type {string} */ type, /** @type {(event: any) => void} */ listener) => {
        this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
      },
    };
  }

  /** The events that are under way arrive. */
  hear() {
    for (const event of this.events.splice(0)) {
      for (const listener of this.#listeners.get(event.type) ?? []) {
        listener(event);
      }
    }
  }
}

/** @type {Map<string, Set<FakeBroadcastChannel>>} */
const channels = new Map();

export class FakeBroadcastChannel {
  /** @type {((event: {data: any}) => void) | null} */
  onmessage = null;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
    channels.set(name, (channels.get(name) ?? new Set()).add(this));
  }

  /** @param {unknown} data */
  postMessage(data) {
    for (const other of channels.get(this.name) ?? []) {
      if (other !== this) {
        other.onmessage?.({ data: structuredClone(data) });
      }
    }
  }

  static reset() {
    channels.clear();
  }
}

/** Firefox's, where storage is blocked. */
export class RefusedBroadcastChannel {
  constructor() {
    throw new DOMException("The operation is insecure.", "SecurityError");
  }
}

/** One object store, of which only what KeptStore uses is there. */
export class FakeIndexedDB {
  /** @type {Map<string, any>} */
  rows = new Map();
  /**
   * `denied`: opening fails; `stuck`: no transaction ever ends; `full`: what is written fails when it is committed.
   * @type {"works" | "denied" | "stuck" | "full"}
   */
  state = "works";
  /** The name of the error with which opening fails. */
  denial = "UnknownError";
  /** Transactions that were begun and not committed: they would block the others. */
  uncommitted = 0;

  open() {
    const request = /** @type {any} */ ({ result: null, error: new DOMException("denied", this.denial) });
    queueMicrotask(() => {
      if (this.state === "denied") {
        request.onerror?.();
        return;
      }
      request.result = { createObjectStore() {}, close() {}, transaction: () => this.#transaction() };
      request.onupgradeneeded?.();
      request.onsuccess?.();
    });
    return request;
  }

  #transaction() {
    this.uncommitted++;
    const done = (/** @type {() => unknown} */ act, writes = false) => {
      const request = /** @type {any} */ ({});
      if (this.state !== "stuck") {
        queueMicrotask(() => {
          if (this.state === "full" && writes) {
            request.onsuccess?.();
            transaction.error = new DOMException("no room", "QuotaExceededError");
            transaction.onabort?.();
            return;
          }
          request.result = act();
          request.onsuccess?.();
          transaction.oncomplete?.();
        });
      }
      return request;
    };
    const transaction = /** @type {any} */ ({ objectStore: () => store, commit: () => this.uncommitted-- });
    const store = {
      getAll: () => done(() => structuredClone([...this.rows.values()])),
      put: (/** @type {any} */ row) => done(() => this.rows.set(row.call_id, structuredClone(row)), true),
      delete: (/** @type {string} */ key) => done(() => this.rows.delete(key)),
      clear: () => done(() => this.rows.clear()),
    };
    return transaction;
  }
}

/** @param {unknown} value what `caches` is from now on */
export function setCaches(value) {
  Object.defineProperty(globalThis, "caches", { value, configurable: true });
}

/** Cache Storage, whose entries a test may change. */
export class FakeCacheStorage {
  /** @type {Map<string, Map<string, Response>>} */
  #caches = new Map();
  /** Whether it never answers. */
  hangs = false;

  /** What is in one of its caches, by address. @param {string} name */
  entries(name) {
    const entries = this.#caches.get(name) ?? new Map();
    this.#caches.set(name, entries);
    return entries;
  }

  /** @param {string} name */
  async open(name) {
    if (this.hangs) {
      await new Promise(() => {});
    }
    const entries = this.entries(name);
    return {
      match: async (/** @type {string} */ url) => entries.get(url)?.clone(),
      keys: async () => [...entries.keys()].map((url) => ({ url })),
      delete: async (/** @type {string | {url: string}} */ what) =>
        entries.delete(typeof what === "string" ? what : what.url),
      put: async (/** @type {string} */ url, /** @type {Response} */ response) => {
        entries.set(url, response);
      },
    };
  }
}

/** The cache in which the worker's modules, where they lie in the repository, keep copies. */
export const COPIES = `worker-py ${new URL("../../../", import.meta.url).pathname}`;

/**
 * Have each test of this file find one of the bundle's files at its host, with Cache Storage empty and timers mocked.
 * @param {string} path
 * @param {Uint8Array<ArrayBuffer>} content
 * @param {Record<string, string>} [headers]
 */
export function serveFile(path, content, headers = {}) {
  /** What was asked of the network. @type {string[]} */
  const fetched = [];
  let storage = new FakeCacheStorage();
  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    fetched.length = 0;
    storage = new FakeCacheStorage();
    setCaches(storage);
    Object.assign(bundle.hashes, { [path]: `sha256-${createHash("sha256").update(content).digest("base64")}` });
    mock.method(globalThis, "fetch", async (/** @type {string} */ url) => {
      fetched.push(url);
      return new Response(content, { headers });
    });
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  const url = new URL(`../../static/${path}`, import.meta.url).href;
  return { url, fetched, kept: () => storage.entries(COPIES) };
}
