//! The settings of politeness, joined for one host in one place.
//!
//! Each default is slower than what most crawlers take: an archive visits for years and is in no
//! hurry. Nothing here reads a file; `config` mirrors these.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use super::robots::RobotsReading;
use crate::base::HostKey;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_hours(24);

/// Every setting of this module.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The product token that robots.txt groups are looked up by. Default `pressmark`. Letters,
    /// `-` and `_` only, as RFC 9309 section 2.2.1 has it.
    pub product_token: String,
    /// How a robots.txt ages.
    pub robots: RobotsOptions,
    /// How often a host is asked.
    pub pace: PaceOptions,
    /// What differs for some hosts: a host name, or a domain for all hosts below it. The longest
    /// name that fits holds. Default empty.
    pub hosts: BTreeMap<String, HostOptions>,
    /// Requests per second of the whole program, all hosts together; 0 is no cap, the default: the pace of
    /// each host is what protects hosts; this protects the operator's own line.
    pub requests_per_second_max: f64,
    /// The least time between two requests to one address, whatever names lead there; what pages need
    /// is counted apart from pages. Default 200 ms: ten names at the usual pace of one. Zero is no limit.
    pub address_delay_min: Duration,
}

/// How a robots.txt ages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsOptions {
    /// How long a fetched file holds. Default 24 h, the longest that RFC 9309 section 2.4 allows;
    /// more is cut to that.
    pub age_max: Duration,
    /// The first pause before an unreachable file is asked for again; it doubles. Default 5 min:
    /// longer than a restart takes, short enough not to lose a morning's news.
    pub retry_min: Duration,
    /// The longest such pause. Default 6 h: an outage of a day is noticed within the day.
    pub retry_max: Duration,
    /// How long an older copy may stand in while the file is unreachable, and how long an
    /// unreachable one stays a reason to keep out. Default 30 days (RFC 9309 section 2.3.1.4).
    pub unreachable_max: Duration,
    /// What then. Default [`AfterUnreachable::StayOut`].
    pub after_unreachable: AfterUnreachable,
    /// What a `Crawl-delay` between two agents does. Default the letter of the standard.
    pub reading: RobotsReading,
}

/// What holds after `unreachable_max` without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterUnreachable {
    /// Still nothing is fetched. When unsure, slower.
    #[default]
    StayOut,
    /// Everything may be fetched, as if there were no file: what RFC 9309 section 2.3.1.4 permits.
    Free,
}

/// How often a host is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct PaceOptions {
    /// The least pause between the end of a reply and the next request. Default 2 s: a page a
    /// reader might open. Zero only where written as zero, for a server of one's own.
    pub delay_min: Duration,
    /// The pause as a multiple of the time that the last response took. Default 5: then a server
    /// that answers one request at a time gives us a sixth of its time at most, and one that grows
    /// slow under load is relieved at once. Zero switches it off.
    pub delay_factor: f64,
    /// The longest pause that the factor may ask for. Default 30 s: one very slow page should not
    /// hold a host for minutes; failures are what back-off is for.
    pub delay_max: Duration,
    /// The longest `Crawl-delay` that is obeyed; a longer one is cut to this, and the reason says
    /// so. Default 60 s: at ten minutes a page, a front page is never seen changing.
    pub crawl_delay_max: Duration,
    /// The longest `Retry-After` that is obeyed. Default one day: a date in another year is a slip.
    pub retry_after_max: Duration,
    /// The first pause after a 429 or 503 without a usable `Retry-After`, or after a connection
    /// that failed; it doubles with each one in a row. Default 60 s.
    pub backoff_min: Duration,
    /// The longest such pause. Default one day.
    pub backoff_max: Duration,
    /// How much longer than the doubled value a pause may be by chance, as a share of it, so that
    /// hosts which failed together are not asked together. Default 0.25.
    pub backoff_jitter: f64,
    /// Connections to one host at one time. Default 1; more only for a server of one's own.
    pub connections_max: NonZeroU32,
}

/// What differs for one host; `None` keeps the general value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostOptions {
    /// As [`PaceOptions::delay_min`].
    pub delay_min: Option<Duration>,
    /// As [`PaceOptions::delay_factor`].
    pub delay_factor: Option<f64>,
    /// As [`PaceOptions::delay_max`].
    pub delay_max: Option<Duration>,
    /// As [`PaceOptions::crawl_delay_max`].
    pub crawl_delay_max: Option<Duration>,
    /// As [`PaceOptions::connections_max`].
    pub connections_max: Option<NonZeroU32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            product_token: "pressmark".to_owned(),
            robots: RobotsOptions::default(),
            pace: PaceOptions::default(),
            hosts: BTreeMap::new(),
            requests_per_second_max: 0.0,
            address_delay_min: Duration::from_millis(200),
        }
    }
}

