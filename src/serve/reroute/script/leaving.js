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
        if (node.localName === 'iframe') void node.contentWindow;
        for (const inner of node.querySelectorAll('[style*="//"],style,img,source,video,audio,iframe')) check(inner);
      }
    }
  }).observe(document, watch);

  // Modules name others by their whole addresses, which no script sees: a map of the browser's own leads them.
  const hosts = ((own && own.dataset.hosts) || '').split(' ').filter((host) => host);
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
  const asked = new Set();
  const ask = (url) => {
    if (typeof url !== 'string' || !/^https?:/.test(url) || reported.has(url) || asked.has(url) || asked.size >= 300) return;
    asked.add(url);
    nativeFetch(url, { method: 'HEAD', credentials: 'omit' })
      .then((response) => { if (response.headers.has(MISSING)) report(url); }, () => {});
  };
  const failed = (event) => {
    const element = event.target;
    if (!(element instanceof Element)) return;
    const url = element.currentSrc || element.src || (element.href && element.href.baseVal) || element.href || element.data;
    if (typeof url !== 'string') return;
    try { ask(new NativeURL(url, base()).href); } catch { /* It leads nowhere. */ }
  };
  scope.addEventListener('error', failed, true);
  // Errors in a shadow tree are not heard outside of it.
  replace(Element.prototype, 'attachShadow', (native) => ({
    apply: (_, self, args) => {
      const root = Reflect.apply(native, self, args);
      root.addEventListener('error', failed, true);
      return root;
    },
  }));
  // Pictures and fonts that a style names have no element.
  if (scope.PerformanceObserver) {
    new PerformanceObserver((list) => {
      for (const { name, responseStatus, initiatorType } of list.getEntries()) {
        const isHidden = responseStatus === 0 && initiatorType === 'css' && !name.startsWith(site.origin + '/');
        if (isHidden || responseStatus === 404) ask(name);
      }
    }).observe({ type: 'resource', buffered: true });
  }
  // What the policy refused was asked for at its true address.
  document.addEventListener('securitypolicyviolation', (event) => {
    if (/^https?:/.test(event.blockedURI)) ask(map(event.blockedURI));
  });
  if (own) own.remove();
};
main(false);
})();
