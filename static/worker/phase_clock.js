/**
 * What the parts of a boot take, in milliseconds.
 *
 * @module
 */

/**
 * A moment of the download's: the module compiled, the snapshot's bytes there, and found to be those of the build.
 * @typedef {"compiled" | "read" | "verified"} Moment
 */

/**
 * Keeps what each phase took, and tells how far the boot is.
 * @typedef {ReturnType<typeof phaseClock>} PhaseClock
 */

/** @param {(phase: string, fraction: number) => void} progress */
export function phaseClock(progress) {
  /** @type {Record<string, number>} */
  const phases = {};
  /** @type {Partial<Record<Moment, number>>} */
  const moments = {};
  const start = performance.now();
  let entered = start;
  let current = "";
  let done = 0;
  /** @param {number} fraction */
  const tell = (fraction) => {
    done = Math.max(done, fraction); // a second way to boot begins where the first one ended
    progress(current, done);
  };
  return {
    phases,
    /** @param {string} phase @param {number} fraction of the whole boot that is done */
    enter(phase, fraction) {
      const now = performance.now();
      if (current) {
        phases[current] = (phases[current] ?? 0) + Math.round(now - entered);
      }
      phases.total = Math.round(now - start);
      [current, entered] = [phase, now];
      tell(fraction);
    },
    /** One more part of this phase is done. @param {number} share of the whole boot */
    advance(share) {
      tell(Math.min(done + share, 0.9));
    },
    /** Note when this is there. @param {Moment} moment @param {Promise<unknown>} coming */
    note(moment, coming) {
      coming.then(
        () => {
          moments[moment] = performance.now();
        },
        () => {},
      );
    },
    /**
     * What the download consisted of; asked when all is over. Most of it goes on side by side.
     * @param {string} module where the interpreter's module is
     * @returns {Record<string, number>} `module`: until it is there; if it came by the network, `fetch` until its first
     *   byte, `decode` until its last one, `compile` from then on; `read`: the snapshot, `hash`: whether it is the one
     *   that was built
     */
    parts(module) {
      const came = /** @type {PerformanceResourceTiming | undefined} */ (
        performance.getEntriesByName(module, "resource").at(-1)
      );
      const { compiled, read, verified } = moments;
      return spans({
        module: [start, compiled],
        fetch: [came?.startTime, came?.responseStart],
        decode: [came?.responseStart, came?.responseEnd],
        compile: [came?.responseEnd, compiled],
        read: [start, read],
        hash: [read, verified],
      });
    },
  };
}

/**
 * Those that are known, in whole milliseconds: a browser may keep what it measures to itself.
 * @param {Record<string, [number | undefined, number | undefined]>} named from when to when; 0 is not known
 */
function spans(named) {
  /** @type {Record<string, number>} */
  const known = {};
  for (const [name, [from, to]] of Object.entries(named)) {
    if (from !== undefined && to) {
      known[name] = Math.max(0, Math.round(to - from));
    }
  }
  return known;
}
