/**
 * Addresses that are found after the offer or the answer has gone: told to the other side by SIP INFO, and heard from
 * it, where it can (RFC 8840). Nothing that goes wrong in it ends a call.
 *
 * @module
 */

/** @typedef {any} Session  JsSIP's RTCSession */

const OPTION = "trickle-ice";
const CONTENT_TYPE = "application/trickle-ice-sdpfrag";
const INFO_PACKAGE = ["Info-Package: trickle-ice", "Content-Disposition: Info-Package"];
/** What an offer and an answer say of us. */
export const TRICKLES = ["Supported: trickle-ice", "Recv-Info: trickle-ice"];
/** A far end that tells more is not listened to any longer. */
const MOST = 100;

export class Trickle {
  #session;
  /** @type {RTCPeerConnection | null} */
  #connection = null;
  /** The other side takes INFO, and the dialog for it is there. */
  #wanted = false;
  #asking = false;
  /** What the other side knows. */
  #told = "";
  /** What the other side has told: waits for its description. @type {RTCIceCandidateInit[]} */
  #waiting = [];
  /** @type {Set<string>} */
  #heard = new Set();

  /** @param {Session} session @param {any} [invitation] the other side's */
  constructor(session, invitation) {
    this.#session = session;
    session.on("sdp", (/** @type {any} */ { originator, sdp }) => {
      if (String(originator) === "local") {
        this.#told = fragmentOf(sdp, session.connection);
      }
    });
    for (const answer of invitation ? [] : ["progress", "accepted"]) {
      session.on(answer, (/** @type {any} */ { response }) => this.#want(response));
    }
    session.on("confirmed", () => invitation && this.#want(invitation));
    session.on("newInfo", (/** @type {any} */ { originator, info }) => {
      if (String(originator) === "remote" && String(info.contentType).startsWith(CONTENT_TYPE)) {
        this.#hear(String(info.body ?? ""));
      }
    });
  }

  /** @param {RTCPeerConnection} connection of the session */
  attend(connection) {
    this.#connection = connection;
    for (const change of ["icecandidate", "icegatheringstatechange"]) {
      connection.addEventListener(change, () => this.#tell());
    }
    connection.addEventListener("signalingstatechange", () => {
      this.#take();
      this.#tell(); // of a restart: its offer had what was found by then
    });
    this.#take();
  }

  /** @param {any} message of the other side's */
  #want(message) {
    const names = ["supported", "recv-info"].flatMap((name) => message?.getHeaders(name) ?? []).join(",");
    if (names.split(/[\s,;]+/).includes(OPTION) && message.hasHeader("contact")) {
      this.#wanted = true;
      this.#tell();
    }
  }

  /** All addresses so far, each time: INFO may overtake INFO. */
  #tell() {
    const connection = this.#connection;
    const { status, C } = this.#session;
    // An offer of a call that is connected is a change, and is told whole.
    const offers = connection?.signalingState === "have-local-offer" && status === C.STATUS_CONFIRMED;
    if (!connection?.localDescription || !this.#wanted || this.#asking || offers || this.#session.isEnded()) {
      return;
    }
    const fragment = fragmentOf(connection.localDescription.sdp, connection);
    if (fragment === this.#told || fragment === "") {
      return;
    }
    this.#asking = true;
    const told = (/** @type {boolean} */ taken) => {
      this.#asking = false;
      this.#wanted = taken;
      this.#told = taken ? fragment : this.#told;
      this.#tell();
    };
    const failed = () => told(false);
    this.#session.sendRequest("INFO", {
      extraHeaders: [...INFO_PACKAGE, `Content-Type: ${CONTENT_TYPE}`],
      body: fragment,
      eventHandlers: {
        onSuccessResponse: () => told(true),
        onErrorResponse: failed,
        onTransportError: failed,
        onRequestTimeout: failed,
        onDialogError: failed,
      },
    });
  }

  /** @param {string} fragment */
  #hear(fragment) {
    const usernameFragment = /^a=ice-ufrag:(\S+)/m.exec(fragment)?.[1];
    const sdpMid = /^a=mid:(\S+)/m.exec(fragment)?.[1];
    const where = sdpMid === undefined ? { sdpMLineIndex: 0 } : { sdpMid };
    for (const [, candidate] of fragment.matchAll(/^a=(candidate:[^\r\n]+)/gm)) {
      if (!this.#heard.has(candidate) && this.#heard.size < MOST) {
        this.#heard.add(candidate);
        this.#waiting.push({ candidate, usernameFragment, ...where });
      }
    }
    this.#take();
  }

  #take() {
    const connection = this.#connection;
    if (!connection?.remoteDescription || connection.signalingState === "closed") {
      return;
    }
    for (const candidate of this.#waiting.splice(0)) {
      connection.addIceCandidate(candidate).catch((/** @type {Error} */ error) => {
        console.warn(`worker-py: an address of the other side's is of no use: ${error.name}`);
      });
    }
  }
}

/**
 * What a description says of ICE, for its one stream; empty without addresses.
 * @param {string} sdp @param {RTCPeerConnection | null} connection whose it is
 */
function fragmentOf(sdp, connection) {
  const lines = [/^a=ice-ufrag:.*/m, /^a=ice-pwd:.*/m, /^m=audio.*/m, /^a=mid:.*/m].map((line) => line.exec(sdp)?.[0]);
  const candidates = sdp.match(/^a=candidate:.*/gm) ?? [];
  const end = connection?.iceGatheringState === "complete" ? ["a=end-of-candidates"] : [];
  const all = [...lines, ...candidates, ...end].filter((line) => line !== undefined);
  return candidates.length === 0 ? "" : all.map((line) => `${line}\r\n`).join("");
}
