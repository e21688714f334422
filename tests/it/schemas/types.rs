//! The serde types of the answers against their schemas, in both directions: everything that a type writes is described, and
//! everything described is written by a type. Each value below has every field, so that this file does not
//! compile after a field was added until the field is described.

mod reader;

use std::collections::BTreeMap;
use std::time::Duration;

use pressmark::answers::blame::{BlameJson, SentenceJson};
use pressmark::answers::citation::{
    AlterationJson, ArchiveJson, AuthorJson, CitationJson, FactJson, PassedOverJson, QuotationJson,
    RobustLinkJson,
};
use pressmark::answers::diff::{DiffJson, SideJson};
use pressmark::answers::history::HistoryJson;
use pressmark::answers::page::{
    CandidateJson, DisagreementJson, FigureJson, NoticeJson, OriginsJson, PageJson, VariantJson,
};
use pressmark::answers::pictures::AttachmentJson;
use pressmark::answers::quotes::QuoteJson;
use pressmark::answers::report::ReportJson;
use pressmark::answers::search::{SearchJson, SnippetJson, SpanJson};
use pressmark::answers::search_events::SearchEventJson;
use pressmark::answers::status::{
    CountJson, EvidenceJson, HostJson, QueueJson, RemoteJson, StatusJson,
};
use pressmark::answers::verify::{FindingJson, LeftOutJson, ReindexJson, StepJson};
use pressmark::answers::when::PhraseSpanJson;
use pressmark::archive::cdx::parse_cdxj;
use pressmark::base::Finding;
use pressmark::crawl::report::{HostReport, Report};
use pressmark::crawl::{DueLine, ListView, QueueReporter, QueueSeen, SourceLine, VersionEvent};
use pressmark::diff::json::{
    JsonAcknowledgement, JsonChange, JsonComparison, JsonDeclared, JsonOp, JsonWords,
};
use pressmark::diff::{ChangeKind, Presence};
use pressmark::evidence::check::{Outcome, Step};
use pressmark::history::absence::{Absence, AbsenceJson};
use pressmark::history::changes::ArchiveChange;
use pressmark::history::{CaptureJson, VersionJson};
use pressmark::schedule::{SharedOverview, WorkerReport, WorkerSeen};
use serde::Serialize;
use serde_json::{Value, json};

use super::schemas;

const URL: &str = "http://a.example/";
const DATE: &str = "2031-03-04T08:09:10.250000Z";

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn capture_line() -> String {
    format!(
        r#"example,a)/ 20310304080910 {{"url": "{URL}", "mime": "text/html", "status": "200", "digest": "sha256:{}", "length": "9", "offset": "1", "filename": "a.warc.gz", "record_id": "<urn:uuid:33d7202c-678e-883a-9944-dbe953dbaea9>", "record_type": "response", "date": "{DATE}"}}"#,
        "0".repeat(64)
    )
}

fn capture() -> CaptureJson {
    CaptureJson::from(&parse_cdxj(&capture_line()).unwrap())
}

fn words() -> JsonWords {
    let (before, after) = ("12".to_owned(), "15".to_owned());
    JsonWords { before, after, old_range: [0, 2], new_range: [0, 2] }
}

fn change() -> JsonChange {
    JsonChange {
        kind: ChangeKind::FigureChanged,
        before: text("12"),
        after: text("15"),
        speaker: text("Ann Lee"),
        old_range: Some([0, 2]),
        new_range: Some([0, 2]),
        about: text("boats"),
        words: vec![words()],
        notation: false,
        weight: 3,
    }
}

fn version() -> VersionJson {
    VersionJson {
        capture: capture(),
        first_seen: DATE.to_owned(),
        last_seen: DATE.to_owned(),
        captures: 1,
        headline: text("Boats"),
        presence: Presence::Here.label(),
        landing: Some(capture()),
        compared_with: Some(capture()),
        changes: vec![change()],
        stealth: true,
        coarse: false,
        rendering: true,
    }
}

