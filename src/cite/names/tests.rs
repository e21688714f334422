//! Names of many languages, by the table in `tests/corpus/names/names.tsv`; and any name at all.

use proptest::prelude::*;

use super::{Name, Order};
use crate::base::normal_form::decomposed;
use crate::extract::page::Author;

const TABLE: &str = include_str!("../../../tests/corpus/names/names.tsv");

fn read(name: &str, language: &str) -> Name {
    let author = Author { name: name.to_owned(), ..Author::default() };
    Name::of(&author, Some(language).filter(|l| !l.is_empty()))
}

/// given|particle|family|suffix, or the name alone where it stays whole.
fn parts(name: &Name) -> String {
    match name {
        Name::Person(p) => format!("{}|{}|{}|{}", p.given, p.particle, p.family, p.suffix),
        Name::Whole(name) | Name::Organisation(name) => name.clone(),
    }
}

#[test]
fn names_are_parted_and_abbreviated_as_their_language_has_it() {
    let (mut wrong, mut count, mut languages) = (Vec::new(), 0, Vec::new());
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, language, wanted, initials] = fields[..] else { panic!("{line}") };
        // Accents of their own are written as escapes.
        let name = ["301", "302", "303", "306"].iter().fold(name.to_owned(), |name, hex| {
            let mark = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).unwrap();
            name.replace(&format!("\\u{{{hex}}}"), &mark.to_string())
        });
        count += 1;
        languages.push(language);
        let found = read(&name, language);
        let result = (parts(&found), found.with_initials());
        if (result.0.as_str(), result.1.as_str()) != (wanted, initials) {
            wrong.push(format!("{name} ({language}): {result:?}, not {:?}", (wanted, initials)));
        }
    }
    languages.sort_unstable();
    languages.dedup();
    assert!(count >= 120 && languages.len() >= 15, "{count} names, {languages:?}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn names_are_said_sorted_and_given_as_data() {
    for (name, language, direct, inverted, data) in [
        (
            "Jan Willem van der Berg",
            "nl",
            "Jan Willem van der Berg",
            "van der Berg, Jan Willem",
            "van der Berg, Jan Willem",
        ),
        ("Bashar al-Assad", "en", "Bashar al-Assad", "al-Assad, Bashar", "al-Assad, Bashar"),
        ("Sammy Davis, Jr.", "en", "Sammy Davis Jr.", "Davis, Sammy, Jr.", "Davis, Sammy, Jr."),
        ("Dr. Selma Ortiz", "en", "Selma Ortiz", "Ortiz, Selma", "Ortiz, Selma"),
        ("山田 太郎", "ja", "山田 太郎", "山田 太郎", "山田, 太郎"),
        ("王小明", "zh", "王小明", "王小明", "王, 小明"),
        ("Nguyễn Văn An", "vi", "Nguyễn Văn An", "Nguyễn Văn An", "Nguyễn, Văn An"),
        ("Orbán Viktor", "hu", "Orbán Viktor", "Orbán, Viktor", "Orbán, Viktor"),
        (
            "ifj. Kovács János",
            "hu",
            "ifj. Kovács János",
            "Kovács, János, ifj.",
            "Kovács, János, ifj.",
        ),
        ("Banksy", "en", "Banksy", "Banksy", "Banksy"),
    ] {
        let read = read(name, language);
        let result = (read.direct(), read.inverted(), read.in_parts());
        assert_eq!(result, (direct.to_owned(), inverted.to_owned(), data.to_owned()), "{name}");
    }
}

#[test]
fn what_the_page_tells_of_a_name_is_believed() {
    for (name, family, language, wanted) in [
        ("Gabriel García Márquez", "García Márquez", "en", "Gabriel||García Márquez|"),
        ("Jan van der Berg", "van der Berg", "en", "Jan|van der|Berg|"),
        ("Sammy Davis Jr.", "Davis", "en", "Sammy||Davis|Jr."),
        ("Tanaka Taro", "Tanaka", "en", "Taro||Tanaka|"),
        ("Helena Bonham Carter", "Bonham Carter", "en", "Helena||Bonham Carter|"),
        // Not at an end of the name: of no use.
        ("Anna Maria Roe", "Maria", "en", "Anna Maria||Roe|"),
    ] {
        let author =
            Author { name: name.to_owned(), family: Some(family.to_owned()), organisation: false };
        let read = Name::of(&author, Some(language));
        assert_eq!(parts(&read), wanted, "{name}");
        if let (Name::Person(p), "Tanaka Taro") = (&read, name) {
            assert_eq!(p.order, Order::FamilyFirst);
        }
    }
}

#[test]
fn bodies_are_never_parted() {
    for (name, wanted) in [
        ("the Associated Press", "Associated Press"),
        ("The Editorial Board", "The Editorial Board"),
        ("Roe & Sons, Ltd.", "Roe & Sons, Ltd."),
    ] {
        let author = Author { name: name.to_owned(), organisation: true, family: None };
        let read = Name::of(&author, Some("en"));
        assert_eq!(
            (read.direct(), read.inverted(), read.with_initials()),
            (wanted.to_owned(), wanted.to_owned(), wanted.to_owned())
        );
    }
}

#[test]
fn an_invisible_letter_is_shown_as_unknown() {
    // U+115F, U+1160, U+3164 and U+FFA0 are letters by their category, and have no shape.
    for filler in ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'] {
        assert_eq!(read(&filler.to_string(), "en").direct(), "\u{fffd}");
        assert_eq!(read(&format!("Anna R{filler}oe"), "en").direct(), "Anna R\u{fffd}oe");
    }
}

proptest! {
    #[test]
    fn no_letter_of_a_name_is_lost(name in "[\\PC .'-]{1,40}", language in "en|de|es|hu|vi|zh|pt|ru|") {
        let read = read(&name, &language);
        let letters = |text: &str| -> Vec<char> {
            let mut letters: Vec<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
            letters.sort_unstable();
            letters
        };
        if let Name::Person(p) = &read {
            prop_assert!(!p.family.is_empty() && !p.given.is_empty(), "{:?}", read);
            prop_assert!(!read.with_initials().is_empty());
        }
        // Titles are left out; all others stay.
        prop_assume!(name.split(' ').count() < 3);
        // Invisible letters, such as the fillers of Hangul, are printed as U+FFFD.
        let composed = super::super::clean::clean(&crate::base::normal_form::composed(&name));
        prop_assume!(!crate::extract::byline::is_generation(name.split(' ').next_back().unwrap_or("")));
        prop_assert_eq!(letters(&read.direct()), letters(&composed), "{:?}", read);
    }

    #[test]
    fn a_name_is_the_same_in_both_forms(name in "[A-ZÀÉÖŁ][a-zàéöłễ]{1,8}( [A-ZÀÉÖ][a-zàéößễ]{1,8}){0,3}", language in "en|vi|hu|es") {
        let apart: String = name.chars().flat_map(decomposed).collect();
        prop_assert_eq!(read(&name, &language), read(&apart, &language));
    }
}
