//! Generated forgeries of a bundle: each must be found by both checkers.
//!
//! Three kinds of forger: one that changes files; one that updates the list of files, and omits its
//! signature or makes one with another key; and one that holds the key of the log, against which only
//! what follows from the records can be compared.

mod kinds;
mod means;
mod scene;

use std::fs;

use pressmark::evidence::bundle::{read_bundle, write_zip};
use serde_json::Value;

use self::kinds::{by_archive, by_files, by_fresh_key, by_log_key, by_tree, by_zip};
use self::means::{
    Forgeries, changed, changes, get, json_of, raw_zip, set, unsigned, with_json, without,
};
use self::scene::{SECRET, STORY, Scene};
use super::checkers::{Given, ours, script};
use crate::support::cli::{pressmark, stderr, stdout};

#[test]
fn every_forgery_is_found_by_both_checkers() {
    let Some(scene) = Scene::new() else { return };
    let sound = read_bundle(&scene.prove(STORY, "story.zip")).unwrap();
    let other = read_bundle(&scene.prove("http://news.example/other", "other.zip")).unwrap();
    let mut forged = Forgeries::new();
    by_fresh_key(&mut forged, &scene, &sound);
    by_archive(&mut forged, &scene);
    by_tree(&mut forged, &sound);
    // One known item is enough: the first key, or the first checkpoint.
    for given in [Given::key(&scene.keys[0]), Given::kept(&scene.first)] {
        assert_eq!(forged.missed(&given), Vec::<String>::new(), "{given:?}");
    }
    by_files(&mut forged, &sound, &other);
    by_zip(&mut forged, &sound);
    let json = json_of(&sound);
    for change in changes(&json) {
        let Some(json) = changed(&json, &change) else { continue };
        let name = format!("bundle.json{}, listed, unsigned", change.0);
        forged.add(name, &unsigned(with_json(&sound, &json)));
    }
    let stamp = json["timestamps"][0]["authority"].as_str().unwrap();
    let mut unstamped = json.clone();
    unstamped["timestamps"] = Value::Array(Vec::new());
    let files = ["tsr", "pem"].map(|end| format!("timestamps/{stamp}.{end}"));
    let gone = without(sound.clone(), &[files[0].as_str(), files[1].as_str()]);
    forged.each("the time stamp gone", &gone);
    forged.each("the time stamp gone, and its entry", &with_json(&gone, &unstamped));
    assert!(forged.made.len() >= 400, "{} forgeries", forged.made.len());
    let missed = forged.missed(&scene.given());
    assert_eq!(missed, Vec::<String>::new(), "of {}", forged.made.len());
}

/// Statements that follow from nothing else in the bundle, whatever the key.
const FREE: [&str; 3] = ["/made", "/software", "/extractor"];

