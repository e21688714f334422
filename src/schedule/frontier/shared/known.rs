//! What a worker can say of URLs and of the whole, beside which URL is next.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::leases::{LeasedUrl, Leases};
use super::super::{Counts, KnownUrl};
use super::{SharedFrontier, owners};
use crate::base::TargetUri;
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::url_digest;

/// All is counted again after this time: that reads every URL.
const COUNT_EVERY: Duration = Duration::from_mins(5);
/// This many look-ups are remembered.
const LOOKED_UP_MAX: usize = 20_000;

/// What was counted last, in the background.
#[derive(Debug, Default)]
pub(super) struct Counting {
    counts: Counts,
    at: Option<Instant>,
    is_under_way: bool,
}

/// What was counted last. Counts again where that is long ago, on a thread of its own.
pub(super) fn counted(counting: &Arc<Mutex<Counting>>, leases: &Arc<dyn Leases>) -> Counts {
    let mut known = counting.lock().unwrap_or_else(PoisonError::into_inner);
    let counts = known.counts;
    let begins = !known.is_under_way && known.at.is_none_or(|at| at.elapsed() > COUNT_EVERY);
    known.is_under_way |= begins;
    drop(known);
    if begins {
        let (counting, leases) = (Arc::clone(counting), Arc::clone(leases));
        let begun = std::thread::Builder::new().name("counting".to_owned()).spawn(move || {
            let counted = leases.counts();
            let mut known = counting.lock().unwrap_or_else(PoisonError::into_inner);
            known.is_under_way = false;
            known.at = Some(Instant::now());
            if let Ok(counts) = counted {
                known.counts = counts;
            }
        });
        if let Err(why) = begun {
            tracing::debug!(%why, "URLs are not counted");
        }
    }
    counts
}

impl SharedFrontier {
    /// A URL as this worker has it beyond what the keeper says.
    fn own(&self, host: &str, digest: &[u8; 16]) -> Option<&LeasedUrl> {
        let held = self.held.get(host)?;
        let flight = held.flight.and_then(|number| self.flights.get(&number));
        let flying = flight.map(|flight| &flight.url).filter(|url| url.digest == *digest);
        flying.or_else(|| held.get(digest))
    }

    /// A URL that was found and is not written yet.
    fn just_found(&self, digest: &[u8; 16]) -> Option<&LeasedUrl> {
        self.found_now.get(digest)?;
        self.found.iter().find(|found| found.url.digest == *digest).map(|found| &found.url)
    }

    fn known_url(&self, url: &LeasedUrl) -> Option<KnownUrl> {
        owners::known(url, self.times.to_caller(url.due))
    }

    /// What is known of URLs, in order. Nothing where the keeper does not answer.
    pub(super) fn known_of(
        &self,
        uris: &[&TargetUri],
    ) -> Result<Vec<Option<KnownUrl>>, ScheduleError> {
        let keys: Vec<(String, [u8; 16])> =
            uris.iter().map(|uri| (uri.host_key().as_str().to_owned(), url_digest(uri))).collect();
        let mut known: Vec<Option<KnownUrl>> = keys
            .iter()
            .map(|(host, digest)| self.own(host, digest).and_then(|url| self.known_url(url)))
            .collect();
        let mut asked: Vec<usize> = (0..keys.len()).collect();
        asked.retain(|at| known.get(*at).is_some_and(Option::is_none));
        if !asked.is_empty() && !self.is_away() {
            let wanted: Vec<_> = asked.iter().filter_map(|at| keys.get(*at).cloned()).collect();
            let answers = self.unless_away(self.leases.known(&wanted))?.unwrap_or_default();
            for (at, url) in asked.iter().zip(answers) {
                if let (Some(slot), Some(url)) = (known.get_mut(*at), url) {
                    *slot = self.known_url(&url);
                }
            }
        }
        for (slot, (_, digest)) in known.iter_mut().zip(&keys) {
            if slot.is_none() {
                *slot = self.just_found(digest).and_then(|url| self.known_url(url));
            }
        }
        Ok(known)
    }

    /// The same, remembered for a while: what is added of it is then known to be new or not.
    pub(super) fn look_up(
        &mut self,
        uris: &[&TargetUri],
    ) -> Result<Vec<Option<KnownUrl>>, ScheduleError> {
        let known = self.known_of(uris)?;
        if self.looked_up.len() + uris.len() > LOOKED_UP_MAX {
            self.looked_up.clear();
        }
        for (uri, known) in uris.iter().zip(&known) {
            let jobs = known
                .as_ref()
                .map(|known| known.named_by.iter().map(|one| one.job.to_string()).collect());
            self.looked_up.insert(url_digest(uri), jobs);
        }
        Ok(known)
    }
}
