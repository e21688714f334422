//! When to look at a page again, so that no edit is missed: pure, and the same for the same seed.
//!
//! The aim is not a fresh copy but that no edit is missed: neither overwritten by the next edit
//! before we look, nor seen only long after. So the value of a look at time `t` is
//!
//! ```text
//! value(t) = P(an unseen edit by t)  +  1/patience · ∫ P(an unseen edit by s) ds
//! ```
//!
//! the chance that it catches something, and the time that something is expected to have stood
//! unseen. It grows with waiting. A page is checked when its value reaches the threshold of its
//! host, and the threshold moves so that the host's budget of looks a day is spent: then no look
//! could be moved from one page of the host to another and catch more, which is the condition for
//! the best use of a budget in Azar, Horvitz, Lubetzky, Peres and Shahaf ("Tractable near-optimal
//! policies for crawling", 2018) and in Kolobov et al. ("Staying up to date with online content
//! changes using reinforcement learning for scheduling", 2019; with politeness per host in "Optimal
//! freshness crawl under politeness constraints", 2019). Edits of the article's text count and
//! churn of the page's bytes does not (Olston and Pandey, "Recrawl scheduling based on information
//! longevity", 2008).
//!
//! What it deliberately does not do: read pages, keep queues, be polite. A signal (lastmod or a
//! feed's date moved) is acted on by adding the URL again with a due time of now; here it only
//! teaches how far the host's signals can be trusted, and thereby how much is left to look for
//! without them.

mod cron;
mod history;
mod model;
mod source_entries;

use std::time::Duration;

pub use self::cron::{Cron, CronError};
pub use self::history::{HostHistory, Observation, PageHistory};
pub use self::model::{AgePart, Belief, Prior, Shape};
pub use self::source_entries::{Compared, EntryKey, SourceEntries, Statement, entry_key};
use crate::base::Timestamp;

/// When pages of a job are visited again.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// Always after the same time.
    Fixed {
        /// The interval.
        every: Duration,
    },
    /// Where an edit is most likely to be missed.
    Adaptive(Box<AdaptiveParams>),
    /// At the times of a cron expression, in UTC.
    Cron(Cron),
}

/// The settings of the adaptive schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptiveParams {
    /// What is expected of pages.
    pub prior: Prior,
    /// The shortest time between two looks.
    pub interval_min: Duration,
    /// The longest time between two looks.
    pub interval_max: Duration,
    /// An edit that stands unseen for this long weighs as much as one that is lost.
    pub patience: Duration,
    /// The least value a look must have, however much budget there is.
    pub value_min: f64,
    /// The most value a look may be asked to have, however little budget there is.
    pub value_max: f64,
    /// By how much of itself an interval is moved at random, either way, so that the looks at a
    /// host's pages do not fall together.
    pub jitter: f64,
}

impl Default for AdaptiveParams {
    fn default() -> Self {
        Self {
            prior: Prior::default(),
            interval_min: Duration::from_mins(5),
            interval_max: Duration::from_hours(60 * 24),
            patience: Duration::from_hours(7 * 24),
            value_min: 0.005,
            value_max: 0.9,
            jitter: 0.05,
        }
    }
}

/// The next look: when, and the fact that set the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// When.
    pub at: Timestamp,
    /// Why then.
    pub because: String,
}

/// The next look at a page under a schedule; `now` is the time of the look that was just made.
/// `None` when a cron expression has no further time.
#[must_use]
pub fn next_visit(
    schedule: &Schedule,
    page: &PageHistory,
    host: &HostHistory,
    now: Timestamp,
    seed: u64,
) -> Option<Visit> {
    match schedule {
        Schedule::Fixed { every } => Some(Visit {
            at: now.plus(*every),
            because: format!("every {}", span(every.as_secs_f64() / 3_600.0)),
        }),
        Schedule::Cron(cron) => {
            cron.after(now).map(|at| Visit { at, because: format!("cron {:?}", cron.as_str()) })
        }
        Schedule::Adaptive(params) => Some(adaptive(page, host, params, now, seed)),
    }
}

