/**
 * Follows the app's files while somebody works on them: `worker-py dev` says what was saved, and hears what became of it.
 *
 * One page of the browser listens to the server, and hands on to the others what it hears: a browser has few connections
 * to one server, and each may have many pages.
 *
 * @module
 */

/**
 * What the server knows. `number`: how often other files were taken; `saved`: when these were, ms since the epoch;
 * `builds`: pages of others must be loaded anew, because of `why`; `problem`: why what was saved last does not run.
 * @typedef {{name: string, number: number, version: string, saved: number, archive: string, builds: string[], why: string,
 *   problem: import("./live.js").Problem | null}} State
 */

/**
 * @typedef {object} Outside
 * @property {(path: string, message?: object) => Promise<any>} ask   the server; it answers with JSON, or not at all
 * @property {(heard: (state: State) => void) => unknown} listen         to the server, as long as this page lives
 */

export class Follower {
  /** What was handed to Python last. */
  #version = "";
  #reloading = false;
  #live;
  #build;
  #outside;

  /**
   * @param {import("./live.js").Live} live
   * @param {string} build of this page
   * @param {Outside} outside
   */
  constructor(live, build, outside) {
    this.#live = live;
    this.#build = build;
    this.#outside = outside;
  }

  /** Before there is an interpreter: the first thing that it hears is which files run. */
  async begin() {
    this.#live.listen((news) => this.#report(news));
    this.#outside.listen((each) => void this.heard(each));
    const state = /** @type {State | null} */ (await this.#outside.ask("state").catch(() => null));
    if (state?.builds.includes(this.#build) && this.#version === "") {
      this.#version = state.version;
      this.#live.begin({ archive: state.archive, version: state.version });
    }
    if (state) {
      await this.heard(state);
    }
  }

  /** @param {State} state */
  async heard(state) {
    const { archive, version, name, number, saved, builds, why, problem } = state;
    const stale = !builds.includes(this.#build);
    if (!stale && version !== this.#version) {
      this.#version = version;
      const { outcome, error } = await this.#live.run({ archive, version });
      await this.#outside.ask("told", { kind: "tried", version, outcome, error }).catch(() => {});
    }
    if (!stale || !this.#reloading) {
      this.#reloading = stale;
      this.#live.tell({ kind: "saved", name, number, saved, problem, reload: stale ? why : null });
    }
  }

  /** @param {import("./live.js").News} news */
  #report(news) {
    if (news.kind === "failed") {
      const { handler, event, error, text } = news;
      void this.#outside.ask("told", { kind: "failed", handler, event, error, text }).catch(() => {});
    }
  }
}

/** The server of this page. @type {Outside} */
const SERVER = {
  async ask(path, message) {
    const options = message && { method: "POST", body: JSON.stringify(message) };
    const answer = await fetch(`dev/${path}`, { cache: "no-store", ...options });
    return answer.status === 200 ? answer.json() : null;
  },

  async listen(heard) {
    let tellOthers = (/** @type {State} */ _) => {};
    const stream = () => {
      new EventSource("dev/stream").onmessage = ({ data }) => {
        const state = JSON.parse(data);
        tellOthers(state);
        heard(state);
      };
      return new Promise(() => {}); // the others' turn comes when this page goes
    };
    try {
      const told = new BroadcastChannel("worker-py:dev");
      told.onmessage = ({ data }) => heard(data);
      tellOthers = (state) => told.postMessage(state);
      await navigator.locks.request("worker-py:dev", stream);
    } catch {
      await stream(); // where storage is blocked each listens for itself
    }
  },
};

/**
 * @param {import("./live.js").Live} live
 * @param {string} build of this page
 */
export function follow(live, build) {
  return new Follower(live, build, SERVER).begin();
}
