//! Pages that take too long to read, or make the reader panic: kept as evidence and skipped, while the crawl
//! continues; and a stop that waits for none of them.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::io::{Read as _, Write as _};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use pressmark::base::{Clock, ManualClock, TargetUri, Timestamp};
use pressmark::crawl::{Crawl, Finished, Job, Observer, Report, RunProblem, Stop, Take, Timer};
use pressmark::schedule::JobSpec;
use pressmark::telemetry::Metrics;

use crate::cli::{send, wait_until};
use crate::jobs::job;
use crate::lab::{Lab, article, runtime, uri};
use crate::support::cli::command;
use crate::support::web::{Reply, Web, ok};

/// A clock that the test advances, whatever is in flight.
#[derive(Debug)]
struct HandTimer {
    clock: Arc<ManualClock>,
    moved: tokio::sync::Notify,
}

impl HandTimer {
    fn advance(&self, by: Duration) {
        self.clock.advance_to(self.clock.now().plus(by));
        self.moved.notify_waiters();
    }
}

impl Timer for HandTimer {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    fn wait_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            loop {
                let mut moved = std::pin::pin!(self.moved.notified());
                moved.as_mut().enable();
                if self.clock.now() >= at {
                    return;
                }
                moved.await;
            }
        })
    }
}

/// Blocks the reading of pages until the test lets it continue.
#[derive(Default)]
struct Gate {
    held: Mutex<HashSet<String>>,
    let_go: Condvar,
    begun: Mutex<HashMap<String, usize>>,
}

impl Gate {
    fn holding(path: &str) -> Arc<Self> {
        let held = Mutex::new(HashSet::from([path.to_owned()]));
        Arc::new(Self { held, ..Self::default() })
    }

    fn passes(&self, uri: &TargetUri) {
        let path = uri.url().path().to_owned();
        *self.begun.lock().unwrap().entry(path.clone()).or_default() += 1;
        let held = self.held.lock().unwrap();
        drop(self.let_go.wait_while(held, |held| held.contains(&path)).unwrap());
    }

    fn begun(&self, path: &str) -> usize {
        self.begun.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    fn open(&self) {
        self.held.lock().unwrap().clear();
        self.let_go.notify_all();
    }
}

/// Ends a run when its test has failed or ended.
struct Ends<'a> {
    gate: &'a Gate,
    hand: &'a HandTimer,
    stop: &'a Stop,
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.stop.ask();
        self.gate.open();
        self.hand.advance(Duration::from_hours(1));
    }
}

/// Counts, as `watch` does.
struct Counts(Metrics);

impl Observer for Counts {
    fn finished(&mut self, done: &Finished) {
        self.0.finished(done);
    }
    fn trouble(&mut self, trouble: &RunProblem) {
        self.0.trouble(trouble);
    }
}

/// A lab without pauses, and two hosts of three pages each.
fn lab() -> (Lab, JobSpec) {
    let mut lab = Lab::new(&["a.example", "b.example"]);
    lab.politeness.pace.delay_min = Duration::ZERO;
    lab.politeness.pace.delay_factor = 0.0;
    let mut spec = job("paper", "a.example");
    for host in ["a.example", "b.example"] {
        for path in ["/slow", "/second", "/third"] {
            let path = if host == "b.example" { format!("/b{path}") } else { path.to_owned() };
            lab.web.page(host, &path, &article(&path, &["The board met on Tuesday at noon."]));
            spec.seeds.push(&uri(&format!("http://{host}{path}")));
        }
    }
    (lab, spec)
}

fn run(crawl: &mut Crawl, take: Take, counts: &Metrics, stop: &Stop) -> Report {
    let job = Job { take, ..Job::of(Vec::new()) };
    runtime().block_on(crawl.run(&job, &mut Counts(counts.clone()), stop)).unwrap()
}

