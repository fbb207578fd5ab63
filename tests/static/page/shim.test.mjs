import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_NAMES, INITIALIZED } from "../../../static/protocol.js";
import { FakeLocks, FakeMessageChannel, settled, stillClock, withGlobals } from "../../support/fakes.mjs";

let pages = 0;

/**
 * The placement page with a portal and workers that the test plays.
 * @param {import("node:test").TestContext} t
 * @param {{name?: string, client?: boolean, search?: string, secure?: boolean, offered?: string[], userAgent?: string}} [options]
 *   `offered` are the names that the portal knows, and comes to know
 */
async function page(t, options = {}) {
  const { name = "portal.example|1|sid", client = true, search = "", secure = true } = options;
  const { offered = EVENT_NAMES, userAgent = "" } = options;
  const clock = stillClock(t);
  const locks = new FakeLocks();
  t.mock.method(console, "warn", () => {});
  t.mock.method(console, "error", () => {});
  /** @type {Array<{got: any[], say: (message: any) => Promise<unknown>, ended: boolean}>} */
  const workers = [];
  class FakeWorker {
    onerror = null;
    #worker = { got: /** @type {any[]} */ ([]), ended: false, say: async (/** @type {any} */ _) => {} };
    constructor() {
      workers.push(this.#worker);
    }
    /** @param {unknown} _ @param {any[]} [ports] none for the clock's */
    postMessage(_, [port] = []) {
      if (!port) {
        return;
      }
      port.onmessage = (/** @type {any} */ { data }) => {
        this.#worker.got.push(typeof data === "string" ? JSON.parse(data) : data);
      };
      this.#worker.say = async (message) => {
        port.postMessage(
          message.json ??
            (/^(ready|welcome|fatal|failed|boot|alive|storage)$/.test(message.t) ? message : JSON.stringify(message)),
        );
        await settled();
      };
    }
    terminate() {
      this.#worker.ended = true;
    }
  }
  /** @type {Record<string, Array<(payload: unknown) => void>>} */
  const bound = {};
  /** @type {Array<{name: string, answer: (answer: unknown) => void}>} */
  const commands = [];
  const BX24 = {
    placement: {
      getInterface: (/** @type {any} */ callback) => callback({ event: offered }),
      bindEvent: (/** @type {string} */ event, /** @type {any} */ callback) => {
        bound[event] = [...(bound[event] ?? []), callback];
      },
      call: (/** @type {string} */ command, /** @type {any} */ _, /** @type {any} */ answer) =>
        commands.push({ name: command, answer }),
    },
    callMethod: () => {},
  };
  const status = { textContent: "", hidden: true };
  const config = { textContent: JSON.stringify({ build: "b1", client: "bx24", bx24_url: "https://api.example/v1/" }) };
  /** @type {Record<string, (event: any) => void>} */
  const listeners = {};
  const window = { name };
  withGlobals(t, {
    window,
    BX24: client ? BX24 : undefined,
    BroadcastChannel: class {}, // a real one would keep the test from its end
    document: {
      baseURI: "https://app.example/",
      addEventListener: (/** @type {string} */ type, /** @type {any} */ callback) => {
        listeners[type] = callback;
      },
      getElementById: (/** @type {string} */ id) => (id === "worker-py-config" ? config : status),
    },
    addEventListener: (/** @type {string} */ type, /** @type {any} */ callback) => {
      listeners[type] = callback;
    },
    location: { search },
    navigator: { locks, userAgent },
    MessageChannel: FakeMessageChannel,
    SharedWorker: undefined,
    Worker: FakeWorker,
    workerPy: undefined,
    isSecureContext: secure,
    ...(secure ? {} : { crypto: {}, navigator: {} }),
  });
  await import(`../../../static/page/shim.js?${++pages}`);
  const workerPy = /** @type {any} */ (globalThis).workerPy;
  await settled();
  const raise = (/** @type {string} */ event, /** @type {unknown} */ payload) => {
    for (const callback of bound[event] ?? []) {
      callback(payload);
    }
  };
  const ready = async (number = workers.length) => {
    await workers[number - 1].say({ t: "welcome" });
    await workers[number - 1].say({ t: "ready", phases: { total: 5 }, slice_limit_ms: 1000, storage: null });
  };
  const eventsOf = (/** @type {number} */ number) =>
    workers[number - 1].got.filter(({ t: type }) => type === "event" || type === "emit");
  return { clock, workerPy, workers, bound, commands, listeners, status, window, raise, ready, eventsOf, locks };
}

