//! What every backend of [`Captures`] and [`CaptureSink`] has to do, as tests with a constructor as
//! their argument. A backend runs [`run`] in a test of its own, and [`answers_as_a_sorted_list`] in a
//! property.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::surt::urlkey;
use crate::base::{Digest, DigestAlgorithm, Timestamp};

/// Makes an empty backend. What it returns keeps its files until it is dropped.
pub(crate) type Make<'a> = &'a dyn Fn() -> Box<dyn CaptureStore>;

/// Runs every example.
pub(crate) fn run(make: Make<'_>) {
    captures_are_found_by_url_time_and_payload(&*make());
    the_earliest_whole_payload_is_what_a_digest_finds(&*make());
    marks_are_kept_by_name(&*make());
    captures_of_the_same_instant_are_all_kept(&*make());
    a_scan_stops_at_its_limit(&*make());
    a_cursor_goes_on_behind_the_last_answer(&*make());
    filters_are_applied_before_limits(&*make());
    hosts_are_counted(&*make());
    a_load_gives_what_batches_give(&*make(), &*make());
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A response of 1,000 bytes and some in file number `file`.
pub(crate) fn capture(url: &str, date: Timestamp, file: u32, offset: u64) -> Capture {
    Capture {
        urlkey: urlkey(url),
        date,
        url: url.to_owned(),
        mime: "text/html".to_owned(),
        status: Some(200),
        digest: Some(DigestAlgorithm::Sha256.digest(&offset.to_be_bytes())),
        length: 1000 + offset,
        offset,
        file: format!("file-{file:03}.warc.gz").into(),
        record_id: Some(RecordId::Uuid([offset.to_be_bytes()[7]; 16])),
        kind: RecordKind::Response,
        refers_to: None,
        truncated: false,
    }
}

pub(crate) fn add(store: &dyn CaptureStore, captures: &[Capture]) -> Applied {
    store.apply(CaptureBatch { captures: captures.to_vec(), marks: Vec::new() }).unwrap()
}

pub(crate) fn list(answers: Answers<'_>) -> Vec<Capture> {
    answers.collect::<Result<_, _>>().unwrap()
}

fn captures_are_found_by_url_time_and_payload(store: &dyn CaptureStore) {
    let url = "http://example.com/a";
    let days: Vec<Capture> = (1..=5_u8)
        .map(|day| capture(url, at(&format!("2025110{day}120000")), 0, u64::from(day)))
        .collect();
    assert_eq!(add(store, &days), Applied { added: 5, known: 0 });
    assert_eq!(add(store, &days[1..3]), Applied { added: 0, known: 2 });
    assert_eq!(list(store.scan(&Query::exactly("https://www.example.com:443/A#x"))), days);
    let newest = Query { limit: Some(1), ..Query::exactly(url) }.newest_first();
    assert_eq!(list(store.scan(&newest)).as_slice(), &days[4..]);
    assert!(list(store.scan(&Query::exactly("http://example.com/b"))).is_empty());
    for (time, day) in [
        ("20200101", 1),
        ("20251103120000", 3),
        ("20251103235959", 3),
        ("20251104000000", 3),
        ("20251104000001", 4),
        ("2030", 5),
    ] {
        let found = store.nearest(url, at(time)).next().unwrap().unwrap();
        assert_eq!(found.offset, day, "{time}");
    }
    let order: Vec<u64> =
        list(store.nearest(url, at("20251103130000"))).iter().map(|c| c.offset).collect();
    assert_eq!(order, [3, 4, 2, 5, 1]);
    let digest = days[2].digest.unwrap();
    assert_eq!(store.by_payload(&digest).unwrap().as_ref(), Some(&days[2]));
    assert_eq!(store.by_payload(&DigestAlgorithm::Sha1.digest(b"x")).unwrap(), None);
}

fn the_earliest_whole_payload_is_what_a_digest_finds(store: &dyn CaptureStore) {
    let same = DigestAlgorithm::Sha256.digest(b"same");
    let make = |url: &str, date: &str, offset| Capture {
        digest: Some(same),
        ..capture(url, at(date), 0, offset)
    };
    let late = make("http://b.example/", "20251105", 1);
    let early = make("http://a.example/", "20251101", 2);
    let cut = Capture { truncated: true, ..make("http://c.example/", "2024", 3) };
    let revisit = Capture { kind: RecordKind::Revisit, ..make("http://d.example/", "2023", 4) };
    for (captures, found) in [
        (vec![cut, revisit], None),
        (vec![late.clone()], Some(&late)),
        (vec![early.clone()], Some(&early)),
        (vec![make("http://e.example/", "20251102", 5)], Some(&early)),
    ] {
        add(store, &captures);
        assert_eq!(store.by_payload(&same).unwrap().as_ref(), found);
    }
}

fn marks_are_kept_by_name(store: &dyn CaptureStore) {
    let mark = |file: &str, indexed_to, sealed_size| FileMark {
        file: file.into(),
        indexed_to,
        sealed_size,
    };
    assert_eq!(store.mark_of("file-000.warc.gz").unwrap(), None);
    for (captures, mark) in [
        (
            vec![capture("http://example.com/", at("2025"), 0, 0)],
            mark("file-000.warc.gz", 500, None),
        ),
        (vec![], mark("file-001.warc.gz", 7, None)),
        (vec![], mark("file-000.warc.gz", 900, Some(900))),
    ] {
        store.apply(CaptureBatch { captures, marks: vec![mark.clone()] }).unwrap();
        assert_eq!(store.mark_of(&mark.file).unwrap(), Some(mark));
    }
    store.flush().unwrap();
    let mut marks = store.marks().unwrap();
    marks.sort_by(|a, b| a.file.cmp(&b.file));
    let expected = [mark("file-000.warc.gz", 900, Some(900)), mark("file-001.warc.gz", 7, None)];
    assert_eq!(marks, expected);
}

fn captures_of_the_same_instant_are_all_kept(store: &dyn CaptureStore) {
    let date = at("20251105");
    let url = "http://example.com/";
    let mut captures: Vec<Capture> = (0..300_u64)
        .map(|n| capture(url, date, u32::try_from(n % 7).unwrap(), n * 7_919 % 1_000_000))
        .collect();
    name_files(store);
    for part in captures.chunks(37) {
        add(store, part);
    }
    assert_eq!(add(store, &captures), Applied { added: 0, known: 300 });
    captures.sort_by_key(order);
    assert_eq!(list(store.scan(&Query::exactly(url))), captures);
    let mut backwards = list(store.scan(&Query::exactly(url).newest_first()));
    backwards.reverse();
    assert_eq!(backwards, captures);
}

fn a_scan_stops_at_its_limit(store: &dyn CaptureStore) {
    let url = "http://example.com/";
    let captures: Vec<Capture> = (0..100_u32)
        .map(|n| capture(url, Timestamp::from_unix_seconds(i64::from(n)), 0, u64::from(n)))
        .collect();
    add(store, &captures);
    let query = Query { captures_scanned_max: 40, ..Query::new(url, MatchType::Exact) };
    let mut answers = store.scan(&query);
    assert_eq!(answers.by_ref().take_while(Result::is_ok).count(), 40);
    assert!(answers.next().is_none());
    let error = store.scan(&query).find_map(Result::err).unwrap();
    assert_eq!(error.kind, ArchiveErrorKind::ScanLimit { scanned: 40 });
    let limited = Query { limit: Some(3), ..query };
    assert_eq!(list(store.scan(&limited)), captures[..3]);
    assert!(list(store.scan(&Query { limit: Some(0), ..limited })).is_empty());
}

fn a_cursor_goes_on_behind_the_last_answer(store: &dyn CaptureStore) {
    name_files(store);
    // Several captures in a microsecond, several files, several urlkeys.
    let captures: Vec<Capture> = (0..240_u64)
        .map(|n| {
            let url = format!("http://example.com/{}", n % 3);
            let date = Timestamp::from_unix_seconds(i64::try_from(n / 60).unwrap());
            capture(&url, date, u32::try_from(n % 5).unwrap(), n)
        })
        .collect();
    add(store, &captures);
    let whole = Query::new("http://example.com/", MatchType::Host);
    for query in [whole.clone(), whole.newest_first()] {
        let all = list(store.scan(&query));
        assert_eq!(all.len(), 240);
        for page in [1, 7, 100] {
            let mut got: Vec<Capture> = Vec::new();
            loop {
                let after = got.last().map(Cursor::after);
                let next = Query { after, limit: Some(page), ..query.clone() };
                let answers = list(store.scan(&next));
                if answers.is_empty() {
                    break;
                }
                got.extend(answers);
                assert!(got.len() <= 240, "nothing comes twice");
            }
            assert_eq!(got, all, "{page} at a time");
        }
    }
}

fn filters_are_applied_before_limits(store: &dyn CaptureStore) {
    let url = "http://example.com/";
    let captures: Vec<Capture> = (0..20_u16)
        .map(|n| Capture {
            status: Some(200 + n % 2 * 204),
            ..capture(url, Timestamp::from_unix_seconds(i64::from(n)), 0, u64::from(n))
        })
        .collect();
    add(store, &captures);
    let filters =
        vec![Filter::parse("=status:404").unwrap(), Filter::parse_wayback("!offset:3").unwrap()];
    let query = Query { filters, limit: Some(3), ..Query::exactly(url) };
    let offsets: Vec<u64> = list(store.scan(&query)).iter().map(|c| c.offset).collect();
    assert_eq!(offsets, [1, 5, 7]);
}

fn hosts_are_counted(store: &dyn CaptureStore) {
    let captures = [
        capture("http://a.example/", at("20250101"), 0, 1),
        capture("http://a.example/x", at("20250301"), 0, 2),
        capture("http://b.a.example:8080/", at("20250201"), 0, 3),
        capture("dns:a.example", at("20250201"), 0, 4),
    ];
    add(store, &captures);
    add(store, &captures[..1]);
    let counts: Vec<HostCount> = store.hosts().map(Result::unwrap).collect();
    let of = |host: &str| counts.iter().find(|count| count.host == host).unwrap();
    assert_eq!(counts.iter().map(|count| count.captures).sum::<u64>(), 4);
    let expected = HostCount {
        host: "a.example".to_owned(),
        captures: 2,
        bytes: 2003,
        first: at("20250101"),
        last: at("20250301"),
    };
    assert_eq!(of("a.example"), &expected);
    assert_eq!(of("b.a.example:8080").captures, 1);
    assert_eq!(store.host_of("http://a.example/y").unwrap(), Some(expected));
    assert_eq!(store.host_of("http://c.example/").unwrap(), None);
    assert!(store.bytes().is_ok());
}

/// Names the files in the order of their names, so that every backend orders them alike.
fn name_files(store: &dyn CaptureStore) {
    let marks = (0..7).map(|n| FileMark {
        file: format!("file-{n:03}.warc.gz").into(),
        indexed_to: 0,
        sealed_size: None,
    });
    store.apply(CaptureBatch { captures: Vec::new(), marks: marks.collect() }).unwrap();
}

fn a_load_gives_what_batches_give(batches: &dyn CaptureStore, loaded: &dyn CaptureStore) {
    let day = |n: i64| Timestamp::from_unix_micros(n * 86_400_000_000);
    let mut captures: Vec<Capture> = (0..90_u64)
        .map(|n| {
            // Payloads that several captures hold, and more captures of a URL than fit a block.
            let url = ["http://a.example/", "http://a.example/b", "http://b.example/"];
            let capture = capture(url[n as usize % 3], day(n as i64), n as u32 % 2, n * 1000);
            let digest = Some(DigestAlgorithm::Sha256.digest(&(n % 7).to_be_bytes()));
            Capture { digest, ..capture }
        })
        .collect();
    let mark = FileMark { file: captures[0].file.clone(), indexed_to: 1, sealed_size: Some(1) };
    // Two loads: the second comes into what the first has put in, in part the same.
    captures.sort_by_key(order);
    for part in [&captures[..60], &captures[30..]] {
        add(batches, part);
        let mut part = part.iter().cloned().map(Ok);
        loaded.load(&mut part, vec![mark.clone()], None).unwrap();
    }
    assert_eq!(loaded.mark_of(&mark.file).unwrap().as_ref(), Some(&mark));
    let everything = Query::everything();
    assert_eq!(list(loaded.scan(&everything)), list(batches.scan(&everything)));
    assert_eq!(list(loaded.scan(&everything)).len(), captures.len());
    for capture in &captures {
        let digest = capture.digest.unwrap();
        assert_eq!(loaded.by_payload(&digest).unwrap(), batches.by_payload(&digest).unwrap());
    }
    let hosts = |store: &dyn CaptureStore| store.hosts().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(hosts(loaded), hosts(batches));
}

/// The order of answers.
fn order(capture: &Capture) -> (Vec<u8>, Timestamp, String, u64) {
    let key = capture.urlkey.clone().into_bytes();
    (key, capture.date, capture.file.to_string(), capture.offset)
}

/// Captures that crowd: few urlkeys, few instants, so that what a backend keeps together fills,
/// splits and meets.
pub(crate) fn crowded() -> impl Strategy<Value = Capture> {
    let urls = vec![
        "http://example.com/",
        "http://example.com/a",
        "https://www.example.com/a",
        "http://example.com/a/b",
        "http://sub.example.com/",
        "http://example.com:8080/",
        "http://example.org/",
        "dns:example.com",
    ];
    (proptest::sample::select(urls), 0..60_i64, 0..3_u32, 0..4_u64).prop_map(
        |(url, second, file, offset)| {
            let date = Timestamp::from_unix_micros(second * 1_000_003);
            // What is at a place of a file never changes.
            let is_response = (second + i64::from(file)) % 2 == 0;
            let kind = if is_response { RecordKind::Response } else { RecordKind::Revisit };
            Capture { kind, ..capture(url, date, file, offset) }
        },
    )
}

/// A backend answers as a sorted list does, whatever the order of arrival.
pub(crate) fn answers_as_a_sorted_list(
    store: &dyn CaptureStore,
    captures: &[Capture],
    batch: usize,
    (from, to, middle): (i64, i64, i64),
    limit: usize,
) -> Result<(), TestCaseError> {
    name_files(store);
    let mut model = BTreeMap::new();
    let mut added = 0;
    for part in captures.chunks(batch) {
        added += add(store, part).added;
        model.extend(part.iter().map(|capture| (order(capture), capture.clone())));
    }
    prop_assert_eq!(added, model.len() as u64);
    let model: Vec<Capture> = model.into_values().collect();
    let time = |second: i64| Timestamp::from_unix_micros(second * 1_000_003);
    let distance = |capture: &Capture| {
        Duration::from_micros(capture.date.unix_micros().abs_diff(time(middle).unix_micros()))
    };
    for (uri, match_type) in [
        ("http://example.com/", MatchType::Exact),
        ("http://example.com/a", MatchType::Exact),
        ("http://example.com/nothing", MatchType::Exact),
        ("http://example.com/a", MatchType::Prefix),
        ("http://example.com/x", MatchType::Prefix),
        ("http://example.com/", MatchType::Host),
        ("http://example.com/", MatchType::Domain),
        ("com", MatchType::Domain),
    ] {
        let query = Query::new(uri, match_type);
        let inside = |capture: &&Capture| query.keys.contains(capture.urlkey.as_bytes());
        let all: Vec<Capture> = model.iter().filter(inside).cloned().collect();
        prop_assert_eq!(&list(store.scan(&query)), &all, "{} {:?}", uri, match_type);

        let timed = Query { from: Some(time(from)), to: Some(time(to)), ..query.clone() };
        let in_time = |c: &&Capture| time(from) <= c.date && c.date < time(to);
        let in_time: Vec<Capture> = all.iter().filter(in_time).cloned().collect();
        prop_assert_eq!(&list(store.scan(&timed)), &in_time);

        let last = Query { limit: Some(limit), ..timed.clone() }.newest_first();
        let reversed: Vec<Capture> = in_time.iter().rev().take(limit).cloned().collect();
        prop_assert_eq!(list(store.scan(&last)), reversed);

        if let Some(cursor) = in_time.get(limit.min(in_time.len().saturating_sub(1))) {
            let after = Query { after: Some(Cursor::after(cursor)), ..timed.clone() };
            let rest: Vec<Capture> =
                in_time.iter().filter(|c| order(c) > order(cursor)).cloned().collect();
            prop_assert_eq!(list(store.scan(&after)), rest);
            let mut before: Vec<Capture> =
                in_time.iter().filter(|c| order(c) < order(cursor)).cloned().collect();
            before.reverse();
            prop_assert_eq!(list(store.scan(&after.newest_first())), before);
        }

        let closest = Query { sort: Sort::Closest(time(middle)), limit: Some(limit), ..timed };
        let mut by_distance: Vec<Duration> = in_time.iter().map(distance).collect();
        by_distance.sort_unstable();
        by_distance.truncate(limit);
        let found: Vec<Duration> = list(store.scan(&closest)).iter().map(distance).collect();
        prop_assert_eq!(found, by_distance);
    }
    prop_assert_eq!(&list(store.scan(&Query::everything())), &model);
    for capture in &model {
        let digest: Digest = capture.digest.unwrap();
        let of_payload = |c: &&Capture| c.digest == Some(digest) && c.holds_payload();
        let place = |c: &&Capture| (c.date, c.file.clone(), c.offset, c.urlkey.clone());
        let earliest = model.iter().filter(of_payload).min_by_key(place);
        let found = store.by_payload(&digest).unwrap();
        prop_assert_eq!(found.as_ref(), earliest);
    }
    let counted: u64 = store.hosts().map(|host| host.unwrap().captures).sum();
    prop_assert_eq!(counted, model.len() as u64);
    Ok(())
}
