// The rerouted view: one script in five places. Each says which by how it was started.
//
//  - in a captured page and in its workers: requests that scripts make for true addresses are sent into the archive;
//  - as a service worker: every request of a page passes here, and what the archive does not hold is counted;
//  - in the page that starts that worker (/.pressmark/start);
//  - in the frame around all of it, which shows the count.
//
// A captured host at a time has an origin of its own, NAME.BASE, where NAME is 14 digits, `s` or `h` (https, http),
// and the host: `.` is `--`, `-` is `-0`, any other character but a letter or a digit is `-2` and two hexadecimal
// digits. Names of more than 63 characters are cut (see `nameOf`, and src/replay/origins.rs, which writes the same).
//
// Nothing here protects anyone: what a page may ask is decided by the policy that comes with it, which names BASE
// alone. What this script does not see is refused by the browser.
(() => {
  'use strict';
  const scope = self;
  const NativeURL = scope.URL;
  const LABEL_MAX = 63, NAME_MAX = 253;

  const encode = (host) => host.replace(/[^a-z0-9]/g, (c, at) => {
    if (c === '.' && at < host.length - 1) return '--';
    return c === '-' ? '-0' : '-2' + c.charCodeAt(0).toString(16).padStart(2, '0');
  });
  const decode = (text) => {
    const host = text.replace(/-(-|0|2[0-9a-f]{2})/g, (_, code) =>
      code === '-' ? '.' : code === '0' ? '\u0001' : String.fromCharCode(parseInt(code.slice(1), 16)));
    return host.includes('-') ? null : host.replaceAll('\u0001', '-');
  };

  // The labels of a host at a time, or null where they are too long.
  const nameOf = (stamp, secure, host) => {
    const head = stamp + (secure ? 's' : 'h');
    const code = encode(host);
    if (head.length + 1 + code.length <= LABEL_MAX) return head + '-' + code;
    const first = LABEL_MAX - head.length - 2, more = LABEL_MAX - 2;
    const pieces = [code.slice(0, first)];
    for (let at = first; at < code.length; at += more) pieces.push('x' + code.slice(at, at + more));
    return head + String.fromCharCode(96 + pieces.length) + pieces.join('x.') + 'x';
  };

  // Which captured host a name stands for, and what stands behind it.
  const placeOf = (hostname) => {
    const labels = hostname.split('.');
    for (let at = 0; at < labels.length; at++) {
      const found = /^(\d{14})([hs])([-b-e])(.*)$/.exec(labels[at]);
      if (!found) continue;
      const [, stamp, scheme, mark, first] = found;
      const count = mark === '-' ? 1 : mark.charCodeAt(0) - 96;
      const pieces = [first, ...labels.slice(at + 1, at + count)];
      if (pieces.length !== count) return null;
      const code = count === 1 ? first
        : pieces.map((piece, n) => piece.slice(n ? 1 : 0, -1)).join('');
      const host = decode(code);
      if (host === null) return null;
      const before = labels.slice(0, at).map((label) => label + '.').join('');
      const base = labels.slice(at + count).join('.');
      return { stamp, secure: scheme === 's', host: before + host, base };
    }
    return null;
  };

  // A worker that begins with a blob has an origin, and a location without a host.
  const site = new NativeURL(scope.origin && scope.origin !== 'null' ? scope.origin : scope.location.href);
  const here = placeOf(site.hostname);
  const port = site.port ? ':' + site.port : '';

  // An address as it is asked of the archive; what leads there already, or to no host, is given back as it is.
  const mapped = (text, base) => {
    let url;
    try { url = new NativeURL(text, base); } catch { return text; }
    if (!here || (url.protocol !== 'http:' && url.protocol !== 'https:')) return text;
    const own = url.hostname.endsWith('.' + here.base) && placeOf(url.hostname);
    if (own) {
      // A page that writes "https://" before its own host means this one.
      if (url.protocol === site.protocol && url.port === site.port) return text;
      url.protocol = site.protocol;
      url.port = site.port;
      return url.href;
    }
    const name = nameOf(here.stamp, url.protocol === 'https:', url.host) + '.' + here.base;
    if (name.length > NAME_MAX) return text;
    return site.protocol + '//' + name + port + url.pathname + url.search + url.hash;
  };

  // The origin that a replayed origin stands for.
  const captured = (origin) => {
    try {
      const place = placeOf(new NativeURL(origin).hostname);
      return place ? (place.secure ? 'https://' : 'http://') + place.host : origin;
    } catch { return origin; }
  };

  const trueAddress = (text) => {
    try {
      const url = new NativeURL(text);
      return captured(url.origin) + url.pathname + url.search;
    } catch { return text; }
  };

  const MISSING = 'x-pressmark-missing';

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

  const hasDocument = typeof document !== 'undefined';
  const own = hasDocument ? document.currentScript : null;
  const role = own ? own.dataset.role : 'worker';

  // ---- The frame around a page --------------------------------------------------------------------------------
  if (role === 'frame') {
    const count = document.getElementById('pressmark-missing');
    const seen = new Set();
    scope.addEventListener('message', (event) => {
      const message = event.data;
      if (!message || message.pressmark !== 'missing' || typeof message.url !== 'string') return;
      if (!event.origin.endsWith('.' + own.dataset.base) || seen.size >= 10000) return;
      seen.add(trueAddress(message.url.slice(0, 4000)).slice(0, 2000));
      count.textContent = seen.size === 1
        ? '1 part is not in the archive' : seen.size + ' parts are not in the archive';
      count.title = [...seen].slice(0, 50).join('\n');
      count.hidden = false;
    });
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

  // ---- A captured page, or a worker of one ----------------------------------------------------------------------
  if (!here) return;
  const begun = hasDocument ? undefined : scope.pressmarkBegunAt;
  delete scope.pressmarkBegunAt;
  const base = () => (hasDocument ? document.baseURI : begun || scope.location.href);
  const map = (value) => {
    const text = String(value);
    if (/^\s*(https?:|[\\/]{2})/i.test(text)) return mapped(text, base());
    // Relative to a worker, where that began with a blob.
    return begun && !/^\s*[a-z][a-z0-9+.-]*:/i.test(text) ? new NativeURL(text, begun).href : text;
  };
  const reported = new Set();
  const report = (url) => {
    if (!hasDocument || reported.has(url) || reported.size >= 1000) return;
    reported.add(url);
    try { scope.top.postMessage({ pressmark: 'missing', url }, '*'); } catch { /* The frame is gone. */ }
  };

  const replace = (target, name, make) => {
    const native = target && target[name];
    if (typeof native !== 'function') return;
    const described = Object.getOwnPropertyDescriptor(target, name);
    const value = new Proxy(native, make(native));
    Object.defineProperty(target, name, { ...(described || { writable: true, configurable: true }), value });
  };
  // The first argument of a call or a construction is an address.
  const addressed = (at) => () => ({
    apply: (native, self, args) => {
      if (args.length > at && !(scope.Request && args[at] instanceof NativeRequest)) args[at] = map(args[at]);
      return Reflect.apply(native, self, args);
    },
    construct: (native, args, target) => {
      if (args.length > at && !(scope.Request && args[at] instanceof NativeRequest)) args[at] = map(args[at]);
      return Reflect.construct(native, args, target);
    },
  });
  const NativeRequest = scope.Request;
  const nativeFetch = scope.fetch && scope.fetch.bind(scope);
  replace(scope, 'fetch', (native) => ({
    apply: (_, self, args) => {
      if (args.length && !(args[0] instanceof NativeRequest)) args[0] = map(args[0]);
      return Reflect.apply(native, self, args).then((response) => {
        if (response.headers.has(MISSING)) report(response.url);
        return response;
      });
    },
  }));
  for (const name of ['Request', 'EventSource', 'SharedWorker']) replace(scope, name, addressed(0));
  if (scope.XMLHttpRequest) {
    replace(scope.XMLHttpRequest.prototype, 'open', (native) => ({
      apply: (_, request, args) => {
        if (args.length > 1) args[1] = map(args[1]);
        request.addEventListener('load', () => {
          if (request.status === 404 && request.getResponseHeader(MISSING)) report(request.responseURL);
        });
        return Reflect.apply(native, request, args);
      },
    }));
  }
  if (scope.Navigator) replace(scope.Navigator.prototype, 'sendBeacon', addressed(0));
  if (scope.importScripts) {
    replace(scope, 'importScripts', (native) => ({
      apply: (_, self, args) => Reflect.apply(native, self, args.map(map)),
    }));
  }
  // A worker of modules begins with this script as a module of its own; one of a plain script is begun by the server.
  replace(scope, 'Worker', (native) => ({
    construct: (_, args, target) => {
      const address = map(args[0]);
      let first = address;
      if (args[1] && args[1].type === 'module' && !/^(blob|data):/i.test(address)) {
        const whole = new NativeURL(address, base()).href;
        const where = 'self.pressmarkBegunAt=' + JSON.stringify(whole);
        const script = ['data:text/javascript,' + encodeURIComponent(where),
          site.origin + '/.pressmark/reroute.js', whole].map((url) => 'import ' + JSON.stringify(url) + ';\n').join('');
        first = NativeURL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
      }
      return Reflect.construct(native, [first, ...args.slice(1)], target);
    },
  }));
  const origin = scope.MessageEvent
    && Object.getOwnPropertyDescriptor(scope.MessageEvent.prototype, 'origin');
  if (origin) {
    Object.defineProperty(scope.MessageEvent.prototype, 'origin', {
      ...origin, get() { return captured(Reflect.apply(origin.get, this, [])); },
    });
  }
  if (!hasDocument) return;

  // What asks nobody: sockets between browsers name the reader's address to others.
  for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection']) delete scope[name];
  // A worker of the page would stand where ours does. It never comes, which a page has to expect.
  if (scope.ServiceWorkerContainer) {
    replace(scope.ServiceWorkerContainer.prototype, 'register', () => ({ apply: () => new Promise(() => {}) }));
    const container = navigator.serviceWorker;
    if (container) {
      container.addEventListener('message', (event) => {
        if (event.data && event.data.pressmark === 'missing') report(event.data.url);
      });
    }
  }

  const URL_IN_CSS = /(url\(\s*["']?)((?:https?:)?\/\/[^"')\s]+)/gi;
  const mapCss = (text) => String(text).replace(URL_IN_CSS, (_, open, url) => open + map(url));
  const mapSet = (text) => String(text).replace(/(^|,\s*|\s)((?:https?:)?\/\/[^\s,]+(?:,[^\s,]+)*)/gi,
    (_, before, url) => before + map(url));

  // Which attributes of which elements name something that is loaded.
  const LOADS = {
    SCRIPT: ['src'], IMG: ['src', 'srcset'], SOURCE: ['src', 'srcset'], LINK: ['href'], IFRAME: ['src'],
    FRAME: ['src'], EMBED: ['src'], OBJECT: ['data'], VIDEO: ['src', 'poster'], AUDIO: ['src'], TRACK: ['src'],
    INPUT: ['src'], BASE: ['href'], image: ['href', 'xlink:href'], use: ['href', 'xlink:href'],
  };
  const mapAttribute = (element, name, value) => {
    const lower = String(name).toLowerCase();
    if (lower === 'style') return mapCss(value);
    const loads = LOADS[element.localName.toUpperCase()] || LOADS[element.localName];
    if (!loads || !loads.includes(lower)) return value;
    return lower === 'srcset' ? mapSet(value) : map(value);
  };
  const TAG = /<(script|img|source|link|iframe|frame|embed|object|video|audio|track|input|base|image|use)\b[^>]*>/gi;
  const ATTRIBUTE = /(\s(?:src|srcset|href|data|poster|xlink:href)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/gi;
  const mapHtml = (value) => {
    const text = String(value);
    if (!text.includes('//')) return value;
    const tags = text.replace(TAG, (tag) => tag.replace(ATTRIBUTE, (_, before, quoted) => {
      const mark = /^["']/.test(quoted) ? quoted[0] : '';
      const url = mark ? quoted.slice(1, -1) : quoted;
      const isSet = /srcset/i.test(before);
      const to = isSet ? mapSet(url) : map(url.replaceAll('&amp;', '&')).replaceAll('&', '&amp;');
      return to === url.replaceAll('&', '&amp;') ? before + quoted : before + mark + to + mark;
    }));
    return tags.replace(URL_IN_CSS, (_, open, url) => open + map(url));
  };

  const setter = (proto, name, change) => {
    const described = proto && Object.getOwnPropertyDescriptor(proto, name);
    if (!described || !described.set) return;
    Object.defineProperty(proto, name, {
      ...described,
      set(value) { Reflect.apply(described.set, this, [change(value, this)]); },
    });
  };
  const byAttribute = (name) => (value, element) => mapAttribute(element, name, value);
  for (const [type, names] of Object.entries({
    HTMLScriptElement: ['src'], HTMLImageElement: ['src', 'srcset'], HTMLSourceElement: ['src', 'srcset'],
    HTMLLinkElement: ['href'], HTMLIFrameElement: ['src'], HTMLFrameElement: ['src'], HTMLEmbedElement: ['src'],
    HTMLObjectElement: ['data'], HTMLMediaElement: ['src'], HTMLVideoElement: ['poster'],
    HTMLTrackElement: ['src'], HTMLInputElement: ['src'], HTMLBaseElement: ['href'],
  })) {
    for (const name of names) setter(scope[type] && scope[type].prototype, name, byAttribute(name));
  }
  for (const [proto, name] of [
    [Element.prototype, 'innerHTML'], [Element.prototype, 'outerHTML'],
    [ShadowRoot.prototype, 'innerHTML'], [HTMLIFrameElement.prototype, 'srcdoc'],
  ]) setter(proto, name, mapHtml);
  const arguments_ = (proto, name, change) => replace(proto, name, (native) => ({
    apply: (_, self, args) => Reflect.apply(native, self, change(args, self)),
  }));
  arguments_(Element.prototype, 'setAttribute', (args, element) =>
    args.length > 1 ? [args[0], mapAttribute(element, args[0], args[1])] : args);
  arguments_(Element.prototype, 'setAttributeNS', (args, element) =>
    args.length > 2 ? [args[0], args[1], mapAttribute(element, args[1], args[2])] : args);
  arguments_(Element.prototype, 'insertAdjacentHTML', ([where, html, ...rest]) => [where, mapHtml(html), ...rest]);
  for (const name of ['setHTMLUnsafe']) {
    arguments_(Element.prototype, name, ([html, ...rest]) => [mapHtml(html), ...rest]);
  }
  arguments_(Range.prototype, 'createContextualFragment', ([html, ...rest]) => [mapHtml(html), ...rest]);
  for (const name of ['write', 'writeln']) {
    arguments_(Document.prototype, name, (args) => (args.length ? [mapHtml(args.join(''))] : args));
  }
  for (const name of ['insertRule', 'replace', 'replaceSync']) {
    arguments_(CSSStyleSheet.prototype, name, ([css, ...rest]) => [mapCss(css), ...rest]);
  }
  if (scope.FontFace) {
    replace(scope, 'FontFace', (native) => ({
      construct: (_, [family, source, ...rest], target) =>
        Reflect.construct(native, [family, typeof source === 'string' ? mapCss(source) : source, ...rest], target),
    }));
  }

  // A cookie for all hosts below a name is one of this host here, kept for this frame: browsers take no other in one.
  setter(Document.prototype, 'cookie', (value) =>
    String(value).replace(/;\s*(domain\s*=[^;]*|samesite\s*=[^;]*|secure|partitioned)\s*(?=;|$)/gi, '')
      + '; samesite=none; secure; partitioned');
  const domain = Object.getOwnPropertyDescriptor(Document.prototype, 'domain');
  if (domain) {
    const host = here.host.replace(/:\d+$/, '');
    Object.defineProperty(Document.prototype, 'domain', { ...domain, get: () => host, set() {} });
  }

  // Where a page goes, it goes in the archive.
  if (scope.navigation) {
    scope.navigation.addEventListener('navigate', (event) => {
      const url = event.destination.url;
      const to = map(url);
      if (to === url || !event.cancelable || event.formData) return;
      event.preventDefault();
      scope.location.href = to;
    });
  }
  const leave = (event) => {
    const link = event.composedPath().find((node) => node instanceof Element && /^(a|area)$/i.test(node.localName));
    if (link && link.href && map(link.href) !== link.href) link.href = map(link.href);
  };
  scope.addEventListener('click', leave, true);
  scope.addEventListener('auxclick', leave, true);
  const send = (form) => {
    if (form.hasAttribute('action') && map(form.action) !== form.action) form.action = map(form.action);
  };
  scope.addEventListener('submit', (event) => send(event.target), true);
  replace(HTMLFormElement.prototype, 'submit', (native) => ({
    apply: (_, form) => { send(form); return Reflect.apply(native, form, []); },
  }));

  // What came in by another way, and styles that were set one by one.
  const check = (element) => {
    if (element.localName === 'style') {
      const css = element.textContent;
      const to = mapCss(css);
      if (to !== css) element.textContent = to;
      return;
    }
    const names = LOADS[element.localName.toUpperCase()] || LOADS[element.localName] || [];
    for (const name of [...names, 'style']) {
      const value = element.getAttribute(name);
      if (value === null || !value.includes('//')) continue;
      const to = mapAttribute(element, name, value);
      if (to !== value) element.setAttribute(name, to);
    }
  };
  const watch = { subtree: true, childList: true, attributes: true, attributeFilter: ['style', 'src', 'srcset', 'poster'] };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'attributes' || change.target.localName === 'style') check(change.target);
      for (const node of change.addedNodes) {
        if (!(node instanceof Element)) continue;
        check(node);
        for (const inner of node.querySelectorAll('[style*="//"],style,img,source,video,audio,iframe')) check(inner);
      }
    }
  }).observe(document, watch);

  // Modules name others by their whole addresses, which no script sees: a map of the browser's own leads them.
  const hosts = (own.dataset.hosts || '').split(' ').filter((host) => host);
  if (hosts.length && HTMLScriptElement.supports && HTMLScriptElement.supports('importmap')) {
    const imports = {};
    for (const host of hosts) imports[host + '/'] = mapped(host + '/', base());
    const script = document.createElement('script');
    script.type = 'importmap';
    script.textContent = JSON.stringify({ imports });
    own.after(script);
    script.remove();
  }

  // A part of another origin that could not be loaded says so to its element alone: whether it is not held, only
  // the archive can tell.
  scope.addEventListener('error', (event) => {
    const element = event.target;
    if (!(element instanceof Element)) return;
    const url = element.currentSrc || element.src || element.href || element.data;
    if (typeof url !== 'string' || !/^https?:/.test(url) || reported.has(url)) return;
    nativeFetch(url, { method: 'HEAD', credentials: 'omit' })
      .then((response) => { if (response.headers.has(MISSING)) report(url); }, () => {});
  }, true);
  own.remove();
})();
