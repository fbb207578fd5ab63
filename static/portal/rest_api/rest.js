/**
 * The REST of the simulated portal: a method's name and parameters in, a status and an answer out.
 *
 * Inside the portal's page it needs no server and no network; `server.mjs` answers with it over HTTP. Every portal page
 * asks for a session of its own (`simulation.session`), with its own tokens, its own copy of the data and its own
 * faults, so that pages that share a server don't disturb each other. The `simulation.*` methods are the portal page's;
 * an app has no business with them.
 *
 * Source: https://apidocs.bitrix24.com/api-reference/
 */

import { APP_METHODS, checkScope, takeRegistrationAway } from "./app.js";
import { CALL_METHODS, rememberCall } from "./calls.js";
import { CRM_METHODS } from "./crm.js";
import { named, RestFault, text } from "./fault.js";
import { parseQuery } from "./query.js";
import { ListPage } from "./records.js";
import { RestSession } from "./session.js";

/** @typedef {import("./fault.js").Params} Params */
/** @typedef {import("./records.js").Row} Row */
/** @typedef {import("./crm.js").Method} Method */
/** @typedef {{status: number, answer: Row}} Answered */
/**
 * Who is asked before the portal, by the method's name in lower case; null: it says nothing of this method. An answer
 * with a text `error` is refused with its `status`.
 * @typedef {(method: string, params: Params) => Promise<Row | null>} Instead
 */

const BATCH_LIMIT = 50;
const SESSIONS_KEPT = 500;

/** By their names in lower case: the portal does not mind the case. */
export const METHODS = new Map([...CRM_METHODS, ...CALL_METHODS, ...APP_METHODS]);

/** What the portal's own page asks of its session. @type {ReadonlyMap<string, Method>} */
const SIMULATION = new Map([
  ["simulation.configure", (session, params) => session.configure(params)],
  ["simulation.opened", (session, params) => void rememberCall(session, params)],
  ["simulation.placements", (session) => session.placements],
  ["simulation.overtime", takeRegistrationAway],
  ["simulation.installed", installed],
  ["simulation.ask", asked],
  ["simulation.notices", (session) => session.notices.splice(0)],
]);

export class PageRest {
  /** @type {RestSession[]} */
  #sessions = [];
  #sessionsKept;
  #instead;

  /**
   * @param {number} [sessionsKept]
   * @param {Instead} [instead]
   */
  constructor(sessionsKept = SESSIONS_KEPT, instead = async () => null) {
    this.#sessionsKept = sessionsKept;
    this.#instead = instead;
  }

  /**
   * Answers one request.
   * @param {string} method with or without `.json`
   * @param {Params} params the access token is `auth`
   * @returns {Promise<Answered>} the status that HTTP would have, and an answer that is plain JSON
   */
  async handle(method, params) {
    const started = Date.now();
    const name = method.replace(/\.json$/, "").toLowerCase();
    try {
      if (name.startsWith("simulation.")) {
        return plain(200, { result: this.#simulation(name, params) });
      }
      const session = this.#authorised(params);
      const delayMs = session.faults.delayMs(name);
      if (delayMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
      session.faults.check(name);
      const ask = this.#asker(session);
      const answer = name === "batch" ? await batch(ask, params) : await ask(name, params);
      return plain(200, { ...answer, time: timing(started) });
    } catch (problem) {
      if (problem instanceof RestFault) {
        return plain(problem.status, problem.answer());
      }
      return plain(400, { error: "ERROR_ARGUMENT", error_description: String(problem) });
    }
  }

  /**
   * @param {RestSession} session
   * @returns {(name: string, params: Params) => Promise<Row>} what answers one method
   */
  #asker(session) {
    return async (name, params) => {
      const answer = await this.#instead(name, params);
      return answer === null ? call(session, name, params) : stubbed(answer, answer);
    };
  }

  /**
   * What the portal's own page asks; an app has no business with it.
   * @param {string} name
   * @param {Params} params
   * @returns {unknown}
   */
  #simulation(name, params) {
    if (name === "simulation.session") {
      const session = new RestSession(text(params.user));
      this.#makeRoom();
      this.#sessions.push(session);
      return session.renew();
    }
    if (name === "simulation.refresh") {
      return this.#refreshable(text(params.refresh_token)).renew();
    }
    const session = this.#ofToken(text(params.auth));
    return methodOf(SIMULATION, name)(session, params) ?? true;
  }

  /** Forgets the session that is missed least: one that was never used, else the one whose use is longest ago. */
  #makeRoom() {
    if (this.#sessions.length >= this.#sessionsKept) {
      const least = Math.min(...this.#sessions.map(({ usedAt }) => usedAt));
      this.#sessions.splice(
        this.#sessions.findIndex(({ usedAt }) => usedAt === least),
        1,
      );
    }
  }

