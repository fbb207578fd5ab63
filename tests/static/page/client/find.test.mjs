import assert from "node:assert/strict";
import { test } from "node:test";
import { runInThisContext } from "node:vm";
import { findClient } from "../../../../static/page/client/find.js";
import { OUTSIDE } from "../../../../static/page/diagnostics.js";
import { withGlobals } from "../../../support/fakes.mjs";

const CONFIG = { client: "bx24", bx24_url: "https://portal.example/bx24.js" };

test("without the portal's name for the frame this is no page of a portal", (t) => {
  withGlobals(t, { window: { name: "" } });
  assert.deepEqual(findClient(CONFIG), [null, OUTSIDE]);
});

test("a client that did not load is told with its address", (t) => {
  withGlobals(t, { window: { name: "portal.example|1|sid" }, isSecureContext: true });
  const [client, problem] = findClient(CONFIG);
  assert.equal(client, null);
  assert.match(String(problem), /portal\.example\/bx24\.js/);
});

test("BX24 as a property of the window is found", (t) => {
  withGlobals(t, { window: { name: "portal.example|1|sid" }, isSecureContext: true, BX24: { placement: {} } });
  assert.equal(findClient(CONFIG)[0]?.name, "BX24");
});

test("BX24 that a script declares by const is found", (t) => {
  withGlobals(t, { window: { name: "portal.example|1|sid" }, isSecureContext: true });
  runInThisContext("const BX24 = { placement: {} };"); // the last test here: it cannot be taken back
  assert.equal(findClient(CONFIG)[0]?.name, "BX24");
});
