// Makes a Pyodide whose module and glue lack the exports that nothing names, in Node.
//
//   node trim.mjs CONFIG.json
//
// CONFIG: {pyodide, readers, made}: the directories of Pyodide and of what is made, and the scripts besides Pyodide's own
// that reach into its module. Pyodide exports most of CPython for machine code that is loaded later. The glue is text
// that a compiler wrote: its shape is checked, and what was made is started. The last line on stdout is JSON: {}, or
// {"refused": …}, why these rules do not fit.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { answer, beforePyodide, fail } from "./fence.mjs";
import { Unknown, withExports, wrapAll } from "./wasm_module.mjs";

const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
/** @param {string} directory @param {string} name */
const text = (directory, name) => fs.readFileSync(path.join(directory, name), "utf8");

const GLUE = "pyodide.asm.mjs";
const MODULE = "pyodide.asm.wasm";
const LOADER = "pyodide.mjs";
/** A variable of the glue is known by its name alone: the longest list of them holds the exports. */
const VARIABLES = /var ([\w$,]{10000,});/g;
const ASSIGN = /function assignWasmExports\(wasmExports\)\{([^{}]*)\}/g;
/** Such as `_malloc=Module["_malloc"]=wasmExports["malloc"]`; what is data has a value. */
const ASSIGNMENT = /^((?:(?:[\w$]+|Module\["[^"]+"\])=)*)wasmExports\["([^"]+)"\](?:\.value(?:>>>0)?)?$/;
const WRAPPER = /wasmExports\["([^"]+)"\]=makeWrapper_\w+\(wasmExports\["\1"\]\);/g;
/** What would reach an export by a name that no rule sees. */
const COMPUTED = /\b(?:wasmExports|Module)\[(?!["'])|\bwasmExports\.(?!\w)/;
const PROOF = `
import asyncio, ctypes, json, re, sqlite3, zlib
from js import Object
assert json.loads(json.dumps({"a": [1, 2.5, None]}))["a"][1] == 2.5
assert Object.keys(Object.new()).length == 0 and ctypes.sizeof(ctypes.c_long) == 4
await asyncio.sleep(0)
`;

/**
 * What takes the glue long at each start, and what it does here instead. For each function of JavaScript that C has a
 * pointer to, it looks among all of the module's, of each of which an object is made for that: but one that has a signature
 * (`sig`) is none of those. It compiles a module around each: one does for all. And it gives a place in the table of
 * functions to each export: but who could ask for those that the module itself does not is machine code that is loaded
 * later.
 * @type {[string, string][]}
 */
const QUICKER = [
  [
    "if(!functionsInTableMap){functionsInTableMap=new WeakMap;updateTableMap(0,wasmTable.length)}return functionsInTableMap.get(func)||0",
    "functionsInTableMap??=new WeakMap;if(!func.sig&&!tableIsMapped){tableIsMapped=true;updateTableMap(0,wasmTable.length)}return functionsInTableMap.get(func)||0",
  ],
  ["var functionsInTableMap;", `var functionsInTableMap,tableIsMapped=false,wrapped=new Map,wrapAll=${wrapAll};`],
  ["var convertJsFunctionToWasm=(func,sig)=>{", "var convertJsFunctionToWasm=(func,sig)=>{if(wrapped.has(func)&&sig===func.sig){return wrapped.get(func)}"],
  [
    "var reportUndefinedSymbols=()=>{",
    'var reportUndefinedSymbols=()=>{wrapped=wrapAll(Object.keys(GOT).filter(name=>GOT[name].value==-1).map(name=>wasmImports[name]).filter(value=>typeof value=="function"&&value.sig));',
  ],
  ["if(replace||!existingEntry){var newValue;", "if(GOT[symName]&&(replace||!existingEntry)){var newValue;"],
];

class Misfit extends Error {}

/** @param {unknown} condition @param {string} problem @returns {asserts condition} */
function need(condition, problem) {
  if (!condition) {
    throw new Misfit(problem);
  }
}

/** @param {string} where @param {RegExp} pattern @param {string} what */
function only(where, pattern, what) {
  const found = [...where.matchAll(pattern)];
  need(found.length === 1, `the glue has ${found.length} ${what}, not one`);
  return found[0];
}

/**
 * The glue, taken apart.
 * @param {string} glue
 */
function read(glue) {
  const variables = only(glue, VARIABLES, "long lists of variables")[1].split(",");
  const statements = only(glue, ASSIGN, "assignments of exports")[1].split(";");
  const rest = glue.replace(ASSIGN, "").replace(VARIABLES, "").replace(WRAPPER, "");
  need(!COMPUTED.test(rest), "the glue reaches exports by names that it makes");
  /** @type {Map<string, {statement: string, names: string[]}>} */
  const assigned = new Map();
  for (const statement of statements) {
    const [, left, name] = statement.match(ASSIGNMENT) ?? [];
    need(name && !assigned.has(name), `the glue assigns an export in an unknown way: ${statement.slice(0, 100)}`);
    const names = left.match(/[\w$]+(?="\]=|=)/g) ?? [];
    assigned.set(name, { statement, names });
  }
  return { variables, assigned, rest };
}

/**
 * The names of the exports that are kept.
 * @param {WebAssembly.Module} module
 * @param {ReturnType<typeof read>} glue
 * @param {string} others the other scripts that reach into the module
 */
function kept(module, { assigned, rest }, others) {
  const texts = `${rest}\n${others}`;
  const words = new Set(texts.match(/[\w$]+/g));
  const quoted = new Set([...texts.matchAll(/["'`]([\w$]+)["'`]|\bwasmExports\.([\w$]+)/g)].map((found) => found[1] ?? found[2]));
  const imported = new Set(WebAssembly.Module.imports(module).map(({ name }) => name));
  return WebAssembly.Module.exports(module)
    .filter(
      ({ name, kind }) =>
        kind === "table" ||
        kind === "memory" ||
        name.startsWith("__wasm") ||
        name.startsWith("__em_") || // JavaScript in C
        imported.has(name) || // the module looks itself up there
        quoted.has(name) ||
        assigned.get(name)?.names.some((variable) => words.has(variable)),
    )
    .map(({ name }) => name);
}

/** @param {string} glue @param {ReturnType<typeof read>} parts @param {Set<string>} names */
function trimmedGlue(glue, { variables, assigned }, names) {
  const gone = new Set();
  const statements = [];
  for (const [name, one] of assigned) {
    if (names.has(name)) {
      statements.push(one.statement);
    } else {
      one.names.forEach((variable) => gone.add(variable));
    }
  }
  return glue
    .replace(VARIABLES, () => `var ${variables.filter((name) => !gone.has(name)).join(",")};`)
    .replace(ASSIGN, () => `function assignWasmExports(wasmExports){${statements.join(";")}}`)
    .replace(WRAPPER, (wrapper, name) => (names.has(name) ? wrapper : ""));
}

/** @param {string} glue */
function quicker(glue) {
  for (const [slow, quick] of QUICKER) {
    need(glue.split(slow).length === 2, `the glue has not once: ${slow.slice(0, 60)}`);
    glue = glue.replace(slow, () => quick);
  }
  return glue;
}

/** Write the module and the glue. */
function trim() {
  const glue = text(config.pyodide, GLUE);
  const bytes = fs.readFileSync(path.join(config.pyodide, MODULE));
  const parts = read(glue);
  const readers = config.readers.map((/** @type {string} */ file) => fs.readFileSync(file, "utf8"));
  const others = [text(config.pyodide, LOADER), ...readers].join("\n");
  const names = new Set(kept(new WebAssembly.Module(bytes), parts, others));
  fs.writeFileSync(
    path.join(config.made, MODULE),
    withExports(bytes, (name) => names.has(name)),
  );
  fs.writeFileSync(path.join(config.made, GLUE), quicker(trimmedGlue(glue, parts, names)));
}

/** Python starts in what was made, and does something of everything. */
async function prove() {
  beforePyodide();
  const { loadPyodide } = await import(pathToFileURL(path.join(config.made, LOADER)).href);
  try {
    const pyodide = await loadPyodide({ indexURL: config.made });
    await pyodide.runPythonAsync(PROOF);
  } catch (error) {
    throw new Misfit(`Python does not run in what was made: ${/** @type {Error} */ (error).message}`);
  }
}

try {
  for (const name of [LOADER, "python_stdlib.zip", "pyodide-lock.json"]) {
    fs.copyFileSync(path.join(config.pyodide, name), path.join(config.made, name));
  }
  trim();
  await prove();
  answer({});
} catch (error) {
  if (error instanceof Misfit || error instanceof Unknown || error instanceof WebAssembly.CompileError) {
    answer({ refused: error.message });
  }
  fail(error);
}
