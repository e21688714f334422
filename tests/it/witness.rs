//! Witnesses: two archives that witness each other, bundles with a quorum, and a witness that is killed at random points and
//! never cosigns two histories.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pressmark::base::Timestamp;
use pressmark::evidence::cosignature::WitnessKey;
use pressmark::evidence::note::Signature;
use pressmark::evidence::{Checkpoint, LogKey};
use tlog_tiles::{Hash, HashReader};

use crate::evidence::checkers::SCRIPT;
use crate::serve::Warc;
use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};
use crate::support::skip::skipped;

/// A witness as a process; killed when it is dropped.
struct Process {
    child: Child,
    address: String,
    key: String,
}

impl Process {
    fn start(archive: &Path, args: &[&str]) -> Self {
        let mut command = command(archive);
        command.args(["witness", "--bind", "127.0.0.1:0"]).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.next().unwrap().unwrap();
        let key = lines.next().unwrap().unwrap();
        let address = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { child, address, key }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer; `None` where the connection broke.
fn ask(address: &str, request: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(request).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    // A truncated answer does not count.
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    (length?.trim().parse::<usize>().ok()? == body.len()).then(|| (status, body.to_owned()))
}

fn post(address: &str, body: &str) -> Option<(u16, String)> {
    let head = format!(
        "POST /add-checkpoint HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    ask(address, &[head.as_bytes(), body.as_bytes()].concat())
}

fn get(address: &str, path: &str) -> Option<(u16, String)> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    ask(address, head.as_bytes())
}

fn archive(dir: &Path, name: &str) -> PathBuf {
    let root = dir.join(name);
    assert!(pressmark(&root, &["init"]).status.success());
    Warc::new()
        .page("http://a.example/", "2024-01-01T00:00:00Z", &format!("<p>Of the archive {name}"))
        .write(&root, "one.warc");
    root
}

fn log_key(root: &Path) -> String {
    let extend = pressmark(root, &["evidence", "extend"]);
    assert!(extend.status.success(), "{}", stderr(&extend));
    stdout(&pressmark(root, &["evidence", "keys"])).trim().to_owned()
}

fn prove(root: &Path, policy: &Path, out: &Path) -> (String, Vec<serde_json::Value>) {
    let output = command(root)
        .args(["prove", "http://a.example/", "--force", "--format", "json", "-o"])
        .arg(out)
        .arg("--policy")
        .arg(policy)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    (stderr(&output), json_lines(&output))
}

/// The results of both checkers for the step `witnesses`.
fn checked(root: &Path, bundle: &Path, policy: Option<&Path>) -> [String; 2] {
    let mut ours = command(root);
    ours.args(["prove", "--check"]).arg(bundle);
    let mut script = Command::new("python3");
    script.arg(SCRIPT).arg(bundle);
    [ours, script].map(|mut command| {
        if let Some(policy) = policy {
            command.arg("--policy").arg(policy);
        }
        let output = command.output().unwrap();
        let text = stdout(&output);
        text.lines().find(|line| line.contains(" witnesses: ")).unwrap_or_default().to_owned()
    })
}

/// Each archive runs one command, and each has the other's cosignature; a bundle carries it, and both checkers tell whether
/// the quorum of a policy holds. A witness that is away blocks nothing.
#[test]
fn two_archives_witness_each_other_with_two_commands() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (archive(dir.path(), "a"), archive(dir.path(), "b"));
    let (key_a, key_b) = (log_key(&a), log_key(&b));
    let of_b = Process::start(&b, &["--log", &key_a, "--name", "b.example/witness"]);
    let seen_by_b = format!("evidence.witnesses={} {}", of_b.key, of_b.url());
    let of_a = Process::start(&a, &["--log", &key_b, "--set", &seen_by_b]);
    // The process of A has submitted A's checkpoint by itself.
    let kept = a.join("evidence/checkpoints");
    let cosigned = || {
        let names = std::fs::read_dir(&kept).unwrap().flatten();
        names.filter(|name| name.path().extension().is_some_and(|e| e == "cosignatures")).count()
    };
    let until = Instant::now() + Duration::from_secs(30);
    while cosigned() == 0 {
        assert!(Instant::now() < until, "no cosignature came");
        std::thread::sleep(Duration::from_millis(20));
    }
    // In the other direction by `evidence extend`, which has nothing new and still submits.
    let seen_by_a = format!("evidence.witnesses={} {}", of_a.key, of_a.url());
    let extend = pressmark(&b, &["evidence", "extend", "--set", &seen_by_a]);
    assert_eq!(stderr(&extend), "");
    let newest = pressmark(&b, &["evidence", "checkpoint"]);
    let hash = pressmark::base::DigestAlgorithm::Sha256
        .digest(stdout(&newest).lines().next().unwrap().as_bytes());
    let hash = hash.to_string().trim_start_matches("sha256:").to_owned();
    let (status, there) = get(&of_a.address, &format!("/{hash}/checkpoint")).unwrap();
    assert_eq!(status, 200);
    assert!(there.starts_with(&stdout(&newest)), "{there}");

    let lone = dir.path().join("lone.policy");
    let both = dir.path().join("both.policy");
    let log = |key: &str| format!("log {key}\nwitness b {} {}\n", of_b.key, of_b.url());
    std::fs::write(&lone, format!("{}quorum b\n", log(&key_a))).unwrap();
    std::fs::write(
        &both,
        format!("{}witness a {}\ngroup all-of all a b\nquorum all-of\n", log(&key_a), of_a.key),
    )
    .unwrap();
    let bundle = dir.path().join("a.zip");
    let (said, json) = prove(&a, &lone, &bundle);
    assert!(
        said.contains("cosigned by b.example/witness at ")
            && said.contains("the quorum of the policy holds"),
        "{said}"
    );
    assert_eq!(json[0]["witnesses"][0]["name"], "b.example/witness");
    assert_eq!(json[0]["quorum"], true);
    for said in checked(&a, &bundle, Some(&lone)) {
        assert!(
            said.starts_with("ok")
                && said.contains("the quorum of the policy holds: b.example/witness at"),
            "{said}"
        );
    }
    for said in checked(&a, &bundle, Some(&both)) {
        assert!(
            said.starts_with("failed") && said.contains("cosigned by b.example/witness at"),
            "{said}"
        );
    }
    for said in checked(&a, &bundle, None) {
        assert!(said.starts_with("absent") && said.contains("by b.example/witness at"), "{said}");
    }
    let (said, _) = prove(&a, &both, &bundle);
    assert!(said.contains("the quorum of the policy does not hold yet"), "{said}");
    // A policy of another log does not apply to this one; one that requires no witness accepts a bundle without any.
    std::fs::write(&both, format!("{}quorum none\n", log(&key_b))).unwrap();
    for said in checked(&a, &bundle, Some(&both)) {
        assert!(said.starts_with("failed") && said.contains("does not list this log"), "{said}");
    }
    // The proof alone is c2sp.org/tlog-proof with the cosignature in its checkpoint.
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&bundle).unwrap()).unwrap();
    let proof = std::io::read_to_string(zip.by_name("witnessed.tlog-proof").unwrap()).unwrap();
    assert!(proof.starts_with("c2sp.org/tlog-proof@v1\nindex "));
    assert!(proof.contains("\n\u{2014} b.example/witness "), "{proof}");

    // The witness is away: the log is extended nevertheless, with a message.
    drop(of_b);
    Warc::new().page("http://a.example/2", "2024-01-02T00:00:00Z", "more").write(&a, "two.warc");
    let extend = pressmark(&a, &["evidence", "extend", "--set", &seen_by_b]);
    assert!(extend.status.success());
    assert!(
        stderr(&extend).contains("no cosignature from the witness b.example/witness"),
        "{}",
        stderr(&extend)
    );
    let verify = json_lines(&pressmark(&a, &["verify", "--format", "json"]));
    assert!(verify.iter().all(|finding| finding["severity"] != "error"), "{verify:?}");
    // The witness is back, with its state: it cosigns the newer checkpoints, by a proof from its last size.
    let of_b = Process::start(&b, &["--log", &key_a, "--name", "b.example/witness"]);
    let seen_by_b = format!("evidence.witnesses={} {}", of_b.key, of_b.url());
    let extend = pressmark(&a, &["evidence", "extend", "--set", &seen_by_b]);
    assert_eq!(stderr(&extend), "");
    assert_eq!(cosigned(), 2);
}

