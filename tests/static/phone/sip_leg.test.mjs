import assert from "node:assert/strict";
import test from "node:test";
import { ACCOUNT, arrived, FakePeer, registeredPhone as phone } from "../../support/sip_fakes.mjs";

/** Nothing of a call is left. @param {Awaited<ReturnType<typeof phone>>} all */
async function clean({ microphone, phase }) {
  assert.deepEqual(
    [microphone.open, FakePeer.made.filter(({ signalingState }) => signalingState !== "closed").length, await phase()],
    [0, 0, "idle"],
  );
}

// What the operator cancels is cancelled --------------------------------------------------------------

for (const way of ["hangup", "close"]) {
  test(`a ${way} while the microphone is asked for leaves nobody rung and no microphone open`, async (t) => {
    const all = await phone(t);
    const { phone: made, exchange, microphone, told } = all;
    microphone.asks = true;
    const calling = made.run("call", { number: "030" });
    await arrived();
    const rejected = assert.rejects(calling, { name: "NoSuchCall" });
    if (way === "hangup") {
      assert.equal(/** @type {any} */ (await made.run("hangup", {})).phase, "idle");
    } else {
      await made.close();
    }
    await rejected;
    microphone.asked?.resolve();
    await all.pass(3);
    assert.equal(exchange.count("INVITE"), 0);
    assert.deepEqual(
      told.map(([event]) => event),
      [],
    );
    await clean(all);
  });
}

test("after a cancelled call the next one can be made at once, while the first still asks for the microphone", async (t) => {
  const { phone: made, exchange, microphone } = await phone(t);
  microphone.asks = true;
  made.run("call", { number: "1" }).catch(() => {});
  await arrived();
  const first = microphone.asked;
  await made.run("hangup", {});
  microphone.asks = false;
  await made.run("call", { number: "2" });
  first?.resolve();
  await arrived();
  assert.deepEqual([exchange.count("INVITE"), microphone.open], [1, 1]);
});

test("an account that is replaced while the microphone is asked for is not the one that dials", async (t) => {
  const all = await phone(t);
  all.microphone.asks = true;
  const dialling = all.phone.run("call", { number: "030" });
  await arrived();
  await all.phone.run("register", { ...ACCOUNT, uri: "sip:next@pbx.test" });
  all.microphone.asked?.resolve();
  await dialling;
  await all.pass(1);
  const [{ sip }] = all.exchange.heard.filter((/** @type {any} */ { what }) => what === "INVITE");
  assert.match(Object.fromEntries(sip.headers).from, /next@pbx\.test/);
  assert.equal(await all.phase(), "connected");
});

const LEAVES =
  /** @type {Array<[string, string, (all: Awaited<ReturnType<typeof phone>>, id: string) => unknown]>} */ ([
    ["the caller gives up", "missed", ({ exchange }, id) => exchange.cancel(id)],
    ["the operator hangs up", "declined", ({ phone }) => phone.run("hangup", {})],
    ["the connection to the exchange goes", "failed", ({ exchange }) => exchange.stop()],
    ["the page goes", "declined", ({ phone }) => phone.close()],
  ]);
for (const [what, reason, leave] of LEAVES) {
  test(`an answer that waits for the microphone while ${what} is NoSuchCall, and the microphone is closed`, async (t) => {
    const all = await phone(t);
    const id = await all.ring();
    all.microphone.asks = true;
    const answering = all.phone.run("answer", {});
    await arrived();
    const rejected = assert.rejects(answering, { name: "NoSuchCall" });
    await leave(all, id);
    await all.pass(40);
    await rejected;
    all.microphone.asked?.resolve();
    await arrived();
    assert.deepEqual(all.reasons(), [reason]);
    await clean(all);
  });
}

test("a microphone that is refused leaves the call ringing, and it can be answered", async (t) => {
  const { phone: made, microphone, ring, phase } = await phone(t);
  await ring();
  microphone.asks = true;
  const answering = made.run("answer", {});
  await arrived();
  const rejected = assert.rejects(answering, { name: "NotAllowedError" });
  microphone.asked?.reject(new DOMException("no", "NotAllowedError"));
  await rejected;
  assert.equal(await phase(), "ringing");
  microphone.asks = false;
  await made.run("answer", {});
  assert.equal(await phase(), "connected");
});

