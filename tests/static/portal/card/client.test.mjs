import assert from "node:assert/strict";
import { test } from "node:test";
import { lookUp } from "../../../../static/portal/card/client.js";

const CONTACT = { ID: "7", NAME: "Mara", LAST_NAME: "Lindqvist", POST: "Buyer", PHONE: [{ VALUE: "+1202" }] };
const DEAL = { ID: "31", TITLE: "Frames", STAGE_ID: "NEW", OPPORTUNITY: "5.00", CURRENCY_ID: "EUR" };

/**
 * A CRM that gives these results and an error for everything else.
 * @param {Record<string, unknown>} results
 */
function crm(results) {
  /** @type {[string, Record<string, unknown>][]} */
  const asked = [];
  return {
    asked,
    /** @param {string} method @param {Record<string, unknown>} params */
    ask: async (method, params) => {
      asked.push([method, params]);
      return method in results ? { result: results[method] } : { error: "ERROR_METHOD_NOT_FOUND" };
    },
  };
}

test("a contact comes with the company of its id and its open deals", async () => {
  const { ask, asked } = crm({
    "crm.contact.get": { ...CONTACT, COMPANY_ID: "21" },
    "crm.company.get": { TITLE: "Nordwind", INDUSTRY: "MANUFACTURING" },
    "crm.deal.list": [DEAL],
  });
  assert.deepEqual(await lookUp(ask, "CONTACT", 7), {
    kind: "known",
    client: {
      ...{ title: "Mara Lindqvist", post: "Buyer", phones: ["+1202"], company: "Nordwind", trade: "MANUFACTURING" },
      deals: [{ title: "Frames", stage: "NEW", value: "5.00", currency: "EUR" }],
    },
  });
  assert.deepEqual(asked, [
    ["crm.contact.get", { id: 7 }],
    ["crm.company.get", { id: "21" }],
    ["crm.deal.list", { filter: { CONTACT_ID: "7", CLOSED: "N" } }],
  ]);
});

test("a contact's company is found by its name, and the name stays where it is not", async () => {
  const contact = { ...CONTACT, COMPANY_TITLE: "Nordwind" };
  const known = crm({ "crm.contact.get": contact, "crm.company.list": [{ TITLE: "Nordwind", INDUSTRY: "IT" }] });
  const found = await lookUp(known.ask, "CONTACT", 7);
  assert.ok(found.kind === "known");
  assert.deepEqual([found.client.company, found.client.trade], ["Nordwind", "IT"]);
  const unknown = await lookUp(crm({ "crm.contact.get": contact }).ask, "CONTACT", 7);
  assert.ok(unknown.kind === "known");
  assert.deepEqual([unknown.client.company, unknown.client.trade, unknown.client.deals], ["Nordwind", "", []]);
});

test("a company comes with its open deals", async () => {
  const { ask, asked } = crm({ "crm.company.get": { ID: "21", TITLE: "Nordwind" }, "crm.deal.list": [DEAL] });
  const found = await lookUp(ask, "COMPANY", 21);
  assert.ok(found.kind === "known");
  assert.deepEqual([found.client.title, found.client.deals.length], ["Nordwind", 1]);
  assert.deepEqual(asked[1], ["crm.deal.list", { filter: { COMPANY_ID: "21", CLOSED: "N" } }]);
});

test("a lead is called by its person, else by its title; a deal is a deal of its own", async () => {
  const lead = { TITLE: "Trade fair", NAME: "Priya", LAST_NAME: "Sandoval" };
  const person = await lookUp(crm({ "crm.lead.get": lead }).ask, "LEAD", 41);
  assert.ok(person.kind === "known");
  assert.deepEqual([person.client.title, person.client.post], ["Priya Sandoval", "Trade fair"]);
  const nobody = await lookUp(crm({ "crm.lead.get": { TITLE: "Catalogue" } }).ask, "LEAD", 42);
  assert.ok(nobody.kind === "known");
  assert.deepEqual([nobody.client.title, nobody.client.post], ["Catalogue", ""]);
  const deal = await lookUp(crm({ "crm.deal.get": DEAL }).ask, "DEAL", 31);
  assert.ok(deal.kind === "known");
  assert.deepEqual(
    deal.client.deals.map(({ title }) => title),
    ["Frames"],
  );
});

test("nobody is looked up for a call that is bound to nobody", async () => {
  const { ask, asked } = crm({});
  assert.deepEqual(await lookUp(ask, "", 0), { kind: "unbound" });
  assert.deepEqual(await lookUp(ask, "CONTACT", 0), { kind: "unbound" });
  assert.deepEqual(asked, []);
});

test("no REST, an error and a kind without a view are told apart", async () => {
  assert.deepEqual(await lookUp(async () => ({ error: "NO_REST" }), "CONTACT", 7), { kind: "absent" });
  assert.deepEqual(await lookUp(async () => ({ error: "" }), "CONTACT", 7), {
    kind: "failed",
    reason: "The record was not found.",
  });
  assert.deepEqual(await lookUp(crm({}).ask, "LEAD", 41), { kind: "failed", reason: "ERROR_METHOD_NOT_FOUND" });
  const strange = await lookUp(crm({}).ask, "toString", 1);
  assert.ok(strange.kind === "failed");
  assert.match(strange.reason, /no view of a toString/);
});
