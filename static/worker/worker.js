/**
 * The worker: loads the interpreter, hands messages in and out, and interrupts a runaway.
 *
 * A page connects by sending a port; everything else crosses that port (see `protocol.js`).
 * Messages are handed to Python in the order in which they came; those that come while the
 * interpreter boots wait in the same queue.
 *
 * @module
 */

import { LONGEST_TIMER_MS } from "../deadline.js";
import * as messages from "../messages.js";
import { kindOf } from "../protocol.js";
import { boot } from "./boot.js";
import { bundle } from "./bundle.js"; // named here, what boot.js needs comes along with it, not after it
import { readConfig } from "./config_file.js";
import "./copies.js";
import { locate } from "./downloads.js";
import { interruptBuffer, watchBlockingRequests } from "./interrupt.js";
import { KeptGate } from "./kept_gate.js";
import "./kept_store.js";
import "./late_files.js";
import { Life } from "./life.js";
import "./module_file.js";
import "./phase_clock.js";
import "./snapshot.js";
import "./snapshot_file.js";
import "./zip.js";

/** @typedef {import("./boot.js").Runtime} Runtime */
/** @typedef {import("../protocol.js").ToWorker} ToWorker */

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** Ports of the pages, by page id. @type {Map<string, MessagePort>} */
const ports = new Map();

/** The number of each page's newest greeting: one that was overtaken is not heard. @type {Map<string, number>} */
const greetings = new Map();

/** A message, a port that waits for its mark, or what `worker-py.json` says. @typedef {string | MessagePort | {config: string}} Handed */

/** What came before Python was there. @type {Array<[string, Handed]>} */
const waiting = [];

/** @type {Runtime | null} */
let runtime = null;
let gate = new KeptGate([], false);
let dead = false;
/** What to tell a page that connects later. @type {import("../protocol.js").FromWorker | null} */
let verdict = null;
/** How far the boot is. @type {import("../protocol.js").FromWorker | null} */
let progress = null;

/** @param {import("../protocol.js").FromWorker} message */
function tellAll(message) {
  for (const port of ports.values()) {
    port.postMessage(message);
  }
}

/** @param {MessagePort} port */
function connect(port) {
  let page = "";
  /** @type {{[T in ToWorker["t"]]: (message: Extract<ToWorker, {t: T}>, sent: readonly MessagePort[]) => void}} */
  const said = {
    hello: (hello) => {
      page = hello.page;
      welcome(port, hello);
    },
    user: ({ user, leaving }) => life.identified(user, leaving),
    ping: ({ n }) => port.postMessage(messages.pong(n)),
    mark: () => deliver(page, port), // which hears it when all is handed in that came before
    watch: ({ lock }) => watch(page, port, lock),
    bye: ({ reason }) => leave(page, port, reason),
    reporting: ({ target }, [sender]) => report(sender, target),
    die: () => {
      tellAll(messages.ending());
      self.close();
    },
  };
  port.onmessage = (/** @type {{data: string | ToWorker, ports: readonly MessagePort[]}} */ event) => {
    const { data } = event;
    if (typeof data === "string") {
      if (ports.get(page) === port) {
        deliver(page, data); // what came by an older port is in the page's journal, and comes again
      }
      return;
    }
    /** @type {any} */ (said)[data.t]?.(data, event.ports);
  };
}

/** Nothing waits for it. @param {MessagePort | undefined} port @param {import("../envelope.js").Target} target */
async function report(port, target) {
  const { serve } = await import("./report_sender.js");
  serve(/** @type {MessagePort} */ (port), target);
}

/**
 * @param {MessagePort} port
 * @param {import("../protocol.js").Hello} hello
 */
function welcome(port, { page, portal, user, greeting }) {
  if (greeting < (greetings.get(page) ?? 0)) {
    return;
  }
  const before = ports.get(page);
  if (before && before !== port) {
    leave(page, before, "joined again");
  }
  greetings.set(page, greeting);
  ports.set(page, port);
  life.attached(portal, user, greeting === 1);
  port.postMessage(messages.welcome());
  if (life.user) {
    port.postMessage(messages.serves(life.user)); // pages may have had no room to agree on it
  }
  if (life.lock) {
    port.postMessage(messages.alive(life.lock));
  }
  const news = verdict ?? progress;
  if (news) {
    port.postMessage(news);
  }
  if (bundle.config && !configuring.has(page)) {
    void configure(page, portal, bundle.config);
  }
}

