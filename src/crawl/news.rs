//! What there is to tell whoever waits for it: an article says something else than it did.

use serde_json::{Value, json};

use crate::base::{TargetUri, Timestamp};
use crate::diff::Comparison;
use crate::diff::render::json::{JsonChange, change};
use crate::extract::page::Page;
use crate::store::Appended;

use super::outcome::{Finished, Outcome};

/// A new version of an article.
#[derive(Debug, Clone)]
pub struct News {
    /// Whose page it is: the first of `jobs`; empty until the crawl says so.
    pub job: String,
    /// All jobs that name it.
    pub jobs: Vec<String>,
    /// The page.
    pub uri: TargetUri,
    /// When the new version was captured.
    pub at: Timestamp,
    /// Whether the text changed and the page does not own up to it.
    pub stealth: bool,
    /// Its headline now.
    pub headline: Option<String>,
    /// What changed.
    pub changes: Vec<JsonChange>,
    capture: Value,
}

impl News {
    pub(super) fn of(
        comparison: &Comparison,
        old: &Page,
        new: &Page,
        uri: &TargetUri,
        appended: &Appended,
        finished: &Finished,
    ) -> Self {
        let status = match &finished.outcome {
            Outcome::Fetched { status, .. } => *status,
            Outcome::Failed { .. }
            | Outcome::Refused { .. }
            | Outcome::RobotsUnreachable { .. } => None,
        };
        let capture = json!({
            "url": uri.as_str(),
            "timestamp": finished.at.to_stamp14(),
            "mime": finished.media_type,
            "status": status.map(|s| s.to_string()),
            "digest": appended.digest.as_ref().map(ToString::to_string),
            "offset": appended.offset.to_string(),
            "filename": appended.file,
            "record_id": appended.record_id,
            "date": finished.at.to_warc_date(),
        });
        Self {
            job: String::new(),
            jobs: Vec::new(),
            uri: uri.clone(),
            at: finished.at,
            stealth: comparison.stealth,
            headline: new.headline.as_ref().map(|fact| fact.value.clone()),
            changes: comparison.changes.iter().map(|one| change(one, old, new)).collect(),
            capture,
        }
    }

    /// The payload that is posted; described in `docs/reference/webhook.md`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "event": "version",
            "job": self.job,
            "jobs": self.jobs,
            "url": self.uri.as_str(),
            "timestamp": self.at.to_warc_date(),
            "headline": self.headline,
            "stealth": self.stealth,
            "changes": self.changes,
            "capture": self.capture,
        })
    }
}
