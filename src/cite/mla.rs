//! MLA Handbook, 9th edition: the core elements of chapter 5; two containers, the outlet and the archive.
//!
//! The handbook treats an archive as any other container (5.31 to 5.36): its name, and its location. The
//! date of access is that of the capture. Plain text, so without italics.

use super::date::Date;
use super::prose::{captured, isolate, quotation_lines, stop, title};
use super::source::Source;

pub(super) fn render(source: &Source) -> String {
    let named = source.named_authors();
    let authors = match named.as_slice() {
        [] => String::new(),
        [one] => format!("{} ", stop(&one.inverted())),
        [one, two] => {
            // The comma before "and" is set if the first name is inverted with a comma.
            let (one, two) = (one.inverted(), two.direct());
            let comma = if one.contains(", ") { "," } else { "" };
            format!("{} ", stop(&format!("{one}{comma} and {two}")))
        }
        [first, ..] => format!("{}, et al. ", first.inverted()),
    };
    let date = source.published.as_ref().or(source.modified.as_ref());
    let date = date.map_or(String::new(), |d| format!(" {},", d.value.day_short_month_year()));
    let place = source.archive_url().map_or(String::new(), |url| format!(", {url}"));
    let at = source.capture.at;
    format!(
        "{authors}{} {},{date} {}. {}, captured {}, {}, {}{place}. Accessed {}.{}",
        title(&source.title(), '.'),
        isolate(source.outlet()),
        source.capture.link(),
        isolate(&source.archive.name),
        captured(source),
        source.record(),
        source.digest(),
        Date::of(at).day_short_month_year(),
        quotation_lines(source)
    )
}
