/**
 * The call card on the page. It shows a model and reports clicks; it decides nothing.
 *
 * Every control that raises an event carries `data-event` with the event's short name.
 */

import { button, element, setText } from "../demo/dom.js";
import { icon } from "./icons.js";
import { CallListView } from "./list.js";
import { STATES } from "./model.js";
import { ClientPane } from "./pane.js";
import { commentTool, dialPadTool, qualityTool } from "./tools.js";
import { transferTool } from "./transfer.js";
import { clock, commentWords, flagWords, initials, numberWords } from "./words.js";

/** @typedef {import("./model.js").CardModel} CardModel */
/** @typedef {import("./model.js").Button} Button */
/** @typedef {import("../core/vocabulary.js").EventName} EventName */
/** @typedef {import("./model.js").Act} Act */

/**
 * What the card asks of the portal besides the events that it raises.
 * @typedef {object} Desk
 * @property {import("./client.js").Ask} ask
 * @property {(folded: boolean) => void} fold
 * @property {(text: string | null) => void} draft  what stands in the comment box; null: it is closed
 * @property {(department: number) => void} transferToDepartment
 * @property {string} noCard    what is said where no card is
 */

/** Buttons that open a tool of the card instead of raising their event at once, and the tool's id. */
/** @type {Readonly<Record<string, string>>} */
const OPENERS = { dialpadButtonClick: "card-dial-pad", transferButtonClick: "card-transfer" };
/** Shown below the other buttons, always open. */
const RATING = "qualityMeterClick";
/** So many tones, by which avatars tell people apart. */
const TONES = 5;

export class CardView {
  /** @type {CardModel | null} */
  #card = null;
  /** What the present buttons were made for. */
  #shownFor = "";

  #sign = element("span", { class: "sign", "aria-hidden": "true" });
  #state = element("span", { class: "state", id: "card-state" });
  #timer = element("time", { class: "timer", id: "card-timer", role: "timer" });
  #fold = button("", { id: "card-fold", class: "plain" }, () => this.desk.fold(!this.#card?.folded));
  #avatar = element("div", { class: "avatar", "aria-hidden": "true" });
  #title = element("h2", { id: "card-title" });
  #number = element("p", { class: "number", id: "card-number" });
  #status = element("p", { class: "status", id: "card-status", role: "status" });
  #flags = element("p", { class: "flags", id: "card-flags", role: "status" });
  #buttons = element("div", { class: "buttons", id: "card-buttons", tabindex: "-1" });
  #list = new CallListView();
  #aside = element("div", { class: "card-aside" });
  #pane;
  #quality;
  #comment;
  /** @type {Readonly<Record<string, {element: HTMLElement, focus: () => void}>>} */
  #tools;
  #dialPad;
  #transfer;

