/**
 * The tab with the app's handlers: edit them, apply them to the interpreter that runs, see what is wrong at its line.
 *
 * The placement page says what runs (live_feed.js); it alone speaks to Python. The editor is loaded when the
 * tab is opened for the first time.
 */

import { button, element, setText } from "../demo/dom.js";
import { Handlers, STARTING } from "./handlers.js";
import { handlerAt, lineOfHandler, openingOf } from "./opening.js";

/** @typedef {import("./codemirror.js").Editor} Editor */

/** The examples, by file name. */
const EXAMPLES = Object.freeze({
  screen_pop: "Screen pop with CRM look-up",
  crm_notes: "Notes to the CRM at hang-up",
  keypad_menu: "Keypad menu",
  wrap_up: "Wrap-up timer",
  transfer_policy: "Transfer policy",
});

/** So many of the newest lines that Python printed are shown. */
const PRINTED_KEPT = 50;

export class HandlersTab {
  /** @type {Editor | null} */
  #editor = null;
  #loading = false;
  /** @type {import("./handlers.js").Problem[] | null} */
  #shown = null;
  #handlers;
  #panel;
  #state = element("p", { class: "live-state", role: "status" }, STARTING);
  #problems = element("ul", { class: "live-problems" });
  #host = element("div", { class: "live-editor" });
  #printed = element("ol", { class: "live-printed", tabindex: "0" });
  /** A handler to show as soon as the editor is there. */
  #wanted = "";
  #examples = element("select", { id: "live-example" });
  #apply = button("Apply", { class: "live-apply", disabled: true }, () => this.#handlers.apply());
  #revert = button("Revert", { disabled: true }, () => {
    this.#goBack();
    this.#examples.focus(); // the button can be clicked no more, and would take the focus with it
  });
  #log;

  /**
   * @param {HTMLElement} panel
   * @param {(message: {workerPyApply: {id: number, source: string}}) => boolean} tell tells the placement page; false when there is none
   * @param {string} app address of the placement page
   * @param {(handler: string) => boolean} toLog shows its newest run in the log; false when there is none
   */
  constructor(panel, tell, app, toLog) {
    this.#panel = panel;
    const text = () => this.#editor?.text() ?? null;
    this.#handlers = new Handlers({ tell, show: () => this.#show(), key: `portal:draft:${app}`, text });
    this.#log = button("In the log", { class: "live-log", disabled: true }, () => {
      const handler = this.#handlerHere();
      if (handler !== null && !toLog(handler)) {
        setText(this.#state, `${handler} has not run yet, or the log has forgotten it.`);
      }
    });
    this.#examples.append(
      element("option", { value: "" }, "The demo's own handlers"),
      ...Object.entries(EXAMPLES).map(([name, title]) => element("option", { value: name }, title)),
    );
    panel.append(
      element(
        "div",
        { class: "tools live-tools" },
        element("label", { class: "live-label", for: "live-example" }, "Example"),
        this.#examples,
        this.#revert,
        this.#apply,
      ),
      this.#state,
      element("div", { role: "alert" }, this.#problems),
      this.#host,
      element("div", { role: "log", "aria-label": "What Python printed" }, this.#printed),
      element(
        "div",
        { class: "live-foot" },
        element("p", { class: "live-hint" }, "Ctrl-Enter or ⌘-Enter applies. Escape, then Tab, leaves the editor."),
        this.#log,
      ),
    );
    this.#printed.hidden = true;
    this.#examples.addEventListener("change", () => void this.#load(this.#examples.value));
    panel.addEventListener("toggled", () => void this.#open());
  }

  /** @param {unknown} news of a placement page */
  heard(news) {
    const before = this.#handlers.runs?.source;
    const unchanged = this.#editor?.text() === before;
    this.#handlers.heard(news);
    const now = this.#handlers.runs?.source;
    if (this.#editor && unchanged && now !== undefined && now !== before) {
      this.#editor.replace(now); // another page of the portal applied it
    }
    void this.#open();
  }

  /** What Python printed. @param {{level: string, handler: string, text: string}} printed */
  printed({ level, handler, text }) {
    this.#printed.hidden = false;
    this.#printed.append(element("li", { "data-level": level }, element("small", {}, handler), " ", text));
    while (this.#printed.childElementCount > PRINTED_KEPT) {
      this.#printed.firstElementChild?.remove();
    }
    this.#printed.scrollTop = this.#printed.scrollHeight;
  }

  /** Shows a handler's line. @param {string} name */
  goToHandler(name) {
    this.#wanted = name;
    this.#goToWanted();
  }

  #goToWanted() {
    if (this.#wanted === "" || !this.#editor) {
      return;
    }
    const line = lineOfHandler(this.#editor.text(), this.#wanted);
    if (line === null) {
      setText(this.#state, `${this.#wanted} is not in the text below.`);
    } else {
      this.#editor.goTo(line);
    }
    this.#wanted = "";
  }

  /** @returns {string | null} the handler that the cursor is in */
  #handlerHere() {
    return this.#editor ? handlerAt(this.#editor.text(), this.#editor.line()) : null;
  }

  #nameWay() {
    const handler = this.#handlerHere();
    this.#log.disabled = handler === null;
    this.#log.title = handler === null ? "" : `Show the newest run of ${handler} in the log`;
  }

  /** @param {boolean} fails whether the interpreter could not be started */
  pythonFails(fails) {
    this.#handlers.pythonFails = fails;
    this.#show();
  }

  async #open() {
    if (this.#panel.hidden || this.#loading || this.#handlers.runs === null) {
      return;
    }
    this.#loading = true;
    try {
      const { makeEditor } = await import("./codemirror.js");
      this.#editor = makeEditor({
        host: this.#host,
        text: this.#handlers.draft ?? this.#handlers.runs.source,
        label: "Python handlers",
        changed: () => this.#handlers.changed(),
        apply: () => this.#handlers.apply(),
        moved: () => this.#nameWay(),
      });
      if (this.#handlers.draft === null) {
        this.#editor.open(openingOf(this.#editor.text()));
      }
      this.#shown = null;
      this.#show();
      this.#nameWay();
      this.#goToWanted();
    } catch (error) {
      setText(this.#state, `The editor could not be loaded: ${error}. Load this page anew.`);
    }
  }

  #goBack() {
    const original = this.#handlers.runs?.original;
    if (original !== undefined) {
      this.#editor?.replace(original);
      this.#editor?.open(openingOf(original));
      this.#examples.value = "";
      this.#handlers.revert();
    }
  }

  /** @param {string} name of an example */
  async #load(name) {
    if (name === "") {
      this.#goBack();
      return;
    }
    const answer = await fetch(`examples/${name}.py`);
    if (!answer.ok) {
      setText(this.#state, `The example could not be loaded: status ${answer.status}.`);
      return;
    }
    this.#editor?.replace(await answer.text());
  }

  #show() {
    const { words, problems, canApply, canRevert } = this.#handlers;
    setText(this.#state, words);
    this.#apply.disabled = !this.#editor || !canApply;
    this.#revert.disabled = !this.#editor || !canRevert;
    this.#examples.disabled = !this.#editor;
    if (this.#shown !== problems) {
      this.#shown = problems;
      this.#showProblems(problems);
    }
  }

  /**
   * Once for each change: marks move with the text, and what is an alert speaks every time.
   * @param {import("./handlers.js").Problem[]} problems
   */
  #showProblems(problems) {
    const rows = problems.map(({ line, text }) => {
      const lead = line === null ? [] : [button(`Line ${line}`, {}, () => this.#editor?.goTo(line)), " "];
      return element("li", {}, ...lead, text);
    });
    this.#problems.replaceChildren(...rows);
    this.#problems.hidden = rows.length === 0;
    const marked = problems.flatMap(({ line, column, text }) => (line === null ? [] : [{ line, column, text }]));
    this.#editor?.mark(marked);
  }
}
