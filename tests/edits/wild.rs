//! Changes of kinds seen in the wild, by tables and in several languages: pictures, players, kickers,
//! standfirsts, summaries, words crossed out, dates of change, notices beside the text, walls, log-in pages,
//! live entries, counters. Each pair is made here; a case says which change must be reported and which may be.

use pressmark::diff::{Acknowledgement, ChangeKind, CompareOptions, Comparison, compare};
use pressmark::extract::{Hints, extract};

/// A language, a headline, three paragraphs, and a sentence with a place for a figure.
type Story = (&'static str, &'static str, [&'static str; 3], &'static str);

const STORIES: [Story; 4] = [
    (
        "en",
        "Harbour gets a new crane",
        [
            "The harbour will get a new crane in the spring, the port authority told the council on Monday.",
            "Dockers have asked for it since the old one dropped a load of timber on the quay.",
            "The crane comes by ship and will be put together behind the customs house.",
        ],
        "The crane lifts # tonnes, according to the yard.",
    ),
    (
        "de",
        "Hafen bekommt einen neuen Kran",
        [
            "Der Hafen bekommt im Frühjahr einen neuen Kran, teilte die Hafenbehörde dem Rat am Montag mit.",
            "Die Arbeiter fordern ihn, seit der alte eine Ladung Holz auf den Kai fallen ließ.",
            "Der Kran kommt mit dem Schiff und wird hinter dem Zollhaus zusammengesetzt.",
        ],
        "Der Kran hebt # Tonnen, teilte die Werft mit.",
    ),
    (
        "es",
        "El puerto tendrá una grúa nueva",
        [
            "El puerto tendrá una grúa nueva en primavera, dijo el lunes la autoridad portuaria al consejo.",
            "Los estibadores la piden desde que la vieja dejó caer una carga de madera en el muelle.",
            "La grúa llega por barco y se montará detrás de la aduana.",
        ],
        "La grúa levanta # toneladas, según el astillero.",
    ),
    (
        "ru",
        "Порт получит новый кран",
        [
            "Порт получит весной новый кран, сообщило в понедельник совету управление порта.",
            "Докеры просят его с тех пор, как старый уронил на причал груз леса.",
            "Кран придёт на корабле, и его соберут за зданием таможни.",
        ],
        "Кран поднимает # тонн, сообщила верфь.",
    ),
];

const PUBLISHED: &str = "<meta property=article:published_time content=2026-03-01T08:00:00Z>";

/// HTML that is inserted into a page, by place.
#[derive(Default, Clone, Copy)]
struct Parts<'a> {
    head: &'a str,
    /// Before the article.
    before: &'a str,
    /// Above the headline.
    kicker: &'a str,
    /// Between headline and text.
    above: &'a str,
    /// In the middle of the text.
    inside: &'a str,
    /// Behind the text, in the article.
    below: &'a str,
    /// Behind the article.
    after: &'a str,
}

fn page(story: &Story, figure: &str, parts: Parts<'_>) -> String {
    let (language, headline, [a, b, c], with) = story;
    let Parts { head, before, kicker, above, inside, below, after } = parts;
    let with = with.replace('#', figure);
    format!(
        "<!doctype html><html lang={language}><head><title>{headline} | The Quay</title>{PUBLISHED}{head}</head><body>\
         <nav><a href=/>Home</a></nav><main>{before}<article>{kicker}<h1>{headline}</h1>{above}\
         <div class=article-body><p>{a}</p><p>{b}</p>{inside}<p>{c}</p><p>{with}</p></div>{below}</article></main>\
         {after}<footer><p>© The Quay</p></footer></body></html>"
    )
}

fn compared(old: &str, new: &str) -> Comparison {
    let read = |html: &str| extract(html.as_bytes(), &Hints::default()).page;
    compare(&read(old), &read(new), &CompareOptions::default())
}

fn kinds(found: &Comparison) -> Vec<ChangeKind> {
    let told = found.changes.iter().filter(|c| !c.notation && c.kind != ChangeKind::Modified);
    told.map(|change| change.kind).collect()
}

/// Both directions of a pair give one change of this kind and no other.
fn assert_one(old: &str, new: &str, kind: ChangeKind, what: &str) {
    for (old, new) in [(old, new), (new, old)] {
        let found = compared(old, new);
        assert_eq!(kinds(&found), [kind], "{what}: {:?}", found.changes);
    }
}

