/**
 * The phone beside the card: what the placement page's phone does, so that one sees what one cannot hear.
 *
 * The page that is asked answers for the phone wherever it is (feed.js); this panel asks while it can be seen.
 */

import { button, element, setText } from "./dom.js";

/**
 * What a placement page says of the phone: `phone.state`, and more.
 * @typedef {object} PhoneState
 * @property {boolean} holds          whether the phone is in the page that was asked
 * @property {string} kind
 * @property {string | null} call
 * @property {"idle" | "ringing" | "calling" | "connected"} phase
 * @property {string | null} number
 * @property {boolean} muted
 * @property {boolean} held
 * @property {{bytes_sent: number, bytes_received: number, mos: number | null} | null} stats
 * @property {number | null} far_level  how loud the other side hears us, 0 to 1
 * @property {boolean} silent           there is no sound in the call: this browser can make none
 * @property {boolean | null} aloud     whether the operator hears the other side; null when nobody says anything
 */

const ASK_EVERY_MS = 400;
/** The made voice is about so loud. */
const FULL_LEVEL = 0.2;

const MEET_HERE = "No network: the voices meet in this page";
const NO_SOUND = "No sound: this browser can make no voice of its own";

/** @type {Readonly<Record<string, string>>} */
const PHASES = { idle: "Idle", ringing: "Rings", calling: "Calls", connected: "Connected" };

/** @type {Readonly<Record<string, string>>} */
const ENDINGS = {
  hung_up: "we hung up",
  far_hung_up: "they hung up",
  declined: "we did not take it",
  missed: "they gave up",
  busy: "they were busy",
  refused: "the exchange refused",
  failed: "the connection failed",
  transferred: "handed over",
  holder_gone: "its page went",
};

export class PhonePanel {
  /** What the phone is now; null before it has been heard of. @type {PhoneState | null} */
  state = null;
  /** The tones that the other side heard in this call. */
  heard = "";

  #phase = element("strong", { class: "phase", id: "phone-phase" }, "Idle");
  #holder = element("span", { class: "holder", id: "phone-holder" });
  #flags = element("p", { class: "flags", id: "phone-flags" });
  #level = element("meter", { id: "phone-level", min: "0", max: "1", "aria-label": "How loud they hear us" });
  #facts = factList(["Sent", "Received", "Quality", "Tones heard"]);
  #ended = element("p", { class: "ended", id: "phone-ended" });
  #silent = element("p", { class: "silent", id: "phone-silent", role: "status" });
  /** The call that is shown. @type {string | null} */
  #call = null;
  /** The one that has ended: what is told of it still may have been asked before. @type {string | null} */
  #over = null;
  #from = "";

  /**
   * @param {HTMLElement} host   hidden until there is a phone
   * @param {{ask: () => void, soundOn: () => void}} actions `ask` for the state, which comes by `show`
   */
  constructor(host, { ask, soundOn }) {
    this.host = host;
    const sound = button("Enable sound", { id: "sound-on" }, soundOn);
    this.#silent.append("The browser keeps the call silent until you click. ", sound);
    this.#silent.hidden = true;
    host.replaceChildren(
      element("header", {}, element("h2", {}, "Phone"), this.#holder),
      element("p", { class: "line" }, this.#phase, this.#level),
      this.#flags,
      this.#facts.list,
      this.#ended,
      this.#silent,
    );
    setInterval(() => document.hidden || ask(), ASK_EVERY_MS);
  }

  /**
   * @param {PhoneState} state
   * @param {string} from what kind of page said it: `page` or `slider`
   */
  show(state, from) {
    if (state.kind === undefined) {
      return; // the bundle has no phone
    }
    if (state.call !== null && state.call !== this.#call) {
      this.#call = state.call;
      this.heard = "";
    }
    if (state.phase === "connected" && state.call !== this.#over) {
      setText(this.#ended, ""); // not before: a call may ring when the one before has just ended
    }
    this.state = state;
    this.#from = from;
    this.#render(state);
  }

  /** Something that the phone told Python. @param {{name: string, payload: any}} event */
  told({ name, payload }) {
    if (name === "phone.heard" && payload.call === this.#call) {
      this.heard += payload.key;
    } else if (name === "phone.ended") {
      this.#over = payload.call;
      setText(this.#ended, `The last call ended: ${ENDINGS[payload.reason] ?? payload.reason}.`);
    }
    if (this.state) {
      this.#render(this.state);
    }
  }

  /** @param {PhoneState} state */
  #render(state) {
    this.host.hidden = false;
    const { phase, number, muted, held, stats, far_level: level, aloud, silent: mute } = state;
    const where = this.#from === "slider" ? "in the slider" : "in this page";
    setText(this.#holder, `${state.kind}, ${state.holds ? where : "in another page"}`);
    this.host.dataset.phase = phase;
    setText(this.#phase, number && phase !== "idle" ? `${PHASES[phase]} · ${number}` : (PHASES[phase] ?? phase));
    const alone = phase === "connected" && stats === null && (mute ? NO_SOUND : MEET_HERE);
    setText(this.#flags, [muted && "Muted", held && "On hold", alone].filter(Boolean).join(" · "));
    this.#level.hidden = phase !== "connected";
    this.#level.value = Math.min(1, (level ?? 0) / FULL_LEVEL);
    this.#facts.show("Sent", stats ? bytes(stats.bytes_sent) : "–");
    this.#facts.show("Received", stats ? bytes(stats.bytes_received) : "–");
    this.#facts.show("Quality", stats?.mos ? `${stats.mos.toFixed(1)} of 4.4 (MOS)` : "–");
    this.#facts.show("Tones heard", this.heard === "" ? "–" : [...this.heard].join(" "));
    const silent = phase === "connected" && state.holds && aloud === false;
    if (this.#silent.hidden === silent) {
      this.#silent.hidden = !silent;
    }
  }
}

/** @param {readonly string[]} names */
function factList(names) {
  const values = new Map(names.map((name) => [name, element("dd", { "data-fact": name }, "–")]));
  const rows = [...values].map(([name, value]) => element("div", {}, element("dt", {}, name), value));
  return {
    list: element("dl", { class: "facts" }, ...rows),
    /** @param {string} name @param {string} text */
    show(name, text) {
      setText(/** @type {HTMLElement} */ (values.get(name)), text);
    },
  };
}

/** @param {number} count @returns {string} e.g. `41.5 kB` */
function bytes(count) {
  return count < 1000 ? `${count} B` : `${(count / 1000).toFixed(1)} kB`;
}
