use crate::extract::{Hints, extract};

/// The day of publication and its origin, of a page with this head, this line below its headline.
fn date(head: &str, line: &str, url: &str) -> Option<(String, &'static str)> {
    date_in(head, &format!("<h1>Bridge stays open</h1>{line}"), "", url)
}

/// As [`date`], of a page with this above the prose of its article and this below the article.
fn date_in(head: &str, above: &str, below: &str, url: &str) -> Option<(String, &'static str)> {
    let prose = "<p>The council voted on Tuesday to keep the bridge open, its chair said. The piers \
        will be looked at by an engineer before the winter, and the towns will share what it costs.</p>";
    let html = format!(
        "<html lang=en><head>{head}</head><body><article>{above}{}</article>{below}",
        prose.repeat(12)
    );
    let page = extract(html.as_bytes(), &Hints { url: Some(url), ..Hints::default() }).page;
    page.published.map(|fact| (fact.value.text, fact.origin.label()))
}

/// The declarations of a page in Open Graph.
fn declared(published: &str, modified: &str) -> String {
    format!(
        "<meta property='article:published_time' content='{published}'>\
         <meta property='article:modified_time' content='{modified}'>"
    )
}

const PLAIN: &str = "https://a.example/bridge";

#[test]
fn declared_days_are_weighed_against_what_readers_are_shown() {
    let dated = "https://a.example/2025/11/03/bridge";
    let stamped = declared("2025-11-20T09:00:00-05:00", "2025-11-20T09:00:00-05:00");
    let later = declared("2025-11-04T09:00:00-05:00", "2025-11-20T09:00:00-05:00");
    let night = declared("2025-11-04T02:00:00Z", "2025-11-20T09:00:00Z");
    for (head, line, url, want) in [
        (&stamped, "<p>May 14, 2025</p>", PLAIN, "2025-05-14"),
        // A page is not changed before it exists.
        (&stamped, "<p>Updated May 14, 2025</p>", PLAIN, "2025-05-14"),
        (&later, "<p>Updated November 20, 2025</p>", PLAIN, "2025-11-04"),
        (&later, "<p>May 14, 2025</p>", PLAIN, "2025-05-14"),
        // The second is of a card, or of the subject of the page.
        (&later, "<p>November 4, 2025</p><p>May 14, 2025</p>", PLAIN, "2025-11-04"),
        (
            &later,
            "<p>Posted on November 4, 2025. First published May 14, 2025</p>",
            PLAIN,
            "2025-11-04",
        ),
        (&later, "<p>Published Nov 2, 2025</p>", PLAIN, "2025-11-02"),
        (&later, "<p>November 20, 2025</p>", PLAIN, "2025-11-04"),
        (&night, "", dated, "2025-11-03"),
        (&night, "", PLAIN, "2025-11-04"),
    ] {
        let said = date(head, line, url).map(|(text, _)| text[..10].to_owned());
        assert_eq!(said.as_deref(), Some(want), "{head} {line} {url}");
    }
}

#[test]
fn a_month_is_said_where_no_day_is() {
    let head = "<meta name='citation_publication_date' content='2025-11'>";
    let url = "https://a.example/bridge";
    assert_eq!(date(head, "", url), Some(("2025-11".to_owned(), "meta")));
}

#[test]
fn a_reissued_page_has_the_day_that_agrees_with_its_title() {
    for (title, changed, line, want) in [
        ("The best tents of 2025", "2025-11-20", "November 20, 2025", "2025-11-20"),
        ("The best tents of 2026", "2025-11-20", "November 20, 2025", "2025-11-20"),
        // What is called a change stays one.
        ("The best tents of 2025", "2025-11-20", "Updated November 20, 2025", "2019-03-02"),
        ("The best tents", "2025-11-20", "November 20, 2025", "2019-03-02"),
        // Titles of 2019 look ahead, too.
        ("The best tents of 2020", "2020-01-12", "January 12, 2020", "2019-03-02"),
        ("What cities plan until 2030", "2025-11-20", "November 20, 2025", "2019-03-02"),
        ("The best tents of 2025", "2025-11-20", "March 2, 2019. November 20, 2025", "2019-03-02"),
        // The page does not say that it was changed on this day.
        ("The best tents of 2025", "2025-11-20", "November 12, 2025", "2019-03-02"),
    ] {
        let above = format!("<h1>{title}</h1><p>{line}</p>");
        let dates = declared("2019-03-02T09:00:00Z", &format!("{changed}T09:00:00Z"));
        let said = date_in(&format!("<title>{title}</title>{dates}"), &above, "", PLAIN);
        assert_eq!(
            said.map(|(text, _)| text[..10].to_owned()).as_deref(),
            Some(want),
            "{title} {line}"
        );
    }
}