  /** @param {string} refreshToken */
  #refreshable(refreshToken) {
    const found = this.#sessions.find((session) => session.refreshToken === refreshToken);
    if (found === undefined) {
      throw new RestFault(400, "invalid_grant", "The refresh token is not known");
    }
    return found;
  }

  /** @param {string} token */
  #ofToken(token) {
    const found = this.#sessions.find(
      (session) => token !== "" && (session.accessToken === token || session.formerTokens.has(token)),
    );
    if (found === undefined) {
      throw new RestFault(401, "invalid_token", "Unable to get application by token");
    }
    found.usedAt = performance.now();
    return found;
  }

  /** @param {Params} params */
  #authorised(params) {
    const token = text(params.auth);
    if (token === "") {
      throw new RestFault(401, "NO_AUTH_FOUND", "Wrong authorization data");
    }
    const session = this.#ofToken(token);
    if (!session.accepts(token)) {
      throw new RestFault(401, "expired_token", "The access token provided has expired.");
    }
    return session;
  }
}

/**
 * As HTTP would carry it: nobody gets a reference to what the session keeps.
 * @param {number} status
 * @param {Row} answer
 * @returns {Answered}
 */
function plain(status, answer) {
  return { status, answer: JSON.parse(JSON.stringify(answer)) };
}

/**
 * Answers the portal's own card: its method's answer or error, whatever the app may ask and however often.
 * @param {RestSession} session
 * @param {Params} params
 * @returns {Row}
 */
function asked(session, params) {
  if (session.faults.down) {
    return { error: "INTERNAL_SERVER_ERROR" };
  }
  try {
    return answerOf(methodOf(METHODS, text(params.method).toLowerCase())(session, named(params.params)));
  } catch (problem) {
    if (problem instanceof RestFault) {
      return problem.answer();
    }
    throw problem;
  }
}

/**
 * @param {RestSession} session
 * @param {string} name
 * @param {Params} params
 * @returns {Row}
 */
function call(session, name, params) {
  for (const stub of session.faults.stub(name)) {
    return stubbed(stub, { result: stub });
  }
  const method = methodOf(METHODS, name);
  if (session.faults.deny.includes(name)) {
    throw new RestFault(403, "ACCESS_DENIED", "Access denied!");
  }
  checkScope(session, name);
  return answerOf(method(session, params));
}

/**
 * The answer that somebody wants of a method, whatever the portal has.
 * @param {unknown} stub
 * @param {Row} answer what it comes to, when it is no error
 * @returns {Row}
 */
function stubbed(stub, answer) {
  const { error, error_description: words, status } = named(stub);
  if (typeof error === "string") {
    throw new RestFault(Number(status ?? 400), error, text(words));
  }
  return answer;
}

/** The app has ended its installation. @type {Method} */
function installed(session) {
  session.installed = true;
  return true;
}

/** @param {ReadonlyMap<string, Method>} methods @param {string} name */
function methodOf(methods, name) {
  const method = methods.get(name);
  if (method === undefined) {
    throw new RestFault(404, "ERROR_METHOD_NOT_FOUND", "Method not found!");
  }
  return method;
}

/**
 * @param {unknown} result
 * @returns {Row}
 */
function answerOf(result) {
  return result instanceof ListPage ? result.answer : { result };
}

/**
 * @param {(name: string, params: Params) => Promise<Row>} ask
 * @param {Params} params
 * @returns {Promise<Row>}
 */
async function batch(ask, params) {
  const commands = Object.entries(typeof params.cmd === "object" && params.cmd !== null ? params.cmd : {});
  if (commands.length > BATCH_LIMIT) {
    throw new RestFault(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded");
  }
  /** @type {Record<string, Row>} */
  const parts = { result: {}, result_error: {}, result_total: {}, result_next: {} };
  for (const [key, command] of commands) {
    const [name = "", ...query] = String(command).split("?");
    try {
      const answer = await ask(name.toLowerCase(), parseQuery(query.join("?")));
      for (const part of ["result", "next", "total"]) {
        if (Object.hasOwn(answer, part)) {
          Object.assign(parts[part === "result" ? part : `result_${part}`] ?? {}, { [key]: answer[part] });
        }
      }
    } catch (problem) {
      if (!(problem instanceof RestFault)) {
        throw problem;
      }
      Object.assign(parts.result_error ?? {}, { [key]: problem.answer() });
      if (["1", "true", "y"].includes(String(params.halt).toLowerCase())) {
        break;
      }
    }
  }
  const asList = Array.isArray(params.cmd);
  return { result: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, phpArray(part, asList)])) };
}

/**
 * A part of a batch as PHP writes it: an empty array is a list, whatever its keys would have been.
 * @param {Row} part
 * @param {boolean} asList
 * @returns {unknown}
 */
function phpArray(part, asList) {
  const keys = Object.keys(part);
  const isList = keys.length === 0 || (asList && keys.every((key, index) => key === String(index)));
  return isList ? Object.values(part) : part;
}

/** @param {number} started ms */
function timing(started) {
  const finished = Date.now();
  const duration = (finished - started) / 1000;
  return {
    start: started / 1000,
    finish: finished / 1000,
    duration,
    processing: duration,
    date_start: new Date(started).toISOString(),
    date_finish: new Date(finished).toISOString(),
  };
}
