//! Whose a URL of a shared queue is. The names are next to the entry, in the order in which they came, and
//! the entry's numbers are places among them; a new job only ever adds a name at the end, so that a worker
//! that holds the host can tell which jobs came since it read the URL.

use std::sync::Arc;

use super::super::leases::{FoundUrl, LeasedUrl};
use super::super::owners::write_owners;
use super::super::{KnownUrl, NamedBy};
use crate::base::Timestamp;
use crate::schedule::entry::{Entry, Owner, Phase, cut};

/// The jobs that name a URL. A name that occurs twice, as renames may leave it, counts once.
pub(super) fn named_by(entry: &Entry, jobs: &[String]) -> Vec<NamedBy> {
    let owners = entry.owners(|| (0..).take(jobs.len()));
    let mut named: Vec<NamedBy> = Vec::with_capacity(owners.len());
    for Owner { job: id, path, via, settings, looked } in owners {
        let Some(job) = jobs.get(usize::from(id)) else { continue };
        if named.iter().any(|one| *one.job == **job) {
            continue;
        }
        let job: Arc<str> = job.as_str().into();
        named.push(NamedBy { job, path, via, settings, looked, id });
    }
    named
}

/// Writes into an entry which jobs name it; their names, in order.
pub(super) fn write_names(mut named_by: Vec<NamedBy>, entry: &mut Entry) -> Vec<String> {
    for (place, one) in (0..).zip(&mut named_by) {
        one.id = place;
    }
    write_owners(&named_by, entry);
    named_by.iter().map(|one| one.job.to_string()).collect()
}

/// What a reader sees of a URL; `None` for bytes that are not an entry.
pub(super) fn known(url: &LeasedUrl, due: Timestamp) -> Option<KnownUrl> {
    let entry = Entry::of_bytes(&url.entry)?;
    let named_by = named_by(&entry, &url.jobs);
    Some(KnownUrl { entry, phase: url.phase, due, named_by })
}

impl LeasedUrl {
    /// The URL with a job more that has found it, and whether that asks for a visit; `None` where it is the
    /// job's already, or one of them cannot be read. For the keeper of the queue.
    #[must_use]
    pub fn joined_by(&self, found: &FoundUrl) -> Option<(Self, bool)> {
        let job = found.url.jobs.first()?;
        if self.jobs.contains(job) {
            return None;
        }
        let (mut entry, new) = (Entry::of_bytes(&self.entry)?, Entry::of_bytes(&found.url.entry)?);
        // A part of a page was captured for all pages that show it, whichever job names it now.
        let is_wanted = found.again
            || self.phase == Phase::Queued
            || !new.path.is_requisite()
            || (self.phase == Phase::Retired && entry.visits == 0);
        let was_retired = self.phase == Phase::Retired;
        let mut url = self.clone();
        if is_wanted {
            url.priority = url.priority.min(found.url.priority);
            if was_retired || found.url.due < url.due {
                url.due = found.url.due;
                entry.signalled = new.signalled;
                entry.because = cut(&new.because, Entry::BECAUSE_MAX);
            }
            if was_retired {
                url.phase = if entry.visits > 0 { Phase::Waiting } else { Phase::Queued };
            }
        }
        let mut names = named_by(&entry, &self.jobs);
        names.push(NamedBy {
            job: job.as_str().into(),
            path: new.path,
            via: new.via,
            settings: new.settings,
            looked: false,
            id: 0,
        });
        url.jobs = write_names(names, &mut entry);
        url.entry = entry.to_bytes();
        Some((url, is_wanted))
    }

