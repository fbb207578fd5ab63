import assert from "node:assert/strict";
import { test } from "node:test";
import { sliceLock, stepLock } from "../../../static/protocol.js";
import { KeptStore } from "../../../static/worker/kept_store.js";
import { Life } from "../../../static/worker/life.js";
import { FakeLocks, settled, stillClock, withGlobals } from "../../support/fakes.mjs";
import { FakeBroadcastChannel, FakeIndexedDB, RefusedBroadcastChannel } from "../../support/storage_fakes.mjs";

const PORTAL = "portal.example";

/**
 * Lives of workers whose time the test tells.
 * @param {import("node:test").TestContext} t
 */
function living(t) {
  const clock = stillClock(t);
  const locks = new FakeLocks();
  const indexedDB = new FakeIndexedDB();
  /** @type {string[]} */
  const ended = [];
  FakeBroadcastChannel.reset();
  withGlobals(t, { indexedDB, navigator: { locks }, BroadcastChannel: FakeBroadcastChannel });
  const begin = (name = "w", shared = true) => {
    /** @type {[string, string | null][]} */
    const heard = [];
    /** @type {(string | null)[]} */
    const wrote = [];
    /** @type {string[]} */
    const serves = [];
    /** @type {Record<string, string>[]} */
    const decided = [];
    const life = new Life({
      name,
      shared,
      alive: () => {},
      heard: (...what) => heard.push(what),
      serves: (user) => serves.push(user),
      decided: (kept) => decided.push(kept),
      wrote: (refused) => wrote.push(refused),
    });
    /** Run as this worker. @template T @param {() => T} act @returns {T} */
    const as = (act) => {
      withGlobals(t, { self: { close: () => ended.push(name) } });
      return act();
    };
    return { life, as, heard, serves, decided, wrote };
  };
  return { clock, locks, indexedDB, ended, begin };
}

test("a worker without pages ends when the app's grace and a little more are over", (t) => {
  const { clock, ended, begin } = living(t);
  const { life, as } = begin();
  as(() => {
    life.attached(PORTAL, null, true);
    life.lingers(60);
    life.deserted();
    clock.tick(64_000);
    assert.deepEqual(ended, []);
    clock.tick(2000);
    assert.deepEqual(ended, ["w"]);
  });
});

test("a grace that no timer can hold is a long one", (t) => {
  const { begin } = living(t);
  const { life, as } = begin();
  /** @type {number[]} */
  const delays = [];
  t.mock.method(globalThis, "setTimeout", (/** @type {() => void} */ _, /** @type {number} */ ms) => delays.push(ms));
  as(() => {
    life.attached(PORTAL, null, true);
    life.lingers(3_000_000);
    life.deserted();
  });
  assert.equal(delays.at(-1), 2 ** 31 - 1);
});

test("a worker whose page left before it said hello ends as if it had had one", (t) => {
  const { clock, ended, begin } = living(t);
  const { life, as } = begin();
  as(() => {
    life.lingers(60);
    clock.tick(64_000);
    assert.deepEqual(ended, []);
    clock.tick(2000);
    assert.deepEqual(ended, ["w"]);
  });
});

test("a page that comes meanwhile keeps it", (t) => {
  const { clock, ended, begin } = living(t);
  const { life, as } = begin();
  as(() => {
    life.attached(PORTAL, null, true);
    life.deserted();
    clock.tick(30_000);
    life.attached(PORTAL, null, true);
    clock.tick(3_600_000);
    assert.deepEqual(ended, []);
  });
});

test("an app without a grace keeps its worker as long as the browser lets it; a worker of a page's own never ends itself", (t) => {
  const { clock, ended, begin } = living(t);
  const { life, as } = begin();
  const own = begin("own", false);
  as(() => {
    life.attached(PORTAL, null, true);
    life.lingers(0);
    life.deserted();
    own.life.attached(PORTAL, null, true);
    own.life.deserted();
    own.life.over();
    clock.tick(24 * 3_600_000);
    assert.deepEqual(ended, []);
  });
});

test("the worker of an old build ends soon after its last page once a page of the new build was loaded", (t) => {
  const { clock, ended, begin } = living(t);
  const [old, young] = [begin("old"), begin("new")];
  old.life.attached(PORTAL, null, true);
  old.life.lingers(60);
  young.life.attached(PORTAL, null, true);
  clock.tick(600_000);
  assert.deepEqual(ended, [], "it has a page");
  old.as(() => {
    old.life.deserted();
    clock.tick(3000);
  });
  assert.deepEqual(ended, ["old"]);
});

