/** The tools beside the timeline: save the trace, record and save a call, open a recording and play it. */

import { button, element, setText } from "../demo/dom.js";
import { checkSize, eventsOf, NotARecording, readRecording } from "./recording.js";
import { Replay } from "./replay.js";

/** @typedef {import("../automation.js").Portal} Portal */
/** @typedef {import("./recording.js").Recording} Recording */
/** @typedef {import("./recording.js").Command} Command */
/** @typedef {import("./compare.js").Compared} Compared */

const WARNING =
  "A recording holds what the trace leaves out: phone numbers, names, comments and what the CRM answered. " +
  "Treat the file as personal data.";
/** @type {ReadonlyArray<readonly [string, string]>} */
const SPEEDS = [
  ["0.5", "0.5×"],
  ["1", "1×"],
  ["2", "2×"],
  ["10", "10×"],
  ["Infinity", "As fast as possible"],
];
/** @type {Readonly<Record<Compared["verdict"], string>>} */
const VERDICTS = {
  same: "= same",
  moved: "⇅ same, other order",
  different: "≠ different",
  missing: "− not sent now",
  new: "+ only now",
};

export class RecordingView {
  /** @type {Recording | null} */
  #recording = null;
  /** @type {Replay | null} */
  #replay = null;
  #frame = "";
  /** What the recorded page has handed over so far. @type {Recording | null} */
  #kept = null;

