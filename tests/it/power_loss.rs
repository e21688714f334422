//! The power fails at random points of a crawl. Bytes and names that were written and not synced
//! may then be lost, torn, or present in any order. Everything that the crawl log acknowledged before is
//! still there, no false capture is, every published checkpoint still holds, and the next run continues.
//!
//! The real binary runs once under strace ([`trace`]); from its calls [`disk`] computes what a loss of
//! power may leave at any moment, and each of these states is opened, read, verified and crawled on.
//! Skipped with a message where strace is missing or may not trace.
//!
//! `PRESSMARK_POWER_CUTS` sets at how many moments the power fails (default 6),
//! `PRESSMARK_POWER_VARIANTS` how many outcomes of each are tried (2), `PRESSMARK_POWER_SEED` the seed
//! (1), `PRESSMARK_POWER_PAGES` how many pages each of the four hosts has (9), and `PRESSMARK_POWER_KEEP`
//! names a directory for the archives that failed.

mod disk;
mod loss;
mod site;
mod trace;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pressmark::archive::{CaptureBatch, CaptureSink, FileMark};
use pressmark::base::DigestAlgorithm;
use pressmark::index::Index;
use pressmark::kv::KvOptions;
use pressmark::store::layout::stable_name;

use crate::support::archive::{files, records};
use crate::support::cli::{command, json_lines, pressmark, stderr};
use crate::support::skip::skipped;
use disk::{Disk, Effect, State};
use loss::{Bytes, Names, Way};
use site::Site;

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Chance(u64);

impl Chance {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mix = self.0;
        mix = (mix ^ (mix >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mix = (mix ^ (mix >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mix ^ (mix >> 31)) % bound
    }
}

/// The promises, and the line from which each holds.
struct Promise {
    line: usize,
    what: Promised,
}

enum Promised {
    /// A line of the crawl log: URL, file, offset, id.
    Capture { url: String, file: String, offset: String, record_id: String },
    /// The evidence log's newest checkpoint.
    Checkpoint(Vec<u8>),
}

/// The promises of the crawl log and the evidence log over the recorded changes of the disk.
fn promises(disk: &Disk) -> Vec<Promise> {
    let mut promises = Vec::new();
    let log = disk.now().find("archive/logs/crawl.log");
    let evidence = disk.now().find("archive/evidence");
    let mut waiting: Option<Vec<u8>> = None;
    for event in &disk.events {
        match &event.effect {
            Effect::Write { node, bytes, .. } if Some(*node) == log => {
                let line = String::from_utf8(bytes.to_vec()).unwrap();
                let words: Vec<&str> = line.trim_end().split(' ').collect();
                assert_eq!(words.len(), 14, "{line:?}");
                if words[10] != "-" {
                    let word = |at: usize| words[at].to_owned();
                    let (url, file) = (word(3), word(10));
                    let (offset, record_id) = (word(11), word(12));
                    let what = Promised::Capture { url, file, offset, record_id };
                    // Any reader of the log may see it as soon as the call begins.
                    promises.push(Promise { line: event.began, what });
                }
            }
            Effect::Names(names) => {
                for (dir, name, node) in names {
                    if Some(*dir) == evidence && name == "checkpoint" {
                        waiting = node.map(|node| disk.written_to(node, event.ended));
                    }
                }
            }
            Effect::Sync(node) if Some(*node) == evidence => {
                if let Some(text) = waiting.take() {
                    let what = Promised::Checkpoint(text);
                    promises.push(Promise { line: event.ended, what });
                }
            }
            _ => {}
        }
    }
    promises
}

/// One recorded history, and which of its moments are worth a cut.
struct Story {
    disk: Disk,
    promises: Vec<Promise>,
    /// The line from which on the job was running.
    job_from: usize,
}

impl Story {
    /// A crawl that is killed, one that goes on, a job, and a change of the key.
    fn record(site: &Site, dir: &Path, chance: &mut Chance) -> Self {
        let top = dir.join("disk");
        fs::create_dir(&top).unwrap();
        let root = top.join("archive");
        let output = dir.join("trace");
        let mut disk = Disk::new(&top);
        let run = |disk: &mut Disk, command: &Command| {
            let (calls, status) = trace::record(command, &output);
            assert!(status.success(), "{status}");
            disk.run(&calls);
            assert_same(disk.now(), &top);
        };
        run(&mut disk, &site.crawling(&root));
        let kill = disk.line * (20 + chance.below(70) as usize) / 100;
        disk.kill_at(kill);
        fs::remove_dir_all(&root).unwrap();
        disk.now().lay_out(&top);
        run(&mut disk, &site.crawling(&root));
        let job_from = disk.line;
        run(&mut disk, &site.job(&root));
        let mut new_key = command(&root);
        new_key.args(["evidence", "new-key"]);
        run(&mut disk, &new_key);
        let promises = promises(&disk);
        Self { disk, promises, job_from }
    }

    /// A moment: any, or one next to a sync, a new name or a promise.
    fn moment(&self, chance: &mut Chance) -> usize {
        let events = &self.disk.events;
        match chance.below(4) {
            0 => chance.below(self.disk.line as u64) as usize,
            1 => {
                let promise = &self.promises[chance.below(self.promises.len() as u64) as usize];
                promise.line + chance.below(2) as usize
            }
            _ => {
                let telling: Vec<usize> = events
                    .iter()
                    .filter(|event| !matches!(event.effect, Effect::Write { .. }))
                    .map(|event| event.ended)
                    .collect();
                let line = telling[chance.below(telling.len() as u64) as usize];
                (line + chance.below(2) as usize).saturating_sub(chance.below(2) as usize)
            }
        }
    }

    /// What happens to data that was not synced: the extremes first, then at random.
    fn way(&self, number: u64, line: usize, chance: &mut Chance) -> Way {
        match number {
            0 => Way { names: Names::Lost, bytes: Some(Bytes::Lost) },
            1 => Way { names: Names::Kept, bytes: Some(Bytes::Zeros) },
            _ => {
                let names = match chance.below(5) {
                    0 => Names::Kept,
                    1 => Names::Lost,
                    2 => Names::Some(10 + chance.below(85)),
                    _ => Names::UpTo(line.saturating_sub(chance.below(400) as usize)),
                };
                Way { names, bytes: None }
            }
        }
    }
}

/// The modelled disk equals the real disk: no call that changes it was missed.
fn assert_same(state: &State, top: &Path) {
    let followed = state.all();
    let mut there: BTreeSet<PathBuf> = BTreeSet::new();
    let mut dirs = vec![top.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let inside = path.strip_prefix(top).unwrap().to_owned();
            match followed.get(&inside) {
                None => panic!("{} was not followed", path.display()),
                Some(None) => dirs.push(path),
                Some(Some((bytes, _))) => {
                    assert!(fs::read(&path).unwrap() == *bytes, "{} differs", path.display());
                }
            }
            there.insert(inside);
        }
    }
    let gone: Vec<_> = followed.keys().filter(|path| !there.contains(*path)).collect();
    assert!(gone.is_empty(), "not there: {gone:?}");
}

/// An archive after a loss of power, what was promised before, and the web to crawl on.
struct After<'a> {
    site: &'a Site,
    root: PathBuf,
    promised: Vec<&'a Promised>,
    job: bool,
}

