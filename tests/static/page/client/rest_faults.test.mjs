/**
 * REST when the portal fails, over both clients: each request is made once, and ends with the portal's own error. Which are
 * made again is Python's to say: tests/unit/test_rest_faults.py, on the same cases.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CLIENTS, RestPortal } from "../../../support/rest_portal.mjs";

/** @typedef {import("../../../support/rest_portal.mjs").Answer} Answer */

/** @type {Array<{title: string, http: Answer, error: {code: string, description?: string, status: number}}>} */
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
  for (const { title, http, error } of CASES) {
    test(`${client}: ${title}: a call ends with it at once, sent once`, async (t) => {
      const portal = new RestPortal(t, client, http);
      const reply = await portal.ask({ t: "rest", method: "crm.contact.add", params: { fields: { NAME: "Ada" } } });
      assertError(reply.error, error);
      assert.equal(portal.sent.length, 1);
    });

    for (const step of [0, 1, 2]) {
      test(`${client}: ${title}: page ${step + 1} of a list ends with it, and can be asked for again`, async (t) => {
        const portal = new RestPortal(t, client, ...PAGES.slice(0, step), http, ...PAGES.slice(step));
        let reply = await portal.ask({ t: "rest", method: "m", params: { filter: { A: 1 } }, paged: true });
        for (let page = 0; page < step; page++) {
          assert.deepEqual(reply.result, PAGES[page]?.json.result);
          reply = await portal.ask({ t: "rest_next", of: reply.cursor });
        }
        assertError(reply.error, error);
        assert.equal(portal.sent.length, step + 1);

        const again =
          step === 0
            ? { t: "rest", method: "m", params: { filter: { A: 1 } }, paged: true }
            : { t: "rest_next", of: `r${step}` };
        reply = await portal.ask(again);
        assert.deepEqual(reply.result, PAGES[step]?.json.result);
        const starts = portal.sent.map(({ params }) => params.start);
        const wanted = [undefined, 50, 100].slice(0, step + 1);
        assert.deepEqual(starts, [...wanted, wanted.at(-1)]);
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
        assert.equal(portal.sent.length, 1);
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

    test(`${client}: a batch and a later page whose token is refused as expired ${what} are made again`, async (t) => {
      const batch = { json: { result: { result: { a: 1 }, result_error: [], result_total: [], result_next: [] } } };
      const portal = new RestPortal(t, client, http, batch, PAGES[0], http, PAGES[1]);
      assert.deepEqual((await portal.ask({ t: "rest_batch", calls: { a: ["m", {}] }, halt: true })).result, {
        a: { result: 1 },
      });
      const first = await portal.ask({ t: "rest", method: "m", params: {}, paged: true });
      assert.deepEqual((await portal.ask({ t: "rest_next", of: first.cursor })).result, [3, 4]);
    });
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
}
