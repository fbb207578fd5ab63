/**
 * The log's story: what the pages' traces say, as groups. An event holds its handlers, a handler what it asked for.
 *
 * Entries come in the order in which they are told, which is not that in which things began: a handler is told once the
 * last of its event has ended, a request once it is answered. Each is put where it belongs as soon as that is known.
 */

import { shortName } from "../core/vocabulary.js";
import { isEntry, SHOWN } from "../timeline/frame.js";
import { outcomeOf } from "../timeline/outcomes.js";
import { lastLines } from "./python_state.js";
import { wordsOf } from "./said.js";

/**
 * One entry of a placement page's trace, with the frame that it is from; `where`: the tab beside this one that told it.
 * @typedef {import("../timeline/frame.js").Entry & {where?: string}} TraceEntry
 */

/**
 * @typedef {object} Node
 * @property {string} kind       of the trace; `start` and `stats` hold entries that nobody reads one by one
 * @property {number} at         ms since the epoch
 * @property {string} name
 * @property {string} said       what was asked for, in words; empty where that is not known
 * @property {string} detail
 * @property {string} outcome    in the trace's words; empty: none, or not yet
 * @property {number | null} ms  how long it took
 * @property {boolean} failed
 * @property {boolean} folded    whether what it holds is folded to begin with
 * @property {string} cause      `frame/id` of the event, as the timeline names it; empty where there is none
 * @property {string} call       id of the call; empty where none is known
 * @property {string} where
 * @property {string} traceback  of a handler that failed: its end
 * @property {Node | null} parent
 * @property {Node[]} children   by time
 * @property {number} times      how often it was so, of what holds only the newest
 */

/** Kinds that an event brings about. */
const CAUSED = new Set(["command", "rest", "call", "printed", "card"]);
const ASKED = new Set(["command", "rest", "call"]);
/** What is asked for is heard a moment before the trace tells of it. */
const SAID_KEPT = 500;
/** Of what nobody reads one by one: a long call measures hundreds of times. */
const REPEATS_KEPT = 20;
const STATS = "phone.stats";

export class Story {
  /** @type {Node[]} */
  roots = [];
  /** What was forgotten below others; whoever shows it takes it from here. @type {Node[]} */
  dropped = [];
  /** Events by `frame/id`. @type {Map<string, Node>} */
  #events = new Map();
  /** Commands that wait for their outcome. @type {Map<string, Node>} */
  #waiting = new Map();
  /** What was asked for, by kind and id. @type {Map<string, {name: string, params: unknown}>} */
  #asked = new Map();
  /** How handlers failed, by event and handler. @type {Map<string, string>} */
  #tracebacks = new Map();

