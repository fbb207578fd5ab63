/**
 * Operating the card as a person does, for tests: real clicks on the elements that are shown.
 */

/**
 * Clicks a control of the card.
 * @param {HTMLElement} card
 * @param {string} what      an event's short name, or a button's accessible name
 * @param {unknown} [argument]  key, rating, comment, transfer target (employee id or number), CRM entity
 */
export function clickCard(card, what, argument) {
  const wish = translated(what, argument);
  if (!ON_THE_STRIP.test(what)) {
    unfold(card);
  }
  switch (wish.event) {
    case "dialpadButtonClick":
      open(card, wish.event);
      click(card, `[data-event="dialpadButtonClick"][data-key="${wish.argument}"]`, what);
      break;
    case "qualityMeterClick":
      click(card, `[data-event="qualityMeterClick"][data-rating="${wish.argument}"]`, what);
      break;
    case "transferButtonClick":
      transfer(card, wish.argument, what);
      break;
    case "addCommentButtonClick":
      fill(card, "textarea", String(wish.argument ?? ""));
      click(card, '[data-event="addCommentButtonClick"]', what);
      break;
    case "entityChanged":
      choose(card, String(wish.argument));
      break;
    default:
      if (what.startsWith("Transfer to ")) {
        open(card, "transferButtonClick");
      }
      click(card, wish.event === "" ? "" : `[data-event="${wish.event}"]`, what);
  }
}

/** Controls that are named after their tool or carry their argument in their name. */
/** @type {readonly [RegExp, string][]} */
const NAMES = [
  [/^Quality ([1-5])$/, "qualityMeterClick"],
  [/^(?:Dial pad|Key) ([0-9*#])$/, "dialpadButtonClick"],
  [/^([0-9*#])$/, "dialpadButtonClick"],
  [/^Quality$/, "qualityMeterClick"],
  [/^Dial pad$/, "dialpadButtonClick"],
  [/^Transfer$/, "transferButtonClick"],
  [/^Save comment$/, "addCommentButtonClick"],
];
/** What a folded card shows too; for anything else it is unfolded. */
const ON_THE_STRIP = /^(?:(?:Unf|F)old|Hang up|Close|hangupButtonClick|closeButtonClick)$/;

/**
 * @param {string} what
 * @param {unknown} argument
 * @returns {{event: string, argument: unknown}} event is empty when `what` is an accessible name
 */
function translated(what, argument) {
  for (const [pattern, event] of NAMES) {
    const match = pattern.exec(what);
    if (match !== null) {
      return { event, argument: match[1] ?? argument };
    }
  }
  return { event: /^[a-z]\w*$/.test(what) ? what : "", argument };
}

/** @param {HTMLElement} card */
function unfold(card) {
  /** @type {HTMLElement | null} */ (card.querySelector('[aria-label="Unfold"]'))?.click();
}

/**
 * @param {HTMLElement} card
 * @param {string} event
 */
function open(card, event) {
  const opener = /** @type {HTMLElement | null} */ (card.querySelector(`[data-opens="${event}"]`));
  if (opener?.getAttribute("aria-expanded") === "false") {
    opener.click();
  }
}

/**
 * @param {HTMLElement} card
 * @param {string} selector  empty: find by the accessible name
 * @param {string} what
 */
function click(card, selector, what) {
  const all = /** @type {HTMLElement[]} */ ([...card.querySelectorAll("button, select")]).filter(
    (one) => one.closest("[hidden]") === null,
  );
  const found = all.find((one) => (selector === "" ? nameOf(one) === what : one.matches(selector)));
  if (found === undefined) {
    const shown = all.map((one) => `${nameOf(one)} (${one.dataset.event ?? "opens a tool"})`);
    throw new Error(`The card shows no "${what}". It shows: ${shown.join(", ") || "nothing"}.`);
  }
  found.click();
}

/**
 * @param {HTMLElement} control
 * @returns {string}
 */
function nameOf(control) {
  return control.getAttribute("aria-label") ?? control.textContent?.trim() ?? "";
}

/**
 * @param {HTMLElement} card
 * @param {unknown} target
 * @param {string} what
 */
function transfer(card, target, what) {
  open(card, "transferButtonClick");
  if (typeof target === "string") {
    fill(card, ".transfer input", target);
    click(card, '.transfer [aria-label="Transfer to this number"]', what);
  } else {
    const wanted = target === undefined ? "[data-target]" : `[data-target="${target}"]`;
    click(card, `.transfer ${wanted}`, what);
  }
}

/**
 * @param {HTMLElement} card
 * @param {string} selector
 * @param {string} text
 */
function fill(card, selector, text) {
  const field = /** @type {HTMLInputElement | null} */ (card.querySelector(selector));
  if (field !== null) {
    field.value = text;
    field.dispatchEvent(new Event("input"));
  }
}

/**
 * @param {HTMLElement} card
 * @param {string} contactId
 */
function choose(card, contactId) {
  const select = /** @type {HTMLSelectElement | null} */ (card.querySelector("#card-client"));
  const option = [...(select?.options ?? [])].find(({ value }) => value.endsWith(`:${contactId}`));
  if (select === null || option === undefined) {
    throw new Error(`The card offers no contact ${contactId}.`);
  }
  select.value = option.value;
  select.dispatchEvent(new Event("change"));
}
