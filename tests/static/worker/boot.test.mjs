import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { bundle } from "../../../static/worker/bundle.js";
import { deferred, outcome, settled, stillClock, until } from "../../support/fakes.mjs";

/** What the modules around `boot.js` do, for each boot by its number. @type {Map<string, any>} */
const boots = new Map();
withParts();

/** Lets `boot.js` load downloads and snapshots that the test plays, and load anew for each test. */
function withParts() {
  Object.assign(globalThis, { workerPyParts: boots });
  const names = {
    "./bundle.js": ["bundle"],
    "./downloads.js": ["download", "downloadNow", "importModule", "locate"],
    "./late_files.js": ["LateFiles"],
    "./module_file.js": ["ModuleFile"],
    "./snapshot.js": ["parseSnapshot", "snapshotLoader"],
    "./snapshot_file.js": ["SnapshotFile"],
  };
  registerHooks({
    resolve(specifier, context, next) {
      const number = /boot\.js\?(\d+)$/.exec(context.parentURL ?? "")?.[1];
      const exported = Object.entries(names).find(([name]) => name === specifier)?.[1];
      if (number && exported) {
        const source = `export const {${exported}} = globalThis.workerPyParts.get("${number}");`;
        return { url: `data:text/javascript,${source}`, shortCircuit: true };
      }
      return next(specifier, context);
    },
  });
}

const SNAPSHOT = "snapshot.bin";
const LIBRARY = "/lib/python314.zip";
const PACKAGES = "/lib/python3.14/site-packages";
const PARTS = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"];

/**
 * A boot whose network, Pyodide and app the test plays. Everything works at once until it says otherwise.
 * @param {import("node:test").TestContext} t
 * @param {Partial<typeof bundle>} [holds] of the bundle
 */
