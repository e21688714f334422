//! A signed WACZ of real captures in third-party readers: py-wacz, warcio and a check of its signature
//! by `tests/interop/wacz.py`, and the engine of ReplayWeb.page by `tests/interop/replay.mjs`.

use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use pressmark::archive::Capture;
use pressmark::archive::cdx::cdxj_line;
use pressmark::base::Clock;
use pressmark::evidence::LogKey;
use pressmark::evidence::bundle::{Contents, read_bundle, write_zip};
use pressmark::evidence::wacz::P384Key;
use pressmark::wacz::{Extra, IndexLine, Member, Package, PageEntry, Signer, write};
use pressmark::warc::{ReadOptions, WarcReader};
use serde_json::{Map, Value};

use crate::evidence::checkers::{Given, both, script as script_of_bundles};
use crate::support::archive::{Archive, BEGIN, files};
use crate::support::cli::{stderr, stdout};
use crate::support::skip::skipped;
use crate::support::web::{Reply, Web};

const MISSING: i32 = 77;

/// An archive with a page, a revisit of it and a redirect.
fn archive() -> Archive {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    web.page("a.example", "/story", "<title>A story</title><p>Of a bridge that was closed.</p>");
    let moved = b"HTTP/1.1 302 Found\r\nLocation: /story\r\nContent-Length: 0\r\n\r\n".to_vec();
    web.on("a.example", "/moved", Reply::Bytes(moved));
    for _ in 0..2 {
        archive.crawl(&["http://a.example/moved", "http://a.example/story"]);
        archive.later(std::time::Duration::from_secs(3600));
    }
    archive
}

/// Every record of the archive as a member, those of captures with their index lines.
fn members(archive: &Archive) -> Vec<Member<'static>> {
    let captures = archive.captures_below("a.example");
    let mut members = Vec::new();
    for path in files(&archive.root()) {
        let bytes = std::fs::read(&path).unwrap();
        let file = BufReader::new(File::open(&path).unwrap());
        let mut records = WarcReader::new(file, ReadOptions::default());
        while let Some(record) = records.next_record().unwrap() {
            let place = record.finish().unwrap();
            let at = usize::try_from(place.offset).unwrap();
            let length = place.length.unwrap();
            let len = usize::try_from(length).unwrap();
            let is_here = |entry: &Capture| {
                entry.offset == place.offset
                    && path.file_name().is_some_and(|name| name == &*entry.file)
            };
            let index = captures.iter().find(|entry| is_here(entry)).map(|entry| {
                let line = cdxj_line(entry);
                let fields: Map<String, Value> =
                    serde_json::from_str(line.splitn(3, ' ').nth(2).unwrap()).unwrap();
                IndexLine { urlkey: entry.urlkey.clone(), at: entry.date, fields }
            });
            let bytes = Box::new(Cursor::new(bytes[at..at + len].to_vec()));
            members.push(Member { length, bytes, index });
        }
    }
    members
}

/// A signed package of everything in the archive, and how many records it holds.
fn packed(archive: &Archive) -> (PathBuf, usize) {
    let members = members(archive);
    let count = members.len();
    let page = PageEntry {
        url: "http://a.example/story".to_owned(),
        at: BEGIN,
        title: Some("A story".to_owned()),
        text: Some("Of a bridge that was closed.".to_owned()),
    };
    let package = Package {
        warc_name: "capture.warc.gz".to_owned(),
        members,
        pages: vec![page],
        title: Some("A story".to_owned()),
        description: None,
        software: "pressmark/0".to_owned(),
        created: BEGIN,
        seal: None,
        extra: vec![Extra { path: "evidence/note.txt".to_owned(), bytes: b"a note\n".to_vec() }],
    };
    let file = archive.root().with_extension("wacz");
    let key = P384Key::generate().unwrap();
    let written = write(package, Some(&key), File::create(&file).unwrap()).unwrap();
    assert_eq!(written.records, count);
    assert!(written.indexed >= 4, "{written:?}");
    (file, count)
}

/// Runs a reader and checks that it accepts the package; skipped where the reader is missing.
fn ask(need: &str, command: &mut Command) {
    let Ok(output) = command.output() else {
        skipped(need, "the program is missing");
        return;
    };
    let said = stdout(&output) + &stderr(&output);
    if output.status.code() == Some(MISSING) {
        skipped(need, &format!("a reader is missing:\n{said}"));
        return;
    }
    assert!(output.status.success(), "{said}");
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name)
}

#[test]
fn a_signed_package_of_captures_is_read_by_others() {
    let Some(python) = std::env::var_os("PRESSMARK_INTEROP_PYTHON") else {
        skipped(
            "interop-python",
            "PRESSMARK_INTEROP_PYTHON is not set, so other readers are not asked",
        );
        return;
    };
    let archive = archive();
    let (file, count) = packed(&archive);
    ask(
        "interop-python",
        Command::new(python).arg(script("wacz.py")).arg(&file).arg(count.to_string()),
    );
}

