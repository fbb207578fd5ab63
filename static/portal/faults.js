/**
 * How the simulated portal misbehaves, when asked to.
 *
 * @typedef {object} Faults
 * @property {string[]} silent      commands that take effect but are not answered; `*` is every command
 * @property {string[]} double      commands answered twice
 * @property {Record<string, number>} delayMs   commands answered late, by so much; `*` is every command
 * @property {Record<string, unknown>} answers  commands answered with this payload instead, without effect
 * @property {Record<string, string>} rawAnswers  the same as text on the wire, which need not be JSON
 * @property {boolean} desktop      the desktop app: its error shapes, its timer answers, events to all frames
 * @property {boolean} interfaceSilent  `getInterface` is not answered
 * @property {boolean} refreshSilent    `refreshAuth` is not answered
 * @property {boolean} installSilent    the end of an installation is neither noted nor answered
 * @property {boolean} namesLate    the call-card names are not registered when the portal starts
 * @property {import("./wire.js").EmptyForm} emptyAs  the form of an event without data
 * @property {"get" | "post"} method    how a frame is loaded
 * @property {Record<string, unknown>} rest  passed to the simulated REST (`simulation.configure`)
 */

/** @returns {Faults} a portal that does nothing wrong */
export function noFaults() {
  return {
    silent: [],
    double: [],
    delayMs: {},
    answers: {},
    rawAnswers: {},
    desktop: false,
    interfaceSilent: false,
    refreshSilent: false,
    installSilent: false,
    namesLate: false,
    emptyAs: "[]",
    method: "post",
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
