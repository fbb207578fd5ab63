/**
 * Answers what the frames ask: the portal's end of the conversation.
 *
 * Messages of a foreign origin or another appSid, unknown commands and commands of another placement
 * are dropped in silence, as the portal does; `dropped` and the log tell what happened to them.
 */

import { concerns } from "./faults.js";
import { placementOf, placementOptions } from "./frames.js";
import { parseRequest, refusal, serialiseAnswer } from "./wire.js";

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./frames.js").Frames} Frames */
/** @typedef {import("./wire.js").Request} Request */
/** @typedef {import("./vocabulary.js").CommandName} CommandName */

/**
 * A command as the portal received it.
 * @typedef {object} Sent
 * @property {number} at         ms since the epoch
 * @property {string} frame
 * @property {string} command
 * @property {unknown} params
 * @property {unknown} answer    payload of the first answer; absent while, or when, there is none
 * @property {unknown[]} answers payloads of all answers given so far
 */

/**
 * What the switchboard joins.
 * @typedef {object} Desk
 * @property {Frames} frames
 * @property {import("./interface.js").PlacementInterface} names
 * @property {import("./session.js").PortalSession} session
 * @property {() => import("./faults.js").Faults} faults
 * @property {(command: CommandName, params: unknown) => readonly unknown[]} obey  carries a command out
 * @property {(command: CommandName, params: unknown) => boolean} repeatsTitle  see `Telephony`
 * @property {(kind: string, details: Record<string, unknown>) => void} log
 * @property {string} language
 */

/** What the portal refuses to a placement, and lets the app's own page do. */
const NOT_FOR_PLACEMENTS = ["setTitle"];

export class Switchboard {
  /** The app's commands, oldest first. @type {Sent[]} */
  sent = [];
  /** Commands that only ask whether a card is there. @type {Sent[]} */
  probes = [];
  /** Titles that were set already, and are set again in case the portal's own has come over them. @type {Sent[]} */
  repeated = [];
  /** What the portal's own code has thrown. @type {string[]} */
  errors = [];
  /** For each frame, until when the answers to its commands are held back, ms since the epoch. @type {Map<string, number>} */
  #owed = new Map();
  /** @type {Record<"foreign origin" | "unknown appSid" | "not a request", number>} */
  dropped = { "foreign origin": 0, "unknown appSid": 0, "not a request": 0 };

  #desk;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /**
   * One message event of the portal's window.
   * @param {MessageEvent} event
   */
  receive(event) {
    const request = parseRequest(event.data);
    if (request === null) {
      this.#drop("not a request", event.origin);
      return;
    }
    const frame = this.#desk.frames.byAppSid(request.appSid);
    const reason = refusal({ origin: event.origin, appSid: request.appSid }, frame);
    if (reason !== null || frame === undefined) {
      this.#drop(reason ?? "unknown appSid", event.origin);
      return;
    }
    this.#answer(frame, request);
  }

  /**
   * Puts text on the wire to a frame.
   * @param {Frame} frame
   * @param {string} message
   */
  post(frame, message) {
    frame.element.contentWindow?.postMessage(message, frame.origin);
  }

  /** Forgets what was counted and kept. */
  clear() {
    this.sent.length = 0;
    this.probes.length = 0;
    this.repeated.length = 0;
    this.errors.length = 0;
    this.#owed.clear();
    this.dropped = { "foreign origin": 0, "unknown appSid": 0, "not a request": 0 };
  }

