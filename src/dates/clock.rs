//! Clock times and their zones as they are written: `09:30:00.123+01:00`, "9:30 p.m. EST", "下午5:42".
//!
//! A zone's abbreviation counts only where the press means one offset by it. Names of the zone
//! database ("America/Los_Angeles") are not read as a zone: their meaning depends on the machine's copy.

use std::ops::Range;

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub hour: i8,
    pub minute: i8,
    pub second: i8,
    pub micros: i32,
    /// Whether it is the end of its day: 24:00.
    pub is_end_of_day: bool,
    /// Seconds east of UTC, where a zone is given and known.
    pub zone: Option<i32>,
}

impl Clock {
    /// The start of a day without a zone.
    pub(super) const MIDNIGHT: Self =
        Self { hour: 0, minute: 0, second: 0, micros: 0, is_end_of_day: false, zone: None };
}

/// `09:30`, `09:30:00.123`, `093000`, `09`, then an offset: `Z`, `+01:00`, `-0500`, `+01`, ` GMT`,
/// ` EST`. An hour alone and digits in a row count only behind the `T` of ISO 8601, which the caller has
/// seen (`is_iso`).
pub(super) fn clock_of(text: &str, is_iso: bool) -> Option<Clock> {
    clock_and_end(text, is_iso).map(|(clock, _)| clock)
}

/// The clock time at the start of a text, and where what belongs to it ends.
fn clock_and_end(text: &str, is_iso: bool) -> Option<(Clock, usize)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(text.len());
    let digits = text.get(..end)?;
    let (hour, minute, second) = if digits.contains(':') {
        let mut parts = digits.split(':');
        let hour: i8 = parts.next()?.parse().ok()?;
        let minute: i8 = parts.next()?.parse().ok()?;
        (hour, minute, parts.next().and_then(|s| s.parse().ok()).unwrap_or(0))
    } else if is_iso {
        let part =
            |range: Range<usize>| digits.get(range).map_or(Some(0), |p| p.parse::<i8>().ok());
        match digits.len() {
            2 => (part(0..2)?, 0, 0),
            4 => (part(0..2)?, part(2..4)?, 0),
            6 => (part(0..2)?, part(2..4)?, part(4..6)?),
            _ => return None,
        }
    } else {
        return None;
    };
    let is_end_of_day = (hour, minute, second) == (24, 0, 0);
    if !(is_end_of_day || (0..24).contains(&hour) && (0..60).contains(&minute)) {
        return None;
    }
    let mut at = end;
    let mut micros = 0;
    if let Some(rest) = text[at..].strip_prefix(['.', ',']) {
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if length > 0 {
            micros = format!("{:0<6.6}", &rest[..length]).parse().unwrap_or(0);
            at += 1 + length;
        } else {
            // The full stop of a sentence; what follows may still be "p.m.".
            at += 1;
        }
    }
    at += blanks(&text[at..]);
    let mut hour = hour % 24;
    if let Some((is_pm, length)) = half_of_day(&text[at..]) {
        hour = twelve_hours(hour, is_pm)?;
        at += length;
        at += blanks(&text[at..]);
    }
    let (zone, length) = zone_of(&text[at..]);
    let clock = Clock { hour, minute, second: second.clamp(0, 59), micros, is_end_of_day, zone };
    Some((clock, at + length))
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// The place in a text of a clock time with a colon and of what belongs to it, and the time. An offset
/// that is alone (`+02:00`) is not a clock time.
pub(super) fn find_clock(text: &str) -> Option<(Range<usize>, Clock)> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(colon) = text[from..].find(':').map(|at| from + at) {
        from = colon + 1;
        let start = bytes[..colon].iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
        let after = bytes[colon + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let is_signed =
            start.checked_sub(1).is_some_and(|at| matches!(bytes[at], b'+' | b'-' | b':'));
        if !(1..=2).contains(&(colon - start)) || after != 2 || is_signed {
            continue;
        }
        let Some((mut clock, length)) = clock_and_end(&text[start..], false) else { continue };
        let before = text[..start].trim_end();
        if let Some((word, is_pm)) = half_before(before) {
            clock.hour = twelve_hours(clock.hour, is_pm)?;
            return Some((before.len() - word.len()..start + length, clock));
        }
        return Some((start..start + length, clock));
    }
    None
}

/// The half of the day that a text begins with, and its length: "p.m.", "PM", "μ.μ.", "م".
fn half_of_day(text: &str) -> Option<(bool, usize)> {
    const FORMS: &[(&str, bool)] = &[
        ("a.m.", false),
        ("p.m.", true),
        ("a. m.", false),
        ("p. m.", true),
        ("a.m", false),
        ("p.m", true),
        ("am", false),
        ("pm", true),
        ("π.μ.", false),
        ("μ.μ.", true),
        ("πμ", false),
        ("μμ", true),
        ("ص", false),
        ("م", true),
    ];
    let head = &text[..text.floor_char_boundary(12)];
    let lower = head.to_lowercase();
    if lower.len() != head.len() {
        return None;
    }
    let (form, is_pm) = FORMS.iter().find(|(form, _)| lower.starts_with(form))?;
    // A single letter inside a longer word is not a word.
    let is_whole =
        form.chars().count() > 1 || !lower[form.len()..].starts_with(char::is_alphabetic);
    is_whole.then_some((*is_pm, form.len()))
}

