//! Generated pages: a story from its number, set in one of ten templates, with furniture from a seed, so that two
//! fetches of one page have the same text and none of the same bytes around it.

/// Numbers from a seed (a linear congruential generator; Knuth, MMIX).
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        let mut numbers = Self(seed ^ 0x9e37_79b9_7f4a_7c15);
        for _ in 0..4 {
            numbers.next();
        }
        numbers
    }

    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next()).unwrap() % n
    }

    pub fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const PLACES: [&str; 10] = [
    "Larvik", "Holm", "Eastport", "Varde", "Sandnes", "Milford", "Akranes", "Whitby", "Odda",
    "Kirkwall",
];
const PEOPLE: [&str; 8] = [
    "Ruth Okafor",
    "Jonas Lindqvist",
    "Maria Keller",
    "Piotr Nowak",
    "Aoife Byrne",
    "Samuel Adeyemi",
    "Helga Brandt",
    "Tomas Silva",
];
const ROLES: [&str; 6] = [
    "the mayor",
    "the head of the port authority",
    "a spokeswoman for the ministry",
    "the chief engineer",
    "the chair of the residents' association",
    "the finance director",
];
const THINGS: [&str; 8] = [
    "the harbour bridge",
    "the new school",
    "the ferry line",
    "the flood barrier",
    "the town library",
    "the night buses",
    "the fish market",
    "the old hospital",
];
const SAID: [&str; 6] = [
    "We owe the people here an answer, and they will have it before the summer",
    "Nobody who has seen the figures can say that this was a surprise",
    "It is a good day for the town, and it was a long way to it",
    "I would have wished for more money, but this is what there is",
    "The work begins when the contract is signed, and not a day earlier",
    "We have counted twice, and we have come to the same sum both times",
];

/// A story.
pub struct Story {
    pub headline: String,
    pub paragraphs: Vec<String>,
    pub author: &'static str,
    pub day: usize,
}

pub fn story(number: usize) -> Story {
    let mut n = Numbers::new(number as u64);
    let (place, thing) = (*n.of(&PLACES), *n.of(&THINGS));
    let (who, role) = (*n.of(&PEOPLE), *n.of(&ROLES));
    let (votes, against) = (n.below(40) + 21, n.below(20) + 1);
    let (millions, tenths, years) = (n.below(80) + 2, n.below(9) + 1, n.below(6) + 2);
    let quote = *n.of(&SAID);
    let other = *n.of(&PEOPLE);
    let houses = (n.below(90) + 10) * 10 + 3;
    let paragraphs = vec![
        format!(
            "The council of {place} has approved the plan for {thing} by {votes} votes to {against}, after a debate that went on until midnight and filled the public gallery."
        ),
        format!(
            "The work is to cost {millions}.{tenths} million euros over {years} years, according to the budget that was published on Monday, and begins next spring."
        ),
        format!("“{quote},” said {who}, {role}, after the vote. The opposition called the decision hasty and asked for a new report."),
        format!(
            "About {houses} households in the north of the town are affected by the building site; for the time of the work they get a replacement service from the bus station."
        ),
        format!(
            "Residents such as {other}, who has run a shop at the corner for {} years, want to see the plans before they believe in them. A meeting is called for the {} of the month.",
            n.below(30) + 4,
            ["third", "ninth", "twelfth", "twentieth"][n.below(4)]
        ),
        "The state pays a third of the sum if the work is finished in time. Whether that can be done is doubted by engineers who looked at the ground last year and found clay.".to_owned(),
    ];
    let headline = format!("{place} approves plan for {thing} after long debate");
    Story { headline, paragraphs, author: PEOPLE[number % PEOPLE.len()], day: number % 27 + 1 }
}

const TEASERS: [&str; 12] = [
    "Ten walks for a long weekend",
    "Bread prices rise by 4 percent",
    "“I saw it coming,” says former coach",
    "Photos: the regatta of 1961",
    "Minister resigns over 2 million crown villa",
    "The quiz: 12 questions about the coast",
    "New tram line opens in May",
    "Police look for witnesses of crash",
    "Why the herring came back",
    "Eight recipes for a cold evening",
    "Storm warning for the weekend",
    "Club signs striker for 3.5 million",
];
const ADS: [&str; 6] = [
    "Sleep better from 19 euros a month",
    "Compare 40 electricity suppliers in two minutes",
    "Your new kitchen, 30 percent off until Sunday",
    "Learn Norwegian in 15 minutes a day",
    "Flights to Lisbon from 49 euros",
    "The hearing aid that nobody sees",
];

struct Furniture {
    n: Numbers,
}