impl Default for RobotsOptions {
    fn default() -> Self {
        Self {
            age_max: DAY,
            retry_min: 5 * MINUTE,
            retry_max: DAY / 4,
            unreachable_max: 30 * DAY,
            after_unreachable: AfterUnreachable::default(),
            reading: RobotsReading::default(),
        }
    }
}

impl RobotsOptions {
    /// How long a fetched file holds: never more than the standard's day.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age_max.min(DAY)
    }
}

impl Default for PaceOptions {
    fn default() -> Self {
        Self {
            delay_min: Duration::from_secs(2),
            delay_factor: 5.0,
            delay_max: Duration::from_secs(30),
            crawl_delay_max: MINUTE,
            retry_after_max: DAY,
            backoff_min: MINUTE,
            backoff_max: DAY,
            backoff_jitter: 0.25,
            connections_max: NonZeroU32::MIN,
        }
    }
}

impl Options {
    /// The pace of one host: the general one, with what differs for it. The only place where the
    /// two are joined.
    #[must_use]
    pub fn pace_for(&self, host: &HostKey) -> PaceOptions {
        let mut pace = self.pace.clone();
        let fitting = self.hosts.iter().filter(|(name, _)| host.is_in_domain(name));
        if let Some((_, own)) = fitting.max_by_key(|(name, _)| name.len()) {
            pace.delay_min = own.delay_min.unwrap_or(pace.delay_min);
            pace.delay_factor = own.delay_factor.unwrap_or(pace.delay_factor);
            pace.delay_max = own.delay_max.unwrap_or(pace.delay_max);
            pace.crawl_delay_max = own.crawl_delay_max.unwrap_or(pace.crawl_delay_max);
            pace.connections_max = own.connections_max.unwrap_or(pace.connections_max);
        }
        pace
    }

    /// What cannot hold, each as the key and why; empty where all is well.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let token = &self.product_token;
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_alphabetic() || b"-_".contains(&b))
        {
            found.push((
                "product_token".to_owned(),
                format!("expected letters, \"-\" and \"_\" (RFC 9309), but found {token:?}"),
            ));
        }
        let mut number = |key: String, value: f64| {
            if !(0.0..=1_000.0).contains(&value) {
                found.push((key, format!("expected a number from 0 to 1000, but found {value}")));
            }
        };
        number("delay_factor".to_owned(), self.pace.delay_factor);
        number("backoff_jitter".to_owned(), self.pace.backoff_jitter);
        for (host, own) in &self.hosts {
            number(format!("host.{host:?}.delay_factor"), own.delay_factor.unwrap_or(0.0));
        }
        for (low, high, least, most) in [
            ("backoff_min", "backoff_max", self.pace.backoff_min, self.pace.backoff_max),
            ("robots.retry_min", "robots.retry_max", self.robots.retry_min, self.robots.retry_max),
        ] {
            if least > most {
                found.push((low.to_owned(), format!("{least:?} is more than {high}, {most:?}")));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_its_own_pace_and_the_longest_name_holds() {
        let delay = |seconds| HostOptions {
            delay_min: Some(Duration::from_secs(seconds)),
            ..HostOptions::default()
        };
        let options = Options {
            hosts: [("example.org", 5), ("www.example.org", 7), ("org", 1)]
                .map(|(name, seconds)| (name.to_owned(), delay(seconds)))
                .into(),
            ..Options::default()
        };
        for (host, seconds) in
            [("www.example.org", 7), ("news.example.org", 5), ("EXAMPLE.org", 5), ("a.net", 2)]
        {
            let pace = options.pace_for(&HostKey::new(host));
            assert_eq!(pace.delay_min, Duration::from_secs(seconds), "{host}");
            assert_eq!(pace.delay_max, PaceOptions::default().delay_max);
        }
    }

    #[test]
    fn defaults_hold_together_and_nonsense_is_named() {
        assert_eq!(Options::default().problems(), []);
        let mut options = Options { product_token: "a b".to_owned(), ..Options::default() };
        options.pace.delay_factor = f64::NAN;
        options.pace.backoff_min = 2 * DAY;
        let keys: Vec<_> = options.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["product_token", "delay_factor", "backoff_min"]);
    }

    #[test]
    fn a_robots_file_never_holds_longer_than_a_day() {
        let options = RobotsOptions { age_max: 9 * DAY, ..RobotsOptions::default() };
        assert_eq!(options.age(), DAY);
    }
}
