/**
 * What this page has seen, in numbers; and what is wrong, in words, with its remedy.
 *
 * @module
 */

import { EVENT_NAMES } from "../protocol.js";

/**
 * Whom to ask; `client`, `binder` and `missed` are there once the portal's client is.
 * @typedef {{
 *   page: string,
 *   client: Pick<import("./client/client.js").Client, "name"> | null,
 *   clientProblem: string | null,
 *   messages: Record<string, number>,
 *   binder: Pick<import("./binder.js").Binder, "missing" | "counts"> | null,
 *   missed: Pick<import("./lost_events.js").MissedCard, "count" | "probes"> | null,
 *   status: Pick<import("./interpreter_status.js").InterpreterStatus, "state" | "failure" | "storageRefused" | "hosting" | "phases"
 *     | "parts" | "plainBecause" | "workers" | "endings" | "leftRunning">,
 *   host: Pick<import("./host.js").Host, "full">,
 *   lost: Pick<import("./lost_events.js").LostEvents, "lost">,
 *   link: Pick<import("./link.js").Link, "interpreter">,
 *   queue: Pick<import("./event_queue.js").EventQueue, "counts" | "setAside"> & {journal: {count: number, size: number}},
 *   executor: {refreshed: number},
 *   fromPython: Pick<import("./from_python.js").FromPython, "counts" | "service" | "problems">,
 *   reports: Pick<import("./reports.js").Reports, "counts" | "recent">,
 *   trace: {counts: Record<string, number>},
 * }} Parts
 */

/** Counters of what this page has seen. @param {Parts} parts */
export function statistics({ page, messages, binder, missed, status, queue, executor, fromPython, reports, trace }) {
  const { service } = fromPython;
  return {
    page,
    state: status.state,
    events: queue.journal.count,
    waiting: queue.journal.size,
    ...queue.counts,
    ...messages,
    workers: status.workers,
    ...fromPython.counts,
    service: { ...service, probe: service.probe + (missed?.probes ?? 0) },
    tokens_refreshed: executor.refreshed,
    binding: binder?.counts ?? null,
    reports: reports.counts,
    trace: trace.counts,
  };
}

/** What is wrong, and what runs. @param {Parts} parts */
export function diagnose(parts) {
  const { clientProblem, binder, missed, status, host, lost, link, queue, fromPython, reports } = parts;
  const client = parts.client?.name ?? null;
  const { state, failure, storageRefused, leftRunning } = status;
  const missing = binder?.missing ?? [];
  /** @type {import("../phone/station.js").Station | undefined} */
  const station = /** @type {any} */ (globalThis).workerPyPhone;
  const registration = station?.registration ?? null;
  const found = problems({
    ...{ client, clientProblem, missing, state, failure, storageRefused, leftRunning },
    pagesDisagree: host.full,
    lost: lost.lost,
    ownWorker: status.hosting.mode === "dedicated",
    interfaceAnswered: (binder?.counts.answered ?? 0) > 0,
    ofCalls: fromPython.problems,
    missedCards: missed?.count ?? 0,
    dropped: reports.counts.no_card ?? 0,
    setAside: queue.setAside,
    registration,
  });
  return {
    ok: found.length === 0,
    problems: found,
    ...{ state, client },
    host: { ...status.hosting, interpreter: link.interpreter },
    boot: status.phases,
    boot_download: status.parts,
    plain_boot: status.plainBecause,
    workers: { started: status.workers, ended: [...status.endings], left_running: leftRunning },
    storage: storageRefused === null && !host.full,
    missing_events: missing,
    phone: station ? { holds: station.holds, holder: station.holder, registration } : null,
    reports: reports.recent,
  };
}

/**
 * @typedef {{
 *   client: string | null,
 *   clientProblem: string | null,
 *   missing: string[],
 *   interfaceAnswered: boolean,
 *   ofCalls: Set<string>,
 *   missedCards: number,
 *   dropped: number,
 *   state: string,
 *   failure: string | null,
 *   storageRefused: string | null,
 *   ownWorker: boolean,
 *   pagesDisagree: boolean,
 *   lost: number,
 *   setAside: string[],
 *   leftRunning: string[],
 *   registration: import("../phone/line.js").Standing | null,
 * }} Facts
 */

