//! Pages whose article is not in the markup but in the data that they carry: in JSON-LD, or in the data from which
//! scripts build the page, as today's frameworks write it. Each form in several languages; the pages are generated
//! here.

use pressmark::extract::page::{Origin, Page, PageKind};
use pressmark::extract::{Hints, extract};
use serde_json::{Value, json};

/// A language, a headline and four paragraphs.
type Story = (&'static str, &'static str, [&'static str; 4]);

const STORIES: [Story; 3] = [
    (
        "en",
        "Mill town argues about its weir",
        [
            "The weir above the mill will be lowered by a metre, the river board told the town on Monday.",
            "Anglers have asked for it for years, because the salmon turn back below the wall.",
            "“I fear for my wheel,” said Bo Miller, who has collected eight hundred names against the plan.",
            "A hearing is planned for the autumn, and the board wants to begin in the winter.",
        ],
    ),
    (
        "de",
        "Mühlenstadt streitet über ihr Wehr",
        [
            "Das Wehr über der Mühle soll um einen Meter sinken, teilte der Flussverband der Stadt am Montag mit.",
            "Die Angler fordern das seit Jahren, weil die Lachse unter der Mauer umkehren.",
            "Der Müller fürchtet um sein Rad und hat achthundert Namen gegen den Plan gesammelt.",
            "Im Herbst ist eine Anhörung geplant, und im Winter will der Verband beginnen.",
        ],
    ),
    (
        "ru",
        "Город у мельницы спорит о плотине",
        [
            "Плотину над мельницей понизят на метр, сообщил городу в понедельник речной союз.",
            "Рыбаки просят об этом много лет, потому что лосось поворачивает назад под стеной.",
            "Мельник боится за своё колесо и собрал восемьсот подписей против плана.",
            "Слушания назначены на осень, а зимой союз хочет начать работы.",
        ],
    ),
];

const OTHER: &str = "Something else entirely happened in another town, where the council met until late at night and \
    then went home without a decision about the new school, which will be talked about again next month when all are back \
    from their holidays and the budget is known to everyone, as the mayor said.";

fn html_of(story: &Story) -> String {
    story.2.iter().map(|text| format!("<p>{text}</p>")).collect()
}

/// The story as data of a site, with the other data that sites have.
fn data(story: &Story) -> Value {
    json!({"site": {"title": "The Weir Post", "cookies": {"title": "Cookies", "body": OTHER}},
        "related": [{"title": "Another town, another night", "body": OTHER, "date": "2020-01-01"}],
        "article": {"title": story.1, "publishedAt": "2025-11-04T10:00:00+01:00", "updatedAt": "2025-11-05T10:00:00+01:00",
            "authors": [{"name": "Ann Lee"}], "section": {"name": "Town"}, "content": html_of(story)}})
}

/// A page without text: `head` in its head, `scripts` behind an empty root.
fn shell(story: &Story, head: &str, root: &str, scripts: &str) -> String {
    format!(
        "<!doctype html><html lang={}><head><title>{} | The Weir Post</title>{head}</head><body>\
         <noscript>You need to enable JavaScript to run this app.</noscript>{root}{scripts}\
         <script type=module src=/assets/main.js></script></body></html>",
        story.0, story.1
    )
}

fn read(html: &str) -> Page {
    extract(html.as_bytes(), &Hints::default()).page
}

/// Every paragraph once and in order, and no other part of the data.
fn assert_read(page: &Page, story: &Story, origin: Origin, what: &str) {
    let what = format!("{what} ({})", story.0);
    assert_eq!(page.text.replace("\n\n", "\n"), story.2.join("\n"), "{what}");
    assert_eq!(page.text_origin, Some(origin), "{what}");
    assert_eq!(page.kind, PageKind::Article, "{what}");
    assert_eq!(page.headline.as_ref().map(|f| f.value.as_str()), Some(story.1), "{what}");
    assert!(page.blocks.iter().all(|block| block.source.is_none()), "{what}");
}

#[test]
fn the_article_is_read_from_json_ld_where_the_markup_has_none() {
    for story in &STORIES {
        for (what, body) in [
            ("lines", story.2.join("\n")),
            ("paragraphs", story.2.join("\n\n")),
            ("html", html_of(story)),
            ("html, escaped", html_of(story).replace('<', "&lt;").replace('>', "&gt;")),
        ] {
            let ld = json!({"@context": "https://schema.org", "@type": "NewsArticle", "headline": story.1,
                "datePublished": "2025-11-04T10:00:00+01:00", "author": {"@type": "Person", "name": "Ann Lee"},
                "articleBody": body});
            let head = format!("<script type=\"application/ld+json\">{ld}</script>");
            let page = read(&shell(story, &head, "<div id=root></div>", ""));
            assert_read(&page, story, Origin::JsonLd, what);
            assert_eq!(page.byline[0].value.name, "Ann Lee");
            assert_eq!(page.published.unwrap().origin, Origin::JsonLd);
        }
    }
}

#[test]
fn the_article_is_read_from_what_scripts_build_the_page_from() {
    for story in &STORIES {
        let data = data(story);
        let text = data.to_string().replace("</", "<\\/");
        let quoted = data.to_string().replace('&', "&amp;").replace('"', "&quot;");
        let root = "<div id=app></div>";
        for (what, root, scripts) in [
            (
                "next, pages",
                "<div id=__next></div>",
                format!(
                    "<script id=__NEXT_DATA__ type=application/json>{{\"props\":{{\"pageProps\":{text}}}}}</script>"
                ),
            ),
            (
                "next, app",
                root,
                format!(
                    "<script>self.__next_f.push([1,{}])</script>",
                    json!(format!("3:[\"$\",\"$L4\",null,{data}]\n"))
                        .to_string()
                        .replace("</", "<\\/")
                ),
            ),
            ("nuxt 2", "<div id=__nuxt></div>", {
                let with = text.replacen(&json!(story.1).to_string(), "a", 1);
                format!(
                    "<script>window.__NUXT__=(function(a){{return {{data:[{with}]}}}}({}));</script>",
                    json!(story.1)
                )
            }),
            ("redux", root, format!("<script>window.__PRELOADED_STATE__ = {text};</script>")),
            (
                "a text that is parsed",
                root,
                format!(
                    "<script>window.__INITIAL_STATE__=JSON.parse({});</script>",
                    json!(data.to_string()).to_string().replace("</", "<\\/")
                ),
            ),
            (
                "angular",
                "<app-root></app-root>",
                format!("<script id=ng-state type=application/json>{text}</script>"),
            ),
            (
                "sveltekit",
                root,
                format!(
                    "<script type=application/json data-sveltekit-fetched data-url=/api>{}</script>",
                    json!({"status": 200, "headers": {}, "body": data.to_string()})
                        .to_string()
                        .replace("</", "<\\/")
                ),
            ),
            ("inertia", &*format!("<div id=app data-page=\"{quoted}\"></div>"), String::new()),
        ] {
            let page = read(&shell(story, "", root, &scripts));
            assert_read(&page, story, Origin::State, what);
            assert_eq!(page.byline[0].value.name, "Ann Lee", "{what}");
            assert_eq!(page.byline[0].origin, Origin::State, "{what}");
            let published = page.published.unwrap();
            assert_eq!(published.value.text, "2025-11-04T10:00:00+01:00", "{what}");
            assert_eq!(published.origin, Origin::State, "{what}");
            assert_eq!(page.section.unwrap().value, "Town", "{what}");
        }
    }
}

#[test]
fn a_page_that_has_its_article_in_the_markup_is_read_as_before_whatever_its_data_say() {
    for story in &STORIES {
        let other = (story.0, story.1, [OTHER; 4]);
        let scripts = format!(
            "<script id=__NEXT_DATA__ type=application/json>{}</script><script type=application/ld+json>{}</script>",
            data(&other).to_string().replace("</", "<\\/"),
            json!({"@type": "NewsArticle", "headline": story.1, "articleBody": format!("{OTHER} {OTHER}")})
        );
        let root = format!(
            "<div id=__next><article><h1>{}</h1>{}</article></div>",
            story.1,
            html_of(story)
        );
        let with = read(&shell(story, "", &root, &scripts));
        let without = read(&shell(story, "", &root, ""));
        assert_eq!(with.text, without.text);
        assert_eq!(with.text_origin, None);
        assert!(with.blocks.iter().all(|block| block.source.is_some()));
    }
}

#[test]
fn data_that_are_not_of_the_page_leave_it_a_shell() {
    let story = &STORIES[0];
    for data in [
        // Other articles, without day and author.
        json!({"related": [{"title": "Another town, another night", "body": OTHER, "date": "2020-01-01"},
            {"title": "A third town, a third night", "body": OTHER.to_uppercase(), "date": "2020-01-02"}]}),
        json!({"legal": {"title": "How we use cookies on this site", "body": OTHER}}),
        json!({"article": {"title": story.1, "teaser": "Read on."}, "a": "x".repeat(400)}),
    ] {
        let scripts = format!("<script type=application/json>{data}</script>");
        let page = read(&shell(story, "", "<div id=root></div>", &scripts));
        assert_eq!((page.text.as_str(), page.kind), ("", PageKind::Shell), "{data}");
    }
}

#[test]
fn what_is_not_there_and_what_lists_pages_get_no_article_from_data() {
    let story = &STORIES[0];
    let scripts = format!(
        "<script type=application/json>{}</script>",
        data(story).to_string().replace("</", "<\\/")
    );
    let html = shell(story, "", "<div id=root></div>", &scripts);
    let of = |url, status| {
        extract(
            html.as_bytes(),
            &Hints { url: Some(url), content_type: None, status: Some(status) },
        )
        .page
    };
    assert!(!of("https://a.example/2025/x", 200).text.is_empty());
    assert!(of("https://a.example/2025/x", 404).text.is_empty());
}
