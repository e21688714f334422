//! Unknown clients all get the same answer, known peers get what was agreed on, and a peer's claims need proof.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pressmark::answers::Archive;
use pressmark::base::{Clock, SystemClock, TimeRange, Timestamp};
use pressmark::evidence::note::VerifierKey;
use pressmark::evidence::{LogKey, Policy, Trust};
use pressmark::peer::answering::{AnsweringOptions, Proving, Reply};
use pressmark::peer::asking::{Answered, AskError, Compared};
use pressmark::peer::message::{List, Request, Wanted, sign_answer};
use pressmark::peer::{Answering, Ask, Asking, Outcome, Peer, Peers};
use pressmark::readings::Readings;
use pressmark::store::{Layout, Reader};
use pressmark::witness::rate::Rate;

use super::{add, keys};
use crate::serve::Warc;
use crate::support::cli::{pressmark, stderr};

const SHARED: &str = "http://a.example/shared/page";
const OTHER: &str = "http://a.example/private/page";
const BODY: &str = "<h1>Harbour plan approved</h1><p>The council approved the harbour plan on Tuesday by 14 votes to 9.</p>\
    <p>“We owe the fishermen an answer,” said Ruth Okafor, the mayor of the town, after the vote.</p>";

/// Two archives that are peers of each other; both have the shared page and another one.
struct Two {
    _dir: tempfile::TempDir,
    ours: PathBuf,
    theirs: PathBuf,
}

impl Two {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let of = |name: &str, votes: &str| {
            let root = dir.path().join(name);
            assert!(pressmark(&root, &["init"]).status.success());
            let body = BODY.replace("14 votes", votes);
            Warc::new()
                .page(SHARED, "2026-01-02T00:00:00Z", &body)
                .page(SHARED, "2026-01-04T00:00:00Z", &body)
                .page(OTHER, "2026-01-02T00:00:00Z", &body)
                .write(&root, &format!("{name}.warc"));
            let extend = pressmark(&root, &["evidence", "extend"]);
            assert!(extend.status.success(), "{}", stderr(&extend));
            root
        };
        let (ours, theirs) = (of("ours", "14 votes"), of("theirs", "41 votes"));
        let (our_keys, their_keys) = (keys(&ours), keys(&theirs));
        let share = ["http://a.example/shared/"];
        add(&ours, "theirs", "http://theirs.example/", &their_keys, &share);
        add(&theirs, "ours", "http://ours.example/", &our_keys, &share);
        Self { _dir: dir, ours, theirs }
    }
}

/// One of the archives, opened.
struct Side {
    archive: Archive,
    answering: Answering,
    key: LogKey,
    peer: Peer,
}

impl Side {
    fn of(root: &Path) -> Self {
        Self::with(root, Rate { per_minute: 1000, burst: 1000 })
    }

    fn with(root: &Path, requests: Rate) -> Self {
        let (reader, _) = Reader::open(root, 8 << 20).unwrap();
        let readings = Readings::open(&reader.layout().derived_dir(), 1 << 30);
        let layout = Layout::new(root);
        let peers = Peers::of(&layout);
        let options = AnsweringOptions { requests, proof_bytes_max: 1 << 20 };
        Self {
            archive: Archive::new(reader, readings),
            answering: Answering::new(&layout, options),
            key: peers.key().unwrap().unwrap(),
            peer: peers.all().unwrap().remove(0),
        }
    }

    fn answer(&self, body: &[u8], signature: &str, now: Timestamp) -> Reply {
        let proving = || {
            Ok(Proving {
                log: pressmark::evidence::Options::default(),
                trust: Trust::default(),
                policy: Policy::of(Vec::new()),
            })
        };
        self.answering.answer(&self.archive, &proving, body, signature, now).unwrap()
    }
}

fn window() -> TimeRange {
    let at = |text| Timestamp::parse(text).unwrap();
    TimeRange { start: at("2026-01-01T00:00:00Z"), end: at("2026-02-01T00:00:00Z") }
}

fn captures(url: &str) -> Wanted {
    Wanted::Captures {
        url: url.to_owned(),
        since: window().start.to_warc_date(),
        until: window().end.to_warc_date(),
    }
}

