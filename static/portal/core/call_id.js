/** The id of an external call, as the portal makes them. */

/** @returns {string} e.g. `externalCall.0123456789abcdef0123456789abcdef.1774588815` */
export function newCallId() {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `externalCall.${hex}.${Math.floor(Date.now() / 1000)}`;
}
