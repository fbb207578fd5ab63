import assert from "node:assert/strict";
import path from "node:path";
import { before, beforeEach, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { LateFiles } from "../../../static/worker/late_files.js";
import { zipOf } from "../../support/archives.mjs";
import { until } from "../../support/fakes.mjs";

const PYODIDE = fileURLToPath(new URL("../../../node_modules/pyodide/", import.meta.url));
const { loadPyodide } = await import(pathToFileURL(path.join(PYODIDE, "pyodide.mjs")).href);

/** Pyodide as it is: what it does to reach a file is what this is about. @type {any} */
let pyodide;
/** What is downloaded, in which way. @type {string[]} */
let got;
/** Archives that do not come. @type {Set<string>} */
let failing;
let number = 0;
/** The directory of this test, on Python's path. */
let site = "";

const archives = {
  "lamps.whl": zipOf({
    "lamps/__init__.py": "",
    "lamps/shade.py": "COLOUR = 'green'\n",
    "lamps/prices.csv": "lamp,price\nstanding,20\n".repeat(40),
    "lamps-1.5.dist-info/METADATA": "Metadata-Version: 2.1\nName: lamps\nVersion: 1.5\n",
    "lamps-1.5.dist-info/RECORD": "",
    "zones/__init__.py": "",
    "zones/zoneinfo/__init__.py": "",
  }),
  "bulbs.whl": zipOf({ "bulbs-1.data/purelib/bulbs.py": "WATT = 40\n", "lamps/extra.txt": "of another wheel" }),
};

before(async () => {
  pyodide = await loadPyodide({ indexURL: PYODIDE });
});

beforeEach(() => {
  got = [];
  failing = new Set();
  site = `/site${++number}`;
});

const holds = { count: 0 };

function late() {
  /** @param {string} how @param {string} name @returns {ArrayBuffer} */
  const get = (how, name) => {
    got.push(`${how} ${name}`);
    if (failing.has(name)) {
      throw new Error("HTTP 404");
    }
    return archives[/** @type {keyof typeof archives} */ (name)];
  };
  holds.count = 0;
  const files = new LateFiles(pyodide.FS, [{ directory: site, archives: Object.keys(archives) }], {
    download: async (name) => get("soon", name),
    downloadNow: (name) => get("now", name),
    holding: (run) => {
      holds.count++;
      return run();
    },
  });
  return files;
}

/** @param {string} code its last line is the answer */
function python(code) {
  const fresh = ["lamps", "lamps.shade", "bulbs", "zones"].map((name) => `sys.modules.pop("${name}", None)\n`).join("");
  return pyodide.runPython(`import sys\n${fresh}sys.path[:] = [p for p in sys.path if "/site" not in p[:5]]
sys.path.append("${site}")\n${code}`);
}

const AT_ONCE = ["now lamps.whl", "now bulbs.whl"];

for (const [how, code, answer] of /** @type {Array<[string, () => string, unknown]>} */ ([
  ["open", () => `open("${site}/lamps/prices.csv").read(10)`, "lamp,price"],
  ["os.stat", () => `import os\nos.stat("${site}/lamps/prices.csv").st_size`, 920],
  ["os.path.exists", () => `import os\nos.path.exists("${site}/lamps/shade.py")`, true],
  [
    "os.listdir",
    () => `import os\n",".join(sorted(os.listdir("${site}/lamps")))`,
    "__init__.py,extra.txt,prices.csv,shade.py",
  ],
  ["os.scandir", () => `import os\nlen(list(os.scandir("${site}")))`, 4],
  ["os.walk", () => `import os\nsum(len(files) for _, _, files in os.walk("${site}"))`, 9],
  ["glob", () => `import glob\nlen(glob.glob("${site}/**/*.csv", recursive=True))`, 1],
  ["an import", () => "import lamps.shade\nlamps.shade.COLOUR", "green"],
  ["an import from a wheel's purelib", () => "import bulbs\nbulbs.WATT", 40],
  [
    "importlib.util.find_spec",
    () => "import importlib.util\nimportlib.util.find_spec('lamps').origin is not None",
    true,
  ],
  ["importlib.metadata", () => "import importlib.metadata\nimportlib.metadata.version('lamps')", "1.5"],
  [
    "importlib.resources",
    () => "from importlib import resources\nlen(resources.files('lamps').joinpath('prices.csv').read_bytes())",
    920,
  ],
  ["pkgutil", () => "import pkgutil\nlen(pkgutil.get_data('lamps', 'prices.csv'))", 920],
  ["a write into it", () => `open("${site}/lamps/own.txt", "w").write("mine")`, 4],
])) {
  test(`${how} finds files that have not come yet, and those of each archive come once`, () => {
    late();
    assert.equal(python(code()), answer);
    assert.deepEqual([got, holds.count], [AT_ONCE, 1]);
    assert.equal(python(code()), answer);
    assert.deepEqual(got, AT_ONCE);
  });
}

test("what is looked up elsewhere waits for nothing", () => {
  late();
  python("import os, json\nos.listdir('/')\nos.path.exists('/nowhere')\nimport colorsys");
  python(`import os\nos.path.isdir("${site}")`);
  assert.deepEqual(got, []);
});

test("files that come before anybody wants them are there without waiting", async () => {
  await late().mount();
  assert.deepEqual(got, ["soon lamps.whl", "soon bulbs.whl"]);
  assert.equal(python("import lamps.shade\nlamps.shade.COLOUR"), "green");
  assert.deepEqual([got.length, holds.count], [2, 0]);
});

test("files that were wanted at once are not put in place again when they come", async () => {
  const files = late();
  const coming = files.mount();
  assert.equal(python(`open("${site}/lamps/shade.py", "a").write("x = 1\\n")`), 6);
  await coming;
  assert.equal(python(`open("${site}/lamps/shade.py").read()`), "COLOUR = 'green'\nx = 1\n");
});

test("at most two archives are on their way at a time, and whoever cannot wait is told which", async () => {
  const names = ["a", "b", "c", "d"];
  /** @type {Map<string, () => void>} */
  const coming = new Map();
  /** @type {Array<[string, boolean]>} */
  const atOnce = [];
  const places = names.map((name) => ({ directory: `${site}/${name}`, archives: [`${name}.whl`, "bulbs.whl"] }));
  const files = new LateFiles(pyodide.FS, places, {
    download: (name) =>
      new Promise((resolve) => {
        coming.set(name, () => {
          coming.delete(name);
          resolve(archives["bulbs.whl"]);
        });
      }),
    downloadNow: (name, onItsWay) => {
      atOnce.push([name, onItsWay]);
      return archives["bulbs.whl"];
    },
    holding: (run) => run(),
  });
  const mounted = files.mount();
  assert.deepEqual([...coming.keys()], ["a.whl", "b.whl"]);
  python(`open("${site}/a/bulbs.py")\nopen("${site}/d/bulbs.py")`);
  assert.deepEqual(atOnce, [
    ["a.whl", true],
    ["bulbs.whl", false],
    ["d.whl", false],
    ["bulbs.whl", false],
  ]);
  coming.get("a.whl")?.();
  await until(() => coming.has("c.whl"));
  assert.deepEqual([...coming.keys()], ["b.whl", "c.whl"]);
  coming.get("b.whl")?.();
  await until(() => coming.has("bulbs.whl"));
  assert.deepEqual([...coming.keys()], ["c.whl", "bulbs.whl"]);
  coming.get("bulbs.whl")?.();
  coming.get("c.whl")?.();
  await until(() => coming.has("bulbs.whl"));
  coming.get("bulbs.whl")?.();
  await mounted;
  assert.equal(atOnce.length, 4);
});

test("files can be written, cut, mapped and removed like any", async () => {
  await late().mount();
  const code = `
import mmap, os
with open("${site}/lamps/prices.csv", "r+") as file:
    file.seek(5)
    file.write("COST!")
with open("${site}/lamps/prices.csv", "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
    first = mapped[:11]
with open("${site}/lamps/shade.py", "w") as file:
    file.write("x")
os.remove("${site}/lamps/extra.txt")
[first, os.path.getsize("${site}/lamps/shade.py"), os.path.exists("${site}/lamps/extra.txt")] == [b"lamp,COST!\\n", 1, False]`;
  assert.equal(python(code), true);
});

test("files that do not come are an OSError, and asked for again by the next who wants them", (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  late();
  failing.add("bulbs.whl");
  const code = `
try:
    open("${site}/lamps/prices.csv")
except OSError as error:
    found = error.strerror
found`;
  assert.equal(python(code), "I/O error");
  assert.match(warn.mock.calls[0].arguments[0], /files are missing: HTTP 404/);
  failing.clear();
  assert.equal(python(`open("${site}/lamps/prices.csv").read(4)`), "lamp");
});

test("an archive that is damaged changes nothing", async (t) => {
  t.mock.method(console, "warn", () => {});
  const files = new LateFiles(pyodide.FS, [{ directory: site, archives: ["a"] }], {
    download: async () => new ArrayBuffer(9),
    downloadNow: () => archives["bulbs.whl"],
    holding: (run) => run(),
  });
  await assert.rejects(files.mount(), /no zip archive/);
  assert.equal(python("import bulbs\nbulbs.WATT"), 40);
});

test("one archive can be a file itself, and its neighbours are not waited for", () => {
  pyodide.FS.mkdirTree(site);
  pyodide.FS.writeFile(`${site}/there`, "x");
  const read = [];
  new LateFiles(pyodide.FS, [{ directory: site, name: "all.zip", archives: ["bulbs.whl"] }], {
    download: async () => archives["bulbs.whl"],
    downloadNow: (name) => {
      read.push(name);
      return archives["bulbs.whl"];
    },
    holding: (run) => run(),
  });
  assert.equal(python(`import os\nos.path.exists("${site}/there") and not os.path.exists("${site}/other")`), true);
  assert.equal(read.length, 0);
  assert.equal(python(`import zipfile\nlen(zipfile.ZipFile("${site}/all.zip").namelist())`), 2);
  assert.equal(read.length, 1);
});
