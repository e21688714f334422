//! `tables --to s3://…` and captures in ZipNum there: the storage holds what a folder would, whatever fails; the next run
//! repairs what a run that is killed at any request leaves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{ID, SECRET};
use crate::exchange::script_says;
use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};
use crate::support::s3::{Fault, S3};

/// An archive of the demonstration, and the destination of its derived files.
pub(super) struct Scene {
    dir: tempfile::TempDir,
    endpoint: String,
}

impl Scene {
    pub fn new(endpoint: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let scene = Self { dir, endpoint: endpoint.to_owned() };
        let root = scene.root();
        let made = pressmark(&root, &["demo", "--keep", root.to_str().unwrap()]);
        assert!(made.status.success(), "{}", stderr(&made));
        scene
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("archive")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The server and its keys in the usual environment variables.
    fn command(&self) -> Command {
        let mut command = command(&self.root());
        command.env("AWS_ACCESS_KEY_ID", ID).env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.env("AWS_ENDPOINT_URL", &self.endpoint);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        let output = self.command().args(args).output().unwrap();
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
        output
    }

    fn done(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
        stdout(&output)
    }
}

/// The files below a folder except the lock, with their bytes.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                dirs.push(path);
            } else if name != "_lock" {
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// The objects below a prefix except the lock.
fn objects(server: &S3, prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let all = server.objects().into_iter();
    all.filter_map(|(key, stored)| {
        let name = key.strip_prefix(prefix)?.to_owned();
        (name != "_lock").then_some((name, stored.bytes))
    })
    .collect()
}

/// The checks for every server: tables are written and updated, and the objects are read beside the index.
pub(super) fn contract(endpoint: &str) {
    let scene = Scene::new(endpoint);
    let to = "s3://bucket/of/tables";
    let args = ["tables", "--to", to, "--format", "json"];
    let report = scene.run(&args);
    assert_eq!(report.status.code(), Some(0), "{}", stderr(&report));
    let report = json_lines(&report)[0].clone();
    let again = json_lines(&scene.run(&args))[0].clone();
    for (name, table) in report["tables"].as_object().unwrap() {
        assert!(table["rows"].as_u64().unwrap() > 0, "{name}");
        assert_eq!(again["tables"][name]["written"], serde_json::json!([]), "{name}");
        assert_eq!(again["tables"][name]["bytes"], table["bytes"], "{name}");
    }
    scene.done(&["tables", "--to", to, "--rebuild"]);
    zipnum(&scene);
}

/// DuckDB, pyarrow and pandas read the tables from the server, with the keys of its user.
pub(super) fn others_read(endpoint: &str) {
    let scene = Scene::new(endpoint);
    let to = "s3://bucket/read/by/others";
    scene.done(&["tables", "--to", to]);
    let keys = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ];
    crate::tables::others_read(&scene.root(), to, &keys);
}

/// Captures are published as blocks twice, and answer in place of an index that has lost them.
fn zipnum(scene: &Scene) {
    let captures = ["captures", "http://example/", "--match", "domain", "--format", "json"];
    let before = scene.done(&captures);
    assert!(before.lines().count() > 3, "{before}");
    let to = "s3://bucket/of/blocks";
    for _ in 0..2 {
        let args = ["export", "--to", to, "--format", "zipnum", "--report", "json"];
        let report = json_lines(&scene.run(&args))[0].clone();
        assert!(report["records"].as_u64().unwrap() > 10, "{report}");
    }
    let set = format!("store.zipnum={to}");
    // A capture that is in both is listed once.
    let mut beside = captures.to_vec();
    beside.extend(["--set", &set]);
    assert_eq!(scene.done(&beside), before);
    // An archive with no captures of its own answers from the blocks alone.
    let empty = Scene { dir: tempfile::tempdir().unwrap(), endpoint: scene.endpoint.clone() };
    empty.done(&["init"]);
    assert_eq!(empty.done(&beside), before);
    let url = "http://news.example/";
    let url = serde_json::from_str::<serde_json::Value>(before.lines().next().unwrap())
        .map_or(url.to_owned(), |capture| capture["url"].as_str().unwrap().to_owned());
    for more in [&["--limit", "1"][..], &["--from", "2001"], &["--to", "2100"]] {
        let mut args = vec!["captures", &url, "--format", "json"];
        args.extend(more);
        let own = scene.done(&args);
        args.extend(["--set", &set]);
        assert_eq!(empty.done(&args), own, "{more:?}");
    }
}