async function booting(t, holds = {}) {
  const clock = stillClock(t);
  /** What happened, in order. @type {any[]} */
  const log = [];
  const warn = t.mock.method(console, "warn", () => {});
  const starts = {
    /** What `worker_py` gives. @type {any} */
    python: {
      deliver: () => -1,
      detach: () => -1,
      configure: () => -1,
      turn: () => -1,
      hear: () => {},
      remember: () => {},
      starts_with_kept: false,
      watch_slices: (/** @type {() => number} */ left) => log.push(["left", left()]),
      waited: (/** @type {string} */ what, /** @type {number} */ ms) => log.push(["waited", what, ms]),
      slice_limit_ms: 0,
      page_grace_s: 60,
      beat_address: 16,
    },
    /** Why the app does not load. @type {Error | null} */
    error: null,
  };
  /** @type {any} */
  const pyodide = {
    _api: {},
    _module: { HEAPU32: new Uint32Array([0, 0, 0, 0, 7]) },
    FS: {
      writeFile: (/** @type {string} */ path, /** @type {Uint8Array} */ bytes) =>
        log.push(["write", path, new TextDecoder().decode(bytes)]),
      unlink: (/** @type {string} */ path) => log.push(["unlink", path]),
    },
    setInterruptBuffer: (/** @type {unknown} */ buffer) => log.push(["interrupt", buffer]),
    toPy: (/** @type {unknown} */ value) => value,
    pyimport: (/** @type {string} */ name) => ({
      start: (/** @type {string} */ text, /** @type {unknown[]} */ ...functions) => {
        log.push(["start", JSON.parse(text), ...functions]);
        if (starts.error) {
          throw starts.error;
        }
        return starts.python;
      },
      destroy: () => log.push(["destroy", name]),
    }),
  };
  const file = { content: deferred(), verified: deferred() };
  /** The halves of the start from a snapshot: what Pyodide's loader does, and what breaks it. @type {any} */
  const loader = { load: async () => pyodide, broken: deferred(), given: null, parts: null, unhooked: 0 };
  const network = {
    /** Answers to downloads that are not at once what they should be, by path. @type {Map<string, Promise<any>>} */
    answers: new Map(),
    /** @type {Map<string, Error>} */
    failures: new Map(),
  };
  /** @param {string} how @param {string} path */
  const get = async (how, path, whole = /** @type {any} */ (new TextEncoder().encode(`<${path}>`).buffer)) => {
    log.push([how, path]);
    return network.answers.get(path) ?? whole;
  };
  const number = String(boots.size + 1);
  boots.set(number, {
    bundle: {
      ...bundle,
      wheels: ["wheels/ours-1-any.whl", "wheels/more-2-any.whl"],
      app: { archive: "app.zip", module: "handlers", attribute: "app" },
      lockInfo: { python: "3.14" },
      ...holds,
    },
    locate: (/** @type {string} */ path) => `at:${path}`,
    download: (/** @type {string} */ path) => get("download", path),
    downloadNow: (/** @type {string} */ path) => {
      log.push(["now", path]);
      const failure = network.failures.get(path);
      if (failure) {
        throw failure;
      }
      return new TextEncoder().encode(`<${path}>`).buffer;
    },
    ModuleFile: class {
      /** @param {string} path */
      constructor(path) {
        this.compiled = get("compile", path, "the module");
      }
      keepLater() {
        log.push(["keep module later"]);
      }
    },
    importModule: (/** @type {string} */ path) =>
      get("import", path, {
        default: "the glue",
        loadPyodide: (/** @type {any} */ options) => {
          log.push(["load"]);
          loader.given = options;
          return loader.load();
        },
      }),
    LateFiles: class {
      /** @param {any} FS @param {any} places @param {any} source */
      constructor(FS, places, source) {
        log.push(["late", FS, places, source]);
        const library = places.some((/** @type {any} */ place) => place.name);
        this.archives = library ? [] : places.flatMap((/** @type {any} */ place) => place.archives);
        this.source = source;
      }
      async mount() {
        log.push(["mount"]);
        await Promise.all(this.archives.map(this.source.download)); // in a boot from nothing they are on their way
        const late = network.answers.get("late");
        network.answers.delete("late"); // another boot that begins from nothing has all
        await late;
      }
    },
    parseSnapshot: (/** @type {unknown} */ content) => `parsed ${content}`,
    snapshotLoader: (/** @type {any} */ parts) => {
      loader.parts = parts;
      const unhook = () => loader.unhooked++;
      return { options: { fromSnapshot: true }, broken: loader.broken.promise, unhook };
    },
    SnapshotFile: class {
      content = file.content.promise;
      verified = file.verified.promise;
      /** @param {string} path */
      constructor(path) {
        log.push(["snapshot", path]);
      }
      keepLater() {
        log.push(["keep later"]);
      }
    },
  });
  /** @type {Array<[string, number]>} */
  const progress = [];
  const kept = { promise: /** @type {Promise<Record<string, string>>} */ (Promise.resolve({ A: "{1}" })) };
  const outside = {
    progress: (/** @type {string} */ phase, /** @type {number} */ fraction) => progress.push([phase, fraction]),
    post: () => {},
    keep: () => {},
    kept: () => kept.promise,
    wake: () => {},
    fatal: () => {},
    holding: t.mock.fn(),
    interruptBuffer: t.mock.fn((/** @type {() => number} */ _beat, /** @type {number} */ _limit) => ({
      0: 0,
      left: () => 3,
    })),
    watchBlockingRequests: t.mock.fn((/** @type {(origin: string, ms: number) => void} */ _over) => {}),
  };
  const { boot } = await import(`../../../static/worker/boot.js?${number}`);
  return {
    begin: () => outcome(/** @type {Promise<any>} */ (boot(outside))),
    did: (/** @type {string[]} */ ...kinds) => log.filter(([kind]) => kinds.includes(kind)),
    ...{ clock, log, file, loader, network, progress, kept, outside, starts, pyodide, warn },
  };
}

/** @param {{value?: any, error?: Error}} booted */
const ended = (booted) => until(() => booted.value ?? booted.error);

// From nothing --------------------------------------------------------------------------------------------

