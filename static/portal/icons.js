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
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
};

/** Which icon a button of the card wears. @type {Readonly<Record<string, string>>} */
const ICON_OF = {
  answerButtonClick: "phone",
  skipButtonClick: "close",
  makeCallButtonClick: "phone",
  hangupButtonClick: "hangup",
  holdButtonClick: "hold",
  muteButtonClick: "mute",
  dialpadButtonClick: "keypad",
  transferButtonClick: "transfer",
  completeTransferButtonClick: "check",
  cancelTransferButtonClick: "back",
  closeButtonClick: "close",
  nextButtonClick: "next",
  notifyAdminButtonClick: "bell",
};

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} event the button's event
 * @returns {SVGElement}
 */
export function icon(event) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[ICON_OF[event] ?? "check"] ?? "");
  svg.append(path);
  return svg;
}
