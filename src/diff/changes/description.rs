//! The summary that a page declares: search engines and social networks show it, readers of the
//! page do not see it.
//!
//! A summary that is an excerpt of the text changes with it and is not reported separately.

use super::{Change, ChangeKind};
use crate::diff::{CompareOptions, compare, normal};
use crate::extract::extract_text_file;
use crate::extract::page::{Page, PageKind};

/// The `about` of such a change.
pub(in crate::diff) const ABOUT: &str = "description";

/// More changes than this are one new summary.
const CHANGES_MAX: usize = 3;

/// The changes of the declared summary; without ranges, since it is not part of the text.
pub(super) fn find(old: &Page, new: &Page) -> Vec<Change> {
    let of = |page: &'_ Page| page.description.as_ref().map(|fact| fact.value.clone());
    let (Some(a), Some(b)) = (of(old), of(new)) else { return Vec::new() };
    // The summary of a live blog is its newest entry.
    let is_live = old.kind == PageKind::Live || new.kind == PageKind::Live;
    if is_live || normal::same_words(&a, &b) || is_excerpt(old, &a) || is_excerpt(new, &b) {
        return Vec::new();
    }
    let (from, to) = (extract_text_file(&a).page, extract_text_file(&b).page);
    let mut found = compare(&from, &to, &CompareOptions::default()).changes;
    found.retain(|change| !change.notation);
    if found.len() > CHANGES_MAX {
        found = vec![Change::new(ChangeKind::TextEdited).says(Some(&a), Some(&b))];
    }
    for change in &mut found {
        change.about = Some(ABOUT.to_owned());
        (change.old_range, change.new_range) = (None, None);
        change.words.clear();
    }
    found
}

/// Whether a summary is an excerpt of the text, or says no more than the headline.
fn is_excerpt(page: &Page, summary: &str) -> bool {
    let bare = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let summary = bare(summary);
    let headline = page.headline.as_ref().map(|fact| bare(&fact.value)).unwrap_or_default();
    // The last word may be cut.
    let most = summary.floor_char_boundary(summary.len() * 9 / 10);
    headline.contains(&summary) || bare(&page.text).contains(&summary[..most])
}
