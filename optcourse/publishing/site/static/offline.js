// The course without a network: this worker keeps one whole version of the site, every file checked against its sum, and answers from it.
// A new version is fetched beside it; it takes its place when no page of the old one is open, or only one that was opened this moment (keep.js).
// So the two are never mixed. The build puts FILES (path: SHA-256) before this.

const { scope } = self.registration, NAME = `optcourse:${scope}`;
const AT_ONCE = 4;
// a file of another version with the same name has another key
const KEYS = new Map(Object.entries(FILES).map(([path, sum]) => [new URL(path, scope).href, new URL(`${path}?${sum}`, scope).href]));

async function fetched(address, sum) {
  const response = await fetch(address, { cache: "no-cache", priority: "low" });
  const bytes = await response.arrayBuffer(), digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (!response.ok || !found.startsWith(sum)) throw new Error(`${address} is not of this version`);
  return new Response(bytes, { headers: { "content-type": response.headers.get("content-type") ?? "" } });
}

// All or nothing: where a file does not come, or has no room, this version is not taken. What has come stays; a later try goes on from there.
async function keep() {
  const cache = await caches.open(NAME), there = new Set((await cache.keys()).map(({ url }) => url));
  const missing = Object.entries(FILES).map(([path, sum]) => [new URL(path, scope).href, sum]).filter(([address]) => !there.has(KEYS.get(address)));
  const one = async () => {
    while (missing.length) {
      const [address, sum] = missing.shift();
      try { await cache.put(KEYS.get(address), await fetched(address, sum)); } catch (error) { missing.length = 0; throw error; }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function forget() { // the version before
  if (self.registration.installing) return; // it is a third one's turn, which may have begun
  const cache = await caches.open(NAME), mine = new Set(KEYS.values());
  for (const request of await cache.keys()) if (!mine.has(request.url)) await cache.delete(request);
}

async function answer(request, key) {
  const kept = await caches.open(NAME).then((cache) => cache.match(key)).catch(() => null); // a store that fails is as an empty one
  if (kept) return kept;
  await self.registration.unregister(); // somebody has emptied it: from the next page on, the host answers
  return fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(forget()));
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url), address = origin + pathname;
  const key = KEYS.get(address === scope ? `${scope}index.html` : address);
  if (event.request.method === "GET" && key) event.respondWith(answer(event.request, key));
});
self.addEventListener("message", (event) => { // a page of the version before has been opened, and asks for this one
  const take = async () => {
    const open = (await clients.matchAll({ includeUncontrolled: true })).filter(({ url }) => url.startsWith(scope));
    if (open.every(({ id }) => id === event.source.id)) await self.skipWaiting();
    else event.source.postMessage("others");
  };
  event.waitUntil(take());
});
