//! Against a real server, a fresh one for each process of tests; passed over where there is none.

#[path = "../../tests/it/support/link.rs"]
mod link;
mod pooled;
#[path = "../../tests/it/support/pooler.rs"]
mod pooler;
#[path = "../../tests/it/support/postgres.rs"]
mod postgres;
mod queue;
mod silence;
#[path = "../../tests/it/support/skip.rs"]
mod skip;
mod trouble;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use self::postgres::Cluster;
use super::*;
use crate::archive::suite::{self, add, at, capture, list};
use crate::archive::{
    Applied, Capture, CaptureBatch, CaptureSink, CaptureStore, Captures, FileMark, MatchType,
    Query, RecordId, RecordKind, RefersTo,
};
use crate::base::{DigestAlgorithm, Timestamp};

/// The server that tests share; `None` where they are passed over.
fn shared() -> Option<&'static Cluster> {
    Cluster::shared().map_err(|why| skip::skipped("postgres", why)).ok()
}

/// A server of a test's own, which it may kill.
fn own(more: &str) -> Option<Cluster> {
    Cluster::start(more).map_err(|why| skip::skipped("postgres", &why)).ok()
}

/// A schema that no other test has.
fn fresh_schema() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn open_in(cluster: &Cluster, schema: &str) -> PostgresCaptures {
    let address = Address::parse(&cluster.address(), schema).unwrap();
    PostgresCaptures::open(address).unwrap().0
}

fn fresh(cluster: &Cluster) -> PostgresCaptures {
    open_in(cluster, &fresh_schema())
}

/// Captures of one host at one a second, ten pages, in file 0.
fn many(count: u64) -> Vec<Capture> {
    let one = |n: u64| {
        let url = format!("http://example.com/{}", n % 10);
        capture(&url, Timestamp::from_unix_seconds(i64::try_from(n).unwrap()), 0, n)
    };
    (0..count).map(one).collect()
}

fn mark(file: &str, indexed_to: u64) -> FileMark {
    FileMark { file: file.into(), indexed_to, sealed_size: None }
}

fn count(store: &dyn CaptureStore) -> u64 {
    store.hosts().map(|host| host.unwrap().captures).sum()
}

#[test]
fn it_keeps_the_contract_of_backends() {
    let Some(cluster) = shared() else { return };
    suite::run(&|| Box::new(fresh(cluster)));
}

