/** The stand-in of the official client does in REST what two public copies of the original do: docs/portal.md has the table. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";

const SOURCE = readFileSync(new URL("../../../../static/portal/page_scripts/bx24.js", import.meta.url), "utf8");

/** @typedef {{status: number, text: string} | null} Http `null`: the connection is lost */

/**
 * The stand-in in a frame of its own, at a portal that the test plays.
 * @param {{expires?: number, rest?: string}} [session]
 */
function frame({ expires = 3600, rest = "http" } = {}) {
  /** @type {Array<{url: string, form: string, answer: (http: Http) => void}>} */
  const requests = [];
  /** What went over the wire to the portal, but what the client asks for by itself. @type {Array<{method: string, params: any, answer: (payload: unknown) => void}>} */
  const wire = [];
  /** @type {Array<() => void>} */
  const timers = [];
  /** @type {(event: any) => void} */
  let receive = () => {};
  class XMLHttpRequest {
    url = "";
    status = 0;
    responseText = "";
    onload = () => {};
    onerror = () => {};
    open(/** @type {string} */ _method, /** @type {string} */ url) {
      this.url = url;
    }
    send(/** @type {string} */ form) {
      const answer = (/** @type {Http} */ http) => {
        if (http === null) {
          this.onerror();
          return;
        }
        Object.assign(this, { status: http.status, responseText: http.text });
        this.onload();
      };
      requests.push({ url: this.url, form, answer });
    }
  }
  const parent = {
    postMessage(/** @type {string} */ message) {
      const [method = "", ...more] = message.split(":");
      const callback = more.at(-2);
      const json = more.slice(0, -2).join(":");
      const answer = (/** @type {unknown} */ payload) =>
        receive({ origin: "https://portal.example", data: `${callback}:${JSON.stringify(payload)}` });
      wire.push({ method, params: json === "" ? undefined : JSON.parse(json), answer });
    },
  };
  const window = {
    name: "portal.example|1|sid",
    parent,
    addEventListener: (/** @type {string} */ _type, /** @type {(event: any) => void} */ listener) => {
      receive = listener;
    },
    fetch: () => "the browser's",
  };
  const context = createContext({
    ...{ window, XMLHttpRequest, URLSearchParams, Date, Response, location: { search: "" } },
    ...{ setTimeout: (/** @type {() => void} */ run) => timers.push(run), document: { readyState: "complete" } },
  });
  runInContext(SOURCE, context);
  const tick = () => {
    for (const run of timers.splice(0)) {
      run();
    }
  };
  wire.shift()?.answer({ AUTH_ID: "t1", REFRESH_ID: "r1", AUTH_EXPIRES: expires, MEMBER_ID: "m", REST: rest });
  const BX24 = /** @type {any} */ (window).BX24;
  const json = (/** @type {unknown} */ value, status = 200) => ({ status, text: JSON.stringify(value) });
  return { BX24, window: /** @type {any} */ (window), requests, wire, tick, json };
}

test("a caller's own `start` is lost, and taken out of its parameters; the result's next pages come", () => {
  const { BX24, requests, tick, json } = frame();
  const params = { start: 50, order: { ID: "ASC" } };
  /** @type {any} */
  let result;
  BX24.callMethod("crm.contact.list", params, (/** @type {any} */ given) => {
    result = given;
  });
  tick();
  assert.equal(requests[0]?.form, "auth=t1&order[ID]=ASC");
  assert.deepEqual(params, { order: { ID: "ASC" } });
  requests[0]?.answer(json({ result: [1], next: 50 }));
  assert.equal(JSON.stringify([result.data(), result.more()]), "[[1],true]");
  result.next((/** @type {any} */ given) => {
    result = given;
  });
  tick();
  assert.equal(requests[1]?.form, "auth=t1&start=50&order[ID]=ASC");
  requests[1]?.answer(json({ result: [2] }));
  assert.equal(JSON.stringify([result.data(), result.more(), result.next(() => {})]), "[[2],false,false]");
});

test("a request waits for a timer, which a hidden frame has once a second", () => {
  const { BX24, requests, tick } = frame();
  BX24.callMethod("profile", {}, () => {});
  assert.equal(requests.length, 0);
  tick();
  assert.equal(requests[0]?.url, "https://portal.example/rest/profile.json");
});

for (const [what, http] of /** @type {Array<[string, Http]>} */ ([
  ["a lost connection", null],
  ["status 500", { status: 500, text: '{"error":"INTERNAL_SERVER_ERROR"}' }],
  ["the rate limit", { status: 503, text: '{"error":"QUERY_LIMIT_EXCEEDED"}' }],
  ["what is no JSON", { status: 200, text: "<html>" }],
])) {
  test(`${what} is thrown, and nobody is called back`, () => {
    const { BX24, requests, tick } = frame();
    BX24.callMethod("profile", {}, () => assert.fail("called back"));
    BX24.callBatch({ a: ["profile", {}] }, () => assert.fail("called back"));
    tick();
    for (const { answer } of requests) {
      assert.throws(
        () => answer(http),
        (problem) => problem === "Query error!",
      );
    }
  });
}