  /**
   * @param {HTMLElement} host
   * @param {Act} act
   * @param {Desk} desk
   */
  constructor(host, act, desk) {
    this.host = host;
    this.act = act;
    this.desk = desk;
    this.#pane = new ClientPane(act, desk.ask);
    this.#quality = qualityTool(act);
    this.#comment = commentTool(act, desk.draft, () => (this.#card ? commentWords(this.#card) : ""));
    this.#dialPad = dialPadTool(act);
    this.#transfer = transferTool({
      act,
      toDepartment: desk.transferToDepartment,
      done: () => this.#close(true),
    });
    this.#tools = { dialpadButtonClick: this.#dialPad, transferButtonClick: this.#transfer };
    this.#aside.append(this.#list.element, this.#pane.element);
    this.body = element(
      "div",
      { class: "card-body" },
      element("p", { class: "window-name", "aria-hidden": "true" }, "Call window of the desktop app"),
      element("header", {}, this.#sign, this.#state, this.#timer, this.#fold),
      element(
        "div",
        { class: "card-main" },
        element("div", { class: "who" }, this.#avatar, element("div", {}, this.#title, this.#number)),
        this.#buttons,
        this.#dialPad.element,
        this.#transfer.element,
        // Below what is pressed: words that come and go must not move a button under a finger.
        this.#quality.element,
        this.#status,
        this.#flags,
        this.#comment.element,
      ),
      this.#aside,
    );
    this.empty = element("p", { class: "no-card" }, icon("phone"), element("span", {}, desk.noCard));
    host.replaceChildren(this.empty);
    this.#buttons.addEventListener("click", (event) => this.#clicked(event));
    this.body.addEventListener("keydown", ({ key }) => key === "Escape" && this.#close(true));
    setInterval(() => this.#showTimer(), 250);
  }

  /**
   * Shows the card as it is now. Cheap when nothing changed.
   * @param {CardModel | null} card
   * @param {boolean} [desktop] as the window of its own that it is in the desktop app
   */
  show(card, desktop = false) {
    this.host.toggleAttribute("data-desktop", desktop);
    if (card !== this.#card) {
      this.#card = card;
      this.#shownFor = "";
      this.#comment.reset();
      this.#pane.reset();
    }
    const open = card?.open ?? false;
    const wanted = open ? this.body : this.empty;
    if (this.host.firstElementChild !== wanted) {
      this.host.replaceChildren(wanted);
    }
    if (card === null || !open) {
      delete this.host.dataset.state;
      return;
    }
    const { party, uiState } = card;
    if (this.host.dataset.state !== uiState) {
      this.host.dataset.state = uiState;
      this.#sign.replaceChildren(icon(STATES[uiState].sign));
    }
    const number = numberWords(party);
    setText(this.#state, STATES[uiState].words);
    const title = card.title || party.name || number;
    setText(this.#title, title);
    setText(this.#number, number);
    setText(this.#avatar, initials(party.name));
    this.#avatar.dataset.tone = String((party.name.length + party.phoneNumber.length * 3) % TONES);
    setText(this.#status, card.statusText);
    setText(this.#flags, flagWords(card));
    this.#showButtons(card);
    this.#showFolded(card.folded);
    this.#number.hidden = card.folded || title === number;
    this.#quality.element.hidden = !card.buttons.some(({ event }) => event === RATING);
    this.#quality.show(card.rating);
    this.#dialPad.show(card.digits);
    this.#list.show(card);
    this.#pane.show(card);
    this.#showTimer();
  }

  /** @param {CardModel} card */
  #showButtons(card) {
    const wanted = `${card.uiState} ${card.callListMode} ${card.folded}`;
    if (wanted !== this.#shownFor) {
      this.#shownFor = wanted;
      this.#close();
      const focused = this.#buttons.contains(document.activeElement);
      this.#buttons.replaceChildren(...card.buttons.filter(({ event }) => event !== RATING).map(buttonElement));
      if (focused) {
        // The button that was pressed has gone. None of the new ones: a second Enter must not hang up.
        this.#buttons.focus();
      }
    }
    this.#press("muteButtonClick", card.muted);
    this.#press("holdButtonClick", card.held);
  }

  /** @param {boolean} folded */
  #showFolded(folded) {
    const label = folded ? "Unfold" : "Fold";
    if (this.#fold.getAttribute("aria-label") !== label) {
      this.#fold.setAttribute("aria-label", label);
      this.#fold.title = folded ? "Show the whole card" : "Fold the card";
      this.#fold.replaceChildren(icon(folded ? "unfold" : "fold"));
    }
    this.host.toggleAttribute("data-folded", folded);
    if (folded) {
      this.#close();
    }
    for (const part of [this.#status, this.#flags, this.#comment.element, this.#aside]) {
      part.hidden = folded;
    }
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
    this.#timer.hidden = card.uiState !== "connected" || !card.hasCrmLayout || (!running && seconds === 0);
    setText(this.#timer, clock(seconds));
  }

  /** @param {Event} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target).closest("button");
    if (target === null) {
      return;
    }
    const { event: name, opens } = target.dataset;
    if (opens === undefined) {
      this.act(/** @type {EventName} */ (name));
      return;
    }
    const opened = target.getAttribute("aria-expanded") === "true";
    this.#close();
    const tool = this.#tools[opens];
    if (!opened && tool !== undefined) {
      tool.element.hidden = false;
      target.setAttribute("aria-expanded", "true");
      tool.focus();
    }
  }

  /**
   * Closes what the buttons have opened.
   * @param {boolean} [refocus] the focus goes back to the button
   */
  #close(refocus = false) {
    for (const tool of Object.values(this.#tools)) {
      tool.element.hidden = true;
    }
    this.#transfer.reset(); // whoever opens it again begins anew
    const opener = /** @type {HTMLElement | null} */ (this.#buttons.querySelector('[aria-expanded="true"]'));
    opener?.setAttribute("aria-expanded", "false");
    if (refocus) {
      opener?.focus();
    }
  }
}

/**
 * @param {Button} button
 * @returns {HTMLButtonElement}
 */
function buttonElement({ event, label, sign }) {
  const tool = OPENERS[event];
  /** @type {Record<string, string>} */
  const what =
    tool === undefined
      ? { "data-event": event }
      : { "data-opens": event, "aria-expanded": "false", "aria-controls": tool };
  return button([icon(sign), element("span", {}, label)], { title: label, ...what });
}