/** What is wrong with calls, by its kind. */
const OF_CALLS = {
  not_external:
    "Commands fail with “Call card is undefined” though initialized came: the call is not external. " +
    "Register calls by telephony.externalCall.register; the card of a regular call cannot be managed.",
  no_buttons:
    "The operator has nothing to press but Close and Fold: a card begins so, and the handlers of Initialized have ended " +
    "without giving it a state. Set one there: await card.set_ui_state(UiState.INCOMING).",
  no_config:
    "No handler runs: worker-py.json, beside this page, lacks a setting that has no default, or is no such file. " +
    "The reports name it; mend the file, and load the portal's page anew.",
};

/** @param {Facts} facts @returns {string[]} */
export function problems(facts) {
  const found = [];
  if (facts.clientProblem) {
    found.push(facts.clientProblem);
  } else if (!facts.interfaceAnswered) {
    found.push("The portal has not said what it offers (placement.getInterface is unanswered).");
  } else if (facts.missing.length > 0) {
    found.push(
      `The portal does not offer ${facts.missing.length} of ${EVENT_NAMES.length} events: ${facts.missing.join(", ")}. ` +
        "Its telephony script may not have loaded yet, or the placement is not PAGE_BACKGROUND_WORKER. " +
        "They are asked for again for as long as this page lives.",
    );
  }
  found.push(...Object.entries(OF_CALLS).flatMap(([kind, text]) => (facts.ofCalls.has(kind) ? [text] : [])));
  if (facts.registration?.known === false) {
    const { cause, trying } = facts.registration;
    found.push(
      `No calls come in: the exchange does not know this phone (${cause || "it has not answered yet"}). ` +
        (trying ? "It is tried again and again." : "The account itself is refused: call phone.register with another."),
    );
  }
  if (facts.missedCards > 0) {
    found.push(
      "The portal shows a card here that it announced before this page could hear of it: the app does not know the call. " +
        "The portal registers its names of events late; the next call is heard.",
    );
  }
  if (facts.dropped > 0) {
    found.push(
      `${events(facts.dropped)} came without a card and reached no handler: no initialized was heard for their call. ` +
        "It began before this page could hear of it, or an interpreter that knew it has ended.",
    );
  }
  if (facts.failure) {
    found.push(facts.failure);
  }
  found.push(...ofStorage(facts));
  if (facts.lost > 0) {
    found.push(`${events(facts.lost)} went with the page before this one, before the handlers had ended.`);
  }
  return [...found, ...facts.setAside, ...facts.leftRunning];
}

/** @param {number} count */
const events = (count) => (count === 1 ? "1 event" : `${count} events`);

/** @param {Facts} facts @returns {string[]} */
function ofStorage({ storageRefused, ownWorker, pagesDisagree }) {
  const found = [];
  if (storageRefused !== null && storageRefused !== "QuotaExceededError" && ownWorker) {
    found.push(
      "The browser blocks this site's storage: each page has an interpreter of its own, and what a call " +
        "keeps in card.data does not outlive the page.",
    );
  } else if (storageRefused !== null) {
    const why = storageRefused === "QuotaExceededError" ? "is full" : `cannot be written (${storageRefused})`;
    found.push(
      `The browser's storage for this site ${why}: the interpreter runs as it is, but what a call keeps in card.data ` +
        "is lost when interpreter and page end together. Make room on the disk, or delete data of this site in the browser.",
    );
  }
  if (pagesDisagree) {
    found.push(
      "The browser's localStorage for this site is full: the pages of the portal cannot agree on another interpreter when " +
        "one fails, nor on whose it is. Delete data of this site in the browser.",
    );
  }
  return found;
}

/** The text for a page that no portal has loaded. */
export const OUTSIDE =
  "This page was opened outside Bitrix24. It is the hidden page of a call-card app: the portal loads it " +
  "into a frame of its own (placement PAGE_BACKGROUND_WORKER), and there is nothing to see in it. " +
  "To register it, open its install page (this address with ?install) in Bitrix24.";

/** The text for a page that has no workers, storage and locks to live on. */
export const INSECURE =
  "The portal's page came by plain http. Browsers withhold from it, and from every page inside of it, what Python needs " +
  "here (a secure context): open the portal by https.";

/** The text for the install page, which a person looks at. */
export const INSTALLING =
  "This is the app's install page (?install). Python runs in the hidden page that the portal loads, not here.";

/** The text for the page that shows an operator what to send. */
export const SUPPORTING =
  "This is the app's support page (?support). Python runs in the hidden page that the portal loads, not here.";

/** @param {string} url */
export const clientNotLoaded = (url) =>
  `The script of the portal's client could not be loaded (${url}): is it reachable from this browser, ` +
  "and does the page's Content-Security-Policy allow it?";
