/**
 * The first script of the page: loads the page anew when its own modules did not come.
 *
 * A module that failed to load stays failed in its document, so the document has to be another one.
 * Parts that came damaged are taken past the browser's cache before that.
 */
{
  const AGAIN = "worker-py-again";
  const LONGEST_PAUSE_MS = 30_000;
  const base = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/[^/]*$/, "");

  window.addEventListener("load", async () => {
    if ("workerPy" in window) {
      return;
    }
    const address = new URL(location.href);
    const attempt = Number(address.searchParams.get(AGAIN) ?? 0) + 1;
    const pause = Math.min(500 * 2 ** attempt, LONGEST_PAUSE_MS);
    console.error(
      `worker-py: a script of this page did not load. Attempt ${attempt + 1} follows in ${pause / 1000} s.`,
    );
    await new Promise((resolve) => setTimeout(resolve, pause));
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    const ours = loaded.filter((url) => url.startsWith(base));
    await Promise.allSettled(ours.map((url) => fetch(url, { cache: "reload" })));
    address.searchParams.set(AGAIN, String(attempt));
    location.replace(address);
  });
}
