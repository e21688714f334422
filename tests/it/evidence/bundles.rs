//! Bundles: created, checked by us and by a script that needs only openssl and Python, and damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use pressmark::base::Clock;
use pressmark::evidence::bundle::{Contents, read_bundle, write_zip};
use pressmark::evidence::log::Appender;
use pressmark::evidence::{Log, Options, VerifyOptions};
use pressmark::store::Layout;

use super::authority::Authority;
use super::checkers::{self, Given, ours};
use super::{findings, findings_with};
use crate::support::archive::Archive;
use crate::support::cli::{pressmark, stderr, stdout};
use crate::support::web::{Reply, Web};

const STORY: &str = "http://news.example/story";

/// An archive with a story behind a redirect, captured twice, the second time unchanged.
fn archive(authorities: &[&Authority]) -> (Archive, Web) {
    let mut archive = Archive::new().in_a_hurry();
    if let Some(first) = authorities.first() {
        let urls: Vec<String> = authorities.iter().map(|a| a.url.clone()).collect();
        let roots = first.dir.path().join("roots.pem");
        let all: String =
            authorities.iter().map(|a| fs::read_to_string(a.roots()).unwrap()).collect();
        fs::write(&roots, all).unwrap();
        archive = archive
            .set(&format!("evidence.timestamp_authorities={}", urls.join(",")))
            .set(&format!("evidence.timestamp_roots={}", roots.display()));
    }
    let web = Web::start(archive.clock.clone());
    archive.resolve = web.resolve(&["news.example"]);
    let moved = "HTTP/1.1 301 Moved\r\nLocation: /story\r\nContent-Length: 0\r\n\r\n";
    web.on("news.example", "/old", Reply::Bytes(moved.into()));
    web.page(
        "news.example",
        "/story",
        "<title>Bridge closed</title><article><h1>Bridge closed</h1><p>The bridge was closed on Monday after an inspection found 3 cracks in it.</p><p>The council said that repairs would take until the spring of next year.</p></article>",
    );
    for _ in 0..2 {
        archive.crawl(&["http://news.example/old"]);
        archive.later(Duration::from_hours(48));
    }
    (archive, web)
}

fn prove(archive: &Archive, url: &str, name: &str) -> (PathBuf, Output) {
    let out = archive.root().parent().unwrap().join(name);
    let done = pressmark(&archive.root(), &["prove", url, "-o", &out.display().to_string()]);
    (out, done)
}

fn script(bundle: &Path) -> Output {
    checkers::script(bundle, &Given::default())
}

fn failed(contents: &Contents) -> Vec<&'static str> {
    ours(contents, &Given::default())
}

#[test]
fn a_bundle_holds_the_capture_and_all_that_belongs_to_it_and_checks_out() {
    let (archive, _web) = archive(&[]);
    let (out, done) = prove(&archive, STORY, "story.zip");
    assert!(done.status.success(), "{}", stderr(&done));
    let contents = read_bundle(&out).unwrap();
    let json = contents.iter().find(|(name, _)| name == "bundle.json").unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json.1).unwrap();
    let roles: Vec<(&str, &str)> = json["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["role"].as_str().unwrap(), r["type"].as_str().unwrap()))
        .collect();
    for expected in [
        ("warcinfo", "warcinfo"),
        ("capture", "revisit"),
        ("exchange", "request"),
        ("payload", "response"),
        ("redirect", "response"),
        ("robots", "response"),
    ] {
        let there =
            roles.iter().any(|r| *r == expected || expected.0 == "robots" && r.0 == "robots");
        assert!(
            there || expected.0 == "redirect" && roles.iter().any(|r| r.0 == "redirect"),
            "{expected:?} in {roles:?}"
        );
    }
    let text = |name: &str| {
        let found = contents.iter().find(|(n, _)| n == name);
        String::from_utf8(found.unwrap_or_else(|| panic!("no {name}")).1.clone()).unwrap()
    };
    assert!(text("article.txt").contains("3 cracks"));
    assert!(text("certificate.html").contains("What is not claimed"));
    let checked = pressmark(&archive.root(), &["prove", "--check", &out.display().to_string()]);
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
    let by_script = script(&out);
    assert!(by_script.status.success(), "{}{}", stdout(&by_script), stderr(&by_script));
    // The same capture gives the same bytes but for the time at which the bundle was made.
    let (again, _) = prove(&archive, STORY, "again.zip");
    let differ: Vec<String> = read_bundle(&again)
        .unwrap()
        .into_iter()
        .zip(contents)
        .filter(|(a, b)| a != b)
        .map(|(a, _)| a.0)
        .collect();
    let may = ["certificate.html", "bundle.json", "SHA256SUMS", "SHA256SUMS.sig"];
    assert!(differ.iter().all(|name| may.contains(&name.as_str())), "{differ:?}");
}

