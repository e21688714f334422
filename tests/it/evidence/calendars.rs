//! OpenTimestamps with a calendar on loopback: promised, completed later, proved, and checked by both checkers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use data_encoding::HEXLOWER;
use pressmark::base::DigestAlgorithm;

use super::checkers::SCRIPT;
use super::findings;
use crate::support::archive::Archive;
use crate::support::cli::{command, pressmark, stderr, stdout};
use crate::support::web::Web;

const STORY: &str = "http://news.example/story";
const HEIGHT: u64 = 900_001;
const PENDING: [u8; 8] = [0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e];
const BITCOIN: [u8; 8] = [0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01];

fn sha256(bytes: &[u8]) -> Vec<u8> {
    DigestAlgorithm::Sha256.digest(bytes).as_bytes().to_vec()
}

/// An attestation as it is serialized; all lengths here are below 128.
fn attestation(tag: [u8; 8], payload: &[u8]) -> Vec<u8> {
    [&[0_u8][..], &tag, &[u8::try_from(payload.len()).unwrap()], payload].concat()
}

/// A calendar, whose server ends with the process. It accepts any digest, and has it in a block once that was mined.
struct Calendar {
    url: String,
    /// Its name in its promises.
    name: Arc<Mutex<String>>,
    mined: Arc<AtomicBool>,
    /// The Merkle root of its block.
    root: Arc<Mutex<Vec<u8>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Calendar {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let own = Self {
            name: Arc::new(Mutex::new(url.clone())),
            url,
            mined: Arc::default(),
            root: Arc::default(),
            asked: Arc::default(),
        };
        let (name, mined, root, asked) = (
            Arc::clone(&own.name),
            Arc::clone(&own.mined),
            Arc::clone(&own.root),
            Arc::clone(&own.asked),
        );
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let Some((line, body)) = request(&mut stream) else { continue };
                asked.lock().unwrap().push(line.clone());
                let (status, answer) = if line.starts_with("POST /digest ") {
                    assert_eq!(body.len(), 32);
                    let name = name.lock().unwrap().clone();
                    let payload = [&[u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
                    // Some bytes of its own, SHA-256, and the promise.
                    (
                        200,
                        [&[0xf0_u8, 3, 7, 7, 7, 0x08][..], &attestation(PENDING, &payload)]
                            .concat(),
                    )
                } else if mined.load(Ordering::SeqCst) {
                    let hex = line.split([' ', '/']).nth(3).unwrap();
                    let message = HEXLOWER.decode(hex.as_bytes()).unwrap();
                    *root.lock().unwrap() = sha256(&[&[1_u8, 2, 3, 4][..], &message].concat());
                    // The height, seven bits a byte.
                    let height = [
                        (HEIGHT & 0x7f) as u8 | 0x80,
                        (HEIGHT >> 7 & 0x7f) as u8 | 0x80,
                        (HEIGHT >> 14) as u8,
                    ];
                    (
                        200,
                        [&[0xf1_u8, 4, 1, 2, 3, 4, 0x08][..], &attestation(BITCOIN, &height)]
                            .concat(),
                    )
                } else {
                    (404, b"not yet".to_vec())
                };
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    answer.len()
                );
                let _ = stream.write_all(&[head.as_bytes(), &answer].concat());
            }
        });
        own
    }

    /// The block with its root, as a line of a list of headers, with the least possible work.
    fn header(&self) -> String {
        let root = self.root.lock().unwrap().clone();
        for nonce in 0_u32.. {
            let mut header = vec![0; 36];
            header.extend(&root);
            header.extend(1_762_400_000_u32.to_le_bytes());
            header.extend(0x207f_ffff_u32.to_le_bytes());
            header.extend(nonce.to_le_bytes());
            if sha256(&sha256(&header))[31] < 0x7f {
                return format!("{HEIGHT} {}\n", HEXLOWER.encode(&header));
            }
        }
        unreachable!("every other nonce will do")
    }
}

/// The first line and the body of a request.
fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let line = String::from_utf8_lossy(&bytes[..end]).lines().next()?.to_owned();
                return Some((line, bytes[end + 4..].to_vec()));
            }
        }
        match stream.read(&mut piece).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

/// What both checkers report for the step `bitcoin`.
fn checked(root: &Path, bundle: &Path, headers: Option<&Path>) -> [String; 2] {
    let step = |text: String| {
        let line = text.lines().find(|line| line.contains(" bitcoin: "));
        line.map_or(text.clone(), str::to_owned)
    };
    let mut ours = command(root);
    ours.args(["prove", "--check"]).arg(bundle);
    let mut script = Command::new("python3");
    script.arg("-B").arg(SCRIPT).arg(bundle);
    for command in [&mut ours, &mut script] {
        command.args(headers.map(|_| "--bitcoin-headers")).args(headers);
    }
    [ours, script].map(|mut command| step(stdout(&command.output().unwrap())))
}

