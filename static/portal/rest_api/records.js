/** Records of the simulated REST: found by id, filtered, selected, given out in pages. */

import { named, RestFault, text, wholeNumber } from "./fault.js";

/** @typedef {import("./fault.js").Params} Params */
/** @typedef {Record<string, any>} Row */

/** Records in one answer of a list method; `next` tells where the following page starts. */
export const PAGE_SIZE = 50;

/** One page of a list. */
export class ListPage {
  /** @param {{result: Row[], total: number, next?: number}} answer `next`: where the next page starts */
  constructor(answer) {
    this.answer = answer;
  }
}

/**
 * @param {Row[]} rows
 * @param {Params} params
 * @returns {Row}
 */
export function byId(rows, params) {
  const wanted = text(params.id ?? params.ID);
  if (wanted === "") {
    throw new RestFault(400, "", "ID is not defined or invalid.");
  }
  const found = rows.find((row) => row.ID === wanted);
  if (found === undefined) {
    throw new RestFault(400, "", "Not found");
  }
  return found;
}

/**
 * @param {Row[]} rows
 * @param {Params} params `filter`, `select`, `start`
 * @returns {ListPage}
 */
export function pageOf(rows, params) {
  const conditions = Object.entries(named(params.filter ?? params.FILTER));
  const found = rows.filter((row) => conditions.every(([key, wanted]) => matches(row, key, wanted)));
  const start = Math.max(0, wholeNumber(params, "start"));
  const end = start + PAGE_SIZE;
  const result = found.slice(start, end).map((row) => selected(row, params.select));
  return new ListPage({ result, total: found.length, ...(end < found.length ? { next: end } : {}) });
}

/**
 * @param {Row} row
 * @param {unknown} names
 * @returns {Row}
 */
function selected(row, names) {
  if (!Array.isArray(names) || names.length === 0 || names.includes("*")) {
    return { ...row };
  }
  return Object.fromEntries(Object.entries(row).filter(([key]) => key === "ID" || names.includes(key)));
}

/**
 * @param {Row} row
 * @param {string} key     a field's name behind an operator, which may be missing
 * @param {unknown} wanted
 * @returns {boolean}
 */
export function matches(row, key, wanted) {
  const operator = /^(!=|>=|<=|!|=|>|<|%)/.exec(key)?.[0] ?? "";
  const name = key.slice(operator.length);
  const value = row[name] ?? "";
  if (name === "PHONE") {
    const phones = Array.isArray(value) ? value : [];
    return phones.some((phone) => digits(named(phone).VALUE) === digits(wanted));
  }
  const accepted = (Array.isArray(wanted) ? wanted : [wanted]).map(text);
  switch (operator) {
    case "":
    case "=":
      return accepted.includes(text(value));
    case "!":
    case "!=":
      return !accepted.includes(text(value));
    case "%":
      return accepted.some((one) => text(value).toLowerCase().includes(one.toLowerCase()));
    default:
      return COMPARES[operator]?.(numeric(text(value)), numeric(accepted[0] ?? "")) ?? false;
  }
}

/** How numbers compare; nothing does with what is no number. @type {Readonly<Record<string, (left: number, right: number) => boolean>>} */
const COMPARES = {
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
};

/** @param {string} value */
function numeric(value) {
  return /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
}

/** @param {unknown} number */
function digits(number) {
  return text(number).replace(/\D+/g, "");
}
