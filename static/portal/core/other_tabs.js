/**
 * The way to the other tabs of the portal.
 *
 * @module
 */

/** @typedef {Pick<BroadcastChannel, "postMessage"> & {onmessage: BroadcastChannel["onmessage"]}} Channel */

/**
 * A channel to the tabs beside; `alone` where the browser refuses one, for it blocks the portal's storage: then no tab
 * hears another, and the portal runs all the same.
 * @param {string} name
 * @returns {Channel & {alone: boolean}}
 */
export function otherTabs(name) {
  try {
    return Object.assign(new BroadcastChannel(name), { alone: false });
  } catch {
    return { postMessage() {}, onmessage: null, alone: true };
  }
}
