/**
 * A stand-in of the official client (https://api.bitrix24.com/api/v1/), for the simulated portal.
 *
 * It has the official client's public surface as far as a placement page needs it, and speaks the same
 * wire: the strings `method:PARAMS:callbackId:appSid` to the portal and `callbackId:JSON` back, an object
 * `{method, params, callback, appSid}` when the method's own name holds a colon. Like the original it is
 * a classic script that throws, and leaves `BX24` null, when `window.name` is not
 * `DOMAIN|PROTOCOL|APP_SID`; keeps REST calls back until the portal has sent the session; and holds the
 * tokens inside.
 *
 * What the original lacks: `BX24.dropped` counts the messages that were ignored, an answer
 * `callbackId:undefined` reaches the callback as `undefined` (`callbackId:` gives `[]`, as in the
 * original), so that a test can raise an event in every form that some client gives it, and REST goes over
 * the wire as `simulation.rest` to a portal that has it in its own page.
 */
(() => {
  "use strict";

  /** How long the original puts `init` and `ready` callbacks off. */
  const DEFER_MS = 10;
  /** Answered callbacks kept for a second answer (the desktop app gives one); the oldest go first. */
  const ANSWERED_KEPT = 256;

  /** @typedef {Record<string, unknown>} Fields */
  /** @typedef {{status: number, ex: {error: string, error_description: string}}} RestFailure */
  /** @typedef {{result?: unknown, error?: string, error_description?: string, next?: number, total?: number}} RestAnswer */
  /** @typedef {(argument: any) => void} Callback */

  const page = /** @type {Window & {BX24?: unknown}} */ (window);
  page.BX24 = null;

  const name = /^([^|]+)\|([01])\|([^|:]+)$/.exec(window.name);
  if (name === null) {
    throw new Error(
      `BX24 cannot start: window.name is "${window.name}", not DOMAIN|PROTOCOL|APP_SID. Open this page inside the portal.`,
    );
  }
  const [, domainAndPort = "", protocol = "", appSid = ""] = name;
  const domain = domainAndPort.replace(/:(80|443)$/, "");
  const origin = `${protocol === "1" ? "https" : "http"}://${domain}`;

  const dropped = { foreignOrigin: 0, unknownCallback: 0, malformed: 0, total: 0 };
  /** @type {Map<string, Callback>} */
  const callbacks = new Map();
  /** @type {Set<string>} */
  const lasting = new Set();
  /** @type {string[]} */
  const answered = [];
  let serial = 0;

  // ---- a fault of the demo -------------------------------------------------------------------

  const slowStart = Number(new URLSearchParams(location.search).get("slow_start"));
  if (slowStart > 0) {
    // This page's worker comes late, as through a slow network. A shared one may run already: not here; and one that the
    // page began before its client was there (early.js) is left.
    const begun = Symbol.for("worker-py.early");
    const early = /** @type {Record<symbol, {leaveEarly(): void} | null | undefined>} */ (
      /** @type {unknown} */ (window)
    );
    early[begun]?.leaveEarly();
    early[begun] = null;
    Reflect.deleteProperty(window, "SharedWorker");
    window.Worker = lateWorker(window.Worker, slowStart);
  }

  /**
   * @param {typeof Worker} Real
   * @param {number} ms
   * @returns {any} a constructor of workers, of which the interpreter's begins so many milliseconds late
   */
  function lateWorker(Real, ms) {
    /** @param {string | URL} url @param {WorkerOptions} [options] */
    return function Late(url, options) {
      if (!String(url).endsWith("/worker.js")) {
        return new Real(url, options);
      }
      /** @type {any[][]} */
      const early = [];
      const late = {
        /** @type {((event: ErrorEvent) => void) | null} */
        onerror: null,
        /** @param {any[]} message */
        postMessage: (...message) => {
          early.push(message);
        },
        terminate: () => clearTimeout(timer),
      };
      const timer = setTimeout(() => {
        const worker = new Real(url, options);
        worker.onerror = (event) => late.onerror?.(event);
        late.terminate = () => worker.terminate();
        late.postMessage = (...message) => worker.postMessage(.../** @type {[any, any]} */ (message));
        for (const message of early) {
          late.postMessage(...message);
        }
      }, ms);
      return late;
    };
  }

  // ---- the wire ------------------------------------------------------------------------------

  /**
   * @param {string} method
   * @param {Fields | undefined} params
   * @param {Callback} [callback]
   * @param {boolean} [stays] whether it is answered any number of times
   */
  function send(method, params, callback, stays = false) {
    let id = "";
    if (callback !== undefined) {
      serial += 1;
      id = `cb${serial}x${Math.random().toString(36).slice(2, 10)}`;
      callbacks.set(id, callback);
      if (stays) {
        lasting.add(id);
      }
    }
    const message = method.includes(":")
      ? { method, params: params ?? "", callback: id, appSid }
      : `${method}:${params === undefined ? "" : JSON.stringify(params)}:${id}:${appSid}`;
    window.parent.postMessage(message, origin);
  }

  /** @param {keyof typeof dropped} reason */
  function drop(reason) {
    dropped[reason] += 1;
    dropped.total += 1;
  }

  /** @param {MessageEvent} event */
  function receive(event) {
    if (event.origin !== origin) {
      drop("foreignOrigin");
      return;
    }
    if (typeof event.data !== "string") {
      drop("malformed");
      return;
    }
    const colon = event.data.indexOf(":");
    const id = colon < 0 ? event.data : event.data.slice(0, colon);
    const callback = callbacks.get(id);
    if (callback === undefined) {
      drop("unknownCallback");
      return;
    }
    const json = colon < 0 ? "" : event.data.slice(colon + 1);
    /** @type {unknown} */
    let answer;
    try {
      answer = json === "" ? [] : json === "undefined" ? undefined : JSON.parse(json);
    } catch {
      drop("malformed");
      return;
    }
    if (!lasting.has(id)) {
      retire(id);
    }
    callback(answer);
  }

  /** @param {string} id of a callback that has had its answer */
  function retire(id) {
    if (answered.includes(id)) {
      return;
    }
    answered.push(id);
    if (answered.length > ANSWERED_KEPT) {
      callbacks.delete(/** @type {string} */ (answered.shift()));
    }
  }

  window.addEventListener("message", receive);

  // ---- start ---------------------------------------------------------------------------------

  /** @type {Fields | null} */
  let session = null;
  let authExpiresAt = 0;
  /** @type {(() => void)[] | null} */
  let waiting = null;

  /**
   * @param {() => void} [callback]
   */
  function init(callback) {
    if (callback !== undefined) {
      whenStarted(() => setTimeout(callback, DEFER_MS));
    }
  }

  /** @param {() => void} run at once when the portal has sent the session, else then */
  function whenStarted(run) {
    if (session !== null) {
      run();
    } else {
      waiting ??= [];
      waiting.push(run);
    }
  }

  /** Like the original, the stand-in asks for the session as soon as it has loaded. */
  function start() {
    send("getInitData", {}, (answer) => {
      session = { ...answer };
      keepTokens(answer);
      if (answer.FIRST_RUN) {
        send("setInstall", { install: true });
      }
      const runs = waiting ?? [];
      waiting = null;
      for (const run of runs) {
        run();
      }
    });
  }

  /** @param {Fields} answer */
  function keepTokens(answer) {
    if (typeof answer.AUTH_ID !== "string") {
      return;
    }
    session = { ...session, AUTH_ID: answer.AUTH_ID, REFRESH_ID: answer.REFRESH_ID };
    authExpiresAt = Date.now() + Number(answer.AUTH_EXPIRES) * 1000;
  }

  function getAuth() {
    if (session === null || authExpiresAt <= Date.now()) {
      return false;
    }
    return {
      access_token: session.AUTH_ID,
      refresh_token: session.REFRESH_ID,
      expires_in: authExpiresAt,
      domain,
      member_id: session.MEMBER_ID,
    };
  }

  /** @type {Promise<void> | null} */
  let refreshing = null;

  /** One refresh serves all who wait for it. @returns {Promise<void>} */
  function refresh() {
    refreshing ??= new Promise((resolve) => {
      send("refreshAuth", {}, (answer) => {
        refreshing = null;
        keepTokens(answer);
        resolve();
      });
    });
    return refreshing;
  }

  // ---- REST ----------------------------------------------------------------------------------

  /**
   * @param {string} method
   * @param {Fields} params
   * @returns {Promise<{status: number, answer: RestAnswer}>}
   */
  async function post(method, params) {
    const given = { ...params, auth: session?.AUTH_ID };
    if (session?.REST === "page") {
      return new Promise((resolve) => send("simulation.rest", { method, params: given }, resolve));
    }
    try {
      const response = await fetch(`${origin}/rest/${method}.json`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(given),
      });
      const answer = await response.json();
      return { status: response.status, answer };
    } catch (error) {
      return {
        status: 0,
        answer: { error: "NETWORK_ERROR", error_description: `${method}: ${String(error)}` },
      };
    }
  }

  /**
   * Waits for `init`, and renews a token that has expired, once.
   * @param {string} method
   * @param {Fields} params
   * @returns {Promise<{status: number, answer: RestAnswer}>}
   */
  async function request(method, params) {
    await new Promise((resolve) => whenStarted(() => resolve(undefined)));
    if (authExpiresAt <= Date.now()) {
      await refresh();
    }
    const token = session?.AUTH_ID;
    const first = await post(method, params);
    if (first.answer.error !== "expired_token") {
      return first;
    }
    if (session?.AUTH_ID === token) {
      await refresh();
    }
    return post(method, params);
  }

  /**
   * @param {string} method
   * @param {Fields} params
   * @param {number} status
   * @param {RestAnswer} answer
   */
  function restResult(method, params, status, answer) {
    /** @type {RestFailure | undefined} */
    const failure =
      answer.error === undefined
        ? undefined
        : {
            status,
            ex: { error: answer.error, error_description: answer.error_description ?? "" },
          };
    const result = {
      query: { method, data: params },
      answer,
      status,
      data: () => answer.result,
      error: () => failure,
      error_description: () => answer.error_description,
      more: () => answer.next !== undefined,
      total: () => Number(answer.total ?? 0),
      /** @param {Callback} callback */
      next: (callback) => {
        if (answer.next === undefined) {
          return false;
        }
        callMethod(method, { ...params, start: answer.next }, callback);
        return true;
      },
    };
    return result;
  }

  /**
   * @param {string} method
   * @param {Fields} [params]
   * @param {Callback} [callback]
   */
  function callMethod(method, params = {}, callback = () => {}) {
    void request(method, params).then(({ status, answer }) => {
      callback(restResult(method, params, status, answer));
    });
  }

  /**
   * A PHP query string: nested values as `filter[NAME]=x`.
   * @param {unknown} value
   * @param {string} [prefix]
   * @returns {string}
   */
  function query(value, prefix = "") {
    if (typeof value !== "object" || value === null) {
      const plain = value === true ? 1 : value === false ? 0 : (value ?? "");
      return `${encodeURIComponent(prefix)}=${encodeURIComponent(String(plain))}`;
    }
    return Object.entries(value)
      .map(([key, one]) => query(one, prefix === "" ? key : `${prefix}[${key}]`))
      .join("&");
  }

  /**
   * @param {unknown} call `[method, params]` or `{method, params}`
   * @returns {[string, Fields]}
   */
  function methodAndParams(call) {
    if (Array.isArray(call)) {
      return [String(call[0]), call[1] ?? {}];
    }
    const { method, params } = /** @type {{method: string, params?: Fields}} */ (call);
    return [method, params ?? {}];
  }

  /**
   * @param {unknown[] | Record<string, unknown>} calls
   * @param {Callback} [callback] gets results under the keys of the calls
   * @param {boolean} [haltOnError]
   */
  function callBatch(calls, callback = () => {}, haltOnError = false) {
    const keyed = Object.entries(calls).map(
      ([key, call]) => /** @type {[string, [string, Fields]]} */ ([key, methodAndParams(call)]),
    );
    const cmd = Object.fromEntries(keyed.map(([key, [method, params]]) => [key, `${method}?${query(params)}`]));
    void request("batch", { halt: haltOnError ? 1 : 0, cmd }).then(({ status, answer }) => {
      if (answer.error !== undefined) {
        callback(restResult("batch", { cmd }, status, answer));
        return;
      }
      /** @type {any} */
      const parts = answer.result;
      /** @type {any} */
      const results = Array.isArray(calls) ? [] : {};
      for (const [key, [method, params]] of keyed) {
        const error = parts.result_error?.[key];
        if (error === undefined && parts.result?.[key] === undefined) {
          continue;
        }
        results[key] = restResult(method, params, status, {
          result: parts.result?.[key],
          next: parts.result_next?.[key],
          total: parts.result_total?.[key],
          ...error,
        });
      }
      callback(results);
    });
  }

  // ---- the public surface --------------------------------------------------------------------

  /** @param {() => void} callback */
  function ready(callback) {
    const later = () => setTimeout(callback, DEFER_MS);
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", later, { once: true });
    } else {
      later();
    }
  }

  page.BX24 = {
    init,
    ready,
    callMethod,
    callBatch,
    getAuth,
    /** @param {Callback} [callback] */
    refreshAuth: (callback) => {
      void refresh().then(() => callback?.(getAuth()));
    },
    isAdmin: () => Boolean(session?.IS_ADMIN),
    getLang: () => session?.LANG ?? new URLSearchParams(location.search).get("LANG") ?? undefined,
    getDomain: () => domain,
    installFinish: () => send("setInstallFinish", {}),
    /** @param {Callback} [callback] */
    fitWindow: (callback) => {
      const height = document.documentElement.scrollHeight;
      send("resizeWindow", { width: "100%", height }, callback);
    },
    placement: {
      info: () => ({
        placement: session?.PLACEMENT,
        options: session?.PLACEMENT_OPTIONS ?? {},
      }),
      /** @param {Callback} callback */
      getInterface: (callback) => send("getInterface", undefined, callback),
      /**
       * @param {string} command
       * @param {Fields} [params]
       * @param {Callback} [callback]
       */
      call: (command, params, callback) => send(command, params, callback),
      /**
       * @param {string} event
       * @param {Callback} callback
       */
      bindEvent: (event, callback) => send("placementBindEvent", { event }, callback, true),
    },
    dropped,
  };

  start();
})();
