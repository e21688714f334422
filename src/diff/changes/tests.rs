//! Typed changes by example: the kinds an edit gives, and what they say.

use crate::base::Timestamp;
use crate::diff::{
    Change, ChangeKind, CompareOptions, Fingerprint, Side, compare, compare_captures, sample,
};
use crate::extract::page::{
    Access, ArticleLink, Author, Fact, Image, Origin, Page, PageKind, PageTime,
};

const LEAD: &str = "The harbour board met on the quay before dawn.";
const TAIL: &str = "Fishing crews went home after the vote.";

fn fact<T>(value: T) -> Option<Fact<T>> {
    Some(Fact { value, origin: Origin::JsonLd })
}

fn article(text: &str) -> Page {
    sample::page(&format!("{LEAD}\n\n{text}\n\n{TAIL}"))
}

fn say(change: &Change) -> String {
    let text = |side: &Option<String>| side.clone().unwrap_or_default();
    format!("{} {}→{}", change.kind.label(), text(&change.before), text(&change.after))
}

fn changes(old: &Page, new: &Page) -> Vec<Change> {
    compare(old, new, &CompareOptions::default()).changes
}

fn kinds(found: &[Change]) -> Vec<&'static str> {
    let mut kinds: Vec<_> = found.iter().map(|change| change.kind.label()).collect();
    kinds.sort_unstable();
    kinds
}

