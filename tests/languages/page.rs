//! Builds the page of an article: a few kinds of markup, each with its own furniture.

use crate::article::Article;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn quoted(text: &str) -> String {
    escaped(text).replace('"', "&quot;")
}

/// The page with these paragraphs. `index` varies what the template leaves open.
pub fn build(tag: &str, index: usize, article: &Article, paragraphs: &[String]) -> String {
    let [nav, other, cookies, rights] = article.furniture.as_slice() else {
        panic!("four lines of furniture")
    };
    let outlet = rights.trim_start_matches("© ").trim_start_matches("2026 ");
    let outlet = outlet.split('.').next().unwrap_or_default();
    let nav: String = nav
        .split('·')
        .map(|s| format!("<li><a href=\"/x\">{}</a></li>", escaped(s.trim())))
        .collect();
    let body: String = paragraphs.iter().map(|p| format!("<p>{}</p>\n", escaped(p))).collect();
    let line = article.line.as_deref().unwrap_or_default();
    let date = article.date.as_deref().unwrap_or_default();
    let title = escaped(&article.headline);
    let caption = article.caption.as_deref().map_or(String::new(), |c| {
        format!(
            "<figure><img src=\"/a.jpg\" alt=\"\"><figcaption>{}</figcaption></figure>\n",
            escaped(c)
        )
    });
    let foot = format!(
        "<aside class=\"related\"><h3><a href=\"/other\">{}</a></h3></aside>\n<div class=\"cookie-banner\"><p>{}</p></div>\n<footer><p>{}</p></footer>",
        escaped(other),
        escaped(cookies),
        escaped(rights)
    );
    let published = format!("{}T08:30:00+01:00", article.published);
    let (lang, head, main) = match article.template.as_str() {
        "ld" => (
            true,
            format!(
                "<script type=\"application/ld+json\">{}</script>",
                json_ld(article, &published)
            ),
            format!("<article>\n<h1>{title}</h1>\n{caption}{body}</article>"),
        ),
        "meta" => (
            true,
            format!(
                "<meta name=\"author\" content=\"{}\"><meta property=\"og:title\" content=\"{}\"><meta property=\"og:type\" content=\"article\"><meta property=\"article:published_time\" content=\"{published}\">",
                quoted(&article.byline.join(", ")),
                quoted(&article.headline)
            ),
            format!(
                "<main><div class=\"story\"><h1>{title}</h1><div class=\"meta\"><span class=\"author\">{}</span> <span class=\"date\">{}</span></div>\n<div class=\"story-body\">{body}</div></div></main>",
                escaped(line),
                escaped(date)
            ),
        ),
        "micro" => {
            let names: Vec<String> = article
                .byline
                .iter()
                .map(|n| format!("<span itemprop=\"author\" itemscope itemtype=\"https://schema.org/Person\"><span itemprop=\"name\">{}</span></span>", escaped(n)))
                .collect();
            (
                true,
                String::new(),
                format!(
                    "<article itemscope itemtype=\"https://schema.org/NewsArticle\"><h1 itemprop=\"headline\">{title}</h1><p>{} <time itemprop=\"datePublished\" datetime=\"{published}\">{}</time></p>\n<div itemprop=\"articleBody\">{body}</div></article>",
                    names.join(", "),
                    escaped(date)
                ),
            )
        }
        "plain" => (
            false,
            String::new(),
            format!(
                "<div id=\"content\"><h1>{title}</h1>\n<p class=\"byline\">{}</p>\n<p class=\"date\">{}</p>\n{caption}{body}</div>",
                escaped(line),
                escaped(date)
            ),
        ),
        "bare" => (
            false,
            String::new(),
            format!("<h1>{title}</h1>\n<p>{}</p>\n<p>{}</p>\n{body}", escaped(line), escaped(date)),
        ),
        other => panic!("no such template: {other}"),
    };
    let lang = if lang { format!(" lang=\"{tag}\"") } else { String::new() };
    let shown =
        if index.is_multiple_of(2) { format!(" - {}", escaped(outlet)) } else { String::new() };
    format!(
        "<!doctype html><html{lang}><head><meta charset=\"utf-8\"><title>{title}{shown}</title>{head}</head>\n<body><header><nav><ul>{nav}</ul></nav></header>\n{main}\n{foot}</body></html>"
    )
}

fn json_ld(article: &Article, published: &str) -> String {
    let authors: Vec<serde_json::Value> = article
        .byline
        .iter()
        .map(|name| serde_json::json!({"@type": "Person", "name": name}))
        .collect();
    serde_json::json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.headline,
        "datePublished": published,
        "author": authors,
    })
    .to_string()
}
