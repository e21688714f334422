//! What a job wants of one URL, carried to where its bytes are read: off the loop, since a feed or
//! a page of many links takes its time.
//!
//! Here it is only asked what the archive knows. What the queue knows, and the budgets of the trap
//! guard, are asked on the loop, which alone writes to the queue.

use std::sync::Arc;

use crate::base::{TargetUri, Timestamp};
use crate::schedule::DiscoveryPath;
use crate::schedule::clean::clean;
use crate::store::Reader;

use super::rules::JobRules;
use super::sources::{self, Gathered, Known, Role, Rulings, Source};

/// What a job wants of a URL.
#[derive(Debug, Clone)]
pub struct Following {
    /// The job.
    pub rules: Arc<JobRules>,
    /// What the URL is to it.
    pub role: Role,
    /// How it was found.
    pub path: DiscoveryPath,
    /// Whether it is its first visit.
    pub is_first: bool,
    /// The address as it stood before it was cleaned.
    pub found_as: Option<String>,
    /// What is known of its variants, as fields of a metadata record.
    pub variants: Vec<(String, String)>,
}

impl Following {
    /// What the metadata record of a capture says of the job, of what was taken off its URL, and of
    /// which page it is a variant.
    pub(super) fn notes(&self) -> Vec<(String, String)> {
        let mut notes = vec![("job".to_owned(), self.rules.name().to_owned())];
        let original = self.found_as.as_deref().and_then(|text| TargetUri::parse(text).ok());
        if let Some(original) = original {
            notes.push(("foundAs".to_owned(), original.to_string()));
            for part in clean(&original, &self.rules.spec.clean).removed {
                notes.push((
                    "removed".to_owned(),
                    format!("{} ({})", part.part, part.reason.label()),
                ));
            }
        }
        notes.extend(self.variants.iter().cloned());
        notes
    }
}

/// That, and the archive to ask.
pub(super) struct Gathering {
    pub following: Following,
    pub reader: Reader,
}

impl Gathering {
    /// What a captured payload names, as far as scope, cleaning and the archive decide it.
    pub fn gather(
        &self,
        uri: &TargetUri,
        payload: &[u8],
        content_type: Option<&str>,
        canonical: Option<&str>,
        now: Timestamp,
    ) -> Gathered {
        let Following { rules, role, path, .. } = &self.following;
        let source = Source { role: *role, uri, path, payload, content_type, canonical, at: now };
        let known = |uri: &TargetUri| known(&self.reader, uri);
        let mut rulings = Rulings {
            scope: &|uri, path, via| rules.scope.judge(uri, path, via),
            clean: &|uri| clean(uri, &rules.spec.clean),
            admit: &mut |_| Ok(()),
            known: &known,
        };
        sources::gather(&rules.spec, source, now, &mut rulings)
    }
}

/// What the archive knows of a URL. One that cannot be read is not known: it is captured again.
pub(super) fn known(reader: &Reader, uri: &TargetUri) -> Known {
    match reader.newest_with_payload(uri.as_str()) {
        Ok(Some(entry)) => Known::Captured(entry.date),
        Ok(None) | Err(_) => Known::No,
    }
}
