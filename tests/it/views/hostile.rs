//! The hostile pages of the corpus with their scripts running: no request reaches the web, the reader or another site of
//! the archive. All of them are in frames of one page, which clicks on everything clickable, and the worst of
//! them alone.

use std::net::UdpSocket;
use std::path::Path;

use pressmark::serve::Moment;
use pressmark::store::Layout;

use super::exact::seen;
use super::pages::{CAPTURED, STAMP, looking};
use super::proxy::Through;
use super::tab::Tab;
use crate::chromium::browser::Browser;
use crate::chromium::site::{Canary, captured, corpus};
use crate::rendering::browser;
use crate::serve::{Warc, start_with};
use crate::support::skip::skipped;

/// Pages that are opened alone, beside those that try to break out: scripts that navigate, request, register and redirect.
const ALONE: [&str; 3] = ["sockets.http", "service-worker.http", "redirect-live.http"];

/// Whether a page tries by its script to break out of the view.
fn breaks_out(name: &str) -> bool {
    name.starts_with("breakout-")
}

/// The opened pages: all in frames of one page, then the worst alone.
fn opened() -> Vec<String> {
    let alone = corpus().into_iter().filter(|name| breaks_out(name));
    let mut names = vec!["all".to_owned()];
    names.extend(ALONE.map(str::to_owned));
    names.extend(alone);
    assert!(names.len() > 10, "the corpus was not found");
    names
}

/// Writes the corpus into an archive, with a page that contains all of it.
fn archive(root: &Path, replay: &str, reader: &str) {
    Layout::new(root).create().unwrap();
    let mut warc = Warc::new();
    let mut frames = String::new();
    for name in corpus() {
        let (head, body) = captured(&name, replay, reader).unwrap();
        let head = String::from_utf8_lossy(&head).trim_end().replace('\n', "\r\n");
        let response = [head.as_bytes(), b"\r\n\r\n", &body].concat();
        // Features that only a secure origin has are available, too.
        for scheme in ["http", "https"] {
            warc = warc.raw(&format!("{scheme}://hostile.example/{name}"), CAPTURED, &response);
        }
        if !breaks_out(&name) {
            frames.push_str(&format!("<iframe src=\"/{name}\"></iframe>"));
        }
    }
    let page = format!(
        "<!doctype html><title>all</title>{frames}<script>
        addEventListener('load', () => setTimeout(() => {{
          for (const frame of document.querySelectorAll('iframe')) {{
            try {{
              for (const one of frame.contentDocument.querySelectorAll('a,area,button,input,summary')) one.click();
            }} catch {{}}
          }}
          setTimeout(() => {{ fetch('/DONE').catch(() => {{}}); window.isDone = true; }}, 500);
        }}, 300));</script>"
    );
    warc.page("http://hostile.example/all", CAPTURED, &page).write(root, "hostile.warc");
}

/// Checks that no UDP packet was sent, for example to find the address of a peer.
fn assert_silent(socket: &UdpSocket) {
    socket.set_nonblocking(true).unwrap();
    let mut bytes = [0; 64];
    assert!(socket.recv(&mut bytes).is_err(), "something was sent over UDP");
}

#[test]
fn in_the_exact_view_hostile_pages_reach_the_archive_alone() {
    let Some((options, _one)) = browser() else { return };
    let (live, reader) = (Canary::start(), Canary::start());
    let udp = UdpSocket::bind(reader.address).unwrap();
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path(), &live.origin(), &reader.origin());
    let at = pressmark::base::Timestamp::parse(CAPTURED).unwrap();
    let through = Through::start(dir.path(), Moment::Fixed(at), &[]);
    let options = looking(options);
    for name in opened() {
        let out = seen(&options, &through, &format!("http://hostile.example/{name}"));
        let is_stuck = out.trouble.is_some() && name == "all";
        assert!(!is_stuck, "{name}: {:?}", out.trouble);
    }
    let missing = through.proxy.traded().missing_parts;
    let asked = |part: &str| missing.iter().any(|missing| missing.url.contains(part));
    for name in corpus().into_iter().filter(|name| breaks_out(name)) {
        let name = name.trim_end_matches(".http");
        assert!(asked(&format!("hostile.example/RAN?{name}")), "{name} did not run");
    }
    // They ran, and their requests were recorded here: the test can fail.
    assert!(asked("hostile.example/RAN"), "no script ran: {missing:?}");
    assert!(asked("live.example/"), "nobody asked the web: {missing:?}");
    assert!(asked(&reader.address.to_string()), "nobody asked the reader: {missing:?}");
    assert_eq!((live.heard(), reader.heard()), (Vec::<String>::new(), Vec::new()));
    assert_silent(&udp);
}

#[test]
fn in_the_rerouted_view_hostile_pages_reach_the_archive_alone() {
    let (live, reader) = (Canary::start(), Canary::start());
    let udp = UdpSocket::bind(reader.address).unwrap();
    let rules = format!(
        "MAP *.example 127.0.0.1:{}, MAP *.localhost 127.0.0.1, MAP localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        live.address.port()
    );
    let mut browser = match Browser::start(&rules) {
        Ok(browser) => browser,
        Err(why) => return skipped("chromium", &why),
    };
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path(), &live.origin(), &reader.origin());
    let server = start_with(dir.path(), &["serve.rerouted=true"], |_| {});
    let port = server.replay.unwrap().port();
    for name in opened() {
        let scheme = if breaks_out(&name) { "https" } else { "http" };
        let frame =
            format!("http://localhost:{port}/rerouted/{STAMP}/{scheme}://hostile.example/{name}");
        let mut tab = Tab::open(&mut browser);
        tab.go(&frame);
        match name.as_str() {
            "all" => tab.until_inside("window.isDone === true", "all frames were clicked in"),
            _ => tab.rest(),
        }
        // The window stays where it is, whatever a page does.
        assert_eq!(tab.address(), frame, "{name}");
        let shown = tab.evaluate("document.title");
        assert_eq!(shown, "A captured page", "{name}");
        if breaks_out(&name) {
            // Its script ran: the address that it requests first is not held.
            let ran = format!("RAN?{}", name.trim_end_matches(".http"));
            tab.until_missing(&ran);
        }
        for cookie in tab.cookies() {
            let domain = cookie["domain"].as_str().unwrap();
            assert!(domain.starts_with(STAMP), "{name}: a cookie of other hosts: {cookie}");
        }
        drop(tab);
        let requests = (live.heard(), reader.heard());
        assert_eq!(requests, (Vec::new(), Vec::new()), "{name}");
    }
    assert_silent(&udp);
}
