//! Captures of past months, moved to ZipNum blocks by a run with that setting.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::Clock;
use pressmark::crawl::{Job, Stop};

use crate::support::archive::{Archive, job};
use crate::support::cli::{command, pressmark, stderr, stdout};
use crate::support::web::Web;

const DAY: Duration = Duration::from_hours(24);

/// What a run reports about the blocks after it has captured these.
fn bring(archive: &Archive, job: &Job) -> Result<Option<String>, String> {
    let mut said = Ok(None);
    archive.run_and(job, &Stop::default(), |running| {
        said = running.blocks().expect("the settings ask for it").once();
    });
    said
}

#[test]
fn past_months_move_to_blocks_once_and_answer_instead_of_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("blocks");
    let set = format!("store.zipnum={}", place.display());
    let mut archive = Archive::new().in_a_hurry().set(&set).set("store.zipnum_after=3d");
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    for path in ["/one", "/two", "/three"] {
        web.page("a.example", path, &format!("<title>{path}</title><p>A page.</p>"));
    }
    let of = |path: &str| job(&[&format!("http://a.example{path}")]);
    // November is not over.
    assert_eq!(bring(&archive, &of("/one")), Ok(None));
    assert!(!place.exists());
    // November ended the day before: not long enough ago.
    archive.later(DAY * 27);
    assert_eq!(bring(&archive, &of("/two")), Ok(None));
    archive.later(DAY * 3);
    let said = bring(&archive, &of("/three")).unwrap().expect("November is over");
    assert!(
        said.contains("captures from before 2025-12 are in") && said.contains("read back"),
        "{said}"
    );
    let index = fs::read(place.join("index.idx")).unwrap();
    // Nothing is written again until another month is over.
    archive.later(DAY * 20);
    assert_eq!(bring(&archive, &of("/one")), Ok(None));
    assert_eq!(fs::read(place.join("index.idx")).unwrap(), index);
    archive.later(DAY * 15);
    let said = bring(&archive, &of("/two")).unwrap().expect("December is over");
    assert!(said.contains("before 2026-01"), "{said}");
    let shards = || {
        let names = fs::read_dir(&place).unwrap().flatten();
        names.filter(|entry| entry.file_name().to_string_lossy().ends_with(".gz")).count()
    };
    assert_eq!(shards(), 2, "those of the state before stay for who reads them");
    // An archive without captures lists them as the index does; one with both lists each once.
    let list = ["captures", "a.example", "--match", "host", "--format", "json"];
    let own = stdout(&pressmark(&archive.root(), &list));
    let older: Vec<&str> =
        own.lines().filter(|line| !line.contains("\"timestamp\": \"2026")).collect();
    assert!(older.len() > 4 && older.len() < own.lines().count(), "{own}");
    let empty = dir.path().join("empty");
    assert!(pressmark(&empty, &["init"]).status.success());
    let mut beside = list.to_vec();
    beside.extend(["--set", &set]);
    let found = pressmark(&empty, &beside);
    assert_eq!(stdout(&found).lines().collect::<Vec<_>>(), older, "{}", stderr(&found));
    assert_eq!(stdout(&pressmark(&archive.root(), &beside)), own);
    // Blocks of another archive in the same place are not used.
    fs::remove_file(archive.root().join("state/blocks.json")).unwrap();
    assert!(bring(&archive, &of("/three")).unwrap().is_some(), "what is not known is done again");
    assert_eq!(bring(&archive, &of("/three")), Ok(None));
}

#[test]
fn trouble_with_the_folder_of_blocks_is_reported_and_stops_no_run() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("file");
    fs::write(&place, "no folder").unwrap();
    let set = format!("store.zipnum={}", place.display());
    let mut archive = Archive::new().in_a_hurry().set(&set).set("store.zipnum_after=1d");
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    web.page("a.example", "/", "<title>Front</title><p>A page.</p>");
    archive.crawl(&["http://a.example/"]);
    archive.later(DAY * 40);
    let why = bring(&archive, &job(&["http://a.example/"])).unwrap_err();
    assert!(why.contains("tried again") && why.contains(place.to_str().unwrap()), "{why}");
    assert!(!archive.root().join("state/blocks.json").exists());
    // `config check` reports it in advance.
    let check = |place: &str, after: &str| {
        let mut check = command(&archive.root());
        check.env("PRESSMARK_STORE_ZIPNUM", place).env("PRESSMARK_STORE_ZIPNUM_AFTER", after);
        let done = check.args(["config", "check"]).output().unwrap();
        (done.status.code(), stdout(&done) + &stderr(&done))
    };
    let (code, said) = check(place.to_str().unwrap(), "1d");
    assert!(code == Some(2) && said.contains("store.zipnum"), "{code:?} {said}");
    let fresh = dir.path().join("fresh");
    let (code, said) = check(fresh.to_str().unwrap(), "1d");
    assert!(code == Some(0) && said.contains("may be written; no blocks yet"), "{code:?} {said}");
    let (code, said) = check(dir.path().join("nowhere").to_str().unwrap(), "0s");
    assert!(code == Some(2) && said.contains("nowhere"), "{code:?} {said}");
}

