//! What ten million leaves cost: appending, a checkpoint, a proof, bytes on disk; and what a record
//! costs from its WARC file to its leaf.
//!
//! Run with `cargo bench --bench evidence`; further arguments: the number of leaves and of records.
//! Prints a table.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a bench prints, and stops where something fails"
)]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use pressmark::base::{DigestAlgorithm, Timestamp};
use pressmark::evidence::leaf::{hash_of, record_text, sha256};
use pressmark::evidence::log::Appender;
use pressmark::evidence::{Log, OpenFiles, Options, VerifyOptions, extend, verify};
use pressmark::store::Layout;
use pressmark::warc::{Compression, Packer, Record, RecordId, RecordKind, Warcinfo};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_762_300_800);

fn row(what: &str, value: String) {
    println!("| {what} | {value} |");
}

/// How often the system took the processor away from this thread.
fn preemptions() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("nonvoluntary_ctxt_switches"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// Bytes of files below a directory, as long as they are and as the disk counts them, and files.
fn size(dir: &Path) -> (u64, u64, u64) {
    use std::os::unix::fs::MetadataExt;
    let mut sum = (0, 0, 0);
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let meta = entry.metadata().unwrap();
        let (a, b, c) =
            if meta.is_dir() { size(&entry.path()) } else { (meta.len(), meta.blocks() * 512, 1) };
        sum = (sum.0 + a, sum.1 + b, sum.2 + c);
    }
    sum
}

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let leaves = numbers.first().copied().unwrap_or(10_000_000);
    let records = numbers.get(1).copied().unwrap_or(200_000);
    println!("| what | measured |\n|---|---|");
    log(leaves);
    follow(records);
}

fn log(leaves: u64) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    layout.create().unwrap();
    let mut appender = Appender::open(&layout, &Options::default()).unwrap();
    let entry = |n: u64| sha256(&n.to_be_bytes());
    let begun = Instant::now();
    for n in 0..leaves {
        // Files of 50,000 records, as a gibibyte of pages has.
        let file = format!("pressmark-20251105000000000-{:05}-host.warc.gz", n / 50_000);
        appender.record(&entry(n), &file, n % 50_000 * 20_000, 0).unwrap();
    }
    let appended = begun.elapsed();
    let begun = Instant::now();
    let checkpoint = appender.checkpoint(NOW).unwrap().unwrap();
    let signed = begun.elapsed();
    let per = |time: Duration| time.as_secs_f64() * 1e6 / leaves as f64;
    row("leaves", leaves.to_string());
    row("appending a leaf", format!("{:.2} µs", per(appended)));
    row(
        "the checkpoint over all of them, synced",
        format!("{:.2} s ({:.2} µs a leaf)", signed.as_secs_f64(), per(signed)),
    );
    // One more page: the cost at the end of a run.
    let begun = Instant::now();
    drop(appender);
    let mut appender = Appender::open(&layout, &Options::default()).unwrap();
    let opened = begun.elapsed();
    appender.record(&entry(leaves), "z.warc.gz", 0, 0).unwrap();
    let begun = Instant::now();
    appender.checkpoint(NOW).unwrap().unwrap();
    row("opening the log", format!("{:.2} ms", opened.as_secs_f64() * 1e3));
    row(
        "a leaf more and its checkpoint, synced",
        format!("{:.2} ms", begun.elapsed().as_secs_f64() * 1e3),
    );
    drop(appender);

    let log = Log::open(&layout).unwrap();
    let (mut times, mut undisturbed) = (Vec::new(), Vec::new());
    for n in 0..2_000_u64 {
        let at = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) % leaves;
        let file = format!("pressmark-20251105000000000-{:05}-host.warc.gz", at / 50_000);
        let before = preemptions();
        let begun = Instant::now();
        let index = log.index_of(&file, at % 50_000 * 20_000, 0).unwrap().unwrap();
        let proof = log.prove(index, checkpoint.size).unwrap();
        let took = begun.elapsed();
        times.push(took);
        if preemptions() == before {
            undisturbed.push(took);
        }
        let hash = hash_of(&entry(at));
        tlog_tiles::check_record(&proof, checkpoint.size, checkpoint.root, index, hash).unwrap();
    }
    times.sort_unstable();
    let ms = |part: f64| times[(part * (times.len() - 1) as f64) as usize].as_secs_f64() * 1e3;
    row(
        "finding a leaf and its inclusion proof",
        format!("{:.3} ms median, {:.3} ms at 99 %, {:.3} ms at most", ms(0.5), ms(0.99), ms(1.0)),
    );

    undisturbed.sort_unstable();
    let most = undisturbed.last().map_or(0.0, |t| t.as_secs_f64() * 1e3);
    row(
        "of these, while nobody took the processor away",
        format!("{} of {}, {most:.3} ms at most", undisturbed.len(), times.len()),
    );
    let evidence = layout.evidence_dir();
    let (all, blocks, files) = size(&evidence);
    let hashes: u64 = fs::read_dir(evidence.join("tile"))
        .unwrap()
        .flatten()
        .filter(|e| e.file_name() != "entries")
        .map(|e| size(&e.path()).0)
        .sum();
    let each = |bytes: u64| bytes as f64 / leaves as f64;
    row("tiles' hashes", format!("{:.2} bytes a leaf", each(hashes)));
    row(
        "all else: entries, positions, names, checkpoints",
        format!("{:.2} bytes a leaf", each(all - hashes)),
    );
    row("on the disk, blocks", format!("{:.2} bytes a leaf in {files} files", each(blocks)));
}