impl After<'_> {
    fn captures(&self) -> impl Iterator<Item = (&str, &str, &str, &str)> {
        self.promised.iter().filter_map(|promised| match promised {
            Promised::Capture { url, file, offset, record_id } => {
                Some((record_id.as_str(), file.as_str(), offset.as_str(), url.as_str()))
            }
            Promised::Checkpoint(_) => None,
        })
    }

    /// Every promised capture is listed, and every listed capture equals what the web sent.
    fn check_captures(&self) -> Vec<serde_json::Value> {
        let args = ["captures", "http://power.example/", "--match", "domain", "--format", "json"];
        let listed = pressmark(&self.root, &args);
        let nothing = self.captures().next().is_none();
        let code = listed.status.code();
        assert!(code == Some(0) || (nothing && code.is_some()), "captures: {}", stderr(&listed));
        let captures = json_lines(&listed);
        let text = |capture: &serde_json::Value, name: &str| {
            capture[name].as_str().unwrap_or_default().to_owned()
        };
        let there: BTreeMap<(String, String, String), String> = captures
            .iter()
            .map(|c| {
                ((text(c, "record_id"), text(c, "filename"), text(c, "offset")), text(c, "url"))
            })
            .collect();
        assert_eq!(there.len(), captures.len(), "a capture is listed twice");
        for (id, file, offset, url) in self.captures() {
            let place = (id.to_owned(), file.to_owned(), offset.to_owned());
            assert_eq!(
                there.get(&place).map(String::as_str),
                Some(url),
                "acknowledged and lost: {place:?}"
            );
        }
        for capture in &captures {
            let url = text(capture, "url");
            if let Some(body) = self.site.sent.get(&url) {
                let digest = DigestAlgorithm::Sha256.digest(body).to_string();
                assert_eq!(text(capture, "digest"), digest, "{url}");
            } else {
                let known = url.ends_with("/robots.txt") || url.starts_with("dns:");
                assert!(known, "never served: {url}");
            }
        }
        captures
    }

    /// Some of the listed captures can be shown, and equal what the web sent.
    fn check_shown(&self, captures: &[serde_json::Value], chance: &mut Chance) {
        let pages: Vec<_> = captures
            .iter()
            .filter(|c| self.site.sent.contains_key(c["url"].as_str().unwrap()))
            .collect();
        let newest = pages.iter().max_by_key(|c| {
            let number = |name: &str| c[name].as_str().unwrap().to_owned();
            (number("filename"), number("offset").parse::<u64>().unwrap())
        });
        let any = pages.get(chance.below(pages.len().max(1) as u64) as usize);
        for capture in newest.into_iter().chain(any) {
            let (url, at) =
                (capture["url"].as_str().unwrap(), capture["timestamp"].as_str().unwrap());
            let shown = pressmark(&self.root, &["show", url, "--at", at, "--as", "html"]);
            assert_eq!(shown.status.code(), Some(0), "{url} at {at}: {}", stderr(&shown));
            assert!(shown.stdout == self.site.sent[url], "{url} at {at}: not what was sent");
        }
    }

    /// The errors that `verify` finds; every checkpoint that was published still holds.
    fn verify(&self) -> Vec<serde_json::Value> {
        let mut command = command(&self.root);
        command.args(["verify", "--format", "json"]);
        for (n, promised) in self.promised.iter().enumerate() {
            if let Promised::Checkpoint(text) = promised {
                let file = self.root.with_file_name(format!("checkpoint-{n}"));
                fs::write(&file, text).unwrap();
                command.arg("--checkpoint").arg(&file);
            }
        }
        let verified = command.output().unwrap();
        assert!(matches!(verified.status.code(), Some(0 | 4)), "verify: {}", stderr(&verified));
        json_lines(&verified).into_iter().filter(|f| f["severity"] == "error").collect()
    }

    /// What `verify` finds before the next run concerns only the end of a file that was being written,
    /// after all acknowledged records.
    fn check_explained(&self, errors: &[serde_json::Value]) {
        for error in errors {
            let file = error["file"].as_str().unwrap_or_default().trim_end_matches(".open");
            let acknowledged = self
                .captures()
                .filter(|(_, of, ..)| *of == file)
                .map(|(_, _, offset, _)| offset.parse::<u64>().unwrap())
                .max();
            let open = self.root.join("warc").join(format!("{file}.open")).exists();
            let behind = error["offset"].as_u64().is_some_and(|at| Some(at) > acknowledged);
            assert!(open && behind, "not explained: {error}");
        }
    }

    fn succeed(&self, mut command: Command) -> Output {
        let done = command.output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
        let notes = stderr(&done);
        assert!(!notes.contains("evidence log"), "{notes}");
        done
    }

    /// The next run continues; afterwards the archive is in order and complete.
    fn check_going_on(&self) {
        if self.job {
            let done = self.succeed(self.site.job(&self.root));
            // No URL of the job is left in the queue, and the run reports no more URLs as left than the queue holds.
            let due = json_lines(&pressmark(&self.root, &["due", "--format", "json"]));
            assert!(due.iter().all(|line| line["job"] != "paper"), "{due:?}");
            let left = json_lines(&done)[0]["left"].as_u64().unwrap();
            assert!(left <= due.len() as u64, "{left} left of {due:?}");
        }
        let done = self.succeed(self.site.crawling(&self.root));
        assert_eq!(json_lines(&done)[0]["left"], 0);
        self.check_captures();
        let errors = self.verify();
        assert!(errors.is_empty(), "after the next run: {errors:?}");
        let kept = records(&self.root);
        let mut whole = BTreeSet::new();
        for record in &kept {
            let url = record.field("WARC-Target-URI");
            let Some(body) = self.site.sent.get(&url) else { continue };
            match record.field("WARC-Type").as_str() {
                "response" => {
                    assert!(record.block.ends_with(body), "{url}");
                    assert_eq!(record.field("WARC-Truncated"), "", "{url}");
                }
                "revisit" => {}
                _ => continue,
            }
            whole.insert(url);
        }
        let missing: Vec<_> = self.site.sent.keys().filter(|url| !whole.contains(*url)).collect();
        assert!(missing.is_empty(), "not fetched: {missing:?}");
        let ids: BTreeSet<String> = kept.iter().map(|r| r.field("WARC-Record-ID")).collect();
        let refers = kept.iter().map(|r| (r.field("WARC-Refers-To"), r.field("WARC-Type")));
        for (id, _) in refers.filter(|(id, kind)| !id.is_empty() && kind == "revisit") {
            assert!(ids.contains(&id), "a revisit of a record that is not there: {id}");
        }
    }

    fn check(&self, chance: &mut Chance) {
        let before = self.check_captures();
        if self.root.join("FORMAT").exists() {
            self.check_shown(&before, chance);
            let errors = self.verify();
            self.check_explained(&errors);
        }
        self.check_going_on();
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Cuts the power at one moment and checks one outcome; returns what failed.
fn outcome(
    story: &Story,
    site: &Site,
    line: usize,
    way: Way,
    chance: &mut Chance,
    label: &str,
) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let mut state = story.disk.after_loss(line, way, chance);
    state.reboot();
    state.lay_out(dir.path());
    let before = story.promises.iter().filter(|promise| promise.line <= line);
    let after = After {
        site,
        root: dir.path().join("archive"),
        promised: before.map(|promise| &promise.what).collect(),
        job: line >= story.job_from,
    };
    let mut own = Chance(chance.below(u64::MAX));
    catch_unwind(AssertUnwindSafe(|| after.check(&mut own))).map_err(|why| {
        let why = why
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        if let Some(keep) = std::env::var_os("PRESSMARK_POWER_KEEP") {
            let kept = Path::new(&keep).join(label.replace([' ', ','], "-"));
            let _ = fs::create_dir_all(&kept);
            state.lay_out(&kept);
        }
        format!("{label} ({way:?}): {why}")
    })
}

