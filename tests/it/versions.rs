//! The new versions that a crawl reports, compared with the output of `history`: every kind of change, and
//! sequences of a page that is removed, edited and restored, with another process for each visit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use pressmark::base::{Clock, TargetUri, TimeRange};
use pressmark::crawl::{Observer, Report, VersionEvent};
use pressmark::diff::ChangeKind;
use pressmark::history::changes::{ChangeFilter, changes};
use pressmark::history::{PageReader, VersionJson, history};
use pressmark::schedule::JobSpec;
use pressmark::schedule::revisit::Schedule;
use pressmark::schedule::scope::Rule;
use pressmark::store::Reader;
use pressmark::telemetry::Metrics;
use serde_json::Value;

use crate::lab::{Lab, Seen, article, uri};
use crate::support::cli::{json_lines, pressmark, stderr};
use crate::support::web::{Reply, ok};

const HOST: &str = "a.example";
const DAY: Duration = Duration::from_hours(24);

const A: &str = "The council met on Monday evening and talked for three hours about the bridge.";
const B: &str = "It counted 12 cracks in the eastern pier, more than in any year before that.";
const B2: &str = "It counted 15 cracks in the eastern pier, more than in any year before that.";
const B3: &str = "It counted 90 cracks in the eastern pier, more than in any year before that.";

const VILLAS: &str =
    "Tax inspectors searched four villas in Ostby on a cold Friday morning in May.";
const BOXES: &str = "They took forty boxes of papers with them and said that they would be back.";

/// The answer of a page.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// An article of these paragraphs.
    Article(&'static [&'static str]),
    /// The same with enough data around it that the page is read alone.
    Heavy(&'static [&'static str]),
    /// Another article.
    Other,
    /// A status.
    Status(u16),
    /// "Not found" with a status of success.
    Soft,
    /// A consent wall.
    Consent,
    /// No answer at all.
    Nothing,
    /// A redirect to this address.
    To(&'static str),
}

use Answer::{Article, Consent, Heavy, Nothing, Other, Soft, Status, To};

fn head(status: &str, fields: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

impl Answer {
    fn reply(self) -> Reply {
        let html = |body: &str| Reply::Bytes(ok("text/html; charset=utf-8", body.as_bytes()));
        match self {
            Article(paragraphs) => html(&article("Bridge closed", paragraphs)),
            Heavy(paragraphs) => {
                let rest = format!("<!-- {} -->", "data ".repeat(300_000));
                html(&(article("Bridge closed", paragraphs) + &rest))
            }
            Other => html(&article("Raids in Ostby", &[VILLAS, BOXES])),
            Status(status) => Reply::Bytes(head(
                &format!("{status} Said"),
                "Content-Type: text/html\r\n",
                "<h1>No</h1><p>Nothing to see here.</p>",
            )),
            Soft => html(
                "<html><head><title>Page not found</title></head><body><h1>Page not found</h1>\
                 <p>The page you are looking for does not exist.</p></body></html>",
            ),
            Consent => html(
                "<html><head><title>We value your privacy</title></head><body>\
                 <h1>We value your privacy</h1><p>We and our partners store cookies. Accept all \
                 cookies to continue.</p></body></html>",
            ),
            Nothing => Reply::Close,
            To(to) => Reply::Bytes(head("301 Moved", &format!("Location: {to}\r\n"), "")),
        }
    }
}

/// The state of the web at one visit: the answer of each path.
type State = &'static [(&'static str, Answer)];

/// A sequence: its name, the states of the web, and the expected reports about `/story`, version by version.
type Sequence = (&'static str, &'static [State], &'static [&'static str]);

const BACK: &str = "restored, figure-changed 12>15";