/// A package of one capture, as the binary writes it.
#[test]
fn a_capture_is_handed_over_as_a_package_that_others_read() {
    let archive = archive();
    let out = archive.root().with_extension("one.wacz");
    let name = out.to_str().unwrap();
    let root = archive.root();
    let args = ["prove", "http://a.example/story", "-o", name];
    let made = crate::support::cli::pressmark(&root, &args);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let key = root.join("evidence/log.wacz.pem");
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let mut zip = zip::ZipArchive::new(File::open(&out).unwrap()).unwrap();
    let text = |zip: &mut zip::ZipArchive<File>, name: &str| {
        std::io::read_to_string(zip.by_name(name).unwrap()).unwrap()
    };
    let pages = text(&mut zip, "pages/pages.jsonl");
    assert!(pages.contains("http://a.example/story"), "{pages}");
    assert!(text(&mut zip, "evidence/checkpoint").contains("pressmark/"));
    assert!(text(&mut zip, "evidence/citation.txt").contains("A story"));
    if let Some(python) = std::env::var_os("PRESSMARK_INTEROP_PYTHON") {
        let count = zip
            .file_names()
            .filter(|name| name.as_ref().is_ok_and(|n| n.starts_with("evidence/leaves-")))
            .count();
        ask(
            "interop-python",
            Command::new(python).arg(script("wacz.py")).arg(&out).arg(count.to_string()),
        );
    }
    if let Some(packages) = std::env::var_os("PRESSMARK_INTEROP_NODE_PATH") {
        let mut command = Command::new("node");
        command.env("PRESSMARK_INTEROP_NODE_PATH", &packages).arg(script("replay.mjs")).arg(&out);
        let page =
            ["http://a.example/story", "20251105010000", "200", "Of a bridge that was closed."];
        ask("interop-node", command.args(page));
    }
}

#[test]
fn the_engine_of_replayweb_page_opens_a_signed_package() {
    let Some(packages) = std::env::var_os("PRESSMARK_INTEROP_NODE_PATH") else {
        skipped("interop-node", "PRESSMARK_INTEROP_NODE_PATH is not set, so wabac.js is not asked");
        return;
    };
    let archive = archive();
    let (file, _) = packed(&archive);
    // The page as first captured, and as a revisit confirmed it an hour later.
    for stamp in ["20251105000000", "20251105010000"] {
        let mut command = Command::new("node");
        command.env("PRESSMARK_INTEROP_NODE_PATH", &packages).arg(script("replay.mjs")).arg(&file);
        ask(
            "interop-node",
            command.args(["http://a.example/story", stamp, "200", "Of a bridge that was closed."]),
        );
    }
}

/// Files of a package whose list and signatures are made again, as far as a forger can.
fn resealed(mut contents: Contents, key: &P384Key, keep_seal: bool) -> Contents {
    let get = |contents: &Contents, name: &str| {
        contents.iter().find(|(n, _)| n == name).unwrap().1.clone()
    };
    let sum = |bytes: &[u8]| pressmark::base::DigestAlgorithm::Sha256.digest(bytes).to_string();
    let mut list: Value = serde_json::from_slice(&get(&contents, "datapackage.json")).unwrap();
    let resources = contents.iter().filter(|(name, _)| !name.starts_with("datapackage"));
    list["resources"] = resources
        .map(|(path, bytes)| {
            let name = path.rsplit('/').next().unwrap();
            serde_json::json!({"name": name, "path": path, "hash": sum(bytes), "bytes": bytes.len()})
        })
        .collect();
    let list = format!("{list:#}\n");
    let mut proof: Value =
        serde_json::from_slice(&get(&contents, "datapackage-digest.json")).unwrap();
    let base64 = |bytes: &[u8]| Value::from(data_encoding::BASE64.encode(bytes));
    proof["hash"] = Value::from(sum(list.as_bytes()));
    proof["signedData"]["hash"] = proof["hash"].clone();
    proof["signedData"]["signature"] = base64(&key.sign(sum(list.as_bytes()).as_bytes()).unwrap());
    proof["signedData"]["publicKey"] = base64(&key.public_key().unwrap());
    if !keep_seal {
        proof.as_object_mut().unwrap().remove("logSignature");
    }
    for (name, bytes) in
        [("datapackage.json", list), ("datapackage-digest.json", proof.to_string())]
    {
        contents.iter_mut().find(|(n, _)| n == name).unwrap().1 = bytes.into_bytes();
    }
    contents
}

