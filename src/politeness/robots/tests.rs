//! The corpus under `tests/corpus/robots`: a folder for each section of RFC 9309 and for each
//! question that the standard leaves open (`house_`). Add a case by adding a row, or a folder.
//!
//! `cases.tsv` has rows of agent, URL or path, `allow` or `disallow`, and the number of the line
//! that decides (left out where none does). A URL of `@crawl-delay` or `@sitemap` asks for those:
//! seconds or `none`; the next sitemap in order. `#` begins a remark.

use std::path::{Path, PathBuf};

use super::*;

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/robots");
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

/// What differs from the expectation of one row, as text.
fn check(bytes: &[u8], robots: &RobotsTxt, row: &str, sitemaps: &mut usize) -> Option<String> {
    let mut fields = row.split('\t');
    let agent = fields.next().unwrap();
    let url = fields.next().unwrap();
    let want = fields.next().unwrap();
    let line: Option<u32> = fields.next().map(|line| line.parse().unwrap());
    let got = match url {
        "@crawl-delay" => robots
            .crawl_delay(RobotsReading::Rfc9309, agent)
            .map_or("none".to_owned(), |delay| delay.as_secs_f64().to_string()),
        "@sitemap" => {
            *sitemaps += 1;
            robots.sitemaps.get(*sitemaps - 1).cloned().unwrap_or_default()
        }
        _ => {
            let verdict = explain(bytes, RobotsReading::Rfc9309, agent, url);
            let decided = verdict.rule.as_ref().map(|rule| rule.line);
            if decided != line {
                return Some(format!("{row:?}: decided by line {decided:?}"));
            }
            if verdict.allowed { "allow" } else { "disallow" }.to_owned()
        }
    };
    (got != want).then(|| format!("{row:?}: got {got}"))
}

#[test]
fn every_file_of_the_corpus_is_read_as_expected() {
    let (mut wrong, mut rows, mut seen) = (Vec::new(), 0, 0);
    for folder in folders() {
        let bytes = std::fs::read(folder.join("robots.txt")).unwrap();
        let cases = std::fs::read_to_string(folder.join("cases.tsv")).unwrap();
        let robots = RobotsTxt::parse(&bytes);
        let mut sitemaps = 0;
        for row in cases.lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
            rows += 1;
            if let Some(what) = check(&bytes, &robots, row, &mut sitemaps) {
                wrong.push(format!("{}: {what}", folder.file_name().unwrap().display()));
            }
        }
        if sitemaps > 0 && sitemaps != robots.sitemaps.len() {
            wrong.push(format!("{}: {:?}", folder.display(), robots.sitemaps));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{} of {rows}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen >= 60 && rows >= 370, "the corpus has shrunk: {seen} folders, {rows} rows");
}

#[test]
fn a_rule_is_named_by_line_and_words() {
    let robots = RobotsTxt::parse(b"User-agent: *\ndisalow:/private # not yours\n");
    let rule = robots.verdict(RobotsReading::Rfc9309, "pressmark", "/private/x").rule.unwrap();
    assert_eq!(rule.to_string(), "robots.txt line 2: Disallow: /private");
}

#[test]
fn what_is_odd_is_noted() {
    let robots = RobotsTxt::parse(
        b"Disallow: /x\nUser-agent: *\nCrawl-delay: soon\nDisallow: x\nCrawl-delay: 1",
    );
    let notes: Vec<String> = robots.notes.iter().map(Note::to_string).collect();
    assert_eq!(
        notes,
        [
            "robots.txt line 1 is a rule before any User-agent, and holds for no one",
            "robots.txt line 3 has a Crawl-delay that is no number of seconds: \"soon\"",
            "robots.txt line 4 has a path that does not begin with a slash, and matches nothing",
        ]
    );
    let many = "Sitemap: https://a.test/s\n".repeat(SITEMAPS_MAX + 9);
    let robots = RobotsTxt::parse(many.as_bytes());
    assert_eq!((robots.sitemaps.len(), robots.notes.len()), (SITEMAPS_MAX, 1));
    let noise = "Disallow: x\n".repeat(10_000);
    assert!(RobotsTxt::parse(noise.as_bytes()).notes.len() <= NOTES_MAX);
}

#[test]
fn rules_past_500_kib_are_not_read_and_those_before_are() {
    let mut text = String::from("User-agent: *\nDisallow: /first\n");
    while text.len() < ROBOTS_BYTES_MAX - 20 {
        text.push_str("Disallow: /filler\n");
    }
    text.push_str("Disallow: /near\nDisallow: /straddles-the-limit\nDisallow: /last\n");
    let robots = RobotsTxt::parse(text.as_bytes());
    assert!(!robots.verdict(RobotsReading::Rfc9309, "a", "/first").allowed);
    assert!(!robots.verdict(RobotsReading::Rfc9309, "a", "/filler").allowed);
    assert!(robots.verdict(RobotsReading::Rfc9309, "a", "/straddles-the-limit").allowed);
    assert!(robots.verdict(RobotsReading::Rfc9309, "a", "/last").allowed);
    assert_eq!(robots.notes.len(), 1);
}

