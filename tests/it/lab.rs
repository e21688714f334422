//! A crawler in-process on the scripted web, on a manual clock: what jobs find, when they look
//! again, and how they end.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pressmark::base::{Clock, ManualClock, TargetUri, Timestamp};
use pressmark::capture::{
    BoxFuture, BoxStream, CaptureOptions, CaptureRequest, Capturer, Dialer, SystemDialer,
};
use pressmark::crawl::log::CrawlLog;
use pressmark::crawl::{
    Crawl, CrawlOptions, Finished, Job, JobRules, ManualTimer, Observer, Parts, Report, RunProblem,
    SourceChange, Stop, Take, Timer, VersionEvent,
};
use pressmark::kv::{Kv, KvOptions};
use pressmark::politeness::{Gate, Options as Politeness};
use pressmark::readings::{DERIVED_BYTES_MAX, Readings};
use pressmark::schedule::{Frontier, FrontierOptions, JobSpec};
use pressmark::store::layout::Layout;
use pressmark::store::{Store, StoreError, StoreOptions};

use crate::support::web::{Reply, Web, ok};

/// The world of one test.
pub struct Lab {
    pub clock: Arc<ManualClock>,
    pub web: Arc<Web>,
    pub dir: tempfile::TempDir,
    pub capture: CaptureOptions,
    pub options: CrawlOptions,
    pub politeness: Politeness,
    pub dialer: Arc<dyn Dialer>,
    /// Job files that have been removed.
    pub gone: Arc<Mutex<HashSet<PathBuf>>>,
    /// How the crawl waits; without one, by moving the clock.
    pub timer: Option<Arc<dyn Timer>>,
}

/// A network of pipes: every address leads to the scripted web.
struct Pipes {
    web: Arc<Web>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Pipes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipes")
    }
}

impl Dialer for Pipes {
    fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }

    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, std::io::Result<BoxStream>> {
        let pipe = self.web.pipe(Arc::clone(&self.clock));
        Box::pin(async move { Ok(Box::new(pipe) as BoxStream) })
    }
}

/// What a run reported.
#[derive(Default)]
pub struct Seen {
    pub done: Vec<Finished>,
    pub news: Vec<VersionEvent>,
    pub trouble: Vec<RunProblem>,
    pub notes: Vec<String>,
    /// Sources that failed or recovered: `URL: was > is (detail)`.
    pub sources: Vec<String>,
    /// A stop is requested at this time.
    pub until: Option<(Timestamp, Arc<ManualClock>, Stop)>,
    pub on_progress: Option<Box<dyn FnMut() + Send>>,
}

impl Observer for Seen {
    fn finished(&mut self, done: &Finished) {
        self.done.push(done.clone());
    }
    fn progress(&mut self, _: u64, _: usize, _: u64) {
        if let Some(hook) = &mut self.on_progress {
            hook();
        }
        if let Some((at, clock, stop)) = &self.until
            && clock.now() >= *at
        {
            stop.ask();
        }
    }
    fn news(&mut self, news: &VersionEvent) {
        self.news.push(news.clone());
    }
    fn note(&mut self, what: &str) {
        self.notes.push(what.to_owned());
    }
    fn source(&mut self, change: &SourceChange) {
        let (was, is) = (change.was.label(), change.state.label());
        self.sources.push(format!("{}: {was} > {is} ({})", change.url, change.detail));
    }
    fn trouble(&mut self, trouble: &RunProblem) {
        self.trouble.push(trouble.clone());
    }
}

pub fn uri(text: &str) -> TargetUri {
    TargetUri::parse(text).unwrap()
}

/// An article of one paragraph after the other.
pub fn article(headline: &str, paragraphs: &[&str]) -> String {
    let body: String = paragraphs.iter().map(|p| format!("<p>{p}</p>")).collect();
    format!(
        "<!doctype html><html lang=en><head><title>{headline}</title></head><body><article>\
         <h1>{headline}</h1>{body}</article></body></html>"
    )
}

