import assert from "node:assert/strict";
import { test } from "node:test";
import { Follower } from "../../../static/live/follow.js";

const FIRST = {
  ...{ name: "app.py", number: 1, version: "one", saved: 5, archive: "QQ==", builds: ["b1"], why: "", problem: null },
};

/** @param {object | null} state of the server @param {object} [answer] of Python */
async function page(state, answer = { outcome: "applied", error: null }) {
  const [began, ran, told, asked] = /** @type {[any[], any[], any[], any[]]} */ ([[], [], [], []]);
  /** @type {(news: any) => void} */
  let news = () => {};
  const live = {
    begin: (/** @type {any} */ files) => began.push(files),
    run: async (/** @type {any} */ files) => {
      ran.push(files);
      return answer;
    },
    tell: (/** @type {any} */ each) => told.push(each),
    listen: (/** @type {any} */ listener) => {
      news = listener;
    },
  };
  const outside = {
    ask: async (/** @type {string} */ path, /** @type {any} */ message) => {
      asked.push([path, message]);
      if (path === "state" && state === null) {
        throw new TypeError("the server is gone");
      }
      return path === "state" ? state : null;
    },
    listen: () => {},
  };
  const follower = new Follower(/** @type {any} */ (live), "b1", outside);
  await follower.begin();
  return { follower, began, ran, told, asked, news: (/** @type {any} */ each) => news(each) };
}

test("a new page's interpreter hears first which files run, and tries nothing", async () => {
  const { began, ran, told } = await page(FIRST);
  assert.deepEqual(began, [{ archive: "QQ==", version: "one" }]);
  assert.deepEqual(ran, []);
  assert.deepEqual(
    told.map(({ kind, number, reload }) => [kind, number, reload]),
    [["saved", 1, null]],
  );
});

test("files that were saved are run once, and the server hears what became of them", async () => {
  const error = { text: "NameError: no", file: "app.py", line: 2 };
  const { follower, ran, asked } = await page(FIRST, { outcome: "refused", error });
  const second = { ...FIRST, number: 2, version: "two", archive: "Qg==" };
  await follower.heard(second);
  await follower.heard({ ...second, problem: error });
  assert.deepEqual(ran, [{ archive: "Qg==", version: "two" }]);
  assert.deepEqual(asked.slice(1), [["told", { kind: "tried", version: "two", outcome: "refused", error }]]);
});

test("a page of another build tries nothing, and asks once to be loaded anew", async () => {
  const { follower, ran, told } = await page(FIRST);
  const other = { ...FIRST, version: "two", builds: ["b2"], why: "page scripts changed" };
  await follower.heard(other);
  await follower.heard(other);
  assert.deepEqual(ran, []);
  assert.deepEqual(
    told.map(({ reload }) => reload),
    [null, "page scripts changed"],
  );
});

test("a page that is old already when it comes begins with nothing", async () => {
  const { began, told } = await page({ ...FIRST, builds: ["b2"], why: "phone changed" });
  assert.deepEqual(began, []);
  assert.equal(told[0].reload, "phone changed");
});

test("without its server a page runs what it came with", async () => {
  const { began, told } = await page(null);
  assert.deepEqual([began, told], [[], []]);
});

test("the server hears of handlers that fail, with the traceback", async () => {
  const { news, asked } = await page(FIRST);
  const failed = { handler: "greet", event: "Initialized", error: "ValueError: no", text: "Traceback …" };
  news({ kind: "failed", line: 3, ...failed });
  news({ kind: "runs" });
  assert.deepEqual(asked.slice(1), [["told", { kind: "failed", ...failed }]]);
});
