import assert from "node:assert/strict";
import test from "node:test";
import { ACCOUNT, arrived, registeredPhone, surroundings } from "../../support/sip_fakes.mjs";

/** @param {number} status @param {string[]} asked @param {string} [name] */
const message = (status, asked, name = "WWW-Authenticate") =>
  [`SIP/2.0 ${status} Unauthorized`, ...asked.map((each) => `${name}: ${each}`), "CSeq: 1 REGISTER", "", "v=0"].join(
    "\r\n",
  );

async function answerable() {
  surroundings();
  return (await import("../../../static/phone/challenge.js")).answerable;
}

const MD5 = 'Digest realm="x", nonce="1", qop="auth", algorithm=md5';

for (const [what, text] of /** @type {Array<[string, string]>} */ ([
  ["an answer that asks by Digest", message(401, [MD5])],
  ["one of a proxy", message(407, ['Digest realm="x", nonce="1"'], "Proxy-Authenticate")],
  ["one without a challenge", message(401, [])],
  ["one of another status", message(403, ["Bearer"])],
  ["a request", "INVITE sip:a@b SIP/2.0\r\nWWW-Authenticate: Bearer\r\n\r\n"],
  ["what is no SIP", "SIP/2.0 401"],
  ["what its body quotes", message(401, [MD5]).replace("v=0", "\r\nWWW-Authenticate: Bearer\r\n")],
])) {
  test(`${what} is passed on as it came`, async () => {
    assert.equal((await answerable())(text), text);
  });
}

for (const [asked, words] of /** @type {Array<[string[], string]>} */ ([
  [['Bearer authz_server="https://idp.test/x"'], "Bearer"],
  [['Basic realm="x"', "NTLM"], "Basic, NTLM"],
  [['Digest realm="x", nonce="1", algorithm=SHA-256'], "Digest by SHA-256"],
  [['Digest realm="x", nonce="1", qop="odd"'], "another quality of Digest"],
  [["Digest"], "a broken Digest"],
  [['Digest nonce="1"'], "a broken Digest"],
  [['"'], "nothing known"],
  [[""], "nothing known"],
  [['Bearer\r\n\trealm="x",\r\n scope="y"'], "Bearer"],
  [[`${"x".repeat(99)} realm="x"`], "x".repeat(20)],
])) {
  test(`an answer that asks for ${words} says so, and asks for nothing`, async () => {
    const first = `SIP/2.0 401 the exchange asks for ${words}; this phone knows Digest by MD5`;
    assert.equal((await answerable())(message(401, asked)), [first, "CSeq: 1 REGISTER", "", "v=0"].join("\r\n"));
  });
}

test("of several ways to ask, the one that can be answered stays, wherever it stands", async () => {
  const pass = await answerable();
  assert.equal(pass(message(401, ["Bearer", MD5, "NTLM"])), message(401, [MD5]));
});

for (const status of [401, 407]) {
  for (const asked of ['Bearer realm="x"', "NTLM", "Digest", 'Digest realm="x", nonce="1", algorithm=SHA-256']) {
    const headers = [`${status === 401 ? "WWW" : "Proxy"}-Authenticate: ${asked}`];
    test(`a call that is answered by ${status} ${asked} is refused, and says why`, async (t) => {
      const { phone, exchange, told, phase } = await registeredPhone(t);
      exchange.script.INVITE = [{ status, headers }];
      await phone.run("call", { number: "200" });
      const ended = await until(() => told.find(([event]) => event === "ended")?.[1]);
      assert.equal(ended.reason, "refused");
      assert.match(ended.cause, new RegExp(`^Authentication Error \\(${status} the exchange asks for `));
      assert.equal(await phase(), "idle");
    });
  }
}

test("an account that is asked for something else than Digest is refused with that cause", async (t) => {
  const { phone, exchange } = await registeredPhone(t);
  exchange.script.REGISTER = [{ status: 401, headers: ["WWW-Authenticate: NTLM"] }];
  await assert.rejects(phone.run("register", { ...ACCOUNT, password: "other" }), {
    name: "RegistrationFailed",
    message: /401 the exchange asks for NTLM; this phone knows Digest by MD5/,
  });
});

test("an account whose exchange offers Digest beside something else logs in", async (t) => {
  const { phone, exchange } = await registeredPhone(t);
  exchange.script.REGISTER = [{ status: 401, headers: [`WWW-Authenticate: ${MD5}`, "WWW-Authenticate: NTLM"] }];
  await phone.run("register", ACCOUNT);
});

/** @template T @param {() => T | undefined} found @returns {Promise<T>} */
async function until(found) {
  for (let turn = 0; turn < 20; turn++) {
    const value = found();
    if (value !== undefined) {
      return value;
    }
    await arrived();
  }
  throw new Error("it did not come");
}
