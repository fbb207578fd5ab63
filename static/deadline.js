/**
 * The deadline of a wait, for all that waits for something that may never come.
 *
 * @module
 */

/** A longer delay overflows `setTimeout`, which then does not wait at all. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A timer that is later than this has waited for its thread, or for a machine that slept. */
const LATE_MS = 50;

/**
 * A timer for what ends a wait. Where it comes late, because the thread or the machine had no time for anything, what was
 * waited for may have come meanwhile and stand behind it: that has its turn first.
 * @param {() => void} act
 * @param {number} ms
 * @returns {() => void} takes it back
 */
export function deadline(act, ms) {
  const due = performance.now() + ms;
  let timer = setTimeout(() => {
    const late = performance.now() - due;
    if (late > LATE_MS) {
      timer = setTimeout(act, Math.min(late, ms));
    } else {
      act();
    }
  }, ms);
  return () => clearTimeout(timer);
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string} late what has not happened by then, in words
 * @returns {Promise<T>} rejects with these words when that long has passed
 */
export function within(promise, ms, late) {
  return new Promise((resolve, reject) => {
    const takeBack = deadline(() => reject(new Error(late)), ms);
    promise.then(resolve, reject).finally(takeBack);
  });
}