/// The next look under the adaptive schedule.
#[must_use]
pub fn adaptive(
    page: &PageHistory,
    host: &HostHistory,
    params: &AdaptiveParams,
    now: Timestamp,
    seed: u64,
) -> Visit {
    let threshold = host.threshold().clamp(params.value_min, params.value_max);
    let min_h = params.interval_min.as_secs_f64() / 3_600.0;
    let max_h = (params.interval_max.as_secs_f64() / 3_600.0).max(min_h);
    let (wait_h, chance) = wait(page, host, params, threshold, (min_h, max_h));
    let jittered = wait_h * (1.0 + params.jitter * (2.0 * chance_of(seed, now, page.born) - 1.0));
    let wait_h = jittered.clamp(min_h, max_h);
    let at = page.looked.plus(Duration::from_secs_f64(wait_h * 3_600.0)).max(now);
    let seen = match page.changes {
        0 => format!("no edit in {} looks", page.looks),
        changes => format!("{changes} edits in {} looks", page.looks),
    };
    let age = span(model::hours(page.born, now));
    let because = if wait_h >= max_h {
        format!("adaptive: {seen}, age {age}; the longest interval")
    } else if wait_h <= min_h {
        format!("adaptive: {seen}, age {age}; the shortest interval")
    } else {
        format!(
            "adaptive: {seen}, age {age}; {:.0} % chance of an unseen edit by then",
            chance * 100.0
        )
    };
    Visit { at, because }
}

/// The hours after the last look at which a look reaches the threshold, and the chance of an
/// unseen edit then.
fn wait(
    page: &PageHistory,
    host: &HostHistory,
    params: &AdaptiveParams,
    threshold: f64,
    (min_h, max_h): (f64, f64),
) -> (f64, f64) {
    // Where signals announce most edits, only the silent ones are left to look for.
    let silent = 1.0 - host.announced_share();
    let scale = host.factor() * silent;
    let from = page.looked;
    let chance_by = |h: f64| {
        let to = from.plus(Duration::from_secs_f64(h * 3_600.0));
        let exposure = page.exposure(&params.prior, from, to) * scale;
        let burst = page.burst(&params.prior, from, to) * silent;
        1.0 - page.belief().unchanged(exposure, burst)
    };
    let patience_h = (params.patience.as_secs_f64() / 3_600.0).max(min_h);
    let (mut h, mut chance) = (min_h, chance_by(min_h));
    let mut stood = chance * h / 2.0;
    if chance + stood / patience_h >= threshold {
        return (min_h, chance);
    }
    // Steps of a fifth: the value is smooth and grows, and is joined linearly between them.
    while h < max_h {
        let next_h = (h * 1.2).min(max_h);
        let next_chance = chance_by(next_h);
        let next_stood = stood + (chance + next_chance) / 2.0 * (next_h - h);
        let (value, next_value) =
            (chance + stood / patience_h, next_chance + next_stood / patience_h);
        if next_value >= threshold {
            let part = ((threshold - value) / (next_value - value).max(1e-12)).clamp(0.0, 1.0);
            return (h + (next_h - h) * part, chance + (next_chance - chance) * part);
        }
        (h, chance, stood) = (next_h, next_chance, next_stood);
    }
    (max_h, chance)
}

