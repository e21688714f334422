//! More than a hundred forgeries of one session, each of which is refused: without the relay's key, and with it. The latter is
//! what a relay that works together with the archive could do, and TLS still refuses it.

use pressmark::base::Timestamp;
use pressmark::evidence::LogKey;
use pressmark::evidence::session::{Attestation, Claimed, Flow, Kept, Roots, verify};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Attested, Kind, PAGE};
use crate::evidence::checkers::SCRIPT;

const LONG: &str = "https://news.example/long";

/// A session and the claims about it.
#[derive(Clone)]
struct Forged {
    kept: Kept,
    url: String,
    date: Timestamp,
    request: Vec<u8>,
    response: Vec<u8>,
}

struct Bench {
    genuine: Forged,
    relay: LogKey,
    keys: Vec<pressmark::evidence::note::VerifierKey>,
    roots: Roots,
    refused: usize,
    accepted: Vec<String>,
    /// All attempts, for the script.
    tried: Vec<(String, Forged)>,
}

impl Bench {
    fn check(&self, one: &Forged) -> Result<(), String> {
        let claimed = Claimed {
            url: &one.url,
            date: one.date,
            request: &one.request,
            response: &one.response,
            payload: None,
            truncated: false,
            interim: b"",
        };
        verify(&one.kept, &claimed, &self.keys, &self.roots).map(drop)
    }

    fn forge(&mut self, what: &str, change: impl FnOnce(&mut Forged)) {
        let mut forged = self.genuine.clone();
        change(&mut forged);
        match self.check(&forged) {
            Ok(()) => self.accepted.push(what.to_owned()),
            Err(_) => self.refused += 1,
        }
        self.tried.push((what.to_owned(), forged));
    }

    /// The same with a note that the relay signed over the changed data.
    fn forge_with_relay(&mut self, what: &str, change: impl FnOnce(&mut Forged, &mut Attestation)) {
        let (mut attestation, _) = Attestation::parse(&self.genuine.kept.note).unwrap();
        let mut forged = self.genuine.clone();
        change(&mut forged, &mut attestation);
        let flow = |bytes: &[u8]| {
            let digest = pressmark::base::DigestAlgorithm::Sha256.digest(bytes);
            Flow { length: bytes.len() as u64, sha256: digest.as_bytes().try_into().unwrap() }
        };
        attestation.sent = flow(&forged.kept.sent);
        attestation.received = flow(&forged.kept.received);
        let text = attestation.text();
        let mut note = pressmark::evidence::note::Note { text, signatures: Vec::new() };
        self.relay.sign_note("relay.example", &mut note);
        forged.kept.note = note.render().into_bytes();
        match self.check(&forged) {
            Ok(()) => self.accepted.push(format!("{what}, signed by the relay")),
            Err(_) => self.refused += 1,
        }
        self.tried.push((format!("{what}, signed by the relay"), forged));
    }
}

/// Positions spread over the bytes, including the first and the last.
fn places(length: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |n| n * (length - 1) / (count - 1))
}

