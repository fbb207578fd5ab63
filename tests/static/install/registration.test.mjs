import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asker,
  employees,
  findOut,
  finish,
  postCheck,
  register,
  replace,
  unregister,
} from "../../../static/install/registration.js";
import { FakeClient, settled, stillClock } from "../../support/fakes.mjs";

const WANTED = { handler: "https://app.example/", userId: 5, errorUrl: "https://app.example/e" };
const REFUSED = { code: "ERROR_PLACEMENT_MAX_COUNT", description: "", status: 400 };
const TAKEN = { error: REFUSED };
const DENIED = { error: { code: "ACCESS_DENIED", description: "", status: 403 } };
const UNBOUND = { result: { count: 1 } };

/**
 * A portal that gives these answers, one after the other.
 * @param {...any} answers
 */
function portal(...answers) {
  /** @type {Array<[string, any]>} */
  const asked = [];
  const ask = async (/** @type {string} */ method, params = {}) => {
    asked.push([method, params]);
    return answers.shift() ?? {};
  };
  return { asked, ask };
}

/** What `placement.get` answers when this is registered for these people. @param {...number} users */
const got = (...users) => ({
  result: users.map((userId) => ({
    placement: "PAGE_BACKGROUND_WORKER",
    userId,
    handler: WANTED.handler,
    options: { errorHandlerUrl: WANTED.errorUrl },
  })),
});
const rowOf = (/** @type {number} */ userId) => ({ ...WANTED, userId });

const methods = (/** @type {Array<[string, any]>} */ asked) => asked.map(([method]) => method);
const unbound = (/** @type {Array<[string, any]>} */ asked) =>
  asked.filter(([method]) => method === "placement.unbind").map(([, params]) => params.USER_ID);

test("a free place is bound at once", async () => {
  const { asked, ask } = portal({ result: true });
  assert.deepEqual(await register(ask, WANTED), { removed: [], inTheWay: [] });
  assert.deepEqual(methods(asked), ["placement.bind"]);
});

for (const userId of [5, 0]) {
  test(`a place that is taken for the same people (${userId}) is unbound for them, and bound again`, async () => {
    const { asked, ask } = portal(TAKEN, got(userId, 7), UNBOUND, { result: true });
    const wanted = { ...WANTED, userId };
    assert.deepEqual(await register(ask, wanted), { removed: [rowOf(userId)], inTheWay: [] });
    assert.deepEqual(methods(asked), ["placement.bind", "placement.get", "placement.unbind", "placement.bind"]);
    assert.deepEqual(unbound(asked), [userId]);
  });
}

for (const users of [[0], [0, 5], [0, 5, 7]]) {
  test(`for one employee nothing is unbound where one for all is in the way: ${users}`, async () => {
    const { asked, ask } = portal(TAKEN, got(...users));
    const inTheWay = users.filter((userId) => userId !== 7).map(rowOf);
    assert.deepEqual(await register(ask, WANTED), { removed: [], inTheWay, ...TAKEN });
    assert.deepEqual(methods(asked), ["placement.bind", "placement.get"]);
  });
}

for (const [what, answer] of /** @type {[string, any][]} */ ([
  ["shows nothing that is in the way", got(7)],
  ["does not say what is registered", DENIED],
])) {
  test(`nothing is unbound where the portal ${what}`, async () => {
    const { asked, ask } = portal(TAKEN, answer);
    assert.deepEqual(await register(ask, WANTED), { removed: [], inTheWay: [], ...TAKEN });
    assert.deepEqual(unbound(asked), []);
  });
}

test("one for all that is to be replaced by one for an employee is unbound, and the employee's own too", async () => {
  const { asked, ask } = portal(UNBOUND, UNBOUND, { result: true });
  const rows = [rowOf(0), rowOf(5)];
  assert.deepEqual(await replace(ask, WANTED, rows), { removed: rows, inTheWay: [] });
  assert.deepEqual(unbound(asked), [0, 5]);
  assert.equal(asked[2][1].USER_ID, 5);
});

test("nothing is unbound for any other refusal", async () => {
  const { asked, ask } = portal(DENIED);
  assert.deepEqual(await register(ask, WANTED), { removed: [], inTheWay: [], ...DENIED });
  assert.equal(asked.length, 1);
});

test("a place that cannot be freed stays as it was", async () => {
  const { asked, ask } = portal(TAKEN, got(5), DENIED);
  assert.deepEqual(await register(ask, WANTED), { removed: [], inTheWay: [rowOf(5)], ...DENIED });
  assert.equal(asked.length, 3);
});

