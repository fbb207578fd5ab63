/** What the card says: words for states, numbers, times and amounts. No DOM. */

/** @typedef {import("./model.js").CardModel} CardModel */
/** @typedef {import("./model.js").Party} Party */

/**
 * @param {Party} party
 * @returns {string} the number, or why there is none
 */
export function numberWords({ phoneNumber }) {
  if (phoneNumber === "unknown") {
    return "Unknown number";
  }
  return phoneNumber === "hidden" ? "Hidden number" : phoneNumber;
}

/**
 * @param {CardModel} card
 * @returns {string} what holds besides the state
 */
export function flagWords(card) {
  const words = card.inCall ? [card.muted ? "Microphone off" : "", card.held ? "On hold" : ""] : [];
  if (card.digits !== "") {
    words.push(`Dialled ${card.digits}`);
  }
  if (card.department !== "") {
    words.push(`Passed to ${card.department} by the portal; apps hear nothing of it`);
  }
  if (card.ending) {
    words.push("The call has ended: the comment is kept before the card closes");
  }
  if (!card.external) {
    words.push("Regular call: not open to apps");
  }
  return words.filter(Boolean).join(" · ");
}

/**
 * @param {CardModel} card
 * @returns {string} what becomes of a comment on this call
 */
export function commentWords({ external, party }) {
  if (!external) {
    return "No app hears it";
  }
  return party.crmEntityId === 0 ? "Told to the app, but no client is chosen" : "Saved";
}

/**
 * @param {string} name
 * @returns {string} at most two letters; a question mark for nobody
 */
export function initials(name) {
  const letters = name
    .split(/\s+/)
    .map((word) => word.charAt(0))
    .join("");
  return letters.slice(0, 2).toUpperCase() || "?";
}

/**
 * @param {number} seconds
 * @returns {string} e.g. `02:07`, from an hour on `1:02:07`
 */
export function clock(seconds) {
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/**
 * @param {string} value     as the REST gives it, e.g. `18400.00`
 * @param {string} currency  its code
 * @param {string} [locale]
 * @returns {string} empty when there is no amount; as it came when the browser cannot write it
 */
export function amount(value, currency, locale) {
  const number = Number(value);
  if (value === "" || Number.isNaN(number)) {
    return value;
  }
  try {
    return new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 0 }).format(number);
  } catch {
    return `${value} ${currency}`.trim();
  }
}

/**
 * @param {string} stage e.g. `IN_PROCESS`
 * @returns {string} e.g. `In process`
 */
export function stageWords(stage) {
  const words = stage.replace(/^.*:/, "").replaceAll("_", " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
