import assert from "node:assert/strict";
import { test } from "node:test";
import { Binder } from "../../../static/page/binder.js";
import { EVENT_NAMES, INITIALIZED } from "../../../static/protocol.js";
import { FakeClient, stillClock } from "../../support/fakes.mjs";

const ONCE = Object.fromEntries(EVENT_NAMES.map((name) => [name, 1]));

/** A page that heeds nothing. */
const DEAF = { onEvent: () => {}, onReport: () => {}, onFailure: () => {}, onLate: () => {} };

/**
 * @param {import("node:test").TestContext} t
 * @param {FakeClient} [client]
 */
function binding(t, client = new FakeClient()) {
  const clock = stillClock(t);
  /** @type {Array<[string, unknown]>} */
  const events = [];
  /** @type {string[][]} */
  const reports = [];
  /** @type {string[]} */
  const failures = [];
  const late = { times: 0 };
  const binder = new Binder(client, {
    onEvent: (name, payload) => events.push([name, payload]),
    onReport: (missing) => reports.push(missing),
    onFailure: (text) => failures.push(text),
    later: setTimeout,
    onLate: () => void late.times++,
  });
  return { binder, client, clock, events, reports, failures, late };
}

test("all names that the portal knows are bound at once, without waiting for a timer", (t) => {
  const { binder, client } = binding(t);
  binder.start();
  assert.deepEqual(client.boundTimes, ONCE);
  assert.deepEqual(binder.missing, []);
  assert.deepEqual(binder.counts, { bound: 17, asked: 1, answered: 1 });
});

test("a portal that knows everything is not asked again", (t) => {
  const { binder, client, clock } = binding(t);
  binder.start();
  clock.tick(60_000);
  assert.equal(client.asked, 1);
});

test("events reach the owner with name and payload, as often as they are raised", (t) => {
  const { binder, client, events } = binding(t);
  binder.start();
  client.raise(INITIALIZED, { CALL_ID: "a" });
  client.raise(INITIALIZED, { CALL_ID: "b" });
  assert.deepEqual(events, [
    [INITIALIZED, { CALL_ID: "a" }],
    [INITIALIZED, { CALL_ID: "b" }],
  ]);
});

test("names that come late are bound when they come, and the earlier ones not again", (t) => {
  const { binder, client, clock } = binding(t);
  client.known = EVENT_NAMES.slice(0, 3);
  binder.start();
  assert.equal(client.binds.length, 3);
  clock.tick(5000);
  client.known = [...EVENT_NAMES];
  clock.tick(1000);
  assert.deepEqual(client.boundTimes, ONCE);
});

test("an interface that names nothing is asked again at once, after 10 s, a minute and ten minutes more slowly, and at once again when a name has come", (t) => {
  const { binder, client, clock } = binding(t);
  client.known = [];
  binder.start();
  const askedIn = (/** @type {number} */ seconds) => {
    const before = client.asked;
    for (let ms = 0; ms < seconds * 1000; ms += 5) {
      clock.tick(5);
    }
    return client.asked - before;
  };
  assert.equal(askedIn(1), 200);
  askedIn(10);
  assert.equal(askedIn(10), 500);
  askedIn(50);
  assert.equal(askedIn(10), 100);
  askedIn(530);
  assert.equal(askedIn(10), 20);
  client.known = EVENT_NAMES.slice(0, 3);
  askedIn(1);
  assert.equal(askedIn(1), 200);
});

test("a portal that does not answer at first is asked again after a second", (t) => {
  const { binder, client, clock } = binding(t);
  client.late = true;
  binder.start();
  clock.tick(999);
  assert.equal(client.asked, 1);
  clock.tick(1);
  assert.equal(client.asked, 2);
});

test("a portal that knows everything at once makes no use of the timer that costs a worker", (t) => {
  const clock = stillClock(t);
  const client = new FakeClient();
  let used = 0;
  const later = () => void used++;
  const binder = new Binder(client, { ...DEAF, later });
  binder.start();
  clock.tick(20_000);
  assert.equal(used, 0);
});

test("a portal that never answers is asked for as long as the page lives, after a minute more slowly", (t) => {
  const { binder, client, clock } = binding(t);
  client.late = true;
  binder.start();
  for (let second = 0; second < 70; second++) {
    clock.tick(1000);
  }
  const before = client.asked;
  for (let second = 0; second < 100; second++) {
    clock.tick(1000);
  }
  assert.equal(client.asked - before, 20);
  assert.equal(binder.counts.answered, 0);
});

