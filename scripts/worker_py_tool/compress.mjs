// Compresses files with Brotli and gzip: node compress.mjs JOBS.json, where JOBS is
// {quality, files: [[source, target without ending], …]}. Prints the size of each file that is done.

import fs from "node:fs/promises";
import { promisify } from "node:util";
import zlib from "node:zlib";

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);
const { quality, files } = JSON.parse(await fs.readFile(process.argv[2], "utf8"));
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants;

const done = Promise.all(
  files.map(async ([source, target]) => {
    const content = await fs.readFile(source);
    const params = {
      [BROTLI_PARAM_QUALITY]: quality,
      [BROTLI_PARAM_LGWIN]: 24, // the most that browsers take
      [BROTLI_PARAM_SIZE_HINT]: content.length,
    };
    await fs.writeFile(`${target}.br`, await brotli(content, { params }));
    await fs.writeFile(`${target}.gz`, await gzip(content, { level: quality === 11 ? 9 : 6 }));
    console.log(content.length);
  }),
);
// Node would print where it was when the disk was full: the sentence is enough.
await done.catch((error) => {
  console.error(error.message);
  process.exit(70);
});