  #record = button("Record", { title: WARNING }, () => this.#toggleRecording());
  #play = button("Play", {}, () => void (this.#replay ? this.#replay.stop() : this.#start()));
  #speed = element(
    "select",
    { "aria-label": "Speed of the replay" },
    ...SPEEDS.map(([value, name]) => element("option", { value, selected: value === "1" }, name)),
  );
  #file = element("input", { type: "file", accept: ".json,application/json", id: "rec-file", class: "rec-file" });
  #mark = element("p", { class: "rec-mark", hidden: true }, element("strong", {}, "● Recording"), ` ${WARNING}`);
  #about = element("p", { class: "rec-about" });
  #status = element("p", { class: "rec-status", role: "status" });
  #problem = element("p", { class: "rec-problem", role: "alert" });
  #result = element("div", {
    class: "rec-result tl-table",
    role: "region",
    "aria-label": "Result of the replay",
    tabindex: "0",
  });
  #folded = element("details", { open: true, hidden: true }, element("summary", {}, "Commands compared"), this.#result);

  /**
   * @param {Portal} portal
   * @param {() => unknown[]} trace
   * @param {(frame: string) => boolean} isReady whether Python runs for the page of a frame
   */
  constructor(portal, trace, isReady) {
    this.isReady = isReady;
    this.portal = portal;
    const save = button("Save trace", { title: "Names, times and outcomes, nothing personal" }, () =>
      download("trace", { kind: "worker-py trace", version: 1, entries: trace() }),
    );
    const open = element("label", { class: "button", for: "rec-file" }, "Open recording");
    const tools = element("div", { class: "tl-tools rec-tools", role: "group", "aria-label": "Trace and recording" });
    tools.append(save, this.#record, this.#file, open);
    const player = element("div", { class: "rec-player", hidden: true }, this.#about, this.#speed, this.#play);
    this.player = player;
    this.tools = tools;
    this.root = element("div", { class: "rec" }, this.#mark, this.#problem, player, this.#status, this.#folded);
    this.#file.addEventListener("change", () => void this.#open());
  }

  /** @param {string} frame @param {unknown} entry */
  traced(frame, entry) {
    this.#replay?.traced(frame, entry);
  }

  /**
   * What feed.js of a page told of recording.
   * @param {string} frame
   * @param {any} news
   */
  told(frame, { what, recording, entries }) {
    if (frame !== this.#frame) {
      return;
    }
    if (what === "recording") {
      this.#kept = recording;
      this.#showRecording(true);
    } else if (what === "more") {
      this.#kept?.entries.push(...entries);
    } else if (recording) {
      this.#end(recording, what === "ends");
    }
  }

  /** The page in a frame is gone: when it could not say so itself, what it has handed over is saved. @param {string} frame */
  left(frame) {
    if (frame === this.#frame && this.#kept !== null) {
      this.#end(this.#kept, true);
    }
  }

  /** @param {Recording} recording @param {boolean} cut */
  #end(recording, cut) {
    this.#frame = "";
    this.#kept = null;
    this.#showRecording(false);
    this.#recorded(recording, cut);
  }

  // Recording -------------------------------------------------------------------------------------

  #toggleRecording() {
    this.#problem.textContent = "";
    if (this.#frame !== "") {
      this.portal.order("stop recording", this.#frame);
      return;
    }
    const frame = this.portal.frames().find(({ kind }) => kind === "page")?.id;
    if (frame === undefined) {
      setText(this.#problem, "There is no hidden page to record: all are closed. Reload the portal's page.");
      return;
    }
    this.#frame = frame;
    this.portal.order("record", frame);
  }

  /** @param {boolean} on */
  #showRecording(on) {
    this.#mark.hidden = !on;
    setText(this.#record, on ? "Stop and save" : "Record");
    this.#record.classList.toggle("rec-on", on);
  }

  /** @param {Recording} recording @param {boolean} cut its page went away */
  #recorded(recording, cut) {
    download("recording", recording);
    const count = recording.entries.length;
    setText(this.#status, `${cut ? "The recorded page went away; saved" : "Saved"} ${count} messages. ${WARNING}`);
    if (eventsOf(recording).length > 0) {
      this.#offer(recording, "The recording just made");
    }
  }

  // Playing ---------------------------------------------------------------------------------------

  async #open() {
    const [file] = this.#file.files ?? [];
    if (file === undefined) {
      return;
    }
    this.#problem.textContent = "";
    try {
      checkSize(file);
      this.#offer(readRecording(file.name, await file.text()), file.name);
    } catch (error) {
      const said = error instanceof NotARecording ? error.message : `${file.name} could not be read: ${error}`;
      setText(this.#problem, said);
    }
    this.#file.value = ""; // the same file can be chosen again
  }

  /** @param {Recording} recording @param {string} name */
  #offer(recording, name) {
    const events = eventsOf(recording);
    this.#recording = recording;
    this.player.hidden = false;
    const seconds = ((events.at(-1)?.at ?? 0) / 1000).toFixed(1);
    setText(this.#about, `${name}: ${events.length} ${events.length === 1 ? "event" : "events"} in ${seconds} s`);
  }

  async #start() {
    if (this.#recording === null) {
      return;
    }
    this.#folded.hidden = true;
    setText(this.#play, "Stop replay");
    setText(this.#status, "Replaying…");
    const progress = (/** @type {number} */ at, /** @type {number} */ of) =>
      setText(this.#status, `Replaying: ${at} of ${of} events`);
    this.#replay = new Replay(this.portal, this.#recording, Number(this.#speed.value), progress, this.isReady);
    try {
      this.#show(await this.#replay.run());
    } catch (error) {
      setText(this.#problem, `The replay broke off: ${error}`);
    } finally {
      this.#replay = null;
      setText(this.#play, "Play");
    }
  }

  /** @param {import("./replay.js").Result} result */
  #show({ rows, notes, stopped }) {
    setText(this.#status, [stopped ? "Stopped." : verdictOn(rows), ...notes].join(" "));
    const titles = ["", "Recorded", "Now"].map((title) => element("th", { scope: "col" }, title || "Verdict"));
    const body = rows.map((row) =>
      element(
        "tr",
        { "data-verdict": row.verdict },
        element("th", { scope: "row" }, VERDICTS[row.verdict]),
        element("td", {}, ...wordsOf(row.recorded)),
        element("td", {}, ...wordsOf(row.now)),
      ),
    );
    const caption = element("caption", {}, "Commands, in their order");
    const head = element("thead", {}, element("tr", {}, ...titles));
    this.#result.replaceChildren(element("table", {}, caption, head, element("tbody", {}, ...body)));
    this.#folded.hidden = rows.length === 0;
  }
}

/** @param {Compared[]} rows */
function verdictOn(rows) {
  const moved = rows.filter(({ verdict }) => verdict === "moved").length;
  const other = rows.filter(({ verdict }) => verdict !== "moved" && verdict !== "same").length;
  if (other > 0) {
    return `Different: ${other} of ${rows.length} commands differ from the recording.`;
  }
  const order = moved > 0 ? `, ${moved} in another order: handlers overlap differently at another pace` : "";
  return `Same: all ${rows.length} commands are those of the recording${order}.`;
}

/** @param {Command | null} command */
function wordsOf(command) {
  if (command === null) {
    return ["—"];
  }
  return [element("code", {}, command.name), " ", element("small", {}, JSON.stringify(command.params ?? {}))];
}

/** @param {string} what @param {unknown} content */
function download(what, content) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(content)], { type: "application/json" }));
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  element("a", { href: address, download: `worker-py-${what}-${time}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may still be reading it
}
