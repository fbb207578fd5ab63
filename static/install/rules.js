/**
 * What the install page knows: which addresses and scopes the portal wants, what it asks the portal
 * for, and what each of the portal's refusals means. Pure functions and texts.
 *
 * @module
 */

/**
 * @typedef {import("../page/client/client.js").RestFailure} RestFailure
 * @typedef {{title: string, remedy: string, field?: "error-url" | "user"}} Advice
 * @typedef {{level: "ok" | "warn" | "bad", title: string, remedy?: string}} Check
 * @typedef {{handler: string, userId: number, errorUrl: string}} Registration
 */

export const PLACEMENT = "PAGE_BACKGROUND_WORKER";
/** Where our servers record that the portal gave up on the page; on the handler's own origin. */
const ERROR_PATH = "/placement-error";
/** What the portal adds to the address, and what asks for this page. */
const NOT_OURS = ["install", "DOMAIN", "PROTOCOL", "LANG", "APP_SID"];
/** Our own code: `installFinish` failed. */
export const UNFINISHED = "INSTALL_FINISH";
const TOO_MANY = "ERROR_PLACEMENT_MAX_COUNT";

const SCOPES = [
  { name: "placement", needed: true, why: "registers the hidden page" },
  { name: "telephony", needed: true, why: "raises the calls whose card Python manages" },
  { name: "crm", needed: false, why: "lets handlers look up contacts, leads and deals" },
  { name: "user", needed: false, why: "lets you pick an employee by name on this page" },
];

/** @param {string} href of the install page @returns {string} of the hidden page */
export function handlerAddress(href) {
  const address = new URL(href);
  for (const name of NOT_OURS) {
    address.searchParams.delete(name);
  }
  address.hash = "";
  return address.href.replace(/\?$/, "");
}

/** @param {string} href of the install page */
export const errorAddress = (href) => new URL(ERROR_PATH, href).href;

/**
 * The parameters of `placement.bind`.
 * @param {Registration} wanted `userId` 0 is everybody
 */
export function bindParams({ handler, userId, errorUrl }) {
  const params = { PLACEMENT, HANDLER: handler, OPTIONS: { errorHandlerUrl: errorUrl } };
  return userId ? { ...params, USER_ID: userId } : params;
}

/**
 * The parameters of `placement.unbind`. The user is always said: without, all registrations would go.
 * @param {number} userId 0 is everybody
 */
export const unbindParams = (userId) => ({ PLACEMENT, USER_ID: userId });

/**
 * Our own rows of `placement.get`.
 * @param {unknown} rows
 * @returns {Registration[]} that for everybody first
 */
export function registrations(rows) {
  const list = Array.isArray(rows) ? rows : Object.values(Object(rows)); // PHP's lists may be objects
  return list
    .filter((row) => String(row?.placement).toUpperCase() === PLACEMENT)
    .map((row) => ({
      handler: String(row.handler ?? ""),
      userId: Number(row.userId) || 0,
      errorUrl: String(row.options?.errorHandlerUrl ?? ""),
    }))
    .sort((one, other) => one.userId - other.userId);
}

/** @param {unknown} granted what REST `scope` answered @returns {Check[]} */
export function scopeChecks(granted) {
  const names = Object.values(Object(granted)).map(String);
  return SCOPES.map(({ name, needed, why }) => {
    if (names.includes(name)) {
      return { level: "ok", title: `Scope “${name}” is granted. It ${why}.` };
    }
    const title = `Scope “${name}” is missing. It ${why}.`;
    return { level: needed ? "bad" : "warn", title, remedy: grant(name) };
  });
}

/** @param {string} name */
const grant = (name) =>
  `In Bitrix24, open Developer resources, edit this app, add “${name}” to its permissions, save, and open this page anew.`;

/**
 * Whether a portal can load the hidden page from there.
 * @param {string} handler
 * @param {boolean} securePortal
 * @returns {Check}
 */
