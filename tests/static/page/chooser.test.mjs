import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

const SOURCE = readFileSync(new URL("../../../static/page/chooser.js", import.meta.url), "utf8");
const ROLLOUT = { stable: "one", canary: null, before: ["zero"], builds: ["one", "two", "zero"] };
const CANARY = { build: "two", percent: 10, users: ["7"] };

/**
 * A page of a portal in a browser that remembers this, and what it chose.
 * @param {object} rollout
 * @param {{user?: string, storage?: Map<string, string> | null, search?: string}} [of]
 */
function visit(rollout, { user, storage = new Map(), search = "" } = {}) {
  if (user !== undefined) {
    storage?.set("worker-py:host:portal.example", JSON.stringify({ user }));
  }
  /** @type {Array<{callback: () => void, ms: number}>} */
  const timers = [];
  /** @type {Array<(event: object) => void>} */
  const heard = [];
  /** @type {string[]} */
  const appended = [];
  /** @type {{build?: string, instead?: string}} */
  const dataset = {};
  const document = {
    getElementById: () => ({ textContent: JSON.stringify(rollout) }),
    documentElement: { dataset },
    querySelector: (/** @type {string} */ of) => ({ content: of }),
    head: { append: (/** @type {string} */ content) => appended.push(content) },
  };
  const refused = () => {
    throw new Error("blocked");
  };
  const localStorage = storage
    ? {
        getItem: (/** @type {string} */ key) => storage.get(key) ?? null,
        setItem: (/** @type {string} */ key, /** @type {string} */ value) => storage.set(key, value),
      }
    : { getItem: refused, setItem: refused };
  vm.runInNewContext(SOURCE, {
    ...{ document, localStorage, URLSearchParams, location: { search } },
    window: { name: "portal.example|1|sid" },
    addEventListener: (/** @type {string} */ _, /** @type {(event: object) => void} */ listener) =>
      heard.push(listener),
    setTimeout: (/** @type {() => void} */ callback, /** @type {number} */ ms) => timers.push({ callback, ms }),
  });
  const tell = (/** @type {object} */ detail) => {
    for (const listener of heard) {
      listener({ detail });
    }
  };
  return { ...{ appended, timers, tell, storage }, build: dataset.build, instead: dataset.instead };
}

const booted = { kind: "boot", name: "booted" };
const ended = (/** @type {string} */ ending) => ({ kind: "boot", name: "worker_ended", ending });

test("ten per cent are some hundred of a thousand operators, and the same ones each time", () => {
  const users = Array.from({ length: 1000 }, (_, number) => String(number + 1000));
  const of = () =>
    users.filter((user) => visit({ ...ROLLOUT, canary: { ...CANARY, users: [] } }, { user }).build === "two");
  const first = of();
  assert.ok(first.length >= 60 && first.length <= 140, String(first.length));
  assert.deepEqual(of(), first);
});

test("who has a canary has it too when more get it", () => {
  const users = Array.from({ length: 300 }, (_, number) => String(number));
  const of = (/** @type {number} */ percent) =>
    users.filter((user) => visit({ ...ROLLOUT, canary: { ...CANARY, percent, users: [] } }, { user }).build === "two");
  const [few, many] = [of(10), of(30)];
  assert.ok(many.length > few.length);
  assert.deepEqual(
    few.filter((user) => !many.includes(user)),
    [],
  );
});

test("named users have it, and nobody who is not known", () => {
  const named = { ...ROLLOUT, canary: { ...CANARY, percent: 0 } };
  assert.equal(visit(named, { user: "7" }).build, "two");
  assert.equal(visit(named, { user: "8" }).build, "one");
  const everybody = { ...ROLLOUT, canary: { ...CANARY, percent: 100 } };
  assert.equal(visit(everybody).build, "one");
  assert.equal(visit(everybody, { storage: null }).build, "one");
  assert.equal(visit(everybody, { user: "9" }).build, "two");
});

test("what was chosen is what the page holds, and nothing else of the others", () => {
  const { appended, instead } = visit(ROLLOUT);
  assert.deepEqual(appended, ['template[data-build="one"]']);
  assert.equal(instead, undefined);
});

test("a version that failed to start three times gives way to the one before, and the page says so", () => {
  const storage = new Map();
  for (const ending of ["failed", "fatal", "hang"]) {
    const { build, tell } = visit(ROLLOUT, { storage });
    assert.equal(build, "one");
    tell(ended(ending));
  }
  const { build, instead } = visit(ROLLOUT, { storage });
  assert.deepEqual([build, instead], ["zero", "one"]);
  assert.equal(visit({ ...ROLLOUT, stable: "two" }, { storage }).build, "two"); // a new one has its own chances
});

test("a canary that does not start gives way to the stable one", () => {
  const storage = new Map();
  const rollout = { ...ROLLOUT, canary: { ...CANARY, percent: 100 } };
  const { build, tell } = visit(rollout, { storage, user: "7" });
  assert.equal(build, "two");
  tell(ended("failed"));
  tell(ended("failed"));
  tell(ended("failed"));
  assert.deepEqual(visit(rollout, { storage }).build, "one");
});

test("a page that starts forgets what failed before, and what ends later is no failed start", () => {
  const storage = new Map();
  visit(ROLLOUT, { storage }).tell(ended("failed"));
  visit(ROLLOUT, { storage }).tell(ended("failed"));
  const { tell } = visit(ROLLOUT, { storage });
  tell(booted);
  tell(ended("fatal"));
  tell(ended("fatal"));
  tell(ended("fatal"));
  assert.equal(visit(ROLLOUT, { storage }).build, "one");
});

test("a page that says nothing for a minute has failed, and one that was left before has not", () => {
  const storage = new Map();
  for (let number = 0; number < 10; number++) {
    visit(ROLLOUT, { storage }); // left within the minute
  }
  assert.equal(visit(ROLLOUT, { storage }).build, "one");
  for (let number = 0; number < 3; number++) {
    const [timer] = visit(ROLLOUT, { storage }).timers;
    assert.equal(timer?.ms, 60_000);
    timer?.callback();
  }
  assert.equal(visit(ROLLOUT, { storage }).build, "zero");
});

test("the pages that a person looks at start nothing, however long they stand", () => {
  for (const search of ["?install", "?support&DOMAIN=portal.example"]) {
    assert.deepEqual(visit(ROLLOUT, { search }).timers, []);
  }
});

test("where everything has failed, the version that is meant is tried again", () => {
  const storage = new Map([["worker-py:failed-starts", '{"one": 3, "zero": 5}']]);
  assert.equal(visit(ROLLOUT, { storage }).build, "one");
});
