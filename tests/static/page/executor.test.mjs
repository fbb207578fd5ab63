import assert from "node:assert/strict";
import { test } from "node:test";
import { Executor } from "../../../static/page/executor.js";
import { COMMANDS } from "../../../static/portal/core/vocabulary.js";
import { FakeClient, settled, stillClock } from "../../support/fakes.mjs";

const EXPIRED = { error: { code: "expired_token", description: "", status: 401 } };

/** @param {Promise<unknown>} scriptsHaveRun */
function executing(scriptsHaveRun = Promise.resolve()) {
  const client = new FakeClient();
  const executor = new Executor(client, scriptsHaveRun);
  /** @type {any[]} */
  const replies = [];
  const reply = (/** @type {Record<string, unknown>} */ message) => {
    replies.push(message);
  };
  /** @param {any} request */
  const execute = (request) => executor.execute(request, reply);
  return { client, executor, replies, execute, reply };
}

// Commands ----------------------------------------------------------------------------------------

test("a command is passed on, then answered", () => {
  const { client, replies, execute } = executing();
  assert.equal(execute({ t: "command", id: "c1", command: "CallCardSetMute", params: { muted: true } }), true);
  assert.deepEqual(replies, []);
  const [{ name, params, answer }] = client.commands;
  assert.deepEqual([name, params], ["CallCardSetMute", { muted: true }]);
  answer([]);
  assert.deepEqual(replies, [{ t: "answer", id: "c1", answer: [] }]);
});

test("a command whose success is silence is reported as sent: the silence begins", () => {
  const { client, replies, execute } = executing();
  execute({ t: "command", id: "c1", command: "CallCardStartTimer", params: {}, silent: true });
  assert.equal(client.commands.length, 1);
  assert.deepEqual(replies, [{ t: "sent", id: "c1" }]);
});

test("an answer that comes at once is answered too", () => {
  const { client, replies, execute } = executing();
  client.command = (_name, _params, answer) => answer([]);
  execute({ t: "command", id: "c1", command: "x", params: {}, silent: true });
  assert.deepEqual(replies.map(({ t }) => t).sort(), ["answer", "sent"]);
});

test("a second answer is passed on: Python counts it", () => {
  const { client, replies, execute } = executing();
  execute({ t: "command", id: "c1", command: "CallCardSetHold", params: {} });
  client.commands[0].answer({ result: "error", errorCode: "missing field held" });
  client.commands[0].answer([]);
  assert.deepEqual(
    replies.map(({ answer }) => answer),
    [{ result: "error", errorCode: "missing field held" }, []],
  );
});

test("an undefined answer is null", () => {
  const { client, replies, execute } = executing();
  execute({ t: "command", id: "c1", command: "x", params: {} });
  client.commands[0].answer(undefined);
  assert.deepEqual(replies[0], { t: "answer", id: "c1", answer: null });
});

test("an answer that is too deep or too large is refused, with the reason", () => {
  const { client, replies, execute } = executing();
  execute({ t: "command", id: "c1", command: "x", params: {} });
  let deep = /** @type {unknown} */ (0);
  for (let level = 0; level < 100_000; level++) {
    deep = [deep];
  }
  client.commands[0].answer(deep);
  client.commands[0].answer("x".repeat(300_000));
  assert.match(replies[0].error, /refused: nested deeper than 64 levels/);
  assert.match(replies[1].error, /refused: larger than 256 \* 1024 characters/);
});

for (const thrown of [new Error("closed"), null, Object.create(null)]) {
  test(`a client that throws ${thrown === null ? "null" : typeof thrown?.message === "string" ? "an error" : "anything"} is an answer`, () => {
    const { client, replies, execute } = executing();
    client.command = () => {
      throw thrown;
    };
    execute({ t: "command", id: "c1", command: "x", params: {} });
    assert.equal(replies.length, 1);
    assert.equal(replies[0].t, "refused");
  });
}

test("what is not for it is left to others", () => {
  const { replies, execute } = executing();
  for (const t of ["ack", "turn", "report", "trace", "keep", "forget", "outcome", "nonsense"]) {
    assert.equal(execute({ t, id: "x" }), false);
  }
  assert.deepEqual(replies, []);
});

