import assert from "node:assert/strict";
import { test } from "node:test";
import { portalFrame, watchMessages } from "../../../static/page/portal_frame.js";

/** @param {import("node:test").TestContext} t */
function watching(t) {
  /** @type {(event: any) => void} */
  let hear = () => {};
  const globals = /** @type {any} */ (globalThis);
  const before = { addEventListener: globals.addEventListener, window: globals.window };
  globals.addEventListener = (/** @type {string} */ _, /** @type {any} */ listener) => {
    hear = listener;
  };
  globals.window = {};
  t.after(() => Object.assign(globals, before));
  /** @type {string[][]} */
  const reports = [];
  watchMessages("https://portal.example", (kind, text) => reports.push([kind, text]));
  return { reports, say: (/** @type {unknown} */ data, origin = "https://portal.example") => hear({ data, origin }) };
}

test("a message of another origin is reported without what it says", (t) => {
  const { reports, say } = watching(t);
  say("secret +4930123456", "https://evil.example");
  assert.deepEqual(reports, [["foreign_message", "a message from https://evil.example was not for us"]]);
});

test("a message of the portal that is not JSON is reported without what it says", (t) => {
  const { reports, say } = watching(t);
  say("cb17:{broken +4930123456");
  assert.equal(reports.length, 1);
  assert.equal(reports[0][0], "unreadable_message");
  assert.match(reports[0][1], /callback cb17 is not JSON/);
  assert.doesNotMatch(reports[0][1], /4930/);
});

for (const text of ["cb1:", 'cb1:{"a":1}', "cb1:[]", 'cb1:""', "cb1:null", "cb1:true", "no colon at all"]) {
  test(`the portal's message ${JSON.stringify(text)} is nothing to report`, (t) => {
    const { reports, say } = watching(t);
    say(text);
    say({ an: "object" });
    assert.deepEqual(reports, []);
  });
}

for (const [name, expected] of /** @type {const} */ ([
  [
    "portal.example|1|sid",
    { inPortal: true, domain: "portal.example", isHttps: true, origin: "https://portal.example", sid: "sid" },
  ],
  [
    "portal.example:81|0|",
    { inPortal: true, domain: "portal.example:81", isHttps: false, origin: "http://portal.example:81", sid: "" },
  ],
  [
    "a window of its own",
    {
      inPortal: false,
      domain: "a window of its own",
      isHttps: true,
      origin: "https://a window of its own",
      sid: undefined,
    },
  ],
])) {
  test(`a frame named ${name} is read`, () => {
    assert.deepEqual(portalFrame(name), expected);
  });
}
