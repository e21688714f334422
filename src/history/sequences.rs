//! Sequences of captures, reported twice: by the history of the whole page, and capture by capture as the crawl
//! asks, with the state of the page kept or lost in between. Both have to report the same.

use std::fmt::Write as _;

use super::VersionJson;
use super::changes::{ChangeFilter, changes};
use super::fold::Place;
use super::json::CaptureJson;
use super::live::{candidate, observe};
use super::testing::Archive;
use super::{PageReader, history};
use crate::archive::Form;
use crate::base::TimeRange;
use crate::readings::{DERIVED_BYTES_MAX, Readings};

const URL: &str = "http://courier.example/2026/harbour/ferry";
const HOST: &str = "http://courier.example";

const A: &str = "The board met on Tuesday in the old harbour house to talk about the ferry.";
const B: &str = "It counted 12 boats at the eastern pier that morning, more than ever before.";
const B2: &str = "It counted 15 boats at the eastern pier that morning, more than ever before.";
const B3: &str = "It counted 90 boats at the eastern pier that morning, more than ever before.";
const C: &str = "The mayor of the town, who was asked about it twice, stayed silent in her office.";
const C2: &str =
    "The mayor of the town, who was asked about it twice, stayed silent in her garden.";
const D: &str =
    "Nobody in the harbour had expected so many of them, the harbour master wrote later.";