/// A forged cosignature, one of another checkpoint, or none in its place: both checkers refuse.
#[test]
fn a_witnessed_proof_that_was_changed_is_refused_by_both_checkers() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (archive(dir.path(), "a"), archive(dir.path(), "b"));
    let key_a = log_key(&a);
    let of_b = Process::start(&b, &["--log", &key_a, "--name", "w"]);
    let witnesses = format!("evidence.witnesses={} {}", of_b.key, of_b.url());
    assert_eq!(stderr(&pressmark(&a, &["evidence", "extend", "--set", &witnesses])), "");
    let policy = dir.path().join("policy");
    std::fs::write(&policy, format!("witness w {}\nquorum w\n", of_b.key)).unwrap();
    let bundle = dir.path().join("a.zip");
    prove(&a, &policy, &bundle);
    let contents = pressmark::evidence::bundle::read_bundle(&bundle).unwrap();
    let folder = dir.path().join("folder");
    let unpack = |change: &dyn Fn(&str) -> String| {
        let _ = std::fs::remove_dir_all(&folder);
        for (name, bytes) in &contents {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let bytes = match name.as_str() {
                "witnessed.tlog-proof" => change(std::str::from_utf8(bytes).unwrap()).into_bytes(),
                _ => bytes.clone(),
            };
            std::fs::write(path, bytes).unwrap();
        }
    };
    unpack(&str::to_owned);
    for said in checked(&a, &folder, Some(&policy)) {
        assert!(said.starts_with("ok"), "{said}");
    }
    let line = |text: &str| text.lines().last().unwrap().to_owned();
    type Change<'a> = (&'a str, &'a dyn Fn(&str) -> String);
    let changes: [Change<'_>; 5] = [
        ("without its cosignature", &|text| text.replace(&format!("{}\n", line(text)), "")),
        ("under another name", &|text| text.replace("\u{2014} w ", "\u{2014} x ")),
        ("of another time", &|text| {
            let mut signature = Signature::parse(&line(text)).unwrap();
            signature.bytes[7] ^= 1;
            let data = [&signature.id[..], &signature.bytes].concat();
            let other = format!("\u{2014} w {}", data_encoding::BASE64.encode(&data));
            text.replace(&line(text), &other)
        }),
        ("of another leaf", &|text| text.replacen("index ", "index 1", 1)),
        ("of another tree", &|text| {
            let size = text.split("\n\n").nth(1).unwrap().lines().nth(1).unwrap().to_owned();
            text.replacen(&format!("\n{size}\n"), &format!("\n{size}0\n"), 1)
        }),
    ];
    for (what, change) in changes {
        unpack(change);
        for said in checked(&a, &folder, Some(&policy)) {
            assert!(said.starts_with("failed"), "{what}: {said}");
        }
    }
}

