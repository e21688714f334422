//! Blocks answer as every backend does, alone and beside an index; look-ups read two ranges at most; what is published
//! is whole at any time.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::archive::fake_objects::Fake;
use crate::archive::suite::{answers_as_a_sorted_list, capture, crowded, list};
use crate::archive::{
    Answers, Applied, ArchiveError, Beside, Capture, CaptureBatch, CaptureSink, Captures,
    ChangeableObjects, FileMark, HostCount, HostCounts, ObjectErrorKind, Objects, Query, Sort, cdx,
};
use crate::base::{Digest, ManualClock, SystemClock, Timestamp};

type Place = (String, Timestamp, Arc<str>, u64);

/// Captures that are written as blocks before they are asked for.
#[derive(Debug)]
struct Blocks {
    dir: tempfile::TempDir,
    sizes: (usize, u64),
    all: Mutex<BTreeMap<Place, Capture>>,
    made: Mutex<Option<Arc<ShardCaptures>>>,
}

impl Blocks {
    fn new(sizes: (usize, u64)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, sizes, all: Mutex::default(), made: Mutex::default() }
    }

    fn shards(&self) -> Arc<ShardCaptures> {
        let mut made = self.made.lock().unwrap();
        let shards = made.get_or_insert_with(|| {
            let all: Vec<Capture> = self.all.lock().unwrap().values().cloned().collect();
            write(self.dir.path(), &all, self.sizes);
            let ranges = Arc::new(Directory(self.dir.path().to_owned()));
            Arc::new(ShardCaptures::new(ranges, Arc::new(SystemClock)))
        });
        Arc::clone(shards)
    }

    fn matching(&self, wanted: impl Fn(&Capture) -> bool) -> Vec<Capture> {
        self.all.lock().unwrap().values().filter(|capture| wanted(capture)).cloned().collect()
    }
}

fn write(dir: &Path, all: &[Capture], (lines, bytes): (usize, u64)) {
    let mut sorted: Vec<String> = all.iter().map(cdx::cdxj_whole_line).collect();
    sorted.sort();
    let mut writer = ShardWriter::with(dir, lines, bytes).unwrap();
    sorted.iter().for_each(|line| writer.line(line.as_bytes()).unwrap());
    writer.finish().unwrap();
}

impl Captures for Blocks {
    fn scan(&self, query: &Query) -> Answers<'_> {
        let found: Vec<_> = self.shards().scan(query).collect();
        Box::new(found.into_iter())
    }

    fn by_payload(&self, digest: &Digest) -> Result<Option<Capture>, ArchiveError> {
        let is_meant = |c: &Capture| c.digest.as_ref() == Some(digest) && c.holds_payload();
        let place = |c: &Capture| (c.date, Arc::clone(&c.file), c.offset, c.urlkey.clone());
        Ok(self.matching(is_meant).into_iter().min_by_key(place))
    }

    fn hosts(&self) -> HostCounts<'_> {
        let count = self.all.lock().unwrap().len() as u64;
        let (first, last) = (Timestamp::default(), Timestamp::default());
        let host = HostCount { host: String::new(), captures: count, bytes: 0, first, last };
        Box::new(std::iter::once(Ok(host)))
    }

    fn host_of(&self, _: &str) -> Result<Option<HostCount>, ArchiveError> {
        Ok(None)
    }

    fn bytes(&self) -> Result<Option<u64>, ArchiveError> {
        Ok(None)
    }
}

impl CaptureSink for Blocks {
    fn apply(&self, batch: CaptureBatch) -> Result<Applied, ArchiveError> {
        *self.made.lock().unwrap() = None;
        let mut all = self.all.lock().unwrap();
        let before = all.len();
        let count = batch.captures.len();
        for capture in batch.captures {
            let place =
                (capture.urlkey.clone(), capture.date, Arc::clone(&capture.file), capture.offset);
            all.insert(place, capture);
        }
        let added = (all.len() - before) as u64;
        Ok(Applied { added, known: count as u64 - added })
    }

