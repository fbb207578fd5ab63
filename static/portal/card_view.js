/**
 * The call card on the page. It shows a model and reports clicks; it decides nothing.
 *
 * Every control that raises an event carries `data-event` with the event's short name.
 */

import { cardTools } from "./card_tools.js";
import { element, setText } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./card_model.js").CardModel} CardModel */
/** @typedef {import("./card_model.js").Button} Button */
/** @typedef {import("./vocabulary.js").EventName} EventName */
/** @typedef {(event: EventName, argument?: unknown) => void} Act */

/** @type {Readonly<Record<string, string>>} */
const STATE_WORDS = {
  incoming: "Incoming call",
  transferIncoming: "Transferred to you",
  outgoing: "Ready to call",
  connectingIncoming: "Connecting",
  connectingOutgoing: "Calling",
  connected: "On the call",
  transferring: "Transferring",
  transferFailed: "Transfer failed",
  transferConnected: "Transferred",
  error: "Call failed",
  moneyError: "Out of credit",
  redial: "Call ended",
};

/** Buttons that open a tool of the card instead of raising their event at once. */
const OPENERS = new Set(["dialpadButtonClick", "transferButtonClick"]);
/** Shown below the other buttons, always open. */
const RATING = "qualityMeterClick";

export class CardView {
  /** @type {CardModel | null} */
  #card = null;
  /** What the present buttons were made for. */
  #shownFor = "";

  #state = element("span", { class: "state", id: "card-state" });
  #timer = element("time", { class: "timer", id: "card-timer", role: "timer" });
  #avatar = element("div", { class: "avatar", "aria-hidden": "true" });
  #title = element("h2", { id: "card-title" });
  #number = element("p", { class: "number", id: "card-number" });
  #status = element("p", { class: "status", id: "card-status", role: "status" });
  #flags = element("p", { class: "flags", id: "card-flags" });
  #buttons = element("div", { class: "buttons", id: "card-buttons" });
  #tools;

  /**
   * @param {HTMLElement} host
   * @param {Act} act
   */
  constructor(host, act) {
    this.host = host;
    this.act = act;
    this.#tools = cardTools(act);
    this.body = element(
      "div",
      { class: "card-body" },
      element("header", {}, this.#state, this.#timer),
      element("div", { class: "who" }, this.#avatar, element("div", {}, this.#title, this.#number)),
      this.#status,
      this.#flags,
      this.#buttons,
      this.#tools.dialPad,
      this.#tools.transfer,
      this.#tools.quality,
      this.#tools.client,
      this.#tools.comment,
    );
    this.empty = element("p", { class: "no-card" }, "No call. Start one with the buttons below.");
    host.replaceChildren(this.empty);
    this.#buttons.addEventListener("click", (event) => this.#clicked(event));
    setInterval(() => this.#showTimer(), 250);
  }

  /**
   * Shows the card as it is now. Cheap when nothing changed.
   * @param {CardModel | null} card
   */
  show(card) {
    if (card !== this.#card) {
      this.#card = card;
      this.#shownFor = "";
      this.#tools.reset();
    }
    const open = card?.open ?? false;
    const wanted = open ? this.body : this.empty;
    if (this.host.firstElementChild !== wanted) {
      this.host.replaceChildren(wanted);
    }
    if (card === null || !open) {
      return;
    }
    this.host.dataset.state = card.uiState;
    const { party } = card;
    const number = party.phoneNumber === "unknown" ? "Unknown number" : party.phoneNumber;
    setText(this.#state, STATE_WORDS[card.uiState] ?? card.uiState);
    setText(this.#title, card.title || party.name || number);
    setText(this.#number, number);
    setText(this.#avatar, initials(party.name));
    setText(this.#status, card.statusText);
    setText(this.#flags, flagWords(card));
    this.#showButtons(card);
    this.#tools.show(card);
    this.#showTimer();
  }

  /** @param {CardModel} card */
  #showButtons(card) {
    const wanted = `${card.uiState} ${card.callListMode}`;
    if (wanted !== this.#shownFor) {
      this.#shownFor = wanted;
      this.#tools.closeAll();
      this.#buttons.replaceChildren(...card.buttons.filter(({ event }) => event !== RATING).map(buttonElement));
    }
    this.#press("muteButtonClick", card.muted);
    this.#press("holdButtonClick", card.held);
  }

  /**
   * @param {EventName} event
   * @param {boolean} pressed
   */
  #press(event, pressed) {
    const found = this.#buttons.querySelector(`[data-event="${event}"]`);
    if (found !== null && found.getAttribute("aria-pressed") !== String(pressed)) {
      found.setAttribute("aria-pressed", String(pressed));
    }
  }

  #showTimer() {
    const card = this.#card;
    if (card === null) {
      return;
    }
    const { running, seconds } = card.timer;
    this.#timer.hidden = card.uiState !== "connected" || (!running && seconds === 0);
    setText(this.#timer, clock(seconds));
  }

  /** @param {Event} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target).closest("button");
    if (target === null) {
      return;
    }
    const { event: name, opens } = target.dataset;
    if (opens !== undefined) {
      this.#tools.toggle(/** @type {"dialpadButtonClick" | "transferButtonClick"} */ (opens), target);
    } else {
      this.act(/** @type {EventName} */ (name));
    }
  }
}

/**
 * @param {Button} button
 * @returns {HTMLButtonElement}
 */
function buttonElement({ event, label }) {
  /** @type {Record<string, string>} */
  const what = OPENERS.has(event) ? { "data-opens": event, "aria-expanded": "false" } : { "data-event": event };
  return element("button", { type: "button", ...what }, icon(event), element("span", {}, label));
}

/**
 * @param {CardModel} card
 * @returns {string}
 */
function flagWords(card) {
  const words = [card.muted ? "Microphone off" : "", card.held ? "On hold" : ""];
  if (card.digits !== "") {
    words.push(`Dialled ${card.digits}`);
  }
  if (!card.external) {
    words.push("Regular call: not open to apps");
  }
  return words.filter(Boolean).join(" · ");
}

/**
 * @param {string} name
 * @returns {string}
 */
function initials(name) {
  const letters = name
    .split(/\s+/)
    .map((word) => word.charAt(0))
    .join("");
  return letters.slice(0, 2).toUpperCase() || "?";
}

/**
 * @param {number} seconds
 * @returns {string} e.g. `02:07`
 */
function clock(seconds) {
  const minutes = String(Math.floor(seconds / 60)).padStart(2, "0");
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}