// REST --------------------------------------------------------------------------------------------

test("a REST call is passed on and its result comes back", () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "crm.contact.get", params: { id: 7 } });
  assert.equal(client.rests[0].method, "crm.contact.get");
  assert.deepEqual(client.rests[0].params, { id: 7 });
  client.rests[0].answer({ result: { NAME: "Ann" } });
  assert.deepEqual(replies, [
    { t: "rest_answer", id: "r1", result: { NAME: "Ann" }, cursor: undefined, total: undefined },
  ]);
});

test("a REST error comes back as it is", () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "m", params: {} });
  const error = { code: "NOT_FOUND", description: "no such contact", status: 404 };
  client.rests[0].answer({ error });
  assert.deepEqual(replies, [{ t: "rest_answer", id: "r1", error }]);
});

test("a client that throws is a REST error", () => {
  const { client, replies, execute } = executing();
  client.rest = () => {
    throw new Error("no init");
  };
  execute({ t: "rest", id: "r1", method: "m", params: {} });
  assert.deepEqual(replies[0].error, { code: "CLIENT_FAILED", description: "Error: no init", status: 0 });
});

test("a result that JSON cannot carry is refused", () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "m", params: {} });
  client.rests[0].answer({ result: { id: 1n } });
  assert.equal(replies[0].error.code, "RESULT_REFUSED");
});

test("a token that expired is refreshed once for all waiting calls, and each is made again", async () => {
  const { client, executor, replies, execute } = executing();
  for (const id of ["r1", "r2", "r3"]) {
    execute({ t: "rest", id, method: id, params: {} });
  }
  for (const { answer } of client.rests) {
    answer(EXPIRED);
  }
  await settled();
  assert.equal(client.refreshes.length, 1);
  assert.equal(client.rests.length, 3);
  assert.deepEqual(replies, []);
  client.refreshes[0].resolve();
  await settled();
  assert.deepEqual(
    client.rests.slice(3).map(({ method }) => method),
    ["r1", "r2", "r3"],
  );
  for (const { method, answer } of client.rests.slice(3)) {
    answer({ result: method });
  }
  assert.deepEqual(
    replies.map(({ id, result }) => [id, result]),
    [
      ["r1", "r1"],
      ["r2", "r2"],
      ["r3", "r3"],
    ],
  );
  assert.equal(executor.refreshed, 1);
});

test("an expired answer that comes after the refresh does not refresh again", async () => {
  const { client, execute } = executing();
  execute({ t: "rest", id: "r1", method: "a", params: {} });
  execute({ t: "rest", id: "r2", method: "b", params: {} });
  client.rests[0].answer(EXPIRED);
  client.refreshes[0].resolve();
  await settled();
  client.rests[1].answer(EXPIRED);
  await settled();
  assert.equal(client.refreshes.length, 1);
  assert.equal(client.rests.length, 4);
});

test("a call made after a refresh whose token expires too is refreshed again", async () => {
  const { client, executor, execute } = executing();
  for (const [index, id] of ["r1", "r2"].entries()) {
    execute({ t: "rest", id, method: "m", params: {} });
    client.rests.at(-1)?.answer(EXPIRED);
    client.refreshes[index].resolve();
    await settled();
    client.rests.at(-1)?.answer({ result: 1 });
  }
  assert.equal(executor.refreshed, 2);
});

test("a token that is still expired after the refresh is the call's error, not a loop", async () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "m", params: {} });
  client.rests[0].answer(EXPIRED);
  client.refreshes[0].resolve();
  await settled();
  client.rests[1].answer(EXPIRED);
  await settled();
  assert.equal(replies[0].error.code, "expired_token");
  assert.equal(client.rests.length, 2);
});

