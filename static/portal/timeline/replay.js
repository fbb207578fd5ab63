/**
 * Plays a recording into the simulated portal: its events are raised again with their spacing, and the
 * commands that Python then sends are compared with those it sent before.
 *
 * The call gets an id of its own each time, so that nothing that Python still holds of the recorded call
 * has a say.
 */

import { compare } from "./compare.js";
import { commandsOf, eventsOf, tailOf } from "./recording.js";

/** @typedef {import("../automation.js").Portal} Portal */
/** @typedef {import("./recording.js").Recording} Recording */
/** @typedef {import("./recording.js").RecordedEvent} RecordedEvent */
/** @typedef {import("./compare.js").Compared} Compared */
/** @typedef {{rows: Compared[], notes: string[], stopped: boolean}} Result */

const READY_WITHIN_MS = 60_000;
/** Handlers may take half a minute, and an interpreter may have to start first. */
const HANDLED_WITHIN_MS = 90_000;
/** How long commands are awaited that came only after the handlers had ended. */
const TAIL_AT_MOST_MS = 10_000;

export class Replay {
  /** Events that were raised and whose entry in the trace is still to come. @type {string[]} */
  #raised = [];
  /** Events that Python has and has not handled, by id. @type {Set<string>} */
  #unhandled = new Set();
  #count = 0;
  #stopped = false;
  /** Looks again whether what is awaited has come. */
  #look = () => {};
  /** Names of the app's commands: the wire does not tell them from those that the project sends for a purpose of its own. @type {string[]} */
  #apps = [];
  #frame;
  #sentBefore;
  #repeatedBefore;
  /** Ids of calls: that of the recording by that of now. @type {Map<string, string>} */
  #calls = new Map();

  /**
   * @param {Portal} portal
   * @param {Recording} recording
   * @param {number} speed 1 as recorded, Infinity: each event as soon as the one before has been handled
   * @param {(raised: number, of: number) => void} progress
   * @param {(frame: string) => boolean} isReady whether Python runs for the page of a frame
   */
  constructor(portal, recording, speed, progress, isReady) {
    this.isReady = isReady;
    this.portal = portal;
    this.recording = recording;
    this.speed = speed;
    this.progress = progress;
    this.#frame = portal.frames().find(({ kind }) => kind === "page")?.id ?? "";
    this.#sentBefore = portal.sent.length;
    this.#repeatedBefore = portal.repeated.length;
  }

  /** What a page told of its trace. @param {string} frame @param {any} entry */
  traced(frame, entry) {
    if (frame !== this.#frame) {
      return;
    }
    const { kind, id, name = "", outcome, purpose } = entry;
    if (kind === "command" && purpose === undefined) {
      this.#apps.push(name);
    }
    if (kind === "event" && name.endsWith(`::${this.#raised[0]}`)) {
      this.#raised.shift();
      if (outcome === undefined) {
        this.#unhandled.add(id);
      }
    } else if (kind === "handler" || kind === "handled") {
      this.#unhandled.delete(id);
    } else if (kind === "report" && (name === "set_aside" || name === "refused_payload")) {
      this.#unhandled.clear(); // the trace does not say which: nothing is awaited that may never come
    }
    this.#look();
  }

  stop() {
    this.#stopped = true;
    this.#look();
  }