#[test]
fn a_checkpoint_is_promised_and_later_in_a_block_and_both_checkers_confirm_it() {
    let calendar = Calendar::start();
    let mut archive = Archive::new().in_a_hurry();
    archive.sets.push(format!("evidence.calendars={}", calendar.url));
    let web = Web::start(archive.clock.clone());
    archive.resolve = web.resolve(&["news.example"]);
    web.page("news.example", "/story", "<title>A</title><p>The first words.");
    archive.crawl(&[STORY]);
    let root = archive.root();
    let proofs = || {
        let kept = std::fs::read_dir(root.join("evidence/checkpoints")).unwrap().flatten();
        let mut kept: Vec<_> = kept
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "ots"))
            .collect();
        kept.sort();
        kept
    };
    assert_eq!(proofs().len(), 1);
    let out = tempfile::tempdir().unwrap();
    let prove = |name: &str| {
        let bundle = out.path().join(name);
        let done = pressmark(&root, &["prove", STORY, "-o", bundle.to_str().unwrap()]);
        assert!(done.status.success(), "{}", stderr(&done));
        bundle
    };
    for said in checked(&root, &prove("promised.zip"), None) {
        assert!(said.starts_with("absent") && said.contains(&calendar.url), "{said}");
    }
    // Within the hour no calendar is asked; after it the calendar has no block yet.
    let asked = || calendar.asked.lock().unwrap().len();
    archive.later(Duration::from_mins(10));
    archive.crawl(&[STORY]);
    assert_eq!((asked(), proofs().len()), (1, 1));
    archive.later(Duration::from_mins(60));
    archive.crawl(&[STORY]);
    assert_eq!(proofs().len(), 2);
    calendar.mined.store(true, Ordering::SeqCst);
    archive.later(Duration::from_mins(61));
    archive.crawl(&[STORY]);
    let block = calendar.header();

    // The oldest checkpoint with a block is proved: the first, whose root is requested here.
    let done = pressmark(&root, &["captures", STORY, "--format", "json"]);
    let first = crate::support::cli::json_lines(&done)[0]["date"].as_str().unwrap().to_owned();
    let bundle = out.path().join("complete.zip");
    let done = pressmark(&root, &["prove", STORY, "--at", &first, "-o", bundle.to_str().unwrap()]);
    assert!(done.status.success(), "{}", stderr(&done));
    let said = checked(&root, &bundle, None);
    for said in &said {
        assert!(said.starts_with("absent") && said.contains("900001"), "{said}");
    }
    // The reader compares the root that the block of the first checkpoint has to hold.
    let shown = said[0].split("Merkle root is ").nth(1).unwrap()[..64].to_owned();
    let mut bytes = HEXLOWER.decode(shown.as_bytes()).unwrap();
    bytes.reverse();
    *calendar.root.lock().unwrap() = bytes;
    let headers = out.path().join("headers");
    std::fs::write(&headers, calendar.header()).unwrap();
    for said in checked(&root, &bundle, Some(&headers)) {
        assert!(said.starts_with("ok") && said.contains("made before 2025-11-06"), "{said}");
    }
    let wrong = out.path().join("wrong");
    assert_ne!(block, calendar.header(), "another checkpoint leads to another root");
    std::fs::write(&wrong, block).unwrap();
    for said in checked(&root, &bundle, Some(&wrong)) {
        assert!(said.starts_with("failed") && said.contains("does not have"), "{said}");
    }
    assert_eq!(findings(&root), Vec::<String>::new());
    let path = proofs().remove(0);
    let sound = std::fs::read(&path).unwrap();
    for at in [0, 40, sound.len() - 1] {
        let mut changed = sound.clone();
        changed[at] ^= 1;
        std::fs::write(&path, changed).unwrap();
        let found = findings(&root);
        // The last byte belongs to the height: another block, which only its header contradicts.
        let expected = at + 1 < sound.len();
        assert_eq!(found.iter().any(|one| one.contains("opentimestamps")), expected, "{found:?}");
    }
}

#[test]
fn a_calendar_that_names_another_or_is_unreachable_leaves_a_note_and_no_proof() {
    let calendar = Calendar::start();
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    assert!(pressmark(&root, &["init"]).status.success());
    crate::serve::Warc::new().page(STORY, "2024-01-02T00:00:00Z", "words").write(&root, "a.warc");
    "https://other.example".clone_into(&mut calendar.name.lock().unwrap());
    let set = format!("evidence.calendars={}, http://127.0.0.1:9", calendar.url);
    let done = pressmark(&root, &["evidence", "extend", "--set", &set]);
    let said = stderr(&done);
    assert!(said.contains("answers for the calendar https://other.example"), "{said}");
    assert!(said.contains("127.0.0.1_9: it could not be reached"), "{said}");
    let kept = std::fs::read_dir(root.join("evidence/checkpoints")).unwrap().flatten();
    assert!(kept.into_iter().all(|entry| !entry.file_name().to_string_lossy().ends_with(".ots")));
}
