  const URL_IN_CSS = /(url\(\s*["']?|@import\s*["'])((?:https?:)?\/\/[^"')\s]+)/gi;
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
    if (lower === 'srcdoc') return mapDocument(value);
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

  // A document in an attribute begins with this script, as it does where the server sends it.
  const PRELUDE = '<script src="' + SCRIPT + '" data-role="page"></' + 'script>';
  const mapDocument = (value) => PRELUDE + mapHtml(value);

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
    [ShadowRoot.prototype, 'innerHTML'],
  ]) setter(proto, name, mapHtml);
  setter(HTMLIFrameElement.prototype, 'srcdoc', mapDocument);
  setter(CSSStyleDeclaration.prototype, 'cssText', mapCss);
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
  arguments_(CSSStyleDeclaration.prototype, 'setProperty', ([name, value, ...rest]) => [name, mapCss(value), ...rest]);
  if (scope.FontFace) {
    replace(scope, 'FontFace', (native) => ({
      construct: (_, [family, source, ...rest], target) =>
        Reflect.construct(native, [family, typeof source === 'string' ? mapCss(source) : source, ...rest], target),
    }));
  }

