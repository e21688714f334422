//! What bounds a job: bytes, time, disk, budgets over restarts, cron; and runs that are resumed
//! where they stopped.

use std::sync::Arc;
use std::time::Duration;

use pressmark::base::{Clock, Timestamp};
use pressmark::crawl::{Job, Stop, Take};
use pressmark::schedule::JobSpec;
use pressmark::schedule::revisit::Schedule;

use crate::jobs::job;
use crate::lab::{Lab, Seen, article, runtime, uri};

const HOST: &str = "a.example";

/// A job of this many pages, each about 1,100 bytes with its head.
fn pages(lab: &Lab, count: usize) -> JobSpec {
    let mut spec = job("paper", HOST);
    for n in 0..count {
        lab.web.page(HOST, &format!("/{n}"), &article("x", &[&"word ".repeat(200)]));
        spec.seeds.push(&uri(&format!("http://{HOST}/{n}")));
    }
    spec
}

fn paths(lab: &Lab) -> Vec<String> {
    let asked = lab.web.asked().into_iter().filter(|a| a.target != "/robots.txt");
    asked.map(|a| a.target).collect()
}

#[test]
fn a_run_ends_at_its_limit_of_bytes_and_the_next_continues() {
    let lab = Lab::new(&[HOST]);
    let mut spec = pages(&lab, 6);
    spec.limits.bytes_max = Some(2_500);
    let (report, _) = lab.run(&[spec.clone()]);
    assert_eq!((paths(&lab).len(), report.left), (3, 3), "{report:?}");
    let (report, _) = lab.run(&[spec]);
    assert_eq!((paths(&lab).len(), report.left), (6, 0), "nothing was asked for twice");
}

#[test]
fn a_run_ends_at_its_time_limit() {
    let mut lab = Lab::new(&[HOST]);
    lab.politeness.pace.delay_min = Duration::from_secs(60);
    let mut spec = pages(&lab, 10);
    spec.limits.time_max = Some(Duration::from_secs(200));
    let (mut crawl, _store) = lab.crawl(&[spec]);
    let stop = Stop::default();
    let begun = lab.clock.now();
    let until = Some((begun.plus(Duration::from_hours(2)), Arc::clone(&lab.clock), stop.clone()));
    let mut seen = Seen { until, ..Seen::default() };
    // Endless, so that only the limit can end it; it holds for a day.
    let job = Job { take: Take::Forever, ..Job::of(Vec::new()) };
    runtime().block_on(crawl.run(&job, &mut seen, &stop)).unwrap();
    let asked = lab.web.asked();
    assert!((3..=6).contains(&asked.len()), "{asked:?}");
    assert!(asked.iter().all(|a| a.at.since(begun) <= Duration::from_secs(300)));
}

#[test]
fn a_job_with_a_disk_limit_of_its_own_pauses_alone() {
    let lab = Lab::new(&[HOST, "b.example"]);
    let mut spec = pages(&lab, 2);
    spec.limits.disk_free_min = Some(500);
    let mut other = job("other", "b.example");
    other.seeds = vec![uri("http://b.example/")].into();
    lab.web.page("b.example", "/", &article("x", &["text"]));
    let begun = lab.clock.now();
    let (mut crawl, _store) = lab.crawl(&[spec, other]);
    let clock = Arc::clone(&lab.clock);
    let half = begun.plus(Duration::from_mins(30));
    crawl.set_disk_gauge(Box::new(move || Some(if clock.now() < half { 100 } else { 1_000 })));
    let stop = Stop::default();
    let until = Some((begun.plus(Duration::from_hours(1)), Arc::clone(&lab.clock), stop.clone()));
    let mut seen = Seen { until, ..Seen::default() };
    let job = Job { take: Take::Forever, ..Job::of(Vec::new()) };
    runtime().block_on(crawl.run(&job, &mut seen, &stop)).unwrap();
    let asked = lab.web.asked();
    let of = |host: &str| asked.iter().filter(|a| a.host == host).collect::<Vec<_>>();
    assert!(of(HOST).len() >= 3 && of(HOST).iter().all(|a| a.at >= half), "{asked:?}");
    assert!(of("b.example")[0].at < half);
    assert!(seen.trouble.is_empty(), "the run as a whole has no trouble: {:?}", seen.trouble);
}

