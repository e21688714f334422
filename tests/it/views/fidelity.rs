//! The fidelity of the two views: each page of a folder is recorded by our own browser and proxy, seen again in both,
//! and compared with the recorded load by its layout tree and the errors of its scripts (the method of FidEx, NSDI '26).
//! In all three a window that asks for consent is refused, and the page is scrolled.
//!
//! The pages are those of `tests/script-pages` (sixty, with the frameworks that outlets use) and of
//! `tests/corpus/script-pages` (one for each way in which a page asks for its parts); by default some of each, and all
//! with `PRESSMARK_FIDELITY=print`, which prints the differences, how many requests left, and how many parts were missing.
//! `PRESSMARK_SCRIPT_PAGES=DIR` names another folder. Target: at most 1 % of the pages differ in the exact view, 3 %
//! in the rerouted one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::Timestamp;
use pressmark::browser::{BrowserOptions, Layout, Settled, consent};
use pressmark::serve::Moment;
use serde_json::{Value, json};

use super::exact::seen;
use super::pages::{CAPTURED, STAMP, StaticSite, archive_of, looking, record};
use super::proxy::Through;
use super::rerouted::serving;
use super::tab::{RULES, Tab};
use crate::chromium::browser::Browser;
use crate::chromium::site::Canary;
use crate::rendering::browser;
use crate::support::skip::skipped;

/// Shares of pages that may differ, in percent.
const EXACT_MAX: usize = 1;
const REROUTED_MAX: usize = 3;
/// The window of a recording.
const WIDTH: u64 = 1280;
const HEIGHT: u64 = 1024;
/// A page without activity for this long has settled: longer than elsewhere, so that a busy machine makes no
/// difference.
const REST: Duration = Duration::from_secs(2);
/// How often a page is scrolled.
const SCROLLS: u32 = 3;

/// The result of a load.
struct Load {
    layout: Layout,
    errors: Vec<String>,
}

impl Load {
    fn new(layout: Layout, errors: &[String]) -> Self {
        let mut errors: Vec<String> = errors.iter().map(|error| first_line(error)).collect();
        errors.sort();
        Self { layout, errors }
    }

    /// The difference of another load from this one.
    fn difference(&self, other: Option<&Self>) -> Option<String> {
        let Some(other) = other else { return Some("it could not be seen".to_owned()) };
        self.layout.difference(&other.layout).or_else(|| {
            let (here, there) = (&self.errors, &other.errors);
            (here != there).then(|| format!("script errors {here:?} became {there:?}"))
        })
    }
}

