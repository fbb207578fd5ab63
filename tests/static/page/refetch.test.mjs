import assert from "node:assert/strict";
import { test } from "node:test";
import { refetch } from "../../../static/page/refetch.js";
import { withGlobals } from "../../support/fakes.mjs";

/** @type {Record<string, string>} */
const MODULES = {
  "http://h/a/worker.js": 'import { b } from "./b.js";\nimport {\n  c,\n  d,\n} from "./c.js";\nconst x = "./no.js";\n',
  "http://h/a/b.js": 'import "./worker.js";\nexport { e } from "./e.js";\n',
  "http://h/a/c.js": "",
};

test("a module and its imports are each taken once past the cache, also when one cannot be had", async (t) => {
  /** @type {string[]} */
  const asked = [];
  const fetch = async (/** @type {string} */ url, /** @type {RequestInit} */ options) => {
    assert.deepEqual(options, { cache: "reload" });
    asked.push(url);
    if (!(url in MODULES)) {
      throw new TypeError("Failed to fetch");
    }
    return { text: async () => MODULES[url] };
  };
  withGlobals(t, { fetch });
  await refetch("http://h/a/worker.js");
  assert.deepEqual(asked.sort(), ["http://h/a/b.js", "http://h/a/c.js", "http://h/a/e.js", "http://h/a/worker.js"]);
});

test("where a copy in the cache will do, it does for all of them", async (t) => {
  /** @type {unknown[]} */
  const caches = [];
  const fetch = async (/** @type {string} */ url, /** @type {RequestInit} */ { cache }) => {
    caches.push(cache);
    return { text: async () => MODULES[url] ?? "" };
  };
  withGlobals(t, { fetch });
  await refetch("http://h/a/worker.js", "default");
  assert.deepEqual(caches, Array(4).fill("default"));
});

test("what a module imports only once it runs is taken along, from other folders too, and what a comment names is not", async (t) => {
  /** @type {Record<string, string>} */
  const modules = {
    "http://h/a/shim.js":
      'import { c } from "./c.js";\n/** @type {import("./types.js").T} */\nconst l = import("./live/l.js").then();\nawait import(\n  "./m.mjs"\n);\n',
    "http://h/a/c.js": "",
    "http://h/a/live/l.js": 'import { d } from "../d.js";\n',
    "http://h/a/d.js": "",
    "http://h/a/m.mjs": "",
  };
  /** @type {string[]} */
  const asked = [];
  const fetch = async (/** @type {string} */ url) => {
    asked.push(url);
    return { text: async () => modules[url] ?? "" };
  };
  withGlobals(t, { fetch });
  await refetch("http://h/a/shim.js");
  assert.deepEqual(asked.sort(), Object.keys(modules).sort());
});