fn assert_none(old: &str, new: &str, what: &str) {
    for (old, new) in [(old, new), (new, old)] {
        let found = compared(old, new);
        assert_eq!(kinds(&found), [], "{what}: {:?}", found.changes);
        assert!(!found.stealth, "{what}");
    }
}

#[test]
fn pictures_and_players_are_compared() {
    for story in &STORIES {
        for (old, new) in [
            ("<figure><img src=/a.jpg></figure>", "<figure><img src=/b.jpg></figure>"),
            ("<figure><img src=/a.jpg></figure>", ""),
            (
                "<p><img src=/a.jpg alt='200 dockers'></p>",
                "<p><img src=/a.jpg alt='2,000 dockers'></p>",
            ),
            (
                "<figure><img src=/a.jpg><figcaption>Ida Holt</figcaption></figure>",
                "<figure><img src=/a.jpg><figcaption>Ida Venn</figcaption></figure>",
            ),
            ("<iframe src=https://video.example/e/1></iframe>", ""),
            ("<video src=/1.mp4></video>", "<video src=/2.mp4></video>"),
        ] {
            let with = |inside| page(story, "40", Parts { inside, ..Parts::default() });
            assert_one(&with(old), &with(new), ChangeKind::ImageChanged, old);
            let with = |above| page(story, "40", Parts { above, ..Parts::default() });
            assert_one(&with(old), &with(new), ChangeKind::ImageChanged, old);
        }
        for (old, new) in [
            ("<img src=/a-640x400.jpg?w=640>", "<img src=/a-1200x800.jpg?w=1200>"),
            ("<img src='data:image/gif;base64,R0' data-src=/a.jpg>", "<img src=/a.jpg>"),
            ("<img src=/p.gif?1 width=1 height=1>", "<img src=/q.gif?2 width=1 height=1>"),
            (
                "<iframe src='https://v.example/e/1?autoplay=1'></iframe>",
                "<iframe src='https://v.example/e/1?t=9'></iframe>",
            ),
            (
                "<div class=ad-slot><img src=/1.jpg></div>",
                "<div class=ad-slot><img src=/2.jpg></div>",
            ),
            (
                "<div class=author><img src=/1.jpg></div>",
                "<div class=author><img src=/2.jpg></div>",
            ),
        ] {
            let with = |inside| page(story, "40", Parts { inside, ..Parts::default() });
            assert_none(&with(old), &with(new), old);
        }
    }
}

#[test]
fn a_kicker_that_changes_what_the_article_is_is_told() {
    for (at, old, new) in [
        (0, "News", "Sponsored content"),
        (0, "Analysis", "Opinion"),
        (1, "Nachricht", "Anzeige"),
        (1, "Analyse", "Kommentar"),
        (2, "Análisis", "Opinión"),
        (3, "Новости", "На правах рекламы"),
    ] {
        for form in
            ["<p class=kicker>X</p>", "<div><span>X</span></div>", "<a class=u href=/s>X</a>"]
        {
            let (a, b) = (form.replace('X', old), form.replace('X', new));
            let with =
                |kicker: &str| page(&STORIES[at], "40", Parts { kicker, ..Parts::default() });
            let found = compared(&with(&a), &with(&b));
            assert_eq!(kinds(&found), [ChangeKind::Headline], "{form} {old}");
            assert_eq!(found.changes[0].about.as_deref(), Some("kicker"));
            assert_eq!(found.changes[0].after.as_deref(), Some(new));
        }
        let with = |kicker: &str| page(&STORIES[at], "40", Parts { kicker, ..Parts::default() });
        let label = format!("<p class=label>{new}</p>");
        assert_one(&with(""), &with(&label), ChangeKind::Headline, new);
    }
    for (old, new) in [
        ("5 min read", "6 min read"),
        ("12 comments", "140 comments"),
        ("Good morning, reader from Kelt", "Good evening, reader from Rosmoor"),
        ("Thursday, 5 March 2026", "Friday, 6 March 2026"),
    ] {
        let form = |text: &str| format!("<div class=bar>{text}</div>");
        let (a, b) = (form(old), form(new));
        let with = |before: &str| page(&STORIES[0], "40", Parts { before, ..Parts::default() });
        assert_none(&with(&a), &with(&b), old);
    }
}

