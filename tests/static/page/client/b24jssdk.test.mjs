import assert from "node:assert/strict";
import { test } from "node:test";
import { b24jssdkClient } from "../../../../static/page/client/b24jssdk.js";
import { deferred, FakeMessageChannel, settled, stillClock, withGlobals } from "../../../support/fakes.mjs";

/** What the SDK resolves a promise with that nobody answered in time. */
const SILENCE = { isSafely: true };

/**
 * A client over an SDK that the test plays.
 * @param {import("node:test").TestContext} t
 * @param {{name?: string, open?: boolean}} [page]
 */
async function connected(t, { name = "portal.example|1|sid", open = true } = {}) {
  const clock = stillClock(t);
  /** @type {Set<() => void>} */
  const listeners = new Set();
  withGlobals(t, {
    window: { name },
    MessageChannel: FakeMessageChannel,
    addEventListener: (/** @type {string} */ type, /** @type {() => void} */ listener) => {
      assert.equal(type, "message");
      listeners.add(listener);
    },
    removeEventListener: (/** @type {string} */ _type, /** @type {() => void} */ listener) =>
      listeners.delete(listener),
  });
  /** What the SDK was asked, and how the test answers. @type {Array<{asked: any[], resolve: (value?: any) => void, reject: (error: unknown) => void}>} */
  const calls = [];
  const ask = (/** @type {any[]} */ ...asked) => {
    const { promise, resolve, reject } = deferred();
    calls.push({ asked, resolve, reject });
    return promise;
  };
  const init = deferred();
  /** @type {any[]} */
  const frames = [];
  class B24Frame {
    isInit = false;
    init = () => init.promise;
    placement = {
      getInterface: () => ask("getInterface"),
      bindEvent: (/** @type {any[]} */ ...args) => ask("bindEvent", ...args),
      call: (/** @type {any[]} */ ...args) => ask("call", ...args),
    };
    actions = {
      v2: {
        call: { make: (/** @type {any} */ request) => ask("rest", request) },
        batch: { make: (/** @type {any} */ request) => ask("batch", request) },
      },
    };
    auth = {
      data: { access_token: "first" },
      getAuthData() {
        return this.data;
      },
      /** @returns {Promise<any>} */
      refreshAuth() {
        assert.equal(this, frames[0].auth);
        return ask("refresh");
      },
    };
    installFinish = () => ask("installFinish");
    getHttpClient = (/** @type {string} */ version) => `http ${version}`;
    /** @param {any} options */
    constructor(options) {
      this.options = options;
      frames.push(this);
    }
  }
  const failed = t.mock.fn((/** @type {unknown} */ _error) => {});
  const client = b24jssdkClient({ B24Frame }, failed);
  const [frame] = frames;
  /** A message comes that the SDK looks at too. */
  const message = async () => {
    for (const listener of listeners) {
      listener();
    }
    await settled();
  };
  /** The only call that waits; what came of it has arrived when this resolves. */
  const answer = async (/** @type {any} */ value, /** @type {unknown} */ error = undefined) => {
    const call = calls.shift();
    assert.ok(call, "nothing was asked");
    error === undefined ? call.resolve(value) : call.reject(error);
    await settled();
    return call.asked;
  };
  const begin = async () => {
    frame.isInit = true;
    await message();
  };
  if (open) {
    await begin();
  }
  return { clock, listeners, calls, init, frame, failed, client, message, answer, begin };
}

// The frame -----------------------------------------------------------------------------------------------

for (const [name, protocol] of /** @type {const} */ ([
  ["portal.example|1|sid", true],
  ["portal.example|0|sid", false],
])) {
  test(`the SDK's frame is that of ${name}`, async (t) => {
    const { frame } = await connected(t, { name });
    assert.deepEqual(frame.options, { DOMAIN: "portal.example", PROTOCOL: protocol, APP_SID: "sid", LANG: null });
  });
}

test("what is asked before the frame can be used is asked in order once it can", async (t) => {
  const { client, calls, begin, listeners } = await connected(t, { open: false });
  client.getInterface(() => {});
  client.bind("a", () => {});
  client.command("C", {}, () => {});
  await settled();
  assert.deepEqual(calls, []);
  await begin();
  assert.deepEqual(
    calls.map(({ asked }) => asked[0]),
    ["getInterface", "bindEvent", "call"],
  );
  assert.equal(listeners.size, 0);
});

test("messages that come before the frame can be used open nothing", async (t) => {
  const { client, calls, message, begin } = await connected(t, { open: false });
  client.getInterface(() => {});
  await message();
  await message();
  assert.deepEqual(calls, []);
  await begin();
  assert.equal(calls.length, 1);
});

