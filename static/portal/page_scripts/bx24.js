/**
 * A stand-in of the official client (https://api.bitrix24.com/api/v1/), for the simulated portal.
 *
 * It has the official client's public surface as far as a placement page needs it, with what two public copies of that
 * do wrong in REST (docs/portal.md has the table), and speaks the same wire: the strings `method:PARAMS:callbackId:appSid` to the portal and `callbackId:JSON` back, an object
 * `{method, params, callback, appSid}` when the method's own name holds a colon. Like the original it is
 * a classic script that throws, and leaves `BX24` null, when `window.name` is not
 * `DOMAIN|PROTOCOL|APP_SID`; keeps REST calls back until the portal has sent the session; and holds the
 * tokens inside.
 *
 * What the original lacks: `BX24.dropped` counts the messages that were ignored, an answer
 * `callbackId:undefined` reaches the callback as `undefined` (`callbackId:` gives `[]`, as in the
 * original), so that a test can raise an event in every form that some client gives it, and REST, the page's own `fetch`
 * included, goes over the wire as `simulation.rest` to a portal that has it in its own page. Unlike the original it
 * does not hold requests back when there are many.
 */
(() => {
  "use strict";

  /** How long the original puts `init` and `ready` callbacks off. */
  const DEFER_MS = 10;
  /** Answered callbacks kept for a second answer (the desktop app gives one); the oldest go first. */
  const ANSWERED_KEPT = 256;

  /** @typedef {Record<string, unknown>} Fields */
  /** @typedef {{result?: any, error?: any, error_description?: string, next?: any, total?: any, ex?: unknown}} RestAnswer */
  /** @typedef {{method: string, params: any, start?: number, callback?: Callback}} Query */
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
  /** @type {(() => void)[]} */
  const waiting = [];

  /** @param {() => void} [callback] */
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
      waiting.push(run);
    }
  }

  /** Like the original, the stand-in asks for the session as soon as it has loaded. */
  function start() {
    send("getInitData", {}, (answer) => {
      session = { ...answer };
      keepTokens(answer);
      if (answer.REST === "page") {
        fetchOverTheWire();
      }
      if (answer.FIRST_RUN) {
        send("setInstall", { install: true });
      }
      for (const run of waiting.splice(0)) {
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

  /** Each time anew, and not at all before the session is there. @param {Callback} [callback] */
  function refreshAuth(callback) {
    if (session === null) {
      return;
    }
    send("refreshAuth", {}, (answer) => {
      keepTokens(answer);
      callback?.(getAuth());
    });
  }

  // ---- REST ----------------------------------------------------------------------------------

  /**
   * Asks as the original does: a form without a type of its own, put off by a timer. A token that the portal calls expired
   * is renewed as often as it does.
   * @param {Query} query
   */
  function ask(query) {
    if (session === null) {
      init(() => ask(query));
      return;
    }
    if (authExpiresAt < Date.now()) {
      refreshAuth(() => ask(query));
      return;
    }
    let form = `auth=${session.AUTH_ID}`;
    if (query.start !== undefined) {
      form += `&start=${query.start}`;
    }
    if (query.params?.start) {
      delete query.params.start; // for its own paging: a caller's is lost
    }
    form += `&${formOf(query.params ?? "")}`;
    setTimeout(() => carry(query.method, form, (status, text) => take(query, status, text)), DEFER_MS);
  }

  /**
   * @param {Query} query
   * @param {number} status 0 when the connection was lost
   * @param {string} text
   */
  function take(query, status, text) {
    if (status === 0 || status >= 500) {
      throw "Query error!"; // and nobody is called back
    }
    /** @type {RestAnswer} */
    let answer;
    try {
      answer = text === "" ? { result: {} } : JSON.parse(text);
    } catch {
      throw "Query error!";
    }
    if (answer.error === "expired_token") {
      refreshAuth(() => ask(query));
    } else {
      query.callback?.(restResult(query, status, answer));
    }
  }

  /**
   * @param {string} method
   * @param {string} form
   * @param {(status: number, text: string) => void} answered
   */
  function carry(method, form, answered) {
    if (session?.REST === "page") {
      send("simulation.rest", { method, params: form }, ({ status, answer }) =>
        answered(status, JSON.stringify(answer)),
      );
      return;
    }
    const request = new XMLHttpRequest();
    request.open("POST", `${origin}/rest/${encodeURIComponent(method)}.json`);
    request.onload = () => answered(request.status, request.responseText);
    request.onerror = () => answered(0, "");
    request.send(form);
  }

  /** Where the portal's page has its REST nobody is behind the address: what the page asks there goes over the wire. */
  function fetchOverTheWire() {
    const { fetch } = window;
    window.fetch = (input, options) => {
      const method = restMethod(String(input));
      if (method === null) {
        return fetch.call(window, input, options);
      }
      return new Promise((resolve, reject) => {
        options?.signal?.addEventListener("abort", () => reject(options.signal?.reason));
        const params = JSON.parse(String(options?.body));
        send("simulation.rest", { method, params }, ({ status, answer }) =>
          resolve(new Response(JSON.stringify(answer), { status })),
        );
      });
    };
  }

  /** @param {string} address @returns {string | null} the method that is asked there */
  function restMethod(address) {
    const base = `${origin}/rest/`;
    return address.startsWith(base) ? decodeURIComponent(address.slice(base.length).replace(/\.json$/, "")) : null;
  }

  /**
   * Parameters as the original writes them down: `false` in words, and neither `null` nor `{}` at all.
   * @param {any} params
   * @param {string} [prefix]
   * @returns {string}
   */
  function formOf(params, prefix = "") {
    if (typeof params === "string" || params === null) {
      return params ?? "";
    }
    /** @type {string[]} */
    const plain = [];
    /** @type {string[]} */
    const nested = [];
    for (const [key, value] of Object.entries(params)) {
      const escaped = encodeURIComponent(key);
      const name = prefix === "" ? escaped : `${prefix}[${escaped}]`;
      if (typeof value !== "object") {
        plain.push(`${name}=${encodeURIComponent(String(value))}`);
      } else {
        nested.push(Array.isArray(value) && value.length === 0 ? `${name}=` : formOf(value, name));
      }
    }
    return [...plain, ...nested.filter((part) => part !== "")].join("&");
  }

  /**
   * @param {Query} query
   * @param {number} status
   * @param {RestAnswer} answer
   */
  function restResult(query, status, answer) {
    const { error } = answer;
    const failure = error === undefined ? undefined : { status, ex: typeof error === "string" ? answer : error };
    const next = Number.parseInt(answer.next, 10);
    return {
      query,
      answer,
      status,
      data: () => answer.result,
      error: () => failure,
      error_description: () => answer.error_description,
      more: () => !Number.isNaN(next),
      total: () => Number.parseInt(answer.total, 10),
      /** @param {Callback} callback */
      next: (callback) => {
        if (Number.isNaN(next)) {
          return false;
        }
        ask({ ...query, start: next, callback });
        return true;
      },
    };
  }

  /**
   * @param {string} method
   * @param {Fields} [params]
   * @param {Callback} [callback]
   */
  function callMethod(method, params, callback = () => {}) {
    ask({ method, params, callback });
  }

  /**
   * @param {any} call `[method, params]` or `{method, params}`
   * @returns {[string, Fields]}
   */
  function methodAndParams(call) {
    return Array.isArray(call) ? [String(call[0]), call[1]] : [call.method, call.params];
  }

  /**
   * @param {any} calls a list, or an object
   * @param {Callback} [callback] gets results under the keys of the calls
   * @param {boolean} [haltOnError]
   */
  function callBatch(calls, callback, haltOnError = false) {
    const keys = Object.keys(calls);
    /** @type {any} */
    const cmd = Array.isArray(calls) ? [] : {};
    for (const key of keys) {
      const [method, params] = methodAndParams(calls[key]);
      cmd[key] = `${method}?${formOf(params ?? "")}`;
    }
    if (keys.length === 0) {
      return;
    }
    ask({
      method: "batch",
      params: { halt: haltOnError ? 1 : 0, cmd },
      callback: (whole) => {
        const parts = whole.data();
        /** @type {any} */
        const results = Array.isArray(calls) ? [] : {};
        for (const key of keys) {
          // A batch that was refused as a whole has no parts: this throws, as the original does.
          if (parts.result[key] !== undefined || parts.result_error[key] !== undefined) {
            const [method, params] = methodAndParams(calls[key]);
            results[key] = restResult({ method, params }, whole.status, {
              result: parts.result[key] ?? {},
              error: parts.result_error[key] || undefined,
              total: parts.result_total[key],
              next: parts.result_next[key],
            });
          }
        }
        callback?.(results);
      },
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
    refreshAuth,
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
