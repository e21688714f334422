//! `cite` on an archive: one capture, its facts, its quotations; and its formats in citation.js and
//! citeproc-js, by `tests/interop/cite.mjs`.
//!
//! `PRESSMARK_INTEROP_NODE_PATH` names the `node_modules` folder with the packages of
//! `tests/interop/package.json`; without it that test is skipped, and says so.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::{Clock, Timestamp};
use pressmark::cite::{Archive as Kept, Capture, Source, Style, cite};
use pressmark::extract::page::{Author, Fact, Origin, Page, PageTime};
use serde_json::{Value, json};

use crate::support::archive::Archive;
use crate::support::cli::{json_lines, pressmark, stderr, stdout};
use crate::support::skip::skipped;
use crate::support::web::{Reply, Web, ok};

const STORY: &str = "http://a.example/story";
const BASE: &str = "cite.archive_url=https://archive.example/web/";

fn story(sentence: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><title>Bridge closed - The Courier</title>\
         <meta property=\"og:site_name\" content=\"The Courier\"><script type=\"application/ld+json\">\
         {{\"@type\":\"NewsArticle\",\"headline\":\"Bridge closed & \\\"locked\\\"\",\
         \"author\":[{{\"@type\":\"Person\",\"name\":\"Jan van der Berg\"}},{{\"@type\":\"Person\",\"name\":\"Anna Roe\"}}],\
         \"datePublished\":\"2025-11-04T09:00:00+01:00\"}}</script></head><body><article><h1>Bridge closed & \"locked\"</h1>\
         <p>Engineers found three cracks in the deck of the old bridge on Tuesday morning, the town said.</p>\
         <p>“{sentence}” the mayor said. “Nobody was told — nobody.”</p>\
         <p>A ferry goes every half hour until the work is done, and costs nothing for people on foot.</p>\
         </article></body></html>"
    )
}

/// Two captures of a story that changed between them.
fn archive() -> Archive {
    let archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    let mut archive = archive;
    archive.resolve = web.resolve(&["a.example"]);
    let page = |_: &str, times: usize| {
        let sentence = if times == 0 {
            "It will stay closed until spring,"
        } else {
            "It may stay closed until summer,"
        };
        ok("text/html; charset=utf-8", story(sentence).as_bytes())
    };
    web.on("a.example", "/story", Reply::Made(Arc::new(page)));
    archive.crawl(&[STORY]);
    archive.later(Duration::from_secs(86_400));
    archive.crawl(&[STORY]);
    archive
}

#[test]
fn a_citation_is_of_one_capture_with_its_time_and_digest() {
    let archive = archive();
    let captures = archive.captures(STORY);
    assert_eq!(captures.len(), 2);
    for (at, entry) in [("20251105", &captures[0]), ("20251106", &captures[1])] {
        let stamp = entry.date.to_stamp14();
        let digest = entry.digest.as_ref().unwrap().to_string();
        for style in Style::ALL {
            let args = ["cite", STORY, "--at", at, "--style", style.label(), "--set", BASE];
            let said = stdout(&pressmark(&archive.root(), &args));
            assert!(said.contains(&digest), "{}: {said}", style.label());
            assert!(
                said.contains(&format!("https://archive.example/web/{stamp}/{STORY}")),
                "{said}"
            );
            assert!(said.contains("Berg") && said.contains("Courier"), "{said}");
        }
    }
    // Without an address of its own, the archive is named.
    let args = ["cite", STORY, "--style", "apa", "--set", "cite.archive_name=The Harbour Archive"];
    let said = stdout(&pressmark(&archive.root(), &args));
    let id = captures[1].record_id.as_ref().unwrap().to_string();
    assert!(
        said.contains("The Harbour Archive, record ") && said.contains(id.trim_matches(['<', '>'])),
        "{said}"
    );
    assert!(
        said.starts_with(
            "van der Berg, J., & Roe, A. (2025, November 4). Bridge closed & \"locked.\""
        ),
        "{said}"
    );
}