#[test]
fn a_file_of_thirty_thousand_rules_answers_many_paths() {
    let mut text = String::from("User-agent: *\n");
    for n in 0..15_000 {
        text.push_str(&format!("Disallow: /{n}/\nDisallow: /*x{n}$\n"));
    }
    let robots = RobotsTxt::parse(text.as_bytes());
    for n in 0..100 {
        assert!(!robots.verdict(RobotsReading::Rfc9309, "a", &format!("/{n}/a")).allowed);
    }
    assert!(robots.verdict(RobotsReading::Rfc9309, "a", "/15000/a").allowed);
}

#[test]
fn what_the_url_parser_refuses_is_cut_by_eye() {
    for (url, path) in [
        ("", "/"),
        ("http://www.example.com", "/"),
        ("http://www.example.com/a/b?c=http://d.e/", "/a/b?c=http://d.e/"),
        ("example.com?a", "/?a"),
        ("example.com/a;b#c", "/a;b"),
        ("//a/b/c", "/b/c"),
        ("/a", "/a"),
        ("a", "/"),
        ("a/b", "/b"),
        ("ftp://a/b", "/b"),
        ("http://[bad/x", "/x"),
        ("#/a", "/"),
    ] {
        assert_eq!(path_of(url), path, "{url}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1_000))]
    #[test]
    fn any_file_and_any_path_give_an_answer(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300),
        text in "(User-agent: [ab*]\\n((Dis|A)llow: (/|\\*)?[a/*$%?\\PC]{0,6}\\n){0,3}){0,4}",
        agent in "[ab*]|\\PC{0,4}",
        path in "/?[a/*$%?#\\PC]{0,9}",
    ) {
        for file in [&bytes[..], text.as_bytes()] {
            let verdict = explain(file, RobotsReading::Rfc9309, &agent, &path);
            proptest::prop_assert!(verdict.allowed || verdict.rule.is_some());
            let _ = RobotsTxt::parse(file).crawl_delay(RobotsReading::Rfc9309, &agent);
        }
    }

    /// Sitemaps, delays, blank lines and unknown keys may be anywhere: no verdict changes.
    #[test]
    fn what_is_no_rule_changes_no_verdict(
        lines in proptest::collection::vec("User-agent: [ab*]|Disallow: /[xy*]{0,3}|Allow: /[xy*]{0,3}", 0..12),
        noise in proptest::collection::vec("|# c|Sitemap: /s|Crawl-delay: 3|Host: x", 12),
        path in "/[xy]{0,4}",
    ) {
        let plain = lines.join("\n");
        let noisy: String =
            lines.iter().zip(&noise).map(|(line, noise)| format!("{noise}\n{line}\n")).collect();
        for agent in ["a", "b", "c"] {
            let (one, other) = (explain(plain.as_bytes(), RobotsReading::Rfc9309, agent, &path), explain(noisy.as_bytes(), RobotsReading::Rfc9309, agent, &path));
            proptest::prop_assert_eq!(one.allowed, other.allowed, "{}", noisy);
        }
    }
}

#[test]
fn a_delay_between_agents_is_read_in_two_ways() {
    use RobotsReading::{DelayEndsGroup, Rfc9309};
    let file = "User-agent: *\nCrawl-delay: 5\n\nUser-agent: badbot\nUser-agent: worse\nCrawl-delay: 9\nUser-agent: worst\nDisallow: /\n\nUser-agent: good\nDisallow: /x\n";
    let robots = RobotsTxt::parse(file.as_bytes());
    let seconds = |n| Some(Duration::from_secs(n));
    // Agent, path, and for each reading: allowed, delay. The readings differ: disputed.
    for (agent, path, letter, other) in [
        ("pressmark", "/a", (false, seconds(9)), (true, seconds(5))),
        ("badbot", "/a", (false, seconds(9)), (true, seconds(9))),
        ("worst", "/a", (false, seconds(9)), (false, None)),
        ("good", "/a", (true, None), (true, None)),
        ("good", "/x", (false, None), (false, None)),
        ("pressmark", "/robots.txt", (true, seconds(9)), (true, seconds(5))),
    ] {
        for (reading, (allowed, delay)) in [(Rfc9309, letter), (DelayEndsGroup, other)] {
            let verdict = robots.verdict(reading, agent, path);
            let said = (verdict.allowed, verdict.disputed);
            assert_eq!(said, (allowed, letter.0 != other.0), "{agent} {path} {reading:?}");
            assert_eq!(robots.crawl_delay(reading, agent), delay, "{agent} {reading:?}");
        }
    }
    // A delay behind a rule parts nothing.
    let plain =
        RobotsTxt::parse(b"User-agent: a\nDisallow: /\nCrawl-delay: 1\nUser-agent: b\nAllow: /\n");
    assert!(!plain.verdict(Rfc9309, "a", "/").disputed);
}
