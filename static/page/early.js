/**
 * Begins to load the interpreter before the rest of the page is there: written into the page with all that it imports,
 * ahead of any other script.
 *
 * @module
 */

import { Host, isSecure } from "./host.js";
import { portalFrame } from "./portal_frame.js";

/** Under this, what has begun is found by the page's other script, which has this module too. */
const BEGUN = Symbol.for("worker-py.early");
const shared = /** @type {Record<symbol, Host | null | undefined>} */ (/** @type {unknown} */ (globalThis));

if (shared[BEGUN] === undefined) {
  shared[BEGUN] = begin();
}

/** @returns {Host | null} none where nobody is going to need an interpreter */
function begin() {
  const query = new URLSearchParams(location.search);
  if (!portalFrame().inPortal || query.has("install") || query.has("support") || !isSecure()) {
    return null;
  }
  const { build } = JSON.parse(document.getElementById("worker-py-config")?.textContent ?? "{}");
  const host = makeHost(build);
  host.joinEarly();
  return host;
}

/** @param {string} build */
function makeHost(build) {
  // Not relative to this module: all pages must name the worker's script alike, however they came to theirs.
  const url = new URL(`assets/${build}/worker/worker.js`, document.baseURI).href;
  return new Host({ url, build, portal: portalFrame().domain });
}

/** The host that may have begun already, for the one who goes on with it. @param {string} build */
export function takeHost(build) {
  const host = shared[BEGUN] ?? makeHost(build);
  shared[BEGUN] = null;
  return host;
}
