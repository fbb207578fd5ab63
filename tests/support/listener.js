/** A placement page without Python: it binds every event of the card, keeps what it hears, and sends what it is told. */
{
  const page = /** @type {any} */ (window);
  const { BX24 } = page;

  const listener = {
    /** Short names and payloads, oldest first. @type {[string, unknown][]} */
    heard: [],
    /** @param {string} command @param {Record<string, unknown>} params */
    send: (command, params) => new Promise((resolve) => BX24.placement.call(command, params, resolve)),
    ready: new Promise((resolve) => {
      BX24.placement.getInterface((/** @type {{event: string[]}} */ { event: names }) => {
        for (const name of names) {
          const short = name.replace(/^.*::/, "");
          BX24.placement.bindEvent(name, (/** @type {unknown} */ payload) => listener.heard.push([short, payload]));
        }
        resolve(names.length);
      });
    }),
  };
  page.listener = listener;
}
