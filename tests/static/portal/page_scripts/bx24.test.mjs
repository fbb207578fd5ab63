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

/** The rows of the table in docs/portal.md that are held here: what stands in the stand-in's column. @type {Map<string, string>} */
const held = new Map();

/** A test of a row of that table. @param {string} label @param {string} cell @param {() => void} check @param {string} [more] */
function row(label, cell, check, more = "") {
  held.set(label, cell);
  test(`${label}${more}: ${cell}`, check);
}

row("`start` of the caller", "deleted", () => {
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

row("carries parameters as", "as the newer copy", () => {
  const { BX24, requests, tick } = frame();
  BX24.callMethod("profile", { id: 7 }, () => {});
  assert.equal(requests.length, 0, "put off by a timer, which a hidden frame has once a second");
  tick();
  assert.equal(requests[0]?.url, "https://portal.example/rest/profile.json");
  assert.equal(requests[0]?.form, "auth=t1&id=7");
});

const SERVER_ERROR = "status 5xx, `QUERY_LIMIT_EXCEEDED` among them";

for (const [label, http, more] of /** @type {Array<[string, Http, string]>} */ ([
  ["lost connection", null, ""],
  [SERVER_ERROR, { status: 500, text: '{"error":"INTERNAL_SERVER_ERROR"}' }, " (500)"],
  [SERVER_ERROR, { status: 503, text: '{"error":"QUERY_LIMIT_EXCEEDED"}' }, " (503)"],
  ["answer that is no JSON", { status: 200, text: "<html>" }, ""],
])) {
  const check = () => {
    const { BX24, requests, tick } = frame();
    BX24.callMethod("profile", {}, () => assert.fail("called back"));
    BX24.callBatch({ a: ["profile", {}] }, () => assert.fail("called back"));
    tick();
    assert.equal(requests.length, 2);
    for (const { answer } of requests) {
      assert.throws(
        () => answer(http),
        (problem) => problem === "Query error!",
      );
    }
  };
  row(label, "thrown; no callback", check, more);
}

row("no answer", "waits for ever", () => {
  const { BX24, requests, tick } = frame();
  BX24.callMethod("profile", {}, () => assert.fail("called back"));
  for (let turn = 0; turn < 100; turn++) {
    tick();
  }
  assert.equal(requests.length, 1, "given up and sent again");
});

row("many requests at once", "all are sent", () => {
  const { BX24, requests, tick } = frame();
  for (let count = 0; count < 200; count++) {
    BX24.callMethod("profile", {}, () => {});
  }
  tick();
  assert.equal(requests.length, 200);
});

test("a refusal with a status below 500 reaches the callback", () => {
  const { BX24, requests, tick, json } = frame();
  /** @type {any} */
  let result;
  BX24.callMethod("m", {}, (/** @type {any} */ given) => {
    result = given;
  });
  tick();
  requests[0]?.answer(json({ error: "ACCESS_DENIED", error_description: "Access denied!" }, 403));
  const { status, ex } = result.error();
  assert.deepEqual([status, ex.error, ex.error_description], [403, "ACCESS_DENIED", "Access denied!"]);
});

row("nothing, with status 200", "`{}`", () => {
  const { BX24, requests, tick } = frame();
  /** @type {any} */
  let result;
  BX24.callMethod("m", {}, (/** @type {any} */ given) => {
    result = given;
  });
  tick();
  requests[0]?.answer({ status: 200, text: "" });
  assert.equal(result.error(), undefined);
  assert.equal(JSON.stringify(result.data()), "{}");
});

row('batch: a result that is `0`, `""`, `false`', "kept", () => {
  const { BX24, requests, tick, json } = frame();
  /** @type {any} */
  let results;
  BX24.callBatch({ a: ["m", {}], b: ["m", {}], c: ["m", {}] }, (/** @type {any} */ given) => {
    results = given;
  });
  tick();
  const result = { a: 0, b: "", c: false };
  requests[0]?.answer(json({ result: { result, result_error: [], result_total: [], result_next: [] } }));
  assert.deepEqual([results.a.data(), results.b.data(), results.c.data()], [0, "", false]);
});

row("batch refused as a whole", "throws; no callback", () => {
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

/** @param {unknown} params @param {string} form */
function goesOutAs(params, form) {
  const { BX24, requests, tick } = frame();
  BX24.callMethod("m", params, () => {});
  tick();
  assert.equal(requests[0]?.form, `auth=t1&${form}`);
}

row("`false`, `true`", '`"false"`, `"true"`', () => goesOutAs({ yes: true, no: false }, "yes=true&no=false"));
row("`null`, `{}`", "dropped", () => goesOutAs({ nothing: null, object: {}, deep: { a: null, b: {} } }, ""));
row("`[]`", '`""`', () => goesOutAs({ list: [], deep: { list: [] } }, "list=&deep[list]="));
test("nested parameters go out under names in brackets", () => {
  const params = { deep: { a: { b: ["x", { c: 1 }] } }, plain: "+&=" };
  goesOutAs(params, "plain=%2B%26%3D&deep[a][b][0]=x&deep[a][b][1][c]=1");
});

row("`expired_token`", "as often as it comes", () => {
  const { BX24, requests, wire, tick, json } = frame();
  BX24.callMethod("a", {}, () => assert.fail("called back"));
  for (let count = 1; count <= 5; count++) {
    tick();
    assert.equal(requests.at(-1)?.form, `auth=t${count}&`);
    requests.at(-1)?.answer(json({ error: "expired_token" }, 401));
    wire.shift()?.answer({ AUTH_ID: `t${count + 1}`, REFRESH_ID: "r", AUTH_EXPIRES: 3600 });
  }
  assert.equal(requests.length, 5);
});

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

test("the table in docs/portal.md has these rows, and says of the stand-in what is held here", () => {
  const page = readFileSync(new URL("../../../../docs/portal.md", import.meta.url), "utf8");
  const lines = page.split("\n");
  const head = lines.findIndex((line) => line.startsWith("| | `BX24.js`, older copy |"));
  const body = lines.slice(head + 2);
  const told = body
    .slice(
      0,
      body.findIndex((line) => !line.startsWith("|")),
    )
    .map((line) => line.split("|").map((cell) => cell.trim()));
  assert.ok(told.every((cells) => cells.length === 7));
  assert.deepEqual(Object.fromEntries(told.map((cells) => [cells[1], cells[5]])), Object.fromEntries(held));
});
