//! The answers of c2sp.org/tlog-witness, one after the other, and what is on the disk after each.

use tlog_tiles::HashReader;

use super::*;
use crate::witness::answer::SIZE_TYPE;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_762_300_800);

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
    fn grow(&mut self, leaves: &[&str]) {
        for leaf in leaves {
            let more = tlog_tiles::stored_hashes(self.size, leaf.as_bytes(), self).unwrap();
            self.hashes.extend(more);
            self.size += 1;
        }
    }

    fn root(&self, size: u64) -> Hash {
        if size == 0 {
            return Hash(leaf::sha256(b""));
        }
        tlog_tiles::tree_hash(size, self).unwrap()
    }

    fn checkpoint(&self, origin: &str, size: u64, key: &LogKey) -> String {
        Checkpoint::sign(origin, (size, self.root(size)), NOW, 0, None, &[key]).render()
    }

    fn submission(&self, origin: &str, old: u64, size: u64, key: &LogKey) -> String {
        let proof = match old {
            0 => Vec::new(),
            old => tlog_tiles::prove_tree(size, old, self).unwrap(),
        };
        let proof: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
        format!("old {old}\n{proof}\n{}", self.checkpoint(origin, size, key))
    }
}

struct Setting {
    dir: tempfile::TempDir,
    key: LogKey,
    tree: Tree,
}

const ORIGIN: &str = "log.example/one";

impl Setting {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = LogKey::make(&dir.path().join("log.key")).unwrap();
        let mut tree = Tree::default();
        tree.grow(&["a", "b", "c", "d", "e", "f", "g", "h"]);
        Self { dir, key, tree }
    }

    fn options(&self) -> WitnessOptions {
        WitnessOptions {
            name: Some("witness.example/w".to_owned()),
            key_file: None,
            logs: vec![self.key.verifier(ORIGIN)],
            submissions: Rate { per_minute: 60, burst: 1_000 },
        }
    }

    fn witness(&self) -> Result<Witness, WitnessError> {
        Witness::open(&self.dir.path().join("witness"), self.options())
    }

    fn submission(&self, old: u64, size: u64) -> String {
        self.tree.submission(ORIGIN, old, size, &self.key)
    }
}

fn status(witness: &Witness, body: &str) -> u16 {
    witness.add(body.as_bytes(), NOW).status
}

#[test]
fn a_log_that_grows_is_cosigned_and_the_state_outlives_the_process() {
    let setting = Setting::new();
    let witness = setting.witness().unwrap();
    let hash = origin_hash(ORIGIN);
    assert_eq!(witness.checkpoint(&hash).status, 404);
    for (old, size) in [(0, 3), (3, 3), (3, 5), (5, 8)] {
        let answer = witness.add(setting.submission(old, size).as_bytes(), NOW);
        assert_eq!(answer.status, 200, "{old} {size}: {}", answer.body);
        let text =
            Checkpoint::parse(setting.tree.checkpoint(ORIGIN, size, &setting.key).as_bytes());
        let text = text.unwrap().note.text;
        let signature = crate::evidence::note::Signature::parse(answer.body.trim_end()).unwrap();
        assert_eq!(witness.verifier().verify(&text, &signature), Some(posix(NOW)));
        // Monitors get the checkpoint with both signatures.
        let there = Checkpoint::parse(witness.checkpoint(&hash).body.as_bytes()).unwrap();
        assert_eq!(there.size, size);
        assert!(there.signed_by(&setting.key.verifier(ORIGIN)));
        assert!(there.note.signatures.contains(&signature));
    }
    let key = witness.verifier();
    assert!(matches!(setting.witness(), Err(WitnessError::Busy(_))), "one process at a time");
    drop(witness);
    let witness = setting.witness().unwrap();
    assert_eq!(witness.verifier(), key);
    let answer = witness.add(setting.submission(5, 8).as_bytes(), NOW);
    assert_eq!((answer.status, answer.media_type, answer.body.as_str()), (409, SIZE_TYPE, "8\n"));
    assert_eq!(status(&witness, &setting.submission(8, 8)), 200);
}