/// A witness that is a process of Python; killed when it is dropped.
struct Python {
    child: Child,
    url: String,
    keys: Vec<String>,
}

/// The Python whose package cryptography has ML-DSA: one of its own, since pywb needs an older package.
fn python() -> Option<std::ffi::OsString> {
    let own = std::env::var_os("PRESSMARK_WITNESS_PYTHON");
    own.or_else(|| std::env::var_os("PRESSMARK_INTEROP_PYTHON"))
}

impl Python {
    /// `None`, with a message, where there is no Python with the package cryptography.
    fn start(name: &str, log: &str) -> Option<Self> {
        let Some(python) = python() else {
            skipped(
                "interop-python",
                "neither PRESSMARK_WITNESS_PYTHON nor PRESSMARK_INTEROP_PYTHON is set: no other witness cosigns",
            );
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/witness.py");
        let mut child =
            Command::new(python).args([script, name, log]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = lines.next().expect("the witness prints its address first");
        let keys = lines.take_while(|line| !line.is_empty()).collect();
        Some(Self { child, url, keys })
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Three witnesses of two implementations, one of which signs with ML-DSA-44 as well: the quorum of all holds in the archive, in
/// the bundle, and for both checkers; a cosignature that was damaged is found.
#[test]
fn three_witnesses_of_two_implementations_are_the_quorum() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b, c) = (archive(dir.path(), "a"), archive(dir.path(), "b"), archive(dir.path(), "c"));
    let key = log_key(&a);
    let Some(other) = Python::start("py.example/w", &key) else { return };
    let ours = [
        Process::start(&b, &["--log", &key, "--name", "b.example/w"]),
        Process::start(&c, &["--log", &key, "--name", "c.example/w"]),
    ];
    let mut policy = format!("log {key}\n");
    for (name, one) in ["b", "c"].iter().zip(&ours) {
        policy.push_str(&format!("witness {name} {} {}\n", one.key, one.url()));
    }
    let mut names = vec!["b".to_owned(), "c".to_owned()];
    for (n, key) in other.keys.iter().enumerate() {
        policy.push_str(&format!("witness py{n} {key} {}\n", other.url));
        names.push(format!("py{n}"));
    }
    policy.push_str(&format!("group all-of all {}\nquorum all-of\n", names.join(" ")));
    let file = dir.path().join("policy");
    std::fs::write(&file, &policy).unwrap();
    let set = format!("evidence.policy={}", file.display());
    let verify = || json_lines(&pressmark(&a, &["verify", "--format", "json", "--set", &set]));
    assert!(verify().iter().any(|finding| finding["rule"] == "quorum"), "{:?}", verify());
    // Twice, so that each is shown a proof of consistency as well.
    for round in 0..2 {
        let url = format!("http://a.example/{round}");
        Warc::new().page(&url, "2024-01-02T00:00:00Z", "more").write(&a, &format!("{round}.warc"));
        let extend = pressmark(&a, &["evidence", "extend", "--set", &set]);
        assert_eq!(stderr(&extend), "", "round {round}");
    }
    let is_of_witnesses = |finding: &serde_json::Value| {
        finding["rule"] == "quorum" || finding["rule"] == "cosignature"
    };
    assert!(!verify().iter().any(is_of_witnesses), "{:?}", verify());
    let bundle = dir.path().join("a.zip");
    let (said, json) = prove(&a, &file, &bundle);
    assert!(said.contains("the quorum of the policy holds"), "{said}");
    assert_eq!(json[0]["witnesses"].as_array().unwrap().len(), names.len());
    let python = python().unwrap();
    let [by_us, _] = checked(&a, &bundle, Some(&file));
    let by_script =
        Command::new(python).arg(SCRIPT).arg(&bundle).arg("--policy").arg(&file).output().unwrap();
    let by_script = stdout(&by_script);
    let by_script = by_script.lines().find(|l| l.contains(" witnesses: ")).unwrap().to_owned();
    for said in [by_us, by_script] {
        assert!(
            said.starts_with("ok") && said.contains("the quorum of the policy holds"),
            "{said}"
        );
    }
    if other.keys.len() < 2 {
        skipped(
            "interop-python",
            "the package cryptography has no ML-DSA: Ed25519 alone was checked",
        );
    }
    // Each kept cosignature counts: one that is damaged is found, and the quorum of that checkpoint is gone.
    let kept = std::fs::read_dir(a.join("evidence/checkpoints")).unwrap().flatten();
    let kept = kept.map(|entry| entry.path());
    for path in kept.filter(|path| path.extension().is_some_and(|end| end == "cosignatures")) {
        let sound = std::fs::read_to_string(&path).unwrap();
        assert_eq!(sound.lines().count(), names.len());
        for line in sound.lines() {
            let mut signature = Signature::parse(line).unwrap();
            // Of the signature, after the time.
            signature.bytes[70] ^= 1;
            let mut data = signature.id.to_vec();
            data.extend(&signature.bytes);
            let data = data_encoding::BASE64.encode(&data);
            let changed = sound.replace(line, &format!("\u{2014} {} {data}", signature.name));
            assert_ne!(changed, sound);
            std::fs::write(&path, changed).unwrap();
            assert!(verify().iter().any(|finding| finding["rule"] == "cosignature"), "{line}");
        }
        std::fs::write(&path, sound).unwrap();
    }
    assert!(!verify().iter().any(is_of_witnesses), "{:?}", verify());
}

/// A log in memory: the stored hashes of its leaves.
#[derive(Clone, Default)]
struct Tree {
    hashes: Vec<Hash>,
    size: u64,
}

impl HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|at| self.hashes[usize::try_from(*at).unwrap()]).collect())
    }
}