#[test]
fn unknown_clients_get_one_answer_and_no_request_is_answered_twice() {
    let two = Two::new();
    let (ours, theirs) =
        (Side::of(&two.ours), Side::with(&two.theirs, Rate { per_minute: 6, burst: 6 }));
    let now = SystemClock.now();
    let their_key = ours.peer.verifier().unwrap();
    let request = |key: &LogKey, to: &VerifierKey, at: Timestamp, wanted: Wanted| {
        Request::new(key, to, at, wanted).unwrap().signed(key)
    };
    let stranger = LogKey::make(&two.ours.join("stranger.key")).unwrap();
    let (good, signature) = request(&ours.key, &their_key, now, captures(SHARED));
    let mut changed = good.clone();
    let at = changed.windows(6).position(|w| w == b"shared").unwrap();
    changed[at] = b'S';
    let wrong = [
        request(&stranger, &their_key, now, captures(SHARED)),
        request(&stranger, &their_key, now, captures("http://nothing.example/")),
        // Signed by a stranger under the name of a peer.
        (good.clone(), request(&stranger, &their_key, now, captures(SHARED)).1),
        (changed, signature.clone()),
        (good.clone(), String::new()),
        // For another server that knows both.
        request(&ours.key, &stranger.verifier(""), now, captures(SHARED)),
        (b"{}".to_vec(), signature.clone()),
        (vec![b'x'; 5000], signature.clone()),
    ];
    let answers: Vec<Reply> =
        wrong.iter().map(|(body, signature)| theirs.answer(body, signature, now)).collect();
    assert!(answers.iter().all(|answer| answer.status == 403 && answer.signature.is_none()));
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    // The request itself is answered, once, and none of the forgeries has counted against the peer.
    assert_eq!(theirs.answer(&good, &signature, now).status, 200);
    let again = theirs.answer(&good, &signature, now);
    assert_eq!(again.status, 400);
    assert!(String::from_utf8(again.body).unwrap().contains("before"));
    for at in [now.minus(Duration::from_mins(6)), now.plus(Duration::from_mins(6))] {
        let (body, signature) = request(&ours.key, &their_key, at, captures(SHARED));
        assert_eq!(theirs.answer(&body, &signature, now).status, 400);
    }
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let (body, signature) = request(&ours.key, &their_key, now, captures(SHARED));
        let answer = theirs.answer(&body, &signature, now);
        assert_eq!(answer.retry_after.is_some(), answer.status == 429);
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429, 429]);
}

#[test]
fn what_was_not_agreed_on_is_answered_the_same_whether_it_is_held_or_not() {
    let two = Two::new();
    let (ours, theirs) = (Side::of(&two.ours), Side::of(&two.theirs));
    let now = SystemClock.now();
    let ask = |wanted: Wanted| {
        let key = ours.peer.verifier().unwrap();
        let (body, signature) =
            Request::new(&ours.key, &key, now, wanted).unwrap().signed(&ours.key);
        let reply = theirs.answer(&body, &signature, now);
        assert_eq!(
            reply.signature.as_deref(),
            Some(&*sign_answer(&theirs.key, &body, reply.status, &reply.body))
        );
        (reply.status, reply.body)
    };
    let held = ask(captures(OTHER));
    assert_eq!(held, ask(captures("http://a.example/private/nothing")));
    assert_eq!(held, ask(captures("http://nothing.example/")));
    let list = List::parse(&held.1).unwrap();
    assert!(!list.agreed && list.captures.is_empty());
    let shared = List::parse(&ask(captures(SHARED)).1).unwrap();
    assert_eq!(shared.captures.len(), 2);
    // A proof by the exact date and record of a held capture: it is in the archive's index, but not shared with peers.
    let entry = theirs.archive.find(OTHER, None, "test").unwrap();
    let proof = |url: &str, date: &str, record_id: &str| {
        ask(Wanted::Proof {
            url: url.to_owned(),
            date: date.to_owned(),
            record_id: record_id.to_owned(),
        })
    };
    let id = entry.record_id.unwrap().to_string();
    let date = entry.date.to_warc_date();
    let refused = proof(OTHER, &date, &id);
    assert_eq!(refused.0, 404);
    assert_eq!(refused, proof("http://nothing.example/", &date, &id));
    // Nor under the address that was agreed on.
    assert_eq!(refused, proof(SHARED, &date, &id));
    let one = &shared.captures[0];
    assert_eq!(proof(SHARED, &one.date, &one.record_id).0, 200);
    // Captures outside the window of an agreement are not answered for either.
    let mut peer = theirs.peer.clone();
    peer.since = Some("2026-01-03T00:00:00Z".to_owned());
    Peers::of(&Layout::new(&two.theirs)).keep(&peer).unwrap();
    drop(theirs);
    let later = Side::of(&two.theirs);
    let key = ours.peer.verifier().unwrap();
    let (body, signature) =
        Request::new(&ours.key, &key, now, captures(SHARED)).unwrap().signed(&ours.key);
    let list = List::parse(&later.answer(&body, &signature, now).body).unwrap();
    assert_eq!(list.captures.len(), 1);
}

