//! A stop in the middle is orderly: nothing is lost, and the next run continues.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pressmark::crawl::{Job, Stop};

use super::{Web, links, web};
use crate::support::archive::{Archive, job};
use crate::support::web::{Reply, ok};

const HOSTS: [&str; 3] = ["a.example", "b.example", "c.example"];

/// Three sites of eleven pages; while the `at`th page is being served, `stop` is
/// requested. Returns every URL of them.
fn sites(web: &Web, stop: &Stop, at: usize) -> BTreeSet<String> {
    let served = Arc::new(AtomicUsize::new(0));
    let mut all = BTreeSet::new();
    for host in HOSTS {
        let pages: Vec<String> = (0..10).map(|n| format!("/page/{n}")).collect();
        links(web, host, "/", &pages);
        all.insert(format!("http://{host}/"));
        for page in pages {
            all.insert(format!("http://{host}{page}"));
            let (stop, served) = (stop.clone(), Arc::clone(&served));
            let body = format!("{page} of {host}");
            let answer = move |_: &str, _: usize| {
                if served.fetch_add(1, Ordering::SeqCst) + 1 == at {
                    stop.ask();
                }
                ok("text/plain", body.as_bytes())
            };
            web.on(host, &page, Reply::Made(Arc::new(answer)));
        }
    }
    all
}

fn captured(archive: &Archive) -> Vec<String> {
    let captures = archive.captures_below("example");
    let pages = captures.into_iter().map(|c| c.url).filter(|u| !u.ends_with("/robots.txt"));
    pages.filter(|u| !u.starts_with("dns:")).collect()
}

#[test]
fn a_stop_in_the_middle_loses_nothing_and_the_next_run_continues() {
    for at in [1, 7, 20] {
        let mut archive = Archive::new();
        let web = web(&mut archive, &HOSTS);
        let stop = Stop::default();
        let all = sites(&web, &stop, at);
        let seeds = HOSTS.map(|h| format!("http://{h}/"));
        let seeds = seeds.each_ref().map(String::as_str);
        let report = archive.run(&Job { depth: 1, ..job(&seeds) }, &stop);
        assert!(report.stopped);
        assert!(report.left > 0, "{report:?}");
        // What was asked was answered, stored and counted.
        let asked = web.asked().iter().filter(|a| a.target != "/robots.txt").count();
        assert!(asked <= at + 2 * HOSTS.len(), "{asked} were asked, and the stop came at {at}");
        assert_eq!(captured(&archive).len(), asked, "stopped at {at}");
        assert_eq!(report.fetched as usize, web.asked().len());
        assert_eq!(archive.findings(), Vec::<String>::new());
        let rest = archive.run(&Job { depth: 1, ..job(&[]) }, &Stop::default());
        assert_eq!((rest.stopped, rest.left), (false, 0));
        let captured = captured(&archive);
        assert_eq!(captured.len(), all.len(), "each once, stopped at {at}");
        assert_eq!(captured.into_iter().collect::<BTreeSet<_>>(), all);
    }
}

#[test]
fn a_stop_before_the_beginning_requests_nothing() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &HOSTS);
    let stop = Stop::default();
    stop.ask();
    let report = archive.run(&job(&["http://a.example/"]), &stop);
    assert!(report.stopped);
    assert_eq!(report.left, 1);
    assert_eq!(web.asked().len(), 0);
}