impl Lab {
    /// A world in which these hosts lead to the scripted web.
    pub fn new(hosts: &[&str]) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::parse("2026-03-02T00:00:00Z").unwrap()));
        let web = Arc::new(Web::start(Arc::clone(&clock) as Arc<dyn Clock>));
        let resolve = web.resolve(hosts).iter().map(|rule| rule.parse().unwrap()).collect();
        let capture = CaptureOptions { allow_private: true, resolve, ..CaptureOptions::default() };
        let options = CrawlOptions {
            request: CaptureRequest::new("pressmark/test"),
            disk_free_min: 0,
            ..CrawlOptions::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let politeness = Politeness::default();
        let dialer = Arc::new(SystemDialer);
        Self {
            clock,
            web,
            dir,
            capture,
            options,
            politeness,
            dialer,
            gone: Arc::default(),
            timer: None,
        }
    }

    /// The same without sockets: connections are pipes in memory, which makes long runs short.
    pub fn in_memory(hosts: &[&str]) -> Self {
        let mut lab = Self::new(hosts);
        let clock = Arc::clone(&lab.clock) as Arc<dyn Clock>;
        lab.dialer = Arc::new(Pipes { web: Arc::clone(&lab.web), clock });
        lab
    }

    pub fn xml(&self, host: &str, target: &str, media_type: &str, body: &str) {
        self.web.on(host, target, Reply::Bytes(ok(media_type, body.as_bytes())));
    }

    /// A crawl of these jobs, ready to run, and the store it writes to.
    pub fn crawl(&self, specs: &[JobSpec]) -> (Crawl, Arc<Store>) {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let root = self.dir.path().join("archive");
        if !root.exists() {
            Layout::new(&root).create().unwrap();
        }
        // A process that another test is starting may hold the lock of the previous run for a moment.
        let open = || Store::open(&root, StoreOptions::default(), Arc::clone(&clock));
        let (store, _) = (0..500)
            .find_map(|_| match open() {
                Err(StoreError::Locked { .. }) => {
                    std::thread::sleep(Duration::from_millis(10));
                    None
                }
                opened => Some(opened.unwrap()),
            })
            .expect("the lock of a run that has ended");
        let store = Arc::new(store);
        let state = self.dir.path().join("state");
        std::fs::create_dir_all(&state).unwrap();
        let (kv, _) = Kv::open(&state.join("kv"), &KvOptions::default()).unwrap();
        let kv = Arc::new(kv);
        let (frontier, _) = Frontier::open(&kv, FrontierOptions::new(&state)).unwrap();
        let capturer =
            Capturer::with_dialer(self.capture.clone(), clock, Arc::clone(&self.dialer)).unwrap();
        let parts = Parts {
            capturer: Arc::new(capturer),
            store: Arc::clone(&store),
            frontier: Box::new(frontier),
            watched: None,
            state: kv,
            readings: Readings::open(&Layout::new(&root).derived_dir(), DERIVED_BYTES_MAX),
            gate: Gate::new(self.politeness.clone()),
            timer: self.timer.clone().unwrap_or_else(|| {
                Arc::new(ManualTimer(Arc::clone(&self.clock))) as Arc<dyn Timer>
            }),
            log: CrawlLog::open(self.dir.path()).unwrap(),
        };
        let mut crawl = Crawl::new(parts, self.options.clone()).unwrap();
        let rules = specs.iter().map(|spec| {
            Arc::new(JobRules::new(spec.clone(), self.options.request.clone(), None).unwrap())
        });
        crawl.set_jobs(rules.collect());
        let gone = Arc::clone(&self.gone);
        crawl.set_job_files(Box::new(move |file| !gone.lock().unwrap().contains(file)));
        (crawl, store)
    }

    /// Runs these jobs until nothing is due.
    pub fn run(&self, specs: &[JobSpec]) -> (Report, Seen) {
        self.run_as(specs, Take::Jobs, Seen::default(), &Stop::default())
    }

    /// Watches for this long.
    pub fn watch(&self, specs: &[JobSpec], time: Duration) -> (Report, Seen) {
        let stop = Stop::default();
        let until = Some((self.clock.now().plus(time), Arc::clone(&self.clock), stop.clone()));
        self.run_as(specs, Take::Forever, Seen { until, ..Seen::default() }, &stop)
    }

    pub fn run_as(
        &self,
        specs: &[JobSpec],
        take: Take,
        mut seen: Seen,
        stop: &Stop,
    ) -> (Report, Seen) {
        let (mut crawl, _store) = self.crawl(specs);
        let job = Job { take, ..Job::of(Vec::new()) };
        let report = runtime().block_on(crawl.run(&job, &mut seen, stop)).unwrap();
        crawl.close().unwrap();
        (report, seen)
    }

    /// What was requested, without robots.txt, sorted.
    pub fn asked(&self) -> Vec<String> {
        let mut asked: Vec<String> = self
            .web
            .asked()
            .into_iter()
            .filter(|a| a.target != "/robots.txt")
            .map(|a| format!("{}{}", a.host, a.target))
            .collect();
        asked.sort();
        asked
    }

    pub fn log(&self) -> String {
        let mut all = String::new();
        for file in std::fs::read_dir(self.dir.path()).unwrap().flatten() {
            if file.path().extension().is_some_and(|e| e == "log") {
                all.push_str(&std::fs::read_to_string(file.path()).unwrap());
            }
        }
        all
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}
