//! Listing, indexing and verifying WARC files, with one thread and two, beside the fastwarc crate, in turn in one run.
//!
//! Run with `cargo bench --bench warc`; further arguments: megabytes of raw records (512), rounds (5), or
//! a gzip file to list as well. `PRESSMARK_BENCH_PAGES=DIR` takes the pages from the files of a folder (those that
//! end in `.gz` unpacked) instead of made-up words, `PRESSMARK_BENCH_KEEP=DIR` leaves the made files there. The
//! corpus: requests, responses, and revisits of pages that are captured three times; once as other writers pack it
//! (zlib 6), once as this program does. Prints a table: the median of the rounds, and the ratio to fastwarc round by
//! round.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a bench prints, and stops where something fails"
)]

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use fastwarc::warc::iter::ArchiveIterator;
use pressmark::base::{DigestAlgorithm, Finding, Hasher, Timestamp, surt};
use pressmark::exchange::lines::{DigestChoice, LineOptions, lines_of};
use pressmark::sorted::{SortOptions, Sorter};
use pressmark::warc::verify::{Verifier, VerifyOptions};
use pressmark::warc::{
    self, Compression, CountingIds, Packer, PartWork, ReadOptions, Record, RecordIds, RecordKind,
    RecordReader, WarcReader, Warcinfo, name, read_in_parts,
};

/// A number after the other, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % n
    }
}

/// Where the bodies of pages come from.
enum Pages {
    /// Made from words.
    Made(Chance, Vec<String>),
    /// The files of a folder, repeatedly.
    Given(std::iter::Cycle<std::vec::IntoIter<PathBuf>>),
}

impl Pages {
    fn new() -> Self {
        let Some(dir) = std::env::var_os("PRESSMARK_BENCH_PAGES") else {
            let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
            let words = words(&mut chance);
            return Self::Made(chance, words);
        };
        let entries = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
        files.sort();
        assert!(!files.is_empty(), "no file in {}", dir.display());
        Self::Given(files.into_iter().cycle())
    }

    fn next(&mut self) -> Vec<u8> {
        match self {
            Self::Made(chance, words) => page(chance, words),
            Self::Given(files) => {
                let path = files.next().unwrap();
                let bytes = fs::read(&path).unwrap();
                if path.extension().is_none_or(|ending| ending != "gz") {
                    return bytes;
                }
                let mut page = Vec::new();
                flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut page).unwrap();
                page
            }
        }
    }
}

/// Markup and words of a page, something under half of its length when packed.
fn page(chance: &mut Chance, words: &[String]) -> Vec<u8> {
    let length = 20_000 + chance.below(200_000);
    let mut out = b"<!doctype html><html><head><title>News</title></head><body>".to_vec();
    while out.len() < length {
        out.extend_from_slice(b"<div class=\"article__paragraph article__paragraph--wide\"><p>");
        for _ in 0..30 + chance.below(60) {
            // A few words are frequent and most are rare, as in any text.
            let at = chance.below(words.len());
            let at = chance.below(at + 1);
            out.extend_from_slice(words[at].as_bytes());
            out.push(b' ');
        }
        let link = format!("</p><a href=\"/story/{}\">more</a></div>\n", chance.below(1 << 30));
        out.extend_from_slice(link.as_bytes());
    }
    out
}

fn words(chance: &mut Chance) -> Vec<String> {
    let letters = b"etaoinshrdlucmfwygpbvk";
    (0..20_000)
        .map(|_| {
            let length = 2 + chance.below(9);
            (0..length).map(|_| char::from(letters[chance.below(letters.len())])).collect()
        })
        .collect()
}

struct Corpus {
    others: BufWriter<File>,
    ours: BufWriter<File>,
    packer: Packer,
    records: u64,
    raw: u64,
}

impl Corpus {
    fn add(&mut self, record: &Record<'_>) {
        self.add_others(record);
        self.add_ours(record);
        self.records += 1;
    }

    fn add_ours(&mut self, record: &Record<'_>) {
        self.packer.pack(record).unwrap().write_to(&mut self.ours).unwrap();
    }

    fn add_others(&mut self, record: &Record<'_>) {
        let mut plain = record.header_bytes();
        record.block.write_to(&mut plain).unwrap();
        plain.extend_from_slice(b"\r\n\r\n");
        let mut member =
            flate2::write::GzEncoder::new(&mut self.others, flate2::Compression::new(6));
        member.write_all(&plain).unwrap();
        member.finish().unwrap();
        self.raw += plain.len() as u64;
    }
}

