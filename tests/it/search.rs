//! `search` as a person and a script run it, beside a process that writes; and the messages of a saved search.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use pressmark::base::SystemClock;
use serde_json::Value;

use crate::cli::{send, wait_until};
use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};
use crate::support::web::Web;

const STORY: &str = "http://courier.example/harbour/ferry-contract";

fn demo(dir: &Path) -> std::path::PathBuf {
    let archive = dir.join("archive");
    let made = command(&archive).args(["demo", "--keep", archive.to_str().unwrap()]).output();
    let made = made.unwrap();
    assert!(made.status.success(), "{}", stderr(&made));
    archive
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// The results of a command.
fn found(archive: &Path, args: &[&str]) -> Vec<Value> {
    let all = [&["--format", "json"], args].concat();
    let output = pressmark(archive, &all);
    assert!(matches!(code(&output), Some(0 | 3)), "{args:?}: {}", stderr(&output));
    json_lines(&output)
}

#[test]
fn words_are_found_in_every_version_and_the_answer_says_in_which() {
    let dir = tempfile::tempdir().unwrap();
    let archive = demo(dir.path());
    let hits = found(&archive, &["search", "\"without asking for other offers\""]);
    assert!(hits.iter().any(|hit| hit["url"] == STORY), "{hits:?}");
    let hit = hits.iter().find(|hit| hit["url"] == STORY).unwrap();
    let when = found(&archive, &["when", "without asking for other offers"]);
    let when = when.iter().find(|one| one["url"] == STORY).unwrap();
    for field in ["first_seen", "last_seen", "gone_since", "versions"] {
        assert_eq!(hit[field], when[field], "{field}");
    }
    let snippet = &hit["snippets"][0];
    let [start, end] =
        [0, 1].map(|n| usize::try_from(snippet["marks"][0][n].as_u64().unwrap()).unwrap());
    let marked = &snippet["text"].as_str().unwrap()[start..end];
    assert_eq!(marked, "without asking for other offers");
    // The same after the index is gone, and without one.
    let args = ["search", "harbour", "ferry"];
    let urls = |hits: Vec<Value>| {
        let mut urls: Vec<String> = hits.iter().map(|hit| hit["url"].to_string()).collect();
        urls.sort_unstable();
        urls
    };
    let before = urls(found(&archive, &args));
    assert!(!before.is_empty());
    for entry in fs::read_dir(archive.join("derived")).unwrap().flatten() {
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    assert_eq!(urls(found(&archive, &args)), before);
    let without = [&["--set", "search.index=false"], &args[..]].concat();
    assert_eq!(urls(found(&archive, &without)), before);
    let text = stdout(&pressmark(&archive, &["search", "ferry"]));
    assert!(text.contains("first seen  ") && text.contains("*ferry*"), "{text}");
}

#[test]
fn impossible_searches_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let archive = demo(dir.path());
    for (args, expected, says) in [
        (&["search", "zeppelin"][..], 3, "no version of any page has \"zeppelin\""),
        (&["search", "\"ferry"], 2, "expected a closing quotation mark"),
        (&["search", "colour:red"], 2, "there is no field \"colour\""),
        (&["search", "host:courier.example"], 2, "no word to search for"),
        (&["search"], 2, "required"),
        (&["search", "--saved", "x"], 2, "no search is saved"),
        (&["search", "--saved", "x", "--set", "search.saved=y: ferry"], 2, "searches are y"),
        (&["search", "--saved", "x", "--set", "search.saved=ferry"], 2, "expected NAME: QUERY"),
        (&["search", "ferry", "--from", "then"], 2, "--from"),
        (&["search", "ferry", "--limit", "0"], 2, "--limit"),
    ] {
        let output = pressmark(&archive, args);
        assert_eq!(code(&output), Some(expected), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn new_and_lost_matches_are_reported_once_under_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let archive = demo(dir.path());
    let args = ["search", "\"without asking for other offers\"", "--since-last", "me"];
    let events = found(&archive, &args);
    assert!(
        events.iter().any(|event| event["url"] == STORY && event["change"] == "carried"),
        "{events:?}"
    );
    assert_eq!(found(&archive, &args), Vec::<Value>::new());
    let feed = pressmark(&archive, &["search", "ferry", "--since", "1970", "--format", "atom"]);
    assert_eq!(code(&feed), Some(0), "{}", stderr(&feed));
    let feed = feed_rs::parser::parse(&feed.stdout[..]).unwrap();
    assert!(!feed.entries.is_empty());
    let saved = ["--set", "search.saved=offers: \"other offers\"", "search", "--saved", "offers"];
    assert!(!found(&archive, &saved).is_empty());
}

/// A process that does not outlive its test.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An archive that follows one page with a search for "old port", and the messages about it.
struct Followed {
    root: PathBuf,
    config: PathBuf,
    message_file: PathBuf,
    web: Web,
    _dir: tempfile::TempDir,
}

impl Followed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (root, message_file) = (dir.path().join("archive"), dir.path().join("told"));
        let (jobs, config) = (dir.path().join("jobs"), dir.path().join("pressmark.toml"));
        let web = Web::start(Arc::new(SystemClock));
        fs::create_dir(&jobs).unwrap();
        fs::write(
            jobs.join("paper.toml"),
            "name = \"paper\"\nseeds = [\"http://a.example/story\"]\n[schedule]\nevery = \"1s\"\n",
        )
        .unwrap();
        let rule = &web.resolve(&["a.example"])[0];
        fs::write(
            &config,
            format!(
                "[capture]\nallow_private = true\nresolve = [{rule:?}]\n[politeness]\ndelay_min = \"0s\"\ndelay_factor = 0.0\n\
                 [search]\nsaved = [\"port: \\\"old port\\\"\"]\n[notify]\ncommand = [\"tee\", \"-a\", {message_file:?}]\n"
            ),
        )
        .unwrap();
        Self { root, config, message_file, web, _dir: dir }
    }

    fn says(&self, words: &str) {
        let html = format!(
            "<!doctype html><html lang=en><body><article><h1>The board and its port</h1>\
             <p>The harbour board met on Tuesday to talk about the winter and its storms.</p>\
             <p>{words}, the chair of the board told a meeting of fishermen in the evening.</p></article></body></html>"
        );
        self.web.page("a.example", "/story", &html);
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(&self.root);
        command.arg("--config").arg(&self.config).args(args);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    fn start(&self, args: &[&str]) -> Running {
        Running(Some(self.command(args).spawn().unwrap()))
    }

    /// Starts `watch`, and waits until it captures.
    fn watch(&self) -> Running {
        let queue = self.root.join("state/queue.json");
        let running = self.start(&["watch"]);
        wait_until(|| queue.exists());
        running
    }

    /// The messages about searches.
    fn messages(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.message_file).unwrap_or_default();
        // One object after the other, without a line between.
        serde_json::Deserializer::from_str(&text)
            .into_iter::<Value>()
            .filter_map(Result::ok)
            .filter(|message| message["event"] == "search")
            .collect()
    }

    fn changes(&self) -> Vec<String> {
        let change = |message: &Value| message["change"].as_str().unwrap().to_owned();
        self.messages().iter().map(change).collect()
    }

    fn search(&self, query: &str) -> usize {
        found(&self.root, &["search", query]).len()
    }

    /// Whether there is an index of words that was committed.
    fn has_index(&self) -> bool {
        let entries = fs::read_dir(self.root.join("derived")).into_iter().flatten().flatten();
        let mut dirs =
            entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("search-"));
        dirs.any(|dir| {
            let meta = fs::read_to_string(dir.path().join("meta.json")).unwrap_or_default();
            meta.contains("payload")
        })
    }
}

