import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { restAddress } from "../../../../static/page/client/rest.js";
import { portalFrame } from "../../../../static/page/portal_frame.js";
import { deferred, settled, stillClock } from "../../../support/fakes.mjs";
import { CLIENTS, RestPortal } from "../../../support/rest_portal.mjs";

/** What of Python's parameters goes out how. @type {Array<{title: string, params: any, json: string, query: string | null}>} */
const CASES = JSON.parse(readFileSync(new URL("../../../cases/rest_params.json", import.meta.url), "utf8"));

const DONE = { json: { result: true } };

/** @param {unknown} value the parts of an answer to a batch that are not given are PHP's empty lists */
const batchOf = (value) => ({
  json: { result: { result: [], result_error: [], result_total: [], result_next: [], .../** @type {any} */ (value) } },
});

for (const client of CLIENTS) {
  for (const { title, params, json, query } of CASES) {
    test(`${client}: a call sends what Python said: ${title}`, async (t) => {
      const portal = new RestPortal(t, client, DONE);
      await portal.ask({ t: "rest", method: "m", params });
      const body = portal.sent[0]?.init.body;
      assert.equal(body, json.replace(/\}$/, `${json === "{}" ? "" : ","}"auth":"token-1-of-the-portal"}`));
    });

    if (query !== null) {
      test(`${client}: a batch writes it down: ${title}`, async (t) => {
        const portal = new RestPortal(t, client, batchOf({}));
        await portal.ask({ t: "rest_batch", calls: { "key [1] & more": ["crm.item.list", params] }, halt: false });
        assert.deepEqual(portal.sent[0]?.params.cmd, { "key [1] & more": `crm.item.list?${query}` });
      });
    }
  }

  test(`${client}: a request goes to the portal alone, as JSON, without cookies, and never to another address`, async (t) => {
    const portal = new RestPortal(t, client, DONE);
    await portal.ask({ t: "rest", method: "crm.contact.get/../x", params: { id: 7 } });
    const [{ url, init }] = /** @type {[any]} */ (portal.sent);
    assert.equal(url, "https://portal.example/rest/crm.contact.get%2F..%2Fx.json");
    const { method, headers, cache, credentials, redirect } = init;
    assert.deepEqual(
      { method, headers, cache, credentials, redirect },
      {
        ...{ method: "POST", headers: { "Content-Type": "application/json" } },
        ...{ cache: "no-store", credentials: "omit", redirect: "error" },
      },
    );
  });

  test(`${client}: an app cannot put another token in the place of the portal's`, async (t) => {
    const portal = new RestPortal(t, client, DONE);
    await portal.ask({ t: "rest", method: "m", params: { auth: "mine" } });
    assert.equal(portal.sent[0]?.token, "token-1-of-the-portal");
  });

  test(`${client}: \`start\` asks for that page, and what it gives has no cursor`, async (t) => {
    const rows = Array.from({ length: 125 }, (_, index) => index);
    const portal = new RestPortal(t, client, ({ params: { start = 0 } }) => {
      const next = start + 50 < rows.length ? { next: start + 50 } : {};
      return { json: { result: rows.slice(start, start + 50), total: rows.length, ...next } };
    });
    /** @type {number[]} */
    const found = [];
    for (const start of [0, 50, 100]) {
      const reply = await portal.ask({ t: "rest", method: "crm.contact.list", params: { start } });
      found.push(...reply.result);
      assert.deepEqual([reply.total, reply.cursor], [125, undefined]);
    }
    assert.deepEqual(found, rows);
  });

  for (const next of [50, "50"]) {
    test(`${client}: a list goes on where the portal says: ${JSON.stringify(next)}`, async (t) => {
      const portal = new RestPortal(t, client, { json: { result: [1], next } }, { json: { result: [2] } });
      const first = await portal.ask({
        t: "rest",
        method: "m",
        params: { start: 0, order: { ID: "ASC" } },
        paged: true,
      });
      const second = await portal.ask({ t: "rest_next", of: first.cursor });
      assert.deepEqual([second.result, second.cursor], [[2], undefined]);
      assert.deepEqual(portal.sent[1]?.params, { start: 50, order: { ID: "ASC" } });
    });
  }

  test(`${client}: a batch gives each call its result or its named error, and says how to halt`, async (t) => {
    const error = { error: "ERROR_NOT_FOUND", error_description: "Not found" };
    const answer = batchOf({
      result: { a: 0, b: null, d: [1] },
      result_error: { c: error, e: "PLAIN" },
      result_total: { d: 1 },
    });
    for (const halt of [true, false]) {
      const portal = new RestPortal(t, client, answer);
      const calls = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((key) => [key, ["m", {}]]));
      const { result } = await portal.ask({ t: "rest_batch", calls, halt });
      assert.equal(portal.sent[0]?.params.halt, halt ? 1 : 0);
      assert.deepEqual(result, {
        a: { result: 0 },
        b: { result: null },
        c: { error: { code: "ERROR_NOT_FOUND", description: "Not found", status: 200 } },
        d: { result: [1] },
        e: { error: { code: "PLAIN", description: "", status: 200 } },
      });
    }
  });

  test(`${client}: a batch whose keys are numbers is answered by lists, and understood`, async (t) => {
    const portal = new RestPortal(t, client, batchOf({ result: ["x", "y"], result_total: [3, 4] }));
    const { result } = await portal.ask({ t: "rest_batch", calls: { 0: ["m", {}], 1: ["m", {}] }, halt: false });
    assert.deepEqual(result, { 0: { result: "x" }, 1: { result: "y" } });
  });

  for (const odd of [null, [], "x", { result: null }, { result: { a: { nothing: "more" } }, result_error: null }]) {
    test(`${client}: an odd answer to a batch (${JSON.stringify(odd)}) breaks nothing`, async (t) => {
      const portal = new RestPortal(t, client, { json: { result: odd } });
      const { result } = await portal.ask({ t: "rest_batch", calls: { a: ["m", {}] }, halt: false });
      assert.equal(typeof result, "object");
    });
  }

  test(`${client}: what of a batch cannot be written down is an error of each call, and nothing is sent`, async (t) => {
    const portal = new RestPortal(t, client, DONE);
    const { result } = await portal.ask({ t: "rest_batch", calls: { a: ["m", { text: "\ud800" }] }, halt: false });
    assert.equal(result.a.error.code, "CLIENT_FAILED");
    assert.equal(portal.sent.length, 0);
  });

  test(`${client}: a token that is too old by the client's clock is renewed first, once for all that wait`, async (t) => {
    const portal = new RestPortal(t, client, DONE);
    portal.fresh = false;
    await Promise.all(["a", "b", "c"].map((method) => portal.ask({ t: "rest", method, params: {} })));
    assert.equal(portal.refreshes, 1);
    assert.deepEqual(new Set(portal.sent.map(({ token }) => token)), new Set(["token-2-of-the-portal"]));
  });

  test(`${client}: a token that is not to be had is an error after 15 s, and the next request tries again`, async (t) => {
    const clock = stillClock(t);
    const portal = new RestPortal(t, client, DONE);
    portal.fresh = portal.givesTokens = false;
    const asked = portal.ask({ t: "rest", method: "m", params: {} });
    await settled();
    clock.tick(15_000);
    assert.equal((await asked).error.code, "CLIENT_FAILED");
    assert.equal(portal.sent.length, 0);

    portal.givesTokens = true;
    assert.equal((await portal.ask({ t: "rest", method: "m", params: {} })).result, true);
  });

  test(`${client}: a token that the portal repeats does not leave the page`, async (t) => {
    const portal = new RestPortal(t, client, ({ token }) => ({
      json: { result: { DOWNLOAD_URL: `https://portal.example/rest/download.json?auth=${token}&token=disk` } },
    }));
    const { result } = await portal.ask({ t: "rest", method: "disk.file.get", params: { id: 1 } });
    assert.equal(result.DOWNLOAD_URL, "https://portal.example/rest/download.json?auth=***&token=disk");

    for (const wrong of [
      (/** @type {any} */ { token }) => ({
        status: 400,
        json: { error: `X ${token}`, error_description: `bad ${token}` },
      }),
      (/** @type {any} */ { token }) => ({ status: 502, text: `<html>${token}</html>` }),
      (/** @type {any} */ { token }) => {
        throw new TypeError(`no route for ${token}`);
      },
    ]) {
      const failing = new RestPortal(t, client, wrong);
      await failing.ask({ t: "rest", method: "m", params: {} });
      await failing.ask({ t: "rest_batch", calls: { a: ["m", {}] }, halt: false });
      assert.equal(failing.replies.length, 2);
      assert.doesNotMatch(JSON.stringify(failing.replies), /token-1/);
    }
  });

  for (const kind of ["rest", "rest_batch", "rest_next"]) {
    test(`${client}: what Python has given up is aborted, and not answered: ${kind}`, async (t) => {
      const held = deferred();
      const portal = new RestPortal(t, client, { json: { result: [1], next: 50 } }, () => held.promise);
      const { cursor } = await portal.ask({ t: "rest", method: "m", params: {}, paged: true });
      const calls = { a: ["crm.contact.add", {}] };
      const asked = portal.ask({ t: kind, method: "crm.contact.add", params: {}, calls, halt: false, of: cursor });
      await settled();
      portal.executor.execute({ t: "cancel", id: "r2" }, () => assert.fail("nothing to say"));
      assert.equal(portal.sent[1]?.init.signal.aborted, true);
      held.resolve(DONE);
      assert.equal(await asked, undefined);
      assert.equal(portal.sent.length, 2);
    });
  }

  test(`${client}: what Python has given up before there was a token is not sent`, async (t) => {
    const portal = new RestPortal(t, client, (request) => {
      request.init.signal.throwIfAborted(); // as fetch does
      return DONE;
    });
    portal.fresh = false;
    const asked = portal.ask({ t: "rest", method: "crm.contact.add", params: {} });
    portal.executor.execute({ t: "cancel", id: "r1" }, () => {});
    assert.equal(await asked, undefined);
    assert.ok(portal.sent.every(({ init }) => init.signal.aborted));
  });

  test(`${client}: what Python has given up while its token was renewed is not sent again`, async (t) => {
    const expired = { status: 401, json: { error: "expired_token" } };
    const portal = new RestPortal(t, client, () => {
      portal.executor.execute({ t: "cancel", id: "r1" }, () => {});
      return expired;
    });
    assert.equal(await portal.ask({ t: "rest", method: "crm.contact.add", params: {} }), undefined);
    assert.equal(portal.sent.length, 1);
  });

  test(`${client}: when the interpreter is gone its requests are aborted`, async (t) => {
    const portal = new RestPortal(t, client, () => new Promise(() => {}));
    const asked = portal.ask({ t: "rest", method: "m", params: {} });
    await settled();
    portal.executor.abandon();
    assert.equal(portal.sent[0]?.init.signal.aborted, true);
    await asked;
  });

  test(`${client}: the text of an error is cut`, async (t) => {
    const long = { error: "E".repeat(10_000), error_description: "d".repeat(1_000_000), argument: "a".repeat(10_000) };
    const portal = new RestPortal(t, client, { status: 400, json: long }, batchOf({ result_error: { a: long } }));
    const call = await portal.ask({ t: "rest", method: "m", params: {} });
    const batch = await portal.ask({ t: "rest_batch", calls: { a: ["m", {}] }, halt: false });
    for (const { code, description, argument } of [call.error, batch.result.a.error]) {
      assert.deepEqual([code.length, description.length, argument.length], [200, 2000, 200]);
    }
  });
}

for (const [name, address] of [
  ["portal.example|1|sid", "https://portal.example/rest"],
  ["portal.example:443|1|sid", "https://portal.example/rest"],
  ["portal.example:80|0|sid", "http://portal.example/rest"],
  ["portal.example:8080|0|sid", "http://portal.example:8080/rest"],
]) {
  test(`the REST of ${name} is at ${address}`, () => {
    assert.equal(restAddress(portalFrame(/** @type {string} */ (name))), address);
  });
}
