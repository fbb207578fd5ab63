import assert from "node:assert/strict";
import test from "node:test";
import { Station } from "../../../static/phone/station.js";
import { FakeLocks, settled } from "../../support/fakes.mjs";

/** A portal's pages in one browser: its locks, its channels, its storage. */
class Browser {
  locks = new FakeLocks();
  /** @type {Set<{onmessage: ((event: {data: any}) => void) | null}>} */
  channels = new Set();
  /** @type {Map<string, string>} */
  stored = new Map();
  count = 0;

  channel() {
    const { channels } = this;
    const end = {
      onmessage: /** @type {((event: {data: any}) => void) | null} */ (null),
      /** @param {any} data */
      postMessage(data) {
        for (const other of channels) {
          if (other !== end) {
            queueMicrotask(() => channels.has(other) && other.onmessage?.({ data: structuredClone(data) }));
          }
        }
      },
      close: () => channels.delete(end),
    };
    channels.add(end);
    return /** @type {any} */ (end);
  }

  /** Open a page of the portal. @param {{mode?: string, locks?: any}} [options] */
  page({ mode = "extended", locks = this.locks } = {}) {
    const id = `page ${++this.count}`;
    /** @type {Record<string, (params: unknown, context: {signal: AbortSignal}) => any>} */
    const functions = {};
    /** @type {Array<[string, any]>} */
    const told = [];
    const workerPy = {
      provide: (/** @type {string} */ name, /** @type {any} */ fn) => {
        functions[name] = fn;
      },
      emit: (/** @type {string} */ name, /** @type {unknown} */ payload) => told.push([name, payload]),
      stats: () => ({ page: id }),
      diagnostics: () => ({ host: { mode } }),
    };
    const phone = {
      /** @type {(event: any, payload: Record<string, unknown>) => void} */
      tell: () => {},
      closed: 0,
      /** @type {Array<[string, unknown]>} */
      asked: [],
      /** @type {(name: string, params: unknown) => unknown} */
      answer: () => ({ by: id }),
      run: async (/** @type {string} */ name, /** @type {unknown} */ params) => {
        phone.asked.push([name, params]);
        return phone.answer(name, params);
      },
      state: async () => ({ phase: "idle" }),
      close: async () => {
        phone.closed++;
        phone.tell("ended", { call: "A", reason: "hung_up" }); // as a phone does
      },
    };
    const station = new Station("portal.test", workerPy, {
      locks,
      channel: () => this.channel(),
      storage: {
        getItem: (key) => this.stored.get(key) ?? null,
        setItem: (key, value) => void this.stored.set(key, value),
        removeItem: (key) => void this.stored.delete(key),
      },
      makePhone: async (tell) => {
        phone.tell = tell;
        return /** @type {any} */ (phone);
      },
    });
    station.start();
    const call = (/** @type {string} */ name, params = {}, signal = new AbortController().signal) =>
      functions[`phone.${name}`](params, { signal });
    /** @param {string} name */
    const heard = (name) => told.filter((entry) => entry[0] === `phone.${name}`).map(([, payload]) => payload);
    return { id, station, phone, call, told, heard };
  }
}

async function twoPages(/** @type {any[]} */ ...options) {
  const browser = new Browser();
  const first = browser.page(options[0]);
  await settled();
  const second = browser.page(options[1]);
  await settled();
  return { browser, first, second };
}

test("one page holds the phone, and both know which", async () => {
  const { first, second } = await twoPages();
  assert.deepEqual([first.station.holds, second.station.holds], [true, false]);
  assert.deepEqual([first.station.holder, second.station.holder], [first.id, first.id]);
  assert.deepEqual([first.heard("elected").length, second.heard("elected").length], [1, 0]);
});

test("a function called on another page is carried out by the holder", async () => {
  const { first, second } = await twoPages();
  assert.deepEqual(await second.call("mute", { muted: true }), { by: first.id });
  assert.deepEqual([first.phone.asked, second.phone.asked], [[["mute", { muted: true }]], []]);
});

test("an error of the holder's comes back with its name and message", async () => {
  const { first, second } = await twoPages();
  first.phone.answer = () => {
    throw new RangeError("line 7");
  };
  await assert.rejects(second.call("answer"), { name: "RangeError", message: "line 7" });
});

test("what is asked before anybody holds the phone waits for the holder", async () => {
  const browser = new Browser();
  const page = browser.page();
  const answer = page.call("state");
  assert.equal(page.station.holds, false);
  assert.deepEqual(await answer, { by: page.id });
});

test("when the holder goes while it is asked the caller is told, and the next one serves", async () => {
  const { browser, first, second } = await twoPages();
  first.phone.answer = () => new Promise(() => {});
  const asked = second.call("answer");
  const gone = assert.rejects(asked, { name: "HolderGone" });
  browser.channels.delete([...browser.channels][0]); // it dies without a word
  browser.locks.release("worker-py:phone:portal.test");
  await gone;
  assert.equal(second.station.holds, true);
  assert.deepEqual(await second.call("state"), { by: second.id });
});

