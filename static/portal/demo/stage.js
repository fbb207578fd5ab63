/**
 * Where scenarios are played: does a step's deed on the portal, and sees what came of it, from the card,
 * the commands that arrived, the placement page's trace and the phone.
 */

import { shortName } from "../core/vocabulary.js";

/** @typedef {import("../automation.js").Portal} Portal */
/** @typedef {import("./scenarios.js").Step} Step */
/** @typedef {import("./scenarios.js").Deed} Deed */
/** @typedef {Pick<Portal, "incomingCall" | "outgoingCall" | "callback" | "callList" | "endCall" | "click" | "card" | "sent">} Acted */
/** @typedef {{state: object | null, heard: string}} SeenPhone */

export class ScenarioStage {
  /** Events whose handlers have ended since the step began, by short name. @type {Set<string>} */
  #handled = new Set();
  /** How many commands had reached the portal when the step began. */
  #before = 0;
  #portal;
  #phone;

  /** @param {Acted} portal @param {SeenPhone} phone */
  constructor(portal, phone) {
    this.#portal = portal;
    this.#phone = phone;
  }

  /** An entry of the placement page's trace. @param {any} entry */
  traced({ kind, event }) {
    if (kind === "handler") {
      this.#handled.add(shortName(event));
    }
  }

  /** @param {Step} step */
  act({ does }) {
    this.#handled.clear();
    this.#before = this.#portal.sent.length;
    if (does.click !== undefined) {
      this.#portal.click(does.click, does.argument);
    } else {
      this.#open(does);
    }
  }

  /** @param {Deed} deed */
  #open({ call, options, length }) {
    this.#portal.endCall(); // a second call gets no card
    switch (call) {
      case "incoming":
        return this.#portal.incomingCall(options);
      case "outgoing":
        return this.#portal.outgoingCall(options);
      case "callback":
        return this.#portal.callback(options);
      case "list":
        return this.#portal.callList(length, options);
      default:
        throw new TypeError(`a step does ${JSON.stringify(call)}: it must open a call or click`);
    }
  }

  /** @param {Step} step @returns {string[]} */
  lacking({ until: { handled, commands = [], card = {}, phone = {} } }) {
    const words = handled === undefined || this.#handled.has(handled) ? [] : [`Python's handler of ${handled}`];
    const came = new Set(this.#portal.sent.slice(this.#before).map(({ command }) => command));
    words.push(...commands.filter((command) => !came.has(command)).map((command) => `the command ${command}`));
    words.push(...different("the card's", card, this.#portal.card() ?? {}));
    if (this.#phone.state !== null) {
      words.push(...different("the phone's", phone, { ...this.#phone.state, heard: this.#phone.heard }));
    }
    return words;
  }
}

/**
 * @param {string} whose
 * @param {Record<string, unknown>} wanted
 * @param {Record<string, unknown>} there
 */
function different(whose, wanted, there) {
  return Object.entries(wanted)
    .filter(([name, value]) => there[name] !== value)
    .map(([name, value]) => `${whose} ${name} to be ${JSON.stringify(value)}, not ${JSON.stringify(there[name])}`);
}
