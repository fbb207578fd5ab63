import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { FakeLocks, FakeMessageChannel, settled, stillClock, withGlobals } from "../../support/fakes.mjs";

/** How the boot goes, for each worker by its number. @type {Map<string, any>} */
const boots = new Map();
withBoots();

/** Lets `worker.js` load a boot and a life that the test plays, and load anew for each test. */
function withBoots() {
  Object.assign(globalThis, { workerPyBoots: boots });
  /** @param {string} number @param {string} source */
  const module = (number, source) => ({
    url: `data:text/javascript,const played = globalThis.workerPyBoots.get("${number}");${source}`,
    shortCircuit: true,
  });
  registerHooks({
    resolve(specifier, context, next) {
      const number = /worker\.js\?(\d+)$/.exec(context.parentURL ?? "")?.[1];
      if (number && specifier === "./boot.js") {
        return module(number, "export const boot = played.boot;");
      }
      if (number && specifier === "./bundle.js") {
        return module(number, "export const bundle = { config: played.config };");
      }
      if (number && specifier === "./config_file.js") {
        return module(number, "export const readConfig = played.readConfig;");
      }
      if (number && specifier === "./life.js") {
        return module(number, "export const Life = played.Life;");
      }
      return next(specifier, context);
    },
  });
}

/**
 * A worker whose interpreter and pages the test plays.
 * @param {import("node:test").TestContext} t
 * @param {{config?: string | null, readConfig?: (url: string) => Promise<object>}} [settings] the bundle's
 */
async function working(t, { config = null, readConfig } = {}) {
  const clock = stillClock(t);
  /** @type {Record<string, (event: any) => void>} */
  const listeners = {};
  const self = /** @type {any} */ ({
    name: "w",
    closed: false,
    addEventListener: (/** @type {string} */ type, /** @type {any} */ callback) => {
      listeners[type] = callback;
    },
    close() {
      self.closed = true;
    },
  });
  const locks = new FakeLocks();
  withGlobals(t, { self, navigator: { locks }, MessageChannel: FakeMessageChannel });
  /** What reached Python, and what the life of the worker heard. @type {any[]} */
  const got = [];
  /** @type {any[]} */
  const lived = [];
  /** @type {any} */
  let outside;
  /** @type {any} */
  let settle;
  const state = {
    delay: -1,
    wrote: (/** @type {string | null} */ _) => {},
    serves: (/** @type {string} */ _) => {},
    decided: (/** @type {Record<string, string>} */ _) => {},
    life: /** @type {any} */ (null),
    storage: /** @type {Promise<string | null>} */ (Promise.resolve(null)),
  };
  const run =
    (/** @type {string} */ what) =>
    (/** @type {any[]} */ ...args) => {
      got.push([what, ...args]);
      return state.delay;
    };
  const runtime = {
    deliver: run("deliver"),
    detach: run("detach"),
    turn: run("turn"),
    remember: (/** @type {string} */ kept) => got.push(["remember", kept]),
    starts_with_kept: false,
    configure: run("configure"),
    slice_limit_ms: 1000,
    page_grace_s: 60,
    phases: { total: 5 },
    parts: { fetch: 2 },
    plainBecause: null,
  };
  const number = String(boots.size + 1);
  boots.set(number, {
    ...{ config, readConfig },
    boot: (/** @type {any} */ given) => {
      outside = given;
      return new Promise((resolve, reject) => {
        settle = { resolve: () => resolve(runtime), reject };
      });
    },
    Life: class {
      /** @param {any} given */
      constructor(given) {
        state.wrote = given.wrote;
        state.serves = given.serves;
        state.decided = given.decided;
        state.life = this;
      }
      /** @type {string | null} */
      user = null;
      lock = "life";
      /** @type {string[]} */
      undecided = [];
      storageRefused = () => state.storage;
      attached = (/** @type {string} */ portal) => lived.push(["attached", portal]);
      deserted = () => lived.push(["deserted"]);
      lingers = (/** @type {number} */ seconds) => lived.push(["lingers", seconds]);
      holds = (/** @type {number} */ limit) => lived.push(["holds", limit]);
      runs = () => {};
      over = () => lived.push(["over"]);
    },
  });
  await import(`../../../static/worker/worker.js?${number}`);
  /** A page joins. @param {string} page */
  const join = async (page) => {
    const { port1, port2 } = new FakeMessageChannel();
    /** @type {any[]} */
    const heard = [];
    port1.onmessage = ({ data }) => heard.push(data);
    self.onmessage({ ports: [port2] });
    const say = async (/** @type {any} */ message) => {
      port1.postMessage(message);
      await settled();
    };
    await say({ t: "hello", page, portal: "portal.example" });
    return { port: port1, heard, say };
  };
  const booted = async () => {
    settle.resolve();
    await settled();
  };
  return { clock, self, listeners, locks, got, lived, state, runtime, join, booted, fail: settle.reject, outside };
}

