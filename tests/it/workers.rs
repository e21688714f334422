//! Several `watch` processes on one queue in PostgreSQL: they are killed, paused for longer than their leases
//! last, silently cut off from the database, ended and started, and the database is restarted under them
//! and cut off from all of them. The log of the web decides: no
//! host is requested by two at once or sooner than its pace, every page is captured, and none a second time except
//! pages that were in flight or not yet written when something broke.
//!
//! `PRESSMARK_WORKERS=8,1000` sets how many processes there are and on how many hosts (4 and 40 without it).
//! With `libfaketime` installed their clocks are five minutes apart.

mod origin;
mod pooled;
mod rendering;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use self::origin::{Origin, Visit};
use crate::cli::{send, wait_until};
use crate::support::cli::{command, json_lines, stderr, stdout};
use crate::support::link::Link;
use crate::support::postgres::Cluster;
use crate::support::s3::S3;
use crate::support::skip::skipped;

/// The pause between the end of one answer of a host and the next request to it.
const PACE: Duration = Duration::from_millis(400);
/// Pages of each host beside its front page; half of them link to one more on the next host.
const PAGES: usize = 16;
/// Shorter than recommended, so that tests see its end; longer where the machine has so much load
/// that renewals are late.
fn lease() -> Duration {
    Duration::from_secs(if std::env::var_os("PRESSMARK_WORKERS").is_some() { 10 } else { 4 })
}

fn server() -> Option<Cluster> {
    Cluster::start("").map_err(|why| skipped("postgres", &why)).ok()
}

/// Shifts the clock of a process, where the library for that is installed.
fn fake_time() -> Option<PathBuf> {
    let place = |arch: &str| PathBuf::from(format!("/usr/lib/{arch}/faketime/libfaketime.so.1"));
    let found =
        ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(place).into_iter().find(|p| p.exists());
    if found.is_none() {
        skipped("faketime", "the clocks of the processes are the same; libfaketime shifts them");
    }
    found
}

/// The directory of the workers, and what they share.
struct Place {
    dir: tempfile::TempDir,
    config: PathBuf,
    /// The link of each worker to the database, where it has one of its own.
    links: Vec<Link>,
}

impl Place {
    fn new(server: &Cluster, hosts_each: usize, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("jobs")).unwrap();
        let config = dir.path().join("pressmark.toml");
        let text = format!(
            "[evidence]\nkey_file = \"{}\"\n[capture]\nallow_private = true\n\
             [politeness]\ndelay_min = \"{} ms\"\ndelay_factor = 0.0\n\
             [store]\nfrontier = \"{}\"\nfrontier_lease = \"{} s\"\nfrontier_hosts = {hosts_each}\n{more}",
            dir.path().join("log.key").display(),
            PACE.as_millis(),
            server.address(),
            lease().as_secs(),
        );
        fs::write(&config, text).unwrap();
        Self { dir, config, links: Vec::new() }
    }

    /// Gives each of this number of workers a link of its own to the database, which can be cut.
    fn linked(mut self, server: &Cluster, workers: usize) -> Self {
        self.links = (0..workers).map(|_| Link::to(server.port())).collect();
        self
    }

    fn job(&self, name: &str, text: &str) {
        let file = self.dir.path().join("jobs").join(format!("{name}.toml"));
        fs::write(file, format!("name = \"{name}\"\n{text}")).unwrap();
    }

    fn root(&self, worker: usize) -> PathBuf {
        self.dir.path().join(format!("archive-{worker}"))
    }

    fn watch(&self, worker: usize, clock: Option<&Path>) -> Worker {
        let mut command = command(&self.root(worker));
        command.arg("--config").arg(&self.config).arg("watch");
        command.env("PRESSMARK_STORE_FRONTIER_WORKER", format!("worker {worker}"));
        if let Some(link) = self.links.get(worker) {
            command.env("PRESSMARK_STORE_FRONTIER", Cluster::address_at(link.port()));
        }
        if let Some(library) = clock.filter(|_| worker > 0) {
            let minutes = worker * 5;
            command.env("LD_PRELOAD", library).env("FAKETIME", format!("+{minutes}m"));
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let log = self.dir.path().join(format!("log-{worker}"));
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let child = command.stdout(Stdio::null()).stderr(Stdio::from(log)).spawn().unwrap();
        Worker(child)
    }

    fn log(&self, worker: usize) -> String {
        fs::read_to_string(self.dir.path().join(format!("log-{worker}"))).unwrap_or_default()
    }

    fn run(&self, worker: usize, args: &[&str]) -> std::process::Output {
        let mut command = command(&self.root(worker));
        command.arg("--config").arg(&self.config).args(args).output().unwrap()
    }
}

