// Compiles archives in a Pyodide that runs in Node, by compile.py.

import fs from "node:fs";

const TOOLS = "/compiler";
const ARCHIVES = "/archives";

/** @param {string} file */
const read = (file) => new Uint8Array(fs.readFileSync(file));

/**
 * @param {any} pyodide
 * @param {{tools: string[], script: string}} compiler `tools`: wheels of what the script imports
 * @param {string[][]} archives paths: from where, to where
 * @returns {object} the script's answer
 */
export function compile(pyodide, { tools, script }, archives) {
  for (const wheel of tools) {
    pyodide.unpackArchive(read(wheel), "wheel", { extractDir: TOOLS });
  }
  pyodide.FS.writeFile(`${TOOLS}/worker_py_compile.py`, read(script));
  pyodide.pyimport("sys").path.insert(0, TOOLS);
  pyodide.FS.mkdir(ARCHIVES);
  const inside = archives.map(([from], index) => {
    pyodide.FS.writeFile(`${ARCHIVES}/${index}`, read(from));
    return [`${ARCHIVES}/${index}`, `${ARCHIVES}/${index}.made`];
  });
  const answer = JSON.parse(pyodide.pyimport("worker_py_compile").run(JSON.stringify({ archives: inside })));
  for (const [index, [, to]] of archives.entries()) {
    fs.writeFileSync(to, pyodide.FS.readFile(inside[index][1]));
  }
  return answer;
}