const marks = (/** @type {any[]} */ events) => events.map(({ seq, redelivered }) => [seq, redelivered]);

test("each event is bound once, before any worker runs", async (t) => {
  const { bound } = await page(t);
  assert.deepEqual(
    Object.entries(bound).map(([event, callbacks]) => [event, callbacks.length]),
    EVENT_NAMES.map((event) => [event, 1]),
  );
});

test("the worker hears of the page first, then of the events, in order and unmarked", async (t) => {
  const { workers, raise, ready, eventsOf } = await page(t);
  raise(INITIALIZED, { CALL_ID: "a" });
  await ready();
  raise("BackgroundCallCard::muteButtonClick", true);
  await settled();
  assert.deepEqual(
    workers[0].got.filter(({ t: type }) => type !== "watch").map(({ t: type }) => type),
    ["hello", "attach", "event", "event"],
  );
  assert.deepEqual(marks(eventsOf(1)), [
    [1, false],
    [2, false],
  ]);
  assert.deepEqual(eventsOf(1)[0].payload, { CALL_ID: "a" });
});

test("an event without data arrives without a payload, or with the empty one that came", async (t) => {
  const { raise, eventsOf } = await page(t);
  for (const payload of [undefined, null, "", []]) {
    raise("BackgroundCallCard::hangupButtonClick", payload);
  }
  await settled();
  assert.deepEqual(
    eventsOf(1).map((event) => ("payload" in event ? event.payload : "none")),
    ["none", null, "", []],
  );
});

test("a payload is delivered again as it came, whatever its owner did with it since", async (t) => {
  const { raise, ready, workers, workerPy, eventsOf } = await page(t);
  const payload = /** @type {any} */ ({ CALL_ID: "a" });
  raise(INITIALIZED, payload);
  workerPy.emit("phone.ringing", payload);
  await ready();
  payload.CALL_ID = "changed";
  payload.self = payload;
  await workers[0].say({ t: "fatal", text: "trap" });
  assert.deepEqual(
    eventsOf(2).map((event) => event.payload),
    [{ CALL_ID: "a" }, { CALL_ID: "a" }],
  );
});

test("what the interpreter had and did not finish is delivered again, marked, in order; what is finished is not", async (t) => {
  const { raise, ready, workers, workerPy, eventsOf } = await page(t);
  raise(INITIALIZED, { CALL_ID: "a" });
  await ready();
  for (let click = 0; click < 4; click++) {
    raise("BackgroundCallCard::muteButtonClick", true);
  }
  await workers[0].say({ t: "ack", seq: 2, handlers: [{ name: "mute", duration_ms: 1, outcome: "ok", started: 0 }] });
  await workers[0].say({ t: "ack", seq: 4, handlers: [] });
  await workers[0].say({ t: "fatal", text: "trap" });
  raise("BackgroundCallCard::holdButtonClick", true);
  await settled();
  assert.deepEqual(marks(eventsOf(2)), [
    [1, true],
    [3, true],
    [5, true],
    [6, false],
  ]);
  assert.equal(workerPy.stats().acknowledged, 2);
  assert.equal(workerPy.stats().redelivered, 3);
});

test("events between a worker's end and the next one's start reach the next one, unmarked", async (t) => {
  const { raise, ready, workers, workerPy, eventsOf } = await page(t);
  await ready();
  workerPy.killWorker();
  raise(INITIALIZED, { CALL_ID: "a" });
  assert.equal(workers.length, 1);
  await settled();
  assert.deepEqual(marks(eventsOf(2)), [[1, false]]);
  assert.deepEqual(eventsOf(1), []);
});

