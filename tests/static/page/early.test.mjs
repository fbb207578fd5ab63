import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { isSecure } from "../../../static/page/host.js";
import { withGlobals } from "../../support/fakes.mjs";

/** The hosts that each loading of `early.js` made, by its number. @type {Map<string, any>} */
const loadings = new Map();
withHosts();

const PAGE = "https://app.example/app/";

/** Lets `early.js` make hosts that the test looks at, and load anew for each test. */
function withHosts() {
  Object.assign(globalThis, { workerPyHosts: loadings });
  registerHooks({
    resolve(specifier, context, next) {
      const number = /early\.js\?(\d+)$/.exec(context.parentURL ?? "")?.[1];
      if (number && specifier === "./host.js") {
        const source = `export const {Host, isSecure} = globalThis.workerPyHosts.get("${number}");`;
        return { url: `data:text/javascript,${source}`, shortCircuit: true };
      }
      return next(specifier, context);
    },
  });
}

/**
 * A page in which `early.js` was loaded.
 * @param {import("node:test").TestContext} t
 * @param {{name?: string, search?: string, secure?: boolean | undefined, config?: string | null}} [page]
 */
async function loaded(
  t,
  { name = "portal.example|1|sid", search = "", secure = true, config = '{"build":"b1"}' } = {},
) {
  /** @type {Array<{options: any, joined: number}>} */
  const hosts = [];
  class Host {
    joined = 0;
    /** @param {any} options */
    constructor(options) {
      this.options = options;
      hosts.push(this);
    }
    joinEarly() {
      this.joined++;
    }
  }
  const element = config === null ? null : { textContent: config };
  withGlobals(t, {
    window: { name },
    location: { search },
    document: {
      baseURI: PAGE,
      getElementById: (/** @type {string} */ id) => (id === "worker-py-config" ? element : null),
    },
    isSecureContext: secure,
  });
  t.after(() => Reflect.deleteProperty(globalThis, Symbol.for("worker-py.early")));
  const number = String(loadings.size + 1);
  loadings.set(number, { Host, isSecure });
  const { takeHost } = await import(`../../../static/page/early.js?${number}`);
  return { hosts, takeHost };
}

const WORKER = `${PAGE}assets/b1/worker/worker.js`;
const OTHER = `${PAGE}assets/b2/worker/worker.js`;

test("in the portal the interpreter is begun at once, for the portal and the build of this page", async (t) => {
  const { hosts } = await loaded(t);
  assert.deepEqual(
    hosts.map(({ options, joined }) => [options, joined]),
    [[{ url: WORKER, build: "b1", portal: "portal.example" }, 1]],
  );
});

test("whoever goes on with it gets what has begun, and the next one another that has not", async (t) => {
  const { hosts, takeHost } = await loaded(t);
  const [first, second] = [takeHost("b1"), takeHost("b1")];
  assert.equal(first, hosts[0]);
  assert.equal(second, hosts[1]);
  assert.deepEqual([hosts.length, second.joined], [2, 0]);
});

for (const [what, page] of /** @type {Array<[string, {name?: string, search?: string, secure?: boolean}]>} */ ([
  ["outside a portal", { name: "" }],
  ["in another program's frame", { name: "portal.example|1" }],
  ["on the page of an installation", { search: "?a=1&install" }],
  ["on the page of an installation that says so with a value", { search: "?install=1" }],
  ["on a page that the browser gives no interpreter", { secure: false }],
])) {
  test(`${what} nothing is begun, and whoever wants a host gets one`, async (t) => {
    const { hosts, takeHost } = await loaded(t, page);
    assert.deepEqual(hosts, []);
    const host = takeHost("b2");
    const [portal] = (page.name ?? "portal.example|1|sid").split("|");
    assert.deepEqual([host.options, host.joined], [{ url: OTHER, build: "b2", portal }, 0]);
  });
}

test("a query that only resembles the installation's is none", async (t) => {
  const { hosts } = await loaded(t, { search: "?installed=1&note=install" });
  assert.equal(hosts.length, 1);
});

test("a browser that does not know whether it is secure is taken to be", async (t) => {
  const { hosts } = await loaded(t, { secure: undefined });
  assert.equal(hosts.length, 1);
});

test("a name with more parts than the portal's has its portal in front", async (t) => {
  const { hosts } = await loaded(t, { name: "portal.example|0|sid|more" });
  assert.equal(hosts[0].options.portal, "portal.example");
});

test("a page without its settings begins for no build, and does not break", async (t) => {
  const { hosts } = await loaded(t, { config: null });
  assert.equal(hosts[0].options.build, undefined);
});
