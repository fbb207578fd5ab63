/**
 * `window.portal`: the portal as tests and the demo drive it. Plain data in and out.
 */

import { clickCard } from "./clicks.js";
import { announce, followExternalCalls } from "./external_calls.js";
import { changed, noFaults } from "./faults.js";
import { Frames } from "./frames.js";
import { PlacementInterface } from "./interface.js";
import { follow } from "./recorded_card.js";
import { PortalSession } from "./session.js";
import { Switchboard } from "./switchboard.js";
import { Telephony } from "./telephony.js";
import { COMMANDS, EVENTS, fullEventName } from "./vocabulary.js";
import { serialiseAnswer, serialiseEmpty } from "./wire.js";

/** @typedef {import("./faults.js").Faults} Faults */
/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./telephony.js").CallOptions} CallOptions */
/** @typedef {import("./card_model.js").CardModel} CardModel */
/** @typedef {import("./wire.js").EmptyForm} EmptyForm */
/** @typedef {{at: number, kind: string} & Record<string, unknown>} LogEntry */

const LOG_KEPT = 20_000;

/**
 * @typedef {object} Options
 * @property {string} app                absolute URL of the placement page
 * @property {HTMLElement} frameHost     where the hidden iframes go
 * @property {HTMLElement} appHost       where the app's own page is shown
 * @property {HTMLElement} cardHost      where the card is shown
 * @property {(card: CardModel | null, desktop: boolean) => void} showCard
 * @property {Partial<Faults>} faults
 * @property {string} language
 * @property {string | null} [user]      id of the employee who works here
 * @property {string} [uri]              the portal page that this is
 * @property {boolean} [raiseAgain]      whether `initialized` is raised again for a call whose page was left
 * @property {(frame: Frame) => void} [frameLoaded]  a hidden frame's load has ended, with whatever page
 * @property {"http" | "page" | null} [rest]  whose REST is asked, see session.js
 */

/** Where a call that goes on is kept for the next page of this tab. */
const CALL_KEY = "portal:call";

export class Portal {
  /** Fulfilled when the page of the first frame has loaded. @type {Promise<void>} */
  ready;
  /** Everything that happened, oldest first; the newest 20,000 entries. @type {LogEntry[]} */
  log = [];

  #names = new PlacementInterface();
  #session;
  #faults = noFaults();
  #frames;
  #switchboard;
  #telephony;
  #appHost;
  #cardHost;
  #user;
  #uri;
  #raisesAgain;
  #frameLoaded;
  /** @type {() => void} */
  #firstLoaded = () => {};
  /** Shows the card as it is now. */
  #show;

