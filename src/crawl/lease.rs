//! What goes with a host from one worker to the next, where the queue is shared: its pace and back-off, how
//! often its pages are edited, its robots.txt, and what its feeds and sitemaps said last.
//!
//! This process works with its own records beside the queue, as always; they are replaced with what the
//! last worker left when a host is leased, and their new state is left for the next one. In transit, times
//! in the facts of a host are the keeper's.
//!
//! ```text
//! facts of a host: length 4 (little-endian) | HostFacts | HostHistory
//! memory of a host: 'r' authority → CachedRobots, 's' URL → length 4 | head | entries
//! ```

use crate::base::{HostKey, TargetUri, Timestamp};
use crate::politeness::{CachedRobots, HostFacts};
use crate::schedule::ALONG;
use crate::schedule::revisit::HostHistory;

use super::engine::Crawl;
use super::options::CrawlError;

fn key(kind: u8, name: &str) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend_from_slice(name.as_bytes());
    key
}

fn robots_key(authority: &str) -> Vec<u8> {
    key(ALONG, authority)
}

fn said_key(source: &TargetUri) -> Vec<u8> {
    key(b's', source.url().as_str())
}

/// Two byte strings in one.
fn pair(first: &[u8], second: &[u8]) -> Vec<u8> {
    let length = u32::try_from(first.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes(), first, second].concat()
}

/// Both of them; empty where the bytes were not made by [`pair`].
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let parts = bytes.split_first_chunk::<4>().and_then(|(length, rest)| {
        rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
    });
    parts.unwrap_or_default()
}

impl Crawl {
    /// Takes over what the last worker left of the host of a URL, once for each lease.
    pub(super) fn take_over_host(
        &mut self,
        uri: &TargetUri,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let host = uri.host_key();
        if let Some((left, ahead)) = self.frontier.left_facts(&host, now) {
            let (facts, history) = split(&left);
            let facts = HostFacts::from_bytes(facts).ok().map(|facts| facts.shifted(ahead));
            self.book.replace_host(&host, facts, HostHistory::of_bytes(history))?;
        }
        let authority = uri.authority();
        if let Some(left) = self.frontier.left_memory(&host, &robots_key(&authority))? {
            let robots = left.and_then(|bytes| CachedRobots::from_bytes(&bytes).ok());
            self.book.replace_robots(&authority, robots)?;
        }
        Ok(())
    }

    /// Leaves what is known of a host.
    pub(super) fn leave_host(&mut self, host: &HostKey, now: Timestamp) -> Result<(), CrawlError> {
        if self.frontier.shared().is_none() {
            return Ok(());
        }
        let behind = self.frontier.clock_ahead(now).saturating_neg();
        let (facts, history) = self.book.known_of(host)?;
        let facts = facts.map(|facts| facts.shifted(behind).to_bytes()).unwrap_or_default();
        self.frontier.leave_facts(host, pair(&facts, &history));
        Ok(())
    }

    /// Leaves what is known of the robots.txt that governs a URL.
    pub(super) fn leave_robots(&mut self, uri: &TargetUri) -> Result<(), CrawlError> {
        if self.frontier.shared().is_some()
            && let Some(robots) = self.book.robots(uri)?
        {
            let key = robots_key(&uri.authority());
            self.frontier.leave_memory(&uri.host_key(), &key, robots.to_bytes());
        }
        Ok(())
    }

    /// Takes over what a source said to the last worker, once for each lease.
    pub(super) fn take_over_said(&mut self, source: &TargetUri) -> Result<(), CrawlError> {
        let left = self.frontier.left_memory(&source.host_key(), &said_key(source))?;
        if let Some(left) = left {
            let left = left.unwrap_or_default();
            let (head, entries) = split(&left);
            self.book.replace_said(source, head, entries)?;
        }
        Ok(())
    }

    /// Leaves what a source said.
    pub(super) fn leave_said(&mut self, source: &TargetUri) -> Result<(), CrawlError> {
        if self.frontier.shared().is_some() {
            let said = self.book.said(source)?;
            let (head, entries) = said.bytes();
            let value = pair(head, entries);
            self.frontier.leave_memory(&source.host_key(), &said_key(source), value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_byte_strings_come_back_from_one_and_any_bytes_are_read() {
        for (first, second) in [(&b"ab"[..], &b"cde"[..]), (b"", b"x"), (b"", b"")] {
            assert_eq!(split(&pair(first, second)), (first, second));
        }
        for bytes in [&b""[..], b"\x01", b"\x09\0\0\0abc", b"\xff\xff\xff\xffabc"] {
            assert_eq!(split(bytes), (&b""[..], &b""[..]));
        }
    }
}
