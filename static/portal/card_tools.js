/**
 * The parts of the card that ask for more than a click: dial pad, transfer, quality, client, comment.
 */

import { COLLEAGUES, CONTACTS, STRANGER } from "./directory.js";
import { element } from "./dom.js";

/** @typedef {import("./card_model.js").CardModel} CardModel */
/** @typedef {import("./card_view.js").Act} Act */

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const RATINGS = ["1", "2", "3", "4", "5"];

/** @typedef {ReturnType<typeof cardTools>} CardTools */

/** @param {Act} act */
export function cardTools(act) {
  const dialPad = dialPadTool(act);
  const transfer = transferTool(act);
  const quality = qualityTool(act);
  const client = clientTool(act);
  const comment = commentTool(act);
  const openable = { dialpadButtonClick: dialPad, transferButtonClick: transfer.element };

  /** Hides what the buttons of the former state had opened. */
  function closeAll() {
    for (const tool of Object.values(openable)) {
      tool.hidden = true;
    }
  }

  return {
    dialPad,
    transfer: transfer.element,
    quality: quality.element,
    client: client.element,
    comment: comment.element,
    closeAll,

    /** For another card. */
    reset() {
      comment.field.value = "";
      transfer.field.value = "";
      closeAll();
    },

    /**
     * @param {keyof typeof openable} name
     * @param {HTMLElement} opener
     */
    toggle(name, opener) {
      const tool = openable[name];
      const opens = tool.hidden;
      closeAll();
      for (const other of opener.parentElement?.querySelectorAll("[data-opens]") ?? []) {
        other.setAttribute("aria-expanded", "false");
      }
      tool.hidden = !opens;
      opener.setAttribute("aria-expanded", String(opens));
    },

    /** @param {CardModel} card */
    show(card) {
      quality.element.hidden = !card.buttons.some(({ event }) => event === "qualityMeterClick");
      quality.show(card.rating);
      client.show(card.party.crmEntityType, card.party.crmEntityId);
    },
  };
}

/** @param {Act} act */
function dialPadTool(act) {
  const keys = KEYS.map((key) =>
    element("button", { type: "button", "data-event": "dialpadButtonClick", "data-key": key }, key),
  );
  const pad = element("div", { class: "tool dial-pad", role: "group", "aria-label": "Dial pad keys" });
  pad.append(...keys);
  pad.hidden = true;
  onButton(pad, ({ key }) => act("dialpadButtonClick", key));
  return pad;
}

/** @param {Act} act */
function transferTool(act) {
  const colleagues = COLLEAGUES.map(({ id, name, position }) =>
    element(
      "button",
      {
        type: "button",
        "data-event": "transferButtonClick",
        "data-target": String(id),
        "aria-label": `Transfer to ${name}`,
      },
      element("strong", {}, name),
      element("small", {}, position),
    ),
  );
  const field = element("input", {
    type: "tel",
    "aria-label": "Number to transfer to",
    placeholder: "or a number",
    autocomplete: "off",
  });
  const toNumber = element(
    "button",
    { type: "button", "data-event": "transferButtonClick", "aria-label": "Transfer to this number" },
    "Transfer",
  );
  const tool = element(
    "div",
    { class: "tool transfer", role: "group", "aria-label": "Transfer to" },
    ...colleagues,
    element("div", { class: "row" }, field, toNumber),
  );
  tool.hidden = true;
  onButton(tool, ({ target }) => {
    const chosen = target === undefined ? field.value.trim() : Number(target);
    if (chosen !== "") {
      act("transferButtonClick", chosen);
    }
  });
  return { element: tool, field };
}

/** @param {Act} act */
function qualityTool(act) {
  const stars = RATINGS.map((rating) =>
    element(
      "button",
      {
        type: "button",
        "data-event": "qualityMeterClick",
        "data-rating": rating,
        "aria-label": `Quality ${rating}`,
        "aria-pressed": "false",
      },
      "★",
    ),
  );
  const tool = element(
    "div",
    { class: "quality", role: "group", "aria-label": "Call quality" },
    element("span", {}, "Quality"),
    ...stars,
  );
  tool.hidden = true;
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

/** @param {Act} act */
function clientTool(act) {
  const select = element(
    "select",
    { id: "card-client", "data-event": "entityChanged" },
    element("option", { value: ":0" }, "Not in the CRM"),
    ...CONTACTS.map(({ crmEntityType, crmEntityId, name }) =>
      element("option", { value: `${crmEntityType}:${crmEntityId}` }, name),
    ),
  );
  const other = element("option", {});
  const tool = element("label", { class: "client" }, element("span", {}, "Client in the CRM"), select);
  select.addEventListener("change", () => {
    const [crmEntityType = "", id = "0"] = select.value.split(":");
    const crmEntityId = Number(id);
    const known = CONTACTS.find((contact) => contact.crmEntityId === crmEntityId);
    act("entityChanged", { crmEntityType, crmEntityId, name: (known ?? STRANGER).name });
  });
  return {
    element: tool,
    /**
     * @param {string} crmEntityType
     * @param {number} crmEntityId
     */
    show(crmEntityType, crmEntityId) {
      const value = `${crmEntityType}:${crmEntityId}`;
      other.remove();
      if (![...select.options].some((option) => option.value === value)) {
        other.value = value;
        other.textContent = `${crmEntityType} ${crmEntityId}`;
        select.append(other);
      }
      select.value = value;
    },
  };
}

/** @param {Act} act */
function commentTool(act) {
  const field = element("textarea", {
    id: "card-comment",
    rows: "2",
    "aria-label": "Comment",
    placeholder: "Comment on this call",
  });
  const save = element("button", { type: "button", "data-event": "addCommentButtonClick" }, "Save comment");
  const tool = element("div", { class: "comment" }, field, save);
  onButton(tool, () => act("addCommentButtonClick", field.value));
  return { element: tool, field };
}

/**
 * @param {HTMLElement} tool
 * @param {(choice: DOMStringMap) => void} chosen
 */
function onButton(tool, chosen) {
  tool.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button");
    if (button !== null) {
      chosen(button.dataset);
    }
  });
}