test("events that met only a boot that failed are not marked", async (t) => {
  const { raise, workers, eventsOf } = await page(t);
  raise(INITIALIZED, { CALL_ID: "a" });
  await workers[0].say({ t: "failed", text: "no network", permanent: false });
  assert.deepEqual(marks(eventsOf(2)), [[1, false]]);
});

test("events of a worker that vanished before it said how far it was are marked: it may have handled them", async (t) => {
  const { raise, workerPy, eventsOf } = await page(t);
  raise(INITIALIZED, { CALL_ID: "a" });
  workerPy.killWorker();
  await settled();
  assert.deepEqual(marks(eventsOf(2)), [[1, true]]);
});

test("an event that ends the interpreter twice is set aside and reported, and the others go on", async (t) => {
  const { raise, ready, workers, workerPy, eventsOf } = await page(t);
  for (let click = 0; click < 3; click++) {
    raise("BackgroundCallCard::muteButtonClick", true);
  }
  for (let death = 1; death <= 2; death++) {
    await ready();
    await workers[death - 1].say({ t: "turn", seq: 2 });
    await workers[death - 1].say({ t: "fatal", text: "trap" });
    await settled();
  }
  t.mock.timers.tick(1000);
  await settled();
  assert.deepEqual(
    eventsOf(3).map(({ seq }) => seq),
    [1, 3],
  );
  assert.equal(workerPy.stats().set_aside, 1);
  assert.match(
    workerPy
      .diagnostics()
      .reports.map((/** @type {any} */ { text }) => text)
      .join("\n"),
    /muteButtonClick ended the interpreter twice/,
  );
});

test("an event that ends two interpreters is set aside, though nobody says whose turn it was the first time", async (t) => {
  const { raise, ready, workers, workerPy, eventsOf } = await page(t);
  for (let click = 0; click < 3; click++) {
    raise("BackgroundCallCard::muteButtonClick", true);
  }
  await ready();
  await workers[0].say({ t: "fatal", text: "trap" });
  await settled();
  await ready(2);
  await workers[1].say({ t: "turn", seq: 2 });
  await workers[1].say({ t: "fatal", text: "trap" });
  await settled();
  t.mock.timers.tick(1000);
  await settled();
  assert.deepEqual(
    eventsOf(3).map(({ seq }) => seq),
    [1, 3],
  );
  assert.equal(workerPy.stats().set_aside, 1);
});

test("an event that was being handled in three workers that vanished is set aside, reported and named as a problem", async (t) => {
  const { raise, ready, workers, workerPy, eventsOf, locks } = await page(t);
  for (let click = 0; click < 3; click++) {
    raise("BackgroundCallCard::muteButtonClick", true);
  }
  for (let vanished = 1; vanished <= 3; vanished++) {
    const lock = `life-${vanished}`;
    locks.request(lock, () => new Promise(() => {}));
    await workers[vanished - 1].say({ t: "alive", lock });
    await ready(vanished);
    if (vanished > 1) {
      await workers[vanished - 1].say({ t: "turn", seq: 2 });
    }
    assert.equal(workerPy.stats().set_aside, 0);
    locks.release(lock);
    await settled();
    t.mock.timers.tick(5000);
    await settled();
  }
  assert.deepEqual(
    eventsOf(4).map(({ seq }) => seq),
    [1, 3],
  );
  assert.equal(workerPy.stats().set_aside, 1);
  const { ok, problems, reports } = workerPy.diagnostics();
  assert.equal(ok, false);
  const words = /muteButtonClick was set aside: it was being handled in 3 workers that ended or vanished/;
  assert.match(problems.join("\n"), words);
  assert.match(reports.map((/** @type {any} */ { text }) => text).join("\n"), words);
});

test("workers that are ended on request set nothing aside", async (t) => {
  const { raise, ready, workers, workerPy } = await page(t);
  raise("BackgroundCallCard::muteButtonClick", true);
  for (let ended = 1; ended <= 5; ended++) {
    await ready(ended);
    await workers[ended - 1].say({ t: "turn", seq: 1 });
    workerPy.killWorker();
    t.mock.timers.tick(30_000);
    await settled();
  }
  assert.deepEqual([workerPy.stats().set_aside, workerPy.stats().waiting], [0, 1]);
});