const READY = {
  ...{ t: "ready", phases: { total: 5 }, parts: { fetch: 2 }, plainBecause: null },
  ...{ slice_limit_ms: 1000, storage: null },
};

test("pages are told whose worker it is: those that are there when it is known, and those that come", async (t) => {
  const { join, state } = await working(t);
  const early = await join("p1");
  state.serves("5");
  await settled();
  assert.deepEqual(early.heard.at(-1), { t: "serves", user: "5" });
  state.life.user = "5";
  const late = await join("p2");
  assert.deepEqual(late.heard.slice(0, 2), [{ t: "welcome" }, { t: "serves", user: "5" }]);
});

test("a page is welcomed, told of the lock and, once Python runs, of that", async (t) => {
  const { join, booted } = await working(t);
  const { heard } = await join("p1");
  assert.deepEqual(heard, [{ t: "welcome" }, { t: "alive", lock: "life" }]);
  await booted();
  assert.deepEqual(heard.at(-1), READY);
});

test("a page that joins a worker that runs is told so at once", async (t) => {
  const { join, booted } = await working(t);
  await booted();
  assert.deepEqual((await join("p1")).heard, [{ t: "welcome" }, { t: "alive", lock: "life" }, READY]);
});

test("the app's limit for a slice is told to those that cannot be welcomed meanwhile", async (t) => {
  const { booted, lived } = await working(t);
  await booted();
  assert.deepEqual(lived.at(-1), ["holds", 1000]);
});

test("pages hear it when nothing can be kept any more, also those that come later", async (t) => {
  const { join, booted, state } = await working(t);
  const one = await join("p1");
  await booted();
  state.wrote("QuotaExceededError");
  await settled();
  assert.deepEqual(one.heard.at(-1), { t: "storage", refused: "QuotaExceededError" });
  assert.deepEqual((await join("p2")).heard.at(-1), { ...READY, storage: "QuotaExceededError" });
});

test("pages hear it when files hold the worker", async (t) => {
  const { join, booted, outside } = await working(t);
  const { heard } = await join("p1");
  await booted();
  outside.holding();
  await settled();
  assert.deepEqual(heard.at(-1), { t: "holding" });
});

test("progress of the boot reaches all pages", async (t) => {
  const { join, outside } = await working(t);
  const [one, two] = [await join("p1"), await join("p2")];
  outside.progress("packages", 0.6);
  await settled();
  for (const { heard } of [one, two]) {
    assert.deepEqual(heard.at(-1), { t: "boot", phase: "packages", fraction: 0.6 });
  }
});

test("what comes while Python boots is handed in when it runs, in order, with its page", async (t) => {
  const { join, booted, got } = await working(t);
  const [one, two] = [await join("p1"), await join("p2")];
  await one.say("a");
  await two.say("b");
  await one.say("c");
  assert.deepEqual(got, []);
  await booted();
  await one.say("d");
  assert.deepEqual(got, [
    ["deliver", "p1", "a"],
    ["deliver", "p2", "b"],
    ["deliver", "p1", "c"],
    ["deliver", "p1", "d"],
  ]);
});

test("what comes between the end of the boot and the word of it overtakes nothing", async (t) => {
  const { join, booted, got, state } = await working(t);
  let storageAnswers = (/** @type {null} */ _) => {};
  state.storage = new Promise((resolve) => {
    storageAnswers = resolve;
  });
  const { say } = await join("p1");
  await say("a");
  await booted();
  await say("b");
  storageAnswers(null);
  await settled();
  await say("c");
  assert.deepEqual(
    got.map(([, , text]) => text),
    ["a", "b", "c"],
  );
});

test("a page hears that Python runs before it hears Python", async (t) => {
  const { join, booted, outside, runtime } = await working(t);
  const { heard, say } = await join("p1");
  runtime.deliver = () => {
    outside.post("p1", '{"t":"ack"}');
    return -1;
  };
  await say("e1");
  await booted();
  assert.deepEqual(heard.slice(-2), [READY, '{"t":"ack"}']);
});