test("a frame that says itself that it can be used is used without another message", async (t) => {
  const { client, calls, init, frame } = await connected(t, { open: false });
  client.getInterface(() => {});
  frame.isInit = true;
  init.resolve();
  await settled();
  assert.equal(calls.length, 1);
});

test("a frame that was opened by a message is not opened again when its own answer comes", async (t) => {
  const { client, calls, init, answer, failed } = await connected(t);
  init.reject(new Error("too late to matter"));
  await settled();
  let refreshed = 0;
  client.refresh().then(() => refreshed++);
  await settled();
  await answer({});
  assert.deepEqual([refreshed, calls.length, failed.mock.callCount()], [1, 0, 0]);
});

test("a frame that the portal refuses is told once, nothing is asked of it, and each request is answered by that", async (t) => {
  const answered = t.mock.fn();
  const { client, calls, init, failed } = await connected(t, { open: false });
  const refused = new Error("no frame");
  client.command("C", {}, answered);
  init.reject(refused);
  client.rest("m", {}, answered);
  await settled();
  assert.deepEqual(
    failed.mock.calls.map((call) => call.arguments),
    [[refused]],
  );
  assert.deepEqual(calls, []);
  await assert.rejects(client.refresh(), refused);
  await assert.rejects(client.installFinish(), refused);
  const said = answered.mock.calls.map((call) => JSON.stringify(call.arguments));
  assert.equal(said.length, 2);
  assert.ok(
    said.every((text) => text.includes("no frame")),
    said.join(),
  );
});

// Events --------------------------------------------------------------------------------------------------

test("the portal's interface is handed on as names", async (t) => {
  const { client, answer } = await connected(t);
  /** @type {unknown[]} */
  const got = [];
  client.getInterface((events) => got.push(events));
  await settled();
  await answer({ event: { 0: "a", 1: "b" }, command: ["c"] });
  assert.deepEqual(got, [["a", "b"]]);
});

test("an interface that was not told in time is no answer", async (t) => {
  const never = t.mock.fn();
  const { client, answer } = await connected(t);
  client.getInterface(never);
  await settled();
  await answer(SILENCE);
  assert.equal(never.mock.callCount(), 0);
});

test("an event reaches the callback that was bound, as often as it comes", async (t) => {
  const { client, answer } = await connected(t);
  /** @type {unknown[]} */
  const got = [];
  client.bind("a", (payload) => got.push(payload));
  await settled();
  const [, name, callback] = await answer(SILENCE);
  callback(1);
  callback(2);
  assert.deepEqual([name, got], ["a", [1, 2]]);
});

for (const payload of [{ CALL_ID: "A" }, true, "", [], null, undefined, { isSafely: false }]) {
  test(`an event that comes early resolves its bind, and is handed on: ${JSON.stringify(payload)}`, async (t) => {
    const { client, answer } = await connected(t);
    /** @type {unknown[]} */
    const got = [];
    client.bind("a", (first) => got.push(first));
    await settled();
    await answer(payload);
    assert.deepEqual(got, [payload]);
  });
}

test("a bind that is refused is told, and no event is made of it", async (t) => {
  const never = t.mock.fn();
  const { client, answer } = await connected(t);
  const error = new Error("refused");
  const refused = t.mock.fn((/** @type {unknown} */ _error) => {});
  client.bind("a", never, refused);
  await settled();
  await answer(undefined, error);
  assert.deepEqual(
    refused.mock.calls.map((call) => call.arguments),
    [[error]],
  );
  assert.equal(never.mock.callCount(), 0);
});

test("a bind that is refused and that nobody asks after breaks nothing", async (t) => {
  const never = t.mock.fn();
  const { client, answer, failed } = await connected(t);
  client.bind("a", never);
  await settled();
  await answer(undefined, new Error("refused"));
  assert.equal(failed.mock.callCount(), 0);
  assert.equal(never.mock.callCount(), 0);
});

// Commands ------------------------------------------------------------------------------------------------

test("a command goes out with its parameters, and has longer than the SDK's own time for its answer", async (t) => {
  const { client, answer } = await connected(t);
  const params = { muted: true };
  /** @type {unknown[]} */
  const got = [];
  client.command("CallCardSetMute", params, (answered) => got.push(answered));
  await settled();
  const [, name, sent] = await answer([]);
  assert.deepEqual([name, sent, params], ["CallCardSetMute", { muted: true, safelyTime: 600_000 }, { muted: true }]);
  assert.deepEqual(got, [[]]);
});

test("a command that stays silent has no answer", async (t) => {
  const never = t.mock.fn();
  const { client, answer } = await connected(t);
  client.command("CallCardStartTimer", {}, never);
  await settled();
  await answer(SILENCE);
  assert.equal(never.mock.callCount(), 0);
});

