//! Kinds of forgers, by what they possess.

use std::fs;
use std::path::Path;

use pressmark::base::{DigestAlgorithm, Timestamp};
use pressmark::evidence::bundle::{Contents, path_sides, read_bundle};
use pressmark::evidence::key::LogKey;
use pressmark::evidence::leaf::{entry_of, key_change_text};
use pressmark::evidence::log::replace_lost_key;
use pressmark::evidence::note::{Note, VerifierKey};
use pressmark::evidence::proof::{Earlier, Inclusion, consistency_text};
use pressmark::evidence::{Checkpoint, OpenFiles, Options, extend};
use pressmark::store::Layout;
use pressmark::warc::{ReadOptions, WarcReader};
use serde_json::Value;

use super::means::{
    Forgeries, get, json_of, mended, raw_zip, set, signed, unsigned, with_json, without,
};
use super::scene::{STORY, Scene};
use crate::evidence::checkers::{Given, ours};
use crate::evidence::copy;
use crate::support::cli::{pressmark, stderr};
use crate::support::rewrite::rewrite;

/// A forger that changes, drops and swaps files, and updates the list.
pub fn by_files(forged: &mut Forgeries, sound: &Contents, other: &Contents) {
    for (name, bytes) in sound {
        let mut altered = sound.clone();
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        set(&mut altered, name, changed);
        match name.as_str() {
            "SHA256SUMS" | "SHA256SUMS.sig" => forged.add(format!("{name} altered"), &altered),
            _ => forged.each(&format!("{name} altered"), &altered),
        }
        let dropped = without(sound.clone(), &[name]);
        match name.as_str() {
            "SHA256SUMS" => forged.add("SHA256SUMS dropped", &dropped),
            _ => {
                forged.add(format!("{name} dropped"), &dropped);
                forged.add(format!("{name} dropped, listed, unsigned"), &unsigned(dropped));
            }
        }
        if let Some((_, foreign)) = other.iter().find(|(n, b)| n == name && b != bytes) {
            let mut swapped = sound.clone();
            set(&mut swapped, name, foreign.clone());
            forged.add(format!("{name} of another bundle"), &swapped);
            if !name.starts_with("SHA256SUMS") {
                forged.add(format!("{name} of another bundle, listed"), &mended(swapped));
            }
        }
    }
    let mut list = sound.clone();
    for name in ["SHA256SUMS", "SHA256SUMS.sig"] {
        set(&mut list, name, get(other, name));
    }
    forged.add("the list of another bundle", &list);
    // The forged bundle that started the issue.
    let mut texts = sound.clone();
    for name in ["certificate.html", "article.txt", "citation.txt"] {
        let text = String::from_utf8(get(sound, name).to_vec()).unwrap();
        set(&mut texts, name, text.replace("Bridge closed", "Bridge opened"));
    }
    forged.each("what a person reads", &texts);
    for extra in ["article2.txt", "leaves/99.txt", "timestamps/b.tsr", "keys/03.pem", "record"] {
        let mut more = sound.clone();
        more.push((extra.to_owned(), b"forged".to_vec()));
        forged.each(&format!("{extra} added"), &more);
    }
}

/// A forger that makes a zip that some programs unpack to other files than were checked.
pub fn by_zip(forged: &mut Forgeries, sound: &Contents) {
    for (name, bytes) in sound {
        let forgery = (name.clone(), [bytes.as_slice(), b"forged"].concat());
        let first = [sound.clone(), vec![forgery.clone()]].concat();
        forged.bytes(format!("{name} doubled"), &raw_zip(&first, b"", 0o100_644));
        if name.len() % 2 == 0 {
            let last = [vec![forgery], sound.clone()].concat();
            forged.bytes(format!("{name} doubled before"), &raw_zip(&last, b"", 0o100_644));
        }
    }
    let named = |name: &str| [sound.clone(), vec![(name.to_owned(), b"forged".to_vec())]].concat();
    for name in ["CERTIFICATE.HTML", "../certificate.html", "/certificate.html", "keys/", "a\\b"] {
        forged.bytes(format!("an entry {name}"), &raw_zip(&named(name), b"", 0o100_644));
    }
    forged.bytes("bytes in front".to_owned(), &raw_zip(sound, b"#!/bin/sh\n", 0o100_644));
    forged.bytes("links".to_owned(), &raw_zip(sound, b"", 0o120_777));
    let plain = raw_zip(sound, b"", 0o100_644);
    forged.bytes("bytes behind".to_owned(), &[&plain[..], b"more"].concat());
    forged.bytes("half of it".to_owned(), &plain[..plain.len() / 2]);
}

