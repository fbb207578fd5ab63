/**
 * A change of a call's media by a re-INVITE of our own: JsSIP's ends the call when the other side refuses it. Here
 * a refusal leaves the call as it was.
 *
 * @module
 */

import { PhoneError } from "./line.js";

/**
 * @typedef {any} Session  JsSIP's RTCSession
 * @typedef {{later: (callback: () => void, ms: number) => void}} Clock
 */

/** Nobody waits longer for an answer. */
const ANSWER_MS = 8000;
/** So long a new way is looked for. */
const GATHER_MS = 1000;
const NO_SUCH_CALL = 481;

/** The other side has no such call any more. */
export class DialogGone extends PhoneError {}

/** Those whose offer waits for its answer. @type {WeakSet<Session>} */
const asking = new WeakSet();

/** Whether an offer of ours waits for its answer: one of the other side's has to wait. @param {Session} session */
export function isChanging(session) {
  return asking.has(session);
}

/**
 * Have media flow, or not. A refusal changes nothing here: what is offered is described, and taken up only once it is
 * agreed to, since a description that is rolled back is not wholly undone (see `undo`).
 * @param {Session} session @param {RTCRtpTransceiverDirection} direction @param {Clock} clock
 * @throws {PhoneError} `NotPossible`: it is as it was before
 */
export function changeDirection(session, direction, clock) {
  return alone(session, async (connection) => {
    const fresh = await connection.createOffer();
    const offer = described(connection.localDescription?.sdp ?? "", fresh.sdp ?? "", direction);
    const answer = await asked(session, offer, clock, () => {
      const [{ currentDirection }] = connection.getTransceivers();
      return changeDirection(session, currentDirection ?? "sendrecv", clock);
    });
    for (const transceiver of connection.getTransceivers()) {
      transceiver.direction = direction;
    }
    await connection.setLocalDescription();
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
  });
}

/**
 * Look for another way for the media.
 * @param {Session} session @param {Clock} clock
 * @throws {PhoneError} `NotPossible`: it is as it was before
 */
export function restartIce(session, clock) {
  return alone(session, async (connection) => {
    await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
    await gathered(connection, clock);
    const offer = /** @type {RTCSessionDescription} */ (connection.localDescription).sdp;
    const answer = await asked(session, offer, clock, () => restartIce(session, clock));
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
  });
}

/** @param {Session} session @param {(connection: RTCPeerConnection) => Promise<void>} change */
async function alone(session, change) {
  const connection = /** @type {RTCPeerConnection} */ (session.connection);
  if (asking.has(session) || !session.isReadyToReOffer() || connection.signalingState !== "stable") {
    throw new PhoneError("NotPossible", "the call is being changed already: try again");
  }
  const before = connection.getTransceivers().map((transceiver) => ({ transceiver, direction: transceiver.direction }));
  asking.add(session);
  try {
    await change(connection);
  } catch (error) {
    await undo(connection, before);
    throw error instanceof PhoneError ? error : new PhoneError("NotPossible", `the media cannot be changed: ${error}`);
  } finally {
    asking.delete(session);
  }
}

/**
 * The call's present description, with its addresses, as an offer of another direction.
 * @param {string} present @param {string} fresh offer, without addresses @param {string} direction
 */
function described(present, fresh, direction) {
  const line = (/** @type {RegExp} */ which) => which.exec(fresh)?.[0];
  return present
    .replace(/^o=.*$/m, (old) => line(/^o=.*$/m) ?? old)
    .replace(/^a=setup:.*$/gm, (old) => line(/^a=setup:.*$/m) ?? old)
    .replace(/^a=(sendrecv|sendonly|recvonly|inactive)(?=\r?$)/gm, `a=${direction}`);
}

/**
 * As it was. Chromium that has rolled an offer back goes on sending as the offer had it, so what holds is agreed on anew.
 * @param {RTCPeerConnection} connection @param {Array<{transceiver: RTCRtpTransceiver, direction: RTCRtpTransceiverDirection}>} before
 */
async function undo(connection, before) {
  if (connection.signalingState === "closed") {
    return;
  }
  for (const { transceiver, direction } of before) {
    transceiver.direction = direction;
  }
  if (connection.signalingState === "have-local-offer") {
    await connection.setLocalDescription({ type: "rollback" });
    const far = connection.remoteDescription?.sdp.replaceAll("a=setup:actpass", "a=setup:passive") ?? "";
    await connection.setLocalDescription();
    await connection.setRemoteDescription({ type: "answer", sdp: far });
  }
}

/**
 * @param {Session} session @param {string} offer @param {Clock} clock
 * @param {() => Promise<void>} again  has the other side agree to what is here, after it agreed too late
 * @returns {Promise<string>} the answer
 */
function asked(session, offer, clock, again) {
  return new Promise((resolve, reject) => {
    let open = true;
    /** @param {string} why */
    const notPossible = (why) => {
      open = false;
      reject(new PhoneError("NotPossible", why));
    };
    clock.later(() => notPossible("the other side did not answer"), ANSWER_MS);
    session.sendRequest("INVITE", {
      extraHeaders: [`Contact: ${session.contact}`, "Content-Type: application/sdp"],
      body: offer,
      eventHandlers: {
        onSuccessResponse(/** @type {any} */ { body }) {
          session.sendRequest("ACK");
          if (open) {
            open = false;
            body ? resolve(body) : reject(new PhoneError("NotPossible", "the other side agreed to nothing"));
          } else if (!session.isEnded()) {
            again().catch(() => {});
          }
        },
        onErrorResponse: (/** @type {any} */ response) => notPossible(`the other side refused: ${wordsOf(response)}`),
        onTransportError: () => notPossible("the connection to the exchange was lost"),
        onRequestTimeout: () => notPossible("the other side did not answer"),
        onDialogError(/** @type {any} */ response) {
          open = false;
          const gone = response.status_code === NO_SUCH_CALL;
          reject(new (gone ? DialogGone : PhoneError)(gone ? "NoSuchCall" : "NotPossible", wordsOf(response)));
        },
      },
    });
  });
}

/** @param {any} response */
function wordsOf(response) {
  return `${response?.status_code} ${String(response?.reason_phrase ?? "").slice(0, 100)}`;
}

/** @param {RTCPeerConnection} connection @param {Clock} clock @returns {Promise<void>} when it has found its addresses, or long enough */
function gathered(connection, clock) {
  return new Promise((resolve) => {
    const look = () => connection.iceGatheringState === "complete" && resolve();
    connection.addEventListener("icegatheringstatechange", look);
    clock.later(resolve, GATHER_MS);
    look();
  });
}
