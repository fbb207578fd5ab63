import assert from "node:assert/strict";
import { test } from "node:test";
import { Link, ON_REQUEST } from "../../../static/page/link.js";
import { aliveLock, sliceLock, stepLock } from "../../../static/protocol.js";
import { FakeLocks, FakeMessageChannel, FakePort, settled, stillClock, withGlobals } from "../../support/fakes.mjs";

/**
 * A link whose workers the test plays.
 * @param {import("node:test").TestContext} t
 * @param {{mode?: "dedicated" | "extended" | "shared", refuse?: () => void, name?: string}} [options] `name`:
 *   of every worker
 */
function linking(t, { mode = "dedicated", refuse = () => {}, name = "" } = {}) {
  const clock = stillClock(t);
  const locks = new FakeLocks();
  withGlobals(t, { MessageChannel: FakeMessageChannel, navigator: { locks } });
  /** @type {Array<{port: FakePort, got: any[], failed: (text: string) => void, ended: boolean}>} */
  const workers = [];
  /** @type {any[]} */
  const moves = [];
  /** Whom the worker serves, as the host was told. @type {string[]} */
  const served = [];
  /** @type {string[]} */
  const givenUp = [];
  const host = /** @type {any} */ ({
    mode,
    connect(/** @type {(text: string) => void} */ failed) {
      refuse();
      const { port1, port2 } = new FakeMessageChannel();
      const worker = { port: port2, got: /** @type {any[]} */ ([]), failed, ended: false };
      port2.onmessage = ({ data }) => worker.got.push(data);
      workers.push(worker);
      const end = () => {
        worker.ended = true;
      };
      return { mode: host.mode, reason: "", name: name || `w${workers.length}`, port: port1, end };
    },
    moveOn: (/** @type {{name: string}} */ { name }, /** @type {boolean} */ hung) => moves.push([name, hung]),
    serves: (/** @type {string} */ user) => void served.push(user),
    refetch: async () => {},
    gather: async () => {},
    giveUpShared: async (/** @type {string} */ what) => {
      givenUp.push(what);
      host.mode = "dedicated";
    },
  });
  /** @type {any[]} */
  const seen = [];
  /** Why each worker ended. @type {string[]} */
  const told = [];
  /** The timer that is not slowed. */
  const steady = { slowed: false, asked: 0, later: () => void steady.asked++ };
  const state = {
    busy: true,
    connection: /** @type {import("../../../static/page/host.js").Connection | null} */ (null),
  };
  /** What is delivered to each worker as soon as it is there. @type {string[]} */
  const journal = [];
  const link = new Link(
    host,
    { page: "p1", portal: "portal.example" },
    {
      opened: (send, connection) => {
        state.connection = connection;
        seen.push(["opened"]);
        for (const text of journal) {
          send(text);
        }
      },
      ready: ({ phases }) => seen.push(["ready", phases]),
      text: (text, reply) => {
        seen.push(["text", text]);
        if (text.startsWith("?")) {
          reply(`answer to ${text}`);
        }
      },
      progress: (phase, fraction) => seen.push(["progress", phase, fraction]),
      ended: (ending, text, retryInMs) => {
        seen.push(["ended", ending, retryInMs]);
        told.push(text);
      },
      storage: (refused) => seen.push(["storage", refused]),
      marked: () => seen.push(["marked"]),
      busy: () => state.busy,
    },
    steady,
  );
  /** The worker says something. @param {any} message */
  const say = async (message, number = workers.length) => {
    workers[number - 1].port.postMessage(message);
    await settled();
  };
  const ready = async (slice_limit_ms = 1000) => {
    await say({ t: "welcome" });
    await say({ t: "ready", phases: {}, slice_limit_ms, storage: null });
  };
  /** Time passes in ticks of so many milliseconds. @param {number} ms */
  const pass = async (ms, step = 1000) => {
    for (let passed = 0; passed < ms; passed += step) {
      clock.tick(step, step);
      await settled();
    }
  };
  const texts = () => told;
  const endings = () => seen.filter(([what]) => what === "ended").map(([, ending]) => ending);
  return {
    clock,
    steady,
    locks,
    workers,
    moves,
    givenUp,
    served,
    host,
    link,
    seen,
    state,
    journal,
    say,
    ready,
    pass,
    endings,
    texts,
  };
}

