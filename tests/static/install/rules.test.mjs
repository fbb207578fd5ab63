import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addressCheck,
  advice,
  audience,
  bindParams,
  detailOf,
  errorAddress,
  handlerAddress,
  isTaken,
  registrations,
  removal,
  scopeChecks,
  taken,
  unbindParams,
} from "../../../static/install/rules.js";

const failure = (/** @type {string} */ code, more = {}) => ({ code, description: "", status: 400, ...more });

for (const [href, handler] of [
  ["https://app.example/?install", "https://app.example/"],
  ["https://app.example/?install=&DOMAIN=a.example&PROTOCOL=1&LANG=en&APP_SID=77", "https://app.example/"],
  ["https://app.example/card/index.html?install#top", "https://app.example/card/index.html"],
  ["https://app.example/?install&tenant=7", "https://app.example/?tenant=7"],
]) {
  test(`the hidden page of ${href} is ${handler}`, () => {
    assert.equal(handlerAddress(href), handler);
  });
}

test("errors go to the same origin, whatever the page's path", () => {
  assert.equal(errorAddress("https://app.example/card/?install"), "https://app.example/placement-error");
});

test("a bind for everybody names no user, one for an employee does", () => {
  const wanted = { handler: "https://app.example/", errorUrl: "https://app.example/e", userId: 0 };
  const params = {
    PLACEMENT: "PAGE_BACKGROUND_WORKER",
    HANDLER: "https://app.example/",
    OPTIONS: { errorHandlerUrl: "https://app.example/e" },
  };
  assert.deepEqual(bindParams(wanted), params);
  assert.deepEqual(bindParams({ ...wanted, userId: 5 }), { ...params, USER_ID: 5 });
});

test("an unbind always says for whom", () => {
  assert.deepEqual(unbindParams(0), { PLACEMENT: "PAGE_BACKGROUND_WORKER", USER_ID: 0 });
});

test("registrations are those of this placement, that for everybody first, in whatever form they come", () => {
  const rows = [
    { placement: "CALL_CARD", handler: "https://app.example/card", userId: 0 },
    { placement: "PAGE_BACKGROUND_WORKER", handler: "https://app.example/", userId: "5" },
    { placement: "page_background_worker", handler: "https://app.example/", options: { errorHandlerUrl: "e" } },
  ];
  const wanted = [
    { handler: "https://app.example/", userId: 0, errorUrl: "e" },
    { handler: "https://app.example/", userId: 5, errorUrl: "" },
  ];
  assert.deepEqual(registrations(rows), wanted);
  assert.deepEqual(registrations({ ...rows }), wanted);
  assert.deepEqual(registrations(undefined), []);
});

test("a scope that is needed is wrong when it is missing, the others are worth a look", () => {
  const checks = scopeChecks(["crm"]);
  assert.deepEqual(
    checks.map(({ level }) => level),
    ["bad", "bad", "ok", "warn"],
  );
  assert.match(checks[1].title, /telephony/);
  assert.match(String(checks[1].remedy), /add “telephony”/);
});

for (const [handler, secure, level, words] of /** @type {[string, boolean, string, RegExp][]} */ ([
  ["https://app.example/", true, "ok", /app\.example/],
  ["http://app.example/", true, "bad", /without encryption/],
  ["http://app.example/", false, "warn", /without encryption/],
  ["https://localhost/", true, "warn", /not a public name/],
  ["http://app.localhost:8000/", true, "warn", /not a public name/],
  ["https://192.0.2.7/", true, "warn", /not a public name/],
  ["https://[2001:db8::1]/", true, "warn", /not a public name/],
  ["https://intranet/", true, "warn", /not a public name/],
  ["file:///home/dist/index.html", true, "bad", /no web address/],
])) {
  test(`${handler} for ${secure ? "an https" : "an http"} portal: ${level}`, () => {
    const check = addressCheck(handler, secure);
    assert.equal(check.level, level);
    assert.match(check.title, words);
    assert.equal(check.remedy !== undefined, level !== "ok");
  });
}

for (const [handler, refused] of /** @type {[string, boolean][]} */ ([
  ["http://127.0.0.1:8001/", true],
  ["http://localhost:8001/", true],
  ["http://[::1]:8001/", true],
  ["http://app.localhost:8001/", false],
  ["http://printer.local/", false],
])) {
  test(`${handler} is said to be refused where portals refuse it: ${refused}`, () => {
    assert.equal(/the portal refuses/.test(addressCheck(handler, false).title), refused);
  });
}

