  // ---- The service worker -------------------------------------------------------------------------------------
  if (typeof ServiceWorkerGlobalScope !== 'undefined' && scope instanceof ServiceWorkerGlobalScope) {
    const tell = async (url) => {
      for (const client of await scope.clients.matchAll()) client.postMessage({ pressmark: 'missing', url });
    };
    scope.addEventListener('install', () => scope.skipWaiting());
    scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()));
    const again = async (request, url, more) => {
      const body = ['GET', 'HEAD'].includes(request.method) ? undefined : await request.blob();
      const { method, redirect, integrity } = request;
      const headers = new Headers(request.headers);
      for (const [name, value] of Object.entries(more.headers || {})) headers.set(name, value);
      return new Request(url, { method, body, redirect, integrity, mode: more.mode, headers });
    };
    const answered = async (request, to) => {
      if (to !== request.url) return fetch(await again(request, to, { mode: 'cors' }));
      // What a worker asks for, it does not say what for; the server has to know it of these.
      const isMain = request.destination.endsWith('worker') && request.mode === 'same-origin';
      if (request.destination !== 'style' && !isMain) return fetch(request);
      const copy = request.clone();
      const headers = { 'x-pressmark-dest': request.destination };
      return fetch(await again(request, to, { mode: 'same-origin', headers })).catch(() => fetch(copy));
    };
    scope.addEventListener('fetch', (event) => {
      const { request } = event;
      const to = mapped(request.url);
      // Pages say of themselves that they are pages, and parts of other origins are nothing that could be read here.
      if (request.mode === 'navigate') return;
      if (to === request.url && new NativeURL(to).origin !== scope.location.origin) return;
      event.respondWith(answered(request, to).then((response) => {
        if (response.headers.has(MISSING)) event.waitUntil(tell(request.url));
        return response;
      }));
    });
    return;
  }

