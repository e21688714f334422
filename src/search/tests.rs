//! The index of an archive that grows, is asked by several at once, breaks, and is deleted.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use super::find::Order;
use super::*;
use crate::answers::search::{SearchRequest, search};
use crate::answers::when::{WhenRequest, when};
use crate::answers::{AnswerError, Archive as Asked};
use crate::base::{TimeRange, Timestamp};
use crate::history::phrase::{self, Phrase};
use crate::history::standing::PhraseSpan;
use crate::history::testing::Archive;
use crate::readings::{DERIVED_BYTES_MAX, Readings};

const A: &str = "The board met on Tuesday in the old harbour house with all of its members.";
const B: &str = "It counted 12 boats at the eastern pier that morning, more than ever before.";
const C: &str = "“Nobody asked us about any of it,” said Piet Hals, the mayor of the town.";

const PHRASES: [&str; 10] = [
    "12 boats",
    "the old harbour house",
    "members. It counted",
    "asked us about",
    "the harbour and its boats",
    "boats The board",
    "more than ever before",
    "never said",
    "t",
    "12 Boats — at the Eastern Pier",
];

fn asked(archive: &Archive) -> Asked {
    let readings = Readings::open(&archive.root().join("derived"), DERIVED_BYTES_MAX);
    Asked::new(archive.reader(), readings).with_search(SearchOptions::default())
}

/// When a phrase stood, in short.
fn short(stood: &PhraseSpan) -> String {
    let PhraseSpan { url, first_seen, last_seen, gone_since, versions, .. } = stood;
    format!("{url} {} {} {gone_since:?} {versions}", first_seen.0.date, last_seen.0.date)
}

fn by_index(asked: &Asked, phrase: &str) -> Vec<String> {
    let mut found = Vec::new();
    let request = WhenRequest { phrase: phrase.to_owned(), host: None };
    when::<AnswerError>(asked, &request, &mut |_| {}, &mut |stood| {
        found.push(short(&stood));
        Ok(())
    })
    .unwrap();
    found
}

/// The same by reading all pages.
fn by_reading(asked: &Asked, phrase: &str) -> Vec<String> {
    let mut found = Vec::new();
    let phrase = Phrase::new(phrase).unwrap();
    let mut page_reader = PageReader::new(asked.reader());
    phrase::when::<StoreError>(&mut page_reader, &phrase, None, &mut |stood| {
        found.push(short(&stood));
        Ok(())
    })
    .unwrap();
    found
}

/// That the index finds what reading all pages finds; the index has to be there.
#[track_caller]
fn agrees(asked: &Asked) {
    let mut page_reader = asked.page_reader();
    asked.search().current(&mut page_reader, &mut |_| {}).unwrap();
    for phrase in PHRASES {
        assert_eq!(by_index(asked, phrase), by_reading(asked, phrase), "{phrase}");
    }
}

fn index_dir(archive: &Archive) -> PathBuf {
    let entries = fs::read_dir(archive.root().join("derived")).unwrap().flatten();
    let mut dirs = entries.map(|entry| entry.path()).filter(|path| path.is_dir());
    dirs.next().unwrap()
}

#[test]
fn what_the_index_finds_is_what_reading_finds_while_the_archive_grows() {
    let (a, b, renamed) =
        ("http://courier.example/a", "http://courier.example/b", "http://courier.example/renamed");
    let consent = "<html><head><title>We value your privacy</title></head><body><h1>We value your \
                   privacy</h1><p>Accept all cookies to continue. 12 boats.</p></body></html>";
    let mut archive = Archive::new();
    archive.page(a, 1, &[A]);
    agrees(&asked(&archive));
    let steps: [&dyn Fn(&mut Archive); 9] = [
        &|archive| archive.page(a, 2, &[A, B]),
        &|archive| archive.page(b, 2, &[C, B]),
        &|archive| archive.page(a, 4, &[B, A]),
        &|archive| archive.response(a, 5, "200 OK", "", consent),
        // What it leads to was not captured yet, and is in the next step.
        &|archive| archive.response(b, 6, "301 Moved", &format!("Location: {renamed}\r\n"), ""),
        &|archive| archive.page(renamed, 7, &[A, C]),
        &|archive| archive.status(a, 8, 404),
        // A capture that comes late, between others.
        &|archive| archive.page(a, 3, &[C]),
        &|archive| archive.page(a, 9, &[A, B, C]),
    ];
    for step in steps {
        step(&mut archive);
        agrees(&asked(&archive));
    }
    // Another state of what is derived, and none of it.
    fs::remove_dir_all(archive.root().join("derived")).unwrap();
    agrees(&asked(&archive));
    for entry in fs::read_dir(archive.root().join("derived")).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("readings-") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    agrees(&asked(&archive));
    fs::remove_dir_all(index_dir(&archive)).unwrap();
    agrees(&asked(&archive));
}

