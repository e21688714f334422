//! The facts that can set a host's next time, as text.

use std::fmt;
use std::time::Duration;

use super::{Backoff, RetryAfter};
use crate::base::Timestamp;
use crate::politeness::options::PaceOptions;

/// Why a host is asked no sooner. Its `Display` is the sentence that `due` and `crawl --dry-run`
/// print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Nothing holds it.
    Nothing,
    /// This many connections are open, and no more are made.
    Connections(u32),
    /// The floor.
    DelayMin(Duration),
    /// A multiple of the last response time.
    Factor {
        /// The multiple, in tenths.
        factor_tenths: u32,
        /// How long the last response took.
        took: Duration,
        /// What it was cut to, if it was.
        capped: Option<Duration>,
    },
    /// `Crawl-delay`.
    CrawlDelay {
        /// What robots.txt asks for.
        asked: Duration,
        /// What it was cut to, if it was.
        capped: Option<Duration>,
    },
    /// `Retry-After`.
    RetryAfter {
        /// The field's value.
        given: String,
        /// The status it came with.
        status: u16,
        /// When it came.
        at: Timestamp,
        /// What it was cut to, if it was.
        capped: Option<Duration>,
    },
    /// Back-off after a failure.
    Backoff {
        /// How long.
        pause: Duration,
        /// How many failures of this kind in a row.
        in_row: u32,
        /// `503`, `timeout`.
        cause: String,
    },
    /// The cap of the whole program.
    GlobalCap(u32),
}

impl Reason {
    pub(super) fn of_retry_after(asked: &RetryAfter, pace: &PaceOptions) -> Self {
        Self::RetryAfter {
            given: asked.given.clone(),
            status: asked.status,
            at: asked.at,
            capped: asked.capped.then_some(pace.retry_after_max),
        }
    }

    pub(super) fn of_backoff(backoff: &Backoff) -> Self {
        Self::Backoff { pause: backoff.pause, in_row: backoff.in_row, cause: backoff.cause.clone() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cap = |f: &mut fmt::Formatter<'_>, capped: &Option<Duration>| match capped {
            Some(to) => write!(f, " capped at {}", Span(*to)),
            None => Ok(()),
        };
        match self {
            Self::Nothing => f.write_str("nothing holds it"),
            Self::Connections(1) => f.write_str("one connection at a time, and one is open"),
            Self::Connections(max) => write!(f, "{max} connections at a time, and all are open"),
            Self::DelayMin(delay) => write!(f, "delay_min {}", Span(*delay)),
            Self::Factor { factor_tenths, took, capped } => {
                let (whole, tenth) = (factor_tenths / 10, factor_tenths % 10);
                write!(f, "{whole}.{tenth} × last response {} ms", took.as_millis())?;
                cap(f, capped)
            }
            Self::CrawlDelay { asked, capped } => {
                write!(f, "Crawl-delay {}", asked.as_secs_f64())?;
                cap(f, capped)?;
                f.write_str(" (robots.txt)")
            }
            Self::RetryAfter { given, status, at, capped } => {
                write!(f, "Retry-After {given}")?;
                cap(f, capped)?;
                write!(f, " ({status} at {})", at.to_rfc3339())
            }
            Self::Backoff { pause, in_row, cause } => {
                write!(f, "back-off {} after {in_row} × {cause}", Span(*pause))
            }
            Self::GlobalCap(per_second) => write!(f, "{per_second} requests per second in all"),
        }
    }
}

/// A duration as people say it, in its largest unit and one place after the point.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds < 1.0 {
            return write!(f, "{} ms", self.0.as_millis());
        }
        let (value, unit) = match seconds {
            s if s < 120.0 => (s, "s"),
            s if s < 7_200.0 => (s / 60.0, "min"),
            s if s < 172_800.0 => (s / 3_600.0, "h"),
            s => (s / 86_400.0, "days"),
        };
        write!(f, "{} {unit}", (value * 10.0).round() / 10.0)
    }
}