/// The key of the log is compromised, or its program has a bug: what follows from the records is still
/// compared with them.
#[test]
fn what_follows_from_the_records_is_compared_even_where_the_key_of_the_log_signed_it() {
    let Some(scene) = Scene::new() else { return };
    let sound = read_bundle(&scene.prove(STORY, "story.zip")).unwrap();
    let again = scene.signed_by_the_log(sound.clone());
    assert_eq!(ours(&again, &scene.given()), Vec::<&str>::new(), "the control");
    let mut forged = Forgeries::new();
    let json = json_of(&sound);
    for change in changes(&json) {
        let path = change.0.as_str();
        let ends = ["/archive_file", "/archive_offset", "/signer"];
        let is_free = FREE.contains(&path)
            || ends.iter().any(|end| path.ends_with(end))
            || path.contains("/withheld");
        let Some(json) = changed(&json, &change).filter(|_| !is_free) else { continue };
        forged
            .add(format!("bundle.json{path}"), &scene.signed_by_the_log(with_json(&sound, &json)));
    }
    // A role that the record cannot have.
    for (n, record) in json["records"].as_array().unwrap().iter().enumerate() {
        for role in ["warcinfo", "capture", "payload", "dns", "exchange"] {
            let mut json = json.clone();
            json["records"][n]["role"] = Value::from(role);
            if record["role"] != role {
                let forgery = scene.signed_by_the_log(with_json(&sound, &json));
                forged.add(format!("record {n} as {role}"), &forgery);
            }
        }
    }
    let text = |name: &str| String::from_utf8(get(&sound, name).to_vec()).unwrap();
    let consistency = text("log/consistency");
    let paragraphs: Vec<&str> = consistency.split("\n\n").collect();
    assert!(paragraphs.len() >= 5, "{consistency}");
    let first_hash = paragraphs[1].lines().nth(1).unwrap();
    let root = paragraphs[1].lines().next().unwrap().rsplit(' ').next().unwrap();
    let other_hash = paragraphs[2].lines().nth(1).unwrap();
    for (name, forgery) in [
        ("a hash of another proof", consistency.replacen(first_hash, other_hash, 1)),
        ("a hash left away", consistency.replacen(&format!("{first_hash}\n"), "", 1)),
        (
            "a hash twice",
            consistency.replacen(first_hash, &format!("{first_hash}\n{first_hash}"), 1),
        ),
        ("another root", consistency.replacen(root, other_hash, 1)),
        ("another size", consistency.replacen("old ", "old 1", 1)),
        ("no proofs", paragraphs[0].to_owned() + "\n"),
        ("no proof of the checkpoint", {
            let size = format!("old {} ", json["checkpoint"]["size"]);
            let kept = paragraphs.iter().filter(|p| !p.starts_with(&size));
            let kept: Vec<&str> = kept.map(|p| p.trim_end()).collect();
            kept.join("\n\n") + "\n"
        }),
        ("the other order", {
            let mut turned: Vec<&str> = paragraphs.iter().map(|p| p.trim_end()).collect();
            turned[1..].reverse();
            turned.join("\n\n") + "\n"
        }),
    ] {
        assert_ne!(consistency, forgery, "{name}");
        let mut contents = sound.clone();
        set(&mut contents, "log/consistency", forgery);
        forged.add(format!("consistency: {name}"), &scene.signed_by_the_log(contents));
    }
    for name in ["proofs/02.tlog-proof", "keys/02.tlog-proof"] {
        let proof = text(name);
        let hash = proof.lines().nth(2).unwrap();
        for (how, forgery) in [
            ("a hash left away", proof.replacen(&format!("{hash}\n"), "", 1)),
            ("an extra line", proof.replacen("index", "extra AA==\nindex", 1)),
            ("another index", proof.replacen("index ", "index 1", 1)),
        ] {
            let mut contents = sound.clone();
            set(&mut contents, name, forgery);
            forged.add(format!("{name}: {how}"), &scene.signed_by_the_log(contents));
        }
    }
    by_log_key(&mut forged, &scene, &sound);
    // Another checkpoint of the same log in the place of the one that the proofs lead to.
    for name in ["checkpoint", "log/newest"] {
        let mut contents = sound.clone();
        set(&mut contents, name, fs::read(&scene.first).unwrap());
        forged.add(format!("{name}: an older one"), &scene.signed_by_the_log(contents));
    }
    let missed = forged.missed(&scene.given());
    assert_eq!(missed, Vec::<String>::new(), "of {}", forged.made.len());
}

