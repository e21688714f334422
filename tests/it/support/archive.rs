//! A temporary archive that is crawled in-process, and its records as the files hold them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pressmark::app::run::{Running, runtime, start};
use pressmark::archive::{Capture, Query};
use pressmark::base::{ManualClock, TargetUri, Timestamp};
use pressmark::config::Settings;
use pressmark::crawl::{Job, ManualTimer, Observer, Report, Stop};
use pressmark::store::Reader;
use pressmark::store::layout::Layout;
use pressmark::warc::{Fields, ReadOptions, WarcReader};

/// 2025-11-05T00:00:00Z, when every test begins.
pub const BEGIN: Timestamp = Timestamp::from_unix_seconds(1_762_300_800);

/// An archive in a temporary directory, with a clock that advances only when it is waited for.
pub struct Archive {
    dir: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    /// Merged over the settings of every run.
    pub sets: Vec<String>,
    /// `--resolve` rules.
    pub resolve: Vec<String>,
}

impl Archive {
    /// An empty one. Loopback is allowed, and the time that a response took does not count: it is the
    /// one thing that a manual clock does not control.
    pub fn new() -> Self {
        let sets = ["capture.allow_private=true", "politeness.delay_factor=0"];
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::new(BEGIN)),
            sets: sets.map(str::to_owned).to_vec(),
            resolve: Vec::new(),
        }
    }

    /// Without any pause between requests.
    pub fn in_a_hurry(mut self) -> Self {
        self.sets.push("politeness.delay_min=0s".to_owned());
        self
    }

    /// With a further setting.
    pub fn set(mut self, set: &str) -> Self {
        self.sets.push(set.to_owned());
        self
    }

    /// Its root.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("archive")
    }

    /// Crawls, in-process, until nothing is left or `stop` is requested.
    pub fn run(&self, job: &Job, stop: &Stop) -> Report {
        self.run_and(job, stop, |_| {})
    }

    /// The same, with a function that is called before the archive is closed.
    pub fn run_and(&self, job: &Job, stop: &Stop, before: impl FnOnce(&Running)) -> Report {
        self.run_observed(job, stop, |_| Box::new(()), before)
    }

    /// The same, with an observer that is notified of the outcome of each URL.
    pub fn run_observed(
        &self,
        job: &Job,
        stop: &Stop,
        observer: impl FnOnce(&Running) -> Box<dyn Observer>,
        before: impl FnOnce(&Running),
    ) -> Report {
        let flags: Vec<(String, String, String)> = self
            .sets
            .iter()
            .map(|set| {
                let (key, value) = set.split_once('=').unwrap();
                (key.to_owned(), value.to_owned(), format!("--set {key}"))
            })
            .collect();
        let settings = Settings::load(None, std::iter::empty(), &flags).unwrap();
        let timer = Arc::new(ManualTimer(Arc::clone(&self.clock)));
        let (mut running, _) =
            start(&settings, &self.root(), &self.resolve, job.take, timer).unwrap();
        let mut observer = observer(&running);
        let run = running.run(job, observer.as_mut(), stop);
        let report = runtime().unwrap().block_on(run).unwrap();
        before(&running);
        let trouble = running.close().unwrap();
        assert!(trouble.is_empty(), "{trouble:?}");
        report
    }

    /// Crawls these URLs and nothing else.
    pub fn crawl(&self, urls: &[&str]) -> Report {
        self.run(&job(urls), &Stop::default())
    }

    /// The archive, to read from.
    pub fn reader(&self) -> Reader {
        let (reader, notes) = Reader::open(&self.root(), 8 << 20).unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        reader
    }

    /// The captures of a URL, oldest first.
    pub fn captures(&self, url: &str) -> Vec<Capture> {
        self.reader().captures_of(url).map(Result::unwrap).collect()
    }

    /// All captures of a host and the hosts below it.
    pub fn captures_below(&self, host: &str) -> Vec<Capture> {
        let query =
            Query::new(&format!("http://{host}/"), pressmark::base::surt::MatchType::Domain);
        self.reader().query(&query).map(Result::unwrap).collect()
    }

    /// Every record of every file, as the files hold them.
    pub fn records(&self) -> Vec<Kept> {
        records(&self.root())
    }

    /// What `verify` finds.
    pub fn findings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let options = pressmark::store::VerifyOptions::default();
        pressmark::store::verify(&self.reader(), options, &mut |f| found.push(f.to_string()))
            .unwrap();
        found
    }

    /// Advances the clock.
    pub fn later(&self, by: Duration) {
        self.clock.advance(by);
    }
}

/// A run that captures these URLs now.
pub fn job(urls: &[&str]) -> Job {
    Job::of(urls.iter().map(|url| TargetUri::parse(url).unwrap()).collect())
}

/// A record as a file holds it.
pub struct Kept {
    pub fields: Fields,
    pub block: Vec<u8>,
}

impl Kept {
    /// A field's value; empty where there is none.
    pub fn field(&self, name: &str) -> String {
        self.fields.text(name).unwrap_or_default().into_owned()
    }

    /// Whether it is a record of this type about this URI.
    pub fn is(&self, kind: &str, uri: &str) -> bool {
        self.field("WARC-Type") == kind && self.field("WARC-Target-URI") == uri
    }
}

/// The WARC files of an archive.
pub fn files(root: &Path) -> Vec<PathBuf> {
    Layout::new(root).warc_files().unwrap()
}

/// Every record of every file of the archive at `root`, in order.
pub fn records(root: &Path) -> Vec<Kept> {
    files(root).iter().flat_map(|path| records_of(path)).collect()
}

/// Every record of a file, in order.
pub fn records_of(path: &Path) -> Vec<Kept> {
    let mut kept = Vec::new();
    let file = BufReader::new(File::open(path).unwrap());
    let mut reader = WarcReader::new(file, ReadOptions::default());
    while let Some(mut record) = reader.next_record().unwrap() {
        let fields = record.header().fields.clone();
        let mut block = Vec::new();
        record.read_to_end(&mut block).unwrap();
        record.finish().unwrap();
        kept.push(Kept { fields, block });
    }
    assert_eq!(reader.take_findings(), [], "{}", path.display());
    kept
}
