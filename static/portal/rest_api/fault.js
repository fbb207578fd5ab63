/** An error answer of the simulated REST. */

/** @typedef {Record<string, unknown>} Params */

export class RestFault extends Error {
  /**
   * @param {number} status        of HTTP
   * @param {string} code          which the portal leaves empty for some errors
   * @param {string} description   the words beside it
   * @param {string} [argument]    the parameter that was wrong, for errors that name one
   */
  constructor(status, code, description, argument = "") {
    super(`${status} ${code}: ${description}`);
    this.status = status;
    this.code = code;
    this.description = description;
    this.argument = argument;
  }

  /** @returns {Record<string, string>} the body of the answer */
  answer() {
    const body = { error: this.code, error_description: this.description };
    return this.argument === "" ? body : { ...body, argument: this.argument };
  }
}

/**
 * A whole number among the parameters.
 * @param {Params} params
 * @param {string} name
 * @param {number} [absent] what stands for none
 * @returns {number}
 */
export function wholeNumber(params, name, absent = 0) {
  const given = text(params[name]);
  if (given === "") {
    return absent;
  }
  if (!/^-?\d+$/.test(given)) {
    throw new RestFault(400, "ERROR_ARGUMENT", `The parameter ${name} is not a whole number`, name);
  }
  return Number(given);
}

/**
 * Refuses what lacks one of these.
 * @param {Params} given
 * @param {readonly string[]} names
 * @param {string} what  `field` or `parameter`
 * @param {string} [code]
 */
export function need(given, names, what, code = "ERROR_ARGUMENT") {
  const lacking = names.find((name) => text(given[name]) === "");
  if (lacking !== undefined) {
    throw new RestFault(400, code, `The ${what} ${lacking} is required`);
  }
}

/**
 * A value as the portal keeps it and gives it back: in words.
 * @param {unknown} value
 * @returns {string}
 */
export function text(value) {
  if (typeof value === "boolean") {
    return value ? "Y" : "N";
  }
  if (typeof value === "object" && value !== null) {
    return "Array"; // as PHP puts it
  }
  return String(value ?? "");
}

/**
 * @param {unknown} value
 * @returns {Params} the value when it has names, else nothing
 */
export function named(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? /** @type {Params} */ (value) : {};
}