const SEQUENCES: &[Sequence] = &[
    (
        "down, edited, back",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", Status(404))],
            &[("/story", Article(&[A, B2]))],
        ],
        &["gone", BACK],
    ),
    (
        "gone for good, soft 404, no answer, back",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", Status(410))],
            &[("/story", Soft)],
            &[("/story", Nothing)],
            &[("/story", Article(&[A, B2]))],
        ],
        &["gone", BACK],
    ),
    (
        "heavy, edited to a light page, and to a heavy one that is gone and back",
        &[
            &[("/story", Heavy(&[A, B]))],
            &[("/story", Article(&[A, B2]))],
            &[("/story", Status(404))],
            &[("/story", Heavy(&[A, B]))],
        ],
        &["figure-changed 12>15", "gone", "restored, reverted, figure-changed 15>12"],
    ),
    (
        "walled, edited, back",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", Consent)],
            &[("/story", Article(&[A, B2]))],
        ],
        &["paywalled", BACK],
    ),
    (
        "a server in trouble tells nothing",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", Status(503))],
            &[("/story", Article(&[A, B]))],
            &[("/story", Status(500))],
            &[("/story", Article(&[A, B2]))],
        ],
        &["figure-changed 12>15"],
    ),
    (
        "renamed with edits",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", To("/renamed")), ("/renamed", Article(&[A, B2]))],
        ],
        &["redirected, figure-changed 12>15"],
    ),
    (
        "renamed over two addresses, then edited where it is",
        &[
            &[("/story", Article(&[A, B]))],
            &[
                ("/story", To("/middle")),
                ("/middle", To("/renamed")),
                ("/renamed", Article(&[A, B2])),
            ],
            &[
                ("/story", To("/middle")),
                ("/middle", To("/renamed")),
                ("/renamed", Article(&[A, B3])),
            ],
        ],
        &["redirected, figure-changed 12>15"],
    ),
    (
        "redirected to the front page, edited, back",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", To("/")), ("/", Article(&["The front page.", A]))],
            &[("/story", Article(&[A, B2]))],
        ],
        &["gone", BACK],
    ),
    (
        "redirected to another article, back",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", To("/other")), ("/other", Other)],
            &[("/story", Article(&[A, B2]))],
        ],
        &["gone", BACK],
    ),
    (
        "redirected to what nobody has",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", To("/nowhere"))],
            &[("/story", Article(&[A, B2]))],
        ],
        &["gone", BACK],
    ),
    (
        "redirected to what robots.txt forbids",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", To("/private/story"))],
            &[("/story", Article(&[A, B2]))],
        ],
        &["redirected", BACK],
    ),
    (
        "redirected to a host that does not answer",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", To("/broken")), ("/broken", Nothing)],
            &[("/story", Article(&[A, B2]))],
        ],
        &["redirected", BACK],
    ),
    (
        "redirected to another host, where nobody has it, and looked at there as well",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", To("http://elsewhere.example/story"))],
            &[("/story", Article(&[A, B2]))],
            &[("/story", Article(&[A, B3]))],
        ],
        &["gone", BACK, "figure-changed 15>90"],
    ),
    (
        "redirected to where nothing is followed",
        &[
            &[("/story", Article(&[A, B]))],
            &[("/story", To("ftp://files.example/story"))],
            &[("/story", Article(&[A, B2]))],
        ],
        &["redirected", BACK],
    ),
    (
        "first seen gone, then there, then edited",
        &[
            &[("/story", Status(404))],
            &[("/story", Article(&[A, B]))],
            &[("/story", Article(&[A, B2]))],
        ],
        &["restored", "figure-changed 12>15"],
    ),
    (
        "back at what it said, after having been gone",
        &[
            &[("/story", Article(&[A, B, "Nobody was hurt in it, the mayor told reporters."]))],
            &[("/story", Article(&[A, B]))],
            &[("/story", Status(404))],
            &[("/story", Article(&[A, B, "Nobody was hurt in it, the mayor told reporters."]))],
        ],
        &["text-removed", "gone", "restored, reverted"],
    ),
];

fn set(lab: &Lab, state: State) {
    let robots = b"User-agent: *\nDisallow: /private\n";
    lab.web.on(HOST, "/robots.txt", Reply::Bytes(ok("text/plain", robots)));
    for (path, answer) in state {
        lab.web.on(HOST, path, answer.reply());
    }
}