test("a page of the old build that joins again does not make the new build's worker an old one", (t) => {
  const { clock, ended, begin } = living(t);
  const [young, old] = [begin("new"), begin("old")];
  young.life.attached(PORTAL, null, true);
  old.life.attached(PORTAL, null, false); // its page has been there for long
  young.as(() => {
    young.life.lingers(60);
    young.life.deserted();
    clock.tick(30_000);
  });
  assert.deepEqual(ended, []);
});

test("what is kept waits until it is known for whom", async (t) => {
  const { indexedDB, begin } = living(t);
  const { life } = begin();
  life.attached(PORTAL, null, true);
  life.keep("A", "{1}");
  life.keep("A", "{2}");
  life.keep("B", "{3}");
  life.keep("B", null);
  await settled();
  assert.equal(indexedDB.rows.size, 0);
  life.identified("5", false);
  await settled();
  assert.deepEqual(
    [...indexedDB.rows.values()].map(({ call_id, user, kept }) => [call_id, user, kept]),
    [["A", "5", "{2}"]],
  );
});

/** A life that keeps for user 5, and how often it wrote. @param {import("node:test").TestContext} t */
async function writing(t) {
  const { clock, indexedDB, begin } = living(t);
  const { life } = begin();
  const put = t.mock.method(KeptStore.prototype, "put");
  life.attached(PORTAL, "5", true);
  const keepMany = (/** @type {number} */ many) => {
    for (let number = 1; number <= many; number++) {
      life.keep("A", `{${number}}`);
    }
  };
  const stored = async () => {
    await settled();
    return indexedDB.rows.get("A")?.kept;
  };
  return { clock, life, put, keepMany, stored };
}

test("what is kept is written at once, and in a burst ten times a second, the newest at last", async (t) => {
  const { clock, put, keepMany, stored } = await writing(t);
  keepMany(8);
  assert.equal(put.mock.callCount(), 8);
  keepMany(1000);
  assert.ok(put.mock.callCount() <= 10, `${put.mock.callCount()} writes`);
  clock.tick(100);
  assert.equal(await stored(), "{1000}");
  assert.ok(put.mock.callCount() <= 11, `${put.mock.callCount()} writes`);
  clock.tick(2000);
  keepMany(3);
  assert.equal(await stored(), "{3}");
});

test("what waits to be written is written when the last page leaves", async (t) => {
  const { life, keepMany, stored } = await writing(t);
  keepMany(500);
  life.deserted();
  assert.equal(await stored(), "{500}");
});

test("a call that is over while its news wait is not written again", async (t) => {
  const { clock, life, keepMany, stored } = await writing(t);
  keepMany(500);
  life.keep("A", null);
  clock.tick(2000);
  assert.equal(await stored(), undefined);
});

test("what was kept is its user's alone, and goes when another one works here", async (t) => {
  const { indexedDB, begin } = living(t);
  const before = begin().life;
  before.attached(PORTAL, "5", true);
  before.keep("A", "{1}");
  await settled();

  const same = begin().life;
  same.attached(PORTAL, "5", true);
  assert.deepEqual(await same.kept(), { A: "{1}" });

  const other = begin().life;
  other.attached(PORTAL, "7", true);
  assert.deepEqual(await other.kept(), {});
  await settled();
  assert.equal(indexedDB.rows.size, 0);
});

test("the interpreter of another build hears what is kept, once it runs and knows whose calls it has", async (t) => {
  const { begin } = living(t);
  const old = begin("old").life;
  const young = begin("new");
  const others = begin("others");
  for (const [{ life }, user] of /** @type {const} */ ([
    [young, null],
    [others, "7"],
  ])) {
    life.attached(PORTAL, user, true);
    life.runs();
  }
  old.attached(PORTAL, "5", false);
  old.keep("A", "{1}");
  old.keep("B", "{2}");
  old.keep("B", null);
  await settled();
  assert.deepEqual(young.heard, []);
  young.life.identified("5", false);
  assert.deepEqual(young.heard, [
    ["A", "{1}"],
    ["B", null],
  ]);
  old.keep("A", "{3}");
  assert.deepEqual(young.heard.at(-1), ["A", "{3}"]);
  assert.deepEqual(others.heard, []);
});

