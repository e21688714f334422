//! When a phrase was in a page, as text.

use crate::history::standing::PhraseSpan;

use super::plural;

/// The lines of a page.
#[must_use]
pub fn lines(stood: &PhraseSpan) -> Vec<String> {
    vec![
        format!("{}{}", stood.url, super::in_form(stood.form)),
        format!("  first seen  {}", stood.first_seen.0.date.to_rfc3339()),
        format!("  last seen   {}", stood.last_seen.0.date.to_rfc3339()),
        match stood.gone_since {
            Some(at) => format!("  gone since  {}", at.to_rfc3339()),
            None => "  still there in the newest version".to_owned(),
        },
        format!("  in {}", plural(stood.versions, "version")),
    ]
}
