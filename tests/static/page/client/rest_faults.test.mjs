/**
 * REST when the portal fails, over both clients: each request is made once, and ends with the portal's own error. Which are
 * made again is Python's to say: tests/unit/test_rest_faults.py, on the same cases.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { settled, stillClock } from "../../../support/fakes.mjs";
import { CLIENTS, RestPortal } from "../../../support/rest_portal.mjs";

/** @typedef {import("../../../support/rest_portal.mjs").Answer} Answer */

/**
 * `sent`: how often a request is made, where it is more than once.
 * @type {Array<{title: string, http: Answer, sent?: number, error: {code: string, description?: string, status: number}}>}
 */
const CASES = JSON.parse(readFileSync(new URL("../../../cases/rest_faults.json", import.meta.url), "utf8"));

/** @param {any} error @param {{code: string, description?: string, status: number}} wanted */
function assertError(error, wanted) {
  assert.deepEqual([error?.code, error?.status], [wanted.code, wanted.status]);
  if (wanted.description !== undefined) {
    assert.equal(error.description, wanted.description);
  }
}

const PAGES = [
  { json: { result: [1, 2], next: 50, total: 5 } },
  { json: { result: [3, 4], next: 100, total: 5 } },
  { json: { result: [5], total: 5 } },
];

for (const client of CLIENTS) {
  for (const { title, http, sent = 1, error } of CASES) {
    test(`${client}: ${title}: a call ends with it at once`, async (t) => {
      const portal = new RestPortal(t, client, http);
      const reply = await portal.ask({ t: "rest", method: "crm.contact.add", params: { fields: { NAME: "Ada" } } });
      assertError(reply.error, error);
      assert.equal(portal.sent.length, sent);
    });

    for (const step of [0, 1, 2]) {
      test(`${client}: ${title}: page ${step + 1} of a list ends with it, and can be asked for again`, async (t) => {
        const faults = Array(sent).fill(http);
        const portal = new RestPortal(t, client, ...PAGES.slice(0, step), ...faults, ...PAGES.slice(step));
        let reply = await portal.ask({ t: "rest", method: "m", params: { filter: { A: 1 } }, paged: true });
        for (let page = 0; page < step; page++) {
          assert.deepEqual(reply.result, PAGES[page]?.json.result);
          reply = await portal.ask({ t: "rest_next", of: reply.cursor });
        }
        assertError(reply.error, error);
        assert.equal(portal.sent.length, step + sent);

        const again =
          step === 0
            ? { t: "rest", method: "m", params: { filter: { A: 1 } }, paged: true }
            : { t: "rest_next", of: `r${step}` };
        reply = await portal.ask(again);
        assert.deepEqual(reply.result, PAGES[step]?.json.result);
        const starts = portal.sent.map(({ params }) => params.start);
        const wanted = [undefined, 50, 100].slice(0, step + 1);
        assert.deepEqual(starts, [...wanted, ...Array(sent).fill(wanted.at(-1))]);
        assert.ok(portal.sent.every(({ params }) => params.filter.A === 1));
      });
    }

    for (const halt of [false, true]) {
      test(`${client}: ${title}: a batch refused as a whole${halt ? " that halts" : ""} ends with it for each call`, async (t) => {
        const portal = new RestPortal(t, client, http);
        const calls = { a: ["crm.contact.add", { n: 1 }], b: ["crm.contact.get", { n: 2 }] };
        const reply = await portal.ask({ t: "rest_batch", calls, halt });
        assert.deepEqual(Object.keys(reply.result), ["a", "b"]);
        assertError(reply.result.a.error, error);
        assertError(reply.result.b.error, error);
        assert.equal(portal.sent.length, sent);
      });
    }
  }

  for (const [what, http] of /** @type {Array<[string, {status: number, json: any}]>} */ ([
    [
      "by the portal",
      { status: 401, json: { error: "expired_token", error_description: "The access token has expired" } },
    ],
    ["with status 200", { status: 200, json: { error: "expired_token" } }],
  ])) {
    test(`${client}: a token that is refused as expired ${what} is renewed once, and the request made again`, async (t) => {
      const portal = new RestPortal(t, client, http, { json: { result: 7 } });
      const reply = await portal.ask({ t: "rest", method: "crm.contact.add", params: {} });
      assert.equal(reply.result, 7);
      assert.deepEqual(
        portal.sent.map(({ token }) => token),
        ["token-1-of-the-portal", "token-2-of-the-portal"],
      );
    });

    test(`${client}: a token that is refused as expired ${what} twice is the request's error`, async (t) => {
      const portal = new RestPortal(t, client, http);
      const reply = await portal.ask({ t: "rest", method: "m", params: {} });
      assert.equal(reply.error.code, "expired_token");
      assert.deepEqual([portal.sent.length, portal.refreshes], [2, 1]);
    });

    test(`${client}: a batch whose token is refused as expired ${what} is made again`, async (t) => {
      const batch = { json: { result: { result: { a: 1 }, result_error: [], result_total: [], result_next: [] } } };
      const portal = new RestPortal(t, client, http, batch);
      const { result } = await portal.ask({ t: "rest_batch", calls: { a: ["m", {}] }, halt: true });
      assert.deepEqual([result, portal.refreshes], [{ a: { result: 1 } }, 1]);
    });

    for (const step of [0, 1, 2]) {
      test(`${client}: a list whose token is refused as expired ${what} at page ${step + 1} goes on there`, async (t) => {
        const portal = new RestPortal(t, client, ...PAGES.slice(0, step), http, ...PAGES.slice(step));
        const found = [];
        let reply = await portal.ask({ t: "rest", method: "m", params: {}, paged: true });
        for (found.push(...reply.result); reply.cursor; found.push(...reply.result)) {
          reply = await portal.ask({ t: "rest_next", of: reply.cursor });
        }
        assert.deepEqual([found, portal.sent.length, portal.refreshes], [[1, 2, 3, 4, 5], 4, 1]);
      });
    }

    for (const [step, request] of /** @type {Array<[number, Record<string, unknown>]>} */ ([
      [0, { t: "rest", method: "m", params: {}, paged: true }],
      [1, { t: "rest_next", of: "r1" }],
      [2, { t: "rest_next", of: "r2" }],
      [0, { t: "rest_batch", calls: { a: ["m", {}] }, halt: false }],
    ])) {
      test(`${client}: a token that is refused as expired ${what} and not to be renewed ends a ${request.t} behind ${step} pages`, async (t) => {
        const clock = stillClock(t);
        const portal = new RestPortal(t, client, ...PAGES.slice(0, step), http);
        for (let page = 0; page < step; page++) {
          const before = { t: "rest", method: "m", params: {}, paged: true };
          await portal.ask(page === 0 ? before : { t: "rest_next", of: `r${page}` });
        }
        portal.givesTokens = false;
        const asked = portal.ask(request);
        await settled();
        clock.tick(15_000);
        const { error, result } = await asked;
        assert.equal((error ?? result.a.error).code, "CLIENT_FAILED");
        assert.deepEqual([portal.sent.length, portal.refreshes], [step + 1, 1]);
      });
    }
  }

  for (const [what, wrong] of /** @type {Array<[string, {status: number, json: any}]>} */ ([
    ["another kind of 401", { status: 401, json: { error: "invalid_token" } }],
    ["no access", { status: 403, json: { error: "ACCESS_DENIED" } }],
  ])) {
    test(`${client}: ${what} renews no token`, async (t) => {
      const portal = new RestPortal(t, client, wrong);
      await portal.ask({ t: "rest", method: "m", params: {} });
      assert.deepEqual([portal.sent.length, portal.refreshes], [1, 0]);
    });
  }

  for (const step of [0, 1, 2]) {
    const silence = () => new Promise(() => {});

    test(`${client}: silence at page ${step + 1} of a list is called off when Python gives it up`, async (t) => {
      const portal = new RestPortal(t, client, ...PAGES.slice(0, step), /** @type {any} */ (silence));
      for (let page = 0; page < step; page++) {
        const first = { t: "rest", method: "m", params: {}, paged: true };
        await portal.ask(page === 0 ? first : { t: "rest_next", of: `r${page}` });
      }
      const silent = { t: step ? "rest_next" : "rest", method: "m", params: {}, paged: true, of: `r${step}` };
      assert.equal(await portal.ask(silent), undefined);
      portal.executor.execute({ t: "cancel", id: `r${step + 1}` }, () => assert.fail("nothing to say"));
      assert.deepEqual([portal.sent.at(-1)?.init.signal.aborted, portal.sent.length], [true, step + 1]);
    });
  }

  for (const [what, nexts] of /** @type {Array<[string, unknown[]]>} */ ([
    ["where its first page began", [0]],
    ["where its second page began", [50, 50]],
    ["before", [50, "0"]],
    ["at less than nothing", [-50]],
  ])) {
    test(`${client}: a list that goes on ${what} ends in an error, and not never`, async (t) => {
      const portal = new RestPortal(t, client, ...nexts.map((next) => ({ json: { result: [1], next } })));
      let reply = await portal.ask({ t: "rest", method: "m", params: {}, paged: true });
      for (let page = 1; page < 10 && reply.cursor; page++) {
        assert.deepEqual(reply.result, [1]);
        reply = await portal.ask({ t: "rest_next", of: reply.cursor });
      }
      assert.deepEqual([reply.error?.code, reply.error?.status, portal.sent.length], ["BAD_NEXT", 0, nexts.length]);
    });
  }

  for (const next of [null, false, "", "none", [], {}]) {
    test(`${client}: a list whose next page is ${JSON.stringify(next)} ends`, async (t) => {
      const portal = new RestPortal(t, client, { json: { result: [1], next } });
      const reply = await portal.ask({ t: "rest", method: "m", params: {}, paged: true });
      assert.deepEqual([reply.result, reply.cursor], [[1], undefined]);
    });
  }
}
