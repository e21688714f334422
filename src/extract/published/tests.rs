use crate::extract::{Hints, extract};

/// The day of publication and its origin, of a page with this head, this line below its headline.
fn told(head: &str, line: &str, url: &str) -> Option<(String, &'static str)> {
    let prose = "<p>The council voted on Tuesday to keep the bridge open, its chair said.</p>";
    let html = format!(
        "<html lang=en><head>{head}</head><body><article><h1>Bridge stays open</h1>{line}{}</article>",
        prose.repeat(12)
    );
    let page = extract(html.as_bytes(), &Hints { url: Some(url), ..Hints::default() }).page;
    page.published.map(|fact| (fact.value.text, fact.origin.label()))
}

#[test]
fn declared_days_are_weighed_against_what_readers_are_shown() {
    let meta = |published: &str, modified: &str| {
        format!(
            "<meta property='article:published_time' content='{published}'>\
             <meta property='article:modified_time' content='{modified}'>"
        )
    };
    let plain = "https://a.example/bridge";
    let dated = "https://a.example/2025/11/03/bridge";
    let stamped = meta("2025-11-20T09:00:00-05:00", "2025-11-20T09:00:00-05:00");
    let later = meta("2025-11-04T09:00:00-05:00", "2025-11-20T09:00:00-05:00");
    let night = meta("2025-11-04T02:00:00Z", "2025-11-20T09:00:00Z");
    for (head, line, url, want) in [
        (&stamped, "<p>May 14, 2025</p>", plain, "2025-05-14"),
        (&stamped, "<p>Updated May 14, 2025</p>", plain, "2025-11-20"),
        (&later, "<p>Published Nov 2, 2025</p>", plain, "2025-11-02"),
        (&later, "<p>November 20, 2025</p>", plain, "2025-11-04"),
        (&night, "", dated, "2025-11-03"),
        (&night, "", plain, "2025-11-04"),
    ] {
        let said = told(head, line, url).map(|(text, _)| text[..10].to_owned());
        assert_eq!(said.as_deref(), Some(want), "{head} {line} {url}");
    }
}

#[test]
fn a_month_is_said_where_no_day_is() {
    let head = "<meta name='citation_publication_date' content='2025-11'>";
    let url = "https://a.example/bridge";
    assert_eq!(told(head, "", url), Some(("2025-11".to_owned(), "meta")));
}
