/**
 * To whom a call can be passed: colleagues by their ids and by their numbers, departments, any number typed.
 *
 * A department's queue is the portal's own matter: what leads there raises no event.
 */

import { button, element } from "../demo/dom.js";
import { COLLEAGUES, DEPARTMENTS } from "./directory.js";
import { icon } from "./icons.js";
import { onButton } from "./tools.js";
import { initials } from "./words.js";

/** @typedef {import("./model.js").Act} Act */
/** @typedef {import("./directory.js").Colleague} Colleague */

const EVENT = { "data-event": "transferButtonClick" };

/**
 * @param {object} options
 * @param {Act} options.act
 * @param {(department: number) => void} options.toDepartment
 * @param {() => void} options.done  a target was chosen
 */
export function transferTool({ act, toDepartment, done }) {
  const { tool, field, toNumber, rows, none } = transferElements();

  function sift() {
    const wanted = field.value.trim().toLowerCase();
    for (const row of rows) {
      row.hidden = !(row.textContent ?? "").toLowerCase().includes(wanted);
    }
    const number = isNumber(wanted);
    toNumber.disabled = !number;
    none.hidden = number || rows.some((row) => !row.hidden);
  }

  function reset() {
    field.value = "";
    sift();
  }

  /** @param {() => void} pass */
  function choose(pass) {
    pass();
    reset();
    done();
  }

  function typed() {
    const number = field.value.trim();
    if (isNumber(number)) {
      choose(() => act("transferButtonClick", number));
    }
  }

  sift();
  field.addEventListener("input", sift);
  field.addEventListener("keydown", ({ key }) => {
    if (key === "Enter") {
      typed();
    }
  });
  onButton(tool, ({ target, phone, department }) => {
    if (department !== undefined) {
      choose(() => toDepartment(Number(department)));
    } else if (target !== undefined || phone !== undefined) {
      choose(() => act("transferButtonClick", phone ?? idOf(target)));
    } else {
      typed();
    }
  });
  return {
    element: tool,
    focus: () => field.focus(),
    reset,
  };
}

/** What it is made of: a field and a list of rows, which the field sifts. */
function transferElements() {
  const field = element("input", {
    type: "tel",
    "aria-label": "Name, department or number to transfer to",
    placeholder: "Name or number",
    autocomplete: "off",
  });
  const toNumber = button("Transfer", { ...EVENT, "aria-label": "Transfer to this number" });
  const rows = [...COLLEAGUES.map(colleagueRow), ...DEPARTMENTS.map(departmentRow)];
  const none = element("li", { class: "none" }, "Nobody of that name");
  const tool = element(
    "div",
    { class: "tool transfer", id: "card-transfer", role: "dialog", "aria-label": "Transfer to" },
    element("div", { class: "row" }, field, toNumber),
    element("ul", { "aria-label": "Colleagues and departments" }, ...rows, none),
  );
  tool.hidden = true;
  return { tool, field, toNumber, rows, none };
}

/**
 * @param {string | undefined} target
 * @returns {number | string} a number for an employee without phones; with phones the menu gives the id as text
 */
function idOf(target) {
  const colleague = COLLEAGUES.find(({ id }) => String(id) === target);
  return colleague?.phones.length ? String(target) : Number(target);
}

/**
 * @param {string} typed
 * @returns {boolean} whether one can dial it; ids and extensions are short
 */
function isNumber(typed) {
  return /^[+(]?\d[\d\s()*#-]*$/.test(typed);
}

/** @param {Colleague} colleague */
function colleagueRow({ id, name, position, phones }) {
  const where = { ...EVENT, "data-target": String(id), "aria-label": `Transfer to ${name}` };
  const toPhones = phones.map(({ kind, number }) =>
    button([element("small", {}, kind), number], {
      ...EVENT,
      "data-phone": number,
      "aria-label": `Transfer to ${name}, ${kind} ${number}`,
    }),
  );
  const toId = targetButton(initials(name), name, position, where);
  return element("li", {}, toId, element("div", { class: "phones" }, ...toPhones));
}

/** @param {{id: number, name: string}} department */
function departmentRow({ id, name }) {
  const where = { "data-department": String(id), "aria-label": `Transfer to the department ${name}` };
  return element("li", {}, targetButton(icon("team"), name, "Department", where));
}

/** @param {Node | string} face @param {string} name @param {string} more @param {Record<string, string>} where */
function targetButton(face, name, more, where) {
  const avatar = element("span", { class: "avatar", "aria-hidden": "true" }, face);
  const named = element("span", { class: "named" }, element("strong", {}, name), element("small", {}, more));
  return button([avatar, named], where);
}
