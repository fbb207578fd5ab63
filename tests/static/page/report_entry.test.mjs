import assert from "node:assert/strict";
import { test } from "node:test";
import { browserOf, entryOf, keyOf } from "../../../static/page/report_entry.js";

const NUMBER = "+49 151 1234 5678";
const NAME = "Zarathustra Quux";
const TOKEN = "0123456789abcdef0123456789abcdef01234567";
const COMMENT = `call ${NAME} back`;
const PLANTED = [NUMBER, "4915112345678", "1234 5678", NAME, "Zarathustra", TOKEN, "call Zarathustra"];

const PLACE = {
  ...{
    build: "abc",
    version: "0.2.0",
    pyodide: "314",
    portal: "p".repeat(16),
    operator: "o",
    page: "page",
    mode: "shared",
  },
  ...{ browser: { name: "Chrome", version: "156" }, messages: false },
};
const WHEN = { id: "0".repeat(32), at: 1_700_000_000_500 };
/** @param {string} words @returns {import("../../../static/protocol.js").Told} */
const told = (words) => ({ type: "LookupError", code: null, words, frames: [["/app/cards.py", 7, "greet"]] });

test("a failure is told by handler, event, type and lines, in the sink's format", () => {
  const fact = { kind: "handler_failed", level: "error", event: "BackgroundCallCard::initialized", handler: "greet" };
  const entry = entryOf({ ...fact, told: [told(NAME)] }, PLACE, WHEN);
  assert.deepEqual(entry, {
    event_id: WHEN.id,
    timestamp: 1_700_000_000.5,
    platform: "python",
    level: "error",
    logger: "worker_py",
    release: "0.2.0+abc",
    transaction: "greet",
    user: { id: "o" },
    tags: {
      kind: "handler_failed",
      event: "BackgroundCallCard::initialized",
      handler: "greet",
      ...{ build: "abc", portal: PLACE.portal, page: "page", mode: "shared" },
    },
    contexts: { browser: PLACE.browser, runtime: { name: "Pyodide", version: "314" } },
    exception: {
      values: [
        {
          type: "LookupError",
          stacktrace: { frames: [{ filename: "/app/cards.py", lineno: 7, function: "greet", in_app: true }] },
        },
      ],
    },
    fingerprint: ["handler_failed", "greet", "BackgroundCallCard::initialized", "LookupError", ""],
    extra: {},
  });
});

test("numbers, names, comments and tokens that are anywhere in what happened are nowhere in what is told", () => {
  for (const planted of [NUMBER, NAME, COMMENT, TOKEN]) {
    /** @type {import("../../../static/page/report_entry.js").Fact[]} */
    const facts = [
      { kind: "handler_failed", event: planted, handler: "greet", told: [told(planted), told(planted)] },
      { kind: "captured", handler: "greet", text: `seen ${NUMBER} ${TOKEN}`, words: planted },
      { kind: "captured", text: "tagged", tags: { number: NUMBER, [NUMBER]: TOKEN } },
      { kind: "boot", more: { why: `${NUMBER} ${TOKEN}`, list: [NUMBER, TOKEN] } },
      { kind: "refused_payload", event: `phone.${planted}` },
    ];
    for (const fact of facts) {
      const text = JSON.stringify(entryOf(fact, PLACE, WHEN));
      assert.deepEqual([fact.kind, PLANTED.filter((each) => text.includes(each))], [fact.kind, []]);
    }
  }
});

test("what exceptions say is told where the bundle was built so", () => {
  const entry = entryOf({ kind: "handler_failed", told: [told(NAME)] }, { ...PLACE, messages: true }, WHEN);
  assert.equal(entry.exception?.values[0]?.value, NAME);
  const logged = { kind: "captured", text: "log: logged", words: COMMENT };
  assert.deepEqual(entryOf(logged, { ...PLACE, messages: true }, WHEN).message, { formatted: COMMENT });
  assert.deepEqual(entryOf(logged, PLACE, WHEN).message, { formatted: "log: logged" });
});

test("what caused a failure stands before it, as the sink wants it", () => {
  const cause = { ...told(""), type: "KeyError" };
  const { exception } = entryOf({ kind: "handler_failed", told: [told(""), cause] }, PLACE, WHEN);
  assert.deepEqual(
    exception?.values.map(({ type }) => type),
    ["KeyError", "LookupError"],
  );
});

test("frames of packages and of the library are not the app's", () => {
  const frames = /** @type {[string, number, string][]} */ ([
    ["/lib/python3.14/json/decoder.py", 1, "decode"],
    ["/lib/python3.14/site-packages/bells/ring.py", 2, "ring"],
    ["/app/cards.py", 3, "greet"],
  ]);
  const { exception } = entryOf({ kind: "handler_failed", told: [{ ...told(""), frames }] }, PLACE, WHEN);
  assert.deepEqual(
    exception?.values[0]?.stacktrace.frames.map((frame) => frame.in_app),
    [false, false, true],
  );
});

test("the same failure has the same key, and another line or type another", () => {
  const fact = { kind: "handler_failed", handler: "greet", told: [told("one")] };
  assert.equal(keyOf(fact), keyOf({ ...fact, told: [told("two")] }));
  assert.notEqual(keyOf(fact), keyOf({ ...fact, told: [{ ...told("one"), type: "KeyError" }] }));
  assert.notEqual(keyOf(fact), keyOf({ ...fact, handler: "answer" }));
});

test("browsers are told by name and main version", () => {
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.7871.100 Safari/537.36";
  assert.deepEqual(browserOf(chrome), { name: "Chrome", version: "156" });
  assert.deepEqual(browserOf(`${chrome} Edg/156.0.1.2`), { name: "Edge", version: "156" });
  const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
  assert.deepEqual(browserOf(firefox), { name: "Firefox", version: "153" });
  const safari = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.4 Safari/605.1.15";
  assert.deepEqual(browserOf(safari), { name: "Safari", version: "19" });
  assert.deepEqual(browserOf("curl"), { name: "other", version: "0" });
});

test("the build that could not start is told whole, though its digits might be a number's", () => {
  const { extra } = entryOf({ kind: "could_not_start", more: { build: "87c8e6412649" } }, PLACE, WHEN);
  assert.deepEqual(extra, { build: "87c8e6412649" });
});