const CALLED = /** @type {Array<[any, string]>} */ ([
  [486, "busy"],
  [603, "refused"],
  [404, "refused"],
  [302, "failed"],
  [503, "failed"],
  [488, "failed"],
  ["drop", "failed"],
  [{ status: 200, sdp: "no SDP" }, "failed"],
]);
for (const [action, reason] of CALLED) {
  test(`a call that is answered ${JSON.stringify(action)} ends ${reason}, once`, async (t) => {
    const all = await phone(t);
    all.exchange.script.INVITE = [action];
    await all.phone.run("call", { number: "030" });
    await all.pass(40);
    assert.deepEqual(all.reasons(), [reason]);
    await clean(all);
  });
}

test("an exchange that goes while a number rings is a call that failed", async (t) => {
  const all = await phone(t);
  all.exchange.script.INVITE = ["ring"];
  await all.phone.run("call", { number: "030" });
  await all.pass(1);
  all.exchange.stop();
  await all.pass(40);
  assert.deepEqual([all.reasons(), await all.phase()], [["failed"], "idle"]);
});

test("an answer that comes late to a call that was cancelled is hung up", async (t) => {
  const all = await phone(t);
  all.exchange.script.INVITE = [{ status: 200, after_ms: 2000 }];
  await all.phone.run("call", { number: "030" });
  await arrived();
  await all.phone.run("hangup", {});
  await all.pass(5);
  assert.deepEqual([all.reasons(), all.exchange.count("CANCEL") + all.exchange.count("BYE") > 0], [["hung_up"], true]);
  await clean(all);
});

test("a call that rings is told as such, and one that lets us hear something, too", async (t) => {
  const { exchange, phone: made, told, pass } = await phone(t);
  exchange.script.INVITE = ["early"];
  await made.run("call", { number: "030" });
  await pass(1);
  assert.deepEqual(
    told.map(([event, { stage }]) => stage ?? event),
    ["ringing", "early_media"],
  );
});

for (const [what, found, after_ms] of /** @type {Array<[string, number[], number]>} */ ([
  ["a second after the last address", [0, 100], 1100],
  ["after two seconds, though addresses still come", [0, 900, 1800, 2500], 2000],
])) {
  test(`the offer goes ${what}`, async (t) => {
    const { exchange, phone: made, pass } = await phone(t);
    FakePeer.gathers = found;
    await made.run("call", { number: "030" });
    const begun = Date.now();
    await pass(4, 50);
    const { at } = exchange.heard.find((/** @type {any} */ { what: each }) => each === "INVITE");
    assert.ok(at - begun >= after_ms && at - begun <= after_ms + 200, `${at - begun} ms`);
  });
}

// A refused hold is no hang-up -------------------------------------------------------------------------

/** @type {Array<[string, any[], number]>} */
const REFUSALS = [
  ["488", [488], 1],
  ["500", [500], 1],
  ["408", [408], 1],
  ["491, twice", [491, 491], 2],
  ["no answer", ["drop"], 9],
  ["an answer without SDP", [{ status: 200, sdp: "nothing" }], 1],
];
for (const [name, script, seconds] of REFUSALS) {
  test(`a hold that is refused by ${name} is NotPossible, and the call goes on as it was`, async (t) => {
    const { phone: made, exchange, talk, pass, phase, reasons } = await phone(t);
    await talk();
    exchange.script.REINVITE = script;
    const held = assert.rejects(made.run("hold", { held: true }), { name: "NotPossible" });
    await pass(seconds);
    await held;
    const [peer] = FakePeer.made;
    assert.deepEqual(
      [await phase(), (await made.state()).held, peer.signalingState, peer.getTransceivers()[0].direction],
      ["connected", false, "stable", "sendrecv"],
    );
    await pass(40);
    assert.deepEqual([reasons(), exchange.count("BYE")], [[], 0]);
    assert.equal(/** @type {any} */ (await made.run("hold", { held: true })).held, true);
  });
}

