//! From the fetch of a robots.txt to what holds for its authority, and for how long.
//!
//! RFC 9309 sections 2.3.1 and 2.4. Does not fetch, does not follow redirects and keeps no map: the
//! caller fetches, passes in what came ([`RobotsFetch`]), and keeps the [`CachedRobots`] that comes
//! back, on disk too if it likes ([`CachedRobots::to_bytes`]).
//!
//! | what came | what holds |
//! |---|---|
//! | 2xx, whole | its rules, for a day |
//! | 2xx, cut short before 500 KiB | unreachable: the missing lines may be the ones that forbid |
//! | more than five redirects, or a 3xx that leads nowhere | unavailable: free, for a day |
//! | 304 to a conditional request | the rules we had, for another day |
//! | 4xx, 401 and 403 too | unavailable: free, for a day |
//! | 429 | unreachable: it says "not now", not "there is none" |
//! | 5xx, any other status, network failure, timeout | unreachable: stay out, and ask again |
//!
//! While it is unreachable, rules fetched before replace it, for at most thirty days.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::codec::{DecodeError, Decoder, Encoder};
use super::options::{AfterUnreachable, RobotsOptions};
use super::robots::{ROBOTS_BYTES_MAX, RobotsTxt};
use crate::base::{TargetUri, Timestamp};

/// The result of fetching a robots.txt, redirects followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RobotsFetch<'a> {
    /// A whole response. The body is the payload with its content coding removed.
    Answered {
        /// The status of the last hop.
        status: u16,
        /// What came; read only where the status is 2xx.
        body: &'a [u8],
    },
    /// A response whose body ended before its length said, or that took too long.
    Cut {
        /// The status of the last hop.
        status: u16,
        /// What came until then.
        body: &'a [u8],
    },
    /// A sixth redirect, a loop, or a redirect to nowhere.
    RedirectedTooOften,
    /// No response: the word for it (`dns`, `connect`, `timeout`).
    Failed {
        /// Why, in a word or a few.
        why: &'a str,
    },
}

/// What is known of one authority's robots.txt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedRobots {
    authority: String,
    /// When the newest fetch ended.
    fetched_at: Timestamp,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Rules(Copy),
    /// There is none. The reason as text.
    Unavailable(String),
    Unreachable(Unreachable),
}

/// A file that was read, with the bytes it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Copy {
    robots: Arc<RobotsTxt>,
    body: Arc<[u8]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Unreachable {
    why: String,
    /// The first failure of this row.
    since: Timestamp,
    /// How many in a row.
    attempts: u32,
    retry_at: Timestamp,
    /// The rules from before, and when they were fetched.
    kept: Option<(Timestamp, Copy)>,
}

/// What holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Ask the rules.
    Rules(&'a RobotsTxt),
    /// Everything may be fetched; why, as text.
    Free(String),
    /// Nothing may be fetched until it is reachable.
    StayOut(StayOut),
    /// Too old to say anything: fetch it again.
    Expired,
}

/// Why nothing may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayOut {
    /// The result of the newest attempt: `503`, `timeout`.
    pub why: String,
    /// Since when it has been so.
    pub since: Timestamp,
    /// How many attempts in a row.
    pub attempts: u32,
    /// When it is asked for again.
    pub retry_at: Timestamp,
}

