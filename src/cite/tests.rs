//! Every style on the same facts, its output read back by readers that we did not write, and any facts
//! at all.

use biblatex::{Bibliography, ChunksExt, Person};
use proptest::prelude::*;
use serde_json::Value;

use super::source::{Archive, Capture, Source};
use super::{Quotation, Style, cite, locate};
use crate::base::Timestamp;
use crate::extract::page::{Author, Fact, Origin, Page, PageTime};

const URL: &str = "http://www.courier.example/harbour?id=7&x=50%25";
const BASE: &str = "https://archive.example/web/";

fn fact<T>(value: T) -> Fact<T> {
    Fact { value, origin: Origin::JsonLd }
}

fn time(text: &str) -> Option<Fact<PageTime>> {
    let instant = Timestamp::from_unix_seconds(0);
    Some(fact(PageTime { text: text.to_owned(), instant, day_only: false }))
}

fn author(name: &str) -> Fact<Author> {
    let organisation = name.starts_with('*');
    fact(Author {
        name: name.trim_start_matches('*').to_owned(),
        organisation,
        ..Author::default()
    })
}

fn page(headline: &str, authors: &[&str], publisher: &str, published: &str) -> Page {
    let some = |text: &str| (!text.is_empty()).then(|| fact(text.to_owned()));
    Page {
        headline: some(headline),
        byline: authors.iter().map(|a| author(a)).collect(),
        publisher: some(publisher),
        published: time(published).filter(|_| !published.is_empty()),
        ..Page::default()
    }
}

fn capture() -> Capture {
    Capture {
        url: URL.to_owned(),
        at: Timestamp::parse("2025-11-05T00:00:07.25Z").unwrap(),
        digest: Some("sha256:abc".to_owned()),
        record_id: Some("urn:uuid:1".to_owned()),
    }
}

fn source(page: &Page, base: Option<&str>) -> Source {
    let archive = Archive { name: "Harbour Archive".to_owned(), base: base.map(str::to_owned) };
    Source::new(page, capture(), archive)
}

fn ferry() -> Page {
    let mut page = page(
        "Ferry contract “was never put out”",
        &["Anna Maria Roe", "Jan van der Berg"],
        "The Harbour Courier",
        "2025-11-04T09:00:00+01:00",
    );
    page.text = "The mayor said the bridge closed.\n\nNobody was told — she said.".to_owned();
    page
}

#[test]
fn every_style_says_it_as_its_manual_does() {
    let at = "https://archive.example/web/20251105000007/http://www.courier.example/harbour?id=7&x=50%25";
    let public = source(&ferry(), Some(BASE));
    let private = source(&ferry(), None);
    for (source, style, wanted) in [
        (
            &public,
            Style::Apa,
            format!(
                "Roe, A. M., & van der Berg, J. (2025, November 4). Ferry contract “was never put out.” The Harbour Courier. Retrieved November 5, 2025, from {URL} [Archived copy of 2025-11-05T00:00:07Z: {at}; sha256:abc]"
            ),
        ),
        (
            &private,
            Style::Apa,
            format!(
                "Roe, A. M., & van der Berg, J. (2025, November 4). Ferry contract “was never put out.” The Harbour Courier. Retrieved November 5, 2025, from {URL} [Archived copy of 2025-11-05T00:00:07Z: Harbour Archive, record urn:uuid:1; sha256:abc]"
            ),
        ),
        (
            &public,
            Style::Chicago,
            format!(
                "Roe, Anna Maria, and Jan van der Berg. “Ferry contract ‘was never put out.’” The Harbour Courier, November 4, 2025. {URL}. Archived November 5, 2025, 00:00:07 UTC, at {at} (sha256:abc).\nNote: Anna Maria Roe and Jan van der Berg, “Ferry contract ‘was never put out,’” The Harbour Courier, November 4, 2025, {URL}, archived November 5, 2025, 00:00:07 UTC, at {at} (sha256:abc)."
            ),
        ),
        (
            &public,
            Style::Mla,
            format!(
                "Roe, Anna Maria, and Jan van der Berg. “Ferry contract ‘was never put out.’” The Harbour Courier, 4 Nov. 2025, {URL}. Harbour Archive, captured 2025-11-05T00:00:07Z, sha256:abc, {at}. Accessed 5 Nov. 2025."
            ),
        ),
        (
            &public,
            Style::Wikipedia,
            format!(
                "{{{{cite news |last1=Roe |first1=Anna Maria |last2=van der Berg |first2=Jan |title=Ferry contract “was never put out” |url={URL} |work=The Harbour Courier |date=2025-11-04 |access-date=2025-11-05 |archive-url={at} |archive-date=2025-11-05 |url-status=live}}}}<!-- Archived copy of 2025-11-05T00:00:07Z, {at}, sha256:abc. From the page: headline (json-ld), author (json-ld), publisher (json-ld), published (json-ld); capture time, digest and archive are the archive's record. -->"
            ),
        ),
        (
            &public,
            Style::Text,
            format!(
                "Anna Maria Roe and Jan van der Berg: Ferry contract “was never put out.” The Harbour Courier, 2025-11-04. {URL}\nCaptured: 2025-11-05T00:00:07Z\nKept at: {at}\nDigest: sha256:abc\nFrom the page: headline (json-ld), author (json-ld), publisher (json-ld), published (json-ld); capture time, digest and archive are the archive's record."
            ),
        ),
    ] {
        assert_eq!(cite(source, style), wanted, "{}", style.label());
    }
}

