/**
 * What the page's address asks for, over what the page itself says of it.
 *
 * A static build writes its defaults into the page, in the attribute `data-query` of its `html`: there the address
 * needs no query at all.
 */

/**
 * @param {string} defaults a query string
 * @param {string} search   the address's
 * @returns {URLSearchParams}
 */
export function queryOf(defaults, search) {
  const query = new URLSearchParams(defaults);
  for (const [name, value] of new URLSearchParams(search)) {
    query.set(name, value);
  }
  return query;
}

/**
 * The placement page's address, which may be relative to the portal's page.
 * @param {string | null} given
 * @param {string} base  the portal's page
 * @returns {string | null} absolute, by http; null when there is none, or when it is the portal's page itself
 */
export function appAddress(given, base) {
  if (!given || !URL.canParse(given, base)) {
    return null;
  }
  const address = new URL(given, base);
  const portal = new URL(base);
  const isPortal = address.origin === portal.origin && address.pathname === portal.pathname;
  return /^https?:$/.test(address.protocol) && !isPortal ? address.href : null;
}