/// A peer that answers correctly, except for one lie.
struct Liar<'a> {
    side: &'a Side,
    lie: &'a str,
    asked: Cell<usize>,
    /// A proof of another archive, in place of its own.
    foreign: Vec<u8>,
}

impl Ask for Liar<'_> {
    fn ask(
        &self,
        _: &Peer,
        body: &[u8],
        signature: &str,
        bytes_max: u64,
    ) -> Result<Answered, String> {
        self.asked.set(self.asked.get() + 1);
        let reply = self.side.answer(body, signature, SystemClock.now());
        let mut answer = Answered {
            status: reply.status,
            body: reply.body,
            signature: reply.signature.unwrap_or_default(),
        };
        let is_list = answer.body.starts_with(b"{");
        let sign = |answer: &mut Answered| {
            answer.signature = sign_answer(&self.side.key, body, answer.status, &answer.body);
        };
        match self.lie {
            "unsigned" => answer.signature.clear(),
            "signed for another" => {
                answer.signature = sign_answer(&self.side.key, b"x", 200, &answer.body)
            }
            "changed on its way" => {
                let last = answer.body.len() / 2;
                answer.body[last] ^= 1;
            }
            "other page" if is_list => {
                let text = String::from_utf8(answer.body.clone()).unwrap();
                answer.body = text.replace("/shared/page", "/shared/else").into_bytes();
                sign(&mut answer);
            }
            "other time" if is_list => {
                let text = String::from_utf8(answer.body.clone()).unwrap();
                answer.body = text.replace("2026-01-02T", "2025-01-02T").into_bytes();
                sign(&mut answer);
            }
            "too many" if is_list => {
                let mut list = List::parse(&answer.body).unwrap();
                let one = list.captures[0].clone();
                list.captures = vec![one; 101];
                answer.body = serde_json::to_vec(&list).unwrap();
                sign(&mut answer);
            }
            "foreign proof" if !is_list => {
                answer.body.clone_from(&self.foreign);
                sign(&mut answer);
            }
            "changed proof" if !is_list => {
                let at = answer.body.len() / 3;
                answer.body[at] ^= 0x40;
                sign(&mut answer);
            }
            "silent" if !is_list => return Err("it could not be reached".to_owned()),
            "garbage" if !is_list => {
                answer.body = vec![0xff; 1000];
                sign(&mut answer);
            }
            "one proof for all" if !is_list && self.asked.get() > 2 => {
                answer.body.clone_from(&self.foreign);
                sign(&mut answer);
            }
            _ => {}
        }
        if answer.body.len() as u64 > bytes_max {
            return Err("too long".to_owned());
        }
        Ok(answer)
    }
}

/// Of a page that is captured every minute, the newest captures are compared, each with the nearest ones of the peer, and a
/// peer that stops answering is not waited for a hundred times.
#[test]
fn a_page_of_many_captures_is_compared_next_to_each_of_them() {
    let two = Two::new();
    let begin = Timestamp::parse("2026-01-10T00:00:00Z").unwrap();
    let at = |minute: u64| begin.plus(Duration::from_mins(minute)).to_rfc3339();
    let changed = BODY.replace("harbour plan", "harbour budget");
    for (root, count) in [(&two.ours, 2_100), (&two.theirs, 150)] {
        let mut warc = Warc::new();
        for minute in 0..count {
            warc = warc.page(SHARED, &at(minute), BODY);
        }
        warc.page(SHARED, &at(2_100), &changed).write(root, "many.warc");
        for args in [&["reindex"][..], &["evidence", "extend"]] {
            let done = pressmark(root, args);
            assert!(done.status.success(), "{}", stderr(&done));
        }
    }
    let (ours, theirs) = (Side::of(&two.ours), Side::of(&two.theirs));
    let compare = |lie, captures_max| {
        let liar = Liar { side: &theirs, lie, asked: Cell::new(0), foreign: Vec::new() };
        let asking = Asking {
            archive: &ours.archive,
            key: &ours.key,
            trust: &Trust::default(),
            ask: &liar,
            clock: &SystemClock,
            proof_bytes_max: 1 << 20,
            captures_max,
            pairs: None,
        };
        let found = asking.compare(&ours.peer, SHARED, window()).unwrap();
        (found, liar.asked.get())
    };
    let (found, _) = compare("", 1);
    assert_eq!((found.ours, found.theirs, found.more), (2_103, 153, true));
    let [Outcome::Compared(one)] = found.outcomes.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.verdict.label(), one.apart_seconds), ("same-text", 0));

    let (found, asked) = compare("silent", 10);
    let silent = |outcome: &&Outcome| matches!(outcome, Outcome::Unproved { why, .. } if why.contains("stopped answering"));
    assert_eq!((found.outcomes.len(), found.outcomes.iter().filter(silent).count()), (10, 7));
    assert_eq!(asked, 2 + 3, "two lists, and three proofs");
}

