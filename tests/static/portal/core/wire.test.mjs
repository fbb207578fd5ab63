import assert from "node:assert/strict";
import { test } from "node:test";
import { PlacementInterface } from "../../../../static/portal/core/interface.js";
import {
  frameName,
  parseRequest,
  refusal,
  serialiseAnswer,
  serialiseEmpty,
} from "../../../../static/portal/core/wire.js";

test("a classic request is method, JSON, callback and appSid", () => {
  assert.deepEqual(parseRequest('CallCardSetMute:{"muted":true}:cb1:sid'), {
    method: "CallCardSetMute",
    params: { muted: true },
    callback: "cb1",
    appSid: "sid",
  });
});

test("colons inside the JSON belong to the JSON", () => {
  const request = parseRequest('placementBindEvent:{"event":"BackgroundCallCard::initialized"}:cb1:sid');
  assert.deepEqual(request?.params, { event: "BackgroundCallCard::initialized" });
  assert.equal(request?.callback, "cb1");
});

test("parameters may be empty, or left out as b24jssdk does", () => {
  const wanted = { method: "getInterface", params: undefined, callback: "cb1", appSid: "sid" };
  assert.deepEqual(parseRequest("getInterface::cb1:sid"), wanted);
  assert.deepEqual(parseRequest("getInterface:cb1:sid"), wanted);
});

test("a request that wants no answer has an empty callback", () => {
  assert.equal(parseRequest("setInstallFinish:{}::sid")?.callback, "");
});

test("a method with a colon in its name comes as an object", () => {
  const message = { method: "a::b", params: { x: 1 }, callback: "cb1", appSid: "sid" };
  assert.deepEqual(parseRequest(message), message);
  assert.equal(parseRequest({ ...message, params: "" })?.params, undefined);
});

for (const message of [
  "",
  ":",
  "a:b",
  ":{}:cb:sid",
  "m:{broken:cb:sid",
  null,
  undefined,
  7,
  [],
  { method: "m" },
  { method: 7, appSid: "s" },
]) {
  test(`${JSON.stringify(message)} is not a request`, () => {
    assert.equal(parseRequest(message), null);
  });
}

test("an answer is its callback and JSON, and nothing behind the colon when undefined", () => {
  assert.equal(serialiseAnswer("cb1", { a: [1] }), 'cb1:{"a":[1]}');
  assert.equal(serialiseAnswer("cb1", false), "cb1:false");
  assert.equal(serialiseAnswer("cb1", undefined), "cb1:");
});

test("an event without data can take each of its four forms", () => {
  const forms = /** @type {const} */ (["[]", "", "null", "undefined"]);
  assert.deepEqual(
    forms.map((form) => serialiseEmpty("cb1", form)),
    ["cb1:", 'cb1:""', "cb1:null", "cb1:undefined"],
  );
});

test("an unknown empty form is refused by its name", () => {
  assert.throws(() => serialiseEmpty("cb1", /** @type {any} */ ("{}")), /not "\{\}"/);
});

test("window.name tells host, protocol and appSid", () => {
  assert.equal(frameName("portal.example", true, "s"), "portal.example|1|s");
  assert.equal(frameName("portal.localhost:81", false, "s"), "portal.localhost:81|0|s");
});

test("a message counts only with the frame's origin and appSid", () => {
  const frame = { origin: "https://app.example", appSid: "s" };
  assert.equal(refusal({ origin: "https://app.example", appSid: "s" }, frame), null);
  assert.equal(refusal({ origin: "https://evil.example", appSid: "s" }, frame), "foreign origin");
  assert.equal(refusal({ origin: "https://app.example", appSid: "old" }, frame), "unknown appSid");
  assert.equal(refusal({ origin: "https://app.example", appSid: "s" }, undefined), "unknown appSid");
});

test("a bind for a name that is not registered yet is lost for good", () => {
  const names = new PlacementInterface();
  assert.equal(names.bind({ frame: "f", event: "X::a", callback: "1" }), false);
  names.register({ events: ["X::a"] });
  assert.deepEqual(names.bindings("X::a"), []);
  assert.equal(names.bind({ frame: "f", event: "X::a", callback: "2" }), true);
  assert.deepEqual(names.boundBy("f"), ["X::a"]);
});

test("a second bind delivers every event twice, until the frame is gone", () => {
  const names = new PlacementInterface();
  names.register({ events: ["X::a"], commands: ["C"] });
  names.bind({ frame: "f", event: "X::a", callback: "1" });
  names.bind({ frame: "f", event: "X::a", callback: "2" });
  assert.deepEqual(
    names.bindings("X::a").map((one) => one.callback),
    ["1", "2"],
  );
  names.forget("f");
  assert.deepEqual(names.bindings("X::a"), []);
  assert.deepEqual(names.listed(), { command: ["C"], event: ["X::a"] });
});
