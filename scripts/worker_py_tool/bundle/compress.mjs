// Compresses files with Brotli and gzip: node compress.mjs JOBS.json, where JOBS is
// {quality, files: [[source, target without ending], …]}. Prints a line of JSON for each file that it
// takes up, {"begun": source}, and for each that is done, {"done": source, "bytes": …, "brotli": …}.

import fs from "node:fs/promises";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import zlib from "node:zlib";

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);
const { quality, files } = JSON.parse(await fs.readFile(process.argv[2], "utf8"));
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants;

/** @param {object} what */
const tell = (what) => console.log(JSON.stringify(what));

/** @param {[string, string]} file */
async function compress([source, target]) {
  tell({ begun: source });
  const content = await fs.readFile(source);
  const params = {
    [BROTLI_PARAM_QUALITY]: quality,
    [BROTLI_PARAM_LGWIN]: 24, // the most that browsers take
    [BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  const packed = await brotli(content, { params });
  await fs.writeFile(`${target}.br`, packed);
  await fs.writeFile(`${target}.gz`, await gzip(content, { level: quality === 11 ? 9 : 6 }));
  tell({ done: source, bytes: content.length, brotli: packed.length });
}

/** Takes one file after the other. */
async function work() {
  for (let file = files.shift(); file; file = files.shift()) {
    await compress(file);
  }
}

const done = Promise.all(Array.from({ length: availableParallelism() }, work));
// Node would print where it was when the disk was full: the sentence is enough. It ends by itself, once what it has taken up
// is done: `process.exit` was seen to wait for ever in the middle of that.
await done.catch((error) => {
  files.length = 0;
  console.error(error.message);
  process.exitCode = 70;
});
