/** Where an arrow key leads from a bar: along its lane, or to the lane above or below at about the same time. Pure. */

/** @typedef {import("./model.js").Span} Span */
/** @typedef {import("./model.js").Timeline} Timeline */

/**
 * @param {Timeline} timeline
 * @param {Span} span where one is
 * @param {string} key of the keyboard
 * @returns {Span | undefined} undefined when the key leads nowhere
 */
export function neighbour({ lanes }, span, key) {
  const at = lanes.findIndex(({ frame, kind }) => frame === span.frame && kind === span.lane);
  const own = lanes[at]?.spans ?? [];
  const index = own.findIndex((one) => one.key === span.key);
  switch (key) {
    case "ArrowRight":
      return own[index + 1];
    case "ArrowLeft":
      return own[index - 1];
    case "Home":
      return own[0];
    case "End":
      return own.at(-1);
    case "ArrowDown":
      return nearest(lanes[at + 1]?.spans ?? [], span);
    case "ArrowUp":
      return nearest(lanes[at - 1]?.spans ?? [], span);
    default:
      return undefined;
  }
}

/**
 * Goes before nearness in time: what belongs to the same event.
 * @param {readonly Span[]} spans
 * @param {Span} from
 */
function nearest(spans, from) {
  const same = spans.filter(({ cause }) => cause !== "" && cause === from.cause);
  const among = same.length > 0 ? same : spans;
  /** @type {Span | undefined} */
  let best;
  for (const one of among) {
    if (best === undefined || Math.abs(one.start - from.start) < Math.abs(best.start - from.start)) {
      best = one;
    }
  }
  return best;
}