impl Tree {
    fn push(&mut self, leaf: &str) {
        let more = tlog_tiles::stored_hashes(self.size, leaf.as_bytes(), self).unwrap();
        self.hashes.extend(more);
        self.size += 1;
    }

    fn root(&self, size: u64) -> Hash {
        tlog_tiles::tree_hash(size, self).unwrap()
    }

    fn submission(&self, old: u64, size: u64, key: &LogKey) -> String {
        let proof = match old {
            0 => Vec::new(),
            old => tlog_tiles::prove_tree(size, old, self).unwrap(),
        };
        let proof: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
        let now = Timestamp::from_unix_seconds(1_762_300_800);
        let checkpoint =
            Checkpoint::sign("log.example", (size, self.root(size)), now, 0, None, &[key]);
        format!("old {old}\n{proof}\n{}", checkpoint.render())
    }
}

/// A small generator of numbers: each test run has the same sequence.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Clients show a witness two histories of one log at once, while it is killed and started again: all its cosignatures are of
/// one history, and the size that it reports never decreases. `PRESSMARK_WITNESS_KILLS` sets the number of kills.
#[test]
fn a_witness_that_is_killed_at_random_points_never_cosigns_two_histories() {
    let kills: u64 =
        std::env::var("PRESSMARK_WITNESS_KILLS").map_or(8, |text| text.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("witness-archive");
    let key = LogKey::make(&dir.path().join("log.key")).unwrap();
    let mut numbers = Numbers(7);
    let log = key.verifier("log.example").text();
    let mut collected: Vec<(Checkpoint, Signature)> = Vec::new();
    let mut honest = Tree::default();
    honest.push("first");
    let mut witness_key = None;
    let mut seen = 0;
    let args = ["--log", &log, "--set", "witness.checkpoints_per_minute=1000000"];
    for round in 0..=kills {
        let process = Process::start(&root, &args);
        let public = WitnessKey::parse(&process.key).unwrap();
        assert_eq!(witness_key.get_or_insert_with(|| public.clone()), &public);
        // The size that it reports after the start is the cosigned one, or the one that it was about to answer with.
        let (status, size) = post(&process.address, &honest.submission(0, 1, &key)).unwrap();
        let now: u64 = match status {
            409 => size.trim().parse().unwrap(),
            200 => 1,
            other => panic!("{other}: {size}"),
        };
        assert!(now >= seen, "round {round}: it had seen {seen}, and now {now}");
        seen = now;
        // Only the tree that it has cosigned is continued.
        if let Some((200, text)) =
            get(&process.address, &format!("/{}/checkpoint", hash_of("log.example")))
        {
            let there = Checkpoint::parse(text.as_bytes()).unwrap();
            let signature = there.note.signatures.last().unwrap().clone();
            collected.push((there, signature));
        }
        let address = process.address.clone();
        let kill_after = Duration::from_micros(numbers.below(30_000));
        let stop_at = Instant::now() + kill_after;
        let answers = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..3_u64)
                .map(|client| {
                    let (address, key, mut tree) = (&address, &key, honest.clone());
                    let seed = round * 31 + client;
                    scope.spawn(move || {
                        // Each client has its own history from here on.
                        let mut numbers = Numbers(seed);
                        let (mut old, mut cosigned) = (seen, Vec::new());
                        while Instant::now() < stop_at + Duration::from_millis(20) {
                            for _ in 0..=numbers.below(3) {
                                tree.push(&format!("{client}/{round}/{}", tree.size));
                            }
                            let body = tree.submission(old.min(tree.size), tree.size, key);
                            let Some((status, answer)) = post(address, &body) else { break };
                            match status {
                                200 => {
                                    let signature = Signature::parse(answer.trim_end()).unwrap();
                                    let text = body.split_once("\n\n").unwrap().1;
                                    let checkpoint = Checkpoint::parse(text.as_bytes()).unwrap();
                                    old = checkpoint.size;
                                    cosigned.push((checkpoint, signature, tree.clone()));
                                }
                                409 => old = answer.trim().parse().unwrap(),
                                422 => {}
                                other => panic!("{other}: {answer}"),
                            }
                            while tree.size < old {
                                tree.push(&format!("{client}/{round}/{}", tree.size));
                            }
                        }
                        cosigned
                    })
                })
                .collect();
            std::thread::sleep(kill_after);
            drop(process);
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
        });
        // The longest cosigned history is the honest one from now on.
        for (checkpoint, signature, tree) in answers {
            if checkpoint.size > honest.size {
                honest = tree;
            }
            collected.push((checkpoint, signature));
        }
        // A checkpoint that was written but not answered is known only to the witness: continue with a tree that it accepts.
        let process = Process::start(&root, &args);
        let newest = get(&process.address, &format!("/{}/checkpoint", hash_of("log.example")));
        if let Some((200, text)) = newest {
            let there = Checkpoint::parse(text.as_bytes()).unwrap();
            collected.push((there.clone(), there.note.signatures.last().unwrap().clone()));
            if there.size > honest.size || honest.root(there.size) != there.root {
                // It cosigned a history of a client that received no answer; the clients' leaves show which.
                honest = (0..3_u64)
                    .map(|client| grown(&honest, client, round, there.size))
                    .find(|tree| tree.size >= there.size && tree.root(there.size) == there.root)
                    .unwrap_or(honest);
            }
            seen = there.size;
        }
    }
    // All its cosignatures verify, and belong to one history.
    let public = witness_key.unwrap();
    assert!(collected.len() as u64 > kills, "too little was cosigned: {}", collected.len());
    let mut roots = std::collections::BTreeMap::new();
    for (checkpoint, signature) in &collected {
        assert!(public.verify(&checkpoint.note.text, signature).is_some());
        let root = roots.entry(checkpoint.size).or_insert(checkpoint.root);
        assert_eq!(*root, checkpoint.root, "two trees of {} leaves were cosigned", checkpoint.size);
    }
    for (size, root) in roots {
        assert!(
            size <= honest.size && honest.root(size) == root,
            "{size} leaves are of another history"
        );
    }
}

/// The tree of a client that received no answer, grown to the size needed.
fn grown(tree: &Tree, client: u64, round: u64, size: u64) -> Tree {
    let mut tree = tree.clone();
    while tree.size < size {
        tree.push(&format!("{client}/{round}/{}", tree.size));
    }
    tree
}

fn hash_of(origin: &str) -> String {
    let hash = pressmark::base::DigestAlgorithm::Sha256.digest(origin.as_bytes());
    hash.to_string().trim_start_matches("sha256:").to_owned()
}