#[test]
fn a_loss_of_power_loses_nothing_that_was_acknowledged() {
    if let Some(why) = trace::why_not() {
        skipped("power-loss", &format!("{why}; no loss of power was tried"));
        return;
    }
    let cuts = number("PRESSMARK_POWER_CUTS", 6);
    let variants = number("PRESSMARK_POWER_VARIANTS", 2);
    let seed = number("PRESSMARK_POWER_SEED", 1);
    let dir = tempfile::tempdir().unwrap();
    let site = Site::new(dir.path());
    let mut chance = Chance(seed);
    let story = Story::record(&site, dir.path(), &mut chance);
    let mut failed = Vec::new();
    let mut promised = 0;
    for cut in 0..cuts {
        let mut chance = Chance(seed.wrapping_mul(1_000_003).wrapping_add(cut));
        let line = story.moment(&mut chance);
        promised += story.promises.iter().filter(|promise| promise.line <= line).count();
        for variant in 0..variants {
            // The first variants differ between cuts, so that a small number of variants still tries them all.
            let way = story.way((cut + variant) % variants.max(5), line, &mut chance);
            let label = format!("seed {seed}, cut {cut} at line {line}, variant {variant}");
            if let Err(why) = outcome(&story, &site, line, way, &mut chance, &label) {
                eprintln!("{why}");
                failed.push(why);
            }
        }
    }
    eprintln!(
        "{} calls that change the disk, {} promises; {cuts} cuts with {promised} promises before \
         them, {variants} outcomes each: {} failed",
        story.disk.events.len(),
        story.promises.len(),
        failed.len()
    );
    assert!(failed.is_empty(), "{} of {} failed", failed.len(), cuts * variants);
}

