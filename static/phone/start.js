/**
 * Gives the placement page a phone: `scripts/build --phone loopback` or `--phone jssip` loads this.
 * The line itself is loaded by the page that is elected to hold it.
 *
 * @module
 */

import { Clock } from "../page/clock.js";
import { portalFrame } from "../page/portal_frame.js";
import { Phone } from "./phone.js";
import { ringBack } from "./sound.js";
import { Station } from "./station.js";

/** @type {Record<string, (clock: Clock) => Promise<import("./phone.js").MakeLine>>} */
const LINES = {
  loopback: async (clock) => (await import("./loopback.js")).loopbackLine(clock),
  jssip: async (clock) => (await import("./jssip.js")).jssipLine(clock),
};

const { workerPy } = /** @type {any} */ (globalThis);
const { phone: kind } = JSON.parse(document.getElementById("worker-py-config")?.textContent ?? "{}");
const makeLine = LINES[kind];

if (makeLine && workerPy.stats().state !== "outside") {
  const clock = new Clock();
  const station = new Station(portalFrame().domain, workerPy, {
    locks: navigator.locks,
    channel: (name) => new BroadcastChannel(name),
    get storage() {
      return localStorage; // throws where it is blocked
    },
    makePhone: async (tell) => new Phone(await makeLine(clock), tell, clock, () => station.statsEveryMs, ringBack),
  });
  Object.defineProperty(globalThis, "workerPyPhone", { value: station, enumerable: true });
  addEventListener("pagehide", () => station.stop());
  addEventListener("pageshow", ({ persisted }) => persisted && station.start());
  station.start();
}
