//! The nearest of several words, for "did you mean".

/// The candidate that takes the fewest edits to become `word`, when it is near enough to be meant.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or("").to_owned();
    let word_last = last(word);
    candidates
        .into_iter()
        .map(|c| {
            let whole = strsim::damerau_levenshtein(word, c);
            // A correct name in the wrong section is as likely as a typing error in the right one.
            let by_name = if last(c) == word_last { 2 } else { usize::MAX };
            (whole.min(by_name), c)
        })
        .min()
        .filter(|(distance, c)| *distance <= (word.len().max(c.len()) / 3).max(2))
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_and_a_wrong_section_are_guessed_and_nonsense_is_not() {
        let keys = ["politeness.delay_min", "politeness.delay_max", "tls.verify"];
        assert_eq!(nearest("politeness.delay_mni", keys), Some("politeness.delay_min"));
        assert_eq!(nearest("capture.verify", keys), Some("tls.verify"));
        assert_eq!(nearest("zzz", keys), None);
    }
}