impl CachedRobots {
    /// What holds after a fetch for the authority of `uri` (any URI of it) that ended at `now`.
    /// `previous` is what was known before, and may be of any age.
    #[must_use]
    pub fn learn(
        uri: &TargetUri,
        previous: Option<&Self>,
        fetch: RobotsFetch<'_>,
        now: Timestamp,
        options: &RobotsOptions,
    ) -> Self {
        let authority = uri.authority();
        let previous = previous.filter(|previous| previous.authority == authority);
        let unavailable = |why: &str| State::Unavailable(why.to_owned());
        let unreachable =
            |why: String| State::Unreachable(Unreachable::after(previous, why, now, options));
        let state =
            match fetch {
                RobotsFetch::Answered { status: 200..=299, body } => State::Rules(Copy::read(body)),
                RobotsFetch::Cut { status: 200..=299, body } if body.len() >= ROBOTS_BYTES_MAX => {
                    State::Rules(Copy::read(body))
                }
                RobotsFetch::Cut { status, .. } if (200..=299).contains(&status) => {
                    unreachable(format!("{status}, cut short"))
                }
                RobotsFetch::Answered { status: 304, .. }
                | RobotsFetch::Cut { status: 304, .. } => match previous.and_then(Self::copy) {
                    Some(copy) => State::Rules(copy.clone()),
                    None => unreachable("304 without a copy".to_owned()),
                },
                RobotsFetch::Answered { status: 429, .. }
                | RobotsFetch::Cut { status: 429, .. } => unreachable("429".to_owned()),
                RobotsFetch::Answered { status, .. } | RobotsFetch::Cut { status, .. } => {
                    match status {
                        300..=399 => unavailable(&format!("{status} that leads nowhere")),
                        400..=499 => unavailable(&status.to_string()),
                        _ => unreachable(status.to_string()),
                    }
                }
                RobotsFetch::RedirectedTooOften => unavailable("redirected too often"),
                RobotsFetch::Failed { why } => unreachable(why.to_owned()),
            };
        Self { authority, fetched_at: now, state }
    }

    /// `scheme://host[:port]`, whom this holds for.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// When it was last asked for.
    #[must_use]
    pub fn fetched_at(&self) -> Timestamp {
        self.fetched_at
    }

    /// What holds at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp, options: &RobotsOptions) -> Standing<'_> {
        // A fetch in the future is a clock that was set back: nothing can be said of its age.
        let fresh = self.fetched_at <= now && now.since(self.fetched_at) < options.age();
        match &self.state {
            State::Rules(copy) if fresh => Standing::Rules(&copy.robots),
            State::Unavailable(why) if fresh => Standing::Free(format!("no robots.txt: {why}")),
            State::Rules(_) | State::Unavailable(_) => Standing::Expired,
            // An attempt is never put off by more than the longest pause, whatever the clock did.
            State::Unreachable(state)
                if now >= state.retry_at
                    || state.retry_at.since(now) > options.retry_max.max(options.retry_min) =>
            {
                Standing::Expired
            }
            State::Unreachable(state) => state.standing(now, options),
        }
    }

    /// Until when what holds at `now` holds without another fetch.
    #[must_use]
    pub fn holds_until(&self, options: &RobotsOptions) -> Timestamp {
        match &self.state {
            State::Rules(_) | State::Unavailable(_) => self.fetched_at.plus(options.age()),
            State::Unreachable(state) => state.retry_at,
        }
    }

    /// The rules at hand, be they fresh or standing in: for their sitemaps and `Crawl-delay`.
    #[must_use]
    pub fn rules(&self) -> Option<&RobotsTxt> {
        self.copy().map(|copy| &*copy.robots)
    }

    fn copy(&self) -> Option<&Copy> {
        match &self.state {
            State::Rules(copy) => Some(copy),
            State::Unavailable(_) => None,
            State::Unreachable(state) => state.kept.as_ref().map(|(_, copy)| copy),
        }
    }
}

impl Unreachable {
    fn after(
        previous: Option<&CachedRobots>,
        why: String,
        now: Timestamp,
        options: &RobotsOptions,
    ) -> Self {
        let (since, before, kept) = match previous.map(|p| (p.fetched_at, &p.state)) {
            Some((_, State::Unreachable(old))) => (old.since, old.attempts, old.kept.clone()),
            Some((at, State::Rules(copy))) => (now, 0, Some((at, copy.clone()))),
            // That there was none yesterday says nothing of what forbids today.
            Some((_, State::Unavailable(_))) | None => (now, 0, None),
        };
        let retry_at = now.plus(retry_pause(before, options));
        Self { why, since: since.min(now), attempts: before.saturating_add(1), retry_at, kept }
    }