/// Ends a process in order.
fn end(mut running: Running) {
    let child = running.0.take().unwrap();
    send(child.id(), "TERM");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(code(&ended), Some(130), "{}", stderr(&ended));
}

#[test]
fn a_saved_search_is_reported_by_the_watching_process_and_others_search_beside_it() {
    let followed = Followed::new();
    followed.says("Nothing was decided about the ferry");
    let watch = followed.watch();
    wait_until(|| followed.search("fishermen") == 1);
    followed.says("Nothing was decided about the old port");
    // In about half of the runs, this process adds it to the index.
    wait_until(|| followed.search("\"old port\"") == 1);
    wait_until(|| followed.messages().len() == 1);
    followed.says("Nothing was decided about the new port");
    wait_until(|| followed.messages().len() == 2);
    assert_eq!(followed.changes(), ["carried", "dropped"]);
    let schemas = crate::schemas::schemas();
    for message in &followed.messages() {
        assert_eq!(message["search"], "port");
        assert_eq!(message["snippets"][0]["field"], "text", "{message}");
        assert_eq!(schemas.problems("search-message.json", message), Vec::<String>::new());
    }
    assert_eq!(followed.search("\"old port\""), 1);
    end(watch);
    let events = found(&followed.root, &["search", "\"old port\"", "--events"]);
    let changes: Vec<&Value> = events.iter().map(|event| &event["change"]).collect();
    assert_eq!(changes, ["dropped", "carried"]);
}

#[test]
fn a_saved_search_is_reported_once_beside_a_server_that_keeps_the_index_and_after_a_restart() {
    let followed = Followed::new();
    let crawl = || {
        let done = followed.command(&["crawl", "http://a.example/story"]).output().unwrap();
        assert_eq!(code(&done), Some(0), "{}", stderr(&done));
    };
    followed.says("Nothing was decided about the ferry");
    crawl();
    // The server creates the index, and holds its writer.
    let serve = followed.start(&["serve", "--bind", "127.0.0.1:0"]);
    wait_until(|| followed.has_index());
    let watch = followed.watch();
    followed.says("Nothing was decided about the old port");
    wait_until(|| !followed.messages().is_empty());
    // All pages are put into the index again.
    for entry in fs::read_dir(followed.root.join("derived")).unwrap().flatten() {
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    wait_until(|| followed.has_index());
    end(watch);
    assert_eq!(followed.changes(), ["carried"]);
    // What another command captures while no process watches.
    followed.says("Nothing was decided about the new port");
    crawl();
    let watch = followed.watch();
    wait_until(|| followed.messages().len() > 1);
    followed.says("Nothing was decided about the old port and its pier");
    wait_until(|| followed.messages().len() > 2);
    end(watch);
    end(serve);
    assert_eq!(followed.changes(), ["carried", "dropped", "carried"]);
}
