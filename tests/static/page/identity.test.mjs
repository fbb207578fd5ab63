import assert from "node:assert/strict";
import { test } from "node:test";
import { identify, serveUser } from "../../../static/page/identity.js";
import { FakeClient, settled, stillClock } from "../../support/fakes.mjs";

/** @param {import("node:test").TestContext} t */
function asking(t) {
  const clock = stillClock(t);
  const client = new FakeClient();
  /** @type {{user?: string | null}} */
  const found = {};
  identify(client).then((user) => {
    found.user = user;
  });
  return {
    client,
    found,
    /** @param {number} ms */
    async pass(ms) {
      await settled();
      clock.tick(ms);
      await settled();
    },
  };
}

test("the user is who the portal says, as text", async (t) => {
  const { client, found, pass } = asking(t);
  assert.equal(client.rests[0].method, "profile");
  client.rests[0].answer({ result: { ID: 7 } });
  await pass(0);
  assert.equal(found.user, "7");
});

test("a portal that does not say is asked four times, then the user is unknown", async (t) => {
  const { client, found, pass } = asking(t);
  for (const ms of [5_000, 30_000, 120_000, 0]) {
    assert.equal("user" in found, false);
    client.rests.at(-1)?.answer({ error: { code: "INTERNAL_SERVER_ERROR", description: "", status: 500 } });
    await pass(ms);
  }
  assert.equal(client.rests.length, 4);
  assert.equal(found.user, null);
});

test("an answer that never comes is given up, and the question repeated", async (t) => {
  const { client, found, pass } = asking(t);
  await pass(29_999);
  assert.equal(client.rests.length, 1);
  await pass(1);
  await pass(5_000);
  assert.equal(client.rests.length, 2);
  client.rests[1].answer({ result: { ID: "7" } });
  await pass(0);
  assert.equal(found.user, "7");
});

test("a token that had expired is renewed, and the question asked again at once", async (t) => {
  const { client, found, pass } = asking(t);
  client.rests[0].answer({ error: { code: "expired_token", description: "", status: 401 } });
  await pass(0);
  assert.equal(client.rests.length, 1);
  client.refreshes[0].resolve();
  await pass(0);
  client.rests[1].answer({ result: { ID: "7" } });
  await pass(0);
  assert.deepEqual([client.rests.length, found.user], [2, "7"]);
});

test("a token that cannot be renewed is asked for again later", async (t) => {
  const { client, pass } = asking(t);
  client.rests[0].answer({ error: { code: "expired_token", description: "", status: 401 } });
  await pass(0);
  client.refreshes[0].reject(new Error("no"));
  await pass(5_000);
  assert.equal(client.rests.length, 2);
});

/** What of a page has to know who works here, writing down what it is told. @param {boolean} servesAnother */
function partsTold(servesAnother) {
  /** @type {unknown[][]} */
  const told = [];
  const tell =
    (/** @type {string} */ what) =>
    (/** @type {unknown[]} */ ...args) =>
      void told.push([what, ...args]);
  const host = { servesAnother, identified: tell("user"), onMoved: tell("onMoved") };
  const link = { identified: tell("served"), send: tell("send"), move: tell("move") };
  const queue = { journal: { reinstate: tell("reinstate"), trust: tell("trust") } };
  const parts = { host, link, queue, fromPython: { forgetCalls: tell("forget") }, trace: { add: tell("trace") } };
  return { parts: /** @type {any} */ (parts), told };
}

test("a page whose user the interpreter serves stays with it", async () => {
  const client = new FakeClient();
  const { parts, told } = partsTold(false);
  const served = serveUser(client, parts);
  client.rests[0].answer({ result: { ID: 7 } });
  await served;
  assert.deepEqual(told.slice(1), [["user", "7"], ["served", "7", false], ["trust"]]);
});

test("a page with another user tells the interpreter, forgets what it has of it, and leaves it", async () => {
  const client = new FakeClient();
  const { parts, told } = partsTold(true);
  const served = serveUser(client, parts);
  client.rests[0].answer({ result: { ID: 7 } });
  await served;
  assert.deepEqual(told.slice(1), [
    ["user", "7"],
    ["served", "7", true],
    ["trace", "page", "another_user"],
    ["send", '{"t":"user_changed"}'],
    ["forget"],
    ["reinstate"],
    ["move", "another user works here now"],
    ["trust"],
  ]);
});

test("a page follows others that move on, and forgets only when they did for another user", (t) => {
  stillClock(t); // the portal does not say who works here
  const { parts, told } = partsTold(false);
  serveUser(new FakeClient(), parts);
  const moved = /** @type {(another: boolean) => void} */ (told[0][1]);
  moved(false);
  moved(true);
  assert.deepEqual(
    told.slice(1).map(([what]) => what),
    ["move", "forget", "reinstate", "move"],
  );
});
