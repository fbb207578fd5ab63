import assert from "node:assert/strict";
import test from "node:test";
import { KeyReader } from "../../../static/phone/telephone_event.js";

/** A packet as RFC 4733 has it: event, end and volume, duration. @param {number} event @param {boolean} [end] */
const packet = (event, end = false) => Uint8Array.of(event, (end ? 0x80 : 0) | 10, 3, 192).buffer;

test("each event is a key", () => {
  const reader = new KeyReader();
  const keys = Array.from({ length: 16 }, (_, event) => reader.read(event * 960, packet(event)));
  assert.equal(keys.join(""), "0123456789*#ABCD");
});

test("a press is one key, however many packets tell of it and in whatever order they come", () => {
  const reader = new KeyReader();
  assert.equal(reader.read(960, packet(4)), "4");
  assert.equal(reader.read(960, packet(4)), null);
  assert.equal(reader.read(9600, packet(2, true)), "2");
  assert.equal(reader.read(960, packet(4, true)), null);
  assert.equal(reader.read(9600, packet(2, true)), null);
});

test("a key pressed again is another key, also where the numbers begin anew", () => {
  const reader = new KeyReader();
  const keys = [4294967000, 500, 9600].map((timestamp) => reader.read(timestamp, packet(5, true)));
  assert.deepEqual(keys, ["5", "5", "5"]);
});

test("what is no key is none", () => {
  const reader = new KeyReader();
  assert.equal(reader.read(1, packet(16)), null); // flash
  assert.equal(reader.read(2, new ArrayBuffer(0)), null);
});
