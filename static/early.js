/**
 * Begins to load the interpreter before the rest of the page is there: the portal's client and the
 * page's other modules need not be awaited for that.
 *
 * @module
 */

import { Host, isSecure } from "./host.js";

/** @type {Host | null} */
let begun = begin();

/** @returns {Host | null} none where nobody is going to need an interpreter */
function begin() {
  const inPortal = window.name.split("|").length >= 3;
  const installing = new URLSearchParams(location.search).has("install");
  if (!inPortal || installing || !isSecure()) {
    return null;
  }
  const { build } = JSON.parse(document.getElementById("worker-py-config")?.textContent ?? "{}");
  const host = makeHost(build);
  host.joinEarly();
  return host;
}

/** @param {string} build */
function makeHost(build) {
  const [portal] = window.name.split("|");
  return new Host({ url: new URL("./worker.js", import.meta.url).href, build, portal });
}

/** The host that may have begun already, for the one who goes on with it. @param {string} build */
export function takeHost(build) {
  const host = begun ?? makeHost(build);
  begun = null;
  return host;
}
