/** What Python asks for, as a person would say it: `status ← “They cannot hear you”`. */

const LONGEST = 90;
/** Nobody reads more of one than it takes to tell two apart. */
const UUID = /\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/** Commands that set one thing: what it is called, where in the parameters it stands, and whether it is a text. @type {Readonly<Record<string, [string, string, boolean?]>>} */
const SETS = {
  CallCardSetMute: ["mute", "muted"],
  CallCardSetHold: ["hold", "held"],
  CallCardSetUiState: ["state", "uiState"],
  CallCardSetCardTitle: ["title", "title", true],
  CallCardSetStatusText: ["status", "statusText", true],
};

/** @type {Readonly<Record<string, string>>} */
const DOES = {
  CallCardGetListUiStates: "which states are there?",
  CallCardStartTimer: "timer starts",
  CallCardStopTimer: "timer stops",
  CallCardClose: "card closes",
};

/**
 * @param {string} kind `command`, `rest` or `call`
 * @param {{name: string, params: unknown}} asked
 * @returns {string} empty where the name alone says it
 */
export function wordsOf(kind, { name, params }) {
  const sets = kind === "command" ? SETS[name] : undefined;
  if (sets !== undefined) {
    const [what, key, isText = false] = sets;
    const value = /** @type {Record<string, unknown> | null} */ (params)?.[key];
    return `${what} ← ${isText ? `“${short(String(value))}”` : valueWords(value)}`;
  }
  if (kind === "command" && DOES[name] !== undefined) {
    return DOES[name];
  }
  const text = params === null || params === undefined ? "" : JSON.stringify(params).replace(UUID, "$1…");
  return text === "" || text === "{}"
    ? ""
    : short(`${name} ${text.replaceAll('"', "").replace(/([,:])(?=\S)/g, "$1 ")}`);
}

/** @param {unknown} value */
function valueWords(value) {
  if (typeof value === "boolean") {
    return value ? "on" : "off";
  }
  return short(String(value));
}

/** @param {string} text */
function short(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