test("missing names are reported once, after 10 s", (t) => {
  const { binder, client, clock, reports } = binding(t);
  client.known = EVENT_NAMES.slice(2);
  binder.start();
  for (let tenth = 0; tenth < 99; tenth++) {
    clock.tick(100);
  }
  assert.deepEqual(reports, []);
  for (let second = 0; second < 60; second++) {
    clock.tick(1000);
  }
  assert.deepEqual(reports, [EVENT_NAMES.slice(0, 2)]);
});

test("names that came within 10 s are not reported", (t) => {
  const { binder, client, clock, reports } = binding(t);
  client.known = [];
  binder.start();
  for (let second = 0; second < 60; second++) {
    clock.tick(1000);
    if (second === 7) {
      client.known = [...EVENT_NAMES];
    }
  }
  assert.deepEqual(reports, []);
});

test("an interface that answers late, and several times, binds each name once", (t) => {
  const { binder, client, clock } = binding(t);
  client.late = true;
  binder.start();
  for (let second = 0; second < 5; second++) {
    clock.tick(1000);
  }
  assert.ok(client.interfaceAnswers.length > 3);
  for (const answer of client.interfaceAnswers) {
    answer();
    answer();
  }
  assert.deepEqual(client.boundTimes, ONCE);
});

test("a bind that calls back at once, and an answer that comes in the middle of binding, bind nothing twice", (t) => {
  const { binder, client, events } = binding(t);
  client.late = true;
  const bind = client.bind.bind(client);
  client.bind = (name, callback) => {
    bind(name, callback);
    callback("at once");
    client.interfaceAnswers[0]();
  };
  binder.start();
  client.interfaceAnswers[0]();
  assert.deepEqual(client.boundTimes, ONCE);
  assert.equal(events.length, 17);
});

test("a client that throws at one name binds the others, and that one at the next try", (t) => {
  const { binder, client, clock, failures } = binding(t);
  const bind = client.bind.bind(client);
  client.bind = (name, callback) => {
    if (name === INITIALIZED) {
      throw new Error("not now");
    }
    bind(name, callback);
  };
  binder.start();
  assert.equal(client.binds.length, 16);
  assert.deepEqual(binder.missing, [INITIALIZED]);
  assert.deepEqual(failures, [`binding ${INITIALIZED} failed: Error: not now`]);
  client.bind = bind;
  clock.tick(100);
  assert.deepEqual(client.boundTimes, ONCE);
});

/** A client whose bind takes effect and throws all the same. @param {FakeClient} client */
function throwingAfterTheFact(client) {
  const bind = client.bind.bind(client);
  client.bind = (name, callback) => {
    bind(name, callback);
    throw new Error("after the fact");
  };
  return () => {
    client.bind = bind;
  };
}

test("a bind that threw and took effect all the same delivers nothing twice", (t) => {
  const { binder, client, clock, events } = binding(t);
  const throwNoMore = throwingAfterTheFact(client);
  binder.start();
  throwNoMore();
  clock.tick(100);
  client.raise(INITIALIZED, 1);
  client.raise(INITIALIZED, 2);
  assert.equal(client.boundTimes[INITIALIZED], 2);
  assert.deepEqual(events, [
    [INITIALIZED, 1],
    [INITIALIZED, 2],
  ]);
});

test("what is raised before a bind that threw is tried again is heard, if it took effect, and it is not tried again", (t) => {
  const { binder, client, clock, events } = binding(t);
  const throwNoMore = throwingAfterTheFact(client);
  binder.start();
  client.raise(INITIALIZED, 1);
  throwNoMore();
  clock.tick(100);
  client.raise(INITIALIZED, 2);
  assert.equal(client.boundTimes[INITIALIZED], 1);
  assert.deepEqual(events, [
    [INITIALIZED, 1],
    [INITIALIZED, 2],
  ]);
});

test("a client whose every bind takes effect and throws is heard once", (t) => {
  const { binder, client, clock, events } = binding(t);
  throwingAfterTheFact(client);
  binder.start();
  clock.tick(100);
  clock.tick(100);
  client.raise(INITIALIZED, 1);
  assert.deepEqual(events, [[INITIALIZED, 1]]);
});

test("a bind that calls back at once and then throws has taken effect", (t) => {
  const { binder, client, clock, events, failures } = binding(t);
  client.bind = (name, callback) => {
    client.binds.push({ name, callback });
    callback(1);
    throw new Error("after the fact");
  };
  binder.start();
  clock.tick(100);
  assert.deepEqual(client.boundTimes, ONCE);
  assert.equal(events.length, 17);
  assert.equal(failures.length, 17);
});

test("a bind that never works is tried more slowly after a minute, and reported once", (t) => {
  const { binder, client, clock, failures } = binding(t);
  client.bind = () => {
    throw new Error("no");
  };
  binder.start();
  const askedIn = (/** @type {number} */ tenths) => {
    const before = client.asked;
    for (let tenth = 0; tenth < tenths; tenth++) {
      clock.tick(100);
    }
    return client.asked - before;
  };
  assert.ok(askedIn(590) > 580);
  askedIn(20);
  assert.equal(askedIn(100), 10);
  assert.equal(failures.length, 17);
});

