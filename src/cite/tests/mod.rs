//! Every style on the same facts: as in its manual ([`manuals`]), parsed by third-party
//! parsers ([`formats`]), and on arbitrary facts ([`any`]).

mod any;
mod formats;
mod manuals;

use super::source::{Archive, Capture, Source};
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
        is_rendering: false,
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
