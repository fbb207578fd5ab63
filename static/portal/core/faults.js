/**
 * How the simulated portal misbehaves, when asked to; and how fast and with what habits it does what it always does.
 *
 * Faults that name a command concern the app's commands. The probe (`CallCardSetUiState {uiState: "?"}`) has a fault of
 * its own; `*` concerns it too.
 *
 * @typedef {object} Faults
 * @property {string[]} silent      commands that take effect but are not answered; `*` is every command
 * @property {string[]} double      commands answered twice
 * @property {Record<string, number>} delayMs   commands answered late, by so much; `*` is every command
 * @property {Record<string, unknown>} answers  commands answered with this payload instead, without effect
 * @property {Record<string, string>} rawAnswers  the same as text on the wire, which need not be JSON
 * @property {{answers?: unknown[], delayMs?: number} | null} probe  what the probe is answered instead, and how late
 * @property {boolean} desktop      the desktop app: a window of its own, of whose events only `initialized` reaches a
 *   page, and that of every frame; commands are answered `[]`, card or no card, but for its own complaints of missing fields
 * @property {boolean} interfaceSilent  `getInterface` is not answered
 * @property {boolean} refreshSilent    `refreshAuth` is not answered
 * @property {boolean} installSilent    the end of an installation is neither noted nor answered
 * @property {boolean} namesLate    the call-card names are not registered when the portal starts
 * @property {import("./wire.js").EmptyForm} emptyAs  the form of an event without data
 * @property {"get" | "post"} method    how a frame is loaded
 * @property {number} crmDelayMs    the CRM's part of a card comes so much later than the card
 * @property {boolean} crmFails     it never comes
 * @property {number} titleDelayMs  the portal's own title comes so much later than the first card of the page
 * @property {boolean} commentBoxOpen  the operator has the comment box open when a call ends
 * @property {number} commentWaitMs how long the portal waits for an open comment box, at the end of a call
 * @property {boolean} numbersAsStrings  ids in payloads are written as text
 * @property {number | null} hearsMs  this window hears of the operator's calls in other windows so much later than they;
 *   a window that is later than 100 ms shows no card; null: it hears of none
 * @property {Record<string, unknown>} rest  passed to the simulated REST (`simulation.configure`)
 */

/** @returns {Faults} a portal that does nothing wrong, and is quick with the CRM */
export function noFaults() {
  return {
    silent: [],
    double: [],
    delayMs: {},
    answers: {},
    rawAnswers: {},
    probe: null,
    desktop: false,
    interfaceSilent: false,
    refreshSilent: false,
    installSilent: false,
    namesLate: false,
    emptyAs: "[]",
    method: "post",
    crmDelayMs: 0,
    crmFails: false,
    titleDelayMs: 300,
    commentBoxOpen: false,
    commentWaitMs: 65_000,
    numbersAsStrings: false,
    hearsMs: null,
    rest: {},
  };
}

/**
 * @param {Faults} faults
 * @param {Partial<Faults> | null} change null takes all faults back
 * @returns {Faults}
 */
export function changed(faults, change) {
  const defaults = noFaults();
  if (change === null) {
    return defaults;
  }
  const unknown = Object.keys(change).filter((key) => !Object.hasOwn(defaults, key));
  if (unknown.length > 0) {
    const known = Object.keys(defaults).join(", ");
    throw new TypeError(`portal.configure knows no "${unknown.join('", "')}". It knows: ${known}.`);
  }
  return { ...faults, ...change };
}

/**
 * @param {string[]} commands
 * @param {string} command
 * @returns {boolean}
 */
export function concerns(commands, command) {
  return commands.includes("*") || commands.includes(command);
}