/// The same words edited, then the exact changes as `kind before→after`.
#[test]
fn an_edit_gives_its_most_specific_kinds() {
    let cases: &[(&str, &str, &[&str])] = &[
        // Figures.
        ("Police counted 12 boats.", "Police counted 15 boats.", &["figure-changed 12→15"]),
        (
            "The town paid $50M for it.",
            "The town paid $50 million for it.",
            &["text-edited The town paid $50M for it.→The town paid $50 million for it."],
        ),
        (
            "The town paid $50M for it.",
            "The town paid $60 million for it.",
            &["figure-changed $50M→$60 million"],
        ),
        (
            "The town paid $50 for it.",
            "The town paid $50 million for it.",
            &["figure-changed $50→$50 million"],
        ),
        (
            "They waited on a 4-hour queue.",
            "They waited on a four-hour queue.",
            &["text-edited They waited on a 4-hour queue.→They waited on a four-hour queue."],
        ),
        (
            "About three boats sank there.",
            "About four boats sank there.",
            &["figure-changed three→four"],
        ),
        (
            "In all 12 of 40 boats sank.",
            "In all 14 of 41 boats sank.",
            &["figure-changed 12→14", "figure-changed 40→41"],
        ),
        ("Some 12 people were saved.", "Some 1 person was saved.", &["figure-changed 12→1"]),
        (
            "A fee of 5% was charged.",
            "A fee of 5 percent was charged.",
            &["text-edited A fee of 5% was charged.→A fee of 5 percent was charged."],
        ),
        (
            "In all 12 boats sank off the cape.",
            "In all several boats sank off the cape.",
            &["figure-changed 12→several"],
        ),
        // Dates.
        (
            "They meet on June 5 at the hall.",
            "They meet on June 7 at the hall.",
            &["date-changed June 5→June 7"],
        ),
        (
            "They meet on Monday at the hall.",
            "They meet on Tuesday at the hall.",
            &["date-changed Monday→Tuesday"],
        ),
        // Names.
        (
            "The post went to Anna Roe last year.",
            "The post went to Anna Lind last year.",
            &["name-changed Anna Roe→Anna Lind"],
        ),
        (
            "The post went to Roe last year.",
            "The post went to Anna Roe last year.",
            &["text-edited The post went to Roe last year.→The post went to Anna Roe last year."],
        ),
        (
            "It is owned by Northern Bank of Ostby.",
            "It is owned by Northern Savings Bank of Ostby.",
            &["name-changed Northern Bank→Northern Savings Bank"],
        ),
        // Claims.
        (
            "The bank could close its branch.",
            "The bank will close its branch.",
            &["claim-changed could→will"],
        ),
        (
            "The bank will not close its branch.",
            "The bank will close its branch.",
            &["claim-changed will not close→will close"],
        ),
        (
            "He is the alleged author of it.",
            "He is the author of it.",
            &["claim-changed the alleged author→the author"],
        ),
        (
            "The board did not approve the plan.",
            "The board approved the plan.",
            &["claim-changed did not approve→approved"],
        ),
        (
            "The bank could close its branch.",
            "The bank might close its branch.",
            &["text-edited The bank could close its branch.→The bank might close its branch."],
        ),
        (
            "Reportedly he left the town in May.",
            "He reportedly left the town in May.",
            &[
                "text-edited Reportedly he left the town in May.→He reportedly left the town in May.",
            ],
        ),
        (
            "The claim was confirmed by the court.",
            "The claim was unconfirmed by the court.",
            &["claim-changed confirmed→unconfirmed"],
        ),
        (
            "In all at least 12 boats sank.",
            "In all 12 boats sank.",
            &["claim-changed all at least 12→all 12"],
        ),
        // Quotations.
        (
            "“We lost 12 boats in the night,” said Anna Roe.",
            "“We lost 15 boats in the night,” said Anna Roe.",
            &["quote-altered We lost 12 boats in the night→We lost 15 boats in the night"],
        ),
        (
            "“We lost our boats in the night,” said Anna Roe.",
            "“We lost our boats in the night,” said Piet Hals.",
            &["quote-reattributed Anna Roe→Piet Hals"],
        ),
        (
            "“We lost our boats in the night,” said Anna Roe.",
            "“We lost our boats in the night,” said Anna Row.",
            &["name-changed Anna Roe→Anna Row"],
        ),
        (
            "“We won't go quietly from here,” said Anna Roe.",
            "\"We won’t go quietly from here,\" said Anna Roe.",
            &[],
        ),
        (
            "The board was silent. “We were never asked about it,” said Anna Roe.",
            "The board was silent.",
            &["quote-removed We were never asked about it→"],
        ),
        (
            "The board was silent.",
            "The board was silent.\n\n“We were never asked about it,” said Anna Roe.",
            &["quote-added →We were never asked about it"],
        ),
        (
            "The board was silent.",
            "The board was silent.\n\n“We were never asked about it,” said Anna Roe. The ministry opened an inquiry into the collision.",
            &[
                "quote-added →We were never asked about it",
                "text-added →The ministry opened an inquiry into the collision.",
            ],
        ),
        // Text.
        (
            "Rain fell.",
            "Rain fell.\n\nThe ministry opened an inquiry.",
            &["text-added →The ministry opened an inquiry."],
        ),
        (
            "Rain fell.\n\nThe ministry opened an inquiry.",
            "Rain fell.",
            &["text-removed The ministry opened an inquiry.→"],
        ),
        (
            "The crews recieved their pay late.",
            "The crews received their pay late.",
            &["text-edited The crews recieved their pay late.→The crews received their pay late."],
        ),
        // Two at once, one figure and other words.
        (
            "Police counted 12 boats near the old pier.",
            "Police counted 15 boats near the lighthouse ruins.",
            &[
                "figure-changed 12→15",
                "text-edited Police counted 12 boats near the old pier.→Police counted 15 boats near the lighthouse ruins.",
            ],
        ),
        // Notices; the correction repeats the old figure, which stays no figure of the text.
        (
            "Police counted 15 boats.",
            "Police counted 12 boats.\n\nCorrection: An earlier version of this article misstated the number of boats as 15.",
            &[
                "correction →Correction: An earlier version of this article misstated the number of boats as 15.",
                "figure-changed 15→12",
            ],
        ),
        (
            "Rain fell.",
            "Rain fell.\n\nUpdate: This story has been updated with a statement.",
            &["update-note →Update: This story has been updated with a statement."],
        ),
        (
            "Rain fell.",
            "Rain fell.\n\nRetraction: This article has been withdrawn.",
            &["retraction →Retraction: This article has been withdrawn."],
        ),
        (
            "Rain fell.",
            "Rain fell.\n\nClarification: The title of the report was incomplete.",
            &["correction →Clarification: The title of the report was incomplete."],
        ),
    ];
    let mut wrong = Vec::new();
    for (old, new, expected) in cases {
        let mut found: Vec<String> =
            changes(&article(old), &article(new)).iter().map(say).collect();
        found.sort();
        if found != *expected {
            wrong.push(format!("{old}\n{new}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn ranges_point_at_the_words() {
    let old = article("Police counted 12 boats. “We lost our nets,” said Anna Roe.");
    let new = article("Police counted 15 boats. “We lost all our nets,” said Anna Roe.");
    for change in changes(&old, &new) {
        let (a, b) = (change.old_range.unwrap(), change.new_range.unwrap());
        assert!(old.text[a].contains(&change.before.unwrap()));
        assert!(new.text[b].contains(&change.after.unwrap()));
    }
}

#[test]
fn a_swap_of_two_paragraphs_is_one_move() {
    let (a, b) = (
        "The ministry opened an inquiry into the collision.",
        "Two tugs towed the ferry back to its berth.",
    );
    let found = changes(&article(&format!("{a}\n\n{b}")), &article(&format!("{b}\n\n{a}")));
    assert_eq!(kinds(&found), ["text-moved"]);
}

#[test]
fn a_moved_sentence_that_was_edited_is_moved_and_edited() {
    let old = article(
        "The ministry opened an inquiry into the deaths of 12 sailors. Two tugs towed the ferry \
         back to its berth. The captain of the ferry was questioned for three hours.",
    );
    let new = article(
        "Two tugs towed the ferry back to its berth. The captain of the ferry was questioned for \
         three hours. The ministry opened an inquiry into the deaths of 14 sailors.",
    );
    assert_eq!(kinds(&changes(&old, &new)), ["figure-changed", "text-moved"]);
}

fn time(text: &str) -> Option<Fact<PageTime>> {
    let instant = Timestamp::parse(text).unwrap();
    fact(PageTime { text: text.to_owned(), instant, day_only: false })
}

#[test]
fn facts_of_the_page_change() {
    let mut old = article("Rain fell.");
    old.headline = fact("Ferry sinks".to_owned());
    old.byline = vec![
        fact(Author { name: "Ida Holm".to_owned(), organisation: false, ..Author::default() })
            .unwrap(),
    ];
    old.published = time("2026-03-01T08:00:00Z");
    old.modified = time("2026-03-01T08:00:00Z");
    old.lead_image =
        Some(Image { src: "https://cdn.example/ferry-1024x600.jpg".to_owned(), caption: None });
    let mut new = old.clone();
    assert!(changes(&old, &new).is_empty());
    new.lead_image =
        Some(Image { src: "https://cdn.example/ferry-640x375.jpg".to_owned(), caption: None });
    new.headline = fact("Ferry  sinks".to_owned());
    new.published = time("2026-03-01T09:00:00+01:00");
    assert!(changes(&old, &new).is_empty(), "notation is no change");
    new.headline = fact("Ferry damaged".to_owned());
    new.byline.push(
        fact(Author { name: "Tom Ray".to_owned(), organisation: false, ..Author::default() })
            .unwrap(),
    );
    new.published = time("2026-03-02T08:00:00Z");
    new.modified = time("2026-03-02T08:00:00Z");
    new.lead_image =
        Some(Image { src: "https://cdn.example/captain.jpg".to_owned(), caption: None });
    let found = changes(&old, &new);
    assert_eq!(kinds(&found), ["byline", "headline", "image-changed", "modified", "published"]);
    assert_eq!(found[1].after.as_deref(), Some("Ida Holm, Tom Ray"));
}

#[test]
fn links_of_text_that_stayed_are_followed() {
    let link = |page: &Page, words: &str, href: &str| {
        let start = page.text.find(words).unwrap();
        ArticleLink { href: href.to_owned(), range: start..start + words.len() }
    };
    let mut old = article("Rain fell on the ministry report.");
    old.links = vec![link(&old, "ministry report", "https://a.example/report?utm_source=x")];
    let mut new = old.clone();
    new.links[0].href = "http://www.a.example/report/".to_owned();
    assert!(changes(&old, &new).is_empty());
    new.links[0].href = "https://a.example/other".to_owned();
    let found = changes(&old, &new);
    assert_eq!(kinds(&found), ["link-changed"]);
    assert_eq!(found[0].about.as_deref(), Some("ministry report"));
    new.links.clear();
    assert_eq!(kinds(&changes(&old, &new)), ["link-changed"]);
    // A link that came with new words is part of them.
    let mut longer = article("Rain fell on the ministry report.\n\nThe inquiry opens in spring.");
    longer.links = vec![
        link(&longer, "ministry report", "https://a.example/report"),
        link(&longer, "inquiry", "https://a.example/inquiry"),
    ];
    assert_eq!(kinds(&changes(&old, &longer)), ["text-added"]);
}

#[test]
fn silent_changes_are_stealth_and_declared_ones_are_not() {
    let options = CompareOptions::default();
    let old = article("Police counted 12 boats.");
    let mut new = article("Police counted 15 boats.");
    assert!(compare(&old, &new, &options).stealth);
    let mut dated = old.clone();
    dated.modified = time("2026-03-01T08:00:00Z");
    new.modified = time("2026-03-01T08:00:00Z");
    assert!(compare(&dated, &new, &options).stealth, "the date stayed");
    new.modified = time("2026-03-01T09:00:00Z");
    assert!(!compare(&dated, &new, &options).stealth, "the date moved");
    let noticed = article("Police counted 15 boats.\n\nCorrection: The number of boats was wrong.");
    assert!(!compare(&old, &noticed, &options).stealth);
    // A notice that existed before does not acknowledge this change.
    let again = article("Police counted 16 boats.\n\nCorrection: The number of boats was wrong.");
    assert!(compare(&noticed, &again, &options).stealth);
    let notation = article("Police counted twelve boats.");
    let found = compare(&old, &notation, &options);
    assert!(!found.stealth && found.says_the_same());
}

fn long(seed: &str) -> Page {
    let mut page = article(
        &(0..12)
            .map(|n| format!("The {seed} office published report number {n} about the harbour."))
            .collect::<Vec<_>>()
            .join(" "),
    );
    page.headline = fact(format!("The {seed} reports"));
    page
}

#[test]
fn an_article_goes_comes_back_moves_and_is_walled() {
    let page = long("pilot");
    let mut other = sample::page(&"Tax inspectors searched four villas in Ostby. ".repeat(8));
    other.headline = fact("Raids in Ostby".to_owned());
    let empty = Page::default();
    let front = Page { kind: PageKind::Front, ..long("front") };
    let soft = Page { kind: PageKind::SoftNotFound, ..sample::page("Not found.") };
    let consent = Page { kind: PageKind::Consent, ..sample::page("We value your privacy.") };
    let block = Page { kind: PageKind::Block, ..sample::page("Are you a robot?") };
    let mut paid = page.clone();
    paid.access = Access::Paid;
    paid.sentences.truncate(4);
    paid.text.truncate(paid.sentences[3].range.end);
    let here = Side { url: Some("https://a.example/x"), ..Side::of(&page) };
    let to = |page, target| Side { redirected_to: Some(target), ..Side { page, ..here } };
    let status = |page, status| Side { status: Some(status), ..Side { page, ..here } };
    let cases: &[(&str, Side<'_>, Side<'_>, &[&str])] = &[
        ("404", here, status(&empty, 404), &["gone"]),
        ("410 stays gone", status(&empty, 404), status(&empty, 410), &[]),
        ("back", status(&empty, 404), here, &["restored"]),
        ("server trouble", here, status(&empty, 503), &[]),
        ("soft 404", here, Side::of(&soft), &["gone"]),
        ("emptied", here, Side::of(&empty), &["gone"]),
        ("to the front", here, to(&front, "https://a.example/"), &["gone"]),
        ("to another article", here, to(&other, "https://a.example/other"), &["gone"]),
        ("new address", here, to(&page, "https://a.example/new-slug"), &["redirected"]),
        ("back from the front", to(&front, "https://a.example/"), here, &["restored"]),
        ("consent", here, Side::of(&consent), &["paywalled"]),
        ("robot wall", here, Side::of(&block), &[]),
        ("paywall", here, Side::of(&paid), &["paywalled"]),
        ("wall falls", Side::of(&paid), here, &["restored"]),
    ];
    for (name, old, new, expected) in cases {
        let found = compare_captures(old, new, &[], &CompareOptions::default());
        assert_eq!(kinds(&found.changes), *expected, "{name}");
        assert!(!found.stealth, "{name}");
    }
}

#[test]
fn a_return_to_an_earlier_version_is_reported_as_that() {
    let first = article("Police counted 12 boats. Rain fell over the quay.");
    let second = article("Police counted 15 boats. Snow fell over the quay and the town.");
    let prints = [Fingerprint::of(&first)];
    let found = compare_captures(
        &Side::of(&second),
        &Side::of(&first),
        &prints,
        &CompareOptions::default(),
    );
    assert_eq!(kinds(&found.changes), ["figure-changed", "reverted"]);
    assert_eq!(found.changes[0].about.as_deref(), Some("version 1"));
    assert!(found.changes.iter().all(|change| change.kind != ChangeKind::TextEdited));
}

proptest::proptest! {
    /// An extractor that breaks its contract makes a comparison less precise and never causes a panic.
    #[test]
    fn ranges_that_lie_never_panic(
        text in "([a-zé“”.,0-9A-Z]{1,6} ){0,30}",
        ranges in proptest::collection::vec((0_usize..200, 0_usize..200, 0_u8..6), 0..12),
    ) {
        use crate::render::diff::{Shown, html, markdown, terminal, unified};
        let old = sample::page(&text);
        let mut new = sample::page(&format!("{text} Rain fell. {text}"));
        for (start, end, which) in ranges {
            let range = start..end;
            match which {
                0 => new.sentences.iter_mut().take(1).for_each(|s| s.range = range.clone()),
                1 => new.quotes.iter_mut().for_each(|q| q.range = range.clone()),
                2 => new.figures.iter_mut().for_each(|f| f.range = range.clone()),
                3 => new.links.push(ArticleLink { href: "x".to_owned(), range }),
                4 => new.blocks.iter_mut().take(1).for_each(|b| b.range = range.clone()),
                _ => new.quotes.iter_mut().for_each(|q| q.parts = vec![range.clone()]),
            }
        }
        for (a, b) in [(&old, &new), (&new, &old)] {
            let comparison = compare(a, b, &CompareOptions::default());
            let shown = Shown {
                comparison: &comparison, old: a, new: b, old_label: "a", new_label: "b", title: "t",
            };
            let _ = html::render(&shown);
            let _ = markdown::render(&shown);
            let _ = unified::render(&shown);
            let _ = terminal::render(&shown, &terminal::TerminalOptions::default());
        }
    }
}