fn job() -> JobSpec {
    let mut spec = JobSpec::new("paper");
    spec.scope.include = vec![Rule::Host(HOST.to_owned())];
    spec.seeds = vec![uri(&format!("http://{HOST}/story"))].into();
    spec.schedule = Schedule::Fixed { every: DAY };
    spec
}

fn reader(lab: &Lab) -> Reader {
    Reader::open(&lab.dir.path().join("archive"), 8 << 20).unwrap().0
}

/// The versions of a page's history after the first, each in its initial state.
fn versions(reader: &Reader, url: &str) -> Vec<Value> {
    let history = history(reader, url, TimeRange::ALL).unwrap();
    assert_eq!(history.notes, Vec::<String>::new());
    let versions = history.versions.iter().skip(1).map(|version| {
        let version = VersionJson::from(version);
        let first_seen = version.first_seen.clone();
        serde_json::to_value(VersionJson { last_seen: first_seen, captures: 1, ..version }).unwrap()
    });
    versions.collect()
}

/// The version in a message, without the fields that say to whom it belongs.
fn version_in(message: &Value) -> Value {
    let mut version = message.clone();
    let fields = version.as_object_mut().unwrap();
    for name in ["event", "job", "jobs", "url", "timestamp"] {
        fields.remove(name).unwrap();
    }
    version
}

fn message(news: &VersionEvent) -> Value {
    serde_json::to_value(news.message(&news.job)).unwrap()
}

fn events_of(news: &[VersionEvent], url: &str) -> Vec<Value> {
    let of_page = news.iter().filter(|news| news.uri.as_str() == url);
    of_page.map(|news| version_in(&message(news))).collect()
}

fn short(version: &Value) -> String {
    let change = |change: &Value| match change["kind"].as_str().unwrap() {
        "figure-changed" => format!(
            "figure-changed {}>{}",
            change["before"].as_str().unwrap(),
            change["after"].as_str().unwrap()
        ),
        kind => kind.to_owned(),
    };
    let changes: Vec<String> = version["changes"].as_array().unwrap().iter().map(change).collect();
    changes.join(", ")
}