/// The half of the day that a text ends with, as it is before the hour in East Asia.
fn half_before(text: &str) -> Option<(&'static str, bool)> {
    const FORMS: &[(&str, bool)] = &[
        ("上午", false),
        ("下午", true),
        ("午前", false),
        ("午後", true),
        ("凌晨", false),
        ("早上", false),
        ("晚上", true),
        ("오전", false),
        ("오후", true),
    ];
    FORMS.iter().find(|(form, _)| text.ends_with(form)).copied()
}

/// A clock time, given what is before it: `下午5:42` is in the afternoon.
pub(super) fn half_of_the_day_before(text: &str, clock: Clock) -> Option<Clock> {
    match half_before(text.trim_end()) {
        Some((_, is_pm)) => Some(Clock { hour: twelve_hours(clock.hour, is_pm)?, ..clock }),
        None => Some(clock),
    }
}

fn twelve_hours(hour: i8, is_pm: bool) -> Option<i8> {
    match (hour, is_pm) {
        (12, false) => Some(0),
        (12, true) => Some(12),
        (1..=11, true) => Some(hour + 12),
        (0..=23, _) => Some(hour),
        _ => None,
    }
}

/// Seconds east of UTC, and how much of the text says so; `None` where no zone is given or known.
fn zone_of(text: &str) -> (Option<i32>, usize) {
    let skipped = text.len() - text.trim_start_matches(['(', ' ']).len();
    let rest = &text[skipped..];
    if let Some((zone, length)) = offset_of(rest) {
        return (Some(zone), skipped + length);
    }
    if rest.starts_with(['Z', 'z']) {
        return (Some(0), skipped + 1);
    }
    let word = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (name, after) = rest.split_at(word);
    if matches!(name.to_ascii_uppercase().as_str(), "GMT" | "UTC" | "UT" | "Z") {
        let gap = blanks(after);
        if let Some((zone, length)) = offset_of(&after[gap..]) {
            return (Some(zone), skipped + word + gap + length);
        }
    }
    match zone_named(name) {
        Some(zone) => (Some(zone), skipped + word),
        // The sign of an offset was lost where a form took it for a blank: `12:44:00 00:00`.
        None => match text.strip_prefix(' ').filter(|rest| is_offset_without_sign(rest)) {
            Some(rest) => offset_of(&format!("+{rest}")).map_or((None, 0), |(z, n)| (Some(z), n)),
            None => (None, 0),
        },
    }
}

fn is_offset_without_sign(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 5
        && bytes[2] == b':'
        && [0, 1, 3, 4].iter().all(|at| bytes[*at].is_ascii_digit())
}

/// `+01:00`, `-0500`, `+1`, and its length. The day behind `-05/09` or `-05-24` is not an offset.
fn offset_of(text: &str) -> Option<(i32, usize)> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '−' => -1,
        _ => return None,
    };
    let sign_length = text.chars().next()?.len_utf8();
    let rest = &text[sign_length..];
    let length = rest.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(rest.len());
    let digits: String = rest[..length].chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes): (i32, i32) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        3 => (digits.get(..1)?.parse().ok()?, digits.get(1..)?.parse().ok()?),
        4.. => (digits.get(..2)?.parse().ok()?, digits.get(2..4)?.parse().ok()?),
        _ => return None,
    };
    let is_day = digits.len() <= 2 && rest[length..].starts_with(['-', '/', '.']);
    (!is_day && hours <= 14 && minutes < 60)
        .then_some((sign * (hours * 3600 + minutes * 60), sign_length + length))
}

/// Abbreviations that mean one offset in the press, in seconds. "ET" and "CT" do not: they change
/// with the season, and are read as no zone; nor does "AST", which is Arabia's and the Atlantic's.
fn zone_named(name: &str) -> Option<i32> {
    let minutes = match name.to_ascii_uppercase().as_str() {
        "GMT" | "UTC" | "UT" | "WET" => 0,
        "BST" | "CET" | "MEZ" | "WEST" | "WAT" => 60,
        "CEST" | "MESZ" | "EET" | "SAST" | "CAT" => 120,
        "EEST" | "MSK" | "TRT" | "EAT" => 180,
        "IRST" => 210,
        "PKT" => 300,
        "IST" => 330,
        "NPT" => 345,
        "ICT" | "WIB" => 420,
        "HKT" | "SGT" | "AWST" | "WITA" => 480,
        "JST" | "KST" | "WIT" => 540,
        "ACST" => 570,
        "AEST" => 600,
        "ACDT" => 630,
        "AEDT" => 660,
        "NZST" => 720,
        "NZDT" => 780,
        "NDT" => -150,
        "BRT" | "ADT" | "ART" | "UYT" => -180,
        "NST" => -210,
        "EDT" | "HAE" => -240,
        "EST" | "CDT" | "HNE" => -300,
        "CST" | "MDT" => -360,
        "MST" | "PDT" => -420,
        "PST" | "AKDT" => -480,
        "AKST" => -540,
        "HST" => -600,
        _ => return None,
    };
    Some(minutes * 60)
}