test("an event is not blamed for the death of an interpreter in which it had no turn", async (t) => {
  const { raise, ready, workers, workerPy } = await page(t);
  raise(INITIALIZED, { CALL_ID: "a" });
  await ready();
  await workers[0].say({ t: "turn", seq: 1 });
  workerPy.killWorker();
  await settled();
  for (const number of [2, 3]) {
    await ready(number);
    await workers[number - 1].say({ t: "fatal", text: "trap" });
    t.mock.timers.tick(5000);
    await settled();
  }
  assert.equal(workerPy.stats().set_aside, 0);
  assert.equal(workerPy.stats().waiting, 1);
});

test("an answer that comes after its worker was replaced goes nowhere", async (t) => {
  const { commands, ready, workers } = await page(t);
  await ready();
  await workers[0].say({ t: "command", id: "c1", command: "CallCardSetMute", params: { muted: true } });
  await workers[0].say({ t: "fatal", text: "trap" });
  commands[0].answer([]);
  await settled();
  assert.deepEqual(
    workers[1].got.filter(({ t: type }) => type === "answer" || type === "sent"),
    [],
  );
});

test("what Python keeps of the newest call is given to the next interpreter, until it says to forget it", async (t) => {
  const { ready, workers } = await page(t);
  const attach = (/** @type {number} */ number) => workers[number - 1].got.find(({ t: type }) => type === "attach");
  await ready();
  assert.equal(attach(1).card, null);
  await workers[0].say({ t: "keep", call_id: "a", kept: '{"data":{"x":1}}' });
  await workers[0].say({ t: "keep", call_id: "b", kept: '{"data":{"x":2}}' });
  await workers[0].say({ t: "fatal", text: "trap" });
  assert.deepEqual(attach(2).card, { call_id: "b", kept: { data: { x: 2 } } });
  await workers[1].say({ t: "forget", call_id: "b" });
  await workers[1].say({ t: "forget", call_id: "a" });
  await workers[1].say({ t: "fatal", text: "trap" });
  t.mock.timers.tick(5000);
  await settled();
  assert.equal(attach(3).card, null);
});

test("what Python keeps of the app is given to the next interpreter as it is", async (t) => {
  const { ready, workers } = await page(t);
  const attach = (/** @type {number} */ number) => workers[number - 1].got.find(({ t: type }) => type === "attach");
  await ready();
  assert.equal(attach(1).data, null);
  const kept = '{"n":[1,"12345678901234567890"]}';
  await workers[0].say({ t: "keep_data", kept });
  await workers[0].say({ t: "fatal", text: "trap" });
  assert.equal(attach(2).data, kept);
});

test("kept numbers that JSON does not know cost what was kept, not the events", async (t) => {
  const { raise, ready, workers, eventsOf } = await page(t);
  await ready();
  raise(INITIALIZED, { CALL_ID: "a" });
  await workers[0].say({ t: "keep", call_id: "a", kept: '{"data":{"x":NaN}}' });
  await workers[0].say({ t: "fatal", text: "trap" });
  assert.deepEqual(workers[1].got.find(({ t: type }) => type === "attach").card, { call_id: "a", kept: null });
  assert.deepEqual(marks(eventsOf(2)), [[1, true]]);
});

for (const [what, payload] of /** @type {Array<[string, unknown]>} */ ([
  ["too large", "x".repeat(300_000)],
  ["not JSON", { n: 1n }],
])) {
  test(`a payload that is ${what} is refused with a report that names the event, and the next one is delivered`, async (t) => {
    const { raise, workerPy, eventsOf } = await page(t);
    raise("BackgroundCallCard::addCommentButtonClick", payload);
    raise("BackgroundCallCard::muteButtonClick", true);
    await settled();
    assert.deepEqual(
      eventsOf(1).map(({ name }) => name),
      ["BackgroundCallCard::muteButtonClick"],
    );
    assert.equal(workerPy.stats().refused, 1);
    assert.match(workerPy.diagnostics().reports[0].text, /BackgroundCallCard::addCommentButtonClick was refused/);
  });
}

