//! Pairs of pages that are expensive to compare, each of any size.
//!
//! A pair is a *saying* (a figure, a name, a quotation, a link and so on that changes from the old page
//! to the new one) repeated in a *setting* (paragraphs, items, captions, rows, notices, one sentence
//! without an end). Sayings come numbered, so that every block differs, and bare, so that all are the
//! same. Other pairs are in [`runs`] and [`special`]. Everything is made here, only from
//! its name and size; no real page is used.

/// Makes the old and the new page, of about this many bytes each.
type Make = Box<dyn Fn(usize) -> (String, String)>;

/// Two versions of a page.
pub struct Pair {
    /// What it is: saying and setting.
    pub name: String,
    make: Make,
}

impl Pair {
    /// The old and the new page, as HTML of about `size` bytes.
    pub fn of_size(&self, size: usize) -> (String, String) {
        (self.make)(size)
    }
}

/// The content of one block: its number, and whether it is that of the new page.
type Saying = fn(usize, bool) -> String;

fn pick<'a>(new: bool, old_words: &'a str, new_words: &'a str) -> &'a str {
    if new { new_words } else { old_words }
}

/// Every kind of change, numbered and bare.
const SAYINGS: &[(&str, Saying)] = &[
    ("nothing changes", |n, _| format!("Boat {n} left the pier at dawn")),
    ("nothing changes, bare", |_, _| "The boat left the pier at dawn".to_owned()),
    ("figures", |n, new| format!("Party {n} got {} votes", 13 + n + 7 * usize::from(new))),
    ("figures, bare", |_, new| format!("a {} ", pick(new, "1", "2"))),
    ("figures that move", |n, new| format!("Ward {} got {n} votes", n + usize::from(new))),
    ("figures and words", |n, new| {
        format!("{} {n} of them", pick(new, "Police counted at first", "Later the guard found"))
    }),
    ("figures to vague words", |n, new| {
        if new { "Several boats sank there".to_owned() } else { format!("{n} boats sank there") }
    }),
    ("money in other notation", |n, new| {
        format!("It cost ${n}{} to mend", pick(new, "M", " million"))
    }),
    ("days", |n, new| format!("Board {n} met on {}", pick(new, "Monday", "Tuesday"))),
    ("days, bare", |_, new| format!("on {} ", pick(new, "Monday", "Tuesday"))),
    ("dates", |n, new| {
        format!("Board {n} met on {} {}, {}", pick(new, "May", "June"), n % 28 + 1, 1990 + n % 20)
    }),
    ("names", |n, new| format!("the board chose {} Roe{n} for it", pick(new, "Anna", "Piet"))),
    ("names, bare", |_, new| format!("it chose {} Roe ", pick(new, "Anna", "Piet"))),
    ("names only", |n, new| format!("Anna{n} {} ", pick(new, "Lind", "Hals"))),
    ("names that begin", |n, new| format!("{}{n} spoke of it", pick(new, "Anna", "Piet"))),
    ("offices", |n, new| {
        format!("the pilot, Piet Hals, met {} {n} there", pick(new, "Hals", "Pilot"))
    }),
    ("claims", |n, new| format!("the board {} close gate {n}", pick(new, "could", "will"))),
    ("claims, bare", |_, new| format!("it was{} so ", pick(new, "", " not"))),
    ("quotations", |n, new| {
        let words = pick(new, "lost all of it that night", "lost none of it that day");
        format!("“We {words}, boat {n} too,” said Ann Lee")
    }),
    ("quotations, bare", |_, new| {
        format!("“We {} it all then,” she said", pick(new, "lost", "won"))
    }),
    ("short quotations", |n, new| format!("he called it “{} {n}”", pick(new, "mad", "bad"))),
    ("quotations added", |n, new| {
        if new {
            format!("“We lost it all that night {n},” said Ann Lee")
        } else {
            format!("so it was {n}")
        }
    }),
    ("other speakers", |n, new| {
        format!("“We lost it all that night {n},” said {}", pick(new, "Ann Lee", "Piet Hals"))
    }),
    ("other speakers, numbered", |n, new| {
        format!("“We lost it all,” said {}{n} Lee", pick(new, "Ann", "Piet"))
    }),
    ("links", |n, new| format!("read <a href=/x/{}/{n}>report {n}</a> of it", pick(new, "a", "b"))),
    ("links, bare", |_, new| format!("read <a href=/x/{}>more</a> ", pick(new, "a", "b"))),
    ("links taken out", |n, new| {
        if new {
            format!("read report {n} of it")
        } else {
            format!("read <a href=/x/{n}>report {n}</a> of it")
        }
    }),
    ("links put in, bare", |_, new| {
        pick(new, "read more ", "read <a href=/x>more</a> ").to_owned()
    }),
    ("words of links", |n, new| {
        format!("read <a href=/x/{n}/{new}>{} {n}</a> of it", pick(new, "report", "story"))
    }),
    ("rewording", |n, new| {
        let words = pick(new, "sank in the storm", "went down as it blew");
        format!("the boat of crew {n} {words} near the pier")
    }),
    ("other words", |n, new| {
        let word = |m: usize| format!("w{:x}", (n * 7 + m + 1_000 * usize::from(new)) * 2_654_435);
        format!("{} {} {} {}", word(1), word(2), word(3), word(4))
    }),
    ("halves", |n, new| {
        format!("crew {n} went to sea{} the pilot {n} stayed ashore", pick(new, ". And", ", and"))
    }),
    ("without spaces", |n, new| {
        format!("旧港口的第{n}艘船{}离开了码头", pick(new, "今天", "昨天"))
    }),
    ("without spaces, bare", |_, new| pick(new, "旧港口的船。", "新港口的船。").to_owned()),
    ("long words", |n, new| format!("{}{n}", pick(new, "ab", "cd").repeat(40))),
    ("notation", |n, new| format!("it was {}so{} {n}", pick(new, "“", "\""), pick(new, "”", "\""))),
];