#[test]
fn a_claim_of_a_peer_needs_its_proof() {
    let two = Two::new();
    let (ours, theirs) = (Side::of(&two.ours), Side::of(&two.theirs));
    let trust = Trust::default();
    let compare = |liar: &Liar<'_>| -> Result<Compared, AskError> {
        let asking = Asking {
            archive: &ours.archive,
            key: &ours.key,
            trust: &trust,
            ask: liar,
            clock: &SystemClock,
            proof_bytes_max: 1 << 20,
            captures_max: 10,
            pairs: None,
        };
        asking.compare(&ours.peer, SHARED, window())
    };
    let liar = |lie, foreign: &[u8]| Liar {
        side: &theirs,
        lie,
        asked: Cell::new(0),
        foreign: foreign.to_vec(),
    };
    let compared = |found: &Compared| {
        found.outcomes.iter().filter(|one| matches!(one, Outcome::Compared(_))).count()
    };
    let honest = compare(&liar("", &[])).unwrap();
    assert_eq!((compared(&honest), honest.ours, honest.theirs), (2, 2, 2));
    for outcome in &honest.outcomes {
        let Outcome::Compared(one) = outcome else { panic!("{outcome:?}") };
        assert_eq!(one.verdict.label(), "differs");
        assert!(one.confirmed, "captures of ours at the same time");
    }
    // The reader's archive proves its own captures: its proof in place of the peer's is not signed by the peer's log.
    let own_proof = {
        let now = SystemClock.now();
        let to = theirs.peer.verifier().unwrap();
        let ask = |wanted| {
            let (body, signature) =
                Request::new(&theirs.key, &to, now, wanted).unwrap().signed(&theirs.key);
            ours.answer(&body, &signature, now)
        };
        let list = List::parse(&ask(captures(SHARED)).body).unwrap();
        let one = list.captures[0].clone();
        ask(Wanted::Proof { url: one.url, date: one.date, record_id: one.record_id }).body
    };
    for lie in [
        "unsigned",
        "signed for another",
        "changed on its way",
        "other page",
        "other time",
        "too many",
    ] {
        let found = compare(&liar(lie, &[]));
        assert!(matches!(found, Err(AskError::Peer { .. })), "{lie}: {found:?}");
    }
    for lie in ["foreign proof", "changed proof", "garbage"] {
        let found = compare(&liar(lie, &own_proof)).unwrap();
        assert_eq!(compared(&found), 0, "{lie}");
        assert_eq!(found.outcomes.len(), 2, "{lie}");
    }
    // A valid proof of another capture than the requested one.
    let first = {
        let now = SystemClock.now();
        let to = ours.peer.verifier().unwrap();
        let list = honest.outcomes.iter().find_map(|one| match one {
            Outcome::Compared(one) => Some((one.theirs.date.clone(), one.theirs.record_id.clone())),
            Outcome::Unproved { .. } => None,
        });
        let (date, record_id) = list.unwrap();
        let wanted = Wanted::Proof { url: SHARED.to_owned(), date, record_id };
        let (body, signature) =
            Request::new(&ours.key, &to, now, wanted).unwrap().signed(&ours.key);
        theirs.answer(&body, &signature, now).body
    };
    let found = compare(&liar("one proof for all", &first)).unwrap();
    assert_eq!(compared(&found), 1);
    let Outcome::Unproved { why, .. } = &found.outcomes[1] else { panic!("{found:?}") };
    assert!(why.contains("another capture"), "{why}");
    // Pages outside the agreement are not requested at all.
    let asked = liar("", &[]);
    let asking = Asking {
        archive: &ours.archive,
        key: &ours.key,
        trust: &trust,
        ask: &asked,
        clock: &SystemClock,
        proof_bytes_max: 1 << 20,
        captures_max: 10,
        pairs: None,
    };
    assert!(matches!(asking.compare(&ours.peer, OTHER, window()), Err(AskError::NotAgreed { .. })));
    assert_eq!(asked.asked.get(), 0);
}

#[test]
fn a_server_without_peers_has_nothing_at_the_address() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    assert!(pressmark(&root, &["init"]).status.success());
    let running = crate::serve::start(&root);
    let head = format!(
        "POST /peer HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}",
        running.address
    );
    let answer = crate::serve::raw(running.address, head.as_bytes(), "POST");
    let nowhere = head.replace("/peer", "/nowhere");
    let other = crate::serve::raw(running.address, nowhere.as_bytes(), "POST");
    assert_eq!((answer.status, answer.text()), (other.status, other.text()));
    assert_eq!(answer.status, 404);
}