test("what Python no longer waits for is not sent to the next holder", async () => {
  const browser = new Browser();
  const page = browser.page();
  const python = new AbortController();
  page.call("answer", {}, python.signal);
  python.abort();
  await settled();
  assert.equal(page.station.holds, true);
  assert.deepEqual(page.phone.asked, []);
});

test("a holder that leaves in a consultation has the next one tell of both calls, and of none that had ended", async () => {
  const { first, second } = await twoPages();
  first.phone.tell("incoming", { call: "A" });
  for (const call of ["A", "B", "C"]) {
    first.phone.tell("connected", { call });
  }
  first.phone.tell("ended", { call: "B" });
  first.station.stop();
  await settled();
  assert.deepEqual(
    second.heard("ended").map(({ call, reason }) => [call, reason]),
    [
      ["A", "holder_gone"],
      ["C", "holder_gone"],
    ],
  );
});

test("a holder that leaves keeps its phone's last words to itself, and the next one tells of the call", async () => {
  const { first, second } = await twoPages();
  first.phone.tell("incoming", { call: "A" });
  first.station.stop();
  await settled();
  assert.deepEqual([first.phone.closed, first.station.holds, second.station.holds], [1, false, true]);
  assert.deepEqual(first.heard("ended"), []);
  assert.deepEqual(second.heard("ended"), [{ call: "A", reason: "holder_gone", seconds: null }]);
});

test("a call that was over before is not told again", async () => {
  const { first, second } = await twoPages();
  first.phone.tell("incoming", { call: "A" });
  first.phone.tell("ended", { call: "A", reason: "declined" });
  first.station.stop();
  await settled();
  assert.deepEqual(second.heard("ended"), []);
});

test("a page that comes back stands behind the others", async () => {
  const { first, second } = await twoPages();
  first.station.stop();
  await settled();
  first.station.start();
  await settled();
  assert.deepEqual([first.station.holds, first.station.holder], [false, second.id]);
  assert.deepEqual(await first.call("state"), { by: second.id });
});

test("pages that share an interpreter tell it once", async () => {
  const { first, second } = await twoPages();
  first.phone.tell("incoming", { call: "A" });
  await settled();
  assert.deepEqual([first.heard("incoming").length, second.heard("incoming").length], [1, 0]);
});

test("a page with an interpreter of its own tells it too", async () => {
  const { first, second } = await twoPages({ mode: "dedicated" }, { mode: "dedicated" });
  first.phone.tell("incoming", { call: "A" });
  await settled();
  assert.deepEqual([first.heard("incoming").length, second.heard("incoming").length], [1, 1]);
});

test("where the holder alone has an interpreter of its own, one of the others tells the shared one", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const browser = new Browser();
  /** @type {Set<string>} */
  const taken = new Set();
  const locks = {
    request: (/** @type {string} */ name, /** @type {any} */ options, /** @type {any} */ callback) => {
      if (!options.ifAvailable) {
        return browser.locks.request(name, options, callback);
      }
      const free = !taken.has(name);
      taken.add(name);
      callback(free ? { name } : null);
      return Promise.resolve();
    },
  };
  const holder = browser.page({ mode: "dedicated" });
  await settled();
  const others = [browser.page({ locks }), browser.page({ locks })];
  await settled();
  holder.phone.tell("incoming", { call: "A" });
  await settled();
  assert.equal(others.flatMap((page) => page.heard("incoming")).length, 1);
});

test("where locks are refused each page has a phone of its own", async () => {
  const locks = { request: () => Promise.reject(new DOMException("no", "SecurityError")) };
  const { first, second } = await twoPages({ locks }, { locks });
  assert.deepEqual([first.station.holds, second.station.holds], [true, true]);
  assert.deepEqual(await second.call("state"), { by: second.id });
});

test("where there are no locks at all it is the same", async () => {
  const browser = new Browser();
  const page = browser.page({ locks: null });
  await settled();
  assert.equal(page.station.holds, true);
});

test("the scripts of a page may ask for the phone's state, wherever it is", async () => {
  const { first, second } = await twoPages();
  const states = await Promise.all([first.station.state(), second.station.state()]);
  assert.deepEqual(states, [{ by: first.id }, { by: first.id }]);
});

test("the scripts of every page hear what the phone says, once", async (t) => {
  /** @type {unknown[]} */
  const heard = [];
  const dispatch = (/** @type {CustomEvent} */ { type, detail }) => {
    heard.push([type, detail]);
    return true;
  };
  Object.defineProperty(globalThis, "dispatchEvent", { value: dispatch, configurable: true, writable: true });
  t.after(() => Reflect.deleteProperty(globalThis, "dispatchEvent"));
  const { first } = await twoPages();

  first.phone.tell("heard", { call: "A", key: "5" });
  await settled();

  const once = ["workerpy:phone", { name: "phone.heard", payload: { call: "A", key: "5" } }];
  assert.deepEqual(heard, [once, once], "once in each of the two pages");
});