/// Where sayings stand: a name, what comes before and behind each, and behind all but the last.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("paragraphs", "<p>", ".</p>\n"),
    ("one sentence", "", ", "),
    ("one paragraph", "", ". "),
    ("headings", "<h2>", "</h2>\n"),
    ("items", "<li>", "</li>\n"),
    ("block quotes", "<blockquote><p>", ".</p></blockquote>\n"),
    ("posts", "<blockquote class=twitter-tweet><p>", ".</p></blockquote>\n"),
    ("captions", "<figure><img src=/a.jpg><figcaption>", ".</figcaption></figure>\n"),
    ("rows", "<tr><td>", "</td><td>1</td></tr>\n"),
    ("lines of code", "", "\n"),
    ("entries", "<div class=liveblog-entry><time>10:05</time><p>", ".</p></div>\n"),
    ("corrections", "<p>Correction: An earlier version incorrectly said that ", ".</p>\n"),
    ("clarifications", "<p>Clarification: This story has been amended to say that ", ".</p>\n"),
    ("updates", "<p>Update: This story has been updated to say that ", ".</p>\n"),
    ("editor's notes", "<p>Editor's note: An earlier version misstated that ", ".</p>\n"),
];

const PROSE: &str = "<p>The mayor of Elm Falls, Ann Lee, said on Tuesday that the fire had destroyed at least 15 houses in the old town.</p>";

fn page(body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Fire</title></head><body>\
         <main><article><h1>Fire in Elm Falls</h1>\n{PROSE}\n{body}</article></main></body></html>"
    )
}

/// The blocks around which a setting is put once.
fn framed(setting: &str, inside: &str) -> String {
    let (before, behind) = match setting {
        "one sentence" | "one paragraph" => ("<p>", "</p>"),
        "items" => ("<ul>", "</ul>"),
        "rows" => ("<table>", "</table>"),
        "lines of code" => ("<pre>", "</pre>"),
        _ => ("", ""),
    };
    page(&format!("{before}{inside}{behind}"))
}

/// Numbers begin here, so that they are equally long in small pages and in large ones.
const FIRST: usize = 20_000;

/// Blocks of a saying, one for each number.
fn blocks(
    say: Saying,
    (name, before, behind): (&str, &str, &str),
    numbers: &[usize],
    new: bool,
) -> String {
    let mut out = String::new();
    for &n in numbers {
        out.push_str(before);
        out.push_str(say(FIRST + n, new).trim_end());
        out.push_str(behind);
    }
    framed(name, &out)
}

/// The numbers of the blocks of the new page, out of this many of the old one.
type Order = fn(usize) -> Vec<usize>;

/// In what order and number blocks stand in the new page.
const ORDERS: &[(&str, Order)] = &[
    ("", |count| (0..count).collect()),
    (", turned round", |count| (0..count).rev().collect()),
    (", every second cut", |count| (0..count).step_by(2).collect()),
    (", in two halves", |count| (count / 2..count).chain(0..count / 2).collect()),
    (", shuffled", |count| {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|n| (*n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20);
        order
    }),
];

