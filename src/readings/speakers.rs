//! Names of speakers as they are looked for: by the name, or the last words of it, in any case.

/// The words of a name, folded.
#[must_use]
pub fn folded(name: &str) -> Vec<String> {
    name.split_whitespace().map(|word| word.trim_matches(['.', ',']).to_lowercase()).collect()
}

/// Whether `asked` is the name, or the last words of it, in any case.
#[must_use]
pub fn is_named(name: &str, asked: &str) -> bool {
    let (name, asked) = (folded(name), folded(asked));
    !asked.is_empty() && name.ends_with(&asked)
}

/// The word under which a name is kept: every name that [`is_named`] finds has the same last one.
pub(super) fn last_word(name: &str) -> Option<String> {
    folded(name).pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speaker_is_found_by_the_name_or_its_last_part() {
        let cases = [
            ("Ann Lee", "ann lee", true),
            ("Ann Lee", "LEE", true),
            ("Ann Lee", "Ann", false),
            ("Ann Oxlee", "lee", false),
            ("Karl van der Berg", "van der Berg", true),
            ("Ann Lee", " ", false),
        ];
        for (name, asked, expected) in cases {
            assert_eq!(is_named(name, asked), expected, "{name} asked as {asked}");
            assert!(!expected || last_word(name) == last_word(asked));
        }
    }
}