#[test]
fn a_page_that_a_redirect_led_to_is_found_there_after_readings_were_deleted() {
    let (a, renamed) = ("http://courier.example/a", "http://courier.example/renamed");
    let mut archive = Archive::new();
    archive.response(a, 1, "301 Moved", &format!("Location: {renamed}\r\n"), "");
    archive.page("http://courier.example/other", 1, &[C]);
    agrees(&asked(&archive));
    for entry in fs::read_dir(archive.root().join("derived")).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("readings-") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    archive.page(renamed, 2, &[A, B]);
    let asked = asked(&archive);
    agrees(&asked);
    assert_eq!(by_index(&asked, "12 boats").len(), by_reading(&asked, "12 boats").len());
}

#[test]
fn a_kill_between_steps_loses_nothing() {
    let mut archive = Archive::new();
    for (number, text) in [A, B, C].into_iter().cycle().take(9).enumerate() {
        archive.page(&format!("http://courier.example/{number}"), 1, &[text]);
        archive.page(&format!("http://courier.example/{number}"), 2, &[text, A]);
    }
    for after in 0..6 {
        let asked = asked(&archive);
        let mut page_reader = asked.page_reader();
        let mut heard = 0;
        let work = || {
            let kept = asked.search().keep_up(
                &mut page_reader,
                &mut |_| {
                    heard += 1;
                    assert!(heard <= after * 2, "killed");
                },
                &mut |_| {},
            );
            kept.unwrap();
        };
        let killed = catch_unwind(AssertUnwindSafe(work)).is_err();
        assert_eq!(killed, after < 6);
        // Nothing of it is in.
        let mut other = Search::at(
            &archive.root().join("derived"),
            SearchOptions { upkeep: Upkeep::Regular, ..SearchOptions::default() },
        );
        let mut page_reader = asked.page_reader();
        assert!(other.current(&mut page_reader, &mut |_| {}).is_err(), "there is no commit");
        other.options.upkeep = Upkeep::Asked;
    }
    agrees(&asked(&archive));
}

#[test]
fn who_cannot_write_reads_what_is_not_in() {
    let (a, b) = ("http://courier.example/a", "http://courier.example/b");
    let mut archive = Archive::new();
    archive.page(a, 1, &[A]);
    agrees(&asked(&archive));
    archive.page(a, 2, &[A, B]);
    archive.page(b, 2, &[B]);
    let first = asked(&archive);
    // Another process that writes, slowly.
    let opened = first.search().opened().unwrap();
    let writer = opened.index.writer(WRITER_BYTES_MIN, false).unwrap().unwrap();
    let second = Asked::new(first.reader().clone(), first.readings().clone())
        .with_search(SearchOptions::default());
    let mut page_reader = second.page_reader();
    let current = second.search().current(&mut page_reader, &mut |_| {}).unwrap();
    let expected = ["example,courier)/a", "example,courier)/b"].map(str::to_owned);
    assert_eq!(current.beyond, BTreeSet::from(expected));
    assert_eq!(by_index(&second, "12 boats"), by_reading(&second, "12 boats"));
    assert_eq!(by_index(&second, "12 boats").len(), 2);
    drop(writer);
    let current = second.search().current(&mut page_reader, &mut |_| {}).unwrap();
    assert!(current.beyond.is_empty());
    // And the first sees it as well.
    let current = first.search().current(&mut first.page_reader(), &mut |_| {}).unwrap();
    assert!(current.beyond.is_empty());
    agrees(&second);
}

