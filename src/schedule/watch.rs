//! The watch list: the URIs that a person wants watched, as plain text.
//!
//! ```text
//! # elections
//! https://example.org/a                       every=30m priority=high
//! https://example.org/b  cron="0 6 * * *" tags=budget,europe note="as the minister asked"
//! https://example.org/c  adaptive until=2026-01-01
//! ```
//!
//! One URI a line, then settings, then nothing; `#` begins a comment line. The list is ground
//! state next to the WARC files: it is kept as it was written, comments and blank lines with it,
//! and what is in the queue is a copy of it. Reading never stops at a mistake: every line with one
//! is reported with its number, and kept.

use std::fmt::Write as _;
use std::time::Duration;

use super::entry::Priority;
use super::revisit::{AdaptiveParams, Cron, Schedule};
use crate::base::{Finding, TargetUri, Timestamp};

/// When a watched URI is visited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WatchSchedule {
    /// As its job says.
    #[default]
    Job,
    /// Where an edit is most likely to be missed.
    Adaptive,
    /// Always after the same time.
    Every(Duration),
    /// At the times of a cron expression.
    Cron(Cron),
}

impl WatchSchedule {
    /// The schedule to use, given that of the job.
    #[must_use]
    pub fn over(&self, job: &Schedule) -> Schedule {
        match self {
            Self::Job => job.clone(),
            Self::Adaptive => match job {
                Schedule::Adaptive(_) => job.clone(),
                _ => Schedule::Adaptive(Box::<AdaptiveParams>::default()),
            },
            Self::Every(every) => Schedule::Fixed { every: *every },
            Self::Cron(cron) => Schedule::Cron(cron.clone()),
        }
    }
}

/// What is set for one URI. The same text form is in a frontier entry's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchSettings {
    /// When it is visited.
    pub schedule: WatchSchedule,
    /// Its priority.
    pub priority: Option<Priority>,
    /// Whether its parts are fetched with it; as its job says when `None`.
    pub requisites: Option<Requisite>,
    /// Watched only until then.
    pub until: Option<Timestamp>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// A remark.
    pub note: String,
}

/// Whether the parts of a page are fetched with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requisite {
    /// They are.
    With,
    /// They are not.
    Without,
}

/// A watched URI and its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedUri {
    /// What is watched.
    pub uri: TargetUri,
    /// What is set for it.
    pub settings: WatchSettings,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    /// A comment, a blank line, or one with a mistake: kept as it is.
    Other(String),
    Watched(Box<WatchedUri>),
}

/// The list, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchList {
    lines: Vec<Line>,
}

impl WatchList {
    /// Reads a list; `file` names it in the findings. A URI that occurs twice counts once, with
    /// the settings of its first line.
    #[must_use]
    pub fn parse(text: &str, file: &str) -> (Self, Vec<Finding>) {
        let mut list = Self::default();
        let mut findings = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let bare = line.trim();
            if bare.is_empty() || bare.starts_with('#') {
                list.lines.push(Line::Other(line.to_owned()));
                continue;
            }
            match parse_line(bare) {
                Ok(watched) if list.get(&watched.uri).is_some() => {
                    let what = format!("line {number}: {} occurs twice", watched.uri);
                    findings.push(Finding::warning(file, None, "watch-twice", what));
                    list.lines.push(Line::Other(line.to_owned()));
                }
                Ok(watched) => list.lines.push(Line::Watched(Box::new(watched))),
                Err(why) => {
                    let what = format!("line {number}: {why}");
                    findings.push(Finding::error(file, None, "watch-line", what));
                    list.lines.push(Line::Other(line.to_owned()));
                }
            }
        }
        (list, findings)
    }

    /// The list as text; what was not changed since reading comes out with the same meaning, and
    /// comments, blank lines and lines with mistakes byte for byte.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            match line {
                Line::Other(text) => out.push_str(text),
                Line::Watched(watched) => {
                    out.push_str(watched.uri.as_str());
                    let settings = watched.settings.to_text();
                    if !settings.is_empty() {
                        out.push_str("  ");
                        out.push_str(&settings);
                    }
                }
            }
            out.push('\n');
        }
        out
    }

    /// The watched URIs.
    pub fn iter(&self) -> impl Iterator<Item = &WatchedUri> {
        self.lines.iter().filter_map(|line| match line {
            Line::Watched(watched) => Some(&**watched),
            Line::Other(_) => None,
        })
    }

    /// The watched URI that is asked for like this one.
    #[must_use]
    pub fn get(&self, uri: &TargetUri) -> Option<&WatchedUri> {
        self.iter().find(|watched| watched.uri == *uri)
    }

    /// Watches a URI, or changes the settings of one that is watched.
    pub fn set(&mut self, watched: WatchedUri) {
        let same = self
            .lines
            .iter_mut()
            .find(|line| matches!(line, Line::Watched(known) if known.uri == watched.uri));
        let new = Line::Watched(Box::new(watched));
        match same {
            Some(line) => *line = new,
            None => self.lines.push(new),
        }
    }

    /// Watches a URI no longer; says whether it was watched.
    pub fn remove(&mut self, uri: &TargetUri) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| !matches!(line, Line::Watched(known) if known.uri == *uri));
        self.lines.len() < before
    }
}