/// A forger with a key of their own.
pub fn by_fresh_key(forged: &mut Forgeries, scene: &Scene, sound: &Contents) {
    let dir = tempfile::tempdir().unwrap();
    let fresh = LogKey::make(&dir.path().join("k")).unwrap();
    let origin = json_of(sound)["newest"]["origin"].as_str().unwrap().to_owned();
    let public = fresh.verifier(&origin);
    let mut texts = sound.clone();
    set(&mut texts, "article.txt", "The bridge was never closed.\n");
    forged.add("signed by a fresh key", &signed(mended(texts.clone()), &fresh));
    // In the place of the last key.
    let mut replaced = texts.clone();
    set(&mut replaced, "keys/02.pem", public.pem());
    forged.add("a fresh key as 02.pem", &signed(mended(replaced.clone()), &fresh));
    let leaf = String::from_utf8(get(sound, "keys/02.txt").to_vec()).unwrap();
    let named = leaf.replace(&format!("key {}", scene.keys[1]), &format!("key {}", public.text()));
    assert_ne!(leaf, named);
    set(&mut replaced, "keys/02.txt", named);
    let json = get(sound, "bundle.json").to_vec();
    let json = String::from_utf8(json).unwrap().replace(&scene.keys[1], &public.text());
    set(&mut replaced, "bundle.json", json);
    forged.add("a fresh key as key 02", &signed(mended(replaced.clone()), &fresh));
    let mut noted = replaced;
    for name in ["checkpoint", "log/newest"] {
        let text = String::from_utf8(get(sound, name).to_vec()).unwrap();
        let (body, _) = text.rsplit_once("\n\n").unwrap();
        let mut note = Note { text: format!("{body}\n"), signatures: Vec::new() };
        fresh.sign_note(&origin, &mut note);
        let old = text;
        let new = note.render();
        let all: Vec<String> = noted.iter().map(|(name, _)| name.clone()).collect();
        for file in all.iter().filter(|file| file.ends_with(".tlog-proof")) {
            let proof = String::from_utf8(get(&noted, file).to_vec()).unwrap();
            set(&mut noted, file, proof.replace(&old, &new));
        }
        set(&mut noted, name, new);
    }
    forged.add("a fresh key everywhere", &signed(mended(noted), &fresh));
    // As a later key of the log, with and without a signature of the one before.
    for signature in ["-".to_owned(), data_encoding::BASE64.encode(&fresh.sign(b"anything"))] {
        let mut later = texts.clone();
        let text = format!(
            "pressmark/leaf/1 key\norigin {origin}\nkey {}\nbefore {}\nsignature {signature}\n",
            public.text(),
            scene.keys[1]
        );
        set(&mut later, "keys/03.txt", text);
        set(&mut later, "keys/03.pem", public.pem());
        set(&mut later, "keys/03.tlog-proof", get(sound, "keys/02.tlog-proof"));
        let mut json = json_of(&later);
        let index = json["keys"][1]["leaf"].as_u64().unwrap() + 1;
        let entry = serde_json::json!({"number": 3, "leaf": index, "key": public.text()});
        json["keys"].as_array_mut().unwrap().push(entry);
        let later = with_json(&later, &json);
        forged.each(&format!("a later key, signed {signature}"), &later);
        forged.add(format!("a later key that signs, {signature}"), &signed(mended(later), &fresh));
    }
    // The keys in another order, and one of them omitted.
    let mut first_only = sound.clone();
    let mut json = json_of(sound);
    json["keys"].as_array_mut().unwrap().pop();
    first_only = without(
        with_json(&first_only, &json),
        &["keys/02.txt", "keys/02.pem", "keys/02.tlog-proof"],
    );
    forged.each("the later key left away", &first_only);
    let mut crossed = sound.clone();
    for end in ["txt", "pem", "tlog-proof"] {
        set(&mut crossed, &format!("keys/01.{end}"), get(sound, &format!("keys/02.{end}")));
        set(&mut crossed, &format!("keys/02.{end}"), get(sound, &format!("keys/01.{end}")));
    }
    forged.each("the keys the other way round", &crossed);
    let all =
        ["01", "02"].map(|n| ["txt", "pem", "tlog-proof"].map(|end| format!("keys/{n}.{end}")));
    let all: Vec<&str> = all.iter().flatten().map(String::as_str).collect();
    forged.each("no key of the log", &without(sound.clone(), &all));
}

