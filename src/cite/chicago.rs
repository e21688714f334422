//! Chicago Manual of Style, 17th edition, notes and bibliography: 14.191 and 14.198 (newspapers online),
//! 14.207 (websites), 14.76 (many authors), 14.12 (access dates).
//!
//! For archived copies the editors' answer (Chicago Style Q&A, "Internet, Web, and Social Media") is
//! followed: "archived", the date, "at" and the address. First the entry of the bibliography, then the
//! note. Plain text, so without italics.

use super::names::Name;
use super::prose::{form, isolate, list, place, proof, quotation_lines, stop, title};
use super::source::Source;

/// With more authors than this, only `AUTHORS_LISTED` are listed and the others are "et al." (14.76).
const AUTHORS_MAX: usize = 10;
const AUTHORS_LISTED: usize = 7;
/// With more authors than this a note names the first.
const NOTE_AUTHORS_MAX: usize = 3;

pub(super) fn render(source: &Source) -> String {
    format!("{}\nNote: {}{}", entry(source), note(source), quotation_lines(source))
}

fn entry(source: &Source) -> String {
    let named = source.named_authors();
    // Only the first is inverted, since the entry is sorted by it.
    let names: Vec<String> = named
        .iter()
        .enumerate()
        .map(|(i, name)| if i == 0 { name.inverted() } else { name.direct() })
        .collect();
    let authors = match names.as_slice() {
        [] => String::new(),
        many if many.len() > AUTHORS_MAX => {
            format!("{}, et al. ", many[..AUTHORS_LISTED].join(", "))
        }
        // The comma before "and" is set if the first name is inverted with a comma.
        [one, two] if one.contains(", ") => {
            format!("{} ", stop(&format!("{one}, and {two}")))
        }
        all => format!("{} ", stop(&list(all, "and"))),
    };
    format!(
        "{authors}{} {}, {} {}. {}.",
        title(&source.title(), '.'),
        isolate(source.outlet()),
        stop(&date(source)),
        source.capture.link(),
        capitalised(&archived(source))
    )
}

fn note(source: &Source) -> String {
    let names: Vec<String> = source.named_authors().into_iter().map(Name::direct).collect();
    let authors = match names.as_slice() {
        [] => String::new(),
        [first, ..] if names.len() > NOTE_AUTHORS_MAX => format!("{first} et al., "),
        all => format!("{}, ", list(all, "and")),
    };
    format!(
        "{authors}{} {}, {}, {}, {}.",
        title(&source.title(), ','),
        isolate(source.outlet()),
        date(source),
        source.capture.link(),
        archived(source)
    )
}

fn date(source: &Source) -> String {
    match (&source.published, &source.modified) {
        (Some(date), None) => date.value.month_day_year(),
        (Some(date), Some(modified)) => {
            let (date, modified) = (date.value.month_day_year(), modified.value.month_day_year());
            format!("{date}, last modified {modified}")
        }
        (None, Some(modified)) => format!("last modified {}", modified.value.month_day_year()),
        (None, None) => "n.d.".to_owned(),
    }
}

fn archived(source: &Source) -> String {
    let at = super::date::Date::of(source.capture.at).month_day_year();
    let time = &source.capture.at.to_rfc3339()[11..19];
    format!("archived {at}, {time} UTC{}, at {} ({})", form(source), place(source), proof(source))
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or(String::new(), |c| c.to_uppercase().collect::<String>() + characters.as_str())
}
