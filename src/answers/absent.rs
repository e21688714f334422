//! Why a page is not held, as far as the archive can tell, and which addresses near it are.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use serde::Serialize;

use super::captures::failure;
use super::front::HostLine;
use super::removed::Removals;
use super::site::{PageLine, pages};
use super::{AnswerError, Archive, serial};
use crate::archive::{Capture, KeyRange, MatchType, Query, RecordKind};
use crate::base::percent::percent_decoded;
use crate::base::surt::{is_near, near_keys};
use crate::base::{TargetUri, Timestamp};

/// A page that is not held.
#[derive(Debug, Clone, Serialize)]
pub struct Absent {
    /// The page, as it was asked for.
    pub url: String,
    /// Why.
    pub why: Reason,
    /// What is held of its host; none where that is nothing.
    pub host: Option<HostLine>,
    /// Addresses near it that are held, the nearest first.
    pub near: Vec<PageLine>,
}

/// Why a page is not held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Reason {
    /// The exchange failed each time.
    Failed {
        /// How many times.
        times: u64,
        /// When it was tried last.
        #[serde(serialize_with = "serial::date")]
        last: Timestamp,
        /// The step that failed then.
        step: Option<String>,
        /// What went wrong there.
        detail: Option<String>,
    },
    /// All that was held of it was removed by order.
    Removed {
        /// When the last of it was captured.
        #[serde(serialize_with = "serial::date")]
        last: Timestamp,
        /// When it was removed.
        #[serde(serialize_with = "serial::maybe_date")]
        at: Option<Timestamp>,
        /// Why.
        order: Option<String>,
    },
    /// A robots.txt forbids it, or could not be reached.
    Robots {
        /// When that was found.
        #[serde(serialize_with = "serial::date")]
        at: Timestamp,
        /// Whether a rule forbids it; otherwise it is unknown whether one does.
        is_forbidden: bool,
        /// The rule, or the problem that was met.
        rule: String,
    },
    /// The archive holds an address that differs only in parameters that count visits or bypass caches.
    Near {
        /// That address.
        url: String,
    },
    /// No crawl asked for it, but the host is held: it may lie outside of every scope, or no page that was
    /// captured leads to it.
    NotAsked,
    /// Nothing of its host is held.
    HostUnknown,
    /// It is not an address of the web.
    NoAddress {
        /// What is wrong with it.
        why: String,
    },
}

/// At most this many near addresses.
const NEAR_MAX: usize = 8;

/// At most this many addresses are compared with the one that was asked for.
const COMPARED_MAX: usize = 2_000;

/// This much of the end of the crawl log is searched.
const LOG_BYTES_MAX: u64 = 8 << 20;

/// Why a page is not held; none where a capture of it is.
///
/// # Errors
/// When the index cannot answer.
pub fn absent(archive: &Archive, url: &str) -> Result<Option<Absent>, AnswerError> {
    let doing = format!("looking for {url}");
    let uri = match TargetUri::parse(url) {
        Ok(uri) => uri,
        Err(why) => {
            let why = Reason::NoAddress { why: why.to_string() };
            return Ok(Some(Absent { url: url.to_owned(), why, host: None, near: Vec::new() }));
        }
    };
    let removals = Removals::of(archive.reader());
    let mut removed = None;
    let mut failures: Option<(u64, Capture)> = None;
    for capture in archive.reader().query(&Query::exactly(url)) {
        let capture = capture.map_err(|why| AnswerError::index(&doing, &why))?;
        if let Some(found) = removals.of_capture(&capture).map_err(AnswerError::store(&doing))? {
            removed = Some(found);
            continue;
        }
        if capture.kind != RecordKind::Metadata {
            return Ok(None);
        }
        let times = failures.map_or(0, |(times, _)| times);
        failures = Some((times + 1, capture));
    }
    let host = archive.captures().host_of(url);
    let host = host.map_err(|why| AnswerError::index(&doing, &why))?.map(HostLine::from);
    let removed = removed.map(|found| Reason::Removed {
        last: found.captured,
        at: found.removed,
        order: found.reason,
    });
    let why = match (failures, removed.or_else(|| robots(archive, &uri)), &host) {
        (_, Some(removed @ Reason::Removed { .. }), _) => removed,
        (Some((times, last)), _, _) => {
            let report = failure(archive.reader(), &last);
            Reason::Failed {
                times,
                last: last.date,
                step: report.as_ref().and_then(|report| report.reason.clone()),
                detail: report.and_then(|report| report.detail),
            }
        }
        (None, Some(refused), _) => refused,
        (None, None, Some(_)) => match same_but_for_query(archive, url, &doing)? {
            Some(url) => Reason::Near { url },
            None => Reason::NotAsked,
        },
        (None, None, None) => Reason::HostUnknown,
    };
    let near = if host.is_some() { near(archive, &uri, &doing)? } else { Vec::new() };
    Ok(Some(Absent { url: url.to_owned(), why, host, near }))
}

/// A held address that differs from this one only in insignificant parts ([`near_keys`]).
fn same_but_for_query(
    archive: &Archive,
    url: &str,
    doing: &str,
) -> Result<Option<String>, AnswerError> {
    let Some((keys, near)) = near_keys(url) else { return Ok(None) };
    let query = Query { limit: Some(COMPARED_MAX), ..Query::of(keys) };
    for capture in archive.reader().query(&query) {
        let capture = capture.map_err(|why| AnswerError::index(doing, &why))?;
        if capture.kind != RecordKind::Metadata && is_near(&capture.urlkey, &near) {
            return Ok(Some(capture.url));
        }
    }
    Ok(None)
}

