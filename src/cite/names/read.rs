//! Parses a name: which words of it are given name, particle, family name and suffix.
//!
//! Decided in this order: what the page itself declares; scripts that put the family name first; titles and
//! generations removed; orders implied by a language, a patronymic, initials or well-known family names; then the
//! last word is the family name, with the particles before it. If two readings are equally likely, the name
//! stays whole, which is never wrong.

use super::lexicon::{
    JOINED, KOREAN, ONE_CHARACTER, TWO_CHARACTERS, begins_family, is_honorific, is_marian,
    is_noble, is_particle, is_portuguese_end, is_second_given, is_spanish_family,
    is_vietnamese_family,
};
use super::{Name, Order, Person};
use crate::base::normal_form::{ascii_letters, composed};
use crate::extract::byline::given::{
    is_east_asian_family, is_given, is_hungarian_given, is_initial,
};
use crate::extract::byline::is_generation;
use crate::extract::page::Author;

/// Reads one name of a byline. `language` is the page's tag, where it is known.
pub(super) fn name_of(author: &Author, language: Option<&str>) -> Name {
    let clean = super::super::clean::clean(&composed(&author.name));
    let name = clean.replace('\u{2011}', "-");
    if author.organisation {
        // "the Associated Press" as it stands in a sentence.
        let bare = name.strip_prefix("the ").filter(|rest| rest.starts_with(char::is_uppercase));
        return Name::Organisation(bare.unwrap_or(&name).to_owned());
    }
    let language = language.unwrap_or("").split(['-', '_']).next().unwrap_or("").to_lowercase();
    let family = author.family.as_ref().map(|f| super::super::clean::clean(&composed(f)));
    match family.filter(|f| !f.is_empty()) {
        Some(family) => with_family(&name, &family.replace('\u{2011}', "-"), &language),
        None => person(&name, &language),
    }
}

/// A name whose family name the page declares.
fn with_family(name: &str, family: &str, language: &str) -> Name {
    let words: Vec<&str> = name.split(' ').collect();
    let (words, suffix) = without_suffix(&words);
    let words = without_titles(&words, language);
    let bare = words.join(" ");
    let before = bare.strip_suffix(family).and_then(|rest| rest.strip_suffix(' '));
    let after = bare.strip_prefix(family).and_then(|rest| rest.strip_prefix(' '));
    let (given, order) = match (before, after) {
        (Some(given), _) => (given, Order::GivenFirst),
        (None, Some(given)) => (given, family_first(language)),
        (None, None) => return person(name, language),
    };
    let parts: Vec<&str> = family.split(' ').collect();
    let particles = parts[..parts.len() - 1].iter().take_while(|w| is_particle(w)).count();
    let particle = parts[..particles].join(" ");
    build(given.to_owned(), particle, parts[particles..].join(" "), suffix, order)
}

/// The order of a name that stands family name first in a language.
fn family_first(language: &str) -> Order {
    if language == "hu" { Order::FamilyFirstComma } else { Order::FamilyFirst }
}

/// Reads a person's name. `language` is a primary subtag, or empty.
pub(super) fn person(name: &str, language: &str) -> Name {
    if let Some(read) = east_asian(name, language) {
        return read;
    }
    let words: Vec<&str> = name
        .split([' ', '\u{3000}'])
        .map(|w| w.trim_matches(','))
        .filter(|w| !w.is_empty())
        .collect();
    let (words, suffix) = without_suffix(&words);
    let mut words = without_titles(&words, language);
    let mut suffix = suffix;
    if words.first() == Some(&"ifj.") && words.len() > 2 {
        // Hungarian says it before the name.
        suffix = words.remove(0).to_owned();
    }
    let whole = || Name::Whole(name.to_owned());
    if words.len() < 2 || is_particle(words[0]) {
        return whole();
    }
    if let Some(read) = other_order(&words, &suffix, language) {
        return read;
    }
    if words.len() == 2 && words[1].ends_with('.') && is_initial(words[1]) && !is_initial(words[0])
    {
        // "Anna M.": the full name is withheld.
        return whole();
    }
    let (begin, end) = family_of(&words, language);
    build(
        words[..begin].join(" "),
        words[begin..end].join(" "),
        words[end..].join(" "),
        suffix,
        Order::GivenFirst,
    )
}

