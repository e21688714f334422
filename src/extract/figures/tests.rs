use proptest::prelude::*;

use super::figures;
use crate::extract::cases::{article, with_answers};
use crate::extract::page::{Block, BlockKind, Figure, FigureKind};
use crate::extract::sentences::sentences;
use crate::extract::work::steps_of;

const TABLES: [&str; 2] = [
    include_str!("../../../tests/corpus/figures/english.txt"),
    include_str!("../../../tests/corpus/figures/others.txt"),
];

fn find(text: &str, blocks: &[Block], language: &str) -> Vec<Figure> {
    let sentences = sentences(text, blocks, Some(language));
    figures(text, blocks, &sentences, Some(language))
}

fn line(figure: &Figure) -> String {
    let kind = match figure.kind {
        FigureKind::Number => "number",
        FigureKind::Money => "money",
        FigureKind::Percent => "percent",
        FigureKind::Ordinal => "ordinal",
        FigureKind::Measure => "measure",
        FigureKind::Range => "range",
        FigureKind::Date => "date",
        FigureKind::Time => "time",
    };
    let or_dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "= {} | {kind} | {} | {} | {} | {}",
        figure.text,
        or_dash(&figure.value),
        or_dash(&figure.unit),
        or_dash(&figure.hedge),
        or_dash(&figure.counts)
    )
}

#[test]
fn every_case_of_the_tables_gives_its_figures() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for table in TABLES {
        for (number, language, case, expected) in with_answers(table) {
            count += 1;
            let (text, blocks) = article(case);
            let got: Vec<String> = find(&text, &blocks, &language).iter().map(line).collect();
            if got != expected {
                wrong.push(format!(
                    "{language} line {number}: {case}\n  want {expected:?}\n  got  {got:?}"
                ));
            }
        }
    }
    assert!(count >= 200, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn notation_changes_no_value() {
    let same = [
        ("It cost $50M.", "It cost $50 million."),
        ("A 4-hour siege.", "A four-hour siege."),
        ("It cost €3bn.", "It cost 3 billion euros."),
        ("15,000 people came.", "Fifteen thousand people came."),
        ("On Nov. 4, 2025, it rained.", "On 4 November 2025 it rained."),
        ("Some 40 per cent left.", "Some 40% left."),
        ("At 3 p.m. it rained.", "At 15:00 it rained."),
        ("24 men left.", "Two dozen men left."),
    ];
    for (one, two) in same {
        let read = |text: &str| {
            let (text, blocks) = article(text);
            find(&text, &blocks, "en").first().map(|f| (f.value.clone(), f.unit.clone()))
        };
        assert_eq!(read(one), read(two), "{one} / {two}");
        assert!(read(one).is_some_and(|(value, _)| value.is_some()), "{one}");
    }
}

#[test]
fn work_grows_with_the_text_and_no_faster() {
    let pieces = [
        "1",
        "1 ",
        "1,",
        "1-",
        "$",
        "1.",
        "one ",
        "one hundred ",
        "million ",
        "a ",
        "1/2 ",
        "Nov. ",
        "between 1 and ",
        "1 to ",
        "from 1 ",
        "No. ",
        "F-3",
        "5 a b c d ",
        "half ",
        "+1 ",
        "1:1",
        "twenty-",
    ];
    let run = |text: &str| {
        let blocks = vec![Block { kind: BlockKind::Paragraph, range: 0..text.len(), source: None }];
        steps_of(|| {
            find(text, &blocks, "en");
        })
    };
    for piece in pieces {
        let (few, many) = (run(&piece.repeat(2_000)), run(&piece.repeat(8_000)));
        assert!(many <= few * 5 + 1_000, "{piece:?}: {few} steps, then {many}");
    }
}

proptest! {
    #[test]
    fn ranges_hold_the_words_and_never_overlap(
        text in "([0-9]{1,4}|[ ,.$€%:/-]|million|one|dozen|Nov\\.|percent|to|and|between| |[A-Za-zé]{1,5}){0,40}",
        language in prop::sample::select(vec!["en", "de", "fr", "es", "pt"]),
    ) {
        let (text, blocks) = article(&text);
        let mut last = 0;
        for figure in find(&text, &blocks, language) {
            prop_assert!(figure.range.start >= last);
            last = figure.range.end;
            prop_assert_eq!(&text[figure.range.clone()], figure.text.as_str());
        }
    }

    #[test]
    fn any_text_is_survived(text in any::<String>(), language in "[a-z]{2}") {
        let blocks = vec![Block { kind: BlockKind::Paragraph, range: 0..text.len(), source: None }];
        find(&text, &blocks, &language);
    }
}
