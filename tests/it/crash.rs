//! The process is killed at random points of a crawl. What the crawl log acknowledges is there
//! afterwards, nothing that is there is false, and the next crawl continues.
//!
//! `PRESSMARK_CRASH_ROUNDS` sets how many rounds (6 without it), `PRESSMARK_CRASH_SEED` which.

mod beside;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pressmark::base::{DigestAlgorithm, SystemClock};

use crate::support::archive::{Kept, records};
use crate::support::cli::{crawl, json_lines, pressmark, stderr};
use crate::support::web::{Reply, Web, ok};

const HOSTS: usize = 8;
const PAGES: usize = 30;

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mix = self.0;
        mix = (mix ^ (mix >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mix = (mix ^ (mix >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mix ^ (mix >> 31)) % bound
    }
}

fn host(n: usize) -> String {
    format!("h{n}.crash.example")
}

/// The content of a page. Every seventh is the same on all hosts, so that revisits are written too.
fn body(host: usize, page: usize) -> Vec<u8> {
    if page == 5 {
        // Long and incompressible, so that a write takes long enough to be cut by the kill.
        let mut chance = Chance(host as u64);
        return (0..1_500_000).map(|_| chance.below(256) as u8).collect();
    }
    if page % 7 == 3 {
        return format!("the same page {page} everywhere").into_bytes();
    }
    format!("page {page} of host {host} ").repeat(1 + (page * 37 + host * 11) % 400).into_bytes()
}

/// Every URL with the bytes of its payload.
fn site(web: &Web) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for n in 0..HOSTS {
        let name = host(n);
        let links: String = (0..PAGES).map(|p| format!("<a href=\"/{p}\">{p}</a> ")).collect();
        let front = format!("<html><title>{name}</title><body>{links}</body></html>").into_bytes();
        web.on(&name, "/", Reply::Bytes(ok("text/html", &front)));
        all.insert(format!("http://{name}/"), front);
        for page in 0..PAGES {
            let body = body(n, page);
            web.on(&name, &format!("/{page}"), Reply::Bytes(ok("text/plain", &body)));
            all.insert(format!("http://{name}/{page}"), body);
        }
    }
    all
}

/// A line of the crawl log that acknowledges a record: the URL, the file, where, and the id.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Acknowledged {
    url: String,
    file: String,
    offset: String,
    record_id: String,
    digest: String,
}

impl Acknowledged {
    /// What a line of the log acknowledges; `None` where it reports a failure or a refusal.
    fn of(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words.len(), 14, "a cut or mixed line in the log: {line:?}");
        (words[10] != "-").then(|| Self {
            url: words[3].to_owned(),
            file: words[10].to_owned(),
            offset: words[11].to_owned(),
            record_id: words[12].to_owned(),
            digest: words[8].to_owned(),
        })
    }
}

fn acknowledged(root: &Path) -> Vec<Acknowledged> {
    let log = std::fs::read_to_string(root.join("logs/crawl.log")).unwrap_or_default();
    log.lines().filter_map(Acknowledged::of).collect()
}

/// What one round saw.
#[derive(Debug, Default)]
struct Round {
    acknowledged: usize,
    found: usize,
    tails: usize,
    /// Whether it ended before it was killed.
    survived: bool,
}

/// Kills the crawl when the condition holds, and a little later. Returns whether it ended before.
fn kill_when(mut child: Child, is_time: &dyn Fn() -> bool, delay: Duration) -> bool {
    loop {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        if is_time() {
            break;
        }
        thread::sleep(Duration::from_micros(50));
    }
    thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
    false
}

/// Whether a file that is being written is longer than this: in the middle of a long record.
fn is_writing(root: &Path, length: u64) -> bool {
    let Ok(entries) = std::fs::read_dir(root.join("warc")) else { return false };
    let mut open = entries.flatten().filter(|e| e.path().extension().is_some_and(|x| x == "open"));
    open.any(|e| e.metadata().is_ok_and(|m| m.len() > length))
}

/// Reopens the archive and compares it with what was acknowledged and what was sent.
fn check(root: &Path, sent: &BTreeMap<String, Vec<u8>>, label: &str) -> usize {
    let before = acknowledged(root);
    let args = ["captures", "http://crash.example/", "--match", "domain", "--format", "json"];
    let listed = pressmark(root, &args);
    let code = listed.status.code();
    assert!(
        code == Some(0) || (code == Some(3) && before.is_empty()),
        "{label}: {}",
        stderr(&listed)
    );
    let captures = json_lines(&listed);
    let there: BTreeSet<(&str, &str, &str)> = captures
        .iter()
        .map(|c| {
            let text = |name: &str| c[name].as_str().unwrap();
            (text("record_id"), text("filename"), text("offset"))
        })
        .collect();
    for line in &before {
        let place = (line.record_id.as_str(), line.file.as_str(), line.offset.as_str());
        assert!(there.contains(&place), "{label}: acknowledged and lost: {line:?}");
    }
    assert_eq!(there.len(), captures.len(), "{label}: a capture is listed twice");
    for capture in &captures {
        let url = capture["url"].as_str().unwrap();
        if let Some(body) = sent.get(url) {
            let digest = DigestAlgorithm::Sha256.digest(body).to_string();
            assert_eq!(capture["digest"], digest.as_str(), "{label}: {url}");
        } else {
            let known = url.ends_with("/robots.txt") || url.starts_with("dns:");
            assert!(known, "{label}: never served: {url}");
        }
    }
    let verified = pressmark(root, &["verify", "--format", "json"]);
    let errors: Vec<_> =
        json_lines(&verified).into_iter().filter(|f| f["severity"] == "error").collect();
    assert!(errors.is_empty(), "{label}: {errors:?}");
    assert!(matches!(verified.status.code(), Some(0 | 4)), "{label}: {}", stderr(&verified));
    captures.len()
}