#[test]
fn boxes_standfirsts_and_summaries_are_compared() {
    for story in &STORIES {
        let says = |figure: &str| match story.0 {
            "en" => format!("Insurers paid {figure} million crowns after the accident in autumn."),
            "de" => {
                format!("Versicherer zahlten nach dem Unfall im Herbst {figure} Millionen Kronen.")
            }
            "es" => format!(
                "Las aseguradoras pagaron {figure} millones de coronas tras el accidente de otoño."
            ),
            _ => format!("Страховщики заплатили после осенней аварии {figure} миллионов крон."),
        };
        for form in [
            "<aside class=factbox><p>X</p></aside>",
            "<aside><p>X</p></aside>",
            "<div class=info-box><p>X</p></div>",
            "<details><summary>?</summary><p>X</p></details>",
        ] {
            let (a, b) = (form.replace('X', &says("12")), form.replace('X', &says("21")));
            let with = |inside: &str| page(story, "40", Parts { inside, ..Parts::default() });
            assert_one(&with(&a), &with(&b), ChangeKind::FigureChanged, form);
        }
        for form in ["<p class=x1>X</p>", "<h2 class=y2>X</h2>", "<div class=z3>X</div>"] {
            let (a, b) = (form.replace('X', &says("12")), form.replace('X', &says("21")));
            let with = |above: &str| page(story, "40", Parts { above, ..Parts::default() });
            assert_one(&with(&a), &with(&b), ChangeKind::FigureChanged, form);
        }
        for name in ["name=description", "property=og:description"] {
            let form = |figure| format!("<meta {name} content='{}'>", says(figure));
            let (a, b) = (form("12"), form("21"));
            let with = |head: &str| page(story, "40", Parts { head, ..Parts::default() });
            let found = compared(&with(&a), &with(&b));
            assert_eq!(kinds(&found), [ChangeKind::FigureChanged], "{name}");
            // No reader of the page sees it: its change is reported, but not as stealth.
            assert!(!found.stealth && found.changes[0].new_range.is_none(), "{name}");
            assert_eq!(found.changes[0].about.as_deref(), Some("description"));
        }
    }
}

#[test]
fn what_is_crossed_out_has_given_way_to_what_stands_beside_it() {
    for (language, sentence, old, new) in [
        ("en", "The vote was put off until #, the council said.", "Tuesday", "Thursday"),
        (
            "de",
            "Die Abstimmung ist auf # verschoben, teilte der Rat mit.",
            "Dienstag",
            "Donnerstag",
        ),
        ("fr", "Le vote est repoussé à #, a dit le conseil.", "mardi", "jeudi"),
        ("es", "La votación se aplazó hasta el #, dijo el cabildo.", "martes", "jueves"),
        ("ru", "Голосование отложено на #, сообщил совет.", "вторник", "четверг"),
    ] {
        for form in ["<del>A</del> <ins>B</ins>", "<s>A</s> B", "<strike>A</strike> B"] {
            let html = |words: &str| {
                let [a, b, c] = STORIES[0].2;
                format!(
                    "<html lang={language}><article><h1>Vote</h1><p>{a}</p><p>{b}</p><p>{c}</p><p>{}</p></article>",
                    sentence.replace('#', words)
                )
            };
            let struck = form.replace('A', "\u{1}").replace('B', new).replace('\u{1}', old);
            let found = compared(&html(old), &html(&struck));
            assert_eq!(
                kinds(&found),
                [ChangeKind::DateChanged],
                "{language} {form}: {:?}",
                found.changes
            );
            assert_eq!(found.changes[0].after.as_deref(), Some(new));
            // Readers see the earlier words: the page acknowledges the change.
            let said = [Acknowledgement::Struck(old.to_owned())];
            assert!(!found.stealth && found.acknowledged_by == said, "{language} {form}");
            // The crossed-out words are removed, and the text stays.
            assert_none(&html(&struck), &html(new), form);
        }
    }
}