test("without a snapshot everything is downloaded, installed and started", async (t) => {
  const { begin, did, loader } = await booting(t);
  const booted = begin();
  await ended(booted);
  assert.deepEqual(
    did("download").map(([, path]) => path),
    [
      "wheels/ours-1-any.whl",
      "wheels/more-2-any.whl",
      "app.zip",
      "pyodide-lock.json",
      ...PARTS.map((name) => `../../pyodide/${name}`),
    ],
  );
  assert.deepEqual(
    did("late", "load", "mount", "start").map(([kind]) => kind),
    ["load", "late", "mount", "start"],
  );
  const [[, , places, source]] = did("late");
  assert.deepEqual(places, [
    { directory: PACKAGES, archives: ["wheels/ours-1-any.whl", "wheels/more-2-any.whl"] },
    { directory: "/app", archives: ["app.zip"] },
  ]);
  assert.equal(new TextDecoder().decode(await source.download("app.zip")), "<app.zip>");
  assert.equal(did("download").filter(([, path]) => path === "app.zip").length, 1);
  assert.deepEqual(loader.given, {
    indexURL: "at:../../pyodide/",
    createPyodideModule: "the glue",
    lockFileContents: "<pyodide-lock.json>",
    packageBaseUrl: "at:../../",
    checkAPIVersion: true,
  });
});

test("the app is started with what is kept of calls, and with the ways out", async (t) => {
  const { begin, did, outside, starts, pyodide } = await booting(t, { live: "v1" });
  const booted = begin();
  await ended(booted);
  const [[, given, post, wake, keep]] = did("start");
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const place = { zone, language: navigator.language, agent: navigator.userAgent };
  const app = { module: "handlers", attribute: "app" };
  assert.deepEqual(given, { ...app, kept: { A: "{1}" }, live: "v1", settings: {}, place });
  assert.deepEqual([post, wake, keep], [outside.post, outside.wake, outside.keep]);
  const { deliver, detach, turn, hear, configure, remember } = starts.python;
  const { phases, ...runtime } = booted.value;
  const numbers = { starts_with_kept: false, slice_limit_ms: 0, page_grace_s: 60 };
  assert.deepEqual(runtime, {
    deliver,
    detach,
    turn,
    hear,
    configure,
    remember,
    ...numbers,
    parts: {},
    plainBecause: "the bundle has no snapshot",
  });
  assert.equal(pyodide._api.on_fatal, outside.fatal);
});

test("the app is not started before it is known what is kept", async (t) => {
  const { begin, did, kept } = await booting(t);
  const late = deferred();
  kept.promise = late.promise;
  const booted = begin();
  await until(() => did("mount").length === 1);
  await settled();
  assert.equal(did("start").length, 0);
  late.resolve({ B: "{2}" });
  await ended(booted);
  assert.deepEqual(did("start")[0][1].kept, { B: "{2}" });
});

test("the bundle says why it has no snapshot", async (t) => {
  const { begin } = await booting(t, { withoutSnapshot: "the app is too large" });
  const booted = begin();
  await ended(booted);
  assert.equal(booted.value.plainBecause, "the app is too large");
});

test("Pyodide is not begun before all of its own parts are whole", async (t) => {
  const { begin, did, network } = await booting(t);
  const late = deferred();
  network.answers.set("../../pyodide/python_stdlib.zip", late.promise);
  const booted = begin();
  await settled();
  assert.deepEqual(did("import", "load"), []);
  late.resolve(new ArrayBuffer(0));
  await ended(booted);
  assert.deepEqual(did("import", "load"), [
    ["import", "../../pyodide/pyodide.mjs"],
    ["import", "../../pyodide/pyodide.asm.mjs"],
    ["load"],
  ]);
});

for (const path of ["app.zip", "wheels/ours-1-any.whl", "pyodide-lock.json", "../../pyodide/pyodide.asm.wasm"]) {
  test(`without ${path} there is no start, and the reason is the network's`, async (t) => {
    const { begin, did, network } = await booting(t);
    network.answers.set(path, Promise.reject(new Error(`${path} could not be loaded: HTTP 404`)));
    const booted = begin();
    await ended(booted);
    assert.equal(booted.error?.message, `${path} could not be loaded: HTTP 404`);
    assert.ok(!("permanent" in (booted.error ?? {}))); // trying again may help
    assert.equal(did("start").length, 0);
  });
}