#[test]
fn bylines_and_dates_of_all_kinds_are_set_by_the_rules() {
    let many = |n: usize| -> Vec<String> { (1..=n).map(|i| format!("Ann{i} Roe{i}")).collect() };
    let (three, eleven, many) = (many(3), many(11), many(22));
    let start = |authors: &[&str], publisher: &str, date: &str, style: Style| {
        let said = cite(&source(&page("Bridge closed?", authors, publisher, date), None), style);
        said.split(" [Archived").next().unwrap().split(". http").next().unwrap().to_owned()
    };
    let refs = |names: &[String]| -> Vec<&'static str> {
        names.iter().map(|n| &*Box::leak(n.clone().into_boxed_str())).collect()
    };
    let retrieved = format!("Retrieved November 5, 2025, from {URL}");
    for (authors, publisher, date, style, wanted) in [
        // APA 9.8: up to 20 names; from 21 on, 19, an ellipsis and the last.
        (refs(&three), "Courier", "2025-11", Style::Apa, format!("Roe1, A., Roe2, A., & Roe3, A. (2025, November). Bridge closed? Courier. {retrieved}")),
        (refs(&many)[..1].to_vec(), "Courier", "", Style::Apa, format!("Roe1, A. (n.d.). Bridge closed? Courier. {retrieved}")),
        // APA 9.11: a group author in full; the outlet is not named twice.
        (vec!["*Associated Press"], "Courier", "2025", Style::Apa, format!("Associated Press. (2025). Bridge closed? Courier. {retrieved}")),
        (vec!["*Courier"], "Courier", "2025", Style::Apa, format!("Courier. (2025). Bridge closed? {retrieved}")),
        (vec![], "Courier", "2025", Style::Apa, format!("Bridge closed? (2025). Courier. {retrieved}")),
        (vec![], "", "2025", Style::Apa, format!("Bridge closed? (2025). courier.example. {retrieved}")),
        (vec!["Sammy Davis Jr."], "Courier", "2025", Style::Apa, format!("Davis, S., Jr. (2025). Bridge closed? Courier. {retrieved}")),
        // Chicago 14.76: from eleven on, seven and "et al."
        (refs(&eleven), "Courier", "2025-11-04", Style::Chicago, "Roe1, Ann1, Ann2 Roe2, Ann3 Roe3, Ann4 Roe4, Ann5 Roe5, Ann6 Roe6, Ann7 Roe7, et al. “Bridge closed?” Courier, November 4, 2025".to_owned()),
        (refs(&three), "Courier", "2025-11", Style::Chicago, "Roe1, Ann1, Ann2 Roe2, and Ann3 Roe3. “Bridge closed?” Courier, November 2025".to_owned()),
        (vec![], "Courier", "", Style::Chicago, "“Bridge closed?” Courier, n.d".to_owned()),
        // MLA 5.8: three or more are the first and "et al."
        (refs(&three), "Courier", "2025-09-04", Style::Mla, format!("Roe1, Ann1, et al. “Bridge closed?” Courier, 4 Sept. 2025, {URL}. Harbour Archive, captured 2025-11-05T00:00:07Z, sha256:abc, record urn:uuid:1. Accessed 5 Nov. 2025.")),
        (vec!["Bashar al-Assad"], "Courier", "2025", Style::Mla, format!("al-Assad, Bashar. “Bridge closed?” Courier, 2025, {URL}. Harbour Archive, captured 2025-11-05T00:00:07Z, sha256:abc, record urn:uuid:1. Accessed 5 Nov. 2025.")),
    ] {
        assert_eq!(start(&authors, publisher, date, style), wanted, "{authors:?} {}", style.label());
    }
    let apa = start(&refs(&many), "Courier", "2025", Style::Apa);
    assert!(apa.contains("Roe19, A., . . . Roe22, A. (2025)"), "{apa}");
}

