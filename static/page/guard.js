/**
 * The page's own script, written into it: loads all others, when the document's `load` has passed.
 *
 * The portal counts each `load` of its frame that comes later than 5 s, and deletes the registration
 * after some: so nothing that the network may delay holds that event, and the page is never loaded
 * anew. A script that did not come is loaded again here, and ours under another spelling of their
 * folder: a browser keeps a module that failed or came damaged under its address, imports resolve
 * against the address of who imports, and every server takes `%61` for `a`.
 */
{
  /** A script that has neither come nor failed is loaded a second time when nothing else of ours came for so long. */
  const SILENT_MS = 30_000;
  const LONGEST_PAUSE_MS = 30_000;
  /** Scripts of the integrator follow each other in order: one that never comes must not hold up the others. */
  const ATTEMPTS = 4;
  const ours = new URL("assets/", document.baseURI).href;
  const { build, client } = JSON.parse(document.getElementById("worker-py-config")?.textContent ?? "{}");

  /** @param {string} kind @returns {HTMLScriptElement[]} scripts that the page names, and no browser loads by itself */
  const named = (kind) =>
    [...document.querySelectorAll(`script[type^="worker-py/${kind}"]`)].map((one) => /** @type {any} */ (one));

  /** @param {number} ms */
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /** How many of our files have come or failed, as far as the browser has counted. */
  const arrived = () => performance.getEntriesByType("resource").filter(({ name }) => name.startsWith(ours)).length;

  /** Ends when nothing of ours comes any more: a slow network is not asked for everything once again. */
  const silence = async () => {
    for (let before = -1, now = arrived(); now > before; now = arrived()) {
      before = now;
      await pause(SILENT_MS);
    }
  };

  /**
   * Another address of the same file.
   * @param {string} url
   * @param {number} attempt 0 is the first
   */
  const spelled = (url, attempt) => {
    const letters = [...build].map((letter, index) =>
      (attempt >> index) & 1 ? `%${letter.charCodeAt(0).toString(16)}` : letter,
    );
    return url.replace(`/${build}/`, `/${letters.join("")}/`);
  };

  /**
   * @param {string} url
   * @param {boolean} isModule
   * @returns {Promise<boolean>} whether it came; what it does when it runs is its own affair
   */
  const load = (url, isModule) =>
    new Promise((resolve) => {
      const script = document.createElement("script");
      script.type = isModule ? "module" : "text/javascript";
      script.async = false;
      script.onload = () => resolve(true);
      script.onerror = () => resolve(false);
      script.src = url;
      document.head.append(script);
    });

  /**
   * What a new attempt needs, as far as we know it, comes into the browser's cache first: each file by itself. Who gets
   * it under its first spelling all the same (WebKitGTK) imports what came damaged for as long as this page lives: there
   * the next page is to find a whole one.
   * @param {number} attempt
   */
  const gather = async (attempt) => {
    const modules = /** @type {NodeListOf<HTMLLinkElement>} */ (document.querySelectorAll("link[rel=modulepreload]"));
    await Promise.allSettled(
      [...modules].map(async ({ href }) => {
        const { url } = await fetch(spelled(href, attempt));
        return url === href && fetch(href, { cache: "reload" });
      }),
    );
  };

  /**
   * @param {HTMLScriptElement} script as the page names it
   * @param {number} attempts
   * @param {() => boolean} isThere whether what came is whole
   * @returns {Promise<void>}
   */
  const insist = async ({ src, type }, attempts, isThere = () => true) => {
    const isModule = type.endsWith("module");
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) {
        const ms = Math.min(500 * 2 ** attempt, LONGEST_PAUSE_MS);
        console.error(`worker-py: ${src} did not load. Attempt ${attempt + 1} follows in ${ms / 1000} s.`);
        await pause(ms);
      }
      if (attempt > 0 && isModule) {
        await Promise.race([gather(attempt), silence()]);
      }
      const came = load(spelled(src, attempt), isModule);
      // A client or a script of the integrator may not bear to be run twice.
      if ((await (isModule ? Promise.race([came, silence()]) : came)) && isThere()) {
        return;
      }
    }
  };

  const installing = new URLSearchParams(location.search).has("install");
  const inPortal = window.name.split("|").length >= 3;
  const hasClient = () =>
    // @ts-expect-error `const` in a classic script defines no property of the global object
    client === "b24jssdk" ? "B24Js" in window : typeof BX24 !== "undefined";

  const loadAll = async () => {
    const [clientScript] = named("client");
    await insist(clientScript, inPortal ? 2 : 1, hasClient);
    const [shim] = named("shim");
    await insist(shim, Number.POSITIVE_INFINITY, () => "workerPy" in window);
    if (inPortal && !hasClient()) {
      insist(clientScript, Number.POSITIVE_INFINITY, hasClient).then(() =>
        dispatchEvent(new CustomEvent("workerpy:client")),
      );
    }
    if (installing) {
      insist(named("install")[0], Number.POSITIVE_INFINITY, () => Symbol.for("worker-py.install") in window);
    }
    for (const script of named("page")) {
      await insist(script, ATTEMPTS);
    }
    // They may be written for a page that loads them itself.
    document.dispatchEvent(new Event("DOMContentLoaded", { bubbles: true }));
    dispatchEvent(new Event("load"));
    performance.mark("worker-py:scripts"); // who measures or tests the page knows by it that all have had their turn
  };

  addEventListener("load", loadAll, { once: true });
}