/// A forger with a copy of the archive and no key, that makes a new log over the changed files.
pub fn by_archive(forged: &mut Forgeries, scene: &Scene) {
    let now = Timestamp::parse("2030-01-01T00:00:00Z").unwrap();
    let origin = fs::read_to_string(&scene.first).unwrap().lines().next().unwrap().to_owned();
    let made_by = |change: &dyn Fn(&Path), name: &str, options: &Options| {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("archive");
        for part in ["warc", "evidence"] {
            copy(&scene.archive.root().join(part), &root.join(part));
        }
        fs::copy(scene.archive.root().join("FORMAT"), root.join("FORMAT")).unwrap();
        change(&root);
        extend(&Layout::new(&root), options, &OpenFiles::Leave, now).unwrap();
        let out = dir.path().join(name);
        let made = pressmark(&root, &["prove", STORY, "-o", out.to_str().unwrap()]);
        assert!(made.status.success(), "{}", stderr(&made));
        let contents = read_bundle(&out).unwrap();
        assert_eq!(ours(&contents, &Given::default()), Vec::<&str>::new(), "sound by itself");
        contents
    };
    let forge_words = |root: &Path| {
        for path in Layout::new(root).warc_files().unwrap() {
            rewrite(&path, |kept| {
                if kept.is("response", STORY) {
                    let text = String::from_utf8(kept.block.clone()).unwrap();
                    kept.block = text.replace("closed on Monday", "opened on Sunday").into_bytes();
                    let body = kept.block.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
                    for (name, bytes) in [
                        ("WARC-Block-Digest", &kept.block[..]),
                        ("WARC-Payload-Digest", &kept.block[body..]),
                    ] {
                        let sum = DigestAlgorithm::Sha256.digest(bytes).to_string();
                        kept.fields.set(name, sum);
                    }
                } else if kept.is("revisit", STORY) {
                    kept.fields.set("WARC-Payload-Digest", "sha256:00");
                }
            });
        }
    };
    let recreated = |root: &Path| {
        forge_words(root);
        fs::remove_dir_all(root.join("evidence")).unwrap();
    };
    let fresh = made_by(&recreated, "anew.zip", &Options::default());
    forged.add("a log made anew", &fresh);
    let named = Options { origin: Some(origin), ..Options::default() };
    forged.add("a log made anew under the same name", &made_by(&recreated, "named.zip", &named));
    // The true log, and after it a key that the forger claims replaced a lost one.
    let lost = |root: &Path| {
        fs::remove_file(root.join("evidence/log.key")).unwrap();
        replace_lost_key(&Layout::new(root), &Options::default(), now).unwrap();
    };
    forged.add("a key that was not lost", &made_by(&lost, "lost.zip", &Options::default()));
}

/// A tree in memory.
struct Tree(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|at| self.0[usize::try_from(*at).unwrap()]).collect())
    }
}

