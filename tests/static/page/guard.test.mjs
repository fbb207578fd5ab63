import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Script } from "node:vm";
import { settled, stillClock, withGlobals } from "../../support/fakes.mjs";

/** It is no module: it has to run where modules do not load. */
const GUARD = new Script(readFileSync(new URL("../../../static/page/guard.js", import.meta.url), "utf8"));
const ASSETS = "https://app.example/assets/b1/";
const INSTALL = `${ASSETS}install.js`;
const NAMED = [
  ["client", "https://portal.example/api.js"],
  ["shim-module", `${ASSETS}shim.js`],
  ["install-module", INSTALL],
  ["page", `${ASSETS}a.js`],
  ["page-module", `${ASSETS}b.js`],
];

/**
 * A page whose first script has run.
 * @param {import("node:test").TestContext} t
 * @param {(url: string) => boolean | null} comes which scripts do, `null` for neither that nor a failure; what they
 *   define is there then
 * @param {string} [search] the address's query
 * @param {boolean} [normalizes] the browser takes an address for the same in whatever spelling
 */
function page(t, comes, search = "?DOMAIN=portal.example", normalizes = false) {
  const clock = stillClock(t);
  t.mock.method(console, "error", () => {});
  /** @type {string[]} */
  const asked = [];
  /** @type {Array<() => void>} */
  const loads = [];
  /** @type {string[]} */
  const told = [];
  const window = { name: "portal.example|1|sid" };
  /** @type {Array<[string, string]>} */
  const fetched = [];
  /** What has come by the browser's count. @type {Array<{name: string}>} */
  const entries = [];
  t.mock.method(performance, "getEntriesByType", () => entries);
  t.mock.method(performance, "mark", (/** @type {string} */ name) => told.push(name));
  const document = {
    baseURI: "https://app.example/?DOMAIN=portal.example",
    getElementById: () => ({ textContent: JSON.stringify({ build: "b1", client: "bx24" }) }),
    querySelectorAll: (/** @type {string} */ selector) => {
      if (selector === "link[rel=modulepreload]") {
        return [{ href: `${ASSETS}shim.js` }, { href: `${ASSETS}link.js` }];
      }
      const kind = /worker-py\/(\w+)/.exec(selector)?.[1] ?? "none";
      return NAMED.filter(([type]) => type.startsWith(kind)).map(([type, src]) => ({ type: `worker-py/${type}`, src }));
    },
    createElement: () => ({}),
    head: {
      append: (/** @type {any} */ script) => {
        asked.push(script.src);
        queueMicrotask(() => {
          const came = comes(script.src);
          if (!came) {
            if (came === false) {
              script.onerror();
            }
            return;
          }
          if (script.src.endsWith("shim.js")) {
            Object.assign(window, { workerPy: {} });
          } else if (script.src.endsWith("install.js")) {
            Object.assign(window, { [Symbol.for("worker-py.install")]: true });
          } else if (script.src.endsWith("api.js")) {
            Object.assign(globalThis, { BX24: {} });
          }
          script.onload();
        });
      },
    },
    dispatchEvent: (/** @type {Event} */ event) => told.push(event.type),
  };
  withGlobals(t, {
    document,
    window,
    location: { search },
    fetch: async (/** @type {string} */ url, /** @type {RequestInit | undefined} */ options) => {
      fetched.push([url, options?.cache ?? "default"]);
      return { url: normalizes ? decodeURIComponent(url) : url };
    },
    addEventListener: (/** @type {string} */ type, /** @type {() => void} */ listener) => {
      assert.equal(type, "load");
      loads.push(listener);
    },
    dispatchEvent: (/** @type {Event} */ event) => told.push(event.type),
  });
  t.after(() => Reflect.deleteProperty(globalThis, "BX24"));
  GUARD.runInThisContext();
  return { asked, fetched, told, clock, entries, load: () => loads.forEach((listener) => void listener()) };
}