test("what has ended is told before anything else begins, and the rest when Python has run", async (t) => {
  const { join, booted, outside, runtime } = await working(t);
  const { heard, say } = await join("p1");
  await booted();
  const [outcome, ack, command] = ['{"t":"outcome"}', '{"t":"ack"}', '{"t":"command"}'];
  runtime.deliver = () => {
    for (const text of [outcome, ack, command, outcome]) {
      outside.post("p1", text);
    }
    return -1;
  };
  await say("e1");
  assert.deepEqual(heard.slice(-2), [
    [outcome, ack],
    [command, outcome],
  ]);
});

test("Python's words reach the page they are for, and those for a page that left reach nobody", async (t) => {
  const { join, booted, outside } = await working(t);
  const [one, two] = [await join("p1"), await join("p2")];
  await booted();
  outside.post("p2", "hello");
  outside.post("p3", "nobody");
  await settled();
  assert.equal(one.heard.includes("hello"), false);
  assert.equal(two.heard.at(-1), "hello");
});

test("a ping is answered with its number", async (t) => {
  const { join } = await working(t);
  const { heard, say } = await join("p1");
  await say({ t: "ping", n: 7 });
  assert.deepEqual(heard.at(-1), { t: "pong", n: 7 });
});

test("a page that says good-bye is detached once, with its reason, and the last one leaves the worker deserted", async (t) => {
  const { join, booted, got, lived } = await working(t);
  const [one, two] = [await join("p1"), await join("p2")];
  await booted();
  await one.say({ t: "bye", reason: "closed" });
  await one.say({ t: "bye", reason: "again" });
  assert.equal(
    lived.some(([what]) => what === "deserted"),
    false,
  );
  await two.say({ t: "bye", reason: "frozen" });
  assert.deepEqual(got, [
    ["detach", "p1", "closed"],
    ["detach", "p2", "frozen"],
  ]);
  assert.deepEqual(lived.at(-1), ["deserted"]);
});

test("a page whose lock is released has gone", async (t) => {
  const { join, booted, got, locks } = await working(t);
  const { say } = await join("p1");
  await booted();
  locks.request("page", () => new Promise(() => {}));
  await say({ t: "watch", lock: "page" });
  assert.deepEqual(got, []);
  locks.release("page");
  await settled();
  assert.deepEqual(got, [["detach", "p1", "gone"]]);
});

test("what a page said that left while Python booted is forgotten, and what others said is not", async (t) => {
  const { join, booted, got } = await working(t);
  const [one, two] = [await join("p1"), await join("p2")];
  await one.say("a");
  await two.say("b");
  await one.say({ t: "bye", reason: "closed" });
  await booted();
  assert.deepEqual(got, [["deliver", "p2", "b"]]);
});

test("Python's next turn comes when it asked for it", async (t) => {
  const { join, booted, got, state, clock } = await working(t);
  const { say } = await join("p1");
  await booted();
  state.delay = 500;
  await say("a");
  state.delay = -1;
  clock.tick(499);
  await settled();
  assert.equal(got.length, 1);
  clock.tick(1);
  await settled();
  assert.deepEqual(got.at(-1), ["turn"]);
});

test("a turn that is wanted sooner comes sooner", async (t) => {
  const { join, booted, got, state, clock } = await working(t);
  const { say } = await join("p1");
  await booted();
  state.delay = 500;
  await say("a");
  state.delay = 100;
  await say("b");
  state.delay = -1;
  clock.tick(100);
  await settled();
  assert.deepEqual(got.at(-1), ["turn"]);
});

test("however often Python says what it waits for, one timer is there", async (t) => {
  const { join, booted, got, state, clock } = await working(t);
  const asked = t.mock.method(globalThis, "setTimeout");
  const { say } = await join("p1");
  await booted();
  state.delay = 500;
  for (const text of ["a", "b", "c"]) {
    await say(text);
    clock.tick(10);
  }
  assert.equal(asked.mock.calls.filter(({ arguments: [, delay] }) => delay === 500).length, 1);
  state.delay = 30;
  clock.tick(470);
  await settled();
  assert.deepEqual(got.at(-1), ["turn"]);
  clock.tick(30);
  await settled();
  assert.equal(got.filter(([what]) => what === "turn").length, 2);
});

