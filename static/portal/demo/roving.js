/** Buttons in rows, of which Tab reaches one and the arrow keys the others. */

/**
 * @param {HTMLElement} group
 * @param {HTMLElement[]} buttons
 * @param {number} columns
 */
export function rove(group, buttons, columns) {
  /** @param {HTMLElement | undefined} chosen */
  function settle(chosen) {
    for (const button of buttons) {
      button.tabIndex = button === chosen ? 0 : -1;
    }
  }
  settle(buttons[0]);
  group.addEventListener("focusin", ({ target }) => {
    const focused = buttons.find((button) => button === target);
    if (focused !== undefined) {
      settle(focused);
    }
  });
  group.addEventListener("keydown", (event) => {
    const here = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const there = here === -1 ? -1 : destination(event.key, here, columns, buttons.length);
    if (there !== -1) {
      event.preventDefault();
      buttons[there]?.focus();
    }
  });
}

/**
 * @param {string} key
 * @param {number} here
 * @param {number} columns
 * @param {number} count
 * @returns {number} -1 for a key that moves nowhere
 */
export function destination(key, here, columns, count) {
  /** @type {Readonly<Record<string, number>>} */
  const places = {
    ArrowLeft: here - 1,
    ArrowRight: here + 1,
    ArrowUp: here - columns,
    ArrowDown: here + columns,
    Home: 0,
    End: count - 1,
  };
  const there = places[key] ?? -1;
  return there < count ? Math.max(there, -1) : -1;
}
