//! Between which times a capture was made: rounds of drand in records and checkpoints, stamps, and what both checkers report.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pressmark::base::{Clock, SystemClock, Timestamp};
use pressmark::evidence::Log;
use pressmark::evidence::bundle::{read_bundle, write_zip};
use pressmark::evidence::drand::{Round, Scheme, kept};
use pressmark::store::Layout;
use pressmark::warc::name;

use super::authority::Authority;
use super::checkers::{Given, SCRIPT, ours};
use super::findings;
use crate::support::archive::{Archive, BEGIN};
use crate::support::cli::{command, json_lines, stderr, stdout};
use crate::support::drand::Drand;
use crate::support::skip::skipped;
use crate::support::web::Web;

const STORY: &str = "http://news.example/story";

struct Setting {
    archive: Archive,
    web: Web,
    drand: Drand,
    sets: Vec<String>,
}

/// An archive that asks a drand server whose time is that of the archive, and this authority.
fn setting(scheme: Scheme, authority: &Authority) -> Setting {
    let mut archive = Archive::new().in_a_hurry();
    let clock = Arc::clone(&archive.clock);
    let drand = Drand::start(scheme, Arc::new(move || clock.now()));
    let mut sets = drand.settings(authority.dir.path()).to_vec();
    sets.push(format!("evidence.timestamp_authorities={}", authority.url));
    sets.push(format!("evidence.timestamp_roots={}", authority.roots().display()));
    archive.sets.extend(sets.iter().cloned());
    let web = Web::start(archive.clock.clone());
    archive.resolve = web.resolve(&["news.example"]);
    Setting { archive, web, drand, sets }
}

impl Setting {
    fn page(&self, text: &str) {
        self.web.page("news.example", "/story", &format!("<title>A</title><p>{text}"));
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = command(&self.archive.root());
        command.args(args);
        for set in &self.sets {
            command.args(["--set", set]);
        }
        command.output().unwrap()
    }

    fn rounds(&self) -> Vec<(Timestamp, Timestamp)> {
        let layout = Layout::new(&self.archive.root());
        let mut found = Vec::new();
        for record in self.archive.records() {
            let Some(text) = record.fields.text(name::DRAND_ROUND) else { continue };
            let round = Round::parse(&text).unwrap();
            let chain = kept::chain(&layout, &round.chain).unwrap();
            found.push((chain.verify(&round).unwrap(), record.fields.date().unwrap()));
        }
        found
    }
}

