import assert from "node:assert/strict";
import { test } from "node:test";
import { ReportSender } from "../../../static/worker/report_sender.js";
import { settled } from "../../support/fakes.mjs";

const TARGET = { url: "https://sink.example/reports/envelope", several: true };

/** A sink that answers as it is told, and time that passes when it is told. @param {Array<number | [number, string]>} answers */
function sinkThat(...answers) {
  /** @type {string[][]} */
  const taken = [];
  /** @type {Array<{callback: () => void, ms: number}>} */
  const timers = [];
  const sender = new ReportSender(TARGET, {
    post: async (_, body) => {
      const [, ...items] = body.split("\n");
      taken.push([...items.join("\n").matchAll(/"event_id":"(\w+)"/g)].map(([, id]) => String(id)));
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === 0) {
        throw new TypeError("Failed to fetch");
      }
      const [status, retryAfter] = Array.isArray(answer) ? answer : [answer ?? 200, null];
      return { status, retryAfter };
    },
    later: (callback, ms) => timers.push({ callback, ms }),
    random: () => 0,
  });
  /** Until the sender has sent once. @returns {Promise<number>} for how long it had waited */
  const next = async () => {
    const [timer] = timers.splice(0, 1);
    assert.ok(timer, "it waits for nothing");
    timer.callback();
    await settled();
    return timer.ms;
  };
  return { sender, taken, timers, next };
}

/** A page's port. */
function page() {
  /** @type {any[]} */
  const heard = [];
  return { heard, postMessage: (/** @type {any} */ said) => heard.push(said) };
}

/** @param {...string} ids @returns {[string, string][]} */
const entries = (...ids) => ids.map((id) => [id, JSON.stringify({ event_id: id })]);

test("what comes within a second goes together, and the page hears that it is there", async () => {
  const { sender, taken, next, timers } = sinkThat(200);
  const one = page();
  sender.take(entries("a", "b"), one);
  sender.take(entries("c"), one);
  assert.equal(await next(), 1000);
  assert.deepEqual(taken, [["a", "b", "c"]]);
  assert.deepEqual(one.heard, [{ done: ["a", "b", "c"], failing: false }]);
  assert.equal(sender.size + timers.length, 0);
});

test("a sink that is down is asked again, less and less often, and nothing is lost or told as done", async () => {
  const { sender, taken, next } = sinkThat(0, 503, 408, 200);
  const one = page();
  sender.take(entries("a"), one);
  const waited = [await next(), await next(), await next(), await next()];
  assert.deepEqual(waited, [1000, 5000, 10_000, 20_000]);
  assert.deepEqual(taken, [["a"], ["a"], ["a"], ["a"]]);
  assert.deepEqual(
    one.heard.map(({ failing }) => failing),
    [true, true, true, false],
  );
});

test("the pause has an end, and a sink that asks for one is left alone for so long", async () => {
  const { sender, next } = sinkThat(...Array(10).fill(500), [429, "900"], 200);
  sender.take(entries("a"), page());
  const waited = [];
  for (let attempt = 0; attempt < 12; attempt++) {
    waited.push(await next());
  }
  assert.equal(Math.max(...waited.slice(0, 11)), 300_000);
  assert.equal(waited[11], 900_000);
});

test("what is too much at once is sent in parts, and what is too much alone is dropped", async () => {
  const { sender, taken, next } = sinkThat(413, 413, 413, 413, 413, 413, 413, 413, 413, 413, 413, 413, 200);
  const one = page();
  sender.take(entries("a", "b"), one);
  for (let attempt = 0; attempt < 13 && sender.size > 0; attempt++) {
    await next();
  }
  assert.equal(sender.size, 0);
  assert.deepEqual(taken.at(-1), ["b"]);
  assert.deepEqual(one.heard.flatMap(({ done }) => done).sort(), ["a", "b"]);
});

test("what the sink does not want is not sent again", async () => {
  const { sender, next, timers } = sinkThat(400);
  const one = page();
  sender.take(entries("a"), one);
  await next();
  assert.deepEqual([sender.size, timers.length], [0, 0]);
});

test("a sink that stays down costs a bounded memory", async () => {
  const { sender } = sinkThat(0);
  for (let number = 0; number < 5000; number++) {
    sender.take(entries(`e${number}`), page());
  }
  assert.equal(sender.size, 400);
});

test("each page hears of its own", async () => {
  const { sender, next } = sinkThat(200);
  const [one, two] = [page(), page()];
  sender.take(entries("a"), one);
  sender.take(entries("b"), two);
  await next();
  assert.deepEqual([one.heard, two.heard], [[{ done: ["a"], failing: false }], [{ done: ["b"], failing: false }]]);
});
