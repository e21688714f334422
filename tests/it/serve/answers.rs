//! The content of the reader's pages, as JSON: the answers that no command prints.

use std::collections::BTreeSet;

use pressmark::answers::Archive;
use pressmark::answers::absent::absent;
use pressmark::answers::calendar::{CalendarRequest, calendar};
use pressmark::answers::front::{FrontRequest, front, hosts};
use pressmark::answers::lookup::{LookupRequest, lookup};
use pressmark::answers::quoted;
use pressmark::answers::site::{SiteRequest, site};
use pressmark::answers::timeline::{TimelineRequest, timeline};
use pressmark::answers::view::{ViewRequest, view};
use pressmark::readings::Readings;
use pressmark::store::Reader;
use serde::Serialize;
use serde_json::Value;

use super::{ask, start};
use crate::schemas::{OF_SERVER, schemas};
use crate::support::cli::{command, pressmark, stderr};

const STORY: &str = "http://courier.example/harbour/ferry-contract";
const NEVER: &str = "http://courier.example/harbour/ferry-contracts";

fn value(answer: impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

#[test]
fn every_answer_of_the_reader_is_a_value_that_the_document_describes() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let demo = command(&root).args(["demo", "--keep", root.to_str().unwrap()]).output().unwrap();
    assert!(demo.status.success(), "{}", stderr(&demo));
    let server = start(&root);
    let (reader, _) = Reader::open(&root, 8 << 20).unwrap();
    let readings = Readings::open(&reader.layout().derived_dir(), 1 << 30);
    let archive = Archive::new(reader, readings);
    let url = || STORY.to_owned();
    let named = pressmark::cite::Archive { name: "Archive".to_owned(), base: None };
    let of_page = quoted::of_page(&archive, STORY).unwrap();
    let speaker = of_page.quotations.iter().find_map(|one| one.speaker.clone()).unwrap();
    let one = ViewRequest { url: url(), at: None, record_id: None, form: None, archive: named };
    let host = SiteRequest {
        host: "courier.example".to_owned(),
        after: None,
        pages_max: 3,
        versions_max: 8,
    };
    let asked = LookupRequest { query: "courier.example/harbour/*".to_owned(), results_max: 2 };
    let before = TimelineRequest { url: url(), before: Some(3), versions_max: 1, form: None };
    let year = CalendarRequest { url: url(), year: None };
    let all = FrontRequest { hosts_max: 15, versions_max: 12 };
    let hosts: Vec<Value> = hosts(&archive).map(|host| value(host.unwrap())).collect();
    let story = format!("url={STORY}");
    let cases: [(&str, String, Vec<Value>); 10] = [
        ("absent", format!("url={NEVER}"), vec![value(absent(&archive, NEVER).unwrap())]),
        ("calendar", story.clone(), vec![value(calendar(&archive, &year).unwrap())]),
        ("capture", story.clone(), vec![value(view(&archive, &one).unwrap().json())]),
        ("front", String::new(), vec![value(front(&archive, &all).unwrap())]),
        (
            "host",
            "host=Courier.example&limit=3".to_owned(),
            vec![value(site(&archive, &host).unwrap())],
        ),
        ("hosts", String::new(), hosts),
        ("quotations", story.clone(), vec![value(of_page)]),
        (
            "lookup",
            format!("q={}&limit=2", asked.query),
            vec![value(lookup(&archive, &asked).unwrap())],
        ),
        (
            "speaker",
            format!("name={}", speaker.replace(' ', "+")),
            vec![value(quoted::of_speaker(&archive, &speaker).unwrap())],
        ),
        (
            "timeline",
            format!("{story}&before=3&limit=1"),
            vec![value(timeline(&archive, &before).unwrap())],
        ),
    ];
    let document: Value =
        serde_json::from_str(&ask(server.address, "/api/openapi.json").text()).unwrap();
    let schemas = schemas();
    let mut seen = BTreeSet::new();
    for (name, query, expected) in cases {
        let answer = ask(server.address, &format!("/api/{name}?{query}"));
        assert_eq!(answer.status, 200, "{name} {query}: {}", answer.text());
        let lines: Vec<Value> =
            answer.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, expected, "{name} {query}");
        let ok = &document["paths"][format!("/api/{name}")]["get"]["responses"]["200"]["content"];
        let content = &ok[answer.header("content-type").unwrap()];
        let reference =
            content["x-line-schema"]["$ref"].as_str().or(content["schema"]["$ref"].as_str());
        let schema = reference.unwrap().rsplit('/').next().unwrap().to_owned();
        for line in &lines {
            let problems = schemas.problems(&format!("{schema}.json"), line);
            assert_eq!(problems, Vec::<String>::new(), "{name}");
        }
        seen.insert(schema);
    }
    assert_eq!(seen, OF_SERVER.map(str::to_owned).into());
}

#[test]
fn a_bundle_is_a_click_away_and_proves_the_capture() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let demo = command(&root).args(["demo", "--keep", root.to_str().unwrap()]).output().unwrap();
    assert!(demo.status.success(), "{}", stderr(&demo));
    let server = start(&root);
    let page = ask(server.address, &format!("/prove?url={STORY}")).text();
    let link = page.split("href=\"/api/prove?").nth(1).unwrap().split('"').next().unwrap();
    let link = format!("/api/prove?{}", link.replace("&amp;", "&"));
    let answer = ask(server.address, &link);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment"));
    let file = dir.path().join("evidence.zip");
    std::fs::write(&file, &answer.body).unwrap();
    let checked = pressmark(&root, &["prove", "--check", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    for (target, status) in [
        ("/api/prove?url=http://never.example/", 404),
        ("/api/prove", 400),
        (&format!("/api/absent?url={STORY}"), 404),
        ("/api/absent?url=nonsense", 200),
        ("/api/host?host=never.example", 404),
        ("/api/timeline?url=http://never.example/", 404),
        ("/api/calendar?url=http://never.example/", 404),
        ("/api/quotations?url=http://never.example/", 404),
        ("/api/calendar?url=http://a.example/&year=20311", 400),
        ("/api/lookup", 400),
    ] {
        let answer = ask(server.address, target);
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
    }
}

#[test]
fn what_is_not_in_the_log_is_not_proved() {
    let dir = tempfile::tempdir().unwrap();
    super::archive(dir.path());
    let server = start(dir.path());
    let answer = ask(server.address, "/api/prove?url=http://a.example/");
    assert_eq!(answer.status, 404, "{}", answer.text());
    assert!(answer.text().contains("not in the evidence log"), "{}", answer.text());
}