/// The index engine reuses the space of replaced data before the replacement is on the
/// disk: a loss of power may leave a mark and remove a capture before it.
#[test]
fn captures_that_an_index_lost_with_the_power_are_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let site = Site::new(dir.path());
    let root = dir.path().join("archive");
    assert!(site.crawling(&root).output().unwrap().status.success());
    let args = ["captures", "http://power.example/", "--match", "domain", "--format", "json"];
    let captures = || json_lines(&pressmark(&root, &args)).len();
    let before = captures();
    assert!(before > site.sent.len());
    fs::remove_dir_all(root.join("index")).unwrap();
    let (index, _) = Index::open(&root.join("index"), &KvOptions::default()).unwrap();
    for file in files(&root) {
        let size = file.metadata().unwrap().len();
        let file = stable_name(&file).into();
        let marks = vec![FileMark { file, indexed_to: size, sealed_size: Some(size) }];
        index.apply(CaptureBatch { captures: Vec::new(), marks }).unwrap();
    }
    index.flush().unwrap();
    index.mark_consistent().unwrap();
    drop(index);
    if Path::new("/proc/sys/kernel/random/boot_id").exists() {
        assert_eq!(captures(), 0, "after a mere kill the marks are believed");
    }
    fs::write(root.join("index/boot"), "another boot\n").unwrap();
    // The machine went down while the index was open.
    let _ = fs::remove_file(root.join("index/closed-in-order"));
    assert_eq!(captures(), before);
}
