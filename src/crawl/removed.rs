//! Payloads that were removed from the archive by order: a page that is still on the web is captured again, and the operator
//! should know.

use std::collections::HashSet;

use super::engine::Crawl;
use super::observer::Observer;
use super::outcome::{Finished, Outcome, Stored};
use crate::base::Digest;

impl Crawl {
    /// Sets the payload digests of what was removed by order; without it nothing was.
    pub fn set_removed(&mut self, payloads: HashSet<Digest>) {
        self.removed = payloads;
    }

    /// Reports a payload that was removed and is stored again. The purge that the report names removes it again.
    pub(super) fn note_removed(&self, finished: &Finished, observer: &mut dyn Observer) {
        let is_new = matches!(finished.outcome, Outcome::Fetched { stored: Stored::New, .. });
        if is_new && finished.digest.is_some_and(|digest| self.removed.contains(&digest)) {
            observer.note(&format!(
                "{} was removed from the archive by order, and has been captured again with the same content: exclude it from its job, and `pressmark purge` the new capture of {}",
                finished.uri.as_str(),
                finished.at.to_warc_date()
            ));
        }
    }
}
