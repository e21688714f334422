//! Every JSON form that the binary prints, against its schema in `docs/reference/schema`, on the
//! archive of the demonstration site.

mod types;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::cli::{command, json_lines, stderr};
use crate::support::schema::Schemas;

const STORY: &str = "http://courier.example/harbour/ferry-contract";
const RADIO: &str = "http://soundradio.example/news/ferries";
const GAZETTE: &str = "http://gazette.example/island/2/ferry-deal.html";

/// The forms that no command prints.
pub const OF_SERVER: [&str; 10] = [
    "absent",
    "calendar",
    "front",
    "host",
    "lookup",
    "quotations",
    "site",
    "speaker",
    "timeline",
    "view",
];

pub fn schemas() -> Schemas {
    Schemas::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/schema"))
}

/// The lines that a command prints, at least one.
fn lines(archive: &Path, args: &[&str]) -> Vec<Value> {
    let output = command(archive).args(args).output().unwrap();
    let lines = json_lines(&output);
    assert!(!lines.is_empty(), "{args:?} printed nothing: {}", stderr(&output));
    lines
}

#[test]
fn real_output_agrees_with_the_schemas() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    let keep = archive.to_str().unwrap();
    let demo = command(&archive).args(["demo", "--keep", keep]).output().unwrap();
    assert!(demo.status.success(), "{}", stderr(&demo));
    // A page of a host without a server: a report with a failure.
    let crawl = [
        "crawl",
        "http://127.0.0.1:9/",
        "--allow-private",
        "--format",
        "json",
        "--quiet",
        "--set",
        "identity.operator=tests",
    ];
    let old = dir.path().join("old.html");
    let new = dir.path().join("new.html");
    std::fs::write(&old, "<article><h1>Boats</h1><p>Police counted 12 boats in it.</p>").unwrap();
    std::fs::write(&new, "<article><h1>Boats</h1><p>Police counted 15 boats in it.</p>").unwrap();
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let quoted = dir.path().join("quoted.html");
    std::fs::write(&quoted, "<article><h1>Boats</h1><p>“We go now,” said Anna Roe.</p>").unwrap();
    let quoted = quoted.to_str().unwrap();
    let harbour = "http://courier.example/";
    let bundle = dir.path().join("bundle.zip");
    let bundle = bundle.to_str().unwrap();
    let package = dir.path().join("package.wacz");
    let package = package.to_str().unwrap();
    let proved = command(&archive).args(["prove", STORY, "-o", bundle]).output().unwrap();
    assert!(proved.status.success(), "{}", stderr(&proved));
    let rules = dir.path().join("robots.txt");
    std::fs::write(&rules, "User-agent: *\nDisallow: /private\n").unwrap();
    let rules = rules.to_str().unwrap();
    let robots = [
        "robots",
        "--file",
        rules,
        "--agent",
        "tests",
        "--format",
        "json",
        "http://a.example/private",
        "http://a.example/",
    ];
    let mut plan = crawl.to_vec();
    plan.push("--dry-run");
    let cited = ["cite", STORY, "--quote", "the", "--format", "json"];
    let public =
        ["cite", STORY, "--format", "json", "--set", "cite.archive_url=https://a.example/web"];
    let exported = dir.path().join("exported.warc.gz");
    let exported = exported.to_str().unwrap();
    let site = dir.path().join("site.wacz");
    let site = site.to_str().unwrap();
    let tables = dir.path().join("tables");
    let tables = tables.to_str().unwrap();
    let host = "courier.example";
    let stamp = json_lines(
        &command(&archive).args(["captures", STORY, "--format", "json"]).output().unwrap(),
    );
    let stamp = stamp[0]["date"].as_str().unwrap().to_owned();
    let cases: [(&str, &[&str]); 40] = [
        ("robots.json", &robots),
        ("setting.json", &["config", "show", "--format", "json"]),
        (
            "problem.json",
            &["config", "check", "--format", "json", "--set", "politeness.delay_min=soon"],
        ),
        ("plan.json", &plan),
        ("capture.json", &["captures", harbour, "--match", "host", "--format", "json"]),
        ("history.json", &["history", STORY, "--format", "json"]),
        ("diff.json", &["diff", STORY, "--format", "json"]),
        ("diff.json", &["diff", old, new, "--format", "json"]),
        ("changes.json", &["changes", "--format", "json"]),
        ("show.json", &["show", STORY, "--as", "json"]),
        ("show.json", &["show", old, new, "--as", "json"]),
        ("blame.json", &["blame", STORY, "--format", "json"]),
        ("when.json", &["when", "without asking for other offers", "--format", "json"]),
        ("search.json", &["search", "ferries", "--format", "json"]),
        ("search-event.json", &["search", "ferries", "--since", "1970", "--format", "json"]),
        ("when.json", &["when", "electric ferries", "--format", "json"]),
        ("quotes.json", &["quotes", STORY, "--format", "json"]),
        ("quotes.json", &["quotes", quoted, "--format", "json"]),
        ("story.json", &["story", STORY, RADIO, GAZETTE, "--over-time", "--format", "json"]),
        ("story.json", &["story", old, new, quoted, "--format", "json"]),
        ("cluster.json", &["story", "--clusters", "--format", "json"]),
        ("cite.json", &cited),
        ("cite.json", &public),
        ("due.json", &["due", "--format", "json"]),
        ("status.json", &["status", "--format", "json"]),
        ("step.json", &["prove", "--check", bundle, "--format", "json"]),
        ("checkpoint.json", &["evidence", "checkpoint", "--format", "json"]),
        ("log-key.json", &["evidence", "keys", "--format", "json"]),
        ("extended.json", &["evidence", "extend", "--format", "json"]),
        ("crawl.json", &crawl),
        ("status.json", &["status", "--format", "json"]),
        ("reindex.json", &["reindex", "--format", "json"]),
        ("surt.json", &["surt", STORY, harbour, "--format", "json"]),
        ("proved.json", &["prove", STORY, "-o", bundle, "--force", "--format", "json"]),
        ("exported.json", &["export", STORY, "--to", exported, "--report", "json"]),
        (
            "exported.json",
            &["export", "--to", site, "--site", host, "--at", "2099", "--report", "json"],
        ),
        ("tables.json", &["tables", "--to", tables, "--format", "json"]),
        ("imported.json", &["import", exported, site, "--format", "json"]),
        ("proved.json", &["prove", STORY, "-o", package, "--format", "json"]),
        (
            "purged.json",
            &["purge", STORY, "--at", &stamp, "--reason", "x", "--dry-run", "--format", "json"],
        ),
    ];
    let schemas = schemas();
    let mut seen = BTreeSet::new();
    for (schema, args) in cases {
        for line in lines(&archive, args) {
            assert_eq!(schemas.problems(schema, &line), Vec::<String>::new(), "{args:?}");
        }
        seen.insert(schema.to_owned());
    }
    for finding in findings(dir.path(), &archive) {
        assert_eq!(schemas.problems("finding.json", &finding), Vec::<String>::new());
        seen.insert("finding.json".to_owned());
    }
    for command in ["recompress", "repair"] {
        let damaged = dir.path().join("damaged.warc.gz");
        let out = dir.path().join(format!("{command}.warc.gz"));
        let args = [command, damaged.to_str().unwrap(), out.to_str().unwrap()];
        for line in lines(&archive, &[&args[..], &["--format", "json"]].concat()) {
            assert_eq!(schemas.problems("repacked.json", &line), Vec::<String>::new());
            seen.insert("repacked.json".to_owned());
        }
    }
    // Forms that only the server gives are checked in the tests of the server (`serve::answers`).
    seen.extend(OF_SERVER.map(|name| format!("{name}.json")));
    // Changes occur inside other forms; the message is checked where a crawl reports a new version (`jobs`).
    seen.insert("change.json".to_owned());
    seen.insert("message.json".to_owned());
    // The form of a move to a database is checked where there is one (`postgres`).
    seen.insert("migrate.json".to_owned());
    // The form of a saved search is checked where a process watches (`search`).
    seen.insert("search-message.json".to_owned());
    // The forms of other archives are checked where there are two (`peers`).
    seen.extend(["peer.json", "comparison.json"].map(str::to_owned));
    // The form of a page in a browser is checked where there is one (`views`).
    seen.insert("viewed.json".to_owned());
    let all: BTreeSet<String> = schemas.names().map(str::to_owned).collect();
    let unseen: Vec<&String> = all.difference(&seen).collect();
    assert_eq!(unseen, Vec::<&String>::new(), "schemas that no output was checked against");
}