/// What the script reports for the step `interval`, run by the Python of the interoperability tests or of the machine.
fn by_script(bundle: &Path, chain: Option<&Path>) -> String {
    let python = std::env::var_os("PRESSMARK_INTEROP_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(python);
    command.arg(SCRIPT).arg(bundle);
    if let Some(chain) = chain {
        command.arg("--drand").arg(chain);
    }
    let output = command.output().unwrap();
    let text = stdout(&output);
    text.lines().find(|line| line.contains(" interval: ")).unwrap_or_default().to_owned()
}

fn proved(setting: &Setting, name: &str) -> (PathBuf, serde_json::Value) {
    let out = setting.archive.root().parent().unwrap().join(name);
    let shown = out.display().to_string();
    let done = setting.run(&["prove", STORY, "--force", "--format", "json", "-o", &shown]);
    assert!(done.status.success(), "{}", stderr(&done));
    (out, json_lines(&done).remove(0))
}

#[test]
fn a_capture_is_bounded_by_a_round_and_a_stamp_and_both_checkers_confirm_it() {
    let Some(authority) = Authority::start("ecdsa") else { return };
    for scheme in [Scheme::UnchainedG1, Scheme::Chained] {
        let setting = setting(scheme, &authority);
        setting.page("The first words.");
        setting.archive.crawl(&[STORY]);
        setting.archive.later(Duration::from_mins(10));
        setting.page("Other words.");
        setting.archive.crawl(&[STORY]);
        // No record holds a round that is later than itself; those of the second run hold one of the first, or a newer one.
        let rounds = setting.rounds();
        let second = BEGIN.plus(Duration::from_mins(10));
        let of_second = rounds.iter().filter(|(_, date)| *date >= second);
        assert!(of_second.count() >= 1, "{rounds:?}");
        assert!(rounds.iter().all(|(round, date)| round <= date), "{rounds:?}");
        // So does each checkpoint.
        let log = Log::open(&Layout::new(&setting.archive.root())).unwrap();
        let newest = log.newest().unwrap().round.clone().unwrap();
        let time = setting.drand.chain.verify(&newest).unwrap();
        assert!(second.since(time) < Duration::from_secs(10), "{}", time.to_rfc3339());
        assert_eq!(findings(&setting.archive.root()), Vec::<String>::new());

        let (bundle, said) = proved(&setting, "story.zip");
        let before = &said["interval"]["not_before"];
        assert_eq!(before["chain"], setting.drand.chain.hash_hex());
        assert!(before["round"].as_u64().unwrap() >= 101, "{said}");
        assert!(
            before["time"].as_str().unwrap()
                < second.plus(Duration::from_secs(9)).to_rfc3339().as_str()
        );
        let after = said["interval"]["not_after"]["time"].as_str().unwrap().to_owned();
        let known = read_bundle(&bundle).unwrap();
        let tokens: Vec<&str> = known
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| name.ends_with(".tsr"))
            .collect();
        assert_eq!(tokens.len(), 1);
        let shown = bundle.display().to_string();
        let steps = setting.run(&["prove", "--check", &shown]);
        assert!(steps.status.success(), "{}", stdout(&steps));
        let line = stdout(&steps).lines().find(|l| l.contains(" interval: ")).unwrap().to_owned();
        assert!(line.starts_with("ok") && line.contains(&format!("not after {after}")), "{line}");
        assert!(line.contains("not before 2025-11-05T00:"), "{line}");
        // Without the setting the chain is unknown, which is reported and not a failure.
        let steps =
            command(&setting.archive.root()).args(["prove", "--check", &shown]).output().unwrap();
        let line = stdout(&steps).lines().find(|l| l.contains(" interval: ")).unwrap().to_owned();
        assert!(line.starts_with("ok") && line.contains("does not know the chain"), "{line}");

        let info =
            authority.dir.path().join(format!("{}.json", &setting.drand.chain.hash_hex()[..8]));
        let line = by_script(&bundle, Some(&info));
        if line.contains("py_ecc is not installed") {
            assert!(
                line.starts_with("absent") && line.contains(&format!("not after {after}")),
                "{line}"
            );
            skipped(
                "interop-python",
                "py_ecc is not installed, so the script checks no round of drand",
            );
        } else {
            assert!(
                line.starts_with("ok") && line.contains(&format!("not after {after}")),
                "{line}"
            );
            assert!(line.contains("not before 2025-11-05T00:"), "{line}");
            assert!(by_script(&bundle, None).contains("does not know the chain"));
        }
        // A description of another key does not have the hash of the chain: both refuse.
        let mut forged = known.clone();
        let (_, bytes) = forged.iter_mut().find(|(name, _)| name.starts_with("drand/")).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace("\"period\":3", "\"period\":4").into_bytes();
        assert!(ours(&forged, &Given::default()).contains(&"interval"));
        let path = bundle.with_file_name("forged.zip");
        write_zip(&path, &forged).unwrap();
        assert!(by_script(&path, None).starts_with("failed"), "{}", by_script(&path, None));
        forged.retain(|(name, _)| !name.starts_with("drand/"));
        assert!(ours(&forged, &Given::default()).contains(&"interval"));
    }
}

