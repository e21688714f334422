//! The whole module on small articles: what must be found, and what hostile or empty ones must not do.

use super::over_time::{Turn, over_time};
use super::*;
use crate::base::Timestamp;
use crate::extract::extract_text_file;
use crate::extract::page::Page;
use crate::extract::page::{Fact, Origin};

/// A page from plain text, its first line the outlet and its day.
fn page(text: &str) -> Page {
    let mut page = extract_text_file(text).page;
    page.published = crate::dates::parse_machine("2025-11-06T10:00:00Z")
        .map(|value| Fact { value, origin: Origin::Meta });
    page
}

fn told(texts: &[&str]) -> (Vec<Page>, Story) {
    let pages: Vec<Page> = texts.iter().map(|text| page(text)).collect();
    let articles: Vec<Article<'_>> = pages
        .iter()
        .enumerate()
        .map(|(outlet, page)| Article { page, outlet, captured: None })
        .collect();
    let story = story(&articles);
    (pages, story)
}

/// The quotations in short: relation, then article and relation of each variant.
fn quotes(story: &Story) -> Vec<String> {
    let line = |group: &QuoteGroup| {
        let variants: Vec<String> = group
            .variants
            .iter()
            .map(|variant| format!("{}{}", variant.article, &variant.relation.label()[..1]))
            .collect();
        let who = group.speaker.as_deref().unwrap_or("?");
        format!("{} {who} {}", group.relation.label(), variants.join(" "))
    };
    story.quotes.iter().map(line).collect()
}

/// The figures in short: what about, how they differ, the texts.
fn figures(story: &Story) -> Vec<String> {
    let line = |group: &FigureGroup| {
        let values: Vec<String> =
            group.values.iter().map(|v| format!("{}:{}", v.article, v.text)).collect();
        format!("{} {} {}", group.about, group.difference.label(), values.join(" "))
    };
    story.figures.iter().map(line).collect()
}

const ROE: &str =
    "“The bridge was never safe, and we told the ministry so in March,” said Anna Roe.";

#[test]
fn a_quotation_is_identical_truncated_or_altered() {
    let cases: [(&str, &str, &str); 12] = [
        (
            "The town closed it. \"The bridge was never safe, and we told the ministry so in March\", Anna Roe said.",
            "identical",
            "the same words in other marks",
        ),
        ("“The bridge was never safe,” said Anna Roe.", "truncated", "the end is cut"),
        (
            "“The bridge was never safe … we told the ministry,” said Anna Roe.",
            "truncated",
            "an ellipsis",
        ),
        (
            "Roe, who was tired, said the bridge was “never safe”. Anna Roe had warned.",
            "truncated",
            "a fragment",
        ),
        (
            "Anna Roe said the bridge was never safe, and we told the ministry so again.",
            "truncated",
            "running text",
        ),
        (
            "“The bridge was not safe, and we told the ministry about it in March,” said Anna Roe.",
            "altered",
            "words changed",
        ),
        (
            "“The bridge was never safe, and we told the ministry in March,” said Anna Roe.",
            "altered",
            "a word silently dropped",
        ),
        ("“We will build a new school here next year,” said Anna Roe.", "", "another statement"),
        (
            "“The bridge was never safe, and we told the ministry so in March,” said Ben Hale.",
            "identical",
            "another speaker",
        ),
        ("“No comment,” said Ben Hale.", "", "nobody's own words"),
        ("The bridge is closed. Nobody said why.", "", "nothing"),
        (
            "“The bridge was never safe,” said Anna Roe, “and we told the ministry so in March.”",
            "identical",
            "broken by the attribution",
        ),
    ];
    for (text, expected, why) in cases {
        let (_, story) = told(&[ROE, text]);
        let found: Vec<&str> = story.quotes.iter().map(|group| group.relation.label()).collect();
        let expected: Vec<&str> = Some(expected).filter(|e| !e.is_empty()).into_iter().collect();
        assert_eq!(found, expected, "{why}: {:#?}", story.quotes);
    }
}

