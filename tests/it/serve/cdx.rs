//! Both dialects of the CDX server, and the availability API.

use std::net::SocketAddr;

use proptest::prelude::*;
use serde_json::Value;

use super::{Answer, archive, ask, start, start_with};

fn cdx(at: SocketAddr, query: &str) -> Answer {
    ask(at, &format!("/cdx?{query}"))
}

fn wayback(at: SocketAddr, query: &str) -> Answer {
    ask(at, &format!("/cdx/search/cdx?{query}"))
}

#[test]
fn pywb_s_dialect_answers_as_pywb_does() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    for (query, rows) in [
        ("url=http://a.example/", 7),
        ("url=a.example", 7),
        ("url=https://www.a.example/%23x", 7),
        ("url=a.example:80", 7),
        ("url=http://a.example/&limit=2", 2),
        ("url=http://a.example/&filter==status:200", 4),
        ("url=http://a.example/&filter=!=status:200", 3),
        ("url=http://a.example/&filter=~status:[23]..", 5),
        ("url=http://a.example/&filter==mime:warc/revisit", 1),
        ("url=http://a.example/&filter=mime:html", 6),
        ("url=http://a.example/&filter==record_type:metadata", 1),
        ("url=http://a.example/&from=20240301&to=20240301", 2),
        ("url=http://a.example/&from=202402&to=202404", 4),
        ("url=http://a.example/&from=2025", 0),
        ("url=http://many.example/*", 60),
        ("url=*.example&limit=3", 3),
        ("url=many.example&matchType=host", 60),
        ("url=many.example&matchType=domain", 60),
        ("url=http://many.example/1", 15),
        ("url=http://many.example/1&closest=", 15),
        ("url=http://many.example/&matchType=prefix&closest=&sort=closest", 60),
        ("url=http://a.example/&collapseTime=6", 6),
        ("url=http://a.example/&collapseTime=4", 4),
        ("url=http://a.example/&collapseTime=4&filter==status:200", 1),
        ("url=http://never.example/", 0),
        ("url=http://c.example/x.png?_=1234567890123", 2),
        ("url=http://c.example/x.png?_=1234567890123&allowFuzzy=false", 0),
        ("url=http://c.example/x.png?v=1&filter==status:200", 1),
    ] {
        let answer = cdx(server.address, query);
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        assert_eq!(answer.lines().len(), rows, "{query}: {}", answer.text());
        assert!(answer.is_whole);
    }
    let lines = cdx(server.address, "url=a.example&limit=1").lines();
    assert!(lines[0].starts_with("example,a)/ 20240101000000 {\"url\": \"http://a.example/\", \"mime\": \"text/html\", \"status\": \"200\", "), "{lines:?}");
    let lines = cdx(server.address, "url=a.example&limit=1&sort=reverse").lines();
    assert!(lines[0].contains(" 20240601000000 "), "{lines:?}");
    let lines = cdx(server.address, "url=a.example&output=text&fl=timestamp,status,mime").lines();
    assert_eq!(lines[0], "20240101000000 200 text/html");
    assert_eq!(lines[4], "20240401000000 - warc/revisit");
    let rows = cdx(server.address, "url=a.example&output=json&fields=timestamp,original&limit=1");
    let row: Value = serde_json::from_str(rows.text().trim()).unwrap();
    assert_eq!(
        row,
        serde_json::json!({"timestamp": "20240101000000", "original": "http://a.example/"})
    );
    let closest =
        cdx(server.address, "url=a.example&closest=20240210&sort=closest&output=text&fl=timestamp")
            .lines();
    assert_eq!(closest[..3], ["20240201000000", "20240301000000", "20240301000000"]);
    let link = cdx(server.address, "url=a.example&output=link").text();
    assert_eq!(link.matches("rel=\"memento\"").count(), 7);
}