  /** @param {Options} options */
  constructor({
    app,
    frameHost,
    appHost,
    cardHost,
    showCard,
    faults,
    language,
    user = null,
    uri = location.pathname,
    raiseAgain = true,
    rest = "http",
    frameLoaded = () => {},
  }) {
    this.#frameLoaded = frameLoaded;
    this.#session = new PortalSession(rest);
    this.#faults = changed(this.#faults, faults);
    this.#appHost = appHost;
    this.#cardHost = cardHost;
    this.#user = user;
    this.#uri = uri;
    this.#raisesAgain = raiseAgain;
    this.#frames = new Frames({
      host: frameHost,
      app,
      session: () => this.#session.tokens,
      method: () => this.#faults.method,
      language: () => language,
    });
    this.#show = () => showCard(this.#telephony.card, this.#faults.desktop);
    this.#telephony = new Telephony({
      raise: (event, payload) => this.raise(event, payload),
      cardChanged: () => this.#show(),
      opened: (card, direction) => announce(this.#session, card, direction),
    });
    this.#switchboard = new Switchboard({
      frames: this.#frames,
      names: this.#names,
      session: this.#session,
      faults: () => this.#faults,
      card: () => this.#telephony.card,
      cardChanged: () => this.#show(),
      log: (kind, details) => this.#note(kind, details),
      language: () => language,
    });
    this.ready = new Promise((resolve) => {
      this.#firstLoaded = resolve;
    });
    if (!this.#faults.namesLate) {
      this.registerNames();
    }
  }

  /**
   * Gets a session of its own, opens the first frame, and takes up the call of the page before.
   * @param {string | null} [appQuery] opens the app's own page with this query instead
   */
  async start(appQuery = null) {
    await this.#session.start(this.#user);
    this.#resume();
    addEventListener("pagehide", () => this.#leave());
    if (appQuery === null) {
      this.openFrame();
    } else {
      this.openApp(appQuery);
    }
    if (this.#session.served) {
      followExternalCalls(this.#session, this.#telephony);
    }
  }

  /** The page is left while a call may go on: the next page of this tab shows its card. */
  #leave() {
    const call = this.#telephony.snapshot();
    try {
      if (call) {
        sessionStorage.setItem(CALL_KEY, JSON.stringify(call));
      } else {
        sessionStorage.removeItem(CALL_KEY);
      }
    } catch {
      // The browser blocks the portal's storage too: the call ends with its page.
    }
  }

  #resume() {
    const call = takeCall();
    if (!call) {
      return;
    }
    this.#telephony.resume(JSON.parse(call));
    this.#note("resumed", { callId: this.#telephony.card?.callId });
    if (this.#raisesAgain) {
      this.#whenBound("initialized", () => this.#telephony.raiseAgain());
    }
  }

  /**
   * Does it as soon as some placement page can hear the event.
   * @param {string} shortName
   * @param {() => void} act
   */
  #whenBound(shortName, act) {
    const event = fullEventName(shortName);
    const onMessage = () => {
      if (this.#names.bindings(event).length > 0) {
        removeEventListener("message", onMessage);
        act();
      }
    };
    addEventListener("message", onMessage);
  }

  /**
   * Goes to another page of the portal; a call goes on there.
   * @param {string} uri the portal page, e.g. `/crm/deal/details/3/`
   */
  navigate(uri) {
    const address = new URL(location.href);
    address.searchParams.set("uri", uri);
    address.searchParams.set("plain", ""); // no call of its own: the one that is shown goes on
    location.assign(address);
  }

  /**
   * @param {MessageEvent} event
   * @returns {Frame | undefined} the frame that sent it, when its origin is the app's
   */
  senderOf(event) {
    const frame = this.#frames.bySource(event.source);
    return frame?.origin === event.origin ? frame : undefined;
  }

  /** @param {MessageEvent} event */
  receive(event) {
    this.#switchboard.receive(event);
  }

  /**
   * Loads the placement page into one more hidden iframe.
   * @param {{uri?: string, kind?: "page" | "slider"}} [options] a slider is a document of its own: events of the card do not reach it
   * @returns {string} the frame's id
   */
  openFrame(options) {
    const frame = this.#frames.open({ uri: this.#uri, ...options });
    this.#note("frame", { frame: frame.id, what: "opened" });
    void frame.loaded.then(this.#firstLoaded);
    void frame.loaded.then(() => this.#frameLoaded(frame));
    return frame.id;
  }

  /**
   * Opens the app's own page, which a person sees: its install page when nothing else is asked for.
   * @param {string} [query] of the app's address
   * @returns {string} the frame's id
   */
  openApp(query = "install") {
    const frame = this.#frames.open({ kind: "app", query, host: this.#appHost });
    this.#appHost.hidden = false;
    this.#note("frame", { frame: frame.id, what: "opened" });
    void frame.loaded.then(this.#firstLoaded);
    return frame.id;
  }

  /** @returns {Promise<unknown>} what the app has registered, as `placement.get` tells it */
  placements() {
    return this.#session.placements();
  }

  /**
   * Ends the interpreter that serves a frame's page, as a fault would; its pages get another one.
   * @param {string} [id] the first frame when left out
   */
  endInterpreter(id = this.#frames.all()[0]?.id ?? "") {
    this.order("end the interpreter", id);
    this.#note("interpreter ended", { frame: id });
  }

  /**
   * Has the demo's own script in a placement page do something; see feed.js.
   * @param {string} what
   * @param {string} [id] the first frame when left out; without a frame nothing is done
   */
  order(what, id = this.#frames.all()[0]?.id ?? "") {
    if (id !== "") {
      const { element, origin } = this.#frames.get(id);
      element.contentWindow?.postMessage({ workerPyDo: what }, origin);
    }
  }

  /**
   * Says something to the placement page in the first frame.
   * @param {unknown} message
   * @returns {boolean} whether there is one
   */
  tellApp(message) {
    const frame = this.#frames.all()[0];
    frame?.element.contentWindow?.postMessage(message, frame.origin);
    return frame !== undefined;
  }

  /** @param {string} id */
  closeFrame(id) {
    this.#frames.close(id);
    this.#names.forget(id);
    this.#note("frame", { frame: id, what: "closed" });
  }

  /**
   * Navigates the iframe to the placement page again, with a new appSid.
   * @param {string} [id] the first frame when left out
   * @returns {Promise<void>} fulfilled when it has loaded
   */
  reloadFrame(id = this.#frames.all()[0]?.id ?? "") {
    const frame = this.#frames.get(id);
    this.#names.forget(id);
    this.#note("frame", { frame: id, what: "reloaded" });
    const { loaded } = this.#frames.reload(frame.id);
    return loaded.then(() => this.#frameLoaded(frame));
  }

  /** Loads the first frame anew, and says again, as the next page of the portal does, that the card is there. */
  async reloadPage() {
    const loaded = this.reloadFrame();
    this.#whenBound("initialized", () => this.#telephony.raiseAgain());
    await loaded;
  }

  /** @returns {{id: string, kind: string, appSid: string, bound: string[], src: string}[]} */
  frames() {
    return this.#frames.all().map(({ id, kind, appSid, src }) => ({
      id,
      kind,
      appSid,
      src,
      bound: this.#names.boundBy(id),
    }));
  }

  /**
   * Makes names known to the interface: all 17 events and 9 commands, or those given.
   * @param {string[]} [names] commands, and events with or without their prefix
   */
  registerNames(names) {
    const wanted = names ?? [...EVENTS, ...COMMANDS];
    const commands = wanted.filter((name) => COMMANDS.some((command) => command === name));
    const events = wanted.filter((name) => !commands.includes(name)).map(fullEventName);
    this.#names.register({ events, commands });
    this.#note("names", { events: events.length, commands: commands.length });
  }

  /**
   * Raises an event on the wire with exactly this payload, whatever the card shows.
   * @param {string} shortName
   * @param {unknown} [payload] undefined: an event without data
   * @param {{empty?: EmptyForm, frame?: string, text?: string}} [options] the form of an event without data; one frame's
   *   id, or `*` for all; the payload as it is on the wire, which need not be JSON
   * @returns {number} how many callbacks it was sent to
   */
  raise(shortName, payload, { empty, frame: only, text } = {}) {
    const event = fullEventName(shortName);
    let reached = 0;
    for (const binding of this.#names.bindings(event)) {
      const frame = this.#frames.get(binding.frame);
      if (!this.#hears(frame, only)) {
        continue;
      }
      const message =
        text !== undefined
          ? `${binding.callback}:${text}`
          : payload === undefined || empty !== undefined
            ? serialiseEmpty(binding.callback, empty ?? this.#faults.emptyAs)
            : serialiseAnswer(binding.callback, payload);
      this.#switchboard.post(frame, message);
      reached += 1;
    }
    this.#note("event", { event: shortName, reached });
    return reached;
  }

  /**
   * Raises an event of a recording with the payload that it had; the card follows it.
   * @param {string} shortName
   * @param {unknown} payload
   * @returns {number} how many callbacks it was sent to
   */
  raiseRecorded(shortName, payload) {
    const event = /** @type {import("./vocabulary.js").EventName} */ (shortName);
    const opens = event === "initialized"; // the card is there before it is spoken of, and goes after its last event
    if (opens) {
      follow(this.#telephony, event, payload);
    }
    const reached = this.raise(event, payload);
    if (!opens) {
      follow(this.#telephony, event, payload);
    }
    return reached;
  }

  /**
   * @param {CallOptions} [options]
   * @returns {string} the call's id
   */
  incomingCall(options) {
    return this.#telephony.call("incoming", options);
  }

  /**
   * @param {CallOptions} [options]
   * @returns {string} the call's id
   */
  outgoingCall(options) {
    return this.#telephony.call("outgoing", options);
  }

  /**
   * A client who asked to be called back.
   * @param {CallOptions} [options]
   * @returns {string} the call's id
   */
  callback(options) {
    return this.#telephony.call("callback", options);
  }

  /**
   * @param {number} [length]
   * @param {CallOptions} [options]
   * @returns {string} the call's id
   */
  callList(length = 3, options) {
    return this.#telephony.callList(length, options);
  }

  /** @returns {Record<string, unknown> | null} what the card is now; null before the first call */
  card() {
    const { card } = this.#telephony;
    if (card === null) {
      return null;
    }
    const { callId, uiState, title, statusText, muted, held, open } = card;
    const { timer, comment, rating, digits, external, callListMode, party } = card;
    const { folded, department, entry } = card;
    return {
      ...{ callId, uiState, title, statusText, muted, held, open },
      ...{ timer, comment, rating, digits, external, callListMode },
      ...{ folded, department, entry },
      phoneNumber: party.phoneNumber,
      crmEntityType: party.crmEntityType,
      crmEntityId: party.crmEntityId,
      buttons: card.buttons.map(({ event }) => event),
    };
  }

  /**
   * Clicks on the card as the operator would; opens the dial pad or the transfer list when needed.
   * @param {string} what an event's short name, or a button's accessible name
   *   `Fold` and `Unfold` too, and the names in the transfer list: `Transfer to Sales`
   * @param {unknown} [argument] key, rating, comment, transfer target (employee's id or number), contact's id
   */
  click(what, argument) {
    this.#note("click", { what });
    clickCard(this.#cardHost, what, argument);
  }

  /** @param {import("./vocabulary.js").EventName} event @param {unknown} [argument] */
  act(event, argument) {
    this.#telephony.act(event, argument);
  }

  /** @param {boolean} folded */
  fold(folded) {
    this.#telephony.fold(folded);
  }

  /**
   * The portal passes the call on by itself: apps hear nothing of it.
   * @param {number} id
   */
  transferToDepartment(id) {
    this.#telephony.transferToDepartment(id);
    this.#note("department", { department: id });
  }

  /**
   * The portal's own look into the CRM, for its card: none of the app's limits and rights concern it.
   * @param {string} method
   * @param {Record<string, unknown>} params
   * @returns {Promise<{result?: unknown, error?: string}>}
   */
  ask(method, params) {
    return this.#session.ask(method, params);
  }

  /** Every command received, oldest first. */
  get sent() {
    return this.#switchboard.sent;
  }

  /** How many messages were dropped, by reason. */
  get dropped() {
    return this.#switchboard.dropped;
  }

  /**
   * Changes how the portal misbehaves; see faults.js. Null takes everything back.
   * @param {Partial<Faults> | null} change
   * @returns {Promise<void>} fulfilled when the REST has taken its part
   */
  async configure(change) {
    this.#faults = changed(this.#faults, change);
    this.#note("configured", { faults: change === null ? [] : Object.keys(change) });
    this.#show();
    if (change?.rest !== undefined) {
      await this.#session.configure(change.rest);
    } else if (change === null && this.#session.served) {
      await this.#session.configure({ reset: true });
    }
  }

  /** Forgets `sent`, `log` and `dropped`. */
  clear() {
    this.#switchboard.clear();
    this.log.length = 0;
  }

  /**
   * The card's events reach the frames of its own window; the desktop app broadcasts them.
   * @param {Frame} frame
   * @param {string | undefined} only
   * @returns {boolean}
   */
  #hears(frame, only) {
    if (only !== undefined) {
      return only === "*" || only === frame.id;
    }
    return frame.kind === "page" || this.#faults.desktop;
  }

  /**
   * @param {string} kind
   * @param {Record<string, unknown>} details
   */
  #note(kind, details) {
    this.log.push({ at: Date.now(), kind, ...details });
    if (this.log.length > LOG_KEPT) {
      this.log.splice(0, LOG_KEPT / 2);
    }
  }
}

/** @returns {string | null} the call that the page before left in this tab */
function takeCall() {
  try {
    const call = sessionStorage.getItem(CALL_KEY);
    sessionStorage.removeItem(CALL_KEY);
    return call;
  } catch {
    return null;
  }
}
