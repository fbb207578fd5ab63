/**
 * What must outlive an interpreter: state and data of calls in progress, and the app's own data, in the origin's
 * IndexedDB.
 *
 * One record a call: `{call_id, user, kept, at, v}`, where `kept` is the JSON that `worker_py/call.py`
 * made (`card.state` and what of `card.data` is JSON, 64 KiB at most). A record goes when the card is
 * closed, when another user works on the portal, after four hours, and when 20 newer ones are there.
 * One more for each key of `app.data`, by `worker_py/app_data.py`: interpreters that write different keys at the same time
 * take nothing from each other. It goes when another user works on the portal, and after a day without a write.
 *
 * @module
 */

/** Of the database. */
const VERSION = 1;
/** Of the records: another one is not read. */
const RECORD_VERSION = 1;
const STORE = "calls";
const EXPIRES_AFTER_MS = 4 * 3600_000;
const MOST = 20;
/** What the ids of the app's own data begin with; `worker_py/app_data.py` has the same. */
const OF_APP = "app.data/";
const APP_EXPIRES_AFTER_MS = 24 * 3600_000;
/** Python bounds what there is by its size. */
const MOST_OF_APP = 1000;

/** @param {string} id */
export const isOfApp = (id) => id.startsWith(OF_APP);

/** @typedef {{call_id: string, user: string, kept: string, at: number, v: number}} KeptCall */

export class KeptStore {
  #opened;

  /** @param {string} portal its domain */
  constructor(portal) {
    this.#opened = open(`worker-py ${portal}`);
    this.#opened.catch(() => {}); // each use says whether it worked
  }

  /** Why the storage cannot be opened, by the error's name; `null` when it can. @returns {Promise<string | null>} */
  async refused() {
    return this.#opened.then(
      () => null,
      (error) => error?.name ?? "Error",
    );
  }

  /**
   * The calls that may still be going on; what has expired is removed.
   * @returns {Promise<KeptCall[]>} the newest first
   */
  async load() {
    const calls = /** @type {KeptCall[]} */ (await this.#run("readonly", (store) => store.getAll()));
    calls.sort((a, b) => b.at - a.at);
    const sound = calls.filter(({ call_id, kept }) => typeof call_id === "string" && typeof kept === "string");
    /** @type {(ofApp: boolean, lifeMs: number, most: number) => KeptCall[]} */
    const living = (ofApp, lifeMs, most) =>
      sound
        .filter(({ call_id, at, v }) => isOfApp(call_id) === ofApp && v === RECORD_VERSION && at > Date.now() - lifeMs)
        .slice(0, most);
    const alive = [...living(false, EXPIRES_AFTER_MS, MOST), ...living(true, APP_EXPIRES_AFTER_MS, MOST_OF_APP)];
    for (const { call_id } of calls.filter((call) => !alive.includes(call))) {
      await this.remove(call_id);
    }
    return alive;
  }

  /** @param {string} callId @param {string} user @param {string} kept */
  put(callId, user, kept) {
    const call = { call_id: callId, user, kept, at: Date.now(), v: RECORD_VERSION };
    return this.#run("readwrite", (store) => store.put(call));
  }

  /** @param {string} callId */
  remove(callId) {
    return this.#run("readwrite", (store) => store.delete(callId));
  }

  /** Remove everything, or everything but this user's. @param {string | null} except */
  async clear(except) {
    if (except === null) {
      return this.#run("readwrite", (store) => store.clear());
    }
    const calls = /** @type {KeptCall[]} */ (await this.#run("readonly", (store) => store.getAll()));
    for (const { call_id } of calls.filter(({ user }) => user !== except)) {
      await this.remove(call_id);
    }
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest} request
   */
  async #run(mode, request) {
    const database = await this.#opened;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const asked = request(transaction.objectStore(STORE));
      // Only then it is on the disk: where that is full, the request succeeds and the transaction does not.
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error ?? asked.error);
      transaction.commit(); // one that waits for a worker which hangs would block all others
    });
  }
}

/** @param {string} name @returns {Promise<IDBDatabase>} */
function open(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "call_id" });
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close(); // a newer build changes the storage
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another page holds an old version of the storage"));
  });
}
