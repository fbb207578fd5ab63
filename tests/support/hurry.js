/**
 * Init script: lets a placement page believe that time goes by faster, when the test says so.
 *
 * `hurry(seconds)` moves its clock on by that much and has each of its intervals tick once a second of it. Whoever
 * calls it must know that nothing of the page's own would come in that time: a worker that hangs answers nothing.
 */
{
  const page = /** @type {any} */ (globalThis);
  if (location.host.startsWith("app.")) {
    /** @type {Map<number, () => void>} */
    const ticking = new Map();
    const { setInterval: every, clearInterval: stop } = page;
    const now = performance.now.bind(performance);
    let ahead = 0;
    performance.now = () => now() + ahead;
    page.setInterval = (/** @type {() => void} */ tick, /** @type {number} */ ms) => {
      const id = every(tick, ms);
      ticking.set(id, tick);
      return id;
    };
    page.clearInterval = (/** @type {number} */ id) => {
      ticking.delete(id);
      stop(id);
    };
    page.hurry = (/** @type {number} */ seconds) => {
      for (let second = 0; second < seconds; second++) {
        ahead += 1000;
        for (const tick of [...ticking.values()]) {
          tick();
        }
      }
    };
  }
}