impl Furniture {
    fn list(&mut self, class: &str, title: &str) -> String {
        let count = self.n.below(5) + 3;
        let items: String = (0..count)
            .map(|at| {
                let teaser = *self.n.of(&TEASERS);
                let (id, ago) = (self.n.below(1_000_000), self.n.below(59) + 1);
                format!(
                    "<li class=\"item\"><a href=\"/n/{id}\"><span class=\"rank\">{}</span> {teaser}</a> <span class=\"ago\">{ago} minutes ago</span></li>",
                    at + 1
                )
            })
            .collect();
        format!("<div class=\"{class}\"><h3>{title}</h3><ul>{items}</ul></div>")
    }

    fn ad(&mut self) -> String {
        let (id, words) = (self.n.below(100_000), *self.n.of(&ADS));
        format!(
            "<div class=\"ad-slot\" id=\"ad-{id}\" data-r=\"{id}\"><span>Advertisement</span><a href=\"https://ads.example/c?{id}\">{words}</a></div>"
        )
    }

    fn head(&mut self, story: &Story, more: &str) -> String {
        let (nonce, build) = (self.n.next(), self.n.below(10_000));
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0} - The Courier</title>\
             <meta name=\"csrf-token\" content=\"{nonce:x}\"><link rel=\"stylesheet\" href=\"/s.css?v={build}\">\
             <meta property=\"og:title\" content=\"{0}\"><meta property=\"og:type\" content=\"article\">\
             <meta property=\"article:published_time\" content=\"2026-05-{1:02}T08:00:00Z\">{more}\
             <script nonce=\"{nonce:x}\">window.session={{\"id\":\"{nonce:x}\",\"bucket\":{build}}};</script></head>",
            story.headline, story.day
        )
    }

    fn top(&mut self) -> String {
        let (degrees, points, unread) =
            (self.n.below(25), self.n.below(9000) + 1000, self.n.below(30));
        format!(
            "<header><nav class=\"nav\"><a href=\"/\">Home</a> <a href=\"/live\">Live ({unread})</a> <a href=\"/sport\">Sport</a> \
             <a href=\"/account\">Sign in</a></nav><div class=\"weather\">{degrees}° in town</div>\
             <div class=\"ticker\">Index {points} points</div></header>"
        )
    }

    fn bar(&mut self) -> String {
        let (shares, comments, views) =
            (self.n.below(900), self.n.below(300), self.n.below(90_000));
        format!(
            "<div class=\"share-bar\"><a href=\"#s\">Share ({shares})</a> <a href=\"#comments\">{comments} comments</a> <span class=\"counter\">{views} views</span></div>"
        )
    }

    fn bottom(&mut self) -> String {
        let lists = [
            self.list("related", "Related"),
            self.list("trending", "Trending now"),
            self.list("most-read", "Most read"),
        ];
        let at = self.n.below(3);
        format!(
            "{}{}<section id=\"comments\" class=\"comments\"><h3>Comments</h3><p class=\"comment\">Reader {}: nonsense, as always.</p></section>\
             <div class=\"newsletter\">Join {} readers of our newsletter <form><input name=\"t\" value=\"{:x}\"></form></div>\
             <footer>© The Courier. Page made in {} ms. <a href=\"/imprint\">Imprint</a></footer>",
            lists[at],
            lists[(at + 1) % 3],
            self.n.below(1000),
            self.n.below(90_000),
            self.n.next(),
            self.n.below(400)
        )
    }
}

/// The page of a story in its template, with furniture from `seed`.
pub fn page(number: usize, seed: u64) -> String {
    page_of(&story(number), number % 10, seed)
}