test("a resume that is refused leaves the call on hold, and can be tried again", async (t) => {
  const { phone: made, exchange, talk } = await phone(t);
  await talk();
  await made.run("hold", { held: true });
  exchange.script.REINVITE = [500];
  await assert.rejects(made.run("hold", { held: false }), { name: "NotPossible", message: /500/ });
  assert.equal((await made.state()).held, true);
  assert.equal(/** @type {any} */ (await made.run("hold", { held: false })).held, false);
});

test("a hold of a call that the other side no longer knows ends it as failed", async (t) => {
  const { phone: made, exchange, talk, reasons } = await phone(t);
  await talk();
  exchange.script.REINVITE = [481];
  await assert.rejects(made.run("hold", { held: true }), { name: "NoSuchCall" });
  assert.deepEqual(reasons(), ["failed"]);
});

test("a hold that is agreed to after nobody waited any more is taken back at the other side", async (t) => {
  const { phone: made, exchange, talk, pass } = await phone(t);
  await talk();
  exchange.script.REINVITE = [{ status: 200, after_ms: 12_000 }];
  const held = assert.rejects(made.run("hold", { held: true }), { name: "NotPossible" });
  await pass(14);
  await held;
  const asked = exchange.heard.filter((/** @type {any} */ { what }) => what === "REINVITE");
  assert.match(asked.at(-1).sip.body, /a=sendrecv/);
  assert.equal((await made.state()).held, false);
});

test("a hold after one that was pending at the other side is acknowledged by its own number", async (t) => {
  const { phone: made, exchange, talk, pass } = await phone(t);
  await talk();
  exchange.script.REINVITE = [491];
  const held = made.run("hold", { held: true });
  await pass(2);
  assert.equal(/** @type {any} */ (await held).held, true);
  /** @param {string} what */
  const number = (what) =>
    exchange.heard
      .filter((/** @type {any} */ each) => each.what === what)
      .at(-1)
      .sip.headers.find((/** @type {string[]} */ [name]) => name === "cseq")[1]
      .split(" ")[0];
  assert.equal(number("ACK"), number("REINVITE"));
});

test("a hang-up while a hold is asked for ends the call once", async (t) => {
  const all = await phone(t);
  await all.talk();
  all.exchange.script.REINVITE = ["drop"];
  const held = assert.rejects(all.phone.run("hold", { held: true }), { name: "NoSuchCall" });
  await arrived();
  await all.phone.run("hangup", {});
  await held;
  await all.pass(40);
  assert.deepEqual(all.reasons(), ["hung_up"]);
  await clean(all);
});

// Dead media end the call ------------------------------------------------------------------------------

test("media that found no way any more are given another, and the call goes on", async (t) => {
  const { exchange, talk, pass, phase } = await phone(t);
  await talk();
  const [peer] = FakePeer.made;
  peer.become("disconnected");
  await pass(2);
  assert.equal(exchange.count("REINVITE"), 1);
  peer.become("connected");
  await pass(60);
  assert.deepEqual([await phase(), exchange.count("REINVITE")], ["connected", 1]);
});

test("a stumble that mends itself is left alone", async (t) => {
  const { exchange, talk, pass } = await phone(t);
  await talk();
  FakePeer.made[0].become("disconnected");
  await pass(1);
  FakePeer.made[0].become("connected");
  await pass(20);
  assert.equal(exchange.count("REINVITE"), 0);
});

for (const action of [488, "drop", 481]) {
  test(`media that failed, and whose restart is answered ${action}, end the call as failed`, async (t) => {
    const all = await phone(t);
    await all.talk();
    all.exchange.script.REINVITE = [action];
    FakePeer.made[0].become("disconnected");
    await all.pass(8);
    FakePeer.made[0].signalingState !== "closed" && FakePeer.made[0].become("failed");
    await all.pass(5);
    assert.deepEqual(all.reasons(), ["failed"]);
    await clean(all);
  });
}

test("media that failed while the exchange is away are mended once it is back", async (t) => {
  const { exchange, talk, pass, phase } = await phone(t);
  await talk();
  exchange.stop();
  FakePeer.made[0].become("failed");
  await pass(10);
  exchange.stop(false);
  for (let waited = 0; waited < 20 && exchange.count("REINVITE") === 0; waited++) {
    await pass(1);
  }
  FakePeer.made[0].become("connected");
  await pass(40);
  assert.equal(await phase(), "connected");
});