fn make(dir: &Path, raw_max: u64) -> (PathBuf, PathBuf, u64, u64) {
    let (others, ours) = (dir.join("others.warc.gz"), dir.join("ours.warc.gz"));
    let mut corpus = Corpus {
        others: BufWriter::new(File::create(&others).unwrap()),
        ours: BufWriter::new(File::create(&ours).unwrap()),
        packer: Packer::new(Compression::default()),
        records: 0,
        raw: 0,
    };
    let date = Timestamp::from_unix_seconds(1_762_300_800);
    let mut ids = CountingIds::default();
    let mut pages = Pages::new();
    let info_id = ids.next_id();
    for software in ["another/1.0", "pressmark/0.1.0"] {
        let info = Warcinfo { software: software.to_owned(), ..Warcinfo::default() };
        let info = info.record("bench.warc.gz", &info_id, date, DigestAlgorithm::Sha1);
        if software.starts_with("pressmark/") {
            corpus.add_ours(&info);
        } else {
            corpus.add_others(&info);
            corpus.records += 1;
        }
    }
    let sha1 = |bytes: &[u8]| DigestAlgorithm::Sha1.digest(bytes).to_string();
    let mut number = 0;
    while corpus.raw < raw_max {
        number += 1;
        let body = pages.next();
        let url = format!("http://host{}.example/story/{number}", number % 97);
        let payload = sha1(&body);
        for capture in 0..3 {
            let id = ids.next_id();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nX-Capture: {capture}\r\n\r\n",
                body.len()
            );
            // The second of three is a revisit.
            let (kind, block) = match capture {
                1 => (RecordKind::Revisit, head.into_bytes()),
                _ => (RecordKind::Response, [head.as_bytes(), &body].concat()),
            };
            let mut record = Record::build(&kind, &id, date)
                .field(name::TARGET_URI, &url)
                .field(name::WARCINFO_ID, info_id.to_string())
                .field(name::CONTENT_TYPE, "application/http; msgtype=response")
                .field(name::BLOCK_DIGEST, sha1(&block))
                .field(name::PAYLOAD_DIGEST, &payload);
            if kind == RecordKind::Revisit {
                record = record
                    .field(
                        name::PROFILE,
                        "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
                    )
                    .field(name::REFERS_TO_TARGET_URI, &url)
                    .field(name::REFERS_TO_DATE, date.to_warc_date());
            }
            corpus.add(&record.block(block));
            let request = format!(
                "GET /story/{number} HTTP/1.1\r\nHost: host{}.example\r\n\r\n",
                number % 97
            );
            let record = Record::build(&RecordKind::Request, &ids.next_id(), date)
                .field(name::TARGET_URI, &url)
                .field(name::WARCINFO_ID, info_id.to_string())
                .field(name::CONCURRENT_TO, id.to_string())
                .field(name::CONTENT_TYPE, "application/http; msgtype=request")
                .field(name::BLOCK_DIGEST, sha1(request.as_bytes()))
                .block(request.into_bytes());
            corpus.add(&record);
        }
    }
    let (records, raw) = (corpus.records, corpus.raw);
    corpus.others.flush().unwrap();
    corpus.ours.flush().unwrap();
    (others, ours, records, raw)
}

fn fastwarc_list(path: &Path) -> u64 {
    let input = BufReader::with_capacity(256 * 1024, File::open(path).unwrap());
    let mut count = 0;
    let mut bytes = 0;
    // It parses HTTP heads unless disabled; a list needs none.
    for record in ArchiveIterator::new(input).with_parse_http(false) {
        let record = record.unwrap();
        bytes += record.borrow().headers().len();
        count += 1;
    }
    assert!(bytes > 0);
    count
}

fn list(path: &Path, skip_by_length: bool) -> u64 {
    let options = ReadOptions { skip_by_length, ..ReadOptions::default() };
    let mut reader = WarcReader::seekable(File::open(path).unwrap(), options);
    let mut count = 0;
    let mut bytes = 0;
    while let Some(record) = reader.next_record().unwrap() {
        bytes += record.header().fields.len();
        let located = if skip_by_length { record.skip() } else { record.finish() };
        assert!(located.unwrap().intact);
        count += 1;
    }
    assert!(bytes > 0 && reader.take_findings().is_empty());
    count
}

/// Counts records, as [`list`] does.
#[derive(Default)]
struct Counted {
    count: u64,
    fields: usize,
    skip_by_length: bool,
}

impl PartWork for Counted {
    fn record<R: Read + Send>(&mut self, record: RecordReader<'_, R>, _: &mut dyn FnMut(Finding)) {
        self.fields += record.header().fields.len();
        let located = if self.skip_by_length { record.skip() } else { record.finish() };
        assert!(located.unwrap().intact);
        self.count += 1;
    }
}