/// A bundle whose log holds these leaves of keys and its records, all of it signed by `signer`:
/// it is consistent except for the keys. The first key comes first, the others after it, or last where
/// there must be a proof for this many leaves before them.
fn over_a_log_of_its_own(
    sound: &Contents,
    keys: &[String],
    signer: &LogKey,
    earlier: Option<u64>,
) -> Contents {
    let mut contents = sound.clone();
    let mut json = json_of(sound);
    let text = |name: &str| String::from_utf8(get(sound, name).to_vec()).unwrap();
    let count = json["records"].as_array().unwrap().len();
    let records = (1..=count).map(|n| text(&format!("leaves/{n:02}.txt")));
    let at_front = if earlier.is_some() { 1 } else { keys.len() };
    let (front, back) = keys.split_at(at_front);
    let leaves: Vec<String> =
        front.iter().cloned().chain(records).chain(back.iter().cloned()).collect();
    let place = |key: usize| (if key < at_front { key } else { count + key }) as u64;
    let mut tree = Tree(Vec::new());
    for (n, leaf) in (0..).zip(&leaves) {
        let entry = entry_of(leaf);
        let more = tlog_tiles::stored_hashes(n, &entry, &tree).unwrap();
        tree.0.extend(more);
    }
    let size = leaves.len() as u64;
    let root = tlog_tiles::tree_hash(size, &tree).unwrap();
    let origin = json["newest"]["origin"].as_str().unwrap().to_owned();
    let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let checkpoint = Checkpoint::sign(&origin, (size, root), now, 0, None, &[signer]).render();
    let stamps: Vec<String> = contents.iter().map(|(name, _)| name.clone()).collect();
    let stamps: Vec<&str> =
        stamps.iter().map(String::as_str).filter(|n| n.starts_with("timestamps/")).collect();
    contents = without(contents, &stamps);
    json["timestamps"] = Value::Array(Vec::new());
    let older = earlier.map(|size| Earlier {
        size,
        root: tlog_tiles::tree_hash(size, &tree).unwrap(),
        hashes: tlog_tiles::prove_tree(leaves.len() as u64, size, &tree).unwrap(),
    });
    set(&mut contents, "log/consistency", consistency_text(older.as_slice()));
    for (name, key) in [("checkpoint", "checkpoint"), ("log/newest", "newest")] {
        set(&mut contents, name, checkpoint.clone());
        json[key] = serde_json::json!({
            "origin": origin, "size": size, "root": data_encoding::BASE64.encode(&root.0),
            "time": now.to_warc_date(), "key": keys.len(),
        });
    }
    let proof = |index: u64| {
        let hashes = tlog_tiles::prove_record(size, index, &tree).unwrap();
        (Inclusion { index, hashes: hashes.clone(), checkpoint: &checkpoint }.text(), hashes)
    };
    for index in 0..count {
        let (n, leaf) = (index + 1, (at_front + index) as u64);
        let (inclusion, hashes) = proof(leaf);
        let sides = path_sides(leaf, size);
        let path: String = sides.iter().zip(&hashes).map(|(s, h)| format!("{s} {h}\n")).collect();
        set(&mut contents, &format!("proofs/{n:02}.tlog-proof"), inclusion);
        set(&mut contents, &format!("proofs/{n:02}.path"), path);
        json["records"][index]["leaf"] = Value::from(leaf);
    }
    json["keys"] = Value::Array(Vec::new());
    contents.retain(|(name, _)| !name.starts_with("keys/"));
    for (index, leaf) in keys.iter().enumerate() {
        let n = index + 1;
        let line = |start: &str| leaf.lines().find_map(|line| line.strip_prefix(start)).unwrap();
        let key = VerifierKey::parse(line("key ")).unwrap();
        set(&mut contents, &format!("keys/{n:02}.txt"), leaf.clone());
        set(&mut contents, &format!("keys/{n:02}.pem"), key.pem());
        set(&mut contents, &format!("keys/{n:02}.tlog-proof"), proof(place(index)).0);
        let entry = serde_json::json!({"number": n, "leaf": place(index), "key": key.text()});
        json["keys"].as_array_mut().unwrap().push(entry);
    }
    signed(mended(with_json(&contents, &json)), signer)
}

/// A forger that makes a whole log of their own around the leaves of the true keys, which are not secret.
pub fn by_tree(forged: &mut Forgeries, sound: &Contents) {
    let dir = tempfile::tempdir().unwrap();
    let fresh = LogKey::make(&dir.path().join("k")).unwrap();
    let origin = json_of(sound)["newest"]["origin"].as_str().unwrap().to_owned();
    let public = fresh.verifier(&origin).text();
    let text = |name: &str| String::from_utf8(get(sound, name).to_vec()).unwrap();
    let (first, second) = (text("keys/01.txt"), text("keys/02.txt"));
    let value = |leaf: &str, start: &str| {
        leaf.lines().find_map(|line| line.strip_prefix(start)).unwrap().to_owned()
    };
    let leaf = |before: &str, signature: &str| {
        format!(
            "pressmark/leaf/1 key\norigin {origin}\nkey {public}\nbefore {before}\nsignature {signature}\n"
        )
    };
    let (key_1, key_2) = (value(&first, "key "), value(&second, "key "));
    let own = data_encoding::BASE64
        .encode(&fresh.sign(key_change_text(&origin, &key_1, &public).as_bytes()));
    let mut texts = sound.clone();
    set(&mut texts, "article.txt", "The bridge was never closed.\n");
    let made = over_a_log_of_its_own(&texts, &[leaf("-", "-")], &fresh, None);
    assert_eq!(ours(&made, &Given::default()), Vec::<&str>::new(), "nothing contradicts itself");
    for (name, keys) in [
        ("no true key", vec![leaf("-", "-")]),
        ("after the first, without a word", vec![first.clone(), leaf(&key_1, "-")]),
        ("after the first, signed by itself", vec![first.clone(), leaf(&key_1, &own)]),
        (
            "after the first, with its signature of another change",
            vec![first.clone(), leaf(&key_1, &value(&second, "signature "))],
        ),
        ("after both, without a word", vec![first.clone(), second.clone(), leaf(&key_2, "-")]),
        ("after both, signed by itself", vec![first.clone(), second.clone(), leaf(&key_2, &own)]),
        ("the true keys alone", vec![first.clone(), second.clone()]),
        ("the first true key alone", vec![first.clone()]),
        ("before the first", vec![leaf("-", "-"), first.clone()]),
        (
            "before the first, which takes over",
            vec![leaf("-", "-"), first.replace("before -", &format!("before {public}"))],
        ),
        ("the second alone", vec![second.clone()]),
    ] {
        let made = over_a_log_of_its_own(&texts, &keys, &fresh, None);
        forged.add(format!("a log of its own, {name}"), &made);
    }
}

