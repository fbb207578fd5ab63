/**
 * A recording as a file: read and checked, what it raises, and what was sent. Pure.
 *
 * `workerPy.record()` makes recordings; `worker_py.testing.replay` takes the same files.
 */

import { EVENT_PREFIX, EVENTS } from "../core/vocabulary.js";

/** @typedef {{at: number, to: "python" | "page", message: {t: string} & Record<string, any>}} RecordedMessage */
/** @typedef {{version: 1, build: string, started_at: number, entries: RecordedMessage[]}} Recording */
/** @typedef {{name: string, params: unknown}} Command */
/** @typedef {{at: number, name: string, payload: unknown}} RecordedEvent `at` in ms since the first; `name` without its prefix */

export const LARGEST_BYTES = 20 * 1024 * 1024;
/** As many as `workerPy.record()` keeps. */
export const MOST_ENTRIES = 100_000;
const EXPORT_ONE = "Make one with Record, and save it with Stop and save.";

/** What is wrong with a file, for the person who chose it. */
export class NotARecording extends Error {}

/**
 * @param {{name: string, size: number}} file
 * @throws {NotARecording} before anything is read of it
 */
export function checkSize({ name, size }) {
  if (size > LARGEST_BYTES) {
    const has = (size / 1024 / 1024).toFixed(1);
    throw new NotARecording(
      `${name} is too large: it has ${has} MiB, a recording may have ${LARGEST_BYTES / 1024 / 1024}. Record a shorter call.`,
    );
  }
  if (size === 0) {
    throw new NotARecording(`${name} is empty. ${EXPORT_ONE}`);
  }
}

/**
 * @param {string} name of the file
 * @param {string} text
 * @returns {Recording}
 * @throws {NotARecording}
 */
export function readRecording(name, text) {
  /** @type {any} */
  let read;
  try {
    read = JSON.parse(text);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new NotARecording(`${name} is not JSON, or was cut off (${said}). Save the recording again.`);
  }
  const wrong = problemOf(read);
  if (wrong !== null) {
    throw new NotARecording(`${name} cannot be played: ${wrong}`);
  }
  return read;
}

/** @param {any} read @returns {string | null} */
function problemOf(read) {
  if (typeof read !== "object" || read === null || Array.isArray(read)) {
    return `it holds ${shown(read)} where a recording is an object. ${EXPORT_ONE}`;
  }
  if (read.kind === "worker-py trace") {
    return `it is an exported trace, which has names and times but no payloads. ${EXPORT_ONE}`;
  }
  if (read.version !== 1) {
    return `its version is ${shown(read.version)}, expected 1. Record the call again with this build.`;
  }
  if (!Array.isArray(read.entries)) {
    return `its entries are ${shown(read.entries)}, expected a list. ${EXPORT_ONE}`;
  }
  if (read.entries.length > MOST_ENTRIES) {
    return `it has ${read.entries.length} entries, at most ${MOST_ENTRIES} are played. Record a shorter call.`;
  }
  for (const [index, entry] of read.entries.entries()) {
    const wrong = problemOfEntry(entry);
    if (wrong !== null) {
      return `entry ${index + 1} of ${read.entries.length} ${wrong}. The file was changed or damaged: save it again.`;
    }
  }
  if (eventsOf(read).length === 0) {
    return "it holds no event of a call card, so there is nothing to raise. Record while a call comes in.";
  }
  return null;
}

/** @param {any} entry @returns {string | null} */
function problemOfEntry(entry) {
  if (typeof entry !== "object" || entry === null) {
    return `is ${shown(entry)}, expected an object`;
  }
  const { at, to, message } = entry;
  if (typeof at !== "number" || !Number.isFinite(at) || at < 0) {
    return `has the time ${shown(at)}, expected milliseconds since the beginning`;
  }
  if (to !== "python" && to !== "page") {
    return `goes to ${shown(to)}, expected "python" or "page"`;
  }
  if (typeof message !== "object" || message === null || typeof message.t !== "string") {
    return `has the message ${shown(message)}, expected an object with a type "t"`;
  }
  if (message.t === "event" && !EVENTS.some((name) => EVENT_PREFIX + name === message.name)) {
    return `raises ${shown(message.name)}, expected one of the ${EVENTS.length} events of a call card`;
  }
  if (message.t === "command" && typeof message.command !== "string") {
    return `is a command named ${shown(message.command)}, expected a name`;
  }
  return null;
}

/** @param {unknown} value */
function shown(value) {
  const text = value === undefined ? "nothing" : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * What the portal raised. What was delivered a second time was raised once.
 * @param {Recording} recording
 * @returns {RecordedEvent[]}
 */
export function eventsOf({ entries }) {
  const events = entries.filter(({ to, message }) => to === "python" && message.t === "event" && !message.redelivered);
  const first = events[0]?.at ?? 0;
  return events.map(({ at, message }) => ({
    at: Math.max(0, at - first),
    name: message.name.slice(EVENT_PREFIX.length),
    payload: message.payload,
  }));
}

/**
 * What the app sent: a command with a purpose of its own is the project's.
 * @param {Recording} recording
 * @returns {Command[]}
 */
export function commandsOf({ entries }) {
  return entries
    .filter(({ to, message }) => to === "page" && message.t === "command" && message.purpose === undefined)
    .map(({ message }) => ({ name: message.command, params: message.params }));
}

/** @param {Recording} recording @returns {number} ms from the last event to the end of the recording */
export function tailOf({ entries }) {
  const last = entries.findLast(({ to, message }) => to === "python" && message.t === "event")?.at ?? 0;
  return Math.max(0, (entries.at(-1)?.at ?? 0) - last);
}
