/** The simulated portal's server: its files, and its REST over HTTP. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { portalServer } from "../../../static/portal/server.mjs";

/** @typedef {import("node:test").TestContext} TestContext */

/** Gives back what it was asked. */
const ECHO = {
  handle: async (/** @type {string} */ method, /** @type {Record<string, unknown>} */ params) => {
    return { status: method === "echo" ? 200 : 418, answer: { method, params } };
  },
};

/** @param {TestContext} t @param {object} [options] @returns {Promise<number>} its port */
async function serve(t, options) {
  const above = await mkdtemp(join(tmpdir(), "portal-"));
  const directory = join(above, "root");
  await mkdir(directory);
  await writeFile(join(directory, "index.html"), "portal");
  await writeFile(join(directory, "made.js"), "its source");
  await writeFile(join(above, "secret.txt"), "secret");
  await symlink(join(above, "secret.txt"), join(directory, "link.txt"));
  const instead = { "made.js": join(above, "secret.txt") };
  const server = portalServer({ rest: ECHO, directory, instead, ...options });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(above, { recursive: true });
  });
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

/**
 * @param {number} port
 * @param {string} method
 * @param {string} path
 * @param {{body?: string, headers?: Record<string, string>}} [options]
 * @returns {Promise<{status: number | undefined, text: string, headers: import("node:http").IncomingHttpHeaders}>}
 */