test("a refresh that fails is the error of all waiting calls, and the next expiry tries again", async () => {
  const { client, executor, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "m", params: {} });
  execute({ t: "rest", id: "r2", method: "m", params: {} });
  client.rests[0].answer(EXPIRED);
  client.rests[1].answer(EXPIRED);
  client.refreshes[0].reject(new Error("no network"));
  await settled();
  assert.deepEqual(
    replies.map(({ id, error }) => [id, error.code, error.description]),
    [
      ["r1", "CLIENT_FAILED", "Error: no network"],
      ["r2", "CLIENT_FAILED", "Error: no network"],
    ],
  );
  assert.equal(executor.refreshed, 0);
  execute({ t: "rest", id: "r3", method: "m", params: {} });
  client.rests[2].answer(EXPIRED);
  assert.equal(client.refreshes.length, 2);
  client.refreshes[1].resolve();
  await settled();
});

test("a refresh that throws at once is an error too", async () => {
  const { client, replies, execute } = executing();
  client.refresh = () => {
    throw new Error("no auth");
  };
  execute({ t: "rest", id: "r1", method: "m", params: {} });
  client.rests[0].answer(EXPIRED);
  await settled();
  assert.equal(replies[0].error.description, "Error: no auth");
});

test("a refresh that is never answered ends after 15 s, and one that is leaves no timer", async (t) => {
  const clock = stillClock(t);
  const cleared = t.mock.method(globalThis, "clearTimeout");
  const { client, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "m", params: {} });
  client.rests[0].answer(EXPIRED);
  clock.tick(14_999);
  await settled();
  assert.equal(replies.length, 0);
  clock.tick(1);
  await settled();
  assert.match(replies[0].error.description, /not refreshed in time/);
  execute({ t: "rest", id: "r2", method: "m", params: {} });
  client.rests[1].answer(EXPIRED);
  const before = cleared.mock.callCount();
  client.refreshes[1].resolve();
  await settled();
  assert.equal(cleared.mock.callCount(), before + 1);
});

test("what must not be made twice is answered to the next interpreter too, made before or under way still", async () => {
  const { client, executor, replies, execute } = executing();
  const ask = (/** @type {string} */ id, /** @type {string} */ once) =>
    execute({ t: "rest", id, method: "crm.activity.add", params: {}, once });
  /** @type {AbortSignal[]} */
  const signals = [];
  const { rest } = client;
  client.rest = /** @type {any} */ (
    (/** @type {any[]} */ ...asked) => {
      signals.push(asked[3]);
      Reflect.apply(rest, client, asked);
    }
  );
  ask("r1", "A/activity/1");
  executor.abandon();
  ask("r1", "A/activity/1");
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false],
  );
  client.rests[0].answer({ result: 41 });
  await settled();
  ask("r2", "A/activity/1");
  await settled();
  assert.equal(client.rests.length, 1);
  const answer = { t: "rest_answer", result: 41, cursor: undefined, total: undefined };
  assert.deepEqual(replies.slice(-2), [
    { ...answer, id: "r1" },
    { ...answer, id: "r2" },
  ]);
  ask("r3", "A/activity/2");
  execute({ t: "rest", id: "r4", method: "crm.activity.add", params: {} });
  assert.equal(client.rests.length, 3);
});

test("what failed is made again, a batch too of which one row has", async () => {
  const { client, replies, execute } = executing();
  const error = { code: "ERROR_CORE", description: "", status: 400 };
  for (const id of ["r1", "r2"]) {
    execute({ t: "rest", id, method: "m", params: {}, once: "A/one/1" });
    client.rests[client.rests.length - 1].answer({ error });
    await settled();
    execute({ t: "rest_batch", id, calls: {}, halt: false, once: "A/many/1" });
    client.batches[client.batches.length - 1].answer({ good: { result: 1 }, bad: { error } });
    await settled();
  }
  assert.deepEqual([client.rests.length, client.batches.length, replies.length], [2, 2, 4]);
  execute({ t: "rest_batch", id: "r3", calls: {}, halt: false, once: "A/many/1" });
  client.batches[client.batches.length - 1].answer({ good: { result: 1 } });
  await settled();
  execute({ t: "rest_batch", id: "r4", calls: {}, halt: false, once: "A/many/1" });
  await settled();
  assert.deepEqual([client.batches.length, replies.at(-1).result], [3, { good: { result: 1 } }]);
});