test("a turn that is wanted at once waits for no timer, and several wishes are one turn", async (t) => {
  const { join, booted, got, outside } = await working(t);
  await join("p1");
  await booted();
  outside.wake();
  outside.wake();
  await settled();
  assert.deepEqual(got, [["turn"]]);
  outside.wake();
  await settled();
  assert.deepEqual(got, [["turn"], ["turn"]]);
});

test("a timer a year away is not due now", async (t) => {
  const { join, booted, got, state } = await working(t);
  const asked = t.mock.method(globalThis, "setTimeout");
  const { say } = await join("p1");
  await booted();
  state.delay = 365 * 86_400_000;
  await say("a");
  assert.deepEqual(
    asked.mock.calls.map(({ arguments: [, delay] }) => delay),
    [2 ** 31 - 1],
  );
  assert.equal(got.length, 1);
});

test("when Python dies all pages hear of it once, and nothing more is handed in", async (t) => {
  const { join, booted, got, runtime, lived } = await working(t);
  const [one, two] = [await join("p1"), await join("p2")];
  await booted();
  runtime.deliver = () => {
    got.push(["died"]);
    throw new Error("wasm trap");
  };
  await one.say("a");
  await one.say("b");
  for (const { heard } of [one, two]) {
    assert.deepEqual(
      heard.filter(({ t: type }) => type === "fatal"),
      [{ t: "fatal", text: "Error: wasm trap" }],
    );
  }
  assert.deepEqual(got, [["died"]]);
  assert.deepEqual(lived.at(-1), ["over"]);
  assert.deepEqual((await join("p3")).heard.at(-1), { t: "fatal", text: "Error: wasm trap" });
});

test("a death that Pyodide reports is a death", async (t) => {
  const first = await working(t);
  const page = await first.join("p1");
  await first.booted();
  first.outside.fatal("out of memory");
  first.outside.fatal("and again");
  await settled();
  assert.deepEqual(page.heard.slice(-2), [READY, { t: "fatal", text: "out of memory" }]);
});

test("an unhandled rejection is a death only when Pyodide says so", async (t) => {
  const { join, booted, listeners } = await working(t);
  const { heard } = await join("p1");
  await booted();
  listeners.unhandledrejection({ reason: new Error("of the app") });
  listeners.unhandledrejection({ reason: undefined });
  await settled();
  assert.deepEqual(heard.at(-1), READY);
  listeners.unhandledrejection({ reason: Object.assign(new Error("trap"), { pyodide_fatal_error: true }) });
  await settled();
  assert.deepEqual(heard.at(-1), { t: "fatal", text: "Error: trap" });
});

test("a boot that goes on to its end after a death says nothing of being ready", async (t) => {
  const { join, booted, outside } = await working(t);
  const { heard } = await join("p1");
  outside.fatal("trap");
  await booted();
  assert.equal(
    heard.some(({ t: type }) => type === "ready"),
    false,
  );
});

for (const permanent of [true, false]) {
  test(`a boot that fails is told with its text${permanent ? ", and that another try is of no use" : ""}`, async (t) => {
    const { join, fail, lived } = await working(t);
    const { heard } = await join("p1");
    fail(Object.assign(new Error("no such module"), permanent ? { permanent } : {}));
    await settled();
    assert.deepEqual(heard.at(-1), { t: "failed", text: "no such module", permanent });
    assert.equal(
      lived.some(([what]) => what === "over"),
      !permanent,
    );
    assert.deepEqual((await join("p2")).heard.at(-1), heard.at(-1));
  });
}

test("a worker that is asked to die closes", async (t) => {
  const { join, self } = await working(t);
  const [{ say, heard }, other] = [await join("p1"), await join("p2")];
  await say({ t: "die" });
  assert.equal(self.closed, true);
  assert.deepEqual([heard.at(-1), other.heard.at(-1)], [{ t: "ending" }, { t: "ending" }]);
});

test("that a source is about to run is told before it can hold the interpreter", async (t) => {
  const { join, booted, outside, runtime } = await working(t);
  const { heard, say } = await join("p1");
  await booted();
  const [taking, reloaded] = ['{"t":"taking","id":"reload-1"}', '{"t":"reloaded"}'];
  runtime.deliver = () => {
    outside.post("p1", taking);
    outside.post("p1", reloaded);
    return -1;
  };
  await say("reload");
  assert.deepEqual(heard.slice(-2), [taking, reloaded]);
});

