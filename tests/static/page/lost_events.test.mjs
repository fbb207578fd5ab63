import assert from "node:assert/strict";
import { test } from "node:test";
import { LostEvents, MissedCard } from "../../../static/page/lost_events.js";
import { Reports } from "../../../static/page/reports.js";
import { withGlobals } from "../../support/fakes.mjs";
import { FakeOrigin } from "../../support/storage_fakes.mjs";

const PORTAL = "portal.example";
const KEY = `worker-py:lost:${PORTAL}`;

/** @param {import("node:test").TestContext} t */
function visiting(t) {
  const origin = new FakeOrigin();
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const visit = (portal = PORTAL) => {
    const fake = origin.page();
    /** @template T @param {() => T} act @returns {T} */
    const as = (act) => {
      withGlobals(t, fake.globals);
      return act();
    };
    return { visits: as(() => new LostEvents(portal)), as, hear: () => as(() => fake.hear()) };
  };
  return {
    origin,
    visit,
    later: (/** @type {number} */ ms) => {
      now += ms;
    },
  };
}

test("events that go with a page are told to the next one, once", (t) => {
  const { visit } = visiting(t);
  const a = visit();
  a.as(() => a.visits.leave(3));
  assert.equal(visit().visits.lost, 3);
  assert.equal(visit().visits.lost, 0);
});

test("a page that comes while the one before still goes hears of it", (t) => {
  const { visit } = visiting(t);
  const a = visit();
  const b = visit();
  a.as(() => a.visits.leave(3));
  b.hear();
  assert.equal(b.visits.lost, 3);
  assert.equal(visit().visits.lost, 0);
});

test("a page that has been there for long leaves it to the next one", (t) => {
  const { visit, later } = visiting(t);
  const [a, b] = [visit(), visit()];
  later(60_000);
  a.as(() => a.visits.leave(3));
  b.hear();
  assert.equal(b.visits.lost, 0);
  assert.equal(visit().visits.lost, 3);
});

test("a page that comes back from the cache has lost nothing", (t) => {
  const { visit } = visiting(t);
  const a = visit();
  a.as(() => a.visits.leave(3));
  a.as(() => a.visits.back());
  assert.equal(visit().visits.lost, 0);
});

test("blocked storage says nothing", (t) => {
  const { visit, origin } = visiting(t);
  origin.blocked = true;
  const a = visit();
  a.as(() => a.visits.leave(3));
  a.as(() => a.visits.back());
  assert.equal(visit().visits.lost, 0);
});

test("events that go with several pages add up for the next one", (t) => {
  const { visit } = visiting(t);
  const [a, b] = [visit(), visit()];
  a.as(() => a.visits.leave(3));
  b.as(() => b.visits.leave(2));
  assert.equal(visit().visits.lost, 5);
});

test("what several pages leave while a new one begins adds up there", (t) => {
  const { visit } = visiting(t);
  const [a, b] = [visit(), visit()];
  a.as(() => a.visits.leave(3));
  const c = visit();
  b.as(() => b.visits.leave(2));
  c.hear();
  assert.equal(c.visits.lost, 5);
});

test("a page with nothing unfinished leaves nothing", (t) => {
  const { visit, origin } = visiting(t);
  const a = visit();
  a.as(() => a.visits.leave(0));
  assert.equal(origin.get(KEY), null);
});

test("a page that comes back takes away what it left, and not what others left", (t) => {
  const { visit } = visiting(t);
  const [a, b] = [visit(), visit()];
  b.as(() => b.visits.leave(2));
  a.as(() => a.visits.leave(3));
  a.as(() => a.visits.back());
  assert.equal(visit().visits.lost, 2);
});

test("what another page has told meanwhile is not taken away by the page that comes back", (t) => {
  const { visit } = visiting(t);
  const [a, b] = [visit(), visit()];
  a.as(() => a.visits.leave(3));
  assert.equal(visit().visits.lost, 3);
  a.as(() => a.visits.back());
  b.as(() => b.visits.leave(2));
  assert.equal(visit().visits.lost, 2);
});