/// All of them; always the same, in the same order.
pub fn all() -> Vec<Pair> {
    let mut out: Vec<Pair> = Vec::new();
    let mut add = |name: String, make: Make| out.push(Pair { name, make });
    for &setting in SETTINGS {
        for &(name, say) in SAYINGS {
            for &(order_name, order) in ORDERS {
                // Order is a matter of whole blocks and hardly of what they say.
                let ordered = matches!(setting.0, "paragraphs" | "one sentence" | "corrections")
                    && (name.starts_with("figures")
                        || name.starts_with("quotations")
                        || name == "other words"
                        || name.starts_with("links")
                        || name.starts_with("nothing"));
                if !order_name.is_empty() && !ordered {
                    continue;
                }
                add(
                    format!("{name} in {}{order_name}", setting.0),
                    Box::new(move |size| {
                        let one = setting.1.len() + setting.2.len() + say(FIRST, false).len();
                        let count = (size / one).max(1);
                        let plain: Vec<usize> = (0..count).collect();
                        (
                            blocks(say, setting, &plain, false),
                            blocks(say, setting, &order(count), true),
                        )
                    }),
                );
            }
        }
    }
    runs(&mut add);
    special(&mut add);
    out
}

/// Runs of a mark, a word or a part of one, and the same with something else now and then.
const RUNS: &[&str] = &[
    "“",
    "“a ",
    "” ",
    "\" ",
    "' ",
    "’s ",
    "« ",
    "「文」と",
    "— ",
    "-",
    "( a ",
    "1 ",
    "1,",
    "1.",
    "1-",
    "1/2 ",
    "1,000 ",
    "$1 ",
    "ten ",
    "hundred and ",
    "million ",
    "between 5 and ",
    "at least ",
    "per cent ",
    "Nov. 4, 2025 ",
    "4 p.m. ",
    "10:30 ",
    "U.S. ",
    "Mr. ",
    "A. ",
    "... ",
    "… ",
    "? ",
    ". ",
    ", ",
    "; ",
    "said ",
    "said Ann Lee ",
    "“a” said ",
    "“x,” he said, ",
    "“x.” ",
    "according to ",
    "Ann Lee ",
    "Ann Lee, ",
    "Ann ",
    "ANN ",
    "President ",
    "the ",
    "not ",
    "could ",
    "word ",
    "word",
    "文",
    "。",
    "\u{644}",
    "\u{200b}",
    "\u{ad}",
    "\u{a0}",
    "x\u{200b}",
    ",\u{200b}",
    "e\u{301}",
    "Correction: ",
    "15 strikes on 16 boats ",
    "a",
    "Aa ",
];

fn runs(add: &mut impl FnMut(String, Make)) {
    for &piece in RUNS {
        let body = |size: usize, every: usize, other: &str| {
            let mut out = String::new();
            for n in 1..=(size / piece.len()).max(1) {
                out.push_str(if n % every == 0 { other } else { piece });
            }
            out
        };
        for (other, every) in [(" 7 Roe ", 10), ("Hals", 3)] {
            add(
                format!("{piece:?}, and {other:?} for every {every}th"),
                Box::new(move |size| {
                    let old = body(size, usize::MAX, "");
                    (
                        page(&format!("<p>{old}</p>")),
                        page(&format!("<p>{}</p>", body(size, every, other))),
                    )
                }),
            );
        }
        add(
            format!("{piece:?} against words"),
            Box::new(move |size| {
                let words = "The boat left. ".repeat(size / 15);
                (
                    page(&format!("<p>{}</p>", body(size, usize::MAX, ""))),
                    page(&format!("<p>{words}</p>")),
                )
            }),
        );
    }
}

