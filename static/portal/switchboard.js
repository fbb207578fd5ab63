/**
 * Answers what the frames ask: the portal's end of the conversation.
 *
 * Messages of a foreign origin or another appSid, unknown commands and commands of another placement
 * are dropped in silence, as the portal does; `dropped` and the log tell what happened to them.
 */

import { execute } from "./commands.js";
import { concerns } from "./faults.js";
import { placementOf, placementOptions } from "./frames.js";
import { parseRequest, refusal, serialiseAnswer } from "./wire.js";

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./frames.js").Frames} Frames */
/** @typedef {import("./wire.js").Request} Request */
/** @typedef {import("./card_model.js").CardModel} CardModel */
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

export class Switchboard {
  /** @type {Sent[]} */
  sent = [];
  /** @type {Record<"foreign origin" | "unknown appSid" | "not a request", number>} */
  dropped = { "foreign origin": 0, "unknown appSid": 0, "not a request": 0 };

  /**
   * @param {object} options
   * @param {Frames} options.frames
   * @param {import("./interface.js").PlacementInterface} options.names
   * @param {import("./session.js").PortalSession} options.session
   * @param {() => import("./faults.js").Faults} options.faults
   * @param {() => CardModel | null} options.card
   * @param {() => void} options.cardChanged
   * @param {(kind: string, details: Record<string, unknown>) => void} options.log
   * @param {() => string} options.language
   */
  constructor({ frames, names, session, faults, card, cardChanged, log, language }) {
    this.frames = frames;
    this.names = names;
    this.session = session;
    this.faults = faults;
    this.card = card;
    this.cardChanged = cardChanged;
    this.log = log;
    this.language = language;
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
    const frame = this.frames.byAppSid(request.appSid);
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
    this.dropped = { "foreign origin": 0, "unknown appSid": 0, "not a request": 0 };
  }

  /**
   * @param {keyof Switchboard["dropped"]} reason
   * @param {string} origin
   */
  #drop(reason, origin) {
    this.dropped[reason] += 1;
    this.log("dropped", { reason, origin });
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
        if (!this.faults().interfaceSilent) {
          this.#reply(frame, request, this.names.listed());
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
   * @param {Frame} frame
   * @param {Request} request
   * @param {unknown} payload
   */
  #reply(frame, request, payload) {
    if (request.callback !== "") {
      this.post(frame, serialiseAnswer(request.callback, payload));
    }
  }

  /**
   * @param {Frame} frame
   * @returns {Record<string, unknown>}
   */
  #initData(frame) {
    return {
      LANG: this.language(),
      DOMAIN: location.host,
      PROTOCOL: location.protocol === "https:" ? 1 : 0,
      PATH: "/rest",
      ...(this.session.inPage ? { REST: "page" } : {}),
      ...this.session.tokens,
      FIRST_RUN: false,
      IS_ADMIN: false,
      INSTALL: frame.kind === "app" && !this.session.installed,
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
    const bound = this.names.bind({ frame: frame.id, event: name, callback: request.callback });
    this.log(bound ? "bind" : "bind lost", { frame: frame.id, event: name });
  }

  /**
   * @param {Frame} frame
   * @param {Request} request
   */
  async #refresh(frame, request) {
    if (this.faults().refreshSilent) {
      return;
    }
    const { appSid } = frame;
    await this.session.refresh();
    if (frame.appSid === appSid) {
      this.#reply(frame, request, this.session.tokens);
    }
  }

  /**
   * A REST request of the stand-in client, where the REST is this page's own.
   * @param {Frame} frame
   * @param {Request} request
   */
  async #rest(frame, request) {
    const { method, params } = /** @type {{method: string, params: Record<string, unknown>}} */ (request.params);
    const { appSid } = frame;
    const answered = await this.session.request(method, params);
    if (frame.appSid === appSid) {
      this.#reply(frame, request, answered);
    }
  }

  /**
   * @param {Frame} frame
   * @param {Request} request
   */
  async #installed(frame, request) {
    this.log("install finished", { frame: frame.id });
    if (!this.faults().installSilent) {
      await this.session.finishInstall();
      this.#reply(frame, request, true);
    }
  }

  /**
   * @param {Frame} frame
   * @param {Request} request
   */
  #command(frame, request) {
    const { method: command, params } = request;
    if (!this.names.knows(command)) {
      this.log("unknown command", { frame: frame.id, command });
      return;
    }
    /** @type {Sent} */
    const entry = { at: Date.now(), frame: frame.id, command, params, answer: undefined, answers: [] };
    this.sent.push(entry);
    this.log("command", { frame: frame.id, command });
    const answers = this.#outcome(/** @type {CommandName} */ (command), params);
    const faults = this.faults();
    if (concerns(faults.silent, command)) {
      return;
    }
    const { appSid } = frame;
    const give = () => {
      if (frame.appSid === appSid) {
        this.#give(frame, request, entry, answers);
      }
    };
    const delayMs = faults.delayMs[command] ?? faults.delayMs["*"] ?? 0;
    if (delayMs > 0) {
      setTimeout(give, delayMs);
    } else {
      give();
    }
  }

  /**
   * @param {CommandName} command
   * @param {unknown} params
   * @returns {readonly unknown[]}
   */
  #outcome(command, params) {
    const faults = this.faults();
    if (Object.hasOwn(faults.answers, command)) {
      return [faults.answers[command]];
    }
    if (Object.hasOwn(faults.rawAnswers, command)) {
      return [faults.rawAnswers[command]];
    }
    const answers = execute(command, params, this.card(), { desktop: faults.desktop });
    this.cardChanged();
    return concerns(faults.double, command) ? [...answers, ...answers] : answers;
  }

  /**
   * @param {Frame} frame
   * @param {Request} request
   * @param {Sent} entry
   * @param {readonly unknown[]} answers
   */
  #give(frame, request, entry, answers) {
    const raw = Object.hasOwn(this.faults().rawAnswers, request.method);
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
