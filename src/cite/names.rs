//! The names of a byline, taken apart the way bibliographies need them: given name, particle, family
//! name, suffix.
//!
//! A byline is one string, so this is a reading of it and no knowledge of the person: particles are
//! told by their words (CSL 1.0.2 "name-part", BibTeX's "von" part), East Asian names stand family
//! first, and a name that cannot be parted is kept whole. Deliberately guesses no compound family
//! names that nothing marks.

use crate::extract::page::Author;

/// A name, ready to be set in any style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A person with a given and a family name.
    Person(Person),
    /// A person known by one name, or whose name cannot be parted: never inverted.
    Whole(String),
    /// An agency, a staff, an outlet: never inverted, never abbreviated.
    Organisation(String),
}

/// The parts of a person's name. Only `family` and `given` are never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// "Jan Willem".
    pub given: String,
    /// "van der", "de la", "al-"; it stays with the family name when the name is inverted.
    pub particle: String,
    /// "Berg".
    pub family: String,
    /// "Jr.", "III".
    pub suffix: String,
    /// Whether the name is said family name first and takes no comma.
    pub family_first: bool,
}

/// Words that stand between given and family name in lower case.
const PARTICLES: &[&str] = &[
    "abou", "abu", "ad", "af", "al", "ap", "av", "bar", "bat", "ben", "bin", "bint", "binti", "da",
    "dal", "dalla", "das", "de", "dei", "del", "della", "delle", "den", "der", "des", "di", "do",
    "dos", "du", "e", "el", "ibn", "im", "la", "las", "le", "les", "lo", "los", "op", "ould", "st",
    "te", "ten", "ter", "thoe", "tot", "'t", "’t", "um", "van", "vande", "vander", "vom", "von",
    "vor", "y", "zu", "zum", "zur",
];

/// The same words where a family writes them with a capital: they then begin the family name itself.
const CAPITAL_PARTICLES: &[&str] = &[
    "Abu", "Al", "Da", "Dal", "De", "Del", "Della", "Den", "Der", "Di", "Du", "El", "La", "Le",
    "Van", "Vande", "Vander", "Von",
];

/// What is joined to a family name by a hyphen or an apostrophe.
const JOINED: &[&str] = &[
    "ad-", "al-", "an-", "ar-", "as-", "ash-", "at-", "az-", "el-", "ul-", "d'", "d’", "dell'",
    "dell’",
];

const SUFFIXES: &[&str] = &["jr", "jr.", "sr", "sr.", "ii", "iii", "iv"];

impl Name {
    /// Reads one name of a byline. `language` is the page's, where it is known.
    #[must_use]
    pub fn of(author: &Author, language: Option<&str>) -> Self {
        let name = super::clean(&author.name);
        if author.organisation { Self::Organisation(name) } else { Self::person(&name, language) }
    }

    /// Reads a person's name.
    #[must_use]
    pub fn person(name: &str, language: Option<&str>) -> Self {
        let mut words: Vec<&str> = name
            .split([' ', '\u{3000}'])
            .map(|w| w.trim_matches(','))
            .filter(|w| !w.is_empty())
            .collect();
        let whole = || Self::Whole(name.to_owned());
        if is_east_asian(name) {
            let [family, given] = words[..] else { return whole() };
            return Self::family_first(family, given.to_owned());
        }
        if language.is_some_and(|l| l == "hu" || l.starts_with("hu-")) && words.len() > 1 {
            return Self::family_first(words[0], words[1..].join(" "));
        }
        let suffix = match words.last() {
            Some(last) if words.len() > 2 && SUFFIXES.contains(&last.to_lowercase().as_str()) => {
                words.pop().unwrap_or_default().to_owned()
            }
            _ => String::new(),
        };
        if words.len() < 2 || PARTICLES.contains(&words[0]) {
            return whole();
        }
        let (begin, end) = particle(&words);
        let mut family = words[end..].join(" ");
        let mut particle = words[begin..end].join(" ");
        if let Some(joined) =
            JOINED.iter().find(|j| family.starts_with(**j) && family.len() > j.len())
        {
            let space = if particle.is_empty() { "" } else { " " };
            particle = format!("{particle}{space}{joined}");
            family = family[joined.len()..].to_owned();
        }
        let given = words[..begin].join(" ");
        Self::Person(Person { given, particle, family, suffix, family_first: false })
    }

    fn family_first(family: &str, given: String) -> Self {
        Self::Person(Person {
            given,
            family: family.to_owned(),
            family_first: true,
            ..Person::default()
        })
    }

    /// The name as it is said: "Jan van der Berg Jr.".
    #[must_use]
    pub fn direct(&self) -> String {
        match self {
            Self::Whole(name) | Self::Organisation(name) => name.clone(),
            Self::Person(p) if p.family_first => format!("{} {}", p.family, p.given),
            Self::Person(p) if p.suffix.is_empty() => format!("{} {}", p.given, p.last()),
            Self::Person(p) => format!("{} {} {}", p.given, p.last(), p.suffix),
        }
    }

    /// The name as it is sorted: "van der Berg, Jan, Jr.".
    #[must_use]
    pub fn inverted(&self) -> String {
        match self {
            Self::Person(p) if !p.family_first && p.suffix.is_empty() => {
                format!("{}, {}", p.last(), p.given)
            }
            Self::Person(p) if !p.family_first => {
                format!("{}, {}, {}", p.last(), p.given, p.suffix)
            }
            _ => self.direct(),
        }
    }

    /// The name with initials: "van der Berg, J. W., Jr." (APA 7 section 9.8).
    #[must_use]
    pub fn with_initials(&self) -> String {
        let Self::Person(p) = self else { return self.direct() };
        let initials = initials(&p.given);
        if p.family_first && !initials.contains('.') {
            return self.direct();
        }
        match p.suffix.as_str() {
            "" => format!("{}, {initials}", p.last()),
            suffix => format!("{}, {initials}, {suffix}", p.last()),
        }
    }