fn parse_line(line: &str) -> Result<WatchedUri, String> {
    let (uri, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let uri = TargetUri::parse(uri).map_err(|why| why.to_string())?;
    Ok(WatchedUri { uri, settings: WatchSettings::parse(rest)? })
}

const KEYS: &str = "adaptive, every, cron, priority, requisites, until, tags, note";

impl WatchSettings {
    /// Reads settings as they are behind a URI.
    ///
    /// # Errors
    /// As text: an unknown key, or a value that cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut settings = Self::default();
        for (key, value) in words(text)? {
            let bad = |wanted: &str| format!("{key}: expected {wanted}, but found {value:?}");
            match key.as_str() {
                "adaptive" if value.is_empty() => settings.schedule = WatchSchedule::Adaptive,
                "every" => {
                    let every = interval(&value).ok_or_else(|| bad("an interval such as 30m"))?;
                    settings.schedule = WatchSchedule::Every(every);
                }
                "cron" => {
                    let cron = value.parse::<Cron>().map_err(|why| why.to_string())?;
                    settings.schedule = WatchSchedule::Cron(cron);
                }
                "priority" => {
                    let found = Priority::ALL.into_iter().find(|p| p.label() == value);
                    settings.priority =
                        Some(found.ok_or_else(|| bad("seed, high, normal or low"))?);
                }
                "requisites" => {
                    settings.requisites = Some(match value.as_str() {
                        "yes" => Requisite::With,
                        "no" => Requisite::Without,
                        _ => return Err(bad("yes or no")),
                    });
                }
                "until" => {
                    let until = Timestamp::parse(&value).ok_or_else(|| bad("a date or time"))?;
                    settings.until = Some(until);
                }
                "tags" => {
                    let tags = value.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                    settings.tags = tags.map(str::to_owned).collect();
                }
                "note" => settings.note = value,
                _ => return Err(format!("unknown setting {key:?}; known are {KEYS}")),
            }
        }
        Ok(settings)
    }

    /// The settings as text that [`Self::parse`] reads back; empty for the defaults.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let mut put = |key: &str, value: &str| {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(key);
            if key != "adaptive" {
                out.push('=');
                out.push_str(&quoted(value));
            }
        };
        match &self.schedule {
            WatchSchedule::Job => {}
            WatchSchedule::Adaptive => put("adaptive", ""),
            WatchSchedule::Every(every) => put("every", &interval_text(*every)),
            WatchSchedule::Cron(cron) => put("cron", cron.as_str()),
        }
        if let Some(priority) = self.priority {
            put("priority", priority.label());
        }
        if let Some(requisites) = self.requisites {
            put("requisites", if requisites == Requisite::With { "yes" } else { "no" });
        }
        if let Some(until) = self.until {
            put("until", &until.to_warc_date());
        }
        if !self.tags.is_empty() {
            put("tags", &self.tags.join(","));
        }
        if !self.note.is_empty() {
            put("note", &self.note);
        }
        out
    }
}

fn quoted(value: &str) -> String {
    let plain =
        !value.is_empty() && value.chars().all(|c| !c.is_whitespace() && !matches!(c, '"' | '\\'));
    if plain {
        return value.to_owned();
    }
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `key`, `key=value`, `key="a \"value\""`, separated by white space.
fn words(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) =
                word_value(after).ok_or_else(|| format!("{key}: a quote is not closed"))?;
        }
        found.push((key, value));
        rest = rest.trim_start();
    }
    Ok(found)
}

