//! Two other outlets that write about the story of the harbour board, so that there are articles to compare.
//! Each has one article, edited after the Courier's was.

use std::time::Duration;

use super::days::Days;

/// Another outlet with its article.
pub(super) struct Outlet {
    pub host: &'static str,
    pub path: &'static str,
    name: &'static str,
    author: &'static str,
    /// How long before the start of the site it was published.
    published_before: Duration,
    headline: &'static str,
    /// One text for each phase in which it changed; the last one stays.
    texts: &'static [&'static [&'static str]],
}

const HOUR: Duration = Duration::from_secs(3_600);

/// The other outlets.
pub(super) const OUTLETS: [Outlet; 2] = [
    Outlet {
        host: "soundradio.example",
        path: "/news/ferries",
        name: "Sound Radio",
        author: "Tove Lindgren",
        published_before: HOUR.saturating_mul(25),
        headline: "Harbour board buys three electric ferries",
        texts: &[
            &[
                "The harbour board has bought three electric ferries to replace the Skua, and nobody else was asked for an offer, the Harbour Courier reports.",
                "The contract is worth more than $50 million. Each of the boats will carry 180 passengers.",
                "“We had to act,” the chair of the board, Ilse Varga, told Sound Radio on {day}.",
                "The islanders are glad of the boats and less glad of the price. “My grandchildren will still be paying for them,” said Ulf Berg, who keeps the shop at the pier.",
            ],
            &[
                "The harbour board has bought three electric ferries to replace the Skua, and nobody else was asked for an offer, the Harbour Courier reports.",
                "The contract is worth more than $50 million. Each of the boats will carry 180 passengers.",
                "“We had to act,” the chair of the board, Ilse Varga, told Sound Radio on {day}.",
                "The islanders are glad of the boats and less glad of the price. “My grandchildren will still be paying for them,” said Ulf Berg, who keeps the shop at the pier.",
            ],
            &[
                "The harbour board has bought three electric ferries to replace the Skua.",
                "The contract is worth more than $50 million. Each of the boats will carry 150 passengers.",
                "“We had to act,” the chair of the board, Ilse Varga, told Sound Radio on {day}.",
                "The islanders are glad of the boats and less glad of the price. “My grandchildren will still be paying for them,” said Ulf Berg, who keeps the shop at the pier.",
            ],
        ],
    },
    Outlet {
        host: "gazette.example",
        path: "/island/2/ferry-deal.html",
        name: "The Island Gazette",
        author: "Per Holm",
        published_before: HOUR.saturating_mul(22),
        headline: "Secret ferry deal: islanders ask who knew",
        texts: &[&[
            "The harbour board signed a contract worth $52 million for three electric ferries, and the islanders ask who knew of it.",
            "“We had to act before winter,” said Ilse Varga, the chair of the board.",
            "“My grandchildren will still be paying for them when I am long gone,” said Ulf Berg, the shopkeeper.",
            "Each of the boats will carry 180 passengers. The Skua carries 95 and has been out of order for 31 days this year.",
        ]],
    },
];

/// The article of an outlet in a phase, as its page.
pub(super) fn page(days: Days, phase: usize, outlet: &Outlet) -> String {
    let Outlet { name, author, headline, host, path, .. } = outlet;
    let before = outlet.published_before;
    let text = outlet.texts.get(phase).or(outlet.texts.last()).copied().unwrap_or_default();
    let body: String =
        text.iter().map(|p| format!("<p>{}</p>\n", days.filled(p, before))).collect();
    let (published, shown) = (days.declared(before), days.in_words(before));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{headline} - {name}</title>\n\
         <link rel=\"canonical\" href=\"http://{host}{path}\">\n<meta property=\"og:site_name\" content=\"{name}\">\n\
         <meta property=\"og:type\" content=\"article\">\n<meta property=\"article:published_time\" content=\"{published}\">\n\
         <meta name=\"author\" content=\"{author}\">\n</head>\n<body>\n<header><nav><a href=\"/\">{name}</a></nav></header>\n\
         <main><article>\n<h1>{headline}</h1>\n<p class=\"byline\">By {author}, <time datetime=\"{published}\">{shown}</time></p>\n\
         {body}</article></main>\n<aside class=\"related\"><h2>More news</h2><ul><li>Herring season opens with 12 boats</li>\
         <li>Choir seeks 40 voices</li></ul></aside>\n<footer><p>© {name}</p></footer>\n</body>\n</html>\n"
    )
}
