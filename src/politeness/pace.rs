//! When a host may be asked next, and which fact says so.
//!
//! Owns the memory of one host ([`HostFacts`]) and the rule that turns it into a time
//! ([`next_at`]). Never sleeps and reads no clock: every event comes with its time. Holds no queue
//! and no map of hosts.
//!
//! The pause is counted from the end of the last reply, so that a slow server gets its rest after
//! the work and not during it. Of all facts the latest time wins: the floor, a multiple of the last
//! response time (Heritrix's `delayFactor`), `Crawl-delay`, `Retry-After` (RFC 9110 section
//! 10.2.3), and a doubling back-off after 429, 503 and failed connections (truncated binary
//! exponential back-off, with jitter). governor's limiters are in [`limiter`]: the last check
//! before a socket opens, and the cap of the whole program
//! (`docs/decisions/0007-governor-and-our-own-queue.md`).

pub mod address;
pub mod limiter;
mod reason;
mod record;

use std::time::Duration;

pub use reason::Reason;

use super::options::PaceOptions;
use crate::base::{HostKey, Timestamp};

/// What is remembered of one host: everything that its next time depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostFacts {
    /// Exchanges that have begun and not ended. Not kept over a restart: sockets are not either.
    open: u32,
    /// When the newest exchange began.
    began: Option<Timestamp>,
    /// When the newest exchange ended.
    ended: Option<Timestamp>,
    /// How long the newest response took.
    response: Option<Duration>,
    /// As robots.txt has it, uncapped.
    crawl_delay: Option<Duration>,
    retry_after: Option<RetryAfter>,
    backoff: Option<Backoff>,
    /// How often the back-off has doubled, less one for each success since.
    level: u32,
}

/// A `Retry-After` that was obeyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RetryAfter {
    until: Timestamp,
    /// The field's value as sent, cut where it is long.
    given: String,
    status: u16,
    at: Timestamp,
    /// Whether it asked for more than is obeyed.
    capped: bool,
}

/// A pause after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backoff {
    until: Timestamp,
    /// How long it is, from its beginning.
    pause: Duration,
    /// `503`, `timeout`.
    cause: String,
    /// How many of this cause in a row.
    in_row: u32,
}

/// How a response ended, as far as pace is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The status.
    pub status: u16,
    /// The value of `Retry-After`, if there is one.
    pub retry_after: Option<&'a str>,
    /// From the request's first byte to the response's last, without the making of a connection.
    pub took: Duration,
}

/// When a host may be asked next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextAt {
    /// The earliest time; not after now where it may be asked now.
    pub at: Timestamp,
    /// The fact that set it.
    pub because: Reason,
}

/// The longest label that is remembered, in bytes: a header is the server's to fill.
const LABEL_BYTES_MAX: usize = 64;

/// Doubling stops here, far past any cap: 60 s doubled this often is more than a century.
const LEVEL_MAX: u32 = 30;

impl HostFacts {
    /// An exchange begins.
    pub fn began(&mut self, now: Timestamp) {
        self.open = self.open.saturating_add(1);
        self.began = self.began.max(Some(now));
    }

    /// An exchange ended with a response. `seed` and `host` make the jitter, always the same for
    /// the same.
    pub fn ended(
        &mut self,
        host: &HostKey,
        reply: Reply<'_>,
        now: Timestamp,
        pace: &PaceOptions,
        seed: u64,
    ) {
        self.close(now);
        self.response = Some(reply.took);
        let asked = (reply.status >= 300)
            .then(|| RetryAfter::read(reply, now, pace.retry_after_max))
            .flatten();
        if matches!(reply.status, 429 | 503) {
            // A server's own number is trusted the first time; after the second refusal in a row
            // the doubling holds too, so that `Retry-After: 1` is no permission to ask without end.
            let repeated = self.level > 0;
            self.level = (self.level + 1).min(LEVEL_MAX);
            self.back_off(host, &reply.status.to_string(), now, pace, seed);
            if let Some(backoff) = &mut self.backoff
                && asked.is_some()
                && !repeated
            {
                backoff.until = now;
                backoff.pause = Duration::ZERO;
            }
        } else if reply.status < 500 {
            // Gradually: one page served does not prove that the host works again. Other errors of
            // the server prove neither.
            self.level = self.level.saturating_sub(1);
            self.backoff = None;
        }
        self.retry_after = asked;
    }

