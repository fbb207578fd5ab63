/** What the portal makes up: tokens, and ids of external calls. */

/** @returns {string} e.g. `externalCall.0123456789abcdef0123456789abcdef.1774588815` */
export function newCallId() {
  return `externalCall.${randomHex(16)}.${Math.floor(Date.now() / 1000)}`;
}

/**
 * @param {number} bytes
 * @returns {string}
 */
export function randomHex(bytes) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