#[test]
fn quoted_words_are_found_or_refused_with_the_nearest() {
    let archive = archive();
    let quoted = |words: &str, at: &str| {
        pressmark(
            &archive.root(),
            &["cite", STORY, "--at", at, "--quote", words, "--format", "json", "--set", BASE],
        )
    };
    let found = quoted(
        "\"It will stay closed  until spring,\" the mayor said. 'Nobody was told - nobody.'",
        "20251105",
    );
    let citation = &json_lines(&found)[0];
    assert_eq!(
        citation["quote"]["exact"],
        "“It will stay closed until spring,” the mayor said. “Nobody was told — nobody.”"
    );
    let link = citation["quote"]["link"].as_str().unwrap();
    assert!(link.starts_with("https://archive.example/web/20251105000000/http://a.example/story#:~:text=%E2%80%9CIt%20will"), "{link}");
    assert_eq!(citation["quote"]["target"]["selector"]["type"], "TextQuoteSelector");
    assert_eq!(citation["url_status"], "deviated");
    assert_eq!(citation["headline"]["value"], "Bridge closed & \"locked\"");
    assert_eq!(citation["authors"][0]["origin"], "json-ld");
    let (start, end) = (&citation["quote"]["start"], &citation["quote"]["end"]);
    let shown = pressmark(&archive.root(), &["show", STORY, "--at", "20251105", "--as", "json"]);
    let text = json_lines(&shown)[0]["text"].as_str().unwrap().to_owned();
    let range = start.as_u64().unwrap() as usize..end.as_u64().unwrap() as usize;
    assert_eq!(&text[range], citation["quote"]["exact"].as_str().unwrap());

    // The same words are not in the other capture: reported are its nearest words, and where the quoted ones are.
    let refused = quoted("It will stay closed until spring", "20251106");
    assert_eq!(refused.status.code(), Some(3));
    assert_eq!(stdout(&refused), "");
    let said = stderr(&refused);
    assert!(said.contains("“It may stay closed until summer,”"), "{said}");
    assert!(said.contains("(“may”, not “will”; “summer”, not “spring”)"), "{said}");
    assert!(said.contains("--at 2025-11-05T00:00:00.000000Z"), "{said}");
    let nowhere = quoted("Nothing like it was ever printed anywhere", "20251106");
    assert_eq!(nowhere.status.code(), Some(3));
    assert!(stderr(&nowhere).contains("no similar words"), "{}", stderr(&nowhere));
}

#[test]
fn quotations_with_marked_alterations_are_found_and_reported() {
    let archive = archive();
    let quoted = |words: &str| {
        let args = ["cite", STORY, "--at", "20251105", "--quote", words, "--format", "json"];
        pressmark(&archive.root(), &args)
    };
    for (words, exact, alterations) in [
        (
            "[e]ngineers found three cracks […] on Tuesday morning,",
            "Engineers found three cracks in the deck of the old bridge on Tuesday morning,",
            json!([
                {"kind": "case", "given": "[e]ngineers", "stands": "Engineers"},
                {"kind": "omission", "given": "[…]", "stands": "in the deck of the old bridge"},
            ]),
        ),
        (
            "A ferry [across the river] goes every half hour,",
            "A ferry goes every half hour",
            json!([
                {"kind": "insertion", "given": "[across the river]", "stands": ""},
                {"kind": "punctuation", "given": "hour,", "stands": "hour"},
            ]),
        ),
        ("[…] costs nothing for people on foot", "costs nothing for people on foot", json!([])),
    ] {
        let said = quoted(words);
        assert_eq!(said.status.code(), Some(0), "{words}: {}", stderr(&said));
        let quote = &json_lines(&said)[0]["quote"];
        assert_eq!((&quote["exact"], &quote["given"]), (&json!(exact), &json!(words)));
        assert_eq!(quote["alterations"], alterations, "{words}");
        assert_eq!(stderr(&said).contains("the quotation is altered"), alterations != json!([]));
    }
    // An unmarked alteration is not accepted, and brackets match no words that are not there.
    for words in ["engineers found three cracks", "Engineers […] found no cracks at all", "[…]"]
    {
        let said = quoted(words);
        assert_ne!(said.status.code(), Some(0), "{words}");
        assert_eq!(stdout(&said), "");
    }
}

