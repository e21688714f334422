// The rerouted view: one script in six places. Each says which by how it was started.
//
//  - in a captured page and in its workers: requests that scripts make for true addresses are sent into the archive;
//  - in frames of a page that have no address of their own (about:blank), run there by the page's own copy;
//  - as a service worker: every request of a page passes here, and what the archive does not hold is counted;
//  - in the page that starts that worker (/.pressmark/start), and in the one that stands for a page that is not held;
//  - in the frame around all of it, which shows the count.
//
// The files of this folder are sent as one, in the order of mod.rs: names, service, frame, requests, windows, markup,
// leaving.
//
// A captured host at a time has an origin of its own, NAME.BASE, where NAME is 14 digits, `s` or `h` (https, http),
// and the host: `.` is `--`, `-` is `-0`, any other character but a letter or a digit is `-2` and two hexadecimal
// digits. Names of more than 63 characters are cut (see `nameOf`, and src/replay/origins.rs, which writes the same).
//
// Nothing here protects anyone: what a page may ask is decided by the policy that comes with it, which names BASE
// alone. What this script does not see is refused by the browser.
(() => {
const main = function main(isInherited) {
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
  const MISSING_CHANNEL = 'pressmark-missing';

  // The clock of the capture, where the setting asks for it: put here by the server as a function (clock.js).
  const CLOCK = /* @CLOCK@ */ null;