fn page() -> PageJson {
    let origin = Some("meta");
    PageJson {
        url: text(URL),
        file: text("a.html"),
        timestamp: text("20310304080910"),
        rendering: true,
        text_at: text(URL),
        headline: text("Boats"),
        byline: vec!["Ann Lee".to_owned()],
        publisher: text("Courier"),
        section: text("Harbour"),
        published: text("2031-03-04"),
        modified: text("2031-03-04"),
        language: text("en"),
        canonical: text(URL),
        variant: Some(VariantJson { of: URL.to_owned(), kind: "amp" }),
        kind: "article",
        access: "free",
        coarse: false,
        text: "Boats.".to_owned(),
        notices: vec![NoticeJson { kind: "correction", text: "x".to_owned(), start: 0, end: 1 }],
        figures: vec![FigureJson {
            text: "12".to_owned(),
            value: text("12"),
            unit: text("boats"),
            hedge: text("about"),
            counts: text("boats"),
            start: 0,
            end: 2,
        }],
        disagreements: vec![DisagreementJson {
            field: "headline",
            candidates: vec![CandidateJson { origin: "og", value: "Boats".to_owned() }],
        }],
        origins: OriginsJson {
            headline: origin,
            byline: origin,
            publisher: origin,
            section: origin,
            language: origin,
            canonical: origin,
            published: origin,
            modified: origin,
            text: origin,
        },
        extractor: pressmark::extract::EXTRACTOR,
    }
}

fn quote() -> QuoteJson {
    QuoteJson {
        url: text(URL),
        file: text("a.html"),
        timestamp: text("20310304080910"),
        rendering: true,
        text: "We go".to_owned(),
        speaker: text("Ann Lee"),
        cue: text("said"),
        start: 0,
        end: 5,
        kind: "direct",
        named: Some(true),
    }
}

fn diff() -> DiffJson {
    let at = pressmark::base::Timestamp::parse(DATE).unwrap();
    let instead = "status 410".to_owned();
    let absence = Absence { since: at, until: at, presence: Presence::Gone, instead };
    let op = JsonOp {
        op: "replace".to_owned(),
        old: vec!["12 boats.".to_owned()],
        new: vec!["15 boats.".to_owned()],
        old_range: Some([0, 9]),
        new_range: Some([0, 9]),
        words: vec![words()],
    };
    let by = JsonAcknowledgement { by: "notice".to_owned(), text: "x".to_owned() };
    DiffJson {
        url: text(URL),
        file: text("a.html"),
        rendering: true,
        text_at: text(URL),
        from: SideJson::Capture(Box::new(capture())),
        to: SideJson::File { file: "a.html".to_owned() },
        away: vec![AbsenceJson::from(&absence)],
        comparison: JsonComparison {
            stealth: false,
            acknowledged_by: vec![by],
            declared: JsonDeclared {
                modified_before: text("2031-03-04"),
                modified_after: text("2031-03-04"),
                notices: vec!["x".to_owned()],
            },
            weight: 3,
            coarse: false,
            changes: vec![change()],
            ops: vec![op],
        },
    }
}

