/**
 * What Bitrix24 does, and by which test the simulated portal is held to it: host_facts.json. `run` was seen with the
 * portal's own scripts, `read` is in code or documentation.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** @typedef {{seen: "run" | "read", fact: string, file: string, test: string}} Fact */

const HERE = new URL("./", import.meta.url);
/** @type {Fact[]} */
const FACTS = JSON.parse(readFileSync(new URL("host_facts.json", HERE), "utf8"));
/** @type {Map<string, string>} */
const sources = new Map();

/**
 * @param {Fact} fact
 * @param {string} source of its file
 * @returns {boolean}
 */
function holds({ file, test: name }, source) {
  if (file.endsWith(".py")) {
    return source.includes(`\ndef ${name}(`);
  }
  return source.includes(`test(${JSON.stringify(name)}, `) || inACycle(name, source);
}

/**
 * Tests made in a loop: `the others' cards go … when ${how}`.
 * @param {string} name
 * @param {string} source
 * @returns {boolean}
 */
function inACycle(name, source) {
  return [...source.matchAll(/test\(`([^`]*)\$\{(\w+)\}`, /g)].some(
    ([, begin = ""]) => name.startsWith(begin) && source.includes(`[${JSON.stringify(name.slice(begin.length))}, `),
  );
}

for (const fact of FACTS) {
  test(`a test holds: ${fact.fact}`, () => {
    const source = sources.get(fact.file) ?? readFileSync(new URL(fact.file, HERE), "utf8");
    sources.set(fact.file, source);
    assert.ok(holds(fact, source), `${fact.file} has no test "${fact.test}"`);
  });
}

test("each fact is told once, and how it is known", () => {
  assert.equal(new Set(FACTS.map(({ fact }) => fact)).size, FACTS.length);
  assert.ok(FACTS.every(({ seen }) => seen === "run" || seen === "read"));
});

test("a test that is not there is missed", () => {
  const wanted = /** @type {Fact} */ ({ seen: "run", fact: "", file: "a.test.mjs", test: "it does" });
  assert.ok(holds(wanted, 'test("it does", () => {});'));
  assert.ok(!holds(wanted, '// test: it does\ntest("it does not", () => {});'));
  assert.ok(!holds({ ...wanted, file: "test_a.py", test: "test_it" }, "\ndef test_it_not() -> None:"));
});