#[test]
fn what_is_not_of_one_history_is_refused_by_the_status_that_the_specification_names() {
    let setting = Setting::new();
    let witness = setting.witness().unwrap();
    let mut fork = Tree::default();
    fork.grow(&["a", "b", "x", "d", "e", "f", "g", "h"]);
    let forked = |old, size| fork.submission(ORIGIN, old, size, &setting.key);
    let fine = setting.submission(0, 3);
    let other = LogKey::make(&setting.dir.path().join("other.key")).unwrap();
    for (body, expected) in [
        // 400: no submission at all.
        (String::new(), 400),
        ("old 0\n".to_owned(), 400),
        (fine.replace("old 0", "old 00"), 400),
        (fine.replace("old 0", "old -1"), 400),
        (fine.replace("old 0", "new 0"), 400),
        (fine.replace("old 0\n", "old 0\nAAAA\n"), 400),
        (fine.replace("\n\n", "\r\n\r\n"), 400),
        (format!("{fine}x"), 400),
        (format!("old 0\n{}\n{}", format!("{}\n", Hash([1; 32])).repeat(64), &fine[7..]), 400),
        (setting.submission(0, 3).replace("old 0", "old 4"), 400),
        // 404, 403: another log, another key, a signature of the right key over other words.
        (setting.tree.submission("log.example/two", 0, 3, &setting.key), 404),
        (setting.tree.submission(ORIGIN, 0, 3, &other), 403),
        (fine.replacen("previous 0", "previous 1", 1), 403),
        // 409: nothing was cosigned yet.
        (setting.submission(2, 3), 409),
        // 422: a proof where none is needed, a root that the empty tree has not.
        (fine.replace("old 0\n", &format!("old 0\n{}\n", Hash([1; 32]))), 422),
        (
            format!(
                "old 0\n\n{}",
                Checkpoint::sign(ORIGIN, (0, Hash([7; 32])), NOW, 0, None, &[&setting.key])
                    .render()
            ),
            422,
        ),
    ] {
        assert_eq!(status(&witness, &body), expected, "{body}");
    }
    assert_eq!(witness.checkpoint(&origin_hash(ORIGIN)).status, 404, "nothing of it was kept");
    assert_eq!(status(&witness, &setting.submission(0, 0)), 200);
    assert_eq!(status(&witness, &setting.submission(0, 3)), 200);
    // Another history: the same size, a larger one, with its own proof or a true one.
    let true_proof = setting.submission(3, 8);
    let (head, _) = true_proof.split_once("\n\n").unwrap();
    for body in [
        forked(0, 3).replace("old 0", "old 3"),
        forked(3, 8),
        format!("{head}\n\n{}", fork.checkpoint(ORIGIN, 8, &setting.key)),
        setting.submission(3, 8).replacen("old 3\n", &format!("old 3\n{}\n", Hash([1; 32])), 1),
        setting.submission(3, 3).replacen("old 3\n", &format!("old 3\n{}\n", Hash([1; 32])), 1),
    ] {
        assert_eq!(status(&witness, &body), 422, "{body}");
    }
    assert_eq!(status(&witness, &setting.submission(0, 8)), 409);
    assert_eq!(status(&witness, &setting.submission(3, 8)), 200);
    // A smaller tree is not cosigned again, even if it is correct.
    assert_eq!(status(&witness, &setting.submission(3, 5)), 409);
    assert_eq!(status(&witness, &forked(0, 3).replace("old 0", "old 8")), 400);
}