/** The worker answers every ping from now on. @param {any} worker */
function answerPings(worker) {
  worker.port.onmessage = (/** @type {any} */ { data }) => {
    worker.got.push(data);
    if (data.t === "ping") {
      worker.port.postMessage({ t: "pong", n: data.n });
    }
  };
}

/**
 * A worker holds its locks.
 * @param {FakeLocks} locks
 * @param {string} name
 * @param {string} id
 * @param {"boot" | number} [limit] of a slice
 */
function lives(locks, name, id, limit = 1000) {
  const alive = aliveLock(name) + id;
  for (const lock of [alive, sliceLock(alive) + limit]) {
    locks.request(lock, () => new Promise(() => {}));
  }
  return alive;
}

const isPing = (/** @type {any} */ message) => message.t === "ping";

test("a worker is greeted first, then told what waits, in order", async (t) => {
  const { link, workers, journal } = linking(t);
  journal.push("attach", "e1", "e2");
  link.open();
  await settled();
  const [hello, ...rest] = workers[0].got.filter((message) => message.t !== "watch");
  assert.deepEqual(hello, { t: "hello", page: "p1", portal: "portal.example", user: null, greeting: 1 });
  assert.deepEqual(rest, ["attach", "e1", "e2"]);
});

test("the page holds a lock before it asks the worker to watch it", async (t) => {
  const { link, workers, locks } = linking(t);
  link.open();
  await settled();
  const watch = workers[0].got.find((message) => message.t === "watch");
  let granted = false;
  locks.request(watch.lock, () => {
    granted = true;
  });
  await settled();
  assert.equal(granted, false);
});

test("progress, readiness and words of Python reach the owner", async (t) => {
  const { link, say, ready, seen } = linking(t);
  link.open();
  await say({ t: "boot", phase: "packages", fraction: 0.6 });
  assert.equal(link.ready, false);
  await ready();
  assert.equal(link.ready, true);
  await say('{"t":"ack"}');
  assert.deepEqual(seen, [["opened"], ["progress", "packages", 0.6], ["ready", {}], ["text", '{"t":"ack"}']]);
});

test("what is sent crosses in order; without a worker it is dropped, the journal keeps it", async (t) => {
  const { link, workers } = linking(t);
  link.send("nobody is there");
  link.open();
  link.send("a");
  link.send("b");
  await settled();
  assert.deepEqual(
    workers[0].got.filter((message) => typeof message === "string"),
    ["a", "b"],
  );
});

test("a fatal worker is ended and replaced at once, and told again what waits", async (t) => {
  const { link, workers, say, ready, endings, journal } = linking(t);
  journal.push("e1");
  link.open();
  await ready();
  await say({ t: "fatal", text: "trap" });
  assert.deepEqual(endings(), ["fatal"]);
  assert.equal(workers[0].ended, true);
  assert.equal(workers.length, 2);
  assert.equal(link.ready, false);
  assert.ok(workers[1].got.includes("e1"));
});

test("what a worker says after its end is not heard", async (t) => {
  const { link, workers, say, seen } = linking(t);
  link.open();
  await say({ t: "fatal", text: "trap" });
  await say({ t: "ready", phases: {}, slice_limit_ms: 1000 }, 1);
  await say('{"t":"ack"}', 1);
  await say({ t: "fatal", text: "again" }, 1);
  workers[0].failed("its script too");
  await settled();
  assert.deepEqual(
    seen.map(([what]) => what),
    ["opened", "ended", "opened"],
  );
});

test("two endings at once replace the worker once", async (t) => {
  const { link, workers, say, locks, endings } = linking(t);
  link.open();
  await say({ t: "alive", lock: "life" });
  workers[0].port.postMessage({ t: "fatal", text: "trap" });
  workers[0].port.postMessage({ t: "failed", text: "and failed", permanent: true });
  locks.release("life");
  workers[0].failed("and its script");
  await settled();
  assert.equal(endings().length, 1);
  assert.equal(workers.length, 2);
});