function ask(port, method, path, { body = "", headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ port, method, path, headers, agent: false }, async (answer) => {
      const text = Buffer.concat(await answer.toArray()).toString();
      resolve({ status: answer.statusCode, text, headers: answer.headers });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/**
 * What comes back for bytes that no client library would send.
 * @param {number} port
 * @param {string} bytes
 * @returns {Promise<string>}
 */
function answerTo(port, bytes) {
  return new Promise((resolve) => {
    let came = "";
    const connection = connect(port, "127.0.0.1", () => connection.end(bytes));
    connection.on("data", (chunk) => {
      came += chunk;
    });
    connection.on("error", () => {});
    connection.on("close", () => resolve(came));
  });
}

const JSON_BODY = { "Content-Type": "application/json" };

test("the portal's page is served at its root, and nothing outside is", async (t) => {
  const port = await serve(t);
  const { status, text, headers } = await ask(port, "GET", "/?app=x");
  assert.deepEqual([status, text, headers["content-type"]], [200, "portal", "text/html; charset=utf-8"]);
  for (const path of ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/link.txt"]) {
    assert.equal((await ask(port, "GET", path)).status, 404, path);
  }
  assert.equal((await ask(port, "POST", "/")).status, 405);
  assert.equal((await ask(port, "HEAD", "/")).text, "");
});

test("the portal's files are asked for each time, or kept as long as nobody edits them; REST is never kept", async (t) => {
  for (const [options, control] of /** @type {const} */ ([
    [{}, "no-cache"],
    [{ keepS: 60 }, "max-age=60"],
  ])) {
    const port = await serve(t, options);
    assert.equal((await ask(port, "GET", "/")).headers["cache-control"], control);
    assert.equal((await ask(port, "GET", "/made.js")).headers["cache-control"], control);
    assert.equal((await ask(port, "GET", "/nowhere.js")).headers["cache-control"], "no-store");
    assert.equal((await ask(port, "GET", "/rest/echo")).headers["cache-control"], "no-store");
  }
});

test("what had to be made is served in place of its source", async (t) => {
  assert.equal((await ask(await serve(t), "GET", "/made.js")).text, "secret");
});

test("REST takes JSON and forms", async (t) => {
  const port = await serve(t);
  for (const path of ["/rest/echo", "/rest/echo.json"]) {
    const json = await ask(port, "POST", path, { body: '{"filter": {"ID": 7}}', headers: JSON_BODY });
    assert.deepEqual(JSON.parse(json.text), { method: "echo", params: { filter: { ID: 7 } } });
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const form = await ask(port, "POST", `${path}?start=50`, { body: "filter[ID]=7", headers });
    assert.deepEqual(JSON.parse(form.text), { method: "echo", params: { start: "50", filter: { ID: "7" } } });
  }
});

test("a body that has no parameters gives none", async (t) => {
  const port = await serve(t);
  for (const body of ["[1", "[1]", "null", '"text"', ""]) {
    const { text } = await ask(port, "POST", "/rest/echo", { body, headers: JSON_BODY });
    assert.equal(Array.isArray(JSON.parse(text).params), false);
    assert.equal(JSON.parse(text).params.auth, undefined);
  }
});

test("a body of more than a megabyte is refused", async (t) => {
  const port = await serve(t);
  const longest = `{"a": "${"x".repeat((1 << 20) - 9)}"}`;
  assert.equal((await ask(port, "POST", "/rest/echo", { body: longest, headers: JSON_BODY })).status, 200);
  const request = `POST /rest/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${1 << 21}\r\n\r\n`;
  assert.match(await answerTo(port, request + "x".repeat((1 << 20) + 1)), /^HTTP\/1.1 413 /);
});

test("REST may be asked from other origins", async (t) => {
  const port = await serve(t);
  const { status, headers } = await ask(port, "OPTIONS", "/rest/echo.json");
  assert.deepEqual([status, headers["access-control-allow-origin"]], [204, "*"]);
  assert.equal((await ask(port, "POST", "/rest/echo.json")).headers["access-control-allow-origin"], "*");
});

test("the status of the answer is that of the method", async (t) => {
  assert.equal((await ask(await serve(t), "POST", "/rest/coffee.json")).status, 418);
});

test("a path that no file can have is not found", async (t) => {
  const port = await serve(t);
  const long = [`/${"a".repeat(5000)}`, `/${"a/".repeat(3000)}`];
  for (const path of ["/%00", "/a%00.js", "/%ff", "/index.html/x", "/rest/%00.json", "/%5c..%5cx", ...long]) {
    assert.equal((await ask(port, "GET", path)).status, 404, path.slice(0, 20));
  }
});

test("an address that is none is refused", async (t) => {
  const request = "GET http://[ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  assert.match(await answerTo(await serve(t), request), /^HTTP\/1.1 400 /);
});

const CHUNKED = "POST /rest/echo.json HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";

test("trailers are dropped and do not go on for ever", async (t) => {
  const port = await serve(t);
  assert.match(await answerTo(port, `${CHUNKED}${"a: b\r\n".repeat(10)}\r\n`), /^HTTP\/1.1 200 /);
  const closed = new Promise((resolve) => {
    const connection = connect(port, "127.0.0.1", () => connection.write(CHUNKED));
    const more = () => connection.writable && connection.write("a: b\r\n".repeat(1000), more);
    connection.on("connect", more).on("error", () => {});
    connection.on("close", resolve).resume();
  });
  await closed; // it answers, and closes
});

test("a request that trickles in is cut off", async (t) => {
  const port = await serve(t, { requestMs: 300 });
  await new Promise((resolve) => {
    const connection = connect(port, "127.0.0.1", () => connection.write("GET / HTTP/1.1\r\n"));
    const trickle = setInterval(() => connection.write("a"), 50);
    connection.on("error", () => {});
    connection.on("close", () => resolve(clearInterval(trickle))).resume();
  });
});

test("a name that is not of this machine is refused", async (t) => {
  const port = await serve(t);
  const others = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "192.0.2.1"];
  for (const path of ["/", "/rest/echo.json"]) {
    for (const host of others) {
      const { status, text } = await ask(port, "GET", path, { headers: { host } });
      assert.deepEqual([status, text], [421, "421 Misdirected Request\n"], host);
    }
    assert.match(await answerTo(port, `GET ${path} HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n`), /^HTTP\/1.1 421 /);
  }
});

test("names of this machine are answered", async (t) => {
  const port = await serve(t);
  for (const host of ["127.0.0.1", "localhost:8080", "portal.localhost:8000", "[::1]:80", "LOCALHOST"]) {
    assert.equal((await ask(port, "GET", "/", { headers: { host } })).status, 200, host);
  }
});

test("two names are refused", async (t) => {
  const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
  assert.match(await answerTo(await serve(t), request), /^HTTP\/1.1 421 /);
});

test("the simulation is not operated by pages of others", async (t) => {
  const port = await serve(t);
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1"]) {
    const headers = { ...JSON_BODY, origin };
    for (const method of ["simulation.session", "Simulation.configure", "simulation.refresh"]) {
      assert.equal((await ask(port, "POST", `/rest/${method}.json`, { body: "{}", headers })).status, 403);
    }
    assert.equal((await ask(port, "POST", "/rest/echo.json", { body: "{}", headers })).status, 200);
  }
  const host = `portal.localhost:${port}`;
  const own = await ask(port, "POST", "/rest/simulation.session", { headers: { host, origin: `http://${host}` } });
  assert.equal(own.status, 418, "the portal's own page reaches it");
});
