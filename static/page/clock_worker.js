/**
 * The worker behind `clock.js`: it says a number back after the time asked for.
 *
 * @module
 */

self.onmessage = ({ data: { id, ms } }) => {
  setTimeout(() => self.postMessage(id), ms);
};
