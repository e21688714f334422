//! APA, 7th edition: section 10.1 (example 16, newspaper article) and 10.16 (webpage on a website), with
//! names as in 9.8, dates as in 9.14 and "Retrieved … from" as in 9.16 for works that change.
//!
//! The manual has no form for archived copies: the copy stands in square brackets, like any description
//! that identifies a work (9.21). Plain text, so without italics.

use super::date::Date;
use super::names::Name;
use super::prose::{captured, isolate, place, proof, quotation_lines, stop};
use super::source::Source;

/// Up to this many authors are all named (9.8).
const AUTHORS_MAX: usize = 20;

pub(super) fn render(source: &Source) -> String {
    let date = source.published.as_ref().or(source.modified.as_ref());
    let date = date.map_or("n.d.".to_owned(), |d| d.value.year_month_day());
    let title = isolate(&source.title());
    let names: Vec<String> = source.named_authors().into_iter().map(Name::with_initials).collect();
    let outlet = isolate(source.outlet());
    // If the byline names the outlet, the outlet is the author and is not named twice (10.16); without
    // any byline the title stands first (9.12).
    let head = if names.is_empty() && !source.authors.is_empty() {
        format!("{} ({date}). {}", stop(&outlet), stop(&title))
    } else if names.is_empty() {
        format!("{} ({date}). {}", stop(&title), stop(&outlet))
    } else {
        format!("{} ({date}). {} {}", stop(&authors(&names)), stop(&title), stop(&outlet))
    };
    let at = source.capture.at;
    format!(
        "{head} Retrieved {}, from {} [Archived copy of {}: {}; {}]{}",
        Date::of(at).month_day_year(),
        source.capture.link(),
        captured(source),
        place(source),
        proof(source),
        quotation_lines(source)
    )
}

fn authors(names: &[String]) -> String {
    match names {
        [all @ .., last] if names.len() > AUTHORS_MAX => {
            format!("{}, . . . {last}", all[..AUTHORS_MAX - 1].join(", "))
        }
        [first @ .., last] if !first.is_empty() => format!("{}, & {last}", first.join(", ")),
        _ => names.concat(),
    }
}