test("an archive that does not come while Pyodide is awaited is told once it is wanted, and unhandled by nobody", async (t) => {
  const { begin, network } = await booting(t);
  const parts = deferred();
  network.answers.set("pyodide-lock.json", parts.promise);
  network.answers.set("app.zip", Promise.reject(new Error("HTTP 404")));
  const booted = begin();
  await settled();
  assert.deepEqual(booted, {});
  parts.resolve(new ArrayBuffer(0));
  await ended(booted);
  assert.equal(booted.error?.message, "HTTP 404");
});

test("an app that fails to load says so for good, with what Python says", async (t) => {
  const { begin, did, starts } = await booting(t);
  starts.error = new Error("NameError: name 'ap' is not defined");
  const booted = begin();
  await ended(booted);
  assert.equal(booted.error?.message, "the app could not be loaded\nNameError: name 'ap' is not defined");
  assert.equal(/** @type {any} */ (booted.error).permanent, true);
  assert.deepEqual(did("destroy").at(-1), ["destroy", "worker_py._pyodide"]);
});

test("how far the boot is never goes back, and what each phase took is kept", async (t) => {
  const { begin, clock, did, network, kept, progress } = await booting(t);
  const [parts, archives, calls] = [deferred(), deferred(), deferred()];
  network.answers.set("pyodide-lock.json", parts.promise);
  network.answers.set("app.zip", archives.promise);
  kept.promise = calls.promise;
  const booted = begin();
  await settled();
  clock.tick(1000);
  parts.resolve(new ArrayBuffer(0));
  await until(() => did("load").length === 1);
  await settled();
  clock.tick(300);
  archives.resolve(new TextEncoder().encode("<app.zip>").buffer);
  await until(() => progress.at(-1)?.[0] === "app");
  clock.tick(50);
  calls.resolve({});
  await ended(booted);
  assert.deepEqual(progress, [
    ["runtime", 0.05],
    ["packages", 0.6],
    ["app", 0.9],
    ["ready", 1],
  ]);
  assert.deepEqual(booted.value.phases, { runtime: 1000, packages: 300, app: 50, total: 1350 });
});

// Interrupting a runaway ----------------------------------------------------------------------------------

test("an app without a limit for its slices is not interrupted", async (t) => {
  const { begin, did, outside } = await booting(t);
  await ended(begin());
  assert.deepEqual([did("interrupt").length, outside.interruptBuffer.mock.callCount()], [0, 0]);
});

test("what counts the slices is read where it is, also after the memory has grown", async (t) => {
  const { begin, did, outside, starts, pyodide } = await booting(t);
  starts.python.slice_limit_ms = 900;
  const booted = begin();
  await ended(booted);
  const [call] = outside.interruptBuffer.mock.calls;
  const [readBeat, limit] = call.arguments;
  assert.deepEqual([readBeat(), limit, booted.value.slice_limit_ms], [7, 900, 900]);
  pyodide._module.HEAPU32 = new Uint32Array([0, 0, 0, 0, 8]);
  assert.equal(readBeat(), 8);
  assert.deepEqual(did("interrupt"), [["interrupt", call.result]]);
});

test("Python knows how much the slice that runs has left, and hears of requests that held it", async (t) => {
  const { begin, did, outside, starts } = await booting(t);
  starts.python.slice_limit_ms = 900;
  await ended(begin());
  assert.deepEqual(did("left"), [["left", 3]]);
  outside.watchBlockingRequests.mock.calls[0].arguments[0]("https://crm.example", 1234);
  assert.deepEqual(did("waited"), [["waited", "a synchronous request to https://crm.example", 1234]]);
});

test("a counter that lies in the upper half of four gigabytes is found too", async (t) => {
  const { begin, outside, starts, pyodide } = await booting(t);
  Object.assign(starts.python, { slice_limit_ms: 900, beat_address: (2 ** 31 + 16) | 0 });
  pyodide._module.HEAPU32 = new Proxy([], { get: (_, index) => Number(index) });
  await ended(begin());
  assert.equal(outside.interruptBuffer.mock.calls[0].arguments[0](), (2 ** 31 + 16) / 4);
});

