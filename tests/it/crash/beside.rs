//! A crawl with readers beside it, each killed at random: readers that own the index, readers that
//! ask the crawl for it, and readers whose owner is killed. Every survivor continues, no
//! answer is false, and nothing that was acknowledged before a question was asked is missing.

use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;

/// What the readers of a round saw.
#[derive(Debug, Default)]
struct Seen {
    answers: AtomicU64,
    captures: AtomicU64,
    killed: AtomicU64,
}

fn ask(root: &Path) -> std::process::Command {
    let mut command = crate::support::cli::command(root);
    command.args(["captures", "http://crash.example/", "--match", "domain", "--format", "json"]);
    command
}

/// Reads repeatedly until `stop` is set; about every third reader is killed.
fn read_on(
    root: &Path,
    sent: &BTreeMap<String, Vec<u8>>,
    mut chance: Chance,
    stop: &AtomicBool,
    seen: &Seen,
    label: &str,
) {
    while !stop.load(Ordering::Acquire) {
        if !root.join("FORMAT").exists() {
            thread::sleep(Duration::from_millis(1));
            continue;
        }
        if chance.below(3) == 0 {
            let child: Child =
                ask(root).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let delay = Duration::from_micros(chance.below(30_000));
            let survived = kill_when(child, &|| true, delay);
            seen.killed.fetch_add(u64::from(!survived), Ordering::Relaxed);
            continue;
        }
        let before = acknowledged_whole_lines(root);
        let answer = ask(root).output().unwrap();
        let code = answer.status.code();
        let said = stderr(&answer);
        assert!(
            code == Some(0) || (code == Some(3) && before.is_empty()),
            "{label}: a reader failed: {code:?} {said}"
        );
        assert!(!said.contains("copy of the index"), "{label}: {said}");
        let captures = json_lines(&answer);
        let there: BTreeSet<(String, String)> = captures
            .iter()
            .map(|c| (c["record_id"].to_string(), c["offset"].to_string()))
            .collect();
        assert_eq!(there.len(), captures.len(), "{label}: a capture is listed twice");
        for line in &before {
            let place = (format!("{:?}", line.record_id), format!("{:?}", line.offset));
            assert!(there.contains(&place), "{label}: acknowledged and not answered: {line:?}");
        }
        for capture in &captures {
            if let Some(body) = sent.get(capture["url"].as_str().unwrap()) {
                let digest = DigestAlgorithm::Sha256.digest(body).to_string();
                assert_eq!(capture["digest"], digest.as_str(), "{label}");
            }
        }
        seen.answers.fetch_add(1, Ordering::Relaxed);
        seen.captures.fetch_add(captures.len() as u64, Ordering::Relaxed);
    }
}

/// The log is being written: its last line may be cut.
fn acknowledged_whole_lines(root: &Path) -> Vec<Acknowledged> {
    let log = std::fs::read_to_string(root.join("logs/crawl.log")).unwrap_or_default();
    let whole = log.rfind('\n').map_or("", |end| &log[..=end]);
    whole.lines().filter_map(Acknowledged::of).collect()
}

fn round_beside(number: u64, seed: u64) -> (u64, u64, u64, bool) {
    let label = format!("round {number} of seed {seed}");
    let mut chance = Chance(seed.wrapping_mul(2_000_003).wrapping_add(number));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let web = Web::start(Arc::new(SystemClock));
    let sent = site(&web);
    let hosts: Vec<String> = (0..HOSTS).map(host).collect();
    let resolve = web.resolve(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let seen = Seen::default();
    let stop = AtomicBool::new(false);
    let survived = thread::scope(|scope| {
        for reader in 0..2 {
            let chance = Chance(chance.below(u64::MAX) ^ reader);
            let (root, sent, stop, seen, label) = (&root, &sent, &stop, &seen, &label);
            scope.spawn(move || read_on(root, sent, chance, stop, seen, label));
        }
        let asked = 1 + chance.below((HOSTS * (PAGES + 2)) as u64) as usize;
        let mut crawling = crawl(&root, &resolve);
        crawling.args(["--set", "warc.file_bytes_max=40 KiB", "--depth", "1"]);
        crawling.args(hosts.iter().map(|h| format!("http://{h}/")));
        let child = crawling.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let delay = Duration::from_micros(chance.below(20_000));
        let survived = kill_when(child, &|| web.asked_count() >= asked, delay);
        // The readers continue for a while without a crawl, and then beside the next one.
        thread::sleep(Duration::from_millis(20));
        let rest = crawl(&root, &resolve).args(["--depth", "1", "--format", "json"]).output();
        stop.store(true, Ordering::Release);
        let rest = rest.unwrap();
        assert_eq!(rest.status.code(), Some(0), "{label}: {}", stderr(&rest));
        assert_eq!(json_lines(&rest)[0]["left"], 0, "{label}");
        survived
    });
    check(&root, &sent, &label);
    compare_bytes(&records(&root), &sent, &label);
    let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
    (count(&seen.answers), count(&seen.captures), count(&seen.killed), survived)
}

#[test]
fn readers_and_a_crawl_beside_each_other_survive_kills_of_the_other() {
    let rounds = number("PRESSMARK_BESIDE_ROUNDS", 3);
    let seed = number("PRESSMARK_CRASH_SEED", 1);
    let (mut answers, mut captures, mut killed, mut crawls) = (0, 0, 0, 0);
    for n in 0..rounds {
        let (a, c, k, survived) = round_beside(n, seed);
        answers += a;
        captures += c;
        killed += k;
        crawls += u64::from(!survived);
    }
    eprintln!(
        "{rounds} rounds: {crawls} crawls and {killed} readers killed; {answers} answers with \
         {captures} captures, none false, nothing acknowledged missing"
    );
    assert!(answers > 0);
}
