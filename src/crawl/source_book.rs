//! What is known of the sources of jobs, and of the hosts that their articles come from: whether each
//! is well, since when, and whether it is silent for longer than its past explains.
//!
//! Kept over restarts, a value each in the state table `sources`. What it deliberately does not do:
//! decide when a source is visited again, or raise alarms (`source_watch`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::rhythm::Rhythm;
use super::sources::Role;
use crate::base::Timestamp;
use crate::kv::{Kv, KvError, Tree};

/// The result of a check of a source.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum SourceState {
    /// It was not visited yet.
    #[default]
    New,
    /// It could be read, and names something.
    Good,
    /// It leads to another address, which is checked in its place.
    Redirected,
    /// It could be read, and names nothing.
    Empty,
    /// Something else is in its place: a page in place of a feed.
    NotASource,
    /// 404, 410.
    NotFound,
    /// 401, 402, 403, 451 and other refusals.
    Refused,
    /// 5xx, 429.
    ServerError,
    /// No answer.
    Unreachable,
    /// robots.txt forbids it.
    RobotsForbid,
    /// Its robots.txt cannot be reached.
    RobotsUnreachable,
    /// It leads to where the job does not follow.
    LedAstray,
}

impl SourceState {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::New,
        Self::Good,
        Self::Redirected,
        Self::Empty,
        Self::NotASource,
        Self::NotFound,
        Self::Refused,
        Self::ServerError,
        Self::Unreachable,
        Self::RobotsForbid,
        Self::RobotsUnreachable,
        Self::LedAstray,
    ];

    /// Its word, in reports and metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Good => "good",
            Self::Redirected => "redirected",
            Self::Empty => "empty",
            Self::NotASource => "not-a-source",
            Self::NotFound => "not-found",
            Self::Refused => "refused",
            Self::ServerError => "server-error",
            Self::Unreachable => "unreachable",
            Self::RobotsForbid => "robots-forbid",
            Self::RobotsUnreachable => "robots-unreachable",
            Self::LedAstray => "led-astray",
        }
    }

    /// Whether articles can come from it as it is.
    #[must_use]
    pub fn is_well(self) -> bool {
        matches!(self, Self::New | Self::Good | Self::Redirected)
    }

    /// Whether it was derived from what the source says, and not from whether it could be fetched.
    fn is_of_payload(self) -> bool {
        matches!(self, Self::Good | Self::Empty | Self::NotASource)
    }
}

/// What a source is to its job, in a word.
#[must_use]
pub(super) fn kind_of(role: Role) -> &'static str {
    match role {
        Role::Feed => "feed",
        Role::Sitemap => "sitemap",
        Role::Section => "section",
        Role::Page => "page",
    }
}

/// The result of a look.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SourceLook {
    pub at: Timestamp,
    /// `None` where the server confirmed what it said before.
    pub state: Option<SourceState>,
    /// The status, the media type, the step that failed.
    pub detail: String,
    /// How many things it names.
    pub entries: Option<u64>,
    /// How many of them were new to the job.
    pub fresh: u64,
    /// Where it leads.
    pub to: Option<String>,
}

/// What is known of one source of a job, or (without `kind`) of one host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SourceRecord {
    pub kind: String,
    pub state: SourceState,
    pub detail: String,
    /// Since when the state is as it is, and when it was last well (microseconds; 0 for never).
    pub since: i64,
    pub well_at: i64,
    pub entries: u64,
    /// Where it leads.
    pub to: Option<String>,
    pub rhythm: Rhythm,
    /// Of a host: when a new page of it was named last.
    pub named_at: i64,
    /// Whether the alarm was raised and not taken back.
    pub alarmed: bool,
    /// The newest state that was derived from a payload.
    of_payload: SourceState,
}

/// A source or host as it is reported to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLine {
    /// Whose it is.
    pub job: String,
    /// Its URL; for a host its name.
    pub url: String,
    /// `feed`, `sitemap`, `section` or `host`.
    pub kind: String,
    /// A word of [`SourceState::label`].
    pub state: String,
    /// The result of the last check: a status, a media type, the step that failed.
    pub detail: String,
    /// Since when the state is as it is (WARC-Date).
    pub since: Option<String>,
    /// When it was well last.
    pub well_at: Option<String>,
    /// How many things it named at the last reading.
    pub entries: u64,
    /// When it last brought something new.
    pub fresh_at: Option<String>,
    /// Since when it has brought nothing, where that is longer than its past explains.
    pub silent_since: Option<String>,
    /// Whether it is well.
    pub is_well: bool,
}