test("where pages have an interpreter each they hear what the others keep of the app, and nothing of calls", (t) => {
  const { begin } = living(t);
  const [one, other] = [begin("w", false), begin("w", false)];
  for (const { life, as } of [one, other]) {
    as(() => life.attached(PORTAL, "5", true));
    life.runs();
  }
  one.as(() => {
    one.life.keep("A", "{}");
    one.life.keep("A", null);
    one.life.keep("app.data/visits", '[7,"1"]');
  });
  assert.deepEqual(other.heard, [["app.data/visits", '[7,"1"]']]);
  assert.deepEqual(one.heard, []);
});

test("what waits to be written of the app gives way to a newer write of another interpreter, not to an older one", async (t) => {
  const { clock, indexedDB, begin } = living(t);
  const [one, other] = [begin("w", false), begin("w", false)];
  for (const { life, as } of [one, other]) {
    as(() => life.attached(PORTAL, "5", true));
  }
  await settled();
  for (let number = 0; number < 10; number++) {
    one.life.keep(`app.data/${number}`, '[1,"1"]'); // a burst: what comes now waits
  }
  one.life.keep("app.data/older", '[8,"mine"]');
  one.life.keep("app.data/newer", '[8,"mine"]');
  other.life.keep("app.data/older", '[9,"theirs"]');
  other.life.keep("app.data/newer", '[7,"theirs"]');
  clock.tick(1000);
  await settled();
  const kept = (/** @type {string} */ key) => indexedDB.rows.get(`app.data/${key}`).kept;
  assert.deepEqual([kept("older"), kept("newer")], ['[9,"theirs"]', '[8,"mine"]']);
});

/** @typedef {ReturnType<ReturnType<typeof living>["begin"]>} Begun */

for (const [
  who,
  say,
  theirs,
] of /** @type {Array<[string, (begun: Begun, clock: ReturnType<typeof living>["clock"]) => void, any]>} */ ([
  ["its user", ({ life }) => life.identified("5", false), { A: "{1}" }],
  [
    "its user, whom a thread without time hears late",
    ({ life }, clock) => {
      clock.sleep(10_000);
      clock.tick(3000);
      life.identified("5", false);
    },
    { A: "{1}" },
  ],
  ["another user", ({ life }) => life.identified("7", false), {}],
  ["another user, whose page leaves", ({ life }) => life.identified("7", true), {}],
  ["nobody", (_, clock) => clock.tick(4000), {}],
])) {
  test(`what was kept is undecided, and nobody waits for it, until ${who} is there in time`, async (t) => {
    const { clock, begin } = living(t);
    const empty = begin().life;
    empty.attached(PORTAL, null, true);
    assert.deepEqual(await empty.kept(), {});
    assert.deepEqual(empty.undecided, []);
    empty.identified("5", false);
    empty.keep("A", "{1}");
    await settled();

    const late = begin("late");
    late.life.attached(PORTAL, null, true);
    assert.deepEqual(await late.life.kept(), {});
    assert.deepEqual(late.life.undecided, ["A"]);
    empty.keep("A", "{2}");
    await settled();
    late.life.runs();
    assert.deepEqual(late.decided, []);
    say(late, clock);
    assert.deepEqual(late.decided, [theirs]);
    assert.deepEqual(late.heard, "A" in theirs ? [["A", "{2}"]] : []); // what is newer comes after it
    assert.deepEqual(late.life.undecided, []);
    clock.tick(4000);
    assert.equal(late.decided.length, 1);
  });
}

test("who the user is when Python does not run yet is told once it does", async (t) => {
  const { begin } = living(t);
  const before = begin().life;
  before.attached(PORTAL, "5", true);
  before.keep("A", "{1}");
  await settled();
  const { life, decided } = begin();
  life.attached(PORTAL, null, true);
  await life.kept();
  life.identified("5", false);
  assert.deepEqual([decided, life.undecided], [[], ["A"]]);
  life.runs();
  assert.deepEqual(decided, [{ A: "{1}" }]);
});

test("whose worker it is, the first page says that knows, once", (t) => {
  const { begin } = living(t);
  const { life, serves } = begin();
  life.attached(PORTAL, null, true);
  assert.deepEqual([life.user, serves], [null, []]);
  life.identified("5", false);
  life.identified("7", false);
  life.attached(PORTAL, "7", true);
  assert.deepEqual([life.user, serves], ["5", ["5"]]);
});

