/**
 * Who the card's client is, asked of the CRM: the contact or company, and its open deals. No DOM.
 *
 * Whatever part the CRM does not answer is left out; only without the client itself is there nothing to show.
 */

/** @typedef {{result?: unknown, error?: string}} Answered */
/** @typedef {(method: string, params: Record<string, unknown>) => Promise<Answered>} Ask */
/** @typedef {Record<string, any>} Row a record of the REST */

/**
 * @typedef {object} Deal
 * @property {string} title
 * @property {string} stage     the stage's id
 * @property {string} value     as the REST gives it
 * @property {string} currency
 */

/**
 * @typedef {object} Client
 * @property {string} title
 * @property {string} post        what the person is
 * @property {string[]} phones
 * @property {string} company     the company's name
 * @property {string} trade       what the company does
 * @property {Deal[]} deals       open ones
 */

/**
 * `unbound`: the CRM does not know who calls; `absent`: there is no REST here; `failed`: it gave an error.
 * @typedef {{kind: "known", client: Client} | {kind: "unbound" | "absent"} | {kind: "failed", reason: string}} Found
 */

/**
 * @param {Ask} ask
 * @param {string} crmEntityType
 * @param {number} crmEntityId
 * @returns {Promise<Found>}
 */
export async function lookUp(ask, crmEntityType, crmEntityId) {
  const read = Object.hasOwn(READERS, crmEntityType) ? READERS[crmEntityType] : undefined;
  if (crmEntityType === "" || crmEntityId === 0) {
    return { kind: "unbound" };
  }
  if (read === undefined) {
    return { kind: "failed", reason: `The card has no view of a ${crmEntityType}.` };
  }
  const { result, error } = await ask(`crm.${crmEntityType.toLowerCase()}.get`, { id: crmEntityId });
  if (error === "NO_REST") {
    return { kind: "absent" };
  }
  if (typeof result !== "object" || result === null) {
    return { kind: "failed", reason: error || "The record was not found." };
  }
  return { kind: "known", client: await read(ask, result) };
}

/** @type {Readonly<Record<string, (ask: Ask, record: Row) => Promise<Client>>>} */
const READERS = {
  CONTACT: async (ask, contact) => {
    const [company, deals] = await Promise.all([companyOf(ask, contact), dealsOf(ask, { CONTACT_ID: contact.ID })]);
    return {
      ...client(contact, nameOf(contact)),
      company: text(company?.TITLE) || text(contact.COMPANY_TITLE),
      trade: text(company?.INDUSTRY),
      deals,
    };
  },
  COMPANY: async (ask, company) => {
    const deals = await dealsOf(ask, { COMPANY_ID: company.ID });
    return { ...client(company, text(company.TITLE)), trade: text(company.INDUSTRY), deals };
  },
  LEAD: async (_ask, lead) => ({
    ...client(lead, nameOf(lead) || text(lead.TITLE)),
    post: nameOf(lead) === "" ? "" : text(lead.TITLE),
    company: text(lead.COMPANY_TITLE),
  }),
  DEAL: async (_ask, deal) => ({ ...client(deal, text(deal.TITLE)), deals: [dealFrom(deal)] }),
};

/**
 * @param {Row} record
 * @param {string} title
 * @returns {Client}
 */
function client(record, title) {
  const phones = Array.isArray(record.PHONE) ? record.PHONE.map(({ VALUE }) => text(VALUE)) : [];
  return { title, post: text(record.POST), phones, company: "", trade: "", deals: [] };
}

/**
 * @param {Ask} ask
 * @param {Row} contact
 * @returns {Promise<Row | undefined>}
 */
async function companyOf(ask, contact) {
  const { COMPANY_ID: id, COMPANY_TITLE: title } = contact;
  if (Number(id) > 0) {
    return rows(await ask("crm.company.get", { id }))[0];
  }
  return title ? rows(await ask("crm.company.list", { filter: { TITLE: title } }))[0] : undefined;
}

/**
 * @param {Ask} ask
 * @param {Record<string, unknown>} whose
 * @returns {Promise<Deal[]>}
 */
async function dealsOf(ask, whose) {
  return rows(await ask("crm.deal.list", { filter: { ...whose, CLOSED: "N" } })).map(dealFrom);
}

/**
 * @param {Row} deal
 * @returns {Deal}
 */
function dealFrom(deal) {
  return {
    title: text(deal.TITLE),
    stage: text(deal.STAGE_ID),
    value: text(deal.OPPORTUNITY),
    currency: text(deal.CURRENCY_ID),
  };
}

/**
 * @param {Answered} answered
 * @returns {Row[]} none after an error
 */
function rows({ result }) {
  const found = Array.isArray(result) ? result : [result];
  return found.filter((row) => typeof row === "object" && row !== null);
}

/**
 * @param {Row} record
 * @returns {string}
 */
function nameOf(record) {
  return `${text(record.NAME)} ${text(record.LAST_NAME)}`.trim();
}

/** @param {unknown} value */
const text = (value) => String(value ?? "");
