/** The groups of controls that open and close: what is open stays open on the next page of this tab. */

const KEY = "portal:groups";

/** @param {Iterable<HTMLDetailsElement>} groups each with an id */
export function connectGroups(groups) {
  const all = [...groups];
  const open = remembered();
  for (const group of all) {
    if (open !== null) {
      group.open = open.includes(group.id);
    }
    group.addEventListener("toggle", () => remember(all.filter((one) => one.open).map((one) => one.id)));
  }
}

/** @returns {string[] | null} null when nothing is remembered */
function remembered() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return Array.isArray(kept) ? kept : null;
  } catch {
    return null; // the browser blocks the portal's storage
  }
}

/** @param {string[]} ids */
function remember(ids) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // The browser blocks the portal's storage: the groups are as they were made.
  }
}
