//! Guards against pages without end: repeating paths, calendars, parameters that multiply.
//!
//! Two kinds of guard. The first look at one URL and need no memory: repeated path segments, depth,
//! length, number of parameters. The second count what was let in of a day, per host, per pattern of
//! URL and of dates that lie far back or ahead, against a budget; a day is one of UTC, so that a
//! process that ends and begins counts on. Counts are kept in a count-min sketch with
//! conservative update (Cormode and Muthukrishnan 2005; Estan and Varghese 2002), so that memory
//! stays the same however many patterns a trap invents; a sketch can count too much and never too
//! little, so a budget is never overrun.
//!
//! What it deliberately does not do: know scope or robots.txt. Every refusal names its rule; what a
//! person or a publisher asked for by name (a seed, an entry of a feed or sitemap) is not a trap and
//! should not be put to it.

use std::hash::Hasher as _;

use crate::base::{TargetUri, Timestamp};

/// The limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrapOptions {
    /// How often one path segment may be in a path.
    pub segment_repeats_max: usize,
    /// How often a run of segments may follow itself (`/a/b/a/b` is 2).
    pub run_repeats_max: usize,
    /// How many segments a path may have.
    pub path_segments_max: usize,
    /// How long a URL may be, in bytes.
    pub url_bytes_max: usize,
    /// How many parameters a query may have.
    pub parameters_max: usize,
    /// A dated URL of a year before this counts against `dated_per_host_max`.
    pub year_min: i32,
    /// So does one that is more days ahead.
    pub days_ahead_max: i64,
    /// How many URLs that are dated so of one host are let in a day; without a limit when `None`.
    pub dated_per_host_max: Option<u32>,
    /// How many URLs of one host are let in a day; without a limit when `None`.
    pub per_host_max: Option<u32>,
    /// How many URLs of one pattern (digits and letters folded, query names kept) are let in a day.
    pub per_pattern_max: Option<u32>,
    /// How many different queries of one path are let in a day.
    pub queries_per_path_max: Option<u32>,
    /// Counters in each of the sketch's four rows. 65,536 take 1 MiB in all and count too much by
    /// about 4 for every 100,000 URLs let in.
    pub counters: usize,
}

impl Default for TrapOptions {
    fn default() -> Self {
        Self {
            segment_repeats_max: 3,
            run_repeats_max: 2,
            path_segments_max: 20,
            url_bytes_max: 2_000,
            parameters_max: 20,
            year_min: 1990,
            days_ahead_max: 366,
            dated_per_host_max: Some(200),
            per_host_max: None,
            per_pattern_max: Some(20_000),
            queries_per_path_max: Some(500),
            counters: 1 << 16,
        }
    }
}

impl TrapOptions {
    /// Whether anything is counted.
    #[must_use]
    pub fn has_budgets(&self) -> bool {
        self.per_host_max.is_some()
            || self.dated_per_host_max.is_some()
            || self.per_pattern_max.is_some()
            || self.queries_per_path_max.is_some()
    }
}

/// Why a URL was not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trap {
    /// The option that decided.
    pub rule: &'static str,
    /// The part of the URL, and the numbers.
    pub what: String,
}

/// The guards of one job, and what they have counted of one day.
#[derive(Debug, Clone)]
pub struct TrapGuard {
    options: TrapOptions,
    sketch: Vec<u32>,
    day: i64,
}

/// The beginning of the day whose budgets hold at a time.
#[must_use]
pub fn day_of(now: Timestamp) -> Timestamp {
    Timestamp::from_unix_micros(number_of_day(now).saturating_mul(DAY_MICROS))
}

const DAY_MICROS: i64 = 86_400 * 1_000_000;

fn number_of_day(now: Timestamp) -> i64 {
    now.unix_micros().div_euclid(DAY_MICROS)
}

const ROWS: usize = 4;