/// The clock of one of two authorities is behind, so that its stamps are older than the rounds that they cover. They are left out
/// and reported, and the capture is proved by those of the other.
#[test]
fn a_stamp_that_is_older_than_the_round_it_covers_is_left_out() {
    let mut archive = Archive::new().in_a_hurry();
    // The certificates of the authorities are valid from now on.
    let ahead = SystemClock.now().plus(Duration::from_hours(1)).floor_second();
    archive.later(ahead.since(BEGIN));
    let time = |behind: Duration| {
        let clock = Arc::clone(&archive.clock);
        Arc::new(move || clock.now().plus(Duration::from_secs(5)).minus(behind))
    };
    let sound = Authority::start_at("ecdsa", Some(time(Duration::ZERO)));
    let slow = Authority::start_at("ecdsa", Some(time(Duration::from_mins(10))));
    let (Some(sound), Some(slow)) = (sound, slow) else { return };
    let clock = Arc::clone(&archive.clock);
    let drand = Drand::start(Scheme::UnchainedG1, Arc::new(move || clock.now()));
    let roots = slow.dir.path().join("both.pem");
    let both = [&sound, &slow].map(|one| std::fs::read(one.roots()).unwrap()).concat();
    std::fs::write(&roots, both).unwrap();
    let mut sets = drand.settings(sound.dir.path()).to_vec();
    sets.push(format!("evidence.timestamp_authorities={},{}", sound.url, slow.url));
    sets.push(format!("evidence.timestamp_roots={}", roots.display()));
    archive.sets.extend(sets.iter().cloned());
    let web = Web::start(archive.clock.clone());
    archive.resolve = web.resolve(&["news.example"]);
    let setting = Setting { archive, web, drand, sets };
    for words in ["The first words.", "Other words."] {
        setting.page(words);
        setting.archive.crawl(&[STORY]);
        setting.archive.later(Duration::from_mins(2));
    }
    let label = pressmark::evidence::timestamp::label(&slow.url);
    let (bundle, said) = proved(&setting, "story.zip");
    assert_eq!(said["stamps"], 1, "{said}");
    assert!(said["stamps_left_out"][0].as_str().unwrap().contains(&label), "{said}");
    assert_ne!(said["interval"]["not_after"]["authority"], label.as_str(), "{said}");
    assert_eq!(ours(&read_bundle(&bundle).unwrap(), &Given::default()), [] as [&str; 0]);
    // `verify` reports the stamps, too.
    let verify = json_lines(&setting.run(&["verify", "--format", "json"]));
    let odd: Vec<_> = verify.iter().filter(|one| one["rule"] == "timestamp-time").collect();
    assert!(!odd.is_empty(), "{verify:?}");
    let of_slow = |one: &&serde_json::Value| one["file"].as_str().unwrap().contains(&label);
    assert!(odd.iter().all(of_slow), "{odd:?}");
}

#[test]
fn an_unreachable_server_delays_nothing_and_the_bound_is_reported_as_missing() {
    let Some(authority) = Authority::start("ecdsa") else { return };
    let setting = setting(Scheme::UnchainedG1, &authority);
    setting.drand.broken.store(true, Ordering::SeqCst);
    setting.page("Words.");
    let url = [STORY];
    // In-process runs expect no notes, so the chain is set for the commands alone.
    let mut plain = Archive::new().in_a_hurry();
    plain.resolve = setting.web.resolve(&["news.example"]);
    plain.crawl(&url);
    let extend = |root: &Path| {
        let mut command = command(root);
        command.args(["evidence", "extend"]);
        for set in &setting.sets {
            command.args(["--set", set]);
        }
        command.output().unwrap()
    };
    std::fs::remove_dir_all(plain.root().join("evidence")).unwrap();
    let done = extend(&plain.root());
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(
        stderr(&done).contains("no drand round from") && stderr(&done).contains("status 500"),
        "{}",
        stderr(&done)
    );
    let log = Log::open(&Layout::new(&plain.root())).unwrap();
    assert_eq!(log.newest().unwrap().round, None);
    assert!(setting.drand.asked.load(Ordering::SeqCst) > 0);
    let out = plain.root().parent().unwrap().join("story.zip");
    let shown = out.display().to_string();
    let mut prove = command(&plain.root());
    let done = prove.args(["prove", STORY, "-o", &shown, "--format", "json"]).output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
    let said = json_lines(&done).remove(0);
    assert!(said["interval"]["not_before"].is_null(), "{said}");
    assert!(said["interval"]["not_after"]["time"].is_string(), "{said}");
    assert!(
        stderr(&done).contains("since when it may be rests on the archive's word"),
        "{}",
        stderr(&done)
    );
    let line = by_script(&out, None);
    assert!(line.starts_with("absent") && line.contains("since when it may be rests"), "{line}");
}
