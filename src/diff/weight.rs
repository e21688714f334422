//! How much a change matters, from 1 to 5, by its kind and size. `docs/changes.md` explains the scale.
//!
//! The table is kept simple so that it can be discussed: a reader who asks for the grave ones
//! first gets withdrawals, then altered quotations, then facts, then text, then housekeeping.

use super::changes::{Change, ChangeKind};

/// The weight of a change: 1 minor, 2 small, 3 of substance, 4 serious, 5 grave.
#[must_use]
pub fn of(change: &Change) -> u8 {
    if change.notation {
        return 1;
    }
    match change.kind {
        ChangeKind::Gone | ChangeKind::Retraction => 5,
        ChangeKind::QuoteAltered | ChangeKind::QuoteReattributed | ChangeKind::Correction => 4,
        // A returned part of the text counts as text; a returned whole version counts more.
        ChangeKind::Reverted if change.new_range.is_some() => 3,
        ChangeKind::ClaimChanged | ChangeKind::Reverted | ChangeKind::Restored => 4,
        ChangeKind::QuoteRemoved => 4,
        ChangeKind::FigureChanged => by_ratio(change),
        ChangeKind::Headline | ChangeKind::DateChanged | ChangeKind::NameChanged => 3,
        ChangeKind::QuoteAdded | ChangeKind::Published | ChangeKind::Paywalled => 3,
        ChangeKind::TextRemoved => by_size(change.before.as_deref(), 2),
        ChangeKind::TextAdded => by_size(change.after.as_deref(), 2),
        ChangeKind::TextEdited => edited(change),
        ChangeKind::Byline | ChangeKind::UpdateNote | ChangeKind::Redirected => 2,
        ChangeKind::ImageChanged | ChangeKind::LinkChanged => 2,
        ChangeKind::TextMoved | ChangeKind::Modified => 1,
    }
}

/// A figure that at least doubled or halved is serious.
fn by_ratio(change: &Change) -> u8 {
    let value = |text: &Option<String>| {
        text.as_deref().and_then(super::changes::value_of).filter(|value| *value > 0.0)
    };
    match (value(&change.before), value(&change.after)) {
        (Some(a), Some(b)) if a / b >= 2.0 || b / a >= 2.0 => 4,
        _ => 3,
    }
}

/// A paragraph weighs more than a sentence.
fn by_size(text: Option<&str>, least: u8) -> u8 {
    let words = text.map_or(0, |text| text.split_whitespace().count());
    if words >= 60 { least + 1 } else { least }
}

/// A few letters are a corrected typing error; a few words are a rewording.
fn edited(change: &Change) -> u8 {
    let bytes: usize = change.words.iter().map(|(a, b)| a.len().max(b.len())).sum();
    if bytes >= 20 { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weigh(kind: ChangeKind, before: &str, after: &str) -> u8 {
        of(&Change::new(kind).says(Some(before), Some(after)))
    }

    #[test]
    fn graver_kinds_weigh_more() {
        assert_eq!(weigh(ChangeKind::Gone, "", ""), 5);
        assert_eq!(weigh(ChangeKind::FigureChanged, "12", "15"), 3);
        assert_eq!(weigh(ChangeKind::FigureChanged, "12", "120"), 4);
        assert_eq!(weigh(ChangeKind::Modified, "", ""), 1);
        for kind in ChangeKind::ALL {
            assert!((1..=5).contains(&weigh(kind, "a", "b")), "{kind:?}");
        }
    }
}
