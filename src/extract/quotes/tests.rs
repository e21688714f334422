use proptest::prelude::*;

use super::{Hints, attributed, quotes};
use crate::extract::cases::{article, with_answers};
use crate::extract::page::{Block, BlockKind, Quote, QuoteKind};
use crate::extract::sentences::sentences;
use crate::extract::work::steps_of;

const TABLES: [&str; 2] = [
    include_str!("../../../tests/corpus/quotes/english.txt"),
    include_str!("../../../tests/corpus/quotes/others.txt"),
];

fn find(text: &str, blocks: &[Block], language: &str) -> Vec<Quote> {
    let sentences = sentences(text, blocks, Some(language));
    quotes(text, blocks, &sentences, &Hints { byline: &[], language: Some(language) })
}

fn line(quote: &Quote) -> String {
    let speaker = quote.speaker.as_ref().map_or_else(
        || "-".to_owned(),
        |s| format!("{}{}", if s.named { "" } else { "~" }, s.name),
    );
    let cue = quote.cue.as_ref().map_or("-", |cue| cue.text.as_str());
    let kind = match quote.kind {
        QuoteKind::Direct => "direct",
        QuoteKind::Fragment => "fragment",
        QuoteKind::Block => "block",
        QuoteKind::Post => "post",
    };
    format!("= {} | {speaker} | {cue} | {kind}", quote.text.replace('\n', " "))
}

#[test]
fn every_case_of_the_tables_gives_its_quotations_speakers_and_cues() {
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
fn a_quotation_broken_by_its_attribution_is_one_with_two_parts() {
    let (text, blocks) = article("“If we wait,” Hale said, “we lose.” He sat down.");
    let found = find(&text, &blocks, "en");
    assert_eq!(found.len(), 1);
    let words: Vec<&str> = found[0].parts.iter().map(|part| &text[part.clone()]).collect();
    assert_eq!(words, ["If we wait,", "we lose."]);
    assert_eq!(&text[found[0].range.clone()], "“If we wait,” Hale said, “we lose.”");
    assert_eq!(found[0].sentence, 0);
}

#[test]
fn the_mention_of_a_speaker_is_kept_beside_the_name_it_means() {
    let (text, blocks) = article("Mia Stone met Tom Hale. “I am done,” she said.");
    let sentences = sentences(&text, &blocks, None);
    let found = attributed(&text, &blocks, &sentences, &Hints::default());
    assert_eq!(found[0].mention.clone().map(|m| &text[m]), Some("she"));
    assert_eq!(found[0].quote.speaker.as_ref().map(|s| s.name.as_str()), Some("Mia Stone"));
}

#[test]
fn the_first_person_is_the_writer() {
    let (text, blocks) = article("“Why now?” I asked.");
    let sentences = sentences(&text, &blocks, None);
    let byline = ["Robin Ito".to_owned()];
    let found = quotes(&text, &blocks, &sentences, &Hints { byline: &byline, language: None });
    assert_eq!(found[0].speaker.as_ref().map(|s| s.name.as_str()), Some("Robin Ito"));
}

/// Texts that a careless rule reads again and again.
fn hostile(size: usize) -> Vec<String> {
    [
        "“a” said ",
        "\"",
        "'",
        "‘ ",
        "“",
        "’ ",
        "said ",
        "“x,” he said, ",
        "Ann Lee, ",
        "and said ",
        "\n",
        "“a b c d e f” ",
        "the man who said that ",
        "Smith and Jones and ",
        "(",
        "x ' y ' ",
        "''",
        "according to ",
        "Ann’s “x” ",
        "« ",
        "「",
        ". ",
        "... ",
        "U.S. ",
        "no. ",
    ]
    .iter()
    .map(|piece| piece.repeat(size / piece.len()))
    .collect()
}

#[test]
fn work_grows_with_the_text_and_no_faster() {
    let run = |text: &str| {
        let blocks = vec![Block { kind: BlockKind::Paragraph, range: 0..text.len(), source: None }];
        steps_of(|| {
            find(text, &blocks, "en");
        })
    };
    for (small, large) in hostile(8_000).iter().zip(hostile(32_000).iter()) {
        let (few, many) = (run(small), run(large));
        assert!(
            many <= few * 5 + 1_000,
            "{:?}: {few} steps, then {many}",
            &small[..small.floor_char_boundary(24)]
        );
    }
}

#[test]
fn work_grows_with_the_block_quotes_and_no_faster() {
    let run = |count: usize| {
        let text = "It was “so” again.\n\n".repeat(count);
        let length = text.len() / count;
        let block = |n: usize| n * length..(n + 1) * length - 2;
        let kind = BlockKind::Quote;
        let blocks: Vec<Block> = (0..count)
            .map(|n| Block { kind: kind.clone(), range: block(n), source: None })
            .collect();
        steps_of(|| {
            find(&text, &blocks, "en");
        })
    };
    let (few, many) = (run(200), run(800));
    assert!(many <= few * 5 + 1_000, "{few} steps, then {many}");
}

proptest! {
    #[test]
    fn ranges_hold_the_words_and_lie_in_the_text(
        parts in prop::collection::vec("([A-Za-zé]{1,6}|[ ,.?!:;—()\n]|said|told|he|she|[“”\"‘’'«»„]| ){0,40}", 1..5),
        language in prop::sample::select(vec!["en", "de", "fr", "es", "pt", "ja", "zh", "ar"]),
    ) {
        let (text, blocks) = article(&parts.join("¶"));
        let mut last = 0;
        for quote in find(&text, &blocks, language) {
            prop_assert!(quote.range.start >= last && quote.range.end <= text.len());
            last = quote.range.start;
            let words: Vec<&str> = quote.parts.iter().map(|part| &text[part.clone()]).collect();
            let between = if matches!(language, "ja" | "zh") { "" } else { " " };
            prop_assert_eq!(words.join(between), quote.text.as_str());
            for part in &quote.parts {
                prop_assert!(quote.range.start <= part.start && part.end <= quote.range.end);
            }
            if let Some(cue) = &quote.cue {
                prop_assert_eq!(&text[cue.range.clone()], cue.text.as_str());
            }
        }
    }

    #[test]
    fn any_text_is_survived(text in any::<String>(), language in "[a-z]{2}") {
        let blocks = vec![Block { kind: BlockKind::Paragraph, range: 0..text.len(), source: None }];
        find(&text, &blocks, &language);
    }

    #[test]
    fn blocks_and_sentences_that_do_not_fit_are_survived(start in 0usize..40, length in 0usize..40, kind in 0usize..3) {
        let text = "“é,” said Ann Léa. — Ann (@a) “ünd";
        let kind = [BlockKind::Paragraph, BlockKind::Quote, BlockKind::Post][kind].clone();
        let blocks = vec![Block { kind, range: start..start + length, source: None }];
        let found = [crate::extract::page::Sentence { range: start..start + length + 3, block: 7 }];
        let _ = quotes(text, &blocks, &found, &Hints::default());
    }
}
