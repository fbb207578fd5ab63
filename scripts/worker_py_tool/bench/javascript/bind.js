/**
 * The page's side of the JavaScript contenders: binds the portal's events. It keeps no journal, sets no deadlines and
 * traces nothing.
 */
const { placement } = globalThis.BX24;

/** Calls back for each event, once the portal knows its name. */
export function bindAll(callback) {
  placement.getInterface(({ event: names }) => {
    for (const name of names) {
      placement.bindEvent(name, (payload) => callback(name, payload));
    }
    if (names.length === 0) {
      setTimeout(() => bindAll(callback), 100);
    }
  });
}

/** Carries out a command. */
export function carryOut({ command, params, id }, answered) {
  placement.call(command, params, (answer) => answered(id, answer));
}
