//! How long the history of a much-edited page takes: ten thousand versions of a 1,000-word article, with
//! an empty cache and from it, by the binary as a person runs it.
//!
//! `cargo bench --bench history [-- VERSIONS]`; prints wall time in seconds, each round. The texts are
//! made from a seed, so every run measures the same.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use pressmark::base::{DigestAlgorithm, Timestamp};
use pressmark::store::Layout;

const URL: &str = "http://courier.example/harbour";

/// A small generator, so that texts depend on their seed alone.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % most
    }
}

const WORDS: [&str; 32] = [
    "harbour",
    "board",
    "ferry",
    "council",
    "winter",
    "contract",
    "company",
    "engineer",
    "report",
    "bridge",
    "island",
    "passenger",
    "captain",
    "budget",
    "season",
    "meeting",
    "railway",
    "tunnel",
    "decision",
    "question",
    "village",
    "market",
    "weather",
    "account",
    "letter",
    "signal",
    "lantern",
    "quarter",
    "promise",
    "election",
    "warehouse",
    "committee",
];

fn sentence(chance: &mut Chance) -> String {
    let mut out = String::from("The");
    for _ in 0..18 {
        let _ = write!(out, " {}", WORDS[chance.below(WORDS.len())]);
    }
    match chance.below(4) {
        0 => format!("“{out} {},” said Anna Roe of the harbour board.", 10 + chance.below(900)),
        _ => format!("{out} counted {} boats.", 10 + chance.below(9000)),
    }
}

fn page(sentences: &[String]) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><head><title>The harbour and its boats</title></head><body>\
         <nav><a href=\"/\">Home</a> <a href=\"/news\">News</a></nav><article><h1>The harbour and its boats</h1>",
    );
    for paragraph in sentences.chunks(3) {
        let _ = write!(out, "<p>{}</p>", paragraph.join(" "));
    }
    out + "</article><footer>All rights reserved.</footer></body></html>"
}

fn archive(root: &Path, versions: usize) -> Result<(), Box<dyn std::error::Error>> {
    let layout = Layout::new(root);
    layout.create()?;
    let mut file = BufWriter::new(std::fs::File::create(layout.warc_dir().join("bench.warc"))?);
    let mut chance = Chance(7);
    let mut sentences: Vec<String> = (0..48).map(|_| sentence(&mut chance)).collect();
    for version in 0..versions {
        let at = chance.below(sentences.len());
        sentences[at] = sentence(&mut chance);
        let body = page(&sentences);
        let block = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let date = Timestamp::from_unix_seconds(1_900_000_000 + i64::try_from(version)? * 600);
        write!(
            file,
            "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{version:012}>\r\n\
             WARC-Date: {}\r\nWARC-Target-URI: {URL}\r\nWARC-Payload-Digest: {}\r\n\
             Content-Type: application/http;msgtype=response\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
            date.to_warc_date(),
            DigestAlgorithm::Sha256.digest(body.as_bytes()),
            block.len()
        )?;
    }
    Ok(file.flush()?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let versions = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(10_000);
    let root = tempfile::tempdir()?;
    archive(root.path(), versions)?;
    let run = |name: &str, args: &[&str]| -> Result<(), Box<dyn std::error::Error>> {
        let start = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_pressmark"))
            .args(["--archive", &root.path().to_string_lossy()])
            .args(args)
            .stdout(Stdio::null())
            .status()?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{name:<34} {:>8.2} s  {status}", start.elapsed().as_secs_f64())?;
        Ok(())
    };
    run("index, from the WARC file", &["captures", URL, "--limit", "1"])?;
    run("history, nothing derived yet", &["history", URL, "--format", "json"])?;
    for _ in 0..3 {
        run("history --format json, cached", &["history", URL, "--format", "json"])?;
        run("history, cached", &["history", URL])?;
        run("blame, cached", &["blame", URL])?;
        run("changes, cached", &["changes", "--format", "json"])?;
    }
    Ok(())
}
