/** How something ended, as a colour, a sign and a word: none of them is needed to understand the others. */

/** @typedef {"none" | "running" | "ok" | "redelivered" | "failed" | "timeout" | "cancelled"} Outcome */

/** @type {Readonly<Record<Outcome, {sign: string, word: string}>>} */
export const OUTCOMES = {
  ok: { sign: "✓", word: "ok" },
  redelivered: { sign: "↻", word: "delivered again, ok" },
  failed: { sign: "✕", word: "failed" },
  timeout: { sign: "⧗", word: "timed out" },
  cancelled: { sign: "⊘", word: "cancelled" },
  running: { sign: "…", word: "running" },
  none: { sign: "•", word: "" },
};

/** What the trace says of success: a timer's command is never answered, and may have been proven all the same. */
const WELL = new Set(["ok", "silence", "proven"]);

/**
 * @param {string} said the outcome in the words of the trace
 * @returns {Outcome}
 */
export function outcomeOf(said) {
  if (WELL.has(said)) {
    return "ok";
  }
  if (said === "cancelled") {
    return "cancelled";
  }
  return /timeout$/i.test(said) ? "timeout" : "failed";
}

/**
 * @param {{outcome: Outcome, said: string, lane: string}} span
 * @returns {string} e.g. `failed (page_gone)`
 */
export function outcomeWords({ outcome, said, lane }) {
  const { word } = OUTCOMES[outcome];
  if (lane === "page" && outcome === "running") {
    return "now";
  }
  return said === "" || said === word || said === "ok" ? word : word ? `${word} (${said})` : said;
}

/**
 * @param {number | null} ms
 * @returns {string} e.g. `3.4 ms`, `1.25 s`
 */
export function durationWords(ms) {
  if (ms === null) {
    return "";
  }
  if (ms < 1000) {
    return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
  }
  return ms < 60_000
    ? `${(ms / 1000).toFixed(2)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