// From the snapshot ---------------------------------------------------------------------------------------

test("from a snapshot nothing is installed, and the files behind it come after the start", async (t) => {
  const { begin, did, loader, log, progress } = await booting(t, { snapshot: SNAPSHOT });
  const booted = begin();
  await ended(booted);
  assert.equal(booted.value.plainBecause, null);
  assert.deepEqual([...new Set(progress.map(([phase]) => phase))], ["download", "app", "ready"]);
  const kinds = log.map(([kind]) => kind);
  assert.ok(kinds.indexOf("start") < kinds.indexOf("mount"));
  assert.deepEqual(did("download", "snapshot", "mount", "keep later"), [
    ["snapshot", SNAPSHOT],
    ["mount"],
    ["keep later"],
  ]);
  assert.deepEqual(did("unlink"), [["unlink", LIBRARY]]); // the empty one
  assert.deepEqual(loader.given, {
    fromSnapshot: true,
    indexURL: "at:../../pyodide/",
    stdLibURL: "at:empty.zip",
    lockFileContents: '{"info":{"python":"3.14"},"packages":{}}',
    packageBaseUrl: "at:../../",
  });
  assert.deepEqual(loader.parts.urls, { wasm: "at:../../pyodide/pyodide.asm.wasm", library: "at:empty.zip" });
  assert.equal(loader.unhooked, 1);
});

test("the snapshot is laid when its file has come, and used when it is verified", async (t) => {
  const { begin, file, loader, progress } = await booting(t, { snapshot: SNAPSHOT });
  loader.load = () => new Promise(() => {});
  begin();
  await until(() => loader.parts);
  const found = outcome(loader.parts.snapshot());
  const laid = outcome(loader.parts.laid());
  await settled();
  assert.deepEqual([found, laid], [{}, {}]);
  file.content.resolve("memory");
  await until(() => found.value);
  assert.equal(found.value, "parsed memory");
  assert.equal(progress.at(-1)?.[0], "memory");
  assert.deepEqual(laid, {});
  file.verified.resolve();
  await until(() => "value" in laid);
  assert.equal(progress.at(-1)?.[0], "runtime");
});

test("each part that comes brings the boot on, whatever the order", async (t) => {
  const { begin, file, loader, network, progress } = await booting(t, { snapshot: SNAPSHOT });
  const [module, glue] = [deferred(), deferred()];
  network.answers.set("../../pyodide/pyodide.asm.wasm", module.promise);
  network.answers.set("../../pyodide/pyodide.asm.mjs", glue.promise);
  loader.load = () => new Promise(() => {});
  begin();
  await until(() => loader.given);
  /** @type {Array<[string, string]>} */
  const seen = [];
  for (const [name, part] of /** @type {const} */ ([
    ["glue", glue],
    ["file", file.content],
    ["module", module],
  ])) {
    part.resolve({});
    await settled();
    seen.push([name, progress.at(-1)?.[1].toFixed(2) ?? ""]);
  }
  assert.deepEqual(seen, [
    ["glue", "0.25"],
    ["file", "0.35"],
    ["module", "0.45"],
  ]);
});

test("a part that comes when the app is begun does not make the boot complete", async (t) => {
  const { begin, file, kept, progress } = await booting(t, { snapshot: SNAPSHOT });
  kept.promise = deferred().promise;
  begin();
  await until(() => progress.at(-1)?.[0] === "app");
  file.content.resolve("memory");
  await settled();
  assert.deepEqual(progress.at(-1), ["app", 0.9]);
});

test("what a phase took in both ways to start adds up", async (t) => {
  const { begin, clock, file, kept, loader, network } = await booting(t, { snapshot: SNAPSHOT });
  const [calls, parts] = [deferred(), deferred()];
  network.answers.set("pyodide-lock.json", parts.promise);
  kept.promise = calls.promise;
  const { load } = loader;
  loader.load = async () => {
    loader.load = load;
    file.verified.resolve();
    await loader.parts.laid(); // the phase `runtime` begins
    clock.tick(200);
    throw new Error("Pyodide changed");
  };
  const booted = begin();
  await settled();
  clock.tick(3000);
  parts.resolve(new ArrayBuffer(0));
  calls.resolve({});
  await ended(booted);
  assert.equal(booted.value.phases.runtime, 3200);
});

