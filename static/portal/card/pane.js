/** The card's look into the CRM: the client, the company, the open deals, and to whom the card is bound. */

import { button, element } from "../demo/dom.js";
import { lookUp } from "./client.js";
import { CONTACTS, STRANGER } from "./directory.js";
import { icon } from "./icons.js";
import { amount, stageWords } from "./words.js";

/** @typedef {import("./client.js").Ask} Ask */
/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./client.js").Deal} Deal */
/** @typedef {import("./client.js").Found} Found */
/** @typedef {import("./model.js").CardModel} CardModel */
/** @typedef {import("./model.js").Act} Act */

export class ClientPane {
  /** For whom the pane was filled, or is being filled. */
  #whom = "";
  /** Of whom it shows something that the CRM knows. */
  #known = "";
  /** Counts the look-ups: an answer that comes late must not overwrite a later one's. */
  #asked = 0;
  #content = element("div", { class: "client-content", id: "card-client-content" });
  #again = button(
    [icon("refresh")],
    { class: "plain", "aria-label": "Ask the CRM again", title: "Ask the CRM again" },
    () => void this.#fill(),
  );
  #binding;

  /**
   * @param {Act} act
   * @param {Ask} ask
   */
  constructor(act, ask) {
    this.ask = ask;
    this.#binding = bindingTool(act);
    this.element = element(
      "section",
      { class: "client-pane", "aria-labelledby": "card-client-heading" },
      element("header", {}, element("h3", { id: "card-client-heading" }, "Client"), this.#again),
      this.#content,
      this.#binding.element,
    );
  }

  /** @param {CardModel} card */
  show({ party: { crmEntityType, crmEntityId } }) {
    const whom = `${crmEntityType}:${crmEntityId}`;
    if (whom !== this.#whom) {
      this.#whom = whom;
      this.#known = "";
      this.#binding.show(crmEntityType, crmEntityId);
      this.#again.hidden = crmEntityId === 0;
      this.#content.replaceChildren(...waiting());
      void this.#fill();
    }
  }

  /** For another card: what the CRM says may have changed. */
  reset() {
    this.#whom = "";
  }

  async #fill() {
    this.#asked += 1;
    const mine = this.#asked;
    const [type = "", id] = this.#whom.split(":");
    this.#content.setAttribute("aria-busy", "true");
    const found = await lookUp(this.ask, type, Number(id));
    if (mine === this.#asked) {
      this.#content.dataset.found = found.kind;
      if (found.kind === "failed" && this.#known === this.#whom) {
        this.#content.querySelector(".bad")?.remove();
        this.#content.prepend(...words(found)); // what was known before is still worth something
      } else {
        this.#known = found.kind === "known" ? this.#whom : "";
        this.#content.replaceChildren(...words(found));
      }
      this.#content.setAttribute("aria-busy", "false");
    }
  }
}

/** @returns {HTMLElement[]} grey bars, until the CRM has answered */
function waiting() {
  return ["", "short"].map((length) => element("p", { class: `bar ${length}` }));
}

/**
 * @param {Found} found
 * @returns {HTMLElement[]}
 */
function words(found) {
  switch (found.kind) {
    case "known":
      return clientWords(found.client);
    case "unbound":
      return [element("p", { class: "none" }, "Not in the CRM. Choose a client below to bind the call.")];
    case "absent":
      return [element("p", { class: "none" }, "There is no CRM behind this page: only what the call brought.")];
    default:
      return [element("p", { class: "none bad" }, `The CRM did not answer: ${found.reason}`)];
  }
}

/**
 * @param {Client} client
 * @returns {HTMLElement[]}
 */
function clientWords({ title, post, phones, company, trade, deals }) {
  /** @type {HTMLElement[]} */
  const lines = [line("person", title, [post, ...phones].filter(Boolean).join(" · "))];
  if (company !== "") {
    lines.push(line("building", company, stageWords(trade)));
  }
  const list = element("ul", { "aria-label": "Open deals" }, ...deals.map(dealRow));
  const heading = element("h4", {}, deals.length === 0 ? "No open deals" : `Open deals: ${deals.length}`);
  return [...lines, heading, ...(deals.length === 0 ? [] : [list])];
}

/**
 * @param {string} sign
 * @param {string} title
 * @param {string} more
 */
function line(sign, title, more) {
  const named = element("span", { class: "named" }, element("strong", {}, title), element("small", {}, more));
  return element("p", { class: "line" }, icon(sign), named);
}

/** @param {Deal} deal */
function dealRow({ title, stage, value, currency }) {
  return element(
    "li",
    {},
    element("span", {}, title),
    element("strong", {}, amount(value, currency, document.documentElement.lang)),
    element("small", { class: "stage" }, stageWords(stage)),
  );
}

/** @param {Act} act */
function bindingTool(act) {
  const select = element(
    "select",
    { id: "card-client", "data-event": "entityChanged" },
    element("option", { value: ":0" }, "Not in the CRM"),
    ...CONTACTS.map(({ crmEntityType, crmEntityId, name }) =>
      element("option", { value: `${crmEntityType}:${crmEntityId}` }, name),
    ),
  );
  const other = element("option", {});
  const tool = element("label", { class: "client" }, element("span", {}, "Client in the CRM"), select);
  select.addEventListener("change", () => {
    const [crmEntityType = "", id = "0"] = select.value.split(":");
    const crmEntityId = Number(id);
    const known = CONTACTS.find((contact) => contact.crmEntityId === crmEntityId);
    act("entityChanged", { crmEntityType, crmEntityId, name: (known ?? STRANGER).name });
  });
  return {
    element: tool,
    /**
     * @param {string} crmEntityType
     * @param {number} crmEntityId
     */
    show(crmEntityType, crmEntityId) {
      const value = crmEntityId === 0 ? ":0" : `${crmEntityType}:${crmEntityId}`;
      other.remove();
      if (![...select.options].some((option) => option.value === value)) {
        other.value = value;
        other.textContent = `${crmEntityType} ${crmEntityId}`;
        select.append(other);
      }
      select.value = value;
    },
  };
}