fn word_value(text: &str) -> Option<(String, &str)> {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &inside[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    None
}

const UNITS: [(&str, u64); 5] =
    [("w", 7 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// `30m`, `2h`, `1d`; `m` is minutes. Zero is not an interval.
fn interval(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let unit = match unit {
        "min" => "m",
        unit => unit,
    };
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let seconds = number.parse::<u64>().ok()?.checked_mul(*seconds)?;
    (seconds > 0 && seconds < 100 * 366 * 86_400).then(|| Duration::from_secs(seconds))
}

fn interval_text(every: Duration) -> String {
    let seconds = every.as_secs().max(1);
    let mut out = String::new();
    for (unit, size) in UNITS {
        if seconds.is_multiple_of(size) {
            // Writing into a String cannot fail.
            let _ = write!(out, "{}{unit}", seconds / size);
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: &str = "# elections

https://example.org/a  every=30m priority=high
https://example.org/b  cron=\"0 6 * * *\" requisites=no tags=budget,europe note=\"as \\\"he\\\" asked\"
   https://example.org/c adaptive   until=2026-01-01
https://example.org/a  every=1d
nonsense
https://example.org/d  evry=1d
https://example.org/e  every=soon
https://example.org/f  note=\"open
";

    #[test]
    fn a_list_is_read_and_mistakes_are_named_by_line() {
        let (list, findings) = WatchList::parse(LIST, "watch.txt");
        let uris: Vec<_> = list.iter().map(|w| w.uri.as_str()).collect();
        assert_eq!(
            uris,
            ["https://example.org/a", "https://example.org/b", "https://example.org/c"]
        );
        let b = &list.iter().nth(1).unwrap().settings;
        assert_eq!((b.tags.len(), b.note.as_str()), (2, "as \"he\" asked"));
        assert_eq!(b.requisites, Some(Requisite::Without));
        let what: Vec<_> = findings.iter().map(|f| f.what.as_str()).collect();
        assert_eq!(
            what,
            [
                "line 6: https://example.org/a occurs twice",
                "line 7: \"nonsense\" is not a URL: relative URL without a base",
                "line 8: unknown setting \"evry\"; known are adaptive, every, cron, priority, requisites, until, tags, note",
                "line 9: every: expected an interval such as 30m, but found \"soon\"",
                "line 10: note: a quote is not closed",
            ]
        );
    }

    #[test]
    fn writing_keeps_comments_mistakes_and_meaning() {
        let (mut list, _) = WatchList::parse(LIST, "watch.txt");
        let (again, _) = WatchList::parse(&list.to_text(), "watch.txt");
        assert_eq!(again, list);
        for kept in ["# elections\n\n", "\nnonsense\n", "evry=1d\n"] {
            assert!(list.to_text().contains(kept));
        }
        let uri = TargetUri::parse("https://example.org/a").unwrap();
        let mut changed = list.get(&uri).unwrap().clone();
        changed.settings.schedule = WatchSchedule::Every(Duration::from_hours(36));
        list.set(changed);
        assert!(list.to_text().contains("https://example.org/a  every=36h priority=high\n"));
        assert!(list.remove(&uri) && !list.remove(&uri));
        assert_eq!(list.iter().count(), 2);
    }

    #[test]
    fn a_schedule_of_its_own_stands_over_the_jobs() {
        let job = Schedule::Fixed { every: Duration::from_hours(1) };
        let own = WatchSettings::parse("cron=\"@daily\"").unwrap();
        assert!(matches!(own.schedule.over(&job), Schedule::Cron(_)));
        assert!(matches!(WatchSchedule::Job.over(&job), Schedule::Fixed { .. }));
        assert!(matches!(WatchSchedule::Adaptive.over(&job), Schedule::Adaptive(_)));
    }

    proptest! {
        #[test]
        fn settings_come_back_from_their_text(every in proptest::option::of(1..10_000_000_u64),
                note in "\\PC{0,20}|[\n\r\"\\\\ a]{0,9}", tags in proptest::collection::vec("[a-z]{1,5}", 0..4),
                until in proptest::option::of(0..4_000_000_000_000_000_i64)) {
            let settings = WatchSettings {
                schedule: every.map_or(WatchSchedule::Adaptive, |s| WatchSchedule::Every(Duration::from_secs(s))),
                priority: Some(Priority::Low),
                requisites: None,
                until: until.map(Timestamp::from_unix_micros),
                tags, note,
            };
            prop_assert_eq!(WatchSettings::parse(&settings.to_text()), Ok(settings));
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,80}") {
            let (list, _) = WatchList::parse(&text, "x");
            let (again, _) = WatchList::parse(&list.to_text(), "x");
            prop_assert_eq!(again, list);
        }
    }
}