/** @typedef {Awaited<ReturnType<typeof booting>>} Booting */

for (const [what, spoil, reason] of /** @type {Array<[string, (booting: Booting) => void, string]>} */ ([
  [
    "whose file is damaged",
    ({ file, loader }) => {
      file.content.resolve("memory");
      file.verified.reject(new Error("it is damaged: 6 bytes"));
      loader.load = () => loader.parts.laid();
    },
    "it is damaged: 6 bytes",
  ],
  [
    "whose file does not come",
    ({ file, loader }) => {
      file.content.reject(new Error("HTTP 404"));
      loader.load = () => loader.parts.snapshot();
    },
    "HTTP 404",
  ],
  [
    "for which the runtime cannot be made",
    ({ loader }) => {
      loader.broken.reject(new Error("out of memory"));
      loader.load = () => new Promise(() => {}); // as Pyodide does
    },
    "out of memory",
  ],
  [
    "whose loader throws",
    ({ loader }) => {
      loader.load = async () => {
        throw new Error("Pyodide changed");
      };
    },
    "Pyodide changed",
  ],
])) {
  test(`a snapshot ${what} is told, and the start is made from nothing`, async (t) => {
    const booting_ = await booting(t, { snapshot: SNAPSHOT });
    const { begin, did, loader, progress, warn } = booting_;
    const { load } = loader;
    spoil(booting_);
    const { load: spoilt } = loader;
    let times = 0;
    loader.load = () => (++times === 1 ? spoilt() : load());
    const booted = begin();
    await ended(booted);
    assert.equal(booted.value.plainBecause, `the snapshot could not be used: ${reason}`);
    assert.deepEqual(
      warn.mock.calls.map((call) => call.arguments),
      [[`worker-py: ${booted.value.plainBecause}`]],
    );
    assert.equal(loader.unhooked, 1);
    assert.deepEqual([did("mount").length, did("start").length, did("keep later").length], [1, 1, 0]);
    const fractions = progress.map(([, fraction]) => fraction);
    assert.deepEqual(
      fractions,
      fractions.toSorted((a, b) => a - b),
    );
  });
}

test("a part of Pyodide that does not come is told as it is, when the start from nothing wants it too", async (t) => {
  const { begin, network } = await booting(t, { snapshot: SNAPSHOT });
  network.answers.set("../../pyodide/pyodide.mjs", Promise.reject(new Error("HTTP 503")));
  const booted = begin();
  await ended(booted);
  assert.equal(booted.error?.message, "HTTP 503");
});

test("an app that fails from the snapshot is tried once more from nothing, and then fails for good", async (t) => {
  const { begin, did, starts } = await booting(t, { snapshot: SNAPSHOT });
  starts.error = new Error("ImportError");
  const booted = begin();
  await ended(booted);
  assert.equal(did("start").length, 2);
  assert.equal(/** @type {any} */ (booted.error).permanent, true);
});

// Late files ----------------------------------------------------------------------------------------------

/** A boot from a snapshot, and what it gives the late files. @param {import("node:test").TestContext} t */
async function restored(t) {
  const all = await booting(t, { snapshot: SNAPSHOT });
  all.starts.python.slice_limit_ms = 900;
  await ended(all.begin());
  const [, FS, places, source] = all.did("late")[0];
  return { ...all, FS, places, source };
}

test("the files behind a snapshot are watched for before the app starts, and put in place after it", async (t) => {
  const all = await restored(t);
  assert.equal(all.FS, all.pyodide.FS);
  assert.deepEqual(all.places, [
    { directory: "/lib", name: "python314.zip", archives: ["../../pyodide/python_stdlib.zip"] },
    { directory: PACKAGES, archives: ["wheels/ours-1-any.whl", "wheels/more-2-any.whl"] },
    { directory: "/app", archives: ["app.zip"] },
  ]);
  assert.deepEqual(
    all.did("unlink", "late", "start", "mount").map(([kind]) => kind),
    ["unlink", "late", "start", "mount"],
  );
});