/// The parts together; what is joined to the family name is a particle, too.
fn build(given: String, particle: String, family: String, suffix: String, order: Order) -> Name {
    let (mut particle, mut family) = (particle, family);
    if let Some(joined) = JOINED.iter().find(|j| family.starts_with(**j) && family.len() > j.len())
    {
        let space = if particle.is_empty() { "" } else { " " };
        particle = format!("{particle}{space}{joined}");
        family = family[joined.len()..].to_owned();
    }
    Name::Person(Person { given, particle, family, suffix, order, is_joined: false })
}

/// The name without the generation after it, and the generation as styles write it.
fn without_suffix<'a>(words: &[&'a str]) -> (Vec<&'a str>, String) {
    match words {
        [name @ .., last] if name.len() > 1 && is_generation(last) => {
            let written = match last.to_lowercase().as_str() {
                "jr" | "jnr" | "jnr." => "Jr.".to_owned(),
                "sr" | "snr" | "snr." => "Sr.".to_owned(),
                _ => (*last).to_owned(),
            };
            (name.to_vec(), written)
        }
        all => (all.to_vec(), String::new()),
    }
}

/// The name without titles, as long as a given and a family name are left.
fn without_titles<'a>(words: &[&'a str], language: &str) -> Vec<&'a str> {
    let mut words = words.to_vec();
    while words.len() > 2 && is_honorific(words[0], language) && !is_lone_initial(&words, language)
    {
        words.remove(0);
    }
    words
}

/// "M. Night Shyamalan" has an initial, "M. Jean Dupont" a title: where a title has the form of an initial,
/// a given name has to follow.
fn is_lone_initial(words: &[&str], language: &str) -> bool {
    let letters = words[0].chars().filter(|c| c.is_alphabetic()).count();
    letters == 1 && words[0].is_ascii() && !(is_given(words[1]) && language != "en")
}

/// Chinese, Japanese and Korean script: family name first.
fn east_asian(name: &str, language: &str) -> Option<Name> {
    let mut letters = name.chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek()?;
    if !letters.all(super::super::folded::is_east_asian) {
        return None;
    }
    let make = |family: &str, given: &str, is_joined: bool| {
        Name::Person(Person {
            given: given.to_owned(),
            family: family.to_owned(),
            order: Order::FamilyFirst,
            is_joined,
            ..Person::default()
        })
    };
    let words: Vec<&str> = name.split([' ', '\u{3000}']).filter(|w| !w.is_empty()).collect();
    if let [family, given] = words[..] {
        return Some(make(family, given, false));
    }
    let characters: Vec<(usize, char)> = name.char_indices().collect();
    let is_kana = |c: char| matches!(c, '\u{3040}'..='\u{30ff}');
    let whole = Some(Name::Whole(name.to_owned()));
    // In a Japanese name the end of the family name is not marked.
    if words.len() != 1 || language == "ja" || name.chars().any(is_kana) {
        return whole;
    }
    let is_hangul = characters.iter().all(|(_, c)| matches!(c, '\u{ac00}'..='\u{d7a3}'));
    let is_two = TWO_CHARACTERS.iter().any(|two| name.starts_with(two)) && characters.len() > 2;
    let first = characters.first().map_or(' ', |(_, c)| *c);
    let is_one = if is_hangul { KOREAN.contains(first) } else { ONE_CHARACTER.contains(first) };
    let at = match (is_two, is_one, characters.len()) {
        (true, _, 3..=4) => 2,
        (_, true, 2..=3) => 1,
        _ => return whole,
    };
    let (family, given) = name.split_at(characters[at].0);
    Some(make(family, given, true))
}

