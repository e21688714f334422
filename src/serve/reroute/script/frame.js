  const hasDocument = typeof document !== 'undefined';
  const own = hasDocument && !isInherited ? document.currentScript : null;
  const role = own ? own.dataset.role : hasDocument ? 'page' : 'worker';

  // ---- The frame around a page --------------------------------------------------------------------------------
  if (role === 'frame') {
    const missing = document.getElementById('pressmark-missing');
    const [count, list] = [missing.querySelector('summary'), missing.querySelector('ul')];
    const seen = new Set();
    scope.addEventListener('message', (event) => {
      const message = event.data;
      if (!message || message.pressmark !== 'missing' || typeof message.url !== 'string') return;
      if (!event.origin.endsWith('.' + own.dataset.base) || seen.size >= 10000) return;
      const url = trueAddress(message.url.slice(0, 4000)).slice(0, 2000);
      if (seen.has(url)) return;
      seen.add(url);
      count.textContent = seen.size === 1
        ? '1 part is not in the archive' : seen.size + ' parts are not in the archive';
      if (list.children.length < 50) {
        const item = document.createElement('li');
        item.textContent = url;
        list.append(item);
      }
    });
    // The page in a window as large as that of its capture, which may be larger than this one.
    const sized = document.getElementById('pressmark-size');
    if (sized) {
      const page = document.querySelector('iframe');
      const [width, height] = sized.dataset.size.split('x');
      sized.addEventListener('change', () => {
        page.style.cssText = sized.checked ? `flex:none;width:${width}px;height:${height}px` : '';
      });
    }
    return;
  }

  // ---- The page that stands for one that is not held ------------------------------------------------------------
  if (role === 'missing') {
    scope.top.postMessage({ pressmark: 'missing', url: scope.location.href }, '*');
    return;
  }

  // ---- The page that starts the worker ------------------------------------------------------------------------
  if (role === 'start') {
    const go = () => {
      const path = scope.location.hash.slice(1);
      scope.location.replace(scope.location.origin + (path.startsWith('/') ? path : '/'));
    };
    const workers = navigator.serviceWorker;
    if (!workers) { go(); return; }
    const waiting = setTimeout(go, 5000);
    workers.register('/.pressmark/reroute.js', { scope: '/', updateViaCache: 'none' })
      .then(() => workers.ready)
      .then(() => workers.controller || new Promise((done) => {
        workers.addEventListener('controllerchange', done, { once: true });
      }))
      .catch(() => {})
      .then(() => { clearTimeout(waiting); go(); });
    return;
  }

