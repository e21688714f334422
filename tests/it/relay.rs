//! A capture through a relay of a TLS server, both on loopback: proved, checked, and forged in a hundred ways.

mod forgeries;
mod server;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pressmark::base::Timestamp;
use pressmark::evidence::note::VerifierKey;
use pressmark::evidence::session::{Kept, KeptPart};

use crate::evidence::checkers::SCRIPT;
use crate::support::archive::records;
use crate::support::cli::{command, crawl, pressmark, stderr, stdout};

pub use server::{Authority, Kind};

/// A relay as a process; killed when it is dropped.
pub struct Relay {
    child: Child,
    pub url: String,
    pub key: String,
    pub dir: PathBuf,
}

impl Relay {
    /// A relay that finds each of these hosts at its port on loopback.
    pub fn start(root: &Path, hosts: &[(&str, u16)]) -> Self {
        let mut command = command(root);
        command.args([
            "relay",
            "--bind",
            "127.0.0.1:0",
            "--allow-private",
            "--name",
            "relay.example",
        ]);
        for (host, port) in hosts {
            command.args(["--resolve", &format!("{host}:443:127.0.0.1:{port}")]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap();
        let key = lines.next().unwrap().unwrap();
        Self { child, url, key, dir: root.join("relay") }
    }

    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::parse(&self.key).unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An archive with captures of these pages, through a relay.
pub struct Attested {
    _dir: tempfile::TempDir,
    pub root: PathBuf,
    pub relay: Relay,
    pub roots: PathBuf,
}

impl Attested {
    pub fn of(hosts: &[(&str, Kind)], urls: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("archive");
        let authority = Authority::new();
        let roots = dir.path().join("roots.pem");
        std::fs::write(&roots, authority.pem()).unwrap();
        let ports: Vec<(&str, u16)> =
            hosts.iter().map(|(host, kind)| (*host, authority.serve(host, *kind))).collect();
        let relay = Relay::start(&dir.path().join("relay-archive"), &ports);
        let attested = Self { _dir: dir, root, relay, roots };
        attested.crawl(urls);
        attested
    }

    /// Captures these pages again.
    pub fn crawl(&self, urls: &[&str]) {
        let mut crawl = crawl(&self.root, &[]);
        crawl.args(["--proxy", &self.relay.url, "--set"]);
        crawl.arg(format!("tls.roots_file={}", self.roots.display()));
        let done = crawl.args(urls).output().unwrap();
        assert!(done.status.success(), "{}", stderr(&done));
    }

    /// The parts of the session of a page, as they are in the archive, with the blocks of its request and its response, and
    /// its date.
    pub fn session(&self, url: &str) -> (Kept, Vec<u8>, Vec<u8>, Timestamp) {
        let all = records(&self.root);
        let mut kept = Kept::default();
        for record in all.iter().filter(|record| record.is("metadata", url)) {
            let slot = match KeptPart::of(&record.field("Content-Type")) {
                Some(KeptPart::Note) => &mut kept.note,
                Some(KeptPart::Sent) => &mut kept.sent,
                Some(KeptPart::Received) => &mut kept.received,
                Some(KeptPart::Secrets) => &mut kept.secrets,
                None => continue,
            };
            slot.clone_from(&record.block);
        }
        let one = |kind| all.iter().find(|record| record.is(kind, url)).unwrap();
        let response = one("response");
        let date = Timestamp::parse(&response.field("WARC-Date")).unwrap();
        (kept, one("request").block.clone(), response.block.clone(), date)
    }

    /// The result of `prove --check` for a bundle's session, with these further flags.
    pub fn check(&self, bundle: &Path, args: &[&str]) -> String {
        let mut check = command(&self.root);
        check.args(["prove", "--check"]).arg(bundle).args(args);
        let text = stdout(&check.output().unwrap());
        let line = text.lines().find(|line| line.contains(" session: "));
        line.unwrap_or_default().to_owned()
    }
}

const PAGE: &str = "https://news.example/page";

/// The result of the bundle's script for its session.
fn script(bundle: &Path, args: &[&str]) -> String {
    let done = Command::new("python3").arg(SCRIPT).arg(bundle).args(args).output().unwrap();
    let text = stdout(&done);
    let step = text.lines().find(|line| line.contains(" session: "));
    step.map_or(text.clone(), str::to_owned)
}

#[test]
fn a_capture_through_a_relay_is_proved_by_the_servers_own_word() {
    let attested =
        Attested::of(&[("news.example", Kind::Usual)], &[PAGE, "https://news.example/long"]);
    let bundle = attested.root.join("bundle.zip");
    for url in [PAGE, "https://news.example/long"] {
        let prove = command(&attested.root)
            .args(["prove", url, "--force", "-o"])
            .arg(&bundle)
            .output()
            .unwrap();
        assert!(prove.status.success(), "{}", stderr(&prove));
        let roots = attested.roots.to_str().unwrap();
        let key = attested.relay.key.as_str();
        let good = attested.check(&bundle, &["--relay", key, "--tls-roots", roots]);
        assert!(good.starts_with("ok"), "{good}");
        assert!(good.contains("news.example") && good.contains("working together"), "{good}");
        // Without its key the relay is not trusted; with another key, or other roots, the check fails.
        let unknown = attested.check(&bundle, &["--tls-roots", roots]);
        assert!(unknown.starts_with("absent"), "{unknown}");
        let other = Relay::start(&attested.root.join("other"), &[]);
        let foreign = attested.check(&bundle, &["--relay", &other.key, "--tls-roots", roots]);
        assert!(foreign.starts_with("failed"), "{foreign}");
        let web = attested.check(&bundle, &["--relay", key]);
        assert!(web.starts_with("failed") && web.contains("certificate"), "{web}");
        // The bundle's script has the same result.
        for (args, label, words) in [
            (&["--relay", key, "--tls-roots", roots][..], "ok", "working together"),
            (&["--tls-roots", roots], "absent", "give its key"),
            (&["--relay", key], "absent", "--tls-roots"),
            (&["--relay", &other.key, "--tls-roots", roots], "failed", "no relay whose key"),
        ] {
            let step = script(&bundle, args);
            assert!(step.starts_with(label) && step.contains(words), "{args:?}: {step}");
        }
    }
    // The certificate of a bundle states which trust remains necessary.
    let contents = pressmark::evidence::bundle::read_bundle(&bundle).unwrap();
    let page = contents.iter().find(|(name, _)| name == "certificate.html").unwrap();
    let page = String::from_utf8_lossy(&page.1).into_owned();
    assert!(page.contains("What the server itself attests") && page.contains("working together"));
}

/// Every suite, a server that asks for another key exchange, one that asks for a client's certificate, answers of several
/// kinds, and servers whose sessions are not attested.
#[test]
fn sessions_of_every_kind_are_checked() {
    let hosts = [
        ("aes128.example", Kind::Suite(0)),
        ("aes256.example", Kind::Suite(1)),
        ("chacha.example", Kind::Suite(2)),
        ("retry.example", Kind::Retry),
        ("asks.example", Kind::AsksForCertificate),
        ("closes.example", Kind::ClosesWithoutLength),
    ];
    // Of different lengths, so that none is a revisit of another.
    let url =
        |(at, (host, _)): (usize, &(&str, Kind))| format!("https://{host}/bytes/{}", 5000 + at);
    let urls: Vec<String> = hosts.iter().enumerate().map(url).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let attested = Attested::of(&hosts, &urls);
    let mut roots = pressmark::evidence::session::Roots::default();
    roots.add_pem(&std::fs::read(&attested.roots).unwrap()).unwrap();
    let mut suites = std::collections::BTreeSet::new();
    for url in urls {
        let (kept, request, response, date) = attested.session(url);
        let claimed = pressmark::evidence::session::Claimed {
            url,
            date,
            request: &request,
            response: &response,
            payload: None,
            truncated: false,
            interim: b"",
        };
        let keys = [attested.relay.verifier()];
        let found = pressmark::evidence::session::verify(&kept, &claimed, &keys, &roots);
        let found = found.unwrap_or_else(|why| panic!("{url}: {why}"));
        assert!(found.relay_is_known);
        suites.insert(found.suite);
        let bundle = attested.root.join("bundle.zip");
        let prove =
            command(&attested.root).args(["prove", url, "--force", "-o"]).arg(&bundle).output();
        let prove = prove.unwrap();
        assert!(prove.status.success(), "{}", stderr(&prove));
        let flags = [
            "--relay",
            attested.relay.key.as_str(),
            "--tls-roots",
            attested.roots.to_str().unwrap(),
        ];
        let step = script(&bundle, &flags);
        assert!(step.starts_with("ok") && step.contains(found.suite), "{url}: {step}");
    }
    assert_eq!(suites.len(), 3);
}

#[test]
fn a_server_of_an_older_version_is_not_captured_through_a_relay_and_plain_http_is_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let authority = Authority::new();
    let roots = dir.path().join("roots.pem");
    std::fs::write(&roots, authority.pem()).unwrap();
    let port = authority.serve("old.example", Kind::Tls12);
    let relay = Relay::start(&dir.path().join("relay-archive"), &[("old.example", port)]);
    let web = crate::support::web::Web::start(std::sync::Arc::new(pressmark::base::SystemClock));
    web.page("plain.example", "/", "<p>plain</p>");
    let mut crawl = crawl(&root, &web.resolve(&["plain.example"]));
    crawl.args(["--proxy", &relay.url, "--set"]).arg(format!("tls.roots_file={}", roots.display()));
    let done = crawl.args(["https://old.example/page", "http://plain.example/"]).output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
    let all = records(&root);
    assert!(all.iter().any(|record| record.is("response", "http://plain.example/")));
    assert!(!all.iter().any(|record| record.is("response", "https://old.example/page")));
    assert!(!all.iter().any(|record| KeptPart::of(&record.field("Content-Type")).is_some()));
    // The record of the failure states the reason and the remedy.
    let failed = all.iter().find(|record| record.is("metadata", "https://old.example/page"));
    let said = String::from_utf8_lossy(&failed.unwrap().block).into_owned();
    assert!(
        said.contains("does not offer TLS 1.3") && said.contains("without the relay"),
        "{said}"
    );
}

/// A revisit keeps no payload, but the whole session: it is proved like any capture, and a purge removes its ciphertext and its
/// secrets.
#[test]
fn a_revisit_is_proved_by_its_session_and_a_purge_takes_every_session_of_the_payload() {
    let attested = Attested::of(&[("news.example", Kind::Usual)], &[PAGE]);
    attested.crawl(&[PAGE]);
    let root = &attested.root;
    assert!(records(root).iter().any(|record| record.is("revisit", PAGE)));
    let bundle = root.join("bundle.zip");
    let prove = command(root).args(["prove", PAGE, "-o"]).arg(&bundle).output().unwrap();
    assert!(prove.status.success(), "{}", stderr(&prove));
    let roots = attested.roots.to_str().unwrap();
    let flags = ["--relay", attested.relay.key.as_str(), "--tls-roots", roots];
    let step = attested.check(&bundle, &flags);
    assert!(step.starts_with("ok"), "{step}");
    assert!(!step.contains("cut"), "the payload that a revisit leaves out was received: {step}");
    let step = script(&bundle, &flags);
    assert!(step.starts_with("ok"), "{step}");

    // The purge finds a bundle that stays below the archive, since it has the packed records.
    std::fs::remove_file(&bundle).unwrap();
    let parts = || {
        let all = records(root);
        let parts = all.iter().filter(|record| record.is("metadata", PAGE));
        parts.filter_map(|record| KeptPart::of(&record.field("Content-Type"))).collect::<Vec<_>>()
    };
    let count = |part: KeptPart| parts().into_iter().filter(|one| *one == part).count();
    assert_eq!((count(KeptPart::Received), count(KeptPart::Secrets)), (2, 2));
    let (.., date) = attested.session(PAGE);
    let date = date.to_warc_date();
    let purge = pressmark(root, &["purge", PAGE, "--at", &date, "--reason", "by order of a court"]);
    assert_eq!(purge.status.code(), Some(0), "{}{}", stdout(&purge), stderr(&purge));
    assert_eq!((count(KeptPart::Received), count(KeptPart::Secrets)), (0, 0));
    assert_eq!(count(KeptPart::Note), 2, "what the relay signed says nothing of the page");
    // The revisit can still be proved, without the removed parts.
    let prove = command(root).args(["prove", PAGE, "--force", "-o"]).arg(&bundle).output().unwrap();
    assert!(prove.status.success(), "{}", stderr(&prove));
    let check = command(root).args(["prove", "--check"]).arg(&bundle).output().unwrap();
    assert!(check.status.success(), "{}", stdout(&check));
    assert!(!stdout(&check).contains(" session: "), "{}", stdout(&check));
    let verify = pressmark(root, &["verify"]);
    assert!(verify.status.success(), "{}", stdout(&verify));
}

/// The addresses that a relay does not connect to, and the clients that it refuses.
#[test]
fn a_relay_is_no_open_proxy() {
    use std::io::{Read, Write};
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let mut relay = command(&root);
    relay.args(["relay", "--bind", "127.0.0.1:0", "--set", "relay.token=secret"]);
    let mut child = relay.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.next().unwrap().unwrap().trim_start_matches("relay://").to_owned();
    let ask = |head: &str| {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        stream.write_all(format!("{head}\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    let basic = data_encoding::BASE64.encode(b"anyone:secret");
    let with = |line: &str| ask(&format!("{line}\r\nProxy-Authorization: Basic {basic}"));
    assert_eq!(ask("CONNECT news.example:443 HTTP/1.1"), "407");
    assert_eq!(with("CONNECT news.example:25 HTTP/1.1"), "403");
    assert_eq!(with("CONNECT 192.0.2.1:443 HTTP/1.1"), "403");
    // A name that leads to this machine.
    assert_eq!(with("CONNECT www.localhost:443 HTTP/1.1"), "502");
    assert_eq!(ask("GET / HTTP/1.1"), "200");
    assert_eq!(ask(&format!("GET /session/{} HTTP/1.1", "0".repeat(32))), "404");
    assert_eq!(ask("GET /secrets HTTP/1.1"), "404");
    child.kill().unwrap();
    child.wait().unwrap();
    let key = pressmark(&root, &["relay", "--key"]);
    assert!(VerifierKey::parse(stdout(&key).trim()).is_some(), "{}", stderr(&key));
}
