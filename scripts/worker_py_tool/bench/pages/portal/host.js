/** Loads the page that is measured into a hidden frame, as a portal does, and tells the server what the frame tells it. */
addEventListener("message", ({ data }) => {
  if (typeof data?.ready === "number") {
    fetch("/told", { method: "POST", body: JSON.stringify({ ...data, opened: performance.timeOrigin }) });
  }
});
addEventListener("DOMContentLoaded", () => {
  const frame = document.createElement("iframe");
  frame.style.display = "none";
  frame.name = `${location.host}|0|bench`;
  frame.src = new URLSearchParams(location.search).get("app") ?? "about:blank";
  document.body.append(frame);
});
