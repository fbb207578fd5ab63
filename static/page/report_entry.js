/**
 * One entry of the report sink: Sentry's event, made of what is no one's: kinds, types, codes, lines, times, versions.
 *
 * Whatever the portal, an operator or an exception says stays here. Words of an exception go along only where the bundle
 * was built with `--report-messages`.
 *
 * @module
 */

import { EVENT_NAMES } from "../protocol.js";
import { masked } from "./trace.js";

/**
 * What happened. `told`: the exceptions, if any; `text`: the app's own words; `words`: what may be personal; `tags`: the
 * app's; `more`: numbers and words of ours.
 * @typedef {{
 *   kind: string,
 *   level?: string | undefined,
 *   event?: string | undefined,
 *   handler?: string | undefined,
 *   told?: import("../protocol.js").Told[] | undefined,
 *   text?: string | undefined,
 *   words?: string | undefined,
 *   tags?: Record<string, string> | undefined,
 *   more?: Record<string, string | number | Record<string, number> | string[]> | undefined,
 * }} Fact
 */

/**
 * Where it happened. `portal`: a hash of its domain; `operator`: a random id that this browser keeps; `page`: of this
 * page's life.
 * @typedef {{build: string, version: string, pyodide: string, portal: string, operator: string, page: string, mode: string,
 *   browser: {name: string, version: string}, messages: boolean}} Place
 */

const LEVELS = ["debug", "info", "warning", "error", "fatal"];
const WORD_CHARS = 200;
const LIST = 20;
/** Events of the interpreter's own life are named like this; what page scripts emit may be named after anything. */
const LIFECYCLE = /^[A-Z][A-Za-z]{0,40}$/;

/** @param {unknown} text @param {number} [chars] */
export const short = (text, chars = WORD_CHARS) => masked(String(text)).slice(0, chars);

/** @param {string | undefined} name */
const eventNamed = (name) =>
  name === undefined || name === "" || EVENT_NAMES.includes(name) || LIFECYCLE.test(name) ? name : "page event";

/** What the same thing would be told by once more: it is not sent again for a while. @param {Fact} fact */
export function keyOf({ kind, event, handler, told, text, more }) {
  const [failed] = told ?? [];
  const at = failed?.frames.at(-1)?.join(":");
  return [kind, eventNamed(event), handler, failed?.type, failed?.code, at, text, more && JSON.stringify(more)].join(
    "\n",
  );
}

/**
 * @param {Fact} fact
 * @param {Place} place
 * @param {{id: string, at: number}} when
 */
export function entryOf(fact, place, { id, at }) {
  const { kind, handler, told = [], text, words, more } = fact;
  const event = eventNamed(fact.event);
  const [failed] = told;
  const level = LEVELS.includes(fact.level ?? "") ? fact.level : "warning";
  const said = place.messages && words ? words.slice(0, 2000) : text && short(text, 500);
  const named = { kind, event, handler: handler && short(handler), code: failed?.code ?? undefined };
  return {
    event_id: id,
    timestamp: at / 1000,
    platform: told.length > 0 || kind === "captured" ? "python" : "javascript",
    level,
    logger: "worker_py",
    release: `${place.version}+${place.build}`,
    transaction: short(handler || event || kind),
    user: { id: place.operator },
    tags: {
      ...tagsOf(fact.tags),
      ...Object.fromEntries(Object.entries(named).filter(([, value]) => value)),
      ...{ build: place.build, portal: place.portal, page: place.page, mode: place.mode },
    },
    contexts: { browser: place.browser, runtime: { name: "Pyodide", version: place.pyodide } },
    ...(said && { message: { formatted: said } }),
    ...(told.length > 0 && { exception: { values: told.map((each) => exceptionOf(each, place.messages)).reverse() } }),
    fingerprint: [kind, handler || "", event || "", failed?.type ?? "", failed?.code ?? ""].map((part) => short(part)),
    // A build's name has digits in a row that might be a phone number's, and is none.
    extra: Object.fromEntries(
      Object.entries(more ?? {}).map(([name, value]) => [name, name === "build" ? value : bounded(value)]),
    ),
  };
}

/** @param {import("../protocol.js").Told} told @param {boolean} messages */
function exceptionOf({ type, words, frames }, messages) {
  const shown = frames.map(([filename, lineno, name]) => ({
    filename: short(filename),
    lineno,
    function: short(name),
    in_app: !filename.includes("/site-packages/") && !filename.startsWith("/lib/"),
  }));
  return {
    type: short(type),
    ...(messages && words && { value: words.slice(0, 2000) }),
    stacktrace: { frames: shown },
  };
}

/** @param {Record<string, string> | undefined} tags */
function tagsOf(tags = {}) {
  const own = Object.entries(tags).slice(0, LIST);
  return Object.fromEntries(own.map(([name, value]) => [`app.${short(name, 32)}`, short(value)]));
}

/** @param {string | number | Record<string, number> | string[]} value */
function bounded(value) {
  if (typeof value === "string") {
    return short(value);
  }
  if (Array.isArray(value)) {
    return value.slice(0, LIST).map((each) => short(each));
  }
  return value;
}

/** Which browser this is: its name and main version, and no more. @param {string} agent as it calls itself */
export function browserOf(agent) {
  const known = /** @type {const} */ ([
    ["Edge", /Edg\/(\d+)/],
    ["Opera", /OPR\/(\d+)/],
    ["Yandex", /YaBrowser\/(\d+)/],
    ["Bitrix24 Desktop", /BitrixDesktop\/(\d+)/],
    ["Firefox", /Firefox\/(\d+)/],
    ["Chrome", /Chrome\/(\d+)/],
    ["Safari", /Version\/(\d+).*Safari/],
  ]);
  for (const [name, pattern] of known) {
    const found = pattern.exec(agent);
    if (found) {
      return { name, version: /** @type {string} */ (found[1]) };
    }
  }
  return { name: "other", version: "0" };
}
