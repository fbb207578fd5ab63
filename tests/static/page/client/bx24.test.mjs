import assert from "node:assert/strict";
import { test } from "node:test";
import { bx24Client } from "../../../../static/page/client/bx24.js";
import { eventsOf } from "../../../../static/page/client/client.js";
import { settled, withGlobals } from "../../../support/fakes.mjs";

/**
 * What `BX24.callMethod` hands to its callback.
 * @param {{data?: unknown, error?: unknown, pages?: unknown[], total?: unknown}} answer
 * @returns {any}
 */
function result({ data, error, pages = [], total = 0 }) {
  return {
    data: () => data,
    error: () => error,
    more: () => pages.length > 0,
    total: () => total,
    next: (/** @type {(page: unknown) => void} */ callback) =>
      callback(result({ data: pages[0], pages: pages.slice(1) })),
  };
}

/** @param {unknown} answer @returns {any} */
function restOf(answer) {
  /** @type {unknown} */
  let got;
  bx24Client({
    callMethod: (/** @type {any} */ _method, /** @type {any} */ _params, /** @type {any} */ callback) =>
      callback(answer),
  }).rest("m", {}, (rest) => {
    got = rest;
  });
  return got;
}

for (const [what, known] of /** @type {Array<[string, unknown]>} */ ([
  ["nothing", undefined],
  ["null", null],
  ["an empty list", []],
  ["an empty string", ""],
  ["a list that is none", { event: "initialized" }],
])) {
  test(`an interface that is ${what} has no events`, () => {
    assert.deepEqual(eventsOf(known), []);
  });
}

test("the interface's events are its names, and nothing that is not a name", () => {
  assert.deepEqual(eventsOf({ command: ["c"], event: ["a", null, 1, "b"] }), ["a", "b"]);
});

test("getInterface, bind and command go to the placement as they are", () => {
  /** @type {unknown[]} */
  const calls = [];
  const placement = {
    getInterface: (/** @type {any} */ callback) => callback({ event: ["a"] }),
    bindEvent: (/** @type {any} */ name, /** @type {any} */ callback) => callback(`payload of ${name}`),
    call: (/** @type {any} */ name, /** @type {any} */ params, /** @type {any} */ callback) => {
      calls.push([name, params]);
      callback([]);
    },
  };
  const client = bx24Client({ placement });
  client.getInterface((events) => calls.push(events));
  client.bind("a", (payload) => calls.push(payload));
  client.command("CallCardSetMute", { muted: true }, (answer) => calls.push(answer));
  assert.deepEqual(calls, [["a"], "payload of a", ["CallCardSetMute", { muted: true }], []]);
});

test("placement's functions keep their this", () => {
  const placement = {
    known: { event: ["a"] },
    /** @param {any} callback */
    getInterface(callback) {
      callback(this.known);
    },
  };
  /** @type {string[]} */
  let got = [];
  bx24Client({ placement }).getInterface((events) => {
    got = events;
  });
  assert.deepEqual(got, ["a"]);
});

test("a REST result has its data and no next page", () => {
  assert.deepEqual(restOf(result({ data: { ID: 7 } })), { result: { ID: 7 }, total: undefined, next: undefined });
});

test("a list has a total, and pages until there is no more", () => {
  const first = restOf(result({ data: [1], pages: [[2], [3]], total: "3" }));
  assert.equal(first.total, 3);
  /** @type {unknown[]} */
  const pages = [];
  const take = (/** @type {any} */ page) => {
    pages.push(page.result);
    page.next?.(take);
  };
  take(first);
  assert.deepEqual(pages, [[1], [2], [3]]);
});

for (const [what, error, wanted] of /** @type {Array<[string, unknown, unknown]>} */ ([
  [
    "an object with ex",
    { status: 401, ex: { error: "expired_token", error_description: "The access token has expired" } },
    { code: "expired_token", description: "The access token has expired", status: 401 },
  ],
  ["a bare object", { error: "X", error_description: "y" }, { code: "X", description: "y", status: 0 }],
  ["a string", "ERROR_CORE", { code: "ERROR_CORE", description: "", status: 0 }],
  ["an object without a code", { status: 500 }, { code: "UNKNOWN_ERROR", description: "", status: 500 }],
  [
    "a network failure",
    { status: 0, ex: { error: "", error_description: null } },
    { code: "", description: "", status: 0 },
  ],
])) {
  test(`a REST error that is ${what} is read`, () => {
    assert.deepEqual(restOf(result({ error })), { error: wanted });
  });
}

test("a batch gives each call its answer, and passes on whether to halt", () => {
  /** @type {any} */
  let got;
  /** @type {any} */
  let asked;
  const client = bx24Client({
    callBatch: (/** @type {any} */ calls, /** @type {any} */ callback, /** @type {any} */ halt) => {
      asked = { calls, halt };
      callback({ a: result({ data: 1 }), b: result({ error: { ex: { error: "NO" }, status: 400 } }) });
    },
  });
  client.batch({ a: ["m", {}], b: ["n", { x: 1 }] }, true, (answers) => {
    got = answers;
  });
  assert.deepEqual(asked, { calls: { a: ["m", {}], b: ["n", { x: 1 }] }, halt: true });
  assert.equal(got.a.result, 1);
  assert.deepEqual(got.b.error, { code: "NO", description: "", status: 400 });
});