/// Unchanged bundles pass in both checkers, with any combination of flags.
#[test]
fn genuine_bundles_pass_in_both_checkers() {
    let Some(scene) = Scene::new() else { return };
    let story = scene.prove(STORY, "story.zip");
    let contents = read_bundle(&story).unwrap();
    let raw = scene.archive.root().with_extension("raw.zip");
    fs::write(&raw, raw_zip(&contents, b"", 0o100_644)).unwrap();
    let folder = scene.archive.root().with_extension("folder");
    for (name, bytes) in &contents {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    // The first of the keys and the newest; the checkpoint of the first run, before the key was
    // replaced, and the newest, which is younger than the one that the proofs lead to.
    let givens = [
        Given::default(),
        Given::key(&scene.keys[0]),
        Given::key(&scene.keys[1]),
        Given::kept(&scene.first),
        Given::kept(&scene.newest),
        Given { kept: vec![scene.first.clone(), scene.newest.clone()], ..scene.given() },
    ];
    let other = scene.prove("http://news.example/other", "other.zip");
    let redirect = scene.prove("http://news.example/old", "old.zip");
    for given in &givens {
        for path in [&story, &raw, &folder, &other, &redirect] {
            let args = given.args();
            let mut all = vec!["prove", "--check", path.to_str().unwrap()];
            all.extend(args.iter().map(String::as_str));
            let done = pressmark(&scene.archive.root(), &all);
            assert!(done.status.success(), "{all:?}\n{}{}", stdout(&done), stderr(&done));
            let by_script = script(path, given);
            assert!(
                by_script.status.success(),
                "{all:?}\n{}{}",
                stdout(&by_script),
                stderr(&by_script)
            );
            for said in [stdout(&done), stdout(&by_script)] {
                assert!(said.contains("timestamps: 20") || *path == other, "{said}");
                assert!(said.contains("ok      key:") != args.is_empty(), "{said}");
            }
        }
    }
    // A bundle of an earlier version is distinguished from a forged one.
    let old = scene.archive.root().with_extension("old-format.zip");
    let mut earlier = contents.clone();
    let json = String::from_utf8(get(&contents, "bundle.json").to_vec()).unwrap();
    set(&mut earlier, "bundle.json", json.replace("pressmark/bundle/2", "pressmark/bundle/1"));
    write_zip(&old, &earlier).unwrap();
    let check = ["prove", "--check", old.to_str().unwrap()];
    let done = pressmark(&scene.archive.root(), &check);
    let by_script = script(&old, &Given::default());
    assert_eq!((done.status.code(), by_script.status.code()), (Some(4), Some(1)));
    for said in [stdout(&done), stdout(&by_script)] {
        assert!(said.starts_with("failed  format: a bundle of an earlier version"), "{said}");
        assert!(said.contains("Have it made again") && said.lines().count() == 1, "{said}");
    }
    // A checkpoint with a mistyped letter.
    let typo = scene.archive.root().with_extension("typo.txt");
    let text = fs::read_to_string(&scene.first).unwrap();
    fs::write(&typo, text.replacen("time 20", "time 30", 1)).unwrap();
    let given = Given::kept(&typo);
    let done = pressmark(
        &scene.archive.root(),
        &["prove", "--check", story.to_str().unwrap(), "--checkpoint", typo.to_str().unwrap()],
    );
    assert_eq!(done.status.code(), Some(4));
    assert!(stdout(&done).contains("it was mistyped"), "{}", stdout(&done));
    let by_script = script(&story, &given);
    assert_eq!(by_script.status.code(), Some(1));
    assert!(stdout(&by_script).contains("it was mistyped"), "{}", stdout(&by_script));
}

/// A password that was sent is in no bundle and no package, and both state that.
#[test]
fn credentials_stay_in_the_archive() {
    let Some(scene) = Scene::new() else { return };
    let root = scene.archive.root();
    let kept = crate::support::archive::records(&root);
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes());
    assert!(kept.iter().any(|record| holds(&record.block)), "it was sent, and kept");
    for name in ["secret.zip", "secret.wacz"] {
        let out = root.with_extension(name);
        let done = pressmark(&root, &["prove", STORY, "-o", out.to_str().unwrap()]);
        assert!(done.status.success(), "{}", stderr(&done));
        let said = stderr(&done);
        assert!(said.contains("a request, was sent with cookie: it is withheld"), "{said}");
        let contents = read_bundle(&out).unwrap();
        for (file, bytes) in &contents {
            let mut unpacked = Vec::new();
            if file.ends_with(".warc.gz") {
                let mut gzip = flate2::read::MultiGzDecoder::new(bytes.as_slice());
                std::io::Read::read_to_end(&mut gzip, &mut unpacked).unwrap();
                assert!(unpacked.windows(6).any(|w| w == b"WARC/1"));
            }
            assert!(!holds(bytes) && !holds(&unpacked), "{name}: {file}");
        }
        let withheld: Vec<&(String, Vec<u8>)> = contents
            .iter()
            .filter(|(file, _)| file.contains("withheld") && file.ends_with(".txt"))
            .collect();
        // The page and the redirect to it, both asked for with the cookie.
        assert!(withheld.len() >= 2, "{name}: {}", withheld.len());
        for (_, shown) in &withheld {
            let text = String::from_utf8_lossy(shown);
            assert!(text.contains("Cookie: [withheld]") && text.contains("GET /"), "{text}");
        }
        let check = ["prove", "--check", out.to_str().unwrap(), "--key", &scene.keys[0]];
        let checked = pressmark(&root, &check);
        assert!(checked.status.success(), "{}", stdout(&checked));
        assert!(stdout(&checked).contains("requests are withheld"), "{}", stdout(&checked));
    }
}