#[test]
fn the_records_in_a_bundle_are_the_very_members_of_the_archive() {
    let (archive, _web) = archive(&[]);
    let (out, _) = prove(&archive, STORY, "story.zip");
    let contents = read_bundle(&out).unwrap();
    let warc = &contents.iter().find(|(name, _)| name == "capture.warc.gz").unwrap().1;
    let json = &contents.iter().find(|(name, _)| name == "bundle.json").unwrap().1;
    let json: serde_json::Value = serde_json::from_slice(json).unwrap();
    let mut total = 0;
    for record in json["records"].as_array().unwrap() {
        let number = |key: &str| usize::try_from(record[key].as_u64().unwrap()).unwrap();
        let file = archive.root().join("warc").join(record["archive_file"].as_str().unwrap());
        let bytes = fs::read(file).unwrap();
        let there = &bytes[number("archive_offset")..][..number("length")];
        assert_eq!(there, &warc[number("offset")..][..number("length")]);
        total += number("length");
    }
    assert_eq!(total, warc.len());
}

/// Every kind of damage to a bundle, and the step that must fail.
#[test]
fn a_spoiled_bundle_names_the_step_that_fails() {
    let (archive, _web) = archive(&[]);
    let (out, _) = prove(&archive, STORY, "story.zip");
    let sound = read_bundle(&out).unwrap();
    assert_eq!(failed(&sound), Vec::<&str>::new());
    // A forger rewrites the list of files.
    let relisted = |mut contents: Contents| {
        contents.retain(|(name, _)| name != "SHA256SUMS");
        let mut lines = String::new();
        for (name, bytes) in contents.iter().filter(|(name, _)| name != "SHA256SUMS.sig") {
            let sum = pressmark::base::DigestAlgorithm::Sha256.digest(bytes).to_string();
            lines.push_str(&format!("{}  {name}\n", sum.trim_start_matches("sha256:")));
        }
        contents.push(("SHA256SUMS".to_owned(), lines.into_bytes()));
        contents
    };
    for (name, at, step) in [
        ("capture.warc.gz", 700, "records"),
        ("leaves/01.txt", 30, "leaves"),
        ("leaves/02.txt", 60, "inclusion"),
        ("proofs/02.tlog-proof", 40, "inclusion"),
        ("proofs/01.path", 9, "inclusion"),
        ("checkpoint", 3, "checkpoint"),
        ("keys/01.pem", 40, "keys"),
        ("keys/01.txt", 60, "keys"),
        ("keys/01.tlog-proof", 40, "keys"),
        ("log/newest", 3, "consistency"),
        ("log/consistency", 40, "consistency"),
        ("check.py", 40, "checker"),
        ("article.txt", 5, "files-signature"),
        ("certificate.html", 500, "files-signature"),
        ("SHA256SUMS.sig", 5, "files-signature"),
    ] {
        let mut spoiled = sound.clone();
        let bytes = &mut spoiled.iter_mut().find(|(n, _)| n == name).unwrap().1;
        bytes[at] ^= 1;
        if name != "SHA256SUMS.sig" {
            assert!(failed(&spoiled).contains(&"files"), "{name}");
        }
        let relisted_bundle = relisted(spoiled);
        let fails = failed(&relisted_bundle);
        assert!(fails.contains(&step) && !fails.contains(&"files"), "{name}: {fails:?}");
        let path = out.with_file_name("spoiled.zip");
        write_zip(&path, &relisted_bundle).unwrap();
        let by_script = script(&path);
        assert_eq!(by_script.status.code(), Some(1), "{name}: {}", stdout(&by_script));
        let ours = pressmark(&archive.root(), &["prove", "--check", &path.display().to_string()]);
        assert_eq!(ours.status.code(), Some(4), "{name}");
    }
    for (name, _) in &sound {
        let mut spoiled = sound.clone();
        spoiled.retain(|(n, _)| n != name);
        assert_ne!(failed(&spoiled), Vec::<&str>::new(), "without {name}");
    }
}