pub fn page_of(story: &Story, template: usize, seed: u64) -> String {
    let mut f = Furniture { n: Numbers::new(seed.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 7) };
    let Story { headline, paragraphs, author, day } = story;
    let plain: String = paragraphs.iter().map(|p| format!("<p>{p}</p>")).collect();
    // The parts between the paragraphs, after the second one.
    let with = |between: &str| -> String {
        let of =
            |(at, p): (usize, &String)| format!("<p>{p}</p>{}", if at == 1 { between } else { "" });
        paragraphs.iter().enumerate().map(of).collect()
    };
    match template {
        0 => format!(
            "{}<body>{}<main><article><h1>{headline}</h1><p class=\"byline\">By {author}</p>{}{plain}</article></main>{}</body></html>",
            f.head(story, ""),
            f.top(),
            f.bar(),
            f.bottom()
        ),
        1 => {
            let between = f.ad();
            format!(
                "{}<body>{}<div class=\"article-body\"><h1 class=\"title\">{headline}</h1><div class=\"meta\">By {author}</div>{}</div>{}{}</body></html>",
                f.head(story, ""),
                f.top(),
                with(&between),
                f.bar(),
                f.bottom()
            )
        }
        2 => {
            let between = f.list("read-more inline-related", "Read more");
            format!(
                "{}<body>{}<section class=\"story\"><header><h1>{headline}</h1></header><div class=\"story__content\">{}</div></section>{}</body></html>",
                f.head(story, ""),
                f.top(),
                with(&between),
                f.bottom()
            )
        }
        3 => {
            let (ad, list) = (f.ad(), f.list("most-read", "Most read"));
            format!(
                "{}<body>{}<table width=\"100%\"><tr><td width=\"160\">{list}</td><td><h1>{headline}</h1>{plain}</td><td>{ad}</td></tr></table>{}</body></html>",
                f.head(story, ""),
                f.top(),
                f.bottom()
            )
        }
        4 => {
            let ld = format!(
                "<script type=\"application/ld+json\">{{\"@type\":\"NewsArticle\",\"headline\":\"{headline}\",\"datePublished\":\"2026-05-{day:02}T08:00:00Z\",\"author\":{{\"@type\":\"Person\",\"name\":\"{author}\"}},\"interactionStatistic\":{{\"userInteractionCount\":{}}}}}</script>",
                f.n.below(9000)
            );
            format!(
                "{}<body>{}<div id=\"app\"><div class=\"c-x{:x}\"><h1>{headline}</h1></div><div class=\"c-y{:x}\">{plain}</div></div>{}</body></html>",
                f.head(story, &ld),
                f.top(),
                f.n.next(),
                f.n.next(),
                f.bottom()
            )
        }
        5 => {
            let between = format!(
                "<aside class=\"promo\"><h4>From our shop</h4><p>{}</p></aside>",
                f.n.of(&ADS)
            );
            format!(
                "{}<body class=\"amp\">{}<article itemscope itemtype=\"https://schema.org/NewsArticle\"><h1 itemprop=\"headline\">{headline}</h1><span itemprop=\"author\">{author}</span><div itemprop=\"articleBody\">{}</div></article>{}</body></html>",
                f.head(story, ""),
                f.top(),
                with(&between),
                f.bottom()
            )
        }
        6 => {
            let banner = format!(
                "<div class=\"breaking-news\"><a href=\"/b/{}\">Breaking: {}</a></div>",
                f.n.below(1000),
                f.n.of(&TEASERS)
            );
            format!(
                "{}<body>{banner}{}<article class=\"post\"><h1>{headline}</h1>{}{plain}<ul class=\"tags\"><li><a href=\"/t/council\">Council</a></li></ul></article>{}</body></html>",
                f.head(story, ""),
                f.top(),
                f.bar(),
                f.bottom()
            )
        }
        7 => {
            let consent = format!(
                "<div class=\"cookie-banner\" role=\"dialog\"><p>We and our {} partners use cookies.</p><button>Accept</button></div>",
                f.n.below(800) + 100
            );
            format!(
                "{}<body>{consent}{}<main role=\"main\"><h1>{headline}</h1><p class=\"standfirst\">{}</p>{plain}</main>{}</body></html>",
                f.head(story, ""),
                f.top(),
                "What the council decided, and what it costs.",
                f.bottom()
            )
        }
        8 => {
            let video = format!(
                "<div class=\"player\" data-id=\"{}\"><p class=\"up-next\">Up next: {}</p></div>",
                f.n.below(9999),
                f.n.of(&TEASERS)
            );
            format!(
                "{}<body>{}<article><h1>{headline}</h1>{}</article><aside class=\"sidebar\">{}</aside>{}</body></html>",
                f.head(story, ""),
                f.top(),
                with(&video),
                f.list("trending", "Trending"),
                f.bottom()
            )
        }
        _ => {
            let meter = format!(
                "<div class=\"meter-banner\">You have {} free articles left this month.</div>",
                f.n.below(5) + 1
            );
            format!(
                "{}<body>{}{meter}<div class=\"content\"><div class=\"entry-content\"><h1>{headline}</h1>{plain}{}</div></div>{}</body></html>",
                f.head(story, ""),
                f.top(),
                f.ad(),
                f.bottom()
            )
        }
    }
}

/// What a server plants for some of its readers: another text, another figure, or a changed quotation.
pub fn altered(number: usize, what: &str) -> Story {
    let mut story = story(number);
    match what {
        "text" => {
            story.paragraphs[5] = "The state has withdrawn its offer, and the town alone has to find the money, which nobody in the council had reckoned with.".to_owned();
        }
        "figure" => {
            let paragraph = &mut story.paragraphs[1];
            let at = paragraph.find("million").unwrap();
            let (head, tail) = paragraph.split_at(at);
            let words: Vec<&str> = head.trim_end().rsplitn(2, ' ').collect();
            *paragraph = format!("{} 1{} {tail}", words[1], words[0]);
        }
        _ => {
            let paragraph = &mut story.paragraphs[2];
            let end = paragraph.find(",”").unwrap();
            *paragraph = format!(
                "“I had no part in this decision and would have voted against it{}",
                &paragraph[end..]
            );
        }
    }
    story
}
