//! What is remembered of jobs from run to run: what each named, where its file was, when it wants pages
//! visited again. This distinguishes a renamed job from a new one, finds what was removed from a file,
//! and has a page of two jobs checked for both though a run follows only one of them.
//!
//! Deliberately no copy of the job file: what is followed is what the file says now.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::base::{TargetUri, Timestamp};
use crate::kv::{Kv, KvError, Tree};
use crate::schedule::JobSpec;
use crate::schedule::revisit::{AdaptiveParams, Schedule};

/// This many hashes of what a job names are kept, the smallest: enough to estimate how much two jobs
/// share to a few percent (bottom-k sketches: Broder 1997; Cohen and Kaplan 2007).
const SKETCH_MAX: usize = 64;
/// A job that shares this much of what it names with one that is gone is that job under a new name.
const SAME_JOB: f64 = 0.5;

/// What is remembered of one job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct JobRecord {
    /// Where its file was; empty for a job without one.
    pub file: PathBuf,
    /// The smallest hashes of what it names.
    pub sketch: Vec<u64>,
    /// A digest of what decides whether a page belongs to it.
    pub shape: String,
    /// When it was followed last (RFC 3339).
    pub followed_at: String,
    /// Whether its file was gone when the jobs were read last.
    pub gone: bool,
    every_us: Option<u64>,
    cron: Option<String>,
    interval_min_us: u64,
    interval_max_us: u64,
    sources_every_us: u64,
}

/// A hash of a URL that stays the same from run to run: of what a server would see.
pub(super) fn named_hash(uri: &TargetUri) -> u64 {
    let text = uri.url().as_str();
    let seen = text.split_once('#').map_or(text, |(before, _)| before);
    hash_of(seen.as_bytes())
}

