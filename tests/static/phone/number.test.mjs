import assert from "node:assert/strict";
import test from "node:test";
import { dialled } from "../../../static/phone/number.js";

/** @type {Array<[string, string, string?]>} */
const NUMBERS = [
  ["030123456", "030123456"],
  ["+49 30 123 456", "+4930123456"],
  ["+49 (30) 123-456", "+4930123456"],
  ["+49 (0) 30 123456", "+4930123456"],
  ["+49(0)30/123456", "+4930123456"],
  ["0049 (0)30 123456", "004930123456"],
  ["(030) 123.456", "030123456"],
  ["+7 (0) 495 1", "+74951"],
  ["(0) 30 1", "0301"],
  ["\u202d+4930123456\u202c", "+4930123456"],
  ["+49\u00a030\u00a0123456", "+4930123456"],
  ["+49\u201130\u2013123456", "+4930123456"],
  ["＋４９３０１２３", "+4930123"],
  ["٠٣٠١٢٣", "030123"],
  ["०३०", "030"],
  ["tel:+49-30-123456", "+4930123456"],
  ["tel:7042;phone-context=+4930", "+49307042"],
  ["TEL:+4930123456;ext=42", "+4930123456", ",42"],
  ["+1 (555) 123-4567 x89", "+15551234567", ",89"],
  ["+1 555 123 4567 ext. 89", "+15551234567", ",89"],
  ["0301p22w33", "0301", ",22,33"],
  ["0301,,22#", "0301", ",,22#"],
  ["*31*0301", "*31*0301"],
  ["#31#0301", "#31#0301"],
  ["*100#", "*100#"],
  ["sip:100@pbx.example", "sip:100@pbx.example"],
  ["sip:+49 30 1@pbx.example", "sip:+49301@pbx.example"],
  ["boss@pbx.example", "boss@pbx.example"],
  [" \u200esip:boss@pbx.example:5061;transport=tcp ", "sip:boss@pbx.example:5061;transport=tcp"],
];
for (const [written, number, tones = ""] of NUMBERS) {
  test(`${JSON.stringify(written)} is dialled as ${number}${tones}`, () => {
    assert.deepEqual(dialled(written), { number, tones });
  });
}

for (const written of [
  "",
  "  ",
  "boss",
  "0800 FLOWERS",
  "+",
  "12+34",
  "030;drop",
  "<b>030</b>",
  "sip:",
  "9".repeat(65),
  null,
  30,
]) {
  test(`${JSON.stringify(written)} is refused in words`, () => {
    assert.throws(() => dialled(written), { name: "TypeError", message: /give/ });
  });
}