#[test]
fn outlets_that_name_another_speaker_day_or_occasion_disagree() {
    let tuesday = "“The bridge was never safe, and we told the ministry so in March,” Anna Roe said in a statement on Tuesday.";
    let wednesday = "“The bridge was never safe, and we told the ministry so in March,” Ben Hale said at a news conference on Wednesday.";
    let (_, story) = told(&[tuesday, wednesday]);
    let about: Vec<&str> = story.quotes[0].disagreements.iter().map(|d| d.about).collect();
    assert_eq!(about, ["speaker", "day", "occasion"]);
    let days = &story.quotes[0].disagreements[1].values;
    // 6 November 2025 was a Thursday.
    assert_eq!(*days, [(0, "2025-11-04".to_owned()), (1, "2025-11-05".to_owned())]);
    let (_, story) = told(&[tuesday, tuesday]);
    assert!(story.quotes[0].disagreements.is_empty(), "{:#?}", story.quotes);
}

#[test]
fn a_denial_that_came_or_went_is_called_out() {
    let not = "“The bridge was not safe that day for the people who use it,” said Anna Roe.";
    let safe = "“The bridge was safe that day for the people who use it,” said Anna Roe.";
    let (_, story) = told(&[not, safe]);
    assert_eq!(story.quotes[0].relation, Relation::Altered);
    assert_eq!(story.quotes[0].disagreements[0].about, "negation");
}

#[test]
fn one_outlet_may_quote_two_speakers_with_the_same_words() {
    let both = "“We are safe here and nobody has to leave tonight,” said Anna Roe.\n\n\
        An hour later, “We are safe here and nobody has to leave tonight,” said Ben Hale.";
    let (_, story) = told(&[both, both]);
    let speakers: Vec<Option<&str>> =
        story.quotes.iter().map(|group| group.speaker.as_deref()).collect();
    assert_eq!(speakers, [Some("Anna Roe"), Some("Ben Hale")]);
    for group in &story.quotes {
        assert!(group.disagreements.is_empty(), "{group:#?}");
    }
}

#[test]
fn an_office_is_the_person_whom_an_article_calls_so() {
    let one = "“The bridge was never safe for anyone who crossed it,” said the mayor.";
    let two = "“The bridge was never safe for anyone who crossed it,” said Mayor Anna Roe. Anna Roe left.";
    let (_, story) = told(&[one, two]);
    assert_eq!(quotes(&story), ["identical Anna Roe 0i 1i"]);
    assert!(story.quotes[0].disagreements.is_empty());
}

#[test]
fn a_translation_is_the_same_statement() {
    let english = "“The bridge was never safe, and 40 people are dead,” said Anna Roe.\n\n\
        “We will help every family,” said Anna Roe.";
    let german = "„Die Brücke war nie sicher, und 40 Menschen sind tot“, sagte Anna Roe.\n\n\
        „Wir werden jeder Familie helfen“, sagte Anna Roe.";
    let mut pages = [page(english), page(german)];
    for (page, language) in pages.iter_mut().zip(["en", "de"]) {
        page.language = Some(Fact { value: language.to_owned(), origin: Origin::Markup });
    }
    let articles = [0, 1].map(|at| Article { page: &pages[at], outlet: at, captured: None });
    let story = story(&articles);
    assert_eq!(quotes(&story), ["altered Anna Roe 0i 1a", "altered Anna Roe 0i 1a"]);
    assert!(story.quotes.iter().all(|group| group.variants.iter().any(|v| v.is_translated)));
}

#[test]
fn figures_about_one_thing_meet_and_differ() {
    let cases: [(&[&str], &[&str]); 9] = [
        (
            &["At least 64 people died in the flood.", "The flood killed 64 people."],
            &["dead bound 0:at least 64 1:64"],
        ),
        (
            &["The flood killed 64 people.", "The flood left sixty-four dead."],
            &["dead none 0:64 1:sixty-four"],
        ),
        (
            &[
                "The flood killed 64 people and injured 30.",
                "Flood: 30 people were hurt and 61 were killed.",
            ],
            &["dead value 0:64 1:61", "injured none 0:30 1:30"],
        ),
        (
            &[
                "The repair of the bridge will cost $50 million.",
                "The repair of the bridge costs $55M.",
            ],
            &["cost value 0:$50 million 1:$55M"],
        ),
        (&["The navy hit 15 boats.", "The navy hit 16 vessels."], &["boats value 0:15 1:16"]),
        // Other things.
        (&["The flood killed 64 people.", "The flood destroyed 64 homes."], &[]),
        (&["Turnout was 40 percent.", "The price rose by 40 percent."], &[]),
        // A denied figure is not a value.
        (
            &["The flood killed 64 people.", "The flood killed not 64 people, the ministry said."],
            &["dead value 0:64 1:64"],
        ),
        // Another year.
        (
            &[
                "The flood killed 64 people.",
                "The flood killed 60 people. In 2019 a flood killed 12 people.",
            ],
            &["dead value 0:64 1:60"],
        ),
    ];
    for (texts, expected) in cases {
        let (_, story) = told(texts);
        assert_eq!(figures(&story), expected, "{texts:?}");
    }
}

