/**
 * What can go wrong at a click, what the project does about it, and how that shows: each fault reads the
 * news of the placement page and says in words what happened. No DOM, so that it runs in Node.
 */

import { COMMANDS, shortName } from "../core/vocabulary.js";

/** @typedef {import("../automation.js").Portal} Portal */

/**
 * What the placement page said: an entry of its trace, or how it is hosted now and was before.
 * @typedef {object} News
 * @property {{kind: string, name: string, event?: string, outcome?: string, duration_ms?: number, detail?: string}} [entry]
 * @property {Hosting} [hosting]
 * @property {Hosting | null} [was]
 * @property {number} after_ms       since the fault was made
 */

/** @typedef {{state: string, interpreter?: string, counts?: Record<string, number>}} Hosting */
/** @typedef {Pick<Portal, "configure" | "order" | "endInterpreter" | "reloadPage">} Faulty */

/**
 * @typedef {object} Fault
 * @property {string} id                of its control
 * @property {string} does              what the project does about it
 * @property {(portal: Faulty, on: boolean) => void | Promise<void>} [make]  none: the control does something of its own
 * @property {string} [excludes]        another switch that goes off when this one goes on
 * @property {"before" | "after"} [stirs]  an event of the card comes too, so that there is something to see
 * @property {(news: News) => string | null} tells
 */

const SLOW_MS = 2000;
/** Longer than a command waits for its answer (`command_timeout_ms`, 5 s). */
const LATE_MS = 7000;

/** @type {readonly Fault[]} */
export const FAULTS = [
  {
    id: "fault-silent",
    does: "Each command has a deadline. After five seconds the handler gets CommandTimeout; the call and the other handlers go on.",
    make: (portal, on) => portal.configure({ silent: on ? ["*"] : [] }),
    stirs: "after",
    tells: ({ entry }) => timedOut(entry) ?? failed(entry),
  },
  {
    id: "fault-slow",
    does: "The handler waits for its command. Handlers of other events run meanwhile: nothing stands still.",
    make: (portal, on) => portal.configure({ delayMs: on ? { "*": SLOW_MS } : {} }),
    excludes: "fault-late",
    stirs: "after",
    tells: ({ entry }) =>
      entry?.kind === "outcome" && entry.outcome === "ok" && (entry.duration_ms ?? 0) >= SLOW_MS
        ? `${entry.name} was answered after ${ms(entry.duration_ms)}: its handler has waited.`
        : null,
  },
  {
    id: "fault-late",
    does: "The deadline comes first. What the portal answers after it belongs to nobody: it is dropped and counted.",
    make: (portal, on) => portal.configure({ delayMs: on ? { "*": LATE_MS } : {} }),
    excludes: "fault-slow",
    stirs: "after",
    tells: ({ entry }) =>
      timedOut(entry) ?? (isStray(entry, "late") ? "The answer came after that, and was dropped." : null),
  },
  {
    id: "fault-double",
    does: "The first answer ends the command. A second one is dropped and counted, as the desktop app gives it.",
    make: (portal, on) => portal.configure({ double: on ? [...COMMANDS] : [] }),
    stirs: "after",
    tells: ({ entry }) => (isStray(entry, "second") ? "A second answer came, and was dropped." : null),
  },
  {
    id: "fault-rest",
    does: "The handler gets RestError with the portal's code, and decides. The demo's shows it on the card, and the call goes on.",
    make: (portal, on) => portal.configure({ rest: { down: on } }),
    stirs: "after",
    tells: ({ entry }) =>
      entry?.kind === "rest" && entry.outcome !== "ok"
        ? `${entry.name} failed with ${entry.outcome}: RestError.`
        : null,
  },
  {
    id: "fault-desktop",
    does: "A call's card is a window of its own there. Python hears of its beginning alone; what is clicked in that window reaches no page.",
    make: (portal, on) => portal.configure({ desktop: on }),
    tells: () => null,
  },
  {
    id: "fault-kill",
    does: "Another interpreter starts from the snapshot. Events that had not been handled to their end come again, marked as redelivered; the call's data were kept.",
    make: (portal) => portal.endInterpreter(),
    stirs: "before",
    tells: ({ entry, hosting, was, after_ms }) => ended(entry) ?? taken(entry) ?? replaced(hosting, was, after_ms),
  },
  {
    id: "reload-frame",
    does: "In Chromium the interpreter outlives its page, so the new page finds it running, and the call with it; elsewhere the next one takes up the call that was kept. A phone on that page is gone: Python is told.",
    make: (portal) => portal.reloadPage(),
    tells: ({ entry, hosting, was, after_ms }) => taken(entry) ?? phoneGone(entry) ?? found(hosting, was, after_ms),
  },
  {
    id: "fault-raise",
    does: "It is caught and reported with its traceback, @app.on_error hears of it, and everything else goes on.",
    make: (portal) => portal.order("let a handler raise"),
    stirs: "after",
    tells: ({ entry }) => failed(entry) ?? wentOn(entry),
  },
  {
    id: "fault-endless",
    does: "After a second the loop is interrupted from inside by HandlerTimeout. The interpreter lives, and what waited is handled.",
    make: (portal) => portal.order("let a handler never end"),
    stirs: "after",
    tells: ({ entry }) => interrupted(entry) ?? failed(entry) ?? wentOn(entry),
  },
  {
    id: "reload-late",
    does: "The portal drops a bind for a name that it does not know yet, in silence. So the page asks again and again which names there are, and binds each once.",
    tells: ({ entry }) =>
      entry?.kind === "report" && entry.name === "missing_events"
        ? "The page has reported which names are missing."
        : null,
  },
  {
    id: "fault-start",
    does: "The events are bound before Python is there. What comes meanwhile waits in the page's journal, in order.",
    tells: ({ entry, hosting, was, after_ms }) =>
      early(entry, after_ms) ?? started(hosting, was, after_ms) ?? handledOf(entry),
  },
];

