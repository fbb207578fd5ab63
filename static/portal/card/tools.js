/** The parts of the card that ask for more than a click: dial pad, quality, comment. */

import { button, element, setText } from "../demo/dom.js";
import { rove } from "../demo/roving.js";
import { icon } from "./icons.js";

/** @typedef {import("./model.js").Act} Act */

/** Each key, and the letters under it. @type {Readonly<Record<string, string>>} */
const LETTERS = { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", 0: "+" };
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const PER_ROW = 3;
const RATINGS = ["1", "2", "3", "4", "5"];

/** @param {Act} act */
export function dialPadTool(act) {
  const keys = KEYS.map((key) =>
    button([key, element("small", { "aria-hidden": "true" }, LETTERS[key] ?? "")], {
      "data-event": "dialpadButtonClick",
      "data-key": key,
    }),
  );
  const dialled = element("output", { class: "dialled", "aria-label": "Digits dialled" });
  const pad = element("div", { class: "keys", role: "group", "aria-label": "Dial pad keys" }, ...keys);
  const tool = element("div", { class: "tool dial-pad", id: "card-dial-pad" }, dialled, pad);
  tool.hidden = true;
  rove(pad, keys, PER_ROW);
  onButton(tool, ({ key }) => act("dialpadButtonClick", key));
  // Typing a digit is pressing its key, wherever in the pad the focus is.
  tool.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && KEYS.includes(event.key)) {
      act("dialpadButtonClick", event.key);
    }
  });
  return {
    element: tool,
    focus: () => keys.find((key) => key.tabIndex === 0)?.focus(),
    /** @param {string} digits */
    show: (digits) => setText(dialled, digits),
  };
}

/** @param {Act} act */
export function qualityTool(act) {
  const stars = RATINGS.map((rating) =>
    button([icon("star")], {
      "data-event": "qualityMeterClick",
      "data-rating": rating,
      "aria-label": `Quality ${rating}`,
      "aria-pressed": "false",
    }),
  );
  const tool = element(
    "div",
    { class: "quality", role: "group", "aria-label": "Call quality" },
    element("span", {}, "Quality"),
    ...stars,
  );
  tool.hidden = true;
  rove(tool, stars, RATINGS.length);
  onButton(tool, ({ rating }) => act("qualityMeterClick", rating));
  return {
    element: tool,
    /** @param {number | null} rating */
    show(rating) {
      stars.forEach((star, index) => {
        star.setAttribute("aria-pressed", String(rating === index + 1));
        star.classList.toggle("lit", rating !== null && index < rating);
      });
    },
  };
}

/**
 * The box is open as long as something stands in it that was not saved.
 * @param {Act} act
 * @param {(text: string | null) => void} draft
 * @param {() => string} whatBecame  of a comment that was told, in a word or a few
 */
export function commentTool(act, draft, whatBecame) {
  const field = element("textarea", {
    id: "card-comment",
    rows: "2",
    "aria-label": "Comment",
    placeholder: "Comment on this call",
  });
  const save = button("Save comment", { "data-event": "addCommentButtonClick" });
  const saved = element("span", { class: "saved", role: "status" });
  const tool = element("div", { class: "comment" }, field, element("div", { class: "row" }, save, saved));
  const keep = () => {
    act("addCommentButtonClick", field.value);
    setText(saved, whatBecame());
  };
  onButton(tool, keep);
  field.addEventListener("input", () => {
    setText(saved, "");
    draft(field.value === "" ? null : field.value);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      keep();
    }
  });
  return {
    element: tool,
    reset() {
      field.value = "";
      setText(saved, "");
    },
  };
}

/**
 * @param {HTMLElement} tool
 * @param {(choice: DOMStringMap) => void} chosen
 */
export function onButton(tool, chosen) {
  tool.addEventListener("click", (event) => {
    const clicked = /** @type {Element} */ (event.target).closest("button");
    if (clicked !== null) {
      chosen(clicked.dataset);
    }
  });
}