  /**
   * What Python asks of a page, with all that it says.
   * @param {string} frame @param {{kind: string, id: string, name: string, params: unknown}} asked
   */
  asked(frame, { kind, id, name, params }) {
    bounded(this.#asked, `${frame}/${kind}/${id}`, { name, params }, SAID_KEPT);
  }

  /**
   * How a handler failed, which the trace tells in a line.
   * @param {string} frame @param {{id: string | null, handler: string, text: string}} failed
   */
  failedWith(frame, { id, handler, text }) {
    bounded(this.#tracebacks, `${frame}/${id}/${handler}`, lastLines(text), SAID_KEPT);
  }

  /**
   * @param {unknown} received what a frame posted; anything but a trace entry is ignored
   * @param {string} frame
   * @returns {Set<Node>} what is new, or differs, or stands elsewhere now
   */
  take(received, frame) {
    /** @type {Set<Node>} */
    const changed = new Set();
    if (!isEntry(received) || (received.kind === "printed" && received.detail === undefined)) {
      return changed;
    }
    const entry = /** @type {TraceEntry} */ (received);
    if (entry.kind === "event" || entry.kind === "emit") {
      this.#event(entry, frame, changed);
    } else if (entry.kind === "handler" || entry.kind === "handled") {
      this.#handled(entry, frame, changed);
    } else if (entry.kind === "outcome" && this.#completed(entry, frame, changed)) {
      return changed;
    } else if (entry.kind === "boot") {
      this.#boot(entry, changed);
    } else {
      this.#other(entry, frame, changed);
    }
    return changed;
  }

  clear() {
    this.roots = [];
    this.#tracebacks.clear();
    this.#events.clear();
    this.#waiting.clear();
  }

  /** Forgets the oldest. @returns {Node | undefined} */
  drop() {
    const oldest = this.roots.shift();
    if (oldest && this.#events.get(oldest.cause) === oldest) {
      this.#events.delete(oldest.cause);
    }
    return oldest;
  }

  /** @param {string} cause @returns {Node | undefined} the event */
  event(cause) {
    return this.#events.get(cause);
  }

  /** The newest run of a handler. @param {string} handler @returns {Node | undefined} */
  runOf(handler) {
    const runs = this.roots.flatMap((root) => [root, ...root.children]);
    return runs.filter(({ kind, name }) => kind === "handler" && name === handler).at(-1);
  }

  /** @param {TraceEntry} entry @param {string} frame @param {Set<Node>} changed */
  #event(entry, frame, changed) {
    const cause = causeOf(frame, entry.id);
    if (shortName(entry.name ?? "") === STATS) {
      const group = this.#group("stats", STATS, entry, changed);
      bounded(this.#events, cause, group, SAID_KEPT);
      group.times++;
      changed.add(put(this.roots, group, nodeOf(entry, { cause })));
      this.dropped.push(...group.children.splice(0, group.children.length - REPEATS_KEPT));
      return;
    }
    const node = nodeOf(entry, { cause });
    this.#events.set(cause, node);
    changed.add(put(this.roots, null, node));
  }

  /** What comes one after the other is one group. @param {string} kind @param {string} name @param {TraceEntry} entry @param {Set<Node>} changed */
  #group(kind, name, entry, changed) {
    const newest = this.roots.at(-1);
    if (newest?.kind === kind) {
      changed.add(newest);
      return newest;
    }
    const group = nodeOf({ at: entry.at, kind, name }, { folded: true });
    changed.add(put(this.roots, null, group));
    return group;
  }

  /** @param {TraceEntry} entry @param {string} frame @param {Set<Node>} changed */
  #handled(entry, frame, changed) {
    const event = this.#events.get(causeOf(frame, entry.id));
    if (event === undefined || event.kind === "stats") {
      if (event === undefined && entry.kind === "handler") {
        this.#other(entry, frame, changed);
      } else if (event && entry.outcome !== undefined && outcomeOf(entry.outcome) !== "ok") {
        changed.add(put(this.roots, event, nodeOf(entry)));
        fail(event, changed);
      }
      return;
    }
    changed.add(event);
    event.ms = entry.at - event.at;
    event.outcome ||= entry.kind === "handled" ? "no handler" : "ok";
    if (entry.kind === "handled") {
      return;
    }
    event.call ||= entry.call_id ?? "";
    const { started = entry.at - (entry.duration_ms ?? 0), duration_ms = 0 } = entry;
    const handler = nodeOf({ ...entry, at: started, event: undefined }, { cause: event.cause });
    // Handlers of an event run one after the other: what was asked for meanwhile was asked by this one.
    const own = event.children.filter((each) => ASKED.has(each.kind) && within(each.at, started, duration_ms));
    changed.add(put(this.roots, event, handler));
    for (const each of own) {
      changed.add(put(this.roots, handler, each));
    }
    if (handler.failed) {
      event.outcome = handler.outcome;
      fail(event, changed);
    }
  }