#[test]
fn a_damaged_index_is_made_anew() {
    let mut archive = Archive::new();
    archive.page("http://courier.example/a", 1, &[A, B]);
    agrees(&asked(&archive));
    let mut files: Vec<PathBuf> =
        fs::read_dir(index_dir(&archive)).unwrap().flatten().map(|entry| entry.path()).collect();
    files.sort();
    for number in 0..files.len() {
        agrees(&asked(&archive));
        let mut files: Vec<PathBuf> = fs::read_dir(index_dir(&archive))
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.sort();
        let Some(file) = files.get(number) else { break };
        fs::write(file, b"nothing").unwrap();
        agrees(&asked(&archive));
    }
}

fn german(paragraph: &str) -> String {
    format!(
        "<!doctype html><html lang=\"de\"><body><article><h1>Die Lage am Abend</h1><p>{paragraph}</p>\
         <p>Mehr dazu am Morgen, sagte die Sprecherin der Stadt am Abend vor dem Rathaus.</p>\
         </article></body></html>"
    )
}

fn request(query: &str) -> SearchRequest {
    SearchRequest {
        query: query.to_owned(),
        host: None,
        period: TimeRange::ALL,
        order: Order::Relevance,
        pages_max: 10,
        now: Archive::at(100),
    }
}

/// The paths of the pages that a query finds, in order.
fn paths(asked: &Asked, request: &SearchRequest) -> String {
    let found = search(asked, request, &mut |_| {}).unwrap();
    assert_eq!(found.notes, Vec::<String>::new());
    let path = |url: &str| url.rsplit('/').next().unwrap_or_default().to_owned();
    found.hits.iter().map(|hit| path(&hit.stood.url)).collect::<Vec<_>>().join(" ")
}

#[test]
fn pages_are_found_by_words_fields_hosts_and_times() {
    let mut archive = Archive::new();
    let page = |name: &str| format!("http://courier.example/{name}");
    archive.page(&page("a"), 1, &[A, B]);
    archive.page(&page("a"), 5, &[A]);
    archive.page(&page("b"), 2, &[B, C]);
    archive.page("http://other.example/c", 3, &[A, C]);
    archive.response(
        &page("d"),
        4,
        "200 OK",
        "",
        &german("Die Bundestagswahl war der Auftakt. Der Bundestag war leer."),
    );
    archive.response(
        &page("e"),
        6,
        "200 OK",
        "",
        &german("Eine Auswahl der Wahlplakate. Alle Plakate hingen am Baum."),
    );
    let japanese = "<!doctype html><html lang=\"ja\"><body><article><h1>旧港口の船</h1><p>東京の旧港口に船が十二隻あり、市長は何も言わなかった。</p>\
                    <p>市の職員は火曜日に港で会議を開き、船の数を数えた。</p></article></body></html>";
    archive.response(&page("f"), 7, "200 OK", "", japanese);
    for upkeep in [Upkeep::Asked, Upkeep::Off] {
        let asked =
            asked(&archive).with_search(SearchOptions { upkeep, ..SearchOptions::default() });
        let sorted = |query: &str| {
            let found = paths(&asked, &request(query));
            let mut found: Vec<&str> = found.split(' ').collect();
            found.sort_unstable();
            found.join(" ")
        };
        for (query, expected) in [
            ("board", "a c"),
            ("board boats", "a c"),
            ("\"twelve boats\"", ""),
            ("\"12 boats\"", "a b"),
            // Both words, in different versions only.
            ("\"12 boats\" -\"12 boats\"", ""),
            ("morning members", "a"),
            ("morning -members", "b"),
            ("board -boats", ""),
            ("board -mayor", "a"),
            ("speaker:hals", "b c"),
            ("quote:\"asked us\"", "b c"),
            ("quote:board", ""),
            ("headline:harbour", "a b c"),
            ("headline:morning", ""),
            ("board host:other.example", "c"),
            ("harb*", "a b c"),
            ("HÁRBOUR", "a b c"),
            ("港口", "f"),
            ("口", "f"),
            ("\"東京の旧港口\"", "f"),
            ("bundestag*", "d"),
            ("\"Wahl\"", ""),
        ] {
            assert_eq!(sorted(query), expected, "{query} {upkeep:?}");
        }
        if upkeep == Upkeep::Asked {
            // "Auswahl" has "aus" before it, which is no word of this archive.
            assert_eq!(sorted("Wahl"), "d e");
            assert_eq!(sorted("Plakate"), "e");
            assert_eq!(sorted("tag"), "");
        }
        let by_time = SearchRequest { order: Order::Time, ..request("headline:harbour") };
        assert_eq!(paths(&asked, &by_time).split(' ').next(), Some("c"), "{upkeep:?}");
        let at = |from: i64, to: i64| TimeRange { start: Archive::at(from), end: Archive::at(to) };
        let then = |query: &str, period| SearchRequest { period, ..request(query) };
        assert_eq!(paths(&asked, &then("boats morning", at(0, 2))), "a");
        assert_eq!(paths(&asked, &then("boats morning", at(5, 9))), "");
        assert_eq!(
            paths(
                &asked,
                &SearchRequest { host: Some("other.example".into()), ..request("board") }
            ),
            "c"
        );
        assert_eq!(
            paths(&asked, &SearchRequest { pages_max: 2, ..request("headline:harbour") }).len(),
            3
        );
    }
}

