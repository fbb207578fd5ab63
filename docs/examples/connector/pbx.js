/**
 * The exchange of the operator: a WebSocket in each window. Python hears what the exchange says as events of the page,
 * `pbx.ringing`, and tells it what to do by functions of the page, `pbx.answer`.
 */

const RETRY_MS = 2000;
const ORDERS = ["answer", "hold", "resume", "hang_up", "call", "forget"];

/** @type {WebSocket | null} */
let socket = null;

/** @param {string} url */
function connect(url) {
  socket = new WebSocket(url);
  socket.addEventListener("message", ({ data }) => {
    const { event, ...payload } = JSON.parse(data);
    workerPy.emit(`pbx.${event}`, payload);
  });
  socket.addEventListener("close", () => setTimeout(connect, RETRY_MS, url));
}

workerPy.provide("pbx.connect", ({ url }) => {
  if (socket === null) {
    connect(url);
  }
});

for (const order of ORDERS) {
  workerPy.provide(`pbx.${order}`, ({ leg }) => {
    if (socket?.readyState !== WebSocket.OPEN) {
      throw new Error("The exchange is not connected");
    }
    socket.send(JSON.stringify({ do: order, leg }));
  });
}
