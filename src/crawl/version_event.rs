//! The event that observers receive: a page has a new version. It has the JSON that `history`
//! prints of it.

use serde::Serialize;

use crate::base::{TargetUri, Timestamp};
use crate::diff::ChangeKind;
use crate::history::{Begun, VersionJson};

/// A new version of a page: an article that says something else, is gone, or is back.
#[derive(Debug, Clone)]
pub struct VersionEvent {
    /// Whose page it is: the first of `jobs`; empty until the crawl says so.
    pub job: String,
    /// All jobs that name it.
    pub jobs: Vec<String>,
    /// The page.
    pub uri: TargetUri,
    /// When the new version was captured.
    pub at: Timestamp,
    /// The version, with what changed.
    pub version: VersionJson,
}

impl VersionEvent {
    /// The news of a version; `None` where its address is not a URI, which no capture of the archive has.
    pub(super) fn of(begun: Begun) -> Option<Self> {
        let uri = TargetUri::parse(&begun.said.entry.url).ok()?;
        let at = begun.said.entry.date;
        let (job, jobs) = (String::new(), Vec::new());
        Some(Self { job, jobs, uri, at, version: VersionJson::from(begun) })
    }

    /// The kinds of its changes, in their order, each as often as it comes.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.version.changes.iter().map(|change| change.kind.label())
    }

    /// Whether its words changed, and not only whether they can be fetched or how they are written.
    #[must_use]
    pub fn is_edit(&self) -> bool {
        use ChangeKind::{Gone, Paywalled, Redirected, Restored};
        let of_access = [Gone, Paywalled, Redirected, Restored];
        let mut changes = self.version.changes.iter();
        changes.any(|change| !change.notation && !of_access.contains(&change.kind))
    }

    /// The payload that is posted to a receiver of `job`: the version as `history --format json` prints it,
    /// and whose it is.
    /// Described in `docs/reference/webhook.md`.
    #[must_use]
    pub fn message<'a>(&'a self, job: &'a str) -> Message<'a> {
        Message {
            event: "version",
            job,
            jobs: &self.jobs,
            url: self.uri.as_str(),
            timestamp: self.at.to_warc_date(),
            version: &self.version,
        }
    }
}

/// The message of a new version, in the fields of `docs/reference/schema/message.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Message<'a> {
    /// `version`.
    pub event: &'static str,
    /// The job whose receiver it is sent to.
    pub job: &'a str,
    /// All jobs whose page it is.
    pub jobs: &'a [String],
    /// The page.
    pub url: &'a str,
    /// When the version was captured first.
    pub timestamp: String,
    /// The version, as `history` prints it.
    #[serde(flatten)]
    pub version: &'a VersionJson,
}

/// Every kind of change, as [`VersionEvent::kinds`] names them.
#[must_use]
pub fn kinds() -> [&'static str; ChangeKind::ALL.len()] {
    ChangeKind::ALL.map(ChangeKind::label)
}