impl SourceRecord {
    /// Takes in a look; the state before it, where that was another.
    pub fn look(&mut self, look: &SourceLook) -> Option<SourceState> {
        let before = self.state;
        let state = look.state.unwrap_or(if self.of_payload == SourceState::New {
            SourceState::Good
        } else {
            self.of_payload
        });
        if state.is_of_payload() {
            self.of_payload = state;
        }
        if look.state.is_some() || state != before {
            self.detail.clone_from(&look.detail);
        }
        if state != before {
            self.since = look.at.unix_micros();
        }
        if state.is_well() {
            self.well_at = look.at.unix_micros();
        }
        self.state = state;
        self.to.clone_from(&look.to);
        self.entries = look.entries.unwrap_or(self.entries);
        self.rhythm.look(look.at, look.fresh > 0);
        (state != before).then_some(before)
    }

    /// Since when it has been silent, where that is strange. A host that an article came from now and
    /// then is not an outlet of its own; and a host of which nothing new is named any longer, since the
    /// outlet has moved or its feed is silent, is not itself silent.
    pub fn silent_since(&self) -> Option<Timestamp> {
        let since = self.rhythm.silent_since()?;
        let is_outlet = self.kind != HOST
            || (self.rhythm.arrivals() >= HOST_ARRIVALS_MIN && self.named_at > since.unix_micros());
        is_outlet.then_some(since)
    }

    fn line(&self, job: &str, url: &str) -> SourceLine {
        let time = |at: i64| (at != 0).then(|| Timestamp::from_unix_micros(at).to_warc_date());
        let is_host = self.kind == HOST;
        let silent = self.silent_since();
        SourceLine {
            job: job.to_owned(),
            url: url.to_owned(),
            kind: self.kind.clone(),
            state: if is_host { "silent" } else { self.state.label() }.to_owned(),
            detail: self.detail.clone(),
            since: time(self.since),
            well_at: time(self.well_at),
            entries: self.entries,
            fresh_at: self.rhythm.last().map(Timestamp::to_warc_date),
            silent_since: silent.map(Timestamp::to_warc_date),
            is_well: (is_host || self.state.is_well()) && silent.is_none(),
        }
    }
}

/// The kind of the record of a host.
pub(super) const HOST: &str = "host";
/// This many articles make a host one that is expected to continue.
const HOST_ARRIVALS_MIN: u32 = 12;
/// This many records are kept for a job: an aggregator's feed names hosts without end.
const RECORDS_MAX: usize = 10_000;

/// The records of all jobs.
#[derive(Debug)]
pub(super) struct SourceBook {
    tree: Tree,
    /// By job and URL (or host name).
    known: BTreeMap<(String, String), SourceRecord>,
    /// Records that changed since they were written.
    changed: BTreeSet<(String, String)>,
}

fn key_of((job, url): &(String, String)) -> Vec<u8> {
    // No name of a job holds a blank.
    format!("{job} {url}").into_bytes()
}

impl SourceBook {
    /// The book in `kv`. A record that cannot be read is left out.
    ///
    /// # Errors
    /// When its table cannot be opened or read.
    pub fn open(kv: &Kv) -> Result<Self, KvError> {
        let tree = kv.tree("sources")?;
        let mut known = BTreeMap::new();
        for item in tree.scan_prefix(b"") {
            let (key, value) = item?;
            let name = std::str::from_utf8(&key).ok().and_then(|key| key.split_once(' '));
            if let (Some((job, url)), Ok(record)) = (name, serde_json::from_slice(&value)) {
                known.insert((job.to_owned(), url.to_owned()), record);
            }
        }
        Ok(Self { tree, known, changed: BTreeSet::new() })
    }

    /// The record of a source or host, to read and change; `None` where a job has as many as are kept.
    pub fn of(&mut self, job: &str, url: &str) -> Option<&mut SourceRecord> {
        let key = (job.to_owned(), url.to_owned());
        if !self.known.contains_key(&key) && self.count(job) >= RECORDS_MAX {
            return None;
        }
        self.changed.insert(key.clone());
        Some(self.known.entry(key).or_default())
    }

    fn count(&self, job: &str) -> usize {
        self.of_job(job).count()
    }

    fn of_job(&self, job: &str) -> impl Iterator<Item = (&(String, String), &SourceRecord)> {
        let from = (job.to_owned(), String::new());
        self.known.range(from..).take_while(move |((of, _), _)| of == job)
    }

    /// The keys of all records of a job.
    pub fn names(&self, job: &str) -> Vec<String> {
        self.of_job(job).map(|((_, url), _)| url.clone()).collect()
    }

    /// What is known, without changing it.
    pub fn get(&self, job: &str, url: &str) -> Option<&SourceRecord> {
        self.known.get(&(job.to_owned(), url.to_owned()))
    }

