import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import * as messages from "../../static/messages.js";
import { kindOf } from "../../static/protocol.js";

const STATIC = new URL("../../static/", import.meta.url);
const SOURCES = globSync(["{page,worker,install,live}/**/*.js", "*.js"], { cwd: STATIC.pathname });

test("nothing but the builders writes the kind of a message", () => {
  assert.ok(SOURCES.length > 40);
  const writes = SOURCES.filter((path) =>
    /\bt: "/.test(readFileSync(new URL(path, STATIC), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "")),
  );
  assert.deepEqual(writes, ["messages.js"]);
});

test("each message to Python has a builder, but what only the worker and the kit say", () => {
  const built = readFileSync(new URL("messages.js", STATIC), "utf8").split("// From the page to its worker")[0];
  const kinds = [...built.matchAll(/\{ t: "(\w+)"/g)].map(([, kind]) => kind);
  const told = readFileSync(new URL("protocol.js", STATIC), "utf8").split("} ToPython")[0];
  const typed = [...told.matchAll(/@typedef \{\{t: "(\w+)"/g)].map(([, kind]) => kind);
  assert.ok(typed.includes("detach"));
  assert.deepEqual(kinds.sort(), typed.filter((kind) => kind !== "detach").sort());
});

test("what is delivered again names the call whose card was shown when it came, if one was", () => {
  const mute = messages.event("mute", true);
  const first = { t: "event", name: "mute", payload: true, seq: 3, at: 17, redelivered: false };
  assert.deepEqual(messages.delivered(mute, 3, 17, false, "A.1"), first);
  assert.deepEqual(messages.delivered(mute, 3, 17, true, "A.1"), { ...first, redelivered: true, call_id: "A.1" });
  assert.deepEqual(messages.delivered(mute, 3, 17, true, undefined), { ...first, redelivered: true });
});

test("an event without data has no payload in its JSON, and an empty one keeps it", () => {
  assert.equal(JSON.stringify(messages.event("hangup", undefined)), '{"t":"event","name":"hangup"}');
  assert.equal(JSON.stringify(messages.emit("mood", null)), '{"t":"emit","name":"mood","payload":null}');
});

test("the kind of a message is read from its text, and that of anything else is none that there is", () => {
  assert.equal(kindOf('{"t":"ack","seq":1}'), "ack");
  assert.equal(kindOf(JSON.stringify(messages.reload("r", null, true))), "reload");
  assert.equal(kindOf('{"t":"command","params":{"t":"ack"}}'), "command");
  assert.notEqual(kindOf('{"x":"t","ack":1}'), "ack");
});
