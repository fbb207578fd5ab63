import assert from "node:assert/strict";
import test from "node:test";
import { Ear, KeyListener, keyIn } from "../../../static/phone/tones.js";
import { RATE, VoiceMaker } from "../../../static/phone/voice.js";

const BLOCK = RATE / 50;
/** The frequencies of ITU-T Q.23, in hertz. @type {Array<[string, number, number]>} */
const KEYS = [
  ["1", 697, 1209],
  ["2", 697, 1336],
  ["3", 697, 1477],
  ["A", 697, 1633],
  ["4", 770, 1209],
  ["5", 770, 1336],
  ["6", 770, 1477],
  ["B", 770, 1633],
  ["7", 852, 1209],
  ["8", 852, 1336],
  ["9", 852, 1477],
  ["C", 852, 1633],
  ["*", 941, 1209],
  ["0", 941, 1336],
  ["#", 941, 1477],
  ["D", 941, 1633],
];
const SILENCE = new Float32Array(BLOCK);

/** @param {number[]} frequencies @param {number} [loudness] */
const sound = (frequencies, loudness = 0.2) =>
  Float32Array.from({ length: BLOCK }, (_, n) =>
    frequencies.reduce((sum, hz) => sum + loudness * Math.sin((2 * Math.PI * hz * n) / RATE), 0),
  );

test("each key is known by its two tones, loud or soft", () => {
  for (const [key, low, high] of KEYS) {
    assert.equal(keyIn(sound([low, high]), RATE), key);
    assert.equal(keyIn(sound([low, high], 0.01), RATE), key);
  }
});

test("a key is known although one of its tones is much louder than the other", () => {
  for (const [key, low, high] of KEYS) {
    for (const louder of [low, high]) {
      const both = sound([low, high], 0.1);
      const more = sound([louder], 0.15);
      const uneven = both.map((sample, n) => sample + more[n]);
      assert.equal(keyIn(uneven, RATE), key);
    }
  }
});

test("one tone alone, silence and the made voice are no keys", () => {
  assert.equal(keyIn(sound([697]), RATE), null);
  assert.equal(keyIn(sound([1336]), RATE), null);
  assert.equal(keyIn(SILENCE, RATE), null);
  for (const pitch of [130, 150, 190]) {
    const voice = new VoiceMaker(pitch);
    for (let block = 0; block < 200; block++) {
      assert.equal(keyIn(voice.next(BLOCK), RATE), null);
    }
  }
});

/** What a listener makes of blocks: `5` stands for the key's tones, a blank for silence. @param {string} blocks */
function heard(blocks) {
  const ear = new KeyListener(RATE);
  const five = sound([770, 1336]);
  return [...blocks].map((block) => ear.hear(block === "5" ? five : SILENCE) ?? " ").join("");
}

test("a key that is held is pressed once, and one that is pressed again twice", () => {
  assert.equal(heard("5555      555"), " 5         5 ");
});

test("a crackle is no key", () => {
  assert.equal(heard("5  5  5"), "       ");
});

test("a tone with gaps in it is one", () => {
  assert.equal(heard("55 555    55"), " 5          ");
});

test("an ear hears keys and how loud it is, in pieces of any length", () => {
  const tone = (/** @type {number} */ hz, /** @type {number} */ n) => 0.2 * Math.sin((2 * Math.PI * hz * n) / RATE);
  const five = Float32Array.from({ length: 5 * BLOCK }, (_, n) => tone(770, n) + tone(1336, n));
  const pieces = [SILENCE, five, SILENCE, SILENCE, SILENCE, SILENCE, SILENCE].flatMap((piece) => [...piece]);
  /** @type {any[]} */
  const heard = [];
  const ear = new Ear(RATE, (what) => heard.push(what));
  for (let at = 0; at < pieces.length; at += 128) {
    ear.hear(Float32Array.from(pieces.slice(at, at + 128)));
  }
  assert.deepEqual(
    heard.filter(({ key }) => key),
    [{ key: "5" }],
  );
  assert.ok(heard.some(({ level }) => level !== undefined));
});