/// The same with the signature of the log's own key.
fn sealed(mut contents: Contents, key: &LogKey) -> Contents {
    let find =
        |contents: &Contents, name: &str| contents.iter().position(|(n, _)| n == name).unwrap();
    let list = contents[find(&contents, "datapackage.json")].1.clone();
    let at = find(&contents, "datapackage-digest.json");
    let mut proof: Value = serde_json::from_slice(&contents[at].1).unwrap();
    let signature = data_encoding::BASE64.encode(&key.sign(&list));
    proof["logSignature"]["signature"] = Value::from(signature);
    contents[at].1 = proof.to_string().into_bytes();
    contents
}

/// A package is checked like a bundle, and both checkers find every forgery of one.
#[test]
fn a_package_checks_out_and_a_forged_one_is_found_by_both_checkers() {
    let archive = archive();
    let root = archive.root();
    let out = root.with_extension("one.wacz");
    let name = out.to_str().unwrap();
    let made =
        crate::support::cli::pressmark(&root, &["prove", "http://a.example/story", "-o", name]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let key = stdout(&crate::support::cli::pressmark(&root, &["evidence", "keys"]));
    let given = Given::key(key.trim());
    let check = ["prove", "--check", name, "--key", key.trim()];
    let checked = crate::support::cli::pressmark(&root, &check);
    assert_eq!(checked.status.code(), Some(0), "{}", stdout(&checked));
    let by_script = script_of_bundles(&out, &given);
    assert!(by_script.status.success(), "{}{}", stdout(&by_script), stderr(&by_script));
    let sound = read_bundle(&out).unwrap();
    let fresh = P384Key::generate().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut forged = Vec::new();
    let mut add = |name: String, contents: &Contents| {
        let path = dir.path().join(format!("{}.wacz", forged.len()));
        write_zip(&path, contents).unwrap();
        forged.push((name, path));
    };
    for (name, bytes) in &sound {
        let mut altered = sound.clone();
        let file = altered.iter_mut().find(|(n, _)| n == name).unwrap();
        let middle = bytes.len() / 2;
        file.1[middle] ^= 1;
        add(format!("{name} altered"), &altered);
        if !name.starts_with("datapackage") {
            add(format!("{name} altered, listed"), &resealed(altered.clone(), &fresh, true));
            add(format!("{name} altered, listed, unsealed"), &resealed(altered, &fresh, false));
        }
        let mut dropped = sound.clone();
        dropped.retain(|(n, _)| n != name);
        add(format!("{name} dropped"), &dropped);
    }
    let replaced = |name: &str, from: &str, to: &str| {
        let mut contents = sound.clone();
        let file = contents.iter_mut().find(|(n, _)| n == name).unwrap();
        let text = String::from_utf8(file.1.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        file.1 = text.replace(from, to).into_bytes();
        contents
    };
    let page = replaced("pages/pages.jsonl", "a.example/story", "a.example/other");
    add("another page".to_owned(), &resealed(page, &fresh, false));
    let mut more = sound.clone();
    more.push(("evidence/note.txt".to_owned(), b"forged".to_vec()));
    add("a file more".to_owned(), &more);
    add("a file more, listed".to_owned(), &resealed(more, &fresh, true));
    add("unsealed".to_owned(), &resealed(sound.clone(), &fresh, false));
    // Even where the log's key signs it, a page and an index must match the records.
    let log_key = LogKey::read(&root.join("evidence/log.key")).unwrap().unwrap();
    let again = sealed(resealed(sound.clone(), &fresh, true), &log_key);
    let control = dir.path().join("control.wacz");
    write_zip(&control, &again).unwrap();
    let none = (Vec::<String>::new(), Vec::<String>::new());
    assert_eq!(both(&[control], &given), [none]);
    let page = replaced("pages/pages.jsonl", "a.example/story", "a.example/other");
    add("page, sealed".to_owned(), &sealed(resealed(page, &fresh, true), &log_key));
    let page = replaced("pages/pages.jsonl", "2025-11", "2024-11");
    add("time, sealed".to_owned(), &sealed(resealed(page, &fresh, true), &log_key));
    let mut index = sound.clone();
    let file = index.iter_mut().find(|(n, _)| n == "indexes/index.cdx.gz").unwrap();
    let lines = std::io::read_to_string(flate2::read::GzDecoder::new(&file.1[..])).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let forgery = lines.replacen("a.example/story", "a.example/other", 1);
    assert_ne!(lines, forgery);
    std::io::Write::write_all(&mut gzip, forgery.as_bytes()).unwrap();
    file.1 = gzip.finish().unwrap();
    add("index, sealed".to_owned(), &sealed(resealed(index, &fresh, true), &log_key));
    let paths: Vec<PathBuf> = forged.iter().map(|(_, path)| path.clone()).collect();
    for ((name, _), (ours, script)) in forged.iter().zip(both(&paths, &given)) {
        assert!(!ours.is_empty() && !script.is_empty(), "{name}: {ours:?}, {script:?}");
    }
}
