use proptest::prelude::*;

use super::sentences;
use crate::extract::cases::{article, lines};
use crate::extract::page::{Block, BlockKind};

const TABLES: [&str; 2] = [
    include_str!("../../../tests/corpus/sentences/english.txt"),
    include_str!("../../../tests/corpus/sentences/others.txt"),
];

fn cut(case: &str, language: &str) -> String {
    let plain = case.replace(" ‖ ", " ").replace('‖', "");
    let (text, blocks) = article(&plain);
    let mut out = String::new();
    let mut last: Option<(usize, usize)> = None;
    for sentence in sentences(&text, &blocks, Some(language)) {
        if let Some((end, block)) = last {
            if block == sentence.block {
                let gap = &text[end..sentence.range.start];
                out.push_str(if gap.is_empty() { "‖" } else { " ‖ " });
            } else {
                out.push_str(" ¶ ");
            }
        }
        out.push_str(&text[sentence.range.clone()]);
        last = Some((sentence.range.end, sentence.block));
    }
    out
}

#[test]
fn every_case_of_the_tables_is_cut_where_a_reader_cuts_it() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for table in TABLES {
        for (number, language, case) in lines(table) {
            count += 1;
            let expected = case.replace(".  ‖ ", ". ‖ ");
            let got = cut(case, &language);
            if got != expected {
                wrong.push(format!("{language} line {number}\n  want {expected}\n  got  {got}"));
            }
        }
    }
    assert!(count >= 150, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_line_break_ends_a_sentence_but_not_in_preformatted_text() {
    let text = "First line\nSecond line\nthat goes on";
    let block = |kind| vec![Block { kind, range: 0..text.len(), source: None }];
    assert_eq!(sentences(text, &block(BlockKind::Paragraph), None).len(), 2);
    assert_eq!(sentences(text, &block(BlockKind::Preformatted), None).len(), 1);
}

#[test]
fn blocks_that_do_not_fit_the_text_are_passed_over() {
    let block = Block { kind: BlockKind::Paragraph, range: 1..99, source: None };
    assert!(sentences("é short", &[block], None).is_empty());
}

proptest! {
    #[test]
    fn sentences_cover_every_block_and_never_overlap(
        parts in prop::collection::vec("[A-Za-zé .!?…\"“”‘’'()0-9\n。「」«»,-]{0,60}", 1..5),
        language in prop::sample::select(vec!["en", "de", "fr", "es", "ja", "xx"]),
    ) {
        let (text, blocks) = article(&parts.join("¶"));
        let found = sentences(&text, &blocks, Some(language));
        let mut at = 0;
        for sentence in &found {
            let range = sentence.range.clone();
            prop_assert!(text.is_char_boundary(range.start) && text.is_char_boundary(range.end));
            prop_assert!(range.start >= at && range.start < range.end);
            prop_assert!(text[at..range.start].trim().is_empty());
            let block = &blocks[sentence.block].range;
            prop_assert!(block.start <= range.start && range.end <= block.end);
            prop_assert_eq!(text[range.clone()].trim(), &text[range.clone()]);
            at = range.end;
        }
        prop_assert!(text[at..].trim().is_empty());
    }

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        let blocks = vec![Block { kind: BlockKind::Paragraph, range: 0..text.len(), source: None }];
        let found = sentences(&text, &blocks, None);
        let kept: usize = found.iter().map(|s| s.range.len()).sum();
        prop_assert!(kept <= text.len());
    }
}
