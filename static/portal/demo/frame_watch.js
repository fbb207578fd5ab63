/**
 * Says so when a hidden page did not load: nobody sees a hidden frame that shows the browser's error page.
 *
 * A page that has loaded speaks to the portal at once. One that has not spoken some seconds after its frame's load has
 * ended, or at the end of that load while the browser knows that it has no network, is taken for lost.
 */

import { setText } from "./dom.js";

const PATIENCE_MS = 5000;

/** @typedef {{id: string, kind: string, appSid: string, src: string}} Watched */

export class FrameWatch {
  /** The load of each frame that has spoken. @type {Map<string, string>} */
  #heard = new Map();
  /** The load of each frame that is lost. @type {Map<string, Watched>} */
  #lost = new Map();

  /**
   * @param {object} options
   * @param {HTMLElement} options.notice
   * @param {HTMLElement} options.words   inside the notice
   * @param {HTMLElement} options.button  inside the notice
   * @param {(frame: string) => void} options.retry
   */
  constructor({ notice, words, button, retry }) {
    this.notice = notice;
    this.words = words;
    const again = () => {
      for (const id of [...this.#lost.keys()]) {
        this.#lost.delete(id);
        retry(id);
      }
      this.#show();
    };
    button.addEventListener("click", again);
    addEventListener("online", again);
  }

  /** A frame's load has ended, with whatever page. @param {Watched} frame */
  loaded(frame) {
    if (frame.kind === "app" || this.#heard.get(frame.id) === frame.appSid) {
      return;
    }
    const patienceMs = navigator.onLine ? PATIENCE_MS : 0;
    setTimeout(() => {
      if (this.#heard.get(frame.id) !== frame.appSid) {
        this.#lost.set(frame.id, frame);
        this.#show();
      }
    }, patienceMs);
  }

  /** A frame's page has spoken. @param {{id: string, appSid: string}} frame */
  heard({ id, appSid }) {
    this.#heard.set(id, appSid);
    if (this.#lost.delete(id)) {
      this.#show();
    }
  }

  #show() {
    const [frame] = this.#lost.values();
    this.notice.hidden = frame === undefined;
    if (frame !== undefined) {
      const { host } = new URL(frame.src);
      const why = navigator.onLine
        ? `${host} did not answer, or with something else than the placement page.`
        : "this browser has no network, and the page is not among what it keeps.";
      setText(this.words, `The hidden page did not load: ${why} Until it has, no click on the card reaches Python.`);
    }
  }
}
