import assert from "node:assert/strict";
import { test } from "node:test";
import { Reports } from "../../../static/page/reports.js";
import { supportText } from "../../../static/page/support.js";
import { Trace } from "../../../static/page/trace.js";

const PLANTED = ["4915112345678", "Zarathustra", "0123456789abcdef0123456789abcdef"];
const AT = { agent: "Mozilla/5.0 Chrome/156.0 Safari/537.36", now: 1_700_000_000_000 };

/** A page on which things went wrong. @param {import("node:test").TestContext} t */
function parts(t) {
  t.mock.method(console, "error", () => {});
  const [trace, reports] = [new Trace(), new Reports()];
  const words = PLANTED.join(" ");
  reports.add("handler_failed", `handler greet failed\nLookupError: ${words}`, { event: "e", level: "error" });
  trace.add("report", "handler_failed", { detail: words });
  trace.add("handler", "greet", { event: "e", outcome: "failed", duration_ms: 7, call_id: words });
  const hosting = { mode: "shared", reason: "the browser knows no extendedLifetime" };
  const status = {
    state: "failed",
    failure: `The app failed: ${words}`,
    storageRefused: null,
    hosting,
    phases: { total: 400 },
  };
  return /** @type {any} */ ({
    ...{
      build: "87c8e6412649",
      page: "page-1",
      client: { name: "BX24" },
      clientProblem: null,
      binder: null,
      missed: null,
    },
    ...{
      messages: {},
      host: { full: false },
      lost: { lost: 2 },
      link: { interpreter: "" },
      executor: { refreshed: 0 },
    },
    status: { ...status, plainBecause: words, workers: 2, endings: [`fatal: ${words}`], leftRunning: [] },
    queue: { counts: {}, setAside: [], journal: { count: 3, size: 1 } },
    fromPython: { counts: {}, service: { probe: 0 }, problems: new Set() },
    ...{ reports, trace },
  });
}

test("one text tells what runs, what is wrong and what happened, without a word of the call", (t) => {
  const text = supportText(parts(t), AT);
  assert.deepEqual(
    PLANTED.filter((planted) => text.includes(planted)),
    [],
  );
  for (const told of [
    "worker-py 87c8e6412649, page page-1",
    "Chrome 156",
    "state failed, client BX24, host shared",
    "workers 2, ended: fatal",
    "problem: 2 events went with the page before this one",
    "problem: The app failed",
    "report handler_failed e (1)",
    "handler greet e failed 7",
  ]) {
    assert.ok(text.includes(told), `${told}\n\n${text}`);
  }
});

for (const [what, station, line] of /** @type {Array<[string, object, string]>} */ ([
  [
    "is registered",
    { holds: true, registration: { known: true, cause: "", trying: true, since: 1_700_000_000_000 } },
    "phone here, registered, since 2023-11-14T22:13:20.000Z",
  ],
  [
    "is refused",
    {
      holds: true,
      registration: { known: false, cause: `Rejected (403 ${PLANTED[1]})`, trying: false, since: 1_700_000_000_000 },
    },
    "phone here, not registered, answer 403, given up, since 2023-11-14T22:13:20.000Z",
  ],
  ["is elsewhere", { holds: false, holder: "page-2", registration: null }, "phone in page-2"],
])) {
  test(`the text says that the phone ${what}, since when, and not the exchange's words`, (t) => {
    const page = /** @type {any} */ (globalThis);
    page.workerPyPhone = station;
    t.after(() => delete page.workerPyPhone);
    const text = supportText(parts(t), AT);
    assert.ok(text.split("\n").includes(line), text);
    assert.ok(!text.includes(PLANTED[1]));
  });
}

test("the text is bounded", (t) => {
  const all = parts(t);
  for (let number = 0; number < 3000; number++) {
    all.trace.add("handler", "x".repeat(1000));
  }
  assert.ok(supportText(all, AT).length < 60_000);
});