/// A number from 0 to 1 that depends on the seed, the time and the page alone (SplitMix64).
fn chance_of(seed: u64, now: Timestamp, born: Timestamp) -> f64 {
    let mut z = seed
        ^ now.unix_micros().cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ born.unix_micros().cast_unsigned().rotate_left(32);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Hours as text: `20 s`, `12 min`, `3.5 h`, `9 days`.
fn span(h: f64) -> String {
    let seconds = h * 3_600.0;
    // Rounded before it is checked, so that 59.9 s are a minute and not 60 s.
    if seconds.round() < 60.0 {
        format!("{seconds:.0} s")
    } else if h < 1.0 {
        format!("{:.0} min", h * 60.0)
    } else if h < 48.0 {
        format!("{h:.1} h")
    } else {
        format!("{:.0} days", h / 24.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_unix_seconds(minutes * 60)
    }

    fn page(born: i64, looked: i64) -> PageHistory {
        PageHistory::new(Shape::Article, at(born), at(looked), &Prior::default())
    }

    fn wait_of(page: &PageHistory, host: &HostHistory) -> Duration {
        adaptive(page, host, &AdaptiveParams::default(), page.looked, 1).at.since(page.looked)
    }

    #[test]
    fn an_article_is_visited_densely_while_young_and_ever_more_rarely() {
        let host = HostHistory::new(100.0, at(0));
        let waits =
            [0, 60, 24 * 60, 7 * 24 * 60, 60 * 24 * 60].map(|age| wait_of(&page(0, age), &host));
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
        assert!(waits[0] < Duration::from_hours(1), "{waits:?}");
        assert!(waits[3] > Duration::from_hours(24), "{waits:?}");
    }

    #[test]
    fn what_has_changed_is_visited_sooner_than_what_has_not() {
        let prior = Prior::default();
        let mut host = HostHistory::new(100.0, at(0));
        let seen = |minutes, text_changed| Observation {
            at: at(minutes),
            text_changed,
            bytes_changed: true,
            signalled: false,
        };
        let (mut lively, mut quiet) = (page(0, 0), page(0, 0));
        for n in 1..5 {
            lively.observe(&seen(n * 60, true), &mut host, &prior);
            quiet.observe(&seen(n * 60, false), &mut host, &prior);
        }
        assert!(wait_of(&lively, &host) * 4 < wait_of(&quiet, &host));
    }

    #[test]
    fn a_smaller_budget_means_longer_waits_for_all() {
        let (mut rich, mut poor) =
            (HostHistory::new(1_000.0, at(0)), HostHistory::new(10.0, at(0)));
        for n in 0..100 {
            rich.spend(at(n * 5), (0.005, 0.9));
            poor.spend(at(n * 5), (0.005, 0.9));
        }
        assert!(wait_of(&page(0, 60), &rich) < wait_of(&page(0, 60), &poor));
    }

    #[test]
    fn the_same_seed_gives_the_same_time_and_the_reason_says_why() {
        let host = HostHistory::new(100.0, at(0));
        let params = AdaptiveParams::default();
        let visit = |seed| adaptive(&page(0, 60), &host, &params, at(60), seed);
        assert_eq!(visit(7), visit(7));
        assert_ne!(visit(7).at, visit(8).at);
        let because = visit(7).because;
        assert!(because.starts_with("adaptive: no edit in 1 looks, age 1.0 h; "), "{because}");
    }

    #[test]
    fn fixed_and_cron_schedules_stand_beside_it() {
        let host = HostHistory::new(100.0, at(0));
        let fixed = Schedule::Fixed { every: Duration::from_hours(3) };
        let visit = next_visit(&fixed, &page(0, 0), &host, at(0), 0).unwrap();
        assert_eq!((visit.at, visit.because.as_str()), (at(180), "every 3.0 h"));
        for (seconds, words) in
            [(1, "1 s"), (59, "59 s"), (60, "1 min"), (900, "15 min"), (172_800, "2 days")]
        {
            assert_eq!(span(f64::from(seconds) / 3_600.0), words);
        }
        let cron = Schedule::Cron("30 4 * * *".parse().unwrap());
        let visit = next_visit(&cron, &page(0, 0), &host, at(0), 0).unwrap();
        assert_eq!((visit.at, visit.because.as_str()), (at(270), "cron \"30 4 * * *\""));
    }
}
