/** The made-up people of the simulated portal; its REST serves the same file. */

import directory from "./directory.json" with { type: "json" };

/** @typedef {import("./card_model.js").Party} Party */

/** @type {readonly Party[]} */
export const CONTACTS = directory.contacts.map((contact) => ({
  phoneNumber: contact.PHONE[0]?.VALUE ?? "unknown",
  crmEntityType: "CONTACT",
  crmEntityId: Number(contact.ID),
  name: `${contact.NAME} ${contact.LAST_NAME}`,
}));

/** A caller whom the CRM does not know. @type {Party} */
export const STRANGER = Object.freeze({
  phoneNumber: "+12025550199",
  crmEntityType: "",
  crmEntityId: 0,
  name: "",
});

/** Colleagues to whom a call can be transferred: all but the operator, who comes first. */
export const COLLEAGUES = directory.employees.slice(1).map((employee) => ({
  id: Number(employee.ID),
  name: `${employee.NAME} ${employee.LAST_NAME}`,
  position: employee.WORK_POSITION,
}));