/// An archive at a time in December, with captures of November and December and these settings.
fn with_november(sets: &[String]) -> (Archive, Web) {
    let mut archive =
        sets.iter().fold(Archive::new().in_a_hurry(), |archive, set| archive.set(set));
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    web.page("a.example", "/", "<title>Front</title><p>A page.</p>");
    archive.crawl(&["http://a.example/"]);
    archive.later(DAY * 40);
    (archive, web)
}

#[test]
fn before_blocks_are_first_published_the_index_answers_alone() {
    let dir = tempfile::tempdir().unwrap();
    let set = format!("store.zipnum={}", dir.path().join("fresh").display());
    let (archive, _web) = with_november(&[]);
    let list = ["captures", "http://a.example/", "--format", "json"];
    let own = stdout(&pressmark(&archive.root(), &list));
    for args in [&list[..], &["history", "http://a.example/"], &["verify"]] {
        let mut args = args.to_vec();
        args.extend(["--set", &set, "--set", "store.zipnum_after=3d"]);
        let done = pressmark(&archive.root(), &args);
        assert_eq!(done.status.code(), Some(0), "{args:?}: {}{}", stdout(&done), stderr(&done));
        assert!(args[0] != "captures" || stdout(&done) == own, "{}", stdout(&done));
    }
    // Where none are written from here, the address is wrong. The archive itself is sound.
    for (args, code) in
        [(&list[..], 1), (&["history", "http://a.example/"][..], 1), (&["verify"][..], 0)]
    {
        let mut args = args.to_vec();
        args.extend(["--set", &set]);
        let done = pressmark(&archive.root(), &args);
        let said = stdout(&done) + &stderr(&done);
        assert_eq!(done.status.code(), Some(code), "{args:?}: {said}");
        assert_eq!(said.contains("store.zipnum"), code == 1, "{args:?}: {said}");
        assert!(!said.contains("reindex"), "{args:?}: {said}");
    }
}

#[test]
fn archives_with_one_place_do_not_replace_each_others_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("blocks");
    let sets = [format!("store.zipnum={}", place.display()), "store.zipnum_after=3d".to_owned()];
    let (first, _a) = with_november(&sets);
    // Files of two archives have names of their own, but where a clock stands still.
    let (second, _b) = with_november(&[&sets[..], &["warc.prefix=second".to_owned()]].concat());
    let front = job(&["http://a.example/"]);
    let index = || fs::read(place.join("index.idx")).unwrap();
    assert!(bring(&first, &front).unwrap().is_some());
    let of_first = index();
    let refused = || {
        let why = bring(&second, &front).unwrap_err();
        assert!(why.contains("another archive") && why.contains("remove that folder"), "{why}");
        assert_eq!(index(), of_first, "they are unchanged");
    };
    refused();
    // As an older version left them: what an archive published, or what lies in its own files, it goes on with.
    fs::remove_file(place.join("archive.json")).unwrap();
    refused();
    let record = first.root().join("state/blocks.json");
    let older = r#"{"place":"PLACE","before":"2025-12","captures":1}"#;
    fs::write(&record, older.replace("PLACE", place.to_str().unwrap())).unwrap();
    assert!(bring(&first, &front).unwrap().is_some(), "it leaves its mark");
    assert!(place.join("archive.json").exists());
    refused();
    for forgotten in [&["blocks.json"][..], &["blocks.json", "../ARCHIVE-ID"]] {
        forgotten
            .iter()
            .for_each(|name| fs::remove_file(first.root().join("state").join(name)).unwrap());
        assert!(bring(&first, &front).unwrap().is_some(), "{forgotten:?}");
        refused();
    }
    // Blocks that were lost are published again, and not only once another month is over.
    assert_eq!(bring(&first, &front), Ok(None));
    fs::remove_file(place.join("index.idx")).unwrap();
    assert!(bring(&first, &front).unwrap().is_some());
    assert_eq!(index(), of_first);
    // The other archive answers with them, and exports its own captures alone.
    let list = ["captures", "http://a.example/", "--format", "json"];
    let count = |args: &[&str]| stdout(&pressmark(&second.root(), args)).lines().count();
    let own = count(&list);
    let mut beside = list.to_vec();
    beside.extend(["--set", &sets[0]]);
    assert!(count(&beside) > own, "both have captures");
    let export = |name: &str, sets: &[&str]| {
        let to = dir.path().join(name);
        let mut args = vec!["export", "--format", "zipnum", "--to", to.to_str().unwrap()];
        args.extend(sets);
        let done = pressmark(&second.root(), &args);
        assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
        fs::read(to.join("cdx-00000.gz")).unwrap()
    };
    assert_eq!(export("with", &["--set", &sets[0]]), export("without", &[]));
}
