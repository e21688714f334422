//! What is remembered over restarts beside the queue: pace facts of hosts, robots.txt of
//! authorities, what the versions of pages are compared with, and which jobs have an unfinished run.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{HostKey, TargetUri, Timestamp};
use crate::kv::{Kv, KvError, Tree};
use crate::politeness::{CachedRobots, HostFacts, PaceOptions};
use crate::schedule::revisit::{HostHistory, SourceEntries};

/// Facts of hosts and robots.txt of authorities: on disk, the recently used also in memory.
#[derive(Debug)]
pub struct HostBook {
    hosts: Tree,
    robots: Tree,
    facts: HashMap<HostKey, HostFacts>,
    rules: HashMap<String, Arc<CachedRobots>>,
    revisit_tree: Tree,
    revisits: HashMap<HostKey, HostHistory>,
    runs: Tree,
    pages: Tree,
    said: Tree,
    clock: Tree,
    newest: Option<Timestamp>,
}

/// What a source said, as it is on disk: read where its bytes are read, off the loop.
#[derive(Debug, Clone, Default)]
pub struct StoredEntries {
    head: Vec<u8>,
    entries: Vec<u8>,
}

impl StoredEntries {
    /// What it said; nothing where nothing is kept.
    #[must_use]
    pub fn read(&self) -> SourceEntries {
        SourceEntries::of_bytes(&self.head, &self.entries)
    }

    /// Its bytes: when it was read, and the entries.
    #[must_use]
    pub fn bytes(&self) -> (&[u8], &[u8]) {
        (&self.head, &self.entries)
    }
}

fn said_key(part: u8, source: &TargetUri) -> Vec<u8> {
    let mut key = vec![part];
    key.extend_from_slice(source.url().as_str().as_bytes());
    key
}

/// This many facts are held in memory; a host's are some hundred bytes.
const FACTS_MAX: usize = 50_000;
/// This many robots.txt are held in memory; each has up to 500 KiB.
const RULES_MAX: usize = 1_000;

impl HostBook {
    /// The book in `kv`.
    ///
    /// # Errors
    /// When its tables cannot be opened.
    pub fn open(kv: &Kv) -> Result<Self, KvError> {
        Ok(Self {
            hosts: kv.tree("hosts")?,
            robots: kv.tree("robots")?,
            facts: HashMap::new(),
            rules: HashMap::new(),
            revisit_tree: kv.tree("revisits")?,
            revisits: HashMap::new(),
            runs: kv.tree("runs")?,
            pages: kv.tree("pages")?,
            clock: kv.tree("clock")?,
            newest: None,
            said: kv.tree("said")?,
        })
    }