test("emit refuses what is no name, and what JSON cannot carry, and journals nothing of it", async (t) => {
  const { workerPy } = await page(t);
  assert.throws(() => workerPy.emit(""), { name: "TypeError", message: /takes a name and a payload/ });
  assert.throws(() => workerPy.emit("x", { n: 1n }), { name: "TypeError", message: /"x"\): the payload is not JSON/ });
  assert.equal(workerPy.stats().events, 0);
});

test("an emitted event is delivered like one of the portal's, a payload left out as null", async (t) => {
  const { workerPy, eventsOf } = await page(t);
  workerPy.emit("phone.ringing");
  await settled();
  const [{ t: type, name, payload, seq }] = eventsOf(1);
  assert.deepEqual([type, name, payload, seq], ["emit", "phone.ringing", null, 1]);
});

test("the trace holds no phone number, comment or token, whatever happened", async (t) => {
  const { raise, ready, workers, commands, workerPy } = await page(t);
  raise(INITIALIZED, { CALL_ID: "a", PHONE_NUMBER: "79161234567" });
  raise("BackgroundCallCard::addCommentButtonClick", "wants his money back");
  workerPy.emit("phone.ringing", { from: "79161234567" });
  await ready();
  await workers[0].say({ t: "command", id: "c1", command: "CallCardSetCardTitle", params: { title: "79161234567" } });
  commands[0].answer([{ result: "error", errorCode: "no line for 79161234567" }]);
  await workers[0].say({
    t: "outcome",
    id: "c1",
    kind: "command",
    name: "CallCardSetCardTitle",
    outcome: "no line for 79161234567",
    ms: 5,
  });
  await workers[0].say({
    t: "report",
    kind: "bad_event",
    text: "auth 6f1b2c6500746e3c0052fbd200000001 for +7 (916) 123-45-67",
  });
  await workers[0].say({ t: "trace", entry: { kind: "stray", name: "late", detail: "79161234567" } });
  const text = JSON.stringify(workerPy.trace());
  assert.ok(workerPy.trace().length >= 7);
  for (const secret of ["9161234567", "916) 123", "money", "6f1b2c65"]) {
    assert.equal(text.includes(secret), false, secret);
  }
});

test("the trace tells when handlers started, which event a command was for, and that nobody heard an event", async (t) => {
  const { raise, ready, workers, workerPy } = await page(t);
  raise(INITIALIZED, { CALL_ID: "a" });
  raise("BackgroundCallCard::muteButtonClick", true);
  await ready();
  const [{ id }] = workerPy.trace().filter((/** @type {any} */ { kind }) => kind === "event");
  const outcome = {
    t: "outcome",
    id: "c1",
    kind: "command",
    name: "CallCardSetMute",
    outcome: "ok",
    ms: 5,
    started: 99,
    cause: id,
  };
  await workers[0].say(outcome);
  await workers[0].say({
    t: "ack",
    seq: 1,
    handlers: [{ name: "greet", duration_ms: 7, outcome: "ok", started: 1234 }],
    call_id: "a",
  });
  await workers[0].say({ t: "ack", seq: 2, handlers: [], call_id: "a" });
  workerPy.emit("phone.stats", 1);
  await settled();
  await workers[0].say({ t: "ack", seq: 3, handlers: [] });
  assert.equal(workerPy.trace().pop().kind, "emit", "of what the page emits only the handlers are told");
  const [told, handler, unheard] = workerPy.trace().slice(-4);
  assert.deepEqual([told.kind, told.started, told.cause], ["outcome", 99, id]);
  assert.deepEqual([handler.kind, handler.id, handler.started, handler.duration_ms], ["handler", id, 1234, 7]);
  assert.deepEqual([unheard.kind, unheard.name], ["handled", "BackgroundCallCard::muteButtonClick"]);
});

