//! Parts that are not held: each kind of them gets a 404 with that message, and is counted, in both views.

use pressmark::base::Timestamp;
use pressmark::serve::Moment;
use pressmark::store::Layout;

use super::exact::seen;
use super::pages::{CAPTURED, STAMP, looking};
use super::proxy::Through;
use super::rerouted::{chromium, serving};
use super::tab::Tab;
use crate::rendering::browser;
use crate::serve::Warc;

/// The requests of a page in all these ways, each to its own host and to another.
const PARTS: [&str; 16] = [
    "picture",
    "script",
    "style",
    "frame",
    "object",
    "fetch",
    "request",
    "module",
    "audio",
    "font",
    "background",
    "worker",
    "shadow",
    "imported",
    "fresh",
    "drawn",
];

/// The page: `HOST` stands for a host.
const PAGE: &str = "<!doctype html><html><head><title>x</title><style>
  @import url(HOST/imported); @font-face { font-family: news; src: url(HOST/font) }
  p { font-family: news } #b { width: 9px; height: 9px; background: url(HOST/background) }</style></head><body>
  <p>text</p><div id=b></div><img src=HOST/picture><link rel=stylesheet href=HOST/style><iframe src=HOST/frame></iframe>
  <object data=HOST/object></object><audio src=HOST/audio></audio><svg><image href=HOST/drawn></image></svg><script src=HOST/script></script>
  <script type=module>import('HOST/module').catch(() => {});</script>
  <script>
    fetch('HOST/fetch').catch(() => {});
    const request = new XMLHttpRequest(); request.open('GET', 'HOST/request'); request.send();
    const worker = new Blob([`fetch('HOST/worker').catch(() => {})`], { type: 'text/javascript' });
    new Worker(URL.createObjectURL(worker));
    const root = document.createElement('div'); document.body.append(root);
    root.attachShadow({ mode: 'open' }).innerHTML = '<img src=HOST/shadow>';
    const frame = document.createElement('iframe'); document.body.append(frame);
    frame.contentDocument.body.innerHTML = '<img src=HOST/fresh>';
  </script></body></html>";

fn archive() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Layout::new(dir.path()).create().unwrap();
    let own = PAGE.replace("HOST", "https://own.example");
    let other = PAGE.replace("HOST", "https://other.example/at");
    Warc::new()
        .page("https://own.example/", CAPTURED, &own)
        .page("https://elsewhere.example/", CAPTURED, &other)
        .write(dir.path(), "missing.warc");
    dir
}

const PAGES: [(&str, &str); 2] = [
    ("https://own.example/", "https://own.example"),
    ("https://elsewhere.example/", "https://other.example/at"),
];

#[test]
fn every_kind_of_part_that_is_not_held_is_counted_in_the_exact_view() {
    let Some((options, _one)) = browser() else { return };
    let dir = archive();
    let at = Timestamp::parse(CAPTURED).unwrap();
    let options = looking(options);
    for (page, root) in PAGES {
        let through = Through::start(dir.path(), Moment::Fixed(at), &[]);
        let out = seen(&options, &through, page);
        assert_eq!(out.trouble, None);
        let missing = through.proxy.traded().missing_parts;
        for part in PARTS {
            let url = format!("{root}/{part}");
            assert!(missing.iter().any(|missing| missing.url == url), "{url}: {missing:?}");
        }
    }
}

#[test]
fn every_kind_of_part_that_is_not_held_is_counted_in_the_rerouted_view() {
    let Some(mut browser) = chromium() else { return };
    let dir = archive();
    let (_server, port) = serving(dir.path());
    for (page, root) in PAGES {
        let mut tab = Tab::open(&mut browser);
        tab.go(&format!("http://localhost:{port}/rerouted/{STAMP}/{page}"));
        for part in PARTS {
            tab.until_missing(&format!("{root}/{part}"));
        }
        tab.rest();
        // Each once.
        let missing = tab.missing();
        assert_eq!(missing.len(), PARTS.len(), "{missing:?}");
    }
}
