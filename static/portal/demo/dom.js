/** Making elements in one expression, without markup in strings. */

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

/**
 * @param {string | (Node | string)[]} content
 * @param {Record<string, string | boolean>} [attributes]
 * @param {() => void} [click]
 * @returns {HTMLButtonElement}
 */
export function button(content, attributes = {}, click = () => {}) {
  const made = element("button", { type: "button", ...attributes }, ...[content].flat());
  made.addEventListener("click", click);
  return made;
}

/**
 * Writes text only when it differs, so that live regions speak once and a burst of commands costs little.
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`index.html lacks an element with id "${id}".`);
  }
  return found;
}

/**
 * Hears a box; one whose change was refused is of no use any more, and says why.
 * @param {HTMLElement} element
 * @param {(on: boolean) => Promise<void>} change
 */
export function onSwitch(element, change) {
  const box = /** @type {HTMLInputElement} */ (element);
  box.addEventListener("change", async () => {
    try {
      await change(box.checked);
    } catch (error) {
      box.checked = false;
      box.disabled = true;
      box.title = String(error);
    }
  });
}