    fn marks(&self) -> Result<Vec<FileMark>, ArchiveError> {
        Ok(Vec::new())
    }

    fn flush(&self) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn mark_damaged(&self, _: &str) {}
}

fn sizes() -> impl Strategy<Value = (usize, u64)> {
    (1..20_usize, prop_oneof![Just(1_u64), Just(300), Just(1 << 30)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn blocks_answer_as_a_sorted_list(
        captures in proptest::collection::vec(crowded(), 1..60),
        sizes in sizes(),
        times in (0..60_i64, 0..60_i64, 0..60_i64),
        limit in 1..20_usize,
    ) {
        answers_as_a_sorted_list(&Blocks::new(sizes), &captures, 7, times, limit)?;
    }

    #[test]
    fn blocks_beside_an_index_that_has_them_too_change_no_answer(
        captures in proptest::collection::vec(crowded(), 1..60),
        sizes in sizes(),
        times in (0..60_i64, 0..60_i64, 0..60_i64),
        limit in 1..20_usize,
    ) {
        let moved = Blocks::new(sizes);
        let some = captures.iter().step_by(2).cloned().collect();
        moved.apply(CaptureBatch { captures: some, marks: Vec::new() }).unwrap();
        let both = Beside::new(Arc::new(Blocks::new((7, 1 << 30))), Arc::new(moved));
        answers_as_a_sorted_list(&both, &captures, 7, times, limit)?;
    }

    #[test]
    fn what_was_moved_answers_as_if_it_had_stayed(
        captures in proptest::collection::vec(crowded(), 2..60),
        sizes in sizes(),
        middle in 0..60_i64,
        limit in 1..20_usize,
    ) {
        let (whole, hot) = (Blocks::new((5, 1 << 30)), Blocks::new((7, 1 << 30)));
        let moved = Blocks::new(sizes);
        let batch = |captures: Vec<Capture>| CaptureBatch { captures, marks: Vec::new() };
        whole.apply(batch(captures.clone())).unwrap();
        // Past months are moved: everything older than a time.
        let is_old = |c: &Capture| c.date.unix_micros() < middle * 1_000_003;
        let (old, new): (Vec<_>, Vec<_>) = captures.into_iter().partition(is_old);
        hot.apply(batch(new)).unwrap();
        moved.apply(batch(old)).unwrap();
        let both = Beside::new(Arc::new(hot), Arc::new(moved));
        let at = Timestamp::from_unix_micros(middle * 1_000_003);
        let everything = Query::everything();
        let some = Query { limit: Some(limit), ..everything.clone() };
        for query in [
            everything.clone(),
            everything.newest_first(),
            some.clone(),
            some.newest_first(),
            Query { sort: Sort::Closest(at), ..Query::exactly("http://example.com/a") },
        ] {
            prop_assert_eq!(list(both.scan(&query)), list(whole.scan(&query)), "{:?}", query.sort);
        }
    }
}

/// Counts ranges.
#[derive(Debug)]
struct Counting(Directory, AtomicU64);

impl Ranges for Counting {
    fn whole(&self, name: &str) -> io::Result<Vec<u8>> {
        self.0.whole(name)
    }

    fn range(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.range(name, range)
    }

    fn version(&self, name: &str) -> io::Result<String> {
        self.0.version(name)
    }
}

#[test]
fn a_look_up_closest_to_a_time_reads_two_ranges_at_most() {
    let date = |n: i64| Timestamp::from_unix_seconds(1_700_000_000 + n * 500);
    let mut all = Vec::new();
    for page in 0..30 {
        let url = format!("http://example.com/{page:02}");
        for n in 0..[1, 3, 40, 700][page % 4] {
            all.push(capture(&url, date(n), 1, n.cast_unsigned()));
        }
    }
    for (lines, bytes) in [(50, 1 << 30), (50, 20_000), (3_000, 1 << 30)] {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &all, (lines, bytes));
        for page in (0..30).step_by(3) {
            for n in [-9, 0, 1, 39, 350, 699, 900] {
                let ranges =
                    Arc::new(Counting(Directory(dir.path().to_owned()), AtomicU64::new(0)));
                // One that was opened just now has no block yet.
                let shards = ShardCaptures::new(Arc::clone(&ranges) as _, Arc::new(SystemClock));
                let url = format!("http://example.com/{page:02}");
                let found = shards.nearest(&url, date(n)).next().unwrap().unwrap();
                let of_page = all.iter().filter(|capture| capture.url == url);
                let far = |c: &&Capture| c.date.unix_micros().abs_diff(date(n).unix_micros());
                assert_eq!(Some(&found), of_page.min_by_key(far), "{url} {n}");
                let reads = ranges.1.load(Ordering::Relaxed);
                assert!((1..=2).contains(&reads), "{reads} reads for {url} at {n}");
            }
        }
    }
}

#[test]
fn what_is_published_is_seen_by_readers_and_older_files_are_removed() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_unix_seconds(1_000)));
    let fake = Arc::new(Fake::default());
    let objects: Arc<dyn ChangeableObjects> = Arc::clone(&fake) as _;
    let ranges = Arc::new(ObjectRanges(Arc::clone(&fake) as Arc<dyn Objects>));
    let shards = ShardCaptures::new(ranges, Arc::clone(&clock) as _);
    assert!(list_or_error(&shards).is_err(), "there is nothing yet, and that is told");
    let mut all = Vec::new();
    for round in 0..4_u32 {
        let at = Timestamp::from_unix_seconds(i64::from(round) * 1_000_000);
        all.push(capture("http://example.com/", at, round, 7));
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &all, (2, 1));
        // Whichever request fails, the published state is the old or the new one.
        let before = list_or_error(&shards);
        for fails in 0.. {
            let asked = fake.inside().asked;
            fake.inside().fails = Some((asked + fails, ObjectErrorKind::Away, false));
            let published = publish(dir.path(), &*objects, 2);
            fake.inside().fails = None;
            if published.is_ok() {
                break;
            }
            if let (Ok(before), Ok(now)) = (&before, list_or_error(&shards)) {
                assert!(now == *before || now == all, "round {round}");
            }
        }
        // It is asked once a minute whether there is another state.
        clock.advance(Duration::from_secs(61));
        assert_eq!(list_or_error(&shards).unwrap(), all, "round {round}");
    }
    all.push(capture("http://example.com/", Timestamp::from_unix_seconds(9_000_000), 9, 7));
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &all, (2, 1));
    let published = publish(dir.path(), &*objects, 2).unwrap();
    assert!(published.removed > 0, "{published:?}");
    // Of this state three, and of the one before it two.
    let files = fake.inside().objects.keys().filter(|key| key.ends_with(".gz")).count();
    assert_eq!(files, 5);
}

fn list_or_error(shards: &ShardCaptures) -> Result<Vec<Capture>, ArchiveError> {
    shards.scan(&Query::everything()).collect()
}

#[test]
fn whole_lines_give_the_capture_back() {
    let mut full = capture("http://example.com/a", Timestamp::from_unix_micros(1_234_567), 1, 9);
    full.truncated = true;
    full.refers_to = Some(crate::archive::RefersTo {
        url: Some("http://example.com/\u{e9}\"".to_owned()),
        date: Some(Timestamp::from_unix_micros(77)),
        record_id: Some(crate::archive::RecordId::parse("<urn:uuid:x>")),
    });
    let plain = capture("http://example.com/", Timestamp::from_unix_seconds(5), 2, 0);
    for one in [full, plain] {
        assert_eq!(cdx::parse_cdxj(&cdx::cdxj_whole_line(&one)).unwrap(), one);
    }
}
