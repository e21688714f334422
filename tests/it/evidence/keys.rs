//! The key of the log: created with the archive, unreadable for others, replaced with a record of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use pressmark::base::Clock;
use pressmark::evidence::log::Appender;
use pressmark::evidence::{Log, Options};
use pressmark::store::Layout;

use super::checkers::{Given, script};
use super::{archive, findings};
use crate::support::cli::{pressmark, stderr, stdout};

#[test]
fn init_makes_a_key_that_its_owner_alone_may_read() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let done = pressmark(&root, &["init", root.to_str().unwrap()]);
    assert!(done.status.success(), "{}", stderr(&done));
    let mode = fs::metadata(root.join("evidence/log.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(findings(&root), Vec::<String>::new());
    let none = pressmark(&root, &["evidence", "checkpoint"]);
    assert_eq!(none.status.code(), Some(3), "{}", stderr(&none));
}

#[test]
fn a_key_that_others_may_read_is_not_used_and_stops_no_crawl() {
    let (archive, _web) = archive();
    let key = archive.root().join("evidence/log.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let extend = pressmark(&archive.root(), &["evidence", "extend"]);
    assert_eq!(extend.status.code(), Some(1));
    assert!(stderr(&extend).contains("may be read by others"), "{}", stderr(&extend));
    let found = findings(&archive.root());
    assert!(found.len() == 1 && found[0].contains("may be read by others"), "{found:?}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
}

#[test]
fn a_key_is_replaced_and_what_it_signed_still_holds() {
    let (archive, _web) = archive();
    let before = pressmark(&archive.root(), &["evidence", "checkpoint"]);
    let mailed = archive.root().parent().unwrap().join("mailed.txt");
    // Mail has its own line breaks.
    fs::write(&mailed, stdout(&before).replace('\n', "\r\n")).unwrap();
    let layout = Layout::new(&archive.root());
    let appender = Appender::open(&layout, &Options::default()).unwrap();
    appender.new_key(archive.clock.now()).unwrap();
    let keys = pressmark(&archive.root(), &["evidence", "keys"]);
    assert_eq!(stdout(&keys).lines().count(), 2);
    archive.crawl(&["http://news.example/a"]);
    let verify = ["verify", "--checkpoint", mailed.to_str().unwrap()];
    let done = pressmark(&archive.root(), &verify);
    assert_eq!(done.status.code(), Some(0), "{}{}", stdout(&done), stderr(&done));
    let log = Log::open(&Layout::new(&archive.root())).unwrap();
    let sizes = log.checkpoint_sizes().unwrap();
    let signatures = |size| log.checkpoint(size).unwrap().note.signatures.len();
    assert_eq!(sizes.iter().map(|s| signatures(*s)).collect::<Vec<_>>(), [1, 1, 1, 2, 1]);
    // Without the old key's signature.
    let path = archive.root().join(format!("evidence/checkpoints/{:012}", sizes[3]));
    let text = fs::read_to_string(&path).unwrap();
    let cut: Vec<&str> = text.lines().collect();
    fs::write(&path, format!("{}\n", cut[..cut.len() - 1].join("\n"))).unwrap();
    assert!(findings(&archive.root()).iter().any(|f| f.contains("checkpoint-signature")));
}

/// A checkpoint on paper with a mistyped letter.
#[test]
fn a_typo_in_a_kept_checkpoint_is_reported_as_a_typo() {
    let (archive, _web) = archive();
    let printed = stdout(&pressmark(&archive.root(), &["evidence", "checkpoint"]));
    let kept = archive.root().parent().unwrap().join("kept.txt");
    let verify = |text: &str| {
        fs::write(&kept, text).unwrap();
        let done = pressmark(&archive.root(), &["verify", "--checkpoint", kept.to_str().unwrap()]);
        (done.status.code(), stdout(&done))
    };
    assert_eq!(verify(&printed), (Some(0), String::new()));
    let lines: Vec<&str> = printed.lines().collect();
    for (line, from, to) in
        [(1, "1", "7"), (2, "A", "B"), (2, "=", "A"), (3, "2025", "2024"), (6, "\u{2014}", "-")]
    {
        let at = lines[line].find(from).unwrap_or_else(|| lines[line].len() - 1);
        let typo = format!("{}{to}{}", &lines[line][..at], &lines[line][at + from.len()..]);
        let text = printed.replacen(lines[line], &typo, 1);
        let (code, said) = verify(&text);
        assert_eq!(code, Some(4), "{text}");
        assert!(said.contains("mistyped") && !said.contains("made anew"), "{text}\n{said}");
    }
}

#[test]
fn a_lost_key_is_replaced_and_reported_from_then_on() {
    let (archive, _web) = archive();
    fs::remove_file(archive.root().join("evidence/log.key")).unwrap();
    archive.later(std::time::Duration::from_secs(60));
    let refused = pressmark(&archive.root(), &["evidence", "new-key"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("missing"), "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("`pressmark evidence new-key --lost`"),
        "{}",
        stderr(&refused)
    );
    let found = findings(&archive.root());
    let missed =
        found.len() == 1 && found[0].contains("key-missing") && found[0].contains("--lost");
    assert!(missed, "{found:?}");
    let done = pressmark(&archive.root(), &["evidence", "new-key", "--lost"]);
    assert!(done.status.success(), "{}", stderr(&done));
    let found = findings(&archive.root());
    assert!(found.iter().all(|f| f.contains("key-replaced")) && found.len() == 1, "{found:?}");
}

/// A verifier that knows the lost key must get the new one elsewhere; anyone could have created it.
#[test]
fn a_bundle_after_a_lost_key_is_valid_only_with_the_new_one() {
    let (archive, _web) = archive();
    let root = archive.root();
    let old = stdout(&pressmark(&root, &["evidence", "keys"])).trim().to_owned();
    let kept = root.with_extension("kept.txt");
    fs::write(&kept, stdout(&pressmark(&root, &["evidence", "checkpoint"]))).unwrap();
    fs::remove_file(root.join("evidence/log.key")).unwrap();
    let out = root.with_extension("zip");
    let prove = ["prove", "http://news.example/a", "-o", out.to_str().unwrap()];
    let refused = pressmark(&root, &prove);
    assert_eq!(refused.status.code(), Some(1), "no key, no bundle");
    assert!(stderr(&refused).contains("new-key --lost") && !out.exists(), "{}", stderr(&refused));
    archive.later(std::time::Duration::from_secs(60));
    let done = pressmark(&root, &["evidence", "new-key", "--lost"]);
    assert!(done.status.success(), "{}", stderr(&done));
    let new = stdout(&pressmark(&root, &["evidence", "keys"]));
    let new = new.lines().last().unwrap().to_owned();
    assert!(pressmark(&root, &prove).status.success());
    for (given, holds) in [
        (Given::default(), true),
        (Given::key(&new), true),
        (Given { kept: vec![kept.clone()], ..Given::key(&new) }, true),
        (Given::key(&old), false),
        (Given::kept(&kept), false),
    ] {
        let args = given.args();
        let mut all = vec!["prove", "--check", out.to_str().unwrap()];
        all.extend(args.iter().map(String::as_str));
        let ours = pressmark(&root, &all);
        let by_script = script(&out, &given);
        assert_eq!(ours.status.success(), holds, "{all:?}\n{}", stdout(&ours));
        assert_eq!(by_script.status.success(), holds, "{all:?}\n{}", stdout(&by_script));
        for said in [stdout(&ours), stdout(&by_script)] {
            assert_eq!(said.contains("may be somebody else"), !holds, "{said}");
        }
    }
}
