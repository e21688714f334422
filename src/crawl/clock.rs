//! Corrects times that were set while the clock was ahead.
//!
//! Owns the newest time that this archive's crawls have seen, over restarts, and what follows when the
//! clock is far behind it: hosts and URLs that wait for a time which is years away wait for as long as
//! was meant. Host facts are corrected where they are kept (`politeness::pace`). Small steps of a
//! clock need no correction, and a clock that never was right (before this program was made) is not
//! believed.

use std::time::Duration;

use crate::base::Timestamp;
use crate::schedule::{Ask, Found};

use super::engine::Crawl;
use super::observer::Observer;
use super::options::CrawlError;

/// A clock this far behind the newest time seen was set back: no host waits longer than this.
const SET_BACK: Duration = Duration::from_hours(24);
/// How often the newest time is written down.
const KEPT_EVERY: Duration = Duration::from_mins(1);
/// 1 January 2024: machines without a clock of their own begin at 1970, or when they were made.
const BELIEVED_FROM: Timestamp = Timestamp::from_unix_seconds(1_704_067_200);

impl Crawl {
    /// Checks whether the clock was set back since the last check; true where it was, and the queue
    /// has been corrected.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub(super) fn mind_clock(&mut self, observer: &mut dyn Observer) -> Result<bool, CrawlError> {
        let now = self.now();
        let newest = self.book.newest_time()?;
        let ahead = newest.since(now);
        if ahead >= SET_BACK && now >= BELIEVED_FROM {
            let days = ahead.as_secs() / 86_400;
            observer.note(&format!(
                "the clock was {days} days ahead when this archive was last crawled; visits that were postponed because of it are rescheduled"
            ));
            self.take_back(ahead, now)?;
            self.book.keep_newest_time(now)?;
            return Ok(true);
        }
        if now.since(newest) >= KEPT_EVERY {
            self.book.keep_newest_time(now)?;
        }
        Ok(false)
    }

    /// Brings forward each entry whose time is nearer to the wrong clock than to the right one.
    fn take_back(&mut self, ahead: Duration, now: Timestamp) -> Result<(), CrawlError> {
        let half = now.plus(ahead / 2);
        let meant = |at: Timestamp| {
            let ahead = i64::try_from(ahead.as_micros()).unwrap_or(i64::MAX);
            Timestamp::from_unix_micros(at.unix_micros().saturating_sub(ahead)).max(now)
        };
        // For every job, whether this run serves it or not.
        self.frontier.serve_jobs(None);
        let hosts = self.frontier.host_counts().into_iter().filter(|host| host.ready_at > half);
        let hosts: Vec<_> = hosts.map(|host| (host.host, host.ready_at)).collect();
        for (host, ready_at) in hosts {
            self.frontier.host_wait(&host, meant(ready_at), now)?;
        }
        let mut late = Vec::new();
        for item in self.frontier.due() {
            let item = item?;
            if item.due > half {
                late.push(Found {
                    uri: item.entry.uri,
                    path: item.entry.path,
                    via: item.entry.via,
                    due: meant(item.due),
                    because: format!("{}; the clock was ahead", item.entry.because),
                    priority: item.priority,
                    job: item.job.to_string(),
                    settings: item.entry.settings,
                    ask: Ask::Again,
                });
            }
        }
        self.frontier.add_all(late, now)?;
        Ok(())
    }
}
