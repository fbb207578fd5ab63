/**
 * Page script of the demo, in bundles for live editing only: takes source for the app from the window that
 * embeds the page, if it is of the portal's origin, and tells that origin alone what runs and what fails.
 *
 * Who embeds the page says itself what portal it is. So the portal must be on the same host, whatever its port, or
 * both on this machine: others could run what they like in this origin's name.
 */
{
  const ON_THIS_MACHINE = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/;
  const [domain = "", protocol = ""] = window.name.split("|");
  const portal = `${protocol === "1" ? "https" : "http"}://${domain}`;

  /** @typedef {{apply(source: string): Promise<object>, listen(listener: (news: object) => void): void}} Live */
  const { workerPy } = /** @type {{workerPy?: {live?: Promise<Live | null>}}} */ (/** @type {unknown} */ (window));

  /** @param {object} news */
  const forward = (news) => window.parent.postMessage({ workerPyLive: news }, portal);

  /** @param {string} host */
  const isOurs = (host) =>
    host === location.hostname || [host, location.hostname].every((each) => ON_THIS_MACHINE.test(each));

  if (domain !== "" && window.parent !== window && isOurs(new URL(portal).hostname)) {
    workerPy?.live?.then((live) => {
      forward({ kind: "here" }); // what a page before this one was asked has no answer
      live?.listen(forward);
      window.addEventListener("message", async ({ data, origin, source: sender }) => {
        const { id, source } = data?.workerPyApply ?? {};
        if (live && origin === portal && sender === window.parent && typeof source === "string") {
          forward({ kind: "answer", id, ...(await live.apply(source)) });
        }
      });
    });
  }
}