/// The message of an error, without the place: addresses differ in the rerouted view.
fn first_line(error: &str) -> String {
    let details: Value = serde_json::from_str(error).unwrap_or(Value::Null);
    let said = details["exception"]["description"].as_str().or(details["text"].as_str());
    let line = said.unwrap_or(error).lines().next().unwrap_or_default();
    let words = line.split(' ').map(|word| if word.contains("://") { "ADDRESS" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn folders() -> Vec<PathBuf> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    match std::env::var_os("PRESSMARK_SCRIPT_PAGES") {
        Some(folder) if folder != "all" => vec![PathBuf::from(folder)],
        _ => vec![own.join("script-pages/built"), own.join("corpus/script-pages")],
    }
}

/// All pages, or some of each folder: of the built ones, one from every third site, each with another feature.
fn sites() -> Vec<Arc<StaticSite>> {
    let is_whole = is_printed();
    let some = |folder: PathBuf| {
        let all = StaticSite::all(&folder);
        assert!(!all.is_empty(), "no page in {}", folder.display());
        let step = if all.len() > 30 { 13 } else { 3 };
        all.into_iter().step_by(if is_whole { 1 } else { step })
    };
    folders().into_iter().flat_map(some).map(Arc::new).collect()
}

fn is_printed() -> bool {
    std::env::var_os("PRESSMARK_FIDELITY").is_some()
}

/// Prints which pages differ.
fn say_share(view: &str, differing: &[String], pages: usize) {
    say(&format!("{view}: {} of {pages} pages differ", differing.len()));
    differing.iter().for_each(|what| say(what));
}

/// Checks that no more than that share of pages differs.
fn assert_share(view: &str, differing: &[String], pages: usize, max: usize) {
    let count = differing.len();
    assert!(count * 100 <= pages * max, "{view}: {count} of {pages} pages differ: {differing:#?}");
}

#[allow(clippy::print_stderr, reason = "a measure is read by a person")]
fn say(text: &str) {
    if is_printed() {
        eprintln!("{text}");
    }
}

#[test]
fn pages_are_laid_out_as_they_were_when_they_were_recorded() {
    let Some((options, _one)) = browser() else { return };
    let at = Timestamp::parse(CAPTURED).unwrap();
    // The clock of the recording is that of the captures.
    let options =
        BrowserOptions { scrolls_max: SCROLLS, clock: Some(at), idle: REST, ..looking(options) };
    let sites = sites();
    let recorded: Vec<Load> = sites.iter().map(|site| recorded(&options, site)).collect();
    let dir = archive_of(&sites);
    let through = Through::start(dir.path(), Moment::Fixed(at), &[]);
    let mut exact = Vec::new();
    for (site, recorded) in sites.iter().zip(&recorded) {
        let look = || {
            let out = seen(&options, &through, site.page().as_str());
            out.layout.map(|layout| Load::new(layout, &out.script_errors))
        };
        exact.extend(differing(site, recorded, look));
    }
    let traded = through.proxy.traded();
    say(&format!("exact: {} requests answered, {} not held", traded.answered, traded.missing));
    say_share("exact", &exact, sites.len());
    // Requests for the name of a captured host are recorded. (All are below .example: the browser requests other names by
    // itself, for its updates.)
    let elsewhere = Canary::start();
    let rules = format!("MAP *.example 127.0.0.1:{}, {RULES}", elsewhere.address.port());
    let mut browser = match Browser::start_with(&rules, &["--hide-scrollbars"]) {
        Ok(browser) => browser,
        Err(why) => return skipped("chromium", &why),
    };
    let (_server, port) = serving(dir.path());
    let mut rerouted = Vec::new();
    let mut window = None;
    for (site, recorded) in sites.iter().zip(&recorded) {
        let url = format!("http://localhost:{port}/rerouted/{STAMP}/{}", site.page().as_str());
        let look = || replayed(&mut browser, &url, &mut window);
        rerouted.extend(differing(site, recorded, look));
    }
    let left = elsewhere.heard();
    say(&format!("rerouted: {} requests left", left.len()));
    say_share("rerouted", &rerouted, sites.len());
    assert_eq!(left, Vec::<String>::new());
    assert_share("exact", &exact, sites.len(), EXACT_MAX);
    assert_share("rerouted", &rerouted, sites.len(), REROUTED_MAX);
}

/// The difference of a replayed page from the recorded one. A page that differs is loaded once more, with a message: a busy
/// machine ends a load early.
fn differing(
    site: &StaticSite,
    recorded: &Load,
    mut look: impl FnMut() -> Option<Load>,
) -> Option<String> {
    let first = recorded.difference(look().as_ref())?;
    say(&format!("{}, looked at again: {first}", site.name()));
    recorded.difference(look().as_ref()).map(|what| format!("{}: {what}", site.name()))
}

/// The load that is recorded.
fn recorded(options: &BrowserOptions, site: &Arc<StaticSite>) -> Load {
    let out = record(options, site);
    assert_eq!(out.trouble, None, "{}", site.name());
    assert_eq!(out.settled, Settled::Idle, "{}", site.name());
    let load = Load::new(out.layout.unwrap(), &out.script_errors);
    say(&format!(
        "{}: {} boxes, {} frames, {} pictures, {} clicks, errors {:?}",
        site.name(),
        load.layout.boxes.len(),
        load.layout.frames.len(),
        load.layout.pictures.len(),
        out.clicks.len(),
        load.errors
    ));
    assert!(load.layout.boxes.len() > 4, "{}: nothing is shown", site.name());
    load
}

/// The load of a page in the rerouted view, in a window of the size that it was recorded in.
fn replayed(browser: &mut Browser, url: &str, window: &mut Option<u64>) -> Option<Load> {
    let mut tab = Tab::open(browser);
    // The frame has a line above it.
    let size = *window.get_or_insert_with(|| {
        tab.go(url);
        tab.rest_for(REST);
        let height = tab.evaluate("document.querySelector('iframe').clientHeight");
        HEIGHT + HEIGHT.saturating_sub(height.as_u64().unwrap_or(HEIGHT))
    });
    tab.size(WIDTH, size);
    tab.go("about:blank");
    tab.go(url);
    tab.rest_for(REST);
    // As a rendering does: it refuses consent, then scrolls as long as there is more.
    if !tab.evaluate_inside(&consent::script())?.is_null() {
        tab.rest_for(REST);
    }
    let down = "(() => { const y = scrollY; scrollBy(0, innerHeight); return scrollY > y; })()";
    for _ in 0..SCROLLS {
        if tab.evaluate_inside(down)? != json!(true) {
            break;
        }
        tab.rest_for(REST);
    }
    tab.evaluate_inside("scrollTo(0, 0)");
    tab.taken_down().map(|(layout, errors)| Load::new(layout, &errors))
}

/// The comparison sees what it has to see: a page is changed between its recording and its replay.
#[test]
fn a_planted_difference_is_seen() {
    let Some((options, _one)) = browser() else { return };
    let options = looking(options);
    let of = |html: &str| {
        let dir = tempfile::tempdir().unwrap();
        let site = dir.path().join("planted");
        std::fs::create_dir(&site).unwrap();
        std::fs::write(site.join("index.html"), html).unwrap();
        let site = Arc::new(StaticSite::all(dir.path()).remove(0));
        let out = record(&options, &site);
        Load::new(out.layout.unwrap(), &out.script_errors)
    };
    let dot = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";
    let page = |text: &str, style: &str, script: &str, picture: &str, frame: &str| {
        format!(
            "<!doctype html><style>p {{ width: 300px; {style} }}</style><p id=p>{text}</p>\
             <img width=20 height=20 src=\"{picture}\"><iframe srcdoc=\"<p>{frame}</p>\"></iframe>\
             <script>{script}</script>"
        )
    };
    let (text, script) = ("The weir is old.", "p.title = 1");
    let recorded = of(&page(text, "", script, dot, "inner"));
    assert_eq!(recorded.difference(Some(&of(&page(text, "", script, dot, "inner")))), None);
    for (what, html) in [
        ("text", page("The weir was old.", "", script, dot, "inner")),
        ("place", page(text, "margin-left: 30px", script, dot, "inner")),
        ("colour", page(text, "color: #123456", script, dot, "inner")),
        ("error", page(text, "", "p.title.x.y = 1; throw new Error('broken')", dot, "inner")),
        ("picture", page(text, "", script, "/none.png", "inner")),
        ("frame", page(text, "", script, dot, "other")),
    ] {
        assert!(recorded.difference(Some(&of(&html))).is_some(), "{what}");
    }
    assert!(recorded.difference(None).is_some());
}
