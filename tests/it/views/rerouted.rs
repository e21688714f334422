//! The rerouted view in Chromium: pages work at origins of their own, and cannot reach each other's data.

use std::thread;
use std::time::{Duration, Instant};

use pressmark::store::Layout;
use serde_json::json;

use super::pages::STAMP;
use super::tab::{PATIENCE, RULES, Tab};
use crate::chromium::browser::Browser;
use crate::chromium::site::Canary;
use crate::serve::{Running, Warc, ask_with, start_with};
use crate::support::skip::skipped;

/// `None` where Chromium is missing.
pub fn chromium() -> Option<Browser> {
    // Without scrollbars, like the browser that records.
    match Browser::start_with(RULES, &["--hide-scrollbars"]) {
        Ok(browser) => Some(browser),
        Err(why) => {
            skipped("chromium", &why);
            None
        }
    }
}

/// A server with the view on.
pub fn serving(root: &std::path::Path) -> (Running, u16) {
    let server = start_with(root, &["serve.rerouted=true"], |_| {});
    let port = server.replay.unwrap().port();
    (server, port)
}

const DATE: &str = "2025-11-05T00:00:00Z";
const JS: &str = "HTTP/1.1 200 OK\nContent-Type: text/javascript\nAccess-Control-Allow-Origin: *";

