/**
 * Loads that take too long: the portal counts them, and takes the registration of an app away that has too many.
 *
 * The time is taken when the frame is put into the page, and looked at at each of its `load` events: a reload of the
 * frame, whenever it is, counts again.
 */

/** A load that ends later than this after its frame was put into the page is a long one. */
const LONG_LOAD_MS = 5000;
/** After more long loads than this the registration goes. */
const BORNE = 10;

/** @typedef {{frame: string, ms: number}} LongLoad */

export class LongLoads {
  /** @type {LongLoad[]} */
  rows = [];
  #tooMany;

  /** @param {() => void} tooMany the app has had its chances; called once for each load from then on */
  constructor(tooMany) {
    this.#tooMany = tooMany;
  }

  /**
   * @param {string} frame
   * @param {Pick<EventTarget, "addEventListener">} element that was just put into the page
   */
  watch(frame, element) {
    const putAt = performance.now();
    element.addEventListener("load", () => {
      const ms = Math.round(performance.now() - putAt);
      if (ms > LONG_LOAD_MS) {
        this.rows.push({ frame, ms });
        if (this.rows.length > BORNE) {
          this.#tooMany();
        }
      }
    });
  }
}