test("a refusal with a status below 500 reaches the callback; nothing at all is an empty result", () => {
  const { BX24, requests, tick, json } = frame();
  /** @type {any[]} */
  const results = [];
  for (let count = 0; count < 2; count++) {
    BX24.callMethod("m", {}, (/** @type {any} */ given) => results.push(given));
  }
  tick();
  requests[0]?.answer(json({ error: "ACCESS_DENIED", error_description: "Access denied!" }, 403));
  requests[1]?.answer({ status: 200, text: "" });
  const { status, ex } = results[0].error();
  assert.deepEqual([status, ex.error, ex.error_description], [403, "ACCESS_DENIED", "Access denied!"]);
  assert.equal(results[1].error(), undefined);
  assert.equal(JSON.stringify(results[1].data()), "{}");
});

test("a batch that was refused as a whole is read as if it had parts", () => {
  const { BX24, requests, tick, json } = frame();
  BX24.callBatch({ a: ["m", {}] }, () => assert.fail("called back"));
  tick();
  assert.throws(() => requests[0]?.answer(json({ error: "ACCESS_DENIED" }, 403)), /reading 'result'/);
});

test("a batch gives results and errors under its keys, and says how to halt", () => {
  const { BX24, requests, tick, json } = frame();
  /** @type {any} */
  let results;
  const calls = { a: ["m", { x: 1 }], b: { method: "n", params: { y: [2] } }, c: ["o", {}] };
  BX24.callBatch(calls, (/** @type {any} */ given) => (results = given), true);
  tick();
  const cmd = "cmd[a]=m%3Fx%3D1&cmd[b]=n%3Fy%5B0%5D%3D2&cmd[c]=o%3F";
  assert.equal(requests[0]?.form, `auth=t1&halt=1&${cmd}`);
  const parts = { result: { a: 1 }, result_error: { b: { error: "NO" } }, result_total: [], result_next: { a: 50 } };
  requests[0]?.answer(json({ result: parts }));
  assert.deepEqual([Object.keys(results), results.a.data(), results.a.more()], [["a", "b"], 1, true]);
  assert.equal(results.b.error().ex.error, "NO");
});

for (const [params, form] of /** @type {Array<[unknown, string]>} */ ([
  [{ yes: true, no: false }, "yes=true&no=false"],
  [{ nothing: null, object: {}, deep: { a: null, b: {} } }, ""],
  [{ list: [], deep: { list: [] } }, "list=&deep[list]="],
  [{ deep: { a: { b: ["x", { c: 1 }] } }, plain: "+&=" }, "plain=%2B%26%3D&deep[a][b][0]=x&deep[a][b][1][c]=1"],
])) {
  test(`${JSON.stringify(params)} goes out as "${form}"`, () => {
    const { BX24, requests, tick } = frame();
    BX24.callMethod("m", params, () => {});
    tick();
    assert.equal(requests[0]?.form, `auth=t1&${form}`);
  });
}

test("a token that the portal calls expired, or that is old by the clock, is renewed for each request by itself", () => {
  const { BX24, requests, wire, tick, json } = frame();
  for (const method of ["a", "b"]) {
    BX24.callMethod(method, {}, () => {});
  }
  tick();
  for (const { answer } of requests.splice(0)) {
    answer(json({ error: "expired_token" }, 401));
  }
  assert.deepEqual(
    wire.map(({ method }) => method),
    ["refreshAuth", "refreshAuth"],
  );
  for (const [index, { answer }] of wire.splice(0).entries()) {
    answer({ AUTH_ID: `t${index + 2}`, REFRESH_ID: "r", AUTH_EXPIRES: 3600 });
  }
  tick();
  assert.deepEqual(
    requests.map(({ form }) => form),
    ["auth=t2&", "auth=t3&"],
  );

  const old = frame({ expires: -1 });
  assert.equal(old.BX24.getAuth(), false);
  old.BX24.callMethod("a", {}, () => {});
  assert.deepEqual(
    old.wire.map(({ method }) => method),
    ["refreshAuth"],
  );
});

test("where the portal has its REST in its own page, requests and the page's own fetch go over the wire", async () => {
  const { BX24, window, requests, wire, tick } = frame({ rest: "page" });
  /** @type {any} */
  let result;
  BX24.callMethod("m", { a: false }, (/** @type {any} */ given) => {
    result = given;
  });
  tick();
  assert.deepEqual(wire[0]?.params, { method: "m", params: "auth=t1&a=false" });
  wire.shift()?.answer({ status: 200, answer: { result: 7 } });
  assert.equal(result.data(), 7);

  const asked = window.fetch("https://portal.example/rest/crm.contact.get.json", { body: '{"id":7}' });
  assert.deepEqual(wire[0]?.params, { method: "crm.contact.get", params: { id: 7 } });
  wire.shift()?.answer({ status: 404, answer: { error: "X" } });
  const response = await asked;
  assert.deepEqual([response.status, await response.json()], [404, { error: "X" }]);

  const controller = new AbortController();
  const given = window.fetch("https://portal.example/rest/m.json", { body: "{}", signal: controller.signal });
  controller.abort();
  await assert.rejects(given, { name: "AbortError" });

  assert.equal(window.fetch("https://portal.example/other.json"), "the browser's");
  assert.equal(requests.length, 0);
});
