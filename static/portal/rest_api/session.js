/** What one page of the simulated portal sees: its tokens, its copy of the data, its faults. Mirrors portal_session.py. */

import crm from "./crm.json" with { type: "json" };
import directory from "./directory.json" with { type: "json" };
import { RestFault } from "./fault.js";

/** @typedef {import("./fault.js").Params} Params */
/** @typedef {import("./records.js").Row} Row */
/** @typedef {"contacts" | "companies" | "leads" | "deals" | "activities"} Kind */

const TOKEN_LIFETIME_S = 3600;

/** How one session's REST misbehaves; see the Faults of portal_session.py, which tells what each does. */
class SessionFaults {
  limit = 0;
  down = false;
  /** @type {string[]} */
  deny = [];
  /** @type {Record<string, number>} */
  delay_ms = {};
  /** @type {string[]} */
  missing_scopes = [];
  not_admin = false;
  webhook = false;
  public_handlers = false;
  /** @type {Record<string, unknown>} */
  stubs = {};

  /** @param {string} method @returns {unknown[]} the result that was given for it; nothing when there is none */
  stub(method) {
    return Object.entries(this.stubs).flatMap(([name, result]) => (name.toLowerCase() === method ? [result] : []));
  }

  /** @param {string} method */
  delayMs(method) {
    return this.delay_ms[method] ?? this.delay_ms["*"] ?? 0;
  }

  /**
   * Refuses a call that some fault concerns.
   * @param {string} method
   */
  check(method) {
    if (this.down) {
      throw new RestFault(500, "INTERNAL_SERVER_ERROR", "Internal server error");
    }
    if (this.limit > 0) {
      this.limit -= 1;
      throw new RestFault(503, "QUERY_LIMIT_EXCEEDED", "Too many requests");
    }
    if (this.deny.includes(method)) {
      throw new RestFault(403, "ACCESS_DENIED", "Access denied!");
    }
  }
}

/**
 * A call that an app registered, or the page announced.
 * @typedef {object} KnownCall
 * @property {string} CALL_ID
 * @property {string} key           what makes another registration the same call
 * @property {number} registeredAt  ms
 * @property {boolean} finished
 * @property {Params} params        what it was registered with
 */

export class RestSession {
  accessToken = "";
  refreshToken = "";
  expiresAt = 0;
  lifetimeS = TOKEN_LIFETIME_S;
  /** @type {Set<string>} */
  formerTokens = new Set();
  /** @type {Row[]} */
  comments = [];
  /** @type {Map<string, KnownCall>} */
  calls = new Map();
  /** What the app has registered, as `placement.get` gives it. @type {Row[]} */
  placements = [];
  installed = false;
  /** What the portal's page has to show or hide, oldest first. @type {Row[]} */
  notices = [];
  faults = new SessionFaults();

  /** @param {string} [userId] who works here; the first employee when empty */
  constructor(userId = "") {
    this.userId = userId;
    /** @type {Record<Kind, Row[]>} */
    this.records = structuredClone({
      contacts: [...directory.contacts, ...extraContacts()],
      companies: crm.companies,
      leads: crm.leads,
      deals: directory.deals,
      activities: crm.activities,
    });
    /** @type {Row[]} */
    this.employees = structuredClone(directory.employees).map((one) => ({ ...one, ACTIVE: true }));
    this.renew();
  }

  /** Gives out new tokens; the former access token has expired. */
  renew() {
    if (this.accessToken !== "") {
      this.formerTokens.add(this.accessToken);
    }
    this.accessToken = token();
    this.refreshToken = token();
    this.expiresAt = performance.now() + this.lifetimeS * 1000;
  }

  /** @returns {Row} the tokens as the portal's page hands them to a frame */
  tokens() {
    return {
      AUTH_ID: this.accessToken,
      REFRESH_ID: this.refreshToken,
      AUTH_EXPIRES: Math.trunc(this.lifetimeS),
    };
  }

  /** @param {string} given */
  accepts(given) {
    return given === this.accessToken && performance.now() < this.expiresAt;
  }

  /**
   * Changes the faults, by their names; `expire` ends the present token at once, `reset` takes faults back.
   * @param {Params} params
   */
  configure(params) {
    for (const [name, value] of Object.entries(params)) {
      if (name === "reset") {
        this.faults = new SessionFaults();
      } else if (name === "expire") {
        this.expiresAt = value ? 0 : performance.now() + this.lifetimeS * 1000;
      } else if (name === "lifetime_s") {
        this.lifetimeS = Number(value);
      } else if (Object.hasOwn(this.faults, name)) {
        Object.assign(this.faults, { [name]: value });
      } else if (name !== "auth") {
        throw new RestFault(400, "ERROR_ARGUMENT", `simulation.configure knows no '${name}'`);
      }
    }
  }
}

/** @returns {Row[]} so that lists have more than one page */
function extraContacts() {
  const { count, first_id, first_names, last_names } = crm.extra_contacts;
  return Array.from({ length: count }, (_, index) => ({
    ...crm.new_records.contacts,
    ID: String(first_id + index),
    NAME: first_names[index % first_names.length],
    LAST_NAME: last_names[index % last_names.length],
  }));
}

/** @returns {string} */
function token() {
  const random = crypto.getRandomValues(new Uint8Array(20));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