#[test]
fn a_hit_tells_which_versions_have_it() {
    let mut archive = Archive::new();
    let url = "http://courier.example/a";
    archive.page(url, 1, &[A]);
    archive.page(url, 2, &[A, B]);
    archive.page(url, 3, &[A]);
    archive.page(url, 4, &[A, B]);
    archive.page(url, 5, &[A, C]);
    let asked = asked(&archive);
    let found = search(&asked, &request("\"12 boats\" pier"), &mut |_| {}).unwrap();
    let [hit] = found.hits.as_slice() else { panic!("{found:?}") };
    let at = Archive::at;
    let spans: Vec<(Timestamp, Option<Timestamp>, u64)> =
        hit.stood.spans.iter().map(|span| (span.from, span.until, span.versions)).collect();
    assert_eq!(spans, [(at(2), Some(at(3)), 1), (at(4), Some(at(5)), 1)]);
    assert_eq!((hit.stood.gone_since, hit.stood.versions), (Some(at(5)), 2));
    let [snippet] = hit.snippets.as_slice() else { panic!("{hit:?}") };
    let marked: Vec<&str> = snippet.marks.iter().map(|mark| &snippet.text[mark.clone()]).collect();
    assert_eq!(marked, ["12 boats", "pier"]);
}

#[test]
fn who_waits_for_words_hears_of_each_version_once() {
    let mut archive = Archive::new();
    let url = "http://courier.example/a";
    archive.page(url, 1, &[A]);
    let heard = |archive: &Archive| {
        let asked = asked(archive);
        let mut heard = Vec::new();
        let mut hear = |new: &NewVersion<'_>| {
            let has =
                |content: Option<&content::Content>| content.map(|c| c.text().contains("12 boats"));
            heard.push((new.row.number, has(new.before), has(new.now)));
        };
        asked.search().keep_up(&mut asked.page_reader(), &mut hear, &mut |_| {}).unwrap().unwrap();
        heard
    };
    assert_eq!(heard(&archive), [(1, None, Some(false))]);
    archive.page(url, 2, &[A, B]);
    archive.page(url, 3, &[A, C]);
    assert_eq!(heard(&archive), [(2, Some(false), Some(true)), (3, Some(true), Some(false))]);
    archive.status(url, 4, 410);
    assert_eq!(heard(&archive), [(4, Some(false), None)]);
    archive.page(url, 5, &[A, C]);
    assert_eq!(heard(&archive), [(5, None, Some(false))]);
    assert_eq!(heard(&archive), []);
}
