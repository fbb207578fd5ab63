/**
 * Sentry's envelope: a line for all, and two for each entry. Our own sink takes several in one, others one.
 *
 * @module
 */

/** Bytes of one request: a browser lets 64 KiB be on their way from a page that goes. */
export const ENVELOPE_BYTES = 48 * 1024;
/** Entries of one request to our own sink. */
const TOGETHER = 30;

/**
 * Where reports go: `url`, whether it takes several entries at once, and the DSN of a sink that has one.
 * @typedef {{url: string, several: boolean, dsn?: string}} Target
 */

/**
 * What a page and the sender in the worker say to each other, by a port of their own. `entries`: JSON by id. `done`: these
 * need not be kept; `failing`: the sink cannot be reached now. `violated`: the worker did what the policy forbids.
 * @typedef {{entries: [string, string][]}} ToSender
 * @typedef {{directive: string, blocked: string}} Violation
 * @typedef {{done: string[], failing: boolean} | {violated: Violation}} FromSender
 */

/**
 * So many of the entries as one request may carry.
 * @param {string[]} texts JSON of entries
 * @param {Target} target
 * @param {number} [bytes]
 */
export function fitting(texts, { several }, bytes = ENVELOPE_BYTES) {
  let [count, size] = [0, 0];
  for (const text of texts.slice(0, several ? TOGETHER : 1)) {
    size += 3 * text.length; // at most so many in UTF-8
    if (count > 0 && size > bytes) {
      break;
    }
    count++;
  }
  return count;
}

/**
 * @param {string[]} texts JSON of entries
 * @param {Target} target
 */
export function envelope(texts, { dsn }) {
  const id = texts.length === 1 ? JSON.parse(texts[0] ?? "{}").event_id : undefined;
  const head = { ...(id && { event_id: id }), ...(dsn && { dsn }), sent_at: new Date().toISOString() };
  const items = texts.flatMap((text) => ['{"type":"event"}', text]);
  return `${[JSON.stringify(head), ...items].join("\n")}\n`;
}