type Budget = (&'static str, Option<u32>, u64);

impl TrapGuard {
    /// Guards that have counted nothing.
    #[must_use]
    pub fn new(options: TrapOptions) -> Self {
        let width = options.counters.max(64);
        Self { sketch: vec![0; width * ROWS], options, day: i64::MIN }
    }

    /// Begins a day where it is another one than that of the counts; whether it is.
    pub fn begin_day(&mut self, now: Timestamp) -> bool {
        let day = number_of_day(now);
        let is_new = day != self.day;
        if is_new {
            self.day = day;
            self.sketch.fill(0);
        }
        is_new
    }

    /// Lets a URL in and counts it, or says why not. Ask once for a URL that is new to the
    /// frontier: asking again counts again.
    ///
    /// # Errors
    /// The [`Trap`] that it looks like.
    pub fn admit(&mut self, uri: &TargetUri, now: Timestamp) -> Result<(), Trap> {
        self.begin_day(now);
        look_at(uri, &self.options)?;
        let dated = far_date(uri, now, &self.options);
        let keys = self.budgets(uri, dated.is_some());
        for (rule, max, key) in &keys {
            if let Some(max) = max
                && self.count(*key) >= *max
            {
                let what = match *rule {
                    "per_host_max" => uri.host_key().to_string(),
                    "per_pattern_max" => pattern(uri),
                    "dated_per_host_max" => dated.unwrap_or_default(),
                    _ => uri.url().path().to_owned(),
                };
                return Err(Trap {
                    rule,
                    what: format!("{what} has reached its limit of {max} a day"),
                });
            }
        }
        self.spend(keys);
        Ok(())
    }

    /// Counts a URL that was let in before, of the same day, by another guard with the same budgets.
    pub fn count_in(&mut self, uri: &TargetUri, now: Timestamp) {
        let keys = self.budgets(uri, far_date(uri, now, &self.options).is_some());
        self.spend(keys);
    }

    fn spend(&mut self, keys: [Budget; 4]) {
        for (_, max, key) in keys {
            if max.is_some() {
                self.add(key);
            }
        }
    }

    /// The budgets that a URL counts against: the option, its number, and what is counted.
    fn budgets(&self, uri: &TargetUri, is_dated: bool) -> [Budget; 4] {
        let host = uri.host_key();
        let name = host.as_str().as_bytes();
        [
            ("per_host_max", self.options.per_host_max, hash(&[b"h", name])),
            ("per_pattern_max", self.options.per_pattern_max, {
                hash(&[b"p", name, pattern(uri).as_bytes()])
            }),
            (
                "queries_per_path_max",
                self.options.queries_per_path_max.filter(|_| uri.url().query().is_some()),
                hash(&[b"q", name, uri.url().path().as_bytes()]),
            ),
            (
                "dated_per_host_max",
                self.options.dated_per_host_max.filter(|_| is_dated),
                hash(&[b"d", name]),
            ),
        ]
    }

    fn cells(&self, key: u64) -> [usize; ROWS] {
        let width = self.sketch.len() / ROWS;
        // Two halves of one hash give any number of rows (Kirsch and Mitzenmacher 2006).
        let (a, b) = (key & 0xffff_ffff, key >> 32 | 1);
        std::array::from_fn(|row| {
            let at = a.wrapping_add(b.wrapping_mul(row as u64 + 1)) % width as u64;
            row * width + at as usize
        })
    }

    fn count(&self, key: u64) -> u32 {
        self.cells(key).iter().map(|cell| self.sketch[*cell]).min().unwrap_or(0)
    }

    fn add(&mut self, key: u64) {
        let next = self.count(key).saturating_add(1);
        for cell in self.cells(key) {
            // Conservative update: only what is below the new count is raised to it.
            self.sketch[cell] = self.sketch[cell].max(next);
        }
    }
}

/// The guards that need no memory.
fn look_at(uri: &TargetUri, options: &TrapOptions) -> Result<(), Trap> {
    let trap = |rule, what| Err(Trap { rule, what });
    let url = uri.url();
    let length = url.as_str().len();
    if length > options.url_bytes_max {
        return trap("url_bytes_max", format!("{length} bytes"));
    }
    let segments: Vec<&str> = url.path().split('/').filter(|s| !s.is_empty()).collect();
    if segments.len() > options.path_segments_max {
        return trap("path_segments_max", format!("{} segments", segments.len()));
    }
    if let Some((segment, times)) = most_repeated(&segments)
        && times > options.segment_repeats_max
    {
        return trap("segment_repeats_max", format!("{segment:?} occurs {times} times"));
    }
    if let Some((run, times)) = longest_run(&segments)
        && times > options.run_repeats_max
    {
        return trap("run_repeats_max", format!("{run:?} repeats {times} times in a row"));
    }
    let parameters = url.query().map_or(0, |q| q.split('&').filter(|p| !p.is_empty()).count());
    if parameters > options.parameters_max {
        return trap("parameters_max", format!("{parameters} parameters"));
    }
    Ok(())
}

/// The date in a URL, where it lies further back or ahead than a newspaper's do, as text. Calendars go
/// on without end in both directions; so do the archives of old papers, which is why this is counted and
/// not forbidden.
fn far_date(uri: &TargetUri, now: Timestamp, options: &TrapOptions) -> Option<String> {
    let (year, days_ahead) = date_in(uri, now)?;
    let is_far = year < options.year_min || days_ahead > options.days_ahead_max;
    if !is_far || is_of_another_calendar(year, now, options) {
        return None;
    }
    Some(format!("{}: the year {year}", uri.host_key()))
}

/// What is added to a year of another solar calendar to give ours, to within one: Solar Hijri (Iran),
/// Buddhist (Thailand), Bikram Sambat (Nepal), Saka (India), Bengali, Hebrew, Coptic.
const CALENDARS: [i32; 7] = [621, -543, -57, 78, 593, -3_760, 284];

/// Whether a year is one that newspapers have, by a calendar that some of them date by.
fn is_of_another_calendar(year: i32, now: Timestamp, options: &TrapOptions) -> bool {
    let today = number_of_day(now);
    // Within a day of the new year it may be the other one; a year of grace is given anyway.
    let this_year = 1970 + (today as f64 / 365.2425).floor() as i32;
    let is_right = |ours: i32| (options.year_min..=this_year + 1).contains(&ours);
    // The Islamic year is lunar: 33 of them are 32 of the Gregorian calendar.
    let islamic = (f64::from(year) * 0.970_224 + 621.577_4).floor() as i32;
    CALENDARS.iter().map(|offset| year + offset).chain([islamic]).any(is_right)
}

fn most_repeated<'a>(segments: &[&'a str]) -> Option<(&'a str, usize)> {
    let times = |one: &str| segments.iter().filter(|other| **other == one).count();
    segments.iter().map(|one| (*one, times(one))).max_by_key(|(_, times)| *times)
}

