//! The names of a byline, in the parts that bibliographies need: given name, particle, family
//! name, suffix.
//!
//! A byline is one string, so this is only an interpretation of it ([`read`], by the
//! words in [`lexicon`]): particles are recognised by their words (CSL 1.0.2 "name-part", BibTeX's "von" part),
//! Chinese, Hungarian, Japanese, Korean and Vietnamese names stand family first, Spanish ones have two
//! family names, and a name that cannot be split is kept whole. Titles are left out, as in all styles.

mod lexicon;
mod read;
#[cfg(test)]
mod tests;

use crate::extract::page::Author;

/// A name, ready to be set in any style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A person with a given and a family name.
    Person(Person),
    /// A person known by one name, or whose name cannot be split: never inverted.
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
    /// Which part is said first.
    pub order: Order,
    /// Whether the parts are written together: "王小明".
    pub is_joined: bool,
}

/// Which part of a name is said first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// "Anna Roe", sorted "Roe, Anna".
    #[default]
    GivenFirst,
    /// "Mao Zedong": sorted the same, without a comma (Chicago 17, 16.76 and 16.81; MLA 9, 5.12).
    FamilyFirst,
    /// "Orbán Viktor": sorted with a comma, "Orbán, Viktor" (Chicago 17, 16.79).
    FamilyFirstComma,
}

impl Name {
    /// Reads one name of a byline. `language` is the page's tag, where it is known.
    #[must_use]
    pub fn of(author: &Author, language: Option<&str>) -> Self {
        read::name_of(author, language)
    }

    /// The name as it is said: "Jan van der Berg Jr.".
    #[must_use]
    pub fn direct(&self) -> String {
        let Self::Person(p) = self else { return self.whole().to_owned() };
        let suffix = if p.suffix.is_empty() { String::new() } else { format!(" {}", p.suffix) };
        match p.order {
            Order::GivenFirst => format!("{} {}{suffix}", p.given, p.last()),
            _ if p.is_joined => format!("{}{}", p.family, p.given),
            Order::FamilyFirst => format!("{} {}{suffix}", p.last(), p.given),
            // "ifj. Kovács János"
            Order::FamilyFirstComma if p.suffix == "ifj." => {
                format!("{} {} {}", p.suffix, p.last(), p.given)
            }
            Order::FamilyFirstComma => format!("{} {}{suffix}", p.last(), p.given),
        }
    }

    /// The name as it is sorted: "van der Berg, Jan, Jr."; as it is said where no comma is set.
    #[must_use]
    pub fn inverted(&self) -> String {
        match self {
            Self::Person(p) if p.order != Order::FamilyFirst => self.in_parts(),
            _ => self.direct(),
        }
    }

    /// Family name, given name and suffix with commas, whatever the order: as data for other programs.
    #[must_use]
    pub fn in_parts(&self) -> String {
        let Self::Person(p) = self else { return self.whole().to_owned() };
        match p.suffix.as_str() {
            "" => format!("{}, {}", p.last(), p.given),
            suffix => format!("{}, {}, {suffix}", p.last(), p.given),
        }
    }

    /// The name with initials: "van der Berg, J. W., Jr." (APA 7 section 9.8).
    #[must_use]
    pub fn with_initials(&self) -> String {
        let Self::Person(p) = self else { return self.direct() };
        let initials = initials(&p.given);
        if p.order == Order::FamilyFirst && !initials.contains('.') {
            return self.direct();
        }
        match p.suffix.as_str() {
            "" => format!("{}, {initials}", p.last()),
            suffix => format!("{}, {initials}, {suffix}", p.last()),
        }
    }

    fn whole(&self) -> &str {
        match self {
            Self::Person(p) => &p.family,
            Self::Whole(name) | Self::Organisation(name) => name,
        }
    }

    /// The word a citation key begins with: the family name, or all of the name.
    #[must_use]
    pub fn key_word(&self) -> &str {
        self.whole()
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

/// The initials of given names: "Jan-Willem Karel" as "J.-W. K.", "J.R.R." as "J. R. R.". Letters keep their
/// case ("bell" is "b."), abbreviations ("Yu.") and words in lower case within ("del") stay, nicknames in
/// quotation marks go, and scripts without capital letters keep the name.
fn initials(given: &str) -> String {
    let mut in_nickname = false;
    let mut out: Vec<String> = Vec::new();
    for word in given.split(' ') {
        let opens =
            word.starts_with(['"', '“', '„', '«', '\'', '‘', '(']) && word.chars().count() > 2;
        in_nickname |= opens && !(word.starts_with('\'') && out.is_empty());
        let closes = word.ends_with(['"', '”', '“', '»', '\'', '’', ')']);
        if in_nickname {
            in_nickname = !closes;
            continue;
        }
        let is_first = out.is_empty();
        out.push(initials_of(word, is_first));
    }
    out.retain(|word| !word.is_empty());
    if out.is_empty() { given.to_owned() } else { out.join(" ") }
}

fn initials_of(word: &str, is_first: bool) -> String {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let has_case = |c: char| c.is_uppercase() || c.is_lowercase();
    if !word.chars().any(|c| c.is_alphabetic() && has_case(c)) {
        return word.to_owned();
    }
    // "del" of "María del Carmen"; a name that is all in lower case has no such word first.
    if !is_first && word.chars().all(|c| c.is_lowercase() || c == '’' || c == '\'') && letters <= 4
    {
        return word.to_owned();
    }
    let bare = word.trim_end_matches('.');
    if bare.contains('.') && !bare.contains('-') {
        let parts = bare.split('.').filter(|p| !p.is_empty());
        return parts.map(initial).collect::<Vec<_>>().join(" ");
    }
    // "Yu.", "Ch.", "Zs.": already abbreviated.
    if word.ends_with('.') && (2..=3).contains(&letters) && !bare.contains('-') {
        return word.to_owned();
    }
    // "JK", "JRR"
    let is_run = (2..=3).contains(&letters)
        && word.chars().all(|c| c.is_uppercase() && c.is_ascii())
        && (letters == 2 || !word.contains(['A', 'E', 'I', 'O', 'U']));
    if is_run {
        return word.chars().map(|c| format!("{c}.")).collect::<Vec<_>>().join(" ");
    }
    let parts = bare.split(['-', '\u{2010}', '‑']).filter(|p| !p.is_empty());
    parts.map(initial).collect::<Vec<_>>().join("-")
}

/// The first letter of a part, with the marks that belong to it.
fn initial(part: &str) -> String {
    let mut letters = part.chars().skip_while(|c| !c.is_alphabetic());
    let Some(first) = letters.next() else { return part.to_owned() };
    let marks = letters.take_while(|c| crate::base::normal_form::combining_class(*c) != 0);
    format!("{first}{}.", marks.collect::<String>())
}
