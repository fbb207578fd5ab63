/**
 * The operator's session: the tokens that the portal hands to a frame, and the REST that knows them.
 *
 * The simulated REST issues them (`simulation.session`), so that a token can expire there. It is the server's
 * (`http`), or the page's own (`page`), which needs no server and no network.
 */

import { parseQuery } from "../rest_api/query.js";
import { PageRest } from "../rest_api/rest.js";
import { randomHex } from "./made_up.js";

/** @typedef {import("./frames.js").Session} Tokens */

const LIFETIME_S = 3600;

export class PortalSession {
  /** @type {Tokens} */
  tokens = {
    AUTH_ID: randomHex(16),
    REFRESH_ID: randomHex(16),
    AUTH_EXPIRES: LIFETIME_S,
    MEMBER_ID: "5a1b0c6de2f74d1fa7d5b1c4e0a98f31",
  };
  /** Whether there is a REST behind the portal. */
  served = false;
  /** The page's own, where it is used. @type {PageRest | null} */
  #inPage;
  /** Whether the app has ended its installation. */
  installed = false;

  /** @param {"http" | "page"} where the REST that is asked */
  constructor(where) {
    this.#inPage = where === "page" ? newRest() : null;
  }

  /** @returns {boolean} whether an app has to ask through the portal's page */
  get inPage() {
    return this.#inPage !== null;
  }

  /**
   * Asks the REST for a session of this page's own: its data and its faults are nobody else's.
   * @param {string | null} user the id of the employee who works here; null for the first
   */
  async start(user) {
    await this.#adopt("simulation.session", user === null ? {} : { user });
  }

  /** @returns {Promise<void>} */
  async refresh() {
    await this.#adopt("simulation.refresh", { refresh_token: this.tokens.REFRESH_ID });
  }

  /** The app says that its installation has ended. */
  async finishInstall() {
    this.installed = true;
    if (this.served) {
      await this.call("simulation.installed", { auth: this.tokens.AUTH_ID });
    }
  }

  /** @returns {Promise<unknown>} what the app has registered, whoever may know */
  async placements() {
    return (await this.call("simulation.placements", { auth: this.tokens.AUTH_ID })).result;
  }

  /**
   * Takes away what the app has registered for the hidden frames, and requests the address for errors that was given
   * with it, without tokens.
   * @returns {Promise<string[]>} the addresses that were told
   */
  async deleteRegistration() {
    if (!this.served) {
      return [];
    }
    const { result } = await this.call("simulation.overtime", { auth: this.tokens.AUTH_ID });
    const told = /** @type {string[]} */ (result);
    for (const address of told) {
      const body = new URLSearchParams({ error: "ERROR_PLACEMENT_LOADING_OVERTIME" });
      await fetch(address, { method: "POST", mode: "no-cors", body }).catch(() => {});
    }
    return told;
  }

  /**
   * Asks a method as the portal itself does for its own card. An error is told, not thrown: `NO_REST` where none is.
   * @param {string} method
   * @param {Record<string, unknown>} params
   * @returns {Promise<{result?: unknown, error?: string}>}
   */
  async ask(method, params) {
    if (!this.served) {
      return { error: "NO_REST" };
    }
    try {
      const { result } = await this.call("simulation.ask", { auth: this.tokens.AUTH_ID, method, params });
      return /** @type {{result?: unknown, error?: string}} */ (result);
    } catch (error) {
      return { error: String(error) };
    }
  }

  /**
   * @param {Record<string, unknown>} faults
   * @returns {Promise<void>}
   */
  async configure(faults) {
    if (!this.served) {
      throw new Error("portal.configure({rest}) needs the simulated REST, which is not served here.");
    }
    await this.call("simulation.configure", { auth: this.tokens.AUTH_ID, ...faults });
  }

  /**
   * What an app asks through the portal's page.
   * @param {string} method
   * @param {Record<string, unknown> | string} params a form, when it is text
   * @returns {Promise<import("../rest_api/rest.js").Answered>}
   */
  async request(method, params) {
    if (this.#inPage === null) {
      throw new Error(`${method}: this portal's REST is asked over HTTP.`);
    }
    return this.#inPage.handle(method, typeof params === "string" ? parseQuery(params) : params);
  }

  /**
   * @param {string} method
   * @param {Record<string, unknown>} params
   * @returns {Promise<Record<string, unknown>>}
   */
  async call(method, params) {
    const { status, answer } = await (this.#inPage?.handle(method, params) ?? overHttp(method, params));
    if (status !== 200) {
      throw new Error(`${method}: the simulated REST answered ${status}.`);
    }
    return answer;
  }

  /**
   * @param {string} method
   * @param {Record<string, unknown>} params
   */
  async #adopt(method, params) {
    try {
      const { result } = /** @type {{result: Partial<Tokens>}} */ (await this.call(method, params));
      this.tokens = { ...this.tokens, ...result };
      this.served = true;
    } catch (error) {
      console.warn("The portal runs without its REST:", error);
    }
  }
}

/** @returns {PageRest} that asks a test first, where one drives this page and has put `restInstead` there */
function newRest() {
  const { restInstead } = /** @type {{restInstead?: import("../rest_api/rest.js").Instead}} */ (globalThis);
  return new PageRest(undefined, restInstead);
}

/**
 * @param {string} method
 * @param {Record<string, unknown>} params
 * @returns {Promise<import("../rest_api/rest.js").Answered>}
 */
async function overHttp(method, params) {
  const response = await fetch(`rest/${method}.json`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(params),
  });
  return { status: response.status, answer: response.ok ? await response.json() : {} };
}
