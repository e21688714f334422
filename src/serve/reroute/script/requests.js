  // ---- A captured page, or a worker of one ----------------------------------------------------------------------
  if (!here) return;
  const MARK = Symbol.for('pressmark');
  let workers = hasDocument && here.secure ? navigator.serviceWorker : null;
  if (scope[MARK]) return;
  Object.defineProperty(scope, MARK, { value: true });
  // 14 digits: the second of the capture.
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(here.stamp);
  if (CLOCK) CLOCK(Date.UTC(parts[0], parts[1] - 1, ...parts.slice(2)));
  const begun = hasDocument ? undefined : scope.pressmarkBegunAt;
  delete scope.pressmarkBegunAt;
  const base = () => (hasDocument ? document.baseURI : begun || scope.location.href);
  const map = (value) => {
    const text = String(value);
    if (/^\s*(https?:|[\\/]{2})/i.test(text)) return mapped(text, base());
    // Relative to a worker, where that began with a blob.
    return begun && !/^\s*[a-z][a-z0-9+.-]*:/i.test(text) ? new NativeURL(text, begun).href : text;
  };
  // What is not held is said to the frame around the page; workers say it to their pages.
  const reported = new Set();
  const channel = scope.BroadcastChannel ? new BroadcastChannel(MISSING_CHANNEL) : null;
  const report = (url) => {
    if (reported.has(url) || reported.size >= 1000) return;
    reported.add(url);
    if (!hasDocument) {
      if (channel) channel.postMessage(url);
      return;
    }
    try { scope.top.postMessage({ pressmark: 'missing', url }, '*'); } catch { /* The frame is gone. */ }
  };
  if (hasDocument && channel) {
    channel.onmessage = (event) => { if (typeof event.data === 'string') report(event.data); };
  }

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
  for (const name of ['Request', 'EventSource', 'Audio']) replace(scope, name, addressed(0));
  if (scope.Worklet) replace(scope.Worklet.prototype, 'addModule', addressed(0));
  // Connections that stay open are not replayed: the policy refuses them.
  replace(scope, 'WebSocket', (native) => ({
    construct: (_, args, target) => {
      report(String(args[0]));
      return Reflect.construct(native, args, target);
    },
  }));
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
  // A worker begins with this script. The server puts it before a plain script; modules and blobs begin with a blob of
  // ours that asks for both, so that not a byte of the page's script is another.
  const SCRIPT = site.origin + '/.pressmark/reroute.js';
  const blobOf = (text) => NativeURL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  const started = new Set();
  const begunBy = (address, options) => {
    const isModule = Boolean(options && typeof options === 'object' && options.type === 'module');
    if (/^data:/i.test(address) || (!isModule && !/^blob:/i.test(address))) return address;
    const whole = new NativeURL(address, base()).href;
    started.add(whole);
    if (!isModule) return blobOf(`importScripts(${JSON.stringify(SCRIPT)}, ${JSON.stringify(whole)});`);
    const where = 'data:text/javascript,' + encodeURIComponent('self.pressmarkBegunAt=' + JSON.stringify(whole));
    return blobOf([where, SCRIPT, whole].map((url) => 'import ' + JSON.stringify(url) + ';\n').join(''));
  };
  for (const name of ['Worker', 'SharedWorker']) {
    replace(scope, name, (native) => ({
      construct: (_, args, target) =>
        Reflect.construct(native, args.length ? [begunBy(map(args[0]), args[1]), ...args.slice(1)] : args, target),
    }));
  }
  // Pages take an address back as soon as the worker was made, before ours has asked for it.
  replace(scope.URL, 'revokeObjectURL', (native) => ({
    apply: (_, self, args) => {
      if (!started.has(String(args[0]))) return Reflect.apply(native, self, args);
      setTimeout(() => Reflect.apply(native, self, args), 30000);
      return undefined;
    },
  }));
  // A page of http has less than one of https, and the browser takes every origin of this view for a safe one.
  if (!here.secure) {
    const absent = {
      Crypto: ['subtle', 'randomUUID'],
      Navigator: ['serviceWorker', 'clipboard', 'credentials', 'locks', 'mediaDevices', 'storage', 'gpu', 'wakeLock'],
      WorkerNavigator: ['locks', 'storage', 'gpu'],
      BaseAudioContext: ['audioWorklet'],
    };
    if (hasDocument) workers = navigator.serviceWorker;
    for (const [type, names] of Object.entries(absent)) {
      for (const name of names) if (scope[type]) delete scope[type].prototype[name];
    }
    for (const name of ['caches', 'cookieStore', 'Worklet', 'AudioWorklet', 'AudioWorkletNode']) delete scope[name];
    Object.defineProperty(scope, 'isSecureContext', { configurable: true, enumerable: true, get: () => false });
  }
  const origin = scope.MessageEvent
    && Object.getOwnPropertyDescriptor(scope.MessageEvent.prototype, 'origin');
  if (origin) {
    Object.defineProperty(scope.MessageEvent.prototype, 'origin', {
      ...origin, get() { return captured(Reflect.apply(origin.get, this, [])); },
    });
  }
  if (!hasDocument) return;