#[test]
fn a_hundred_forgeries_of_a_session_are_refused() {
    let attested = Attested::of(
        &[("news.example", Kind::Usual)],
        &[PAGE, "https://news.example/bytes/6000", LONG],
    );
    let (kept, request, response, date) = attested.session(PAGE);
    let (other, ..) = attested.session("https://news.example/bytes/6000");
    let mut roots = Roots::default();
    roots.add_pem(&std::fs::read(&attested.roots).unwrap()).unwrap();
    let mut bench = Bench {
        genuine: Forged { kept, url: PAGE.to_owned(), date, request, response },
        relay: LogKey::read(&attested.relay.dir.join("relay.key")).unwrap().unwrap(),
        keys: vec![attested.relay.verifier()],
        roots,
        refused: 0,
        accepted: Vec::new(),
        tried: Vec::new(),
    };
    assert_eq!(bench.check(&bench.genuine), Ok(()));
    // A note that is signed again over the same data is valid: the forgeries below are refused for the changed data.
    bench.forge_with_relay("nothing", |_, _| {});
    assert_eq!(std::mem::take(&mut bench.accepted).len(), 1);

    let note = String::from_utf8(bench.genuine.kept.note.clone()).unwrap();
    for (at, line) in note.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        bench.forge(&format!("line {at} of the note, its last letter"), |forged| {
            let end = note.find(line).unwrap() + line.len() - 1;
            forged.kept.note[end] ^= 1;
        });
        bench.forge(&format!("line {at} of the note, left out"), |forged| {
            forged.kept.note = note.replacen(&format!("{line}\n"), "", 1).into_bytes();
        });
    }
    for at in places(bench.genuine.kept.sent.len(), 8) {
        bench.forge(&format!("byte {at} that was sent"), |forged| forged.kept.sent[at] ^= 0x10);
    }
    for at in places(bench.genuine.kept.received.len(), 12) {
        bench.forge(&format!("byte {at} that was received"), |forged| {
            forged.kept.received[at] ^= 0x10
        });
    }
    for at in places(bench.genuine.request.len(), 6) {
        bench.forge(&format!("byte {at} of the request record"), |forged| forged.request[at] ^= 1);
    }
    for at in places(bench.genuine.response.len(), 12) {
        bench
            .forge(&format!("byte {at} of the response record"), |forged| forged.response[at] ^= 1);
    }
    let secrets = String::from_utf8(bench.genuine.kept.secrets.clone()).unwrap();
    for (at, line) in secrets.lines().enumerate() {
        let start = secrets.find(line).unwrap();
        for place in [start + line.len() - 1, start + line.len() - 20, start + 20] {
            bench.forge(&format!("line {at} of the secrets at {place}"), |forged| {
                let byte = &mut forged.kept.secrets[place];
                *byte = if *byte == b'0' { b'1' } else { b'0' };
            });
        }
        bench.forge(&format!("line {at} of the secrets, left out"), |forged| {
            forged.kept.secrets = secrets.replacen(&format!("{line}\n"), "", 1).into_bytes();
        });
    }
    bench.forge("a shorter response", |forged| {
        forged.response.pop();
    });
    bench.forge("a longer response", |forged| forged.response.push(b'x'));
    bench.forge("an hour earlier", |forged| {
        forged.date = forged.date.minus(Duration::from_hours(1))
    });
    bench.forge("an hour later", |forged| forged.date = forged.date.plus(Duration::from_hours(1)));
    for url in [
        "https://other.example/page",
        "https://news.example:8443/page",
        "http://news.example/page",
        "https://news.example.evil.example/page",
        // The same server, and another page of it: for example a page where readers write.
        "https://news.example/comments",
        "https://news.example/page?page=2",
    ] {
        bench.forge(url, |forged| forged.url = url.to_owned());
    }
    let (note, sent, received, secrets) =
        (other.note.clone(), other.sent.clone(), other.received.clone(), other.secrets.clone());
    bench.forge("another session's note", |forged| forged.kept.note = note);
    bench.forge("another session's request", |forged| forged.kept.sent = sent);
    bench.forge("another session's answer", |forged| forged.kept.received = received);
    bench.forge("another session's secrets", |forged| forged.kept.secrets = secrets);
    bench.forge("another whole session", |forged| forged.kept = other.clone());
    bench.forge("both directions exchanged", |forged| {
        let kept = &mut forged.kept;
        std::mem::swap(&mut kept.sent, &mut kept.received);
    });

    // The same with the relay's key.
    for at in places(bench.genuine.kept.sent.len(), 8) {
        bench.forge_with_relay(&format!("byte {at} that was sent"), |forged, _| {
            forged.kept.sent[at] ^= 0x10;
        });
    }
    for at in places(bench.genuine.kept.received.len(), 16) {
        bench.forge_with_relay(&format!("byte {at} that was received"), |forged, _| {
            forged.kept.received[at] ^= 0x10;
        });
    }
    bench.forge_with_relay("the last record cut", |forged, _| {
        forged.kept.received.pop();
    });
    bench.forge_with_relay("bytes after the end", |forged, _| {
        forged.kept.received.extend_from_slice(&[23, 3, 3, 0, 20]);
    });
    bench.forge_with_relay("a record twice", |forged, _| {
        let last = forged.kept.received.clone();
        forged.kept.received.extend_from_slice(&last[last.len() - 24..]);
    });
    bench.forge_with_relay(
        "a time at which the certificate is not valid",
        |forged, attestation| {
            let years = Duration::from_hours(24 * 365 * 3000);
            attestation.begin = attestation.begin.plus(years);
            attestation.end = attestation.begin;
            forged.date = attestation.begin;
        },
    );
    bench.forge_with_relay("another host", |forged, attestation| {
        attestation.host = "other.example".to_owned();
        forged.url = "https://other.example/page".to_owned();
    });
    bench.forge_with_relay("another session's secrets", |forged, _| {
        forged.kept.secrets.clone_from(&other.secrets);
    });
    // The archive hangs up early, and the relay signs what it forwarded: the beginning of an answer is not the answer.
    let (long, request, response, date) = attested.session(LONG);
    let whole = Forged { kept: long, url: LONG.to_owned(), date, request, response };
    assert_eq!(bench.check(&whole), Ok(()));
    bench.forge_with_relay("an answer that was cut between two records", |forged, _| {
        *forged = whole.clone();
        let mut ends = vec![0];
        let received = &whole.kept.received;
        while let Some(head) = received[ends[ends.len() - 1]..].first_chunk::<5>() {
            let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
            ends.push(ends[ends.len() - 1] + 5 + length);
        }
        let last = ends.windows(2).rposition(|ends| ends[1] - ends[0] > 100).unwrap();
        forged.kept.received.truncate(ends[last]);
        // The protection of a record, and its type, are not part of the answer.
        let gone = ends[last + 1] - ends[last] - 5 - 16 - 1;
        forged.response.truncate(forged.response.len() - gone);
    });

    // The bundle's script refuses the same: all but the genuine session, which the relay signed again.
    let tried = std::mem::take(&mut bench.tried);
    let said = by_script(&tried, &attested.relay.key, &attested.roots);
    assert_eq!(said.len(), tried.len());
    assert!(said[0].starts_with("ok"), "{}: {}", tried[0].0, said[0]);
    for ((what, _), said) in tried.iter().zip(&said).skip(1) {
        assert!(said.starts_with("failed"), "{what}: {said}");
    }
    // Roots of another day, and an unknown relay.
    let roots = std::mem::take(&mut bench.roots);
    bench.forge("roots that do not hold its authority", |_| {});
    bench.roots = roots;
    let stranger = attested.relay.dir.join("stranger.key");
    let key = LogKey::make(&stranger).unwrap().verifier("relay.example");
    let keys = std::mem::replace(&mut bench.keys, vec![key]);
    bench.forge("a relay of the same name with another key", |_| {});
    bench.keys = keys;
    println!("{} forgeries refused, {} accepted", bench.refused, bench.accepted.len());
    assert_eq!(bench.accepted, Vec::<String>::new());
    assert!(bench.refused >= 100, "{} forgeries", bench.refused);
}