/// What `verify` finds in a file with damage in its middle: more than the header of a gzip member, some
/// of whose bytes mean nothing.
fn findings(dir: &Path, archive: &Path) -> Vec<Value> {
    // The largest file: a short one may consist of its warcinfo and one record, and then no record is left whole.
    let files = std::fs::read_dir(archive.join("warc")).unwrap().map(|file| file.unwrap());
    let file = files.max_by_key(|file| file.metadata().unwrap().len()).unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 64] {
        *byte ^= 0x55;
    }
    let damaged = dir.join("damaged.warc.gz");
    std::fs::write(&damaged, bytes).unwrap();
    lines(archive, &["verify", damaged.to_str().unwrap(), "--format", "json"])
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let schemas = schemas();
    let good = json!({"severity": "error", "file": "a", "offset": null, "rule": "r", "what": "w"});
    assert_eq!(schemas.problems("finding.json", &good), Vec::<String>::new());
    for (field, value) in [
        ("severity", json!("grave")),
        ("file", json!(1)),
        ("offset", json!(-1)),
        ("offset", json!("7")),
        ("colour", json!("red")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert_eq!(schemas.problems("finding.json", &bad).len(), 1, "{bad}");
    }
    let mut short = good;
    short.as_object_mut().unwrap().remove("what");
    assert_eq!(schemas.problems("finding.json", &short), ["/what is missing"]);
}

#[test]
fn the_index_of_schemas_names_each_of_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/reference/json.md")).unwrap();
    for name in schemas().names() {
        assert!(page.contains(&format!("(schema/{name})")), "docs/reference/json.md lacks {name}");
    }
}

#[test]
fn feeds_of_changes_are_read_by_a_feed_reader() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    let keep = archive.to_str().unwrap();
    assert!(command(&archive).args(["demo", "--keep", keep]).output().unwrap().status.success());
    let count = lines(&archive, &["changes", "--format", "json"]).len();
    for form in ["rss", "atom"] {
        let output = command(&archive).args(["changes", "--format", form]).output().unwrap();
        let feed = feed_rs::parser::parse(&output.stdout[..]).unwrap();
        assert_eq!(feed.entries.len(), count, "{form}");
        let ids: BTreeSet<&str> = feed.entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids.len(), count, "{form}: identifiers are unique");
    }
}