/// A process that does not outlive its test.
struct Worker(Child);

impl Worker {
    fn signal(&self, name: &str) {
        send(self.0.id(), name);
    }

    fn end(mut self) -> Option<i32> {
        self.signal("TERM");
        self.0.wait().unwrap().code()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every path of a host.
fn paths() -> BTreeSet<String> {
    let own = (0..PAGES).map(|n| format!("/p/{n}"));
    let led = (0..PAGES).step_by(2).map(|n| format!("/q/{n}"));
    own.chain(led).chain(["/".to_owned()]).collect()
}

/// The answers of a host: its front page links to its pages, and every second of those to one of the next host.
fn page(hosts: usize, host: usize, path: &str, port: u16) -> Option<String> {
    let links = match path.split_once("/p/") {
        _ if path == "/" => (0..PAGES).map(|n| format!("<a href=\"/p/{n}\">{n}</a> ")).collect(),
        Some((_, n)) if n.parse::<usize>().is_ok_and(|n| n < PAGES && n % 2 == 0) => {
            let next = origin::address((host + 1) % hosts);
            format!("<a href=\"http://{next}:{port}/q/{n}\">on</a>")
        }
        _ => String::new(),
    };
    paths().contains(path).then(|| format!("<title>{host} {path}</title><p>A page.</p>{links}"))
}

#[test]
fn workers_that_die_pause_come_and_go_ask_no_host_together_or_early_and_lose_no_page() {
    let Some(server) = server() else { return };
    let sizes = std::env::var("PRESSMARK_WORKERS").unwrap_or_default();
    let sizes: Vec<usize> = sizes.split(',').filter_map(|word| word.parse().ok()).collect();
    let (workers, hosts) = match sizes[..] {
        [workers, hosts] => (workers.max(3), hosts),
        _ => (4, 40),
    };
    let origin = Origin::start(hosts, move |host, path, port| page(hosts, host, path, port));
    let place = Place::new(&server, (hosts / workers).max(4) + 2, "").linked(&server, workers + 1);
    let seeds: Vec<String> = (0..hosts).map(|n| format!("{:?}", origin.url(n, "/"))).collect();
    place.job(
        "paper",
        &format!("seeds = [{}]\ndepth = 2\n[schedule]\nevery = \"30d\"\n", seeds.join(", ")),
    );
    let clock = fake_time();
    let mut running: Vec<Option<Worker>> =
        (0..workers).map(|n| Some(place.watch(n, clock.as_deref()))).collect();
    let begun = Instant::now();
    let all = hosts * paths().len();
    // The times of breakage: pages visited then, or a little before, may be visited again.
    let mut broken: Vec<(Duration, Duration)> = Vec::new();
    let patience = Duration::from_secs(240 + all as u64 / 10);
    let at = |part: usize, origin: &Origin| {
        wait_for(patience, || origin.pages() >= all * part / 20, &place, "a part of the pages");
        begun.elapsed()
    };
    let until = |time: Duration| {
        while begun.elapsed() < time {
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    // One worker is killed, and started again on the same archive.
    let when = at(2, &origin);
    let mut killed = running[0].take().unwrap();
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    broken.push((when, begun.elapsed()));
    running[0] = Some(place.watch(0, clock.as_deref()));
    // One is paused, and meanwhile the database restarts.
    let paused = at(4, &origin);
    running[1].as_ref().unwrap().signal("STOP");
    broken.push((paused, begun.elapsed()));
    let when = at(5, &origin);
    server.kill();
    std::thread::sleep(Duration::from_millis(1_500));
    server.begin();
    broken.push((when, begun.elapsed() + Duration::from_secs(2)));
    // One is ended in order, and another one started.
    let ended = running[2].take().unwrap();
    assert_eq!(ended.end(), Some(130), "{}", place.log(2));
    running.push(Some(place.watch(workers, clock.as_deref())));
    until(paused + lease() * 2);
    running[1].as_ref().unwrap().signal("CONT");
    // One is cut off: it visits the URLs that it holds until its leases end, and others then visit them again. Its data
    // in flight arrives long after, when it has lost its hosts.
    let when = at(9, &origin);
    place.links[workers - 1].cut();
    broken.push((when, begun.elapsed() + lease()));
    until(when + lease() * 2);
    place.links[workers - 1].mend();
    // All are cut off, and their data in flight is lost.
    let when = at(13, &origin);
    place.links.iter().for_each(Link::cut);
    broken.push((when, begun.elapsed() + lease()));
    until(when + lease());
    place.links.iter().for_each(Link::drop_all);
    place.links.iter().for_each(Link::mend);
    assert!(place.links.iter().any(|link| link.held() > 0), "nothing was cut off");
    wait_for(patience, || origin.pages_seen() >= all, &place, "all pages");
    // Wait until the buffered results are written.
    std::thread::sleep(Duration::from_secs(3));
    let visits = origin.visits(begun);
    judge(&visits, hosts, &broken);
    // Each worker announces itself, and any of them lists it.
    let status = place.run(0, &["status", "--format", "json"]);
    assert_eq!(status.status.code(), Some(0), "{}", stderr(&status));
    let shared = &json_lines(&status)[0]["queue"]["shared"];
    let names: Vec<&str> =
        shared["workers"].as_array().unwrap().iter().filter_map(|w| w["name"].as_str()).collect();
    assert_eq!(names.len(), workers + 1, "{shared}");
    assert_eq!(shared["workers"][2]["ended"], true, "{shared}");
    let text = stdout(&place.run(0, &["status"]));
    assert!(text.contains("worker 1: "), "{text}");
    // The archives together contain exactly the captured pages.
    for worker in running.into_iter().flatten() {
        assert_eq!(worker.end(), Some(130));
    }
    one_log(&place, workers, &origin);
    let mut captured: BTreeMap<String, usize> = BTreeMap::new();
    for worker in 0..=workers {
        let log = fs::read_to_string(place.root(worker).join("logs/crawl.log")).unwrap();
        for line in log.lines().filter(|line| line.split(' ').nth(10) != Some("-")) {
            let url = line.split(' ').nth(3).unwrap().to_owned();
            *captured.entry(url).or_default() += 1;
        }
        let verified = place.run(worker, &["verify"]);
        assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    }
    let lost: Vec<String> = (0..hosts)
        .flat_map(|n| paths().into_iter().map(move |path| (n, path)))
        .map(|(n, path)| origin.url(n, &path))
        .filter(|url| !captured.contains_key(url))
        .collect();
    assert!(lost.is_empty(), "{} pages are in no archive: {:?}", lost.len(), lost.first());
    let counts = server.sql("SELECT phase, count(*) FROM pressmark_frontier.queue_url GROUP BY 1");
    assert_eq!(counts, format!("1|{all}"), "every page waits for its next visit");
}

/// All archives have one evidence log, and each proves its captures from its own copy.
fn one_log(place: &Place, workers: usize, origin: &Origin) {
    // The first one to end lacks what the last one registered.
    let newest = |worker: usize| {
        let extended = place.run(worker, &["evidence", "extend"]);
        assert_eq!(extended.status.code(), Some(0), "{}", stderr(&extended));
        stdout(&place.run(worker, &["evidence", "checkpoint"]))
    };
    // Once over all, which may lack the files of a killed worker, and once to compare.
    for worker in 0..=workers {
        newest(worker);
    }
    let checkpoint = newest(0);
    for worker in 1..=workers {
        assert_eq!(newest(worker), checkpoint, "worker {worker}");
    }
    let mut proved = 0;
    for worker in 0..=workers {
        let log = fs::read_to_string(place.root(worker).join("logs/crawl.log")).unwrap();
        let is_page = |line: &&str| line.contains("/p/") && line.split(' ').nth(10) != Some("-");
        let Some(line) = log.lines().find(is_page) else { continue };
        let url = line.split(' ').nth(3).unwrap();
        let bundle = place.dir.path().join(format!("proof-{worker}.zip"));
        let bundle = bundle.to_str().unwrap();
        let made = place.run(worker, &["prove", url, "-o", bundle]);
        assert_eq!(made.status.code(), Some(0), "{url}: {}", stderr(&made));
        let keys = place.dir.path().join("key.txt");
        fs::write(&keys, place.run(0, &["evidence", "keys"]).stdout).unwrap();
        let checked =
            place.run(worker, &["prove", "--check", bundle, "--key", keys.to_str().unwrap()]);
        assert_eq!(checked.status.code(), Some(0), "{}", stdout(&checked));
        proved += 1;
    }
    assert!(proved > workers / 2, "{proved} of {} archives of {}", workers + 1, origin.url(0, "/"));
}

/// The text of a documentation file.
fn documented(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(path)).unwrap()
}

#[test]
fn the_compose_file_and_the_units_of_several_processes_fit_the_program() {
    // Parsed as YAML, then checked for its content.
    let compose = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compose.yaml");
    let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let read = std::process::Command::new("python3").args(["-c", read]).arg(&compose).output();
    match read.ok().filter(|read| read.status.success()) {
        None => skipped("yaml", "docs/compose.yaml is not read: python3 has no yaml"),
        Some(read) => {
            let compose = &json_lines(&read)[0];
            let watch = &compose["services"]["watch"];
            let names = ["archives", "database"];
            assert!(names.iter().all(|name| compose["volumes"].get(name).is_some()), "{compose}");
            assert_eq!(watch["depends_on"]["database"]["condition"], "service_healthy");
            assert!(compose["services"]["database"]["healthcheck"]["test"].is_array());
            // Every setting in it exists, and accepts the value.
            let dir = tempfile::tempdir().unwrap();
            let mut command = command(&dir.path().join("archive"));
            let mut given = 0;
            for (name, value) in watch["environment"].as_object().unwrap() {
                if name.starts_with("PRESSMARK_") {
                    command.env(name, value.as_str().unwrap());
                    given += 1;
                }
            }
            let shown = command.args(["config", "show"]).output().unwrap();
            assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
            assert!(stdout(&shown).contains("@database/pressmark?"), "{}", stdout(&shown));
            assert!(given >= 3);
        }
    }
    // Each instance has an archive, a name and a port of its own, and the settings accept them.
    let unit = documented("systemd/pressmark-watch@.service");
    let environment = unit.lines().filter_map(|line| line.strip_prefix("Environment="));
    let given: Vec<(&str, String)> = environment
        .flat_map(|line| line.split(' '))
        .filter_map(|one| one.split_once('='))
        .map(|(name, value)| (name, value.replace("%i", "1").replace("%H", "host")))
        .collect();
    assert_eq!(given.len(), 4, "{given:?}");
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(&dir.path().join("archive"));
    let shown = command.envs(given).args(["config", "show"]).output().unwrap();
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    for value in ["/var/lib/pressmark/1", "host/1", "127.0.0.1:9461", "\"pressmark_1\""] {
        assert!(stdout(&shown).contains(value), "{value}: {}", stdout(&shown));
    }
    // What cannot be derived from its number comes from a file of its own, also for its check.
    let verifying = documented("systemd/pressmark-verify@.service");
    for line in ["EnvironmentFile=-/etc/pressmark/%i.env", "SCHEMA=pressmark_%i"] {
        assert!(unit.contains(line) && verifying.contains(line), "{line}");
    }
    let units = tempfile::tempdir().unwrap();
    let named =
        ["pressmark-watch@.service", "pressmark-verify@.service", "pressmark-verify@.timer"];
    let paths: Vec<PathBuf> = named.iter().map(|name| units.path().join(name)).collect();
    for (name, path) in named.iter().zip(&paths) {
        let text = documented(&format!("systemd/{name}"));
        let text = text.replace("/usr/local/bin/pressmark", env!("CARGO_BIN_EXE_pressmark"));
        fs::write(path, text).unwrap();
    }
    let verify = std::process::Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args(&paths)
        .output();
    match verify {
        Ok(done) => {
            let said = stderr(&done);
            assert!(done.status.success() && said.is_empty(), "{said}");
        }
        Err(_) => skipped("systemd-analyze", "the units are not verified"),
    }
}

/// Waits as long as pages arrive.
#[track_caller]
fn wait_for(patience: Duration, mut holds: impl FnMut() -> bool, place: &Place, what: &str) {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > patience {
            let logs: Vec<String> = (0..4).map(|n| place.log(n)).collect();
            panic!("{what} never came\n{}", logs.join("\n---\n"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Checks the log of the web: no host was requested by two or early, and pages came twice only where something broke.
fn judge(visits: &[Visit], hosts: usize, broken: &[(Duration, Duration)]) {
    judge_pace(visits, hosts);
    judge_repeats(visits, broken);
}

/// No host was requested by two at once or early.
fn judge_pace(visits: &[Visit], hosts: usize) {
    // The client counts a pause from when it has the answer; the web's threads may be late.
    let tolerance = Duration::from_millis(40);
    for host in 0..hosts {
        let mut of_host: Vec<&Visit> = visits.iter().filter(|visit| visit.host == host).collect();
        of_host.sort_by_key(|visit| visit.came);
        for pair in of_host.windows(2) {
            let (first, next) = (pair[0], pair[1]);
            assert!(next.came >= first.went, "host {host} is asked by two: {first:?} {next:?}");
            let pause = next.came - first.went;
            assert!(pause + tolerance >= PACE, "host {host} is asked early: {first:?} {next:?}");
        }
    }
}

fn judge_repeats(visits: &[Visit], broken: &[(Duration, Duration)]) {
    let mut times: BTreeMap<(usize, &str), Vec<Duration>> = BTreeMap::new();
    for visit in visits.iter().filter(|visit| visit.path != "/robots.txt") {
        times.entry((visit.host, &visit.path)).or_default().push(visit.came);
    }
    // Buffered for a second, and written a moment later by a busy machine.
    let before = Duration::from_secs(4);
    for ((host, path), times) in times {
        for first in &times[..times.len() - 1] {
            let may = broken.iter().any(|(from, to)| *first + before >= *from && *first <= *to);
            assert!(may, "{path} of host {host} was captured twice: {times:?}, broken {broken:?}");
        }
    }
}

#[test]
fn what_needs_one_queue_of_its_own_is_refused_and_urls_are_handed_over_to_a_worker() {
    let Some(server) = server() else { return };
    let origin =
        Origin::start(2, |_, path, _| path.starts_with('/').then(|| "<p>x</p>".to_owned()));
    let place = Place::new(&server, 8, "");
    let check = place.run(0, &["config", "check"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    let said = stdout(&check) + &stderr(&check);
    assert!(said.contains("store.frontier: PostgreSQL"), "{said}");
    let url = origin.url(1, "/by-hand");
    let alone = place.run(0, &["crawl", &url]);
    assert_eq!(alone.status.code(), Some(1));
    assert!(stderr(&alone).contains("store.frontier"), "{}", stderr(&alone));
    // Two jobs name one page.
    let seed = origin.url(0, "/seed");
    for (name, every) in [("one", "20d"), ("two", "10d")] {
        place.job(name, &format!("seeds = [{seed:?}]\n[schedule]\nevery = \"{every}\"\n"));
    }
    let worker = place.watch(0, None);
    wait_until(|| origin.pages() == 1);
    let handed = place.run(0, &["crawl", &url]);
    assert_eq!(handed.status.code(), Some(0), "{}", stderr(&handed));
    wait_until(|| origin.pages() == 2);
    // The next visits are read from the database, from an archive with or without the worker that holds them.
    let due = || json_lines(&place.run(0, &["due", "--format", "json"]));
    wait_until(|| due().iter().any(|line| line["because"] == "every 10 days"));
    let of_seed = due().into_iter().find(|line| line["url"] == *seed).unwrap();
    assert_eq!(of_seed["jobs"], serde_json::json!(["one", "two"]), "{of_seed}");
    // A job that is removed and comes back under another name keeps its pages.
    fs::remove_file(place.dir.path().join("jobs/two.toml")).unwrap();
    place.job("zwei", &format!("seeds = [{seed:?}]\n[schedule]\nevery = \"10d\"\n"));
    worker.signal("HUP");
    wait_until(|| due().iter().any(|line| line["jobs"] == serde_json::json!(["one", "zwei"])));
    assert_eq!(worker.end(), Some(130), "{}", place.log(0));
    assert_eq!(origin.pages(), 2, "nothing is visited again for it");
    // What is queued and watched is in the database, of which this process has no numbers.
    let log = place.log(0);
    let stopped = log.lines().find(|line| line.contains("stopped; what")).unwrap();
    assert!(!stopped.contains("watched=") && !stopped.contains("queued="), "{stopped}");
}

#[test]
fn the_last_files_of_a_worker_are_sent_when_it_stops_or_without_a_watch() {
    let Some(server) = server() else { return };
    let storage = S3::start();
    let origin =
        Origin::start(2, |_, path, _| path.starts_with('/').then(|| "<p>x</p>".to_owned()));
    let place = Place::new(&server, 8, "");
    place.job("one", &format!("seeds = [{:?}]\n[schedule]\nevery = \"20d\"\n", origin.url(0, "/")));
    let given = |args: &[&str]| {
        let mut command = command(&place.root(0));
        command.arg("--config").arg(&place.config).args(args);
        command
            .env("AWS_ACCESS_KEY_ID", "someone0001")
            .env("AWS_SECRET_ACCESS_KEY", "something0001");
        command.env("PRESSMARK_STORE_REMOTE", "s3://bucket/news");
        command.env("PRESSMARK_STORE_REMOTE_ENDPOINT", storage.endpoint());
        command
    };
    let here = || {
        let status = given(&["status", "--format", "json"]).output().unwrap();
        json_lines(&status)[0]["remote"]["local"]["files"].clone()
    };
    let sent = || storage.objects().keys().filter(|key| key.contains("/warc/")).count();
    let watch =
        || Worker(given(&["watch"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let worker = watch();
    wait_until(|| origin.pages() == 1);
    assert_eq!(worker.end(), Some(130));
    assert_eq!((sent(), here()), (1, 0.into()));
    // After a kill the file is sealed and sent by a command that visits nothing.
    let second = origin.url(1, "/");
    place.job("two", &format!("seeds = [{second:?}]\n[schedule]\nevery = \"20d\"\n"));
    let worker = watch();
    wait_until(|| given(&["captures", &second]).output().unwrap().status.success());
    worker.signal("KILL");
    drop(worker);
    assert_eq!(sent(), 1);
    let done = given(&["crawl", "--due"]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(stderr(&done).contains("nothing was fetched"), "{}", stderr(&done));
    assert_eq!((sent(), here(), origin.pages()), (2, 0.into(), 2));
}