    /// An exchange failed: `why` is the word for it (`dns`, `connect`, `tls`, `timeout`, `reset`).
    /// Not for what we refused ourselves: see [`Self::abandoned`].
    pub fn failed(
        &mut self,
        host: &HostKey,
        why: &str,
        now: Timestamp,
        pace: &PaceOptions,
        seed: u64,
    ) {
        self.close(now);
        self.level = (self.level + 1).min(LEVEL_MAX);
        self.back_off(host, why, now, pace, seed);
    }

    /// An exchange was given up for a reason on this side (an address that is not to be asked, a stop),
    /// which says nothing of the host.
    pub fn abandoned(&mut self, now: Timestamp) {
        self.close(now);
    }

    /// An exchange that was about to begin did not: nothing was sent.
    pub fn withdrawn(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// Whether an exchange is under way.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.open > 0
    }

    /// What robots.txt says now; `None` where it says nothing.
    pub fn set_crawl_delay(&mut self, delay: Option<Duration>) {
        self.crawl_delay = delay;
    }

    /// How long the newest response took.
    #[must_use]
    pub fn response(&self) -> Option<Duration> {
        self.response
    }

    /// When the newest exchange ended.
    #[must_use]
    pub fn last_end(&self) -> Option<Timestamp> {
        self.ended
    }

    /// How often the back-off has doubled, less one for each success since; zero in good times.
    #[must_use]
    pub fn level(&self) -> u32 {
        self.level
    }

    /// The same facts with no time in the future but what the options allow, and no exchange under
    /// way: for facts read from disk.
    #[must_use]
    pub fn settled(mut self, now: Timestamp, pace: &PaceOptions) -> Self {
        self.open = 0;
        self.mind_clock(now);
        if let Some(asked) = &mut self.retry_after {
            asked.until = asked.until.min(now.plus(pace.retry_after_max));
        }
        if let Some(backoff) = &mut self.backoff {
            backoff.until = backoff.until.min(now.plus(pace.backoff_max));
        }
        self
    }

    /// The same facts as seen by a clock that is ahead by this many microseconds.
    #[must_use]
    pub fn shifted(mut self, by: i64) -> Self {
        let shifted =
            |at: Timestamp| Timestamp::from_unix_micros(at.unix_micros().saturating_add(by));
        self.began = self.began.map(shifted);
        self.ended = self.ended.map(shifted);
        if let Some(asked) = &mut self.retry_after {
            asked.until = shifted(asked.until);
            asked.at = shifted(asked.at);
        }
        if let Some(backoff) = &mut self.backoff {
            backoff.until = shifted(backoff.until);
        }
        self
    }

    /// Takes back what was noted under a clock that was ahead: a pause is as long as it was meant to
    /// be, counted from now. To be called before the facts are asked.
    pub fn mind_clock(&mut self, now: Timestamp) {
        self.began = self.began.map(|at| at.min(now));
        self.ended = self.ended.map(|at| at.min(now));
        if let Some(asked) = self.retry_after.as_mut().filter(|asked| asked.at > now) {
            asked.until = now.plus(asked.until.since(asked.at));
            asked.at = now;
        }
        if let Some(backoff) = &mut self.backoff {
            backoff.until = backoff.until.min(now.plus(backoff.pause));
        }
    }

    fn close(&mut self, now: Timestamp) {
        self.open = self.open.saturating_sub(1);
        self.ended = self.ended.max(Some(now));
    }

    fn back_off(
        &mut self,
        host: &HostKey,
        cause: &str,
        now: Timestamp,
        pace: &PaceOptions,
        seed: u64,
    ) {
        let cause = label(cause);
        let in_row = match &self.backoff {
            Some(before) if before.cause == cause => before.in_row.saturating_add(1),
            _ => 1,
        };
        let doubled = pace.backoff_min.saturating_mul(1 << self.level.saturating_sub(1).min(20));
        let share = pace.backoff_jitter.clamp(0.0, 1.0) * chance(seed, host, self.level, now);
        let pause = doubled.min(pace.backoff_max);
        let pause = pause.saturating_add(pause.mul_f64(share)).min(pace.backoff_max);
        let until = now.plus(pause);
        self.backoff = Some(Backoff { until, pause, cause, in_row });
    }
}

