/** The call list beside the card: who has been called, whose turn it is, and who is to come. */

import { element, setText } from "../demo/dom.js";
import { initials, numberWords } from "./words.js";

/** @typedef {import("./model.js").CardModel} CardModel */

export class CallListView {
  #heading = element("h3", { id: "card-list-heading" });
  // A long list scrolls: the keyboard has to reach it.
  #entries = element("ol", { id: "card-list", tabindex: "0", "aria-labelledby": "card-list-heading" });
  element = element("section", { class: "call-list" }, this.#heading, this.#entries);
  /** @type {CardModel | null} */
  #card = null;
  #shown = -1;

  constructor() {
    this.element.hidden = true;
  }

  /** @param {CardModel} card */
  show(card) {
    this.element.hidden = !card.callListMode;
    if (!card.callListMode) {
      return;
    }
    if (card !== this.#card) {
      this.#card = card;
      this.#shown = -1;
      this.#entries.replaceChildren(...card.parties.map(row));
    }
    if (card.entry !== this.#shown) {
      this.#shown = card.entry;
      setText(this.#heading, `Call list: ${card.entry + 1} of ${card.parties.length}`);
      this.#mark(card.entry);
    }
  }

  /** @param {number} current */
  #mark(current) {
    [...this.#entries.children].forEach((entry, index) => {
      entry.classList.toggle("done", index < current);
      if (index === current) {
        entry.setAttribute("aria-current", "true");
        this.#bringUp(/** @type {HTMLElement} */ (entry));
      } else {
        entry.removeAttribute("aria-current");
      }
    });
  }

  /**
   * Scrolls the list, not the page, so that the entry is seen with the one before it.
   * @param {HTMLElement} entry
   */
  #bringUp(entry) {
    this.#entries.scrollTop = entry.offsetTop - this.#entries.offsetTop - entry.offsetHeight;
  }
}

/** @param {import("./model.js").Party} party */
function row(party) {
  const number = numberWords(party);
  return element(
    "li",
    {},
    element("span", { class: "avatar", "aria-hidden": "true" }, initials(party.name)),
    element("span", { class: "named" }, element("strong", {}, party.name || number), element("small", {}, number)),
  );
}
