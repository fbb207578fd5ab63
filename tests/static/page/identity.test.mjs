import assert from "node:assert/strict";
import { test } from "node:test";
import { identify } from "../../../static/page/identity.js";
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
  client.refreshes[0].reject(new Error("no"));
  await pass(5_000);
  assert.equal(client.rests.length, 2);
});