for (const [code, words] of /** @type {[string, RegExp][]} */ ([
  ["EMPTY_ERROR_HANDLER_URL", /error address/i],
  ["ERROR_PLACEMENT_MAX_COUNT", /Remove it/],
  ["WRONG_AUTH_TYPE", /not a webhook/],
  ["ERROR_ARGUMENT", /Check what you typed/],
  ["ERROR_WRONG_HANDLER_URL", /public/],
  ["ERROR_UNSUPPORTED_PROTOCOL", /https:/],
  ["ERROR_HANDLER_URL_MATCH", /on another host than the app.*app's settings/],
  ["ERROR_PLACEMENT_NOT_FOUND", /no placement PAGE_BACKGROUND.*scopes/],
  ["insufficient_scope", /add “placement”/],
  ["INSUFFICIENT_SCOPE", /add “placement”/],
  ["ACCESS_DENIED", /administrator/],
  ["QUERY_LIMIT_EXCEEDED", /Wait/],
  ["expired_token", /anew/],
  ["NETWORK_ERROR", /--portal/],
  ["NO_ANSWER", /anew/],
  ["INSTALL_FINISH", /Finish the installation/],
])) {
  test(`${code} is told with its remedy`, () => {
    const { title, remedy } = advice(failure(code));
    assert.notEqual(title, "The portal refused.");
    assert.match(`${title} ${remedy}`, words);
  });
}

test("a refusal that nobody knows is told as such, with what the portal said", () => {
  const error = failure("NEW_ERROR", { description: "Something new", status: 418 });
  assert.equal(advice(error).title, "The portal refused.");
  assert.equal(detailOf(error), "NEW_ERROR · HTTP 418 · Something new");
});

test("the field that the portal names is named, also where the client tells it in words only", () => {
  assert.match(advice(failure("ERROR_ARGUMENT", { argument: "USER_ID" })).title, /USER_ID/);
  assert.equal(advice(failure("ERROR_ARGUMENT", { argument: "USER_ID" })).field, "user");
  assert.match(advice(failure("ERROR_ARGUMENT", { description: "Argument 'HANDLER' is null" })).title, /HANDLER/);
  assert.equal(advice(failure("EMPTY_ERROR_HANDLER_URL")).field, "error-url");
});

test("a place is taken by the code, or by the words of older portals", () => {
  assert.ok(isTaken(failure("ERROR_PLACEMENT_MAX_COUNT")));
  assert.ok(isTaken(failure("", { description: "Unable to set placement handler: Handler already binded" })));
  assert.ok(!isTaken(failure("ERROR_ARGUMENT")));
});

test("an employee is named where the name is known", () => {
  const names = new Map([[5, "Noor Haddad"]]);
  assert.deepEqual(
    [audience(0, names), audience(5, names), audience(6, names)],
    ["all users", "Noor Haddad (id 5)", "the employee with id 6"],
  );
});

const NAMES = new Map([[5, "Noor Haddad"]]);
const rowOf = (/** @type {number} */ userId, handler = "https://app.example/") => ({ handler, userId, errorUrl: "" });

test("one for all in the way of one for an employee is told with what replacing it would do", () => {
  const { title, remedy } = taken([rowOf(0)], rowOf(5), NAMES);
  assert.equal(title, "A registration for all users is in the way.");
  assert.match(remedy, /takes none for one employee/);
  assert.match(remedy, /pages of Noor Haddad \(id 5\) load this page already/);
  assert.match(remedy, /replace it, the pages of all others/);
});

test("one for all that names another page is told with its address", () => {
  const { remedy } = taken([rowOf(0, "https://old.example/")], rowOf(5), NAMES);
  assert.match(remedy, /names another page, https:\/\/old\.example\//);
  assert.doesNotMatch(remedy, /already/);
});

test("one for all and the employee's own are told as both in the way", () => {
  const { title, remedy } = taken([rowOf(0), rowOf(5)], rowOf(5), NAMES);
  assert.equal(title, "Registrations for all users and for Noor Haddad (id 5) are in the way.");
  assert.match(remedy, /replace them/);
});

test("one for the same people that is still there is to be removed by hand, one that the portal hides to be looked for", () => {
  for (const userId of [0, 5]) {
    assert.deepEqual(taken([rowOf(userId)], rowOf(userId), NAMES), advice(failure("ERROR_PLACEMENT_MAX_COUNT")));
  }
  const { title, remedy } = taken([], rowOf(5), NAMES);
  assert.match(title, /could not be replaced/);
  assert.match(remedy, /does not show which/);
});

test("what was removed is told, with its page where that was another; nothing is not told as something", () => {
  const own = rowOf(5);
  assert.equal(removal([], own, NAMES), "");
  assert.equal(removal([own], own, NAMES), "The former registration for Noor Haddad (id 5) was removed before that.");
  assert.equal(
    removal([rowOf(0, "https://old.example/"), own], own, NAMES),
    "The former registrations for all users (https://old.example/) and for Noor Haddad (id 5) were removed before that.",
  );
});