export function addressCheck(handler, securePortal) {
  if (!URL.canParse(handler) || !/^https?:$/.test(new URL(handler).protocol)) {
    return {
      level: "bad",
      title: "The hidden page has no web address.",
      remedy: "Give one that begins with https://.",
    };
  }
  const { hostname, protocol } = new URL(handler);
  const remedy = "Serve the bundle from a public host with a domain name, and open the install page from there.";
  if (isBare(hostname)) {
    return { level: "warn", title: `${hostname} is not a public name; the portal refuses such handlers.`, remedy };
  }
  if (hostname.endsWith(".localhost") || hostname.endsWith(".local")) {
    const title = `${hostname} is not a public name; browsers elsewhere do not find it, and a portal may refuse it.`;
    return { level: "warn", title, remedy };
  }
  if (protocol === "http:") {
    return {
      level: securePortal ? "bad" : "warn",
      title: "The hidden page is served by http, without encryption.",
      remedy: "A browser does not load an http page into an https portal, and tokens would travel readable. Use https.",
    };
  }
  return { level: "ok", title: `${hostname} is reached by https.` };
}

/** @param {string} hostname @returns {boolean} whether it has no domain: an IP address, or one name alone */
function isBare(hostname) {
  return /^[\d.]+$/.test(hostname) || hostname.startsWith("[") || !hostname.includes(".");
}

/** @param {RestFailure} error whether the place is taken */
export const isTaken = ({ code, description }) => code === TOO_MANY || /already bind(ed)?|max count/i.test(description);

/** By the parameter of `placement.bind` that it goes into. @type {Record<string, Advice["field"]>} */
const FIELDS = { USER_ID: "user", OPTIONS: "error-url" };

/** By the portal's error code. @type {Record<string, (error: RestFailure) => Advice>} */
const REFUSALS = {
  EMPTY_ERROR_HANDLER_URL: () => ({
    title: "The portal wants an error address.",
    remedy: "Fill in “Error address”: the portal requests it when the hidden page was too slow too often.",
    field: "error-url",
  }),
  [TOO_MANY]: () => ({
    title: "There is a registration already, and it could not be replaced.",
    remedy: "Remove it under “What is registered”, then register again.",
  }),
  WRONG_AUTH_TYPE: () => ({
    title: "The portal does not take this request for the app's own.",
    remedy:
      "placement.bind needs the app's context, not a webhook. Open this page from the app itself: its entry in " +
      "the portal's menu, or Developer resources.",
  }),
  ERROR_ARGUMENT: ({ argument, description }) => {
    const name = argument ?? /'(\w+)'/.exec(description)?.[1];
    const field = FIELDS[name ?? ""];
    return {
      title: name ? `The portal did not like the field ${name}.` : "The portal did not like one of the fields.",
      remedy: "Check what you typed, then try again.",
      ...(field && { field }),
    };
  },
  ERROR_WRONG_HANDLER_URL: () => ({
    title: "The portal refuses the address of the hidden page.",
    remedy:
      "It must be public, with a domain name: not localhost, nor a bare IP address. Serve the bundle from such a host.",
  }),
  ERROR_UNSUPPORTED_PROTOCOL: () => ({
    title: "The portal takes http and https addresses only.",
    remedy: "Give the address of the hidden page, beginning with https://.",
  }),
  ERROR_HANDLER_URL_MATCH: () => ({
    title: "The hidden page is on another host than the app.",
    remedy: "Use the host that stands in the app's settings (Developer resources), or change it there.",
  }),
  ERROR_PLACEMENT_NOT_FOUND: () => ({
    title: `This portal has no placement ${PLACEMENT}.`,
    remedy:
      "It may need an update, or the app the scopes “placement” and “telephony”. Grant them and open this page anew.",
  }),
  insufficient_scope: () => ({
    title: "The app lacks a permission (scope).",
    remedy: grant("placement"),
  }),
  ACCESS_DENIED: () => ({
    title: "Only an administrator of the portal may do this.",
    remedy: "Ask an administrator to open this page, or to give you administrator's rights.",
  }),
  [UNFINISHED]: () => ({
    title: "The portal did not take the end of the installation.",
    remedy: "Press “Finish the installation”: until then nothing appears in the portal.",
  }),
  QUERY_LIMIT_EXCEEDED: () => ({
    title: "The portal has had too many requests.",
    remedy: "Wait a few seconds, then try again.",
  }),
  expired_token: () => ({
    title: "The session of this page has expired.",
    remedy: "Open the page anew from the portal.",
  }),
  NETWORK_ERROR: () => ({
    title: "The portal cannot be reached.",
    remedy:
      "Check the connection. If the portal itself works, its address is missing in the page's policy: build with --portal.",
  }),
  NO_ANSWER: ({ description }) => ({
    title: "The portal did not answer.",
    remedy: `${description} Open the page anew from the portal.`,
  }),
};
const SAME_AS = /** @type {Record<string, string>} */ ({
  ERROR_ACCESS_DENIED: "ACCESS_DENIED",
  INSUFFICIENT_SCOPE: "insufficient_scope",
  EXPIRED_TOKEN: "expired_token",
  JSSDK_AXIOS_ERROR: "NETWORK_ERROR",
  ERR_NETWORK: "NETWORK_ERROR",
});

