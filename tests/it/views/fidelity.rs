//! How faithful the two views are: each page of a folder of static sites is recorded by our own browser and proxy, seen
//! again in both, and held against the recorded load by its layout tree and the errors of its scripts (the method of
//! FidEx, NSDI '26).
//!
//! `PRESSMARK_SCRIPT_PAGES=DIR` names another folder than `tests/corpus/script-pages`, and `PRESSMARK_FIDELITY=print`
//! takes all of its pages and says what differs of each. Wanted: at most 1 % of the pages differ in the exact view, 3 % in the rerouted one.

use std::path::PathBuf;
use std::sync::Arc;

use pressmark::base::Timestamp;
use pressmark::browser::Layout;
use pressmark::serve::Moment;

use super::exact::seen;
use super::pages::{CAPTURED, STAMP, StaticSite, archive_of, looking, record};
use super::proxy::Through;
use super::rerouted::{Tab, chromium, serving};
use crate::rendering::browser;

/// Shares of pages that may differ, in percent.
const EXACT_MAX: usize = 1;
const REROUTED_MAX: usize = 3;
/// The window of a recording.
const HEIGHT: u64 = 1024;

/// What a load came to.
struct Load {
    layout: Layout,
    errors: Vec<String>,
}

/// What tells a load from the recorded one.
fn difference(recorded: &Load, replayed: Option<&Load>) -> Option<String> {
    let Some(replayed) = replayed else { return Some("it could not be seen".to_owned()) };
    recorded.layout.difference(&replayed.layout).or_else(|| {
        let (here, there) = (&recorded.errors, &replayed.errors);
        (here.len() != there.len()).then(|| format!("script errors {here:?} became {there:?}"))
    })
}

fn folder() -> PathBuf {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/script-pages");
    std::env::var_os("PRESSMARK_SCRIPT_PAGES").map_or(corpus, PathBuf::from)
}

/// Whether no more than that share of pages differs; what does is said.
fn assert_share(view: &str, differing: &[String], pages: usize, max: usize) {
    let said =
        format!("{view}: {} of {pages} pages differ\n{}", differing.len(), differing.join("\n"));
    say(&said);
    assert!(differing.len() * 100 <= pages * max, "{said}");
}

#[allow(clippy::print_stderr, reason = "a measure is read by a person")]
fn say(text: &str) {
    if std::env::var_os("PRESSMARK_FIDELITY").is_some() {
        eprintln!("{text}");
    }
}

#[test]
fn pages_are_laid_out_as_they_were_when_they_were_recorded() {
    let Some((options, _one)) = browser() else { return };
    let options = looking(options);
    // All of them take a minute: by default it is every second one.
    let every = if std::env::var_os("PRESSMARK_FIDELITY").is_some() { 1 } else { 2 };
    let sites: Vec<Arc<StaticSite>> =
        StaticSite::all(&folder()).into_iter().step_by(every).map(Arc::new).collect();
    assert!(!sites.is_empty(), "no page in {}", folder().display());
    let recorded: Vec<Load> = sites
        .iter()
        .map(|site| {
            let out = record(&options, site);
            assert_eq!(out.trouble, None, "{}", site.name());
            let layout = out.layout.unwrap();
            say(&format!(
                "{}: {} boxes, {} errors",
                site.name(),
                layout.boxes.len(),
                out.script_errors.len()
            ));
            assert!(layout.boxes.len() > 4, "{}: nothing is shown", site.name());
            Load { layout, errors: out.script_errors }
        })
        .collect();
    let dir = archive_of(&sites);
    let at = Timestamp::parse(CAPTURED).unwrap();
    let through = Through::start(dir.path(), Moment::Fixed(at), &[]);
    let mut exact = Vec::new();
    for (site, recorded) in sites.iter().zip(&recorded) {
        let out = seen(&options, &through, site.page().as_str());
        let load = out.layout.map(|layout| Load { layout, errors: out.script_errors });
        if let Some(what) = difference(recorded, load.as_ref()) {
            exact.push(format!("{}: {what}", site.name()));
        }
    }
    assert_share("exact", &exact, sites.len(), EXACT_MAX);
    let Some(mut browser) = chromium() else { return };
    let (_server, port) = serving(dir.path());
    let mut rerouted = Vec::new();
    let mut window = None;
    for (site, recorded) in sites.iter().zip(&recorded) {
        let url = format!("http://localhost:{port}/rerouted/{STAMP}/{}", site.page().as_str());
        let mut tab = Tab::open(&mut browser);
        // The page gets a window of the size that it had: the frame has a line above it.
        let size = *window.get_or_insert_with(|| {
            tab.go(&url);
            tab.rest();
            let height = tab.evaluate("document.querySelector('iframe').clientHeight");
            HEIGHT + HEIGHT.saturating_sub(height.as_u64().unwrap_or(HEIGHT))
        });
        tab.size(1280, size);
        tab.go("about:blank");
        tab.go(&url);
        tab.rest();
        let load = tab.taken_down().map(|(layout, errors)| Load { layout, errors });
        if let Some(what) = difference(recorded, load.as_ref()) {
            rerouted.push(format!("{}: {what}", site.name()));
        }
    }
    assert_share("rerouted", &rerouted, sites.len(), REROUTED_MAX);
}
