/**
 * Calls in one window of the portal: opening a card, the events it raises, what a click on it does, and its end.
 *
 * The operator's clicks change the card only where the portal does so by itself (mute, hold, close,
 * next); everything else is the app's answer to the event. Other windows of the operator have cards of their own:
 * what their portal's server would tell them goes through `tell`, and what it tells this one comes by `heard`.
 */

import { CALLEES, DEPARTMENTS } from "../card/directory.js";
import { CardModel } from "../card/model.js";
import { ACTIONS, entityPayload, initializedPayload, partyOf } from "./call_events.js";
import { execute } from "./commands.js";
import { newCallId } from "./made_up.js";
import { FIRST_STATE } from "./vocabulary.js";

/** @typedef {import("../card/model.js").Party} Party */
/** @typedef {import("../card/model.js").CardState} CardState */
/** @typedef {import("./faults.js").Faults} Faults */
/** @typedef {import("./vocabulary.js").CommandName} CommandName */
/** @typedef {import("./vocabulary.js").EventName} EventName */

/** @typedef {import("./call_events.js").Call} Call */
/** @typedef {import("./call_events.js").CallOptions} CallOptions */
/** @typedef {import("./call_events.js").Direction} Direction */
/** @typedef {(event: EventName, payload: unknown) => void} Raise */

/**
 * What the portal's server tells the operator's other windows.
 * @typedef {{what: "show", call: Call} | {what: "take away", callId: string}} Notice
 */

/** What a page leaves for the next one of its window. @typedef {{call: Call, comesBack: boolean}} Left */

/** `initialized` follows `entityChanged` of a new card from the same turn of the portal's code, so much later. */
const ENTITY_GAP_MS = 3;

/** A card's own title may come over the app's for about so long: an app that sets its title anew then repeats it. */
const TITLE_REPEATED_MS = 5000;

export class Telephony {
  /** @type {CardModel | null} */
  card = null;
  /** Whether any command has come since this page was loaded: then no card comes back after a navigation. */
  used = false;
  /** @type {Map<string, Call>} */
  #calls = new Map();
  /** When what formats numbers is there, ms: it is loaded once in a page, with the first card. @type {number | null} */
  #formatterAt = null;
  /** When the card was opened, ms. */
  #openedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #lastWait;

  /**
   * @param {object} options
   * @param {Raise} options.raise
   * @param {() => void} options.cardChanged
   * @param {() => Faults} options.settings
   * @param {(notice: Notice) => void} [options.tell]  the operator's other windows
   * @param {(call: Call) => void} [options.opened]    a card was opened in this window first
   * @param {(kind: string, details: Record<string, unknown>) => void} [options.log]
   */
  constructor({ raise, cardChanged, settings, tell = () => {}, opened = () => {}, log = () => {} }) {
    this.raise = raise;
    this.cardChanged = cardChanged;
    this.settings = settings;
    this.tell = tell;
    this.opened = opened;
    this.log = log;
  }

  /**
   * A call comes, or is begun.
   * @param {Direction} direction
   * @param {CallOptions} [options]
   * @returns {string} the call's id; it has no card when another call's is open
   */
  call(direction, options = {}) {
    const callId = options.callId ?? newCallId();
    return this.#ring({ callId, direction, parties: [partyOf(options)], isList: false, options });
  }

  /**
   * The operator opens a call list, in place of the card shown.
   * @param {number} length
   * @param {CallOptions} [options]
   * @returns {string}
   */
  callList(length, options = {}) {
    if (!Number.isInteger(length) || length < 1) {
      throw new TypeError(`A call list has 1 or more entries, not ${length}.`);
    }
    const parties = Array.from({ length }, (_unused, index) => /** @type {Party} */ (CALLEES[index % CALLEES.length]));
    const callId = options.callId ?? newCallId();
    return this.#ring({ callId, direction: "outgoing", parties, isList: true, options });
  }

