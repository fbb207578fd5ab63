/**
 * A number as people write it, made into one that an exchange takes: `+49 (0) 30 123-456`, `tel:` addresses, service
 * codes, extensions and pauses. Page and demo ask it alike.
 *
 * @module
 */

import { PhoneError } from "./line.js";

/**
 * @typedef {object} Dialled
 * @property {string} number  digits, `*`, `#` and a `+` in front; or a SIP address
 * @property {string} tones   keys to be sent once somebody has answered; `,` is a pause of two seconds
 */

/** Longer than any plan's: service codes hold a number and more. */
const LONGEST = 64;
const ADDRESS = /^(?:sips?:)?([^@:;]+)@[^@\s]+$/i;
const NUMBER = /^\+?[0-9*#]+$/;
/** What only parts or marks: blanks, dashes, format characters, and what RFC 3966 calls visual separators. */
const BETWEEN = /[\p{Z}\p{Pd}\p{C}\p{M}.()/\u2212]/gu;
/** `+49 (0) 30`: the 0 is for those who dial from within the country. */
const TRUNK_ZERO = /^((?:\+|00)[^()]{1,6})\(0\)/;
const EXTENSION = /(?:;ext=|\s*(?:ext\.?|x|durchwahl)\s*)([0-9*#]+)$/i;
const PAUSES = /[,;pw]/gi;

/** @param {unknown} text @returns {Dialled} @throws {PhoneError} it is none, and why */
export function dialled(text) {
  if (typeof text !== "string" || text.trim() === "") {
    throw new PhoneError("TypeError", `number is ${JSON.stringify(text)}: give a number or an address`);
  }
  const plain = digits(text.normalize("NFKC"))
    .replace(/[\p{Cf}\p{Cc}]/gu, "")
    .trim();
  const address = ADDRESS.exec(plain);
  if (address) {
    return { number: plain.replace(address[1], tidy(address[1])), tones: "" };
  }
  const { rest, extension, context } = parameters(plain.replace(/^tel:/i, ""));
  const [number, ...pauses] = withPauses(rest.replace(TRUNK_ZERO, "$1"));
  const whole = context + number.replace(BETWEEN, "");
  const tones = pauses.join("").replace(BETWEEN, "") + (extension && `,${extension}`);
  if (!NUMBER.test(whole) || !/^[0-9A-D*#,]*$/i.test(tones) || whole.length > LONGEST || tones.length > LONGEST) {
    const shown = JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
    throw new PhoneError(
      "TypeError",
      `${shown} is no number: give digits, such as +49 30 123456, or an address such as sip:100@pbx.example`,
    );
  }
  return { number: whole, tones };
}

/** Every script's digits as ours. @param {string} text */
function digits(text) {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const point = /** @type {number} */ (digit.codePointAt(0));
    let first = point; // Unicode has each script's ten digits side by side
    while (point - first < 9 && /\p{Nd}/u.test(String.fromCodePoint(first - 1))) {
      first -= 1;
    }
    return String(point < 0x80 ? digit : (point - first) % 10);
  });
}

/** The user of an address, where it is a number. @param {string} user */
function tidy(user) {
  const number = user.replace(BETWEEN, "");
  return NUMBER.test(number) ? number : user;
}

/** What RFC 3966 and people write behind a number. @param {string} text */
function parameters(text) {
  const context = /;phone-context=(\+[0-9]+)/i.exec(text)?.[1] ?? "";
  const bare = text.replace(/;(?:phone-context|isub|npdi|rn|cic)[^;]*/gi, "");
  const extension = EXTENSION.exec(bare)?.[1] ?? "";
  return { context, extension, rest: bare.replace(EXTENSION, "") };
}

/** A number, and what follows its first pause, pauses as commas. @param {string} text */
function withPauses(text) {
  const at = text.search(PAUSES);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at).replace(PAUSES, ",")];
}
