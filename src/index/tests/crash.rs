//! A writer that is killed while it writes: what it said is durable is there, and no mark is beyond
//! what is indexed. (The process is killed and not the machine, so that what the kernel has taken
//! stays; what fsync adds to that cannot be tested here.)

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

const CHILD: &str = "PRESSMARK_INDEX_CRASH_CHILD";
const PER_BATCH: u64 = 40;

fn nth(n: u64) -> IndexEntry {
    let url = format!("http://site{}.example.com/{}", n % 5, n * 7 % 23);
    entry(&url, Timestamp::from_unix_seconds((n * 37 % 1_000) as i64), 0, n)
}

/// The child's part: writes until it is killed. Does nothing in an ordinary run.
#[test]
fn child_writes_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let index = open(Path::new(&dir));
    let file = index.file_id("a.warc.gz").unwrap();
    let mut at = index.file_named("a.warc.gz").map_or(0, |file| file.indexed_to);
    let mut out = std::io::stdout();
    loop {
        let entries = (at..at + PER_BATCH).map(nth).collect();
        at += PER_BATCH;
        let marks = vec![Mark { file, indexed_to: at, sealed_size: None }];
        index.apply_entries(IndexBatch { entries, marks }).unwrap();
        if (at / PER_BATCH).is_multiple_of(3) {
            index.flush().unwrap();
            writeln!(out, "durable {at}").unwrap();
            out.flush().unwrap();
        }
    }
}

#[test]
fn a_killed_writer_loses_nothing_durable_and_leaves_no_mark_too_high() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("index");
    for round in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "index::tests::crash::child_writes_until_it_is_killed",
                "--nocapture",
            ])
            .env(CHILD, &dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = 0;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let acknowledged = lines.filter_map(|line| {
            line.unwrap().split_once("durable ").map(|(_, at)| at.parse::<u64>().unwrap())
        });
        for at in acknowledged.take(3 + (round * 5 % 7) as usize) {
            said = at;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(said > 0, "the writer never wrote");

        let (index, notes) = Index::open(&dir, &KvOptions::default()).unwrap();
        assert!(notes.is_empty() && !index.was_clean(), "{notes:?}");
        let mark = index.files()[0].indexed_to;
        assert!(mark >= said, "round {round}: mark {mark}, said {said}");
        for n in 0..mark {
            let expected = nth(n);
            let found = index.entry_at(&expected.urlkey, expected.position()).unwrap();
            assert_eq!(found, Some(expected), "round {round}: {n} of {mark}");
        }
        let all = list(index.scan(&KeyRange::all(), None, None));
        assert!(all.iter().all(|entry| *entry == nth(entry.offset)));
        let counted: u64 = index.host_counts().map(|host| host.unwrap().captures).sum();
        assert_eq!(counted, all.len() as u64, "round {round}");
    }
}
