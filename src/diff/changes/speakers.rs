//! Whether two speakers of one quotation are the same person: fuller and shorter names, titles, slips
//! of spelling, and a role that the text gives to a name.
//!
//! Only the two texts are used. A pronoun was resolved by the extractor; a role ("the
//! MP") is that of a name where the text writes them side by side ("the local MP, Robin Astley").

use super::capitals::Capitals;
use crate::diff::budget::Budget;

/// This many bytes on each side of a name are searched for a role.
const BESIDE_BYTES_MAX: usize = 200;

/// Words of a speaker's name that do not identify a person: titles and articles.
const TITLES: [&str; 18] = [
    "mr",
    "mrs",
    "ms",
    "dr",
    "sir",
    "dame",
    "lord",
    "lady",
    "prof",
    "professor",
    "the",
    "a",
    "an",
    "president",
    "minister",
    "senator",
    "mayor",
    "judge",
];

/// Whether a word (lower case) is a rank or an office, not a person.
pub(super) fn is_title(word: &str) -> bool {
    TITLES.contains(&word.trim_end_matches('.'))
}

pub(super) fn name_words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'' && c != '’')
        .map(|word| word.trim_end_matches("'s").trim_end_matches("’s").to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether two names may be the same speaker's: one holds the other, or they differ by a letter or
/// two, as corrected spellings do.
pub(crate) fn same_speaker(a: &str, b: &str) -> bool {
    let (a, b) = (name_words(a), name_words(b));
    let bare = |words: &[String]| -> Vec<String> {
        let kept: Vec<String> =
            words.iter().filter(|w| !TITLES.contains(&w.as_str())).cloned().collect();
        if kept.is_empty() { words.to_vec() } else { kept }
    };
    let within = |a: &[String], b: &[String]| a.iter().all(|word| b.contains(word));
    if within(&a, &b) || within(&b, &a) {
        return true;
    }
    let (a, b) = (bare(&a), bare(&b));
    if within(&a, &b) || within(&b, &a) {
        return true;
    }
    let known = a.iter().zip(&b).any(|(x, y)| x == y);
    let slip = |x: &str, y: &str| misspelled(x, y) || known && near(x, y);
    a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| x == y || slip(x, y))
}

/// Whether two words are close enough to be one where the rest of the name is the same: "Agnes Dorn",
/// "Agnes Thorn".
fn near(a: &str, b: &str) -> bool {
    let (x, y) = (a.chars().count(), b.chars().count());
    let apart = distance(a, b);
    // "Tim" and "Kim" are two people.
    x.min(y) >= 4 && apart <= 2 && apart * 2 < x.max(y)
}

/// Whether two words differ by at most two letters and are long enough for that to be evidence.
fn misspelled(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let short = a.len().min(b.len());
    // "Roe" may be a slip for "Row", and "Kim" is not one for "Tim".
    if short < 3 || (short < 5 && a.first() != b.first()) || a.len().abs_diff(b.len()) > 2 {
        return false;
    }
    // "Frost", "Forst": transposed letters.
    let sorted = |word: &[char]| {
        let mut letters = word.to_vec();
        letters.sort_unstable();
        letters
    };
    if a.first() == b.first() && sorted(&a) == sorted(&b) {
        return true;
    }
    let apart = distance_of(&a, &b);
    apart <= 2 && apart * 3 <= a.len().max(b.len())
}

