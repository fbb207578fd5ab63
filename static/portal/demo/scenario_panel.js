/** The scenarios' panel: choose one, let it play or go step by step, and see where it stands. */

import { button, element, setText } from "./dom.js";
import { Player } from "./player.js";
import { SCENARIOS } from "./scenarios.js";

/** @typedef {import("./scenarios.js").Step} Step */
/** @typedef {import("./player.js").Clock} Clock */

/** Milliseconds between steps. @type {readonly [string, string][]} */
const PACES = [
  ["Unhurried", "2500"],
  ["Brisk", "1000"],
  ["At once", "0"],
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
  const player = new Player(stage, CLOCK, show);
  const titles = SCENARIOS.map(({ title, id }) => /** @type {const} */ ([title, id]));
  const choice = select("Scenario", "scenario-choice", titles, choose);
  const pace = select("Pace", "scenario-pace", PACES, () => {
    player.paceMs = Number(pace.field.value);
  });
  const about = element("p", { class: "about", id: "scenario-about" });
  const list = element("ol", { class: "steps", "aria-label": "Steps", tabindex: "0" }); // it scrolls
  const status = element("p", { class: "progress", id: "scenario-status", role: "status" });
  const play = button("Play", { id: "scenario-play" }, () => (player.playing ? player.pause() : player.play()));
  const next = button("Next step", { id: "scenario-next" }, () => player.next());
  const restart = button("Restart", { id: "scenario-restart" }, () => {
    const wasPlaying = player.playing;
    choose();
    if (wasPlaying) {
      player.play();
    }
  });

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

  host.hidden = false;
  host.replaceChildren(
    element("header", {}, element("h2", {}, "Scenarios"), pace.label),
    choice.label,
    element("div", { class: "row" }, play, next, restart),
    status,
    about,
    list,
  );
  choose();
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

/** @param {string} name @param {string} id @param {readonly (readonly [string, string])[]} options @param {() => void} changed */
function select(name, id, options, changed) {
  const field = element("select", { id }, ...options.map(([text, value]) => element("option", { value }, text)));
  field.addEventListener("change", changed);
  return { field, label: element("label", {}, element("span", {}, name), field) };
}