/** @typedef {News["entry"]} Entry */

/** @param {Entry} entry */
function timedOut(entry) {
  return entry?.kind === "outcome" && entry.outcome === "timeout"
    ? `${entry.name} was not answered: CommandTimeout after ${ms(entry.duration_ms)}.`
    : null;
}

/** @param {Entry} entry */
function failed(entry) {
  return entry?.kind === "report" && entry.name === "handler_failed"
    ? `A handler failed, alone, and was reported: ${entry.detail}.`
    : null;
}

/** @param {Entry} entry */
function interrupted(entry) {
  return entry?.kind === "handler" && entry.outcome === "timeout"
    ? `${entry.name} was interrupted after ${ms(entry.duration_ms)}.`
    : null;
}

/** @param {Entry} entry */
function handledOf(entry) {
  return entry?.kind === "handler" && entry.outcome === "ok" && entry.event?.includes("::")
    ? `${entry.name} has handled ${shortName(entry.event)}.`
    : null;
}

/** @param {Entry} entry */
function wentOn(entry) {
  return handledOf(entry)?.replace(/\.$/, ": Python goes on.") ?? null;
}

/** @param {Entry} entry @param {string} which */
function isStray(entry, which) {
  return entry?.kind === "stray" && entry.name === which;
}

/** @param {Entry} entry */
function ended(entry) {
  return entry?.kind === "boot" && entry.name === "worker_ended" ? "The interpreter has ended." : null;
}

/** How a call came to a page, in words. @type {Readonly<Record<string, string>>} */
const TAKEN = { restored: "taken up from what was kept of it", moved: "given to the new page" };

/** @param {Entry} entry */
function taken(entry) {
  const how = entry?.kind === "card" ? TAKEN[entry.name] : undefined;
  return how === undefined ? null : `The call was ${how}.`;
}

/** @param {Entry} entry */
function phoneGone(entry) {
  return entry?.kind === "emit" && entry.name === "phone.ended"
    ? "The phone was on the page that went: Python was told that the media ended."
    : null;
}

/** @param {Hosting | undefined} now @param {Hosting | null | undefined} was @param {number} after_ms */
function replaced(now, was, after_ms) {
  if (!now?.interpreter || !was || now.interpreter === was.interpreter) {
    return null;
  }
  const again = (now.counts?.redelivered ?? 0) - (was.counts?.redelivered ?? 0);
  const events = `${again} ${again === 1 ? "event was" : "events were"} delivered again`;
  return `Interpreter ${name(now)} took the place of ${name(was)}, ${ms(after_ms)} after the click; ${events}.`;
}

/** @param {Hosting | undefined} now @param {Hosting | null | undefined} was @param {number} after_ms */
function found(now, was, after_ms) {
  if (now?.state !== "ready" || !now.interpreter || !was || was.state === "ready") {
    return null;
  }
  const which = now.interpreter === was.interpreter ? "the same interpreter as before" : "an interpreter of its own";
  return `The new page was ready after ${ms(after_ms)}, with ${which} (${name(now)}).`;
}

/** @param {Entry} entry @param {number} after_ms */
function early(entry, after_ms) {
  return entry?.kind === "event" ? `${shortName(entry.name)} came ${ms(after_ms)} after the page began.` : null;
}

/** @param {Hosting | undefined} now @param {Hosting | null | undefined} was @param {number} after_ms */
function started(now, was, after_ms) {
  return now?.state === "ready" && was?.state !== "ready" ? `Python ran ${ms(after_ms)} after the page began.` : null;
}

/** @param {Hosting} hosting */
const name = ({ interpreter }) => String(interpreter).slice(0, 4);

/** @param {number | undefined} count */
const ms = (count = 0) => `${Math.round(count).toLocaleString("en")} ms`;
