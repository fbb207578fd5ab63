import assert from "node:assert/strict";
import { test } from "node:test";
import { appAddress, queryOf } from "../../../../static/portal/demo/address.js";

test("the address goes over what the page says of itself", () => {
  const query = queryOf("app=app/&rest=page&method=get", "?rest=http&user=2");
  assert.deepEqual(Object.fromEntries(query), { app: "app/", rest: "http", method: "get", user: "2" });
});

test("the placement page may stand beside the portal's page, below any path", () => {
  assert.equal(appAddress("app/", "https://host.example/shop/demo/?x=1"), "https://host.example/shop/demo/app/");
  assert.equal(appAddress("http://app.localhost:8001/", "http://portal.localhost/"), "http://app.localhost:8001/");
});

test("no address, another protocol and the portal's own page are refused", () => {
  for (const given of [null, "", "javascript:alert(1)", "http://[", "?a=1", "index.html#x"]) {
    assert.equal(appAddress(given, "http://portal.localhost/index.html"), null, String(given));
  }
});
