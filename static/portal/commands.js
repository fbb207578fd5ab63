/**
 * What the portal answers to the nine commands, and what they do to the card.
 *
 * The browser's portal and the desktop app differ: the first answers neither timer command, the second
 * complains of missing fields, once as a bare object and once with a second answer behind the first.
 */

import { isUiState } from "./card_model.js";
import { UI_STATES } from "./vocabulary.js";

/** @typedef {import("./card_model.js").CardModel} CardModel */
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

/** @type {Readonly<Partial<Record<CommandName, string>>>} */
const DESKTOP_FIELDS = {
  CallCardSetMute: "muted",
  CallCardSetHold: "held",
  CallCardSetCardTitle: "title",
  CallCardSetStatusText: "statusText",
};

/**
 * What a command does to a card, and the payloads of its answers. One command needs no card.
 * @type {Readonly<Record<Exclude<CommandName, "CallCardGetListUiStates">, (card: CardModel, params: Params, desktop: boolean) => readonly unknown[]>>}
 */
const EFFECTS = {
  CallCardSetMute: (card, params) => {
    card.muted = Boolean(params.muted);
    return SUCCESS;
  },
  CallCardSetHold: (card, params) => {
    card.held = Boolean(params.held);
    return SUCCESS;
  },
  CallCardSetUiState: (card, params) => {
    if (!isUiState(params.uiState)) {
      return [[failure("Invalid ui state")]];
    }
    card.setUiState(params.uiState, params.disableAutoStartTimer === true);
    return SUCCESS;
  },
  CallCardSetCardTitle: (card, params) => {
    card.title = text(params.title);
    return SUCCESS;
  },
  CallCardSetStatusText: (card, params) => {
    card.statusText = text(params.statusText);
    return SUCCESS;
  },
  CallCardStartTimer: (card, _params, desktop) => {
    card.startTimer();
    return desktop ? SUCCESS : SILENCE;
  },
  CallCardStopTimer: (card, _params, desktop) => {
    card.stopTimer();
    return desktop ? SUCCESS : SILENCE;
  },
  CallCardClose: (card) => {
    card.close();
    return SUCCESS;
  },
};

/**
 * @param {unknown} value
 * @returns {string}
 */
function text(value) {
  return value === undefined || value === null ? "" : String(value);
}

/**
 * Carries out one command.
 * @param {CommandName} command
 * @param {unknown} params
 * @param {CardModel | null} card
 * @param {{desktop?: boolean}} [options]
 * @returns {readonly unknown[]} the payloads of the answers, in order; empty for silence
 */
export function execute(command, params, card, { desktop = false } = {}) {
  if (command === "CallCardGetListUiStates") {
    return [[...UI_STATES]];
  }
  if (card === null || !card.manageable) {
    return [[failure("Call card is undefined")]];
  }
  card.commanded = true;
  const fields = /** @type {Params} */ (typeof params === "object" && params !== null ? params : {});
  const needed = DESKTOP_FIELDS[command];
  if (desktop && needed !== undefined && fields[needed] === undefined) {
    return missingField(needed);
  }
  return EFFECTS[command](card, fields, desktop);
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
