//! Headlines of small pages.

use super::*;
use crate::extract::json_ld;

fn of(head: &str, body: &str) -> Option<String> {
    let html = format!("<!doctype html><html><head>{head}</head><body>{body}</body></html>");
    let dom = Dom::parse(&html, &mut Vec::new());
    find(&dom, &Declared::read(&dom), &json_ld::read(&dom)).fact.map(|fact| fact.value)
}

#[test]
fn a_heading_beats_a_title_that_says_nothing_of_the_story() {
    let story = "<article><h1>Town votes for a new bridge</h1><p>Text.</p></article>";
    let logo = "<header><h1 class=\"logo\"><a href=\"/\">The Mill Post</a></h1></header>";
    for (head, body) in [
        ("<title>The Mill Post</title>", story),
        ("<title>Untitled Document</title>", story),
        ("<title>untitled</title>", story),
        ("<title>Unbenanntes Dokument</title>", story),
        ("<title>Sans titre</title>", story),
        ("<title>Без названия</title>", story),
        ("<title>{{pageTitle}}</title>", story),
        ("<title></title>", story),
        ("", story),
        ("<title>Millbrook local news and sport</title>", story),
        ("<title>The Mill Post | Millbrook local news and sport</title>", story),
        ("<title>Home</title><meta property=\"og:title\" content=\"Home\">", story),
        (
            "<title>The Mill Post</title><meta property=\"og:site_name\" content=\"The Mill Post\">\
             <meta property=\"og:title\" content=\"The Mill Post\">",
            story,
        ),
        (
            "<title>Local news - The Mill Post</title><meta property=\"og:title\" content=\"The Mill Post\">",
            story,
        ),
        (
            "<title>The Mill Post</title><script type=\"application/ld+json\">\
             {\"@type\":\"NewsArticle\",\"headline\":\"Untitled\"}</script>",
            story,
        ),
        ("<title>Local news - The Mill Post</title>", &format!("{logo}{story}")),
    ] {
        assert_eq!(of(head, body).as_deref(), Some("Town votes for a new bridge"), "{head}");
    }
}

#[test]
fn a_title_beats_a_heading_that_is_none_of_the_story() {
    for (head, body, wanted) in [
        (
            "<title>Town votes for a new bridge - The Mill Post</title>",
            "<header class=\"masthead\"><h1>The Mill Post</h1></header><p>Text.</p>",
            "Town votes for a new bridge",
        ),
        (
            "<title>Town votes for a new bridge | The Mill Post</title>",
            "<h1><a href=\"https://millpost.example/\">Your daily Mill Post of Millbrook</a></h1>",
            "Town votes for a new bridge",
        ),
        (
            "<title>Town votes for a new bridge</title>",
            "<h1>News</h1>",
            "Town votes for a new bridge",
        ),
        (
            "<title>Town votes for a new bridge</title>",
            "<aside><h1>Ten walks for a long weekend</h1></aside>",
            "Town votes for a new bridge",
        ),
        (
            "<meta property=\"og:title\" content=\"Town votes for a new bridge\"><title>X</title>",
            "<h1>Local news and sport for all</h1>",
            "Town votes for a new bridge",
        ),
        (
            "<title>Superfloods: what they are - The Mill Post</title>\
             <meta property=\"og:site_name\" content=\"The Mill Post\">",
            "",
            "Superfloods: what they are",
        ),
        ("<title>Q&amp;amp;A: the bridge</title>", "", "Q&A: the bridge"),
    ] {
        assert_eq!(of(head, body).as_deref(), Some(wanted), "{head}");
    }
}

#[test]
fn a_heading_that_is_the_outlets_name_leaves_the_headline_to_another() {
    let body = "<p>Text.</p>";
    for headings in [
        "<h1 class=\"logo\"><a href=\"/\">Mill Post</a></h1><h2>Town votes for a new bridge</h2>",
        "<h1>Mill Post</h1><h1>Town votes for a new bridge</h1>",
        "<h1>Mill Post</h1><h2>Town votes for a new bridge</h2>",
    ] {
        let title = "<title>Town votes for a new bridge - Mill Post</title>";
        let page = format!("<article>{headings}{body}</article>");
        assert_eq!(of(title, &page).as_deref(), Some("Town votes for a new bridge"), "{headings}");
    }
    let dated = "<title>Town votes for a new bridge | 4 May 2024 | Mill Post</title>\
        <meta property=\"og:site_name\" content=\"Mill Post\">";
    assert_eq!(of(dated, body).as_deref(), Some("Town votes for a new bridge"));
    // A headline that names a day keeps it.
    let day = "<title>What we learned on 4 May 2024 | Mill Post</title>";
    assert_eq!(of(day, body).as_deref(), Some("What we learned on 4 May 2024"));
}

#[test]
fn a_headline_may_be_short_where_the_outlet_has_a_long_name() {
    let title = "<title>The Mill Post, news and sport from the valley - Bridge closed</title>";
    let story = "<article><h1>Bridge closed</h1></article>";
    assert_eq!(of(title, story).as_deref(), Some("Bridge closed"));
    let og = format!("{title}<meta property=\"og:title\" content=\"Bridge closed\">");
    assert_eq!(of(&og, "").as_deref(), Some("Bridge closed"));
}
