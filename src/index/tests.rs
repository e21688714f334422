mod crash;

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::base::surt::urlkey;
use crate::base::{DigestAlgorithm, Timestamp};
use crate::kv::KvOptions;

fn open(dir: &Path) -> Index {
    let options = KvOptions { cache_bytes: 4 << 20, ..KvOptions::default() };
    Index::open(dir, &options).unwrap().0
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn entry(url: &str, date: Timestamp, file: u32, offset: u64) -> IndexEntry {
    IndexEntry {
        urlkey: urlkey(url),
        date,
        url: url.to_owned(),
        mime: "text/html".to_owned(),
        status: Some(200),
        digest: Some(DigestAlgorithm::Sha256.digest(&offset.to_be_bytes())),
        length: 1000 + offset,
        offset,
        file: FileId(file),
        record_id: Some(RecordId::Uuid([offset.to_be_bytes()[7]; 16])),
        kind: RecordKind::Response,
        refers_to: None,
        truncated: false,
    }
}

fn add(index: &Index, entries: &[IndexEntry]) -> Applied {
    index.apply(IndexBatch { entries: entries.to_vec(), marks: Vec::new() }).unwrap()
}

fn list(results: impl Iterator<Item = Result<IndexEntry, IndexError>>) -> Vec<IndexEntry> {
    results.collect::<Result<_, _>>().unwrap()
}

#[test]
fn captures_are_found_by_url_time_and_payload() {
    let root = tempfile::tempdir().unwrap();
    let index = open(root.path());
    let url = "http://example.com/a";
    let days: Vec<IndexEntry> = (1..=5)
        .map(|day| entry(url, at(&format!("2025110{day}120000")), 0, u64::from(day as u8)))
        .collect();
    assert_eq!(add(&index, &days), Applied { added: 5, known: 0 });
    assert_eq!(add(&index, &days[1..3]), Applied { added: 0, known: 2 });
    assert_eq!(list(index.captures_of("https://www.example.com:443/A#x")), days);
    assert_eq!(index.newest(url).unwrap().as_ref(), days.last());
    assert_eq!(index.newest("http://example.com/b").unwrap(), None);
    for (time, day) in [
        ("20200101", 1),
        ("20251103120000", 3),
        ("20251103235959", 3),
        ("20251104000000", 3),
        ("20251104000001", 4),
        ("2030", 5),
    ] {
        let found = index.closest(url, at(time)).unwrap().unwrap();
        assert_eq!(found.offset, day, "{time}");
    }
    let order: Vec<u64> =
        list(index.by_distance(url, at("20251103130000"))).iter().map(|e| e.offset).collect();
    assert_eq!(order, [3, 4, 2, 5, 1]);
    let digest = days[2].digest.unwrap();
    assert_eq!(index.lookup_digest(&digest).unwrap().as_ref(), Some(&days[2]));
    assert_eq!(index.lookup_digest(&DigestAlgorithm::Sha1.digest(b"x")).unwrap(), None);
    let count = index.host_count(url).unwrap().unwrap();
    assert_eq!((&*count.host, count.captures, count.bytes), ("example.com", 5, 5015));
    assert_eq!((count.first, count.last), (days[0].date, days[4].date));
}

#[test]
fn the_earliest_whole_payload_is_what_a_digest_finds() {
    let root = tempfile::tempdir().unwrap();
    let index = open(root.path());
    let same = DigestAlgorithm::Sha256.digest(b"same");
    let make = |url: &str, date: &str, offset| IndexEntry {
        digest: Some(same),
        ..entry(url, at(date), 0, offset)
    };
    let late = make("http://b.example/", "20251105", 1);
    let early = make("http://a.example/", "20251101", 2);
    let cut = IndexEntry { truncated: true, ..make("http://c.example/", "2024", 3) };
    let revisit = IndexEntry { kind: RecordKind::Revisit, ..make("http://d.example/", "2023", 4) };
    for (entries, found) in [
        (vec![cut, revisit], None),
        (vec![late.clone()], Some(&late)),
        (vec![early.clone()], Some(&early)),
        (vec![make("http://e.example/", "20251102", 5)], Some(&early)),
    ] {
        add(&index, &entries);
        assert_eq!(index.lookup_digest(&same).unwrap().as_ref(), found);
    }
}

#[test]
fn a_payload_lost_in_a_crash_comes_back_with_its_capture() {
    let root = tempfile::tempdir().unwrap();
    let index = open(root.path());
    let capture = entry("http://example.com/", at("2025"), 0, 1);
    let digest = capture.digest.unwrap();
    add(&index, std::slice::from_ref(&capture));
    index.digests.clear().unwrap();
    assert_eq!(index.lookup_digest(&digest).unwrap(), None);
    assert_eq!(add(&index, std::slice::from_ref(&capture)).known, 1);
    assert_eq!(index.lookup_digest(&digest).unwrap(), Some(capture));
}

#[test]
fn files_keep_their_number_and_marks_survive() {
    let root = tempfile::tempdir().unwrap();
    let index = open(root.path());
    let id = index.file_id("a.warc.gz.open").unwrap();
    let other = index.file_id("b.warc.gz").unwrap();
    assert_eq!((id, index.file_id("a.warc.gz.open").unwrap()), (FileId(0), FileId(0)));
    let batch = IndexBatch {
        entries: vec![entry("http://example.com/", at("2025"), id.0, 0)],
        marks: vec![Mark { file: id, indexed_to: 500, sealed_size: None }],
    };
    index.apply(batch).unwrap();
    index.rename_file("a.warc.gz.open", "a.warc.gz").unwrap();
    index.set_high_water(Mark { file: id, indexed_to: 900, sealed_size: Some(900) }).unwrap();
    assert!(matches!(index.rename_file("a.warc.gz", "b.warc.gz"), Err(IndexError::FileExists(_))));
    let unknown = Mark { file: FileId(9), indexed_to: 1, sealed_size: None };
    assert!(matches!(index.set_high_water(unknown), Err(IndexError::UnknownFile(FileId(9)))));
    index.close().unwrap();

    let index = open(root.path());
    assert!(index.was_clean());
    let state = index.file(id).unwrap();
    assert_eq!((&*state.name, state.indexed_to, state.sealed_size), ("a.warc.gz", 900, Some(900)));
    assert_eq!(index.file_named("a.warc.gz.open"), None);
    assert_eq!(index.file_named("b.warc.gz").unwrap().id, other);
    assert_eq!(index.file_id("c.warc.gz").unwrap(), FileId(2));
    assert_eq!(index.files().len(), 3);
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    let (kv, _) = crate::kv::Kv::open(root.path(), &KvOptions::default()).unwrap();
    kv.tree("meta").unwrap().insert(b"format", &[9]).unwrap();
    kv.close().unwrap();
    let error = Index::open(root.path(), &KvOptions::default()).unwrap_err();
    assert!(matches!(error, IndexError::Newer { found: 9, known: 1 }), "{error}");
    assert!(error.needs_rebuild());
}

#[test]
fn a_scan_stops_at_its_limit_and_at_damage() {
    let root = tempfile::tempdir().unwrap();
    let index = open(root.path());
    let url = "http://example.com/";
    let entries: Vec<IndexEntry> =
        (0..100).map(|n| entry(url, Timestamp::from_unix_seconds(n), 0, n as u64)).collect();
    add(&index, &entries);
    let query = Query { captures_scanned_max: 40, ..Query::new(url, MatchType::Exact) };
    let mut results = index.query(&query);
    assert_eq!(results.by_ref().take_while(Result::is_ok).count(), 40);
    assert!(results.next().is_none());
    let limited = Query { limit: Some(3), ..query };
    assert_eq!(list(index.query(&limited)), entries[..3]);

    index.captures.insert(&key::block(b"com,example)/", at("1969")), b"\x01\x00\x05").unwrap();
    let mut scan = index.captures_of(url);
    assert!(scan.next().unwrap().unwrap_err().needs_rebuild());
    assert!(scan.next().is_none() && scan.next_back().is_none());
}

#[test]
fn captures_of_the_same_instant_are_all_kept() {
    let root = tempfile::tempdir().unwrap();
    let index = open(root.path());
    let date = at("20251105");
    let mut entries: Vec<IndexEntry> = (0..300_u64)
        .map(|n| entry("http://example.com/", date, (n % 7) as u32, n * 7_919 % 1_000_000))
        .collect();
    for half in entries.chunks(37) {
        add(&index, half);
    }
    assert_eq!(add(&index, &entries), Applied { added: 0, known: 300 });
    entries.sort_by_key(IndexEntry::position);
    assert_eq!(list(index.captures_of("http://example.com/")), entries);
    let mut backwards = list(index.captures_of("http://example.com/").rev());
    backwards.reverse();
    assert_eq!(backwards, entries);
}

#[test]
fn filters_are_read_as_pywb_and_the_wayback_machine_read_them() {
    let capture =
        IndexEntry { status: Some(301), ..entry("http://Example.com/a", at("2025"), 0, 7) };
    for (filter, passes) in [
        ("status:30", true),
        ("=status:30", false),
        ("=status:301", true),
        ("!=status:301", false),
        ("~status:[23]..", true),
        ("~status:0", false),
        ("!~status:2", true),
        ("mime:html", true),
        ("=mimetype:text/html", true),
        ("original:Example.com", true),
        ("filename:a.warc", true),
        ("record_type:response", true),
        ("~url:http://(a|Example)", true),
        ("timestamp:2025", true),
    ] {
        assert_eq!(
            Filter::parse(filter).unwrap().matches(&capture, "a.warc.gz"),
            passes,
            "{filter}"
        );
    }
    for (filter, passes) in [
        ("statuscode:30", false),
        ("statuscode:30.", true),
        ("!statuscode:200", true),
        ("mimetype:text/.*", true),
        ("original:http", false),
        ("original:a|http.*", true),
    ] {
        let parsed = Filter::parse_wayback(filter).unwrap();
        assert_eq!(parsed.matches(&capture, "a.warc.gz"), passes, "{filter}");
    }
    for (filter, says) in [
        ("status", "names no field"),
        ("colour:red", "unknown field \"colour\""),
        ("~status:[", "bad regular expression"),
        ("~url:(a{1000}){1000}", "too large"),
        ("", "names no field"),
    ] {
        let message = Filter::parse(filter).unwrap_err().to_string();
        assert!(message.contains(says) && message.contains(&format!("{filter:?}")), "{message}");
    }
}

fn any_id() -> impl Strategy<Value = Option<RecordId>> {
    prop_oneof![
        Just(None),
        any::<[u8; 16]>().prop_map(|bytes| Some(RecordId::Uuid(bytes))),
        "[ -~]{0,20}".prop_map(|text| Some(RecordId::Text(text))),
    ]
}

fn any_entry() -> impl Strategy<Value = IndexEntry> {
    let url = prop_oneof![
        "(http|https)://(www\\.)?(example\\.com|a\\.b\\.org)(:81)?/[a-c]{0,2}/?",
        "(urn|dns):[a-z]{1,5}",
        ".{0,20}",
    ];
    let digest = prop_oneof![
        Just(None),
        (any::<bool>(), 0..3_u8).prop_map(|(sha1, n)| {
            let algorithm = if sha1 { DigestAlgorithm::Sha1 } else { DigestAlgorithm::Sha256 };
            Some(algorithm.digest(&[n]))
        }),
    ];
    let refers = proptest::option::of((
        proptest::option::of("http://example.com/a?"),
        proptest::option::of(any::<i64>().prop_map(Timestamp::from_unix_micros)),
        any_id(),
    ));
    let mime = prop_oneof![Just("text/html".to_owned()), "[a-z]{1,4}/[a-z]{1,4}"];
    (
        (url, prop_oneof![any::<i64>(), 0..50_i64, (0..50_i64).prop_map(|s| s * 1_000_000)]),
        (mime, proptest::option::of(any::<u16>()), digest),
        (any::<u64>(), any::<u64>(), any::<u32>()),
        (any_id(), 0..5_usize, refers, any::<bool>()),
    )
        .prop_map(|(url, head, place, tail)| IndexEntry {
            urlkey: urlkey(&url.0),
            url: url.0,
            date: Timestamp::from_unix_micros(url.1),
            mime: head.0,
            status: head.1,
            digest: head.2,
            length: place.0,
            offset: place.1,
            file: FileId(place.2),
            record_id: tail.0,
            kind: RecordKind::ALL[tail.1],
            refers_to: tail.2.map(|(url, date, record_id)| RefersTo { url, date, record_id }),
            truncated: tail.3,
        })
}

/// Entries that crowd: few urlkeys, few instants, so that blocks fill, split and meet.
fn crowded_entry() -> impl Strategy<Value = IndexEntry> {
    let long = format!("http://example.com/{}", "x".repeat(1_100));
    let urls = vec![
        "http://example.com/".to_owned(),
        "http://example.com/a".to_owned(),
        "https://www.example.com/a".to_owned(),
        "http://example.com/a/b".to_owned(),
        "http://sub.example.com/".to_owned(),
        "http://example.com:8080/".to_owned(),
        "http://example.org/".to_owned(),
        "dns:example.com".to_owned(),
        long.clone(),
        long + "y",
    ];
    (proptest::sample::select(urls), 0..60_i64, 0..3_u32, 0..4_u64).prop_map(
        |(url, second, file, offset)| {
            let date = Timestamp::from_unix_micros(second * 1_000_003);
            // What lies at a place of a file never changes.
            let is_response = (second + i64::from(file)) % 2 == 0;
            let kind = if is_response { RecordKind::Response } else { RecordKind::Revisit };
            IndexEntry { kind, ..entry(&url, date, file, offset) }
        },
    )
}

fn model_order(entry: &IndexEntry) -> (Vec<u8>, Position) {
    (key::stored(&entry.urlkey).into_owned(), entry.position())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_block_is_read_back_as_it_was(
        mut entries in prop::collection::vec(any_entry(), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let urlkey = entries[0].urlkey.clone();
        for entry in &mut entries {
            entry.urlkey.clone_from(&urlkey);
        }
        entries.sort_by_key(IndexEntry::position);
        let stored = key::stored(&urlkey);
        let base = entries[0].date;
        let bytes = value::encode(&entries, base, key::is_cut(&stored));
        prop_assert_eq!(value::decode(&stored, base, &bytes).unwrap(), entries);
        let cut = cut.index(bytes.len());
        prop_assert!(value::decode(&stored, base, &bytes[..cut]).is_err());
    }

    #[test]
    fn no_bytes_break_the_decoder(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300), key in "[a-z,)/]{0,10}",
    ) {
        let base = Timestamp::from_unix_micros(0);
        let _ = value::decode(key.as_bytes(), base, &bytes);
        if let Some(first) = bytes.first_mut() {
            *first = value::VERSION;
        }
        let _ = value::decode(key.as_bytes(), base, &bytes);
    }

    #[test]
    fn a_changed_block_never_breaks_the_decoder(
        mut entries in prop::collection::vec(crowded_entry(), 1..20),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let urlkey = entries[0].urlkey.clone();
        entries.retain(|entry| entry.urlkey == urlkey);
        entries.sort_by_key(IndexEntry::position);
        let base = entries[0].date;
        let mut bytes = value::encode(&entries, base, false);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = value::decode(urlkey.as_bytes(), base, &bytes);
    }

    #[test]
    fn a_record_id_is_printed_as_it_was_read(id in "(<urn:uuid:[0-9a-fA-F-]{30,38}>|.{0,30})") {
        prop_assert_eq!(RecordId::parse(&id).to_string(), id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// The index answers as a sorted list does, whatever the order of arrival.
    #[test]
    fn the_index_answers_as_a_sorted_list(
        entries in prop::collection::vec(crowded_entry(), 1..400),
        batch in 1..90_usize,
        bounds in (0..61_i64, 0..61_i64),
        limit in 1..30_usize,
        middle in 0..61_i64,
    ) {
        let root = tempfile::tempdir().unwrap();
        let index = open(root.path());
        let mut model = BTreeMap::new();
        let mut added = 0;
        for chunk in entries.chunks(batch) {
            added += add(&index, chunk).added;
            for entry in chunk {
                model.insert(model_order(entry), entry.clone());
            }
        }
        prop_assert_eq!(added, model.len() as u64);
        let model: Vec<IndexEntry> = model.into_values().collect();
        let time = |second: i64| Timestamp::from_unix_micros(second * 1_000_003);
        let (from, to) = (time(bounds.0), time(bounds.1));

        for (uri, match_type) in [
            ("http://example.com/", MatchType::Exact),
            ("http://example.com/a", MatchType::Exact),
            ("http://example.com/nothing", MatchType::Exact),
            (&*entries[0].url, MatchType::Exact),
            ("http://example.com/a", MatchType::Prefix),
            ("http://example.com/x", MatchType::Prefix),
            (&*entries[0].url, MatchType::Prefix),
            ("http://example.com/", MatchType::Host),
            ("http://example.com/", MatchType::Domain),
            ("com", MatchType::Domain),
        ] {
            let query = Query::new(uri, match_type);
            let inside = |entry: &&IndexEntry| query.keys.contains(entry.urlkey.as_bytes());
            let all: Vec<IndexEntry> = model.iter().filter(inside).cloned().collect();
            prop_assert_eq!(&list(index.query(&query)), &all, "{} {:?}", uri, match_type);

            let timed = Query { from: Some(from), to: Some(to), ..query.clone() };
            let in_time: Vec<IndexEntry> =
                all.iter().filter(|e| from <= e.date && e.date < to).cloned().collect();
            prop_assert_eq!(&list(index.query(&timed)), &in_time);

            let last = Query { sort: Sort::Descending, limit: Some(limit), ..timed.clone() };
            let reversed: Vec<IndexEntry> = in_time.iter().rev().take(limit).cloned().collect();
            prop_assert_eq!(list(index.query(&last)), reversed);

            let closest = Query { sort: Sort::Closest(time(middle)), limit: Some(limit), ..timed };
            let mut by_distance: Vec<u64> =
                in_time.iter().map(|e| e.date.unix_micros().abs_diff(time(middle).unix_micros())).collect();
            by_distance.sort_unstable();
            by_distance.truncate(limit);
            let found: Vec<u64> = list(index.query(&closest))
                .iter()
                .map(|e| e.date.unix_micros().abs_diff(time(middle).unix_micros()))
                .collect();
            prop_assert_eq!(found, by_distance);

            // From both ends at once, every capture comes once.
            let mut scan = index.scan(&query.keys, None, None);
            let (mut front, mut back) = (Vec::new(), Vec::new());
            for step in 0.. {
                let entry = if step % 3 == 0 { scan.next_back() } else { scan.next() };
                let Some(entry) = entry else { break };
                if step % 3 == 0 { &mut back } else { &mut front }.push(entry.unwrap());
            }
            front.extend(back.into_iter().rev());
            prop_assert_eq!(&front, &all);
        }

        let everything = list(index.query(&Query::of(KeyRange::all())));
        prop_assert_eq!(&everything, &model);
        for entry in &model {
            prop_assert_eq!(&index.entry_at(&entry.urlkey, entry.position()).unwrap(), &Some(entry.clone()));
            let digest = entry.digest.unwrap();
            let earliest = model
                .iter()
                .filter(|e| e.digest == Some(digest) && e.holds_payload())
                .min_by_key(|e| (e.position(), e.urlkey.clone()));
            let found = index.lookup_digest(&digest).unwrap();
            prop_assert_eq!(found.as_ref(), earliest);
        }
        let counted: u64 = index.hosts().map(|host| host.unwrap().captures).sum();
        prop_assert_eq!(counted, model.len() as u64);
    }
}
