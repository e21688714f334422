//! The formats for programs, read back.

use biblatex::{Bibliography, ChunksExt, Person};
use serde_json::Value;

use super::{BASE, URL, fact, ferry, page, source};
use crate::cite::clean::clean;
use crate::cite::{Quotation, Style, cite, locate};

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
            assert_eq!(entry.title().unwrap().format_verbatim(), clean(title), "{text}");
            let result: Vec<[String; 4]> = entry
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
            assert_eq!(result, wanted.map(|p| p.map(str::to_owned)), "{text}");
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
fn keys_are_unique_and_plain_and_stay() {
    let mut keys = Vec::new();
    let mut bibliography = String::new();
    // One second, one outlet, and words that have no letters of ASCII.
    for (url, title, author, record) in [
        ("http://a.example/1", "橋が閉鎖された", "山田 太郎", "urn:uuid:1"),
        ("http://a.example/2", "銀行が閉鎖された", "山田 太郎", "urn:uuid:2"),
        ("http://a.example/2", "銀行が閉鎖された", "山田 太郎", "urn:uuid:3"),
        ("http://a.example/3", "Мост закрыт", "Иван Кузнецов", "urn:uuid:4"),
        ("http://a.example/4", "Brücke gesperrt", "Jürgen Müller", "urn:uuid:5"),
        ("http://a.example/5", "", "", "urn:uuid:6"),
    ] {
        let authors: Vec<&str> = Some(author).filter(|a| !a.is_empty()).into_iter().collect();
        let mut source = source(&page(title, &authors, "A", "2025"), None);
        source.capture.url = url.to_owned();
        source.capture.record_id = Some(record.to_owned());
        assert_eq!(source.key(), source.clone().key());
        assert!(
            source.key().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
            "{}",
            source.key()
        );
        bibliography.push_str(&cite(&source, Style::Biblatex));
        bibliography.push('\n');
        keys.push(source.key());
    }
    assert!(keys[4].starts_with("muller-brucke-20251105000007-"), "{}", keys[4]);
    assert_eq!(Bibliography::parse(&bibliography).unwrap().len(), keys.len(), "{keys:?}");
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 6, "{keys:?}");
}

#[test]
fn the_language_of_the_page_has_the_name_that_tex_knows() {
    for (tag, name) in
        [("de-CH", "nswissgerman"), ("en-GB", "british"), ("pt-BR", "brazilian"), ("ru", "russian")]
    {
        let mut page = page("T", &[], "C", "2025");
        page.language = Some(fact(tag.to_owned()));
        let source = source(&page, None);
        let of = |style, field: &str| {
            entry(&cite(&source, style)).get(field).map(|c| c.format_verbatim())
        };
        assert_eq!(of(Style::Biblatex, "langid").as_deref(), Some(name), "{tag}");
        assert_eq!(of(Style::Bibtex, "language").as_deref(), Some(name), "{tag}");
        let csl: Value = serde_json::from_str(&cite(&source, Style::CslJson)).unwrap();
        assert_eq!(csl[0]["language"], tag);
    }
    let mut page = page("T", &[], "C", "2025");
    page.language = Some(fact("tlh".to_owned()));
    let text = cite(&source(&page, None), Style::Biblatex);
    assert!(!text.contains("langid"), "{text}");
}

#[test]
fn dates_without_days_stay_so_in_every_format() {
    let of = |published: &str, style| cite(&source(&page("T", &[], "C", published), None), style);
    assert!(of("2025-11", Style::Biblatex).contains("date = {2025-11},"));
    assert!(of("2025-11", Style::Bibtex).contains("month = nov,"));
    assert!(!of("2025", Style::Bibtex).contains("month"));
    for (style, wanted) in [
        (Style::Bibtex, "year = {2025},\n  url"),
        (Style::Biblatex, "date = {2025},"),
        (Style::Ris, "PY  - 2025\nDA  - 2025///\n"),
        (Style::Wikipedia, "|date=2025 "),
        (Style::Html, "<time datetime=\"2025\">2025</time>"),
        (Style::Markdown, ", 2025; captured"),
        (Style::Text, " C, 2025."),
    ] {
        assert!(of("2025", style).contains(wanted), "{}: {}", style.label(), of("2025", style));
    }
    let year: Value = serde_json::from_str(&of("2025", Style::CslJson)).unwrap();
    assert_eq!(year[0]["issued"]["date-parts"], serde_json::json!([[2025]]));
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
fn an_altered_quotation_is_marked_as_such_in_every_style() {
    let mut page = ferry();
    page.text =
        "The mayor said the old bridge, which cracked in March, will stay closed until spring."
            .to_owned();
    let mut source = source(&page, Some(BASE));
    let quote = "[t]he mayor said the old bridge […] will stay closed,";
    let found = locate(quote, &page).unwrap();
    source.quotation = Some(Quotation::new(&page, &found));
    let exact = "The mayor said the old bridge, which cracked in March, will stay closed";
    assert_eq!(source.quotation.as_ref().unwrap().exact, exact);
    for style in Style::ALL {
        let text = cite(&source, style);
        // Escaping brackets keeps the words around them.
        for words in [
            "he mayor said the old bridge",
            "closed,",
            "which cracked in March",
            "leaves out",
            "is “The” there",
        ] {
            assert!(text.contains(words), "{} lacks {words}: {text}", style.label());
        }
    }
    let text = cite(&source, Style::Apa);
    assert!(
        text.contains(&format!("\nQuotation: “{quote}”\nStands there as: “{exact}”\nAltered: “[t]he” is “The” there; “[…]” leaves out “, which cracked in March,”; “closed,” is “closed” there\nLink: ")),
        "{text}"
    );
    let quoted = source.quotation.as_ref().unwrap();
    let json = crate::answers::citation::QuotationJson::new(quoted, &source);
    assert_eq!(json.given.as_deref(), Some(quote));
    assert_eq!(json.alterations[1].kind, "omission");
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
