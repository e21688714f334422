mod crash;

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::archive::{Applied, KeyRange, MatchType, RecordId, RecordKind, RefersTo, suite};
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
    index.apply_entries(IndexBatch { entries: entries.to_vec(), marks: Vec::new() }).unwrap()
}

fn list(results: impl Iterator<Item = Result<IndexEntry, IndexError>>) -> Vec<IndexEntry> {
    results.collect::<Result<_, _>>().unwrap()
}

/// An index in a directory of its own.
fn held() -> (Index, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    (open(root.path()), root)
}

fn captures_of(index: &Index, url: &str) -> super::query::Scan {
    index.scan(&KeyRange::of(url, MatchType::Exact), None, None)
}

#[test]
fn it_keeps_the_contract_of_backends() {
    let roots = std::cell::RefCell::new(Vec::new());
    suite::run(&|| {
        let (index, root) = held();
        roots.borrow_mut().push(root);
        Box::new(index)
    });
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
    let id = index.file_id("a.warc.gz").unwrap();
    let other = index.file_id("b.warc.gz").unwrap();
    assert_eq!((id, index.file_id("a.warc.gz").unwrap()), (FileId(0), FileId(0)));
    let batch = IndexBatch {
        entries: vec![entry("http://example.com/", at("2025"), id.0, 0)],
        marks: vec![Mark { file: id, indexed_to: 500, sealed_size: None }],
    };
    index.apply_entries(batch).unwrap();
    let unknown = Mark { file: FileId(9), indexed_to: 1, sealed_size: None };
    let unknown = index.apply_entries(IndexBatch { entries: Vec::new(), marks: vec![unknown] });
    assert!(matches!(unknown, Err(IndexError::UnknownFile(FileId(9)))));
    index.close().unwrap();
    assert!(index.flush().is_err(), "nothing is answered after the end");
    drop(index);

    let index = open(root.path());
    assert!(index.was_clean());
    let state = index.file_named("a.warc.gz").unwrap();
    assert_eq!((state.id, state.indexed_to, state.sealed_size), (id, 500, None));
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
fn a_scan_stops_at_damage() {
    let root = tempfile::tempdir().unwrap();
    let index = open(root.path());
    let url = "http://example.com/";
    add(&index, &[entry(url, at("2025"), 0, 1)]);
    index.captures.insert(&key::block(b"com,example)/", at("1969")), b"\x01\x00\x05").unwrap();
    let mut scan = captures_of(&index, url);
    assert!(scan.next().unwrap().unwrap_err().needs_rebuild());
    assert!(scan.next().is_none() && scan.next_back().is_none());
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
            // What is at a place of a file never changes.
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

    #[test]
    fn it_answers_as_a_sorted_list(
        captures in prop::collection::vec(suite::crowded(), 1..400),
        batch in 1..90_usize,
        times in (0..61_i64, 0..61_i64, 0..61_i64),
        limit in 1..30_usize,
    ) {
        let (index, _root) = held();
        suite::answers_as_a_sorted_list(&index, &captures, batch, times, limit)?;
    }

    /// A load beside which another writes, at any moment, gives what both would give one after the other.
    #[test]
    fn a_load_beside_another_writer_loses_nothing(
        mut loaded in prop::collection::vec(crowded_entry(), 1..200),
        others in prop::collection::vec(crowded_entry(), 0..60),
        at in 0..12_usize,
        batch in 1..40_usize,
    ) {
        loaded.sort_by_key(model_order);
        let (index, _root) = held();
        let mut load = index.begin_load(None);
        for (n, chunk) in loaded.chunks(batch).enumerate() {
            if n == at {
                add(&index, &others);
            }
            load.captures(chunk.to_vec()).unwrap();
        }
        load.finish(Vec::new()).unwrap();
        if at >= loaded.chunks(batch).len() {
            add(&index, &others);
        }
        let all = || loaded.iter().chain(&others);
        let model: BTreeMap<_, _> = all().map(|entry| (model_order(entry), entry.clone())).collect();
        let model: Vec<IndexEntry> = model.into_values().collect();
        // Two URLs of one urlkey may be at the same place here: the last one written stays.
        let found = list(index.scan(&KeyRange::all(), None, None));
        let places = |of: &[IndexEntry]| of.iter().map(model_order).collect::<Vec<_>>();
        prop_assert_eq!(places(&found), places(&model));
        for entry in &model {
            let digest = entry.digest.unwrap();
            let of_payload = |e: &&IndexEntry| e.digest == Some(digest) && e.holds_payload();
            let earliest = model.iter().filter(of_payload).map(IndexEntry::position).min();
            let found = index.lookup_digest(&digest).unwrap();
            prop_assert_eq!(found.as_ref().map(IndexEntry::position), earliest);
        }
        let counted: u64 = index.host_counts().map(|host| host.unwrap().captures).sum();
        prop_assert_eq!(counted, model.len() as u64);
    }

    /// From both ends at once, every capture comes once, also of urlkeys that are cut in keys.
    #[test]
    fn a_scan_from_both_ends_gives_every_capture_once(
        entries in prop::collection::vec(crowded_entry(), 1..300),
        batch in 1..90_usize,
    ) {
        let (index, _root) = held();
        let mut model = BTreeMap::new();
        for chunk in entries.chunks(batch) {
            add(&index, chunk);
            model.extend(chunk.iter().map(|entry| (model_order(entry), entry.clone())));
        }
        let model: Vec<IndexEntry> = model.into_values().collect();
        for (uri, match_type) in [
            ("http://example.com/", MatchType::Exact),
            (&*entries[0].url, MatchType::Exact),
            (&*entries[0].url, MatchType::Prefix),
            ("http://example.com/", MatchType::Host),
            ("com", MatchType::Domain),
        ] {
            let keys = KeyRange::of(uri, match_type);
            let inside = |entry: &&IndexEntry| keys.contains(entry.urlkey.as_bytes());
            let all: Vec<IndexEntry> = model.iter().filter(inside).cloned().collect();
            let mut scan = index.scan(&keys, None, None);
            let (mut front, mut back) = (Vec::new(), Vec::new());
            for step in 0.. {
                let entry = if step % 3 == 0 { scan.next_back() } else { scan.next() };
                let Some(entry) = entry else { break };
                if step % 3 == 0 { &mut back } else { &mut front }.push(entry.unwrap());
            }
            front.extend(back.into_iter().rev());
            prop_assert_eq!(&front, &all);
        }
        for entry in &model {
            prop_assert_eq!(&index.entry_at(&entry.urlkey, entry.position()).unwrap(), &Some(entry.clone()));
        }
    }
}