  /**
   * @param {Call} call
   * @returns {string}
   */
  #ring(call) {
    const { callId, isList, options } = call;
    this.#calls.set(callId, call);
    if (this.card?.open) {
      if (!isList && !options.silent && options.uiState === undefined) {
        this.log("no card", { callId, shown: this.card.callId });
        return callId;
      }
      const former = this.card.callId;
      this.card.close();
      this.tell({ what: "take away", callId: former });
    }
    if (options.external !== false) {
      this.tell({ what: "show", call });
    }
    this.opened(call);
    this.#open(call);
    return callId;
  }

  /** @param {Call} call */
  #open(call) {
    const { callId, direction, parties, isList, options } = call;
    const { external = true, internal = false } = options;
    const own = isList || direction !== "incoming" ? "outgoing" : "incoming";
    const uiState = options.uiState ?? (external && !isList ? FIRST_STATE : own);
    const card = new CardModel({ callId, uiState, parties, external, internal, callListMode: isList });
    this.card = card;
    this.#openedAt = Date.now();
    this.#furnish(card);
    this.cardChanged();
    if (!options.silent) {
      const speaksOfEntity = !isList && !internal && card.party.crmEntityId !== 0;
      if (options.entityChangedFirst ?? speaksOfEntity) {
        this.#raise("entityChanged", entityPayload(card, this.settings().numbersAsStrings));
        standFor(ENTITY_GAP_MS);
      }
      this.#raise("initialized", initializedPayload(card, call, this.settings().numbersAsStrings));
    }
  }

  /**
   * What a new card gets by and by: its CRM part, and the portal's own title, written over whatever stands there.
   * @param {CardModel} card
   */
  #furnish(card) {
    const { crmDelayMs, crmFails, titleDelayMs } = this.settings();
    if (!card.internal && !crmFails) {
      this.#later(card, crmDelayMs, () => {
        card.hasCrmLayout = true;
      });
    }
    this.#formatterAt ??= Date.now() + titleDelayMs;
    this.#later(card, this.#formatterAt - Date.now(), () => {
      card.title = "";
    });
  }

  /**
   * @param {CardModel} card nothing is done when it has gone
   * @param {number} delayMs
   * @param {() => void} act
   * @returns {ReturnType<typeof setTimeout> | undefined}
   */
  #later(card, delayMs, act) {
    if (delayMs <= 0) {
      act();
      return undefined;
    }
    return setTimeout(() => {
      if (card.open) {
        act();
        this.cardChanged();
      }
    }, delayMs);
  }

  /**
   * Events of external calls alone reach apps, and from the desktop app's window only the first.
   * @type {Raise}
   */
  #raise(event, payload) {
    if (this.card?.external && (event === "initialized" || !this.settings().desktop)) {
      this.raise(event, payload);
    }
  }

  // What an app wants ---------------------------------------------------------------------------------

  /**
   * @param {CommandName} command
   * @param {unknown} params
   * @returns {readonly unknown[]} the payloads of the answers, in order; empty for silence
   * @throws what the portal's own code throws: then there is no answer either
   */
  obey(command, params) {
    const { card } = this;
    const wasOpen = card?.open ?? false;
    this.used = true;
    try {
      return execute(command, params, card, { desktop: this.settings().desktop });
    } finally {
      if (card && wasOpen && !card.open) {
        this.tell({ what: "take away", callId: card.callId });
      }
      this.cardChanged();
    }
  }

  /**
   * Whether a command only sets the title again that the app has set already, in the moments after the card was shown.
   * @param {CommandName} command
   * @param {unknown} params
   * @returns {boolean}
   */
  repeatsTitle(command, params) {
    const title = /** @type {{title?: unknown} | null} */ (params)?.title;
    const isEarly = Date.now() - this.#openedAt < TITLE_REPEATED_MS;
    return command === "CallCardSetCardTitle" && isEarly && title !== undefined && title === this.card?.appTitle;
  }

  // What the operator does ----------------------------------------------------------------------------

  /**
   * The operator did something on the card.
   * @param {EventName} event
   * @param {unknown} [argument] what was chosen: key, rating, comment, transfer target, entity
   */
  act(event, argument) {
    const card = this.#shown(event);
    const payload = ACTIONS[event]?.(card, argument);
    this.#raise(event, event === "entityChanged" ? entityPayload(card, this.settings().numbersAsStrings) : payload);
    if (event === "closeButtonClick") {
      card.close();
      this.tell({ what: "take away", callId: card.callId });
    } else if (event === "nextButtonClick") {
      card.next();
      this.#raise("entityChanged", entityPayload(card, this.settings().numbersAsStrings));
    }
    this.cardChanged();
  }

  /**
   * The card becomes a strip, or a whole card again. No app hears of it.
   * @param {boolean} folded
   */
  fold(folded) {
    this.#shown("fold").folded = folded;
    this.cardChanged();
  }

  /**
   * The operator writes into the comment box: while it is open the card outlives its call.
   * @param {string | null} text null: the box was closed
   */
  draft(text) {
    const card = this.#shown("comment");
    card.draft = text;
    if (card.ending) {
      this.#awaitComment(card);
    }
  }

  /**
   * The portal passes the call to a department's queue by itself: no event is raised, and the state stays.
   * @param {number} id
   */
  transferToDepartment(id) {
    const card = this.#shown("transfer to a department");
    const department = DEPARTMENTS.find((one) => one.id === id);
    if (department === undefined) {
      const known = DEPARTMENTS.map((one) => `${one.id} (${one.name})`).join(", ");
      throw new TypeError(`There is no department ${id}. There are: ${known}.`);
    }
    card.department = department.name;
    this.cardChanged();
  }

  /**
   * @param {string} what is to be done with it
   * @returns {CardModel}
   */
  #shown(what) {
    if (!this.card?.open) {
      throw new Error(`${what}: no card is open.`);
    }
    return this.card;
  }

  // The end, and what comes after it ------------------------------------------------------------------

  /**
   * `telephony.externalCall.finish` and `.hide`: every window's card of this call goes, and no event says so.
   * @param {string} [callId] that of the card shown when left out
   */
  takeAway(callId = this.card?.callId ?? "") {
    this.tell({ what: "take away", callId });
    this.heard({ what: "take away", callId });
  }

  /**
   * `telephony.externalCall.show`: a fresh card for a call that is known, unless some card is open.
   * @param {string} [callId] that of the last card when left out
   */
  show(callId = this.card?.callId ?? "") {
    const call = this.#calls.get(callId);
    if (call === undefined) {
      const known = [...this.#calls.keys()].join(", ") || "none";
      throw new Error(`There is no call "${callId}" to show. There are: ${known}.`);
    }
    this.tell({ what: "show", call });
    this.heard({ what: "show", call });
  }

  /**
   * What the portal's server tells this window.
   * @param {Notice} notice
   */
  heard(notice) {
    if (notice.what === "show") {
      this.#calls.set(notice.call.callId, notice.call);
      if (!this.card?.open) {
        this.#open(notice.call);
      }
    } else if (this.card?.open && this.card.callId === notice.callId) {
      this.#end(this.card);
    }
  }

  /** @param {CardModel} card */
  #end(card) {
    if (this.settings().commentBoxOpen) {
      card.draft ??= "";
    }
    if (card.draft === null) {
      card.close();
    } else {
      card.ending = true;
      this.#awaitComment(card);
    }
    this.cardChanged();
  }

  /**
   * The operator is writing: some time after the last letter the portal takes what is there, and closes.
   * @param {CardModel} card
   */
  #awaitComment(card) {
    clearTimeout(this.#lastWait);
    this.#lastWait = this.#later(card, this.settings().commentWaitMs, () => {
      if (card.draft !== null) {
        this.#raise("addCommentButtonClick", ACTIONS.addCommentButtonClick?.(card, card.draft));
      }
      card.close();
    });
  }

  /** The former card goes in silence, and its call is shown again in this window alone. */
  showAnew() {
    const call = this.#calls.get(this.card?.callId ?? "");
    if (this.card?.open && call) {
      this.card.close();
      this.#open(call);
    }
  }

  /** The card goes as by `finish`, whatever the operator was writing. */
  endCall() {
    if (this.card?.open) {
      this.takeAway();
      this.card?.close();
      this.cardChanged();
    }
  }

  /** What formats numbers has to be loaded again, as in a page that was just loaded. */
  forgetFormatter() {
    this.#formatterAt = null;
  }

  // Navigation ------------------------------------------------------------------------------------

  /** @returns {Left | null} the call whose card is left, for the next page of this window */
  leave() {
    const call = this.#calls.get(this.card?.callId ?? "");
    return this.card?.open && call ? { call, comesBack: this.card.folded && !this.used } : null;
  }

  /**
   * The card of the page before: a folded one that no command ever reached comes back, as one that no app can reach.
   * @param {Left} left
   */
  resume({ call, comesBack }) {
    const { callId, parties, isList } = call;
    this.#calls.set(callId, call);
    if (comesBack) {
      this.card = new CardModel({ callId, uiState: FIRST_STATE, parties, external: false, callListMode: isList });
      this.card.folded = true;
      this.cardChanged();
    }
  }
}

/**
 * Nothing else happens in this page meanwhile.
 * @param {number} ms
 */
function standFor(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    // the portal's own code is at work
  }
}
