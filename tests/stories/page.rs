//! Builds the page of an article: a few kinds of markup, each with its own furniture left in.

use crate::annotated::Article;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn quoted(text: &str) -> String {
    escaped(text).replace('"', "&quot;")
}

/// Furniture in the language of the outlet: sections, most read, related, newsletter, cookies, rights.
fn furniture(language: &str) -> [&'static str; 6] {
    match language {
        "de" => [
            "Startseite|Politik|Wirtschaft|Sport|Kultur",
            "Meistgelesen|Streit um Parkplätze: 12 Anträge im Stadtrat|Freibad öffnet am 1. Mai|64 Bewerber für den Chor",
            "Lesen Sie auch: Haushalt beschlossen",
            "Newsletter: Jeden Morgen das Wichtigste in Ihr Postfach. Jetzt abonnieren.",
            "Wir verwenden Cookies, um unser Angebot zu verbessern.",
            "Alle Rechte vorbehalten.",
        ],
        "fr" => [
            "Accueil|Politique|Économie|Sports|Culture",
            "Les plus lus|12 communes sans médecin|La piscine rouvre le 1er mai|64 candidats pour la chorale",
            "À lire aussi : le budget est voté",
            "Newsletter : chaque matin, l’essentiel dans votre boîte. Inscrivez-vous.",
            "Nous utilisons des cookies pour améliorer nos services.",
            "Tous droits réservés.",
        ],
        "es" => [
            "Portada|Política|Economía|Deportes|Cultura",
            "Lo más leído|12 pueblos sin médico|La piscina abre el 1 de mayo|64 candidatos para el coro",
            "Lea también: aprobado el presupuesto",
            "Boletín: cada mañana lo esencial en su correo. Suscríbase.",
            "Usamos cookies para mejorar nuestros servicios.",
            "Todos los derechos reservados.",
        ],
        "it" => [
            "Prima pagina|Politica|Economia|Sport|Cultura",
            "I più letti|12 paesi senza medico|La piscina apre il 1 maggio|64 candidati per il coro",
            "Leggi anche: approvato il bilancio",
            "Newsletter: ogni mattina l’essenziale nella tua posta. Iscriviti.",
            "Usiamo i cookie per migliorare i nostri servizi.",
            "Tutti i diritti riservati.",
        ],
        "pt" => [
            "Início|Política|Economia|Esportes|Cultura",
            "Mais lidas|12 cidades sem médico|A piscina abre em 1º de maio|64 candidatos ao coral",
            "Leia também: orçamento aprovado",
            "Newsletter: toda manhã o essencial no seu e-mail. Assine.",
            "Usamos cookies para melhorar nossos serviços.",
            "Todos os direitos reservados.",
        ],
        "ja" => [
            "トップ|政治|経済|スポーツ|文化",
            "アクセスランキング|医師のいない12の村|プールは5月1日に開場|合唱団に64人が応募",
            "関連記事：予算が可決",
            "ニュースレター：毎朝、大切なニュースをお届けします。",
            "当サイトはクッキーを使用しています。",
            "無断転載を禁じます。",
        ],
        _ => [
            "Home|Politics|Business|Sport|Culture",
            "Most read|Row over 12 parking places|Pool opens on 1 May|64 sing for a place in the choir|“I never saw it coming,” says winner",
            "Read also: council passes its budget of $50 million",
            "Newsletter: the day's news in your inbox every morning. Sign up now.",
            "We use cookies to improve your experience.",
            "All rights reserved.",
        ],
    }
}

/// The page. `index` varies what the template leaves open.
pub fn build(index: usize, article: &Article) -> String {
    let [nav, most, related, newsletter, cookies, rights] = furniture(&article.language);
    let links = |list: &str| -> String {
        list.split('|').map(|s| format!("<li><a href=\"/x\">{}</a></li>", escaped(s))).collect()
    };
    let (title, outlet) = (escaped(&article.headline), escaped(&article.outlet));
    let mut body = String::new();
    for (at, paragraph) in article.paragraphs.iter().enumerate() {
        body.push_str(&format!("<p>{}</p>\n", escaped(&paragraph.text)));
        if at == 1 && index.is_multiple_of(2) {
            body.push_str(&format!(
                "<aside class=\"newsletter\"><p>{}</p><form><input name=\"mail\"></form></aside>\n",
                escaped(newsletter)
            ));
        }
        if at == 2 && index % 2 == 1 {
            body.push_str(&format!(
                "<div class=\"related\"><a href=\"/y\">{}</a></div>\n",
                escaped(related)
            ));
        }
    }
    let byline = escaped(&article.byline.join(", "));
    let published = &article.published;
    let site = format!("<meta property=\"og:site_name\" content=\"{}\">", quoted(&article.outlet));
    let (head, main) = match article.template.as_str() {
        "ld" => {
            let authors: Vec<serde_json::Value> = article
                .byline
                .iter()
                .map(|name| serde_json::json!({"@type": "Person", "name": name}))
                .collect();
            let data = serde_json::json!({
                "@context": "https://schema.org", "@type": "NewsArticle",
                "headline": article.headline, "datePublished": published, "author": authors,
                "publisher": {"@type": "Organization", "name": article.outlet},
            });
            (
                format!("<script type=\"application/ld+json\">{data}</script>"),
                format!(
                    "<article>\n<h1>{title}</h1>\n<p class=\"byline\">{byline}</p>\n{body}</article>"
                ),
            )
        }
        "meta" => (
            format!(
                "{site}<meta name=\"author\" content=\"{}\"><meta property=\"og:title\" content=\"{}\"><meta property=\"og:type\" content=\"article\"><meta property=\"article:published_time\" content=\"{published}\">",
                quoted(&article.byline.join(", ")),
                quoted(&article.headline)
            ),
            format!(
                "<main><div class=\"story\"><h1>{title}</h1><div class=\"meta\"><span class=\"author\">{byline}</span></div>\n<div class=\"story-body\">{body}</div></div></main>"
            ),
        ),
        "micro" => (
            site,
            format!(
                "<article itemscope itemtype=\"https://schema.org/NewsArticle\"><h1 itemprop=\"headline\">{title}</h1><p><span itemprop=\"author\" itemscope itemtype=\"https://schema.org/Person\"><span itemprop=\"name\">{byline}</span></span> <time itemprop=\"datePublished\" datetime=\"{published}\">{published}</time></p>\n<div itemprop=\"articleBody\">{body}</div></article>"
            ),
        ),
        "plain" => (
            format!("{site}<meta property=\"article:published_time\" content=\"{published}\">"),
            format!(
                "<div id=\"content\"><h1>{title}</h1>\n<p class=\"byline\">{byline}</p>\n{body}</div>"
            ),
        ),
        "bare" => (
            format!("{site}<meta name=\"date\" content=\"{published}\">"),
            format!("<h1>{title}</h1>\n<p>{byline}</p>\n{body}"),
        ),
        other => panic!("no such template: {other}"),
    };
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{title} - {outlet}</title>{head}</head>\n<body><header><nav><ul>{}</ul></nav></header>\n{main}\n<aside class=\"most-read\"><ol>{}</ol></aside>\n<div class=\"cookie-banner\"><p>{}</p></div>\n<footer><p>© 2025 {outlet}. {}</p></footer></body></html>",
        article.language,
        links(nav),
        links(most),
        escaped(cookies),
        escaped(rights)
    )
}
