/** Elements in one expression, for the pages that a person looks at. @module */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | boolean>} [attributes] true is an empty attribute, false none
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children);
  return made;
}

/** The style of the visible pages; the hidden one goes without. Fulfilled when it is there. @returns {Promise<void>} */
export function addStyle() {
  const link = element("link", { rel: "stylesheet", href: new URL("./visible.css", import.meta.url).href });
  return new Promise((resolve) => {
    link.onload = link.onerror = () => resolve();
    document.head.append(link);
  });
}

/** @param {string} address shown whole, however long, and easy to copy */
export const addressText = (address) => element("code", { class: "address" }, address);
