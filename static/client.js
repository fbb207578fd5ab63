/**
 * The portal's client as the shim needs it, over whichever library speaks to the portal.
 *
 * @module
 */

/**
 * `argument` names the parameter that the portal did not like, where it says so.
 * @typedef {{code: string, description: string, status: number, argument?: string}} RestFailure
 */

/**
 * A REST answer: the result and how to get the next page, or an error.
 * @typedef {{
 *   result?: unknown,
 *   error?: RestFailure,
 *   next?: ((callback: (answer: RestAnswer) => void) => void) | undefined,
 *   total?: number | undefined,
 * }} RestAnswer
 */

/**
 * What `bind` throws, or tells `failed` later, means that no event may come.
 * @typedef {{
 *   name: string,
 *   getInterface: (callback: (events: string[], commands: string[] | null) => void) => void,
 *   bind: (name: string, callback: (payload: unknown) => void, failed?: (error: unknown) => void) => void,
 *   command: (name: string, params: Record<string, unknown>, callback: (answer: unknown) => void) => void,
 *   rest: (method: string, params: Record<string, unknown>, callback: (answer: RestAnswer) => void) => void,
 *   batch: (calls: Record<string, [string, Record<string, unknown>]>, halt: boolean,
 *     callback: (answers: Record<string, RestAnswer>) => void) => void,
 *   refresh: () => Promise<void>,
 *   installFinish: () => Promise<void>,
 * }} Client
 */

/** @param {unknown} known what `getInterface` answered @returns {string[]} the events in it */
export function eventsOf(known) {
  return namesIn(/** @type {{event?: unknown} | null | undefined} */ (known)?.event) ?? [];
}

/** @param {unknown} known what `getInterface` answered @returns {string[] | null} the commands in it; null when it lists none */
export function commandsOf(known) {
  return namesIn(/** @type {{command?: unknown} | null | undefined} */ (known)?.command);
}

/** @param {unknown} list PHP's lists may be objects */
function namesIn(list) {
  const names = typeof list === "object" && list !== null ? Object.values(list) : [];
  const found = names.filter((name) => typeof name === "string");
  return found.length > 0 ? found : null;
}

export const EXPIRED = "expired_token";