/// The last entry of the crawl log about an address that robots.txt excluded.
fn robots(archive: &Archive, uri: &TargetUri) -> Option<Reason> {
    let log = tail(&archive.reader().layout().log_dir().join("crawl.log")).ok()?;
    let log = String::from_utf8_lossy(&log);
    log.lines().rev().find_map(|line| refusal(line, uri.as_str()))
}

/// A line of the crawl log that says that this address was refused; its fields are described in
/// `docs/reference/crawl-log.md`.
fn refusal(line: &str, url: &str) -> Option<Reason> {
    let fields: Vec<&str> = line.split(' ').collect();
    let (at, code, of) = (fields.first()?, fields.get(1)?, fields.get(3)?);
    if *of != url || !code.starts_with("robots") {
        return None;
    }
    Some(Reason::Robots {
        at: Timestamp::parse(at)?,
        is_forbidden: *code == "robots",
        rule: fields.get(13).map(|note| percent_decoded(note)).unwrap_or_default(),
    })
}

fn tail(path: &std::path::Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES_MAX)))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Pages of the same host whose addresses are most like this one.
fn near(archive: &Archive, uri: &TargetUri, doing: &str) -> Result<Vec<PageLine>, AnswerError> {
    let mut found: Vec<PageLine> = Vec::new();
    // From the directory of the page upwards, until there is enough to choose from.
    for prefix in prefixes(uri) {
        let keys = KeyRange::of(&prefix, MatchType::Prefix);
        let list = pages(archive, keys, None, COMPARED_MAX, doing)?;
        found = list.pages.into_iter().filter(|page| page.captures > 0).collect();
        if found.len() >= NEAR_MAX {
            break;
        }
    }
    let asked = uri.as_str().to_lowercase();
    found.sort_by_key(|page| std::cmp::Reverse(likeness(&page.url.to_lowercase(), &asked)));
    found.truncate(NEAR_MAX);
    Ok(found)
}

/// The directory of an address and those above it, up to the whole host.
fn prefixes(uri: &TargetUri) -> Vec<String> {
    let authority = uri.authority();
    let target = uri.request_target();
    let path = target.split('?').next().unwrap_or("/");
    let mut ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at + 1).collect();
    ends.reverse();
    ends.dedup();
    let whole = std::iter::once(path.len()).chain(ends);
    let mut out: Vec<String> =
        whole.take(6).filter_map(|end| Some(format!("{authority}{}", path.get(..end)?))).collect();
    out.push(format!("{authority}/"));
    out.dedup();
    out
}

/// How much of two addresses is the same, from both ends, in thousandths.
fn likeness(a: &str, b: &str) -> usize {
    let same = |x: &mut dyn Iterator<Item = (u8, u8)>| x.take_while(|(a, b)| a == b).count();
    let head = same(&mut a.bytes().zip(b.bytes()));
    let rest = a.len().min(b.len()) - head;
    let tail = same(&mut a.bytes().rev().zip(b.bytes().rev())).min(rest);
    (head + tail) * 1_000 / a.len().max(b.len()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_from_the_line_of_its_address() {
        let url = "http://a.example/private/x";
        let line = |code: &str, note: &str| {
            format!("2031-03-04T08:00:01.123456Z {code} 0 {url} L - - 0 - - - - - {note}")
        };
        let found = refusal(&line("robots", "disallow:%20/private"), url).unwrap();
        let at = Timestamp::parse("2031-03-04T08:00:01.123456Z").unwrap();
        let rule = "disallow: /private".to_owned();
        assert_eq!(found, Reason::Robots { at, is_forbidden: true, rule });
        assert!(refusal(&line("robots", "-"), "http://a.example/private/").is_none());
        assert!(refusal(&line("200", "-"), url).is_none());
        for broken in ["", " ", "robots", &line("robots", "-")[..40]] {
            assert!(refusal(broken, url).is_none(), "{broken}");
        }
    }

    #[test]
    fn directories_are_asked_from_the_nearest_upwards() {
        let uri = TargetUri::parse("http://a.example/news/2031/ferry?page=2").unwrap();
        let expected = [
            "http://a.example/news/2031/ferry",
            "http://a.example/news/2031/",
            "http://a.example/news/",
            "http://a.example/",
        ];
        assert_eq!(prefixes(&uri), expected);
        assert_eq!(prefixes(&TargetUri::parse("http://a.example").unwrap()), ["http://a.example/"]);
    }

    #[test]
    fn near_addresses_come_first() {
        let asked = "http://a.example/news/ferry-contract";
        let mut all = [
            "http://a.example/about",
            "http://a.example/news/ferry-contracts",
            "http://a.example/news/budget",
            "http://a.example/sport/ferry-contract",
        ];
        all.sort_by_key(|url| std::cmp::Reverse(likeness(url, asked)));
        assert_eq!(all[0], "http://a.example/news/ferry-contracts");
        assert_eq!(all[3], "http://a.example/about");
        assert_eq!(likeness(asked, asked), 1_000);
        assert_eq!(likeness("", ""), 0);
    }
}
