import assert from "node:assert/strict";
import { test } from "node:test";
import { Host, REASONS } from "../../../static/page/host.js";
import { stepLock } from "../../../static/protocol.js";
import { FakeLocks, FakePort, settled, withGlobals } from "../../support/fakes.mjs";
import { FakeOrigin } from "../../support/storage_fakes.mjs";

const OPTIONS = { url: "https://app.example/worker.js", build: "b1", portal: "portal.example" };

/**
 * Pages of one origin in a browser that the test makes up.
 * @param {import("node:test").TestContext} t
 * @param {{knowsExtended?: boolean, refuse?: Error | null, shared?: boolean}} [browser]
 */
function browser(t, { knowsExtended = true, refuse = null, shared = true } = {}) {
  t.mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  const origin = new FakeOrigin();
  const locks = new FakeLocks();
  /** @type {Array<{name: string, extended: boolean, worker: any}>} */
  const made = [];
  /** @type {any[]} */
  const dedicated = [];
  class SharedWorker {
    port = new FakePort();
    onerror = null;
    /** @param {string} _url @param {any} options */
    constructor(_url, options) {
      if (refuse) {
        throw refuse;
      }
      const extended = knowsExtended && options.extendedLifetime === true;
      made.push({ name: options.name, extended, worker: this });
    }
  }
  class Worker {
    onerror = null;
    ended = false;
    /** @param {string} url @param {any} options */
    constructor(url, { name }) {
      dedicated.push(Object.assign(this, { url, name }));
    }
    postMessage() {}
    terminate() {
      this.ended = true;
    }
  }
  const SharedHere = shared ? SharedWorker : undefined;
  let frames = 0;
  const page = (options = OPTIONS) => {
    const fake = origin.page();
    const document = {
      createElement: () => ({ contentWindow: { SharedWorker: SharedHere }, remove: () => frames-- }),
      documentElement: { append: () => frames++ },
    };
    /** Run as this page. @template T @param {() => T} act @returns {T} */
    const as = (act) => {
      withGlobals(t, { ...fake.globals, SharedWorker: SharedHere, Worker, document, navigator: { locks } });
      return act();
    };
    const host = as(() => new Host(options));
    return {
      host,
      as,
      connect: () => as(() => host.connect(() => {})),
      isAnother: (/** @type {string} */ user) =>
        as(() => {
          host.identified(user);
          return host.servesAnother;
        }),
      moveOn: (/** @type {any} */ left, /** @type {boolean} */ hung) => as(() => host.moveOn(left, hung)),
      onMoved: (/** @type {(another: boolean) => void} */ callback) => as(() => host.onMoved(callback)),
      hear: () => as(() => fake.hear()),
    };
  };
  return { page, made, dedicated, locks, origin, frames: () => frames };
}

test("pages of one portal ask for the worker of one name, with the same options", (t) => {
  const { page, made } = browser(t);
  const connections = [page().connect(), page().connect()];
  assert.deepEqual(
    made.map(({ name, extended }) => [name, extended]),
    [
      [connections[0].name, true],
      [connections[0].name, true],
    ],
  );
  assert.deepEqual(
    connections.map(({ mode }) => mode),
    ["extended", "extended"],
  );
});

test("another build and another portal have workers of other names", (t) => {
  const { page } = browser(t);
  const names = [OPTIONS, { ...OPTIONS, build: "b2" }, { ...OPTIONS, portal: "other.example" }].map(
    (options) => page(options).connect().name,
  );
  assert.equal(new Set(names).size, 3);
});

test("a browser that does not ask for extendedLifetime gives a worker that ends with its last page", (t) => {
  const { page } = browser(t, { knowsExtended: false });
  // What reads the option is the browser: one that does not know it reads nothing.
  const { mode, reason } = page().connect();
  assert.ok(["extended", "shared"].includes(mode));
  assert.ok(reason.length > 20);
});

test("without SharedWorker the worker is the page's own, and ends when it is let go", (t) => {
  const { page, dedicated } = browser(t, { shared: false });
  const connection = page().connect();
  assert.equal(connection.mode, "dedicated");
  assert.ok(connection.reason.includes(REASONS.old));
  connection.end();
  assert.equal(dedicated[0].ended, true);
});