#[test]
fn a_cron_job_visits_its_pages_at_its_times() {
    let lab = Lab::new(&[HOST]);
    let mut spec = pages(&lab, 1);
    spec.schedule = Schedule::Cron("30 4,16 * * *".parse().unwrap());
    lab.watch(&[spec], Duration::from_hours(24 * 3));
    let looks: Vec<String> = lab
        .web
        .asked()
        .iter()
        .filter(|a| a.target == "/0")
        .map(|a| a.at.to_rfc3339().get(11..16).unwrap_or_default().to_owned())
        .collect();
    // The first look is at once; it begins at midnight.
    assert_eq!(looks[0], "00:00");
    assert_eq!(looks[1..], ["04:30", "16:30", "04:30", "16:30", "04:30", "16:30"]);
}

/// A front page that links to this many pages.
fn front(lab: &Lab, from: usize, to: usize) {
    let links: String = (from..to).map(|n| format!("<a href=/p/story-{n}>x</a> ")).collect();
    lab.web.page(HOST, "/", &links);
    for n in from..to {
        lab.web.page(HOST, &format!("/p/story-{n}"), &article("x", &["text"]));
    }
}

#[test]
fn budgets_against_traps_outlive_the_process_and_the_reading_of_the_jobs() {
    let lab = Lab::new(&[HOST]);
    let mut spec = job("paper", HOST);
    spec.sections = vec![uri("http://a.example/")];
    spec.sources_every = Duration::from_hours(1);
    spec.traps.per_pattern_max = Some(10);
    front(&lab, 0, 6);
    let (first, _) = lab.run(&[spec.clone()]);
    assert_eq!((paths(&lab).len(), first.left_out), (7, 0));
    // The next process finds six more: four of them are within the budget.
    front(&lab, 6, 12);
    lab.clock.advance_to(lab.clock.now().plus(Duration::from_hours(2)));
    let (second, _) = lab.run(&[spec.clone()]);
    let new: Vec<String> = paths(&lab).into_iter().filter(|p| p.starts_with("/p/")).collect();
    let distinct: std::collections::BTreeSet<&String> = new.iter().collect();
    assert_eq!((distinct.len(), second.left_out), (10, 2), "{new:?}");
    // And the third none, though the ten are retired or waiting by now.
    front(&lab, 12, 15);
    lab.clock.advance_to(lab.clock.now().plus(Duration::from_hours(2)));
    let (third, _) = lab.run(&[spec]);
    assert!(third.left_out >= 3, "{third:?}");
    assert!(!paths(&lab).iter().any(|p| p == "/p/story-13"));
}

fn stopped_after(lab: &Lab, specs: &[JobSpec], pages: usize) {
    let stop = Stop::default();
    let (web, asked) = (Arc::clone(&lab.web), stop.clone());
    let hook = move || {
        if web.asked_count() > pages {
            asked.ask();
        }
    };
    let seen = Seen { on_progress: Some(Box::new(hook)), ..Seen::default() };
    let (report, _) = lab.run_as(specs, Take::Jobs, seen, &stop);
    assert!(report.stopped);
}

#[test]
fn a_stopped_job_is_resumed_where_it_stopped() {
    let lab = Lab::new(&[HOST]);
    let spec = pages(&lab, 8);
    stopped_after(&lab, std::slice::from_ref(&spec), 3);
    let before = paths(&lab).len();
    assert!((2..8).contains(&before), "{before}");
    let (report, _) = lab.run(std::slice::from_ref(&spec));
    let mut asked = paths(&lab);
    asked.sort();
    let all: Vec<String> = (0..8).map(|n| format!("/{n}")).collect();
    assert_eq!(asked, all, "each once");
    assert_eq!(report.left, 0);
    // That run completed, so the next one requests everything that the job names.
    lab.run(&[spec]);
    assert_eq!(paths(&lab).len(), 16);
}