fn list_by_two(path: &Path, skip_by_length: bool) -> u64 {
    let options = ReadOptions { skip_by_length, ..ReadOptions::default() };
    let file = warc::open(path, &options).unwrap().next_file().unwrap().unwrap();
    let new = |_| Counted { skip_by_length, ..Counted::default() };
    let (parts, error) = read_in_parts(file, 2, &new, &mut |finding| panic!("{finding}"));
    assert!(error.is_none() && parts.iter().all(|part| part.fields > 0));
    parts.iter().map(|part| part.count).sum()
}

/// Sorted lines with keys and digests of our own, which is what `index --digest sha1` prints.
fn lines(path: &Path, threads: usize) -> u64 {
    let file = warc::open(path, &ReadOptions::default()).unwrap().next_file().unwrap().unwrap();
    let digest = DigestChoice::Recompute(DigestAlgorithm::Sha1);
    let options = LineOptions { digest, threads, ..LineOptions::default() };
    let mut sorter = Sorter::new(SortOptions::default());
    let mut sink = |lines| sorter.absorb(lines);
    let mut found = |finding: Finding| panic!("{finding}");
    let done = lines_of(file, "bench.warc.gz", &options, &mut sink, &mut found).unwrap();
    let mut sorted = sorter.finish().unwrap();
    let mut bytes = 0;
    while let Some(line) = sorted.next_row().unwrap() {
        bytes += line.len();
    }
    assert!(bytes as u64 > 200 * done.lines);
    done.records
}

/// The same lines with the fastwarc crate: it reads, parses HTTP and gives the payload; SHA-1, keys and
/// sorting are ours.
fn fastwarc_lines(path: &Path) -> u64 {
    let input = BufReader::with_capacity(256 * 1024, File::open(path).unwrap());
    let mut sorter = Sorter::new(SortOptions::default());
    let mut count = 0;
    let mut buffer = vec![0; 64 * 1024];
    for record in ArchiveIterator::new(input) {
        let record = record.unwrap();
        let mut record = record.borrow_mut();
        count += 1;
        let is_revisit = record.record_type() == fastwarc::warc::record::WarcRecordType::Revisit;
        if !is_revisit && record.record_type() != fastwarc::warc::record::WarcRecordType::Response {
            continue;
        }
        let field = |name: &str| record.headers().get(name).map(|value| value.to_string());
        let (url, date) = (field("WARC-Target-URI").unwrap(), field("WARC-Date").unwrap());
        let mut digest = field("WARC-Payload-Digest").unwrap();
        let (offset, length) = (record.stream_pos(), record.content_length());
        let _ = record.parse_http();
        let mime = record.http_content_type().unwrap_or_default();
        if !is_revisit {
            let mut hasher = Hasher::new(DigestAlgorithm::Sha1);
            let reader = record.reader_mut().unwrap();
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                hasher.update(&buffer[..count]);
            }
            digest = hasher.finish().to_string();
        }
        let line = format!(
            "{} {date} {{\"url\": \"{url}\", \"mime\": \"{mime}\", \"status\": \"200\", \"digest\": \"{digest}\", \"length\": \"{length}\", \"offset\": \"{offset}\", \"filename\": \"bench.warc.gz\"}}",
            surt::urlkey(&url)
        );
        sorter.push(line.as_bytes()).unwrap();
    }
    let mut sorted = sorter.finish().unwrap();
    while sorted.next_row().unwrap().is_some() {}
    count
}

fn fastwarc_verify(path: &Path) -> u64 {
    let input = BufReader::with_capacity(256 * 1024, File::open(path).unwrap());
    let mut count = 0;
    // With the head parsed it would take the digest of what follows it for that of the block.
    for record in ArchiveIterator::new(input).with_parse_http(false) {
        let record = record.unwrap();
        let mut record = record.borrow_mut();
        // As `fastwarc check -p`: the block first, and then the payload, which is read once more.
        let block = record.verify_block_digest(false);
        assert!(block.unwrap_or(true));
        if record.headers().contains_key("WARC-Payload-Digest") {
            // It reports that of every revisit as wrong.
            let _ = record.parse_http();
            let _ = record.verify_payload_digest(true);
        }
        count += 1;
    }
    count
}

