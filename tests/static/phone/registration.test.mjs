import assert from "node:assert/strict";
import test from "node:test";
import { stillClock } from "../../support/fakes.mjs";
import { ACCOUNT, arrived, surroundings } from "../../support/sip_fakes.mjs";

/** A line whose time the test makes go. @param {import("node:test").TestContext} t */
async function line(t) {
  const { exchange } = surroundings();
  const clock = stillClock(t);
  const { jssipLine } = await import("../../../static/phone/jssip.js");
  /** @type {any[]} */
  const told = [];
  const made = jssipLine({ later: (callback, ms) => void setTimeout(callback, ms) })(
    /** @type {any} */ ({ registration: (/** @type {any} */ standing) => told.push(standing), incoming: () => true }),
  );
  t.after(() => made.close());
  /** @param {number} s */
  const pass = async (s) => {
    for (let passed = 0; passed < s; passed++) {
      clock.tick(1000);
      await arrived();
    }
  };
  /** @param {object} [change] */
  const register = (change) => made.register({ ...ACCOUNT, ...change });
  return { line: made, exchange, told, pass, register, clock };
}

/** @param {any[]} told */
const knowledge = (told) => told.map(({ known }) => known);

test("a renewal that is refused once is made again, and Python hears of both", async (t) => {
  const { exchange, told, pass, register } = await line(t);
  await register();
  exchange.script.REGISTER = [503];
  await pass(600);
  assert.deepEqual(knowledge(told), [false, true]);
  assert.match(told[0].cause, /503 Service Unavailable/);
});

test("it is known since when an account stands as it does, however often it is tried", async (t) => {
  const { line: made, exchange, pass, register } = await line(t);
  await register();
  const begun = made.registration?.since;
  await pass(500);
  assert.equal(made.registration?.since, begun);
  exchange.script.REGISTER = Array(99).fill(503);
  globalThis.dispatchEvent(new Event("online"));
  await pass(60);
  const failed = Number(made.registration?.since);
  await pass(60);
  assert.ok(exchange.count("REGISTER") > 4 && failed > Number(begun) && made.registration?.since === failed);
});

test("pauses between tries grow, and end at a minute", async (t) => {
  const { exchange, pass, register } = await line(t);
  await register();
  exchange.script.REGISTER = Array(40).fill(503);
  exchange.heard = [];
  await pass(1200);
  const tries = exchange.heard.filter((/** @type {any} */ { what }) => what === "REGISTER");
  const pauses = tries.slice(1).map((/** @type {any} */ { at }, /** @type {number} */ n) => at - tries[n].at);
  assert.ok(pauses[0] <= 2000 && pauses[7] >= 29_000 && Math.max(...pauses) <= 62_000, `${pauses}`);
});

test("an exchange that says how long to wait is left alone so long", async (t) => {
  const { exchange, pass, register } = await line(t);
  exchange.script.REGISTER = [{ status: 503, headers: ["Retry-After: 30"] }];
  await assert.rejects(register(), { name: "RegistrationFailed" });
  await pass(25);
  assert.equal(exchange.count("REGISTER"), 1);
  await pass(10);
  assert.equal(exchange.count("REGISTER"), 2);
});

test("an exchange that is down at the start is tried until it is there", async (t) => {
  const { line: made, exchange, told, pass, register } = await line(t);
  exchange.stop();
  await assert.rejects(register(), { name: "RegistrationFailed", message: /WebSocket cannot be reached/ });
  await pass(60);
  exchange.stop(false);
  await pass(40);
  assert.deepEqual(knowledge(told), [false, true]);
  assert.equal(made.registration?.known, true);
});

for (const status of [401, 403]) {
  test(`an account that is refused by ${status} is not tried again, whatever comes`, async (t) => {
    const { exchange, told, pass, register } = await line(t);
    exchange.script.REGISTER = Array(9).fill(status);
    await assert.rejects(register(), { name: "RegistrationFailed" });
    const before = exchange.count("REGISTER");
    await pass(120);
    globalThis.dispatchEvent(new Event("online"));
    exchange.stop();
    exchange.stop(false);
    await pass(60);
    assert.equal(exchange.count("REGISTER"), before);
    assert.deepEqual(told.at(-1).trying, false);
  });
}

test("a renewal that is refused by 403 is told, and neither time nor a new socket tries it again", async (t) => {
  const { exchange, told, pass, register } = await line(t);
  await register();
  exchange.script.REGISTER = Array(9).fill(403);
  await pass(600);
  const before = exchange.count("REGISTER");
  exchange.stop();
  exchange.stop(false);
  await pass(120);
  assert.equal(exchange.count("REGISTER"), before);
  assert.equal(told[0].trying, false);
});

test("an account that is refused leaves the one that worked in its place", async (t) => {
  const { line: made, exchange, told, pass, register } = await line(t);
  await register();
  exchange.script.REGISTER = [403];
  await assert.rejects(register({ password: "wrong" }), { name: "RegistrationFailed", message: /403/ });
  assert.deepEqual(told, [{ ...made.registration, cause: "another account was not taken: Rejected (403 Forbidden)" }]);
  assert.deepEqual([made.registration?.known, made.registration?.cause, told[0].trying], [true, "", true]);
  await pass(600);
  assert.ok(exchange.contact, "and it is renewed");
});

test("an account that works takes the place of the one before, which leaves", async (t) => {
  const { line: made, exchange, register, pass } = await line(t);
  await register();
  await register();
  await pass(3);
  assert.equal(made.registration?.known, true);
  assert.equal(exchange.sockets.size, 1);
});

