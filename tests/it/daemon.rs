//! `watch` as a process: what others see of its queue, new jobs by a signal, an orderly end; and jobs
//! that are killed and started again.

mod serving;

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
fn status_and_due_read_what_the_watching_process_reports_of_its_queue() {
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
    // It reports that again as soon as nothing is in flight.
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
    // A job added by SIGHUP starts at once; one with a mistake changes nothing.
    place.job("second", "seeds = [\"http://b.example/late\"]\n");
    send(watching.id(), "HUP");
    wait_until(|| place.asked("/late") == 1);
    send(watching.id(), "TERM");
    let ended = watching.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", stderr(&ended));
    // The queue is unlocked: it is read directly.
    assert!(!place.root.join("state/queue.json").exists());
    let status = pressmark(&place.root, &["status", "--format", "json"]);
    let queue = &json_lines(&status)[0]["queue"];
    assert_eq!((queue["watched"].as_u64(), queue["source"].as_str()), (Some(4), None), "{queue}");
}

#[test]
fn a_run_that_starts_during_another_does_what_its_job_says() {
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
        assert!(stderr(&done).contains("this run is skipped"), "{}", stderr(&done));
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

fn report(ended: &Output) -> serde_json::Value {
    json_lines(ended).into_iter().next().unwrap_or_else(|| panic!("{}", stderr(ended)))
}

#[test]
fn urls_are_handed_to_the_watching_process_and_reported_when_they_are_captured() {
    let place = place(&["a.example", "b.example"]);
    let links = "<p>x<a href=/deep>d</a><img src=/i.png></p>";
    place.web.page("a.example", "/", links);
    place.web.page("a.example", "/deep", "<p>deep</p>");
    place.web.on("a.example", "/i.png", Reply::Bytes(ok("image/png", b"png")));
    let to = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".to_vec();
    place.web.on("b.example", "/moved", Reply::Bytes(to));
    place.web.page("b.example", "/there", "<p>there</p>");
    place.job("paper", "seeds = [\"http://a.example/deep\"]\n[schedule]\nevery = \"6h\"\n");
    let watching = place.run(&["watch"]);
    wait_until(|| place.asked("/deep") == 1);
    let crawl = |args: &[&str]| {
        let all = [&["--format", "json", "crawl"], args].concat();
        place.run(&all).wait_with_output().unwrap()
    };
    let ended = crawl(&["http://a.example/", "--requisites", "--depth", "1"]);
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert!(
        stderr(&ended).contains(&format!("process {} watches", watching.id())),
        "{}",
        stderr(&ended)
    );
    let said = report(&ended);
    // The page, its image and its link, which a job has, too.
    assert_eq!(
        (&said["captured"], &said["failed"], &said["left"]),
        (&3.into(), &0.into(), &0.into()),
        "{said}"
    );
    assert_eq!((place.asked("/"), place.asked("/i.png"), place.asked("/deep")), (1, 1, 2));
    let problems = crate::schemas::schemas().problems("crawl.json", &said);
    assert_eq!(problems, Vec::<String>::new());
    // Redirects are followed every time.
    for times in 1..=2 {
        let said = report(&crawl(&["http://b.example/moved"]));
        assert_eq!((&said["captured"], place.asked("/there")), (&2.into(), times), "{said}");
    }
    let ended = crawl(&["http://nowhere.invalid/"]);
    assert_eq!(ended.status.code(), Some(1), "{}", stderr(&ended));
    assert_eq!(report(&ended)["failures"][0]["url"], "http://nowhere.invalid/");
    // Network flags cannot be handed over.
    let refused = crawl(&["http://a.example/", "--allow-private"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("hint: ") && place.asked("/") == 1, "{}", stderr(&refused));
    send(watching.id(), "TERM");
    let ended = watching.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", stderr(&ended));
    // URLs requested by hand are watched from now on, and no request is left over.
    let due = json_lines(&pressmark(&place.root, &["due", "--format", "json"]));
    assert!(due.iter().any(|line| line["url"] == "http://a.example/"), "{due:?}");
    let left: Vec<_> = fs::read_dir(place.root.join("state/inbox")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_process_that_handed_its_urls_to_one_that_dies_captures_them_itself() {
    let place = place(&["a.example"]);
    place.web.page("a.example", "/", "<p>x</p>");
    place.web.on("a.example", "/robots.txt", Reply::Bytes(Vec::new()));
    place.job("paper", "seeds = [\"http://nowhere.invalid/\"]\n");
    let watching = place.run(&["watch"]);
    wait_until(|| place.root.join("state/inbox/owner").exists());
    wait_until(|| place.root.join("state/queue.json").exists());
    let waiting = place.run(&["--format", "json", "crawl", "http://a.example/"]);
    // It hangs at the robots.txt, which never answers.
    wait_until(|| place.asked("/robots.txt") == 1);
    place.web.on("a.example", "/robots.txt", Reply::Bytes(ok("text/plain", b"")));
    drop(watching);
    let ended = waiting.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert!(stderr(&ended).contains("continuing without it"), "{}", stderr(&ended));
    assert_eq!((&report(&ended)["captured"], place.asked("/")), (&1.into(), 1));
}

#[test]
fn a_hangup_restarts_both_logs_whatever_the_job_files_say() {
    let place = place(&["a.example"]);
    place.web.page("a.example", "/1", "<p>x</p>");
    place.web.page("a.example", "/2", "<p>x</p>");
    let job = place.job("paper", "seeds = [\"http://a.example/1\"]\n[schedule]\nevery = \"6h\"\n");
    let log = place.config.with_file_name("watch.log");
    let to_file = format!("log.file={}", log.display());
    let watching = place.run(&["--set", &to_file, "watch"]);
    let crawl_log = place.root.join("logs/crawl.log");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    wait_until(|| read(&crawl_log).contains("/1 "));
    for path in [&log, &crawl_log] {
        fs::rename(path, path.with_extension("log.1")).unwrap();
    }
    // A mistake in a job file keeps the jobs as they were, and the logs are started again all the same.
    fs::write(&job, "nonsense = 1\n").unwrap();
    send(watching.id(), "HUP");
    wait_until(|| read(&log).contains("the jobs stay as they were"));
    wait_until(|| crawl_log.exists());
    place.job("paper", "seeds = [\"http://a.example/1\", \"http://a.example/2\"]\n");
    send(watching.id(), "HUP");
    wait_until(|| read(&crawl_log).contains("/2 "));
    assert!(read(&log).contains("the jobs were reloaded"));
    assert!(!read(&log.with_extension("log.1")).contains("the jobs"));
    assert!(!read(&crawl_log.with_extension("log.1")).contains("/2 "));
    send(watching.id(), "TERM");
    let ended = watching.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), stderr(&ended).as_str()), (Some(130), ""));
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

#[test]
fn a_feed_that_turned_into_something_else_is_reported_by_every_command() {
    let place = place(&["a.example"]);
    place.web.page("a.example", "/feed", "<html><body>We have moved</body></html>");
    place.job("paper", "feeds = [\"http://a.example/feed\"]\n");
    let args = ["crawl", "--job", "paper"];
    let ran = place.run(&args).wait_with_output().unwrap();
    let said = stdout(&ran);
    assert!(said.contains("sources: 0 well, 1 not"), "{said}");
    assert!(
        said.contains("feed http://a.example/feed of paper: not-a-source (200, text/html"),
        "{said}"
    );
    let status = stdout(&pressmark(&place.root, &["status"]));
    assert!(status.contains("feed http://a.example/feed of paper: not-a-source"), "{status}");
    let watching = place.run(&["--set", "watch.metrics_bind=127.0.0.1:0", "watch"]);
    wait_until(|| place.root.join("state/queue.json").exists());
    let status = json_lines(&pressmark(&place.root, &["status", "--format", "json"])).remove(0);
    let problems = crate::schemas::schemas().problems("status.json", &status);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(status["sources"][0]["state"], "not-a-source");
    send(watching.id(), "TERM");
    let ended = watching.wait_with_output().unwrap();
    let log = stderr(&ended);
    let warned = log.lines().find(|line| line.contains("a source has a problem")).unwrap();
    assert!(warned.contains("WARN") && warned.contains("not-a-source"), "{warned}");
}
