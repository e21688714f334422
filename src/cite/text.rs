//! Plain text: all known facts, in lines for a person.

use super::names::Name;
use super::prose::{captured, isolate, list, quotation_lines, stop};
use super::source::Source;

pub(super) fn render(source: &Source) -> String {
    let names: Vec<String> = source.named_authors().into_iter().map(Name::direct).collect();
    let mut first = list(&names, "and");
    if !first.is_empty() {
        first.push_str(": ");
    }
    first.push_str(&stop(&isolate(&source.title())));
    first.push_str(&format!(" {}", isolate(source.outlet())));
    match (&source.published, &source.modified) {
        (Some(published), Some(modified)) => {
            let (published, modified) = (published.value.iso(), modified.value.iso());
            first.push_str(&format!(", {published} (changed {modified})."));
        }
        (Some(date), None) => first.push_str(&format!(", {}.", date.value.iso())),
        (None, Some(date)) => first.push_str(&format!(", no date (changed {}).", date.value.iso())),
        (None, None) => first.push_str(", no date."),
    }
    format!(
        "{first} {}\nCaptured: {}{}\nKept at: {}\nRecord: {}\nDigest: {}{}\n{}.",
        source.capture.link(),
        captured(source),
        source.copy_of.as_ref().map_or(String::new(), |from| format!("\nCaptured by: {from}")),
        source.archive_url().unwrap_or_else(|| isolate(&source.archive.name)),
        source.capture.record_id.as_deref().unwrap_or("no record id"),
        source.digest(),
        quotation_lines(source),
        source.origins_note()
    )
}