/// The one entry of a bibliography.
fn entry(text: &str) -> biblatex::Entry {
    let parsed = Bibliography::parse(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    assert_eq!(parsed.len(), 1, "{text}");
    parsed.into_vec().remove(0)
}

const ODD_TITLES: [&str; 9] = [
    "100% of $5 & #3_x ~ ^ {braces} \\ back",
    "Unbalanced } brace { here }",
    "“Quoted” \"plain\" 'single'",
    "العنوان الرئيسي: جسر مغلق",
    "הגשר נסגר",
    "橋が閉鎖された【速報】",
    "Line\nbreak\tand\u{2028}more",
    "a <b>tag</b> | pipe [link] ]] --> {{x}}",
    "@misc{x, y = {z}}",
];

#[test]
fn bibtex_is_read_back_with_the_same_fields() {
    for dialect in [Style::Bibtex, Style::Biblatex] {
        for title in ODD_TITLES {
            let mut page = page(
                title,
                &[
                    "Juan de la Cruz",
                    "Jean-Claude Van Damme",
                    "*Roe & Sons, Ltd.",
                    "王小明",
                    "Sammy Davis Jr.",
                    "José Ortega y Gasset",
                ],
                "Courier & Post",
                "2025-11-04",
            );
            page.language = Some(fact("pt-BR".to_owned()));
            page.text = ferry().text;
            let mut source = source(&page, Some(BASE));
            let found = locate("Nobody was told - she said", &page).unwrap();
            source.quotation = Some(Quotation::new(&page, &found));
            let text = cite(&source, dialect);
            let entry = entry(&text);
            assert_eq!(entry.title().unwrap().format_verbatim(), super::clean(title), "{text}");
            let told: Vec<[String; 4]> = entry
                .author()
                .unwrap()
                .into_iter()
                .map(|p: Person| [p.given_name, p.prefix, p.name, p.suffix])
                .collect();
            let wanted = [
                ["Juan", "de la", "Cruz", ""],
                ["Jean-Claude", "", "Van Damme", ""],
                ["", "", "Roe & Sons, Ltd.", ""],
                ["", "", "王小明", ""],
                ["Sammy", "", "Davis", "Jr."],
                ["José", "", "Ortega y Gasset", ""],
            ];
            assert_eq!(told, wanted.map(|p| p.map(str::to_owned)), "{text}");
            assert_eq!(entry.url().unwrap(), URL);
            let at =
                |field: &str| entry.get(field).map(|c| c.format_verbatim()).unwrap_or_default();
            assert_eq!(at("urldate"), "2025-11-05");
            assert!(at("quoteurl").contains(":~:text=Nobody%20was"), "{text}");
            let note = if dialect == Style::Bibtex { "note" } else { "addendum" };
            assert!(
                at(note).contains("20251105000007") && at(note).contains("sha256:abc"),
                "{text}"
            );
            if dialect == Style::Bibtex {
                assert_eq!(
                    (at("howpublished"), at("year"), at("month")),
                    ("Courier & Post".to_owned(), "2025".to_owned(), "November".to_owned()),
                    "{text}"
                );
            } else {
                assert_eq!(
                    (at("organization"), at("date")),
                    ("Courier & Post".to_owned(), "2025-11-04".to_owned()),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn dates_without_days_stay_so_in_every_format() {
    let of = |published: &str, style| cite(&source(&page("T", &[], "C", published), None), style);
    assert!(of("2025-11", Style::Biblatex).contains("date = {2025-11},"));
    assert!(of("2025-11", Style::Bibtex).contains("month = nov,"));
    assert!(!of("2025", Style::Bibtex).contains("month"));
    assert!(of("2025-11", Style::Ris).contains("DA  - 2025/11//\n"));
    assert!(of("2025-11", Style::Wikipedia).contains("|date=November 2025 "));
    let csl: Value = serde_json::from_str(&of("2025-11", Style::CslJson)).unwrap();
    assert_eq!(csl[0]["issued"]["date-parts"], serde_json::json!([[2025, 11]]));
    let none: Value = serde_json::from_str(&of("", Style::CslJson)).unwrap();
    assert_eq!(none[0].get("issued"), None);
}

#[test]
fn csl_and_ris_have_the_facts_in_their_fields() {
    let source = source(&ferry(), Some(BASE));
    let csl: Value = serde_json::from_str(&cite(&source, Style::CslJson)).unwrap();
    let item = &csl[0];
    let archive = source.archive_url().unwrap();
    for (field, wanted) in [
        ("type", "article-newspaper"),
        ("container-title", "The Harbour Courier"),
        ("URL", URL),
        ("archive", "Harbour Archive"),
        ("archive_location", &archive),
    ] {
        assert_eq!(item[field], wanted);
    }
    assert_eq!(
        item["author"][1],
        serde_json::json!({"family": "Berg", "given": "Jan", "non-dropping-particle": "van der"})
    );
    assert_eq!(item["accessed"]["date-parts"], serde_json::json!([[2025, 11, 5]]));
    assert!(item["note"].as_str().unwrap().contains("sha256:abc"));
    let ris = cite(&source, Style::Ris);
    for line in [
        "TY  - NEWS",
        "AU  - van der Berg, Jan",
        "T2  - The Harbour Courier",
        "DA  - 2025/11/04/",
        "Y2  - 2025/11/05/",
        &format!("UR  - {URL}"),
        &format!("L2  - {archive}"),
    ] {
        assert!(ris.lines().any(|l| l == line), "{line}: {ris}");
    }
    assert!(ris.starts_with("TY  - ") && ris.ends_with("\nER  - "), "{ris}");
}

#[test]
fn links_are_robust_and_titles_cannot_break_out() {
    for title in ODD_TITLES {
        let page = page(title, &["Roe <b>"], "C*", "2025-11-04");
        let html = cite(&source(&page, Some(BASE)), Style::Html);
        let escaped = URL.replace('&', "&amp;");
        assert!(html.contains(&format!("data-originalurl=\"{escaped}\" data-versionurl=\"{BASE}20251105000007/{escaped}\" data-versiondate=\"2025-11-05T00:00:07Z\"")), "{html}");
        assert!(!html.contains("<b>") && html.contains("sha256:abc"), "{html}");
        let markdown = cite(&source(&page, None), Style::Markdown);
        assert!(
            markdown.contains("data-versiondate=\"2025-11-05T00:00:07Z\"")
                && !markdown.contains("data-versionurl"),
            "{markdown}"
        );
        assert!(!markdown.contains("<b>") && markdown.contains("*C\\**"), "{markdown}");
        let wiki = cite(&source(&page, None), Style::Wikipedia);
        assert_eq!(
            (wiki.matches("{{").count(), wiki.matches("}}").count(), wiki.matches("-->").count()),
            (1, 1, 1),
            "{wiki}"
        );
        assert!(!wiki.contains("archive-url") && !wiki.contains("url-status"), "{wiki}");
    }
}

#[test]
fn scripts_of_their_own_are_set_off() {
    let mut page = page("הגשר נסגר", &[], "הארץ", "2025-11-04");
    page.language = Some(fact("he".to_owned()));
    let source = source(&page, None);
    assert!(cite(&source, Style::Wikipedia).contains("|script-title=he:הגשר נסגר "));
    assert!(
        cite(&source, Style::Mla).starts_with("“\u{2068}הגשר נסגר.\u{2069}”")
            || cite(&source, Style::Mla).starts_with("“\u{2068}הגשר נסגר\u{2069}.”")
    );
    assert!(cite(&source, Style::Html).contains("<bdi lang=\"he\">הגשר נסגר</bdi>"));
}

#[test]
fn a_quotation_goes_with_every_style() {
    let page = ferry();
    let mut source = source(&page, Some(BASE));
    let found = locate("nobody", &page).unwrap_err();
    assert_eq!(found.nearest.unwrap().text, "Nobody");
    let found = locate("the bridge closed", &page).unwrap();
    let quotation = Quotation::new(&page, &found);
    assert_eq!(
        (quotation.prefix.as_str(), quotation.exact.as_str(), quotation.suffix.as_str()),
        ("The mayor said ", "the bridge closed", ".")
    );
    source.quotation = Some(quotation);
    for style in Style::ALL {
        let text = cite(&source, style);
        assert!(text.contains(":~:text=the%20bridge%20closed"), "{}: {text}", style.label());
        assert!(
            text.contains("TextQuoteSelector") || matches!(style, Style::Bibtex | Style::Biblatex),
            "{text}"
        );
    }
}

#[test]
fn every_style_names_capture_and_digest() {
    for base in [None, Some(BASE)] {
        for style in Style::ALL {
            let text = cite(&source(&Page::default(), base), style);
            assert!(text.contains("sha256:abc"), "{}: {text}", style.label());
            assert!(
                text.contains("2025-11-05") || text.contains("November 5, 2025"),
                "{}: {text}",
                style.label()
            );
            assert!(text.contains("Untitled page at courier.example"), "{}: {text}", style.label());
            let place = if base.is_some() { "20251105000007" } else { "urn:uuid:1" };
            assert!(text.contains(place), "{}: {text}", style.label());
        }
    }
}

fn any_page() -> impl Strategy<Value = Page> {
    let text = || prop_oneof!["[\\PC\\s]{0,40}", "[{}\\\\%$&@\"=,~^#_ andAND]{0,20}"];
    let author = (text(), any::<bool>());
    let authors = proptest::collection::vec(author, 0..4);
    let date = prop_oneof!["[0-9]{4}-[01][0-9]-[0-3][0-9]", "\\PC{0,12}", "[0-9]{4}-[01][0-9]"];
    (text(), authors, text(), date, text(), text()).prop_map(
        |(headline, authors, publisher, date, language, body)| {
            let mut page = page(&headline, &[], &publisher, &date);
            page.byline = authors
                .into_iter()
                .map(|(name, organisation)| {
                    fact(Author { name, organisation, ..Author::default() })
                })
                .collect();
            page.language = Some(fact(language));
            page.text = body;
            page
        },
    )
}

/// Whatever path and query; the host is one that can be asked, as every captured URL has.
fn any_url() -> impl Strategy<Value = String> {
    "http://[a-z0-9]{1,12}(\\.[a-z]{2,5})?(:8080)?/\\PC{0,16}"
}

proptest! {
    #[test]
    fn any_page_gives_formats_that_their_readers_read(page in any_page(), url in any_url()) {
        let mut source = source(&page, Some(BASE));
        source.capture.url = url;
        if let Ok(found) = locate(&page.text, &page) {
            source.quotation = Some(Quotation::new(&page, &found));
        }
        for dialect in [Style::Bibtex, Style::Biblatex] {
            let text = cite(&source, dialect);
            let parsed = Bibliography::parse(&text);
            prop_assert!(parsed.is_ok(), "{:?}: {}", parsed, text);
            let entries = parsed.unwrap().into_vec();
            prop_assert_eq!(entries.len(), 1, "{}", text);
            prop_assert_eq!(entries[0].title().unwrap().format_verbatim(), source.title(), "{}", text);
        }
        let ris = cite(&source, Style::Ris);
        for line in ris.lines() {
            let tag = line.as_bytes();
            prop_assert!(tag.len() >= 6 && tag[..2].iter().all(u8::is_ascii_alphanumeric) && &tag[2..6] == b"  - ", "{}", line);
        }
        prop_assert_eq!(ris.split(['\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}']).count(), 1);
        let csl: Value = serde_json::from_str(&cite(&source, Style::CslJson)).unwrap();
        prop_assert_eq!(&csl[0]["title"], &Value::from(source.title()));
        for style in Style::ALL {
            prop_assert!(!cite(&source, style).is_empty());
        }
        let wiki = cite(&source, Style::Wikipedia);
        prop_assert_eq!((wiki.matches("{{").count(), wiki.matches("}}").count()), (1, 1), "{}", wiki);
    }
}