#[test]
fn revisits_are_resolved_where_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let rows = cdx(server.address, "url=a.example&output=json&resolveRevisits=true").lines();
    let rows: Vec<Value> = rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
    let revisit = &rows[4];
    assert_eq!((&revisit["status"], &revisit["mime"]), (&"200".into(), &"text/html".into()));
    assert_eq!(
        (&revisit["orig.filename"], &revisit["filename"]),
        (&"one.warc".into(), &"two.warc".into())
    );
    assert_eq!(rows[0]["orig.offset"], "-");
    assert_eq!(
        cdx(server.address, "url=a.example&resolveRevisits=true&filter==status:200").lines().len(),
        5
    );
    let row = &wayback(server.address, "url=a.example&resolveRevisits=true").lines()[4];
    assert_eq!(row.split(' ').count(), 7, "{row}");
    assert!(row.contains(" text/html 200 "), "{row}");
}

#[test]
fn wrong_input_is_answered_with_400_and_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    for (query, says) in [
        ("", "url"),
        ("url=", "url"),
        ("url=a&matchType=near", "matchType"),
        ("url=a&output=html", "output"),
        ("url=a&limit=x", "limit"),
        ("url=a&limit=0", "limit"),
        ("url=a&filter=~status:[", "filter"),
        ("url=a&filter=colour:red", "filter"),
        ("url=a&from=soon", "from"),
        ("url=a&to=99999999", "to"),
        ("url=a&sort=size", "sort"),
        ("url=a&page=x", "page"),
        ("url=a&pageSize=0", "pageSize"),
        ("url=a&pageSize=999", "pageSize"),
        ("url=a&resolveRevisits=maybe", "resolveRevisits"),
    ] {
        for path in ["cdx", "cdx/search/cdx"] {
            let answer = ask(server.address, &format!("/{path}?{query}"));
            assert_eq!(answer.status, 400, "{path} {query}: {}", answer.text());
            let body: Value = serde_json::from_str(&answer.text()).unwrap();
            assert!(body["message"].as_str().unwrap().contains(says), "{query}: {body}");
        }
    }
    for query in [
        "url=a&limit=-1",
        "url=a&fl=colour",
        "url=a&collapseTime=15",
        "url=many.example/*&page=9",
        "url=never.example&page=0",
    ] {
        assert_eq!(cdx(server.address, query).status, 400, "{query}");
    }
    for query in [
        "url=a&fl=colour",
        "url=a&collapse=colour",
        "url=a&collapse=timestamp:0",
        "url=a&resumeKey=x",
        "url=a&offset=-1",
        "url=a&limit=-999999999",
    ] {
        assert_eq!(wayback(server.address, query).status, 400, "{query}");
    }
}

