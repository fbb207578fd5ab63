/** What one page of the simulated portal sees: its tokens, its copy of the data, its faults. */

import { randomHex } from "../core/made_up.js";
import crm from "./crm.json" with { type: "json" };
import directory from "./directory.json" with { type: "json" };
import { named, RestFault } from "./fault.js";

/** @typedef {import("./fault.js").Params} Params */
/** @typedef {import("./records.js").Row} Row */
/** @typedef {"contacts" | "companies" | "leads" | "deals" | "activities"} Kind */

const TOKEN_LIFETIME_S = 3600;
const LONGEST_DELAY_MS = 60_000;
const MOST_REFUSALS = 1000;

/** How one session's REST misbehaves; set by `simulation.configure`. */
class SessionFaults {
  /** So many of the next calls are refused with `QUERY_LIMIT_EXCEEDED`. */
  limit = 0;
  /** Every call fails with status 500. */
  down = false;
  /** Methods refused with `ACCESS_DENIED`. @type {string[]} */
  deny = [];
  /** Methods answered late, by so much; `*` is every method. @type {Record<string, number>} */
  delay_ms = {};
  /** Scopes that the app was not granted. @type {string[]} */
  missing_scopes = [];
  /** Whoever works here may not install apps. */
  not_admin = false;
  /** The token is no app's: methods that need one refuse it. */
  webhook = false;
  /** Names under `.localhost` are refused as handlers too; localhost and bare IP addresses always are. */
  public_handlers = false;
  /** Results of methods, by their names; one with an `error` is an error answer. @type {Record<string, unknown>} */
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
  /** When a method was last called, in ms; 0 when none was. */
  usedAt = 0;
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
  }

  /** Gives out new tokens; the former access token has expired. @returns {Row} as the portal's page hands them to a frame */
  renew() {
    if (this.accessToken !== "") {
      this.formerTokens.add(this.accessToken);
    }
    this.accessToken = randomHex(20);
    this.refreshToken = randomHex(20);
    this.expiresAt = performance.now() + this.lifetimeS * 1000;
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
      if (MAKE_SENSE.get(name)?.(value) === false) {
        throw new RestFault(400, "ERROR_ARGUMENT", `simulation.configure: ${name} cannot be that`);
      }
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

/** @param {unknown} value */
const isNamed = (value) => named(value) === value;

/** @param {unknown} value */
const isNames = (value) => Array.isArray(value) && value.every((each) => typeof each === "string");

/** Whether a fault may have this value: nothing waits for more than a minute. @type {[string, (value: any) => boolean][]} */
const SENSIBLE = [
  ["delay_ms", (value) => isNamed(value) && Object.values(value).every((each) => isUpTo(LONGEST_DELAY_MS, each))],
  ["stubs", isNamed],
  ["lifetime_s", (value) => isUpTo(TOKEN_LIFETIME_S, value)],
  ["limit", (value) => isUpTo(MOST_REFUSALS, value)],
  ["deny", isNames],
  ["missing_scopes", isNames],
];
const MAKE_SENSE = new Map(SENSIBLE);

/** @param {number} most @param {unknown} value */
function isUpTo(most, value) {
  return typeof value === "number" && value >= 0 && value <= most;
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