test("an answer on its way when its worker is replaced does not reach the next one", async (t) => {
  const { link, workers, say, ready, seen, state } = linking(t);
  link.open();
  await ready();
  await say("?1");
  const { port } = /** @type {any} */ (state.connection);
  await say({ t: "fatal", text: "trap" });
  port.postMessage("late"); // what a slow function of the page does with its reply;
  await settled();
  assert.ok(seen.some(([what]) => what === "text"));
  assert.ok(workers[0].got.includes("answer to ?1"));
  assert.ok(!workers[1].got.includes("late"));
});

test("a worker has vanished when its lock is released, and not before", async (t) => {
  const { link, locks, say, endings } = linking(t);
  locks.request("life", () => new Promise(() => {}));
  link.open();
  await say({ t: "alive", lock: "life" });
  assert.deepEqual(endings(), []);
  locks.release("life");
  await settled();
  assert.deepEqual(endings(), ["vanished"]);
});

test("a worker that vanishes after it said that somebody asked for it was ended on request, the next one was not", async (t) => {
  const { link, locks, say, texts } = linking(t);
  for (const [lock, asked] of /** @type {const} */ ([
    ["one", true],
    ["two", false],
  ])) {
    locks.request(lock, () => new Promise(() => {}));
    if (asked) {
      link.open();
    }
    await say({ t: "welcome" });
    await say({ t: "alive", lock });
    if (asked) {
      await say({ t: "ending" });
    }
    locks.release(lock);
    await settled();
  }
  assert.deepEqual(texts(), [ON_REQUEST, "the worker was ended"]);
});

test("a browser without locks does without", async (t) => {
  const { link, say, endings } = linking(t);
  withGlobals(t, { navigator: {} });
  link.open();
  await say({ t: "alive", lock: "life" });
  assert.deepEqual(endings(), []);
});

test("a worker that answers pings is left alone, however long it works", async (t) => {
  const { link, workers, ready, pass, endings } = linking(t);
  link.open();
  answerPings(workers[0]);
  await ready();
  await pass(600_000);
  assert.deepEqual(endings(), []);
  assert.ok(workers[0].got.filter(isPing).length > 100);
});

test("a worker that answers no ping hangs: limit of a slice and four seconds, then it is replaced", async (t) => {
  const { link, workers, ready, pass, endings, moves } = linking(t);
  link.open();
  await ready(1000);
  await pass(6000);
  assert.deepEqual(endings(), []);
  await pass(1000);
  assert.deepEqual(endings(), ["hang"]);
  assert.deepEqual(moves, [["w1", true]]);
  assert.equal(workers.length, 2);
});

test("a worker that answers no ping and yet speaks works through a burst: it does not hang", async (t) => {
  const { link, ready, pass, say, endings } = linking(t);
  link.open();
  await ready(1000);
  for (let second = 0; second < 60; second++) {
    await pass(1000);
    await say('{"t":"ack"}');
  }
  assert.deepEqual(endings(), []);
  await pass(7000);
  assert.deepEqual(endings(), ["hang"]);
});

test("a worker that says that files hold it is waited for, until it says something else", async (t) => {
  const { link, ready, pass, say, endings } = linking(t);
  link.open();
  await ready(1000);
  await say({ t: "holding" });
  await pass(60_000);
  assert.deepEqual(endings(), []);
  await say('{"t":"ack"}');
  await pass(7000);
  assert.deepEqual(endings(), ["hang"]);
});

test("a worker that says that files hold it, and then nothing for ever, hangs", async (t) => {
  const { link, ready, pass, say, endings } = linking(t);
  link.open();
  await ready(1000);
  await say({ t: "holding" });
  await pass(122_000);
  assert.deepEqual(endings(), ["hang"]);
});

test("an app without a limit for slices may take for ever", async (t) => {
  const { link, ready, pass, endings } = linking(t);
  link.open();
  await ready(0);
  await pass(600_000);
  assert.deepEqual(endings(), []);
});