test("a page that goes, comes back and goes again is counted as it went last", (t) => {
  const { visit } = visiting(t);
  const a = visit();
  a.as(() => a.visits.leave(3));
  a.as(() => a.visits.back());
  a.as(() => a.visits.leave(4));
  assert.equal(visit().visits.lost, 4);
});

test("a page that comes back twice takes away once what it left", (t) => {
  const { visit } = visiting(t);
  const [a, b] = [visit(), visit()];
  a.as(() => a.visits.leave(3));
  a.as(() => a.visits.back());
  b.as(() => b.visits.leave(2));
  a.as(() => a.visits.back());
  assert.equal(visit().visits.lost, 2);
});

test("a page that goes does not take what it left itself, whatever else changes in the storage", (t) => {
  const { visit, origin } = visiting(t);
  const a = visit();
  a.as(() => a.visits.leave(3));
  assert.equal(visit().visits.lost, 3); // which a hears as a removal
  a.as(() => a.visits.leave(2));
  origin.set(origin.page(), "something else", "1");
  a.hear();
  assert.equal(visit().visits.lost, 2);
});

test("what went with the pages of another portal is told there", (t) => {
  const { visit } = visiting(t);
  const a = visit("other.example");
  const b = visit();
  a.as(() => a.visits.leave(3));
  b.hear();
  assert.equal(b.visits.lost, 0);
  assert.equal(visit("other.example").visits.lost, 3);
});

test("a page that hears that another one has taken the count takes none", (t) => {
  const { visit, origin } = visiting(t);
  const a = visit();
  const b = visit();
  a.as(() => a.visits.leave(3));
  assert.equal(visit().visits.lost, 3);
  b.hear(); // of the count, which is gone, and of its going
  assert.equal(b.visits.lost, 0);
  assert.equal(origin.get(KEY), null);
});

for (const content of ["many", "", "NaN", "{}", "3 events"]) {
  test(`a count that is ${JSON.stringify(content)} is none, and does not stay`, (t) => {
    const { visit, origin } = visiting(t);
    const a = visit();
    origin.set(origin.page(), KEY, content);
    a.as(() => a.visits.leave(2));
    assert.equal(visit().visits.lost, 2);
    origin.set(origin.page(), KEY, content);
    assert.equal(visit().visits.lost, 0);
    assert.equal(origin.get(KEY), null);
  });
}

/** @param {import("node:test").TestContext} t @param {string} [userAgent] */
function missing(t, userAgent = "") {
  t.mock.method(console, "warn", () => {});
  withGlobals(t, { navigator: { userAgent } });
  /** @type {Array<(answer: unknown) => void>} */
  const asked = [];
  const client = /** @type {any} */ ({
    command: (/** @type {string} */ _, /** @type {unknown} */ __, /** @type {any} */ answer) => asked.push(answer),
  });
  const reports = new Reports();
  return { missed: new MissedCard(client, reports), asked, reports };
}

test("a card that nobody announced is found by what the portal says of a state that there is none of, and told once", (t) => {
  const { missed, asked, reports } = missing(t);
  missed.look();
  missed.look();
  asked[0]([{ errorCode: "Invalid ui state" }]);
  asked[1]({ errorCode: "Invalid ui state" });
  assert.deepEqual([missed.count, missed.probes, reports.counts], [1, 2, { missed_card: 1 }]);
  missed.announced();
  missed.look();
  assert.deepEqual([missed.count, missed.probes], [0, 2]);
});

test("no card, one that was announced meanwhile and the desktop app are nothing to tell", (t) => {
  const { missed, asked, reports } = missing(t);
  missed.look();
  asked[0]([{ errorCode: "Call card is undefined" }]);
  missed.look();
  missed.announced();
  asked[1]([{ errorCode: "Invalid ui state" }]);
  const desktop = missing(t, "BitrixDesktop/16");
  desktop.missed.look();
  assert.deepEqual([missed.count, reports.counts, desktop.asked], [0, {}, []]);
});
