import assert from "node:assert/strict";
import { test } from "node:test";
import { ENVELOPE_BYTES, envelope, fitting } from "../../static/envelope.js";

const OURS = { url: "/reports/envelope", several: true };
const SENTRY = { url: "https://sentry.example/api/42/envelope/", several: false, dsn: "https://key@sentry.example/42" };

test("an envelope is a line for all, and two for each entry", () => {
  const lines = envelope(['{"event_id":"a"}', '{"event_id":"b"}'], OURS).split("\n");
  assert.deepEqual(Object.keys(JSON.parse(lines[0] ?? "")), ["sent_at"]);
  assert.deepEqual(lines.slice(1), [
    '{"type":"event"}',
    '{"event_id":"a"}',
    '{"type":"event"}',
    '{"event_id":"b"}',
    "",
  ]);
});

test("a sink of Sentry's kind gets one entry at a time, with its id and the DSN in the head", () => {
  const texts = ['{"event_id":"a"}', '{"event_id":"b"}'];
  assert.equal(fitting(texts, SENTRY), 1);
  const [head] = envelope(texts.slice(0, 1), SENTRY).split("\n");
  const { event_id, dsn } = JSON.parse(head ?? "");
  assert.deepEqual([event_id, dsn], ["a", SENTRY.dsn]);
});

test("so many go together as a page that goes may still send, whatever letters they are made of", () => {
  const texts = Array.from({ length: 100 }, (_, number) =>
    JSON.stringify({ event_id: number, said: "€".repeat(1000) }),
  );
  const count = fitting(texts, OURS);
  assert.ok(count > 5);
  assert.ok(new TextEncoder().encode(envelope(texts.slice(0, count), OURS)).length < 1.1 * ENVELOPE_BYTES);
  assert.equal(fitting(['{"event_id":1}'], OURS, 1), 1); // one always goes, or it would stay for ever
});