/// One thing that happens to a page.
enum Step {
    /// It has these paragraphs.
    Page(&'static [&'static str]),
    /// The same, declared to be for subscribers.
    Paid(&'static [&'static str]),
    /// It answers with this status.
    Status(u16),
    /// It says "not found" with a status of success.
    Soft,
    /// There is nothing on it.
    Empty,
    /// A consent wall.
    Consent,
    /// A wall against robots.
    Robots,
    /// It leads to this path, which has these paragraphs; none: that is not captured.
    Leads(&'static str, Option<&'static [&'static str]>),
    /// It leads to this path, which answers with this status.
    LeadsTo(&'static str, u16),
    /// It leads to the front page.
    Front,
    /// It leads to itself, as some servers do for a cookie.
    Itself,
    /// It leads to another story.
    Other,
}

use Step::{
    Consent, Empty, Front, Itself, Leads, LeadsTo, Other, Page, Paid, Robots, Soft, Status,
};

fn html(head: &str, headline: &str, paragraphs: &[&str]) -> String {
    let mut body = format!(
        "<!doctype html><html lang=\"en\"><head><title>{headline}</title>{head}</head><body><article><h1>{headline}</h1>"
    );
    for paragraph in paragraphs {
        write!(body, "<p>{paragraph}</p>").unwrap();
    }
    body.push_str("</article></body></html>");
    body
}

const HEADLINE: &str = "The harbour and its boats";

impl Step {
    /// Captures the page, and then what it leads to. Where that is, as address.
    fn capture(&self, archive: &mut Archive, hour: i64) -> Option<String> {
        let ok = "200 OK";
        let mut page = |body: &str| archive.response(URL, hour, ok, "", body);
        match self {
            Page(paragraphs) => page(&html("", HEADLINE, paragraphs)),
            Paid(paragraphs) => {
                let ld = "<script type=\"application/ld+json\">{\"@type\":\"NewsArticle\",\
                          \"isAccessibleForFree\":false}</script>";
                page(&html(ld, HEADLINE, paragraphs));
            }
            Status(status) => archive.status(URL, hour, *status),
            Soft => page(
                "<html><head><title>Page not found</title></head><body><h1>Page not found</h1>\
                 <p>The page you are looking for does not exist.</p></body></html>",
            ),
            Empty => {
                page(&format!("<html><body><article><h1>{HEADLINE}</h1></article></body></html>"))
            }
            Consent => page(
                "<html><head><title>We value your privacy</title></head><body>\
                 <h1>We value your privacy</h1><p>We and our partners store cookies. Accept all \
                 cookies to continue.</p></body></html>",
            ),
            Robots => page(
                "<html><head><title>Just a moment...</title></head><body><p>Checking your browser \
                 before you go on. Verify you are human.</p></body></html>",
            ),
            Itself => archive.response(URL, hour, "302 Found", &location(URL), ""),
            Leads(path, paragraphs) => {
                let to = format!("{HOST}{path}");
                archive.response(URL, hour, "301 Moved", &location(&to), "");
                let _ = paragraphs;
                return Some(to);
            }
            LeadsTo(path, _) => {
                let to = format!("{HOST}{path}");
                archive.response(URL, hour, "301 Moved", &location(&to), "");
                return Some(to);
            }
            Front => {
                let to = format!("{HOST}/");
                archive.response(URL, hour, "302 Found", &location("/"), "<p>Elsewhere</p>");
                return Some(to);
            }
            Other => {
                let to = format!("{HOST}/2026/villas");
                archive.response(URL, hour, "301 Moved", &location(&to), "");
                return Some(to);
            }
        }
        None
    }

    /// Captures what it leads to.
    fn land(&self, archive: &mut Archive, to: &str, hour: i64) {
        let ok = "200 OK";
        match self {
            Leads(_, Some(paragraphs)) => {
                archive.response(to, hour, ok, "", &html("", HEADLINE, paragraphs));
            }
            LeadsTo(_, status) => archive.status(to, hour, *status),
            Front => {
                let links: String = (0..30)
                    .map(|n| {
                        format!("<li><a href=\"/story/{n}\">Story number {n} of the day</a></li>")
                    })
                    .collect();
                let body = format!(
                    "<html><head><title>Courier</title></head><body><ul>{links}</ul></body></html>"
                );
                archive.response(to, hour, ok, "", &body);
            }
            Other => {
                let text = [
                    "Tax inspectors searched four villas in Ostby on a cold Friday morning in May.",
                    "They took forty boxes of papers away with them and said that they would be back.",
                ];
                archive.response(to, hour, ok, "", &html("", "Raids in Ostby", &text));
            }
            _ => {}
        }
    }
}

fn location(to: &str) -> String {
    format!("Location: {to}\r\n")
}

/// The kinds of a version's changes, with the figures and names that distinguish them.
fn short(version: &VersionJson) -> String {
    let one = |change: &crate::diff::json::JsonChange| match change.kind.label() {
        "figure-changed" => format!(
            "{} {}>{}",
            change.kind,
            change.before.as_deref().unwrap_or("-"),
            change.after.as_deref().unwrap_or("-")
        ),
        "reverted" => format!("reverted {}", change.about.as_deref().unwrap_or_default()),
        kind => kind.to_owned(),
    };
    let changes: Vec<String> = version.changes.iter().map(one).collect();
    let stealth = if version.stealth { " !" } else { "" };
    format!("{}: {}{stealth}", version.presence, changes.join(", "))
}

/// When the state of the page is lost.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lost {
    Never,
    /// Before the capture with this number.
    Before(usize),
}

/// What is reported for a sequence: by its history, and capture by capture.
fn tell(steps: &[Step], lost: Lost) -> (Vec<VersionJson>, Vec<VersionJson>) {
    let mut archive = Archive::new();
    let mut told = Vec::new();
    let mut state: Option<Vec<u8>> = None;
    for (number, step) in steps.iter().enumerate() {
        if lost == Lost::Before(number) {
            state = None;
        }
        let hour = i64::try_from(number).unwrap() * 2 + 1;
        let leads_to = step.capture(&mut archive, hour);
        // An archive that is open does not see what is written into it by hand.
        let mut observed = {
            let reader = archive.reader();
            let entry = reader.find(URL, None).unwrap().unwrap();
            let mut page_reader = PageReader::new(&reader);
            if candidate(&page_reader, URL, &entry.file, entry.offset).unwrap().is_none() {
                continue;
            }
            let until = Place::of(&entry);
            observe(&mut page_reader, (URL, Form::Plain), Some(&until), state.as_deref()).unwrap()
        };
        if let Some(to) = leads_to {
            // The report waits for the page that the redirect leads to.
            state = observed.state_before.or(observed.state);
            step.land(&mut archive, &to, hour + 1);
            let reader = archive.reader();
            observed =
                observe(&mut PageReader::new(&reader), (URL, Form::Plain), None, state.as_deref())
                    .unwrap();
        }
        told.extend(observed.begun.into_iter().map(VersionJson::from));
        state = observed.state;
    }
    let reader = archive.reader();
    let history = history(&reader, URL, TimeRange::ALL).unwrap();
    assert_eq!(history.notes, Vec::<String>::new());
    let versions = history.versions.iter().map(VersionJson::from);
    (versions.collect(), told)
}

/// A version as it was when it was reported: with its first capture alone.
fn as_told(version: &VersionJson) -> VersionJson {
    VersionJson { last_seen: version.first_seen.clone(), captures: 1, ..version.clone() }
}

/// Each sequence and what is reported of its versions after the first.
fn sequences() -> Vec<(&'static str, Vec<Step>, Vec<&'static str>)> {
    vec![
        (
            "down, edited, back",
            vec![Page(&[A, B, C]), Status(404), Page(&[A, B2, C])],
            vec!["gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "down and back as it was",
            vec![Page(&[A, B, C]), Status(410), Page(&[A, B, C])],
            vec!["gone: gone", "here: restored"],
        ),
        (
            "down twice",
            vec![Page(&[A, B, C]), Status(404), Page(&[A, B2, C]), Status(404), Page(&[A, B3, C])],
            vec![
                "gone: gone",
                "here: restored, figure-changed 12>15 !",
                "gone: gone",
                "here: restored, figure-changed 15>90 !",
            ],
        ),
        (
            "404, soft 404, back",
            vec![Page(&[A, B, C]), Status(404), Soft, Page(&[A, B2, C])],
            vec!["gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "soft 404, back",
            vec![Page(&[A, B, C]), Soft, Page(&[A, B2, C])],
            vec!["gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "emptied, edited, back",
            vec![Page(&[A, B, C, D]), Empty, Page(&[A, B2, C, D])],
            vec!["gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "consent, edited, back",
            vec![Page(&[A, B, C]), Consent, Page(&[A, B2, C])],
            vec!["walled: paywalled", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "payment required, edited, back",
            vec![Page(&[A, B, C]), Status(402), Page(&[A, B2, C])],
            vec!["walled: paywalled", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "consent, then gone, back",
            vec![Page(&[A, B, C]), Consent, Status(404), Consent, Page(&[A, B2, C])],
            vec!["walled: paywalled", "gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "walled, edited behind it, back",
            vec![Page(&[A, B, C, D]), Paid(&[A]), Page(&[A, B2, C, D])],
            vec!["cut: paywalled", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "walled, back as it was",
            vec![Page(&[A, B, C, D]), Paid(&[A]), Page(&[A, B, C, D])],
            vec!["cut: paywalled", "here: restored"],
        ),
        (
            "walled, edited before and behind it",
            vec![Page(&[A, B, C, D]), Paid(&[A, B2]), Page(&[A, B2, C2, D])],
            vec!["cut: paywalled, figure-changed 12>15 !", "here: restored, text-edited !"],
        ),
        (
            "edited before the wall, and taken back",
            vec![Page(&[A, B, C, D]), Paid(&[A, B2]), Page(&[A, B, C, D])],
            vec![
                "cut: paywalled, figure-changed 12>15 !",
                "here: restored, figure-changed 15>12 !",
            ],
        ),
        (
            "walled, edited before it twice",
            vec![Page(&[A, B, C, D]), Paid(&[A, B2]), Paid(&[A, B3]), Page(&[A, B3, C2, D])],
            vec![
                "cut: paywalled, figure-changed 12>15 !",
                "cut: figure-changed 15>90 !",
                "here: restored, text-edited !",
            ],
        ),
        (
            "walled, down, back",
            vec![Page(&[A, B, C, D]), Paid(&[A]), Status(404), Page(&[A, B2, C, D])],
            vec!["cut: paywalled", "gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "renamed",
            vec![Page(&[A, B, C]), Leads("/2026/harbour/boats", Some(&[A, B, C]))],
            vec!["here: redirected"],
        ),
        (
            "renamed with edits",
            vec![Page(&[A, B, C]), Leads("/2026/harbour/boats", Some(&[A, B2, C]))],
            vec!["here: redirected, figure-changed 12>15 !"],
        ),
        (
            "renamed with edits, and back with more",
            vec![
                Page(&[A, B, C]),
                Leads("/2026/harbour/boats", Some(&[A, B2, C])),
                Page(&[A, B3, C]),
            ],
            vec![
                "here: redirected, figure-changed 12>15 !",
                "here: redirected, figure-changed 15>90 !",
            ],
        ),
        (
            "renamed, and asked again",
            vec![
                Page(&[A, B, C]),
                Leads("/2026/harbour/boats", Some(&[A, B2, C])),
                Leads("/2026/harbour/boats", Some(&[A, B3, C])),
            ],
            vec!["here: redirected, figure-changed 12>15 !"],
        ),
        (
            "renamed twice",
            vec![
                Page(&[A, B, C]),
                Leads("/2026/harbour/boats", Some(&[A, B2, C])),
                Leads("/2026/harbour/pier", Some(&[A, B3, C])),
            ],
            vec![
                "here: redirected, figure-changed 12>15 !",
                "here: redirected, figure-changed 15>90 !",
            ],
        ),
        (
            "to the front page, and back",
            vec![Page(&[A, B, C]), Front, Page(&[A, B2, C])],
            vec!["gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "to the front page, then renamed",
            vec![Page(&[A, B, C]), Front, Leads("/2026/harbour/boats", Some(&[A, B2, C]))],
            vec!["gone: gone", "here: restored, redirected, figure-changed 12>15 !"],
        ),
        (
            "to another article, and back",
            vec![Page(&[A, B, C]), Other, Page(&[A, B2, C])],
            vec!["gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "to what is not there",
            vec![Page(&[A, B, C]), LeadsTo("/lost", 404), Page(&[A, B2, C])],
            vec!["gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "renamed, the new address not captured, and back",
            vec![Page(&[A, B, C]), Leads("/2026/harbour/boats", None), Page(&[A, B2, C])],
            vec!["moved: redirected", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "renamed, then gone",
            vec![
                Page(&[A, B, C]),
                Leads("/2026/harbour/boats", Some(&[A, B2, C])),
                LeadsTo("/2026/harbour/boats", 410),
                Page(&[A, B3, C]),
            ],
            vec![
                "here: redirected, figure-changed 12>15 !",
                "gone: gone",
                "here: restored, redirected, figure-changed 15>90 !",
            ],
        ),
        (
            "a server in trouble in between",
            vec![
                Page(&[A, B, C]),
                Status(503),
                Status(404),
                Status(500),
                Page(&[A, B2, C]),
                Robots,
                Page(&[A, B2, C]),
            ],
            vec!["gone: gone", "here: restored, figure-changed 12>15 !"],
        ),
        (
            "a redirect for a cookie",
            vec![Page(&[A, B, C]), Itself, Page(&[A, B2, C])],
            vec!["here: figure-changed 12>15 !"],
        ),
        (
            "down, back as it was two versions ago",
            vec![Page(&[A, B, C]), Page(&[A, B, C2]), Status(404), Page(&[A, B, C])],
            vec!["here: text-edited !", "gone: gone", "here: restored, reverted version 1 !"],
        ),
        (
            "back and forth",
            vec![Page(&[A, B, C]), Page(&[A, B, C2]), Page(&[A, B, C])],
            vec!["here: text-edited !", "here: reverted version 1 !"],
        ),
        (
            "first seen gone",
            vec![Status(404), Page(&[A, B, C]), Page(&[A, B2, C])],
            vec!["here: restored", "here: figure-changed 12>15 !"],
        ),
    ]
}

#[test]
fn what_stood_before_a_gap_is_compared_with_what_stands_after_it() {
    let mut wrong = Vec::new();
    for (name, steps, expected) in sequences() {
        let (versions, _) = tell(&steps, Lost::Never);
        let found: Vec<String> = versions.iter().skip(1).map(short).collect();
        if found != expected {
            wrong.push(format!("{name}:\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_told_as_it_is_captured_is_what_the_history_prints() {
    for (name, steps, _) in sequences() {
        let (versions, told) = tell(&steps, Lost::Never);
        let expected: Vec<VersionJson> = versions.iter().skip(1).map(as_told).collect();
        assert_eq!(told, expected, "{name}");
    }
}

#[test]
fn a_state_that_is_lost_loses_no_version() {
    for (name, steps, _) in sequences() {
        for number in 1..steps.len() {
            let (versions, told) = tell(&steps, Lost::Before(number));
            let expected: Vec<VersionJson> = versions.iter().skip(1).map(as_told).collect();
            assert_eq!(told, expected, "{name}, state lost before capture {number}");
        }
    }
}

#[test]
fn a_version_names_the_one_it_is_compared_with_and_where_it_leads() {
    let steps = [
        Page(&[A, B, C]),
        Status(404),
        Page(&[A, B2, C]),
        Leads("/2026/harbour/boats", Some(&[A, B3, C])),
    ];
    let (versions, _) = tell(&steps, Lost::Never);
    let with =
        |n: usize| versions[n].compared_with.as_ref().map(|c| c.to_value()["timestamp"].clone());
    let first = Some(versions[0].capture.to_value()["timestamp"].clone());
    assert_eq!([with(0), with(1), with(2)], [None, first.clone(), first]);
    assert_eq!(with(3), Some(versions[2].capture.to_value()["timestamp"].clone()));
    assert_eq!(versions[0].landing, None);
    let landing = versions[3].landing.as_ref().unwrap();
    assert_eq!(landing.to_value()["url"], "http://courier.example/2026/harbour/boats");
    assert_eq!(versions[3].headline.as_deref(), Some(HEADLINE));
    // Ranges count in the texts of these two.
    let change = &versions[2].changes[1];
    assert_eq!(change.kind.label(), "figure-changed");
    let text = |paragraphs: &[&str]| paragraphs.join("\n\n");
    let [from, to] = change.old_range.unwrap();
    assert_eq!(&text(&[A, B, C])[from..to], "12");
    let [from, to] = change.new_range.unwrap();
    assert_eq!(&text(&[A, B2, C])[from..to], "15");
}

#[test]
fn a_redirect_whose_page_comes_late_is_told_at_once_and_again_with_its_edits() {
    let mut archive = Archive::new();
    Page(&[A, B, C]).capture(&mut archive, 1);
    let step = Leads("/2026/harbour/boats", Some(&[A, B2, C]));
    let to = step.capture(&mut archive, 3).unwrap();
    let mut state = None;
    let look = |archive: &Archive, state: &mut Option<Vec<u8>>| -> Vec<String> {
        let reader = archive.reader();
        let observed =
            observe(&mut PageReader::new(&reader), (URL, Form::Plain), None, state.as_deref())
                .unwrap();
        *state = observed.state;
        observed.begun.into_iter().map(|begun| short(&VersionJson::from(begun))).collect()
    };
    assert_eq!(look(&archive, &mut state), ["moved: redirected"]);
    assert_eq!(look(&archive, &mut state), Vec::<String>::new());
    step.capture(&mut archive, 5);
    assert_eq!(look(&archive, &mut state), Vec::<String>::new());
    step.land(&mut archive, &to, 60);
    assert_eq!(look(&archive, &mut state), ["here: redirected, figure-changed 12>15 !"]);
    assert_eq!(look(&archive, &mut state), Vec::<String>::new());
}

#[test]
fn what_was_captured_and_not_told_is_told_at_the_next_look() {
    let mut archive = Archive::new();
    let look = |archive: &Archive, state: &Option<Vec<u8>>| {
        let reader = archive.reader();
        observe(&mut PageReader::new(&reader), (URL, Form::Plain), None, state.as_deref()).unwrap()
    };
    Page(&[A, B, C]).capture(&mut archive, 1);
    Page(&[A, B2, C]).capture(&mut archive, 3);
    let first = look(&archive, &None);
    assert_eq!(first.begun.len(), 1);
    // The process ends before it has reported these.
    Status(404).capture(&mut archive, 5);
    Page(&[A, B3, C]).capture(&mut archive, 7);
    for state in [first.state.clone(), look(&archive, &first.state).state_before] {
        let told: Vec<String> = look(&archive, &state)
            .begun
            .into_iter()
            .map(|begun| short(&VersionJson::from(begun)))
            .collect();
        assert_eq!(told, ["gone: gone", "here: restored, figure-changed 15>90 !"]);
    }
}

#[test]
fn a_state_of_other_captures_or_of_garbage_is_none() {
    let mut archive = Archive::new();
    Page(&[A, B, C]).capture(&mut archive, 1);
    Page(&[A, B2, C]).capture(&mut archive, 3);
    let told = |archive: &Archive, state: Option<&[u8]>| -> Vec<String> {
        let reader = archive.reader();
        let observed =
            observe(&mut PageReader::new(&reader), (URL, Form::Plain), None, state).unwrap();
        observed.begun.into_iter().map(|begun| short(&VersionJson::from(begun))).collect()
    };
    let expected = ["here: figure-changed 12>15 !"];
    let reader = archive.reader();
    let state = observe(&mut PageReader::new(&reader), (URL, Form::Plain), None, None)
        .unwrap()
        .state
        .unwrap();
    drop(reader);
    assert!(state.len() < 500, "{} bytes", state.len());
    assert_eq!(told(&archive, Some(&state)), Vec::<String>::new());
    for at in 0..state.len() {
        // No bytes cause a panic; a truncated state is ignored.
        assert_eq!(told(&archive, Some(&state[..at])), expected);
    }
    let mut other = Archive::new();
    Page(&[A, B, C]).capture(&mut other, 2);
    Page(&[A, B2, C]).capture(&mut other, 4);
    assert_eq!(told(&other, Some(&state)), expected, "its captures are not there");
    let reader = archive.reader();
    let entry = reader.find(URL, None).unwrap().unwrap();
    assert_eq!(CaptureJson::from(&entry).to_value()["filename"], &*entry.file);
}

/// Which process brings the store of readings up to date, and when.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Keeping {
    /// The crawl, after each capture that may begin a version.
    Crawl,
    /// The next reader, after each capture.
    History,
    /// The next reader of changes, after each capture.
    Changes,
    /// The crawl, in a store that is deleted before the capture with this number.
    DeletedBefore(usize),
}

/// Whether the rows of the store are what the captures say, after each step.
fn check_rows(name: &str, steps: &[Step], keeping: Keeping) {
    let mut archive = Archive::new();
    let dir = archive.root().join("derived");
    let check = |archive: &Archive, number: usize, captured: bool| {
        let reader = archive.reader();
        let readings = Readings::open(&dir, DERIVED_BYTES_MAX);
        assert_eq!(readings.why_not(), None);
        let mut page_reader = PageReader::cached(&reader, &readings);
        let (bare, json) =
            (history(&reader, URL, TimeRange::ALL).unwrap(), |v| VersionJson::from(v));
        let expected: Vec<VersionJson> = bare.versions.iter().map(json).collect();
        let what = format!("{name}, {keeping:?}, after {number}, captured: {captured}");
        let entry = reader.find(URL, None).unwrap().unwrap();
        match keeping {
            Keeping::Crawl | Keeping::DeletedBefore(_) => {
                let may =
                    candidate(&page_reader, URL, &entry.file, entry.offset).unwrap().is_some();
                if may || !captured {
                    page_reader.advance(URL, Form::Plain, 100).unwrap();
                }
            }
            Keeping::History => {}
            Keeping::Changes => {
                let found =
                    changes(&mut page_reader, &ChangeFilter::default(), &mut |_| {}).unwrap();
                let found: Vec<_> = found.map(Result::unwrap).collect();
                let mut bare = PageReader::new(&reader);
                let expected = changes(&mut bare, &ChangeFilter::default(), &mut |_| {}).unwrap();
                let expected: Vec<_> = expected.map(Result::unwrap).collect();
                assert_eq!(found, expected, "{what}");
            }
        }
        for _ in 0..2 {
            let rows = page_reader.rows(URL, TimeRange::ALL).unwrap();
            let found: Vec<VersionJson> =
                rows.map(|row| VersionJson::from(&row.unwrap())).collect();
            assert_eq!(found, expected, "{what}");
        }
    };
    for (number, step) in steps.iter().enumerate() {
        if keeping == Keeping::DeletedBefore(number) {
            std::fs::remove_dir_all(&dir).unwrap();
        }
        let hour = i64::try_from(number).unwrap() * 2 + 1;
        let leads_to = step.capture(&mut archive, hour);
        check(&archive, number, true);
        if let Some(to) = leads_to {
            step.land(&mut archive, &to, hour + 1);
            check(&archive, number, false);
        }
    }
}

#[test]
fn what_is_kept_of_a_page_is_what_its_captures_say() {
    for (name, steps, _) in sequences() {
        for keeping in [Keeping::Crawl, Keeping::History, Keeping::Changes] {
            check_rows(name, &steps, keeping);
        }
        check_rows(name, &steps, Keeping::DeletedBefore(steps.len() - 1));
    }
}

#[test]
fn a_redirect_whose_page_comes_late_changes_what_is_kept() {
    let mut archive = Archive::new();
    let dir = archive.root().join("derived");
    let step = Leads("/2026/harbour/boats", Some(&[A, B2, C]));
    Page(&[A, B, C]).capture(&mut archive, 1);
    let to = step.capture(&mut archive, 3).unwrap();
    Page(&[A, B3, C]).capture(&mut archive, 5);
    let kinds = |archive: &Archive| {
        let reader = archive.reader();
        let readings = Readings::open(&dir, DERIVED_BYTES_MAX);
        let mut page_reader = PageReader::cached(&reader, &readings);
        let found = changes(&mut page_reader, &ChangeFilter::default(), &mut |_| {}).unwrap();
        let found: Vec<String> =
            found.map(|change| change.unwrap().change.kind.to_string()).collect();
        let rows = page_reader.rows(URL, TimeRange::ALL).unwrap();
        let rows: Vec<String> = rows.map(|row| short(&VersionJson::from(&row.unwrap()))).collect();
        (found, rows)
    };
    let before = kinds(&archive);
    assert_eq!(before.1, ["here: ", "moved: redirected", "here: restored, figure-changed 12>90 !"]);
    assert_eq!(kinds(&archive), before);
    step.land(&mut archive, &to, 7);
    let after = kinds(&archive);
    let moved = "here: redirected, figure-changed 12>15 !";
    assert_eq!(after.1[1..], [moved, "here: redirected, figure-changed 15>90 !"]);
    assert_ne!(after.0, before.0);
    assert_eq!(kinds(&archive), after);
}