    /// The facts of a host, to read and change. What cannot be decoded counts as unknown.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn facts(
        &mut self,
        host: &HostKey,
        now: Timestamp,
        pace: &PaceOptions,
    ) -> Result<&mut HostFacts, KvError> {
        if !self.facts.contains_key(host) {
            if self.facts.len() >= FACTS_MAX {
                // Facts of hosts with an exchange under way are marked so, and are not on disk yet.
                self.facts.retain(|_, facts| facts.is_asked());
            }
            let stored = self.hosts.get(host.as_str().as_bytes())?;
            let facts = stored.and_then(|b| HostFacts::from_bytes(&b).ok()).unwrap_or_default();
            let facts = facts.settled(now, pace);
            self.facts.insert(host.clone(), facts);
        }
        let facts = self.facts.entry(host.clone()).or_default();
        facts.mind_clock(now);
        Ok(facts)
    }

    /// Puts the facts of a host on disk.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn keep(&mut self, host: &HostKey) -> Result<(), KvError> {
        if let Some(facts) = self.facts.get(host) {
            self.hosts.insert(host.as_str().as_bytes(), &facts.to_bytes())?;
        }
        Ok(())
    }

    /// What is known of the robots.txt that governs `uri`. What cannot be decoded counts as unknown.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn robots(&mut self, uri: &TargetUri) -> Result<Option<Arc<CachedRobots>>, KvError> {
        let authority = uri.authority();
        if let Some(known) = self.rules.get(&authority) {
            return Ok(Some(Arc::clone(known)));
        }
        let stored = self.robots.get(authority.as_bytes())?;
        let found = stored.and_then(|b| CachedRobots::from_bytes(&b).ok()).map(Arc::new);
        if let Some(found) = &found {
            self.hold(authority, Arc::clone(found));
        }
        Ok(found)
    }

    /// Keeps what was learned of a robots.txt.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn learn_robots(&mut self, robots: CachedRobots) -> Result<(), KvError> {
        let authority = robots.authority().to_owned();
        self.robots.insert(authority.as_bytes(), &robots.to_bytes())?;
        self.hold(authority, Arc::new(robots));
        Ok(())
    }

    /// What is known of a host: its pace, and the bytes of its edits.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn known_of(&self, host: &HostKey) -> Result<(Option<HostFacts>, Vec<u8>), KvError> {
        let key = host.as_str().as_bytes();
        let facts = match self.facts.get(host) {
            Some(facts) => Some(facts.clone()),
            None => self.hosts.get(key)?.and_then(|bytes| HostFacts::from_bytes(&bytes).ok()),
        };
        let history = match self.revisits.get(host) {
            Some(history) => history.to_bytes(),
            None => self.revisit_tree.get(key)?.map(|bytes| bytes.to_vec()).unwrap_or_default(),
        };
        Ok((facts, history))
    }

    /// Replaces what is known here of a host with what another process knows.
    ///
    /// # Errors
    /// When the tables cannot be written.
    pub fn replace_host(
        &mut self,
        host: &HostKey,
        facts: Option<HostFacts>,
        history: Option<HostHistory>,
    ) -> Result<(), KvError> {
        self.facts.remove(host);
        self.revisits.remove(host);
        let key = host.as_str().as_bytes();
        match facts {
            Some(facts) => _ = self.hosts.insert(key, &facts.to_bytes())?,
            None => _ = self.hosts.remove(key)?,
        }
        match history {
            Some(history) => _ = self.revisit_tree.insert(key, &history.to_bytes())?,
            None => _ = self.revisit_tree.remove(key)?,
        }
        Ok(())
    }

    /// The same for a robots.txt.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn replace_robots(
        &mut self,
        authority: &str,
        robots: Option<CachedRobots>,
    ) -> Result<(), KvError> {
        self.rules.remove(authority);
        match robots {
            Some(robots) => self.learn_robots(robots),
            None => self.robots.remove(authority.as_bytes()).map(|_| ()),
        }
    }

    /// The same for what a feed or sitemap said.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn replace_said(
        &self,
        source: &TargetUri,
        head: &[u8],
        entries: &[u8],
    ) -> Result<(), KvError> {
        self.said.insert(&said_key(b'e', source), entries)?;
        self.said.insert(&said_key(b'h', source), head)?;
        Ok(())
    }

    fn hold(&mut self, authority: String, robots: Arc<CachedRobots>) {
        if self.rules.len() >= RULES_MAX {
            self.rules.clear();
        }
        self.rules.insert(authority, robots);
    }

    /// When the unfinished run of a job began; `None` where the last one was finished.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn unfinished(&self, job: &str) -> Result<Option<Timestamp>, KvError> {
        let began = self.runs.get(job.as_bytes())?;
        let began = began.and_then(|bytes| bytes.as_ref().try_into().ok().map(i64::from_be_bytes));
        Ok(began.map(Timestamp::from_unix_micros))
    }

    /// Notes that a run of a job has begun, or (`None`) was finished.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn set_unfinished(&self, job: &str, began: Option<Timestamp>) -> Result<(), KvError> {
        match began {
            Some(at) => self.runs.insert(job.as_bytes(), &at.unix_micros().to_be_bytes())?,
            None => self.runs.remove(job.as_bytes())?,
        };
        Ok(())
    }

    /// The newest time that a crawl of this archive has seen; long ago where there was none.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn newest_time(&mut self) -> Result<Timestamp, KvError> {
        if let Some(newest) = self.newest {
            return Ok(newest);
        }
        let kept = self.clock.get(b"newest")?;
        let kept = kept.and_then(|bytes| bytes.as_ref().try_into().ok().map(i64::from_be_bytes));
        let newest = kept.map_or_else(Timestamp::default, Timestamp::from_unix_micros);
        self.newest = Some(newest);
        Ok(newest)
    }

    /// Keeps the newest time, or the right one.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn keep_newest_time(&mut self, now: Timestamp) -> Result<(), KvError> {
        self.newest = Some(now);
        self.clock.insert(b"newest", &now.unix_micros().to_be_bytes()).map(|_| ())
    }

    /// What is known of the versions of pages, by urlkey: see `history::live`.
    #[must_use]
    pub fn page_states(&self) -> Tree {
        self.pages.clone()
    }

    /// Keeps what is known of the versions of a page.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn keep_page_state(&self, urlkey: &str, state: &[u8]) -> Result<(), KvError> {
        self.pages.insert(urlkey.as_bytes(), state).map(|_| ())
    }

    /// What a feed or sitemap said of its entries.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn said(&self, source: &TargetUri) -> Result<StoredEntries, KvError> {
        let part = |part| {
            let bytes = self.said.get(&said_key(part, source))?;
            Ok(bytes.map(|bytes| bytes.as_ref().to_vec()).unwrap_or_default())
        };
        Ok(StoredEntries { head: part(b'h')?, entries: part(b'e')? })
    }

    /// Keeps what a feed or sitemap said. `is_changed` says whether its entries are others; they may be
    /// many, the time of reading is a few bytes.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn keep_said(
        &self,
        source: &TargetUri,
        said: &SourceEntries,
        is_changed: bool,
    ) -> Result<(), KvError> {
        if is_changed {
            self.said.insert(&said_key(b'e', source), &said.entry_bytes())?;
        }
        self.said.insert(&said_key(b'h', source), &said.head_bytes())?;
        Ok(())
    }

    /// What is known of the edits of a host's pages, to read and teach.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn revisits(
        &mut self,
        host: &HostKey,
        looks_per_day: f64,
        now: Timestamp,
    ) -> Result<&mut HostHistory, KvError> {
        if !self.revisits.contains_key(host) {
            if self.revisits.len() >= FACTS_MAX {
                self.revisits.clear();
            }
            let stored = self.revisit_tree.get(host.as_str().as_bytes())?;
            let known = stored.and_then(|b| HostHistory::of_bytes(&b));
            let known = known.unwrap_or_else(|| HostHistory::new(looks_per_day, now));
            self.revisits.insert(host.clone(), known);
        }
        let known = self.revisits.entry(host.clone());
        Ok(known.or_insert_with(|| HostHistory::new(looks_per_day, now)))
    }

    /// Writes what is known of the edits of a host's pages to disk.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub fn keep_revisits(&mut self, host: &HostKey) -> Result<(), KvError> {
        if let Some(known) = self.revisits.get(host) {
            self.revisit_tree.insert(host.as_str().as_bytes(), &known.to_bytes())?;
        }
        Ok(())
    }
}
