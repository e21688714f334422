(what, max, ...inside) => {
  // The document as HTML or the text as it is shown, open shadow trees in it, and those closed ones of which nodes are
  // given. Null where it is longer than `max`.
  const ROOTS_MAX = 5000;
  const DEPTH_MAX = 1000;
  const roots = new Set();
  const open = [document];
  const add = (root) => {
    if (root instanceof ShadowRoot && !roots.has(root) && roots.size < ROOTS_MAX) {
      roots.add(root);
      open.push(root);
    }
  };
  for (const node of inside) add(node.getRootNode());
  while (open.length) {
    for (const element of open.pop().querySelectorAll('*')) add(element.shadowRoot);
  }
  const bounded = (text) => (text.length > max ? null : text);
  const html = () => {
    const doctype = document.doctype ? '<!doctype html>\n' : '';
    const root = document.documentElement;
    if (!root) return doctype;
    if (!roots.size || !root.getHTML) return doctype + root.outerHTML;
    const shell = root.cloneNode(false).outerHTML;
    const end = shell.lastIndexOf('</');
    return doctype + shell.slice(0, end) + root.getHTML({ shadowRoots: [...roots] }) + shell.slice(end);
  };
  if (what === 'document') return bounded(html());

  const body = document.body;
  if (!body) return '';
  if (!roots.size) return bounded(body.innerText);
  // `innerText` leaves out shadow trees, and what is slotted into them: elements that have such are walked through.
  const rootOf = new Map();
  const walked = new Set();
  const mark = (node) => {
    for (let at = node; at && !walked.has(at); at = at.parentNode || at.host) walked.add(at);
  };
  for (const root of roots) {
    rootOf.set(root.host, root);
    mark(root.host);
    for (const slot of root.querySelectorAll('slot')) mark(slot);
  }
  const WITHOUT_TEXT =
    /^(script|style|template|noscript|iframe|object|embed|video|audio|canvas|title|desc|defs|metadata|head)$/;
  let text = '';
  let breaks = 0;
  const lineBreak = (count) => { breaks = Math.max(breaks, count); };
  const push = (words, isPre) => {
    let more = words;
    if (!isPre && (breaks || !text || /\s$/.test(text))) more = more.replace(/^ +/, '');
    if (!more) return;
    if (breaks && text) text = (isPre ? text : text.replace(/ +$/, '')) + '\n'.repeat(breaks);
    breaks = 0;
    text += more;
  };
  const children = (node) => {
    const root = rootOf.get(node);
    if (root) return root.childNodes;
    if (node.localName === 'slot') {
      const assigned = node.assignedNodes({ flatten: true });
      if (assigned.length) return assigned;
    }
    return node.childNodes;
  };
  const walk = (node, style, depth) => {
    if (text.length > max || depth > DEPTH_MAX) return;
    if (node.nodeType === Node.TEXT_NODE) {
      if (style.visibility !== 'visible') return;
      const isPre = style.whiteSpace.startsWith('pre') || style.whiteSpace === 'break-spaces';
      push(isPre ? node.data : node.data.replace(/[ \t\r\n\f]+/g, ' '), isPre);
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || WITHOUT_TEXT.test(node.localName)) return;
    const own = getComputedStyle(node);
    if (own.display === 'none') return;
    if (node.localName === 'br') {
      push('\n', true);
      return;
    }
    const isInline = /^(inline|contents|ruby)/.test(own.display);
    const gap = isInline ? 0 : node.localName === 'p' ? 2 : 1;
    lineBreak(gap);
    const isApart = own.display !== 'inline' && own.display !== 'contents';
    if (isApart && !walked.has(node) && typeof node.innerText === 'string') {
      push(node.innerText, false);
    } else {
      for (const child of children(node)) walk(child, own, depth + 1);
    }
    lineBreak(gap);
  };
  walk(body, getComputedStyle(body), 0);
  return bounded(text.trimEnd());
}
