import assert from "node:assert/strict";
import { test } from "node:test";
import { AGAIN_MS, Reporting } from "../../../static/page/reporting.js";

const TARGET = { url: "https://sink.example/reports/envelope", several: true };
const CONFIG = { ...TARGET, messages: false, sample: 1, version: "0.2.0", pyodide: "314" };
const PLACE = {
  ...{ build: "abc", version: "0.2.0", pyodide: "314", portal: "p", operator: "o", page: "page", mode: "shared" },
  ...{ browser: { name: "Chrome", version: "156" }, messages: false },
};

/** A page's storage. @param {Record<string, string>} [items] */
function store(items = {}) {
  return {
    items,
    getItem: (/** @type {string} */ key) => items[key] ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => {
      items[key] = value;
    },
    removeItem: (/** @type {string} */ key) => {
      delete items[key];
    },
  };
}

/** A page, its worker, and a clock that stands. @param {Partial<typeof CONFIG>} [config] @param {ReturnType<typeof store>} [storage] */
function desk(config = {}, storage = store()) {
  let [now, ids] = [1_000_000, 0];
  /** @type {Array<{callback: () => void, at: number}>} */
  const timers = [];
  const world = { taken: /** @type {any[]} */ ([]), beacons: /** @type {any[]} */ ([]), online: true, accepts: true };
  const reporting = new Reporting({ ...CONFIG, ...config }, () => PLACE, {
    now: () => now,
    newId: () => (++ids).toString(16).padStart(32, "0"),
    random: () => 0.5,
    later: (callback, ms) => timers.push({ callback, at: now + ms }),
    beacon: (_, body) => {
      world.beacons.push(...read(body));
      return world.accepts;
    },
    storage,
    isOnline: () => world.online,
  });
  /** @param {number} ms */
  const pass = (ms) => {
    for (const end = now + ms; now < end; now += 1000) {
      for (const { callback } of timers.filter(({ at }) => at <= now)) {
        callback();
      }
      timers.splice(0, timers.length, ...timers.filter(({ at }) => at > now));
    }
  };
  /** A worker comes, which takes what it is handed. @param {import("node:test").TestContext} t */
  const open = (t) => {
    reporting.opened((message, [port]) => {
      assert.deepEqual(message, { t: "reporting", target: TARGET });
      const taking = /** @type {MessagePort} */ (port);
      taking.onmessage = ({ data }) =>
        world.taken.push(...data.entries.map((/** @type {[string, string]} */ [, text]) => JSON.parse(text)));
      t.after(() => taking.close());
    });
  };
  return { ...{ reporting, world, pass, open, storage }, now: () => now };
}

/** The entries of an envelope. @param {string} body */
const read = (body) =>
  body
    .split("\n")
    .filter((line) => line.includes('"timestamp"'))
    .map((line) => JSON.parse(line));