#[test]
fn the_line_above_a_date_says_what_it_is() {
    let stamped = declared("2025-11-20T09:00:00Z", "2025-11-20T10:00:00Z");
    let two = "<h1>Bridge</h1><p>Updated on</p><p>May 14, 2025</p><p>May 2, 2025</p>";
    for (head, above, below, want) in [
        ("", "<h1>Bridge</h1><p>Published</p><p>May 14, 2025</p>", "", Some("2025-05-14")),
        ("", "<h1>Bridge</h1>", "<h6>Date</h6><p>May 2025</p>", Some("2025-05")),
        ("", "<h1>Bridge</h1>", "<h6>Fecha:</h6><p>mayo 2025</p>", Some("2025-05")),
        ("", "<h1>Bridge</h1>", "<h6>Archive</h6><p>May 2025</p>", None),
        ("", two, "", Some("2025-05-02")),
        (&stamped, "<h1>Bridge</h1><p>Revised on</p><p>Nov 20, 2025</p>", "", Some("2025-11-20")),
        // An article may begin with its month.
        ("", "<p>May 2025</p>", "", Some("2025-05")),
    ] {
        let said = date_in(head, above, below, PLAIN).map(|(text, _)| text);
        let said = said.as_deref().map(|text| text.get(..10).unwrap_or(text));
        assert_eq!(said, want, "{above} {below}");
    }
}

#[test]
fn the_day_beside_the_headline_is_not_that_of_a_card() {
    let standfirst = "The vote, which nobody had thought possible when the year began, ends a quarrel \
        over who pays for the repair of the piers that the two towns have had since the flood.";
    let card = "<div><h1>Another vote</h1><p>By Ann Lee 03/09/2025</p></div>";
    let cards = "<div><h3>A vote</h3><p>By Ann Lee 03/09/2025</p></div><h1>Another vote</h1>";
    let late = declared("2025-11-20T09:00:00Z", "2025-11-21T10:00:00Z");
    for (head, above, below, want) in [
        (
            "",
            "<h1>Bridge</h1><p>Last modified: May 14, 2025</p>",
            "<p>Mar 9, 2025</p>",
            "2025-05-14",
        ),
        (
            late.as_str(),
            &format!(
                "<h1>Bridge</h1><p>{standfirst}</p><p>Ann Lee</p><p>3 min</p><p>May 14, 2025</p>"
            ),
            "",
            "2025-05-14",
        ),
        ("", "<p>By Ben Roy, May 14, 2025</p>", card, "2025-05-14"),
        ("", "<header><p class=meta>By Ben Roy May 14, 2025</p></header>", cards, "2025-05-14"),
        // One element says one day, for machines.
        ("", "<h1>Bridge</h1><time datetime='2025-11-20'>May 14, 2025</time>", "", "2025-11-20"),
    ] {
        let said = date_in(head, above, below, PLAIN);
        assert_eq!(
            said.map(|(text, _)| text[..10].to_owned()).as_deref(),
            Some(want),
            "{above} {below}"
        );
    }
}

#[test]
fn other_elements_show_which_number_is_the_month() {
    let own = "<h1>Bridge</h1><time datetime='02-12-2025'>02-12-2025</time>";
    let rail =
        |day: &str| format!("<aside><ul><li><time datetime='{day}'>a day</time></ul></aside>");
    for (below, want) in [
        (String::new(), "2025-02-12"),
        (rail("2025-12-02"), "2025-12-02"),
        (rail("2025-12-02T09:00:00Z"), "2025-12-02"),
        (rail("2025-02-12") + &rail("2025-12-02"), "2025-02-12"),
        (rail("2025-12-03"), "2025-02-12"),
    ] {
        let said = date_in("", own, &below, PLAIN);
        assert_eq!(said.map(|(text, _)| text).as_deref(), Some(want), "{below}");
    }
}

#[test]
fn a_day_in_a_sentence_is_not_the_day_of_the_page() {
    for (line, want) in [
        ("The fair is on Saturday, 1 June 2030, in the square.", None),
        ("The old bridge was opened on 4 May 1998 by the county.", None),
        (
            "老桥于1998年5月4日由县政府开通，二十年来没有人再想起过它，直到去年一辆卡车撞上了它。",
            None,
        ),
        // Lines of a date end with stops, too.
        ("Posted by Ann Lee on 4 May 2025 in the section News.", Some("2025-05-04")),
        (
            "4 May 2025, 09:14 (This post was last edited by Ann Lee on 9 May 2025.)",
            Some("2025-05-04"),
        ),
        ("By Ann Lee, 4 May 2025, 10:00 a.m.", Some("2025-05-04")),
    ] {
        let said = date_in("", &format!("<h1>Bridge</h1><p>{line}</p>"), "", PLAIN);
        assert_eq!(said.as_ref().map(|(text, _)| text.as_str()), want, "{line}");
    }
}

