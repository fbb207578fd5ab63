/**
 * The page of the benchmark's other contender: binds the portal's events, and hands them to a worker as JSON.
 * It keeps no journal, sets no deadlines and traces nothing.
 */
const worker = new Worker("worker.js");
const { placement } = globalThis.BX24;
const bound = new Set();

worker.onmessage = ({ data }) => {
  const { command, params, id } = JSON.parse(data);
  placement.call(command, params, (answer) => worker.postMessage(JSON.stringify({ id, answer })));
};

/** Binds each name once the portal knows it. */
function bind() {
  placement.getInterface(({ event }) => {
    for (const name of event) {
      if (!bound.has(name)) {
        bound.add(name);
        placement.bindEvent(name, (payload) => worker.postMessage(JSON.stringify({ name, payload })));
      }
    }
    if (bound.size === 0) {
      setTimeout(bind, 100);
    }
  });
}

bind();
