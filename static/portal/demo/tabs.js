/** Tabs after the ARIA pattern: arrow keys move and select, one tab is in the page's tab order. */

/**
 * Makes the buttons of a tab list show their panels.
 * @param {HTMLElement} list an element with role `tablist`; each tab names its panel in `aria-controls`
 */
export function connectTabs(list) {
  const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role="tab"]')]);
  for (const tab of tabs) {
    tab.addEventListener("click", () => select(tabs, tab));
  }
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(/** @type {HTMLElement} */ (event.target));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined || at < 0 ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (next) {
      event.preventDefault();
      select(tabs, next);
      next.focus();
    }
  });
}

/**
 * @param {HTMLElement[]} tabs
 * @param {HTMLElement} chosen
 */
function select(tabs, chosen) {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
    if (panel && panel.hidden === isChosen) {
      panel.hidden = !isChosen;
      panel.dispatchEvent(new Event("toggled"));
    }
  }
}