test("an answer that Python has stopped waiting for is remembered all the same", async () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "m", params: {}, once: "A/one/1" });
  execute({ t: "cancel", id: "r1" });
  client.rests[0].answer({ result: 41 });
  await settled();
  execute({ t: "rest", id: "r2", method: "m", params: {}, once: "A/one/1" });
  await settled();
  assert.deepEqual([client.rests.length, replies.at(-1).id, replies.at(-1).result], [1, "r2", 41]);
});

test("a batch gives each row its result or error", () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest_batch", id: "r1", calls: { a: ["m", {}], b: ["n", {}] }, halt: true });
  assert.deepEqual([client.batches[0].calls, client.batches[0].halt], [{ a: ["m", {}], b: ["n", {}] }, true]);
  const error = { code: "X", description: "", status: 400 };
  client.batches[0].answer({ a: { result: undefined }, b: { error } });
  assert.deepEqual(replies[0].result, { a: { result: null }, b: { error } });
});

test("a batch whose token expired is made again after the refresh", async () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest_batch", id: "r1", calls: { a: ["m", {}] }, halt: false });
  client.batches[0].answer({ a: EXPIRED });
  client.refreshes[0].resolve();
  await settled();
  client.batches[1].answer({ a: { result: 1 } });
  assert.deepEqual(replies[0].result, { a: { result: 1 } });
});

test("a batch of which one row alone says expired is not made again: the others were carried out", async () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest_batch", id: "r1", calls: { a: ["m", {}], b: ["n", {}] }, halt: false });
  client.batches[0].answer({ a: EXPIRED, b: { result: 1 } });
  await settled();
  assert.equal(client.batches.length, 1);
  assert.equal(replies[0].result.b.result, 1);
});

// Lists -------------------------------------------------------------------------------------------

/** An answer of which there are pages. @param {unknown} result @param {...unknown} pages @returns {any} */
function paged(result, ...pages) {
  const [first, ...rest] = pages;
  return {
    result,
    next: pages.length > 0 ? (/** @type {any} */ callback) => callback(paged(first, ...rest)) : undefined,
  };
}

test("a list goes on page by page under the id of the answer before", () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "m", params: {}, paged: true });
  client.rests[0].answer(paged([1], [2], [3]));
  assert.equal(replies[0].cursor, "r1");
  execute({ t: "rest_next", id: "r2", of: "r1" });
  execute({ t: "rest_next", id: "r3", of: "r2" });
  assert.deepEqual(
    replies.map(({ result, cursor }) => [result, cursor]),
    [
      [[1], "r1"],
      [[2], "r2"],
      [[3], undefined],
    ],
  );
});

test("a page that could not be had may be asked for again", () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "m", params: {}, paged: true });
  const limited = { error: { code: "QUERY_LIMIT_EXCEEDED", description: "", status: 503 } };
  let tries = 0;
  client.rests[0].answer({
    result: [1],
    next: (/** @type {any} */ callback) => callback(tries++ === 0 ? limited : { result: [2] }),
  });
  execute({ t: "rest_next", id: "r2", of: "r1" });
  execute({ t: "rest_next", id: "r3", of: "r1" });
  execute({ t: "rest_next", id: "r4", of: "r1" });
  assert.equal(replies[1].error.code, "QUERY_LIMIT_EXCEEDED");
  assert.deepEqual(replies[2].result, [2]);
  assert.equal(replies[3].error.code, "CURSOR_GONE");
});

test("a plain call keeps no cursor, though there are more pages", () => {
  const { client, replies, execute } = executing();
  execute({ t: "rest", id: "r1", method: "m", params: {} });
  client.rests[0].answer(paged([1], [2]));
  assert.equal(replies[0].cursor, undefined);
  execute({ t: "rest_next", id: "r2", of: "r1" });
  assert.equal(replies[1].error.code, "CURSOR_GONE");
});

