/** The groups of controls that open and close: what is open stays open on the next page of this tab. */

import { keepInTab, keptInTab } from "../core/tab_storage.js";

const KEY = "portal:groups";

/** @param {Iterable<HTMLDetailsElement>} groups each with an id */
export function connectGroups(groups) {
  const all = [...groups];
  const open = keptInTab(KEY)?.split(" ");
  for (const group of all) {
    group.open = open?.includes(group.id) ?? group.open;
    group.addEventListener("toggle", () => {
      const ids = all.filter((one) => one.open).map((one) => one.id);
      keepInTab(KEY, ids.join(" "));
    });
  }
}