#[test]
fn a_byline_of_any_kind_is_cited_by_its_names() {
    let archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    let mut archive = archive;
    archive.resolve = web.resolve(&["a.example"]);
    let many: Vec<String> =
        (1..=24).map(|n| format!("Anna{} Roe{}", "x".repeat(n % 3), "a".repeat(n))).collect();
    let mut urls = Vec::new();
    let cases = [
        (
            "en",
            "By Sammy Davis, Jr., and Jan van der Berg, Political Editor".to_owned(),
            "Davis, S., Jr., & van der Berg, J. (",
        ),
        ("en", "Roe, Anna; Berg, Jan".to_owned(), "Roe, A., & Berg, J. ("),
        ("en", "By Anna Roe anna.roe@courier.example".to_owned(), "Roe, A. ("),
        (
            "en",
            "By the Department of Health and Social Care".to_owned(),
            "Department of Health and Social Care. (",
        ),
        (
            "de",
            "Von Karl Theodor von und zu Roe und Anke Petersen, Redakteurin".to_owned(),
            "von und zu Roe, K. T., & Petersen, A. (",
        ),
        (
            "es",
            "Por Gabriel García Márquez y Juan Carlos Pérez".to_owned(),
            "García Márquez, G., & Pérez, J. C. (",
        ),
        ("hu", "Írta: Kovács Anna".to_owned(), "Kovács, A. ("),
        ("vi", "Nguye\u{302}\u{303}n Văn An".to_owned(), "Nguyễn, V. A. ("),
        ("zh", "记者 王小明".to_owned(), "王小明. ("),
        (
            "en",
            format!("By {} and {}", many[..23].join(", "), many[23]),
            ", . . . Roeaaaaaaaaaaaaaaaaaaaaaaaa, A. (",
        ),
    ];
    for (n, (language, byline, _)) in cases.iter().enumerate() {
        let page = format!(
            "<!doctype html><html lang={language}><head><title>Bridge closed?</title>\
             <meta property=\"og:site_name\" content=\"The Courier\"><meta name=author content=\"{byline}\">\
             <meta property=\"article:published_time\" content=\"2025-11-04\"></head><body><article><h1>Bridge closed?</h1>\
             <p>Engineers found three cracks in the deck of the old bridge on Tuesday morning, the town said.</p>\
             <p>A ferry goes every half hour until the work is done, and costs nothing for people on foot.</p></article></body></html>"
        );
        let reply = ok("text/html; charset=utf-8", page.as_bytes());
        web.on("a.example", &format!("/{n}"), Reply::Bytes(reply));
        urls.push(format!("http://a.example/{n}"));
    }
    archive.crawl(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    let mut keys = Vec::new();
    for (url, (_, byline, wanted)) in urls.iter().zip(&cases) {
        let said = stdout(&pressmark(&archive.root(), &["cite", url, "--style", "apa"]));
        let head = said.split(" Retrieved").next().unwrap();
        assert!(
            head.contains(wanted) && head.ends_with("Bridge closed? The Courier."),
            "{byline}: {said}"
        );
        let entry = stdout(&pressmark(&archive.root(), &["cite", url, "--style", "bibtex"]));
        keys.push(entry.lines().find(|line| line.starts_with('@')).unwrap().to_owned());
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), urls.len(), "{keys:?}");
}

#[test]
fn what_cannot_be_cited_is_reported_with_its_exit_code() {
    let archive = archive();
    for (args, code) in [
        (&["cite", "http://a.example/never"][..], 3),
        (&["cite", STORY, "--style", "oxford"], 2),
        (&["cite", STORY, "--quote", " … "], 2),
        (&["cite", STORY, "--format", "yaml"], 2),
        (&["cite", STORY, "--set", "cite.archive_url=archive.example"], 2),
    ] {
        let output = pressmark(&archive.root(), args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).starts_with("pressmark: "), "{args:?}");
    }
}

fn fact<T>(value: T) -> Fact<T> {
    Fact { value, origin: Origin::Meta }
}

