import assert from "node:assert/strict";
import { test } from "node:test";
import { b24jssdkClient } from "../../../../static/page/client/b24jssdk.js";
import { settled, withGlobals } from "../../../support/fakes.mjs";

/**
 * The SDK with a frame that is ready.
 * @param {import("node:test").TestContext} t
 * @param {any} frame what it can do
 */
function clientOf(t, frame) {
  withGlobals(t, {
    window: { name: "p.example|1|sid" },
    addEventListener: () => {},
    removeEventListener: () => {},
  });
  class B24Frame {
    isInit = true;
    auth = { refreshAuth: async () => {}, getAuthData: () => null };
    init = async () => {};
    getHttpClient = () => "http";
    constructor() {
      Object.assign(this, frame);
    }
  }
  return b24jssdkClient({ B24Frame }, () => {});
}

/** @param {any} call @param {any} [batch] */
const actions = (call, batch) => ({ actions: { v2: { call: { make: call }, batch: { make: batch } } } });

/**
 * @param {unknown} [result]
 * @param {object} [more]
 */
const success = (result, more = {}) => ({ isSuccess: true, getData: () => ({ result }), ...more });

/** @param {import("../../../../static/page/client/client.js").Client} client */
async function restOf(client) {
  /** @type {any[]} */
  const answers = [];
  client.rest("m", {}, (answer) => answers.push(answer));
  await settled();
  assert.equal(answers.length, 1, "answered once");
  return answers[0];
}

test("a result is answered, and its next page", async (t) => {
  const more = { isMore: () => true, getTotal: () => 3, getNext: async () => success("second") };
  const { result, total, next } = await restOf(
    clientOf(
      t,
      actions(async () => success("first", more)),
    ),
  );
  assert.deepEqual([result, total], ["first", 3]);
  /** @type {any} */
  let page;
  next((/** @type {any} */ answer) => {
    page = answer;
  });
  await settled();
  assert.equal(page.result, "second");
});

for (const [what, make] of /** @type {Array<[string, () => unknown]>} */ ([
  [
    "throws at once",
    () => {
      throw Object.assign(new Error("no"), { code: "X" });
    },
  ],
  [
    "rejects",
    async () => {
      throw Object.assign(new Error("no"), { code: "X" });
    },
  ],
])) {
  test(`a request whose client ${what} is answered by an error`, async (t) => {
    assert.deepEqual(await restOf(clientOf(t, actions(make))), {
      error: { code: "X", description: "no", status: 0 },
    });
  });
}

for (const odd of [
  undefined,
  null,
  "text",
  {},
  { isSuccess: true },
  { isSuccess: false },
  { isSuccess: false, getErrors: () => 1 },
]) {
  test(`an odd answer (${JSON.stringify(odd)}) is answered by an error`, async (t) => {
    const { error } = await restOf(
      clientOf(
        t,
        actions(async () => odd),
      ),
    );
    assert.equal(error.code, "CLIENT_FAILED");
  });
}

test("an odd next page is answered by an error", async (t) => {
  for (const getNext of [
    async () => null,
    () => {
      throw new Error("no");
    },
  ]) {
    const more = { isMore: () => true, getNext };
    const { next } = await restOf(
      clientOf(
        t,
        actions(async () => success("first", more)),
      ),
    );
    /** @type {any[]} */
    const pages = [];
    next((/** @type {any} */ answer) => pages.push(answer));
    await settled();
    assert.equal(pages.length, 1);
    assert.ok(pages[0].error);
  }
});

test("a batch with a null row answers the other rows, and that one by an error", async (t) => {
  const batch = async () => ({ getData: () => ({ a: success(1), b: null }) });
  /** @type {any} */
  let rows;
  clientOf(t, actions(null, batch)).batch({ a: ["m", {}], b: ["m", {}] }, false, (answers) => {
    rows = answers;
  });
  await settled();
  assert.equal(rows.a.result, 1);
  assert.equal(rows.b.error.code, "CLIENT_FAILED");
});

test("a batch whose client throws at once, or answers with nothing, answers each of its rows by an error", async (t) => {
  for (const batch of [
    () => {
      throw new Error("no");
    },
    async () => undefined,
  ]) {
    /** @type {any} */
    let rows;
    clientOf(t, actions(null, batch)).batch({ a: ["m", {}], b: ["m", {}] }, false, (answers) => {
      rows = answers;
    });
    await settled();
    assert.deepEqual(Object.keys(rows), ["a", "b"]);
    assert.ok(rows.a.error && rows.b.error);
  }
});

test("a command whose client throws at once is answered by an error, once", async (t) => {
  const placement = {
    call: () => {
      throw Object.assign(new Error("no"), { code: "X" });
    },
  };
  /** @type {unknown[]} */
  const answers = [];
  clientOf(t, { placement }).command("CallCardClose", {}, (answer) => answers.push(answer));
  await settled();
  assert.deepEqual(answers, [{ result: "error", errorCode: "X" }]);
});

test("a bind whose client throws at once is refused", async (t) => {
  const placement = {
    bindEvent: () => {
      throw new Error("no");
    },
  };
  /** @type {unknown[]} */
  const refused = [];
  clientOf(t, { placement }).bind(
    "e",
    () => assert.fail("no event"),
    (error) => refused.push(error),
  );
  await settled();
  assert.equal(String(refused), "Error: no");
});

test("what the portal knows is not told by a client that throws at once, rejects or is silent; nothing else comes of it", async (t) => {
  for (const getInterface of [
    () => {
      throw new Error("no");
    },
    async () => {
      throw new Error("no");
    },
    async () => ({ isSafely: true }),
  ]) {
    clientOf(t, { placement: { getInterface } }).getInterface(() => assert.fail("no answer"));
    await settled();
  }
});

test("the first event, which resolves its bind, is delivered; silence is not", async (t) => {
  for (const [first, wanted] of [
    [{ CALL_ID: "a" }, [{ CALL_ID: "a" }]],
    [{ isSafely: true }, []],
  ]) {
    /** @type {unknown[]} */
    const events = [];
    clientOf(t, { placement: { bindEvent: async () => first } }).bind("e", (payload) => events.push(payload));
    await settled();
    assert.deepEqual(events, wanted);
  }
});