#[test]
fn urls_added_to_a_stopped_job_are_requested_too() {
    let lab = Lab::new(&[HOST]);
    let mut spec = pages(&lab, 4);
    stopped_after(&lab, &[spec.clone()], 2);
    lab.web.page(HOST, "/new", &article("x", &["text"]));
    spec.seeds.push(&uri("http://a.example/new"));
    lab.run(&[spec]);
    let asked = paths(&lab);
    assert_eq!(asked.iter().filter(|p| *p == "/new").count(), 1);
    assert_eq!(asked.len(), 5);
}

#[test]
fn another_form_of_a_page_is_recorded_and_not_merged() {
    let lab = Lab::new(&[HOST]);
    let amp = "<html amp><head><link rel=canonical href=\"http://a.example/story\"></head>\
               <body><article><h1>Bridge</h1><p>The short form of it, with few words.</p></article></body></html>";
    lab.web.page(HOST, "/amp/story", amp);
    lab.web.page(HOST, "/story", &article("Bridge", &["The long form of it, with more words."]));
    let mut spec = job("paper", HOST);
    spec.seeds = vec![uri("http://a.example/amp/story")].into();
    spec.schedule = Schedule::Fixed { every: Duration::from_hours(1) };
    lab.watch(&[spec], Duration::from_mins(90));
    let asked = paths(&lab);
    for page in ["/story", "/amp/story"] {
        assert!(asked.iter().filter(|p| *p == page).count() >= 2, "{asked:?}");
    }
    let said = metadata(&lab);
    let of = |url: &str| -> Vec<&String> {
        said.iter().filter(|(about, _)| about == url).map(|(_, text)| text).collect()
    };
    let full = of("http://a.example/story");
    assert!(full[0].contains("variant: http://a.example/amp/story (amp)"), "{full:?}");
    // For the form itself it is known when it was read: every later capture records that.
    let form = of("http://a.example/amp/story");
    assert!(form[1].contains("variantOf: http://a.example/story (amp)"), "{form:?}");
    assert!(lab.log().contains(" I "), "{}", lab.log());
}

/// The metadata records: their URL and content.
fn metadata(lab: &Lab) -> Vec<(String, String)> {
    let root = lab.dir.path().join("archive");
    let kept = crate::support::archive::records(&root);
    kept.iter()
        .filter(|r| r.field("WARC-Type") == "metadata")
        .map(|r| (r.field("WARC-Target-URI"), String::from_utf8_lossy(&r.block).into_owned()))
        .collect()
}

#[test]
fn a_queue_reports_its_content_while_it_is_locked() {
    let lab = Lab::new(&[HOST]);
    let mut spec = pages(&lab, 3);
    spec.schedule = Schedule::Fixed { every: Duration::from_hours(5) };
    let (mut crawl, _store) = lab.crawl(&[spec]);
    let views = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&views);
    let show = Box::new(move |view: &pressmark::crawl::QueueView| {
        kept.lock().unwrap().push(view.clone());
    });
    crawl.show_queue(Duration::from_secs(1), None, show);
    let stop = Stop::default();
    let begun = lab.clock.now();
    let until = Some((begun.plus(Duration::from_mins(10)), Arc::clone(&lab.clock), stop.clone()));
    let mut seen = Seen { until, ..Seen::default() };
    let job = Job { take: Take::Forever, ..Job::of(Vec::new()) };
    runtime().block_on(crawl.run(&job, &mut seen, &stop)).unwrap();
    let views = views.lock().unwrap();
    assert!((3..=12).contains(&views.len()), "{}", views.len());
    let first = &views[0].lists[0];
    assert_eq!(first.in_flight, 1);
    // The clock jumps to the next look after this one.
    let last = views.iter().map(|view| &view.lists[0]).rfind(|list| list.in_flight == 0).unwrap();
    assert_eq!((first.list.as_str(), first.queued, first.waiting), ("watched", 2, 0));
    assert_eq!((last.queued, last.waiting, last.due, last.items.len()), (0, 3, 0, 3));
    assert_eq!(last.items[0].because, "every 5.0 h");
    let next = Timestamp::parse(last.next.as_ref().unwrap()).unwrap();
    assert!(next.since(begun) >= Duration::from_hours(5));
    assert!(views.windows(2).all(|pair| pair[0].at <= pair[1].at));
}