test("nothing is asked while nothing waits for an answer", async (t) => {
  const { link, workers, ready, pass, state, endings } = linking(t);
  state.busy = false;
  link.open();
  await ready();
  await pass(60_000);
  assert.deepEqual(workers[0].got.filter(isPing), []);
  state.busy = true;
  link.watch();
  await pass(8000);
  assert.deepEqual(endings(), ["hang"]);
});

test("a hang is noticed though ticks come once a minute", async (t) => {
  const { link, ready, pass, endings } = linking(t);
  link.open();
  await ready(1000);
  await pass(10 * 60_000, 60_000);
  assert.ok(endings().includes("hang"));
});

test("ticks once a minute are no hang of a worker that answers", async (t) => {
  const { link, workers, ready, pass, endings } = linking(t);
  link.open();
  answerPings(workers[0]);
  await ready(1000);
  await pass(60 * 60_000, 60_000);
  assert.deepEqual(endings(), []);
});

test("a page that slept for hours does not take its worker for hung", async (t) => {
  const { link, clock, ready, pass, endings } = linking(t);
  link.open();
  await ready(1000);
  await pass(2000);
  clock.sleep(8 * 3_600_000);
  await pass(1000);
  assert.deepEqual(endings(), []);
});

test("a page that slept while the worker booted does not take the boot for stuck", async (t) => {
  const { link, clock, say, pass, endings } = linking(t);
  link.open();
  await say({ t: "welcome" });
  await pass(2000);
  clock.sleep(8 * 3_600_000);
  await pass(1000);
  assert.deepEqual(endings(), []);
});

test("a boot without progress for two minutes has failed; with progress it may take its time", async (t) => {
  const { link, say, pass, endings } = linking(t);
  link.open();
  await say({ t: "welcome" });
  for (let minute = 0; minute < 5; minute++) {
    await pass(100_000);
    await say({ t: "boot", phase: "runtime", fraction: 0.1 });
  }
  assert.deepEqual(endings(), []);
  await pass(121_000);
  assert.deepEqual(endings(), ["failed"]);
});