/** What pages say for which the settings are being read. @type {Map<string, Array<string | MessagePort>>} */
const configuring = new Map();

/**
 * Python knows what `worker-py.json` says now before the page attaches.
 * @param {string} page
 * @param {string} portal
 * @param {string} path of the file
 */
async function configure(page, portal, path) {
  /** @type {Array<string | MessagePort>} */
  const held = [];
  configuring.set(page, held);
  const read = await readConfig(locate(path));
  if (configuring.get(page) !== held) {
    return; // it left meanwhile, or joined again
  }
  configuring.delete(page);
  for (const what of [{ config: JSON.stringify({ ...read, portal }) }, ...held]) {
    hand(page, what);
  }
}

/**
 * The page holds this lock as long as it lives.
 * @param {string} page
 * @param {MessagePort} port
 * @param {string} lock
 */
function watch(page, port, lock) {
  navigator.locks.request(lock, () => leave(page, port, "gone")).catch(() => {});
}

/**
 * @param {string} page
 * @param {MessagePort} port by which it came: the page may be here again by another
 * @param {string} reason
 */
function leave(page, port, reason) {
  if (ports.get(page) === port) {
    ports.delete(page);
    greetings.delete(page);
    configuring.delete(page);
    gate.forget(page);
    forgetWaiting(page);
    enter((python) => python.detach(page, reason));
    if (ports.size === 0) {
      life.deserted();
    }
  }
}

/** What a page said that left before Python heard it: it says it again, if it comes back. @param {string} page */
function forgetWaiting(page) {
  const others = waiting.filter(([of]) => of !== page);
  waiting.splice(0, waiting.length, ...others);
}

/** @param {string} page @param {string | MessagePort} what a message, or a port that waits for its mark */
function deliver(page, what) {
  const held = configuring.get(page);
  if (held) {
    held.push(what);
  } else {
    hand(page, what);
  }
}

/** @param {string} page @param {Handed} what */
function hand(page, what) {
  if (!runtime) {
    if (!dead) {
      waiting.push([page, what]);
    }
  } else if (typeof what === "string") {
    if (gate.holds(page, what)) {
      waiting.push([page, what]);
    } else {
      enter((python) => python.deliver(page, what));
    }
  } else if ("config" in what) {
    enter((python) => python.configure(what.config));
  } else if (gate.holdsPage(page)) {
    waiting.push([page, what]);
  } else {
    what.postMessage(messages.marked());
  }
}

/** Hand on what has waited, as far as it need not wait on. */
function deliverWaiting() {
  for (const [page, what] of waiting.splice(0)) {
    hand(page, what);
  }
}

// Out of Python -----------------------------------------------------------------------------------

/** What Python said since the last flush, by page. @type {Map<string, string[]>} */
const outbox = new Map();
/** Python runs now, and what it says goes out when it has run. */
let entered = false;
/** Must be out before the next handler runs: it may be the last thing that this worker says. */
const AT_ONCE = new Set(["turn", "ack", "taking", "printed"]);

/** @param {string} page @param {string} text */
function post(page, text) {
  const texts = outbox.get(page);
  if (texts) {
    texts.push(text);
  } else {
    outbox.set(page, [text]);
  }
  if (!entered || AT_ONCE.has(kindOf(text))) {
    flush();
  }
}

/** One message to each page for all that was said to it: messages cost more than what is in them. */
function flush() {
  for (const [page, texts] of outbox) {
    ports.get(page)?.postMessage(texts.length === 1 ? texts[0] : texts);
  }
  outbox.clear();
}

// Turning Python's loop ---------------------------------------------------------------------------