test("every other worker of the page's own has a new address once a script failed: a damaged one may stay under the old", (t) => {
  const { page, dedicated } = browser(t, { shared: false });
  const one = page();
  t.mock.method(globalThis, "fetch", async () => new Response("whole"));
  for (let failures = 0; failures < 5; failures++) {
    one.connect();
    t.mock.timers.tick(1000);
    one.host.refetch();
  }
  const addresses = dedicated.map(({ url }) => url);
  assert.deepEqual(addresses, [
    OPTIONS.url,
    `${OPTIONS.url}?1700000001000`,
    OPTIONS.url,
    `${OPTIONS.url}?1700000003000`,
    OPTIONS.url,
  ]);
});

test("a constructor that throws tells a refusal for security's sake from any other", (t) => {
  for (const [error, reason] of /** @type {const} */ ([
    [new Error("no"), REASONS.threw],
    [new DOMException("no", "SecurityError"), REASONS.blocked],
  ])) {
    const { page, frames } = browser(t, { refuse: error });
    const { mode, reason: said } = page().connect();
    assert.deepEqual([mode, said.includes(reason), frames()], ["dedicated", true, 0]);
    t.mock.timers.reset();
  }
});

test("a shared worker that gave no sign of life: blocked storage, a failed script and silence are told apart", async (t) => {
  for (const [what, blocked, reason] of /** @type {const} */ ([
    ["error", true, REASONS.blocked],
    ["silent", true, REASONS.blocked],
    ["error", false, REASONS.script],
    ["silent", false, REASONS.silent],
  ])) {
    const { page, locks } = browser(t);
    const { host, as, connect } = page();
    connect();
    if (blocked) {
      locks.request = () => Promise.reject(new DOMException("denied", "SecurityError"));
    }
    await as(() => host.giveUpShared(what));
    assert.ok(connect().reason.includes(reason), `${what} ${blocked}`);
    t.mock.timers.reset();
  }
});

test("two pages that leave the same worker at once meet in the next one", (t) => {
  const { page } = browser(t);
  const [a, b] = [page(), page()];
  const [leftByA, leftByB] = [a.connect(), b.connect()];
  a.moveOn(leftByA, false);
  const next = a.connect().name;
  b.moveOn(leftByB, false);
  assert.equal(b.connect().name, next);
  assert.notEqual(next, leftByA.name);
});

test("a page hears that another one has moved on, once, and not when it is there already", (t) => {
  const { page } = browser(t);
  const [a, b, c] = [page(), page(), page()];
  const left = a.connect();
  /** @type {string[]} */
  const moved = [];
  for (const [name, each] of /** @type {const} */ ([
    ["b", b],
    ["c", c],
  ])) {
    each.connect();
    each.onMoved(() => moved.push(name));
  }
  a.moveOn(left, false);
  c.connect(); // it noticed by itself
  b.hear();
  c.hear();
  assert.deepEqual(moved, ["b"]);
});

test("after a hang all pages use a worker without extendedLifetime, however long each of them stays", (t) => {
  const { page, made } = browser(t);
  const a = page();
  a.moveOn(a.connect(), true);
  const plain = a.connect();
  assert.equal(plain.mode, "shared");
  assert.ok(plain.reason.includes("hung"));
  t.mock.timers.tick(601_000);
  const late = page().connect();
  assert.equal(late.name, plain.name, "two pages of one generation are never in two workers");
  assert.equal(made.at(-1)?.extended, false);
});

test("an interpreter that dies after a hang is followed by one without extendedLifetime too", (t) => {
  const { page } = browser(t);
  const a = page();
  a.moveOn(a.connect(), true);
  a.moveOn(a.connect(), false);
  assert.equal(a.connect().mode, "shared");
});

test("when the time after a hang is over, the next first page goes back to one that outlives navigations", async (t) => {
  const { page, locks } = browser(t);
  const a = page();
  a.moveOn(a.connect(), true);
  const plain = a.connect();
  t.mock.timers.tick(601_000);

  const release = locks.request(`worker-py:alive:${plain.name}:1234`, () => new Promise(() => {}));
  void release;
  const b = page();
  let settledNow = 0;
  b.as(() => b.host.settle(() => settledNow++));
  await settled();
  assert.equal(b.connect().name, plain.name, "an interpreter runs there");

  locks.release(`worker-py:alive:${plain.name}:1234`);
  const c = page();
  c.as(() => c.host.settle(() => settledNow++));
  await settled();
  assert.equal(c.connect().mode, "extended");
  assert.equal(settledNow, 2);
});