test("a cursor works once, and not after rest_done", () => {
  const { client, replies, execute } = executing();
  for (const id of ["r1", "r2"]) {
    execute({ t: "rest", id, method: "m", params: {}, paged: true });
    client.rests.at(-1)?.answer(paged([1], [2], [3]));
  }
  execute({ t: "rest_next", id: "r3", of: "r1" });
  execute({ t: "rest_next", id: "r4", of: "r1" });
  assert.equal(execute({ t: "rest_done", id: "r5", of: "r2" }), true);
  execute({ t: "rest_next", id: "r6", of: "r2" });
  assert.deepEqual(
    replies.slice(2).map(({ id, error }) => [id, error?.code]),
    [
      ["r3", undefined],
      ["r4", "CURSOR_GONE"],
      ["r6", "CURSOR_GONE"],
    ],
  );
});

test("lists that nobody finishes are forgotten, the oldest first, beyond 200", () => {
  const { client, replies, execute } = executing();
  for (let number = 0; number <= 200; number++) {
    execute({ t: "rest", id: `r${number}`, method: "m", params: {}, paged: true });
    client.rests[number].answer(paged([1], [2]));
  }
  replies.length = 0;
  execute({ t: "rest_next", id: "n0", of: "r0" });
  execute({ t: "rest_next", id: "n1", of: "r1" });
  assert.deepEqual(
    replies.map(({ error }) => error?.code),
    ["CURSOR_GONE", undefined],
  );
});

test("a page whose token expired is asked for again after the refresh", async () => {
  const { client, replies, execute } = executing();
  let tries = 0;
  execute({ t: "rest", id: "r1", method: "m", params: {}, paged: true });
  client.rests[0].answer({
    result: [1],
    next: (/** @type {any} */ callback) => callback(++tries === 1 ? EXPIRED : { result: [2] }),
  });
  execute({ t: "rest_next", id: "r2", of: "r1" });
  client.refreshes[0].resolve();
  await settled();
  assert.deepEqual(replies[1].result, [2]);
});

test("the late answer to an interpreter that is gone does not take the place of the next one's list", () => {
  const { client, replies, execute, executor } = executing();
  execute({ t: "rest", id: "r1", method: "old", params: {}, paged: true });
  executor.abandon();
  execute({ t: "rest", id: "r1", method: "new", params: {}, paged: true });
  client.rests[1].answer(paged(["new 1"], ["new 2"]));
  client.rests[0].answer(paged(["old 1"], ["old 2"]));
  execute({ t: "rest_next", id: "r2", of: "r1" });
  assert.deepEqual(replies.at(-1).result, ["new 2"]);
});

// Functions of the page ---------------------------------------------------------------------------

test("a function of the page gets its parameters and its value comes back, plain or promised", async () => {
  const { executor, replies, execute } = executing();
  executor.provide("double", (n) => n * 2);
  executor.provide("later", async (n) => n * 3);
  execute({ t: "call", id: "p1", name: "double", params: 21 });
  execute({ t: "call", id: "p2", name: "later", params: 14 });
  await settled();
  assert.deepEqual(
    replies.sort((a, b) => a.id.localeCompare(b.id)),
    [
      { t: "call_answer", id: "p1", value: 42 },
      { t: "call_answer", id: "p2", value: 42 },
    ],
  );
});

test("a function that returns nothing gives null", async () => {
  const { executor, replies, execute } = executing();
  executor.provide("f", () => {});
  execute({ t: "call", id: "p1", name: "f" });
  await settled();
  assert.deepEqual(replies, [{ t: "call_answer", id: "p1", value: null }]);
});

for (const [what, thrown, wanted] of /** @type {Array<[string, unknown, unknown]>} */ ([
  ["an error", new RangeError("out of range"), { name: "RangeError", message: "out of range" }],
  ["a DOMException", new DOMException("denied", "NotAllowedError"), { name: "NotAllowedError", message: "denied" }],
  ["a string", "busy", { name: "Error", message: "busy" }],
  ["undefined", undefined, { name: "Error", message: "undefined" }],
  ["a symbol", Symbol("s"), { name: "Error", message: "Symbol(s)" }],
  ["what has no text", Object.create(null), { name: "Error", message: "something without a text was thrown" }],
  ["an error whose message is a number", Object.assign(new Error(), { message: 5 }), { name: "Error", message: "5" }],
])) {
  test(`a function that throws ${what} is answered with it`, async () => {
    const { executor, replies, execute } = executing();
    executor.provide("f", () => {
      throw thrown;
    });
    execute({ t: "call", id: "p1", name: "f" });
    await settled();
    assert.deepEqual(replies, [{ t: "call_answer", id: "p1", error: wanted }]);
  });
}