    /// Writes what changed.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn keep(&mut self) -> Result<(), KvError> {
        for key in std::mem::take(&mut self.changed) {
            if let Some(record) = self.known.get(&key) {
                // A record is plain data: it can be written as JSON.
                let bytes = serde_json::to_vec(record).unwrap_or_default();
                self.tree.insert(&key_of(&key), &bytes)?;
            }
        }
        Ok(())
    }

    /// Forgets a source or host of a job.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn remove(&mut self, job: &str, url: &str) -> Result<(), KvError> {
        let key = (job.to_owned(), url.to_owned());
        self.known.remove(&key);
        self.changed.remove(&key);
        self.tree.remove(&key_of(&key))?;
        Ok(())
    }

    /// Gives what is known of a job's sources to the name that it has now.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn rename(&mut self, old: &str, new: &str) -> Result<(), KvError> {
        for url in self.names(old) {
            let record = self.get(old, &url).cloned();
            if let (Some(record), Some(slot)) = (record, self.of(new, &url)) {
                *slot = record;
            }
            self.remove(old, &url)?;
        }
        self.keep()
    }

    /// The lines of the sources and hosts of these jobs, or of all; of hosts only those that are silent.
    pub fn lines(&self, is_of: impl Fn(&str) -> bool) -> Vec<SourceLine> {
        let all = self.known.iter().filter(|((job, _), _)| is_of(job));
        let shown =
            all.filter(|(_, record)| record.kind != HOST || record.rhythm.silent_since().is_some());
        shown.map(|((job, url), record)| record.line(job, url)).collect()
    }
}

/// What is known of all sources in an archive's state, for a reader.
///
/// # Errors
/// When the table cannot be read.
pub fn source_lines(kv: &Kv) -> Result<Vec<SourceLine>, KvError> {
    Ok(SourceBook::open(kv)?.lines(|_| true))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn look(minutes: u64, state: Option<SourceState>, fresh: u64) -> SourceLook {
        SourceLook {
            at: Timestamp::from_unix_seconds(1_000_000_000).plus(Duration::from_mins(minutes)),
            state,
            detail: state.map_or(String::new(), |state| state.label().to_owned()),
            entries: Some(3),
            fresh,
            to: None,
        }
    }

    #[test]
    fn a_confirmed_answer_is_worth_what_its_payload_was() {
        use SourceState::{Empty, Good, New, NotASource, ServerError};
        for (payload, after) in [(Good, Good), (Empty, Empty), (NotASource, NotASource)] {
            let mut record = SourceRecord::default();
            assert_eq!(record.look(&look(0, Some(payload), 1)), Some(New));
            assert_eq!(record.look(&look(15, Some(ServerError), 0)), Some(payload));
            assert_eq!(record.look(&look(30, None, 0)), Some(ServerError));
            assert_eq!(record.state, after);
            assert_eq!(record.look(&look(45, None, 0)), None);
            assert_eq!(record.since, look(30, None, 0).at.unix_micros());
        }
        // A job that finds a source which the archive has: the server says that it is as it was.
        let mut record = SourceRecord::default();
        record.look(&look(0, None, 0));
        assert_eq!(record.state, Good);
    }

    #[test]
    fn records_are_kept_renamed_and_listed() {
        let dir = tempfile::tempdir().unwrap();
        let (kv, _) = Kv::open(dir.path(), &crate::kv::KvOptions::default()).unwrap();
        let mut book = SourceBook::open(&kv).unwrap();
        for (job, url) in
            [("a", "http://a.org/f"), ("a", "http://a.org/g"), ("b", "http://a.org/f")]
        {
            let record = book.of(job, url).unwrap();
            record.kind = "feed".to_owned();
            record.look(&look(0, Some(SourceState::NotFound), 0));
        }
        book.of("b", "a.org").unwrap().kind = HOST.to_owned();
        book.keep().unwrap();
        book.rename("a", "c").unwrap();
        book.remove("b", "http://a.org/f").unwrap();
        let again = SourceBook::open(&kv).unwrap();
        assert_eq!(again.names("c"), ["http://a.org/f", "http://a.org/g"]);
        assert_eq!((again.names("a").len(), again.names("b").len()), (0, 1));
        let lines = again.lines(|_| true);
        assert_eq!(lines.len(), 2, "a host is told when it is silent");
        assert_eq!((lines[0].state.as_str(), lines[0].is_well), ("not-found", false));
        assert_eq!(source_lines(&kv).unwrap(), lines);
        kv.tree("sources").unwrap().insert(b"no blank", b"nonsense").unwrap();
        assert_eq!(SourceBook::open(&kv).unwrap().known.len(), 3);
    }

    #[test]
    fn every_state_has_a_word_of_its_own() {
        let words: BTreeSet<_> = SourceState::ALL.iter().map(|state| state.label()).collect();
        assert_eq!(words.len(), SourceState::ALL.len());
        for state in SourceState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.label());
        }
    }
}