/// A paragraph of invented words, the same for one seed.
fn prose(seed: u64, words: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = String::new();
    for at in 0..words {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if at > 0 {
            out.push(if at % 12 == 0 { '.' } else { ' ' });
        }
        if at % 12 == 0 && at > 0 {
            out.push_str(" The ");
        }
        out.push_str(&format!("w{}", state % 5_000));
    }
    out.push('.');
    out
}

#[test]
fn copied_text_is_found_with_its_share_and_quotations_do_not_count() {
    let agency = prose(1, 200);
    let own = prose(2, 200);
    let half = format!("{agency}\n\n{own}");
    let other = format!("{}\n\n{ROE}", prose(3, 200));
    let quoting = format!("{}\n\n{ROE}", prose(4, 200));
    let (_, story) = told(&[&agency, &half, &other, &quoting]);
    assert_eq!(story.copied.len(), 1, "{:#?}", story.copied);
    let shares: Vec<(usize, f64)> = story.copied[0]
        .articles
        .iter()
        .map(|one| (one.article, (one.share * 100.0).round()))
        .collect();
    assert_eq!(shares[0], (0, 100.0));
    assert_eq!(shares[1].0, 1);
    assert!((48.0..=52.0).contains(&shares[1].1), "{shares:?}");
    assert!(story.copied[0].passages[0].words >= 150);
}

#[test]
fn nothing_is_made_of_nothing() {
    for texts in [&[][..], &[""][..], &["", ""][..], &["One.", ""][..], &[ROE][..]] {
        let (_, story) = told(texts);
        assert!(story.quotes.is_empty() && story.figures.is_empty() && story.copied.is_empty());
    }
}

#[test]
fn hostile_text_takes_no_time_and_does_no_harm() {
    let marks = "“".repeat(20_000);
    let same = "“no no no” said A. ".repeat(3_000);
    let digits = "12 people died. ".repeat(3_000);
    let wide = "「死者は12人」と話した。".repeat(2_000);
    let brackets = format!("“{}” said Anna Roe.", "[a] … ".repeat(3_000));
    let nulls = "\u{0}\u{202e}\u{feff}".repeat(5_000);
    let texts = [marks, same, digits, wide, brackets, nulls];
    let twice: Vec<&str> = texts.iter().chain(&texts).map(String::as_str).collect();
    let begun = std::time::Instant::now();
    let (_, story) = told(&twice);
    let _ = over_time(&[]);
    assert!(story.sources.len() == twice.len());
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[test]
fn who_changed_after_whom_is_told_in_order() {
    let at = |hour: i64| Some(Timestamp::from_unix_seconds(1_762_400_000 + hour * 3600));
    let old = page("The flood killed 61 people in the valley.");
    let new = page("The flood killed 64 people in the valley.");
    let articles = [
        Article { page: &old, outlet: 0, captured: at(0) },
        Article { page: &old, outlet: 1, captured: at(1) },
        Article { page: &new, outlet: 1, captured: at(3) },
        Article { page: &new, outlet: 0, captured: at(5) },
    ];
    let events = over_time(&articles);
    let line = |event: &over_time::Event| {
        let text = event.after.clone().unwrap_or_default();
        (event.article, event.turn, text, event.earlier.clone())
    };
    let lines: Vec<_> = events.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            (0, Turn::Had, "61".to_owned(), vec![]),
            (1, Turn::Had, "61".to_owned(), vec![0]),
            (2, Turn::Changed, "64".to_owned(), vec![]),
            (3, Turn::Changed, "64".to_owned(), vec![2]),
        ]
    );
}
