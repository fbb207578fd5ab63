/**
 * How an exchange asks who we are. JsSIP answers Digest by MD5, takes the last of several challenges for the only one,
 * and drops the whole answer when it cannot read one: the call would ring on.
 *
 * @module
 */

import { Grammar } from "./jssip_library.js";

/** What asks, with the lines that go on with it. */
const CHALLENGE = /\r\n(?:WWW|Proxy)-Authenticate[ \t]*:(?<value>.*(?:\r\n[ \t].*)*)/gi;
const ASKS = /^SIP\/2\.0 (?<status>401|407) /;
/** So many schemes are told, and so much of each: any word may stand there. */
const TOLD = { schemes: 4, chars: 20 };

/**
 * An exchange's message with the challenges alone that can be answered; where there is none, it says in its first line which
 * there were.
 * @param {string} message
 */
export function answerable(message) {
  const { status } = ASKS.exec(message)?.groups ?? {};
  const end = message.indexOf("\r\n\r\n");
  if (status === undefined || end < 0) {
    return message;
  }
  /** @type {Set<string>} */
  const unknown = new Set();
  let known = 0;
  const head = message.slice(0, end).replace(CHALLENGE, (line, value) => {
    const scheme = unanswerable(value.replace(/\r\n[ \t]/g, " ").trim());
    if (scheme === null) {
      known++;
      return line;
    }
    unknown.add(scheme);
    return "";
  });
  const asked = [...unknown].slice(0, TOLD.schemes).join(", ");
  const why = `the exchange asks for ${asked}; this phone knows Digest by MD5`;
  const told = known > 0 || unknown.size === 0 ? head : head.replace(/^[^\r]*/, `SIP/2.0 ${status} ${why}`);
  return told + message.slice(end);
}

/** What is asked for, if it is nothing that JsSIP can answer. @param {string} value @returns {string | null} */
function unanswerable(value) {
  const scheme = (/^[A-Za-z0-9-]+/.exec(value)?.[0] ?? "nothing known").slice(0, TOLD.chars);
  if (scheme.toLowerCase() !== "digest") {
    return scheme;
  }
  const asks = Grammar.parse(value, "challenge");
  if (asks === -1 || !asks.realm || !asks.nonce) {
    return "a broken Digest";
  }
  const { algorithm = "MD5", qop } = asks;
  if (algorithm !== "MD5") {
    return `Digest by ${String(algorithm).slice(0, TOLD.chars)}`;
  }
  return !qop || qop.includes("auth") || qop.includes("auth-int") ? null : "another quality of Digest";
}
