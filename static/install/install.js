/**
 * The install page: the same document as the hidden page, with `?install`, for an administrator to look
 * at. It registers the hidden page with the portal. No Python runs here.
 *
 * @module
 */

import { findClient } from "../page/client/find.js";
import { portalFrame } from "../page/portal_frame.js";
import { addStyle } from "./elements.js";
import { asker, employees, findOut, finish, postCheck, register, replace, unregister } from "./registration.js";
import {
  addressCheck,
  audience,
  errorAddress,
  handlerAddress,
  isTaken,
  removal,
  scopeChecks,
  taken,
  UNFINISHED,
} from "./rules.js";
import { InstallView } from "./view.js";

/**
 * @typedef {import("../page/client/client.js").Client} Client
 * @typedef {import("./rules.js").Check} Check
 * @typedef {import("./rules.js").Registration} Registration
 * @typedef {import("./registration.js").Found} Found
 * @typedef {import("./registration.js").Registered} Registered
 */

/**
 * @param {Client | null} client
 * @param {string | null} problem why there is none
 */
async function install(client, problem) {
  await addStyle();
  document.title = "Set up the call-card app";
  document.querySelector("main")?.remove();
  const handler = handlerAddress(location.href);
  if (!client) {
    InstallView.withoutPortal(String(problem), handler);
    return;
  }
  await new Installer(client, handler).start();
}

class Installer {
  #client;
  #ask;
  #handler;
  #view;
  /** @type {Map<number, string>} */
  #names = new Map();
  /** @type {boolean | null} */
  #installed = null;
  /** @type {Check[]} */
  #hostChecks = [];

  /** @param {Client} client @param {string} handler */
  constructor(client, handler) {
    this.#client = client;
    this.#ask = asker(client);
    this.#handler = handler;
    const { domain, isHttps } = portalFrame();
    this.#hostChecks = [addressCheck(handler, isHttps)];
    this.#view = new InstallView({
      ...{ domain, handler, errorUrl: errorAddress(location.href) },
      register: (userId, errorUrl) => this.#register(userId, errorUrl),
      remove: (userId) => this.#remove(userId),
      finish: () => this.#finish("", true),
    });
  }

  async start() {
    const [people, post] = await Promise.all([employees(this.#ask), postCheck(this.#handler), this.#refresh()]);
    this.#names = new Map(people.map(({ id, name }) => [id, name]));
    this.#view.offer(people);
    this.#hostChecks.push(post);
    await this.#refresh();
    this.#view.ready();
  }

  /** Ask the portal how things stand, and show it. */
  async #refresh() {
    const found = await findOut(this.#ask);
    if (this.#installed !== true) {
      this.#installed = found.installed ?? this.#installed; // the portal may need a moment after installFinish
    }
    this.#view.checks([...portalChecks(found), ...this.#hostChecks]);
    const rows = found.registered.map((row) => ({ ...row, people: audience(row.userId, this.#names) }));
    this.#view.registered(rows, found.placements.error ?? null, this.#installed);
    return found;
  }

  /** @param {number} userId 0 is everybody @param {string} errorUrl */
  async #register(userId, errorUrl) {
    const wanted = { handler: this.#handler, userId, errorUrl };
    await this.#tell(wanted, await register(this.#ask, wanted));
  }

  /** @param {Registration} wanted @param {Registered} came what came of it */
  async #tell(wanted, { error, removed, inTheWay }) {
    const people = audience(wanted.userId, this.#names);
    const gone = removal(removed, wanted, this.#names);
    if (!error) {
      const again = removed.some(({ userId }) => userId === wanted.userId) ? " anew" : "";
      await this.#finish(`Registered${again} for ${people}. ${gone}`.trim(), this.#installed !== true);
      return;
    }
    await this.#refresh();
    if (!isTaken(error)) {
      this.#view.refused(error, gone);
      return;
    }
    const others = inTheWay.some(({ userId }) => userId !== wanted.userId);
    const instead = async () => this.#tell(wanted, await replace(this.#ask, wanted, inTheWay));
    this.#view.refused(
      error,
      gone || "Nothing was removed.",
      taken(inTheWay, wanted, this.#names),
      others ? { label: `Register for ${people} instead`, act: instead } : null,
    );
  }

  /** @param {number} userId */
  async #remove(userId) {
    const people = audience(userId, this.#names);
    const { count, error } = await unregister(this.#ask, userId);
    await this.#refresh();
    if (error) {
      this.#view.refused(error, "");
    } else if (count > 0) {
      this.#view.done(`Removed for ${people}. Pages that are open keep it until they are left.`);
    } else {
      this.#view.done(`Nothing was removed: the portal had no registration for ${people} any more.`);
    }
  }

  /** @param {string} done what went well before @param {boolean} tell the portal */
  async #finish(done, tell) {
    try {
      if (tell) {
        await finish(this.#client);
        this.#installed = true;
      }
      await this.#refresh();
      const ended = tell ? "The installation is finished." : "";
      this.#view.done(`${done} ${ended} Pages of the portal load it from now on; reload those that are open.`.trim());
    } catch (problem) {
      this.#installed = false;
      await this.#refresh();
      this.#view.refused({ code: UNFINISHED, description: String(problem), status: 0 }, done);
    }
  }
}

/** @param {Found} found @returns {Check[]} */
function portalChecks({ admin, scopes }) {
  const known = /** @type {Check[]} */ (scopes.error ? [] : scopeChecks(scopes.result));
  if (admin.result === false) {
    const remedy = "Ask an administrator to open this page.";
    return [{ level: "bad", title: "You are no administrator of this portal.", remedy }, ...known];
  }
  return admin.error ? known : [{ level: "ok", title: "You are an administrator of this portal." }, ...known];
}

/** Under this, `guard.js` and this module under another address find that the page has begun. */
const BEGUN = Symbol.for("worker-py.install");

function main() {
  if (BEGUN in globalThis) {
    return; // it was loaded twice: the first was slow
  }
  Object.defineProperty(globalThis, BEGUN, { value: true });
  const config = JSON.parse(document.getElementById("worker-py-config")?.textContent ?? "{}");
  const begin = () => {
    const [client, problem] = findClient(config);
    install(client, problem).catch(console.error);
  };
  begin();
  addEventListener("workerpy:client", begin, { once: true }); // it has come after all
}

main();
