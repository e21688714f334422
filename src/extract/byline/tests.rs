//! Bylines as pages have them, by the table in `tests/corpus/names/bylines.tsv`; and any text at all.

use proptest::prelude::*;

use super::line::{Context, read};
use crate::extract::page::Author;

const TABLE: &str = include_str!("../../../tests/corpus/names/bylines.tsv");

fn format_authors(authors: &[Author]) -> String {
    let one = |author: &Author| {
        let mark = if author.organisation { "*" } else { "" };
        let family = author.family.as_ref().map_or(String::new(), |f| format!(" [{f}]"));
        format!("{mark}{}{family}", author.name)
    };
    match authors {
        [] => "-".to_owned(),
        all => all.iter().map(one).collect::<Vec<_>>().join(" + "),
    }
}

#[test]
fn bylines_name_people_and_bodies_and_nothing_else() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [text, language, wanted] = fields[..] else { panic!("{line}") };
        count += 1;
        let context = Context { language, ..Context::default() };
        let found = format_authors(&read(text, &context));
        if found != wanted {
            wrong.push(format!("{text} ({language}): {found}, not {wanted}"));
        }
    }
    assert!(count >= 120, "{count}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

proptest! {
    #[test]
    fn any_text_gives_names_that_stand_in_it(text in "[\\PC,;&() .]{0,80}", language in "en|es|zh|ja|hu|") {
        let context = Context { language: &language, ..Context::default() };
        for author in read(&text, &context) {
            prop_assert!(author.name.chars().any(char::is_alphabetic), "{author:?}");
            prop_assert!(!author.name.contains(['\n', '\t', '\r']), "{author:?}");
            if let Some(family) = &author.family {
                prop_assert!(author.name.contains(family.as_str()), "{author:?}");
            }
        }
    }

    #[test]
    fn names_joined_by_and_are_found_again(names in proptest::collection::vec("(Anna|Jan|Ida|Tom) (Roe|Berg|Holm|Hale|O’Hara)", 1..30)) {
        let mut unique: Vec<String> = Vec::new();
        for name in names {
            if !unique.contains(&name) {
                unique.push(name);
            }
        }
        let (last, first) = unique.split_last().unwrap();
        let text = match first {
            [] => format!("By {last}"),
            first => format!("By {} and {last}", first.join(", ")),
        };
        let found: Vec<String> = read(&text, &Context { language: "en", ..Context::default() }).into_iter().map(|a| a.name).collect();
        prop_assert_eq!(found, unique);
    }
}
