//! All lists of phrases that most blocks do not contain: walls, offers, consent, lines of the page itself.
//!
//! Owns one pass over the words of a block for all of them, in every language. A list is searched only
//! where this says that one of its phrases is in the block.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::phrase_bits::{List, Lists};
use super::{line_words, page_lines, wall};
use crate::base::phrases::{PhraseFinder, finder_of};

/// Texts up to this length are read whole, in bytes: of longer ones only the beginning matters to callers.
const WHOLE_BYTES_MAX: usize = 1_600;
/// At most this much of the beginning of a longer one is read.
const HEAD_BYTES: usize = 400;

/// All phrases, and the bits of the lists that have each.
static ALL: LazyLock<Option<(PhraseFinder, Vec<u16>)>> = LazyLock::new(|| {
    let mut bits = BTreeMap::<String, u16>::new();
    let page = [
        (List::PageLine, page_lines::page_lines()),
        (List::Letter, page_lines::letters()),
        (List::LineOffer, line_words::OFFERS.entries().collect()),
    ];
    for (list, phrases) in wall::lists().into_iter().chain(page) {
        for phrase in phrases {
            // As the text is read: "kun 1 kr" as "kun kr".
            *bits.entry(wall::without_numbers(phrase)).or_default() |= list.bit();
        }
    }
    Some((finder_of(bits.keys())?, bits.into_values().collect()))
});

/// The lists with a phrase in a text, with its numbers or without them.
pub(super) fn scan(words: &str) -> Lists {
    let Some((finder, bits)) = ALL.as_ref() else { return Lists::of_bits(None) };
    let is_long = words.len() > WHOLE_BYTES_MAX;
    let end = if is_long { words.floor_char_boundary(HEAD_BYTES) } else { words.len() };
    let lower = words.get(..end).unwrap_or(words).to_lowercase();
    let lists_in = |text: &str| {
        let found = finder.find_overlapping_iter(text);
        found.filter_map(|found| bits.get(found.pattern().as_usize())).fold(0, |all, b| all | b)
    };
    if wall::has_numbers(&lower) {
        // No phrase begins with what is taken out with a number, so that all that are in the
        // text stand in this, too.
        return Lists::of_bits(Some(lists_in(&wall::without_numbers(&lower))));
    }
    Lists::of_bits(Some(lists_in(&lower)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_is_found_where_numbers_are_taken_out() {
        let page = [page_lines::page_lines(), page_lines::letters()].concat();
        let line = line_words::OFFERS.entries();
        let all =
            wall::lists().into_iter().flat_map(|(_, phrases)| phrases).chain(page).chain(line);
        for phrase in all {
            assert!(!phrase.contains("  "), "{phrase:?}");
            let numbered = format!("{phrase} 7");
            assert!(scan(&numbered) != Lists::of_bits(Some(0)), "{phrase:?}");
            assert!(!phrase.starts_with([' ', '.', ',', '\u{a0}', '\u{202f}', '+']), "{phrase:?}");
        }
    }

    #[test]
    fn phrases_are_found_with_numbers_between() {
        let has = |text: &str, list| scan(text).has(list);
        assert!(has("Subscribe to continue reading", List::Wall));
        assert!(has("残り1200文字", List::Wall), "numbers are passed over");
        assert!(has("We and our 812 partners use cookies", List::Partner));
        assert!(has("We and our 812 partners use cookies", List::Device));
        assert!(!has("The bridge was closed on 3 May.", List::Wall));
        let long = format!("{} subscribe to continue reading", "x".repeat(WHOLE_BYTES_MAX));
        assert!(!has(&long, List::Wall), "only its beginning is read");
    }
}