  /** @param {TraceEntry} entry @param {string} frame @param {Set<Node>} changed */
  #completed(entry, frame, changed) {
    const key = `${frame}/${entry.id}`;
    const command = this.#waiting.get(key);
    if (command === undefined) {
      return false;
    }
    this.#waiting.delete(key);
    command.outcome = entry.outcome ?? "ok";
    command.ms = entry.duration_ms ?? null;
    command.failed = outcomeOf(command.outcome) !== "ok";
    this.#caused(command, causeOf(frame, entry.cause), changed);
    changed.add(command);
    return true;
  }

  /** A start is one group until Python is ready, whatever happens meanwhile. @param {TraceEntry} entry @param {Set<Node>} changed */
  #starting(entry, changed) {
    const newest = this.roots.findLast(({ kind }) => kind === "start");
    return newest && newest.ms === null ? newest : this.#group("start", "Python starts", entry, changed);
  }

  /** @param {TraceEntry} entry @param {Set<Node>} changed */
  #boot(entry, changed) {
    const group = this.#starting(entry, changed);
    const failed = entry.name === "worker_ended" && !["moved", "unreachable"].includes(entry.ending ?? "");
    const node = nodeOf(entry, { where: entry.where ?? "" });
    node.failed = failed;
    if (entry.duration_ms !== undefined) {
      group.ms = entry.duration_ms;
    }
    group.detail = entry.phases ? "ready" : words(entry);
    changed.add(put(this.roots, group, node));
    if (failed) {
      fail(group, changed);
    }
  }

  /** @param {TraceEntry} entry @param {string} frame @param {Set<Node>} changed */
  #other(entry, frame, changed) {
    const kind = entry.kind === "outcome" ? "command" : entry.kind;
    const asked = this.#asked.get(`${frame}/${kind}/${entry.id}`);
    const known = asked !== undefined && (entry.name === undefined || asked.name === entry.name);
    const node = nodeOf({ ...entry, kind, at: entry.started ?? entry.at }, { said: known ? wordsOf(kind, asked) : "" });
    if (entry.kind === "command" && entry.outcome === undefined) {
      bounded(this.#waiting, `${frame}/${entry.id}`, node, SAID_KEPT);
    }
    if (kind === "report") {
      node.failed = true;
      const [handler] = String(entry.detail).split(": ", 1);
      node.traceback = this.#tracebacks.get(`${frame}/${entry.id ?? null}/${handler}`) ?? "";
    }
    const cause = causeOf(frame, ASKED.has(kind) ? entry.cause : entry.id);
    const event = this.#events.get(cause) ?? this.#running(node);
    if (event === undefined) {
      changed.add(put(this.roots, null, node));
      return;
    }
    changed.add(put(this.roots, event, node));
    if (kind === "card" && SHOWN.has(entry.name ?? "")) {
      event.call ||= entry.call_id ?? "";
      changed.add(event);
    }
    this.#caused(node, cause, changed);
  }

  /** Where what has no cause yet stands: below the newest event that is being handled. @param {Node} node */
  #running({ kind, name }) {
    const ofPage = kind === "report" && name === "handler_failed"; // those of the portal's events name theirs
    if (!ofPage && !CAUSED.has(kind)) {
      return undefined;
    }
    return this.roots.findLast((each) => each.outcome === "" && each.kind === (ofPage ? "emit" : "event"));
  }

  /** Puts a node below its event, and there below the handler that ran then. @param {Node} node @param {string} cause @param {Set<Node>} changed */
  #caused(node, cause, changed) {
    const event = this.#events.get(cause);
    if (event && event.kind !== "stats") {
      const of = event.children.find((each) => each.kind === "handler" && within(node.at, each.at, each.ms ?? 0));
      const to = ASKED.has(node.kind) ? (of ?? event) : event;
      if (node.parent !== to) {
        changed.add(put(this.roots, to, node));
      }
    }
    if (node.failed && node.parent) {
      fail(node.parent, changed);
    }
  }
}

/** @param {number} at @param {number} from @param {number} ms @returns {boolean} */
const within = (at, from, ms) => at >= from && at <= from + ms;

/** @param {string} frame @param {string | null | undefined} id */
const causeOf = (frame, id) => (id === undefined || id === null ? "" : `${frame}/${id}`);

/** @param {Node} node @param {Set<Node>} changed */
function fail(node, changed) {
  for (let each = /** @type {Node | null} */ (node); each !== null; each = each.parent) {
    each.failed = true;
    changed.add(each);
  }
}

/**
 * Puts a node below another one, or at the top, by its time.
 * @param {Node[]} roots @param {Node | null} parent @param {Node} node
 */
function put(roots, parent, node) {
  const before = node.parent ? node.parent.children : roots;
  const index = before.indexOf(node);
  if (index >= 0) {
    before.splice(index, 1);
  }
  const list = parent ? parent.children : roots;
  const after = list.findLastIndex(({ at }) => at <= node.at);
  list.splice(after + 1, 0, node);
  node.parent = parent;
  return node;
}

/** @template T @param {Map<string, T>} map @param {string} key @param {T} value @param {number} kept */
function bounded(map, key, value, kept) {
  map.delete(key);
  map.set(key, value);
  if (map.size > kept) {
    map.delete(/** @type {string} */ (map.keys().next().value));
  }
}

/** @param {TraceEntry} entry */
function words({ name = "", detail }) {
  const more =
    detail === undefined || detail === null ? "" : typeof detail === "string" ? detail : JSON.stringify(detail);
  return more === "" ? name : `${name}: ${more}`;
}

/** @param {TraceEntry} entry @param {Partial<Node>} [more] @returns {Node} */
function nodeOf({ at, kind, name = "", event, detail, outcome = "", duration_ms, call_id, where = "" }, more = {}) {
  const about = [event ? `for ${shortName(event)}` : "", detail].filter((each) => each);
  return {
    kind,
    at,
    name: shortName(name),
    said: "",
    detail: about.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join(" · "),
    outcome,
    ms: duration_ms ?? null,
    failed: outcome !== "" && kind !== "printed" && outcomeOf(outcome) !== "ok",
    folded: false,
    cause: "",
    call: call_id ?? "",
    where,
    traceback: "",
    parent: null,
    children: [],
    times: 0,
    ...more,
  };
}
