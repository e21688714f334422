//! The owner and its askers: the contract through the socket, and what happens when owners end.

use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::archive::suite::{self, add, capture, list};
use crate::archive::{CaptureSink as _, CaptureStore, Captures as _, Query};
use crate::base::Timestamp;
use crate::index::Index;
use crate::kv::KvOptions;

/// How an index in `root` is opened by its owner.
fn opener(root: &std::path::Path, opened: Arc<AtomicUsize>) -> Opener {
    let dir = root.join("index");
    Box::new(move || {
        let options = KvOptions { cache_bytes: 4 << 20, ..KvOptions::default() };
        let (index, notes) = Index::open(&dir, &options)?;
        opened.fetch_add(1, Ordering::Relaxed);
        Ok(Opened { store: Arc::new(index), notes })
    })
}

fn shared(root: &std::path::Path) -> SharedCaptures {
    let place = Place::new(root.join("owner"));
    SharedCaptures::open(place, opener(root, Arc::default())).unwrap()
}

/// An asker and the owner it asks, which it keeps.
#[derive(Debug)]
struct Pair {
    asker: SharedCaptures,
    _owner: SharedCaptures,
    _root: tempfile::TempDir,
}

fn pair() -> Pair {
    let root = tempfile::tempdir().unwrap();
    let owner = shared(root.path());
    let asker = shared(root.path());
    assert!(owner.is_owner() && !asker.is_owner());
    Pair { asker, _owner: owner, _root: root }
}

#[test]
fn an_asker_keeps_the_contract_of_backends() {
    let kept = std::cell::RefCell::new(Vec::new());
    suite::run(&|| {
        let Pair { asker, _owner, _root } = pair();
        kept.borrow_mut().push((_owner, _root));
        Box::new(asker) as Box<dyn CaptureStore>
    });
}

#[test]
fn an_owner_keeps_it_too() {
    let kept = std::cell::RefCell::new(Vec::new());
    suite::run(&|| {
        let root = tempfile::tempdir().unwrap();
        let owner = shared(root.path());
        kept.borrow_mut().push(root);
        Box::new(owner) as Box<dyn CaptureStore>
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn an_asker_answers_as_a_sorted_list(
        captures in prop::collection::vec(suite::crowded(), 1..400),
        batch in 1..90_usize,
        times in (0..61_i64, 0..61_i64, 0..61_i64),
        limit in 1..30_usize,
    ) {
        suite::answers_as_a_sorted_list(&pair().asker, &captures, batch, times, limit)?;
    }
}

fn many(count: u32) -> Vec<crate::archive::Capture> {
    let at = |n: u32| Timestamp::from_unix_seconds(i64::from(n / 3));
    (0..count).map(|n| capture("http://example.com/", at(n), 0, u64::from(n))).collect()
}

#[test]
fn when_the_owner_ends_in_the_middle_of_an_answer_nothing_is_lost_or_doubled() {
    for query in [
        Query::exactly("http://example.com/"),
        Query::exactly("http://example.com/").newest_first(),
        Query {
            sort: crate::archive::Sort::Closest(Timestamp::from_unix_seconds(300)),
            ..Query::exactly("http://example.com/")
        },
    ] {
        let root = tempfile::tempdir().unwrap();
        let owner = shared(root.path());
        let (asker, other) = (shared(root.path()), shared(root.path()));
        add(&asker, &many(3_000));
        let whole = list(owner.scan(&query));
        let mut answers = asker.scan(&query);
        let mut got: Vec<_> = answers.by_ref().take(100).map(Result::unwrap).collect();
        drop(owner);
        got.extend(answers.map(Result::unwrap));
        assert_eq!(got, whole);
        assert!(asker.is_owner(), "the asker took over");
        assert_eq!(list(other.scan(&query)), whole, "and answers for it");
        assert!(!other.is_owner());
    }
}

#[test]
fn a_batch_whose_owner_ended_goes_to_the_next_one() {
    let root = tempfile::tempdir().unwrap();
    let owner = shared(root.path());
    let asker = shared(root.path());
    add(&asker, &many(10));
    drop(owner);
    assert_eq!(add(&asker, &many(12)).added, 2);
    asker.flush().unwrap();
    drop(asker);
    assert_eq!(list(shared(root.path()).scan(&Query::everything())).len(), 12);
}

#[test]
fn of_many_that_start_at_once_one_opens_the_index() {
    let root = tempfile::tempdir().unwrap();
    let opened = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..16)
        .map(|n| {
            let (place, open) =
                (Place::new(root.path().join("owner")), opener(root.path(), Arc::clone(&opened)));
            std::thread::spawn(move || {
                let shared = SharedCaptures::open(place, open).unwrap();
                add(&shared, &[capture("http://example.com/", suite::at("2025"), 0, n)]);
                shared
            })
        })
        .collect();
    let all: Vec<SharedCaptures> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    assert_eq!(opened.load(Ordering::Relaxed), 1);
    assert_eq!(all.iter().filter(|shared| shared.is_owner()).count(), 1);
    for shared in &all {
        assert_eq!(list(shared.scan(&Query::everything())).len(), 16);
    }
}

#[test]
fn what_a_dead_owner_left_blocks_no_process() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("owner");
    std::fs::create_dir(&dir).unwrap();
    // A socket on which no process listens any more.
    drop(std::os::unix::net::UnixListener::bind(dir.join("socket")).unwrap());
    std::fs::write(dir.join("lock"), "").unwrap();
    assert!(shared(root.path()).is_owner());
}

#[test]
fn only_its_user_may_enter_and_a_long_path_is_no_hindrance() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("a".repeat(90)).join("b".repeat(90));
    std::fs::create_dir_all(&deep).unwrap();
    let owner = shared(&deep);
    let asker = shared(&deep);
    assert!(!asker.is_owner());
    add(&asker, &many(3));
    assert_eq!(list(owner.scan(&Query::everything())).len(), 3);
    let mode = std::fs::metadata(deep.join("owner")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700, "{mode:o}");
}

#[test]
fn noise_on_the_socket_ends_only_its_own_connection() {
    let root = tempfile::tempdir().unwrap();
    let owner = shared(root.path());
    add(&owner, &many(3));
    for noise in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\xff\xff\xff\xff\xff", b"\0\0\0\x05\x63abcd", b""]
    {
        use std::io::{Read as _, Write as _};
        let mut socket = UnixStream::connect(root.path().join("owner/socket")).unwrap();
        socket.write_all(noise).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let mut greeting = Vec::new();
        socket.read_to_end(&mut greeting).unwrap();
        assert!(!greeting.is_empty());
    }
    assert_eq!(list(shared(root.path()).scan(&Query::everything())).len(), 3);
}

#[test]
fn an_owner_of_another_version_is_named() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path().join("owner"));
    let _lock = place.try_lock().unwrap().unwrap();
    let listener = place.listen().unwrap();
    let answering = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let other = super::protocol::Greeting {
            protocol: 9,
            program: "pressmark 9.0".to_owned(),
            ..super::protocol::Greeting::own()
        };
        super::frame::send(&mut socket, &other).unwrap();
    });
    let error = SharedCaptures::open(place, opener(root.path(), Arc::default())).unwrap_err();
    assert!(error.is_busy() && error.why.contains("pressmark 9.0"), "{error}");
    answering.join().unwrap();
}
