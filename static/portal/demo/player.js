/**
 * Plays a list of steps: by itself at some pace, or one by one. What a step does and whether it has been
 * fulfilled is the stage's to say, when time passes the clock's; so it plays in Node as in the page.
 */

/**
 * @template Step
 * @typedef {object} Stage
 * @property {(step: Step) => void} act           do what the step says; may throw
 * @property {(step: Step) => string[]} lacking   what of the step has not happened yet, in words
 */

/** @typedef {{later: (callback: () => void, ms: number) => () => void, now: () => number}} Clock `later` returns how to cancel */

/**
 * `ready`: at the beginning, or between steps. `waiting`: for what the present step wants. `resting`: playing, until the
 * next step. `done`, `failed`: only a restart goes on.
 * @typedef {"ready" | "waiting" | "resting" | "done" | "failed"} Phase
 */

const LOOK_EVERY_MS = 50;
export const DEADLINE_MS = 20_000;

/** @template {{says: string}} Step */
export class Player {
  /** @type {Phase} */
  phase = "ready";
  /** Whether it goes on by itself. */
  playing = false;
  /** How many steps are fulfilled. */
  done = 0;
  /** Why it failed. */
  problem = "";
  /** Milliseconds between a fulfilled step and the next. */
  paceMs = 2500;

  /** @type {readonly Step[]} */
  #steps = [];
  #cancel = () => {};
  #stage;
  #clock;
  #changed;

  /**
   * @param {Stage<Step>} stage
   * @param {Clock} clock
   * @param {() => void} changed
   */
  constructor(stage, clock, changed) {
    this.#stage = stage;
    this.#clock = clock;
    this.#changed = changed;
  }

  get steps() {
    return this.#steps;
  }

  /** The step that is being done or comes next; -1 when there is none. */
  get current() {
    return this.done < this.#steps.length ? this.done : -1;
  }

  /** Whether `next` would do something. */
  get canStep() {
    return this.phase === "ready" || this.phase === "resting";
  }

  /** Take these steps, and stand before the first. @param {readonly Step[]} steps */
  load(steps) {
    this.#cancel();
    this.#steps = steps;
    this.done = 0;
    this.problem = "";
    this.playing = false;
    this.#enter(steps.length > 0 ? "ready" : "done");
  }

  /** Go on by itself, from the beginning when the end is reached. */
  play() {
    if (this.phase === "done" || this.phase === "failed") {
      this.load(this.#steps);
    }
    this.playing = true;
    if (this.canStep) {
      this.#begin();
    } else {
      this.#changed();
    }
  }

  /** Stay after the step that is being done. */
  pause() {
    this.playing = false;
    if (this.phase === "resting") {
      this.#cancel();
      this.#enter("ready");
    } else {
      this.#changed();
    }
  }

  /** Do one step. */
  next() {
    if (this.canStep) {
      this.playing = false;
      this.#begin();
    }
  }

  #begin() {
    const step = this.#steps[this.done];
    if (step === undefined) {
      return;
    }
    this.#cancel();
    this.#enter("waiting");
    try {
      this.#stage.act(step);
    } catch (error) {
      this.#fail(`“${step.says}” could not be done: ${error instanceof Error ? error.message : error}`);
      return;
    }
    this.#look(step, this.#clock.now() + DEADLINE_MS);
  }

  /** @param {Step} step @param {number} deadline */
  #look(step, deadline) {
    const lacking = this.#stage.lacking(step);
    if (lacking.length === 0) {
      this.#fulfilled();
    } else if (this.#clock.now() >= deadline) {
      this.#fail(`Waited ${DEADLINE_MS / 1000} s in vain for: ${lacking.join("; ")}.`);
    } else {
      this.#cancel = this.#clock.later(() => this.#look(step, deadline), LOOK_EVERY_MS);
    }
  }

  #fulfilled() {
    this.done += 1;
    if (this.current < 0) {
      this.playing = false;
      this.#enter("done");
    } else if (this.playing) {
      this.#enter("resting");
      this.#cancel = this.#clock.later(() => this.#begin(), this.paceMs);
    } else {
      this.#enter("ready");
    }
  }

  /** @param {string} problem */
  #fail(problem) {
    this.playing = false;
    this.problem = problem;
    this.#enter("failed");
  }

  /** @param {Phase} phase */
  #enter(phase) {
    this.phase = phase;
    this.#changed();
  }
}