test("of two that are to be removed the first is told as removed when the second cannot be", async () => {
  const { asked, ask } = portal(UNBOUND, DENIED);
  const answer = await replace(ask, WANTED, [rowOf(0), rowOf(5)]);
  assert.deepEqual(answer, { removed: [rowOf(0)], inTheWay: [rowOf(5)], ...DENIED });
  assert.equal(asked.length, 2);
});

test("a registration that was removed in vain is told as lost", async () => {
  const { ask } = portal(TAKEN, got(5), UNBOUND, DENIED);
  assert.deepEqual(await register(ask, WANTED), { removed: [rowOf(5)], inTheWay: [], ...DENIED });
});

for (const result of [{ count: 0 }, { count: "0" }, true, null]) {
  test(`a removal is told only where the portal counts one: ${JSON.stringify(result)}`, async () => {
    const { ask } = portal(TAKEN, got(5), { result }, TAKEN);
    assert.deepEqual(await register(ask, WANTED), { removed: [], inTheWay: [rowOf(5)], ...TAKEN });
    assert.deepEqual(await unregister(portal({ result }).ask, 5), { count: 0 });
  });
}

test("what another took away in the meantime is in nobody's way", async () => {
  const { ask } = portal(TAKEN, got(5), { result: { count: 0 } }, { result: true });
  assert.deepEqual(await register(ask, WANTED), { removed: [], inTheWay: [] });
});

test("removing passes the refusal on, and the portal's count", async () => {
  assert.deepEqual(await unregister(portal(DENIED).ask, 0), { count: 0, ...DENIED });
  assert.deepEqual(await unregister(portal(UNBOUND).ask, 0), { count: 1 });
});

test("employees come from all pages, those without a name by what else is known", async () => {
  const rows = (/** @type {any[]} */ ...result) => ({ result });
  const last = rows({ ID: "9", EMAIL: "ops@portal.example" }, { ID: "10" }, { NAME: "no id" });
  const first = {
    ...rows({ ID: "5", NAME: "Noor", LAST_NAME: "Haddad" }),
    next: (/** @type {any} */ give) => give(last),
  };
  assert.deepEqual(await employees(portal(first).ask), [
    { id: 5, name: "Noor Haddad" },
    { id: 9, name: "ops@portal.example" },
    { id: 10, name: "id 10" },
  ]);
});

test("an app that may not know the employees offers none", async () => {
  assert.deepEqual(await employees(portal(DENIED).ask), []);
});

for (const [answer, installed] of /** @type {[any, boolean | null][]} */ ([
  [DENIED, null],
  [{ result: { INSTALLED: false } }, false],
  [{ result: { INSTALLED: true } }, true],
])) {
  test(`the app is installed, ${installed}, as app.info tells, or does not tell`, async () => {
    const { ask } = portal({ result: ["crm"] }, { result: true }, answer, { result: [] });
    assert.equal((await findOut(ask)).installed, installed);
  });
}

test("a request that is never answered ends, and names what was awaited", async (t) => {
  const clock = stillClock(t);
  const answer = asker(/** @type {any} */ ({ rest: () => {} }))("placement.get");
  clock.tick(20_000);
  const { error } = await answer;
  assert.equal(error?.code, "NO_ANSWER");
  assert.match(String(error?.description), /placement\.get .* 20 seconds/);
});

test("an end of the installation that is never answered ends too", async (t) => {
  const clock = stillClock(t);
  const ended = finish(/** @type {any} */ ({ installFinish: () => new Promise(() => {}) }));
  clock.tick(5_000);
  await assert.rejects(ended, /installFinish .* 5 seconds/);
});

for (const [name, response, level, words] of /** @type {[string, any, string, RegExp][]} */ ([
  ["the page", { status: 200, type: "basic" }, "ok", /answers/],
  ["405", { status: 405, type: "basic" }, "bad", /405/],
  ["a redirect", { status: 0, type: "opaqueredirect" }, "bad", /redirect/],
])) {
  test(`a host that answers POST with ${name}: ${level}`, async (t) => {
    t.mock.method(globalThis, "fetch", async () => response);
    const check = await postCheck("https://app.example/");
    assert.equal(check.level, level);
    assert.match(check.title, words);
  });
}

test("a host that does not answer POST at all is told too", async (t) => {
  t.mock.method(globalThis, "fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  assert.equal((await postCheck("https://app.example/")).level, "bad");
});

test("what is asked with a token that had expired is asked again with a fresh one, once", async () => {
  const expired = { error: { code: "expired_token", description: "", status: 401 } };
  const client = new FakeClient();
  const asked = asker(client)("scope");
  client.rests[0].answer(expired);
  await settled();
  client.refreshes[0].resolve();
  await settled();
  client.rests[1].answer(expired);
  assert.deepEqual(await asked, expired);
  assert.deepEqual([client.rests.length, client.refreshes.length], [2, 1]);
});
