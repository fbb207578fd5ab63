/** The made-up people of the simulated portal; its REST serves the same file. */

import directory from "../rest_api/directory.json" with { type: "json" };

/** @typedef {import("./model.js").Party} Party */

/** @type {readonly Party[]} */
export const CONTACTS = directory.contacts.map((contact) => ({
  phoneNumber: contact.PHONE[0]?.VALUE ?? "unknown",
  crmEntityType: "CONTACT",
  crmEntityId: Number(contact.ID),
  name: `${contact.NAME} ${contact.LAST_NAME}`,
}));

/** Whom a call list goes through: first the contacts, then people whom the CRM does not have yet. @type {readonly Party[]} */
export const CALLEES = [
  ...CONTACTS,
  ...directory.prospects.map(({ NAME, LAST_NAME, PHONE }) => ({
    phoneNumber: PHONE,
    crmEntityType: "",
    crmEntityId: 0,
    name: `${NAME} ${LAST_NAME}`,
  })),
];

/** A caller whom the CRM does not know. @type {Party} */
export const STRANGER = Object.freeze({
  phoneNumber: "+12025550199",
  crmEntityType: "",
  crmEntityId: 0,
  name: "",
});

/**
 * @typedef {object} Colleague
 * @property {number} id
 * @property {string} name
 * @property {string} position
 * @property {{kind: string, number: string}[]} phones
 */

/** Colleagues to whom a call can be transferred: all but the operator, who comes first. @type {readonly Colleague[]} */
export const COLLEAGUES = directory.employees.slice(1).map((employee) => ({
  id: Number(employee.ID),
  name: `${employee.NAME} ${employee.LAST_NAME}`,
  position: employee.WORK_POSITION,
  phones: [
    { kind: "extension", number: employee.UF_PHONE_INNER },
    { kind: "work", number: employee.WORK_PHONE },
    { kind: "mobile", number: employee.PERSONAL_MOBILE },
  ].filter(({ number }) => number !== ""),
}));

/** Departments, whose queue the portal itself puts a call through to. */
export const DEPARTMENTS = directory.departments.map(({ ID, NAME }) => ({ id: Number(ID), name: NAME }));
