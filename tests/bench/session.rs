//! Captures through a relay beside direct ones, and how long the check of a session takes for each MB.
//!
//! `cargo bench --bench session` takes 40 pages of 4 MB, then 400 of 60 KB, which is what a page of news has, each from a server that
//! answers at once and from one that answers after 100 ms; `-- PAGES BYTES MILLISECONDS` takes others. A TLS server, the relay and the archive on one machine: the relay's work is done by the cores that the crawl has too. No
//! pause between two requests, so the extra cost of a session over one kept open shows more than it does on the web.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench prints, and stops where something fails"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use pressmark::base::Timestamp;
use pressmark::evidence::note::VerifierKey;
use pressmark::evidence::session::{Claimed, Kept, KeptPart, Roots, verify};
use pressmark::store::Layout;
use pressmark::warc::{ReadOptions, WarcReader};

#[path = "../it/relay/server.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod server;

use server::{Authority, Kind};

const HOST: &str = "news.example";

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    match numbers[..] {
        [pages, bytes, ref wait @ ..] => {
            measure(pages, bytes, wait.first().copied().unwrap_or_default());
        }
        _ => {
            for (pages, bytes) in [(40, 4_000_000), (400, 60_000)] {
                measure(pages, bytes, 0);
                measure(pages, bytes, 100);
            }
        }
    }
}

fn measure(pages: usize, bytes: usize, wait: usize) {
    println!("{pages} pages of {bytes} bytes, each after {wait} ms");
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let roots = dir.path().join("roots.pem");
    std::fs::write(&roots, authority.pem()).unwrap();
    let port = authority.serve(HOST, Kind::Usual);
    let mut relay = command(&dir.path().join("relay"))
        .args(["--set", "relay.requests_per_minute=1000000"])
        .args(["relay", "--bind", "127.0.0.1:0", "--allow-private", "--resolve"])
        .arg(format!("{HOST}:443:127.0.0.1:{port}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(relay.stdout.take().unwrap()).lines();
    let (url, key) = (lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap());
    let urls: Vec<String> =
        // Of different lengths, so that none is a revisit of another.
        (0..pages).map(|n| format!("https://{HOST}/after/{wait}/bytes/{}", bytes + n)).collect();
    let mb = (pages * bytes) as f64 / 1e6;
    let mut rates = [0.0, 0.0];
    // In turn, so that what warms up is warm for both.
    for round in 0..3 {
        for (at, through) in [None, Some(url.as_str())].into_iter().enumerate() {
            let root = dir.path().join(format!("archive-{round}-{at}"));
            let took = crawl(&root, &roots, port, through, &urls);
            rates[at] = f64::max(rates[at], mb / took);
            println!(
                "round {round}, {}: {:.1} MB/s, {:.0} pages/s",
                ["direct", "relay"][at],
                mb / took,
                pages as f64 / took
            );
        }
    }
    println!("relay-attested captures at {:.0} % of direct ones", 100.0 * rates[1] / rates[0]);
    let (count, plaintext, seconds) =
        checked(&dir.path().join("archive-2-1"), &roots, &VerifierKey::parse(&key).unwrap());
    let per_mb = 1e3 * seconds / (plaintext as f64 / 1e6);
    println!(
        "{count} sessions of {:.1} MB verified in {per_mb:.2} ms a MB",
        plaintext as f64 / 1e6
    );
    relay.kill().unwrap();
    relay.wait().unwrap();
}

fn command(archive: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pressmark"));
    command.env_clear().env("PRESSMARK_ARCHIVE", archive).current_dir(archive.parent().unwrap());
    command
}

/// Seconds that a crawl of these pages takes.
fn crawl(root: &Path, roots: &Path, port: u16, relay: Option<&str>, urls: &[String]) -> f64 {
    let mut crawl = command(root);
    crawl.args(["crawl", "--allow-private", "--quiet", "--set"]);
    crawl.arg(format!("tls.roots_file={}", roots.display()));
    crawl.args(["--set", "politeness.delay_min=0s", "--set", "politeness.delay_factor=0"]);
    crawl.args(["--resolve", &format!("{HOST}:443:127.0.0.1:{port}")]);
    if let Some(relay) = relay {
        crawl.args(["--proxy", relay]);
    }
    let begun = Instant::now();
    assert!(crawl.args(urls).stdout(Stdio::null()).status().unwrap().success());
    begun.elapsed().as_secs_f64()
}

/// How many sessions of an archive hold, their plaintext in bytes, and how long that took.
fn checked(root: &Path, roots: &Path, relay: &VerifierKey) -> (usize, usize, f64) {
    let roots = Roots::from_pem(&std::fs::read(roots).unwrap()).unwrap();
    let relays = [relay.clone()];
    let (mut count, mut plaintext, mut seconds) = (0, 0, 0.0);
    for path in Layout::new(root).warc_files().unwrap() {
        let file = BufReader::new(std::fs::File::open(path).unwrap());
        let mut reader = WarcReader::new(file, ReadOptions::default());
        let (mut kept, mut response, mut request) = (Kept::default(), None, Vec::new());
        while let Some(mut record) = reader.next_record().unwrap() {
            let fields = record.header().fields.clone();
            let mut block = Vec::new();
            std::io::Read::read_to_end(&mut record, &mut block).unwrap();
            record.finish().unwrap();
            let text = |name| fields.text(name).unwrap_or_default().into_owned();
            match (text("WARC-Type").as_str(), KeptPart::of(&text("Content-Type"))) {
                ("response", _) => {
                    response = Some((text("WARC-Target-URI"), text("WARC-Date"), block))
                }
                ("request", _) => request = block,
                (_, Some(KeptPart::Note)) => kept.note = block,
                (_, Some(KeptPart::Sent)) => kept.sent = block,
                (_, Some(KeptPart::Received)) => kept.received = block,
                (_, Some(KeptPart::Secrets)) => {
                    kept.secrets = block;
                    let (url, date, response) = response.take().unwrap();
                    let claimed = Claimed {
                        url: &url,
                        date: Timestamp::parse(&date).unwrap(),
                        request: &request,
                        response: &response,
                        payload: None,
                        truncated: false,
                        interim: b"",
                    };
                    let begun = Instant::now();
                    let found = verify(&kept, &claimed, &relays, &roots).unwrap();
                    seconds += begun.elapsed().as_secs_f64();
                    (count, plaintext) = (count + 1, plaintext + found.plaintext);
                }
                _ => {}
            }
        }
    }
    (count, plaintext, seconds)
}