fn verify(path: &Path, threads: usize) -> u64 {
    let mut findings = 0;
    let mut found = |finding: pressmark::base::Finding| {
        println!("{finding}");
        findings += 1;
    };
    let mut verifier =
        Verifier::new(VerifyOptions { threads, ..VerifyOptions::default() }, &mut found);
    verifier.input(warc::open(path, &ReadOptions::default()).unwrap());
    let verified = verifier.finish();
    assert_eq!(findings, 0);
    verified.records
}

/// Processor time of this process, in seconds.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // utime and stime, in ticks of a hundredth.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

type Task<'a> = (&'a str, Box<dyn Fn() -> u64 + 'a>);

/// Runs tasks in turn, round after round; the first is what the others are compared with.
fn compare(title: &str, rounds: usize, records: Option<u64>, tasks: &[Task<'_>]) {
    let mut wall = vec![Vec::new(); tasks.len()];
    let mut cpus = vec![Vec::new(); tasks.len()];
    for _ in 0..rounds {
        for (at, (what, task)) in tasks.iter().enumerate() {
            let (start, cpu_start) = (Instant::now(), cpu());
            let count = task();
            wall[at].push(start.elapsed().as_secs_f64());
            cpus[at].push(cpu() - cpu_start);
            assert!(records.is_none_or(|records| records == count), "{what}: {count} records");
        }
    }
    let median = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    for (at, (what, _)) in tasks.iter().enumerate() {
        let ratios = |of: &[Vec<f64>]| {
            let each: Vec<f64> = of[0].iter().zip(&of[at]).map(|(base, own)| base / own).collect();
            median(&each)
        };
        println!(
            "| {title} | {what} | {:.3} | {:.3} | {:.2} | {:.2} |",
            median(&wall[at]),
            median(&cpus[at]),
            ratios(&wall),
            ratios(&cpus)
        );
    }
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let numbers: Vec<u64> = arguments.iter().filter_map(|a| a.parse().ok()).collect();
    let megabytes = numbers.first().copied().unwrap_or(512);
    let rounds = numbers.get(1).copied().unwrap_or(5) as usize;
    let dir = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("PRESSMARK_BENCH_KEEP").map(PathBuf::from);
    let place = kept.as_deref().unwrap_or(dir.path());
    let (others, ours, records, raw) = make(place, megabytes * 1_000_000);
    let size = |path: &Path| fs::metadata(path).unwrap().len() as f64 / 1e6;
    println!(
        "{records} records, {:.1} MB raw, {:.1} MB as others pack it, {:.1} MB as we do; {rounds} rounds",
        raw as f64 / 1e6,
        size(&others),
        size(&ours)
    );
    println!("| task | what | wall s | CPU s | wall, times fastwarc | CPU, times fastwarc |");
    println!("|---|---|---|---|---|---|");
    let records = Some(records);
    compare(
        "list, any gzip file",
        rounds,
        records,
        &[
            ("fastwarc", Box::new(|| fastwarc_list(&others))),
            ("pressmark", Box::new(|| list(&others, false))),
            ("pressmark, two threads", Box::new(|| list_by_two(&others, false))),
        ],
    );
    compare(
        "list, our own file",
        rounds,
        records,
        &[
            ("fastwarc", Box::new(|| fastwarc_list(&ours))),
            ("pressmark, inflating", Box::new(|| list(&ours, false))),
            ("pressmark, skipping", Box::new(|| list(&ours, true))),
            ("pressmark, skipping, two threads", Box::new(|| list_by_two(&ours, true))),
        ],
    );
    for (title, path) in [("CDXJ, any gzip file", &others), ("CDXJ, our own file", &ours)] {
        compare(
            title,
            rounds,
            records,
            &[
                ("fastwarc", Box::new(|| fastwarc_lines(path))),
                ("pressmark", Box::new(|| lines(path, 1))),
                ("pressmark, two threads", Box::new(|| lines(path, 2))),
            ],
        );
    }
    compare(
        "verify block and payload digests",
        rounds,
        records,
        &[
            ("fastwarc", Box::new(|| fastwarc_verify(&others))),
            ("pressmark", Box::new(|| verify(&others, 1))),
            ("pressmark, two threads", Box::new(|| verify(&others, 2))),
        ],
    );
    let peak = fs::read_to_string("/proc/self/status").unwrap();
    let peak = peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("").to_owned();
    println!("peak of the process, both together: {}", peak.trim_start_matches("VmHWM:").trim());
    if let Some(path) = arguments.iter().find(|a| a.parse::<u64>().is_err()) {
        let path = Path::new(path);
        compare(
            "list, the given file",
            rounds,
            None,
            &[
                ("fastwarc", Box::new(|| fastwarc_list(path))),
                ("pressmark", Box::new(|| list(path, false))),
            ],
        );
    }
}
