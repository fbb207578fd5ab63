/**
 * The portal's client in this page, or in words why there is none.
 *
 * @module
 */

import { clientNotLoaded, INSECURE, OUTSIDE } from "../diagnostics.js";
import { isSecure } from "../host.js";
import { portalFrame } from "../portal_frame.js";
import { b24jssdkClient } from "./b24jssdk.js";
import { bx24Client } from "./bx24.js";

/**
 * @param {{client: string, bx24_url?: string}} config
 * @returns {[import("./client.js").Client, null] | [null, string]}
 */
export function findClient(config) {
  const { B24Js } = /** @type {any} */ (globalThis);
  const BX24 = definedBX24();
  if (!portalFrame().inPortal && !BX24) {
    return [null, OUTSIDE];
  }
  if (!isSecure()) {
    return [null, INSECURE];
  }
  if (config.client === "b24jssdk" && B24Js) {
    const failed = (/** @type {unknown} */ error) =>
      console.error(`worker-py: the portal refused this frame: ${error}`);
    return [b24jssdkClient(B24Js, failed), null];
  }
  if (BX24) {
    return [bx24Client(BX24), null];
  }
  return [null, clientNotLoaded(String(config.bx24_url))];
}

/** Show whoever looks at this page why it has no portal. @param {string | null} problem none: it has one after all */
export function showProblem(problem) {
  const status = document.getElementById("worker-py-status");
  if (status) {
    status.hidden = problem === null;
    status.textContent = problem;
    if (problem !== null) {
      import("../../install/outside.js").then(({ dress }) => dress(status, problem)).catch(() => {}); // the text will do
    }
  }
}

/** `BX24`, whichever way a script defines it: what `const` declares is no property of the global object. */
function definedBX24() {
  // @ts-expect-error there may be none
  return typeof BX24 === "undefined" ? undefined : /** @type {any} */ (BX24);
}