/// The run of segments that follows itself most often, and how often.
fn longest_run(segments: &[&str]) -> Option<(String, usize)> {
    let mut best: Option<(String, usize)> = None;
    for length in 1..=segments.len() / 2 {
        for start in 0..segments.len() - length {
            let run = &segments[start..start + length];
            let times =
                segments[start..].chunks_exact(length).take_while(|chunk| *chunk == run).count();
            if times > best.as_ref().map_or(1, |(_, most)| *most) {
                best = Some((run.join("/"), times));
            }
        }
    }
    best
}

/// The date that a URL names, as its year and how many days it is ahead: `/2025/11/05/`,
/// `/2025/11/`, `2025-11-05`, `date=2025-11`. Only whole numbers between other characters count.
fn date_in(uri: &TargetUri, now: Timestamp) -> Option<(i32, i64)> {
    let text = uri.request_target();
    let numbers = numbers_in(&text);
    numbers.windows(2).find_map(|pair| {
        let [(start, year), (month_start, month)] = pair else { return None };
        let between = text.get(start + year.len()..*month_start)?;
        let parted = matches!(between, "/" | "-" | "_" | "." | "&month=" | "&m=");
        if year.len() != 4 || month.len() > 2 || !parted {
            return None;
        }
        let (year, month): (i32, i64) = (year.parse().ok()?, month.parse().ok()?);
        // Four digits before a small number may be anything; years are where traps run to.
        if !(1..=12).contains(&month) || !(1000..=9999).contains(&year) {
            return None;
        }
        let days = days_from_1970(i64::from(year), month);
        Some((year, days - number_of_day(now)))
    })
}