test("the trace tells what the boot's phases took, and what is delivered again", async (t) => {
  const { raise, ready, workers, workerPy } = await page(t);
  await ready();
  raise(INITIALIZED, { CALL_ID: "a" });
  await settled();
  await workers[0].say({ t: "fatal", text: "stack overflow" });
  await ready(2);
  const entries = workerPy.trace();
  const [booted] = entries.filter((/** @type {any} */ { name }) => name === "booted");
  const [event] = entries.filter((/** @type {any} */ { kind }) => kind === "event");
  const again = entries.filter((/** @type {any} */ { kind }) => kind === "redelivery");
  assert.deepEqual([booted.kind, booted.duration_ms, booted.phases], ["boot", 5, { total: 5 }]);
  assert.deepEqual(
    again.map((/** @type {any} */ { id, name }) => [id, name]),
    [[event.id, INITIALIZED]],
  );
});

test("ready resolves when Python runs", async (t) => {
  const { workerPy, ready } = await page(t);
  await ready();
  assert.deepEqual(await workerPy.ready, { mode: "dedicated", phases: { total: 5 } });
  assert.equal(workerPy.diagnostics().ok, true);
});

test("ready rejects when the app cannot be loaded, and diagnostics say why", async (t) => {
  const { workerPy, workers } = await page(t);
  await workers[0].say({ t: "failed", text: "SyntaxError in app.py", permanent: true });
  await assert.rejects(workerPy.ready, /SyntaxError in app\.py/);
  assert.deepEqual(workerPy.diagnostics().problems, ["SyntaxError in app.py"]);
});

test("an onprogress that throws stops nothing", async (t) => {
  const { workerPy, workers, ready } = await page(t);
  /** @type {unknown[]} */
  const seen = [];
  workerPy.onprogress = (/** @type {unknown} */ progress) => {
    seen.push(progress);
    throw new Error("of the integrator");
  };
  await workers[0].say({ t: "boot", phase: "packages", fraction: 0.6 });
  await ready();
  assert.deepEqual(seen, [{ phase: "packages", fraction: 0.6 }]);
  assert.equal(workerPy.stats().state, "ready");
});

test("an onprogress that is set late hears how far the boot is, and nothing of one that is over", async (t) => {
  const { workerPy, workers, ready } = await page(t);
  await workers[0].say({ t: "boot", phase: "download", fraction: 0.3 });
  /** @type {unknown[]} */
  const seen = [];
  const hear = (/** @type {unknown} */ progress) => seen.push(progress);
  workerPy.onprogress = hear;
  await ready();
  workerPy.onprogress = hear;
  assert.deepEqual(seen, [{ phase: "download", fraction: 0.3 }]);
});

test("messages of other windows are counted, those of the portal are not", async (t) => {
  const { listeners, workerPy, window } = await page(t);
  listeners.message({ source: {}, origin: "https://portal.example" });
  listeners.message({ source: window, origin: "https://app.example" });
  listeners.message({ source: {}, origin: "https://evil.example" });
  assert.equal(workerPy.stats().foreign_messages, 1);
});

test("a portal by plain http is told that the browser withholds what is needed", async (t) => {
  const { workerPy, workers, status } = await page(t, { secure: false });
  assert.deepEqual([workers.length, status.hidden], [0, false]);
  assert.match(status.textContent, /plain http/);
  assert.match(workerPy.diagnostics().problems[0], /open the portal by https/);
  await assert.rejects(workerPy.ready, /plain http/);
});

test("a page opened outside Bitrix24 says so, and starts nothing", async (t) => {
  const { workerPy, workers, status } = await page(t, { name: "", client: false });
  assert.deepEqual([workers.length, status.hidden], [0, false]);
  assert.match(status.textContent, /opened outside Bitrix24/);
  assert.match(workerPy.diagnostics().problems[0], /opened outside Bitrix24/);
  await assert.rejects(workerPy.ready, /opened outside Bitrix24/);
});

test("the install page starts no Python, neither when the client comes later, and says where it is", async (t) => {
  const { workerPy, workers, bound, listeners } = await page(t, { search: "?install&DOMAIN=portal.example" });
  listeners["workerpy:client"]?.({});
  await settled();
  assert.deepEqual([workers.length, Object.keys(bound).length], [0, 0]);
  assert.match(workerPy.diagnostics().problems[0], /install page/);
  await assert.rejects(workerPy.ready, /install page/);
});