/**
 * What a refusal means, and what to do about it.
 * @param {RestFailure} error
 * @returns {Advice}
 */
export function advice(error) {
  const explain = REFUSALS[SAME_AS[error.code] ?? error.code];
  if (explain) {
    return explain(error);
  }
  return {
    title: "The portal refused.",
    remedy: "What it said stands below. The portal's administrator or its support may know more.",
  };
}

/** @param {RestFailure} error what the portal said, for those who know its codes */
export function detailOf({ code, description, status, argument }) {
  const parts = [code, status ? `HTTP ${status}` : "", argument ? `argument ${argument}` : "", description];
  return parts.filter(Boolean).join(" · ");
}

/**
 * Why there is no room for a registration, once the portal was asked what it has.
 * @param {Registration[]} rows what is in the way; that for everybody first
 * @param {Registration} wanted
 * @param {Map<number, string>} names
 * @returns {Advice}
 */
export function taken(rows, wanted, names) {
  const [first] = rows;
  const explained = advice({ code: TOO_MANY, description: "", status: 0 });
  if (!first) {
    return { title: explained.title, remedy: "The portal does not show which: open this page anew, and look again." };
  }
  if (first.userId === wanted.userId) {
    return explained;
  }
  const several = rows.length > 1;
  const people = audience(wanted.userId, names);
  const load =
    first.handler === wanted.handler
      ? `The pages of ${people} load this page already.`
      : `It names another page, ${first.handler}.`;
  const others = `If you replace ${several ? "them" : "it"}, the pages of all others no longer load the app.`;
  return {
    title: several
      ? `Registrations ${listed(rows, names)} are in the way.`
      : "A registration for all users is in the way.",
    remedy: `Beside one for all users the portal takes none for one employee. ${load} ${others}`,
  };
}

/**
 * What was taken away for a registration.
 * @param {Registration[]} rows
 * @param {Registration} wanted
 * @param {Map<number, string>} names
 */
export function removal(rows, wanted, names) {
  const [what, was] = rows.length > 1 ? ["registrations", "were"] : ["registration", "was"];
  return rows.length > 0 ? `The former ${what} ${listed(rows, names, wanted.handler)} ${was} removed before that.` : "";
}

/**
 * @param {Registration[]} rows
 * @param {Map<number, string>} names
 * @param {string} [handler] the page that goes without saying; without it all do
 */
function listed(rows, names, handler) {
  const page = (/** @type {Registration} */ row) => (handler && row.handler !== handler ? ` (${row.handler})` : "");
  return rows.map((row) => `for ${audience(row.userId, names)}${page(row)}`).join(" and ");
}

/**
 * Whose pages a registration concerns.
 * @param {number} userId
 * @param {Map<number, string>} names
 */
export function audience(userId, names) {
  if (userId === 0) {
    return "all users";
  }
  const name = names.get(userId);
  return name ? `${name} (id ${userId})` : `the employee with id ${userId}`;
}
