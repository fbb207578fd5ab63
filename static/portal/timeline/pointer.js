/** Pointer and wheel on the timeline: point for details, click to select, drag to pan, Ctrl and wheel to zoom. */

/** @typedef {import("./model.js").Span} Span */

/** A click may tremble by so many pixels. */
const STILL_PX = 4;

/**
 * @param {import("./chart.js").Chart} chart
 * @param {object} told
 * @param {() => {from: number, to: number}} told.seen
 * @param {(ms: number) => void} told.pan
 * @param {(factor: number, around: number) => void} told.zoom
 * @param {(span: Span | undefined) => void} told.hover
 * @param {(span: Span) => void} told.select
 */
export function connectPointer(chart, { seen, pan, zoom, hover, select }) {
  const { list } = chart;
  /** Where the drag has come to, and whether it has begun to move. @type {{x: number, moved: boolean, id: number} | null} */
  let drag = null;
  const msPerPx = () => (seen().to - seen().from) / chart.width;

  list.addEventListener("pointerdown", (event) => {
    if (event.button === 0) {
      drag = { x: event.clientX, moved: false, id: event.pointerId };
    }
  });
  list.addEventListener("pointermove", (event) => {
    if (drag === null || drag.id !== event.pointerId) {
      hover(chart.spanAt(event.target));
      return;
    }
    const by = event.clientX - drag.x;
    if (!drag.moved && Math.abs(by) < STILL_PX) {
      return;
    }
    if (!drag.moved) {
      list.setPointerCapture(event.pointerId);
      list.classList.add("tl-dragged");
    }
    pan(-by * msPerPx());
    drag = { ...drag, x: event.clientX, moved: true };
  });
  const end = () => {
    drag = null;
    list.classList.remove("tl-dragged");
  };
  list.addEventListener("pointerup", (event) => {
    const span = drag?.moved ? undefined : chart.spanAt(event.target);
    end();
    if (span) {
      select(span);
    }
  });
  list.addEventListener("pointercancel", end);
  list.addEventListener("pointerleave", () => hover(undefined));
  // A press on a bar would focus it, and so select it, before it is known whether this is a drag.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  chart.root.addEventListener(
    "wheel",
    (event) => {
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (event.ctrlKey || event.metaKey) {
        const share = (event.clientX - chart.axis.getBoundingClientRect().left) / chart.width;
        const { from, to } = seen();
        zoom(1.0015 ** event.deltaY, from + (to - from) * Math.min(1, Math.max(0, share)));
      } else if (Math.abs(sideways) > 0 && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
        pan(sideways * msPerPx());
      } else {
        return; // the page scrolls
      }
      event.preventDefault();
    },
    { passive: false },
  );
}