test("a batch without results is an empty one", () => {
  /** @type {any} */
  let got;
  const callBatch = (/** @type {any} */ _calls, /** @type {any} */ callback) => callback(undefined);
  bx24Client({ callBatch }).batch({}, false, (answers) => {
    got = answers;
  });
  assert.deepEqual(got, {});
});

test("a refresh ends when BX24 calls back", async () => {
  /** @type {() => void} */
  let back = () => {};
  const refreshed = bx24Client({
    refreshAuth: (/** @type {() => void} */ callback) => {
      back = callback;
    },
  }).refresh();
  let ended = false;
  refreshed.then(() => {
    ended = true;
  });
  await settled();
  assert.equal(ended, false);
  back();
  await settled();
  assert.equal(ended, true);
});

/**
 * A script that lends its tokens, at a portal whose answers tell with which token they were asked.
 * @param {import("node:test").TestContext} t
 * @param {any} script
 * @param {string} [name]
 */
function lending(t, script, name = "portal.example|1|sid") {
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {any[]} */
  const results = [];
  withGlobals(t, {
    window: { name },
    addEventListener: (/** @type {string} */ _type, /** @type {() => void} */ listener) => listeners.add(listener),
    removeEventListener: (/** @type {string} */ _type, /** @type {() => void} */ listener) =>
      listeners.delete(listener),
    fetch: async (/** @type {string} */ _url, /** @type {any} */ { body }) => ({
      status: 200,
      text: async () => JSON.stringify({ result: JSON.parse(body).auth.slice(-1) }),
    }),
  });
  const client = bx24Client(script);
  client.rest("m", {}, (answer) => results.push(answer.result ?? answer.error));
  const message = async () => {
    for (const listener of listeners) {
      listener();
    }
    await settled();
  };
  return { client, listeners, results, message };
}

test("a request waits for the script's session, and no longer: its timer is slow in a hidden frame", async (t) => {
  /** @type {any} */
  let auth = false;
  const script = { init: () => {}, getAuth: () => auth, refreshAuth: () => assert.fail("there is a token") };
  const { results, message, listeners } = lending(t, script);
  await message();
  assert.deepEqual(results, []);
  auth = { access_token: "token A" };
  await message();
  assert.deepEqual(results, ["A"]);
  assert.equal(listeners.size, 0);
});

test("a session whose token is too old when it comes is renewed before the request", async (t) => {
  /** @type {any} */
  let auth = false;
  /** @type {() => void} */
  let started = () => {};
  const script = {
    init: (/** @type {() => void} */ callback) => {
      started = callback;
    },
    getAuth: () => auth,
    refreshAuth: (/** @type {() => void} */ callback) => {
      auth = { access_token: "token B" };
      callback();
    },
  };
  const { results, message } = lending(t, script);
  await message();
  assert.deepEqual(results, []);
  started();
  await settled();
  assert.deepEqual(results, ["B"]);
});

for (const [what, init] of /** @type {Array<[string, unknown]>} */ ([
  ["has no init", undefined],
  [
    "throws at init",
    () => {
      throw new Error("no");
    },
  ],
])) {
  test(`a script that ${what} is asked for a token at once`, async (t) => {
    t.mock.method(console, "error", () => {});
    /** @type {any} */
    let auth = false;
    const refreshAuth = (/** @type {() => void} */ callback) => {
      auth = { access_token: "token C" };
      callback();
    };
    const { results } = lending(t, { init, getAuth: () => auth, refreshAuth });
    await settled();
    assert.deepEqual(results, ["C"]);
  });
}

for (const odd of [true, {}, { access_token: "" }, { access_token: 7 }]) {
  test(`a script whose token is none (${JSON.stringify(odd)}) is an error`, async (t) => {
    const { results } = lending(t, { getAuth: () => odd, refreshAuth: () => {} });
    await settled();
    assert.deepEqual(results, [{ code: "CLIENT_FAILED", description: "Error: the portal gave no token", status: 0 }]);
  });
}

for (const [what, more, name] of /** @type {Array<[string, any, string]>} */ ([
  ["has no tokens to lend", {}, "portal.example|1|sid"],
  ["cannot renew them", { getAuth: () => ({ access_token: "x" }) }, "portal.example|1|sid"],
  ["is in no frame of a portal", { getAuth: () => ({ access_token: "x" }), refreshAuth: () => {} }, ""],
])) {
  test(`a script that ${what} makes requests itself`, async (t) => {
    const script = {
      ...more,
      callMethod: (/** @type {any} */ method, /** @type {any} */ _params, /** @type {any} */ callback) =>
        callback(result({ data: `${method} by the script` })),
    };
    const { results } = lending(t, script, name);
    assert.deepEqual(results, ["m by the script"]);
  });
}