test("what concerns a kept call waits until its user is known, in order, and nothing else does", async (t) => {
  const { join, booted, got, state } = await working(t);
  const [theirs, other] = [await join("p1"), await join("p2")];
  const attach = '{"t":"attach","card":null}';
  const [kept, another] = ["A", "B"].map(
    (id) => `{"t":"event","name":"BackgroundCallCard::initialized","payload":"${id}"}`,
  );
  await theirs.say(attach);
  await theirs.say(kept);
  await theirs.say({ t: "mark" });
  await other.say(attach);
  await other.say(another);
  state.life.undecided = ["A"];
  await booted();
  assert.deepEqual(got, [
    ["deliver", "p1", attach],
    ["deliver", "p2", attach],
    ["deliver", "p2", another],
  ]);
  await theirs.say('{"t":"answer"}');
  await theirs.say({ t: "mark" });
  assert.equal(got.length, 3);
  assert.notDeepEqual(theirs.heard.at(-1), { t: "marked" });
  state.decided({ A: "{}" });
  await settled();
  assert.deepEqual(got.slice(3), [
    ["remember", '{"A":"{}"}'],
    ["deliver", "p1", kept],
    ["deliver", "p1", '{"t":"answer"}'],
  ]);
  assert.deepEqual(theirs.heard.slice(-2), [{ t: "marked" }, { t: "marked" }]);
});

test("what waits goes with its page", async (t) => {
  const { join, booted, got, state } = await working(t);
  const { say } = await join("p1");
  state.life.undecided = ["A"];
  await booted();
  await say('{"t":"attach","card":{"call_id":"A"}}');
  await say({ t: "bye", reason: "gone" });
  state.decided({});
  assert.deepEqual(got, [
    ["detach", "p1", "gone"],
    ["remember", "{}"],
  ]);
});

test("an app with handlers that run first of all waits for what was kept, if anything was", async (t) => {
  const { join, booted, got, state, runtime } = await working(t);
  const { say } = await join("p1");
  state.life.undecided = ["A"];
  runtime.starts_with_kept = true;
  await booted();
  await say('{"t":"attach","card":null}');
  assert.deepEqual(got, []);
  state.decided({});
  assert.deepEqual(got[1], ["deliver", "p1", '{"t":"attach","card":null}']);
});

/** A worker whose settings come when the test says so. @param {import("node:test").TestContext} t */
async function configured(t) {
  /** @type {Array<(read: object) => void>} */
  const reads = [];
  const readConfig = () => new Promise((/** @type {(read: object) => void} */ resolve) => reads.push(resolve));
  const worker = await working(t, { config: "../../worker-py.json", readConfig });
  /** @param {string} text */
  const come = async (text) => {
    reads.shift()?.({ text, problem: "" });
    await settled();
  };
  return { ...worker, reads, come };
}

const configuredBy = (/** @type {string} */ text) => [
  "configure",
  JSON.stringify({ text, problem: "", portal: "portal.example" }),
];

test("what a page says is handed in behind the settings that are read for it, while Python boots too", async (t) => {
  const { join, booted, got, come } = await configured(t);
  const page = await join("p1");
  await page.say("attach");
  await page.say({ t: "mark" });
  await booted();
  assert.deepEqual(got, []);
  assert.equal(
    page.heard.some(({ t: kind }) => kind === "marked"),
    false,
  );
  await come("{1}");
  assert.deepEqual(got, [configuredBy("{1}"), ["deliver", "p1", "attach"]]);
  assert.deepEqual(page.heard.at(-1), { t: "marked" });
});

test("settings that came before Python wait for it", async (t) => {
  const { join, booted, got, come } = await configured(t);
  const page = await join("p1");
  await come("{1}");
  await page.say("attach");
  await booted();
  assert.deepEqual(got, [configuredBy("{1}"), ["deliver", "p1", "attach"]]);
});

test("a page that joins later brings them anew, and another is not held up", async (t) => {
  const { join, booted, got, come } = await configured(t);
  const one = await join("p1");
  await come("{1}");
  await booted();
  const two = await join("p2");
  await two.say("two");
  await one.say("one");
  await come("{2}");
  assert.deepEqual(got.slice(1), [["deliver", "p1", "one"], configuredBy("{2}"), ["deliver", "p2", "two"]]);
});

test("a page that left before its settings came takes what it said with it", async (t) => {
  const { join, booted, got, come } = await configured(t);
  await booted();
  const page = await join("p1");
  await page.say("attach");
  await page.say({ t: "bye", reason: "closed" });
  await come("{1}");
  assert.deepEqual(got, [["detach", "p1", "closed"]]);
});