/// Records of 4 KB in files of 50,000, from their WARC files into the log, and checked again.
fn follow(records: u64) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    layout.create().unwrap();
    let mut packer = Packer::new(Compression::default());
    let mut written = 0;
    let body: Vec<u8> =
        (0..4_000_u32).map(|n| b"the bridge was closed "[(n % 22) as usize]).collect();
    for file in 0..records.div_ceil(50_000) {
        let name = format!("pressmark-20251105000000000-{file:05}-host.warc.gz");
        let mut out = std::io::BufWriter::new(File::create(layout.warc_dir().join(&name)).unwrap());
        let id = RecordId::from_uuid_bytes([7; 16]);
        let info = Warcinfo { software: "pressmark/bench".to_owned(), ..Warcinfo::default() };
        packer
            .pack(&info.record(&name, &id, NOW, DigestAlgorithm::Sha256))
            .unwrap()
            .write_to(&mut out)
            .unwrap();
        for n in file * 50_000..(file * 50_000 + 50_000).min(records) {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            let mut block =
                format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{n}").into_bytes();
            block.extend_from_slice(&body);
            let digest = DigestAlgorithm::Sha256.digest(&block).to_string();
            let record =
                Record::build(&RecordKind::Response, &RecordId::from_uuid_bytes(bytes), NOW)
                    .field("WARC-Target-URI", format!("https://www.example.org/news/2025/{n}"))
                    .field("WARC-Block-Digest", &digest)
                    .field("WARC-Payload-Digest", &digest)
                    .field("Content-Type", "application/http;msgtype=response")
                    .block(block);
            packer.pack(&record).unwrap().write_to(&mut out).unwrap();
        }
        out.flush().unwrap();
        written += fs::metadata(layout.warc_dir().join(&name)).unwrap().len();
    }
    let begun = Instant::now();
    let done = extend(&layout, &Options::default(), &OpenFiles::Leave, NOW).unwrap();
    let took = begun.elapsed();
    let each = took.as_secs_f64() * 1e6 / done.records as f64;
    row("records in WARC files", format!("{} ({} MB packed)", done.records, written / 1_000_000));
    row("from the WARC file to the leaf, all told", format!("{each:.2} µs a record"));
    let begun = Instant::now();
    let checked = verify(&layout, &VerifyOptions::default(), &mut |f| panic!("{f}")).unwrap();
    let each = begun.elapsed().as_secs_f64() * 1e6 / checked.leaves as f64;
    row("checking the log against them", format!("{each:.2} µs a record"));
    let text = record_text(&pressmark::warc::Fields::new(), b"", None);
    assert!(text.starts_with("pressmark/leaf/1 "));
}