test("media that failed while the exchange stays away end the call after half a minute", async (t) => {
  const all = await phone(t);
  await all.talk();
  all.exchange.stop();
  FakePeer.made[0].become("failed");
  await all.pass(25);
  assert.equal(await all.phase(), "connected");
  await all.pass(10);
  assert.deepEqual(all.reasons(), ["failed"]);
  await clean(all);
});

test("media that never find a way are offered another after a while, and then end the call as failed", async (t) => {
  const all = await phone(t);
  FakePeer.findsWay = false;
  await all.talk();
  await all.pass(14);
  assert.equal(all.exchange.count("REINVITE"), 0);
  await all.pass(3);
  assert.deepEqual([all.exchange.count("REINVITE"), await all.phase()], [1, "connected"]);
  await all.pass(40);
  assert.deepEqual(all.reasons(), ["failed"]);
  await clean(all);
});

test("an account that takes another's place leaves it its call, and the socket until that is over", async (t) => {
  const all = await phone(t);
  await all.talk();
  await all.phone.run("register", ACCOUNT);
  await all.pass(10);
  assert.deepEqual([await all.phase(), all.exchange.sockets.size, all.reasons()], ["connected", 2, []]);
  await all.phone.run("hangup", {});
  await all.pass(5);
  assert.deepEqual([all.reasons(), all.exchange.sockets.size], [["hung_up"], 1]);
  await clean(all);
});

test("a page that goes ends the call of an account that was replaced, too", async (t) => {
  const all = await phone(t);
  await all.talk();
  await all.phone.run("register", ACCOUNT);
  await all.phone.close();
  await all.pass(5);
  assert.deepEqual([all.reasons(), all.exchange.sockets.size], [["hung_up"], 0]);
  await clean(all);
});

// Consultation -----------------------------------------------------------------------------------------

/** Be called, and consult somebody. @param {Awaited<ReturnType<typeof phone>>} all @param {unknown} [action] */
async function consult(all, action = "ok") {
  const client = await all.talk();
  all.exchange.script.INVITE = [action];
  const { call, consultation } = /** @type {any} */ (await all.phone.run("consult", { target: "042" }));
  await arrived();
  const ends = () =>
    Object.fromEntries(
      all.told
        .filter(([event]) => event === "ended")
        .map(([, { call: ended, reason }]) => [ended === call ? "client" : "colleague", reason]),
    );
  return { client, colleague: [...all.exchange.calls.keys()].at(-1), call, consultation, ends };
}

test("a consultation puts the call on hold, and the transfer joins the two others by Replaces", async (t) => {
  const all = await phone(t);
  const { call, consultation, ends, colleague, client } = await consult(all);
  const { held, consultation: second } = await all.phone.state();
  assert.deepEqual([held, second?.call, second?.phase, second?.number], [true, consultation.call, "connected", "042"]);

  const { phase, consultation: none } = /** @type {any} */ (await all.phone.run("transfer", {}));

  assert.deepEqual([phase, none, ends()], ["idle", null, { client: "transferred", colleague: "transferred" }]);
  const { sip } = all.exchange.heard.find((/** @type {any} */ { what }) => what === "REFER");
  const sent = Object.fromEntries(sip.headers);
  const [, target, replaces] = /** @type {RegExpExecArray} */ (
    /<(sip:042@pbx.test)\?Replaces=([^>]+)>/.exec(sent["refer-to"])
  );
  assert.equal(target, "sip:042@pbx.test");
  const own = all.exchange.heard.find((/** @type {any} */ { what }) => what === "INVITE").sip.headers;
  const [, tag] = /** @type {RegExpExecArray} */ (/;tag=(.*)/.exec(Object.fromEntries(own).from));
  assert.equal(decodeURIComponent(replaces), `${colleague};to-tag=far;from-tag=${tag}`);
  assert.deepEqual([sent["call-id"], call === second?.call], [client, false]);
  assert.equal(all.exchange.count("BYE"), 2);
  await clean(all);
});

