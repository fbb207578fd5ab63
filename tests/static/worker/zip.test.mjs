import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { inflate, zipFiles } from "../../../static/worker/zip.js";
import { zipOf } from "../../support/archives.mjs";

/** Bytes that repeat now and then. @param {number} size @param {number} variety */
function bytesOf(size, variety) {
  let state = 12345;
  return Uint8Array.from({ length: size }, () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return (state >>> 16) % variety;
  });
}

const text = new TextEncoder().encode("Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ".repeat(3000));
const contents = {
  nothing: new Uint8Array(0),
  "one byte": Uint8Array.of(7),
  text,
  "one byte many times": new Uint8Array(200_000).fill(65),
  noise: bytesOf(100_000, 256),
  "little variety": bytesOf(150_000, 3),
  both: Uint8Array.from([...bytesOf(70_000, 256), ...text.subarray(0, 70_000)]),
};
const ways = {
  stored: { level: 0 },
  fast: { level: 1 },
  usual: { level: 6 },
  best: { level: 9, memLevel: 1 },
  "fixed codes": { strategy: constants.Z_FIXED },
  "no repetitions": { strategy: constants.Z_HUFFMAN_ONLY },
  "short repetitions": { strategy: constants.Z_RLE },
};

for (const [what, content] of Object.entries(contents)) {
  test(`${what}: what was deflated in any way comes out as it went in`, () => {
    for (const [way, options] of Object.entries(ways)) {
      const packed = new Uint8Array(deflateRawSync(content, options));
      assert.ok(Buffer.from(inflate(packed, content.length)).equals(content), way);
    }
  });
}

test("what is cut short, longer or shorter than it says, or no deflate at all is refused", () => {
  const packed = new Uint8Array(deflateRawSync(text));
  for (const cut of [0, 1, 10, packed.length >> 1, packed.length - 1]) {
    assert.throws(() => inflate(packed.subarray(0, cut), text.length), Error, `cut at ${cut}`);
  }
  assert.throws(() => inflate(packed, text.length + 1), /does not unpack to/);
  assert.throws(() => inflate(packed, text.length - 1), /does not unpack to/);
  assert.throws(() => inflate(Uint8Array.of(7, 7, 7), 3), /it cannot be unpacked: invalid block type/);
  for (let seed = 1; seed < 200; seed++) {
    const noise = bytesOf(seed, 256).map((byte) => byte ^ seed);
    try {
      assert.equal(inflate(noise, 1000).length, 1000);
    } catch (error) {
      assert.match(String(error), /^Error: it /);
    }
  }
});

test("an archive's files are listed with their sizes, and read one by one", () => {
  const files = zipFiles(
    zipOf({ "a/b.txt": "deflated ".repeat(99), "a/": "", "größe.txt": "", "c.bin": Uint8Array.of(1, 2) }),
  );
  assert.deepEqual(
    files.map(({ path, size }) => [path, size]),
    [
      ["a/b.txt", 891],
      ["größe.txt", 0],
      ["c.bin", 2],
    ],
  );
  assert.equal(new TextDecoder().decode(files[0].read()), "deflated ".repeat(99));
  assert.deepEqual([...files[2].read()], [1, 2]);
});

test("an archive with a comment behind it is one", () => {
  const archive = new Uint8Array(zipOf({ a: "b" }));
  assert.equal(zipFiles(Uint8Array.from([...archive, 1, 2, 3]).buffer).length, 1);
});

test("what is no archive, is cut off, or packed in another way is refused", () => {
  assert.throws(() => zipFiles(new ArrayBuffer(0)), /no zip archive/);
  assert.throws(() => zipFiles(new ArrayBuffer(100)), /no zip archive/);
  const archive = zipOf({ a: "b" });
  assert.throws(() => zipFiles(archive.slice(0, -5)), /no zip archive/);
  assert.throws(() => zipFiles(archive.slice(10)), /damaged/);
  const other = archive.slice(0);
  const view = new DataView(other);
  view.setUint16(view.getUint32(other.byteLength - 6, true) + 10, 12, true);
  assert.throws(() => zipFiles(other), /a is packed in a way that is not known here/);
});
