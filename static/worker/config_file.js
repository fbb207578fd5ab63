/**
 * The app's settings, `worker-py.json` beside the page: read anew for each page that joins, whatever the browser has of it.
 *
 * @module
 */

const PATIENCE_MS = 3000;
/** Characters: `worker_py/config.py` refuses what is longer, and no message needs to carry it. */
const LIMIT = 256 * 1024;

/** What it says; `text` is null when it could not be read. @typedef {{text: string | null, problem: string}} ConfigFile */

/**
 * @param {string} url
 * @param {{get?: typeof fetch, patienceMs?: number}} [options]
 * @returns {Promise<ConfigFile>}
 */
export async function readConfig(url, { get = fetch, patienceMs = PATIENCE_MS } = {}) {
  try {
    const answer = await get(url, { cache: "no-store", signal: AbortSignal.timeout(patienceMs) });
    if (!answer.ok) {
      return { text: null, problem: `the server answers ${answer.status}` };
    }
    return { text: (await answer.text()).slice(0, LIMIT + 1), problem: "" };
  } catch (error) {
    return { text: null, problem: /** @type {Error} */ (error).message };
  }
}
