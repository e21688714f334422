//! A job: where pages come from, which of them belong, how often they are checked, and when to
//! stop. Plain data, as a job file says it; the settings read and check it, the crawl follows it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::clean::CleanOptions;
use super::credentials::{Credentials, Secret};
use super::discovery::{DiscoveryPath, Step};
use super::revisit::{AdaptiveParams, Schedule};
use super::scope::ScopeOptions;
use super::seeds::SeedList;
use super::traps::TrapOptions;
use crate::base::TargetUri;

/// What is done with a run that comes due while the run before is still going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// It does not take place.
    Skip,
    /// It begins when the other has ended.
    Queue,
    /// The other continues, and what this one would add is added to it.
    #[default]
    Resume,
}

/// When a run ends though something is left; that stays in the queue for the next run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobLimits {
    /// This many pages, requisites counted as well.
    pub pages_max: Option<u64>,
    /// This many bytes received.
    pub bytes_max: Option<u64>,
    /// This much time since its beginning.
    pub time_max: Option<Duration>,
    /// Less free disk than this, in bytes, pauses the job.
    pub disk_free_min: Option<u64>,
}

/// When a page is rendered in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BrowserUse {
    /// Never.
    #[default]
    Never,
    /// When it is a shell: scripts fill it, and it has no text without them.
    WhenNeeded,
    /// Always.
    Always,
}

/// Who is notified of new versions. Its `Debug` form hides the webhook's path, which often is a key.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Notify {
    /// Where the news is posted.
    pub webhook: Option<TargetUri>,
    /// A program and its arguments; the news is its standard input.
    pub command: Vec<String>,
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify")
            .field("webhook", &self.webhook.as_ref().map(TargetUri::host))
            .field("command", &self.command)
            .finish()
    }
}

/// A job. Its `Debug` form holds no secret.
#[derive(Debug, Clone)]
pub struct JobSpec {
    /// Its name, unique among jobs.
    pub name: String,
    /// Where its file is, by its full path; `None` for a job without one.
    pub file: Option<PathBuf>,
    /// Pages to capture.
    pub seeds: SeedList,
    /// Feeds to follow.
    pub feeds: Vec<TargetUri>,
    /// Sitemaps to follow.
    pub sitemaps: Vec<TargetUri>,
    /// Section and front pages whose links are followed.
    pub sections: Vec<TargetUri>,
    /// Whether the sitemaps that a robots.txt names are followed, too.
    pub sitemaps_from_robots: bool,
    /// Entries of feeds and sitemaps whose date is older than this are left.
    pub entry_age_max: Option<Duration>,
    /// How many links from a seed, or from a page that a source names, are followed.
    pub depth: u32,
    /// Which pages belong.
    pub scope: ScopeOptions,
    /// What is taken off URLs.
    pub clean: CleanOptions,
    /// What is a trap.
    pub traps: TrapOptions,
    /// When a run ends.
    pub limits: JobLimits,
    /// When pages are visited again.
    pub schedule: Schedule,
    /// How often feeds, sitemaps and section pages are checked.
    pub sources_every: Duration,
    /// A page younger than this goes before others.
    pub young: Duration,
    /// A page found longer ago than this is checked no more.
    pub age_max: Option<Duration>,
    /// What an overlapping run does.
    pub overlap: Overlap,
    /// Header fields for every request, in the order of the file. A value may be a key.
    pub headers: Vec<(String, Secret)>,
    /// What some hosts are sent.
    pub credentials: Credentials,
    /// The proxy of this job, as a URL, which may hold a password.
    pub proxy: Option<Secret>,
    /// How it reads the groups of a robots.txt, by name; as the settings say where there is none.
    pub robots_reading: Option<String>,
    /// When its pages are rendered in a browser.
    pub browser: BrowserUse,
    /// Whether a rendering has pictures, media and fonts too.
    pub visual: bool,
    /// Its whole User-Agent.
    pub user_agent: Option<String>,
    /// Where a site's owner reaches the operator.
    pub contact: Option<String>,
    /// Who is notified.
    pub notify: Notify,
}

impl JobSpec {
    /// A job that does nothing yet, with the defaults of the job file.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            file: None,
            seeds: SeedList::default(),
            feeds: Vec::new(),
            sitemaps: Vec::new(),
            sections: Vec::new(),
            sitemaps_from_robots: false,
            entry_age_max: None,
            depth: 0,
            scope: ScopeOptions::default(),
            clean: CleanOptions::default(),
            traps: TrapOptions::default(),
            limits: JobLimits::default(),
            schedule: Schedule::Adaptive(Box::<AdaptiveParams>::default()),
            sources_every: Duration::from_mins(15),
            young: Duration::from_hours(48),
            age_max: None,
            overlap: Overlap::default(),
            headers: Vec::new(),
            credentials: Credentials::default(),
            proxy: None,
            robots_reading: None,
            browser: BrowserUse::default(),
            visual: false,
            user_agent: None,
            contact: None,
            notify: Notify::default(),
        }
    }

    /// When its feeds, sitemaps and section pages are visited again.
    #[must_use]
    pub fn schedule_of_sources(&self) -> Schedule {
        Schedule::Fixed { every: self.sources_every }
    }

    /// All that it names, with no page twice.
    pub fn named(&self) -> impl Iterator<Item = TargetUri> {
        let mut seen = std::collections::HashSet::new();
        let sources = [&self.feeds, &self.sitemaps, &self.sections].into_iter().flatten();
        self.seeds
            .texts()
            .chain(sources.map(TargetUri::as_str))
            .filter(move |text| seen.insert(*text))
            .filter_map(|text| TargetUri::parse(text).ok())
    }
}

/// How many links a reader would have followed from a seed, or from a page that a source names:
/// what [`JobSpec::depth`] bounds. The step from a source to what it names is not counted.
#[must_use]
pub fn depth_of(path: &DiscoveryPath) -> u32 {
    let is_link = |step: &Step| matches!(step, Step::Link | Step::Synthesised);
    let after_source: Vec<Step> = path.steps().rev().take_while(|s| *s != Step::Manifest).collect();
    let links = after_source.iter().filter(|step| is_link(step)).count();
    if path.steps().any(|step| step == Step::Manifest) {
        return u32::try_from(links.saturating_sub(1)).unwrap_or(u32::MAX);
    }
    // Steps that a long path has dropped count, too.
    path.hops()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_from_the_pages_that_sources_name() {
        for (path, depth) in [
            ("", 0),
            ("R", 0),
            ("L", 1),
            ("LRL", 2),
            ("LE", 1),
            ("M", 0),
            ("ML", 0),
            ("MRL", 0),
            ("MML", 0),
            ("PML", 0),
            ("MLL", 1),
            ("MLRLE", 1),
            ("9+L", 10),
        ] {
            assert_eq!(depth_of(&DiscoveryPath::parse(path).unwrap()), depth, "{path}");
        }
    }

    #[test]
    fn nothing_is_named_twice() {
        let uri = |text: &str| TargetUri::parse(text).unwrap();
        let mut job = JobSpec::new("a");
        job.seeds = vec![uri("https://a.org/"), uri("https://a.org/b")].into();
        job.sections = vec![uri("https://a.org/")];
        assert_eq!(job.named().count(), 2);
    }
}
