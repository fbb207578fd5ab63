/**
 * Service worker of a static build: keeps all of it, so that the demo also starts with the network cut.
 *
 * The network comes first, and what is kept is used when it does not answer. The address names the build: another
 * build is another worker, which drops what the former one kept.
 */

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const PREFIX = "worker-py-demo ";
const cacheName = `${PREFIX}${new URL(scope.location.href).searchParams.get("build") ?? ""}`;

scope.addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(dropOthers().then(() => scope.clients.claim()));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && new URL(request.url).origin === scope.location.origin) {
    event.respondWith(fetch(request).catch(() => kept(request)));
  }
});

/** Everything that the build's manifest lists, but the copies for hosts that compress. */
async function keepAll() {
  const manifest = await (await fetch("manifest.json", { cache: "no-cache" })).json();
  const files = Object.keys(manifest.files).filter((path) => !/\.(br|gz)$/.test(path));
  const cache = await caches.open(cacheName);
  await cache.addAll(files);
}

async function dropOthers() {
  const names = await caches.keys();
  const former = names.filter((name) => name.startsWith(PREFIX) && name !== cacheName);
  await Promise.all(former.map((name) => caches.delete(name)));
}

/**
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function kept(request) {
  const address = new URL(request.url);
  address.search = ""; // the portal puts its own into it, anew for every load
  if (address.pathname.endsWith("/")) {
    address.pathname += "index.html";
  }
  const cache = await caches.open(cacheName);
  return (await cache.match(address)) ?? Response.error();
}