test("a promise that rejects is answered like a throw, and a long message is cut", async () => {
  const { executor, replies, execute } = executing();
  executor.provide("f", () => Promise.reject(new Error("x".repeat(10_000))));
  execute({ t: "call", id: "p1", name: "f" });
  await settled();
  assert.equal(replies[0].error.message.length, 2000);
});

test("a function that nobody provides is named as that", async () => {
  const { replies, execute } = executing();
  execute({ t: "call", id: "p1", name: "phone.answer" });
  await settled();
  assert.equal(replies[0].error.name, "NotProvided");
});

test("while scripts of the page have yet to run, a function that one of them may provide is awaited", async () => {
  let allHaveRun = (/** @type {unknown} */ _) => {};
  const { executor, replies, execute } = executing(
    new Promise((resolve) => {
      allHaveRun = resolve;
    }),
  );
  execute({ t: "call", id: "p1", name: "double", params: 21 });
  execute({ t: "call", id: "p2", name: "phone.answer" });
  await settled();
  assert.equal(replies.length, 0);

  executor.provide("double", (n) => n * 2);
  allHaveRun(null);
  await settled();
  assert.deepEqual(replies.map(({ id, value, error }) => [id, error?.name ?? value]).sort(), [
    ["p1", 42],
    ["p2", "NotProvided"],
  ]);
});

test("a function that is awaited is called as soon as it is provided, before later calls of it", async () => {
  const { executor, replies, execute } = executing(new Promise(() => {}));
  execute({ t: "call", id: "p1", name: "echo", params: "a" });
  execute({ t: "call", id: "p2", name: "echo", params: "b" });
  executor.provide("echo", (value) => value);
  await settled();
  execute({ t: "call", id: "p3", name: "echo", params: "c" });
  await settled();
  assert.deepEqual(
    replies.map(({ value }) => value),
    ["a", "b", "c"],
  );
});

test("a call that is cancelled while the page's scripts run is not made", async () => {
  let allHaveRun = (/** @type {unknown} */ _) => {};
  const { executor, execute } = executing(
    new Promise((resolve) => {
      allHaveRun = resolve;
    }),
  );
  let made = 0;
  execute({ t: "call", id: "p1", name: "f" });
  execute({ t: "call", id: "p2", name: "f" });
  execute({ t: "cancel", id: "p1" });
  executor.provide("f", () => made++);
  allHaveRun(null);
  await settled();
  assert.equal(made, 1);
});

test("a value that JSON cannot carry is an error of its own", async () => {
  const { executor, replies, execute } = executing();
  const loop = /** @type {any} */ ({});
  loop.self = loop;
  executor.provide("f", () => loop);
  executor.provide("g", () => 1n);
  execute({ t: "call", id: "p1", name: "f" });
  execute({ t: "call", id: "p2", name: "g" });
  await settled();
  assert.deepEqual(
    replies.map(({ error }) => [error.name, error.message]),
    [
      ["TypeError", "what it returned was refused: not JSON"],
      ["TypeError", "what it returned was refused: not JSON"],
    ],
  );
});

