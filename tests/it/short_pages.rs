//! Short pages, where a single line decides: texts that replace an article and texts that only report on such
//! things, lines in which a page refers to itself, walls in different wordings, unrelated boxes.

use pressmark::extract::page::{Access, Page, PageKind};
use pressmark::extract::{Hints, extract};

/// A page with this head and this body.
fn page(language: &str, head: &str, body: &str) -> Page {
    let html = format!(
        "<!doctype html><html lang={language}><head><title>Mill town - The Weir Post</title>{head}</head><body>\
         <header><nav><a href=/>Home</a></nav></header>{body}<footer><p>© The Weir Post</p></footer></body></html>"
    );
    extract(html.as_bytes(), &Hints::default()).page
}

/// An article with a headline and these paragraphs.
fn article(paragraphs: &[&str]) -> String {
    let all: String = paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
    format!("<main><article><h1>The weir will stay for now</h1>{all}</article></main>")
}

const FACTS: &str = "<meta property=og:type content=article>\
    <meta property=article:published_time content='2025-05-14T08:00:00Z'>";

#[test]
fn a_story_that_uses_the_words_of_a_wall_is_a_story() {
    let around = [
        "The river board met the town on Monday and spoke for three hours about the wall above the mill.",
        "A hearing is planned for the autumn, and nobody has said who is to pay for the work.",
    ];
    for line in [
        "The plaque has been removed from the weir, the mayor said.",
        "Boats are no longer available at the quay.",
        "The owner could not be found on Tuesday.",
        "The board keeps its form behind a captcha.",
        "Access denied: the board does not let anglers onto the wall.",
        "“Page not found” is what readers of the old plan saw.",
        "Die Pläne sind im Rathaus nicht mehr verfügbar.",
        "Le bac n’est plus disponible le dimanche.",
        "El puente ya no está disponible para coches.",
        "Проезд закрыт, доступ ограничен до осени.",
        "旧的告示牌已被删除。",
    ] {
        for head in ["", FACTS] {
            let text = [around[0], line, around[1]];
            // On a page without declarations, a strong phrase may mean that it is gone.
            if head.is_empty() && line.contains("Page not found") {
                continue;
            }
            let page = page("en", head, &article(&text));
            assert_eq!(page.kind, PageKind::Article, "{line} {head}");
            assert!(page.text.contains(line), "{line}");
        }
    }
}

#[test]
fn what_stands_in_place_of_an_article_is_known() {
    let gone = |text: &str| format!("<main><h1>Sorry</h1><p>{text}</p></main>");
    for (language, text) in [
        ("en", "This article has been removed."),
        ("en", "The page you requested is no longer available. Try the search."),
        ("de", "Dieser Beitrag ist leider nicht mehr verfügbar."),
        ("fr", "Cet article n’est plus disponible."),
        ("sv", "Sidan finns inte längre."),
        ("ru", "Страница была удалена."),
        ("ja", "この記事は掲載期間が終了しました。"),
    ] {
        assert_eq!(page(language, "", &gone(text)).kind, PageKind::SoftNotFound, "{text}");
    }
    // The template's facts stay when the text is gone.
    let removed = article(&["This article is no longer available."]);
    assert_eq!(page("en", FACTS, &removed).kind, PageKind::SoftNotFound);
    for text in ["Access denied", "Please solve the captcha to continue.", "Zugriff verweigert"] {
        let body = format!("<main><h1>Weir Post</h1><p>{text}</p></main>");
        assert_eq!(page("en", "", &body).kind, PageKind::Block, "{text}");
    }
    let error = "<!doctype html><title>503 Service Unavailable</title><h1>Service Unavailable</h1>\
        <p>The server cannot take your request now.</p>";
    let page = extract(error.as_bytes(), &Hints::default()).page;
    assert_eq!(page.kind, PageKind::Block);
}

#[test]
fn lines_in_which_a_page_speaks_of_itself_are_no_text() {
    for (language, before, line, behind) in [
        (
            "en",
            "The weir above the mill stays.",
            "Sign up for the Weir Letter newsletter.",
            "Anglers are angry.",
        ),
        (
            "en",
            "The weir above the mill stays.",
            "You are using an ad blocker: please turn it off.",
            "Anglers are angry.",
        ),
        (
            "de",
            "Das Wehr über der Mühle bleibt.",
            "Bestellen Sie unseren wöchentlichen Newsletter „Wehrpost“.",
            "Die Angler sind wütend.",
        ),
        ("de", "Das Wehr über der Mühle bleibt.", "Anzeige", "Die Angler sind wütend."),
        ("sv", "Dammen ovanför kvarnen blir kvar.", "Annons", "Fiskarna är arga."),
        (
            "sv",
            "Dammen ovanför kvarnen blir kvar.",
            "Anmäl dig till vårt nyhetsbrev om ån.",
            "Fiskarna är arga.",
        ),
        (
            "pl",
            "Jaz nad młynem zostaje.",
            "Zapisz się do naszego newslettera.",
            "Wędkarze są oburzeni.",
        ),
        (
            "tr",
            "Değirmenin üstündeki bent kalıyor.",
            "E-bültenimize abone olun.",
            "Balıkçılar kızgın.",
        ),
        (
            "ru",
            "Плотина над мельницей остаётся.",
            "Подпишитесь на рассылку о реке.",
            "Рыбаки недовольны.",
        ),
        ("ar", "يبقى السد فوق الطاحونة.", "إعلان", "الصيادون غاضبون."),
        ("ja", "水車小屋の上の堰は残る。", "広告", "釣り人は怒っている。"),
        (
            "ko",
            "물레방아 위의 보는 그대로 남는다.",
            "주간 뉴스레터를 받아보세요.",
            "낚시꾼들은 화가 났다.",
        ),
        ("zh", "磨坊上方的水坝将保留。", "欢迎订阅我们的新闻简报。", "钓鱼人很生气。"),
    ] {
        let text = page(language, FACTS, &article(&[before, line, behind])).text;
        assert!(!text.contains(line.trim_end_matches('.')), "{line}: {text}");
        assert!(text.contains(before) && text.contains(behind), "{line}: {text}");
    }
    for (language, line) in [
        ("en", "The council’s newsletter told residents to sign up for the hearing by Friday."),
        ("en", "The firm that sells an ad blocker has opened an office by the weir."),
        ("ru", "Реклама на плотине запрещена с июня, решил совет."),
        ("zh", "分享会将于周六在磨坊举行，市民可以免费参加。"),
    ] {
        let text = page(language, FACTS, &article(&[line, line])).text;
        assert!(text.contains(line), "{line}");
    }
}