/// Names whose order or family name does not follow from the last word.
fn other_order(words: &[&str], suffix: &str, language: &str) -> Option<Name> {
    let split = |at: usize, order: Order| {
        let (family, given) = words.split_at(at);
        Some(build(given.join(" "), String::new(), family.join(" "), suffix.to_owned(), order))
    };
    match language {
        "hu" => return hungarian(words).and_then(|at| split(at, Order::FamilyFirstComma)),
        "vi" if is_vietnamese_family(words[0]) || !is_given(words[0]) => {
            return split(1, Order::FamilyFirst);
        }
        "zh" | "ja" | "ko" | "km" if !is_given(words[0]) || is_east_asian_family(words[0]) => {
            let is_western =
                is_east_asian_family(words[words.len() - 1]) && !is_east_asian_family(words[0]);
            return if is_western { None } else { split(1, Order::FamilyFirst) };
        }
        _ => {}
    }
    let last = words[words.len() - 1];
    if is_patronymic(last) && words.len() == 3 && !is_patronymic(words[1]) {
        // "Иванов Иван Иванович"
        return split(1, Order::FamilyFirstComma);
    }
    let initials = words.iter().rev().take_while(|w| w.contains('.') && is_initial(w)).count();
    let is_cyrillic = words[0].chars().all(|c| matches!(c, '\u{400}'..='\u{52f}' | '-'));
    let letters = words[words.len() - initials..]
        .iter()
        .flat_map(|w| w.chars())
        .filter(|c| *c == '.')
        .count();
    if initials > 0
        && initials < words.len()
        && !is_initial(words[0])
        && (letters > 1 && !last.eq("C.K.") || is_cyrillic)
    {
        // "Roe A. B.", "Кузнецов И."
        return split(words.len() - initials, Order::FamilyFirstComma);
    }
    if family_stands_first(words) {
        return split(1, Order::FamilyFirst);
    }
    None
}

/// Vietnamese, Korean and Chinese names in Latin letters in their native order, on a page in any language.
fn family_stands_first(words: &[&str]) -> bool {
    let (first, last) = (words[0], words[words.len() - 1]);
    let is_vietnamese = is_vietnamese_family(first)
        && words.len() > 2
        && !is_vietnamese_family(last)
        && (matches!(words[1].to_lowercase().as_str(), "văn" | "thị" | "van" | "thi")
            || words.iter().filter(|w| is_vietnamese_spelling(w)).count() > 1);
    if is_vietnamese {
        return true;
    }
    let [family, given] = words else { return false };
    if !is_east_asian_family(family) || is_east_asian_family(given) {
        return false;
    }
    // "Moon Jae-in", "Mao Zedong"; "Lee Hazen" cannot be distinguished from a Western name.
    let (before, after) = given.split_once('-').unwrap_or((given, ""));
    let is_korean = !after.is_empty()
        && after.starts_with(char::is_lowercase)
        && after.chars().count() <= 6
        && before.chars().count() <= 6;
    is_korean
        || (!is_given(given)
            && !matches!(*family, "Lee" | "Park" | "Long" | "Gu" | "Song" | "Kim" | "Jung")
            && is_pinyin_pair(given))
}

/// Letters that only Vietnamese has in Latin script.
fn is_vietnamese_spelling(word: &str) -> bool {
    word.chars().any(|c| {
        matches!(c, 'ă' | 'Ă' | 'đ' | 'Đ' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | '\u{1ea0}'..='\u{1ef9}')
    })
}

/// Whether a word is two syllables of Pinyin.
fn is_pinyin_pair(word: &str) -> bool {
    const INITIALS: [&str; 24] = [
        "zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x",
        "r", "z", "c", "s", "y", "w", "",
    ];
    const FINALS: [&str; 36] = [
        "iang", "iong", "uang", "ang", "eng", "ing", "ong", "iao", "ian", "uai", "uan", "ai", "ei",
        "ao", "ou", "an", "en", "in", "un", "ia", "ie", "iu", "ua", "uo", "ui", "ue", "üe", "ve",
        "er", "a", "o", "e", "i", "u", "ü", "v",
    ];
    let lower = word.to_lowercase();
    let syllable = |text: &str| -> bool {
        INITIALS.iter().any(|i| text.strip_prefix(i).is_some_and(|rest| FINALS.contains(&rest)))
    };
    let bounds = lower.char_indices().map(|(at, _)| at).skip(1);
    lower.len() >= 5
        && bounds
            .into_iter()
            .any(|at| syllable(&lower[..at]) && lower[at..].len() > 1 && syllable(&lower[at..]))
}