/** Until messages have crossed their ports. @param {() => boolean} isSo */
async function until(isSo) {
  for (let turn = 0; !isSo(); turn++) {
    assert.ok(turn < 1000, `this did not come true: ${isSo}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const failed = { kind: "handler_failed", level: "error", handler: "greet" };

test("what is told goes to the worker, also to one that comes later, until it is confirmed", async (t) => {
  const { reporting, world, open } = desk();
  reporting.add(failed);
  open(t);
  await until(() => world.taken.length === 1);
  open(t); // the first one ended before it had sent anything
  await until(() => world.taken.length === 2);
  const [first, again] = world.taken;
  assert.equal(first.event_id, again.event_id); // so that the sink takes it once
  reporting.heard({ done: [first.event_id], failing: false });
  assert.equal(reporting.size, 0);
});

test("the same is told once a minute, with how often it was so", () => {
  const { reporting, world, pass } = desk();
  for (let number = 0; number < 1000; number++) {
    reporting.add(failed);
  }
  reporting.leave();
  assert.deepEqual(
    world.beacons.map(({ extra }) => extra),
    [{}, { repeated: 999 }],
  );
  world.beacons.length = 0;
  reporting.add(failed);
  pass(AGAIN_MS + 31_000);
  reporting.add(failed);
  reporting.leave();
  assert.deepEqual(
    world.beacons.map(({ extra }) => extra),
    [{}, {}],
  );
});

test("a flood of different things is cut, and told of", () => {
  const { reporting, world, pass } = desk();
  for (let number = 0; number < 1000; number++) {
    reporting.add({ ...failed, handler: `handler_${"x".repeat(number)}` });
  }
  assert.equal(reporting.size, 30);
  pass(AGAIN_MS + 31_000);
  reporting.add(failed);
  reporting.leave();
  assert.equal(world.beacons.at(-1).extra.dropped, 970);
});

test("what nobody confirms is bounded", () => {
  const { reporting, world, pass } = desk();
  world.online = false;
  for (let minute = 0; minute < 30; minute++) {
    for (let number = 0; number < 30; number++) {
      reporting.add({ ...failed, handler: `handler_${"x".repeat(number)}` });
    }
    pass(AGAIN_MS + 31_000);
  }
  assert.equal(reporting.size, 100);
});

test("a page that goes sends what is not confirmed by itself", () => {
  const { reporting, world } = desk();
  reporting.add(failed);
  reporting.leave();
  assert.deepEqual(
    world.beacons.map(({ tags }) => tags.handler),
    ["greet"],
  );
  assert.equal(reporting.size, 0);
});

test("without a network, or with a sink that is down, it leaves it to the next page, for two hours", () => {
  for (const why of ["offline", "failing"]) {
    const storage = store();
    const { reporting, world } = desk({}, storage);
    reporting.add(failed);
    world.online = why !== "offline";
    reporting.heard({ done: [], failing: why === "failing" });
    reporting.leave();
    assert.equal(world.beacons.length, 0);
    const next = desk({}, storage);
    assert.equal(next.reporting.size, 1);
    assert.deepEqual(storage.items, {});
    next.reporting.leave();
    assert.equal(next.world.beacons[0].tags.handler, "greet");
  }
});

test("what the browser does not take from a page that goes waits for the next", () => {
  const { reporting, world, storage } = desk();
  world.accepts = false;
  reporting.add(failed);
  reporting.leave();
  assert.equal(JSON.parse(storage.items["worker-py:reports"] ?? "[]").length, 1);
});

test("what an offline page keeps is sent after an hour, and not after three", () => {
  const { reporting, pass } = desk();
  reporting.heard({ done: [], failing: true });
  reporting.add(failed);
  pass(3_600_000);
  assert.equal(reporting.size, 1);
  pass(2 * 3_600_000);
  assert.equal(reporting.size, 0);
});

test("without a worker that takes it, the page sends it after half a minute", () => {
  const { reporting, world, pass } = desk();
  reporting.add({ kind: "interpreter_ended", level: "error", more: { ending: "failed" } });
  pass(32_000);
  assert.equal(world.beacons.length, 1);
  assert.equal(reporting.size, 0);
});

test("storage that is blocked, full or holds nonsense changes nothing", () => {
  const nonsense = desk({}, store({ "worker-py:reports": '[["x", "{}", 5], 7]' }));
  assert.equal(nonsense.reporting.size, 0);
  const blocked = /** @type {any} */ ({
    getItem: () => {
      throw new DOMException("no", "SecurityError");
    },
  });
  const { reporting, world } = desk({}, blocked);
  world.online = false;
  reporting.add(failed);
  reporting.leave();
  assert.equal(reporting.size, 1);
});

test("boots are sampled, and failures never are", () => {
  const { reporting } = desk({ sample: 0.5 });
  reporting.add({ kind: "boot", level: "info" });
  assert.equal(reporting.size, 0);
  reporting.add(failed);
  assert.equal(reporting.size, 1);
});

test("what the worker does against the policy is told by its directive and where it led", () => {
  const { reporting, world } = desk();
  reporting.heard({ violated: { directive: "connect-src", blocked: "https://evil.example/?phone=4915112345678" } });
  reporting.heard({ violated: { directive: "script-src", blocked: "inline" } });
  reporting.leave();
  assert.deepEqual(
    world.beacons.map(({ extra }) => extra),
    [
      { directive: "connect-src", blocked: "https://evil.example", where: "worker" },
      { directive: "script-src", blocked: "inline", where: "worker" },
    ],
  );
});