#[test]
fn blocks_of_another_archive_are_replaced_by_force_alone() {
    let server = S3::start();
    let (scene, other) = (Scene::new(&server.endpoint()), Scene::new(&server.endpoint()));
    let args = ["export", "--to", "s3://bucket/blocks", "--format", "zipnum"];
    scene.done(&args);
    let before = objects(&server, "blocks/");
    let refused = other.run(&args);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("another archive"), "{}", stderr(&refused));
    assert_eq!(objects(&server, "blocks/"), before);
    scene.done(&args);
    other.done(&[&args[..], &["--force"]].concat());
    let after = objects(&server, "blocks/");
    assert_ne!(after["archive.json"], before["archive.json"]);
    assert_eq!(scene.run(&args).status.code(), Some(1), "they are those of the other now");
}

#[test]
fn a_storage_of_blocks_that_is_away_or_missing_is_named_as_what_it_is() {
    let server = S3::start();
    let scene = Scene::new(&server.endpoint());
    let url = "http://news.example/";
    let set = ["--set", "store.zipnum=s3://bucket/blocks", "--set", "store.zipnum_after=3d"];
    let run = |args: &[&str]| {
        let done = scene.run(&[args, &set, &["--set", "store.remote_time_max=300ms"]].concat());
        (done.status.code(), stdout(&done) + &stderr(&done))
    };
    server.script(|_| Some(Fault::Refuse(503, "SlowDown")));
    for args in [&["captures", url][..], &["history", url], &["search", "the"]] {
        let (code, said) = run(args);
        assert_eq!(code, Some(1), "{args:?}: {said}");
        assert!(said.contains("store.zipnum"), "{args:?}: {said}");
        assert!(!said.contains("store.captures") && !said.contains("reindex"), "{args:?}: {said}");
    }
    // The archive itself needs none of them.
    let (code, said) = run(&["verify"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&["config", "check"]);
    assert!(code == Some(1) && !said.contains("no problem found"), "{code:?} {said}");
    // A bucket that does not exist: the answer about one object does not tell.
    server.script(|asked| match (asked.method.as_str(), asked.key.as_str()) {
        ("HEAD", _) => Some(Fault::Refuse(404, "")),
        _ => Some(Fault::Refuse(404, "NoSuchBucket")),
    });
    let (code, said) = run(&["config", "check"]);
    assert!(code == Some(2) && said.contains("the bucket must exist"), "{code:?} {said}");
    assert!(!said.contains("index.idx does not exist"), "{said}");
    let (code, said) = run(&["captures", url]);
    assert!(code == Some(1) && said.contains("the bucket must exist"), "{code:?} {said}");
}

/// pywb answers from blocks that it reads by range over HTTP, as it does from our index lines.
#[test]
fn pywb_reads_blocks_from_an_object_storage() {
    let server = S3::start();
    let scene = Scene::new(&server.endpoint());
    scene.done(&["export", "--to", "s3://bucket/pywb", "--format", "zipnum"]);
    let lines = scene.path("all.cdxj");
    scene.done(&["export", "--to", lines.to_str().unwrap()]);
    let folder = scene.path("cdx");
    std::fs::create_dir(&folder).unwrap();
    let there = objects(&server, "pywb/");
    std::fs::write(folder.join("index.idx"), &there["index.idx"]).unwrap();
    // The file names the objects as they are in S3; pywb gets signed addresses of them, as far as this server checks.
    let loc = String::from_utf8(there["index.loc"].clone()).unwrap();
    assert!(loc.contains("\ts3://bucket/pywb/cdx-"), "{loc}");
    let loc: String = loc
        .replace("s3://", &format!("{}/", server.endpoint()))
        .lines()
        .map(|line| format!("{line}?X-Amz-Signature=x\n"))
        .collect();
    std::fs::write(folder.join("index.loc"), loc).unwrap();
    let before = server.asked().len();
    let Some((fine, output)) = script_says("zipnum.py", &[&folder, &lines]) else { return };
    assert!(fine, "{output}");
    assert!(server.asked().len() > before, "it asked the server");
}

#[test]
fn tables_in_an_object_storage_are_those_of_a_folder() {
    let server = S3::start();
    contract(&server.endpoint());
    let scene = Scene::new(&server.endpoint());
    let (folder, to) = (scene.path("tables"), "s3://bucket/t");
    scene.done(&["tables", "--to", folder.to_str().unwrap()]);
    scene.done(&["tables", "--to", to]);
    assert!(objects(&server, "t/") == tree(&folder));
    assert_eq!(server.uploads(), 0);
    // Another archive's tables, and what is not a table, are left alone.
    let other = Scene::new(&server.endpoint());
    let refused = other.run(&["tables", "--to", to]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("tables of another archive"), "{}", stderr(&refused));
    let refused = scene.run(&["tables", "--to", "s3://bucket"]);
    assert!(stderr(&refused).contains("but no _manifest.json"), "{}", stderr(&refused));
    let wrong = scene.run(&["tables", "--to", "s3://"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
    // No message contains a key, whatever goes wrong.
    server.script(|_| Some(Fault::Refuse(403, "AccessDenied")));
    let refused = scene.run(&["tables", "--to", to, "--rebuild"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = stderr(&refused);
    assert!(said.contains("s3:DeleteObject"), "{said}");
    assert!(!said.contains(SECRET) && !said.contains(ID) && !said.contains("Signature"), "{said}");
}

#[test]
fn network_faults_delay_tables_and_a_kill_is_repaired() {
    let server = S3::start();
    let scene = Scene::new(&server.endpoint());
    let folder = scene.path("tables");
    scene.done(&["tables", "--to", folder.to_str().unwrap()]);
    let expected = tree(&folder);
    for (number, fault) in [
        Fault::Refuse(503, "SlowDown"),
        Fault::Drop,
        Fault::DoneAndDrop,
        Fault::HalfAsked,
        Fault::HalfAnswered,
    ]
    .into_iter()
    .enumerate()
    {
        server.script(move |asked| (asked.number % 4 == number % 4).then_some(fault));
        let to = format!("s3://bucket/fault{number}");
        scene.done(&["tables", "--to", &to]);
        server.script(|_| None);
        assert!(objects(&server, &format!("fault{number}/")) == expected, "{fault:?}");
    }
    let mut kills = 0;
    for at in 0.. {
        let seen = Arc::new(AtomicUsize::new(0));
        // Each run is killed at a later request than the one before, before or after the request is done.
        let fault = if at % 2 == 0 { Fault::KillBefore } else { Fault::KillAfter };
        server.script(move |_| (seen.fetch_add(1, Ordering::SeqCst) == at * 3).then_some(fault));
        let mut child = scene
            .command()
            .args(["tables", "--to", "s3://bucket/killed", "--quiet"])
            .spawn()
            .unwrap();
        server.kills(child.id());
        let status = child.wait().unwrap();
        if status.code() == Some(0) {
            break;
        }
        assert_eq!(status.code(), None, "nothing else ends it");
        kills += 1;
        assert!(at < 200, "it comes to an end");
    }
    assert!(kills > 5, "{kills}");
    server.script(|_| None);
    scene.done(&["tables", "--to", "s3://bucket/killed"]);
    assert!(objects(&server, "killed/") == expected);
}
