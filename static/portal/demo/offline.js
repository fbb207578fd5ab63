/** Makes a static build start without a network too, where the browser lets it: on https, and on this machine. */

/**
 * @param {string} build which one is shown
 * @returns {Promise<void>}
 */
export async function keepForOffline(build) {
  if (!("serviceWorker" in navigator)) {
    return; // by plain http from another machine: what is loaded works on, a reload needs the network
  }
  try {
    await navigator.serviceWorker.register(`offline_worker.js?build=${encodeURIComponent(build)}`);
  } catch (error) {
    console.warn("The demo is not kept for use without a network:", error);
  }
}