#[test]
fn the_wayback_dialect_answers_as_the_wayback_machine_does() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let at = server.address;
    let rows = wayback(at, "url=a.example").lines();
    assert_eq!(rows.len(), 7);
    let fields: Vec<&str> = rows[0].split(' ').collect();
    assert_eq!(
        fields[..5],
        ["example,a)/", "20240101000000", "http://a.example/", "text/html", "200"]
    );
    assert_eq!(fields.len(), 7);
    let json: Vec<Vec<String>> =
        serde_json::from_str(&wayback(at, "url=a.example&output=json&gzip=false").text()).unwrap();
    assert_eq!(json.len(), 8);
    assert_eq!(
        json[0],
        ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
    );
    let empty: Value =
        serde_json::from_str(&wayback(at, "url=never.example&output=json").text()).unwrap();
    assert_eq!(empty, serde_json::json!([]));
    assert_eq!(wayback(at, "url=never.example").body, b"");
    for (query, stamps) in [
        ("url=a.example&limit=-2", vec!["20240501000000", "20240601000000"]),
        ("url=a.example&limit=-1&fastLatest=true", vec!["20240601000000"]),
        ("url=a.example&offset=5", vec!["20240501000000", "20240601000000"]),
        ("url=a.example&offset=5&limit=1", vec!["20240501000000"]),
        ("url=a.example&sort=reverse&limit=1", vec!["20240601000000"]),
        ("url=a.example&sort=closest&closest=20240105&limit=1", vec!["20240101000000"]),
        ("url=a.example&filter=statuscode:40.", vec!["20240501000000"]),
        (
            "url=a.example&filter=!statuscode:200&filter=!statuscode:-",
            vec!["20240501000000", "20240601000000"],
        ),
        ("url=a.example&filter=statuscode:40", vec![]),
        ("url=a.example&collapse=timestamp:4", vec!["20240101000000"]),
        ("url=a.example&collapse=timestamp:6&limit=-2", vec!["20240501000000", "20240601000000"]),
        (
            "url=a.example&collapse=statuscode",
            vec!["20240101000000", "20240401000000", "20240501000000", "20240601000000"],
        ),
    ] {
        let rows = wayback(at, &format!("{query}&fl=timestamp"));
        assert_eq!(rows.status, 200, "{query}: {}", rows.text());
        assert_eq!(rows.lines(), stamps, "{query}");
    }
    assert_eq!(wayback(at, "url=many.example/*&showNumPages=true&pageSize=1").text().trim(), "1");
    let counted: Value =
        serde_json::from_str(&cdx(at, "url=many.example/*&showNumPages=true&pageSize=1").text())
            .unwrap();
    assert_eq!(counted, serde_json::json!({"pages": 1, "pageSize": 1, "blocks": 1}));
    assert_eq!(wayback(at, "url=many.example/*&page=5&output=json").text().trim(), "[]");
    let last = wayback(at, "url=many.example/*&showResumeKey=true&limit=100").text();
    assert!(!last.contains("\n\n"), "nothing is left: no key");
}

/// The rows of an answer and the key behind them.
fn with_key(answer: &Answer) -> (Vec<String>, Option<String>) {
    let text = answer.text();
    match text.strip_prefix('\n').map(|key| ("", key)).or_else(|| text.split_once("\n\n")) {
        Some((rows, key)) => {
            (rows.lines().map(str::to_owned).collect(), Some(key.trim().to_owned()))
        }
        None => (text.lines().map(str::to_owned).collect(), None),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rows_in_parts_are_the_whole(
        limit in 1_usize..70,
        sort in prop::sample::select(vec!["", "&sort=reverse"]),
        collapse in prop::sample::select(vec!["", "&collapse=timestamp:14", "&collapse=digest", "&collapse=statuscode&collapse=timestamp:13"]),
        filter in prop::sample::select(vec!["", "&filter=statuscode:200", "&filter=!mimetype:text/html"]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        archive(dir.path());
        let server = start(dir.path());
        let query = format!("url=many.example/*{sort}{collapse}{filter}&fl=original,timestamp,digest,offset");
        let whole = wayback(server.address, &query).lines();
        let (mut got, mut key) = (Vec::new(), String::new());
        loop {
            let answer = wayback(server.address, &format!("{query}&limit={limit}&showResumeKey=true{key}"));
            let (rows, rest) = with_key(&answer);
            prop_assert!(rows.len() <= limit);
            got.extend(rows);
            match rest {
                Some(rest) => key = format!("&resumeKey={rest}"),
                None => break,
            }
            prop_assert!(got.len() <= whole.len());
        }
        prop_assert_eq!(got, whole);
    }
}

#[test]
fn a_query_that_reads_too_much_is_refused_or_goes_on_by_key() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start_with(dir.path(), &[], |options| options.captures_scanned_max = 20);
    let at = server.address;
    let refused = wayback(at, "url=many.example/*&filter=statuscode:999");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("captures_scanned_max"), "{}", refused.text());
    assert_eq!(wayback(at, "url=a.example").lines().len(), 7);
    // With a key the rows come in parts, also where none of the rows read matches.
    for (filter, count) in [
        ("", 60),
        ("&filter=statuscode:404", 12),
        ("&filter=original:.*/3", 15),
        ("&filter=statuscode:999", 0),
    ] {
        for sort in ["", "&sort=reverse"] {
            let query = format!(
                "url=many.example/*{sort}{filter}&fl=original,timestamp&showResumeKey=true"
            );
            let (mut text, mut json) = (Vec::new(), Vec::new());
            let (mut key, mut parts) = (String::new(), 0);
            loop {
                parts += 1;
                assert!(parts < 20, "{query}");
                let answer = wayback(at, &format!("{query}{key}&output=json"));
                assert_eq!(answer.status, 200, "{query}: {}", answer.text());
                let mut rows: Vec<Vec<String>> = serde_json::from_str(&answer.text()).unwrap();
                if !rows.is_empty() {
                    assert_eq!(rows.remove(0), ["original", "timestamp"]);
                }
                json.extend(rows.into_iter().take_while(|row| !row.is_empty()));
                let (rows, rest) = with_key(&wayback(at, &format!("{query}{key}")));
                text.extend(rows);
                match rest {
                    Some(rest) => key = format!("&resumeKey={rest}"),
                    None => break,
                }
            }
            let json: Vec<String> = json.iter().map(|row| row.join(" ")).collect();
            assert_eq!((json.len(), &json), (count, &text), "{query}");
        }
    }
}