for (const [what, error, code] of /** @type {const} */ ([
  ["with a code", { code: "NO_CARD" }, "NO_CARD"],
  ["that is a string", "Call card is undefined", "Call card is undefined"],
  ["without a code", new Error("x"), "Error: x"],
  ["that is nothing", null, "null"],
])) {
  test(`a command that is rejected ${what} is answered with an error`, async (t) => {
    const { client, answer } = await connected(t);
    /** @type {unknown[]} */
    const got = [];
    client.command("C", {}, (answered) => got.push(answered));
    await settled();
    await answer(undefined, error);
    assert.deepEqual(got, [{ result: "error", errorCode: code }]);
  });
}

test("answers find their commands in whatever order they come", async (t) => {
  const { client, calls } = await connected(t);
  /** @type {unknown[]} */
  const got = [];
  client.command("first", {}, (answered) => got.push(["first", answered]));
  client.command("second", {}, (answered) => got.push(["second", answered]));
  await settled();
  const [first, second] = calls;
  second.resolve(2);
  await settled();
  first.resolve(1);
  await settled();
  assert.deepEqual(got, [
    ["second", 2],
    ["first", 1],
  ]);
});

// REST ----------------------------------------------------------------------------------------------------

/**
 * What the SDK makes of an answer.
 * @param {{result?: unknown, total?: number, next?: () => Promise<any>, error?: unknown}} answer
 */
function ajax({ result, total = 0, next, error }) {
  return {
    isSuccess: error === undefined,
    getData: () => ({ result }),
    getTotal: () => total,
    isMore: () => next !== undefined,
    getNext: next,
    getErrors: () => new Set([error]).values(),
  };
}

/**
 * What came of a REST call.
 * @param {Awaited<ReturnType<typeof connected>>} connection
 * @param {unknown} value what the SDK resolves it with
 * @param {unknown} [error] or rejects it with
 */
async function restOf({ client, answer }, value, error) {
  /** @type {any[]} */
  const got = [];
  client.rest("crm.contact.get", { id: 7 }, (rest) => got.push(rest));
  await settled();
  const asked = await answer(value, error);
  assert.deepEqual(asked, ["rest", { method: "crm.contact.get", params: { id: 7 } }]);
  assert.equal(got.length, 1);
  return got[0];
}

test("a REST result has its data and no next page", async (t) => {
  const got = await restOf(await connected(t), ajax({ result: { ID: 7 } }));
  assert.deepEqual(got, { result: { ID: 7 }, total: undefined, next: undefined });
});

test("a list has a total, and pages that are asked for when they are wanted", async (t) => {
  /** @type {unknown[]} */
  const asked = [];
  const second = ajax({ result: [2], total: 2 });
  const next = async (/** @type {unknown} */ http) => {
    asked.push(http);
    return second;
  };
  const got = await restOf(await connected(t), ajax({ result: [1], total: 2, next: /** @type {any} */ (next) }));
  assert.deepEqual([got.result, got.total, asked], [[1], 2, []]);
  /** @type {any[]} */
  const pages = [];
  got.next((/** @type {any} */ page) => pages.push(page));
  await settled();
  assert.deepEqual(asked, ["http v2"]);
  assert.deepEqual(pages, [{ result: [2], total: 2, next: undefined }]);
});

test("a page that does not come is an error of its own", async (t) => {
  const next = () => Promise.reject(Object.assign(new Error("Too many requests"), { code: "LIMIT", status: 503 }));
  const got = await restOf(await connected(t), ajax({ result: [1], next }));
  /** @type {any[]} */
  const pages = [];
  got.next((/** @type {any} */ page) => pages.push(page));
  await settled();
  assert.deepEqual(pages, [{ error: { code: "LIMIT", description: "Too many requests", status: 503 } }]);
});

for (const [what, error, wanted] of /** @type {Array<[string, any, unknown]>} */ ([
  [
    "with everything",
    Object.assign(new Error("The access token has expired"), { code: "expired_token", status: 401 }),
    { code: "expired_token", description: "The access token has expired", status: 401 },
  ],
  ["with words alone", new Error("away"), { code: "UNKNOWN_ERROR", description: "away", status: 0 }],
  ["that is a string", "ERROR_CORE", { code: "UNKNOWN_ERROR", description: "ERROR_CORE", status: 0 }],
  ["with numbers as strings", { code: 7, status: "500" }, { code: "7", description: "[object Object]", status: 500 }],
  ["that is nothing", null, { code: "UNKNOWN_ERROR", description: "", status: 0 }],
])) {
  test(`a REST error ${what} is read, be it told or thrown`, async (t) => {
    const connection = await connected(t);
    assert.deepEqual(await restOf(connection, ajax({ error })), { error: wanted });
    assert.deepEqual(await restOf(connection, undefined, error), { error: wanted });
  });
}