fn distance(a: &str, b: &str) -> usize {
    distance_of(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
}

/// The number of letters to insert, delete or replace to get from one word to the other.
fn distance_of(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(b) {
            let cell = (corner + usize::from(x != y)).min(left + 1).min(*slot + 1);
            corner = *slot;
            *slot = cell;
            left = cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Whether a text calls the bearer of `name` by `role`: "the treasurer, Paul Whitcomb", "Paul
/// Whitcomb, the town's treasurer". False where the role is itself a name. Only the first places where the
/// name stands are checked.
pub(super) fn called(capitals: &Capitals<'_>, role: &str, name: &str, budget: &Budget) -> bool {
    let upper = |word: &str| word.chars().all(|c| c.is_uppercase() || !c.is_alphabetic());
    let is_name = |word: &str| word.starts_with(char::is_uppercase) && !upper(word);
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '\'' | '’'))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let offices = |word: &String| {
        let lower = word.to_lowercase();
        lower != "a" && lower != "an" && lower != "the"
    };
    let (roles, names) = (words(role), words(name));
    let roles: Vec<String> = roles.into_iter().filter(offices).collect();
    let (Some(office), Some(last)) = (roles.last(), names.last()) else { return false };
    if roles.iter().any(|word| is_name(word) && !is_title(&word.to_lowercase())) || !is_name(last) {
        return false;
    }
    let text = capitals.text();
    capitals.any(last, budget, |at| {
        budget.note(BESIDE_BYTES_MAX);
        let end = at + last.len();
        let before = text.get(boundary(text, at.saturating_sub(BESIDE_BYTES_MAX))..at);
        let after = text.get(end..boundary(text, end.saturating_add(BESIDE_BYTES_MAX)));
        stands_before(before.unwrap_or_default(), office, is_name)
            || stands_behind(after.unwrap_or_default(), office)
    })
}

/// The last character boundary at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// "… MP, Robin ‸": the role, a comma perhaps, and nothing but capitals up to the name.
fn stands_before(before: &str, office: &str, is_name: impl Fn(&str) -> bool) -> bool {
    let mut rest = before.trim_end();
    for _ in 0..4 {
        let bare = rest.trim_end_matches(',').trim_end();
        let start = bare.rfind(|c: char| c.is_whitespace()).map_or(0, |at| at + 1);
        let Some(word) = bare.get(start..) else { return false };
        if word.eq_ignore_ascii_case(office) {
            return true;
        }
        if !is_name(word) {
            return false;
        }
        rest = bare.get(..start).unwrap_or_default().trim_end();
    }
    false
}

/// "‸, the town's treasurer": a comma, and the role within a few words of the same clause.
fn stands_behind(after: &str, office: &str) -> bool {
    let Some(rest) = after.strip_prefix(',') else { return false };
    let clause = rest.split([',', '.', ';', ':', '?', '!', '"', '”']).next();
    let clause = clause.unwrap_or_default().trim_start();
    // "Ulla Merz, a doctor" does not identify her with a doctor mentioned before.
    let definite = !["a ", "an ", "one "].iter().any(|article| clause.starts_with(article));
    definite && clause.split_whitespace().take(5).any(|word| word.eq_ignore_ascii_case(office))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_speaker_are_distinguished_from_those_of_two() {
        let cases = [
            ("Anna Roe", "Roe", true),
            ("Mayor Roe", "Anna Roe", true),
            ("Anna Roe", "Anna Row", true),
            ("Agnes Dorn", "Agnes Thorn", true),
            ("Ms Barrow", "Sheila Barrow", true),
            ("Anna Roe", "Piet Hals", false),
            ("Anna Roe", "Anna Lind", false),
            ("Tim Holm", "Kim Holm", false),
            ("the company", "the union", false),
        ];
        for (a, b, same) in cases {
            assert_eq!(same_speaker(a, b), same, "{a} {b}");
        }
    }

    #[test]
    fn a_role_is_that_of_the_name_beside_it() {
        let text = "The local MP, Robin Astley, was there. Paul Whitcomb, the town’s treasurer, was \
                    not. The mayor told Astley to go, and the lawyer of Olga Winter said no, as \
                    did Ulla Merz, a doctor on the ward.";
        let cases = [
            ("MP", "Robin Astley", true),
            ("the MP", "Astley", true),
            ("the treasurer", "Paul Whitcomb", true),
            ("the mayor", "Robin Astley", false),
            ("the lawyer", "Olga Winter", false),
            ("doctor", "Ulla Merz", false),
            ("the treasurer", "Robin Astley", false),
            ("Paul Whitcomb", "Robin Astley", false),
        ];
        let (capitals, budget) = (Capitals::of(text), Budget::new(0));
        for (role, name, same) in cases {
            assert_eq!(called(&capitals, role, name, &budget), same, "{role}, {name}");
        }
    }
}
