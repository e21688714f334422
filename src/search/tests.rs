//! The index of an archive that grows, is queried by several processes at once, is damaged, and is deleted.

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

/// When a phrase was present, in short.
fn short(stood: &PhraseSpan) -> String {
    let PhraseSpan { url, first_seen, last_seen, gone_since, versions, .. } = stood;
    format!("{url} {} {} {gone_since:?} {versions}", first_seen.0.date, last_seen.0.date)
}

fn by_index(asked: &Asked, phrase: &str) -> Vec<String> {
    let mut found = Vec::new();
    let request = WhenRequest { phrase: phrase.to_owned(), host: None, form: None };
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
    phrase::when::<StoreError>(&mut page_reader, &phrase, (None, None), &mut |stood| {
        found.push(short(&stood));
        Ok(())
    })
    .unwrap();
    found
}

/// Asserts that the index finds what reading all pages finds; the index has to exist.
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
        // Its target was not captured yet; the next step captures it.
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
    // Other derived data, and none.
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
fn a_page_that_a_redirect_led_to_is_found_there_after_a_crawl_settled_it() {
    let (a, renamed) = ("http://courier.example/a", "http://courier.example/renamed");
    let mut archive = Archive::new();
    archive.response(a, 1, "301 Moved", &format!("Location: {renamed}\r\n"), "");
    archive.page("http://courier.example/other", 1, &[C]);
    agrees(&asked(&archive));
    archive.page(renamed, 2, &[A, B]);
    let asked = asked(&archive);
    assert!(asked.page_reader().settle(renamed, false, 100).unwrap());
    assert_eq!(asked.readings().waiting_for("example,courier)/renamed"), Some(Vec::new()));
    agrees(&asked);
    assert_eq!(by_index(&asked, "12 boats").len(), 2);
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
        let work = || {
            let kept = asked
                .search()
                .keep_up(&mut page_reader, &mut |pages| assert!(pages <= after, "killed"));
            kept.unwrap();
        };
        assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
        // None of it is indexed.
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
    // The first process sees it as well.
    let current = first.search().current(&mut first.page_reader(), &mut |_| {}).unwrap();
    assert!(current.beyond.is_empty());
    agrees(&second);
}

#[test]
fn the_limit_is_kept_where_pages_are_not_in_the_index_yet() {
    let mut archive = Archive::new();
    archive.page("http://courier.example/0", 1, &[B]);
    agrees(&asked(&archive));
    for number in 1..9 {
        archive.page(&format!("http://courier.example/{number}"), 1 + number, &[B]);
    }
    let first = asked(&archive);
    let opened = first.search().opened().unwrap();
    let writer = opened.index.writer(WRITER_BYTES_MIN, false).unwrap().unwrap();
    let second = asked(&archive);
    let current = second.search().current(&mut second.page_reader(), &mut |_| {}).unwrap();
    assert_eq!(current.beyond.len(), 8);
    for (limit, expected) in
        [(1, "8"), (3, "8 7 6"), (8, "8 7 6 5 4 3 2 1"), (20, "8 7 6 5 4 3 2 1 0")]
    {
        let asked = SearchRequest { pages_max: limit, ..request("\"12 boats\"") };
        assert_eq!(paths(&second, &asked), expected);
        let has_more = search(&second, &asked, &mut |_| {}).unwrap().has_more;
        assert_eq!(has_more, limit < 9, "{limit}");
    }
    drop(writer);
}

