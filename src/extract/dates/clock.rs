//! Clock times and their zones as they are written: `09:30:00.123+01:00`, "9:30 p.m. EST". A zone's
//! abbreviation counts only where the press means one offset by it.

/// `09:30`, `09:30:00.123`, then an offset: `Z`, `+01:00`, `-0500`, `+01`, ` GMT`, ` EST`.
pub(super) fn clock_of(text: &str) -> Option<(i8, i8, i8, Option<i32>)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(text.len());
    let mut parts = text.get(..end)?.split(':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    let second: i8 = parts.next().and_then(|s| s.parse().ok()).unwrap_or(0);
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let rest = text.get(end..)?;
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let rest = rest.trim();
    let (hour, rest) = match half_of_day(rest) {
        Some((pm, after)) => (twelve_hours(hour, pm)?, after.trim()),
        None => (hour, rest),
    };
    Some((hour, minute, second.min(59), offset_of(rest)))
}

fn half_of_day(text: &str) -> Option<(bool, &str)> {
    let lower = text.get(..4).or(text.get(..2))?.to_ascii_lowercase();
    for (form, pm) in [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)] {
        if lower.starts_with(form) {
            return Some((pm, text.get(form.len()..)?));
        }
    }
    None
}

fn twelve_hours(hour: i8, pm: bool) -> Option<i8> {
    match (hour, pm) {
        (12, false) => Some(0),
        (12, true) => Some(12),
        (1..=11, true) => Some(hour + 12),
        (0..=23, _) => Some(hour),
        _ => None,
    }
}

/// Seconds east of UTC; none where no zone is said or known.
fn offset_of(text: &str) -> Option<i32> {
    let text = text.trim_start_matches(['(', ' ']);
    let sign = match text.as_bytes().first()? {
        b'Z' | b'z' => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return zone_named(text),
    };
    let digits: String = text
        .get(1..)?
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == ':')
        .filter(|c| *c != ':')
        .collect();
    let (hours, minutes): (i32, i32) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        3 => (digits.get(..1)?.parse().ok()?, digits.get(1..)?.parse().ok()?),
        4.. => (digits.get(..2)?.parse().ok()?, digits.get(2..4)?.parse().ok()?),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Abbreviations that mean one offset in the press. "ET" and "CT" do not: they change with the
/// season, and are read as no zone.
fn zone_named(text: &str) -> Option<i32> {
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    let hours = match word.to_ascii_uppercase().as_str() {
        "GMT" | "UTC" | "WET" => 0,
        "BST" | "CET" | "MEZ" | "WEST" => 1,
        "CEST" | "MESZ" | "EET" | "SAST" => 2,
        "EEST" | "MSK" | "TRT" => 3,
        "JST" | "KST" => 9,
        "AEST" => 10,
        "AEDT" => 11,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        "BRT" => -3,
        "IST" => return Some(5 * 3600 + 1800),
        _ => return None,
    };
    Some(hours * 3600)
}