fn citation() -> CitationJson {
    let fact = |value: &str| Some(FactJson { value: value.to_owned(), origin: "meta" });
    let selector = json!({ "type": "TextQuoteSelector", "exact": "x", "prefix": "", "suffix": "" });
    let state = json!({ "type": "TimeState", "sourceDate": DATE, "cached": URL });
    let target =
        json!({ "type": "SpecificResource", "source": URL, "state": state, "selector": selector });
    let (given, stands) = ("[t]he".to_owned(), "The".to_owned());
    CitationJson {
        rendering: true,
        text_at: text("http://a.example/amp"),
        url: URL.to_owned(),
        timestamp: "20310304080910".to_owned(),
        style: "apa",
        citation: "Boats.".to_owned(),
        capture: capture(),
        digest: text(&format!("sha256:{}", "0".repeat(64))),
        record_id: text("urn:uuid:33d7202c-678e-883a-9944-dbe953dbaea9"),
        archive: ArchiveJson { name: "Archive".to_owned(), url: text(URL) },
        kind: "news",
        url_status: "live",
        headline: fact("Boats"),
        authors: vec![AuthorJson {
            name: "Ann Lee".to_owned(),
            given: text("Ann"),
            particle: text(""),
            family: text("Lee"),
            suffix: text(""),
            organisation: false,
            origin: "meta",
        }],
        publisher: fact("Courier"),
        published: fact("2031-03-04"),
        modified: fact("2031-03-04"),
        language: fact("en"),
        robust_link: RobustLinkJson {
            originalurl: URL.to_owned(),
            versionurl: text(URL),
            versiondate: DATE.to_owned(),
        },
        quote: Some(QuotationJson {
            exact: "x".to_owned(),
            given: text("x"),
            alterations: vec![AlterationJson { kind: "case", given, stands }],
            prefix: String::new(),
            suffix: String::new(),
            start: Some(0),
            end: Some(1),
            link: URL.to_owned(),
            live_link: URL.to_owned(),
            target,
        }),
        passed_over: Some(PassedOverJson { capture: capture(), why: "status 404".to_owned() }),
        attachments: vec![AttachmentJson {
            kind: "view",
            uri: format!("urn:view:{URL}"),
            date: DATE.to_owned(),
            media_type: "image/png".to_owned(),
            digest: text(&format!("sha256:{}", "0".repeat(64))),
            record_id: text("urn:uuid:33d7202c-678e-883a-9944-dbe953dbaea9"),
        }],
    }
}

fn archive_change() -> ArchiveChange {
    ArchiveChange {
        url: URL.to_owned(),
        timestamp: "20310304080910".to_owned(),
        date: DATE.to_owned(),
        before_timestamp: "20310304080910".to_owned(),
        number: 1,
        stealth: true,
        rendering: true,
        headline: text("Boats"),
        change: change(),
    }
}

fn agrees(schema: &str, value: &impl Serialize) {
    all_agree(schema, &[serde_json::to_value(value).unwrap()]);
}

/// The same for several values, which together have all fields.
fn all_agree(schema: &str, values: &[Value]) {
    let schemas = schemas();
    for value in values {
        assert_eq!(schemas.problems(schema, value), Vec::<String>::new(), "{schema}");
    }
    let mut unwritten = schemas.unwritten(schema, values);
    // Only copies of other archives, and pages of which a part was removed, have these: see `backfill` and `purge`.
    unwritten.retain(|field| !field.ends_with("/copy_of") && !field.contains("/removed"));
    assert_eq!(unwritten, Vec::<String>::new(), "{schema}");
}

#[test]
fn every_field_of_a_type_is_described_and_every_one_described_is_written() {
    let (captured, named) = (Some(capture()), text("http://a.example/@20310304080910"));
    agrees("capture.json", &capture());
    agrees("change.json", &change());
    agrees("show.json", &page());
    agrees("quotes.json", &quote());
    let one = diff();
    let other = DiffJson { from: one.to.clone(), to: one.from.clone(), ..diff() };
    all_agree("diff.json", &[one, other].map(|diff| serde_json::to_value(diff).unwrap()));
    agrees("cite.json", &citation());
    agrees(
        "history.json",
        &HistoryJson {
            url: URL.to_owned(),
            rendering: true,
            text_at: text(URL),
            versions: vec![version()],
        },
    );
    agrees("changes.json", &archive_change());
    agrees(
        "blame.json",
        &BlameJson {
            url: URL.to_owned(),
            rendering: true,
            text_at: text(URL),
            at: capture(),
            sentences: vec![SentenceJson {
                text: "Boats.".to_owned(),
                start: 0,
                end: 6,
                since: captured.clone(),
                since_link: named.clone(),
                changed: captured,
                changed_link: named,
            }],
        },
    );
    agrees(
        "when.json",
        &PhraseSpanJson {
            url: URL.to_owned(),
            rendering: true,
            phrase: "boats".to_owned(),
            first_seen: capture(),
            last_seen: capture(),
            gone_since: text(DATE),
            versions: 1,
        },
    );
    let snippets = || {
        let text = "Boats.".to_owned();
        vec![SnippetJson { field: "text", text, marks: vec![[0, 5]] }]
    };
    agrees(
        "search.json",
        &SearchJson {
            url: URL.to_owned(),
            rendering: true,
            query: "boats".to_owned(),
            headline: text("Boats"),
            first_seen: capture(),
            last_seen: capture(),
            gone_since: text(DATE),
            versions: 1,
            spans: vec![SpanJson { from: DATE.to_owned(), until: text(DATE), versions: 1 }],
            snippets: snippets(),
            score: Some(1.5),
        },
    );
    agrees(
        "search-event.json",
        &SearchEventJson {
            change: "carried",
            url: URL.to_owned(),
            rendering: true,
            query: "boats".to_owned(),
            timestamp: "20310304080910".to_owned(),
            date: DATE.to_owned(),
            headline: text("Boats"),
            snippets: snippets(),
        },
    );
}

