//! Pages that are sent with their text, without it, or first with it and later without, some of them rendered:
//! every answer is made of the form that has the text, says so, and counts nothing twice.

use super::*;
use crate::answers::blame::blame;
use crate::answers::changes::changes;
use crate::answers::quotes::{FoundQuotes, QuotesRequest, of_everything, of_url};
use crate::answers::search::{SearchRequest, search};
use crate::answers::story::{StoryRequest, StoryTarget, tell};
use crate::answers::when::{WhenRequest, when};
use crate::answers::{Archive as Asked, ChangesRequest, clusters};
use crate::base::TimeRange;
use crate::history::changes::ChangeFilter;
use crate::history::testing::Archive;
use crate::readings::{DERIVED_BYTES_MAX, Readings};
use crate::search::SearchOptions;
use crate::search::find::Order;

/// Sent with its text, and rendered as well.
const BOTH: &str = "http://courier.example/both";
/// Sent as a shell, and rendered.
const SHELL: &str = "http://courier.example/shell";
/// Sent with its text, and later as a shell that is rendered.
const MOVED: &str = "http://courier.example/moved";
/// Sent as a shell, of which another program has made a clean copy.
const FOREIGN: &str = "http://courier.example/foreign";

const A: &str = "The board met on Tuesday in the old harbour house with all of its members there.";
const B: &str = "It counted 12 boats at the eastern pier that morning, more than ever before then.";
const B2: &str =
    "It counted 15 boats at the eastern pier that morning, more than ever before then.";
const FERRY: &str =
    "The ferry company has not said when its boats will cross the river again this year.";
const SAID: &str = "“Nobody asked us about any of it,” said Piet Hals, the mayor of the town.";

fn archive() -> Archive {
    let mut archive = Archive::new();
    for (hour, boats) in [(1, B), (3, B2)] {
        archive.page(BOTH, hour, &[A, boats, SAID]);
        archive.rendering(BOTH, hour, &[A, boats, SAID, FERRY]);
    }
    for (hour, boats) in [(1, B), (3, B2)] {
        archive.shell(SHELL, hour, &format!("<meta name=at content={hour}>"));
        archive.rendering(SHELL, hour, &[A, boats, SAID]);
    }
    archive.page(MOVED, 1, &[A, B, SAID]);
    archive.page(MOVED, 2, &[A, B2, SAID]);
    archive.shell(MOVED, 3, "");
    archive.rendering(MOVED, 3, &[A, B, SAID]);
    archive.shell(FOREIGN, 1, "");
    archive.conversion(FOREIGN, 1, &[A, B, SAID]);
    archive
}

fn asked(archive: &Archive) -> Asked {
    let readings = Readings::open(&archive.root().join("derived"), DERIVED_BYTES_MAX);
    Asked::new(archive.reader(), readings).with_search(SearchOptions::default())
}

/// The path of a page, marked where the answer comes from its rendering.
fn short(url: &str, rendering: bool) -> String {
    let path = url.rsplit('/').next().unwrap_or_default();
    if rendering { format!("{path}*") } else { path.to_owned() }
}

/// Checks that a question has the expected answers for each form: without one, plain, rendered.
#[track_caller]
fn check(ask: &dyn Fn(&Asked, Option<Form>) -> Vec<String>, expected: [&[&str]; 3]) {
    let archive = archive();
    // Without what is kept, with what is kept, and with what was kept before.
    let bare = Asked::new(archive.reader(), Readings::none());
    for asked in [bare, asked(&archive), asked(&archive)] {
        for (form, expected) in
            [None, Some(Form::Plain), Some(Form::Rendered)].into_iter().zip(expected)
        {
            let mut found = ask(&asked, form);
            found.sort();
            assert_eq!(found, expected, "{form:?}");
        }
    }
}

fn searched(asked: &Asked, form: Option<Form>, query: &str) -> Vec<String> {
    let request = SearchRequest {
        query: query.to_owned(),
        host: None,
        period: TimeRange::ALL,
        form,
        order: Order::Relevance,
        pages_max: 20,
        now: Archive::at(100),
    };
    let found = search(asked, &request, &mut |_| {}).unwrap();
    let one = |stood: &crate::history::standing::PhraseSpan| {
        short(&stood.url, stood.form == Form::Rendered)
    };
    found.hits.iter().map(|hit| one(&hit.stood)).collect()
}