#[test]
fn the_closest_rows_come_in_their_order_however_many_there_are() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let mut often = super::warcs::Warc::new();
    for n in 0..700_u32 {
        let date = format!("2024-01-01T{:02}:{:02}:00Z", n / 60, n % 60);
        let status = if n % 10 == 0 { "200 OK" } else { "404 Not Found" };
        let head = format!("HTTP/1.1 {status}\nContent-Type: text/html");
        often = often.response("http://often.example/", &date, &head, b"x");
    }
    often.write(dir.path(), "often.warc");
    let server = start(dir.path());
    let at = server.address;
    let query = "url=often.example&closest=20240101050000&sort=closest&output=text&fl=timestamp";
    for filter in ["", "&filter==status:200"] {
        let all = cdx(at, &format!("{query}{filter}")).lines();
        assert_eq!(all.len(), if filter.is_empty() { 700 } else { 70 });
        assert_eq!(all[0], "20240101050000");
        let far = |stamp: &String| stamp[8..].parse::<i64>().unwrap().abs_diff(50000);
        // Hours and minutes are not a decimal number, but the values of one side of the time are in order.
        let before: Vec<_> = all.iter().filter(|stamp| stamp[8..] < *"050000").map(far).collect();
        assert!(before.is_sorted(), "{before:?}");
        for limit in [1, 2, 63, 64, 65, 69, 70] {
            let some = cdx(at, &format!("{query}{filter}&limit={limit}")).lines();
            assert_eq!(some, all[..limit], "{filter} {limit}");
        }
    }
}

#[test]
fn availability_is_reported_as_the_wayback_machine_does() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let server = start(dir.path());
    let available = |query: &str| -> Value {
        let answer = ask(server.address, &format!("/wayback/available?{query}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_str(&answer.text()).unwrap()
    };
    let found = available("url=a.example&timestamp=20240202");
    let closest = &found["archived_snapshots"]["closest"];
    assert_eq!(closest["timestamp"], "20240201000000");
    assert_eq!((&closest["available"], &closest["status"]), (&true.into(), &"200".into()));
    assert!(closest["url"].as_str().unwrap().ends_with("/web/20240201000000/http://a.example/"));
    assert_eq!(found["timestamp"], "20240202");
    assert_eq!(available("url=never.example")["archived_snapshots"], serde_json::json!({}));
    assert_eq!(ask(server.address, "/wayback/available?url=a.example&timestamp=x").status, 400);
    assert_eq!(ask(server.address, "/wayback/available").status, 400);
}