#[test]
fn it_keeps_the_contract_over_a_socket() {
    let Some(cluster) = shared() else { return };
    suite::run(&|| {
        let address = Address::parse(&cluster.socket_address(), &fresh_schema()).unwrap();
        Box::new(PostgresCaptures::open(address).unwrap().0)
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn it_answers_as_a_sorted_list(
        captures in prop::collection::vec(suite::crowded(), 1..400),
        batch in 1..90_usize,
        times in (0..61_i64, 0..61_i64, 0..61_i64),
        limit in 1..30_usize,
    ) {
        let Some(cluster) = shared() else { return Ok(()) };
        suite::answers_as_a_sorted_list(&fresh(cluster), &captures, batch, times, limit)?;
    }
}

/// What other people's records may hold.
fn odd() -> Vec<Capture> {
    let base = |url: &str, n: u64| capture(url, at("20251105"), 0, n);
    let refers = |url: Option<&str>, date, record_id| {
        Some(RefersTo { url: url.map(str::to_owned), date, record_id })
    };
    let mut odd = vec![
        Capture { digest: None, status: None, record_id: None, ..base("http://a.example/", 1) },
        Capture { status: Some(u16::MAX), mime: String::new(), ..base("http://b.example/", 2) },
        Capture { url: "http://c.example/\u{0}\u{1}ü".to_owned(), ..base("http://c.example/", 3) },
        Capture { refers_to: refers(None, None, None), ..base("http://d.example/", 4) },
        Capture {
            kind: RecordKind::Revisit,
            truncated: true,
            digest: Some(DigestAlgorithm::Sha1.digest(b"x")),
            record_id: Some(RecordId::Text("<odd \u{0}>".to_owned())),
            refers_to: refers(
                Some("http://e.example/?"),
                Some(at("1999")),
                Some(RecordId::Uuid([7; 16])),
            ),
            ..base("http://e.example/", 5)
        },
        Capture { date: Timestamp::from_unix_micros(i64::MIN), ..base("http://f.example/", 6) },
        Capture { date: Timestamp::from_unix_micros(i64::MAX), ..base("http://f.example/", 7) },
        Capture { urlkey: "a\u{0}b\u{1}".to_owned(), ..base("http://g.example/", 8) },
        Capture { urlkey: String::new(), ..base("http://g.example/", 9) },
        Capture { length: i64::MAX.unsigned_abs(), ..base("http://h.example/", 10) },
        Capture { length: i64::MAX.unsigned_abs(), ..base("http://h.example/", 11) },
        base("urn:uuid:123", 12),
    ];
    // Beyond what a row of an index holds, and no repetition that could be packed.
    for n in 0..20_u64 {
        let noise = (0..90).map(|at| DigestAlgorithm::Sha256.digest(&[at, n.to_be_bytes()[7]]));
        let tail: String = noise.map(|digest| digest.to_string()[7..].to_owned()).collect();
        odd.push(base(&format!("http://long.example/{}{tail}", "x".repeat(1_000)), 100 + n));
    }
    odd
}

#[test]
fn what_is_put_in_is_what_comes_out() {
    let Some(cluster) = shared() else { return };
    // In one batch as arrays, and in one that is copied.
    for filling in [0, 600] {
        let store = fresh(cluster);
        let all: Vec<Capture> = odd().into_iter().chain(many(filling)).collect();
        let added = all.len() as u64;
        assert_eq!(add(&store, &all), Applied { added, known: 0 });
        assert_eq!(add(&store, &all), Applied { added: 0, known: added });
        for one in odd() {
            let mut found = list(store.scan(&Query::of_urlkey(&one.urlkey)));
            found.retain(|other| other.offset == one.offset);
            assert_eq!(found, [one]);
        }
        let mut found = list(store.scan(&Query::everything()));
        let mut wanted = all.clone();
        found.sort_by_key(|one| one.offset);
        wanted.sort_by_key(|one| one.offset);
        assert_eq!(found.len(), wanted.len());
        assert_eq!(count(&store), added);
        let hosts: Vec<String> = store.hosts().map(|host| host.unwrap().host).collect();
        assert!(hosts.contains(&"long.example".to_owned()) && hosts.contains(&String::new()));
        let large = store.host_of("http://h.example/").unwrap().unwrap();
        assert_eq!(large.bytes, i64::MAX.unsigned_abs(), "no sum overflows");
    }
}

#[test]
fn urlkeys_that_are_cut_are_found_by_each_match_type() {
    let Some(cluster) = shared() else { return };
    let store = fresh(cluster);
    let all = odd();
    add(&store, &all);
    for (uri, match_type) in [
        (&*all[12].url, MatchType::Exact),
        (&*all[12].url, MatchType::Prefix),
        (&all[12].url[..1_100], MatchType::Prefix),
        (&all[12].url[..500], MatchType::Prefix),
        ("http://long.example/", MatchType::Host),
        ("example", MatchType::Domain),
    ] {
        let query = Query::new(uri, match_type);
        let inside = |one: &&Capture| query.keys.contains(one.urlkey.as_bytes());
        let wanted = all.iter().filter(inside).count();
        assert!(wanted > 0, "{match_type:?}");
        for query in [query.clone(), query.newest_first()] {
            assert_eq!(list(store.scan(&query)).len(), wanted, "{match_type:?}");
            // One at a time, by cursors.
            let mut got: Vec<Capture> = Vec::new();
            while let Some(next) = {
                let after = got.last().map(crate::archive::Cursor::after);
                list(store.scan(&Query { after, limit: Some(1), ..query.clone() })).pop()
            } {
                got.push(next);
                assert!(got.len() <= wanted, "nothing comes twice");
            }
            assert_eq!(got.len(), wanted);
        }
    }
}

#[test]
fn a_place_beyond_what_a_file_can_have_is_refused_and_nothing_is_taken_in() {
    let Some(cluster) = shared() else { return };
    let store = fresh(cluster);
    let captures = vec![capture("http://a.example/", at("2025"), 0, 1), {
        Capture { offset: u64::MAX, ..capture("http://a.example/", at("2025"), 0, 1) }
    }];
    let marks = vec![mark("file-000.warc.gz", 5)];
    let why = store.apply(CaptureBatch { captures, marks }).unwrap_err();
    assert!(why.to_string().contains(&u64::MAX.to_string()), "{why}");
    assert_eq!(count(&store), 0);
    assert_eq!(store.mark_of("file-000.warc.gz").unwrap().map_or(0, |mark| mark.indexed_to), 0);
}

#[test]
fn a_mark_never_goes_back() {
    let Some(cluster) = shared() else { return };
    let store = fresh(cluster);
    let marks = |marks: &[FileMark]| {
        store.apply(CaptureBatch { captures: Vec::new(), marks: marks.to_vec() }).unwrap();
    };
    marks(&[mark("a", 900), mark("b", 3), mark("a", 700)]);
    marks(&[FileMark { sealed_size: Some(950), ..mark("a", 950) }]);
    // A process that read the file a while ago.
    marks(&[mark("a", 800)]);
    let sealed = FileMark { sealed_size: Some(950), ..mark("a", 950) };
    assert_eq!(store.marks().unwrap(), [sealed.clone(), mark("b", 3)]);
    let asked = store.marks_of(&["b", "nothing", "a"]).unwrap();
    assert_eq!(asked, [Some(mark("b", 3)), None, Some(sealed)]);
}

#[test]
fn captures_of_forgotten_files_are_gone_and_hosts_are_counted_again() {
    let Some(cluster) = shared() else { return };
    let store = fresh(cluster);
    let kept: Vec<Capture> = odd().into_iter().filter(|one| one.length < 1 << 40).collect();
    let gone: Vec<Capture> = kept
        .iter()
        .map(|one| Capture { file: "file-001.warc.gz".into(), ..one.clone() })
        .chain([capture("http://only.example/", at("2025"), 1, 1)])
        .collect();
    add(&store, &kept);
    let before: Vec<_> = store.hosts().map(Result::unwrap).collect();
    let marks = vec![mark("file-001.warc.gz", 900), mark("file-000.warc.gz", 800)];
    store.apply(CaptureBatch { captures: gone.clone(), marks }).unwrap();
    assert_eq!(count(&store), (kept.len() + gone.len()) as u64);
    store.forget(&["file-001.warc.gz".into()]).unwrap();
    let after: Vec<_> = store.hosts().map(Result::unwrap).collect();
    assert_eq!(after, before);
    assert_eq!(list(store.scan(&Query::everything())).len(), kept.len());
    let marks: Vec<u64> = store.marks().unwrap().iter().map(|mark| mark.indexed_to).collect();
    assert_eq!(marks, [800, 0]);
    assert_eq!(add(&store, &gone).added, gone.len() as u64, "it can be read again");
}

#[test]
fn several_writers_at_once_lose_and_double_nothing() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let all = many(2_000);
    drop(open_in(cluster, &schema));
    let added: u64 = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4_usize)
            .map(|writer| {
                let (all, schema) = (&all, &schema);
                scope.spawn(move || {
                    let store = open_in(cluster, schema);
                    let mut own = all.clone();
                    // Each in another order, and some in batches that are copied.
                    own.rotate_left(writer * 500);
                    if writer % 2 == 1 {
                        own.reverse();
                    }
                    let size = if writer < 2 { 70 } else { 600 };
                    own.chunks(size).map(|part| add(&store, part).added).sum::<u64>()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert_eq!(added, 2_000);
    let store = open_in(cluster, &schema);
    assert_eq!(count(&store), 2_000);
    let bytes: u64 = all.iter().map(|one| one.length).sum();
    assert_eq!(store.host_of("http://example.com/").unwrap().unwrap().bytes, bytes);
}