#[test]
fn what_is_crossed_out_owns_up_to_its_own_change_alone() {
    let html = |sentences: [&str; 3]| {
        let [a, b, c] = sentences;
        format!(
            "<html lang=en><article><h1>Fair</h1><p>{}</p><p>{a} {b}</p><p>{c}</p></article>",
            STORIES[0].2[0]
        )
    };
    let (day, price, hall) =
        ("The fair begins on 4 May.", "A stall costs 12 crowns a day.", "It is held in the hall.");
    let old = html([day, price, hall]);
    let cases = [
        (["The fair begins on <s>4</s> 6 May.", price, hall], false),
        (["<del>The fair begins on 4 May.</del> It was called off.", price, hall], false),
        ([day, price, "<s>It is held in the hall.</s>"], false),
        ([day, price, "It is <s>held in the hall</s> called off."], false),
        // Another edit beside it, and other words than those that went.
        (["The fair begins on <s>4</s> 6 May.", "A stall costs 21 crowns a day.", hall], true),
        (["The fair begins on <s>1</s> 6 May.", price, hall], true),
        ([day, "A stall costs 21 crowns a day.", "It is held in the <s>old</s> hall."], true),
    ];
    for (new, stealth) in cases {
        let found = compared(&old, &html(new));
        assert_eq!(found.stealth, stealth, "{new:?}: {:?}", found.changes);
    }
    // Words crossed out before do not acknowledge a later edit.
    let struck = "The fair begins on <s>4</s> 6 May.";
    let found = compared(
        &html([struck, price, hall]),
        &html(["The fair begins on <s>4</s> 8 May.", price, hall]),
    );
    assert!(found.stealth && found.acknowledged_by.is_empty(), "{:?}", found.changes);
}

#[test]
fn a_shown_date_of_change_owns_up_to_it() {
    for (at, line) in [
        (0, "Last updated: March 5, 2026"),
        (0, "Modified 5 March 2026 11:20"),
        (1, "Stand: 05.03.2026 11:20 Uhr"),
        (1, "Zuletzt aktualisiert: 5. März 2026, 11.20 Uhr"),
        (2, "Actualizado: 5 de marzo de 2026 a las 11:20"),
        (2, "Última actualización 05/03/2026"),
        (3, "Обновлено: 5 марта 2026, 11:20"),
        (3, "Изменено 05.03.2026 в 11:20"),
    ] {
        let story = &STORIES[at];
        let stale = "<meta property=article:modified_time content=2026-03-04T08:00:00Z>";
        for head in ["", stale] {
            let old = page(story, "40", Parts { head, ..Parts::default() });
            let line = format!("<p>{line}</p>");
            for parts in [
                Parts { head, above: &line, ..Parts::default() },
                Parts { head, below: &line, ..Parts::default() },
            ] {
                let found = compared(&old, &page(story, "41", parts));
                assert_eq!(
                    kinds(&found),
                    [ChangeKind::FigureChanged],
                    "{line}: {:?}",
                    found.changes
                );
                assert!(!found.stealth, "{line}");
            }
        }
        let silent =
            compared(&page(story, "40", Parts::default()), &page(story, "41", Parts::default()));
        assert!(silent.stealth);
    }
}

#[test]
fn a_notice_around_the_article_owns_up_to_it() {
    let notices = [
        "Correction: An earlier version of this article misstated what the crane lifts.",
        "Korrektur: In einer früheren Fassung dieses Artikels war das Gewicht falsch angegeben.",
        "Corrección: una versión anterior de este artículo daba un peso erróneo.",
        "Исправление: в предыдущей версии статьи был указан неверный вес.",
    ];
    for (story, notice) in STORIES.iter().zip(notices) {
        let old = page(story, "40", Parts::default());
        let (aside, footer) = (
            format!("<aside><p>{notice}</p></aside>"),
            format!("<footer><p>{notice}</p></footer>"),
        );
        let (plain, boxed) =
            (format!("<p class=meta>{notice}</p>"), format!("<div class=u><p>{notice}</p></div>"));
        for parts in [
            Parts { below: &aside, ..Parts::default() },
            Parts { below: &footer, ..Parts::default() },
            Parts { above: &plain, ..Parts::default() },
            Parts { before: &boxed, ..Parts::default() },
            Parts { after: &boxed, ..Parts::default() },
        ] {
            let found = compared(&old, &page(story, "41", parts));
            let mut told = kinds(&found);
            told.sort();
            assert_eq!(
                told,
                [ChangeKind::FigureChanged, ChangeKind::Correction],
                "{notice}: {:?}",
                found.changes
            );
            assert!(!found.stealth, "{notice}");
        }
    }
}