test("where a page may not ask which locks there are, an interpreter that runs is left alone all the same", async (t) => {
  const { page, locks } = browser(t);
  locks.secretive = true;
  const a = page();
  a.moveOn(a.connect(), true);
  const plain = a.connect();
  t.mock.timers.tick(601_000);

  locks.request(stepLock(plain.name, 2000), () => new Promise(() => {}));
  const b = page();
  b.as(() => b.host.settle(() => {}));
  await settled();
  assert.equal(b.connect().name, plain.name, "an interpreter runs there");

  locks.release(stepLock(plain.name, 2000));
  const c = page();
  c.as(() => c.host.settle(() => {}));
  await settled();
  assert.equal(c.connect().mode, "extended");
});

test("a page leaves no request behind that it made to find out", async (t) => {
  const { page, locks } = browser(t);
  locks.secretive = true;
  const a = page();
  a.moveOn(a.connect(), true);
  const plain = a.connect();
  t.mock.timers.tick(601_000);
  locks.request(stepLock(plain.name, 0), () => new Promise(() => {}));
  const b = page();
  b.as(() => b.host.settle(() => {}));
  await settled();
  locks.release(stepLock(plain.name, 0));
  await settled();
  locks.secretive = false;
  assert.deepEqual((await locks.query()).held, []);
});

test("a frozen page that holds the lock of a worker that died is no interpreter that runs", async (t) => {
  const { page, locks } = browser(t);
  const a = page();
  a.moveOn(a.connect(), true);
  const plain = a.connect();
  t.mock.timers.tick(601_000);
  locks.request(`worker-py:alive:${plain.name}:1234`, { mode: "shared" }, () => new Promise(() => {}));
  const b = page();
  b.as(() => b.host.settle(() => {}));
  await settled();
  assert.equal(b.connect().mode, "extended");
});

test("a clock that is set back does not draw out the time after a hang", async (t) => {
  const { page } = browser(t);
  const a = page();
  a.moveOn(a.connect(), true);
  t.mock.timers.setTime(1_600_000_000_000);
  const b = page();
  b.as(() => b.host.settle(() => {}));
  await settled();
  assert.equal(b.connect().mode, "extended");
});

test("pages that leave a worker meet in the next one although there is no room to agree, and say that there is none", (t) => {
  const { page, made, origin } = browser(t);
  const [a, b] = [page(), page()];
  const left = [a.connect(), b.connect()];
  origin.full = true;
  a.moveOn(left[0], false);
  b.moveOn(left[1], false);
  a.connect();
  b.connect();
  assert.equal(made[2].name, made[3].name);
  assert.notEqual(made[2].name, made[0].name);
  assert.deepEqual([a.host.full, b.host.full], [true, true]);
  origin.full = false;
  a.moveOn(a.connect(), false);
  assert.equal(a.host.full, false);
  // What there was no room for has been written since: it is not held against what others write now.
  origin.set(origin.pages[0], "worker-py:host:portal.example", "{}");
  assert.deepEqual(a.host.agreement, page().host.agreement);
});

test("another user's page leaves the first one's worker although there never was room to agree", (t) => {
  const { page, origin } = browser(t);
  origin.full = true;
  const [a, b, c] = [page(), page(), page()];
  const first = a.connect();
  assert.equal(a.isAnother("5"), false);
  b.connect();
  b.as(() => b.host.serves("5")); // as its worker says
  assert.equal(b.isAnother("7"), true);
  const second = b.connect();
  assert.notEqual(second.name, first.name);
  assert.equal(b.isAnother("7"), false);
  // One that hears of it after it was known who works there, and a page of the first user's that stays.
  /** @type {boolean[]} */
  const moves = [];
  c.onMoved((another) => moves.push(another));
  c.connect();
  c.isAnother("7");
  c.as(() => c.host.serves("5"));
  assert.deepEqual(moves, [true]);
  assert.equal(c.connect().name, second.name);
  a.as(() => a.host.serves("5"));
  assert.equal(a.connect().name, first.name);
});

test("what a page could not write stands, whatever else it cannot write", (t) => {
  const { page, origin } = browser(t);
  origin.full = true;
  const a = page();
  a.moveOn(a.connect(), false);
  const { name } = a.connect();
  a.isAnother("5");
  assert.equal(a.connect().name, name);
});

test("blocked storage is not full", (t) => {
  const { page, origin } = browser(t);
  const a = page();
  origin.blocked = true;
  a.isAnother("1");
  assert.equal(a.host.full, false);
});

test("nothing has to be found out before the first worker", (t) => {
  const { page } = browser(t);
  const { host, as } = page();
  let now = false;
  as(() =>
    host.settle(() => {
      now = true;
    }),
  );
  assert.equal(now, true);
});

