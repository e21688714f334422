//! Pages that are rendered by workers which share a queue: parts on other hosts are requested under leases of those
//! hosts, and a rendering ends with the lease of its page.

use std::io::{BufReader, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pressmark::store::Layout;
use pressmark::warc::{ReadOptions, WarcReader};

use super::*;
use crate::rendering::{PARAGRAPH, assert_nothing_left, browser};
use crate::support::archive::records;

/// A page that scripts fill, one of which is on another host; another page without such a script.
fn shell(lib: &str) -> String {
    format!(
        "<!doctype html><title>News</title><div id=root></div>{lib}<script src=/app.js></script>"
    )
}

const APP: &str = "fetch('/story.json').then((r) => r.json()).then((story) => {
    root.innerHTML = `<article><h1>${story.title}</h1><p>${story.body}</p></article>`; });";

fn story() -> String {
    let body = format!("{PARAGRAPH} ").repeat(4);
    serde_json::json!({ "title": "Mill town argues", "body": body }).to_string()
}

/// The settings of a worker that renders.
fn settings(command: &Path) -> String {
    format!("[browser]\ncommand = {:?}\nat_once = 2\n", command.display().to_string())
}

/// Whether the archive of a worker has the rendering of a page. Its files may be in the process of being written.
fn has_rendered(place: &Place, worker: usize, url: &str) -> bool {
    let paths = Layout::new(&place.root(worker)).warc_files().unwrap_or_default();
    let files = paths.iter().filter_map(|path| fs::File::open(path).ok());
    files.map(BufReader::new).any(|file| {
        let mut reader = WarcReader::new(file, ReadOptions::default());
        while let Ok(Some(mut record)) = reader.next_record() {
            let field = |name: &str| record.header().fields.text(name).map(|v| v.into_owned());
            let is_it = field("WARC-Type").as_deref() == Some("conversion")
                && field("WARC-Target-URI").as_deref() == Some(url);
            let mut block = Vec::new();
            if record.read_to_end(&mut block).is_err() || record.finish().is_err() {
                return false;
            }
            if is_it && String::from_utf8_lossy(&block).contains(PARAGRAPH) {
                return true;
            }
        }
        false
    })
}

#[test]
fn pages_are_rendered_by_workers_and_no_host_of_their_parts_is_asked_together_or_early() {
    let Some(server) = server() else { return };
    let Some((options, _one)) = browser() else { return };
    // The first host has a script that every page needs, and no page; each worker holds at most three of the others.
    const HOSTS: usize = 6;
    let origin = Origin::start(HOSTS, move |_, path, port| match path {
        "/one" | "/two" => {
            let lib = origin::address(0);
            Some(shell(&format!("<script src=\"http://{lib}:{port}/lib.js\"></script>")))
        }
        "/lib.js" => Some("window.lib = true;".to_owned()),
        "/app.js" => Some(format!("if (window.lib) {{ {APP} }}")),
        "/story.json" => Some(story()),
        _ => None,
    });
    let place = Place::new(&server, 3, &settings(&options.command));
    let urls: Vec<String> =
        (1..HOSTS).flat_map(|n| ["/one", "/two"].map(|path| origin.url(n, path))).collect();
    let seeds: Vec<String> = urls.iter().map(|url| format!("{url:?}")).collect();
    place.job(
        "paper",
        &format!(
            "seeds = [{}]\nbrowser = \"when-needed\"\n[schedule]\nevery = \"30d\"\n",
            seeds.join(", ")
        ),
    );
    let begun = Instant::now();
    let workers: Vec<Worker> = (0..2).map(|n| place.watch(n, None)).collect();
    let all_rendered =
        || urls.iter().all(|url| (0..2).any(|worker| has_rendered(&place, worker, url)));
    wait_for(Duration::from_secs(240), all_rendered, &place, "every page as it was rendered");
    for (n, worker) in workers.into_iter().enumerate() {
        assert_eq!(worker.end(), Some(130), "{}", place.log(n));
    }
    let visits = origin.visits(begun);
    judge_pace(&visits, HOSTS);
    let pages: Vec<Visit> =
        visits.into_iter().filter(|v| ["/one", "/two"].contains(&&*v.path)).collect();
    assert_eq!(pages.len(), urls.len(), "each page once: {pages:?}");
    for worker in 0..2 {
        let log = place.log(worker);
        assert!(!log.contains("not rendered") && !log.contains("cut off"), "{log}");
        // Every request is in the crawl log, parts with the letter of an embed.
        let crawl = fs::read_to_string(place.root(worker).join("logs/crawl.log")).unwrap();
        let parts = crawl.lines().filter(|line| line.contains("/story.json")).count();
        assert!(parts > 0, "worker {worker} rendered nothing: {crawl}");
    }
    assert_nothing_left();
}

#[test]
fn a_rendering_whose_lease_ended_is_cut_off_and_its_page_is_visited_again() {
    let Some(server) = server() else { return };
    let Some((options, _one)) = browser() else { return };
    let asked = Arc::new(AtomicUsize::new(0));
    let slow = Arc::clone(&asked);
    let origin = Origin::start(1, move |_, path, _| match path {
        "/one" => Some(shell("<script src=/slow.js></script>")),
        "/slow.js" => {
            // The first request waits for longer than its lease lasts.
            if slow.fetch_add(1, Ordering::SeqCst) == 0 {
                std::thread::sleep(lease() * 6);
            }
            Some("window.lib = true;".to_owned())
        }
        "/app.js" => Some(APP.to_owned()),
        "/story.json" => Some(story()),
        _ => None,
    });
    let place = Place::new(&server, 4, &settings(&options.command));
    let url = origin.url(0, "/one");
    place.job(
        "paper",
        &format!("seeds = [{url:?}]\nbrowser = \"when-needed\"\n[schedule]\nevery = \"30d\"\n"),
    );
    let paused = place.watch(0, None);
    let patience = Duration::from_secs(60);
    wait_for(patience, || asked.load(Ordering::SeqCst) == 1, &place, "the part that is slow");
    paused.signal("STOP");
    let other = place.watch(1, None);
    wait_for(patience, || has_rendered(&place, 1, &url), &place, "the page, rendered by the other");
    paused.signal("CONT");
    wait_for(patience, || place.log(0).contains("was cut off"), &place, "the end of the rendering");
    assert_eq!(paused.end(), Some(130), "{}", place.log(0));
    assert_eq!(other.end(), Some(130), "{}", place.log(1));
    // The first worker has the page as it was sent, and no rendering of it.
    assert!(!has_rendered(&place, 0, &url));
    let kept = records(&place.root(0));
    assert!(kept.iter().any(|record| record.is("response", &url)));
    for worker in 0..2 {
        let verified = place.run(worker, &["verify"]);
        assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    }
    let counts = server.sql("SELECT phase, count(*) FROM pressmark_frontier.queue_url GROUP BY 1");
    assert_eq!(counts, "1|1", "the page waits for its next visit");
    assert_nothing_left();
}
