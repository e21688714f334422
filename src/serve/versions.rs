//! A cache of the versions of recently shown pages, so that a page that is requested repeatedly is not
//! read each time for its banner.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::answers::AnswerError;
use crate::answers::Archive;
use crate::answers::standing::{Standing, standings};
use crate::archive::Capture;

/// Pages whose versions are kept.
const PAGES_MAX: usize = 64;
/// Versions that are kept of all pages together.
const VERSIONS_MAX: usize = 100_000;
/// A newer capture invalidates an entry at once; an import of older ones is noticed after this time.
const FRESH: Duration = Duration::from_secs(10);
/// If more captures would have to be read, the versions are left out: a page is shown without delay, and
/// its own page in the reader lists them.
const UNREAD_MAX: usize = 20;

/// Versions of pages, in the order in which they were shown.
#[derive(Default)]
pub struct Versions(Mutex<VecDeque<Kept>>);

struct Kept {
    url: String,
    newest: Capture,
    at: Instant,
    versions: Arc<Vec<Standing>>,
}

impl Versions {
    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        // The data behind the lock is always consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The versions of the page whose newest capture is `newest`; `None` if they cannot be read quickly.
    ///
    /// # Errors
    /// When the archive cannot answer.
    pub fn of(
        &self,
        archive: &Archive,
        newest: &Capture,
    ) -> Result<Option<Arc<Vec<Standing>>>, AnswerError> {
        let url = newest.url.as_str();
        {
            let mut kept = self.kept();
            let place = kept.iter().position(|page| page.url == url);
            if let Some(page) = place.and_then(|at| kept.remove(at))
                && page.newest == *newest
                && page.at.elapsed() < FRESH
            {
                let versions = Arc::clone(&page.versions);
                kept.push_back(page);
                return Ok(Some(versions));
            }
        }
        let Some(versions) = standings(archive, url, UNREAD_MAX)?.map(Arc::new) else {
            return Ok(None);
        };
        let page = Kept {
            url: url.to_owned(),
            newest: newest.clone(),
            at: Instant::now(),
            versions: Arc::clone(&versions),
        };
        let mut kept = self.kept();
        kept.push_back(page);
        let count =
            |kept: &VecDeque<Kept>| kept.iter().map(|page| page.versions.len()).sum::<usize>();
        while kept.len() > PAGES_MAX || count(&kept) > VERSIONS_MAX {
            kept.pop_front();
        }
        Ok(Some(versions))
    }
}