test("the first user, and the same one again, stay where they are", (t) => {
  const { page } = browser(t);
  const [a, b] = [page(), page()];
  const { name } = a.connect();
  assert.equal(a.isAnother("5"), false);
  assert.equal(b.connect().name, name);
  assert.equal(b.isAnother("5"), false);
  assert.equal(b.connect().name, name);
});

test("another user goes to another worker; pages of the user before stay, and go back to one of their own", (t) => {
  const { page } = browser(t);
  const [a, b] = [page(), page()];
  const first = a.connect();
  a.isAnother("5");
  let moved = 0;
  a.onMoved(() => moved++);

  b.connect();
  assert.equal(b.isAnother("7"), true);
  const second = b.connect();
  a.hear();
  assert.notEqual(second.name, first.name);
  assert.equal(moved, 0);

  a.moveOn(first, false); // its interpreter died
  const third = a.connect();
  assert.ok(![first.name, second.name].includes(third.name));
  assert.equal(b.isAnother("7"), false);
});

test("a page that does not know its user yet follows to another user's worker, and is told why", (t) => {
  const { page } = browser(t);
  const [a, b, c] = [page(), page(), page()];
  a.connect();
  a.isAnother("5");
  /** @type {boolean[]} */
  const moves = [];
  c.connect();
  c.onMoved((another) => moves.push(another));
  b.connect();
  b.isAnother("7");
  const { name } = b.connect();
  c.hear();
  assert.deepEqual(moves, [true]);
  assert.equal(c.connect().name, name);
  assert.equal(c.isAnother("7"), false);
});

test("a page that moves because of a user does not undo that others moved because of a hang", (t) => {
  const { page } = browser(t);
  const [a, b] = [page(), page()];
  const left = a.connect();
  a.isAnother("5");
  b.connect();
  a.moveOn(left, true);
  const generation = a.host.agreement.generation;
  b.isAnother("7");
  b.connect();
  assert.ok(b.host.agreement.generation > generation);
  assert.equal(b.host.agreement.plain, true);
});

test("a worker of the page's own serves its user alone: nothing to leave", (t) => {
  const { page } = browser(t, { shared: false });
  const [a, b] = [page(), page()];
  a.connect();
  a.isAnother("5");
  b.connect();
  assert.equal(b.isAnother("7"), false);
});

test("blocked storage and a record that was tampered with cost the agreement, not the page", (t) => {
  const { page, origin } = browser(t);
  const a = page();
  const { name } = a.connect();
  for (const text of ["", "null", "7", "[]", '{"generation":"x","user":7,"plain":1,"plainUntil":"y"}']) {
    origin.set(origin.pages[0], "worker-py:host:portal.example", text);
    assert.equal(page().connect().name, name);
  }
  origin.blocked = true;
  const b = page();
  assert.equal(b.connect().name, name);
  b.moveOn(b.connect(), true);
  assert.equal(b.isAnother("5"), false);
});

// Before anybody asks ------------------------------------------------------------------------------

test("what was joined early is what the first connect gives, once", (t) => {
  const { page, made } = browser(t);
  const one = page();
  one.as(() => one.host.joinEarly());
  assert.equal(made.length, 1);
  const first = one.connect();
  assert.deepEqual([made.length, first.port], [1, made[0].worker.port]);
  one.connect();
  assert.equal(made.length, 2);
});

test("an early worker whose script failed says so to the one who takes it, after it was taken", async (t) => {
  const { page, dedicated } = browser(t, { shared: false });
  const one = page();
  one.as(() => one.host.joinEarly());
  dedicated[0].onerror({ message: "no such script", preventDefault() {} });
  /** @type {string[]} */
  const heard = [];
  one.as(() => one.host.connect((text) => heard.push(text)));
  assert.deepEqual(heard, []);
  await settled();
  dedicated[0].onerror({ message: "and again", preventDefault() {} });
  assert.deepEqual(heard, ["no such script", "and again"]);
});

test("a page that joined early, and hears that the portal's pages have moved on since, follows them", (t) => {
  const { page, made, frames } = browser(t);
  const [one, other] = [page(), page()];
  one.as(() => one.host.joinEarly());
  const left = other.connect();
  other.moveOn(left, false);
  const connection = one.connect();
  assert.notEqual(connection.name, left.name);
  assert.deepEqual([made.length, frames()], [3, 2]); // the frame that held the early one has gone
});

test("a worker that was joined early and is not needed is let go", (t) => {
  const { page, dedicated } = browser(t, { shared: false });
  const one = page();
  one.as(() => one.host.joinEarly());
  one.as(() => one.host.leaveEarly());
  assert.equal(dedicated[0].ended, true);
});