    /// The word a citation key begins with: the family name, or all of the name.
    #[must_use]
    pub fn key_word(&self) -> &str {
        match self {
            Self::Person(p) => &p.family,
            Self::Whole(name) | Self::Organisation(name) => name,
        }
    }
}

impl Person {
    /// Particle and family name.
    #[must_use]
    pub fn last(&self) -> String {
        let space = match self.particle.chars().next_back() {
            None | Some('-' | '\'' | '’') => "",
            Some(_) => " ",
        };
        format!("{}{space}{}", self.particle, self.family)
    }
}

/// Where particle and family name begin. The family name has at least one word, the given name too.
fn particle(words: &[&str]) -> (usize, usize) {
    let last = words.len() - 1;
    // "José Ortega y Gasset": the conjunction joins two family names.
    if last >= 3 && matches!(words[last - 1], "y" | "i" | "e") {
        return (last - 2, last - 2);
    }
    if let Some(begin) = (1..last).find(|i| CAPITAL_PARTICLES.contains(&words[*i])) {
        return (begin, begin);
    }
    match (1..last).find(|i| PARTICLES.contains(&words[*i])) {
        Some(begin) => {
            let more = words[begin..last].iter().take_while(|w| PARTICLES.contains(w)).count();
            (begin, begin + more)
        }
        None => (last, last),
    }
}

/// "Jan-Willem Karel" as "J.-W. K."; scripts without capital letters keep the name.
fn initials(given: &str) -> String {
    let initial = |part: &str| {
        let first = part.chars().find(|c| c.is_alphabetic());
        match first {
            Some(c) if c.is_uppercase() || c.is_lowercase() => {
                format!("{}.", c.to_uppercase())
            }
            _ => part.to_owned(),
        }
    };
    let word = |word: &str| {
        word.split('-').filter(|p| !p.is_empty()).map(initial).collect::<Vec<_>>().join("-")
    };
    given.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Whether a name is written in Chinese, Japanese or Korean script, which stand family name first.
fn is_east_asian(name: &str) -> bool {
    let mut letters = name.chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek().is_some() && letters.all(super::locate::is_east_asian)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// given|particle|family|suffix, or the name alone where it stays whole.
    fn parts(name: &str, language: Option<&str>) -> String {
        match Name::person(name, language) {
            Name::Person(p) => format!("{}|{}|{}|{}", p.given, p.particle, p.family, p.suffix),
            Name::Whole(name) | Name::Organisation(name) => name,
        }
    }

    #[test]
    fn names_are_parted_where_their_words_tell() {
        for (name, wanted) in [
            ("Anna Roe", "Anna||Roe|"),
            ("Anna Maria Roe", "Anna Maria||Roe|"),
            ("Jan van der Berg", "Jan|van der|Berg|"),
            ("Juan Carlos de la Cruz", "Juan Carlos|de la|Cruz|"),
            ("Ursula von der Leyen", "Ursula|von der|Leyen|"),
            ("Bashar al-Assad", "Bashar|al-|Assad|"),
            ("Abdel Fattah el-Sisi", "Abdel Fattah|el-|Sisi|"),
            ("Mohammed bin Salman", "Mohammed|bin|Salman|"),
            ("Jeanne d’Arc", "Jeanne|d’|Arc|"),
            ("Jean-Claude Van Damme", "Jean-Claude||Van Damme|"),
            ("Robert De Niro", "Robert||De Niro|"),
            ("José Ortega y Gasset", "José||Ortega y Gasset|"),
            ("Martin Luther King Jr.", "Martin Luther||King|Jr."),
            ("Sammy Davis, Jr.", "Sammy||Davis|Jr."),
            ("Henry Ford III", "Henry||Ford|III"),
            ("Al Gore", "Al||Gore|"),
            ("Banksy", "Banksy"),
            ("de la Cruz", "de la Cruz"),
            ("Владимир Набоков", "Владимир||Набоков|"),
            ("محمد صلاح", "محمد||صلاح|"),
            ("王小明", "王小明"),
            ("山田 太郎", "太郎||山田|"),
            ("김 철수", "철수||김|"),
        ] {
            assert_eq!(parts(name, Some("en")), wanted, "{name}");
        }
        assert_eq!(parts("Orbán Viktor", Some("hu")), "Viktor||Orbán|");
    }

    #[test]
    fn names_are_set_as_said_as_sorted_and_with_initials() {
        for (name, direct, inverted, initials) in [
            (
                "Jan Willem van der Berg",
                "Jan Willem van der Berg",
                "van der Berg, Jan Willem",
                "van der Berg, J. W.",
            ),
            ("Jean-Paul Sartre", "Jean-Paul Sartre", "Sartre, Jean-Paul", "Sartre, J.-P."),
            ("Bashar al-Assad", "Bashar al-Assad", "al-Assad, Bashar", "al-Assad, B."),
            ("Sammy Davis Jr.", "Sammy Davis Jr.", "Davis, Sammy, Jr.", "Davis, S., Jr."),
            ("山田 太郎", "山田 太郎", "山田 太郎", "山田 太郎"),
            ("محمد صلاح", "محمد صلاح", "صلاح, محمد", "صلاح, محمد"),
            ("Banksy", "Banksy", "Banksy", "Banksy"),
        ] {
            let parsed = Name::person(name, None);
            assert_eq!(
                (parsed.direct(), parsed.inverted(), parsed.with_initials()),
                (direct.to_owned(), inverted.to_owned(), initials.to_owned())
            );
        }
    }
}
