/**
 * What the install page shows, and what it hears from whoever looks at it.
 *
 * @module
 */

import { INSECURE, OUTSIDE } from "../page/diagnostics.js";
import { addressText, element } from "./elements.js";
import { advice, detailOf } from "./rules.js";
import { stepsToRegister } from "./steps.js";

/**
 * @typedef {import("../page/client/client.js").RestFailure} RestFailure
 * @typedef {import("./rules.js").Advice} Advice
 * @typedef {import("./rules.js").Check} Check
 * @typedef {import("./rules.js").Registration & {people: string}} Row
 * @typedef {{
 *   domain: string | undefined, handler: string, errorUrl: string,
 *   register: (userId: number, errorUrl: string) => Promise<void>,
 *   remove: (userId: number) => Promise<void>,
 *   finish: () => Promise<void>,
 * }} Options
 */

const WORDS = { ok: "In order", warn: "Worth a look", bad: "Wrong" };
const OTHER = "other";

export class InstallView {
  #options;
  #state = element("p", { id: "state", class: "state" }, "Asking the portal…");
  #list = element("ul", { class: "registrations" });
  #checks = element("ul", { class: "checks" });
  #result = element("div", { id: "result", role: "status", "aria-live": "polite" });
  #all = radio("everybody", true);
  #one = radio("employee", false);
  #people = element("select", { id: "people", "aria-label": "Employee" });
  #user = element("input", { id: "user", type: "text", inputmode: "numeric", autocomplete: "off" });
  #errorUrl;
  #submit = element("button", { type: "submit", class: "primary" }, "Register");
  #finish = element("button", { type: "button", id: "finish", hidden: true }, "Finish the installation");
  #main;
  #busy = true;

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    this.#errorUrl = element("input", { id: "error-url", type: "url", value: options.errorUrl, autocomplete: "off" });
    this.#main = element(
      "main",
      { class: "visible", "aria-busy": "true" },
      heading("Set up the call-card app", options.domain ?? ""),
      element("section", { "aria-labelledby": "is" }, title("is", "What is registered"), this.#state, this.#list),
      element("section", { "aria-labelledby": "new" }, title("new", "Register"), this.#form()),
      element("section", { "aria-labelledby": "fit" }, title("fit", "Is everything ready?"), this.#checks),
    );
    document.body.append(this.#main);
    this.#choose();
    this.#lock(true);
  }

  /**
   * The page when no portal is around it, or what it needs of the portal is missing.
   * @param {string} problem in words
   * @param {string} handler
   */
  static withoutPortal(problem, handler) {
    const outside = problem === OUTSIDE;
    const words = problem === INSECURE ? "The portal came by plain http" : "The portal's client did not load";
    const text = outside ? "This is the install page of a call-card app. It was opened outside Bitrix24." : problem;
    const main = element(
      "main",
      { class: "visible outside" },
      heading(outside ? "Open this page in Bitrix24" : words, ""),
      element("p", { class: "lead", role: "status", id: "worker-py-outside" }, text),
    );
    if (outside) {
      const steps = stepsToRegister(handler);
      main.append(element("section", { "aria-labelledby": "how" }, title("how", "How to get there"), steps));
    }
    document.body.append(main);
  }

  /** Everything is known that can be known. */
  ready() {
    this.#lock(false);
    this.#main.dataset.state = "ready";
  }

  /** @param {Check[]} checks */
  checks(checks) {
    this.#checks.replaceChildren(
      ...checks.map(({ level, title: text, remedy }) =>
        element(
          "li",
          { class: level },
          element("span", { class: "mark", role: "img", "aria-label": WORDS[level] }),
          element("span", {}, text, ...(remedy ? [element("small", {}, remedy)] : [])),
        ),
      ),
    );
  }

  /**
   * @param {Row[]} rows
   * @param {RestFailure | null} error why they are not known
   * @param {boolean | null} installed
   */
  registered(rows, error, installed) {
    const people = rows.map((row) => row.people).join(" and ");
    const unfinished = rows.length > 0 && installed === false;
    const known = rows.length > 0 ? `Registered for ${people}.` : "Not registered yet.";
    const [text, level] = error
      ? [`The portal does not say what is registered. ${advice(error).title}`, "bad"]
      : [unfinished ? `${known} But the installation is not finished: nothing appears yet.` : known, ""];
    this.#state.textContent = text;
    this.#state.className = `state ${level || (rows.length === 0 || unfinished ? "warn" : "ok")}`;
    this.#list.replaceChildren(...rows.map((row) => this.#row(row)));
    this.#finish.hidden = !unfinished;
  }

  /** @param {{id: number, name: string}[]} people offered by name; an id can be typed for others */
  offer(people) {
    const options = people.map(({ id, name }) => element("option", { value: String(id) }, `${name} (id ${id})`));
    if (options.length > 0) {
      this.#people.replaceChildren(...options, element("option", { value: OTHER }, "Somebody else, by id"));
    }
    this.#choose();
  }

  /** @param {string} text */
  done(text) {
    this.#result.className = "result ok";
    this.#result.replaceChildren(element("p", {}, text));
  }

  /**
   * @param {RestFailure} error
   * @param {string} more what else the reader has to know
   * @param {Advice} [told] what the refusal means, where more is known of it than its code
   * @param {{label: string, act: () => Promise<void>} | null} [offer] what can be done instead
   */
  refused(error, more, told = advice(error), offer = null) {
    const { title: text, remedy, field } = told;
    this.#result.className = `result ${offer ? "warn" : "bad"}`;
    this.#result.replaceChildren(
      element("p", { class: "what" }, text),
      element("p", {}, [more, remedy].filter(Boolean).join(" ")),
      element("p", { class: "detail" }, "The portal said: ", element("code", {}, detailOf(error))),
      ...(offer ? [this.#offer(offer.label, offer.act)] : []),
    );
    this.#blame(field === "user" ? this.#user : field === "error-url" ? this.#errorUrl : null);
  }

  // Parts -----------------------------------------------------------------------------------------

  #form() {
    const form = element(
      "form",
      { novalidate: true },
      element(
        "fieldset",
        {},
        element("legend", {}, "Load it into the pages of"),
        element("label", {}, this.#all, "all users"),
        element("label", {}, this.#one, "one employee, such as an operator"),
        element("div", { class: "who" }, this.#people, labelled("The employee's id", this.#user)),
      ),
      element("div", { class: "field" }, element("span", {}, "Hidden page"), addressText(this.#options.handler)),
      labelled("Error address", this.#errorUrl, "The portal requests it when the page was too slow too often."),
      element("div", { class: "buttons" }, this.#submit, this.#finish),
      this.#result,
    );
    form.addEventListener("change", () => this.#choose());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submitted();
    });
    this.#finish.addEventListener("click", () => this.#act("Finishing…", () => this.#options.finish()));
    return form;
  }

  /** @param {string} label @param {() => Promise<void>} act */
  #offer(label, act) {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", () => {
      this.#submit.focus(); // the button goes
      this.#act("Replacing…", act);
    });
    return element("p", { class: "buttons" }, button);
  }

  #submitted() {
    const typed = this.#typesId();
    const userId = this.#all.checked ? 0 : Number(typed ? this.#user.value : this.#people.value);
    if (!Number.isSafeInteger(userId) || (userId <= 0 && !this.#all.checked)) {
      this.#result.className = "result bad";
      this.#result.replaceChildren(
        element("p", {}, "Type the employee's id: the number in the address of their profile."),
      );
      this.#blame(this.#user);
      return;
    }
    this.#act("Registering…", () => this.#options.register(userId, this.#errorUrl.value.trim()));
  }

  /** @param {Row} row */
  #row({ handler, userId, errorUrl, people }) {
    const remove = element("button", { type: "button", "aria-label": `Remove: ${people}` }, "Remove");
    remove.addEventListener("click", () => this.#act("Removing…", () => this.#options.remove(userId)));
    const other = handler !== this.#options.handler;
    return element(
      "li",
      {},
      element(
        "div",
        {},
        element("strong", {}, people),
        addressText(handler),
        ...(other ? [element("small", { class: "other" }, "This is not the page that you are looking at.")] : []),
        element("small", {}, errorUrl ? `Error address: ${errorUrl}` : "No error address is known."),
      ),
      remove,
    );
  }

  #typesId() {
    return this.#people.options.length === 0 || this.#people.value === OTHER;
  }

  /** Show the fields that the choices call for. */
  #choose() {
    const one = this.#one.checked;
    this.#people.hidden = !one || this.#people.options.length === 0;
    /** @type {HTMLElement} */ (this.#user.parentElement).hidden = !one || !this.#typesId();
  }

  /** @param {HTMLElement | null} field that the result speaks of; null takes former blame back */
  #blame(field) {
    for (const one of [this.#user, this.#errorUrl]) {
      one.removeAttribute("aria-invalid");
    }
    field?.setAttribute("aria-invalid", "true");
    field?.focus();
  }

  /** @param {string} doing @param {() => Promise<void>} act */
  async #act(doing, act) {
    if (this.#busy) {
      return;
    }
    this.#blame(null);
    this.#result.className = "result";
    this.#result.replaceChildren(element("p", {}, doing));
    this.#lock(true);
    try {
      await act();
    } finally {
      this.#lock(false);
    }
  }

  /** Buttons stay focusable while something goes on; they do nothing. @param {boolean} busy */
  #lock(busy) {
    this.#busy = busy;
    this.#main.setAttribute("aria-busy", String(busy));
    for (const button of this.#main.querySelectorAll("button")) {
      button.setAttribute("aria-disabled", String(busy));
    }
  }
}

/** @param {string} value @param {boolean} checked */
function radio(value, checked) {
  return element("input", { type: "radio", name: "people", value, checked });
}

/** @param {string} text @param {HTMLInputElement} input @param {string} [hint] */
function labelled(text, input, hint) {
  const field = element("div", { class: "field" }, element("label", { for: input.id }, text), input);
  if (hint) {
    input.setAttribute("aria-describedby", `${input.id}-hint`);
    field.append(element("small", { id: `${input.id}-hint` }, hint));
  }
  return field;
}

/** @param {string} id @param {string} text */
const title = (id, text) => element("h2", { id }, text);

/** @param {string} text @param {string} portal */
function heading(text, portal) {
  const where = portal ? [element("p", { class: "portal" }, portal)] : [];
  return element("header", {}, element("h1", {}, text), ...where);
}
