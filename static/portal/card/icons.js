/** The card's icons: one 24 x 24 stroke path each. */

/** @type {Readonly<Record<string, string>>} */
const PATHS = {
  phone:
    "M6.5 3.5h3l1.6 4-2 1.6a12 12 0 0 0 5.8 5.8l1.6-2 4 1.6v3a2 2 0 0 1-2.2 2A16.4 16.4 0 0 1 4.5 5.7a2 2 0 0 1 2-2.2z",
  hangup:
    "M3.6 14.2c-.9-.9-.9-2.3 0-3.2 4.7-4.3 12.1-4.3 16.8 0 .9.9.9 2.3 0 3.2l-1.2 1.1-3.6-2v-2.2a10.6 10.6 0 0 0-7.2 0v2.2l-3.6 2z",
  hold: "M9 5v14M15 5v14",
  mute: "M12 4a3 3 0 0 1 3 3v4a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v3M4 4l16 16",
  keypad: "M6 6h.01M12 6h.01M18 6h.01M6 12h.01M12 12h.01M18 12h.01M6 18h.01M12 18h.01M18 18h.01",
  transfer: "M4 8h13M13 4l4 4-4 4M20 16H7M11 12l-4 4 4 4",
  back: "M9 6l-6 6 6 6M3 12h12a6 6 0 0 1 6 6",
  check: "M5 13l4 4 10-10",
  close: "M6 6l12 12M18 6L6 18",
  next: "M5 5l8 7-8 7zM17 5v14",
  fold: "M6 15l6-6 6 6",
  unfold: "M6 9l6 6 6-6",
  star: "M12 3.6l2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.7-5.2 2.7 1-5.8-4.2-4.1 5.8-.8z",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20a7.5 7.5 0 0 1 15 0",
  building: "M5 20V5h9v15M14 10h5v10M3 20h18M8 9h3M8 13h3M8 17h3",
  deal: "M4 8h16v11H4zM9 8V5h6v3M4 13h16",
  refresh: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  team: "M9 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM3 19a6 6 0 0 1 12 0M16 6a3 3 0 0 1 0 6M17.5 14.2A6 6 0 0 1 21 19",
  list: "M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
  coin: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM14.5 9.2c-.5-.8-1.4-1.2-2.5-1.2-3 0-3.4 3.3 0 4 3.4.7 3 4-.1 4-1.2 0-2.1-.5-2.6-1.3M12 6.5V8M12 16v1.5",
  comment: "M4 5h16v11H10l-4 4v-4H4z",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
};

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} what an icon's name
 * @returns {SVGElement}
 */
export function icon(what) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[what] ?? "");
  svg.append(path);
  return svg;
}
