import assert from "node:assert/strict";
import { test } from "node:test";
import { bounded, setBounded } from "../../../static/page/bounds.js";

/** @param {number} levels */
function nested(levels) {
  let value = /** @type {unknown} */ (0);
  for (let level = 0; level < levels; level++) {
    value = level % 2 ? [value] : { "]": value };
  }
  return value;
}

for (const value of [
  null,
  true,
  0,
  "",
  [],
  {},
  'a "quoted" [string]',
  { a: [1, { b: "c" }] },
  ["\\", "[[[[[", "{"],
  [[['"[[[']]],
]) {
  test(`${JSON.stringify(value)} passes as it is`, () => {
    assert.deepEqual(bounded(value, 100, 3), { json: JSON.stringify(value) });
  });
}

for (const value of [undefined, () => 1, Symbol("s")]) {
  test(`${String(value)} is nothing, and not refused`, () => {
    assert.deepEqual(bounded(value, 100, 3), { json: undefined });
  });
}

test("as many characters as allowed pass, and one more is refused", () => {
  assert.equal(bounded("x".repeat(98), 100, 3).refused, undefined);
  assert.match(bounded("x".repeat(99), 100, 3).refused ?? "", /larger than 100 characters/);
  assert.match(bounded(["x".repeat(97)], 100, 3).refused ?? "", /larger than 100 characters/);
});

test("as many levels as allowed pass, and one more is refused", () => {
  assert.equal(bounded(nested(64), 1e6, 64).refused, undefined);
  assert.match(bounded(nested(65), 1e6, 64).refused ?? "", /nested deeper than 64 levels/);
});

test("levels are counted downwards, not in all", () => {
  const wide = Array.from({ length: 1000 }, () => [{}]);
  assert.equal(bounded(wide, 1e6, 3).refused, undefined);
});

test("brackets in strings and keys are no levels, whatever stands before the quote", () => {
  assert.equal(bounded({ '[["\\': '\\"[[[[' }, 1000, 1).refused, undefined);
});

test("100,000 levels are refused and break nothing", () => {
  assert.match(bounded(nested(100_000), 1e7, 64).refused ?? "", /nested deeper than 64 levels/);
});

test("so they are by a browser that calls a full stack otherwise", () => {
  class InternalError extends Error {
    name = "InternalError";
  }
  const toJSON = () => {
    throw new InternalError("too much recursion");
  };
  assert.equal(bounded({ toJSON }, 100, 64).refused, "nested deeper than 64 levels");
});

test("a cycle is refused at once, also when its objects refer to each other in many ways", () => {
  const session = /** @type {any} */ ({});
  session.parent = session.child = session.owner = { session, peers: [session, session] };
  assert.deepEqual(bounded(session, 1e6, 64), { refused: "not JSON" });
});

test("a BigInt is refused", () => {
  assert.deepEqual(bounded({ n: 1n }, 100, 3), { refused: "not JSON" });
});

test("a getter that throws is a refusal, not an exception", () => {
  const value = {
    get secret() {
      throw new Error("no");
    },
  };
  assert.deepEqual(bounded(value, 100, 3), { refused: "not JSON" });
});

test("what toJSON gives is what is measured", () => {
  assert.match(bounded({ toJSON: () => nested(9) }, 1000, 8).refused ?? "", /deeper/);
});

test("the oldest entry of a full map gives way, and one that is set again takes no room", () => {
  /** @type {Map<string, number>} */
  const map = new Map();
  for (const [key, value] of /** @type {[string, number][]} */ ([
    ["a", 1],
    ["b", 2],
    ["b", 3],
    ["c", 4],
  ])) {
    setBounded(map, key, value, 2);
  }
  assert.deepEqual(
    [...map],
    [
      ["b", 3],
      ["c", 4],
    ],
  );
});