test("a cancelled call whose function never ends is not held on to", async () => {
  const { executor, execute } = executing();
  /** @type {AbortSignal[]} */
  const signals = [];
  executor.provide("wait", (_, { signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  execute({ t: "call", id: "p1", name: "wait", params: null });
  execute({ t: "cancel", id: "p1" });
  let aborted = 0;
  signals[0].addEventListener("abort", () => aborted++);
  executor.abandon(); // would abort what it still held
  execute({ t: "cancel", id: "p1" });
  assert.deepEqual([signals[0].aborted, aborted], [true, 0]);
  execute({ t: "call", id: "p1", name: "wait", params: null }); // of the next interpreter
  execute({ t: "cancel", id: "p1" });
  assert.equal(signals[1].aborted, true);
});

test("a cancelled call aborts its signal, and no other", async () => {
  const { executor, execute } = executing();
  /** @type {Record<string, AbortSignal>} */
  const signals = {};
  executor.provide("f", (name, { signal }) => {
    signals[name] = signal;
    return new Promise(() => {});
  });
  execute({ t: "call", id: "p1", name: "f", params: "a" });
  execute({ t: "call", id: "p2", name: "f", params: "b" });
  assert.equal(execute({ t: "cancel", id: "p1" }), true);
  assert.deepEqual([signals.a.aborted, signals.b.aborted], [true, false]);
  assert.equal(execute({ t: "cancel", id: "p9" }), true);
});

test("when the interpreter is gone every call under way is aborted", () => {
  const { executor, execute } = executing();
  /** @type {AbortSignal[]} */
  const signals = [];
  executor.provide("f", (_, { signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  execute({ t: "call", id: "p1", name: "f" });
  execute({ t: "call", id: "p2", name: "f" });
  executor.abandon();
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
});

test("the end of an abandoned call does not hide the next interpreter's call of the same id", async () => {
  const { executor, execute } = executing();
  /** @type {AbortSignal[]} */
  const signals = [];
  /** @type {Array<(value?: unknown) => void>} */
  const ends = [];
  executor.provide("f", (_, { signal }) => {
    signals.push(signal);
    return new Promise((resolve) => ends.push(resolve));
  });
  execute({ t: "call", id: "p1", name: "f" });
  executor.abandon();
  execute({ t: "call", id: "p1", name: "f" });
  ends[0]();
  await settled();
  execute({ t: "cancel", id: "p1" });
  assert.equal(signals[1].aborted, true);
});

test("a call that ended is not aborted afterwards", async () => {
  const { executor, execute } = executing();
  /** @type {AbortSignal | undefined} */
  let kept;
  executor.provide("f", (_, { signal }) => {
    kept = signal;
  });
  execute({ t: "call", id: "p1", name: "f" });
  await settled();
  execute({ t: "cancel", id: "p1" });
  executor.abandon();
  assert.equal(kept?.aborted, false);
});

test("an answer reaches the interpreter that asked, and no other", async () => {
  const { client, executor } = executing();
  /** @type {Record<string, any[]>} */
  const got = { old: [], new: [] };
  executor.execute({ t: "rest", id: "r1", method: "m", params: {} }, (message) => got.old.push(message));
  executor.abandon();
  executor.execute({ t: "rest", id: "r1", method: "m", params: {} }, (message) => got.new.push(message));
  client.rests[0].answer({ result: "old" });
  client.rests[1].answer({ result: "new" });
  assert.deepEqual([got.old.map(({ result }) => result), got.new.map(({ result }) => result)], [["old"], ["new"]]);
});

test("provide refuses what is no name or no function, and the later one of a name counts", async () => {
  const { executor, replies, execute } = executing();
  for (const [name, fn] of /** @type {any[]} */ ([
    ["", () => 1],
    [5, () => 1],
    ["f", "g"],
    ["f", undefined],
  ])) {
    assert.throws(() => executor.provide(name, fn), { name: "TypeError", message: /takes a name and a function/ });
  }
  executor.provide("f", () => 1);
  executor.provide("f", () => 2);
  execute({ t: "call", id: "p1", name: "f" });
  await settled();
  assert.equal(replies[0].value, 2);
});

test("which commands the portal knows is asked of it anew", () => {
  /** @type {unknown[]} */
  const said = [];
  const client = new FakeClient();
  new Executor(client, Promise.resolve()).execute({ t: "interface", id: "i1" }, (answer) => said.push(answer));
  assert.deepEqual(said, [{ t: "interface_answer", id: "i1", commands: [...COMMANDS] }]);
  assert.equal(client.asked, 1);
});