/// Pairs that are not a run of one saying.
fn special(add: &mut impl FnMut(String, Make)) {
    let numbered = |size: usize, each: &dyn Fn(usize) -> String| {
        let mut out = String::new();
        let mut n = 0;
        while out.len() < size {
            out.push_str(&each(n));
            n += 1;
        }
        out
    };
    let headed = |head: String, body: &str| {
        format!(
            "<!DOCTYPE html><html lang=en><head>{head}</head><body><article>{body}{PROSE}</article></body></html>"
        )
    };
    let mut pair = |name: &str, make: Make| add(name.to_owned(), make);
    pair(
        "a long headline",
        Box::new(move |size| {
            let head =
                |new: bool| numbered(size, &|n| format!("{} {n} ", pick(new, "Fire", "Flood")));
            let one = |new: bool| headed(String::new(), &format!("<h1>{}</h1>", head(new)));
            (one(false), one(true))
        }),
    );
    pair(
        "many authors",
        Box::new(move |size| {
            let one = |new: bool| {
                let authors = numbered(size, &|n| {
                    format!(
                        "{{\"@type\":\"Person\",\"name\":\"{} Lee{n}\"}},",
                        pick(new, "Ann", "Piet")
                    )
                });
                headed(
                    format!(
                        "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"author\":[{authors}\"x\"]}}</script>"
                    ),
                    "<h1>Fire</h1>",
                )
            };
            (one(false), one(true))
        }),
    );
    pair(
        "a long caption of the lead picture",
        Box::new(move |size| {
            let one = |new: bool| {
                let words = numbered(size, &|n| format!("{} {n} ", pick(new, "boat", "ship")));
                page(&format!(
                    "<figure><img src=/a/b.jpg><figcaption>{words}</figcaption></figure>"
                ))
            };
            (one(false), one(true))
        }),
    );
    pair(
        "many pictures",
        Box::new(move |size| {
            let one = |new: bool| {
                page(&numbered(size, &|n| {
                    format!(
                        "<figure><img src=/{n}/{new}.jpg><figcaption>Boat {n}</figcaption></figure>"
                    )
                }))
            };
            (one(false), one(true))
        }),
    );
    pair(
        "a live blog that grows",
        Box::new(move |size| {
            let entry = |n: usize| {
                format!(
                    "<div class=liveblog-entry><h3>10:{:02} Boat {n}</h3><p>Boat {n} left at dawn, said the guard.</p></div>",
                    n % 60
                )
            };
            let old = numbered(size / 2, &entry);
            let first = numbered(size / 2, &|n| entry(n + 100_000));
            let live = "<script type=application/ld+json>{\"@type\":\"LiveBlogPosting\",\"headline\":\"Fire\"}</script>";
            (
                headed(live.to_owned(), &format!("<h1>Fire</h1>{old}")),
                headed(live.to_owned(), &format!("<h1>Fire</h1>{first}{old}")),
            )
        }),
    );
    pair(
        "entries of a live blog are edited and added",
        Box::new(move |size| {
            let one = |new: bool| {
                let entries = numbered(size, &|n| {
                    let added = if new {
                        format!("<p>New word {n} of it came at noon.</p>")
                    } else {
                        String::new()
                    };
                    format!(
                        "<div class=liveblog-entry><h3>10:{:02} Boat {n}</h3><p>Boat {n} left.</p>{added}</div>",
                        n % 60
                    )
                });
                headed(
                    "<script type=application/ld+json>{\"@type\":\"LiveBlogPosting\",\"headline\":\"Fire\"}</script>".to_owned(),
                    &format!("<h1>Fire</h1>{entries}"),
                )
            };
            (one(false), one(true))
        }),
    );
    pair(
        "one long sentence and many short ones",
        Box::new(move |size| {
            let long = numbered(size, &|n| format!("crew {n} and "));
            let short = numbered(size, &|n| format!("<p>Crew {n} left and.</p>"));
            (page(&format!("<p>{long}</p>")), page(&short))
        }),
    );
    pair(
        "one quotation in many sentences",
        Box::new(move |size| {
            let one = |new: bool| {
                let said =
                    numbered(size, &|n| format!("We {} boat {n}. ", pick(new, "lost", "won")));
                page(&format!("<p>“{said}” said Ann Lee.</p>"))
            };
            (one(false), one(true))
        }),
    );
    pair(
        "quotations inside one sentence with one speaker",
        Box::new(move |size| {
            let one = |new: bool| {
                let said = numbered(size, &|n| {
                    format!(
                        "Ann Lee said “we lost boat {n} in the {} night”, and ",
                        pick(new, "dark", "long")
                    )
                });
                page(&format!("<p>{said}left.</p>"))
            };
            (one(false), one(true))
        }),
    );
    pair(
        "a name that stands everywhere and changes",
        Box::new(move |size| {
            let one = |new: bool| {
                page(&numbered(size, &|n| {
                    format!(
                        "<p>The clerk, {} Lee, met crew {n} at the pier.</p>",
                        pick(new, "Ann", "Ida")
                    )
                }))
            };
            (one(false), one(true))
        }),
    );
    pair(
        "the article is emptied",
        Box::new(move |size| {
            (page(&numbered(size, &|n| format!("<p>Boat {n} left.</p>"))), page(""))
        }),
    );
    pair(
        "a correction that grows",
        Box::new(move |size| {
            let words = |size: usize| numbered(size, &|n| format!("that boat {n} had left and "));
            let one = |size: usize| {
                page(&format!("<p>Correction: This story incorrectly said {}so.</p>", words(size)))
            };
            (one(size / 2), one(size))
        }),
    );
}
