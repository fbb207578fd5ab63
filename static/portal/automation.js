/**
 * `window.portal`: the portal as tests and the demo drive it. Plain data in and out.
 */

import { clickCard } from "./card/clicks.js";
import { follow } from "./card/recorded.js";
import { announce, followExternalCalls } from "./core/external_calls.js";
import { changed, noFaults } from "./core/faults.js";
import { Frames } from "./core/frames.js";
import { PlacementInterface } from "./core/interface.js";
import { LongLoads } from "./core/long_loads.js";
import { joinWindows } from "./core/operator.js";
import { PortalSession } from "./core/session.js";
import { Switchboard } from "./core/switchboard.js";
import { keepInTab, keptInTab } from "./core/tab_storage.js";
import { Telephony } from "./core/telephony.js";
import { COMMANDS, EVENTS, fullEventName } from "./core/vocabulary.js";
import { serialiseAnswer, serialiseEmpty } from "./core/wire.js";
import { FrameTabs } from "./demo/tabs_beside.js";

/** @typedef {import("./core/faults.js").Faults} Faults */
/** @typedef {import("./core/frames.js").Frame} Frame */
/** @typedef {import("./core/telephony.js").CallOptions} CallOptions */
/** @typedef {import("./card/model.js").CardModel} CardModel */
/** @typedef {import("./core/wire.js").EmptyForm} EmptyForm */
/** @typedef {{at: number, kind: string} & Record<string, unknown>} LogEntry */

const LOG_KEPT = 20_000;
/** A page that has said nothing so long after its load, is not going to. */
const SPEAKS_WITHIN_MS = 2000;

/**
 * @typedef {object} Options
 * @property {string} app                absolute URL of the placement page
 * @property {HTMLElement} frameHost     where the hidden iframes go
 * @property {HTMLElement} appHost       where the app's own page is shown
 * @property {HTMLElement} cardHost      where the card is shown
 * @property {(card: CardModel | null, desktop: boolean) => void} showCard
 * @property {Partial<Faults>} faults
 * @property {string} language
 * @property {string | null} user        id of the employee who works here
 * @property {string} uri                the portal page that this is
 * @property {boolean} showAgain         whether the card of the page before is shown again, by `telephony.externalCall.show`
 * @property {HTMLElement} tabHost       where further tabs of the operator go
 * @property {(frame: Frame) => void} frameLoaded  a hidden frame's load has ended, with whatever page
 * @property {"http" | "page"} rest     whose REST is asked, see session.js
 */

/** Where a call whose card is left is kept for the next page of this tab. */
const CALL_KEY = "portal:call";

export class Portal {
  /** Fulfilled when the page of the first frame has loaded and asked the portal something. @type {Promise<void>} */
  ready;
  /** Everything that happened, oldest first; the newest 20,000 entries. @type {LogEntry[]} */
  log = [];
  #names = new PlacementInterface();
  #longLoads = new LongLoads(() => void this.#deleteRegistration());
  #session;
  #faults = noFaults();
  #frames;
  #switchboard;
  #telephony;
  #tabs;
  #options;
  /** @type {() => void} */
  #firstLoaded = () => {};
  /** Who waits for the first word of a frame's page. @type {Map<MessageEventSource | null, () => void>} */
  #spoken = new Map();
  /** The windows in which a page has spoken: one that has not yet hears nothing either. @type {Set<MessageEventSource | null>} */
  #here = new Set();
  /** Shows the card as it is now. */
  #show;