test("nothing is loaded before the document's load has passed, and then all in order", async (t) => {
  const { asked, told, load } = page(t, () => true);
  await settled();
  assert.deepEqual(asked, []);
  load();
  await settled();
  assert.deepEqual(
    asked,
    NAMED.map(([, src]) => src).filter((src) => src !== INSTALL),
  );
  assert.deepEqual(told, ["DOMContentLoaded", "load", "worker-py:scripts"]);
});

test("a module of ours that did not come is asked for by another spelling of its folder, later and later", async (t) => {
  let tries = 0;
  const { asked, clock, load } = page(t, (url) => !url.endsWith("shim.js") || ++tries > 3);
  load();
  await settled();
  for (const ms of [1000, 2000, 4000]) {
    clock.tick(ms - 1);
    await settled();
    const before = asked.length;
    clock.tick(1);
    await settled();
    assert.ok(asked.length > before);
  }
  const shims = asked.filter((url) => url.endsWith("shim.js"));
  assert.deepEqual(shims, [
    `${ASSETS}shim.js`,
    "https://app.example/assets/%621/shim.js",
    "https://app.example/assets/b%31/shim.js",
    "https://app.example/assets/%62%31/shim.js",
  ]);
  assert.ok(shims.every((url) => decodeURIComponent(url) === `${ASSETS}shim.js`));
});

for (const normalizes of [false, true]) {
  test(`the next page finds a whole module where another spelling ${normalizes ? "is no other address" : "heals this one"}`, async (t) => {
    let tries = 0;
    const comes = (/** @type {string} */ url) => !url.endsWith("shim.js") || ++tries > 1;
    const { fetched, clock, load } = page(t, comes, undefined, normalizes);
    load();
    await settled();
    assert.deepEqual(fetched, []);
    clock.tick(1000);
    await settled();
    const files = ["shim.js", "link.js"];
    const wanted = files.map((name) => [`https://app.example/assets/%621/${name}`, "default"]);
    assert.deepEqual(fetched, [...wanted, ...(normalizes ? files.map((name) => [ASSETS + name, "reload"]) : [])]);
  });
}

test("a module of ours that is silent is loaded again when nothing of ours came for half a minute, and not before", async (t) => {
  const { asked, clock, entries, load } = page(t, (url) => (url.endsWith("shim.js") ? null : true));
  const shims = () => asked.filter((url) => url.endsWith("shim.js")).length;
  load();
  await settled();
  for (let file = 0; file < 10; file++) {
    entries.push({ name: `${ASSETS}${file}.js` });
    clock.tick(30_000);
    await settled();
  }
  assert.equal(shims(), 1, "a slow network is not asked for all of it once again");
  entries.push({ name: "https://portal.example/rest/profile" });
  for (const ms of [30_000, 1000, 0]) {
    clock.tick(ms);
    await settled();
  }
  assert.equal(shims(), 2);
});

test("a client that never comes does not hold up the page, and is asked for again", async (t) => {
  const { asked, told, clock, load } = page(t, (url) => !url.endsWith("api.js"));
  load();
  await settled();
  clock.tick(1000);
  await settled();
  assert.equal(asked.filter((url) => url.endsWith("shim.js")).length, 1);
  const before = asked.filter((url) => url.endsWith("api.js")).length;
  clock.tick(30_000);
  await settled();
  assert.ok(asked.filter((url) => url.endsWith("api.js")).length > before);
  assert.ok(told.includes("load"));
});

test("the install page's script is loaded where it is asked for, and again by another spelling until it came", async (t) => {
  let tries = 0;
  const comes = (/** @type {string} */ url) => !url.endsWith("install.js") || ++tries > 2;
  const { asked, clock, load } = page(t, comes, "?install&DOMAIN=portal.example");
  load();
  await settled();
  for (const ms of [1000, 2000, 4000, 8000]) {
    clock.tick(ms);
    await settled();
  }
  assert.deepEqual(
    asked.filter((url) => url.endsWith("install.js")),
    [INSTALL, "https://app.example/assets/%621/install.js", "https://app.example/assets/b%31/install.js"],
  );
  assert.ok(asked.indexOf(`${ASSETS}shim.js`) < asked.indexOf(INSTALL));
});
