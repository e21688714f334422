//! The JSON API compared with the command line, and the document compared with both.

use serde_json::Value;

use super::{ask, start};
use crate::support::cli::{command, json_lines, stderr};

const STORY: &str = "http://courier.example/harbour/ferry-contract";
const RADIO: &str = "http://soundradio.example/news/ferries";

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        })
        .collect()
}

/// Every query is sent to the server, and to the binary while the server runs: the lines are equal, and they
/// agree with the schema that the document names.
#[test]
fn answers_are_what_the_command_line_prints_and_what_the_document_says() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let demo = command(&root).args(["demo", "--keep", root.to_str().unwrap()]).output().unwrap();
    assert!(demo.status.success(), "{}", stderr(&demo));
    let server = start(&root);
    let story = format!("url={}", encoded(STORY));
    let cases: [(&str, String, Vec<&str>); 16] = [
        ("captures", story.clone(), vec!["captures", STORY]),
        (
            "captures",
            "url=courier.example&match=host&limit=3&filter=%3Dstatus%3A200".to_owned(),
            vec![
                "captures",
                "courier.example",
                "--match",
                "host",
                "--limit",
                "3",
                "--filter",
                "=status:200",
            ],
        ),
        ("show", story.clone(), vec!["show", STORY]),
        ("history", story.clone(), vec!["history", STORY]),
        ("diff", story.clone(), vec!["diff", STORY]),
        ("blame", story.clone(), vec!["blame", STORY]),
        ("changes", "limit=5".to_owned(), vec!["changes", "--limit", "5"]),
        ("quotes", String::new(), vec!["quotes"]),
        ("quotes", story.clone(), vec!["quotes", STORY]),
        ("search", "query=ferries".to_owned(), vec!["search", "ferries"]),
        (
            "search",
            "query=%22electric+ferries%22+-strike&order=time&limit=5&from=2000".to_owned(),
            vec![
                "search",
                "\"electric ferries\" -strike",
                "--order",
                "time",
                "--limit",
                "5",
                "--from",
                "2000",
            ],
        ),
        ("story", format!("url={STORY}&url={RADIO}"), vec!["story", STORY, RADIO]),
        (
            "story",
            "search=%22electric+ferries%22&over-time=1&limit=5".to_owned(),
            vec!["story", "--search", "\"electric ferries\"", "--over-time", "--limit", "5"],
        ),
        ("when", "phrase=electric+ferries".to_owned(), vec!["when", "electric ferries"]),
        ("cite", format!("{story}&style=apa"), vec!["cite", STORY, "--style", "apa"]),
        ("due", "limit=9".to_owned(), vec!["due", "--limit", "9"]),
    ];
    let schemas = crate::schemas::schemas();
    let document: Value =
        serde_json::from_str(&ask(server.address, "/api/openapi.json").text()).unwrap();
    let mut asked: Vec<&str> = vec!["status"];
    for (name, query, args) in &cases {
        let answer = ask(server.address, &format!("/api/{name}?{query}"));
        assert_eq!(answer.status, 200, "{name} {query}: {}", answer.text());
        let lines: Vec<Value> =
            answer.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let printed = command(&root).args(args).args(["--format", "json"]).output().unwrap();
        assert_eq!(lines, json_lines(&printed), "{name} {query}");
        assert!(!lines.is_empty() || *name == "due", "{name}");
        let ok = &document["paths"][format!("/api/{name}")]["get"]["responses"]["200"]["content"];
        let media_type = answer.header("content-type").unwrap();
        let content = &ok[media_type];
        let reference =
            content["x-line-schema"]["$ref"].as_str().or(content["schema"]["$ref"].as_str());
        let schema = format!("{}.json", reference.unwrap().rsplit('/').next().unwrap());
        for line in &lines {
            assert_eq!(schemas.problems(&schema, line), Vec::<String>::new(), "{name}");
        }
        asked.push(name);
    }
    let status: Value = serde_json::from_str(&ask(server.address, "/api/status").text()).unwrap();
    assert_eq!(schemas.problems("status.json", &status), Vec::<String>::new());
    // The others are queried in `answers`.
    asked.extend(["absent", "calendar", "capture", "front", "host", "hosts", "lookup", "prove"]);
    asked.extend(["quotations", "speaker", "timeline"]);
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(asked.contains(&path.rsplit('/').next().unwrap()), "{path} was not asked");
    }
}

#[test]
fn missing_pages_and_wrong_input_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    super::archive(dir.path());
    let server = start(dir.path());
    for (target, status) in [
        ("/api/show?url=http://never.example/", 404),
        ("/api/history?url=http://never.example/", 404),
        ("/api/captures?url=http://never.example/", 200),
        ("/api/captures", 400),
        ("/api/captures?url=a&limit=0", 400),
        ("/api/captures?url=a&match=near", 400),
        ("/api/captures?url=a&from=soon", 400),
        ("/api/captures?url=a&filter=x", 400),
        ("/api/story", 400),
        ("/api/story?url=a&search=b", 400),
        ("/api/story?search=%22a", 400),
        ("/api/story?search=zeppelin", 404),
        ("/api/story?job=/etc/passwd", 404),
        ("/api/story?url=http://never.example/", 404),
        ("/api/story?search=a&limit=1", 400),
        ("/api/when?phrase=...", 400),
        ("/api/changes?kind=none", 400),
        ("/api/cite?url=http://a.example/&quote=...", 400),
        ("/api/none", 404),
        ("/api/", 404),
        ("/api/status?x=1", 400),
    ] {
        let answer = ask(server.address, target);
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
        if status != 200 {
            let body: Value = serde_json::from_str(&answer.text()).unwrap();
            assert_eq!(body["status"], status);
        }
    }
}