/// Sends sessions to the script, a line of JSON each; returns its results.
const SESSIONS: &str = r#"
import base64, importlib.util, json, sys
spec = importlib.util.spec_from_file_location("check", sys.argv[1])
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)
class known:
    relays = [check.Key(sys.argv[2])]
    tls_roots = open(sys.argv[3], "rb").read()
for line in sys.stdin:
    said = json.loads(line)
    block = lambda name: base64.b64decode(said[name])
    parts = {name: block(name) for name in ("relay-note", "tls-sent", "tls-received", "tls-secrets")}
    claimed = check.Claimed(said["url"], said["date"], block("request"), block("response"))
    try:
        print("ok", check.verify_session(parts, claimed, known))
    except check.Absent as why:
        print("absent", ascii(str(why)))
    except Exception as why:
        print("failed", ascii(str(why)))
"#;

fn by_script(sessions: &[(String, Forged)], relay: &str, roots: &Path) -> Vec<String> {
    let mut run = Command::new("python3")
        .args(["-B", "-c", SESSIONS, SCRIPT, relay])
        .arg(roots)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = run.stdin.take().unwrap();
    let lines: Vec<String> = sessions
        .iter()
        .map(|(_, one)| {
            let text = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
            let said = serde_json::json!({
                "relay-note": text(&one.kept.note),
                "tls-sent": text(&one.kept.sent),
                "tls-received": text(&one.kept.received),
                "tls-secrets": text(&one.kept.secrets),
                "url": one.url,
                "date": one.date.to_warc_date(),
                "request": text(&one.request),
                "response": text(&one.response),
            });
            format!("{said}\n")
        })
        .collect();
    let writer = std::thread::spawn(move || {
        lines.iter().for_each(|line| input.write_all(line.as_bytes()).unwrap());
    });
    let done = run.wait_with_output().unwrap();
    writer.join().unwrap();
    String::from_utf8(done.stdout).unwrap().lines().map(str::to_owned).collect()
}