#[test]
fn a_state_that_was_damaged_is_not_taken_for_none() {
    let setting = Setting::new();
    let dir = setting.dir.path().join("witness");
    {
        let witness = setting.witness().unwrap();
        assert_eq!(status(&witness, &setting.submission(0, 3)), 200);
    }
    let path = dir.join("logs").join(origin_hash(ORIGIN));
    let sound = std::fs::read_to_string(&path).unwrap();
    let unsigned = setting.tree.checkpoint(ORIGIN, 3, &setting.key);
    for damaged in ["", &sound[..sound.len() - 9], &unsigned, &sound.replacen('3', "2", 1)] {
        std::fs::write(&path, damaged).unwrap();
        assert!(matches!(setting.witness(), Err(WitnessError::Damaged { .. })), "{damaged}");
    }
    std::fs::write(&path, &sound).unwrap();
    // Without its key it is another witness, and must not begin from nothing.
    let key = dir.join("witness.key");
    std::fs::rename(&key, dir.join("aside")).unwrap();
    assert!(matches!(setting.witness(), Err(WitnessError::Damaged { .. })));
    std::fs::rename(dir.join("aside"), &key).unwrap();
    let witness = setting.witness().unwrap();
    assert_eq!(status(&witness, &setting.submission(3, 8)), 200);
    // What cannot be kept is not cosigned.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert_eq!(status(&witness, &setting.submission(8, 8)), 500);
}

#[test]
fn a_log_that_submits_too_often_has_to_wait() {
    let setting = Setting::new();
    let mut options = setting.options();
    options.submissions = Rate { per_minute: 1, burst: 2 };
    let witness = Witness::open(&setting.dir.path().join("witness"), options).unwrap();
    let statuses: Vec<u16> = [(0, 3), (3, 5), (5, 8)]
        .map(|(old, size)| status(&witness, &setting.submission(old, size)))
        .to_vec();
    assert_eq!(statuses, [200, 200, 429]);
    let later = NOW.plus(std::time::Duration::from_secs(60));
    assert_eq!(witness.add(setting.submission(5, 8).as_bytes(), later).status, 200);
}

/// Everyone can read a checkpoint and send it once more.
#[test]
fn repeated_checkpoints_do_not_keep_the_log_from_submitting_new_ones() {
    let setting = Setting::new();
    let mut options = setting.options();
    options.submissions = Rate { per_minute: 1, burst: 2 };
    let witness = Witness::open(&setting.dir.path().join("witness"), options).unwrap();
    assert_eq!(status(&witness, &setting.submission(0, 3)), 200);
    let repeated: Vec<u16> = (0..4).map(|_| status(&witness, &setting.submission(3, 3))).collect();
    assert_eq!(repeated, [200, 200, 429, 429]);
    for _ in 0..4 {
        assert_eq!(status(&witness, &setting.submission(0, 3)), 409);
    }
    assert_eq!(status(&witness, &setting.submission(3, 5)), 200);
}

/// The requests of litewitness's own test, by the authors of the specification; its log is one of Sigsum. That version
/// answered with 403 where the specification now has 404, for a log that is not known; and it reads signatures whose
/// last character of base64 has bits that stand for nothing (RFC 4648, section 3.5), which are malformed here.
#[test]
fn requests_of_another_witness_get_the_answers_that_it_gives() {
    const REQUESTS: &str = include_str!("../../../tests/corpus/witness/litewitness.txt");
    let public = "ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f";
    let public = HEXLOWER.decode(public.as_bytes()).unwrap();
    let name =
        "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562";
    let log = VerifierKey { name: name.to_owned(), public: public.try_into().unwrap() };
    let setting = Setting::new();
    let options = WitnessOptions { logs: vec![log], ..setting.options() };
    let witness = Witness::open(&setting.dir.path().join("sigsum"), options).unwrap();
    let mut answered = Vec::new();
    for request in REQUESTS.split("\n= ").skip(1) {
        let (expected, body) = request.split_once('\n').unwrap();
        let body = format!("{}\n", body.trim_end_matches('\n'));
        let unknown = !body.contains(name);
        let is_loose = body.ends_with("6gx=\n");
        let expected = match unknown {
            true => 404,
            false if is_loose => 400,
            false => expected.parse().unwrap(),
        };
        let answer = witness.add(body.as_bytes(), NOW);
        assert_eq!(answer.status, expected, "{}\n{body}", answer.body);
        answered.push(expected);
    }
    assert_eq!(answered, [200, 400, 404, 422, 422, 200, 409, 200, 409]);
    let there = Checkpoint::parse(witness.checkpoint(&origin_hash(name)).body.as_bytes());
    assert_eq!(there.unwrap().size, 5);
}