// Batches -------------------------------------------------------------------------------------------------

/**
 * What came of a batch.
 * @param {Awaited<ReturnType<typeof connected>>} connection
 * @param {boolean} halt
 * @param {unknown} value what the SDK resolves it with
 * @param {unknown} [error] or rejects it with
 */
async function batched({ client, answer }, halt, value, error) {
  /** @type {any[]} */
  const got = [];
  client.batch({ a: ["m", {}], b: ["n", { x: 1 }] }, halt, (rows) => got.push(rows));
  await settled();
  const asked = await answer(value, error);
  assert.equal(got.length, 1);
  return { asked, rows: got[0] };
}

for (const halt of [true, false]) {
  test(`a batch ${halt ? "that halts at an error" : "that goes on"} gives each call its answer`, async (t) => {
    const data = { a: ajax({ result: 1 }), b: ajax({ error: { code: "NO", message: "no", status: 400 } }) };
    const { asked, rows } = await batched(await connected(t), halt, { getData: () => data });
    const options = { isHaltOnError: halt, returnAjaxResult: true };
    assert.deepEqual(asked, ["batch", { calls: { a: ["m", {}], b: ["n", { x: 1 }] }, options }]);
    assert.deepEqual(rows, {
      a: { result: 1, total: undefined, next: undefined },
      b: { error: { code: "NO", description: "no", status: 400 } },
    });
  });
}

test("a batch that fails as a whole fails for each of its calls", async (t) => {
  const { rows } = await batched(await connected(t), false, undefined, { code: "LIMIT", message: "wait", status: 503 });
  const error = { code: "LIMIT", description: "wait", status: 503 };
  assert.deepEqual(rows, { a: { error }, b: { error } });
});

test("a batch without rows is an empty one", async (t) => {
  const { rows } = await batched(await connected(t), false, { getData: () => null });
  assert.deepEqual(rows, {});
});

// The token and the installation --------------------------------------------------------------------------

test("a refresh ends when the SDK has the new token", async (t) => {
  const { client, answer } = await connected(t);
  const refreshed = t.mock.fn((/** @type {unknown} */ _value) => {});
  client.refresh().then(refreshed);
  await settled();
  assert.equal(refreshed.mock.callCount(), 0);
  assert.deepEqual(await answer({ access_token: "second" }), ["refresh"]);
  assert.deepEqual(refreshed.mock.calls[0].arguments, [undefined]); // no token leaves the client
});

test("a token that was refreshed a moment ago is not refreshed again; after five seconds it is", async (t) => {
  const { client, calls, clock, answer, frame } = await connected(t);
  client.refresh();
  await settled();
  await answer({ access_token: "second" });
  clock.tick(4999);
  await client.refresh();
  assert.deepEqual(await frame.auth.refreshAuth(), { access_token: "first" }); // what the SDK has, not asked for anew
  assert.equal(calls.length, 0);
  clock.tick(1);
  client.refresh();
  await settled();
  assert.equal(calls.length, 1);
});

test("the SDK's own refresh counts as one, and the other way round", async (t) => {
  const { client, calls, answer, frame } = await connected(t);
  frame.auth.refreshAuth();
  await settled();
  await answer({ access_token: "second" });
  await client.refresh();
  assert.equal(calls.length, 0);
});

test("a refresh that failed is no refresh: the next one is made", async (t) => {
  const { client, calls, answer } = await connected(t);
  const first = assert.rejects(client.refresh(), /no token/);
  await settled();
  await answer(undefined, new Error("no token"));
  await first;
  client.refresh();
  await settled();
  assert.equal(calls.length, 1);
});

test("an installation ends once, and that it has ended already is as good", async (t) => {
  const { client, answer } = await connected(t);
  const first = client.installFinish();
  await settled();
  assert.deepEqual(await answer("whatever"), ["installFinish"]);
  assert.equal(await first, undefined);
  const again = client.installFinish();
  await settled();
  await answer(undefined, Object.assign(new Error("again"), { code: "JSSDK_FRAME_INSTALL_ALREADY_FINISHED" }));
  assert.equal(await again, undefined);
});

test("an installation that does not end says why", async (t) => {
  const { client, answer } = await connected(t);
  const finished = assert.rejects(client.installFinish(), /not allowed/);
  await settled();
  await answer(undefined, new Error("not allowed"));
  await finished;
});

test("the client says which library speaks to the portal", async (t) => {
  assert.equal((await connected(t)).client.name, "b24jssdk");
});
