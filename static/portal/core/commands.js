/**
 * What the portal answers to the nine commands, and what they do to the card.
 *
 * The browser's portal and the desktop app differ: the first answers neither timer command, the second
 * complains of missing fields, once as a bare object and once with a second answer behind the first, and otherwise
 * answers that all went well even when there is no card.
 */

import { isUiState } from "../card/model.js";
import { UI_STATES } from "./vocabulary.js";

/** @typedef {import("../card/model.js").CardModel} CardModel */
/** @typedef {import("./vocabulary.js").CommandName} CommandName */
/** @typedef {Readonly<Record<string, unknown>>} Params */

/** How the portal reports success: one answer, an empty list. @type {readonly unknown[]} */
const SUCCESS = Object.freeze([[]]);
/** No answer will ever come. @type {readonly unknown[]} */
const SILENCE = Object.freeze([]);

/**
 * @param {string} errorCode
 * @returns {{result: "error", errorCode: string}}
 */
function failure(errorCode) {
  return { result: "error", errorCode };
}

/** What is refused, with a card or without one in the desktop app. @type {readonly unknown[]} */
const INVALID_STATE = Object.freeze([[failure("Invalid ui state")]]);

/** @type {Readonly<Partial<Record<CommandName, string>>>} */
const DESKTOP_FIELDS = {
  CallCardSetMute: "muted",
  CallCardSetHold: "held",
  CallCardSetCardTitle: "title",
  CallCardSetStatusText: "statusText",
};

/**
 * What a command does to a card, and the payloads of its answers, where they are not those of success. One command needs no card.
 * @type {Readonly<Record<Exclude<CommandName, "CallCardGetListUiStates">, (card: CardModel, params: Params) => readonly unknown[] | undefined>>}
 */
const EFFECTS = {
  CallCardSetMute: (card, params) => {
    card.muted = Boolean(params.muted);
  },
  CallCardSetHold: (card, params) => {
    card.held = Boolean(params.held);
  },
  CallCardSetUiState: (card, params) => {
    if (!isUiState(params.uiState)) {
      return INVALID_STATE;
    }
    const withoutTimer = Boolean(params.disableAutoStartTimer);
    card.setUiState(params.uiState, withoutTimer);
    if (params.uiState === "connected" && !withoutTimer) {
      showTimer(card);
    }
    return SUCCESS;
  },
  CallCardSetCardTitle: (card, params) => {
    card.title = String(params.title ?? "");
    card.appTitle = params.title;
  },
  CallCardSetStatusText: (card, params) => {
    card.statusText = String(params.statusText ?? "");
  },
  CallCardStartTimer: (card) => {
    showTimer(card);
    card.startTimer();
    return SILENCE;
  },
  CallCardStopTimer: (card) => {
    card.stopTimer();
    return SILENCE;
  },
  CallCardClose: (card) => {
    card.close();
  },
};

/**
 * The place for the timer is part of the CRM layout: while that is not there the portal's code fails here.
 * @param {CardModel} card
 */
function showTimer(card) {
  if (!card.hasCrmLayout) {
    throw new TypeError("The card has no place for a timer: its CRM part is not there.");
  }
}

/**
 * Carries out one command.
 * @param {CommandName} command
 * @param {unknown} params
 * @param {CardModel | null} card
 * @param {{desktop?: boolean}} [options]
 * @returns {readonly unknown[]} the payloads of the answers, in order; empty for silence
 * @throws {TypeError} where the portal's own code does: the card has changed, and no answer will come
 */
export function execute(command, params, card, { desktop = false } = {}) {
  if (command === "CallCardGetListUiStates") {
    return [[...UI_STATES]];
  }
  const fields = /** @type {Params} */ (typeof params === "object" && params !== null ? params : {});
  const needed = DESKTOP_FIELDS[command];
  if (desktop && needed !== undefined && fields[needed] === undefined) {
    return missingField(needed);
  }
  if (desktop && command === "CallCardSetUiState" && !isUiState(fields.uiState)) {
    return INVALID_STATE; // held against the list before it asks whether there is a card
  }
  if (card === null || !card.manageable) {
    return desktop ? SUCCESS : [[failure("Call card is undefined")]];
  }
  if (desktop) {
    broadcast(command, fields, card);
    return SUCCESS;
  }
  return EFFECTS[command](card, fields) ?? SUCCESS;
}

/**
 * The desktop app passes a command on to whoever shows a card, and never learns what came of it.
 * @param {Exclude<CommandName, "CallCardGetListUiStates">} command
 * @param {Params} fields
 * @param {CardModel} card
 */
function broadcast(command, fields, card) {
  try {
    EFFECTS[command](card, fields);
  } catch {
    // the card's window keeps its errors to itself
  }
}

/**
 * The desktop app's three ways of saying that a field is missing.
 * @param {string} field
 * @returns {readonly unknown[]}
 */
function missingField(field) {
  const error = failure(`missing field ${field}`);
  if (field === "muted") {
    return [error];
  }
  return field === "held" ? [[error], []] : [[error]];
}