/// A citation of odd facts in the formats that programs read, with the facts as they should be read.
fn case(title: &str, authors: &[(&str, Value)], published: &str) -> Value {
    let time = PageTime {
        text: published.to_owned(),
        instant: Timestamp::from_unix_seconds(0),
        day_only: true,
    };
    let byline = authors.iter().map(|(name, read)| {
        fact(Author {
            name: (*name).to_owned(),
            organisation: read["literal"].is_string(),
            ..Author::default()
        })
    });
    let page = Page {
        headline: Some(fact(title.to_owned())),
        byline: byline.collect(),
        publisher: Some(fact("Courier & Post".to_owned())),
        published: (!published.is_empty()).then(|| fact(time)),
        ..Page::default()
    };
    let url = "http://a.example/story?id=1&x=50%25#part";
    let capture = Capture {
        url: url.to_owned(),
        at: Timestamp::parse("2025-11-05T00:00:00Z").unwrap(),
        digest: Some("sha256:abc".to_owned()),
        record_id: Some("urn:uuid:1".to_owned()),
        is_rendering: false,
    };
    let archive =
        Kept { name: "Archive".to_owned(), base: Some("https://archive.example/web".to_owned()) };
    let source = Source::new(&page, capture, archive);
    let year = published.get(..4).and_then(|y| y.parse::<u16>().ok());
    let read: Vec<&Value> = authors.iter().map(|(_, read)| read).collect();
    let mut case = json!({"facts": {"title": title, "authors": read, "url": url, "year": year}});
    for style in [Style::CslJson, Style::Bibtex, Style::Biblatex, Style::Ris] {
        case[style.label()] = Value::from(cite(&source, style));
    }
    case
}

#[test]
fn reference_managers_read_the_same_facts() {
    let Some(packages) = std::env::var_os("PRESSMARK_INTEROP_NODE_PATH") else {
        skipped(
            "interop-node",
            "PRESSMARK_INTEROP_NODE_PATH is not set, so citation.js is not asked",
        );
        return;
    };
    let person = |given: &str, particle: &str, family: &str| json!({"given": given, "particle": particle, "family": family});
    let junior = json!({"given": "Sammy", "family": "Davis", "suffix": "Jr."});
    let van = ("Jan Willem van der Berg", person("Jan Willem", "van der", "Berg"));
    let cruz = ("Juan de la Cruz", person("Juan", "de la", "Cruz"));
    let ap = ("Roe & Sons, Ltd. and Others", json!({"literal": "Roe & Sons, Ltd. and Others"}));
    let cases = [
        case("Bridge closed", std::slice::from_ref(&van), "2025-11-04"),
        case("100% of $5 & #3_x ~ ^ tilde \\ back", &[van.clone(), cruz.clone()], "2025-11"),
        case("Braces {a} and {b c}", std::slice::from_ref(&cruz), "2025"),
        case("العنوان: جسر مغلق", &[("محمد صلاح", person("محمد", "", "صلاح"))], "2025-11-04"),
        case("橋が閉鎖された【速報】", &[("王小明", json!({"literal": "王小明"}))], ""),
        case("“Quoted” ‘words’ — and more", &[van, cruz, ap], "2025-11-04"),
        case(
            "Names of many kinds",
            &[
                ("Sammy Davis, Jr.", junior),
                ("Gabriel García Márquez", person("Gabriel", "", "García Márquez")),
                ("José Ortega y Gasset", person("José", "", "Ortega y Gasset")),
            ],
            "2025-11-04",
        ),
        case(
            "Names of more kinds",
            &[
                ("Mao Zedong", person("Zedong", "", "Mao")),
                ("Dr. Karl von und zu Roe", person("Karl", "von und zu", "Roe")),
                ("bell hooks", person("bell", "", "hooks")),
            ],
            "2025-11-04",
        ),
    ];
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cases.json");
    std::fs::write(&file, Value::from(cases.to_vec()).to_string()).unwrap();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/cite.mjs");
    let run = Command::new("node")
        .arg(script)
        .arg(&file)
        .env("PRESSMARK_INTEROP_NODE_PATH", packages)
        .output();
    let Ok(output) = run else {
        skipped("interop-node", "there is no node");
        return;
    };
    let said = stdout(&output) + &stderr(&output);
    if output.status.code() == Some(77) {
        skipped("interop-node", &format!("a package is missing:\n{said}"));
        return;
    }
    assert!(output.status.success(), "{said}");
}
