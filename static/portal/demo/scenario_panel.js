/** The scenarios' panel: choose one, let it play or go step by step, and see where it stands. */

import { element, setText } from "./dom.js";
import { Player } from "./player.js";
import { SCENARIOS } from "./scenarios.js";

/** @typedef {import("./scenarios.js").Step} Step */
/** @typedef {import("./player.js").Clock} Clock */

/** Milliseconds between steps. @type {readonly [string, number][]} */
const PACES = [
  ["Unhurried", 2500],
  ["Brisk", 1000],
  ["At once", 0],
];

/** @type {Clock} */
const CLOCK = {
  later(callback, ms) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
};

/**
 * @param {HTMLElement} host
 * @param {import("./player.js").Stage<Step>} stage
 */
export function showScenarios(host, stage) {
  const { choice, pace, about, list, status, play, next, restart } = controlsIn(host);
  const player = new Player(stage, CLOCK, show);

  function show() {
    [...list.children].forEach((row, index) => {
      row.className = index < player.done ? "done" : "";
      if (index === player.current) {
        row.setAttribute("aria-current", "step");
        row.classList.toggle("failed", player.phase === "failed");
        bringUp(list, /** @type {HTMLElement} */ (row));
      } else {
        row.removeAttribute("aria-current");
      }
    });
    host.dataset.phase = player.phase;
    setText(play, player.playing ? "Pause" : "Play");
    next.disabled = !player.canStep;
    setText(status, statusOf(player));
  }

  function choose() {
    const scenario = SCENARIOS.find(({ id }) => id === choice.field.value) ?? SCENARIOS[0];
    setText(about, scenario?.about ?? "");
    const steps = scenario?.steps ?? [];
    list.replaceChildren(...steps.map(({ says }) => element("li", {}, says)));
    player.load(steps);
  }

  choice.field.addEventListener("change", choose);
  pace.field.addEventListener("change", () => {
    player.paceMs = Number(pace.field.value);
  });
  play.addEventListener("click", () => (player.playing ? player.pause() : player.play()));
  next.addEventListener("click", () => player.next());
  restart.addEventListener("click", () => {
    const wasPlaying = player.playing;
    choose();
    if (wasPlaying) {
      player.play();
    }
  });

  choose();
}

/** What the panel is made of. @param {HTMLElement} host */
function controlsIn(host) {
  const choice = select(
    "Scenario",
    "scenario-choice",
    SCENARIOS.map(({ title, id }) => [title, id]),
  );
  const pace = select(
    "Pace",
    "scenario-pace",
    PACES.map(([name, ms]) => [name, String(ms)]),
  );
  const about = element("p", { class: "about", id: "scenario-about" });
  const list = element("ol", { class: "steps", "aria-label": "Steps", tabindex: "0" }); // it scrolls
  const status = element("p", { class: "progress", id: "scenario-status", role: "status" });
  const play = button("Play", "scenario-play");
  const next = button("Next step", "scenario-next");
  const restart = button("Restart", "scenario-restart");
  host.hidden = false;
  host.replaceChildren(
    element("header", {}, element("h2", {}, "Scenarios"), pace.label),
    choice.label,
    element("div", { class: "row" }, play, next, restart),
    status,
    about,
    list,
  );
  return { choice, pace, about, list, status, play, next, restart };
}

/** Scrolls the list, not the page, so that the step is seen with the one before it. @param {HTMLElement} list @param {HTMLElement} row */
function bringUp(list, row) {
  const before = /** @type {HTMLElement} */ (row.previousElementSibling ?? row);
  list.scrollTop = before.offsetTop - list.offsetTop;
}

/** @param {Player<Step>} player */
function statusOf({ phase, playing, done, steps, problem }) {
  switch (phase) {
    case "waiting":
      return `Step ${done + 1} of ${steps.length}: waiting for Python`;
    case "resting":
      return `Step ${done} of ${steps.length} done; the next follows`;
    case "done":
      return `All ${steps.length} steps done`;
    case "failed":
      return problem;
    default:
      return done === 0
        ? "Play it, or go step by step"
        : `Step ${done} of ${steps.length} done${playing ? "" : "; paused"}`;
  }
}

/** @param {string} name @param {string} id @param {[string, string][]} options */
function select(name, id, options) {
  const field = element("select", { id });
  field.append(...options.map(([text, value]) => element("option", { value }, text)));
  return { field, label: element("label", {}, element("span", {}, name), field) };
}

/** @param {string} text @param {string} id */
function button(text, id) {
  return element("button", { type: "button", id }, text);
}
