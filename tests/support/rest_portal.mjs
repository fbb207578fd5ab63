/** The portal's REST behind `fetch`, and both of the portal's clients with tokens for it, so that requests can be tried in Node. */

import { b24jssdkClient } from "../../static/page/client/b24jssdk.js";
import { bx24Client } from "../../static/page/client/bx24.js";
import { Executor } from "../../static/page/executor.js";
import { settled, withGlobals } from "./fakes.mjs";

/**
 * How the portal answers: `null` loses the connection, `cut` within the answer, a function is asked with the request.
 * @typedef {null | {status?: number, json?: unknown, text?: string, cut?: boolean} | ((request: Sent) => Answer | Promise<Answer>)} Answer
 * @typedef {{url: string, method: string, params: any, token: string, init: any}} Sent
 */

export const CLIENTS = /** @type {const} */ (["bx24", "b24jssdk"]);

/** The page's part of REST, over one of the clients, and a portal that the test plays. */
export class RestPortal {
  /** @type {Sent[]} */
  sent = [];
  /** How the next requests are answered; the last one stays. @type {Answer[]} */
  script = [];
  /** How often a token was asked for anew. */
  refreshes = 0;
  token = "token-1-of-the-portal";
  /** Whether the client takes its token for good. */
  fresh = true;
  /** Whether the portal gives a new token when it is asked. */
  givesTokens = true;
  /** What the page told Python. @type {any[]} */
  replies = [];
  #count = 0;

  /**
   * @param {import("node:test").TestContext} t
   * @param {(typeof CLIENTS)[number]} kind
   * @param {...Answer} script
   */
  constructor(t, kind, ...script) {
    this.script = script;
    withGlobals(t, {
      window: { name: "portal.example:443|1|sid" },
      addEventListener: () => {},
      removeEventListener: () => {},
      fetch: (/** @type {string} */ url, /** @type {any} */ init) => this.#fetch(url, init),
    });
    this.client = kind === "bx24" ? this.#bx24() : this.#b24jssdk();
    this.executor = new Executor(this.client, Promise.resolve());
  }

  /**
   * What Python asks, and what comes of it; nothing when it is called off meanwhile.
   * @param {Record<string, unknown>} request
   * @returns {Promise<any>}
   */
  async ask(request) {
    const id = `r${++this.#count}`;
    this.executor.execute(/** @type {any} */ ({ id, ...request }), (reply) => this.replies.push(reply));
    for (let turn = 0; turn < 20 && !this.replies.some((reply) => reply.id === id); turn++) {
      await settled();
    }
    return this.replies.find((reply) => reply.id === id);
  }

  #refresh() {
    this.refreshes++;
    if (!this.givesTokens) {
      return false;
    }
    this.token = `token-${this.refreshes + 1}-of-the-portal`;
    this.fresh = true;
    return true;
  }

  #bx24() {
    return bx24Client({
      init: (/** @type {() => void} */ callback) => callback(),
      getAuth: () => this.fresh && { access_token: this.token, domain: "portal.example" },
      refreshAuth: (/** @type {() => void} */ callback) => this.#refresh() && callback(),
      callMethod: () => {
        throw new Error("the script's own requests are not used");
      },
    });
  }

  #b24jssdk() {
    const auth = {
      getAuthData: () => this.fresh && { access_token: this.token },
      refreshAuth: () => (this.#refresh() ? Promise.resolve() : new Promise(() => {})),
      getTargetOriginWithPath: () => new Map([["v2", "https://portal.example/rest"]]),
    };
    class B24Frame {
      isInit = true;
      init = async () => {};
      auth = auth;
    }
    return b24jssdkClient({ B24Frame }, () => {});
  }

  /** @param {string} url @param {any} init */
  async #fetch(url, init) {
    const { auth, ...params } = JSON.parse(init.body);
    const request = { url, method: /\/rest\/(.+)\.json$/.exec(url)?.[1] ?? url, params, token: auth, init };
    this.sent.push(request);
    const next = /** @type {Answer} */ (this.script.length > 1 ? this.script.shift() : this.script[0]);
    const answer = typeof next === "function" ? await next(request) : next;
    if (answer === null || typeof answer === "function") {
      throw new TypeError("Failed to fetch");
    }
    const { status = 200, json, text = JSON.stringify(json), cut = false } = answer;
    return { status, text: () => (cut ? Promise.reject(new TypeError("network error")) : Promise.resolve(text)) };
  }
}