/// Runs of digits, each with where it starts.
fn numbers_in(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    for run in text.split(|c: char| !c.is_ascii_digit()) {
        if !run.is_empty() {
            found.push((at, run));
        }
        // What splits is one character; its length is found by looking behind the run.
        at += run.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

/// Days from 1970-01-01 to the first of a month (Howard Hinnant, "chrono-compatible low-level date
/// algorithms").
fn days_from_1970(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The shape of a URL: digits as `0`, runs of letters that are not a word of the path as they are,
/// parameter values as `*`.
fn pattern(uri: &TargetUri) -> String {
    let url = uri.url();
    let mut out = String::new();
    let segments: Vec<&str> = url.path().split('/').collect();
    let last = segments.len().saturating_sub(1);
    for (index, segment) in segments.iter().enumerate() {
        if index > 0 {
            out.push('/');
        }
        // The last segment is the page's own name: only its form counts.
        if index == last && segment.len() > 1 {
            out.push('*');
            continue;
        }
        let mut digits = false;
        for c in segment.chars() {
            if !c.is_ascii_digit() {
                out.push(c);
            } else if !digits {
                out.push('0');
            }
            digits = c.is_ascii_digit();
        }
    }
    for (index, part) in url.query().unwrap_or("").split('&').filter(|p| !p.is_empty()).enumerate()
    {
        out.push(if index == 0 { '?' } else { '&' });
        out.push_str(part.split('=').next().unwrap_or(""));
    }
    out
}

/// FNV-1a, so that the same URLs give the same verdicts in every run and on every machine.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    for part in parts {
        hasher.write(part);
        hasher.write(&[0xff]);
    }
    // FNV's high bits are weak on short input; SplitMix64's finalizer spreads them.
    let mut z = hasher.finish();
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

struct Fnv(u64);

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2025-11-05").unwrap()
    }

    fn rule(url: &str) -> &'static str {
        let uri = TargetUri::parse(url).unwrap();
        TrapGuard::new(TrapOptions::default()).admit(&uri, now()).map_or_else(|t| t.rule, |()| "")
    }

    #[test]
    fn traps_are_distinguished_from_news() {
        let deep = format!("http://a.org/{}", (0..21).map(|n| format!("{n}/")).collect::<String>());
        let many =
            format!("http://a.org/?{}", (0..21).map(|n| format!("p{n}=1&")).collect::<String>());
        let long = format!("http://a.org/{}", "x".repeat(2_000));
        for (url, expected) in [
            ("http://a.org/", ""),
            ("https://www.a.org/world/2025/nov/05/some-story-with-a-name", ""),
            ("https://a.org/2025/11/05/world/story.html?page=2", ""),
            ("https://a.org/news/uk-12345678", ""),
            ("https://a.org/news/news/news", "run_repeats_max"),
            ("https://a.org/a/x/a/y/a/z/a", "segment_repeats_max"),
            ("https://a.org/css/img/css/img/css/img/x", "run_repeats_max"),
            ("https://a.org/css/img/css/img/x", ""),
            (&deep, "path_segments_max"),
            (&many, "parameters_max"),
            (&long, "url_bytes_max"),
            ("https://a.org/events/2027/01/", ""),
            ("https://a.org/archive/1871-03-18", ""),
            ("https://a.org/archive/1999-03-18", ""),
            ("https://a.org/flat/4000-sq-ft", ""),
            ("https://a.org/article/9999/1234", ""),
        ] {
            assert_eq!(rule(url), expected, "{url}");
        }
    }

    #[test]
    fn calendars_are_cut_short_and_other_calendars_are_known() {
        let far = |url: &str| {
            far_date(&TargetUri::parse(url).unwrap(), now(), &TrapOptions::default()).is_some()
        };
        for (url, is_far) in [
            ("https://a.org/events/2027/01/", true),
            ("https://a.org/events/2026/05/", false),
            ("https://a.org/events?year=2031&month=4", true),
            ("https://a.org/archive/1871-03-18", true),
            ("https://a.org/archive/1952/06/12/title.html", true),
            ("https://a.org/archive/1999-03-18", false),
            // Solar Hijri, Islamic, Buddhist, Bikram Sambat, Saka, Hebrew: of these days.
            ("https://a.ir/1404/08/14/story", false),
            ("https://a.ir/1369/01/02/story", false),
            ("https://a.sa/1447/05/13/story", false),
            ("https://a.th/2568/11/05/story", false),
            ("https://a.np/2082/07/19/story", false),
            ("https://a.in/1947/08/14/story", false),
            ("https://a.il/5786/08/14/story", false),
            ("https://a.ir/1200/08/14/story", true),
            ("https://a.th/2600/01/01/story", true),
        ] {
            assert_eq!(far(url), is_far, "{url}");
        }
        let mut guard = TrapGuard::new(TrapOptions::default());
        let mut let_in = |year: i32, month: i32, day: &str| {
            let url = format!("https://a.org/calendar/{year}/{month}/");
            guard.admit(&TargetUri::parse(&url).unwrap(), Timestamp::parse(day).unwrap())
        };
        let months = || (2100..2200).flat_map(|year| (1..=12).map(move |month| (year, month)));
        let today = months().filter(|(y, m)| let_in(*y, *m, "2025-11-05").is_ok()).count();
        assert_eq!(today, 200);
        let trap = let_in(2300, 1, "2025-11-05T23:59:59Z").unwrap_err();
        assert_eq!(trap.rule, "dated_per_host_max");
        assert!(trap.what.contains("the year 2300"), "{trap:?}");
        assert_eq!(let_in(2300, 1, "2025-11-06"), Ok(()));
    }

    #[test]
    fn budgets_per_host_pattern_and_path_are_never_overrun() {
        let options = TrapOptions {
            per_host_max: Some(40),
            per_pattern_max: Some(20),
            queries_per_path_max: Some(5),
            ..TrapOptions::default()
        };
        let mut guard = TrapGuard::new(options);
        let mut let_in = |url: String| guard.admit(&TargetUri::parse(&url).unwrap(), now()).is_ok();
        let queries = (0..50).filter(|n| let_in(format!("http://a.org/search?q={n}"))).count();
        assert_eq!(queries, 5);
        let pattern = (0..50).filter(|n| let_in(format!("http://a.org/item/{n}/page{n}"))).count();
        assert_eq!(pattern, 20);
        let host = (0..50_u8).filter(|n| {
            let folder: String =
                std::iter::repeat_n(char::from(b'a' + n % 25), usize::from(n / 25) + 2).collect();
            let_in(format!("http://a.org/{folder}/x"))
        });
        assert_eq!(host.count(), 40 - 20 - 5);
        assert!(let_in("http://b.org/item/1/page1".to_owned()));
    }

    #[test]
    fn the_sketch_stays_the_same_size_and_counts_little_too_much() {
        let mut guard = TrapGuard::new(TrapOptions::default());
        let size = guard.sketch.len();
        for n in 0..20_000 {
            let uri = TargetUri::parse(&format!("http://h{}.org/s{n}/x", n % 5_000)).unwrap();
            guard.admit(&uri, now()).unwrap();
        }
        let fresh = hash(&[b"p", b"unseen.org", b"/x"]);
        assert_eq!(guard.sketch.len(), size);
        assert!(guard.count(fresh) <= 3, "{}", guard.count(fresh));
    }

    proptest! {
        #[test]
        fn any_url_gets_a_verdict(text in "[a-z0-9/=?&._%-]{0,80}") {
            if let Ok(uri) = TargetUri::parse(&format!("http://a.org/{text}")) {
                let _ = TrapGuard::new(TrapOptions { counters: 64, ..TrapOptions::default() }).admit(&uri, now());
            }
        }
    }
}