/// Each response record holds what the server sent for its URL, whole; nothing else is there.
fn compare_bytes(kept: &[Kept], sent: &BTreeMap<String, Vec<u8>>, label: &str) {
    for record in kept.iter().filter(|r| r.field("WARC-Type") == "response") {
        let url = record.field("WARC-Target-URI");
        if let Some(body) = sent.get(&url) {
            assert!(record.block.ends_with(body), "{label}: {url}");
            assert_eq!(record.field("WARC-Truncated"), "", "{label}: {url}");
        }
    }
}

fn round(number: u64, chance: &mut Chance) -> Round {
    let label = format!("round {number}");
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let web = Web::start(Arc::new(SystemClock));
    let sent = site(&web);
    let hosts: Vec<String> = (0..HOSTS).map(host).collect();
    let resolve = web.resolve(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let mut crawling = crawl(&root, &resolve);
    // Files roll over often enough that some kills happen during it.
    crawling.args(["--set", "warc.file_bytes_max=40 KiB", "--depth", "1"]);
    crawling.args(hosts.iter().map(|h| format!("http://{h}/")));
    let asked = 1 + chance.below((HOSTS * (PAGES + 2)) as u64) as usize;
    let delay = Duration::from_micros(chance.below(20_000));
    let child = crawling.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let survived = if number % 3 == 2 {
        // In the middle of a write.
        let length = 50_000 + chance.below(1_300_000);
        kill_when(child, &|| is_writing(&root, length), Duration::ZERO)
    } else {
        kill_when(child, &|| web.asked_count() >= asked, delay)
    };
    let mut seen = Round { survived, acknowledged: acknowledged(&root).len(), ..Round::default() };
    if !root.join("FORMAT").exists() {
        return seen;
    }
    // Half of the rounds kill the run that continues, too, and then read; the others read at once.
    if chance.below(2) == 0 {
        let more = web.asked_count() + chance.below((HOSTS * PAGES) as u64) as usize;
        let mut again = crawl(&root, &resolve);
        again.args(["--set", "warc.file_bytes_max=40 KiB", "--depth", "1"]);
        let child = again.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let delay = Duration::from_micros(chance.below(20_000));
        kill_when(child, &|| web.asked_count() >= more, delay);
    } else {
        seen.found = check(&root, &sent, &label);
    }
    let rest = crawl(&root, &resolve).args(["--depth", "1", "--format", "json"]).output().unwrap();
    if rest.status.code() == Some(2) {
        // The run that was killed had nothing left.
        assert!(
            stderr(&rest).contains("no earlier run left anything"),
            "{label}: {}",
            stderr(&rest)
        );
    } else {
        assert_eq!(rest.status.code(), Some(0), "{label}: {}", stderr(&rest));
        assert_eq!(json_lines(&rest)[0]["left"], 0, "{label}");
    }
    seen.found = check(&root, &sent, &label);
    seen.tails = std::fs::read_dir(root.join("set-aside")).unwrap().count();
    let kept = records(&root);
    compare_bytes(&kept, &sent, &label);
    let open = std::fs::read_dir(root.join("warc")).unwrap().flatten();
    assert_eq!(open.filter(|e| e.path().extension().is_some_and(|x| x == "open")).count(), 0);
    // The queue was on the disk too: the links of the front pages were fetched in the end.
    let captured: BTreeSet<String> = kept
        .iter()
        .filter(|r| matches!(r.field("WARC-Type").as_str(), "response" | "revisit"))
        .map(|r| r.field("WARC-Target-URI"))
        .collect();
    for (front, _) in sent.iter().filter(|(url, _)| url.ends_with(".example/")) {
        let missing: Vec<_> = sent
            .keys()
            .filter(|u| u.starts_with(front.as_str()) && !captured.contains(*u))
            .collect();
        assert!(
            !captured.contains(front) || missing.is_empty(),
            "{label}: not fetched {missing:?}"
        );
    }
    seen
}

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn a_killed_crawl_loses_nothing_that_it_acknowledged() {
    let rounds = number("PRESSMARK_CRASH_ROUNDS", 6);
    let seed = number("PRESSMARK_CRASH_SEED", 1);
    let (mut killed, mut acknowledged, mut found, mut tails) = (0, 0, 0, 0);
    for n in 0..rounds {
        let seen = round(n, &mut Chance(seed.wrapping_mul(1_000_003).wrapping_add(n)));
        killed += usize::from(!seen.survived);
        acknowledged += seen.acknowledged;
        found += seen.found;
        tails += seen.tails;
    }
    eprintln!(
        "{rounds} rounds, {killed} killed: {acknowledged} captures acknowledged before the first kill, \
         none lost; {found} captures in the end, {tails} unfinished tails set aside"
    );
    assert!(killed as u64 * 2 >= rounds, "only {killed} of {rounds} were killed in time");
}