#[test]
fn a_wall_has_many_wordings() {
    let stub = "The weir above the mill will be lowered by a metre, the river board told the town.";
    for (language, wall) in [
        ("de", "Jetzt anmelden und den ganzen Artikel lesen"),
        ("nl", "Om verder te lezen: neem een abonnement"),
        ("nb", "Logg inn for å lese hele saken"),
        ("da", "Læs hele artiklen – bliv abonnent"),
        ("cs", "Přihlaste se a dočtěte celý článek"),
        ("uk", "Щоб дочитати матеріал, оформіть передплату"),
        ("ko", "구독하면 기사 전문을 볼 수 있습니다"),
        ("hr", "Samo za pretplatnike"),
    ] {
        let body = article(&[stub])
            .replace("</article>", &format!("<div class=b><p>{wall}</p></div></article>"));
        assert_eq!(page(language, "", &body).access, Access::Paid, "{wall}");
    }
    for sentence in [
        "Readers who could not log in on Monday missed the full article about the weir and the board, its editor said.",
        "Die Angler wollen weiterlesen, was der Verband über ihre Anmeldung schreibt.",
    ] {
        assert_eq!(page("en", "", &article(&[stub, sentence])).access, Access::Free, "{sentence}");
    }
}

#[test]
fn boxes_of_other_things_are_no_text() {
    let (first, second) = (
        "The weir above the mill will be lowered by a metre, the river board told the town on Monday.",
        "A hearing is planned for the autumn, and the board wants to begin in the winter.",
    );
    let card = "<article class=embed><h4><a href=/fares>Ferry fares to rise</a></h4><p>From spring they rise by a tenth.</p></article>";
    let body =
        article(&[first, second]).replace("</p><p>A hearing", &format!("</p>{card}<p>A hearing"));
    let text = page("en", "", &body).text;
    assert!(
        !text.contains("by a tenth") && text.contains(first) && text.contains(second),
        "{text}"
    );

    let letter = "<div><h4>The Weir Letter</h4><p>What the river says, at seven.</p>\
        <form><input type=email><button>Go</button></form></div>";
    let body =
        article(&[first, second]).replace("</p><p>A hearing", &format!("</p>{letter}<p>A hearing"));
    let text = page("en", "", &body).text;
    assert!(
        !text.contains("Weir Letter") && text.contains(first) && text.contains(second),
        "{text}"
    );

    let copy = article(&[first, second])
        .replace("</article>", &format!("<p aria-hidden=true>{first}</p></article>"));
    assert_eq!(page("en", "", &copy).text.matches(first).count(), 1);

    let linked = format!("<a href=/board><b>{second}</b></a>");
    let wrapped: String =
        [first, linked.as_str(), "Anglers have asked for it for years, its chair said."]
            .iter()
            .map(|text| format!("<div class=wrap><p>{text}</p></div>"))
            .collect();
    let body =
        format!("<main><article><h1>The weir will stay for now</h1>{wrapped}</article></main>");
    assert!(page("en", "", &body).text.contains(second));

    let consent = "<div id=cmp-box><p>We and our 143 vendors store information on your device, such as cookies.</p>\
        <p>You may object at any time by way of the link at the foot of each page, which stays there for a year.</p>\
        <p>Some of them process your personal data on the ground of an interest that the law calls legitimate.</p></div>";
    let short = "The ferry does not sail on Sunday. A bus goes by the quarry road.";
    let text = page("en", "", &(article(&[short]) + consent)).text;
    assert!(text.contains(short) && !text.contains("object at any time"), "{text}");
}

#[test]
fn ukrainian_is_not_russian_because_a_template_says_so() {
    let story = article(&[
        "Міська рада вирішила, що гребля над млином залишиться ще на рік, повідомили мешканцям.",
        "Рибалки чекали на цей день десять років і тепер вимагають нової зустрічі.",
    ]);
    let language = |tag: &str| page(tag, "", &story).language.map(|fact| fact.value);
    assert_eq!(language("ru").as_deref(), Some("uk"));
    assert_eq!(language("uk").as_deref(), Some("uk"));
}
