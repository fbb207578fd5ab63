/**
 * How far the interpreter of the placement page is on its way: a bar, from the first word of a boot
 * until Python runs or has failed. A page that joins a living interpreter never shows it.
 *
 * @module
 */

import { element, setText } from "./dom.js";

/** What a boot is doing, by the phases of `workerPy.onprogress`. @type {Readonly<Record<string, string>>} */
const DOING = Object.freeze({
  download: "Loading Python",
  memory: "Laying out its memory",
  runtime: "Starting Python",
  packages: "Installing packages",
  app: "Starting the handlers",
});

export class BootProgress {
  #host;
  #label;
  #bar;

  /** @param {HTMLElement} host hidden until there is something to show */
  constructor(host) {
    this.#host = host;
    const [label, bar] = [`${host.id}-doing`, `${host.id}-bar`];
    this.#label = element("label", { id: label, for: bar });
    // Not every reader takes a label for a bar's name.
    this.#bar = element("progress", { id: bar, max: "1", "aria-labelledby": label });
    host.append(this.#label, this.#bar);
  }

  /** @param {{phase: string, fraction: number}} progress */
  show({ phase, fraction }) {
    this.#bar.value = fraction;
    setText(this.#label, DOING[phase] ?? phase);
    this.#host.hidden = fraction >= 1;
  }

  /** @param {string} state of the placement page */
  hosted(state) {
    this.#host.hidden ||= state !== "booting";
  }
}
