import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** As much of an element as the panel uses. */
class Fake extends EventTarget {
  checked = false;
  hidden = false;
  textContent = "";
  /** @type {Fake[]} */
  lines = [];

  get childElementCount() {
    return this.lines.length;
  }

  get firstElementChild() {
    const [first] = this.lines;
    return first && { remove: () => this.lines.shift() };
  }

  /** @param {Fake[]} more */
  append(...more) {
    this.lines.push(...more);
  }

  setAttribute() {}

  replaceChildren() {
    this.lines = [];
  }
}
class FakeInput extends Fake {}

/** @type {Map<string, Fake>} */
let elements = new Map();
Object.assign(globalThis, {
  HTMLInputElement: FakeInput,
  location: { search: "", href: "http://portal.localhost/" },
  document: {
    /** @param {string} id */
    getElementById: (id) => {
      const made = elements.get(id) ?? (SWITCHES.has(id) ? new FakeInput() : new Fake());
      elements.set(id, made);
      return made;
    },
    createElement: () => new Fake(),
  },
});
const SWITCHES = new Set(["fault-silent", "fault-slow", "fault-late", "fault-double", "fault-rest", "fault-desktop"]);
const { FaultPanel } = await import("../../../../static/portal/demo/fault_panel.js");

/** What the portal was asked to do. @type {unknown[]} */
let asked = [];
/** @type {{open: boolean, external: boolean} | null} */
let card = null;
const portal = /** @type {any} */ ({
  configure: (/** @type {unknown} */ faults) => void asked.push(faults),
  order: (/** @type {string} */ what) => void asked.push(what),
  card: () => card,
  act: (/** @type {string} */ event) => void asked.push(event),
  endCall: () => void asked.push("end"),
  incomingCall: () => void asked.push("call"),
});

/** @param {string} id */
const at = (id) => /** @type {Fake} */ (/** @type {unknown} */ (document.getElementById(id)));
const lines = () => at("fault-outcomes").lines.map((line) => line.lines.join(""));
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** @param {string} id @param {boolean} on */
async function turn(id, on) {
  at(id).checked = on;
  at(id).dispatchEvent(new Event("change"));
  await settled();
}

beforeEach(() => {
  elements = new Map();
  asked = [];
  card = { open: true, external: true };
});

test("a switch makes its fault, says what is done about it, and stirs the card; off it takes the fault back", async () => {
  new FaultPanel(portal);
  await turn("fault-silent", true);
  assert.match(at("fault-does").textContent, /CommandTimeout/);
  await turn("fault-silent", false);
  assert.deepEqual(asked, [{ silent: ["*"] }, "entityChanged", { silent: [] }]);
});

test("answers are slow or too late: one switch puts the other off", async () => {
  new FaultPanel(portal);
  await turn("fault-slow", true);
  await turn("fault-late", true);
  assert.deepEqual([at("fault-slow").checked, at("fault-late").checked], [false, true]);
  await turn("fault-slow", true);
  assert.deepEqual([at("fault-slow").checked, at("fault-late").checked], [true, false]);
});

test("without a card a call comes in, so that there is something to see", async () => {
  new FaultPanel(portal);
  card = null;
  await turn("fault-double", true);
  assert.deepEqual(asked.slice(1), ["end", "call"]);
});

test("news are told of the fault chosen last, the newest six, and after twenty seconds only of a switch that is on", async (t) => {
  const now = t.mock.method(performance, "now", () => 1000);
  const panel = new FaultPanel(portal);
  const failed = { kind: "report", name: "handler_failed", detail: "answer: CommandTimeout" };
  panel.traced(failed);
  assert.deepEqual(lines(), [], "no fault was made");
  at("fault-raise").dispatchEvent(new Event("click"));
  for (let n = 0; n < 8; n++) {
    panel.traced({ ...failed, detail: `${n}` });
  }
  assert.deepEqual(
    lines(),
    [2, 3, 4, 5, 6, 7].map((n) => `A handler failed, alone, and was reported: ${n}.`),
  );
  now.mock.mockImplementation(() => 22_000);
  panel.traced(failed);
  assert.match(lines().at(-1) ?? "", /reported: 7\./);
  await turn("fault-silent", true);
  now.mock.mockImplementation(() => 60_000);
  panel.traced(failed);
  assert.deepEqual(lines(), ["A handler failed, alone, and was reported: answer: CommandTimeout."]);
});
