  // What asks nobody: sockets between browsers name the reader's address to others.
  for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection']) delete scope[name];
  // A worker of the page would stand where ours does. It never comes, which a page has to expect.
  if (scope.ServiceWorkerContainer) {
    replace(scope.ServiceWorkerContainer.prototype, 'register', () => ({ apply: () => new Promise(() => {}) }));
    if (workers) {
      workers.addEventListener('message', (event) => {
        if (event.data && event.data.pressmark === 'missing') report(event.data.url);
      });
    }
  }

  // ---- Windows that talk to each other ------------------------------------------------------------------------------
  // A page names the origin that a message is for, and it names the captured one. In the window itself that is led to
  // the origin which stands for it; a window of another origin lets nobody change it, so that pages get one that stands
  // for it: the few things that such a window lets others do, with the origin of a message led to the archive.
  const targeted = (name) => {
    const text = String(name);
    return /^\s*https?:/i.test(text) ? mapped(text, base()).replace(/^(https?:\/\/[^/?#]*).*$/i, '$1') : text;
  };
  const sent = (args) => {
    const [message, second, ...rest] = args;
    if (args.length < 2) return args;
    if (second && typeof second === 'object' && 'targetOrigin' in second) {
      return [message, { ...second, targetOrigin: targeted(second.targetOrigin) }];
    }
    return typeof second === 'object' || second === undefined ? args : [message, targeted(second), ...rest];
  };
  const standIns = new WeakMap(), behind = new WeakMap();
  const isForeign = (win) => { try { return !win.document && !win.closed; } catch { return true; } };
  const bare = (win) => behind.get(win) || win;
  const standIn = (win) => {
    const known = standIns.get(win);
    if (known) return known;
    const methods = new Map();
    const method = (name, value) => {
      if (!methods.has(name)) {
        methods.set(name, name === 'postMessage'
          ? (...args) => win.postMessage(...sent(args)) : (...args) => Reflect.apply(value, win, args));
      }
      return methods.get(name);
    };
    const location = () => new Proxy(Object.create(null), {
      get: (_, name) => (name === 'replace' || name === 'assign'
        ? (url) => win.location[name](map(url)) : win.location[name]),
      set: (_, name, value) => { win.location[name] = name === 'href' ? map(value) : value; return true; },
    });
    const made = new Proxy(Object.create(null), {
      get: (_, name) => {
        if (name === 'window' || name === 'self' || name === 'frames') return made;
        const value = win[name];
        if (name === 'location' && isForeign(win)) return location();
        if (name === 'parent' || name === 'top' || /^\d+$/.test(String(name))) return shown(value);
        return typeof value === 'function' && isForeign(win) || name === 'postMessage' ? method(name, value) : value;
      },
      set: (_, name, value) => { win[name] = name === 'location' ? map(value) : value; return true; },
      has: (_, name) => name in win,
      getPrototypeOf: () => Reflect.getPrototypeOf(win),
    });
    standIns.set(win, made);
    behind.set(made, win);
    return made;
  };
  // A window as the page gets it. A frame that is about to show another origin is one of that from the beginning.
  const shown = (win, element) => {
    if (win === null || typeof win !== 'object' || behind.has(win) || win === scope) return win;
    let isOther = standIns.has(win) || isForeign(win);
    if (!isOther && element && element.src && !element.srcdoc) {
      try { isOther = new NativeURL(map(element.src), base()).origin !== site.origin; } catch { /* It leads nowhere. */ }
      if (/^(about|blob|data|javascript):/i.test(element.src)) isOther = false;
    }
    if (isOther && win !== scope.top) return standIn(win);
    if (!isOther) enter(win);
    return win;
  };
  // A frame without an address has the page's origin and nothing of this script: the page's own copy goes there.
  const enter = (win) => {
    try {
      if (!win[MARK] && win.document && /^about:/.test(win.location.href)) win.eval('(' + main + ')(true)');
    } catch { /* Its scripts ask for true addresses, which the policy refuses. */ }
  };
  const getter = (proto, name, change) => {
    const described = proto && Object.getOwnPropertyDescriptor(proto, name);
    if (!described || !described.get) return;
    Object.defineProperty(proto, name, {
      ...described, get() { return change(Reflect.apply(described.get, this, []), this); },
    });
  };
  for (const type of ['HTMLIFrameElement', 'HTMLFrameElement', 'HTMLObjectElement']) {
    const proto = scope[type] && scope[type].prototype;
    getter(proto, 'contentWindow', shown);
    getter(proto, 'contentDocument', (inner) => {
      if (inner && inner.defaultView) enter(inner.defaultView);
      return inner;
    });
  }
  const isWindow = (win) => !(win instanceof MessagePort) && !(scope.ServiceWorker && win instanceof ServiceWorker);
  getter(scope.MessageEvent.prototype, 'source', (win) => (isWindow(win) ? shown(win) : win));
  replace(scope, 'MessageEvent', (native) => ({
    construct: (_, [type, init, ...rest], target) => Reflect.construct(native,
      [type, init && init.source ? { ...init, source: bare(init.source) } : init, ...rest], target),
  }));
  replace(scope, 'postMessage', (native) => ({
    apply: (_, self, args) => Reflect.apply(native, self === undefined || self === null ? scope : bare(self), sent(args)),
  }));
  // The outermost page was nobody's frame.
  const above = Object.getOwnPropertyDescriptor(scope, 'parent');
  if (above && above.configurable && scope.parent !== scope) {
    const parent = scope.parent === scope.top ? scope : shown(scope.parent);
    Object.defineProperty(scope, 'parent', {
      configurable: true, enumerable: true, get: () => parent,
      set(value) { Object.defineProperty(scope, 'parent', { value, configurable: true, enumerable: true, writable: true }); },
    });
  }
  // What is near the window is seen from the window: in a frame of another origin a browser counts no margin, and loads
  // what is lazy when it is in sight. Of the outermost page the window is the frame, which its document stands for.
  const isOutermost = scope.location.ancestorOrigins ? scope.location.ancestorOrigins.length === 1 : scope.parent === scope;
  if (isOutermost && scope.IntersectionObserver) {
    const ours = new WeakSet();
    const NativeObserver = scope.IntersectionObserver;
    replace(scope, 'IntersectionObserver', (native) => ({
      construct: (_, [callback, options, ...rest], target) => {
        const isImplicit = !options || options.root === null || options.root === undefined;
        const made = Reflect.construct(native, [callback, isImplicit ? { ...options, root: document } : options, ...rest], target);
        if (isImplicit) ours.add(made);
        return made;
      },
    }));
    getter(NativeObserver.prototype, 'root', (root, made) => (ours.has(made) ? null : root));
    const near = new NativeObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        target.loading = 'eager';
      }
    }, { root: document, rootMargin: '1250px 0px' });
    const LAZY = 'img[loading=lazy i],iframe[loading=lazy i]';
    new MutationObserver((changes) => {
      for (const change of changes) {
        for (const node of [change.target, ...change.addedNodes]) {
          if (!(node instanceof Element)) continue;
          if (node.matches(LAZY)) near.observe(node);
          if (change.type === 'childList') for (const inner of node.querySelectorAll(LAZY)) near.observe(inner);
        }
      }
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['loading'] });
  }
  // Where a page came from is a captured address, or was none.
  getter(Document.prototype, 'referrer', (text) => {
    try {
      const url = new NativeURL(text);
      return placeOf(url.hostname) && !url.pathname.startsWith('/.pressmark/') ? captured(url.origin) + url.pathname + url.search : '';
    } catch { return ''; }
  });
  // An address in the history is one of this origin, or the browser refuses it.
  for (const name of ['pushState', 'replaceState']) {
    replace(scope.History.prototype, name, (native) => ({
      apply: (_, self, args) => {
        if (args.length > 2 && args[2] !== null && args[2] !== undefined) args[2] = map(args[2]);
        return Reflect.apply(native, self, args);
      },
    }));
  }

