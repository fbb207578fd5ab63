/**
 * Keys as telephones send them beside the sound: by packets of their own (RFC 4733), as which an exchange takes them too.
 *
 * @module
 */

/** What a browser says of such a packet. */
export const TELEPHONE_EVENT = "audio/telephone-event";
/** By the event's number. */
const KEYS = "0123456789*#ABCD";

/** Packets overtake each other, but not so many presses. */
const REMEMBERED = 8;

/** Makes keys of packets: one for each time that it was pressed, however many packets tell of it. */
export class KeyReader {
  /** The RTP timestamps of the last presses. @type {number[]} */
  #known = [];

  /**
   * @param {number} timestamp of RTP: all packets of one press have the same
   * @param {ArrayBuffer} data
   * @returns {string | null} a key that was pressed just now
   */
  read(timestamp, data) {
    const key = KEYS[new Uint8Array(data)[0]];
    if (key === undefined || this.#known.includes(timestamp)) {
      return null;
    }
    this.#known = [timestamp, ...this.#known].slice(0, REMEMBERED);
    return key;
  }
}