test("a client that did not load is named by its address", async (t) => {
  const { workerPy } = await page(t, { client: false });
  assert.match(workerPy.diagnostics().problems[0], /https:\/\/api\.example\/v1\//);
});

test("a recording holds what went either way", async (t) => {
  const { raise, ready, workers, workerPy } = await page(t);
  const recording = workerPy.record();
  await ready();
  raise(INITIALIZED, { CALL_ID: "a" });
  await workers[0].say({ t: "ack", seq: 1, handlers: [] });
  assert.deepEqual(
    recording.entries.map((/** @type {any} */ { to, message }) => [to, message.t]),
    [
      ["python", "event"],
      ["page", "ack"],
    ],
  );
});

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/139.0.0.0 Safari/537.36";
const DESKTOP_APP = `${BROWSER} BitrixDesktop/18.0.0.100`;
const CARD_IS_THERE = [{ result: "error", errorCode: "Invalid ui state" }];

/**
 * A page that the portal shows its names when they have been asked for already.
 * @param {import("node:test").TestContext} t
 * @param {string} [userAgent]
 */
async function latePage(t, userAgent = BROWSER) {
  const offered = /** @type {string[]} */ ([]);
  const opened = await page(t, { offered, userAgent });
  const portalComes = () => {
    offered.push(...EVENT_NAMES);
    opened.clock.tick(1000);
  };
  return { ...opened, portalComes };
}

const reportsOf = (/** @type {any} */ workerPy) =>
  workerPy.diagnostics().reports.map((/** @type {any} */ { kind }) => kind);

test("a page that could bind everything at once asks the portal for no card, however long it lives", async (t) => {
  const { commands, clock, listeners, workerPy } = await page(t, { userAgent: BROWSER });
  clock.tick(60_000);
  listeners.pageshow({ persisted: false });
  assert.deepEqual(commands, []);
  assert.equal(workerPy.stats().service.probe, 0);
});

test("a page that could bind only late asks once for a card, and reports one that nobody announced", async (t) => {
  const { commands, clock, workerPy, portalComes } = await latePage(t);
  portalComes();
  clock.tick(60_000);
  assert.deepEqual(
    commands.map(({ name }) => name),
    ["CallCardSetUiState"],
  );
  commands[0].answer(CARD_IS_THERE);
  assert.deepEqual(reportsOf(workerPy), ["missed_card"]);
  assert.match(workerPy.diagnostics().problems.join(), /shows a card here that it announced before/);
});

test("a page that comes out of the browser's cache asks once for a card, unless one was announced here", async (t) => {
  const { commands, listeners, raise } = await page(t, { userAgent: BROWSER });
  listeners.pageshow({ persisted: true });
  assert.equal(commands.length, 1);
  raise(INITIALIZED, { CALL_ID: "a" });
  listeners.pageshow({ persisted: true });
  assert.equal(commands.length, 1);
});

test("in the desktop app, whose answer proves nothing, no card is asked for", async (t) => {
  const { commands, listeners, workerPy, portalComes } = await latePage(t, DESKTOP_APP);
  portalComes();
  listeners.pageshow({ persisted: true });
  for (const { answer } of commands) {
    answer(CARD_IS_THERE);
  }
  assert.deepEqual(commands, []);
  assert.deepEqual(reportsOf(workerPy), []);
});

test("diagnostics() says as long as it is so that nothing can be kept", async (t) => {
  const { workerPy, workers, ready } = await page(t);
  await ready();
  assert.equal(workerPy.diagnostics().storage, true);
  await workers[0].say({ t: "storage", refused: "QuotaExceededError" });
  assert.equal(workerPy.diagnostics().storage, false);
  assert.ok(
    workerPy
      .diagnostics()
      .problems.some((/** @type {string} */ text) => text.includes("storage for this site is full")),
  );
  await workers[0].say({ t: "storage", refused: null });
  assert.equal(workerPy.diagnostics().storage, true);
});