#[test]
fn a_search_finds_words_where_the_text_is_and_each_once() {
    check(
        &|asked, form| searched(asked, form, "\"12 boats\""),
        [
            &["both", "moved", "moved*", "shell*"],
            &["both", "moved"],
            &["both*", "moved*", "shell*"],
        ],
    );
    // What only the rendering has, where the page was sent with its text, is found only by form.
    check(&|asked, form| searched(asked, form, "\"ferry company\""), [&[], &[], &["both*"]]);
}

#[test]
fn a_phrase_is_gone_only_where_it_went_in_the_same_form() {
    let ask = |asked: &Asked, form| {
        let mut found = Vec::new();
        let request = WhenRequest { phrase: "12 boats".to_owned(), host: None, form };
        when::<AnswerError>(asked, &request, &mut |_| {}, &mut |stood| {
            let gone = stood.gone_since.map(|at| at.since(Archive::at(0)).as_secs() / 3_600);
            let of = short(&stood.url, stood.form == Form::Rendered);
            found.push(format!("{of} {gone:?}"));
            Ok(())
        })
        .unwrap();
        found
    };
    check(
        &ask,
        [
            &["both Some(3)", "moved Some(2)", "moved* None", "shell* Some(3)"],
            &["both Some(3)", "moved Some(2)"],
            &["both* Some(3)", "moved* None", "shell* Some(3)"],
        ],
    );
}

#[test]
fn quotations_are_those_of_the_form_that_has_the_article() {
    let ask = |asked: &Asked, form| {
        let mut found = Vec::new();
        let request = QuotesRequest { speaker: Some("Hals".to_owned()), at: None, form };
        of_everything::<AnswerError>(asked, &request, &mut |one| {
            let FoundQuotes::Page(page) = one else { panic!("{one:?}") };
            let json: Vec<_> = page.json().collect();
            assert_eq!(json.len(), 1, "{json:?}");
            found.push(short(json[0].url.as_deref().unwrap(), json[0].rendering));
            Ok(())
        })
        .unwrap();
        found
    };
    check(
        &ask,
        [&["both", "moved*", "shell*"], &["both", "moved"], &["both*", "moved*", "shell*"]],
    );
    let of_pages = |asked: &Asked, form| {
        let request = QuotesRequest { form, ..QuotesRequest::default() };
        let of = |url: &&str| {
            let (chosen, found) = of_url(asked, url, &request).ok()?;
            Some(format!("{} {}", short(url, chosen.is_rendering()), found.is_some()))
        };
        [BOTH, SHELL, MOVED, FOREIGN].iter().filter_map(of).collect()
    };
    check(
        &of_pages,
        [
            &["both true", "foreign false", "moved* true", "shell* true"],
            &["both true", "foreign false", "moved false", "shell false"],
            &["both* true", "moved* true", "shell* true"],
        ],
    );
}

#[test]
fn quotations_at_a_time_are_those_of_the_form_that_had_the_article_then() {
    let archive = archive();
    let request = QuotesRequest { at: Some(Archive::at(2)), ..QuotesRequest::default() };
    let (chosen, found) = of_url(&asked(&archive), MOVED, &request).unwrap();
    assert!(!chosen.is_rendering() && found.is_some());
}

#[test]
fn sentences_come_from_versions_of_one_form() {
    let ask = |asked: &Asked, form| {
        let of = |url: &&str| {
            let found = blame(asked, url, (form, None)).ok()?;
            let changed = found.found.sentences.iter().filter(|one| one.changed.is_some());
            let is_one = |one: &crate::history::provenance::VersionCapture| {
                one.entry.form() == Some(found.chosen.form)
            };
            assert!(found.found.versions.iter().all(is_one), "{url}");
            assert_eq!(found.json().rendering, found.chosen.is_rendering());
            Some(format!("{} {}", short(url, found.chosen.is_rendering()), changed.count()))
        };
        [BOTH, SHELL, MOVED, FOREIGN].iter().filter_map(of).collect()
    };
    check(
        &ask,
        [
            &["both 1", "moved* 0", "shell* 1"],
            &["both 1", "moved 1"],
            &["both* 1", "moved* 0", "shell* 1"],
        ],
    );
}

