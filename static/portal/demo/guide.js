/** One sentence above the card: what to do next. For whoever opens the demo without reading anything. */

/** @typedef {import("../card/model.js").CardModel} CardModel */

/** @type {Readonly<Record<string, string>>} */
const NEXT = {
  externalCard: "So the portal opens a card: Close and Fold alone. Python gives it the buttons of a call.",
  incoming: "It rings. Press Answer: Python takes the call.",
  transferIncoming: "A colleague hands you a call. Press Answer: Python takes it.",
  outgoing: "Press Call: Python dials.",
  connected: "You are on the call. Press Mute. Then open Handlers, and change what it says.",
  transferring: "Your colleague is being asked. Hand the call over, or return to it.",
  redial: "The call has ended. Call again, or start another call below.",
};

/**
 * @param {Pick<CardModel, "uiState" | "open" | "external"> | null} card
 * @param {{callComes?: boolean, failed?: boolean}} [page] whether this page begins with a call of its own; whether Python
 *   could not be started
 * @returns {string}
 */
export function guideTo(card, { callComes = true, failed = false } = {}) {
  if (failed) {
    return "Python could not be started: “What Python did” says why. No click on the card reaches it.";
  }
  if (card === null) {
    return callComes ? "A call is about to ring here." : "No call yet. Start one below.";
  }
  if (!card.open) {
    return "The card is closed. Start another call below.";
  }
  if (!card.external) {
    return "A regular call: no event of its card reaches an app, and no app can change it.";
  }
  return NEXT[card.uiState] ?? "Press any button of the card: Python decides what it does.";
}