test("a worker that is left by another user keeps nothing any more, and ends soon", async (t) => {
  const { clock, indexedDB, ended, begin } = living(t);
  const { life, as } = begin();
  life.attached(PORTAL, "5", true);
  life.keep("A", "{1}");
  await settled();
  life.identified("7", true);
  life.keep("B", "{2}");
  life.attached(PORTAL, "5", true);
  await settled();
  assert.equal(indexedDB.rows.size, 0);
  as(() => {
    life.deserted();
    clock.tick(3000);
  });
  assert.deepEqual(ended, ["w"]);
});

test("storage that is denied, or blocked by a worker that hangs, delays the boot by two seconds at most", async (t) => {
  const { clock, indexedDB, begin } = living(t);
  indexedDB.state = "denied";
  const denied = begin().life;
  denied.attached(PORTAL, "5", true);
  assert.deepEqual(await denied.kept(), {});
  assert.equal(await denied.storageRefused(), "UnknownError");
  denied.keep("A", "{1}");

  indexedDB.state = "stuck";
  const stuck = begin().life;
  stuck.attached(PORTAL, "5", true);
  let kept = null;
  stuck.kept().then((found) => {
    kept = found;
  });
  await settled();
  clock.tick(2100);
  await settled();
  assert.deepEqual(kept, {});
  assert.equal(await stuck.storageRefused(), null);
});

test("a disk that is full is told when something could not be kept, and when there is room again", async (t) => {
  const { indexedDB, begin } = living(t);
  const { life, wrote } = begin();
  life.attached(PORTAL, "5", true);
  assert.equal(await life.storageRefused(), null);
  indexedDB.state = "full";
  life.keep("A", "{1}");
  await settled();
  life.keep("A", "{2}");
  await settled();
  assert.deepEqual(wrote, ["QuotaExceededError"]);
  indexedDB.state = "works";
  life.keep("A", "{3}");
  await settled();
  assert.deepEqual(wrote, ["QuotaExceededError", null]);
});

test("a storage that cannot be opened because the disk is full says so", async (t) => {
  const { indexedDB, begin } = living(t);
  Object.assign(indexedDB, { state: "denied", denial: "QuotaExceededError" });
  const { life } = begin();
  life.attached(PORTAL, "5", true);
  assert.equal(await life.storageRefused(), "QuotaExceededError");
});

test("the lock that shows its life is held for ever, under its name, beside one that says how long it may be silent", async (t) => {
  const { locks, begin } = living(t);
  const { life } = begin("w1");
  await settled();
  assert.ok(life.lock.startsWith("worker-py:alive:w1:"));
  const held = async () => (await locks.query()).held;
  const slice = sliceLock(life.lock);
  const shown = (/** @type {string} */ limit, /** @type {number} */ step) =>
    [life.lock, `${slice}${limit}`, stepLock("w1", step)].map((name) => ({ name, mode: "exclusive" }));
  assert.deepEqual(await held(), shown("boot", 0));
  life.holds(1000);
  await settled();
  assert.deepEqual(await held(), shown("1000", 1000));
});

for (const [limit, step] of [
  [0, 0],
  [1, 1000],
  [5000, 8000],
  [64_001, 0],
]) {
  test(`a limit of ${limit} ms has the lock of the step ${step}`, async (t) => {
    const { locks, begin } = living(t);
    const { life } = begin("w1");
    life.holds(limit);
    await settled();
    const { held } = await locks.query();
    assert.deepEqual(
      held.map(({ name }) => name).filter((name) => name.includes(":step:")),
      [stepLock("w1", step)],
    );
  });
}

test("a worker of a page's own has no lock of a name that others may have too", async (t) => {
  const { locks, begin } = living(t);
  const { life } = begin("own", false);
  await settled();
  const { held } = await locks.query();
  assert.deepEqual(
    held.map(({ name }) => name),
    [life.lock, `${sliceLock(life.lock)}boot`],
  );
});

test("where the browser refuses channels, with storage, a worker lives for its pages alone", (t) => {
  const { clock, ended, begin } = living(t);
  withGlobals(t, { BroadcastChannel: RefusedBroadcastChannel });
  const { life, as } = begin();
  as(() => {
    life.attached(PORTAL, "7", true);
    life.lingers(60);
    life.deserted();
    clock.tick(66_000);
    assert.deepEqual(ended, ["w"]);
  });
});