#[test]
fn a_damaged_index_is_rebuilt() {
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
        form: None,
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
            ("board -host:other.example", "a"),
            ("board -host:www.courier.example", "c"),
            ("headline:harbour -date:2030031719", "a c"),
            ("headline:harbour -date:2030", ""),
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
            // "Auswahl" begins with "aus", which is not a word of this archive.
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

/// The reports of a listener with its file at this place for "12 boats": the path, hour and change.
struct Waiting {
    file: tempfile::TempDir,
    searches: Vec<saved::SavedSearch>,
}

impl Waiting {
    fn new(lines: &[&str]) -> Self {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let searches = saved::SavedSearch::all(&lines, Archive::at(0)).unwrap();
        Self { file: tempfile::tempdir().unwrap(), searches }
    }

    fn path(&self) -> PathBuf {
        self.file.path().join("saved-searches.json")
    }

    /// Opens the file as a process that begins at this hour does.
    fn open(&self, asked: &Asked, hour: i64) -> Listener {
        let (listener, note) =
            Listener::open(&self.path(), asked.reader(), Archive::at(hour)).unwrap();
        assert_eq!(note, None);
        listener
    }

    fn hear(&self, listener: &mut Listener, asked: &Asked, hour: i64) -> Vec<String> {
        let mut reports = Vec::new();
        let mut tell = |found: &SearchChange<'_>| {
            let first = &found.new.row.first;
            let path = first.url.rsplit('/').next().unwrap().to_owned();
            let hour = first.date.since(Archive::at(0)).as_secs() / 3600;
            reports.push(format!("{} {path} {hour} {}", found.search.name, found.change.label()));
        };
        let mut page_reader = asked.page_reader();
        let now = Archive::at(hour);
        let notes =
            listener.listen(&mut page_reader, &self.searches, now, &mut tell, &|| false).unwrap();
        assert_eq!(notes, Vec::<String>::new());
        reports
    }

    /// The same by a process that begins and ends.
    fn once(&self, archive: &Archive, hour: i64) -> Vec<String> {
        let asked = asked(archive);
        let mut listener = self.open(&asked, hour);
        let reports = self.hear(&mut listener, &asked, hour);
        listener
            .listen(&mut asked.page_reader(), &[], Archive::at(hour), &mut |_| {}, &|| true)
            .unwrap();
        reports
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_saved_search_reports_each_version_once_whichever_process_keeps_the_index() {
    let mut archive = Archive::new();
    let url = "http://courier.example/a";
    archive.page(url, 1, &[A]);
    archive.page("http://courier.example/old", 1, &[B]);
    let waiting = Waiting::new(&["boats: \"12 boats\""]);
    assert_eq!(waiting.once(&archive, 1), NOTHING, "what was there before is not new");
    archive.page(url, 2, &[A, B]);
    // Another process puts it into the index first.
    agrees(&asked(&archive));
    assert_eq!(waiting.once(&archive, 2), ["boats a 2 carried"]);
    fs::remove_dir_all(archive.root().join("derived")).unwrap();
    agrees(&asked(&archive));
    assert_eq!(waiting.once(&archive, 2), NOTHING, "the index was rebuilt");
    archive.page(url, 3, &[A, C]);
    archive.page(url, 4, &[A, C]);
    archive.page(url, 5, &[A, C, B]);
    archive.status(url, 6, 410);
    archive.page(url, 7, &[A, C]);
    archive.page("http://courier.example/b", 7, &[B]);
    assert_eq!(
        waiting.once(&archive, 7),
        ["boats a 3 dropped", "boats a 5 carried", "boats a 6 dropped", "boats b 7 carried"]
    );
    assert_eq!(waiting.once(&archive, 8), NOTHING);
    // A capture that comes late, between others.
    archive.page(url, 4, &[B]);
    assert_eq!(waiting.once(&archive, 8), ["boats a 4 carried"]);
}

#[test]
fn a_wall_drops_nothing_and_the_target_of_a_redirect_is_reported_when_it_is_known() {
    let (a, b, renamed) =
        ("http://courier.example/a", "http://courier.example/b", "http://courier.example/renamed");
    let consent = "<html><head><title>We value your privacy</title></head><body><h1>We value your \
                   privacy</h1><p>Accept all cookies to continue. 12 boats.</p></body></html>";
    let moved = format!("Location: {renamed}\r\n");
    for settles in [false, true] {
        let mut archive = Archive::new();
        archive.page(a, 1, &[A, B]);
        archive.page(b, 1, &[A]);
        let waiting = Waiting::new(&["boats: \"12 boats\""]);
        assert_eq!(waiting.once(&archive, 1), NOTHING);
        archive.response(a, 2, "200 OK", "", consent);
        archive.response(a, 3, "301 Moved", &moved, "");
        archive.response(b, 3, "301 Moved", &moved, "");
        assert_eq!(waiting.once(&archive, 3), NOTHING);
        archive.page(renamed, 4, &[A, B, C]);
        if settles {
            // As a crawl that captured it does: the store has no open redirect to it any more.
            let asked = asked(&archive);
            assert!(asked.page_reader().settle(renamed, false, 100).unwrap());
            let waits = asked.readings().waiting_for("example,courier)/renamed");
            assert_eq!(waits, Some(Vec::new()));
        }
        assert_eq!(
            waiting.once(&archive, 4),
            ["boats renamed 4 carried", "boats b 3 carried"],
            "settled: {settles}"
        );
        archive.page(renamed, 5, &[A, C]);
        assert_eq!(waiting.once(&archive, 5), ["boats renamed 5 dropped"]);
    }
}

#[test]
fn hosts_and_days_of_a_saved_search_are_those_of_the_capture() {
    let mut archive = Archive::new();
    let waiting = Waiting::new(&[
        "today: \"12 boats\" date:today",
        "here: \"12 boats\" host:courier.example",
        "others: \"12 boats\" -host:courier.example",
    ]);
    assert_eq!(waiting.once(&archive, 0), NOTHING);
    archive.page("http://courier.example/a", 100, &[B]);
    archive.page("http://post.example/b", 101, &[B]);
    assert_eq!(
        waiting.once(&archive, 101),
        [
            "today a 100 carried",
            "here a 100 carried",
            "today b 101 carried",
            "others b 101 carried"
        ]
    );
}

#[test]
fn files_of_other_names_hold_nothing_new_but_what_was_captured_since() {
    let mut archive = Archive::new();
    let waiting = Waiting::new(&["boats: \"12 boats\""]);
    archive.page("http://courier.example/a", 10, &[A]);
    assert_eq!(waiting.once(&archive, 10), NOTHING);
    // An old capture and a new one, in a new file.
    let mut other = Archive::new();
    other.page("http://courier.example/b", 5, &[B]);
    other.page("http://courier.example/c", 11, &[B]);
    other.reader();
    fs::copy(other.root().join("warc/a.warc"), archive.root().join("warc/b.warc")).unwrap();
    assert_eq!(waiting.once(&archive, 12), ["boats c 11 carried"]);
}

#[test]
fn who_ends_in_between_goes_on_and_tells_nothing_twice() {
    let mut archive = Archive::new();
    let waiting = Waiting::new(&["boats: \"12 boats\""]);
    assert_eq!(waiting.once(&archive, 0), NOTHING);
    for number in 0..6 {
        archive.page(&format!("http://courier.example/{number}"), 1, &[B]);
    }
    let mut all = Vec::new();
    for pages in 0..7 {
        let asked = asked(&archive);
        let mut listener = waiting.open(&asked, 2);
        let asks = std::cell::Cell::new(0);
        // It ends after this many pages.
        let is_ended = || {
            asks.set(asks.get() + 1);
            asks.get() > pages
        };
        let mut tell = |found: &SearchChange<'_>| all.push(found.new.row.first.url.clone());
        let mut page_reader = asked.page_reader();
        listener
            .listen(&mut page_reader, &waiting.searches, Archive::at(2), &mut tell, &is_ended)
            .unwrap();
    }
    all.sort_unstable();
    let expected: Vec<String> = (0..6).map(|n| format!("http://courier.example/{n}")).collect();
    assert_eq!(all, expected);
}

#[test]
fn an_invalid_file_of_marks_is_reported_and_replaced() {
    let mut archive = Archive::new();
    archive.page("http://courier.example/a", 1, &[B]);
    let asked = asked(&archive);
    let waiting = Waiting::new(&["boats: \"12 boats\""]);
    fs::write(waiting.path(), "nothing").unwrap();
    let opened = Listener::open(&waiting.path(), asked.reader(), Archive::at(1)).unwrap();
    assert!(opened.1.unwrap().contains("report only new matches from now on"));
    assert_eq!(waiting.once(&archive, 2), NOTHING);
    Listener::forget(&waiting.path()).unwrap();
    Listener::forget(&waiting.path()).unwrap();
    assert!(!waiting.path().exists());
}