fn hash_of(bytes: &[u8]) -> u64 {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

impl JobRecord {
    /// What there is to remember of a job that names these hashes, in order.
    pub fn of(spec: &JobSpec, named: &[u64], now: Timestamp) -> Self {
        let (mut every_us, mut cron, mut params) = (None, None, None);
        match &spec.schedule {
            Schedule::Fixed { every } => every_us = Some(micros(*every)),
            Schedule::Cron(expression) => cron = Some(expression.as_str().to_owned()),
            Schedule::Adaptive(own) => params = Some((**own).clone()),
        }
        let params = params.unwrap_or_default();
        Self {
            file: spec.file.clone().unwrap_or_default(),
            sketch: named.iter().take(SKETCH_MAX).copied().collect(),
            shape: shape_of(spec, named),
            followed_at: now.to_rfc3339(),
            gone: false,
            every_us,
            cron,
            interval_min_us: micros(params.interval_min),
            interval_max_us: micros(params.interval_max),
            sources_every_us: micros(spec.sources_every),
        }
    }

    /// The same of a job whose file is gone, or is there.
    pub fn with_gone(self, gone: bool) -> Self {
        Self { gone, ..self }
    }

    /// When it wants its pages visited again.
    pub fn schedule(&self) -> Schedule {
        if let Some(every) = self.every_us {
            return Schedule::Fixed { every: Duration::from_micros(every) };
        }
        if let Some(cron) = self.cron.as_ref().and_then(|text| text.parse().ok()) {
            return Schedule::Cron(cron);
        }
        Schedule::Adaptive(Box::new(AdaptiveParams {
            interval_min: Duration::from_micros(self.interval_min_us),
            interval_max: Duration::from_micros(self.interval_max_us),
            ..AdaptiveParams::default()
        }))
    }

    /// When it wants its sources visited again.
    pub fn schedule_of_sources(&self) -> Schedule {
        Schedule::Fixed { every: Duration::from_micros(self.sources_every_us) }
    }
}

/// A digest of all that decides whether a page belongs to a job. A needless difference costs a reading
/// of the job's pages, and no more.
fn shape_of(spec: &JobSpec, named: &[u64]) -> String {
    let mut text = format!("{:?} {:?}", spec.scope, spec.sitemaps_from_robots);
    for hash in named {
        text.push_str(&format!(" {hash:x}"));
    }
    format!("{:016x}", hash_of(text.as_bytes()))
}

/// How much of what two jobs name is named by both: the Jaccard index, estimated from their sketches.
fn likeness(a: &[u64], b: &[u64]) -> f64 {
    let mut union: Vec<u64> = a.iter().chain(b).copied().collect();
    union.sort_unstable();
    union.dedup();
    union.truncate(SKETCH_MAX);
    if union.is_empty() {
        return 0.0;
    }
    let is_in = |sketch: &[u64], hash: &u64| sketch.binary_search(hash).is_ok();
    let both = union.iter().filter(|hash| is_in(a, hash) && is_in(b, hash)).count();
    both as f64 / union.len() as f64
}

/// Which of the jobs that are gone are among the new ones under another name: old name and new name.
/// Jobs of the same file are the same; otherwise what they name decides. Each is taken once, the
/// most similar first.
pub(super) fn renames(
    gone: &[(String, JobRecord)],
    new: &[(String, JobRecord)],
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (old_name, old) in gone {
        for (new_name, is) in new {
            let is_one_file = !is.file.as_os_str().is_empty() && is.file == old.file;
            let likeness = likeness(&old.sketch, &is.sketch);
            if is_one_file || likeness >= SAME_JOB {
                pairs.push((is_one_file, likeness, old_name, new_name));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let mut taken: Vec<(String, String)> = Vec::new();
    for (_, _, old, new) in pairs {
        if !taken.iter().any(|(a, b)| a == old || b == new) {
            taken.push((old.clone(), new.clone()));
        }
    }
    taken
}

/// The records of all jobs that were ever followed.
#[derive(Debug)]
pub(super) struct JobBook {
    tree: Tree,
    known: HashMap<String, JobRecord>,
}

impl JobBook {
    /// The book in `kv`. A record that cannot be read is left out.
    ///
    /// # Errors
    /// When its table cannot be opened or read.
    pub fn open(kv: &Kv) -> Result<Self, KvError> {
        let tree = kv.tree("jobs")?;
        let mut known = HashMap::new();
        for item in tree.scan_prefix(b"") {
            let (key, value) = item?;
            let name = std::str::from_utf8(&key).ok().map(str::to_owned);
            if let (Some(name), Ok(record)) = (name, serde_json::from_slice(&value)) {
                known.insert(name, record);
            }
        }
        Ok(Self { tree, known })
    }

    /// What is remembered of a job.
    pub fn get(&self, name: &str) -> Option<&JobRecord> {
        self.known.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &JobRecord)> {
        self.known.iter().map(|(name, record)| (name.as_str(), record))
    }

    /// Remembers a job.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn put(&mut self, name: &str, record: JobRecord) -> Result<(), KvError> {
        if self.known.get(name) == Some(&record) {
            return Ok(());
        }
        // A record is plain data: it can be written as JSON.
        let bytes = serde_json::to_vec(&record).unwrap_or_default();
        self.tree.insert(name.as_bytes(), &bytes)?;
        self.known.insert(name.to_owned(), record);
        Ok(())
    }

    /// Forgets a job.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn remove(&mut self, name: &str) -> Result<(), KvError> {
        self.tree.remove(name.as_bytes())?;
        self.known.remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(file: &str, urls: std::ops::Range<u32>) -> JobRecord {
        let mut named: Vec<u64> = urls
            .map(|n| named_hash(&TargetUri::parse(&format!("http://a.org/{n}")).unwrap()))
            .collect();
        named.sort_unstable();
        let spec = JobSpec { file: Some(file.into()), ..JobSpec::new("x") };
        JobRecord::of(&spec, &named, Timestamp::default())
    }

    fn pairs(gone: &[(&str, JobRecord)], new: &[(&str, JobRecord)]) -> Vec<String> {
        let own = |all: &[(&str, JobRecord)]| -> Vec<(String, JobRecord)> {
            all.iter().map(|(name, record)| ((*name).to_owned(), record.clone())).collect()
        };
        renames(&own(gone), &own(new)).into_iter().map(|(a, b)| format!("{a}>{b}")).collect()
    }

    #[test]
    fn a_rename_is_seen_by_the_file_and_by_what_is_named() {
        // The name in the file was changed, and half of what it names.
        assert_eq!(pairs(&[("a", record("f", 0..9))], &[("b", record("f", 50..60))]), ["a>b"]);
        // The file was renamed, too, and grew.
        assert_eq!(pairs(&[("a", record("f", 0..90))], &[("b", record("g", 0..120))]), ["a>b"]);
        assert_eq!(pairs(&[("a", record("f", 0..9))], &[("b", record("g", 5..20))]), [""; 0]);
        assert_eq!(pairs(&[("a", record("", 0..0))], &[("b", record("", 0..0))]), [""; 0]);
        // Each is taken once, and the most similar first.
        let gone = [("a", record("f", 0..10)), ("b", record("g", 0..8))];
        assert_eq!(pairs(&gone, &[("c", record("h", 0..10))]), ["a>c"]);
        let new = [("c", record("h", 0..10)), ("d", record("i", 0..8))];
        assert_eq!(pairs(&gone, &new), ["a>c", "b>d"]);
    }

    #[test]
    fn a_long_list_is_known_again_by_its_sketch() {
        let (a, b) = (record("f", 0..50_000), record("g", 1_000..50_000));
        assert_eq!(a.sketch.len(), SKETCH_MAX);
        assert!(likeness(&a.sketch, &b.sketch) > 0.8);
        assert!(likeness(&a.sketch, &record("g", 40_000..200_000).sketch) < SAME_JOB);
    }

    #[test]
    fn records_are_kept_and_a_schedule_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let (kv, _) = Kv::open(dir.path(), &crate::kv::KvOptions::default()).unwrap();
        let mut book = JobBook::open(&kv).unwrap();
        let mut spec = JobSpec::new("a");
        for schedule in [
            Schedule::Fixed { every: Duration::from_hours(6) },
            Schedule::Cron("0 6 * * *".parse().unwrap()),
            Schedule::Adaptive(Box::<AdaptiveParams>::default()),
        ] {
            spec.schedule = schedule;
            book.put("a", JobRecord::of(&spec, &[1, 2], Timestamp::default())).unwrap();
            let again = JobBook::open(&kv).unwrap();
            assert_eq!(again.get("a"), book.get("a"));
            let back = format!("{:?}", again.get("a").unwrap().schedule());
            assert_eq!(back, format!("{:?}", spec.schedule));
        }
        kv.tree("jobs").unwrap().insert(b"b", b"nonsense").unwrap();
        assert_eq!(JobBook::open(&kv).unwrap().iter().count(), 1);
        book.remove("a").unwrap();
        assert!(JobBook::open(&kv).unwrap().get("a").is_none());
    }
}
