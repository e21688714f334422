//! Kinds of real pages, by tables: the markup in which the text of an article may be, the parts beside it
//! that belong to it, and those that do not. Each rule is tried in several languages; the pages are generated here.

use pressmark::extract::page::{Access, BlockKind, Page, PageKind};
use pressmark::extract::{Hints, extract};

/// A language, a headline and five paragraphs.
type Story = (&'static str, &'static str, [&'static str; 5]);

const STORIES: [Story; 4] = [
    (
        "en",
        "Mill town argues about its weir",
        [
            "The weir above the mill will be lowered by a metre, the river board told the town on Monday.",
            "Anglers have asked for it for years, because the salmon turn back below the wall.",
            "The miller fears for his wheel and has collected eight hundred names against the plan.",
            "A hearing is planned for the autumn, and the board wants to begin in the winter.",
            "Nobody has said yet who is to pay for the work on the banks.",
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
            "Wer die Arbeiten an den Ufern bezahlt, hat noch niemand gesagt.",
        ],
    ),
    (
        "fr",
        "La ville du moulin se dispute sur son barrage",
        [
            "Le barrage au-dessus du moulin sera abaissé d’un mètre, a dit lundi le syndicat de la rivière.",
            "Les pêcheurs le demandent depuis des années, car les saumons font demi-tour sous le mur.",
            "Le meunier craint pour sa roue et a réuni huit cents signatures contre le projet.",
            "Une audience est prévue à l’automne, et le syndicat veut commencer en hiver.",
            "Personne n’a encore dit qui paiera les travaux sur les rives.",
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
            "Кто заплатит за работы на берегах, пока никто не сказал.",
        ],
    ),
];

fn paragraphs(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("<p>{text}</p>\n")).collect()
}

/// A page around a body: `head` in its head, `above` and `below` around the body inside the article.
fn page(story: &Story, head: &str, above: &str, body: &str, below: &str) -> Page {
    let (language, headline, _) = story;
    let html = format!(
        "<!doctype html><html lang={language}><head><title>{headline} | The Weir Post</title>{head}</head><body>\
         <header><nav><a href=/>Home</a> <a href=/town>Town</a></nav></header><main><article>\
         <h1>{headline}</h1>{above}{body}{below}</article></main><footer><p>© The Weir Post</p></footer></body></html>"
    );
    extract(html.as_bytes(), &Hints::default()).page
}

/// Each paragraph once, in order, and no other text of the page.
fn assert_whole(page: &Page, story: &Story, what: &str) {
    let mut at = 0;
    for text in &story.2 {
        let found: Vec<usize> = page.text.match_indices(text).map(|(at, _)| at).collect();
        assert_eq!(found.len(), 1, "{what} ({}): {text}\n{}", story.0, page.text);
        assert!(found[0] >= at, "{what} ({}): out of order\n{}", story.0, page.text);
        at = found[0];
    }
    assert!(!page.text.contains("The Weir Post") && !page.text.contains("Home"), "{what}");
}

#[test]
fn the_text_is_read_whatever_it_stands_in() {
    for story in &STORIES {
        let ps = &story.2;
        let all = paragraphs(ps);
        let (first, rest) = (paragraphs(&ps[..2]), paragraphs(&ps[2..]));
        let rows = |open: &str, close: &str| -> String {
            ps.iter().map(|text| format!("{open}{text}{close}")).collect()
        };
        let named = |selector: &str| {
            format!(
                "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"isAccessibleForFree\":\"False\",\
                 \"hasPart\":{{\"@type\":\"WebPageElement\",\"isAccessibleForFree\":false,\"cssSelector\":\"{selector}\"}}}}</script>"
            )
        };
        for (what, head, body) in [
            ("paragraphs", String::new(), all.clone()),
            (
                "two containers",
                String::new(),
                format!(
                    "<div class=part>{first}</div><div class=ad-slot>Ad</div><div class=part>{rest}</div>"
                ),
            ),
            (
                "a newsletter between",
                String::new(),
                format!(
                    "<section>{first}</section><div class=newsletter><form><input></form></div><section>{rest}</section>"
                ),
            ),
            (
                "each in a box",
                String::new(),
                rows("<div class=block><div class=in><p>", "</p></div></div>"),
            ),
            ("pre", String::new(), format!("<pre>{}</pre>", ps.join("\n\n"))),
            (
                "table rows",
                String::new(),
                format!("<table>{}</table>", rows("<tr><td>", "</td></tr>")),
            ),
            (
                "layout table",
                String::new(),
                format!(
                    "<table>{}</table>",
                    rows("<tr><td width=9>&nbsp;</td><td><font>", "</font></td></tr>")
                ),
            ),
            ("noscript", String::new(), format!("<div id=root></div><noscript>{all}</noscript>")),
            (
                "a shadow root",
                String::new(),
                format!(
                    "<x-body><template shadowrootmode=open><style>p{{color:red}}</style>{all}</template></x-body>"
                ),
            ),
            ("br br", String::new(), format!("<div>{}</div>", ps.join("<br><br>"))),
            (
                "named by cssSelector",
                named(".paywall"),
                format!("{first}<div class=paywall>{rest}</div>"),
            ),
            (
                "named by cssSelector of an id",
                named("#abo"),
                format!("{first}<div id=abo class=subscribe>{rest}</div>"),
            ),
            (
                "named by cssSelectors",
                named(".x, div.locked"),
                format!("{first}<div class='paywall locked'>{rest}</div>"),
            ),
            ("each named by cssSelector", named(".paywall"), rows("<p class=paywall>", "</p>")),
            (
                "copies for two screens",
                String::new(),
                format!("<div class=desktop>{all}</div><div class=mobile>{all}</div>"),
            ),
            ("two nameless copies", String::new(), format!("<div>{all}</div><div>{all}</div>")),
            (
                "a copy of the lead",
                String::new(),
                format!("<div class=m><p>{}</p></div><div class=d>{all}</div>", ps[0]),
            ),
            ("headings of the first level", String::new(), format!("{first}<h1>1 + 1</h1>{rest}")),
        ] {
            let page = page(story, &head, "", &body, "");
            assert_whole(&page, story, what);
            assert_eq!(page.headline.as_ref().map(|f| f.value.as_str()), Some(story.1), "{what}");
        }
    }
}

#[test]
fn invisible_content_is_not_text() {
    for story in &STORIES {
        let (first, rest) = (paragraphs(&story.2[..2]), paragraphs(&story.2[2..]));
        for (sheet, hidden) in [
            ("", "style='display:none'"),
            ("", "style='position:absolute; left:-9999px'"),
            ("", "hidden"),
            (".a{display:none}", "class=a"),
            ("#a, .b { display : none !important }", "id=a"),
            (".story .a{display:none}", "class=a"),
            ("article > div .a, .b{display:none}", "class=a"),
        ] {
            let inside = format!(
                "<p {hidden}>Only machines read this sentence of the page, 12 times a day.</p>"
            );
            let body = format!("<div class=story>{first}{inside}{rest}</div>");
            let page = page(story, &format!("<style>{sheet}</style>"), "", &body, "");
            assert_whole(&page, story, sheet);
            assert!(!page.text.contains("machines"), "{sheet} {hidden}: {}", page.text);
        }
        // Content that another rule shows again, that depends on a class of the whole page, or that is shown only in
        // print, is text.
        for sheet in [
            ".a{display:none} .a.open{display:block}",
            "@media print{.a{display:none}}",
            ".loading .a{display:none}",
        ] {
            let body = format!(
                "<div>{first}<p class=a>Every reader of the page sees this sentence.</p>{rest}</div>"
            );
            let page = page(story, &format!("<style>{sheet}</style>"), "", &body, "");
            assert!(page.text.contains("sees this sentence"), "{sheet}: {}", page.text);
        }
    }
}

#[test]
fn struck_out_text_is_left_out() {
    for (written, read) in [
        ("on <del>Monday</del> <ins>Friday</ins>, it said", "on Friday, it said"),
        ("on <s>Monday</s> Friday, it said", "on Friday, it said"),
        ("on <strike>Monday</strike> Friday, it said", "on Friday, it said"),
        (
            "on <span style='text-decoration: line-through'>Monday</span> Friday, it said",
            "on Friday, it said",
        ),
        ("on <span class=strikethrough>Monday</span> Friday, it said", "on Friday, it said"),
    ] {
        let story = &STORIES[0];
        let body =
            format!("{}<p>The board will meet {written} in a letter.</p>", paragraphs(&story.2));
        let page = page(story, "", "", &body, "");
        assert!(
            page.text.contains(&format!("The board will meet {read} in a letter.")),
            "{}",
            page.text
        );
    }
    // A strikethrough tag that was never closed strikes nothing out.
    let story = &STORIES[0];
    let page = page(story, "", "", &format!("<p><s>{}</p>", paragraphs(&story.2)), "");
    assert!(story.2.iter().all(|text| page.text.contains(text)), "{}", page.text);
}

#[test]
fn quoted_elements_have_the_marks_of_their_language() {
    for (language, written, read) in [
        ("en", "<q>We were not asked,</q> she said.", "“We were not asked,” she said."),
        ("en", "<q>He said <q>no</q> twice,</q> she said.", "“He said ‘no’ twice,” she said."),
        ("en", "“<q>We were not asked,</q>” she said.", "“We were not asked,” she said."),
        ("en", "<q>“We were not asked,”</q> she said.", "“We were not asked,” she said."),
        ("de", "<q>Niemand hat gefragt</q>, sagte sie.", "„Niemand hat gefragt“, sagte sie."),
        ("ru", "<q>Нас не спросили</q>, — сказала она.", "«Нас не спросили», — сказала она."),
        ("ja", "彼女は<q>聞かれなかった</q>と話した。", "彼女は「聞かれなかった」と話した。"),
    ] {
        let html = format!(
            "<html lang={language}><body><article><h1>Weir</h1>{}<p>{written}</p></article></body></html>",
            paragraphs(&STORIES[0].2)
        );
        let page = extract(html.as_bytes(), &Hints::default()).page;
        assert!(page.text.ends_with(read), "{written}: {}", page.text);
    }
}

#[test]
fn parts_beside_the_prose_belong_to_the_article() {
    for story in &STORIES {
        let ps = &story.2;
        let (first, rest) = (paragraphs(&ps[..2]), paragraphs(&ps[2..]));
        let all = paragraphs(ps);
        // A sentence of another story in the same language takes the place of the box's text.
        let says = match story.0 {
            "en" => "The wheel turns since 1811 and grinds four tonnes of rye in a week.",
            "de" => "Das Rad dreht sich seit 1811 und mahlt vier Tonnen Roggen in der Woche.",
            "fr" => "La roue tourne depuis 1811 et moud quatre tonnes de seigle par semaine.",
            _ => "Колесо вращается с 1811 года и мелет четыре тонны ржи в неделю.",
        };
        for form in [
            "<aside class=factbox><h3>+</h3><p>X</p></aside>",
            "<aside><p>X</p></aside>",
            "<div class=info-box><p>X</p></div>",
            "<details><summary>?</summary><p>X</p></details>",
            "<aside class=pull-quote><p>X</p></aside>",
            "<blockquote class=pullquote><p>X</p></blockquote>",
            "<figure><img src=/a.jpg><figcaption>X</figcaption></figure>",
        ] {
            let body =
                format!("<div class=article-body>{first}{}{rest}</div>", form.replace('X', says));
            let page = page(story, "", "", &body, "");
            assert_whole(&page, story, form);
            assert!(page.text.contains(says), "{form}: {}", page.text);
        }
        // A caption behind the text, and a standfirst of any name.
        let caption = format!("<figure><img src=/a.jpg><figcaption>{says}</figcaption></figure>");
        let body = format!("<div class=article-body>{all}</div>");
        for (above, below, what) in [
            ("", caption.as_str(), "a caption behind the text"),
            (&format!("<p class=x1>{says}</p>"), "", "a standfirst"),
            (&format!("<h2 class=y2>{says}</h2>"), "", "a standfirst that is a heading"),
            (&format!("<div class=z3>{says}</div>"), "", "a standfirst in a box"),
        ] {
            let page = page(story, "", above, &body, below);
            assert_whole(&page, story, what);
            assert!(page.text.contains(says), "{what}: {}", page.text);
            let is_first = page.blocks.first().is_some_and(|b| b.kind == BlockKind::Standfirst);
            assert_eq!(is_first, !above.is_empty(), "{what}: {:?}", page.blocks.first());
        }
        // Repeated text appears once.
        let again = ps[2].trim_end_matches('.');
        for form in [
            "<blockquote class=pullquote><p>X</p></blockquote>",
            "<aside class=pull-quote><p>X</p></aside>",
        ] {
            let body = format!("<div>{all}{}</div>", form.replace('X', again));
            assert_whole(&page(story, "", "", &body, ""), story, form);
        }
        let head = format!("<meta name=description content='{}'>", ps[0]);
        let page = page(story, &head, &format!("<p class=standfirst>{}</p>", ps[0]), &body, "");
        assert_whole(&page, story, "a standfirst that is the first paragraph");
    }
}

#[test]
fn what_belongs_to_the_page_is_left_out() {
    for story in &STORIES {
        let all = format!("<div class=article-body>{}</div>", paragraphs(&story.2));
        let teaser =
            "Bakers on the coast warn that flour will cost twice as much before the spring.";
        for (above, below) in [
            ("<div class=hub><h2><a href=/x>Flour</a></h2><p>X</p></div>", ""),
            ("", "<div class=hub><h3><a href=/x>Flour</a></h3><p>X</p></div>"),
            ("", "<a href=/x><h3>Flour</h3><p>X</p></a>"),
            ("", "<aside class=related><h3>Flour</h3><p>X</p></aside>"),
            ("", "<aside><p><a href=/x>X</a></p></aside>"),
        ] {
            let (above, below) = (above.replace('X', teaser), below.replace('X', teaser));
            let page = page(story, "", &above, &all, &below);
            assert_whole(&page, story, &below);
            assert!(!page.text.contains("Bakers"), "{above}{below}: {}", page.text);
        }
    }
}

#[test]
fn a_short_article_stands_beside_long_boxes() {
    let consent = [
        "We and our 842 partners store information on your device, such as cookies, and measure what you read.",
        "Wir und unsere 842 Partner speichern Informationen auf Ihrem Gerät, etwa Cookies, und messen Anzeigen.",
        "Nous et nos 842 partenaires stockons des informations sur votre appareil, comme des cookies.",
        "Мы и наши 842 партнера храним на вашем устройстве файлы cookie и измеряем рекламу.",
    ];
    for (story, consent) in STORIES.iter().zip(consent) {
        let (language, headline, ps) = story;
        let boxes = format!("<p>{consent}</p>").repeat(6);
        let html = format!(
            "<html lang={language}><head><title>{headline}</title>\
             <meta property=article:published_time content=2026-03-01T08:00:00Z></head><body><main><article>\
             <h1>{headline}</h1>{}</article></main><div class=q>{boxes}</div></body></html>",
            paragraphs(&ps[..2])
        );
        let page = extract(html.as_bytes(), &Hints::default()).page;
        assert!(page.text.contains(ps[0]) && page.text.contains(ps[1]), "{}", page.text);
        assert!(!page.text.contains("842"), "{}", page.text);
        assert_eq!(page.kind, PageKind::Article);
        // The same box alone is a consent page.
        let html = format!(
            "<html lang={language}><body><div class=q><h1>Post</h1><p>{consent}</p></div></body></html>"
        );
        let page = extract(html.as_bytes(), &Hints::default()).page;
        assert_eq!(page.kind, PageKind::Consent, "{language}");
    }
}

#[test]
fn a_wall_is_recognised_and_is_not_text() {
    let walls = [
        "This story is for subscribers only. Sign in to continue reading.",
        "Weiterlesen mit Abo: Dieser Artikel ist nur für Abonnenten.",
        "La suite est réservée aux abonnés.",
        "Материал доступен только подписчикам.",
    ];
    for (story, wall) in STORIES.iter().zip(walls) {
        let body = format!("{}<div class=q8><p>{wall}</p></div>", paragraphs(&story.2[..2]));
        let page = page(story, "", "", &body, "");
        assert_eq!(page.access, Access::Paid, "{wall}");
        assert!(!page.text.contains(wall), "{wall}: {}", page.text);
        assert!(page.text.contains(story.2[1]), "{}", page.text);
    }
    // A bar at the top addresses subscribers on free pages, too.
    let (language, headline, ps) = &STORIES[0];
    let html = format!(
        "<html lang={language}><body><div class=top>Already a subscriber? <a href=/l>Log in</a></div><article>\
         <h1>{headline}</h1>{}</article></body></html>",
        paragraphs(ps)
    );
    assert_eq!(extract(html.as_bytes(), &Hints::default()).page.access, Access::Free);
}

#[test]
fn a_live_page_keeps_its_introduction_and_its_shortest_entries() {
    for story in &STORIES {
        let ps = &story.2;
        let says = match story.0 {
            "en" => ["The weir is closed.", "Boats have come.", "The mayor speaks."],
            "de" => ["Das Wehr ist zu.", "Boote sind da.", "Der Rat tagt."],
            "fr" => ["Le barrage est fermé.", "Des bateaux sont là.", "Le maire parle."],
            _ => ["Плотина закрыта.", "Лодки пришли.", "Говорит мэр."],
        };
        for (tag, last) in [("article", ""), ("div", ps[1]), ("li", "")] {
            let entry = |n: usize, text: &str| {
                format!(
                    "<{tag} class=e><time datetime=2026-03-04T0{n}:30:00Z>0{n}:30</time><p>{text} {last}</p></{tag}>"
                )
            };
            let feed: String =
                says.iter().enumerate().map(|(n, text)| entry(9 - n, text)).collect();
            let body =
                format!("<div class=intro><p>{}</p></div><div class=feed>{feed}</div>", ps[0]);
            let page = page(story, "", "", &body, "");
            assert_eq!(page.kind, PageKind::Live, "{tag}: {:?}", page.blocks);
            assert!(page.text.starts_with(ps[0]), "{tag}: {}", page.text);
            assert!(says.iter().all(|text| page.text.contains(text)), "{tag}: {}", page.text);
        }
    }
}

#[test]
fn a_list_may_be_the_article() {
    let story = &STORIES[0];
    let names = [
        "Tilda Brand, for The Long Winter",
        "Marek Olsen, for Boats of Ash",
        "Ines Prado, for Salt",
    ];
    let items: String = names.iter().map(|name| format!("<li>{name}</li>")).collect();
    for list in [format!("<ul>{items}</ul>"), format!("<ol>{items}</ol>")] {
        let page = page(story, "", "", &format!("<p>{}</p>{list}", story.2[4]), "");
        assert!(names.iter().all(|name| page.text.contains(name)), "{}", page.text);
    }
}

#[test]
fn an_update_line_is_a_date_and_not_text() {
    for (language, line, day) in [
        ("de", "Stand: 05.03.2026 11:20 Uhr", "2026-03-05"),
        ("de", "Zuletzt aktualisiert: 5. März 2026, 11.20 Uhr", "2026-03-05"),
        ("fr", "Dernière mise à jour : 05/03/2026 11:20", "2026-03-05"),
        ("es", "Actualizado: 5 de marzo de 2026 a las 11:20", "2026-03-05"),
        ("it", "Ultimo aggiornamento: 5 marzo 2026 11:20", "2026-03-05"),
        ("pl", "Aktualizacja: 5 marca 2026, 11:20", "2026-03-05"),
        ("ru", "Обновлено: 5 марта 2026, 11:20", "2026-03-05"),
        ("ja", "最終更新 2026/03/05 11:20", "2026-03-05"),
        ("en", "Last updated: March 5, 2026", "2026-03-05"),
    ] {
        let (_, headline, ps) = &STORIES[0];
        for (above, below) in [(line, ""), ("", line)] {
            let html = format!(
                "<html lang={language}><head><meta property=article:modified_time content=2026-03-04T08:00:00Z></head>\
                 <body><article><h1>{headline}</h1><p>{above}</p>{}<p>{below}</p></article></body></html>",
                paragraphs(ps)
            );
            let page = extract(html.as_bytes(), &Hints::default()).page;
            let modified = page.modified.as_ref().map(|fact| fact.value.text.as_str());
            assert!(modified.is_some_and(|text| text.starts_with(day)), "{line}: {modified:?}");
            assert!(!page.text.contains(line) && page.notices.is_empty(), "{line}: {}", page.text);
        }
    }
}
