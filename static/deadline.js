/**
 * The deadline of a wait, for all that waits for something that may never come.
 *
 * @module
 */

/** A longer delay overflows `setTimeout`, which then does not wait at all. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string} late what has not happened by then, in words
 * @returns {Promise<T>} rejects with these words when that long has passed
 */
export function within(promise, ms, late) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(late)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
