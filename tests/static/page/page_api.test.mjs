import assert from "node:assert/strict";
import { test } from "node:test";
import { answerSupport, PageApi } from "../../../static/page/page_api.js";
import { SUPPORT_CHANNEL } from "../../../static/protocol.js";
import { withGlobals } from "../../support/fakes.mjs";
import { RefusedBroadcastChannel } from "../../support/storage_fakes.mjs";

test("it offers what is documented, and no part of the page", () => {
  const offered = Object.getOwnPropertyNames(PageApi.prototype).filter((name) => name !== "constructor");
  assert.deepEqual(offered.sort(), [
    "diagnostics",
    "emit",
    "killWorker",
    "onprogress",
    "provide",
    "ready",
    "record",
    "stats",
    "support",
    "trace",
  ]);
  assert.deepEqual(Object.keys(new PageApi(/** @type {any} */ ({}))), []);
});

test("each of them is done by the part whose concern it is", () => {
  /** @type {unknown[][]} */
  const done = [];
  const part =
    (/** @type {string} */ name) =>
    (/** @type {unknown[]} */ ...args) => {
      done.push([name, ...args]);
      return name;
    };
  const status = { ready: "promised", onprogress: null };
  const offer = new PageApi(
    /** @type {any} */ ({
      status,
      executor: { provide: part("provide") },
      queue: { emit: part("emit") },
      trace: { entries: part("entries") },
      recorder: { record: part("record") },
      link: { kill: part("kill") },
    }),
  );
  const fn = () => {};
  offer.onprogress = fn;
  offer.provide("a", fn);
  offer.emit("b");
  offer.emit("b", 1);
  offer.killWorker();
  assert.deepEqual(
    [offer.ready, offer.onprogress, offer.trace(), offer.record()],
    ["promised", fn, "entries", "record"],
  );
  offer.record(false);
  assert.deepEqual(done, [
    ["provide", "a", fn],
    ["emit", "b", null],
    ["emit", "b", 1],
    ["kill"],
    ["entries"],
    ["record", true],
    ["record", false],
  ]);
});

test("whoever asks by the channel gets what support gives, with the page that says it, each time anew", async (t) => {
  let asked = 0;
  const answering = answerSupport({ support: async () => `text ${++asked}` }, "page-1");
  t.after(() => answering?.close());
  const channel = new BroadcastChannel(SUPPORT_CHANNEL);
  t.after(() => channel.close());
  for (const text of ["text 1", "text 2"]) {
    const answered = new Promise((resolve) => {
      channel.onmessage = ({ data }) => resolve(data);
    });
    channel.postMessage({ no: "question" });
    channel.postMessage({ asks: true });
    assert.deepEqual(await answered, { page: "page-1", text });
  }
});

test("where the browser refuses channels, with storage, nobody asks", (t) => {
  withGlobals(t, { BroadcastChannel: RefusedBroadcastChannel });
  assert.equal(answerSupport({ support: async () => "text" }, "page-1"), null);
});