/// A page that requests true addresses in every way, on its own host and on another.
fn archive(other: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Layout::new(dir.path()).create().unwrap();
    let cdn = "https://cdn.example";
    let page = format!(
        "<!doctype html><html><head><title>x</title>
        <script type=importmap>{{\"imports\":{{\"bare\":\"{cdn}/bare.js\"}}}}</script></head>
        <body><h1>Page</h1><img id=static src={cdn}/a.svg><div id=late></div>
        <script>
          const got = window.got = {{}};
          const note = (name) => (value) => {{ got[name] = String(value); }};
          const text = (name, promise) => promise.then((r) => r.text()).then(note(name), note(name));
          text('relative', fetch('data.txt'));
          text('whole', fetch('https://news.example/data.txt'));
          text('other', fetch('{cdn}/data.txt'));
          text('request', fetch(new Request('{cdn}/data.txt')));
          text('posted', fetch('/api', {{method: 'POST', body: JSON.stringify({{q: 'weir'}}),
            headers: {{'Content-Type': 'application/json'}}}}));
          fetch('/film', {{headers: {{Range: 'bytes=2-4'}}}})
            .then(async (r) => note('range')(r.status + ' ' + await r.text()));
          const xhr = new XMLHttpRequest();
          xhr.open('GET', '{cdn}/data.txt'); xhr.onload = () => note('xhr')(xhr.responseText); xhr.send();
          const script = document.createElement('script');
          script.src = '{cdn}/plain.js'; document.head.append(script);
          window.jsonp = note('jsonp');
          document.write('<script src=\"{cdn}/jsonp.js\"></' + 'script>');
          late.innerHTML = '<img id=inner src=\"{cdn}/a.svg\">';
          const styled = document.createElement('div');
          styled.id = 'styled'; styled.style.backgroundImage = 'url({cdn}/a.svg)'; document.body.append(styled);
          new Worker('/worker.js').onmessage = (e) => note('worker')(e.data);
          new Worker('/module-worker.js', {{type: 'module'}}).onmessage = (e) => note('module worker')(e.data);
          addEventListener('message', (e) => {{ if (e.data.from) note('frame')(e.data.from + ' ' + e.origin); }});
          const frame = document.createElement('iframe');
          frame.src = '{cdn}/frame.html'; document.body.append(frame);
          localStorage.setItem('k', 'v'); note('storage')(localStorage.getItem('k'));
          document.cookie = 'a=1; domain=.news.example; secure; path=/'; note('cookie')(document.cookie);
          note('domain')(document.domain);
          fetch('/none').then((r) => note('none')(r.status));
          const none = new Image(); none.src = '{cdn}/none.png'; document.body.append(none);
        </script>
        <script type=module>
          import {{bare}} from 'bare';
          import {{whole}} from '{cdn}/whole.js';
          got.modules = bare + ' ' + whole;
          got.dynamic = (await import('{cdn}/whole.js')).whole;
        </script></body></html>"
    );
    let worker = format!(
        "'use strict'; importScripts('{cdn}/lib.js');
         fetch('{cdn}/data.txt').then((r) => r.text()).then((t) => postMessage(lib + ' ' + t + ' ' + location.pathname));"
    );
    let module = format!(
        "import {{whole}} from '/own.js';
         const text = await (await fetch('{cdn}/data.txt')).text();
         postMessage(whole + ' ' + text);"
    );
    let request = "POST /api HTTP/1.1\nHost: news.example\nContent-Type: application/json\nContent-Length: 12\n\n{\"q\":\"weir\"}";
    let response = "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 8\n\nthe weir";
    let plain = "HTTP/1.1 200 OK\nContent-Type: text/plain\nAccess-Control-Allow-Origin: *";
    let svg = "HTTP/1.1 200 OK\nContent-Type: image/svg+xml";
    let picture = b"<svg xmlns='http://www.w3.org/2000/svg' width='20' height='20'/>";
    let html = "HTTP/1.1 200 OK\nContent-Type: text/html\nX-Frame-Options: SAMEORIGIN";
    let frame = "<script>parent.postMessage({from: 'frame'}, '*')</script>";
    let of = |path: &str| format!("{cdn}{path}");
    let own = |path: &str| format!("https://news.example{path}");
    Warc::new()
        .response(&own("/"), DATE, html, page.as_bytes())
        .response(&own("/data.txt"), DATE, "HTTP/1.1 200 OK\nContent-Type: text/plain", b"own data")
        .response(&own("/film"), DATE, "HTTP/1.1 200 OK\nContent-Type: video/mp4", b"0123456789")
        .exchange(&own("/api"), DATE, request, response, true)
        .response(&own("/worker.js"), DATE, JS, worker.as_bytes())
        .response(&own("/module-worker.js"), DATE, JS, module.as_bytes())
        .response(&own("/own.js"), DATE, JS, b"export const whole = 'own';")
        .response(&of("/data.txt"), DATE, plain, b"cdn data")
        .response(&of("/a.svg"), DATE, svg, picture)
        .response(&of("/plain.js"), DATE, JS, b"got.script = 'ran';")
        .response(&of("/jsonp.js"), DATE, JS, b"jsonp('called');")
        .response(&of("/lib.js"), DATE, JS, b"var lib = 'lib';")
        .response(&of("/bare.js"), DATE, JS, b"export const bare = 'bare';")
        .response(&of("/whole.js"), DATE, JS, b"export {whole} from './deeper.js';")
        .response(&of("/deeper.js"), DATE, JS, b"export const whole = 'deep';")
        .response(
            &of("/frame.html"),
            DATE,
            "HTTP/1.1 200 OK\nContent-Type: text/html",
            frame.as_bytes(),
        )
        .page("http://other.example/try", DATE, other)
        .write(dir.path(), "one.warc");
    dir
}

#[test]
fn a_page_finds_what_it_asks_for_in_every_way() {
    let Some(mut browser) = chromium() else { return };
    let dir = archive("");
    let (_server, port) = serving(dir.path());
    let mut tab = Tab::open(&mut browser);
    tab.go(&format!("http://127.0.0.1:{port}/rerouted/2025/https://news.example/"));
    let expected = [
        ("relative", "own data"),
        ("whole", "own data"),
        ("other", "cdn data"),
        ("request", "cdn data"),
        ("posted", "the weir"),
        ("range", "206 234"),
        ("xhr", "cdn data"),
        ("script", "ran"),
        ("jsonp", "called"),
        ("worker", "lib cdn data /worker.js"),
        ("module worker", "own cdn data"),
        ("frame", "frame https://cdn.example"),
        ("storage", "v"),
        ("cookie", "a=1"),
        ("domain", "news.example"),
        ("none", "404"),
        ("modules", "bare deep"),
        ("dynamic", "deep"),
    ];
    let is_all = format!("Object.keys(window.got ?? {{}}).length >= {}", expected.len());
    let end = Instant::now() + PATIENCE;
    while tab.evaluate_inside(&is_all) != Some(json!(true)) && Instant::now() < end {
        thread::sleep(Duration::from_millis(100));
    }
    let got = tab.evaluate_inside("window.got").unwrap_or_default();
    for (name, value) in expected {
        assert_eq!(got[name], value, "{name}: {got}");
    }
    for image in ["static", "inner"] {
        let loads = format!("document.getElementById('{image}').naturalWidth === 20");
        tab.until_inside(&loads, image);
    }
    tab.until_inside("getComputedStyle(styled).backgroundImage.includes('.localhost:')", "a style");
    let origin = format!("http://{STAMP}s-news--example.localhost:{port}");
    assert_eq!(tab.evaluate_inside("location.origin"), Some(json!(origin)));
    // Our script is removed from the page, and its worker is there.
    assert_eq!(
        tab.evaluate_inside("document.querySelectorAll('[data-role]').length"),
        Some(json!(0))
    );
    let controlled = tab.evaluate_inside("navigator.serviceWorker.controller.scriptURL");
    assert_eq!(controlled, Some(json!(format!("{origin}/.pressmark/reroute.js"))));
    // The frame counts the parts that are not held: one that was fetched, and a picture of another origin.
    let end = Instant::now() + PATIENCE;
    let count = "document.querySelector('#pressmark-missing summary').textContent";
    while tab.evaluate(count) != "2 parts are not in the archive" && Instant::now() < end {
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(tab.evaluate(count), "2 parts are not in the archive");
}

/// Tries to reach everything outside its own site.
const OTHER: &str = "<!doctype html><title>x</title><script>
  const got = window.got = {};
  const attempt = async (name, make) => {
    try { got[name] = String(await make()); } catch (error) { got[name] = 'refused'; }
  };
  const port = location.port;
  (async () => {
    await attempt('other data', () => fetch('https://news.example/data.txt').then((r) => r.text()));
    await attempt('other page', () => fetch('https://news.example/').then((r) => r.text()));
    await attempt('safe view', () => fetch(`http://localhost:${port}/web/2025id_/http://other.example/`).then((r) => r.text()));
    await attempt('address', () => fetch(`http://127.0.0.1:${port}/healthz`).then((r) => r.text()));
    await attempt('no place', () => fetch(`http://x.localhost:${port}/healthz`).then((r) => r.text()));
    await attempt('reader', () => fetch('http://127.0.0.1:@READER@/healthz', {mode: 'no-cors'}).then(() => 'sent'));
    await attempt('parent', () => top.document.title);
    await attempt('top', () => { top.location = 'http://live.example/'; return 'sent'; });
    await attempt('window', () => (open('http://live.example/') === null ? 'refused' : 'opened'));
    await attempt('socket', () => new Promise((done, fail) => {
      const socket = new WebSocket('ws://127.0.0.1:@READER@/'); socket.onerror = fail; socket.onopen = () => done('open'); }));
    const frame = document.createElement('iframe'); document.body.append(frame);
    await attempt('worker', () => frame.contentWindow.navigator.serviceWorker.register('/sw.js').then(() => 'registered'));
    await attempt('fresh realm', () => frame.contentWindow.fetch('http://live.example/').then((r) => r.text()));
    document.cookie = 'shared=1; domain=localhost; path=/';
    frame.contentDocument.cookie = 'fresh=1; domain=localhost; path=/';
    await attempt('cookie', () => document.cookie || 'refused');
    got.isDone = true;
  })();
</script><body>";

#[test]
fn sites_are_kept_from_each_other_and_from_the_reader() {
    let Some(mut browser) = chromium() else { return };
    let reader = Canary::start();
    let dir = archive(&OTHER.replace("@READER@", &reader.address.port().to_string()));
    let (_server, port) = serving(dir.path());
    let mut tab = Tab::open(&mut browser);
    tab.go(&format!("http://localhost:{port}/rerouted/{STAMP}/http://other.example/try"));
    tab.until_inside("window.got?.isDone === true", "every attempt was made");
    let got = tab.evaluate_inside("window.got").unwrap();
    for name in ["other data", "other page", "parent", "window", "socket", "worker"] {
        assert_eq!(got[name], "refused", "{name}: {got}");
    }
    // A request that looks like a web address goes to the archive, which does not hold it.
    for name in ["safe view", "address", "no place", "fresh realm"] {
        let answer = got[name].as_str().unwrap();
        assert!(answer.starts_with("Pressmark: the archive has no capture"), "{name}: {got}");
    }
    let address = tab.address();
    assert!(address.as_str().unwrap().contains("/rerouted/"), "{address}");
    assert_eq!(reader.heard(), Vec::<String>::new());
    // A cookie for all hosts is limited to this host, or rejected.
    let mut second = tab;
    second.go(&format!("http://localhost:{port}/rerouted/{STAMP}/https://news.example/"));
    // The page before has a cookie of its own, too.
    let is_there =
        "location.hostname.includes('news--example') && window.got?.cookie !== undefined";
    second.until_inside(is_there, "the cookie of another site");
    let cookie = second.evaluate_inside("document.cookie").unwrap();
    assert_eq!(cookie, "a=1");
}

#[test]
fn what_no_frame_asks_for_is_not_answered() {
    let dir = archive("");
    let (server, port) = serving(dir.path());
    let address = server.replay.unwrap();
    let host = format!("{STAMP}s-news--example.localhost:{port}");
    let get = |host: &str, target: &str, fields: &[(&str, &str)]| {
        let fields = [&[("Host", host)], fields].concat();
        ask_with(address, "GET", target, &fields)
    };
    // A window is redirected to the frame, and a request without a declared destination gets nothing.
    let window = get(&host, "/data.txt", &[("Sec-Fetch-Dest", "document")]);
    assert_eq!(window.status, 302);
    let to = format!("http://localhost:{port}/rerouted/{STAMP}/https://news.example/data.txt");
    assert_eq!(window.header("location"), Some(to.as_str()));
    assert_eq!(get(&host, "/data.txt", &[]).status, 403);
    let part = [("Sec-Fetch-Dest", "empty")];
    assert_eq!(get(&host, "/data.txt", &part).text(), "own data");
    // Leading labels are those of the captured host.
    assert_eq!(
        get(&format!("cdn.{STAMP}s-example.localhost:{port}"), "/data.txt", &part).text(),
        "cdn data"
    );
    // A site reads from another what that one allowed; the live web reads nothing.
    let cdn = format!("{STAMP}s-cdn--example.localhost:{port}");
    let origin = format!("http://{host}");
    let allowed = |host: &str, origin: &str| {
        let got = get(host, "/data.txt", &[("Sec-Fetch-Dest", "empty"), ("Origin", origin)]);
        got.header("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(allowed(&cdn, &origin), Some(origin.clone()));
    for (host, origin) in
        [(&cdn, "http://live.example"), (&cdn, "null"), (&host, &format!("http://{cdn}"))]
    {
        assert_eq!(allowed(host, origin), None, "{origin}");
    }
    let missing = get(&cdn, "/none", &part);
    assert_eq!(missing.status, 404);
    for answer in
        [&missing, &get(&cdn, "/data.txt", &part), &get(&cdn, "/.pressmark/reroute.js", &part)]
    {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    }
    let worker =
        get(&host, "/sw.js", &[("Sec-Fetch-Dest", "serviceworker"), ("Service-Worker", "script")]);
    assert_eq!(worker.status, 403);
    // Other names are not hosts of this server, and without the setting there is no view.
    assert_eq!(get(&format!("x.localhost:{port}"), "/healthz", &part).status, 421);
    assert_eq!(get(&format!("localhost:{port}"), "/healthz", &part).status, 200);
    let named = ["serve.rerouted=true", "serve.rerouted_base=replay.example.org"];
    let named = start_with(dir.path(), &named, |_| {});
    let at = named.replay.unwrap();
    for (host, target, status) in [
        (format!("{STAMP}s-news--example.replay.example.org"), "/data.txt", 200),
        ("replay.example.org".to_owned(), "/healthz", 200),
        ("x.replay.example.org".to_owned(), "/healthz", 421),
        ("evil.example.org".to_owned(), "/healthz", 421),
    ] {
        let fields = [("Host", host.as_str()), ("Sec-Fetch-Dest", "empty")];
        assert_eq!(ask_with(at, "GET", target, &fields).status, status, "{host}");
    }
    let off = start_with(dir.path(), &[], |_| {});
    let at = off.replay.unwrap();
    let frame = format!("/rerouted/{STAMP}/https://news.example/");
    assert_eq!(ask_with(at, "GET", &frame, &[]).status, 404);
    let none = ask_with(at, "GET", "/data.txt", &[("Host", &host), ("Sec-Fetch-Dest", "empty")]);
    assert_eq!(none.status, 404);
    // On the reader's origin there is none either.
    let reader = ask_with(
        server.address,
        "GET",
        "/data.txt",
        &[("Host", &host), ("Sec-Fetch-Dest", "empty")],
    );
    assert_eq!(reader.status, 404);
}
