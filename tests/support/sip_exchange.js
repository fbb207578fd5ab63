/**
 * A telephone exchange that does what a test says: registrar, proxy and everybody at the other end, behind a
 * `WebSocket` that is none. It takes the place of `WebSocket` for the address `ws://exchange.test`, in a page (the far
 * ends are real `RTCPeerConnection`s there) and in Node (where the test brings `farEnd`).
 *
 * Each step of SIP takes the next of the actions that `script` holds for it; when there is none left, it goes well:
 *   "ok" | "drop" | a status such as 503 | "hang" (100 and nothing more) | "ring" (180 and nothing more) |
 *   "early" (183 with sound, and nothing more) | {status, headers, after_ms, sdp, notify, bare}
 */
{
  const page = /** @type {any} */ (globalThis);
  const ADDRESS = "ws://exchange.test";
  const CRLF = "\r\n";
  /** A clock that a test holds holds the exchange, too. @param {() => void} act @param {number} ms */
  const later = (act, ms) => globalThis.setTimeout(act, ms);

  /** @typedef {{first: string, method: string, status: number, headers: Array<[string, string]>, body: string}} Sip */
  /** @typedef {string | number | {status?: number, headers?: string[], after_ms?: number, sdp?: string, notify?: string, bare?: boolean}} Action */

  /** @param {string} text @returns {Sip} */
  function parsed(text) {
    const [head, ...rest] = text.split(CRLF + CRLF);
    const [first, ...lines] = head.split(CRLF);
    const headers = /** @type {Array<[string, string]>} */ (
      lines.map((line) => [
        line.slice(0, line.indexOf(":")).trim().toLowerCase(),
        line.slice(line.indexOf(":") + 1).trim(),
      ])
    );
    const status = first.startsWith("SIP/2.0 ") ? Number(first.split(" ")[1]) : 0;
    return { first, method: status ? "" : first.split(" ")[0], status, headers, body: rest.join(CRLF + CRLF) };
  }

  /** Without addresses. @param {string} sdp */
  const bared = (sdp) => sdp.replace(/^a=(candidate|end-of-candidates).*\r\n/gm, "");

  /** @param {Sip} sip @param {string} name */
  const header = (sip, name) => sip.headers.find(([each]) => each === name)?.[1] ?? "";

  class SocketToExchange {
    CONNECTING = 0;
    OPEN = 1;
    readyState = 0;
    binaryType = "";
    onopen = () => {};
    onmessage = (/** @type {{data: string}} */ _event) => {};
    onclose = (/** @type {object} */ _event) => {};
    onerror = (/** @type {object} */ _event) => {};
    #exchange;
    /** Nothing comes through any more, and nobody says so. */
    dead = false;

    /** @param {Exchange} exchange */
    constructor(exchange) {
      this.#exchange = exchange;
      exchange.opened += 1;
      Promise.resolve().then(() => {
        if (exchange.hangs || this.readyState !== 0) {
          return;
        }
        if (exchange.down) {
          this.cut();
          return;
        }
        this.readyState = 1;
        exchange.sockets.add(this);
        this.onopen();
      });
    }

    /** @param {string} text */
    send(text) {
      if (!this.dead && this.readyState === 1) {
        Promise.resolve().then(() => this.#exchange.hear(this, text));
      }
    }

    /** @param {string} text */
    deliver(text) {
      if (!this.dead && this.readyState === 1) {
        this.onmessage({ data: text });
      }
    }

    close() {
      this.readyState = 3;
      this.#exchange.sockets.delete(this);
    }

    /** The other side, or the network, closes it. */
    cut() {
      this.close();
      this.onclose({ wasClean: false, code: 1006, reason: "" });
    }
  }

  class Exchange {
    /** @type {Set<SocketToExchange>} */
    sockets = new Set();
    opened = 0;
    down = false;
    /** Sockets are neither opened nor refused. */
    hangs = false;
    pongs = true;
    /** @type {Record<string, Action[]>} */
    script = {};
    /** What the phone sent: methods, and statuses of its answers. @type {Array<{what: string, at: number, sip: Sip}>} */
    heard = [];
    /** @type {Map<string, Call>} */
    calls = new Map();
    /** The phone's contact, once it has registered. */
    contact = "";
    uri = "sip:operator@pbx.test";
    expires_s = 600;
    /** @type {SocketToExchange | null} */
    #last = null;

    /** Makes a far end. @type {() => Promise<FarEnd>} */
    farEnd = async () => realFarEnd();

    /** @param {SocketToExchange} socket @param {string} text */
    hear(socket, text) {
      if (text === CRLF + CRLF) {
        this.pongs && socket.deliver(CRLF);
        return;
      }
      if (text === CRLF) {
        return;
      }
      this.#last = socket;
      const sip = parsed(text);
      const inside = /;tag=/.test(header(sip, "to"));
      const step = sip.method === "INVITE" && inside ? "REINVITE" : sip.method;
      this.heard.push({
        what: sip.status ? `${sip.status} ${header(sip, "cseq").split(" ")[1]}` : step,
        at: Date.now(),
        sip,
      });
      if (sip.status) {
        this.#answered(sip);
        return;
      }
      if (step === "ACK") {
        return;
      }
      const action = this.script[step]?.shift() ?? "ok";
      const call = this.calls.get(header(sip, "call-id"));
      const act = () => this.#act(step, sip, action, call);
      const { after_ms = 0 } = /** @type {{after_ms?: number}} */ (typeof action === "object" ? action : {});
      after_ms ? later(act, after_ms) : act();
    }

    /** @param {string} step @param {Sip} sip @param {Action} action @param {Call | undefined} call */
    async #act(step, sip, action, call) {
      const { status, headers = [], sdp } = typeof action === "object" ? action : { status: Number(action) || 0 };
      if (action === "drop") {
        return;
      }
      if (step === "INVITE") {
        this.calls.set(header(sip, "call-id"), { over: false, incoming: false, sip, end: null, fragments: [] });
        this.reply(sip, 100);
        if (action === "hang") {
          return;
        }
      }
      if (status && status >= 300) {
        this.reply(sip, status, headers);
        return;
      }
      if (step === "INVITE") {
        this.reply(sip, 180, headers);
        await this.#takeCall(sip, status === 180 ? "ring" : action, sdp, headers);
      } else if (step === "REINVITE") {
        const answer = sdp ?? (await call?.end?.answer(sip.body)) ?? "";
        this.reply(sip, 200, ["Content-Type: application/sdp", ...headers], answer);
      } else if (step === "REGISTER") {
        this.#register(sip, headers);
      } else if (step === "CANCEL") {
        this.reply(sip, 200);
        if (call && !call.over) {
          this.#over(call);
          this.reply(call.sip, 487);
        }
      } else if (step === "INFO") {
        this.reply(sip, 200);
        call?.fragments.push(sip.body);
        call?.end?.hear?.(sip.body);
      } else if (step === "REFER") {
        this.reply(sip, 202);
        this.request(
          header(sip, "call-id"),
          "NOTIFY",
          ["Event: refer", "Subscription-State: terminated;reason=noresource", "Content-Type: message/sipfrag"],
          (typeof action === "object" && action.notify) || "SIP/2.0 200 OK",
        );
      } else {
        this.reply(sip, 200, headers);
        if (step === "BYE" && call) {
          this.#over(call);
        }
      }
    }

    /** @param {Sip} sip @param {Action} action @param {string} [sdp] @param {string[]} [headers] */
    async #takeCall(sip, action, sdp, headers = []) {
      const call = /** @type {Call} */ (this.calls.get(header(sip, "call-id")));
      if (action === "ring") {
        return;
      }
      call.end = await this.farEnd();
      if (call.over) {
        call.end.close();
        return;
      }
      const bare = typeof action === "object" && action.bare === true;
      const made = sdp ?? (await call.end.answer(bare ? bared(sip.body) : sip.body));
      const answer = bare ? bared(made) : made;
      for (const fragment of call.fragments) {
        call.end.hear?.(fragment);
      }
      if (action === "early") {
        this.reply(sip, 183, ["Content-Type: application/sdp", ...headers], answer);
      } else if (!call.over) {
        this.reply(sip, 200, ["Content-Type: application/sdp", ...headers], answer);
      }
    }

    /** @param {Sip} sip @param {string[]} headers */
    #register(sip, headers) {
      const contact = header(sip, "contact");
      const leaves = /expires=0/.test(contact);
      this.contact = leaves ? "" : (/<([^>;]+)/.exec(contact)?.[1] ?? "");
      const bound = leaves ? [] : [`Contact: ${contact.replace(/;expires=\d+/, "")};expires=${this.expires_s}`];
      this.reply(sip, 200, [...bound, ...headers]);
    }

    /** @param {Call} call */
    #over(call) {
      call.over = true;
      call.end?.close();
    }

    /** The phone answered something of ours. @param {Sip} sip */
    async #answered(sip) {
      const call = this.calls.get(header(sip, "call-id"));
      if (!call || header(sip, "cseq").split(" ")[1] !== "INVITE") {
        return;
      }
      if (sip.status < 200) {
        call.early = header(sip, "to");
        return;
      }
      if (sip.status < 300) {
        call.to = header(sip, "to");
        call.target = /<([^>]+)>/.exec(header(sip, "contact"))?.[1] ?? call.target;
        this.#send("ACK", call, []);
        await call.end?.accept(sip.body);
      } else {
        this.#send("ACK", { ...call, to: header(sip, "to") }, []);
        if (!call.to) {
          this.#over(call);
        }
      }
    }

    /** @param {Sip} sip @param {number} status @param {string[]} [headers] @param {string} [body] */
    reply(sip, status, headers = [], body = "") {
      const same = sip.headers.filter(([name]) => ["via", "from", "call-id", "cseq"].includes(name));
      const tag = status > 100 && !/;tag=/.test(header(sip, "to")) ? ";tag=far" : "";
      const asks = headers.some((each) => /^www-authenticate:/i.test(each));
      const challenge =
        status === 401 && !asks ? ['WWW-Authenticate: Digest realm="pbx.test", nonce="n", algorithm=MD5'] : [];
      const contact =
        headers.some((each) => /^contact:/i.test(each)) || header(sip, "cseq").endsWith("REGISTER")
          ? []
          : ["Contact: <sip:far@exchange.test;transport=ws>"];
      this.say(
        [
          `SIP/2.0 ${status} ${WORDS[status] ?? "Words"}`,
          ...same.map(([name, value]) => `${name}: ${value}`),
          `To: ${header(sip, "to")}${tag}`,
          ...contact,
          ...challenge,
          ...headers,
        ],
        body,
      );
    }

    /** Somebody calls. @param {{number?: string, display?: string, headers?: string[], sdp?: string, contact?: string}} [how] */
    async ring({
      number = "client",
      display = "",
      headers = [],
      sdp,
      contact = "<sip:far@exchange.test;transport=ws>",
    } = {}) {
      const id = `${Math.random()}`.slice(2);
      /** @type {Call} */
      const call = {
        over: false,
        incoming: true,
        end: null,
        fragments: [],
        id,
        cseq: 1,
        target: this.contact,
        to: "",
        sip: /** @type {any} */ (null),
        from: `${display}<sip:${number}@pbx.test>;tag=far${id}`,
        contact,
      };
      this.calls.set(id, call);
      call.end = sdp === undefined ? await this.farEnd() : null;
      const body = sdp ?? (await call.end?.offer()) ?? "";
      call.branch = `z9hG4bK${id}`;
      this.#send("INVITE", call, body ? ["Content-Type: application/sdp", ...headers] : headers, body);
      return id;
    }

    /** The caller gives up. @param {string} id */
    cancel(id) {
      const call = /** @type {Call} */ (this.calls.get(id));
      this.#send("CANCEL", call, []);
      this.#over(call);
    }

    /** Ask something inside a call. @param {string} id @param {string} method @param {string[]} [headers] @param {string} [body] */
    request(id, method, headers = [], body = "") {
      const call = /** @type {Call} */ (this.calls.get(id));
      if (!call.incoming && !call.id) {
        // The phone dialled: its From is our To.
        Object.assign(call, {
          id,
          cseq: 1,
          to: header(call.sip, "from"),
          from: `${header(call.sip, "to")};tag=far`,
          contact: "<sip:far@exchange.test>",
          target: /<([^>]+)>/.exec(header(call.sip, "contact"))?.[1],
        });
      }
      call.cseq = (call.cseq ?? 1) + 1;
      call.branch = `z9hG4bK${Math.random()}`.replace(".", "");
      this.#send(method, call, headers, body);
      if (method === "BYE") {
        this.#over(call);
      }
    }

    /** @param {string} method @param {Call} call @param {string[]} headers @param {string} [body] */
    #send(method, call, headers, body = "") {
      const cseq = call.cseq ?? 1;
      this.say(
        [
          `${method} ${call.target} SIP/2.0`,
          `Via: SIP/2.0/WS exchange.test;branch=${call.branch}`,
          "Max-Forwards: 70",
          `From: ${call.from}`,
          `To: ${call.to || (method !== "CANCEL" && call.early) || `<${this.uri}>`}`,
          `Call-ID: ${call.id}`,
          `CSeq: ${cseq} ${method}`,
          `Contact: ${call.contact}`,
          ...headers,
        ],
        body,
      );
    }

    /** @param {string[]} lines @param {string} [body] */
    say(lines, body = "") {
      const length = new TextEncoder().encode(body).length;
      this.raw([...lines, `Content-Length: ${length}`, "", body].join(CRLF));
    }

    /** @param {string} text */
    raw(text) {
      const open = [...this.sockets];
      (this.#last && this.sockets.has(this.#last) ? this.#last : open.at(-1))?.deliver(text);
    }

    /** Everything goes on as if nothing had happened, except that nothing comes through. */
    die() {
      for (const socket of this.sockets) {
        socket.dead = true;
      }
    }

    /** It stops, or comes back. @param {boolean} down */
    stop(down = true) {
      this.down = down;
      for (const socket of down ? [...this.sockets] : []) {
        socket.cut();
      }
    }

    /** How often the phone sent this. @param {string} what */
    count(what) {
      return this.heard.filter((each) => each.what === what).length;
    }
  }

  /** @type {Record<number, string>} */
  const WORDS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    481: "Call Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Error",
    503: "Service Unavailable",
  };

  /**
   * @typedef {{answer: (offer: string) => Promise<string>, offer: () => Promise<string>, accept: (answer: string) => Promise<void>,
   *   close: () => void, hear?: (fragment: string) => void, told?: () => string}} FarEnd
   * @typedef {{over: boolean, incoming: boolean, sip: Sip, end: FarEnd | null, fragments: string[], id?: string, cseq?: number, target?: string, to?: string, early?: string,
   *   from?: string, contact?: string, branch?: string}} Call
   */

  /** @returns {Promise<FarEnd>} with a voice, as the phone's own is made */
  async function realFarEnd() {
    const start = /** @type {HTMLScriptElement} */ (document.querySelector("script[src$='phone/start.js']")).src;
    const { voice } = await import(start.replace("start.js", "sound.js"));
    const made = await voice(190);
    const far = new RTCPeerConnection({ iceServers: [] });
    far.addTrack(made.track); // a transceiver would not be taken for the one that is offered
    const complete = () =>
      new Promise((resolve) => {
        const look = () => far.iceGatheringState === "complete" && resolve(null);
        far.onicegatheringstatechange = look;
        look();
      });
    const local = async () => {
      await far.setLocalDescription();
      await complete();
      return /** @type {RTCSessionDescription} */ (far.localDescription).sdp;
    };
    return {
      async answer(offer) {
        await far.setRemoteDescription({ type: "offer", sdp: offer });
        return local();
      },
      offer: local,
      async accept(answer) {
        await far.setRemoteDescription({ type: "answer", sdp: answer });
      },
      hear(fragment) {
        for (const [, candidate] of far.remoteDescription ? fragment.matchAll(/^a=(candidate:.*)$/gm) : []) {
          far.addIceCandidate({ candidate, sdpMLineIndex: 0 });
        }
      },
      told: () => /** @type {RTCSessionDescription} */ (far.localDescription).sdp,
      close() {
        far.close();
        made.stop();
      },
    };
  }

  const Real = page.WebSocket;
  page.SipExchange = Exchange;
  page.exchange = new Exchange();
  page.WebSocket = class {
    constructor(/** @type {string} */ url, /** @type {string} */ protocols) {
      // biome-ignore lint/correctness/noConstructorReturn: this class stands in for two
      return String(url).startsWith(ADDRESS) ? new SocketToExchange(page.exchange) : new Real(url, protocols);
    }
  };
}
