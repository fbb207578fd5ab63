import assert from "node:assert/strict";
import test from "node:test";
import { arrived, candidateLine, FakePeer, registeredPhone } from "../../support/sip_fakes.mjs";

const CAN = "Supported: ice, trickle-ice";
const INFO = ["Content-Type: application/trickle-ice-sdpfrag", "Info-Package: trickle-ice"];

/** What the phone told by INFO: numbers of addresses. @param {any} exchange @returns {number[][]} */
const told = (exchange) =>
  exchange.heard
    .filter((/** @type {any} */ { what }) => what === "INFO")
    .map((/** @type {any} */ { sip }) =>
      [...sip.body.matchAll(/^a=candidate:(\d+)/gm)].map(([, number]) => Number(number)),
    );

test("addresses that come after the offer are told, all so far each time, once the other side says that it can", async (t) => {
  const { exchange, phone, pass } = await registeredPhone(t);
  FakePeer.gathers = [0, 900, 1800, 2500, 3500];
  exchange.script.INVITE = [{ status: 200, headers: [CAN], after_ms: 1000 }];
  await phone.run("call", { number: "030" });
  await pass(6, 50);
  assert.deepEqual(told(exchange), [
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
  ]);
  const [{ sip }] = exchange.heard.filter((/** @type {any} */ { what }) => what === "INFO");
  const sent = Object.fromEntries(sip.headers);
  assert.deepEqual(
    [sent["info-package"], sent["content-type"], sent["content-disposition"]],
    ["trickle-ice", "application/trickle-ice-sdpfrag", "Info-Package"],
  );
  assert.match(sip.body, /^m=audio/m);
});

test("one that rings and can is told before it answers", async (t) => {
  const { exchange, phone, pass } = await registeredPhone(t);
  FakePeer.gathers = [0, 3000];
  exchange.script.INVITE = [{ status: 180, headers: [CAN] }];
  await phone.run("call", { number: "030" });
  await pass(4, 50);
  assert.deepEqual(told(exchange), [[0, 1]]);
});

test("the end of the addresses is told, too", async (t) => {
  const { exchange, phone, pass } = await registeredPhone(t);
  FakePeer.gathers = [0, 2500];
  exchange.script.INVITE = [{ status: 200, headers: [CAN] }];
  await phone.run("call", { number: "030" });
  await pass(4, 50);
  const [peer] = FakePeer.made;
  peer.iceGatheringState = "complete";
  peer.dispatchEvent(new Event("icegatheringstatechange"));
  await arrived();
  assert.match(exchange.heard.at(-1).sip.body, /a=end-of-candidates/);
  assert.equal(exchange.count("INFO"), 2);
});

for (const [what, headers, gathers] of /** @type {Array<[string, string[], number[]]>} */ ([
  ["an other side that does not say that it can", [], [0, 900, 1800, 2500]],
  ["nothing that came late", [CAN], [0, 100]],
])) {
  test(`no INFO goes for ${what}`, async (t) => {
    const { exchange, phone, pass } = await registeredPhone(t);
    FakePeer.gathers = gathers;
    exchange.script.INVITE = [{ status: 200, headers }];
    await phone.run("call", { number: "030" });
    await pass(5, 50);
    assert.equal(exchange.count("INFO"), 0);
  });
}

for (const action of [469, 481, 500, "drop"]) {
  test(`an INFO that is answered ${action} is the last, and the call goes on`, async (t) => {
    const { exchange, phone, pass, phase, reasons } = await registeredPhone(t);
    FakePeer.gathers = [0, 900, 1800, 2500, 3500];
    exchange.script.INVITE = [{ status: 200, headers: [CAN] }];
    exchange.script.INFO = [action];
    await phone.run("call", { number: "030" });
    await pass(40, 50);
    assert.deepEqual([exchange.count("INFO"), await phase(), reasons()], [1, "connected", []]);
  });
}

test("who calls, and can, is told what comes after the answer", async (t) => {
  const { exchange, phone, ring, pass } = await registeredPhone(t);
  FakePeer.gathers = [0, 2500];
  await ring({ headers: [CAN] });
  const answering = phone.run("answer", {});
  await pass(4, 50);
  await answering;
  assert.deepEqual(told(exchange), [[0, 1]]);
  const { headers } = exchange.heard.find((/** @type {any} */ { what }) => what === "200 INVITE").sip;
  assert.ok(headers.some((/** @type {string[]} */ [name, value]) => name === "supported" && /trickle-ice/.test(value)));
});

test("addresses that the other side tells are taken once each, also those that came while it rang", async (t) => {
  const { exchange, phone, ring } = await registeredPhone(t);
  const id = await ring({ headers: [CAN] });
  const fragment = (/** @type {number} */ most) => [
    "a=ice-ufrag:abc",
    "m=audio 9 RTP/AVP 0",
    "a=mid:0",
    ...Array.from({ length: most }, (_, n) => candidateLine(n)),
    "",
  ];
  exchange.request(id, "INFO", INFO, fragment(2).join("\r\n"));
  await arrived();
  await phone.run("answer", {});
  exchange.request(id, "INFO", INFO, fragment(3).join("\r\n"));
  await arrived();
  assert.deepEqual(
    FakePeer.made[0].candidates.map(({ candidate, sdpMid, usernameFragment }) => [candidate, sdpMid, usernameFragment]),
    [0, 1, 2].map((n) => [candidateLine(n).slice("a=".length), "0", "abc"]),
  );
});

for (const [what, body] of /** @type {Array<[string, string]>} */ ([
  ["no fragment", "hello"],
  ["nothing", ""],
  ["a thousand addresses", Array.from({ length: 1000 }, (_, n) => candidateLine(n)).join("\r\n")],
])) {
  test(`an INFO with ${what} loses no call, and at most a hundred addresses are taken`, async (t) => {
    const { exchange, talk, phase } = await registeredPhone(t);
    const id = await talk();
    exchange.request(id, "INFO", INFO, body);
    await arrived();
    assert.equal(await phase(), "connected");
    assert.ok(FakePeer.made[0].candidates.length <= 100);
  });
}
