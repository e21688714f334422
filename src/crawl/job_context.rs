//! What jobs want of one URL, carried to where its bytes are read: off the loop, since a feed or
//! a page of many links takes its time.
//!
//! Only the archive is asked here. What the queue knows, and the budgets of the trap guard, are
//! asked on the loop, which alone writes to the queue.

use std::sync::Arc;

use crate::base::{TargetUri, Timestamp};
use crate::capture::{BodyFilter, CaptureRequest};
use crate::schedule::DiscoveryPath;
use crate::schedule::clean::clean;
use crate::schedule::job::depth_of;
use crate::store::Reader;

use super::hosts::StoredEntries;
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
    /// Whether it is its first visit for this job.
    pub is_first: bool,
    /// The address as it was before it was cleaned.
    pub found_as: Option<String>,
    /// What is known of its variants, as fields of a metadata record.
    pub variants: Vec<(String, String)>,
    /// For a feed or sitemap: what it said before, as it is kept.
    pub said: Arc<StoredEntries>,
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

    /// Whether a payload that the server only confirms has anything new for the job: what was not
    /// read for it before.
    pub(super) fn rereads(&self) -> bool {
        self.is_first && (self.role != Role::Page || self.goes_on())
    }

    /// Whether the job follows what the page links to or needs.
    fn goes_on(&self) -> bool {
        let spec = &self.rules.spec;
        spec.depth > depth_of(&self.path) || spec.scope.requisites != Default::default()
    }
}

/// The request for a URL of these jobs: as the first of them asks, for as much of the body as any of
/// them wants. What a job reads to find pages is read whole.
pub(super) fn request_for(jobs: &[Following], uri: &TargetUri) -> Option<CaptureRequest> {
    let (first, _) = jobs.split_first()?;
    let mut request = first.rules.request_for(uri);
    if jobs.iter().all(|job| job.role == Role::Page) {
        let scopes: Vec<_> = jobs.iter().map(|job| Arc::clone(&job.rules.scope)).collect();
        request.wanted = Some(BodyFilter::new(move |head| {
            // What one job wants is fetched; else the first one says why it is not.
            let mut refused = Ok(());
            for scope in &scopes {
                match super::rules::judge(scope, head) {
                    Ok(()) => return Ok(()),
                    Err(why) => refused = refused.and(Err(why)),
                }
            }
            refused
        }));
    }
    Some(request)
}

/// What jobs want, and the archive to ask.
pub(super) struct Gathering {
    pub jobs: Vec<Following>,
    pub reader: Reader,
}

impl Gathering {
    /// What a captured payload names, job by job, as far as scope, cleaning and the archive decide it;
    /// of the jobs that `wants` holds for.
    pub fn gather(
        &self,
        uri: &TargetUri,
        payload: &[u8],
        content_type: Option<&str>,
        canonical: Option<&str>,
        now: Timestamp,
        wants: impl Fn(&Following) -> bool,
    ) -> Vec<(String, Gathered)> {
        let known = |uri: &TargetUri| known(&self.reader, uri);
        // All jobs of a source have the same of it.
        let kept = self.jobs.iter().find(|job| job.role.is_dated());
        let said = &kept.map(|job| job.said.read()).unwrap_or_default();
        let of = |following: &Following| {
            let Following { rules, role, path, .. } = following;
            let role = *role;
            let source =
                Source { role, uri, path, payload, content_type, canonical, at: now, said };
            let mut rulings = Rulings {
                scope: &|uri, path, via| rules.scope.judge(uri, path, via),
                named: &|uri, path, via| rules.scope.judge_named(uri, path, via),
                clean: &|uri| clean(uri, &rules.spec.clean),
                admit: &mut |_| Ok(()),
                known: &known,
            };
            (rules.name().to_owned(), sources::gather(&rules.spec, source, now, &mut rulings))
        };
        self.jobs.iter().filter(|job| wants(job)).map(of).collect()
    }
}

/// What the archive knows of a URL. One that cannot be read is not known: it is captured again.
pub(super) fn known(reader: &Reader, uri: &TargetUri) -> Known {
    let earlier = reader.earlier(uri.as_str()).unwrap_or_default();
    earlier.with_payload.map_or(Known::No, |entry| Known::Captured(entry.date))
}