/// Where the given name begins in a name on a Hungarian page; none for names in Western order.
fn hungarian(words: &[&str]) -> Option<usize> {
    let trailing =
        words.iter().rev().take_while(|w| is_hungarian_given(w) || is_initial(w)).count();
    let first = words[0];
    if trailing == words.len() {
        return Some(1);
    }
    if trailing > 0 {
        return Some(words.len() - trailing);
    }
    (!is_hungarian_given(first) && !is_given(first)).then_some(1)
}

/// Whether a word is an East Slavic patronymic.
fn is_patronymic(word: &str) -> bool {
    let lower = word.to_lowercase();
    ["ович", "евич", "йович", "льич", "овна", "евна", "ична", "івна", "ївна", "кызы", "оглы"]
        .iter()
        .any(|end| lower.ends_with(end) && lower.chars().count() > 5)
}

/// Where particle and family name begin. The family name has at least one word, the given name too.
fn family_of(words: &[&str], language: &str) -> (usize, usize) {
    let last = words.len() - 1;
    // "José Ortega y Gasset": the conjunction joins two family names.
    if last >= 3 && matches!(words[last - 1], "y" | "i" | "e") {
        let begin = last - 2;
        let particles = words[1..begin].iter().rev().take_while(|w| is_particle(w)).count();
        return (begin - particles, begin);
    }
    if let Some(begin) = spanish(words, language) {
        let particles = words[begin..last].iter().take_while(|w| is_particle(w)).count();
        return (begin, begin + particles);
    }
    if language == "pt" && last >= 2 && is_portuguese_end(words[last]) {
        let begin = last - 1;
        let particles = words[1..begin].iter().rev().take_while(|w| is_particle(w)).count();
        return (begin - particles, begin);
    }
    if let Some(begin) = (1..last).find(|i| begins_family(words[*i])) {
        return (begin, begin);
    }
    let Some(begin) = (1..last).find(|i| is_particle(words[*i])) else { return (last, last) };
    let is_and = |i: usize| words[i] == "und" && i + 1 < last && is_particle(words[i + 1]);
    let more = (begin..last).take_while(|i| is_particle(words[*i]) || is_and(*i)).count();
    let titles = words[1..begin].iter().rev().take_while(|w| is_noble(w)).count();
    (begin - titles, begin + more)
}

/// Where the family names of a Spanish name begin: two of them, unless the second word is a given name.
/// On pages in other languages only if the names themselves show it.
fn spanish(words: &[&str], language: &str) -> Option<usize> {
    if words.len() < 3 {
        return None;
    }
    let is_here = matches!(language, "es" | "ca" | "gl" | "eu");
    let after_given = spanish_given(words);
    if is_here {
        // Four words and more have two family names.
        let plain = words[after_given..].iter().filter(|w| !is_particle(w)).count();
        let spare = plain.saturating_sub(2);
        let has_particles = words[after_given..].iter().any(|w| is_particle(w));
        let begin = if has_particles { after_given } else { after_given + spare };
        return (begin < words.len()).then_some(begin);
    }
    let begin = words.len() - 2;
    let folded = ascii_letters(words[begin]);
    let is_clear = after_given <= begin
        && is_given(words[0])
        && (is_spanish_family(words[begin]) || is_spanish_family(&folded))
        && !is_given(words[begin + 1])
        && !words.iter().any(|w| is_particle(w) || begins_family(w))
        && (is_spanish_family(words[begin + 1]) || !words.iter().all(|w| w.is_ascii()));
    is_clear.then_some(begin)
}

/// How many words the given names of a Spanish name take.
fn spanish_given(words: &[&str]) -> usize {
    let mut at = 1;
    // "María del Carmen", "María de los Ángeles"
    let of = words[at..]
        .iter()
        .take_while(|w| matches!(**w, "de" | "del" | "la" | "los" | "las"))
        .count();
    if of > 0 && words.get(at + of).is_some_and(|w| is_marian(w)) && at + of + 1 < words.len() {
        at += of + 1;
    }
    while at + 1 < words.len() && (is_initial(words[at]) || is_second_given(words[at])) {
        at += 1;
    }
    at
}