for (const [action, message] of /** @type {Array<[unknown, RegExp]>} */ ([
  [603, /did not take/],
  [{ status: 202, notify: "SIP/2.0 486 Busy Here" }, /Busy/],
])) {
  test(`a transfer after a consultation that is refused by ${JSON.stringify(action)} leaves both calls`, async (t) => {
    const all = await phone(t);
    const { ends } = await consult(all);
    all.exchange.script.REFER = [action];
    await assert.rejects(all.phone.run("transfer", {}), { name: "TransferFailed", message });
    const { phase, held, consultation } = await all.phone.state();
    assert.deepEqual([phase, held, consultation?.phase, ends()], ["connected", true, "connected", {}]);
    const back = /** @type {any} */ (await all.phone.run("retrieve", {}));
    assert.deepEqual([back.held, back.consultation, ends()], [false, null, { colleague: "hung_up" }]);
  });
}

for (const [action, reason] of /** @type {Array<[any, string]>} */ ([
  [486, "busy"],
  [603, "refused"],
  ["drop", "failed"],
])) {
  test(`a colleague who answers ${action} is told as ${reason}, and the call is retrieved`, async (t) => {
    const all = await phone(t);
    const { ends } = await consult(all, action);
    await all.pass(40);
    assert.deepEqual([ends(), (await all.phone.state()).held], [{ colleague: reason }, true]);
    assert.equal(/** @type {any} */ (await all.phone.run("retrieve", {})).held, false);
    assert.equal(await all.phase(), "connected");
  });
}

test("a call is retrieved while the colleague is still being rung, who is rung no more", async (t) => {
  const all = await phone(t);
  const { ends } = await consult(all, "ring");
  await assert.rejects(all.phone.run("transfer", {}), { name: "NotPossible" });
  await all.phone.run("retrieve", {});
  await arrived();
  assert.deepEqual(
    [ends(), all.exchange.count("CANCEL"), await all.phase()],
    [{ colleague: "hung_up" }, 1, "connected"],
  );
});

test("a call is retrieved while the consultation waits for the microphone: nobody is rung", async (t) => {
  const all = await phone(t);
  await all.talk();
  all.microphone.asks = true;
  const consulting = assert.rejects(all.phone.run("consult", { target: "042" }), { name: "NoSuchCall" });
  await arrived();
  assert.equal(/** @type {any} */ (await all.phone.run("retrieve", {})).held, false);
  await consulting;
  all.microphone.asked?.resolve();
  await arrived();
  assert.deepEqual([all.exchange.count("INVITE"), all.microphone.open], [0, 1]);
});

test("a client who hangs up meanwhile leaves the consultation, which is the phone's call then", async (t) => {
  const all = await phone(t);
  const { client, consultation, ends } = await consult(all);
  all.exchange.request(client, "BYE");
  await arrived();
  const { call, consultation: none } = await all.phone.state();
  assert.deepEqual([call, none, ends()], [consultation.call, null, { client: "far_hung_up" }]);
  await all.phone.run("hangup", {});
  await clean(all);
});

for (const [what, act] of /** @type {Array<[string, (all: Awaited<ReturnType<typeof phone>>) => unknown]>} */ ([
  ["the operator hangs up", (all) => all.phone.run("hangup", {})],
  ["the page goes", (all) => all.phone.close()],
])) {
  test(`both calls end once when ${what}`, async (t) => {
    const all = await phone(t);
    const { ends } = await consult(all);
    await act(all);
    await arrived();
    assert.deepEqual([ends(), all.reasons().length], [{ client: "hung_up", colleague: "hung_up" }, 2]);
    await clean(all);
  });
}

test("a call whose hold is refused consults nobody", async (t) => {
  const all = await phone(t);
  await all.talk();
  all.exchange.script.REINVITE = [488];
  await assert.rejects(all.phone.run("consult", { target: "042" }), { name: "NotPossible" });
  assert.deepEqual([all.exchange.count("INVITE"), (await all.phone.state()).held], [0, false]);
});

