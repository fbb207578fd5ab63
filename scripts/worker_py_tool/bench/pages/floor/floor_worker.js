/** Answers whatever a page says. */
addEventListener("connect", ({ ports: [port] }) => {
  port.onmessage = () => port.postMessage("welcome");
});