test("repeated failures wait longer and longer, half a minute at most", async (t) => {
  const { link, workers, pass, seen } = linking(t);
  link.open();
  for (let failure = 0; failure < 8; failure++) {
    workers[workers.length - 1].port.postMessage({ t: "failed", text: "no network", permanent: false });
    await settled();
    await pass(30_000);
  }
  assert.deepEqual(
    seen.filter(([what]) => what === "ended").map(([, , retryInMs]) => retryInMs),
    [0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
  assert.equal(workers.length, 9);
});

test("a boot that failed takes the worker's modules past the browser's cache; the app's own mistake does not", async (t) => {
  const { link, host, say } = linking(t, { mode: "extended" });
  const refetch = t.mock.method(host, "refetch");
  link.open();
  await say({ t: "failed", text: "it is damaged", permanent: false });
  assert.equal(refetch.mock.callCount(), 1);
  await say({ t: "failed", text: "SyntaxError in app.py", permanent: true });
  assert.equal(refetch.mock.callCount(), 1);
});

test("a worker that acknowledged something ends the waiting", async (t) => {
  const { link, pass, say, seen } = linking(t);
  link.open();
  for (let failure = 0; failure < 3; failure++) {
    await say({ t: "fatal", text: "trap" });
    await pass(5000);
  }
  link.proven();
  await say({ t: "fatal", text: "trap" });
  assert.equal(seen.findLast(([what]) => what === "ended")[2], 0);
});

test("a permanent failure is the end: no other worker is started", async (t) => {
  const { link, workers, say, pass, seen } = linking(t);
  link.open();
  await say({ t: "failed", text: "SyntaxError in app.py", permanent: true });
  assert.deepEqual(seen.at(-1), ["ended", "failed", null]);
  await pass(600_000);
  link.watch();
  link.send("e");
  await pass(5000);
  assert.equal(workers.length, 1);
});

test("a worker that cannot be made is tried again", async (t) => {
  let refusals = 1;
  const { link, workers, endings } = linking(t, {
    refuse: () => {
      if (refusals-- > 0) {
        throw new Error("not allowed");
      }
    },
  });
  link.open();
  assert.deepEqual(endings(), ["failed"]);
  await settled();
  assert.equal(workers.length, 1);
});

test("a script that cannot be loaded is a failed boot; one that fails later ended the interpreter", async (t) => {
  const { link, workers, ready, endings } = linking(t);
  link.open();
  workers[0].failed("");
  await settled();
  await ready();
  workers[1].failed("Uncaught");
  assert.deepEqual(endings(), ["failed", "fatal"]);
});

test("a worker killed on request is replaced, once", async (t) => {
  const { link, workers, ready, endings } = linking(t);
  link.open();
  await ready();
  link.kill();
  link.kill();
  await settled();
  assert.deepEqual(endings(), ["vanished"]);
  assert.equal(workers.length, 2);
});

test("a shared worker is asked to end itself, and is not replaced before it does", async (t) => {
  const { link, workers, ready, endings } = linking(t, { mode: "extended" });
  link.open();
  await ready();
  link.kill();
  await settled();
  assert.deepEqual(workers[0].got.at(-1), { t: "die" });
  assert.deepEqual(endings(), []);
});

test("a shared worker whose script fails is given up for one of the page's own, without waiting", async (t) => {
  const { link, workers, givenUp, seen, state } = linking(t, { mode: "extended" });
  link.open();
  workers[0].failed("");
  await settled();
  assert.deepEqual(givenUp, ["error"]);
  assert.deepEqual(
    seen.filter(([what]) => what === "ended"),
    [["ended", "unreachable", 0]],
  );
  assert.equal(state.connection?.mode, "dedicated");
});

test("a shared worker that exists and says no welcome hangs", async (t) => {
  const { link, locks, pass, endings } = linking(t, { mode: "extended", name: "w" });
  lives(locks, "w", "1234");
  link.open();
  await pass(8000);
  assert.deepEqual(endings(), []);
  await pass(2000);
  assert.deepEqual(endings(), ["hang"]);
});

test("a page that asked a worker in its last moments asks again, and does not take another page's new one for hung", async (t) => {
  const { link, locks, workers, state, pass, ready, endings } = linking(t, { mode: "extended", name: "w" });
  state.busy = false;
  link.open(); // goes to one that is about to end
  lives(locks, "w", "5678"); // what another page has brought
  await pass(4000);
  assert.equal(workers.length, 2);
  await ready();
  await pass(60_000);
  assert.deepEqual([workers.length, endings()], [2, []]);
});

test("each new worker that a page asks has its time to answer", async (t) => {
  const { link, locks, workers, pass, endings } = linking(t, { mode: "extended", name: "w" });
  link.open();
  const first = lives(locks, "w", "1");
  await pass(6000);
  locks.release(first);
  lives(locks, "w", "2");
  await pass(5000);
  assert.deepEqual([workers.length, endings()], [3, []]);
  await pass(4000);
  assert.deepEqual(endings(), ["hang"]);
});

test("a worker that boots and imports may hold its thread for long: a page that comes meanwhile does not take it for hung", async (t) => {
  const { link, locks, state, pass, ready, endings } = linking(t, { mode: "extended", name: "w" });
  state.busy = false;
  lives(locks, "w", "1234", "boot");
  link.open();
  await pass(60_000);
  assert.deepEqual(endings(), []);
  await ready();
  await pass(60_000);
  assert.deepEqual(endings(), []);
});

test("one that boots and says nothing for two minutes hangs", async (t) => {
  const { link, locks, pass, endings } = linking(t, { mode: "extended", name: "w" });
  lives(locks, "w", "1234", "boot");
  link.open();
  await pass(126_000);
  assert.deepEqual(endings(), ["hang"]);
});

test("a page that comes while an app takes the long slice that it may take waits for its end", async (t) => {
  const { link, locks, pass, endings } = linking(t, { mode: "extended", name: "w" });
  lives(locks, "w", "1234", 20_000);
  link.open();
  await pass(24_000);
  assert.deepEqual(endings(), []);
  await pass(5000);
  assert.deepEqual(endings(), ["hang"]);
});

test("where a page may not ask which locks there are, a worker that says no welcome hangs too", async (t) => {
  const { link, locks, pass, endings } = linking(t, { mode: "shared", name: "w" });
  locks.secretive = true;
  locks.request(stepLock("w", 8000), () => new Promise(() => {}));
  link.open();
  await pass(14_000);
  assert.deepEqual(endings(), []);
  await pass(3000);
  assert.deepEqual(endings(), ["hang"]);
});

test("there, one that boots has as long as elsewhere", async (t) => {
  const { link, locks, pass, endings } = linking(t, { mode: "shared", name: "w" });
  locks.secretive = true;
  locks.request(stepLock("w", 0), () => new Promise(() => {}));
  link.open();
  await pass(120_000);
  assert.deepEqual(endings(), []);
  await pass(6000);
  assert.deepEqual(endings(), ["hang"]);
});

test("a worker that is ended after its first word, before it has shown its life, is replaced within seconds", async (t) => {
  const { link, locks, workers, pass, say, endings } = linking(t, { mode: "extended", name: "w" });
  link.open();
  await say({ t: "welcome" });
  await pass(4000);
  assert.deepEqual([workers.length, endings()], [2, []]);
  await say({ t: "welcome" });
  await say({ t: "alive", lock: lives(locks, "w", "5678") });
  await pass(60_000);
  assert.deepEqual([workers.length, endings()], [2, []]);
});

test("the lock that a frozen page was granted when its worker died is no worker's", async (t) => {
  const { link, locks, workers, state, pass, ready, endings } = linking(t, { mode: "extended", name: "w" });
  state.busy = false;
  locks.request("worker-py:alive:w:1234", { mode: "shared" }, () => new Promise(() => {}));
  link.open();
  await pass(9000);
  assert.deepEqual(endings(), []);
  assert.ok(workers.length > 1, "it asks again");
  await ready();
  await pass(60_000);
  assert.deepEqual(endings(), []);
});

test("a shared worker that was about to end itself is asked for again, and its successor takes over", async (t) => {
  const { link, workers, journal, state, pass, ready, endings, givenUp } = linking(t, { mode: "extended" });
  journal.push("e1");
  state.busy = false;
  link.open();
  await pass(4000);
  assert.equal(workers.length, 2);
  assert.equal(workers[0].ended, true);
  assert.deepEqual(
    workers[1].got.filter(({ t: type }) => type !== "watch"),
    [{ t: "hello", page: "p1", portal: "portal.example", user: null, greeting: 2 }, "e1"],
  );
  await ready();
  await pass(60_000);
  assert.equal(workers.length, 2);
  assert.deepEqual([endings(), givenUp], [[], []]);
});

test("who the user is reaches the worker that is there, and every later one with its greeting", async (t) => {
  const { link, workers, say } = linking(t);
  link.open();
  link.identified("7", false);
  await say({ t: "fatal", text: "trap" });
  assert.deepEqual(workers[0].got.filter(({ t: type }) => type === "user").at(-1), {
    t: "user",
    user: "7",
    leaving: false,
  });
  assert.equal(workers[1].got[0].user, "7");
});

test("whom the worker serves is the host's to know", async (t) => {
  const { link, say, served } = linking(t);
  link.open();
  await say({ t: "serves", user: "5" });
  assert.deepEqual(served, ["5"]);
});

test("a shared worker that does not exist yet has half a minute for its script", async (t) => {
  const { link, pass, endings, givenUp } = linking(t, { mode: "extended" });
  link.open();
  await pass(30_000);
  assert.deepEqual(endings(), []);
  await pass(2000);
  assert.deepEqual(endings(), ["unreachable"]);
  assert.deepEqual(givenUp, ["silent"]);
});

test("a worker of the page's own that says no welcome in a minute has a damaged script: it is fetched and tried again", async (t) => {
  const { link, workers, endings, host, pass } = linking(t);
  let refetched = 0;
  host.refetch = async () => void refetched++;
  link.open();
  await pass(60_000);
  assert.deepEqual(endings(), []);
  await pass(1000);
  assert.deepEqual([endings(), refetched, workers.length], [["failed"], 1, 2]);
});

for (const mode of /** @type {const} */ (["extended", "dedicated"])) {
  test(`a worker (${mode}) whose script is on its way through a slow network is not given up before it was there for a while`, async (t) => {
    const { link, endings, host, pass } = linking(t, { mode });
    let gathered = () => {};
    let times = 0;
    host.gather = () => {
      times++;
      return new Promise((resolve) => {
        gathered = () => resolve(undefined);
      });
    };
    link.open();
    await pass(110_000);
    gathered();
    await settled();
    await pass(19_000);
    assert.deepEqual([endings(), times], [[], 1]);
    await pass(5000);
    assert.deepEqual(endings().length, 1);
  });

  test(`a worker (${mode}) whose script never comes is given up after two minutes`, async (t) => {
    const { link, endings, host, pass } = linking(t, { mode });
    host.gather = () => new Promise(() => {});
    link.open();
    await pass(120_000);
    assert.deepEqual(endings(), []);
    await pass(4000);
    assert.deepEqual(endings().length, 1);
  });
}

test("the files of a worker's script are gathered only when it keeps the page waiting", async (t) => {
  const { link, ready, host, pass } = linking(t);
  const gather = t.mock.method(host, "gather");
  link.open();
  await pass(2000);
  await ready(0);
  await pass(60_000);
  assert.equal(gather.mock.callCount(), 0);
});

test("the next worker is given its time and no more when the files of the first one's script came late", async (t) => {
  const { link, workers, endings, host, pass, say } = linking(t);
  let gathered = () => {};
  host.gather = () =>
    new Promise((resolve) => {
      gathered = () => resolve(undefined);
    });
  link.open();
  await pass(100_000);
  gathered();
  await settled();
  await say({ t: "fatal", text: "trap" });
  assert.equal(workers.length, 2);
  await pass(60_000);
  assert.deepEqual(endings(), ["fatal"]);
  await pass(2000);
  assert.deepEqual(endings(), ["fatal", "failed"]);
});

test("a worker of the page's own that is greeted again while it computes is left alone", async (t) => {
  const { link, ready, endings, pass } = linking(t);
  link.open();
  await ready(0);
  link.rejoin();
  await pass(120_000);
  assert.deepEqual(endings(), []);
});

test("to move on is no failure: the next worker is there at once, and the others are not led away", async (t) => {
  const { link, workers, ready, seen, moves } = linking(t, { mode: "extended" });
  link.open();
  await ready();
  for (let move = 0; move < 3; move++) {
    link.move("another page moved on");
    await settled();
  }
  assert.deepEqual(
    seen.filter(([what]) => what === "ended").map(([, ending, retry]) => [ending, retry]),
    [
      ["moved", 0],
      ["moved", 0],
      ["moved", 0],
    ],
  );
  assert.equal(workers.length, 4);
  assert.deepEqual(moves, []);
});

test("a page that leaves says why; one that comes back greets again and tells what waits", async (t) => {
  const { link, workers, ready, journal } = linking(t, { mode: "extended" });
  link.open();
  await ready();
  link.leave("frozen");
  await settled();
  assert.deepEqual(workers[0].got.at(-1), { t: "bye", reason: "frozen" });
  journal.push("e1");
  link.rejoin();
  await settled();
  assert.deepEqual(
    workers[1].got.filter((message) => message.t !== "watch"),
    [{ t: "hello", page: "p1", portal: "portal.example", user: null, greeting: 2 }, "e1"],
  );
  assert.deepEqual([workers.length, workers[0].ended], [2, true]);
});

test("a worker that is left gets a good-bye, and its port is closed", async (t) => {
  const { link, workers, say, state } = linking(t);
  link.open();
  const { port } = /** @type {any} */ (state.connection);
  await say({ t: "fatal", text: "trap" });
  assert.deepEqual(workers[0].got.at(-1), { t: "bye", reason: "fatal" });
  assert.equal(port.closed, true);
});

test("a worker that owes an answer is pinged at once, and watched by the timer that is not slowed", async (t) => {
  const { link, steady, workers, ready, clock } = linking(t);
  link.open();
  await ready();
  clock.tick(1000);
  const pings = () =>
    (workers[0].port.other?.posted ?? []).filter((/** @type {any} */ message) => message.t === "ping").length;
  const before = pings();
  assert.ok(before > 0);
  clock.tick(1000);
  assert.ok(steady.asked > 0);
});
