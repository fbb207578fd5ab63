/**
 * The simulated portal's REST gives the answers of answers.json.
 *
 * Each of its parts begins with a session of its own, whose token goes with every step that names none. An answer's
 * objects may hold more than is written there; its lists may not. `$name` stands for one value, whichever comes first.
 * Without a `status` it is 200.
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseQuery } from "../../../../static/portal/rest_api/query.js";
import { METHODS, PageRest } from "../../../../static/portal/rest_api/rest.js";

/** @typedef {{method: string, params: Record<string, unknown>, status?: number, answer: unknown}} Step */

const url = new URL("answers.json", import.meta.url);
/** @type {{title: string, steps: Step[]}[]} */
const answers = JSON.parse(await readFile(url, "utf8"));

/**
 * Fails where an answer is not what it should be. Values behind `$name` are kept in `bound`.
 * @param {any} wanted
 * @param {any} given
 * @param {Map<string, unknown>} bound
 * @param {string} path
 */
function check(wanted, given, bound, path) {
  if (typeof wanted === "string" && wanted.startsWith("$")) {
    bound.set(wanted, bound.get(wanted) ?? given);
    assert.equal(given, bound.get(wanted), path);
  } else if (Array.isArray(wanted)) {
    assert.equal(given?.length, wanted.length, path);
    wanted.forEach((one, at) => {
      check(one, given[at], bound, `${path}[${at}]`);
    });
  } else if (typeof wanted === "object" && wanted !== null) {
    for (const [name, one] of Object.entries(wanted)) {
      check(one, given?.[name], bound, `${path}.${name}`);
    }
  } else {
    assert.equal(given, wanted, path);
  }
}

/**
 * @param {any} value
 * @param {Map<string, unknown>} bound
 * @returns {any} parameters with the values that came before
 */
function filled(value, bound) {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, bound)]));
  }
  return bound.get(value) ?? value;
}

for (const { title, steps } of answers) {
  test(title, async () => {
    const rest = new PageRest();
    const { answer: opened } = await rest.handle("simulation.session", {});
    const bound = new Map();
    for (const step of steps) {
      const params = { auth: opened.result.AUTH_ID, ...filled(step.params, bound) };
      const { status, answer } = await rest.handle(step.method, params);
      assert.equal(status, step.status ?? 200, step.method);
      check(step.answer, answer, bound, step.method);
    }
  });
}

test("every method is asked", () => {
  const called = new Set(answers.flatMap(({ steps }) => steps.map(({ method }) => method.toLowerCase())));
  assert.deepEqual(
    [...METHODS.keys()].filter((name) => !called.has(name)),
    [],
  );
});

test("a token that was renewed is the only good one", async () => {
  const rest = new PageRest();
  const { answer: opened } = await rest.handle("simulation.session", { user: "2" });
  const former = opened.result;
  const { answer: renewed } = await rest.handle("simulation.refresh", { refresh_token: former.REFRESH_ID });
  const late = await rest.handle("profile", { auth: former.AUTH_ID });
  assert.equal(late.answer.error, "expired_token");
  const good = await rest.handle("profile", { auth: renewed.result.AUTH_ID });
  assert.equal(good.answer.result.NAME, "Ines");
});

test("sessions do not see each other's changes, nor a caller the session's own records", async () => {
  const rest = new PageRest();
  const [one, other] = await Promise.all([0, 1].map(() => rest.handle("simulation.session", {})));
  const auth = one?.answer.result.AUTH_ID;
  await rest.handle("crm.deal.update", { auth, id: 31, fields: { TITLE: "Changed" } });
  const got = await rest.handle("crm.contact.get", { auth, id: 7 });
  got.answer.result.PHONE[0].VALUE = "spoiled";
  const again = await rest.handle("crm.contact.get", { auth, id: 7 });
  assert.equal(again.answer.result.PHONE[0].VALUE, "+12025550143");
  const theirs = await rest.handle("crm.deal.get", { auth: other?.answer.result.AUTH_ID, id: 31 });
  assert.notEqual(theirs.answer.result.TITLE, "Changed");
});

test("an answer can be made to come late", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const rest = new PageRest();
  const { answer: opened } = await rest.handle("simulation.session", {});
  const auth = opened.result.AUTH_ID;
  await rest.handle("simulation.configure", { auth, delay_ms: { profile: 500 } });
  let came = false;
  const late = rest.handle("profile", { auth }).then((answered) => {
    came = true;
    return answered;
  });
  await rest.handle("scope", { auth });
  assert.equal(came, false);
  context.mock.timers.tick(500);
  assert.equal((await late).status, 200);
});

test("whoever stands before the portal is asked first, in a batch too", async () => {
  /** @type {Record<string, Record<string, unknown>>} */
  const known = {
    "shop.list": { result: [1, 2], total: 3, next: 2 },
    "shop.get": { error: "GONE", error_description: "no more", status: 410 },
  };
  /** @type {unknown[]} */
  const asked = [];
  const rest = new PageRest(undefined, async (method, params) => {
    asked.push([method, params.id]);
    return known[method] ?? null;
  });
  const { answer: opened } = await rest.handle("simulation.session", {});
  const auth = opened.result.AUTH_ID;
  const { answer } = await rest.handle("Shop.List", { auth });
  assert.deepEqual([answer.result, answer.total, answer.next], [[1, 2], 3, 2]);
  const gone = await rest.handle("shop.get", { auth });
  assert.deepEqual([gone.status, gone.answer.error, gone.answer.error_description], [410, "GONE", "no more"]);
  const { answer: several } = await rest.handle("batch", {
    auth,
    cmd: { a: "shop.get?id=5", b: "profile", c: "shop.list" },
  });
  assert.equal(several.result.result_error.a.error, "GONE");
  assert.equal(several.result.result.b.NAME, "Alex");
  assert.deepEqual(
    [several.result.result.c, several.result.result_total.c, several.result.result_next.c],
    [[1, 2], 3, 2],
  );
  assert.deepEqual(asked.slice(2), [
    ["shop.get", "5"],
    ["profile", undefined],
    ["shop.list", undefined],
  ]);
});

test("parameters are nested as PHP nests them", () => {
  assert.deepEqual(parseQuery("filter%5BID%5D=7&select[]=A&select[]=B&x="), {
    filter: { ID: "7" },
    select: ["A", "B"],
    x: "",
  });
  assert.equal(parseQuery(`a=1&a[b]=2&[c]=3&d${"[x]".repeat(99)}=4`).a, "1");
});