  /** @param {Options} options */
  constructor(options) {
    const { app, frameHost, showCard, faults, language, user, tabHost, rest } = options;
    this.#options = options;
    this.#session = new PortalSession(rest);
    this.#faults = changed(this.#faults, faults);
    this.#tabs = new FrameTabs(tabHost);
    this.#frames = new Frames({
      host: frameHost,
      app,
      session: () => this.#session.tokens,
      method: () => this.#faults.method,
      language,
      longLoads: this.#longLoads,
    });
    this.#show = () => showCard(this.#telephony.card, this.#faults.desktop);
    this.#telephony = new Telephony({
      raise: (event, payload) => this.raise(event, payload),
      cardChanged: () => this.#show(),
      settings: () => this.#faults,
      tell: joinWindows({
        user: user ?? "",
        telephony: () => this.#telephony,
        hearsMs: () => this.#faults.hearsMs,
      }),
      opened: (call) => announce(this.#session, call),
      log: (kind, details) => this.#note(kind, details),
    });
    this.#switchboard = new Switchboard({
      frames: this.#frames,
      names: this.#names,
      session: this.#session,
      faults: () => this.#faults,
      obey: (command, params) => this.#telephony.obey(command, params),
      repeatsTitle: (command, params) => this.#telephony.repeatsTitle(command, params),
      log: (kind, details) => this.#note(kind, details),
      language,
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
    await this.#session.start(this.#options.user);
    if (frameElement === null) {
      this.#resume(); // a tab beside another one shares its storage, and ends with it
      addEventListener("pagehide", () => this.#leave());
    }
    if (appQuery === null) {
      this.openFrame();
    } else {
      this.openApp(appQuery);
    }
    if (this.#session.served) {
      followExternalCalls(this.#session, this.#telephony);
    }
  }

  /** The page is left, and the card with it. */
  #leave() {
    const left = this.#telephony.leave();
    keepInTab(CALL_KEY, left && JSON.stringify(left));
  }

  #resume() {
    const kept = keptInTab(CALL_KEY);
    keepInTab(CALL_KEY, null);
    if (kept === null) {
      return;
    }
    const left = JSON.parse(kept);
    this.#telephony.resume(left);
    this.#note("left", { callId: left.call.callId, comesBack: left.comesBack });
    if (this.#options.showAgain) {
      this.#whenBound("initialized", () => this.#telephony.show(left.call.callId));
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
   * Goes to another page of the portal. The card stays behind; a folded one that no command has reached comes back
   * there, as one that no app can reach.
   * @param {string} uri the portal page, e.g. `/crm/deal/details/3/`
   */
  navigate(uri) {
    const address = new URL(location.href);
    address.searchParams.set("uri", uri);
    address.searchParams.set("plain", ""); // no call of its own
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
    this.#here.add(event.source);
    this.#spoken.get(event.source)?.();
  }

  /**
   * A page's `load` comes before its scripts: those who wait for the page wait until it has said something.
   * @param {Frame} frame
   * @returns {Promise<void>} fulfilled too when it stays silent, as a page does whose scripts do not come
   */
  async #speaks(frame) {
    const spoken = new Promise((resolve) => {
      this.#spoken.set(frame.element.contentWindow, () => resolve(undefined));
    });
    await frame.loaded;
    await Promise.race([spoken, new Promise((resolve) => setTimeout(resolve, SPEAKS_WITHIN_MS))]);
  }

  /**
   * Loads the placement page into one more hidden iframe.
   * @param {{uri?: string, kind?: "page" | "slider"}} [options] a slider is a document of its own: events of the card do not reach it
   * @returns {string} the frame's id
   */
  openFrame(options) {
    const frame = this.#frames.open({ uri: this.#options.uri, ...options });
    this.#note("frame", { frame: frame.id, what: "opened" });
    void this.#speaks(frame).then(this.#firstLoaded);
    void frame.loaded.then(() => this.#options.frameLoaded(frame));
    return frame.id;
  }

  /**
   * Opens the app's own page, which a person sees: its install page when nothing else is asked for.
   * @param {string} [query] of the app's address
   * @returns {string} the frame's id
   */
  openApp(query = "install") {
    const frame = this.#frames.open({ kind: "app", query, host: this.#options.appHost });
    this.#options.appHost.hidden = false;
    this.#note("frame", { frame: frame.id, what: "opened" });
    void this.#speaks(frame).then(this.#firstLoaded);
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
      this.#say(this.#frames.get(id), { workerPyDo: what });
    }
  }

  /** @param {Frame} frame @param {unknown} message */
  #say({ element, origin }, message) {
    if (this.#here.has(element.contentWindow)) {
      element.contentWindow?.postMessage(message, origin);
    }
  }

  /**
   * Says something to the placement page in the first frame.
   * @param {unknown} message
   * @returns {boolean} whether there is one
   */
  tellApp(message) {
    const frame = this.#frames.all()[0];
    if (frame !== undefined) {
      this.#say(frame, message);
    }
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
    return loaded.then(() => this.#options.frameLoaded(frame));
  }

  /**
   * As if the portal's page were loaded anew in the middle of a call: its card has gone, the placement page is loaded into
   * the first frame again, and once that hears events, the call is shown again by `telephony.externalCall.show`.
   */
  async reloadPage() {
    const loaded = this.reloadFrame();
    this.#whenBound("initialized", () => this.#telephony.showAnew());
    await loaded;
  }

  /** Loads of hidden frames that ended later than 5 s after the frame was there, oldest first. */
  get longLoads() {
    return this.#longLoads.rows;
  }

  /** More than ten long loads: what the app has registered is deleted, and its address for errors is told. */
  async #deleteRegistration() {
    this.#note("registration deleted", { told: await this.#session.deleteRegistration() });
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
    const event = /** @type {import("./core/vocabulary.js").EventName} */ (shortName);
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
   * `telephony.externalCall.finish`: the card goes in every window, and no event says so. While the operator has the
   * comment box open it stays 65 s; then the comment is told, and the card goes.
   * @param {string} [callId] that of the card shown when left out
   */
  finish(callId) {
    this.#telephony.takeAway(callId);
  }

  /**
   * `telephony.externalCall.hide`: the same on the screen.
   * @param {string} [callId] that of the card shown when left out
   */
  hide(callId) {
    this.#telephony.takeAway(callId);
  }

  /**
   * `telephony.externalCall.show`: a fresh card for a call that is known here, unless some card is open.
   * @param {string} [callId] that of the last card when left out
   */
  show(callId) {
    this.#telephony.show(callId);
  }

  /**
   * Opens one more tab of the operator beside this one: a page of the portal with a hidden frame and a card of its own.
   * @param {{hearsMs?: number}} [options] how much later than this one it hears of calls
   * @returns {Promise<number>} its place in `tabs`, once its placement page has loaded
   */
  openTab({ hearsMs = 0 } = {}) {
    return this.#tabs.open(hearsMs);
  }

  /** @param {number} at place in `tabs` */
  closeTab(at) {
    this.#tabs.close(at);
  }

  /** The portals of the tabs beside this one: all that can be done here can be done there. @returns {Portal[]} */
  get tabs() {
    return /** @type {Portal[]} */ (/** @type {unknown} */ (this.#tabs.portals));
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
    const { folded, department, entry, internal, hasCrmLayout, ending } = card;
    return {
      ...{ callId, uiState, title, statusText, muted, held, open },
      ...{ timer, comment, rating, digits, external, callListMode },
      ...{ folded, department, entry, internal, hasCrmLayout, ending },
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
    clickCard(this.#options.cardHost, what, argument);
  }

  /** @param {import("./core/vocabulary.js").EventName} event @param {unknown} [argument] */
  act(event, argument) {
    this.#telephony.act(event, argument);
  }

  /** What the operator writes into the comment box; null: it is closed. @param {string | null} text */
  draft(text) {
    this.#telephony.draft(text);
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

  /** Every command received, oldest first, but probes and repeated titles. */
  get sent() {
    return this.#switchboard.sent;
  }

  /** Commands that only ask whether a card is there: `CallCardSetUiState {uiState: "?"}`. */
  get probes() {
    return this.#switchboard.probes;
  }

  /** Titles that a frame set again within 5 s of the card's appearance, the same as before. */
  get repeated() {
    return this.#switchboard.repeated;
  }

  /** What the portal's own code has thrown, as text. */
  get errors() {
    return this.#switchboard.errors;
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
    if (change?.titleDelayMs !== undefined) {
      this.#telephony.forgetFormatter();
    }
    this.#note("configured", { faults: change === null ? [] : Object.keys(change) });
    this.#show();
    if (change?.rest !== undefined) {
      await this.#session.configure(change.rest);
    } else if (change === null && this.#session.served) {
      await this.#session.configure({ reset: true });
    }
  }

  /** The card that is open goes as by `finish`, whatever the operator was writing. */
  endCall() {
    this.#telephony.endCall();
  }

  /** Begins anew: a card that is open goes as by `finish`; `sent`, `probes`, `repeated`, `errors`, `log` and `dropped` are forgotten. */
  clear() {
    this.#telephony.endCall();
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