fn source() -> SourceLine {
    let at = || text(DATE);
    SourceLine {
        job: "paper".to_owned(),
        url: URL.to_owned(),
        kind: "feed".to_owned(),
        state: "good".to_owned(),
        detail: "200".to_owned(),
        since: at(),
        well_at: at(),
        entries: 1,
        fresh_at: at(),
        silent_since: at(),
        is_well: true,
    }
}

fn due_line(list: &str) -> DueLine {
    DueLine {
        url: URL.to_owned(),
        at: DATE.to_owned(),
        due: DATE.to_owned(),
        because: "a seed".to_owned(),
        list: list.to_owned(),
        job: "paper".to_owned(),
        jobs: vec!["paper".to_owned()],
        priority: "seed".to_owned(),
    }
}

fn report() -> Report {
    let pair = || (URL.to_owned(), "why".to_owned());
    let one = |name: &str| BTreeMap::from([(name.to_owned(), 1)]);
    let second = Duration::from_secs(1);
    let host =
        HostReport { fetched: 1, failed: 1, delay: second, capped: Some((second * 60, second)) };
    let at = pressmark::base::Timestamp::parse(DATE).unwrap();
    Report {
        job: "paper".to_owned(),
        started: at,
        finished: at,
        fetched: 1,
        captured: 1,
        new: 1,
        revisits: 1,
        not_modified: 1,
        refused_by_robots: 1,
        robots_unreachable: 1,
        failed: 2,
        bytes: 9,
        unread: 1,
        renderings: 2,
        renderings_failed: 1,
        rendering_failures: vec![pair()],
        versions: 1,
        changes: 1,
        kinds: one("figure-changed"),
        left_out: 1,
        left_out_rules: one("scope"),
        left_out_urls: vec![pair()],
        left: 1,
        stopped: false,
        hosts: BTreeMap::from([("a.example".to_owned(), host)]),
        statuses: one("200"),
        media_types: one("text/html"),
        failures: vec![pair()],
        unreachable_robots: BTreeMap::from([pair()]),
        disputed_robots: BTreeMap::from([("a.example".to_owned(), pair())]),
        sources: vec![source()],
    }
}

fn remote() -> RemoteJson {
    let one = CountJson { files: 1, bytes: 9 };
    RemoteJson {
        place: text("s3://bucket/prefix"),
        local: one,
        uploading: one,
        uploaded: one,
        verified: one,
        evicted: one,
        trouble: text("why"),
    }
}