/// A message fits its schema.
fn is_described(news: &VersionEvent) {
    let problems = crate::schemas::schemas().problems("message.json", &message(news));
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn a_job_reports_a_page_that_is_removed_and_restored_with_a_new_process_for_each_visit() {
    for (name, states, expected) in SEQUENCES {
        let lab = Lab::in_memory(&[HOST]);
        let mut news = Vec::new();
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for state in *states {
            set(&lab, state);
            let (report, seen) = lab.run(&[job()]);
            count(&report, &mut counted);
            news.extend(seen.news);
            lab.clock.advance(DAY);
        }
        let url = format!("http://{HOST}/story");
        let events = events_of(&news, &url);
        assert_eq!(events.iter().map(short).collect::<Vec<_>>(), *expected, "{name}");
        assert_eq!(events, versions(&reader(&lab), &url), "{name}");
        news.iter().for_each(is_described);
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        for kind in news.iter().flat_map(VersionEvent::kinds) {
            *kinds.entry(kind.to_owned()).or_default() += 1;
        }
        assert_eq!(counted, kinds, "{name}: the reports count what was told");
        assert!(news.iter().all(|news| news.job == "paper"));
        crate::readings::is_in_line(&lab, true, name);
    }
}

fn count(report: &Report, kinds: &mut BTreeMap<String, u64>) {
    for (kind, n) in &report.kinds {
        *kinds.entry(kind.clone()).or_default() += n;
    }
    assert_eq!(report.changes, report.kinds.values().sum::<u64>());
}

#[test]
fn a_single_url_that_is_crawled_again_and_again_reports_the_same() {
    for (name, states, expected) in SEQUENCES {
        let lab = Lab::in_memory(&[HOST, "elsewhere.example"]);
        let mut news = Vec::new();
        for state in *states {
            set(&lab, state);
            let (mut crawl, _store) = lab.crawl(&[]);
            let mut seen = Seen::default();
            let job = pressmark::crawl::Job::of(vec![uri(&format!("http://{HOST}/story"))]);
            let stop = pressmark::crawl::Stop::default();
            crate::lab::runtime().block_on(crawl.run(&job, &mut seen, &stop)).unwrap();
            crawl.close().unwrap();
            news.extend(seen.news);
            lab.clock.advance(DAY);
        }
        let url = format!("http://{HOST}/story");
        let events = events_of(&news, &url);
        assert_eq!(events.iter().map(short).collect::<Vec<_>>(), *expected, "{name}");
        assert_eq!(events, versions(&reader(&lab), &url), "{name}");
        crate::readings::is_in_line(&lab, false, name);
    }
}

#[test]
fn a_redirect_that_a_stop_left_waiting_is_reported_by_the_next_process() {
    let lab = Lab::in_memory(&[HOST]);
    set(&lab, &[("/story", Article(&[A, B]))]);
    lab.run(&[job()]);
    lab.clock.advance(DAY);
    set(&lab, &[("/story", To("/renamed")), ("/renamed", Article(&[A, B2]))]);
    let mut spec = job();
    spec.limits.pages_max = Some(1);
    let (report, seen) = lab.run(&[spec]);
    assert_eq!(report.left, 1);
    assert!(seen.news.is_empty(), "the page it leads to is not known yet");
    lab.clock.advance(Duration::from_hours(1));
    let (_, seen) = lab.run(&[job()]);
    let url = format!("http://{HOST}/story");
    let events = events_of(&seen.news, &url);
    assert_eq!(events.iter().map(short).collect::<Vec<_>>(), ["redirected, figure-changed 12>15"]);
    assert_eq!(events, versions(&reader(&lab), &url));
}

#[test]
fn an_endless_run_reports_the_same_as_the_history() {
    let lab = Lab::in_memory(&[HOST]);
    let (clock, begun) = (std::sync::Arc::clone(&lab.clock), lab.clock.now());
    let states = [Article(&[A, B]), Status(404), Article(&[A, B2]), Consent, Article(&[A, B3])];
    let page = move |_: &str, _: usize| {
        let days = pressmark::base::Clock::now(&*clock).since(begun).as_secs() / (10 * 24 * 3600);
        let state = states[usize::try_from(days).unwrap().min(states.len() - 1)];
        let Reply::Bytes(bytes) = state.reply() else { unreachable!() };
        bytes
    };
    lab.web.on(HOST, "/story", Reply::Made(std::sync::Arc::new(page)));
    let (_, seen) = lab.watch(&[job()], DAY * 50);
    let url = format!("http://{HOST}/story");
    let events = events_of(&seen.news, &url);
    let expected =
        ["gone", BACK, "paywalled", "restored, figure-changed 15>90"].map(str::to_owned).to_vec();
    assert_eq!(events.iter().map(short).collect::<Vec<_>>(), expected);
    assert_eq!(events, versions(&reader(&lab), &url));
}

/// An archive in which `/story` went through these states.
fn archived(states: &[State]) -> Lab {
    let lab = Lab::in_memory(&[HOST]);
    for state in states {
        set(&lab, state);
        lab.run(&[job()]);
        lab.clock.advance(DAY);
    }
    lab
}

#[test]
fn a_page_whose_newest_capture_is_no_article_is_cited_and_compared_by_the_last_that_were() {
    let url = &format!("http://{HOST}/story");
    let ends: [(State, &str, &str); 5] = [
        (&[("/story", Status(404))], "status 404", "gone"),
        (&[("/story", Soft)], "a page that says not found", "gone"),
        (&[("/story", Consent)], "a consent wall", "walled"),
        (&[("/story", To("/"))], "redirected to http://a.example/", "gone"),
        (
            &[("/story", To("/private/story"))],
            "redirected to http://a.example/private/story",
            "moved",
        ),
    ];
    for (end, instead, presence) in ends {
        let lab = archived(&[
            &[("/story", Article(&[A, B])), ("/", Article(&["The front page.", A]))],
            &[("/story", Status(410))],
            &[("/story", Article(&[A, B2]))],
            end,
        ]);
        let root = lab.dir.path().join("archive");
        let history = versions(&reader(&lab), url);
        let at = |n: usize| history[n]["capture"]["timestamp"].as_str().unwrap().to_owned();
        let last = at(1);
        let out = pressmark(&root, &["cite", url, "--format", "json"]);
        assert!(out.status.success(), "{}", stderr(&out));
        let said = stderr(&out);
        assert!(said.contains(&format!("is not the article: {instead}")), "{said}");
        let cited = &json_lines(&out)[0];
        assert_eq!(crate::schemas::schemas().problems("cite.json", cited), Vec::<String>::new());
        assert_eq!(cited["timestamp"], last.as_str(), "{instead}");
        assert_eq!(cited["passed_over"]["why"], instead);
        assert_eq!(cited["passed_over"]["capture"]["timestamp"], at(2).as_str());
        assert_eq!(cited["headline"]["value"], "Bridge closed");
        let quote = ["cite", url, "--quote", "It counted 15 cracks"];
        assert!(pressmark(&root, &quote).status.success());
        // A requested time is cited whatever it shows.
        let out = pressmark(&root, &["cite", url, "--at", &at(0), "--format", "json"]);
        let cited = &json_lines(&out)[0];
        assert_eq!(
            (&cited["timestamp"], &cited["passed_over"]),
            (&Value::from(at(0)), &Value::Null)
        );
        let out = pressmark(&root, &["diff", url, "--format", "json"]);
        assert!(stderr(&out).contains("in between, from"), "{}", stderr(&out));
        assert!(stderr(&out).contains(&format!(": {instead};")), "{}", stderr(&out));
        let diff = &json_lines(&out)[0];
        assert_eq!(crate::schemas::schemas().problems("diff.json", diff), Vec::<String>::new());
        assert_eq!(diff["to"]["timestamp"], last.as_str());
        assert_eq!(short(diff), "figure-changed 12>15");
        let away: Vec<[&str; 2]> = diff["away"]
            .as_array()
            .unwrap()
            .iter()
            .map(|away| ["presence", "instead"].map(|field| away[field].as_str().unwrap()))
            .collect();
        assert_eq!(away, [["gone", "status 410"], [presence, instead]]);
    }
    let lab = archived(&[&[("/story", Article(&[A, B]))], &[("/story", Article(&[A, B2]))]]);
    let root = lab.dir.path().join("archive");
    let out = pressmark(&root, &["cite", url, "--format", "json"]);
    assert_eq!((stderr(&out).as_str(), &json_lines(&out)[0]["passed_over"]), ("", &Value::Null));
    let out = pressmark(&root, &["diff", url, "--format", "json"]);
    assert_eq!((stderr(&out).as_str(), json_lines(&out)[0].get("away")), ("", None));
}

// ---- every kind of change, from the corpus of edits

struct Pair {
    name: String,
    payloads: Vec<Vec<u8>>,
    expected: Value,
}

/// Folders of the corpus that have every kind of change between them.
fn pairs() -> Vec<Pair> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/edits");
    let mut folders: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut missing: BTreeSet<&str> = ChangeKind::ALL.iter().map(|kind| kind.label()).collect();
    let mut pairs = Vec::new();
    for folder in folders {
        let expected = std::fs::read(folder.join("expected.json")).unwrap();
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let kinds: Vec<&str> = expected["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| change["kind"].as_str().unwrap())
            .collect();
        let adds = kinds.iter().any(|kind| missing.contains(kind));
        // Pages without an address are served under one of their own.
        if !adds {
            continue;
        }
        missing.retain(|kind| !kinds.contains(kind));
        let files = ["earlier.html", "old.html", "new.html"];
        let payloads = files.iter().filter_map(|file| std::fs::read(folder.join(file)).ok());
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        pairs.push(Pair { name, payloads: payloads.collect(), expected });
    }
    assert_eq!(missing, BTreeSet::new(), "no pair of the corpus has these kinds");
    pairs
}

#[test]
fn every_kind_of_change_is_reported_as_the_history_prints_it() {
    let mut seen_kinds: BTreeSet<String> = BTreeSet::new();
    for pair in pairs() {
        let Pair { name, payloads, expected } = pair;
        let url = expected["old"]["url"].as_str().unwrap_or("http://paper.example/2026/story");
        let url = url.replacen("https://", "http://", 1);
        let page = TargetUri::parse(&url).unwrap();
        let lab = Lab::in_memory(&[page.host()]);
        let mut spec = JobSpec::new("paper");
        spec.scope.include = vec![Rule::Domain(page.host().trim_start_matches("www.").to_owned())];
        spec.seeds = vec![page.clone()].into();
        let mut news = Vec::new();
        let metrics = Metrics::new(lab.clock.now());
        let last = payloads.len() - 1;
        for (number, payload) in payloads.iter().enumerate() {
            let side = if number == last { &expected["new"] } else { &expected["old"] };
            serve(&lab, &page, side, payload);
            let (_, seen) = lab.run(&[spec.clone()]);
            news.extend(seen.news);
            lab.clock.advance(DAY);
        }
        let reader = reader(&lab);
        let events = events_of(&news, &url);
        assert_eq!(events, versions(&reader, &url), "{name}");
        assert_eq!(events.len(), last, "{name}: {events:?}");
        news.iter().for_each(is_described);
        feeds_and_metrics(&reader, &news, &metrics, &name);
        crate::readings::is_in_line(&lab, true, &name);
        seen_kinds.extend(news.iter().flat_map(VersionEvent::kinds).map(str::to_owned));
    }
    let all: BTreeSet<String> =
        ChangeKind::ALL.iter().map(|kind| kind.label().to_owned()).collect();
    assert_eq!(seen_kinds, all);
}

/// Lets a page answer as one side of a pair of the corpus did.
fn serve(lab: &Lab, page: &TargetUri, side: &Value, payload: &[u8]) {
    let on = |uri: &TargetUri, bytes: Vec<u8>| {
        lab.web.on(uri.host(), &uri.request_target(), Reply::Bytes(bytes));
    };
    let answer = match side["status"].as_u64() {
        Some(status) if status >= 400 => {
            let body = String::from_utf8_lossy(payload).into_owned();
            head(&format!("{status} Said"), "Content-Type: text/html; charset=utf-8\r\n", &body)
        }
        _ => ok("text/html; charset=utf-8", payload),
    };
    match side["redirected_to"].as_str() {
        Some(to) => {
            let to = to.replacen("https://", "http://", 1);
            on(page, head("301 Moved", &format!("Location: {to}\r\n"), ""));
            on(&TargetUri::parse(&to).unwrap(), answer);
        }
        None => on(page, answer),
    }
}

/// The feeds and the metrics have the same content as the messages.
fn feeds_and_metrics(reader: &Reader, news: &[VersionEvent], metrics: &Metrics, name: &str) {
    let mut page_reader = PageReader::new(reader);
    let found = changes(&mut page_reader, &ChangeFilter::default(), &mut |_| {}).unwrap();
    let mut listed: Vec<Value> =
        found.map(|change| serde_json::to_value(change.unwrap().change).unwrap()).collect();
    let mut events: Vec<Value> = news
        .iter()
        .flat_map(|news| &news.version.changes)
        .map(|change| serde_json::to_value(change).unwrap())
        .collect();
    let by_text = |value: &Value| value.to_string();
    listed.sort_by_key(by_text);
    events.sort_by_key(by_text);
    assert_eq!(listed, events, "{name}");
    let mut metrics = metrics.clone();
    news.iter().for_each(|news| metrics.news(news));
    let text = metrics.render();
    assert!(!text.contains("other"), "{text}");
    for kind in news.iter().flat_map(VersionEvent::kinds) {
        assert!(text.contains(&format!("pressmark_changes_total{{kind=\"{kind}\"}}")), "{text}");
    }
}