    fn standing(&self, now: Timestamp, options: &RobotsOptions) -> Standing<'_> {
        if let Some((fetched_at, copy)) = &self.kept
            && now.since(*fetched_at) < options.unreachable_max
        {
            return Standing::Rules(&copy.robots);
        }
        let long = now.since(self.since) >= options.unreachable_max;
        if long && options.after_unreachable == AfterUnreachable::Free {
            return Standing::Free(format!("robots.txt unreachable since {}", self.since));
        }
        Standing::StayOut(StayOut {
            why: self.why.clone(),
            since: self.since,
            attempts: self.attempts,
            retry_at: self.retry_at,
        })
    }
}

/// The pause after a failure that had this many before it in a row.
fn retry_pause(before: u32, options: &RobotsOptions) -> Duration {
    options.retry_min.saturating_mul(1 << before.min(20)).min(options.retry_max)
}

impl Copy {
    fn read(body: &[u8]) -> Self {
        // One byte past the limit is kept, so that reading it again knows that it was longer.
        let kept = body.get(..=ROBOTS_BYTES_MAX).unwrap_or(body);
        Self { robots: Arc::new(RobotsTxt::parse(body)), body: kept.into() }
    }
}

impl fmt::Display for StayOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "robots.txt unreachable ({}, {} × since {}); asked again at {}",
            self.why,
            self.attempts,
            self.since.to_rfc3339(),
            self.retry_at.to_rfc3339()
        )
    }
}

const WHAT: &str = "the record of a robots.txt";
const VERSION: u8 = 1;

/// The bytes on disk.
///
/// ```text
/// version 1 │ authority: text │ fetched_at: time │ kind: byte
///   kind 0 rules        body: bytes
///   kind 1 unavailable  why: text
///   kind 2 unreachable  why: text │ since: time │ attempts: u32 │ retry_at: time
///                       │ 0, or 1 and fetched_at: time │ body: bytes
/// text, bytes: length as u32, then that many bytes; time: i64, microseconds since 1970; all
/// little-endian. The body is as fetched, so that a later parser reads it again.
/// ```
impl CachedRobots {
    /// The bytes that [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Encoder::new(VERSION);
        out.bytes(self.authority.as_bytes()).time(self.fetched_at);
        match &self.state {
            State::Rules(copy) => out.byte(0).bytes(&copy.body),
            State::Unavailable(why) => out.byte(1).bytes(why.as_bytes()),
            State::Unreachable(state) => out
                .byte(2)
                .bytes(state.why.as_bytes())
                .time(state.since)
                .number(state.attempts)
                .time(state.retry_at)
                .option(state.kept.as_ref(), |out, (at, copy)| {
                    out.time(*at).bytes(&copy.body);
                }),
        };
        out.finish()
    }

    /// Reads what [`Self::to_bytes`] wrote, in this version or any before it.
    ///
    /// # Errors
    /// When the bytes are damaged, or of a later format. Either is answered by fetching again.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Decoder::new(WHAT, bytes, VERSION)?;
        let authority = input.text()?;
        let fetched_at = input.time()?;
        let state = match input.byte()? {
            0 => State::Rules(Copy::read(input.bytes()?)),
            1 => State::Unavailable(input.text()?),
            2 => State::Unreachable(Unreachable {
                why: input.text()?,
                since: input.time()?,
                attempts: input.number()?,
                retry_at: input.time()?,
                kept: input.option(|input| Ok((input.time()?, Copy::read(input.bytes()?))))?,
            }),
            _ => return Err(input.damaged("a kind from 0 to 2 before this")),
        };
        input.finish(Self { authority, fetched_at, state })
    }
}

#[cfg(test)]
mod tests;
