//! The places of the capitalised words of a page, computed once per comparison and only
//! if a name changed.

use std::cell::OnceCell;

use crate::diff::budget::Budget;
use crate::diff::normal::Map;

/// At most this many places of one word are kept: a name is introduced at its first places.
const PLACES_MAX: usize = 32;

/// The capitalised words of a text.
pub(in crate::diff) struct Capitals<'a> {
    text: &'a str,
    places: OnceCell<Map<&'a str, Vec<usize>>>,
}

impl<'a> Capitals<'a> {
    /// Of a text, which is read at the first query.
    pub(in crate::diff) fn of(text: &'a str) -> Self {
        Self { text, places: OnceCell::new() }
    }

    /// The text.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Whether `test` holds at a place where a capitalised word begins, as a word of its own or as what
    /// another word begins with up to a hyphen or an apostrophe. Only its first places are checked;
    /// the comparison counts as coarse if it holds at none of these and there are more.
    pub(super) fn any(&self, word: &str, budget: &Budget, test: impl Fn(usize) -> bool) -> bool {
        let places = self.places.get_or_init(|| {
            budget.note(self.text.len());
            capitals(self.text)
        });
        let letters = word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len());
        let Some(found) = word.get(..letters).and_then(|first| places.get(first)) else {
            return false;
        };
        budget.note(found.len());
        let stands = |at: usize| self.text.get(at..).is_some_and(|rest| rest.starts_with(word));
        let holds = found.iter().take(PLACES_MAX).any(|&at| stands(at) && test(at));
        if !holds && found.len() > PLACES_MAX {
            budget.coarsen();
        }
        holds
    }
}

/// The first places of each run of letters and digits that begins with a capital, plus one place
/// if there are more.
fn capitals(text: &str) -> Map<&str, Vec<usize>> {
    let mut places: Map<&str, Vec<usize>> = Map::default();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, c.is_alphanumeric()) {
            (None, true) => start = Some((at, c.is_uppercase())),
            (Some((from, capital)), false) => {
                if let Some(word) = text.get(from..at).filter(|_| capital) {
                    let known = places.entry(word).or_default();
                    if known.len() <= PLACES_MAX {
                        known.push(from);
                    }
                }
                start = None;
            }
            _ => {}
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capital_is_found_as_a_word() {
        let text = "Ann-Lee met Anna and Ann’s son O’Neill. annul";
        let capitals = Capitals::of(text);
        let budget = Budget::new(0);
        let found = |word: &str| {
            let places: Vec<usize> = (0..text.len())
                .filter(|&at| capitals.any(word, &budget, |here| here == at))
                .collect();
            places
        };
        assert_eq!(found("Ann"), [0, 21]);
        assert_eq!(found("Ann-Lee"), [0]);
        assert_eq!(found("O’Neill"), [text.find("O’").unwrap()]);
        assert_eq!(found("Neill"), [text.find("Neill").unwrap()]);
        assert!(found("annul").is_empty() && !budget.ran_out());
        let many = "Ann ".repeat(PLACES_MAX + 5);
        let capitals = Capitals::of(&many);
        assert!(capitals.any("Ann", &budget, |at| at == 4) && !budget.ran_out());
        assert!(!capitals.any("Ann", &budget, |at| at == 4 * PLACES_MAX) && budget.ran_out());
    }
}