test("what is said without a call's id is meant for the consultation, and one talks to one at a time", async (t) => {
  const all = await phone(t);
  const { call } = await consult(all);
  await all.phone.run("mute", { muted: true });
  const { muted, consultation } = await all.phone.state();
  assert.deepEqual([muted, consultation?.muted], [false, true]);
  await assert.rejects(all.phone.run("hold", { call, held: false }), { name: "NotPossible" });
  await assert.rejects(all.phone.run("consult", { target: "1" }), { name: "Busy" });
  await all.phone.run("hold", { held: true });
  assert.equal(/** @type {any} */ (await all.phone.run("hold", { call, held: false })).held, false);
});

// Whom we talk to is joined with somebody else ---------------------------------------------------------

/** The other side's Replaces. @param {Awaited<ReturnType<typeof phone>>} all @param {string} id */
const replaces = ({ exchange }, id) => {
  const call = exchange.calls.get(id);
  const tag = (/** @type {string} */ party) => /;tag=([^;]+)/.exec(party)?.[1];
  return `Replaces: ${id};to-tag=${tag(call.to)};from-tag=${tag(call.from)}`;
};

test("who consulted us and joins us with a client is replaced in the same call, muted as it was", async (t) => {
  const all = await phone(t);
  const colleague = await all.talk();
  const { call } = await all.phone.state();
  await all.phone.run("mute", { muted: true });
  /** @type {unknown[]} */
  const heardAtFirst = [];
  const { farEnd } = all.exchange;
  all.exchange.farEnd = async () => ({
    ...(await farEnd()),
    accept: async () => heardAtFirst.push(all.microphone.tracks.at(-1)?.enabled),
  });

  await all.ring({ number: "0301", headers: [replaces(all, colleague)] });
  await arrived();

  const now = await all.phone.state();
  assert.deepEqual([now.call, now.number, now.phase, now.muted], [call, "0301", "connected", true]);
  assert.deepEqual(
    all.told.map(([event, { number }]) => [event, number]),
    [
      ["incoming", "client"],
      ["connected", "client"],
      ["connected", "0301"],
    ],
  );
  assert.deepEqual([all.exchange.calls.get(colleague).over, all.microphone.open], [true, 1]);
  assert.deepEqual([heardAtFirst, all.microphone.tracks.at(-1)?.enabled], [[false], false]);
  await all.phone.run("hangup", {});
  await clean(all);
});

test("who consulted us may end that call before the one that replaces it stands", async (t) => {
  const all = await phone(t);
  const colleague = await all.talk();
  const { call } = await all.phone.state();
  const { exchange } = all;
  const say = exchange.say.bind(exchange);
  exchange.say = (/** @type {string[]} */ lines, /** @type {string} */ body) => {
    if (lines[0].startsWith("ACK ")) {
      exchange.request(colleague, "BYE");
    }
    say(lines, body);
  };

  await all.ring({ number: "0301", headers: [replaces(all, colleague)] });
  await arrived();

  const now = await all.phone.state();
  assert.deepEqual([now.call, now.number, now.phase, all.reasons()], [call, "0301", "connected", []]);
  assert.deepEqual(all.told.at(-1), ["connected", { call, number: "0301", direction: "incoming" }]);
  await all.phone.run("hangup", {});
  await clean(all);
});

/** @type {Array<[string, number, (all: any, id: string) => string[], string | undefined]>} */
const REPLACES = [
  ["names no call of ours", 1, () => ["Replaces: 1;to-tag=2;from-tag=3"], undefined],
  ["is none, of which JsSIP makes nothing", 0, () => ["Replaces: ;;;"], undefined],
  ["has no sound", 1, (all, id) => [replaces(all, id)], "v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\n"],
];
for (const [what, refused, headers, sdp] of REPLACES) {
  test(`a call that wants to replace another and ${what} rings not, and the call goes on`, async (t) => {
    const all = await phone(t);
    t.mock.method(console, "warn", () => {});
    const id = await all.talk();
    await all.ring({ headers: headers(all, id), sdp });
    await all.pass(2);
    assert.deepEqual([await all.phase(), all.reasons()], ["connected", []]);
    assert.equal(
      all.exchange.heard.filter((/** @type {any} */ { what: each }) => /^4\d\d INVITE/.test(each)).length,
      refused,
    );
  });
}