fn status() -> StatusJson {
    let list = |list: &str| ListView {
        list: list.to_owned(),
        queued: 1,
        in_flight: 1,
        waiting: 1,
        due: 1,
        next: text(DATE),
        items: vec![due_line(list)],
    };
    let reporter =
        QueueReporter { at: DATE.to_owned(), source: "as process 7 said 1 s ago".to_owned() };
    let seen = QueueSeen {
        lists: vec![list("queue"), list("watched")],
        sources: vec![source()],
        reporter: Some(reporter),
        shared: Some(SharedOverview {
            workers: vec![WorkerSeen {
                report: WorkerReport::default(),
                began: 1,
                heard: 2,
                hosts: 3,
            }],
            ..SharedOverview::default()
        }),
    };
    StatusJson {
        archive: "archive".to_owned(),
        files: 1,
        bytes: 9,
        remote: Some(remote()),
        captures: 1,
        evidence: Some(EvidenceJson {
            size: 9,
            signed: text(DATE),
            shared: true,
            unregistered: 2,
            unregistered_is_cap: false,
            files: 1,
            oldest: text(DATE),
            lag_seconds: 3,
        }),
        evidence_unread: text("why"),
        index_bytes: Some(9),
        disk_free: Some(9),
        hosts: vec![HostJson {
            host: "a.example".to_owned(),
            captures: 1,
            bytes: 9,
            first: DATE.to_owned(),
            last: DATE.to_owned(),
        }],
        queue: Some(QueueJson::from(&seen)),
        queue_unread: text("why"),
        sources: Some(seen.sources),
        last_run: Some(serde_json::to_value(ReportJson::from(&report())).unwrap()),
    }
}

#[test]
fn what_commands_report_of_an_archive_is_described_and_written() {
    agrees("crawl.json", &ReportJson::from(&report()));
    agrees("status.json", &status());
    let queue = QueueJson::from(&QueueSeen {
        lists: Vec::new(),
        sources: Vec::new(),
        reporter: None,
        shared: None,
    });
    all_agree(
        "status.json",
        &[
            serde_json::to_value(status()).unwrap(),
            serde_json::to_value(StatusJson { queue: Some(queue), ..status() }).unwrap(),
            serde_json::to_value(StatusJson {
                queue: None,
                sources: None,
                remote: None,
                evidence: None,
                evidence_unread: None,
                ..status()
            })
            .unwrap(),
        ],
    );
    agrees("due.json", &due_line("queue"));
    let finding = Finding::error("a.warc.gz", Some(7), "block-digest", "differs");
    agrees("finding.json", &FindingJson::from(finding));
    let step = Step { name: "files", outcome: Outcome::Holds, what: "2 files".to_owned() };
    agrees("step.json", &StepJson::from(step));
    let left = LeftOutJson { file: "a.warc.gz".to_owned(), why: "gone".to_owned() };
    let reindexed = ReindexJson { files: 1, records: 2, captures: 1, left_out: vec![left] };
    agrees("reindex.json", &reindexed);
    let news = VersionEvent {
        job: "paper".to_owned(),
        jobs: vec!["paper".to_owned()],
        uri: pressmark::base::TargetUri::parse(URL).unwrap(),
        at: pressmark::base::Timestamp::parse(DATE).unwrap(),
        version: version(),
    };
    agrees("message.json", &news.message("paper"));
}

#[test]
fn a_field_of_a_report_that_no_schema_describes_is_found() {
    let mut status = serde_json::to_value(status()).unwrap();
    status["queue"]["colour"] = json!("red");
    assert!(!schemas().problems("status.json", &status).is_empty());
    status["queue"].as_object_mut().unwrap().remove("colour");
    status["last_run"]["hosts"][0].as_object_mut().unwrap().remove("delay_ms");
    assert!(!schemas().problems("status.json", &status).is_empty());
}

#[test]
fn the_kinds_of_change_are_those_of_the_schema_in_their_order() {
    let labels = ChangeKind::ALL.map(ChangeKind::label);
    assert_eq!(schemas().words_of("change.json", "/properties/kind/enum"), labels);
    let styles = pressmark::cite::Style::ALL.map(pressmark::cite::Style::label);
    assert_eq!(schemas().words_of("cite.json", "/properties/style/enum"), styles);
}

#[test]
fn a_field_that_no_type_writes_is_found() {
    let mut value = serde_json::to_value(diff()).unwrap();
    value["changes"][0].as_object_mut().unwrap().remove("about");
    value["from"].as_object_mut().unwrap().remove("offset");
    let found = schemas().unwritten("diff.json", &[value]);
    assert!(found.contains(&"/changes/about".to_owned()), "{found:?}");
}