test("an exchange that takes a registration without a word of it is asked again", async (t) => {
  const { exchange, pass, register, told } = await line(t);
  exchange.script.REGISTER = [{ status: 200 }, "ok"];
  const { say } = exchange;
  exchange.say = function (/** @type {string[]} */ lines, /** @type {string} */ body) {
    say.call(this, exchange.heard.length === 1 ? lines.filter((each) => !each.startsWith("Contact")) : lines, body);
  };
  const first = assert.rejects(register(), { message: /does not answer/ });
  await pass(60);
  await first;
  assert.equal(told.at(-1).known, true);
});

test("a socket that died in silence is noticed within half a minute, and another one registers", async (t) => {
  const { exchange, pass, register, told } = await line(t);
  await register();
  exchange.die();
  await pass(32);
  assert.deepEqual(knowledge(told), [false, true]);
  assert.equal(exchange.opened, 2);
});

test("an exchange that answers no pings keeps its socket", async (t) => {
  const { exchange, pass, register, told } = await line(t);
  exchange.pongs = false;
  await register();
  await pass(300);
  assert.deepEqual([exchange.opened, told], [1, []]);
});

test("an exchange that answers pings is asked for nothing else until the registration ends", async (t) => {
  const { exchange, pass, register } = await line(t);
  await register();
  await pass(250);
  assert.equal(exchange.count("REGISTER"), 1);
});

test("when the machine wakes a dead socket is noticed within seconds", async (t) => {
  const { exchange, pass, register, told, clock } = await line(t);
  await register();
  exchange.die();
  clock.sleep(3_600_000);
  t.mock.timers.setTime(Date.now() + 3_600_000);
  await pass(8);
  assert.deepEqual(knowledge(told), [false, true]);
});

test("a clock that is set back by an hour hides no dead socket", async (t) => {
  const { exchange, pass, register } = await line(t);
  await register();
  const now = Date.now;
  t.mock.method(Date, "now", () => now() - 3_600_000);
  exchange.die();
  await pass(10);
  assert.deepEqual(
    [...exchange.sockets].map(({ dead }) => dead),
    [false],
  );
});

test("when the network is back the exchange is tried at once", async (t) => {
  const { exchange, pass, register, told } = await line(t);
  await register();
  exchange.stop();
  await pass(200);
  exchange.stop(false);
  globalThis.dispatchEvent(new Event("online"));
  await arrived();
  assert.equal(told.at(-1).known, true);
});

test("a socket that is neither opened nor refused is given up", async (t) => {
  const { exchange, pass, register, told } = await line(t);
  await register();
  exchange.hangs = true;
  exchange.stop();
  exchange.stop(false);
  await pass(60);
  assert.ok(exchange.opened > 2, `${exchange.opened}`);
  exchange.hangs = false;
  await pass(40);
  assert.equal(told.at(-1).known, true);
});

test("a line that is closed leaves no timer and no socket", async (t) => {
  const { line: made, exchange, pass, register } = await line(t);
  await register();
  await made.close();
  await pass(40);
  assert.deepEqual([exchange.sockets.size, exchange.contact], [0, ""]);
  const sent = exchange.heard.length;
  await pass(700);
  assert.equal(exchange.heard.length, sent);
});

/** @type {Array<[string, any]>} */
const ODD_ANSWERS = [
  ["another's contact alone", { status: 200, headers: ["Contact: <sip:other@elsewhere.invalid>;expires=600"] }],
  ["an end at once", { status: 200, headers: ["Expires: 0"] }],
  ["a redirection", { status: 302, headers: ["Contact: <sip:operator@pbx.test>"] }],
  ["a time that is none", { status: 503, headers: ["Retry-After: -5"] }],
  ["a time that is for ever", { status: 503, headers: ["Retry-After: 99999999999"] }],
  ["words for a time", { status: 503, headers: ["Retry-After: soon (maintenance)"] }],
  ["a least time that nobody lives to see", { status: 423, headers: ["Min-Expires: 99999999999"] }],
];
for (const [what, answer] of ODD_ANSWERS) {
  test(`a registration that is answered with ${what} is neither given up nor asked for without end`, async (t) => {
    const { line: made, exchange, pass, register } = await line(t);
    exchange.script.REGISTER = Array(3).fill(answer);
    await register().catch(() => {});
    await pass(120);
    assert.ok(exchange.count("REGISTER") < 20, `${exchange.count("REGISTER")} in two minutes`);
    exchange.script = {};
    await pass(700);
    assert.deepEqual([made.registration?.known, made.registration?.trying], [true, true]);
  });
}

for (const change of [
  { uri: "sip:a@b c" },
  { expires_s: -5 },
  { expires_s: "soon" },
  { ice_servers: "x" },
  { ice_servers: [{ urls: "bogus" }] },
  { ice_policy: "none" },
]) {
  test(`an account with ${JSON.stringify(change)} is refused in words, and the one that worked stays`, async (t) => {
    const { line: made, exchange, pass, register } = await line(t);
    await register();
    await assert.rejects(register(change), { name: "TypeError", message: /uri|expires|ice_servers or ice_policy/ });
    await pass(5);
    assert.deepEqual([made.registration?.known, exchange.sockets.size], [true, 1]);
  });
}

test("an account that cannot be used leaves the one that is being tried in its place", async (t) => {
  const { line: made, exchange, pass, register } = await line(t);
  exchange.stop();
  await assert.rejects(register(), { name: "RegistrationFailed" });
  await assert.rejects(register({ expires_s: -5 }), { name: "TypeError" });
  exchange.stop(false);
  await pass(60);
  assert.equal(made.registration?.known, true);
});

test("where there is no WebRTC no account is registered: nobody could answer", async (t) => {
  const { exchange, register } = await line(t);
  delete (/** @type {any} */ (globalThis).RTCPeerConnection);
  await assert.rejects(register(), { name: "NotSupported" });
  assert.equal(exchange.opened, 0);
});
