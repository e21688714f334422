//! `watch` as a process: what others see of its queue, new jobs by a signal, an orderly end; and jobs
//! that are killed and begun again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::SystemClock;

use crate::cli::{send, wait_until};
use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};
use crate::support::web::{Reply, Web, ok};

struct Place {
    _dir: tempfile::TempDir,
    root: PathBuf,
    config: PathBuf,
    web: Web,
}

fn place(hosts: &[&str]) -> Place {
    let dir = tempfile::tempdir().unwrap();
    let web = Web::start(Arc::new(SystemClock));
    let config = dir.path().join("pressmark.toml");
    fs::create_dir(dir.path().join("jobs")).unwrap();
    let rules = web.resolve(hosts).iter().map(|r| format!("{r:?}")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "[capture]\nallow_private = true\nresolve = [{rules}]\n[politeness]\ndelay_min = \"0s\"\ndelay_factor = 0.0\n"
    );
    fs::write(&config, text).unwrap();
    Place { root: dir.path().join("archive"), config, web, _dir: dir }
}

/// A process that does not outlive its test.
struct Running(Option<Child>);

impl Running {
    fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    fn wait_with_output(mut self) -> std::io::Result<Output> {
        self.0.take().unwrap().wait_with_output()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Place {
    fn job(&self, name: &str, text: &str) -> PathBuf {
        let file = self.config.parent().unwrap().join("jobs").join(format!("{name}.toml"));
        fs::write(&file, format!("name = \"{name}\"\n{text}")).unwrap();
        file
    }

    fn run(&self, args: &[&str]) -> Running {
        let mut command = command(&self.root);
        command.arg("--config").arg(&self.config).args(args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Running(Some(child))
    }

    fn asked(&self, target: &str) -> usize {
        self.web.asked().iter().filter(|a| a.target == target).count()
    }
}

#[test]
fn status_and_due_read_what_the_watching_process_says_of_its_queue() {
    let place = place(&["a.example", "b.example"]);
    for n in 0..3 {
        place.web.page("a.example", &format!("/{n}"), "<p>text</p>");
    }
    place.web.page("b.example", "/late", "<p>text</p>");
    place.job(
        "paper",
        "seeds = [\"http://a.example/0\", \"http://a.example/1\", \"http://a.example/2\"]\n[schedule]\nevery = \"6h\"\n",
    );
    let watching = place.run(&["watch"]);
    wait_until(|| place.root.join("state/queue.json").exists());
    wait_until(|| place.asked("/2") == 1);
    let status = pressmark(&place.root, &["status", "--format", "json"]);
    assert_eq!(status.status.code(), Some(0), "{}", stderr(&status));
    let queue = &json_lines(&status)[0]["queue"];
    assert_eq!(queue["watched"], 3, "{queue}");
    let source = queue["source"].as_str().unwrap();
    assert!(source.contains(&format!("process {}", watching.id())), "{source}");
    let text = stdout(&pressmark(&place.root, &["status"]));
    assert!(text.contains(source.split(" said ").next().unwrap()), "{text}");
    // It says so again as soon as nothing is in flight.
    wait_until(|| {
        json_lines(&pressmark(&place.root, &["due", "--format", "json"]))
            .iter()
            .all(|line| line["because"] == "every 6.0 h")
    });
    let due = pressmark(&place.root, &["due", "--format", "json"]);
    assert_eq!(due.status.code(), Some(0), "{}", stderr(&due));
    let lines = json_lines(&due);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().all(|l| l["job"] == "paper" && l["list"] == "watched"), "{lines:?}");
    assert!(stderr(&due).contains(" s ago"), "{}", stderr(&due));
    // A job that comes in by SIGHUP is served at once; one with a mistake changes nothing.
    place.job("second", "seeds = [\"http://b.example/late\"]\n");
    send(watching.id(), "HUP");
    wait_until(|| place.asked("/late") == 1);
    send(watching.id(), "TERM");
    let ended = watching.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", stderr(&ended));
    // The queue is free: it is read, and nobody's word is needed.
    assert!(!place.root.join("state/queue.json").exists());
    let status = pressmark(&place.root, &["status", "--format", "json"]);
    let queue = &json_lines(&status)[0]["queue"];
    assert_eq!((queue["watched"].as_u64(), queue["source"].as_str()), (Some(4), None), "{queue}");
}

#[test]
fn a_run_that_comes_while_another_is_going_on_does_what_its_job_says() {
    let place = place(&["a.example"]);
    place.web.page("a.example", "/", "<p>text</p>");
    let job = place.job("paper", "seeds = [\"http://a.example/\"]\n[schedule]\nevery = \"6h\"\n");
    let watching = place.run(&["watch"]);
    wait_until(|| place.asked("/") == 1);
    for overlap in ["skip", "resume"] {
        let text = format!("overlap = \"{overlap}\"\nseeds = [\"http://a.example/\"]\n");
        let file = place.config.with_file_name("other.toml");
        fs::write(&file, format!("name = \"other\"\n{text}")).unwrap();
        let args = ["crawl", "--job", file.to_str().unwrap()];
        let done = place.run(&args).wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{overlap}: {}", stderr(&done));
        assert!(stderr(&done).contains("does not take place"), "{}", stderr(&done));
    }
    assert_eq!(place.asked("/"), 1);
    // `queue` waits for its turn.
    let text = fs::read_to_string(&job).unwrap().replace("name", "overlap = \"queue\"\nname");
    fs::write(&job, text).unwrap();
    let waiting = place.run(&["crawl", "--job", job.to_str().unwrap()]);
    std::thread::sleep(Duration::from_millis(500));
    send(watching.id(), "TERM");
    watching.wait_with_output().unwrap();
    let done = waiting.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert_eq!(place.asked("/"), 2);
}

const HOSTS: usize = 10;
const PAGES: usize = 30;

/// The small form of `tests/bench/soak.py`.
#[test]
fn a_job_killed_twice_loses_nothing_and_repeats_what_was_in_flight_alone() {
    let names: Vec<String> = (0..HOSTS).map(|n| format!("s{n}.example")).collect();
    let place = place(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut list = String::new();
    for page in 0..PAGES {
        for name in &names {
            let body = format!("<p>page {page} of {name}</p>");
            place.web.on(name, &format!("/{page}"), Reply::Bytes(ok("text/html", body.as_bytes())));
            list.push_str(&format!("http://{name}/{page}\n"));
        }
    }
    fs::write(place.config.with_file_name("urls.txt"), list).unwrap();
    let job = place.job("soak", "seed_files = [\"../urls.txt\"]\n[schedule]\nevery = \"30d\"\n");
    let args = ["--quiet", "crawl", "--job", job.to_str().unwrap(), "--format", "json"];
    let pages = || place.web.asked().iter().filter(|a| a.target != "/robots.txt").count();
    for share in [4, 2] {
        let child = place.run(&args);
        wait_until(|| pages() >= HOSTS * PAGES / share);
        drop(child);
    }
    assert!(pages() < HOSTS * PAGES, "it was over before it was killed");
    let done = place.run(&args).wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert_eq!(json_lines(&done)[0]["left"], 0);
    let twice = pages() - HOSTS * PAGES;
    assert!(twice <= 2 * HOSTS, "{twice} were asked for twice, and {HOSTS} were in flight at most");
    let kept = captured(&place.root);
    assert_eq!(kept.len(), HOSTS * PAGES, "each URL has a record");
}

fn captured(root: &Path) -> std::collections::BTreeSet<String> {
    crate::support::archive::records(root)
        .iter()
        .filter(|r| matches!(r.field("WARC-Type").as_str(), "response" | "revisit"))
        .map(|r| r.field("WARC-Target-URI"))
        .filter(|url| !url.ends_with("/robots.txt"))
        .collect()
}