test("who gives up while the microphone for its Replaces is asked for leaves the call as it was", async (t) => {
  const all = await phone(t);
  const id = await all.talk();
  all.microphone.asks = true;
  const next = await all.ring({ number: "0301", headers: [replaces(all, id)] });
  all.exchange.cancel(next);
  await arrived();
  all.microphone.asked?.resolve();
  await arrived();
  assert.deepEqual([(await all.phone.state()).number, all.reasons(), all.microphone.open], ["client", [], 1]);
  assert.equal(/** @type {any} */ (await all.phone.run("hold", { held: true })).held, true);
});

// Bad input --------------------------------------------------------------------------------------------

test("a call without sound is refused and does not ring", async (t) => {
  const { exchange, ring, told } = await phone(t);
  t.mock.method(console, "warn", () => {});
  await ring({ sdp: "v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n" });
  assert.deepEqual([exchange.count("488 INVITE"), told], [1, []]);
});

for (const [what, text] of [
  ["no SIP", "hello\r\n\r\n"],
  ["half a message", "INVITE sip:operator@pbx.test SIP/2.0\r\nVia: "],
  ["a message without what it needs", "INVITE sip:operator@pbx.test SIP/2.0\r\n\r\n"],
  ["a number of bytes", "\u0000\u0001\u0002"],
  ["200,000 characters", "x".repeat(200_000)],
]) {
  test(`${what} from the exchange loses no call`, async (t) => {
    const { exchange, talk, phase, phone: made } = await phone(t);
    t.mock.method(console, "warn", () => {});
    await talk();
    exchange.raw(text);
    await arrived();
    assert.equal(await phase(), "connected");
    assert.equal(/** @type {any} */ (await made.run("hold", { held: true })).held, true);
  });
}

for (const [what, display] of [
  ["markup", '"<img src=x onerror=alert(1)>" '],
  ["10 KB", `"${"A".repeat(10_000)}" `],
]) {
  test(`a caller whose name is ${what} rings by the number`, async (t) => {
    const { told, ring } = await phone(t);
    await ring({ display });
    assert.deepEqual(
      told.map(([event, { number }]) => [event, number]),
      [["incoming", "client"]],
    );
  });
}

test("a contact of another realm is answered to as it says", async (t) => {
  const { exchange, ring, phone: made, phase } = await phone(t);
  await ring({ contact: "<sip:x@elsewhere.invalid;transport=tls>" });
  await made.run("answer", {});
  assert.equal(await phase(), "connected");
  await made.run("hangup", {});
  await arrived();
  assert.match(exchange.heard.at(-1).sip.first, /^BYE sip:x@elsewhere.invalid/);
});