/// The line of the crawl log for a URL.
fn line(lab: &Lab, url: &str) -> String {
    let log = lab.log();
    let lines = log.lines().filter(|line| line.split(' ').nth(3) == Some(url));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_page_that_takes_too_long_is_kept_unread_and_the_watch_goes_on() {
    let (mut lab, spec) = lab();
    let hand = Arc::new(HandTimer { clock: Arc::clone(&lab.clock), moved: Default::default() });
    lab.timer = Some(Arc::clone(&hand) as Arc<dyn Timer>);
    let gate = Gate::holding("/slow");
    let (mut crawl, store) = lab.crawl(&[spec]);
    let passes = Arc::clone(&gate);
    crawl.set_reading_gate(Arc::new(move |uri| passes.passes(uri)));
    let (stop, counts) = (Stop::default(), Metrics::new(lab.clock.now()));
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ends = Ends { gate: &gate, hand: &hand, stop: &stop };
            // One thread is held; meanwhile all pages of the other host are read, and none of this one.
            wait_until(|| gate.begun("/slow") == 1 && gate.begun("/b/third") == 1);
            assert_eq!(gate.begun("/second"), 0);
            assert_eq!(counts.ailments(), Vec::<String>::new());
            // A page that is still being read when the clock advances would also count as too slow.
            wait_until(|| lab.log().contains("/b/third "));
            hand.advance(lab.options.reading_max);
            wait_until(|| !counts.ailments().is_empty());
            assert!(counts.ailments()[0].starts_with("stuck: 1 page"), "{:?}", counts.ailments());
            assert!(counts.render().contains("\npressmark_readings_stuck 1\n"));
            wait_until(|| gate.begun("/second") == 1 && gate.begun("/third") == 1);
            wait_until(|| lab.log().contains("a.example/third "));
            wait_until(|| lab.log().contains("a.example/second "));
            // The reading ends after all: then nothing is stuck, which is reported at the next check.
            gate.open();
            wait_until(|| {
                hand.advance(Duration::from_secs(1));
                counts.ailments().is_empty()
            });
        });
        run(&mut crawl, Take::Forever, &counts, &stop)
    });
    assert_eq!((report.unread, report.failed), (1, 0), "{report:?}");
    assert!(line(&lab, "http://a.example/slow").ends_with(" unread:too-long"), "{}", lab.log());
    assert!(line(&lab, "http://a.example/third").ends_with(" -"), "{}", lab.log());
    let kept = store.reader().find("http://a.example/slow", None).unwrap().unwrap();
    assert_eq!(kept.status, Some(200));
    for line in [
        "pressmark_unread_total{why=\"too-long\"} 1",
        "pressmark_stalls_total 1",
        "pressmark_readings_stuck 0",
    ] {
        let said = counts.render();
        assert!(said.lines().any(|l| l == line), "{line} in\n{said}");
    }
}

#[test]
fn a_page_that_breaks_what_reads_it_is_kept_unread_and_the_crawl_goes_on() {
    let (lab, spec) = lab();
    let (mut crawl, _store) = lab.crawl(&[spec]);
    crawl.set_reading_gate(Arc::new(|uri: &TargetUri| {
        assert!(uri.url().path() != "/slow", "a page that breaks");
    }));
    let counts = Metrics::new(lab.clock.now());
    let report = run(&mut crawl, Take::Jobs, &counts, &Stop::default());
    assert_eq!((report.unread, report.left, report.new), (1, 0, 8), "{report:?}");
    assert!(line(&lab, "http://a.example/slow").ends_with(" unread:broken"), "{}", lab.log());
}

#[test]
fn rules_that_cannot_be_read_allow_nothing() {
    let (lab, spec) = lab();
    lab.web.on("a.example", "/robots.txt", Reply::Bytes(ok("text/plain", b"User-agent: *\n")));
    let (mut crawl, _store) = lab.crawl(&[spec]);
    crawl.set_reading_gate(Arc::new(|uri: &TargetUri| {
        let is_rules = uri.as_str() == "http://a.example/robots.txt";
        assert!(!is_rules, "rules that break what reads them");
    }));
    let counts = Metrics::new(lab.clock.now());
    let report = run(&mut crawl, Take::Jobs, &counts, &Stop::default());
    assert_eq!((report.unread, report.robots_unreachable), (1, 3), "{report:?}");
    assert!(lab.asked().iter().all(|url| url.starts_with("b.example/")), "{:?}", lab.asked());
}

#[test]
fn a_stop_waits_for_no_page_and_the_next_run_reads_it() {
    let (mut lab, mut spec) = lab();
    spec.seeds = vec![uri("http://a.example/slow")].into();
    // Far longer than the test: a request in flight would be waited for.
    lab.options.stop_deadline = Duration::from_hours(24);
    let hand = Arc::new(HandTimer { clock: Arc::clone(&lab.clock), moved: Default::default() });
    lab.timer = Some(Arc::clone(&hand) as Arc<dyn Timer>);
    let gate = Gate::holding("/slow");
    let (mut crawl, store) = lab.crawl(&[spec.clone()]);
    let passes = Arc::clone(&gate);
    crawl.set_reading_gate(Arc::new(move |uri| passes.passes(uri)));
    let (stop, counts) = (Stop::default(), Metrics::new(lab.clock.now()));
    let begun = lab.clock.now();
    let ended = std::sync::atomic::AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ends = Ends { gate: &gate, hand: &hand, stop: &stop };
            wait_until(|| gate.begun("/slow") == 1);
            stop.ask();
            wait_until(|| {
                hand.advance(Duration::from_millis(20));
                ended.load(std::sync::atomic::Ordering::SeqCst)
            });
        });
        let report = run(&mut crawl, Take::Jobs, &counts, &stop);
        ended.store(true, std::sync::atomic::Ordering::SeqCst);
        report
    });
    assert!(lab.clock.now().since(begun) < lab.options.stop_deadline);
    assert_eq!((report.stopped, report.unread, report.left), (true, 1, 1), "{report:?}");
    assert!(line(&lab, "http://a.example/slow").ends_with(" unread:stopped"), "{}", lab.log());
    assert!(store.reader().find("http://a.example/slow", None).unwrap().is_some());
    crawl.close().unwrap();
    drop(store);
    gate.open();
    lab.timer = None;
    let (report, _) = lab.run(&[spec]);
    assert_eq!((report.stopped, report.unread, report.left), (false, 0, 0), "{report:?}");
}

