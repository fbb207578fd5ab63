/**
 * Other source for the app while it runs: a text from an editor, or all of the app's files as they were saved. Only a
 * bundle that was built for it holds this module, and only its interpreter takes the message.
 *
 * What was applied is remembered, so that the next interpreter gets it again; a text for this tab, so that the next page does too.
 *
 * @module
 */

import * as messages from "../messages.js";
import { LIMITS } from "../protocol.js";
import { linesIn } from "./traceback.js";

/** What runs, and what became of a request. `edited`: it is not the bundle's own source. @typedef {Omit<import("../protocol.js").Reloaded, "t" | "id">} Runs */

/**
 * `runs`: what runs now, or still; `failed`: a handler did, and where in the source that runs; `saved`: what became of
 * the app's files (follow.js); `reload`: the page is about to be loaded anew, and why.
 * @typedef {{kind: "runs"} & Runs} RunsNews
 * @typedef {{kind: "failed", handler: string, event: string, error: string, line: number | null, text: string}} FailedNews
 * @typedef {{text: string, file?: string | null, line: number | null}} Problem
 * @typedef {{kind: "saved", name: string, number: number, saved: number, problem: Problem | null, reload: string | null}} SavedNews
 * @typedef {RunsNews | FailedNews | SavedNews} News
 *
 * The app's files, as base64 of a zip file, and what names exactly these. @typedef {{archive: string, version: string}} Files
 */

/** The request by which a new interpreter gets what the one before had. */
const AGAIN = "again";
/** Endings that the source itself may have caused. */
const BY_ITSELF = new Set(["hang", "fatal"]);

export class Live {
  /** What was applied last, while it is not the bundle's own. @type {string | Files | null} */
  #applied;
  /** @type {((text: string) => void) | null} */
  #send = null;
  /** @type {Map<string, {what: string | Files, text: string, resolve: (answer: Runs) => void}>} */
  #waiting = new Map();
  /** The request whose source runs now, or did when something was last heard. @type {string | null} */
  #taking = null;
  /** @type {Runs | null} */
  #runs = null;
  /** Whether a new interpreter was given the source and has not answered. */
  #again = false;
  /** @type {Array<(news: News) => void>} */
  #listeners = [];
  #serial = 0;
  #key;
  #storage;
  #watch;

  /**
   * @param {string} portal
   * @param {() => void} watch makes sure that an interpreter that answers no more is noticed
   * @param {() => Pick<Storage, "getItem" | "setItem" | "removeItem">} storage of this tab; may throw
   */
  constructor(portal, watch, storage = () => sessionStorage) {
    this.#key = `worker-py:live:${portal}`;
    this.#storage = storage;
    this.#watch = watch;
    this.#applied = this.#remembered();
  }

  /** Whether an answer is due. */
  get busy() {
    return this.#again || this.#waiting.size > 0;
  }

  /**
   * Have the interpreter run another source from now on. Calls, cards and the journal stay.
   * @param {string} source a whole module
   * @returns {Promise<Runs>} `refused`, with the reason, when the old handlers stay in force
   */
  apply(source) {
    if (source.length > LIMITS.sourceChars) {
      const text = `the source has ${source.length} characters; expected at most ${LIMITS.sourceChars}`;
      return Promise.resolve(this.#refusal(text));
    }
    return this.run(source);
  }

  /** Before an interpreter is there: it gets these files first. @param {Files} files */
  begin(files) {
    this.#applied = files;
  }

  /**
   * The same with all files of the app. Those that run already stay.
   * @param {string | Files} what
   * @returns {Promise<Runs>}
   */
  run(what) {
    return new Promise((resolve) => {
      const id = `reload-${++this.#serial}`;
      const text = requestOf(id, what);
      this.#waiting.set(id, { what, text, resolve });
      this.#send?.(text);
      this.#watch();
    });
  }

  /** @param {(news: News) => void} listener told what runs at once, when that is known */
  listen(listener) {
    this.#listeners.push(listener);
    if (this.#runs) {
      listener({ kind: "runs", ...this.#runs });
    }
  }

  // What the page tells ---------------------------------------------------------------------------

  /** An interpreter is there, and has been told of this page. @param {(text: string) => void} send */
  opened(send) {
    this.#send = send;
    this.#again = this.#applied !== null;
    send(requestOf(AGAIN, this.#applied, true));
    for (const { text } of this.#waiting.values()) {
      send(text);
    }
  }

  /** The interpreter has ended. @param {string} ending @param {string} why */
  ended(ending, why) {
    this.#send = null;
    const taking = this.#taking;
    this.#taking = null;
    const text = `the interpreter ended while it ran this source (${ending}: ${why})`;
    if (taking === AGAIN && BY_ITSELF.has(ending)) {
      this.#remember(null); // another one would end the same way
      this.tell({ ...this.#refusal(text), kind: "runs" });
    }
    this.#again = false;
    // One that waited behind what ended the interpreter is not to blame: the next one gets it.
    this.#waiting.get(taking ?? "")?.resolve(this.#refusal(text));
    this.#waiting.delete(taking ?? "");
  }

  /** Python is about to run the source of this request. @param {string} id */
  taking(id) {
    this.#taking = id;
  }

  /** Python said what runs. @param {import("../protocol.js").Reloaded} message */
  reloaded({ id, outcome, error, file, source, original, version, edited }) {
    this.#runs = { outcome, error, file, source, original, version, edited };
    const request = this.#waiting.get(id ?? "");
    if (id === this.#taking) {
      this.#taking = null;
    }
    if (id === AGAIN) {
      this.#again = false;
    }
    const files = id === AGAIN ? this.#applied : request?.what;
    if (outcome !== "refused" && files !== null && typeof files === "object") {
      this.#remember(files);
    } else if (outcome !== "refused" ? !version || !edited : id === AGAIN) {
      this.#remember(edited && !version ? source : null);
    }
    this.tell({ kind: "runs", ...this.#runs });
    if (request) {
      this.#waiting.delete(id ?? "");
      request.resolve(this.#runs);
    }
  }

  /** Python reported a handler that failed. @param {import("../protocol.js").Report} report */
  failed({ handler = "", event = "", error = "", text = "" }) {
    const line = linesIn(text, this.#runs?.file ?? "").at(-1) ?? null;
    this.tell({ kind: "failed", handler, event, error, line, text });
  }

  /** Tell those who listen. @param {News} news */
  tell(news) {
    for (const listener of this.#listeners) {
      listener(news);
    }
  }

  /** @param {string} text @returns {Runs} */
  #refusal(text) {
    const runs = this.#runs ?? { file: "", source: "", original: "", version: "", edited: false };
    return { ...runs, outcome: "refused", error: { text, line: null, column: null, traceback: text } };
  }

  #remembered() {
    try {
      return this.#storage().getItem(this.#key);
    } catch {
      return null; // blocked: it is remembered as long as the page lives
    }
  }

  /** @param {string | Files | null} what files are had anew by each page */
  #remember(what) {
    this.#applied = what;
    const source = typeof what === "string" ? what : null;
    try {
      if (source === null) {
        this.#storage().removeItem(this.#key);
      } else {
        this.#storage().setItem(this.#key, source);
      }
    } catch {
      // Blocked, as above.
    }
  }
}

/** @param {string} id @param {string | Files | null} what @param {boolean} [again] */
function requestOf(id, what, again) {
  const isText = typeof what === "string" || what === null;
  return JSON.stringify(messages.reload(id, isText ? what : null, again, isText ? null : what));
}