  /** @returns {Promise<Result>} */
  async run() {
    const events = eventsOf(this.recording);
    const notes = this.#notesOn(events);
    // Events wait for Python, but all at once would then be another call than the one that was recorded.
    if (!(await this.#until(() => this.isReady(this.#frame), READY_WITHIN_MS))) {
      notes.push(`Python did not start within ${READY_WITHIN_MS / 1000} s.`);
    }
    let began = 0;
    for (const [index, event] of events.entries()) {
      const due = this.speed === Number.POSITIVE_INFINITY ? 0 : began + event.at / this.speed - Date.now();
      await this.#until(() => false, due);
      began ||= Date.now(); // the spacing is that of what was really raised
      if (this.speed === Number.POSITIVE_INFINITY && !(await this.#until(() => this.#settled, HANDLED_WITHIN_MS))) {
        notes.push(`${events[index - 1]?.name} was not handled within ${HANDLED_WITHIN_MS / 1000} s.`);
        break;
      }
      if (this.#stopped || !this.#raise(event, notes)) {
        break;
      }
      this.#count++;
      this.progress(this.#count, events.length);
    }
    await this.#finish(notes);
    return { rows: compare(commandsOf(this.recording), this.#commands()), notes, stopped: this.#stopped };
  }

  get #settled() {
    return this.#raised.length === 0 && this.#unhandled.size === 0;
  }

  /** @param {string[]} notes */
  async #finish(notes) {
    if (this.#stopped) {
      notes.push("The replay was stopped: what comes later in the recording was not raised.");
      return;
    }
    if (!(await this.#until(() => this.#settled, HANDLED_WITHIN_MS))) {
      notes.push(`Not everything was handled within ${HANDLED_WITHIN_MS / 1000} s.`);
    }
    const expected = commandsOf(this.recording).length;
    const speed = this.speed === Number.POSITIVE_INFINITY ? 1 : this.speed;
    await this.#until(
      () => this.#commands().length >= expected,
      Math.min(TAIL_AT_MOST_MS, tailOf(this.recording) / speed),
    );
  }

  /** @param {RecordedEvent[]} events */
  #notesOn(events) {
    const notes = [];
    if (events[0]?.name !== "initialized") {
      notes.push("The recording began in the middle of a call: its first events go to the card that is open now.");
    }
    const emitted = this.recording.entries.filter(({ message }) => message.t === "emit").length;
    if (emitted > 0) {
      notes.push(`${emitted} page events (workerPy.emit) were not raised: the page's own scripts do that.`);
    }
    return notes;
  }

  /** @param {RecordedEvent} event @param {string[]} notes */
  #raise({ name, payload }, notes) {
    const sent = this.#renamed(name, payload);
    this.#raised.push(name);
    if (this.portal.raiseRecorded(name, sent) === 0) {
      notes.push(`Nobody heard ${name}: no placement page has bound it. Load the hidden page anew, and play again.`);
      this.#raised.pop();
      return false;
    }
    return true;
  }

  /** @param {string} name @param {unknown} payload */
  #renamed(name, payload) {
    const callId = /** @type {any} */ (payload)?.CALL_ID;
    if (name !== "initialized" || typeof callId !== "string") {
      return payload;
    }
    const known = [...this.#calls].find(([, recorded]) => recorded === callId)?.[0];
    const given = known ?? `REPLAY.${crypto.randomUUID()}`;
    this.#calls.set(given, callId);
    return { .../** @type {object} */ (payload), CALL_ID: given };
  }

  /** @returns {import("./recording.js").Command[]} what the app has sent since the replay began */
  #commands() {
    const { sent, repeated } = this.portal;
    // A title that was set twice may be the app's both times.
    const all = [...sent.slice(this.#sentBefore), ...repeated.slice(this.#repeatedBefore)];
    const theirs = this.#apps.flatMap((name) => {
      const at = all.findIndex(({ command }) => command === name);
      return at < 0 ? [] : all.splice(at, 1);
    });
    theirs.sort((one, other) => one.at - other.at);
    let text = JSON.stringify(theirs.map(({ command, params }) => ({ name: command, params })));
    for (const [given, recorded] of this.#calls) {
      text = text.replaceAll(given, JSON.stringify(recorded).slice(1, -1));
    }
    return JSON.parse(text);
  }

  /**
   * Waits until it holds, the time is over, or the replay is stopped.
   * @param {() => boolean} holds
   * @param {number} ms
   * @returns {Promise<boolean>}
   */
  #until(holds, ms) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        clearInterval(again);
        this.#look = () => {};
        resolve(holds());
      };
      const timer = setTimeout(done, Math.max(0, ms));
      this.#look = () => {
        if (holds() || this.#stopped) {
          done();
        }
      };
      const again = setInterval(() => this.#look(), 100); // commands come by another way than the trace
      this.#look();
    });
  }
}