#[test]
fn a_story_reads_each_page_in_the_form_that_has_its_article() {
    let ask = |asked: &Asked, form| {
        let targets = [BOTH, SHELL, MOVED].map(|url| StoryTarget::Url(url.to_owned()));
        let request = StoryRequest { targets: targets.into(), form, ..StoryRequest::default() };
        let found = tell::<AnswerError>(request, || Ok(asked.clone())).unwrap();
        let one = |one: &crate::answers::story::StoryArticle| short(one.name(), one.is_rendering());
        found.articles.iter().map(one).collect()
    };
    check(
        &ask,
        [&["both", "moved*", "shell*"], &["both", "moved"], &["both*", "moved*", "shell*"]],
    );
}

#[test]
fn changes_are_counted_once_and_a_switch_is_none() {
    let ask = |asked: &Asked, form| {
        let wanted = ChangeFilter { form, ..ChangeFilter::default() };
        let request = ChangesRequest { wanted, limit: None };
        let mut page_reader = asked.page_reader();
        let found = changes(&mut page_reader, &request, &mut |_| {}).unwrap();
        let one = |one: crate::history::changes::ArchiveChange| {
            format!("{} {}", short(&one.url, one.rendering), one.change.kind.label())
        };
        found.map(Result::unwrap).map(one).collect()
    };
    check(
        &ask,
        [
            &["both figure-changed", "moved figure-changed", "shell* figure-changed"],
            &["both figure-changed", "moved figure-changed"],
            &["both* figure-changed", "shell* figure-changed"],
        ],
    );
}

#[test]
fn a_rendering_is_an_article_of_a_story_where_the_page_was_sent_without_it() {
    let mut archive = Archive::new();
    let other = "http://other.example/pier";
    let long: Vec<String> = (0..12)
        .map(|at| format!("The harbour master of Tillberg counted boat number {at} at the pier near Marlow street."))
        .collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    archive.page(other, 1, &long);
    archive.shell(SHELL, 1, "");
    archive.rendering(SHELL, 1, &long);
    let asked = asked(&archive);
    let request = clusters::ClustersRequest { since: None, hosts_min: 2, stories_max: 10 };
    let found = clusters::clusters(&asked, &request, &mut |_| {}).unwrap();
    let urls: Vec<&str> = found.iter().flat_map(|one| &one.articles).map(|one| &*one.url).collect();
    assert_eq!(urls.len(), 2, "{found:?}");
}

/// The note beside the text of the page at [`SHELL`].
fn note(archive: &Archive, asked: (Option<Form>, Option<crate::base::Timestamp>)) -> String {
    let reader = archive.reader();
    let mut page_reader = crate::history::PageReader::new(&reader);
    let chosen = ChosenText::of(&mut page_reader, SHELL, asked, "").unwrap();
    chosen.note().unwrap_or_default()
}

#[test]
fn a_note_names_the_rendering_that_stands_in_for_one_that_failed() {
    let rendered = "this is the page as rendered by a browser";
    let usual = format!("the page was sent without its text; {rendered}");
    let mut archive = Archive::new();
    archive.shell(SHELL, 1, "");
    archive.rendering(SHELL, 1, &[A, B, SAID]);
    assert_eq!(note(&archive, (None, None)), usual);
    // With a later capture that was not rendered.
    archive.shell(SHELL, 3, "");
    let day = |text: &str| text.replace("{1}", "2030-03-17T18:47:40Z");
    let newest = day(
        "; the newest capture, of 2030-03-17T20:46:40Z, was not rendered; the newest rendering is of {1}",
    );
    assert_eq!(note(&archive, (None, None)), format!("{usual}{newest}"));
    let asked = (Some(Form::Rendered), None);
    assert_eq!(note(&archive, asked), format!("{rendered}{newest}"));
    assert_eq!(note(&archive, (Some(Form::Plain), None)), "");
    // The earlier capture was rendered, and the later one was not.
    assert_eq!(note(&archive, (None, Some(Archive::at(1)))), usual);
    let at = day(
        "; the capture of 2030-03-17T20:46:40Z was not rendered; the closest rendering is of {1}",
    );
    assert_eq!(note(&archive, (None, Some(Archive::at(3)))), format!("{usual}{at}"));
    // It was rendered after that, and then the page went.
    archive.shell(SHELL, 5, "<meta name=x content=y>");
    archive.rendering(SHELL, 5, &[A, B2, SAID]);
    assert_eq!(note(&archive, (None, None)), usual);
    archive.status(SHELL, 7, 404);
    let gone = note(&archive, (None, None));
    assert!(gone.contains("was answered with status 404 and not rendered"), "{gone}");
}