#[test]
fn a_page_to_log_in_and_a_wall_are_no_edit() {
    let words = [
        ("Log in", "Please log in to read this article.", "This story is for subscribers only."),
        ("Anmelden", "Bitte melden Sie sich an.", "Dieser Artikel ist nur für Abonnenten."),
        (
            "Iniciar sesión",
            "Inicia sesión para seguir leyendo.",
            "Contenido exclusivo para suscriptores.",
        ),
        ("Войти", "Войдите, чтобы прочитать статью.", "Материал доступен только подписчикам."),
    ];
    for (story, (name, asks, wall)) in STORIES.iter().zip(words) {
        let whole = page(story, "40", Parts::default());
        let login = format!(
            "<html lang={}><head><title>{name}</title></head><body><main><h1>{name}</h1><p>{asks}</p><form>\
             <input type=email><input type=password></form></main></body></html>",
            story.0
        );
        let [a, b, _] = story.2;
        let walled = format!(
            "<html lang={}><body><main><article><h1>{}</h1><div class=article-body><p>{a}</p><p>{b}</p>\
             <div class=q8><p>{wall}</p></div></div></article></main></body></html>",
            story.0, story.1
        );
        for (page, what) in [(&login, name), (&walled, wall)] {
            assert_eq!(kinds(&compared(&whole, page)), [ChangeKind::Paywalled], "{what}");
            assert_eq!(kinds(&compared(page, &whole)), [ChangeKind::Restored], "{what}");
        }
    }
}

#[test]
fn new_entries_of_a_live_page_declare_themselves() {
    let says = [
        ["The weir is shut.", "Boats have come.", "The mayor speaks.", "It rains."],
        ["Das Wehr ist zu.", "Boote sind da.", "Der Rat tagt.", "Es regnet."],
        ["La presa está cerrada.", "Hay barcos.", "Habla el alcalde.", "Llueve."],
        ["Плотина закрыта.", "Лодки пришли.", "Говорит мэр.", "Идёт дождь."],
    ];
    for (story, says) in STORIES.iter().zip(says) {
        let html = |entries: &[(usize, String)]| {
            let feed: String = entries
                .iter()
                .map(|(n, text)| format!("<article class=e><time datetime=2026-03-04T0{n}:30:00Z>0{n}:30</time><p>{text}</p></article>"))
                .collect();
            format!(
                "<html lang={}><head>{PUBLISHED}</head><main><article><h1>{}</h1><div class=feed>{feed}</div></article></main>",
                story.0, story.1
            )
        };
        let short: Vec<(usize, String)> =
            says.iter().enumerate().map(|(n, text)| (9 - n, (*text).to_owned())).collect();
        let added = compared(&html(&short[1..]), &html(&short));
        let mut told = kinds(&added);
        told.dedup();
        assert_eq!(told, [ChangeKind::TextAdded], "{:?}", added.changes);
        assert!(!added.stealth);
        let mut long = short.clone();
        long[0].1 = story.2[1].to_owned();
        let added = compared(&html(&short[1..]), &html(&long));
        let mut told = kinds(&added);
        told.dedup();
        assert_eq!(told, [ChangeKind::TextAdded], "{:?}", added.changes);
        assert!(!added.stealth);
        let mut edited = short.clone();
        edited[2].1 = format!("{} 12.", says[2]);
        assert!(compared(&html(&short), &html(&edited)).stealth);
    }
}

#[test]
fn counters_and_countdowns_without_a_name_are_no_change() {
    for (at, old, new) in [
        (0, "412 donors so far", "417 donors so far"),
        (0, "3,412 views", "3,977 views"),
        (0, "Only 3 days left", "Only 2 days left"),
        (0, "You have 3 free articles left this month", "You have 2 free articles left this month"),
        (1, "412 Unterstützer sind schon dabei", "430 Unterstützer sind schon dabei"),
        (1, "Noch 3 Tage und 4 Stunden", "Noch 2 Tage und 9 Stunden"),
        (1, "Gedruckt am 5. März 2026", "Gedruckt am 9. März 2026"),
        (2, "412 personas están leyendo esto", "530 personas están leyendo esto"),
        (2, "Quedan 3 días", "Quedan 2 días"),
        (3, "412 просмотров", "530 просмотров"),
        (3, "Распечатано 5 марта 2026", "Распечатано 9 марта 2026"),
    ] {
        let (a, b) = (format!("<p>{old}</p>"), format!("<p>{new}</p>"));
        let with = |inside: &str| page(&STORIES[at], "40", Parts { inside, ..Parts::default() });
        assert_none(&with(&a), &with(&b), old);
    }
    // Sentences about the same subject are text.
    for (old, new) in [
        ("The yard has 412 donors.", "The yard has 430 donors."),
        ("They had 3 days left to reply.", "They had 2 days left to reply."),
    ] {
        let (a, b) = (format!("<p>{old}</p>"), format!("<p>{new}</p>"));
        let with = |inside: &str| page(&STORIES[0], "40", Parts { inside, ..Parts::default() });
        assert_one(&with(&a), &with(&b), ChangeKind::FigureChanged, old);
    }
}
