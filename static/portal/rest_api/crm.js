/**
 * The CRM and the people of the simulated REST.
 *
 * Source: https://apidocs.bitrix24.com/api-reference/crm/
 */

import crm from "./crm.json" with { type: "json" };
import { named, need, RestFault, text } from "./fault.js";
import { byId, pageOf } from "./records.js";

/** @typedef {import("./fault.js").Params} Params */
/** @typedef {import("./records.js").Row} Row */
/** @typedef {import("./session.js").RestSession} RestSession */
/** @typedef {import("./session.js").Kind} Kind */
/** @typedef {(session: RestSession, params: Params) => unknown} Method */

/** @type {readonly [string, Kind][]} */
const ENTITIES = [
  ["contact", "contacts"],
  ["company", "companies"],
  ["lead", "leads"],
  ["deal", "deals"],
  ["activity", "activities"],
];
/** The first comment has the number after this one. */
const COMMENTS_BEFORE = 5000;

/**
 * The four methods of one kind of record.
 * @param {string} entity
 * @param {Kind} kind
 * @returns {[string, Method][]}
 */
function entityMethods(entity, kind) {
  return [
    [`crm.${entity}.get`, (session, params) => byId(session.records[kind], params)],
    [`crm.${entity}.list`, (session, params) => pageOf(session.records[kind], params)],
    [`crm.${entity}.add`, (session, params) => add(session, kind, params)],
    [`crm.${entity}.update`, (session, params) => update(session, kind, params)],
  ];
}

/**
 * @param {RestSession} session
 * @param {Kind} kind
 * @param {Params} params
 * @returns {number} the new record's id
 */
function add(session, kind, params) {
  const fields = fieldsOf(params);
  const required = /** @type {Record<string, string[]>} */ (crm.required)[kind] ?? [];
  need(fields, required, "field", "");
  const rows = session.records[kind];
  const id = Math.max(0, ...rows.map(({ ID }) => Number(ID))) + 1;
  rows.push({ ...structuredClone(crm.new_records[kind]), ...kept(fields), ID: String(id) });
  return id;
}

/**
 * @param {RestSession} session
 * @param {Kind} kind
 * @param {Params} params
 */
function update(session, kind, params) {
  Object.assign(byId(session.records[kind], params), kept(fieldsOf(params)));
  return true;
}

/** @param {Params} params */
function fieldsOf(params) {
  if (typeof params.fields !== "object" || params.fields === null || Array.isArray(params.fields)) {
    throw new RestFault(400, "", "Parameter 'fields' must be array.");
  }
  return named(params.fields);
}

/**
 * Fields as the portal keeps them: values in words, but for lists such as phone numbers; the id is its own.
 * @param {Params} fields
 * @returns {Row}
 */
function kept(fields) {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => name !== "ID")
      .map(([name, value]) => [
        name,
        typeof value === "object" && value !== null ? structuredClone(value) : text(value),
      ]),
  );
}

/** @type {Method} */
function commentAdd(session, params) {
  const fields = named(params.fields);
  need(fields, ["ENTITY_ID", "ENTITY_TYPE", "COMMENT"], "field");
  session.comments.push({ ...fields });
  return COMMENTS_BEFORE + session.comments.length;
}

/** @type {Method} */
function commentList(session, params) {
  const rows = session.comments.map((comment, index) => ({
    ID: String(COMMENTS_BEFORE + 1 + index),
    ...Object.fromEntries(Object.entries(comment).map(([name, value]) => [name, text(value)])),
  }));
  return pageOf(rows, params);
}

/** @type {Method} */
function currentUser(session) {
  const found = session.employees.find(({ ID }) => ID === session.userId) ?? session.employees[0];
  return { ...found, ADMIN: false };
}

/** @type {Method} */
function userGet(session, params) {
  const id = text(params.ID ?? params.id);
  return pageOf(id === "" ? session.employees : session.employees.filter(({ ID }) => ID === id), params);
}

/** @type {Method} */
function userSearch(session, params) {
  const wanted = text(named(params.FILTER ?? params.filter).FIND ?? params.FIND).toLowerCase();
  const found = session.employees.filter(({ NAME, LAST_NAME, WORK_POSITION }) =>
    `${NAME} ${LAST_NAME} ${WORK_POSITION}`.toLowerCase().includes(wanted),
  );
  return pageOf(found, { start: params.start });
}

/** @type {readonly [string, Method][]} */
export const CRM_METHODS = [
  ...ENTITIES.flatMap(([entity, kind]) => entityMethods(entity, kind)),
  ["crm.timeline.comment.add", commentAdd],
  ["crm.timeline.comment.list", commentList],
  ["profile", currentUser],
  ["user.current", currentUser],
  ["user.get", userGet],
  ["user.search", userSearch],
];
