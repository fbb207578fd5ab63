/**
 * The placement interface of one portal window: which names exist, and who has bound them.
 *
 * As in the real portal, a bind for a name that is not registered yet is dropped in silence, there is
 * no unbind, and a second bind delivers every event twice.
 */

/**
 * @typedef {object} Binding
 * @property {string} frame     id of the frame
 * @property {string} event     full event name
 * @property {string} callback  callback id of the frame's client
 */

export class PlacementInterface {
  /** @type {Set<string>} */
  #events = new Set();
  /** @type {Set<string>} */
  #commands = new Set();
  /** @type {Binding[]} */
  #bindings = [];

  /**
   * Makes names known. What was bound in vain before stays lost.
   * @param {{events?: Iterable<string>, commands?: Iterable<string>}} names
   */
  register({ events = [], commands = [] }) {
    this.#events = new Set([...this.#events, ...events]);
    this.#commands = new Set([...this.#commands, ...commands]);
  }

  /** @returns {{command: string[], event: string[]}} the answer to `getInterface` */
  listed() {
    return { command: [...this.#commands], event: [...this.#events] };
  }

  /**
   * @param {string} command
   * @returns {boolean}
   */
  knows(command) {
    return this.#commands.has(command);
  }

  /**
   * @param {Binding} binding
   * @returns {boolean} false when the name is unknown, which the frame never learns
   */
  bind(binding) {
    if (!this.#events.has(binding.event)) {
      return false;
    }
    this.#bindings.push(binding);
    return true;
  }

  /**
   * @param {string} event full name
   * @returns {Binding[]} in the order of their binds
   */
  bindings(event) {
    return this.#bindings.filter((binding) => binding.event === event);
  }

  /**
   * @param {string} frame
   * @returns {string[]} the names this frame has bound, a name bound twice twice
   */
  boundBy(frame) {
    return this.#bindings.filter((one) => one.frame === frame).map((one) => one.event);
  }

  /**
   * The frame was closed or loaded anew: its callbacks are gone with its page.
   * @param {string} frame
   */
  forget(frame) {
    this.#bindings = this.#bindings.filter((binding) => binding.frame !== frame);
  }
}