    /// The result of a visit, with the jobs that came since the URL was read. For the keeper of the queue.
    #[must_use]
    pub fn with_jobs_of(mut self, stored: &Self) -> Self {
        let came = stored.jobs.get(self.jobs_read..).unwrap_or_default();
        let parts = (Entry::of_bytes(&self.entry), Entry::of_bytes(&stored.entry));
        if let (false, (Some(mut own), Some(other))) = (came.is_empty(), parts) {
            let mut names = named_by(&own, &self.jobs);
            let others = named_by(&other, &stored.jobs).into_iter();
            let new = others.filter(|one| came.iter().any(|job| *one.job == **job));
            let new: Vec<NamedBy> =
                new.filter(|one| names.iter().all(|known| known.job != one.job)).collect();
            names.extend(new);
            self.jobs = write_names(names, &mut own);
            self.entry = own.to_bytes();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TargetUri;
    use crate::schedule::DiscoveryPath;
    use crate::schedule::entry::{Priority, url_digest};

    fn url(jobs: &[&str], phase: Phase, due: i64, visits: u32) -> LeasedUrl {
        let uri = TargetUri::parse("http://a.example/1").unwrap();
        let digest = url_digest(&uri);
        let entry = Entry { visits, ..Entry::of_seed(uri) };
        let jobs: Vec<String> = jobs.iter().map(|job| (*job).to_owned()).collect();
        LeasedUrl {
            digest,
            asked: 0,
            priority: Priority::Normal,
            phase,
            due,
            jobs_read: jobs.len(),
            jobs,
            entry: entry.to_bytes(),
        }
    }

    fn found(job: &str, due: i64, path: &str, again: bool) -> FoundUrl {
        let mut url = url(&[job], Phase::Queued, due, 0);
        let mut entry = Entry::of_bytes(&url.entry).unwrap();
        entry.path = DiscoveryPath::parse(path).unwrap();
        entry.settings = format!("by={job}");
        url.entry = entry.to_bytes();
        FoundUrl { host: "a.example".to_owned(), url, again }
    }

    fn names(url: &LeasedUrl) -> Vec<(String, String, bool)> {
        let entry = Entry::of_bytes(&url.entry).unwrap();
        let one = |one: NamedBy| (one.job.to_string(), one.settings, one.looked);
        named_by(&entry, &url.jobs).into_iter().map(one).collect()
    }

    #[test]
    fn a_job_that_comes_to_a_url_owns_it_too_and_has_it_visited() {
        // Of a page that was captured for another job: (phase, how it is found, phase and due after, wanted).
        let cases = [
            (Phase::Waiting, "L", (Phase::Waiting, 5), true),
            (Phase::Waiting, "E", (Phase::Waiting, 90), false),
            (Phase::Retired, "L", (Phase::Waiting, 5), true),
            (Phase::Retired, "E", (Phase::Retired, 90), false),
            (Phase::Queued, "E", (Phase::Queued, 5), true),
        ];
        for (phase, path, after, wanted) in cases {
            let visits = u32::from(phase != Phase::Queued);
            let stored = url(&["a"], phase, 90, visits);
            let (joined, asks) = stored.joined_by(&found("b", 5, path, false)).unwrap();
            assert_eq!(((joined.phase, joined.due), asks), (after, wanted), "{phase:?} {path}");
            assert_eq!(joined.jobs, ["a", "b"]);
            let first = ("a".to_owned(), String::new(), visits > 0);
            assert_eq!(names(&joined), [first, ("b".to_owned(), "by=b".to_owned(), false)]);
            assert!(
                joined.joined_by(&found("b", 0, path, true)).is_none(),
                "it is its own already"
            );
        }
    }

    #[test]
    fn who_came_while_a_page_was_visited_stays_with_what_came_of_the_visit() {
        let taken = url(&["a", "b"], Phase::Queued, 0, 0);
        let (stored, _) = taken.joined_by(&found("c", 5, "L", false)).unwrap();
        // The visit, in which b gave the page up.
        let mut entry = Entry::of_bytes(&taken.entry).unwrap();
        let mut stays = named_by(&entry, &taken.jobs);
        stays.retain(|one| *one.job == *"a");
        entry.visits = 1;
        stays.iter_mut().for_each(|one| one.looked = true);
        let jobs = write_names(stays, &mut entry);
        let visited = LeasedUrl { jobs, entry: entry.to_bytes(), ..taken.clone() };
        let kept = visited.with_jobs_of(&stored);
        assert_eq!(kept.jobs, ["a", "c"]);
        assert_eq!(names(&kept)[1], ("c".to_owned(), "by=c".to_owned(), false));
        // No job came: nothing is changed, whatever the order of operations.
        assert_eq!(kept.clone().with_jobs_of(&taken), kept);
    }
}