  /**
   * @param {keyof Switchboard["dropped"]} reason
   * @param {string} origin
   */
  #drop(reason, origin) {
    this.dropped[reason] += 1;
    this.#desk.log("dropped", { reason, origin });
  }

  /**
   * @param {Frame} frame
   * @param {Request} request
   */
  #answer(frame, request) {
    switch (request.method) {
      case "getInitData":
        this.#reply(frame, request, this.#initData(frame));
        break;
      case "getInterface":
        if (!this.#desk.faults().interfaceSilent) {
          this.#reply(frame, request, this.#desk.names.listed());
        }
        break;
      case "placementBindEvent":
        this.#bind(frame, request);
        break;
      case "refreshAuth":
        void this.#refresh(frame, request);
        break;
      case "simulation.rest":
        void this.#rest(frame, request);
        break;
      case "setInstallFinish":
        void this.#installed(frame, request);
        break;
      case "setInstall":
      case "resizeWindow":
        this.#reply(frame, request, undefined);
        break;
      default:
        this.#command(frame, request);
    }
  }

  /**
   * Answers the page that asked, unless its frame was loaded anew meanwhile.
   * @param {Frame} frame
   * @param {Request} request
   * @param {unknown} payload
   */
  #reply(frame, request, payload) {
    if (request.callback !== "" && frame.appSid === request.appSid) {
      this.post(frame, serialiseAnswer(request.callback, payload));
    }
  }

  /**
   * @param {Frame} frame
   * @returns {Record<string, unknown>}
   */
  #initData(frame) {
    return {
      LANG: this.#desk.language,
      DOMAIN: location.host,
      PROTOCOL: location.protocol === "https:" ? 1 : 0,
      PATH: "/rest",
      ...(this.#desk.session.inPage ? { REST: "page" } : {}),
      ...this.#desk.session.tokens,
      FIRST_RUN: false,
      IS_ADMIN: false,
      INSTALL: frame.kind === "app" && !this.#desk.session.installed,
      USER_OPTIONS: {},
      APP_OPTIONS: {},
      PLACEMENT: placementOf(frame),
      PLACEMENT_OPTIONS: placementOptions(frame),
    };
  }

  /**
   * @param {Frame} frame
   * @param {Request} request
   */
  #bind(frame, request) {
    const { event } = /** @type {{event?: unknown}} */ (request.params ?? {});
    const name = String(event);
    const bound = this.#desk.names.bind({ frame: frame.id, event: name, callback: request.callback });
    this.#desk.log(bound ? "bind" : "bind lost", { frame: frame.id, event: name });
  }

  /**
   * @param {Frame} frame
   * @param {Request} request
   */
  async #refresh(frame, request) {
    if (!this.#desk.faults().refreshSilent) {
      await this.#desk.session.refresh();
      this.#reply(frame, request, this.#desk.session.tokens);
    }
  }

  /**
   * A REST request of the stand-in client, where the REST is this page's own.
   * @param {Frame} frame
   * @param {Request} request
   */
  async #rest(frame, request) {
    const { method, params } = /** @type {{method: string, params: Record<string, unknown>}} */ (request.params);
    this.#reply(frame, request, await this.#desk.session.request(method, params));
  }

  /**
   * @param {Frame} frame
   * @param {Request} request
   */
  async #installed(frame, request) {
    this.#desk.log("install finished", { frame: frame.id });
    if (!this.#desk.faults().installSilent) {
      await this.#desk.session.finishInstall();
      this.#reply(frame, request, true);
    }
  }

  /**
   * Commands of a window are carried out one after the other, each within its message's own turn.
   * @param {Frame} frame
   * @param {Request} request
   */
  #command(frame, request) {
    const { method: command, params } = request;
    if (NOT_FOR_PLACEMENTS.includes(command) && frame.kind === "app") {
      this.#reply(frame, request, undefined);
      return;
    }
    if (!this.#desk.names.knows(command)) {
      this.#desk.log("unknown command", { frame: frame.id, command });
      return;
    }
    const isProbe = isTheProbe(command, params);
    /** @type {Sent} */
    const entry = { at: Date.now(), frame: frame.id, command, params, answer: undefined, answers: [] };
    this.#keptOf(isProbe, /** @type {CommandName} */ (command), params).push(entry);
    this.#desk.log(isProbe ? "probe" : "command", { frame: frame.id, command });
    const answers = this.#outcome(/** @type {CommandName} */ (command), params, isProbe);
    const faults = this.#desk.faults();
    if (isProbe ? faults.silent.includes("*") : concerns(faults.silent, command)) {
      return;
    }
    this.#afterItsDelay(frame, this.#delayMs(command, isProbe), isProbe, () => {
      if (frame.appSid === request.appSid) {
        this.#give(frame, request, entry, answers, isProbe);
      }
    });
  }

  /**
   * @param {boolean} isProbe
   * @param {CommandName} command
   * @param {unknown} params
   * @returns {Sent[]} where a command is kept
   */
  #keptOf(isProbe, command, params) {
    if (isProbe) {
      return this.probes;
    }
    return this.#desk.repeatsTitle(command, params) ? this.repeated : this.sent;
  }

  /**
   * @param {string} command
   * @param {boolean} isProbe
   * @returns {number} by how much its answer is late
   */
  #delayMs(command, isProbe) {
    const { delayMs, probe } = this.#desk.faults();
    const own = isProbe ? probe?.delayMs : delayMs[command];
    return own ?? delayMs["*"] ?? 0;
  }

  /**
   * An answer to the probe proves that what was sent before it has had its answer: it never overtakes one.
   * @param {Frame} frame
   * @param {number} delayMs
   * @param {boolean} isProbe
   * @param {() => void} give
   */
  #afterItsDelay(frame, delayMs, isProbe, give) {
    const now = Date.now();
    const owed = this.#owed.get(frame.id) ?? 0;
    const at = isProbe ? Math.max(now + delayMs, owed) : now + delayMs;
    if (at > now) {
      this.#owed.set(frame.id, Math.max(at, owed));
      setTimeout(give, at - now);
    } else {
      give();
    }
  }

  /**
   * @param {CommandName} command
   * @param {unknown} params
   * @param {boolean} isProbe
   * @returns {readonly unknown[]}
   */
  #outcome(command, params, isProbe) {
    const faults = this.#desk.faults();
    const instead = isProbe ? faults.probe?.answers : this.#instead(command);
    if (instead !== undefined) {
      return instead;
    }
    const answers = this.#carriedOut(command, params);
    return !isProbe && concerns(faults.double, command) ? [...answers, ...answers] : answers;
  }

  /** @param {CommandName} command @returns {unknown[] | undefined} */
  #instead(command) {
    const { answers, rawAnswers } = this.#desk.faults();
    const given = Object.hasOwn(answers, command) ? answers : rawAnswers;
    return Object.hasOwn(given, command) ? [given[command]] : undefined;
  }

  /**
   * What the portal's own code throws ends its message's turn, and stays in its page.
   * @param {CommandName} command
   * @param {unknown} params
   * @returns {readonly unknown[]}
   */
  #carriedOut(command, params) {
    try {
      return this.#desk.obey(command, params);
    } catch (error) {
      this.errors.push(String(error));
      this.#desk.log("thrown", { command, error: String(error) });
      return [];
    }
  }

  /**
   * @param {Frame} frame
   * @param {Request} request
   * @param {Sent} entry
   * @param {readonly unknown[]} answers
   * @param {boolean} isProbe
   */
  #give(frame, request, entry, answers, isProbe) {
    const raw = !isProbe && Object.hasOwn(this.#desk.faults().rawAnswers, request.method);
    for (const payload of answers) {
      entry.answers.push(payload);
      entry.answer = entry.answers[0];
      if (raw) {
        this.post(frame, `${request.callback}:${payload}`);
      } else {
        this.#reply(frame, request, payload);
      }
    }
  }
}

/**
 * @param {string} command
 * @param {unknown} params
 * @returns {boolean} a state that cannot be: its refusal tells whether this window shows a card that can be managed
 */
function isTheProbe(command, params) {
  const { uiState } = /** @type {{uiState?: unknown}} */ (params ?? {});
  return command === "CallCardSetUiState" && uiState === "?";
}