#[test]
fn a_bundle_that_is_not_a_zip_any_more_fails_its_check() {
    let (archive, _web) = archive(&[]);
    let (out, _) = prove(&archive, STORY, "story.zip");
    let whole = std::fs::read(&out).unwrap();
    for bytes in [&whole[..whole.len() / 2], b"", b"no zip at all"] {
        let path = out.with_file_name("broken.zip");
        std::fs::write(&path, bytes).unwrap();
        let check = pressmark(&archive.root(), &["prove", "--check", &path.display().to_string()]);
        assert_eq!(check.status.code(), Some(4), "{}", stdout(&check));
        assert!(stdout(&check).starts_with("failed  zip: "), "{}", stdout(&check));
    }
}

/// Unpacks a bundle. Returns its certificate.
fn unpack(bundle: &Path, into: &Path) -> String {
    for (name, bytes) in read_bundle(bundle).unwrap() {
        let path = into.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::read_to_string(into.join("certificate.html")).unwrap()
}

/// Runs the commands of a certificate. Returns what each step printed.
fn typed(html: &str, dir: &Path) -> Vec<String> {
    let steps = html.split("<ol>").nth(1).unwrap();
    let mut said = Vec::new();
    for block in steps.split("<pre>").skip(1) {
        let commands = block.split("</pre>").next().unwrap();
        let commands = commands
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
            .replace("| less", "| cat");
        let done = Command::new("sh").arg("-ec").arg(&commands).current_dir(dir).output().unwrap();
        assert!(done.status.success(), "{commands}\n{}", stderr(&done));
        said.push(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    said
}

/// Runs the commands that the certificate gives to a reader.
#[test]
fn the_commands_in_the_certificate_do_what_it_says() {
    let (archive, _web) = archive(&[]);
    let (out, _) = prove(&archive, STORY, "story.zip");
    let dir = tempfile::tempdir().unwrap();
    let html = unpack(&out, dir.path());
    let said = typed(&html, dir.path());
    assert!(said[0].contains("capture.warc.gz: OK"), "{}", said[0]);
    assert!(said[1].contains("Verified Successfully"), "{}", said[1]);
    // The leaf holds both sums.
    let sums: Vec<&str> = said[3].lines().take(2).map(|l| l.split(' ').next().unwrap()).collect();
    assert!(sums.iter().all(|sum| said[3].contains(&format!("sha256:{sum}"))), "{}", said[3]);
    let roots: Vec<&str> = said[4].lines().collect();
    assert!(roots.len() == 2 && roots[0] == roots[1], "{}", said[4]);
    assert!(said[5].contains("Verified Successfully"), "{}", said[5]);
    assert!(said[6].contains("Verified Successfully"), "{}", said[6]);
    assert_eq!(said.len(), 7);
    // Nothing was left in the folder: it still checks out, by its own script too.
    let own = Command::new("python3").arg(dir.path().join("check.py")).output().unwrap();
    assert!(own.status.success(), "{}{}", stdout(&own), stderr(&own));
    let folder = dir.path().to_str().unwrap();
    let checked = pressmark(&archive.root(), &["prove", "--check", folder]);
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
}

/// The commands for a key that was replaced, and for time stamps.
#[test]
fn the_commands_for_later_keys_do_what_they_say() {
    let (archive, _web) = archive(&[]);
    let layout = Layout::new(&archive.root());
    let appender = Appender::open(&layout, &Options::default()).unwrap();
    appender.new_key(archive.clock.now()).unwrap();
    let (out, done) = prove(&archive, STORY, "story.zip");
    assert!(done.status.success(), "{}", stderr(&done));
    let dir = tempfile::tempdir().unwrap();
    let html = unpack(&out, dir.path());
    let said = typed(&html, dir.path());
    let verified = said.iter().filter(|said| said.contains("Verified Successfully")).count();
    // The list, the checkpoint, the newest checkpoint, the change of key.
    assert_eq!((verified, said.len()), (4, 8), "{said:?}");
}

#[test]
fn time_stamps_are_requested_kept_and_included_in_the_bundle() {
    let Some(rsa) = Authority::start("rsa") else { return };
    let Some(ecdsa) = Authority::start("ecdsa") else { return };
    let (archive, _web) = archive(&[&rsa, &ecdsa]);
    let layout = Layout::new(&archive.root());
    let kept = pressmark::evidence::timestamp::kept(&layout).unwrap();
    assert_eq!(kept.len(), 4, "two checkpoints, two authorities each");
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
    let (out, done) = prove(&archive, STORY, "story.zip");
    assert!(done.status.success(), "{}", stderr(&done));
    let contents = read_bundle(&out).unwrap();
    assert_eq!(failed(&contents), Vec::<&str>::new());
    let stamps = contents.iter().filter(|(name, _)| name.ends_with(".tsr")).count();
    assert_eq!(stamps, 2);
    let by_script = script(&out);
    assert!(by_script.status.success(), "{}{}", stdout(&by_script), stderr(&by_script));
    assert!(stdout(&by_script).contains("timestamps: 20"), "{}", stdout(&by_script));
    // Any byte of a token, and any of its chain.
    for end in [".tsr", ".pem"] {
        let dir = archive.root().join("evidence/checkpoints");
        let path = fs::read_dir(&dir).unwrap().flatten().map(|e| e.path());
        let path = path.filter(|p| p.to_string_lossy().ends_with(end)).min().unwrap();
        let sound = fs::read(&path).unwrap();
        for at in (0..sound.len()).step_by(97) {
            let mut bytes = sound.clone();
            bytes[at] ^= 4;
            fs::write(&path, &bytes).unwrap();
            assert!(!findings(&archive.root()).is_empty(), "{end} at {at}");
        }
        fs::remove_file(&path).unwrap();
        assert!(!findings(&archive.root()).is_empty(), "without a {end}");
        fs::write(&path, &sound).unwrap();
    }
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
    // A stamp that is removed with its chain: the checkpoint after it has a leaf of it.
    let first = kept.iter().map(|k| k.size).min().unwrap();
    let dir = archive.root().join("evidence/checkpoints");
    let parts = fs::read_dir(&dir).unwrap().flatten().map(|e| e.path());
    let parts: Vec<(PathBuf, Vec<u8>)> = parts
        .filter(|p| {
            p.extension().is_some() && p.to_string_lossy().contains(&format!("{first:012}."))
        })
        .map(|p| (p.clone(), fs::read(p).unwrap()))
        .collect();
    assert_eq!(parts.len(), 4);
    parts.iter().for_each(|(path, _)| fs::remove_file(path).unwrap());
    let found = findings(&archive.root());
    let gone = found.iter().filter(|f| f.contains("is gone, with its chain")).count();
    assert_eq!((gone, found.len()), (2, 2), "{found:?}");
    parts.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
    // Roots of someone else.
    let other = Authority::start("rsa").unwrap();
    let trust = pressmark::evidence::Trust::from_pem(&fs::read(other.roots()).unwrap()).unwrap();
    let options = VerifyOptions { trust, ..VerifyOptions::default() };
    let found = findings_with(&archive.root(), &options);
    assert!(found.iter().any(|f| f.contains("not trusted")), "{found:?}");
}

#[test]
fn an_unreachable_authority_blocks_nothing_and_is_asked_again() {
    let Some(authority) = Authority::start("ecdsa") else { return };
    let (mut archive, _web) = archive(&[&authority]);
    let layout = Layout::new(&archive.root());
    let count = || pressmark::evidence::timestamp::kept(&layout).unwrap().len();
    assert_eq!(count(), 2);
    let away = format!("evidence.timestamp_authorities={},http://127.0.0.1:9/", authority.url);
    let set = |archive: &Archive| {
        let roots = archive.sets.iter().find(|s| s.contains("timestamp_roots")).unwrap().clone();
        let mut args = vec!["evidence".to_owned(), "extend".to_owned()];
        for set in [&away, &roots] {
            args.extend(["--set".to_owned(), set.clone()]);
        }
        args
    };
    archive.sets.retain(|s| !s.contains("timestamp_authorities"));
    archive.crawl(&[STORY]);
    assert_eq!(count(), 2, "nobody was asked");
    let args = set(&archive);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = pressmark(&archive.root(), &args);
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(stderr(&done).contains("127.0.0.1_9"), "{}", stderr(&done));
    assert_eq!(count(), 3, "the one that is there has stamped");
    let log = Log::open(&layout).unwrap();
    assert_eq!(log.checkpoint_sizes().unwrap().len(), 3);
}