const turns = new MessageChannel();
let turnAsked = false;
let timer = 0;
/** When the timer fires, on the clock of `performance`. */
let due = 0;
turns.port1.onmessage = () => {
  turnAsked = false;
  enter((python) => python.turn());
};

/** Ask for a turn of the loop as soon as the messages that are here have been handed in. */
function wake() {
  if (!turnAsked) {
    turnAsked = true;
    turns.port2.postMessage(null);
  }
}

/**
 * Ask for a turn after a while. A timer that is there and fires sooner is left alone: Python says then what it waits
 * for, and most of what it waited for has come by then.
 * @param {number} delay
 */
function wakeIn(delay) {
  const at = performance.now() + delay;
  if (timer && due <= at) {
    return;
  }
  clearTimeout(timer);
  due = at;
  timer = setTimeout(
    () => {
      timer = 0;
      wake();
    },
    Math.min(delay, LONGEST_TIMER_MS),
  );
}

/**
 * Run Python once, and arrange its next turn.
 * @param {(python: Runtime) => number} run
 */
function enter(run) {
  if (!runtime || dead) {
    return;
  }
  try {
    entered = true;
    const delay = run(runtime);
    entered = false;
    flush();
    if (delay === 0) {
      wake();
    } else if (delay > 0) {
      wakeIn(delay);
    }
  } catch (error) {
    fatal(error);
  }
}

/**
 * The interpreter cannot go on. The pages replace this worker.
 * @param {unknown} error
 */
function fatal(error) {
  if (dead) {
    return;
  }
  dead = true;
  flush();
  verdict = messages.fatal(String(error).slice(0, 2000));
  tellAll(verdict);
  life.over();
}

// Boot --------------------------------------------------------------------------------------------

const life = new Life({
  name: scope.name,
  shared: "onconnect" in self,
  alive: (lock) => tellAll(messages.alive(lock)),
  heard: (callId, kept) => runtime?.hear(callId, kept),
  serves: (user) => tellAll(messages.serves(user)),
  decided: (kept) => {
    runtime?.remember(JSON.stringify(kept));
    gate.open();
    deliverWaiting();
  },
  wrote: (refused) => {
    if (verdict?.t === "ready") {
      verdict.storage = refused;
      tellAll(messages.storage(refused));
    }
  },
});

/** @param {unknown} error */
function bootFailed(error) {
  dead = true;
  const permanent = /** @type {{permanent?: boolean}} */ (error)?.permanent === true;
  const text = error instanceof Error ? error.message : String(error);
  verdict = messages.failed(text.slice(0, 20000), permanent);
  tellAll(verdict);
  if (!permanent) {
    life.over();
  }
}

async function start() {
  let booted;
  try {
    booted = await boot({
      progress: (phase, fraction) => {
        progress = messages.boot(phase, fraction);
        tellAll(progress);
      },
      post,
      keep: (callId, kept) => life.keep(callId, kept),
      kept: () => life.kept(),
      wake,
      fatal,
      holding: () => tellAll(messages.holding()),
      interruptBuffer,
      watchBlockingRequests,
    });
  } catch (error) {
    bootFailed(error);
    return;
  }
  const { phases, parts, plainBecause, slice_limit_ms, page_grace_s } = booted;
  const storage = await life.storageRefused();
  if (dead) {
    return; // fatal, and said so, although the boot went on to its end
  }
  life.lingers(page_grace_s);
  life.holds(slice_limit_ms);
  verdict = messages.ready({ phases, parts, plainBecause, slice_limit_ms, storage });
  tellAll(verdict);
  runtime = booted; // from here on only the gate holds something: what comes must not overtake what came before
  gate = new KeptGate(life.undecided, booted.starts_with_kept);
  life.runs();
  deliverWaiting();
}

self.addEventListener("connect", (event) => connect(/** @type {MessageEvent} */ (event).ports[0]));
scope.onmessage = ({ ports: [port] }) => {
  if (port) {
    connect(port);
  }
};
scope.addEventListener("unhandledrejection", ({ reason }) => {
  if (reason?.pyodide_fatal_error) {
    fatal(reason);
  }
});
start();