/** @type {Array<[string, (exchange: any, id: string) => void]>} */
const NASTY = [
  [
    "a change without media",
    (exchange, id) => exchange.request(id, "INVITE", ["Content-Type: application/sdp"], "v=0\r\n"),
  ],
  [
    "an UPDATE of no description",
    (exchange, id) => exchange.request(id, "UPDATE", ["Content-Type: application/sdp"], "?"),
  ],
  ["a NOTIFY without an event", (exchange, id) => exchange.request(id, "NOTIFY")],
  [
    "a NOTIFY of a transfer that nobody asked for",
    (exchange, id) => exchange.request(id, "NOTIFY", ["Event: refer", "Subscription-State: active"], "SIP/2.0 999 <b>"),
  ],
  ["a REFER to nowhere", (exchange, id) => exchange.request(id, "REFER", ["Refer-To: <>"])],
  ["a REFER without a target", (exchange, id) => exchange.request(id, "REFER")],
  ["an INFO of no kind", (exchange, id) => exchange.request(id, "INFO", [], "x")],
  [
    "a tone by INFO that is none",
    (exchange, id) =>
      exchange.request(id, "INFO", ["Content-Type: application/dtmf-relay"], "Signal=\u0000\r\nDuration=-1"),
  ],
  ["a method that nobody knows", (exchange, id) => exchange.request(id, "EXPLODE")],
  [
    "a message that says it is longer than it is",
    (exchange) => exchange.raw("OPTIONS sip:operator@pbx.test SIP/2.0\r\nContent-Length: 99999\r\n\r\nx"),
  ],
  [
    "a BYE of another call",
    (exchange, id) => {
      const call = exchange.calls.get(id);
      exchange.say([
        "BYE sip:x SIP/2.0",
        "Via: SIP/2.0/WS x;branch=z9hG4bK1",
        `From: ${call.from}1`,
        `To: ${call.to}1`,
        `Call-ID: ${id}`,
        "CSeq: 9 BYE",
        "Max-Forwards: 9",
      ]);
    },
  ],
  [
    "a response to nothing",
    (exchange, id) =>
      exchange.say([
        "SIP/2.0 603 Declined",
        "Via: SIP/2.0/WS x;branch=z9hG4bKnone",
        "From: <sip:a@b>;tag=1",
        "To: <sip:c@d>;tag=2",
        `Call-ID: ${id}`,
        "CSeq: 1 INVITE",
      ]),
  ],
  [
    "the same caller again, in the same call",
    (exchange, id) => {
      const call = exchange.calls.get(id);
      exchange.say([
        "INVITE sip:operator@pbx.test SIP/2.0",
        "Via: SIP/2.0/WS x;branch=z9hG4bKagain",
        `From: ${call.from}`,
        "To: <sip:operator@pbx.test>",
        `Call-ID: ${id}`,
        "CSeq: 1 INVITE",
        "Max-Forwards: 9",
        "Contact: <sip:far@x>",
      ]);
    },
  ],
];
for (const [what, send] of NASTY) {
  test(`${what} in a call loses nothing: it can be held, and ends once`, async (t) => {
    const all = await phone(t);
    t.mock.method(console, "warn", () => {});
    const id = await all.talk();
    send(all.exchange, id);
    await all.pass(2);
    assert.deepEqual([await all.phase(), all.reasons()], ["connected", []]);
    assert.equal(/** @type {any} */ (await all.phone.run("hold", { held: true })).held, true);
    await all.phone.run("hangup", {});
    await all.pass(40);
    assert.deepEqual(all.reasons(), ["hung_up"]);
    await clean(all);
  });
}

/** @type {Array<[string, any, string]>} */
const ODD_ANSWERS = [
  ["a redirection to itself", { status: 302, headers: ["Contact: <sip:030@pbx.test>"] }, "failed"],
  [
    "a thousand addresses more than are meant",
    { status: 302, headers: Array(300).fill("Contact: <sip:a@b>") },
    "failed",
  ],
  ["a status that nobody knows", { status: 699 }, "failed"],
];
for (const [what, action, reason] of ODD_ANSWERS) {
  test(`a call that is answered with ${what} ends once, and nobody else is called`, async (t) => {
    const all = await phone(t);
    t.mock.method(console, "warn", () => {});
    all.exchange.script.INVITE = [action];
    await all.phone.run("call", { number: "030" });
    await all.pass(40);
    assert.deepEqual([all.reasons(), all.exchange.count("INVITE")], [[reason], 1]);
    await clean(all);
  });
}

test("an answer whose contact is none is none: it rings until the operator hangs up", async (t) => {
  const all = await phone(t);
  t.mock.method(console, "warn", () => {});
  all.exchange.script.INVITE = [{ status: 200, headers: ["Contact: nonsense"] }];
  await all.phone.run("call", { number: "030" });
  await all.pass(40);
  assert.deepEqual([all.reasons(), await all.phase()], [[], "calling"]);
  await all.phone.run("hangup", {});
  await all.pass(40);
  assert.deepEqual(all.reasons(), ["hung_up"]);
  await clean(all);
});

for (const [what, number, told] of [
  ["has 10 KB", "9".repeat(10_000), "9".repeat(128)],
  ["is markup", "%3Cimg%20src=x%3E", undefined],
]) {
  test(`a caller whose number ${what} rings, and no more of it is told than fits`, async (t) => {
    const all = await phone(t);
    await all.ring({ number });
    const [[event, payload]] = all.told;
    assert.equal(event, "incoming");
    assert.ok(payload.number.length <= 128);
    assert.ok(told === undefined || payload.number === told);
  });
}
