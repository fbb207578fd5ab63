// The page's side of the recorded call (tests/golden/call.json): what Python asked then gets the same answers now.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Executor } from "../../../static/page/executor.js";

/** @typedef {{at: number, to: "python" | "page", message: any}} Entry */

/** @type {Entry[]} */
const entries = JSON.parse(readFileSync(new URL("../../golden/call.json", import.meta.url), "utf8")).entries;

/**
 * A client that answers as the portal did when the call was recorded.
 * @param {Map<string, any[]>} answers by the id of the command or REST call, in their order
 * @param {[string, unknown][]} asked what reached the portal
 */
function recordedClient(answers, asked) {
  /** @param {string} kind */
  const ids = (kind) => entries.filter(({ message }) => message.t === kind).map(({ message }) => message.id);
  const commands = ids("command");
  const calls = ids("rest");
  return /** @type {any} */ ({
    name: "recorded",
    command: (
      /** @type {string} */ name,
      /** @type {unknown} */ params,
      /** @type {(answer: unknown) => void} */ done,
    ) => {
      asked.push([name, params]);
      for (const { answer } of answers.get(commands.shift()) ?? []) {
        queueMicrotask(() => done(answer));
      }
    },
    rest: (
      /** @type {string} */ name,
      /** @type {unknown} */ params,
      /** @type {(answer: unknown) => void} */ done,
    ) => {
      asked.push([name, params]);
      for (const { result } of answers.get(calls.shift()) ?? []) {
        queueMicrotask(() => done({ result }));
      }
    },
  });
}

test("the page passes the recorded call on and answers as it did", async () => {
  /** @type {Map<string, any[]>} */
  const answers = new Map();
  for (const { message } of entries) {
    if (message.t === "answer" || message.t === "rest_answer") {
      answers.set(message.id, [...(answers.get(message.id) ?? []), message]);
    }
  }
  /** @type {[string, unknown][]} */
  const asked = [];
  /** @type {unknown[]} */
  const replies = [];
  const executor = new Executor(recordedClient(answers, asked), Promise.resolve());
  const requests = entries.filter(({ to }) => to === "page").map(({ message }) => message);
  for (const request of requests) {
    assert.equal(
      executor.execute(request, (reply) => replies.push(JSON.parse(JSON.stringify(reply)))),
      true,
    );
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(
    asked,
    requests.map(({ t, command, method, params }) => [t === "command" ? command : method, params]),
  );
  assert.deepEqual(
    replies,
    entries.filter(({ to, message }) => to === "python" && message.t !== "event").map(({ message }) => message),
  );
});
