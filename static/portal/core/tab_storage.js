/** What this tab of the portal keeps from one page to the next: nothing where the browser blocks the portal's storage. */

/** @param {string} key @returns {string | null} */
export function keptInTab(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string | null} text null: nothing is kept any more */
export function keepInTab(key, text) {
  try {
    if (text === null) {
      sessionStorage.removeItem(key);
    } else {
      sessionStorage.setItem(key, text);
    }
  } catch {
    // Blocked: it ends with the page.
  }
}
