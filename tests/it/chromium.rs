//! Hostile pages, replayed in Chromium: no script runs, no request leaves, no data stays.
//!
//! The corpus is in `tests/corpus/hostile-pages`, and its README says what a page does when it gets
//! through. Every page is opened, left alone for a moment, and clicked on. Chromium is driven over its
//! DevTools pipe; where it is missing, these tests are skipped, and say so.

pub mod browser;
mod reading;
pub mod site;
mod tab;

use pressmark::replay::{Origin, Scripts};

use crate::support::skip::skipped;
use browser::Browser;
use site::{Canary, Mode, ReplaySite};

/// Pages that run scripts, ask the live web and are clicked on in one run.
struct Run {
    browser: Browser,
    live: Canary,
    reader: Canary,
    site: ReplaySite,
}

impl Run {
    /// None where Chromium is missing.
    fn start(mode: Mode) -> Option<Self> {
        let live = Canary::start();
        let reader = Canary::start();
        let site = ReplaySite::start(mode, &reader.origin());
        let rules = format!(
            "MAP *.example 127.0.0.1:{}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            live.address.port()
        );
        match Browser::start(&rules) {
            Ok(browser) => Some(Self { browser, live, reader, site }),
            Err(why) => {
                skipped("chromium", &why);
                None
            }
        }
    }

    /// Opens a page and clicks on every clickable element, one after another, each on a fresh page.
    fn try_all(&mut self, url: &str) {
        let clicks = self.browser.visit(url, None);
        for click in 0..clicks {
            self.browser.visit(url, Some(click));
        }
    }

    /// What got through, as text.
    fn escapes(&mut self) -> Vec<String> {
        let mut out: Vec<String> =
            self.live.heard().iter().map(|heard| format!("live web asked: {heard}")).collect();
        out.extend(self.reader.heard().iter().map(|heard| format!("reader asked: {heard}")));
        for request in self.site.requests() {
            if request.contains("hostile.example/RAN") {
                out.push(format!("a script ran: {request}"));
            }
            let target = request.split(' ').nth(1).unwrap_or_default();
            if !target.starts_with("/web/") && target != "/favicon.ico" {
                out.push(format!("asked of replay, outside of it: {request}"));
            }
            if request.contains("cookie:") {
                out.push(format!("a cookie was sent: {request}"));
            }
        }
        out.extend(self.browser.cookies().iter().map(|name| format!("a cookie was set: {name}")));
        out
    }
}

fn nothing_escapes(mode: Mode) {
    let Some(mut run) = Run::start(mode) else { return };
    let names = site::corpus();
    assert!(names.len() > 80, "the corpus was not found");
    let mut escapes = Vec::new();
    for name in names {
        let url = run.site.url_of(&name);
        run.try_all(&url);
        escapes.extend(run.escapes().into_iter().map(|escape| format!("{name}: {escape}")));
        run.live.forget();
        run.reader.forget();
        run.site.forget();
    }
    assert!(escapes.is_empty(), "{}", escapes.join("\n"));
    assert!(run.site.pages_shown() > 80);
}

#[test]
fn nothing_of_hostile_pages_runs_or_leaves_on_an_origin_of_their_own() {
    nothing_escapes(Mode::Replay(Origin::Own, Scripts::Never));
}

#[test]
fn nothing_of_hostile_pages_runs_or_leaves_on_the_origin_of_the_reader() {
    nothing_escapes(Mode::Replay(Origin::Shared, Scripts::Never));
}

/// The same pages without rewriting and without headers, so that the two tests above cannot pass because
/// the pages do nothing.
#[test]
fn without_replay_the_same_pages_run_and_leave() {
    let Some(mut run) = Run::start(Mode::Naked) else { return };
    for name in ["script-inline.http", "resources.http", "cookies.http", "reader-requests.http"] {
        let url = run.site.url_of(name);
        run.try_all(&url);
    }
    let escapes = run.escapes().join("\n");
    for sign in
        ["live web asked", "a script ran", "reader asked", "a cookie was set", "outside of it"]
    {
        assert!(escapes.contains(sign), "{sign}: {escapes}");
    }
}

/// With the switch scripts do run, in their frame; they reach no other host, keep nothing, and send
/// neither their frame nor the window anywhere. Network prediction is off in this browser: it opens a
/// connection for a frame before the policy refuses to send it there.
#[test]
fn scripts_that_may_run_stay_in_their_frame() {
    let Some(mut run) = Run::start(Mode::Replay(Origin::Shared, Scripts::InFrames)) else { return };
    let names = [
        "script-inline.http",
        "sockets.http",
        "cookies.http",
        "service-worker.http",
        "data-frames.http",
        "javascript-frames.http",
        "resources.http",
        "links.http",
        "forms.http",
        "handlers.http",
    ];
    let (mut ran, mut other) = (0, Vec::new());
    for name in names {
        let url = run.site.framed_url_of(name);
        run.browser.visit(&url, None);
        for escape in run.escapes() {
            if escape.starts_with("a script ran") {
                ran += 1;
            } else {
                other.push(format!("{name}: {escape}"));
            }
        }
        run.live.forget();
        run.site.forget();
    }
    assert!(ran > 0, "no script ran in its frame");
    assert!(other.is_empty(), "{}", other.join("\n"));
}
