//! The same for the answers that only the server gives.

use std::collections::{BTreeMap, BTreeSet};

use pressmark::answers::absent::{Absent, Reason};
use pressmark::answers::calendar::{Calendar, Day};
use pressmark::answers::captures::Failure;
use pressmark::answers::front::{Front, HostLine};
use pressmark::answers::lookup::Lookup;
use pressmark::answers::prove::{
    IntervalJson, NotAfterJson, NotBeforeJson, ProvedJson, WitnessJson,
};
use pressmark::answers::quoted::{Altered, PageQuotations, Quotation, SpeakerQuotations};
use pressmark::answers::removed::Removed;
use pressmark::answers::site::{PageLine, PageList, Site};
use pressmark::answers::timeline::{Timeline, VersionPoint, Visits};
use pressmark::answers::view::ViewJson;
use pressmark::archive::Capture;
use pressmark::archive::cdx::parse_cdxj;
use pressmark::base::Timestamp;
use pressmark::diff::ChangeKind;

use super::{DATE, URL, agrees, all_agree, archive_change, capture, page, text, version};

fn at() -> Timestamp {
    Timestamp::parse(DATE).unwrap()
}

fn held() -> Capture {
    parse_cdxj(&super::capture_line()).unwrap()
}

fn host() -> HostLine {
    HostLine { host: "a.example".to_owned(), captures: 1, bytes: 9, first: at(), last: at() }
}

fn removed() -> Removed {
    Removed { captured: at(), reason: text("by order"), removed: Some(at()) }
}

fn line() -> PageLine {
    PageLine {
        url: URL.to_owned(),
        captures: 1,
        failures: 1,
        payloads: 1,
        first: at(),
        last: at(),
        status: Some(200),
        mime: "text/html".to_owned(),
    }
}

#[test]
fn what_an_archive_and_a_host_hold_is_described_and_written() {
    agrees("host.json", &host());
    let (hosts, changes, notes) = (vec![host()], vec![archive_change()], vec!["note".to_owned()]);
    let front = Front {
        captures: 1,
        bytes: 9,
        hosts_count: 1,
        hosts: hosts.clone(),
        first: Some(at()),
        last: Some(at()),
        changes: changes.clone(),
        more_changes: true,
        notes,
    };
    agrees("front.json", &front);
    let pages = PageList { pages: vec![line()], next: text("example,a)/") };
    agrees("site.json", &Site { host: host(), pages, changes });
    let found = Lookup {
        query: "a".to_owned(),
        page: text(URL),
        host: Some(host()),
        hosts,
        pages: vec![line()],
        more: false,
        is_words: false,
    };
    agrees("lookup.json", &found);
    let (step, detail) = (text("connect"), text("refused"));
    let reasons = [
        Reason::Failed { times: 1, last: at(), step, detail },
        Reason::Removed { last: at(), at: Some(at()), order: text("by order") },
        Reason::Robots { at: at(), is_forbidden: true, rule: "disallow: /".to_owned() },
        Reason::Near { url: "http://a.example/x".to_owned() },
        Reason::NotAsked,
        Reason::HostUnknown,
        Reason::NoAddress { why: "no host".to_owned() },
    ];
    let absent = reasons.map(|why| {
        let near = vec![line()];
        let absent = Absent { url: URL.to_owned(), why, host: Some(host()), near };
        serde_json::to_value(absent).unwrap()
    });
    all_agree("absent.json", &absent);
}

#[test]
fn what_a_page_was_over_time_is_described_and_written() {
    let day = Day {
        date: "2031-03-04".to_owned(),
        first: at(),
        new: 1,
        unchanged: 1,
        failures: 1,
        versions: 1,
        stealth: true,
    };
    let years = BTreeMap::from([(2031, 3)]);
    agrees("calendar.json", &Calendar { url: URL.to_owned(), years, year: 2031, days: vec![day] });
    let point = VersionPoint {
        number: 1,
        first: at(),
        last: at(),
        compared_with: Some(at()),
        presence: "here",
        kind: Some(ChangeKind::Headline),
        weight: 5,
        changes: 1,
        stealth: true,
    };
    let visits = Visits { first: at(), last: at(), new: 1, unchanged: 1, failures: 1 };
    let timeline = Timeline {
        url: URL.to_owned(),
        rendering: true,
        text_at: text(URL),
        renderings: 1,
        asked: None,
        captures: 3,
        unchanged: 1,
        failures: 1,
        first: Some(held()),
        last: Some(held()),
        visits: vec![visits],
        versions_count: 1,
        points: vec![point],
        versions: Vec::new(),
        removed: vec![removed()],
        notes: vec!["note".to_owned()],
    };
    let mut timeline = serde_json::to_value(timeline).unwrap();
    timeline["versions"] = serde_json::to_value([version()]).unwrap();
    all_agree("timeline.json", &[timeline]);
}

#[test]
fn quotations_and_captures_are_described_and_written() {
    let became = Altered {
        kind: ChangeKind::QuoteAltered,
        after: "We stay".to_owned(),
        at: at(),
        stealth: true,
    };
    let quotation = Quotation {
        text: "We go".to_owned(),
        citable: "We go".to_owned(),
        speaker: text("Anna Roe"),
        is_named: true,
        cue: text("said"),
        first: held(),
        last: at(),
        gone_since: Some(at()),
        versions: 1,
        became: Some(became),
    };
    let page_of = || PageQuotations {
        url: URL.to_owned(),
        headline: text("Boats"),
        quotations: vec![quotation.clone()],
        versions: 1,
        is_cut: false,
        notes: vec!["note".to_owned()],
    };
    agrees("quotations.json", &page_of());
    let names = BTreeSet::from(["Anna Roe".to_owned()]);
    let speaker =
        SpeakerQuotations { name: "Roe".to_owned(), names, pages: vec![page_of()], is_cut: false };
    agrees("speaker.json", &speaker);
    let view = ViewJson {
        url: URL.to_owned(),
        capture: capture(),
        holder: Some(capture()),
        previous: Some(capture()),
        next: Some(capture()),
        text_of: Some(capture()),
        note: text("note"),
        page: Some(page()),
        leads_to: text(URL),
        failure: Some(Failure {
            reason: text("connect"),
            detail: text("refused"),
            is_purged: false,
        }),
        unread: text("why"),
        removed: Some(removed()),
    };
    agrees("view.json", &view);
    let witness = WitnessJson { name: "w.example".to_owned(), time: 1_762_300_800 };
    let proved = ProvedJson {
        file: "e.zip".to_owned(),
        records: 4,
        leaves: 9,
        stamps: 1,
        stamps_left_out: vec!["the stamp of a.example is left out".to_owned()],
        interval: IntervalJson {
            not_before: Some(NotBeforeJson {
                time: "2025-11-05T00:00:00Z".to_owned(),
                chain: "52".repeat(32),
                round: 7,
            }),
            not_after: Some(NotAfterJson {
                time: "2025-11-05T00:00:30Z".to_owned(),
                authority: "ts.example".to_owned(),
                signer: "CN=Time stamps".to_owned(),
            }),
        },
        witnesses: vec![witness],
        quorum: Some(true),
    };
    let proved = serde_json::to_value(proved).unwrap();
    assert_eq!(super::schemas().problems("proved.json", &proved), Vec::<String>::new());
}
