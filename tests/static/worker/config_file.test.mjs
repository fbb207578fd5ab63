import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../../static/worker/config_file.js";

/** @param {object} answer */
const giving = (answer) => {
  /** @type {any[]} */
  const asked = [];
  const get = /** @type {typeof fetch} */ (
    /** @type {unknown} */ (
      async (/** @type {string} */ url, /** @type {RequestInit} */ { cache }) => {
        asked.push([url, cache]);
        return answer;
      }
    )
  );
  return { asked, get };
};

test("the settings are read past the browser's cache", async () => {
  const { asked, get } = giving({ ok: true, text: async () => "{}" });
  assert.deepEqual(await readConfig("https://app.example/worker-py.json", { get }), { text: "{}", problem: "" });
  assert.deepEqual(asked, [["https://app.example/worker-py.json", "no-store"]]);
});

test("a file that is not there is told with what the server answers", async () => {
  const { get } = giving({ ok: false, status: 404 });
  assert.deepEqual(await readConfig("u", { get }), { text: null, problem: "the server answers 404" });
});

test("a server that does not answer is not waited for", async () => {
  const get = /** @type {typeof fetch} */ (
    (_, options) =>
      new Promise((_resolve, reject) =>
        options?.signal?.addEventListener("abort", () => reject(options.signal?.reason)),
      )
  );
  const alive = setTimeout(() => {}, 1000); // the signal's own timer keeps no process alive
  const { text, problem } = await readConfig("u", { get, patienceMs: 1 });
  clearTimeout(alive);
  assert.equal(text, null);
  assert.match(problem, /timeout/);
});
