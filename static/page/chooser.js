/**
 * Which version this page runs, where several stand side by side: written into the page that `worker-py publish` makes,
 * before anything else. The same operator gets the same version; one that does not start here gives way to the one before.
 */
{
  const STARTS_ALLOWED = 3;
  const SLOWEST_START_MS = 60_000;
  const ENDINGS = new Set(["failed", "fatal", "hang"]);
  const rollout = JSON.parse(document.getElementById("worker-py-rollout")?.textContent ?? "{}");
  const domain = window.name.split("|")[0];

  /** @param {string} key @returns {any} what this browser remembers */
  const remembered = (key) => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? "null");
    } catch {
      return null; // storage is blocked, or holds something else
    }
  };
  /** @param {string} key @param {unknown} value */
  const remember = (key, value) => {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // storage is blocked or full: then nothing is remembered
    }
  };

  /** A number from 0 to 99.99 that is the same for the same text. @param {string} text */
  const share = (text) => {
    let hash = 0x811c9dc5;
    for (let index = 0; index < text.length; index++) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (((hash ^ (hash >>> 16)) >>> 0) % 10_000) / 100;
  };

  const failures = `worker-py:failed-starts`;
  /** @param {string} build */
  const failed = (build) => Number(remembered(failures)?.[build]) || 0;
  /** @param {string} build @param {number} times */
  const note = (build, times) => {
    const known = Object.entries(remembered(failures) ?? {}).filter(([of]) => rollout.builds.includes(of));
    remember(failures, { ...Object.fromEntries(known), [build]: times });
  };

  /** What this operator is meant to have. A first visit, of nobody known, takes the stable one. */
  const meant = () => {
    const user = String(remembered(`worker-py:host:${domain}`)?.user || "");
    const { canary } = rollout;
    const chosen = user && canary && (canary.users.includes(user) || share(`${domain}:${user}`) < canary.percent);
    return chosen ? canary.build : rollout.stable;
  };

  const wanted = meant();
  const others = [rollout.stable, ...rollout.before].filter((build) => build !== wanted);
  const build =
    failed(wanted) < STARTS_ALLOWED ? wanted : (others.find((other) => failed(other) < STARTS_ALLOWED) ?? wanted);
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector(`template[data-build="${build}"]`));
  document.documentElement.dataset.build = build;
  if (build !== wanted) {
    document.documentElement.dataset.instead = wanted; // reports tell it
  }

  let settled = false;
  const settle = (/** @type {number} */ times) => {
    settled = true;
    note(build, times);
  };
  addEventListener("workerpy:trace", (event) => {
    const { kind, name, ending } = /** @type {CustomEvent} */ (event).detail;
    if (kind === "boot" && name === "booted" && failed(build) > 0) {
      settle(0);
    } else if (kind === "boot" && name === "booted") {
      settled = true;
    } else if (!settled && name === "worker_ended" && ENDINGS.has(ending)) {
      note(build, failed(build) + 1);
    }
  });
  const query = new URLSearchParams(location.search); // these pages start nothing
  if (window.name.split("|").length >= 3 && !query.has("install") && !query.has("support")) {
    setTimeout(() => settled || settle(failed(build) + 1), SLOWEST_START_MS);
  }
  document.head.append(template.content);
}