#[test]
fn a_date_is_found_in_the_attribute_that_a_script_or_a_pointer_reads() {
    for (line, want) in [
        ("<span class=date title='5 March 2024, 10:00'>5 days ago</span>", Some("2024-03-05")),
        ("<time data-timestamp=1709632800>loading</time>", Some("2024-03-05T10:00:00Z")),
        (
            "<span data-published-at='2024-03-05T10:00:00Z'>a while ago</span>",
            Some("2024-03-05T10:00:00Z"),
        ),
        ("<local-time datetime='2024-03-05T10:00:00Z'></local-time>", Some("2024-03-05T10:00:00Z")),
        ("<p class=posted-on aria-label='Posted 5 March 2024'>last week</p>", Some("2024-03-05")),
        // Those of a delivery, of a script's load, of a whole section, and of a change.
        ("<span data-preorder-date='2024-03-05'>soon</span>", None),
        ("<span data-load-time=1709632800000>ok</span>", None),
        ("<span class=buy title='5 March 2024'>Buy</span>", None),
    ] {
        let said = date_in("", &format!("<h1>Bridge</h1>{line}"), "", PLAIN);
        assert_eq!(said.as_ref().map(|(text, _)| text.as_str()), want, "{line}");
    }
}

#[test]
fn a_meta_says_publication_by_many_names() {
    for name in [
        "article:post_date",
        "gsa:publishDate",
        "published_time_telegram",
        "date_published",
        "dateCreate",
        "articleDate",
        "story-date",
        "release-date",
        "first_published_time",
        "data_pubblicazione",
        "fecha-publicacion",
        "created_at",
    ] {
        let head = format!("<meta name='{name}' content='2024-03-05T09:00:00Z'>");
        assert_eq!(
            date(&head, "", PLAIN).map(|(text, _)| text).as_deref(),
            Some("2024-03-05T09:00:00Z"),
            "{name}"
        );
    }
    for name in [
        "event_date",
        "expire-date",
        "unpublish_date",
        "publisher_data",
        "last_update_time",
        "viewport",
    ] {
        let head = format!("<meta name='{name}' content='2024-03-05T09:00:00Z'>");
        assert_eq!(date(&head, "", PLAIN), None, "{name}");
    }
}

#[test]
fn the_canonical_address_gives_the_day() {
    for (head, want) in [
        ("<link rel=canonical href=https://a.example/2025/05/14/bridge>", "2025-05-14"),
        ("<link rel=canonical href=https://a.example/2025-05-14-bridge>", "2025-05-14"),
        ("<link rel=canonical href=https://a.example/news/20250514/bridge>", "2025-05-14"),
        ("<meta property=og:url content=https://a.example/2025/may/14/bridge>", "2025-05-14"),
    ] {
        assert_eq!(date(head, "", PLAIN), Some((want.to_owned(), "url")), "{head}");
    }
    // The address of the capture takes precedence.
    let dated = "https://a.example/2025/05/12/bridge";
    let head = "<link rel=canonical href=https://a.example/2025/05/14/bridge>";
    assert_eq!(date(head, "", dated), Some(("2025-05-12".to_owned(), "url")));
}

#[test]
fn days_around_the_article_are_of_other_things() {
    let prose =
        "<p>The council voted on Tuesday to keep the bridge open, its chair said.</p>".repeat(3);
    for (above, below) in [
        ("<div class=today>Wednesday, 14 May 2025</div>", ""),
        ("<div>Mittwoch, 14. Mai 2025</div>", ""),
        ("<div>2025年5月14日 星期三</div>", ""),
        (
            "",
            "<aside class=latest><ul><li><time datetime=2025-05-14>14 May 2025</time> <a href=/x>Quarry sold</a></ul></aside>",
        ),
        (
            "",
            "<section class=talk><div><b>u1</b> <time datetime=2025-05-14T08:00:00Z>14 May</time><p>Right.</p></div></section>",
        ),
        ("", "<div class=foot>Copyright 14 May 2025 The Post</div>"),
    ] {
        let html = format!(
            "<html lang=en><body>{above}<main><article><h1>Bridge stays open</h1>{prose}</article></main>{below}"
        );
        let page = extract(html.as_bytes(), &Hints::default()).page;
        assert_eq!(page.published, None, "{above}{below}");
    }
}

#[test]
fn days_of_other_events_are_not_publication_days() {
    for line in [
        "<p>Tom Hale was born on 3 June 1961 in Kelt.</p>",
        "<p>The market opened on 4 May 1998 in the square.</p>",
    ] {
        assert_eq!(date("", line, PLAIN), None, "{line}");
    }
    let today = "<div class=today>Today is Monday, 11 March 2024</div>";
    assert_eq!(date_in("", "<h1>Bridge stays open</h1>", today, PLAIN), None);
    // "Breaking" above the article, which has a day of its own.
    let html = "<html lang=en><body><div><time datetime=2024-03-09T08:00:00Z>9 March</time> <a href=/x>Other</a></div>\
        <main><article><h1>Bridge stays open</h1><time datetime=2024-03-05T10:00:00Z>5 March</time><p>The council \
        voted on Tuesday to keep the bridge open, its chair said, and the towns will share what it costs.</p></article></main>";
    let page = extract(html.as_bytes(), &Hints::default()).page;
    assert_eq!(
        page.published.map(|fact| fact.value.text.get(..10).unwrap().to_owned()).as_deref(),
        Some("2024-03-05")
    );
    // What follows each day calls it.
    let line = "<p class=date>2024年3月5日 10:00 公開 / 2024年3月6日 9:15 更新</p>";
    assert!(date("", line, PLAIN).is_some_and(|(day, _)| day.starts_with("2024-03-05")));
}