test("a bind that is refused later, as a promise may be, is tried again", (t) => {
  const { binder, client, clock, failures } = binding(t);
  client.known = [INITIALIZED];
  /** @type {Array<(error: unknown) => void>} */
  const refuse = [];
  client.bind = (name, callback, failed) => {
    client.binds.push({ name, callback });
    refuse.push(/** @type {(error: unknown) => void} */ (failed));
  };
  binder.start();
  refuse[0]("not now");
  clock.tick(100);
  assert.deepEqual([client.binds.length, failures], [2, [`binding ${INITIALIZED} failed: not now`]]);
});

test("a bind that is refused when everything seemed to be bound is tried again", (t) => {
  const { binder, client, clock } = binding(t);
  /** @type {Array<(error: unknown) => void>} */
  const refuse = [];
  client.bind = (name, callback, failed) => {
    client.binds.push({ name, callback });
    refuse.push(/** @type {(error: unknown) => void} */ (failed));
  };
  binder.start();
  clock.tick(20_000);
  refuse[0]("not any more");
  clock.tick(1000);
  assert.equal(client.binds.length, 18);
  assert.equal(client.binds[17].name, client.binds[0].name);
});

test("a bind that is refused after a later question was asked is tried again", (t) => {
  const { binder, client, clock } = binding(t);
  /** @type {Array<(error: unknown) => void>} */
  const refuse = [];
  client.bind = (name, callback, failed) => {
    client.binds.push({ name, callback });
    refuse.push(/** @type {(error: unknown) => void} */ (failed));
  };
  client.known = EVENT_NAMES.slice(0, 3);
  binder.start();
  client.known = [...EVENT_NAMES];
  clock.tick(5);
  assert.equal(client.asked, 2);
  clock.tick(20_000); // everything seems to be bound, and no question is to follow by itself
  refuse[0]("not any more");
  clock.tick(1000);
  assert.deepEqual(client.boundTimes[client.binds[0].name], 2);
});

test("a getInterface that throws is asked again", (t) => {
  const { binder, client, clock, failures } = binding(t);
  const getInterface = client.getInterface.bind(client);
  client.getInterface = () => {
    throw new Error("not yet");
  };
  binder.start();
  assert.equal(failures.length, 1);
  client.getInterface = getInterface;
  clock.tick(1000);
  assert.deepEqual(client.boundTimes, ONCE);
});

test("names that are none of the 17 are not bound", (t) => {
  const { binder, client } = binding(t);
  client.known = ["BackgroundCallCard::somethingNew", INITIALIZED];
  binder.start();
  assert.deepEqual(client.boundTimes, { [INITIALIZED]: 1 });
  assert.equal(binder.counts.bound, 1);
});

test("names that came between the last two questions of the first 10 s are not reported", (t) => {
  const { binder, client, clock, reports } = binding(t);
  client.known = [];
  binder.start();
  for (let tenth = 0; tenth < 99; tenth++) {
    clock.tick(100);
  }
  client.known = [...EVENT_NAMES];
  for (let second = 0; second < 20; second++) {
    clock.tick(1000);
  }
  assert.deepEqual(reports, []);
});

test("that cards are announced from now on is told once, and not where they were from the start", (t) => {
  for (const [known, wanted] of /** @type {Array<[string[], number]>} */ ([
    [[], 1],
    [[...EVENT_NAMES], 0],
  ])) {
    const client = new FakeClient();
    const clock = stillClock(t);
    let told = 0;
    client.known = known;
    const binder = new Binder(client, { ...DEAF, later: setTimeout, onLate: () => told++ });
    binder.start();
    client.known = [...EVENT_NAMES];
    clock.tick(5000);
    assert.equal(told, wanted);
    t.mock.timers.reset();
  }
});

test("cards are not announced late for a portal that only answers late, names others late, or was bound at the second try", (t) => {
  const { binder, client, clock, late } = binding(t);
  const bind = client.bind.bind(client);
  client.late = true;
  client.known = EVENT_NAMES.slice(0, 12);
  client.bind = (name, callback) => {
    if (name === INITIALIZED) {
      client.bind = bind;
      throw new Error("not now");
    }
    bind(name, callback);
  };
  binder.start();
  clock.tick(5000);
  client.interfaceAnswers[0]();
  client.late = false;
  client.known = [...EVENT_NAMES];
  clock.tick(1000);
  assert.deepEqual(client.boundTimes, ONCE);
  assert.equal(late.times, 0);
});
