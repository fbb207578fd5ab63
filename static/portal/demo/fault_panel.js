/** The faults' panel: what can be done wrong at a click, what the project does about it, and what came of it. */

import { EVENTS } from "../core/vocabulary.js";
import { byId, element, onSwitch, setText } from "./dom.js";
import { FAULTS } from "./fault_list.js";

/** @typedef {import("../automation.js").Portal} Portal */
/** @typedef {import("./fault_list.js").Fault} Fault */
/** @typedef {import("./fault_list.js").Hosting} Hosting */
/** @typedef {import("./fault_list.js").News} News */

const LINES_KEPT = 6;
/** How long what happens is told as what came of a fault; of a switch, for as long as it is on. */
const TOLD_MS = 20_000;
/** How long the slow start's worker is on its way. */
const SLOW_START_MS = 4000;

export class FaultPanel {
  /** The one that was chosen last. @type {Fault | null} */
  #chosen = null;
  #since = 0;
  /** @type {Hosting | null} */
  #hosting = null;
  #portal;
  #does = byId("fault-does");
  #outcomes = byId("fault-outcomes");

  /** @param {Portal} portal */
  constructor(portal) {
    this.#portal = portal;
    for (const fault of FAULTS) {
      const control = byId(fault.id);
      if (control instanceof HTMLInputElement) {
        onSwitch(control, (on) => this.#switch(fault, on));
      } else if (fault.make) {
        control.addEventListener("click", () => void this.#make(fault, true));
      }
    }
    this.#connectRestarts();
  }

  /** An entry of a placement page's trace. @param {any} entry */
  traced(entry) {
    this.#hear({ entry });
  }

  /** How the placement page is hosted now. @param {Hosting} hosting */
  hosted(hosting) {
    const was = this.#hosting;
    if (hosting.interpreter || !was) {
      this.#hosting = hosting; // while there is none, the last one is remembered
    } else {
      this.#hosting = { ...was, state: hosting.state };
    }
    this.#hear({ hosting, was });
  }

  /** @param {Fault} fault @param {boolean} on */
  async #switch(fault, on) {
    if (fault.excludes && on) {
      /** @type {HTMLInputElement} */ (byId(fault.excludes)).checked = false;
    }
    await this.#make(fault, on);
  }

  /** @param {Fault} fault @param {boolean} on */
  async #make(fault, on) {
    if (on) {
      this.#choose(fault);
    }
    if (on && fault.stirs === "before") {
      this.#stir();
    }
    await fault.make?.(this.#portal, on);
    if (on && fault.stirs === "after") {
      this.#stir();
    }
  }

  /** Lets an event of the card come: the client is looked up anew, or a call comes in. */
  #stir() {
    const card = this.#portal.card();
    if (card?.open && card.external) {
      this.#portal.act("entityChanged", {});
    } else {
      this.#portal.endCall();
      this.#portal.incomingCall();
    }
  }

  /** @param {Fault} fault */
  #choose(fault) {
    this.#chosen = fault;
    this.#hosting &&= { ...this.#hosting, state: "before" };
    this.#since = performance.now();
    setText(this.#does, fault.does);
    this.#outcomes.replaceChildren();
  }

  /** @param {Omit<News, "after_ms">} news */
  #hear(news) {
    const after_ms = performance.now() - this.#since;
    if (after_ms > TOLD_MS && !this.#isOn()) {
      return;
    }
    const line = this.#chosen?.tells({ ...news, after_ms });
    if (line) {
      this.#say(line);
    }
  }

  #isOn() {
    const control = this.#chosen && byId(this.#chosen.id);
    return control instanceof HTMLInputElement && control.checked;
  }

  /** @param {string} line */
  #say(line) {
    this.#outcomes.append(element("li", {}, line));
    while (this.#outcomes.childElementCount > LINES_KEPT) {
      this.#outcomes.firstElementChild?.remove();
    }
  }

  // Faults that begin with the page: the address says which -----------------------------------------

  #connectRestarts() {
    const query = new URLSearchParams(location.search);
    byId("reload-late").addEventListener("click", () => restart((address) => address.set("names", "late")));
    byId("fault-start").addEventListener("click", () =>
      restart((address) => {
        const app = new URL(address.get("app") ?? "");
        app.searchParams.set("slow_start", String(SLOW_START_MS));
        address.set("app", app.href);
      }),
    );
    const late = query.get("names") === "late";
    const begun = late ? "reload-late" : query.get("app")?.includes("slow_start=") ? "fault-start" : "";
    const fault = FAULTS.find(({ id }) => id === begun);
    if (fault) {
      this.#choose(fault);
      this.#since = 0; // the page's own beginning
    }
    const register = byId("register-names");
    register.hidden = !late;
    register.addEventListener("click", () => {
      register.hidden = true;
      this.#registerNames();
    });
    if (late) {
      this.#say("The portal lists no name. The page asks again and again.");
    }
  }

  #registerNames() {
    const began = performance.now();
    this.#portal.registerNames();
    const look = setInterval(() => {
      const bound = new Set(this.#portal.frames()[0]?.bound).size;
      if (bound === EVENTS.length) {
        clearInterval(look);
        const after_ms = Math.round(performance.now() - began);
        this.#say(`All ${EVENTS.length} events were bound ${after_ms} ms after their names were registered.`);
      }
    }, 10);
  }
}

/** Opens the page anew with another address, without faults of the last time. @param {(query: URLSearchParams) => void} change */
function restart(change) {
  const address = new URL(location.href);
  const app = new URL(address.searchParams.get("app") ?? "");
  app.searchParams.delete("slow_start");
  address.searchParams.set("app", app.href);
  address.searchParams.delete("names");
  address.searchParams.delete("plain");
  change(address.searchParams);
  location.assign(address);
}