impl RetryAfter {
    /// Of a reply: seconds, or an HTTP date. `None` where there is none, where it cannot be read,
    /// and where it asks for nothing.
    fn read(reply: Reply<'_>, now: Timestamp, max: Duration) -> Option<Self> {
        let given = reply.retry_after?.trim();
        let digits = !given.is_empty() && given.bytes().all(|b| b.is_ascii_digit());
        let wait = if digits {
            // More digits than a number holds is more than the cap too.
            Duration::from_secs(given.parse().unwrap_or(u64::MAX))
        } else {
            Timestamp::parse_http_date(given)?.since(now)
        };
        if wait.is_zero() {
            return None;
        }
        let until = now.plus(wait.min(max));
        Some(Self { until, given: label(given), status: reply.status, at: now, capped: wait > max })
    }
}

/// When the host of `facts` may be asked, at the earliest, and why not sooner. Where nothing holds
/// it, the time is `now`.
///
/// `crawl_delay` is what the robots.txt at hand says, where it is newer than what the facts hold;
/// the longer of the two counts.
#[must_use]
pub fn next_at(
    facts: &HostFacts,
    crawl_delay: Option<Duration>,
    pace: &PaceOptions,
    now: Timestamp,
) -> NextAt {
    if facts.open >= pace.connections_max.get() {
        // No one knows when it ends. The floor is the time after which asking again costs nothing.
        let at = now.plus(pace.delay_min.max(Duration::from_millis(10)));
        return NextAt { at, because: Reason::Connections(pace.connections_max.get()) };
    }
    let mut next = NextAt { at: now, because: Reason::Nothing };
    let mut offer = |at: Timestamp, because: Reason| {
        let is_later = next.because == Reason::Nothing || at > next.at;
        if is_later {
            next = NextAt { at, because };
        }
    };
    // An exchange that never ended (the program did) counts from its beginning.
    if let Some(end) = facts.ended.max(facts.began) {
        let (pause, because) = pause_after_reply(facts, crawl_delay, pace);
        offer(end.plus(pause), because);
    }
    if let Some(asked) = &facts.retry_after {
        offer(asked.until, Reason::of_retry_after(asked, pace));
    }
    if let Some(backoff) = &facts.backoff {
        offer(backoff.until, Reason::of_backoff(backoff));
    }
    next
}

/// The pause from the end of a reply to the next request where there is no failure, and the fact
/// that makes it so long.
#[must_use]
pub fn pause_after_reply(
    facts: &HostFacts,
    crawl_delay: Option<Duration>,
    pace: &PaceOptions,
) -> (Duration, Reason) {
    let mut longest = (pace.delay_min, Reason::DelayMin(pace.delay_min));
    if let Some(took) = facts.response {
        let factor = if pace.delay_factor.is_finite() { pace.delay_factor.max(0.0) } else { 0.0 };
        let asked =
            Duration::try_from_secs_f64(took.as_secs_f64() * factor).unwrap_or(Duration::MAX);
        let pause = asked.min(pace.delay_max);
        if pause > longest.0 {
            let capped = (asked > pause).then_some(pause);
            longest = (pause, Reason::Factor { factor_tenths: tenths(factor), took, capped });
        }
    }
    if let Some(asked) = facts.crawl_delay.max(crawl_delay) {
        let pause = asked.min(pace.crawl_delay_max);
        if pause > longest.0 {
            let capped = (asked > pause).then_some(pause);
            longest = (pause, Reason::CrawlDelay { asked, capped });
        }
    }
    longest
}

fn tenths(factor: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a u32 holds, and only shown"
    )]
    let tenths = (factor * 10.0).round().clamp(0.0, f64::from(u32::MAX)) as u32;
    tenths
}

/// At most [`LABEL_BYTES_MAX`] bytes of `text`, without control characters.
fn label(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if out.len() + c.len_utf8() > LABEL_BYTES_MAX {
            break;
        }
        out.push(c);
    }
    out
}

/// A number from 0 to 1 that depends on nothing but what is given: FNV-1a over the host, mixed by
/// the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn chance(seed: u64, host: &HostKey, level: u32, now: Timestamp) -> f64 {
    let mut mix = seed ^ u64::from(level) ^ now.unix_micros().cast_unsigned().rotate_left(32);
    for byte in host.as_str().bytes() {
        mix = (mix ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix = (mix ^ (mix >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mix = (mix ^ (mix >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mix ^= mix >> 31;
    // 32 bits are exact in an f64, and more chance than a pause of a day can show.
    f64::from(u32::try_from(mix >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