/// A page of many linked and dated paragraphs, which takes a while to read.
fn long(bytes: usize) -> String {
    let paragraph = |n: usize| {
        format!("The board met on 12 March 2026, <a href=\"/x/{n}\">said number {n} of them</a>.")
    };
    let paragraphs: Vec<String> = (0..bytes / paragraph(0).len()).map(paragraph).collect();
    article("x", &paragraphs.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The answer of a running process at that address.
fn asked(address: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_watch_goes_on_beside_pages_that_take_too_long_and_reports_them_and_ends_on_a_signal() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let web = Web::start(Arc::new(pressmark::base::SystemClock));
    let hosts = ["a.example", "b.example", "c.example"];
    // One page that is read beside others, one that is read alone, and ten short ones.
    let pages = [("a.example", long(800_000)), ("c.example", long(6_000_000))];
    let mut seeds = Vec::new();
    for (host, page) in &pages {
        web.page(host, "/long", page);
        seeds.push(format!("\"http://{host}/long\""));
    }
    for n in 0..10 {
        web.page("b.example", &format!("/{n}"), &article("x", &["The board met on Tuesday."]));
        seeds.push(format!("\"http://b.example/{n}\""));
    }
    let jobs = dir.path().join("job.toml");
    let seeds = seeds.join(", ");
    std::fs::write(&jobs, format!("name = \"paper\"\nseeds = [{seeds}]\n")).unwrap();
    let mut watch = command(&root);
    watch.args(["watch", "--job"]).arg(&jobs).args(["--allow-private"]);
    for rule in web.resolve(&hosts) {
        watch.args(["--resolve", &rule]);
    }
    for setting in [
        "crawl.reading_max=50ms",
        "politeness.delay_min=0s",
        "politeness.delay_factor=0",
        "watch.metrics_bind=127.0.0.1:0",
    ] {
        watch.args(["--set", setting]);
    }
    let stderr = dir.path().join("stderr");
    let mut watching = watch.stderr(std::fs::File::create(&stderr).unwrap()).spawn().unwrap();
    let said = || std::fs::read_to_string(&stderr).unwrap();
    wait_until(|| said().contains("answering /healthz"));
    let at = said().split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let log = || std::fs::read_to_string(root.join("logs/crawl.log")).unwrap_or_default();
    let of = |url: &str| {
        log().lines().find(|line| line.split(' ').nth(3) == Some(url)).map(str::to_owned)
    };
    let stuck = std::cell::RefCell::new(String::new());
    wait_until(|| {
        let health = asked(&at, "/healthz");
        if health.contains("stuck:") {
            *stuck.borrow_mut() = health;
        }
        !stuck.borrow().is_empty() && of("http://c.example/long").is_some()
    });
    assert!(stuck.borrow().starts_with("HTTP/1.1 503 "), "{}", stuck.borrow());
    wait_until(|| (0..10).all(|n| of(&format!("http://b.example/{n}")).is_some()));
    for (host, _) in &pages {
        let line = of(&format!("http://{host}/long")).unwrap();
        assert!(line.ends_with(" unread:too-long"), "{line}");
    }
    let metrics = asked(&at, "/metrics");
    let alarms = metrics.lines().find(|line| line.starts_with("pressmark_stalls_total ")).unwrap();
    assert!(!alarms.ends_with(" 0"), "{alarms}");
    send(watching.id(), "TERM");
    assert_eq!(watching.wait().unwrap().code(), Some(130), "{}", said());
    assert!(said().contains("kept, but not read"), "{}", said());
    assert!(said().contains("each keeps a thread busy"), "{}", said());
}

#[test]
fn a_process_that_is_stopped_waits_for_no_page_that_is_being_read() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let web = Web::start(Arc::new(pressmark::base::SystemClock));
    let hosts = ["a.example", "b.example", "c.example", "d.example"];
    // A page that takes more than a second to read.
    let page = long(12_000_000);
    hosts.iter().for_each(|host| web.page(host, "/long", &page));
    let seeds = hosts.map(|host| format!("\"http://{host}/long\"")).join(", ");
    let jobs = dir.path().join("job.toml");
    std::fs::write(&jobs, format!("name = \"paper\"\nseeds = [{seeds}]\n")).unwrap();
    let mut crawl = command(&root);
    crawl.args(["crawl", "--job"]).arg(&jobs).args(["--allow-private"]);
    crawl.args(["--set", "crawl.stop_deadline=1h"]);
    for rule in web.resolve(&hosts) {
        crawl.args(["--resolve", &rule]);
    }
    let crawling = crawl.stderr(std::process::Stdio::piped()).spawn().unwrap();
    // All are kept while they wait to be read.
    wait_until(|| web.asked().iter().filter(|asked| asked.target == "/long").count() == 4);
    send(crawling.id(), "TERM");
    let ended = crawling.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(130), "{said}");
    let log = std::fs::read_to_string(root.join("logs/crawl.log")).unwrap_or_default();
    assert!(log.contains(" unread:stopped"), "{log}\n{said}");
}
