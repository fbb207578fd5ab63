/**
 * Loads the page that is measured into a hidden frame, as a portal does. With `?load=NAME` it tells the server what the
 * frame tells it, and of which load that is.
 */
const asked = new URLSearchParams(location.search);
addEventListener("message", ({ data }) => {
  if (typeof data?.ready === "number" && asked.has("load")) {
    const told = { ...data, opened: performance.timeOrigin, load: asked.get("load") };
    fetch("/told", { method: "POST", body: JSON.stringify(told) });
  }
});
addEventListener("DOMContentLoaded", () => {
  const frame = document.createElement("iframe");
  frame.style.display = "none";
  frame.name = `${location.host}|0|bench`;
  frame.src = asked.get("app") ?? "about:blank";
  document.body.append(frame);
});