test("an app that is not in the snapshot starts when all files are in place, which come meanwhile", async (t) => {
  const all = await booting(t, { snapshot: SNAPSHOT, bare: true });
  const mounted = deferred();
  all.network.answers.set("late", mounted.promise);
  const booted = all.begin();
  await until(() => all.did("mount").length > 0);
  const archives = ["../../pyodide/python_stdlib.zip", "wheels/ours-1-any.whl", "wheels/more-2-any.whl", "app.zip"];
  const early = archives.map((path) => ["download", path]);
  assert.deepEqual([all.did("download"), all.did("start")], [early, []]);
  const [, , , source] = all.did("late")[0];
  await source.download("app.zip");
  assert.deepEqual(all.did("download"), early, "none is fetched twice");
  mounted.resolve(undefined);
  await ended(booted);
  assert.deepEqual([booted.value.plainBecause, all.did("start").length], [null, 1]);
});

test("compiled code of the snapshot is on its way from the beginning, and fetched once", async (t) => {
  const libraries = [{ archive: "wheels/more-2-any.whl", file: "more/_more.so" }];
  const all = await booting(t, { snapshot: SNAPSHOT, libraries });
  const booted = all.begin();
  await ended(booted);
  const [, , , source] = all.did("late")[0];
  await source.download("wheels/more-2-any.whl");
  assert.deepEqual(all.did("download"), [["download", "wheels/more-2-any.whl"]]);
  await assert.rejects(all.loader.parts.replay, /it is no zip archive/, "the test's own is none");
});

test("files that do not come for an app that is not in the snapshot mean a start from nothing", async (t) => {
  const all = await booting(t, { snapshot: SNAPSHOT, bare: true });
  all.network.answers.set("late", Promise.reject(new Error("HTTP 502")));
  const booted = all.begin();
  await ended(booted);
  assert.equal(booted.value.plainBecause, "the snapshot could not be used: HTTP 502");
});

test("files come in the way that the moment allows, verified where there is time", async (t) => {
  const all = await restored(t);
  await all.source.download("app.zip");
  all.source.downloadNow("app.zip");
  assert.deepEqual(all.log.slice(-2), [
    ["download", "app.zip"],
    ["now", "app.zip"],
  ]);
});

test("files that did not come are said, and the boot is none the worse", async (t) => {
  const all = await booting(t, { snapshot: SNAPSHOT });
  all.network.answers.set("late", Promise.reject(new Error("HTTP 502")));
  const booted = all.begin();
  await ended(booted);
  await until(() => all.warn.mock.callCount() === 1);
  assert.equal(booted.value.plainBecause, null);
  assert.deepEqual(all.warn.mock.calls[0].arguments, [
    "worker-py: files will be loaded when they are needed: HTTP 502",
  ]);
});

test("while somebody waits for files, pages are told, its requests are no handler's, and its time begins anew", async (t) => {
  const all = await restored(t);
  const [over] = all.outside.watchBlockingRequests.mock.calls[0].arguments;
  const [readBeat] = all.outside.interruptBuffer.mock.calls[0].arguments;
  const before = readBeat();
  const got = all.source.holding(() => {
    assert.equal(all.outside.holding.mock.callCount(), 1);
    over("https://app.example", 5000);
    return "files";
  });
  assert.deepEqual([got, all.did("waited"), readBeat()], ["files", [], before + 1]);
  over("https://crm.example", 5000);
  assert.equal(all.did("waited").length, 1);
});

test("files that do not come leave the handler's requests its own again", async (t) => {
  const all = await restored(t);
  const [over] = all.outside.watchBlockingRequests.mock.calls[0].arguments;
  const fail = () => {
    throw new Error("HTTP 404");
  };
  assert.throws(() => all.source.holding(fail), /HTTP 404/);
  over("https://crm.example", 5000);
  assert.equal(all.did("waited").length, 1);
});