/// A forger with the key of the log: records, and files beside those of a bundle.
pub fn by_log_key(forged: &mut Forgeries, scene: &Scene, sound: &Contents) {
    for extra in ["article2.txt", "leaves/99.txt", "timestamps/b.tsr", "keys/03.pem", "record"] {
        let mut more = sound.clone();
        more.push((extra.to_owned(), b"forged".to_vec()));
        forged.add(format!("{extra} added and signed"), &scene.signed_by_the_log(more));
    }
    // Another history under the true keys, with a proof for the number of leaves of a kept checkpoint.
    let text = |name: &str| String::from_utf8(get(sound, name).to_vec()).unwrap();
    let first = fs::read_to_string(&scene.first).unwrap();
    let size: u64 = first.lines().nth(1).unwrap().parse().unwrap();
    let keys = [text("keys/01.txt"), text("keys/02.txt")];
    let forked = over_a_log_of_its_own(sound, &keys, &scene.key(), Some(size));
    assert_eq!(ours(&forked, &Given::key(&scene.keys[0])), Vec::<&str>::new(), "by the keys alone");
    assert_eq!(ours(&forked, &Given::kept(&scene.first)), ["published"]);
    forged.add("another history of the log", &forked);
    // The checkpoint of the proofs signed by someone else.
    let dir = tempfile::tempdir().unwrap();
    let fresh = LogKey::make(&dir.path().join("k")).unwrap();
    let note = text("checkpoint");
    let (body, _) = note.rsplit_once("\n\n").unwrap();
    let mut foreign = Note { text: format!("{body}\n"), signatures: Vec::new() };
    fresh.sign_note(note.lines().next().unwrap(), &mut foreign);
    let mut contents = sound.clone();
    for (name, bytes) in sound {
        if name == "checkpoint" || name.starts_with("proofs/") {
            let text = String::from_utf8(bytes.clone()).unwrap();
            set(&mut contents, name, text.replace(&note, &foreign.render()));
        }
    }
    forged.add("a checkpoint that someone else signed", &scene.signed_by_the_log(contents));
    // A record written again with digests that fit, and described as it is.
    let path = dir.path().join("capture.warc.gz");
    fs::write(&path, get(sound, "capture.warc.gz")).unwrap();
    rewrite(&path, |kept| {
        if kept.is("response", STORY) {
            let text = String::from_utf8(kept.block.clone()).unwrap();
            kept.block = text.replace("closed on Monday", "opened on Sunday").into_bytes();
            let sum = DigestAlgorithm::Sha256.digest(&kept.block).to_string();
            kept.fields.set("WARC-Block-Digest", sum);
        }
    });
    let bytes = fs::read(&path).unwrap();
    let mut json = json_of(sound);
    let mut reader = WarcReader::new(bytes.as_slice(), ReadOptions::default());
    let listed = json["records"].as_array_mut().unwrap();
    for entry in listed.iter_mut().filter(|entry| !entry["offset"].is_null()) {
        let located = reader.next_record().unwrap().unwrap().finish().unwrap();
        let from = usize::try_from(located.offset).unwrap();
        let member = &bytes[from..][..usize::try_from(located.length.unwrap()).unwrap()];
        let sum = DigestAlgorithm::Sha256.digest(member).to_string();
        entry["offset"] = Value::from(located.offset);
        entry["length"] = Value::from(located.length.unwrap());
        entry["sha256"] = Value::from(sum.trim_start_matches("sha256:"));
    }
    let mut contents = with_json(sound, &json);
    set(&mut contents, "capture.warc.gz", bytes);
    forged.add("a record written anew", &scene.signed_by_the_log(contents));
}
