//! Over a thousand hostile documents, each of any size.
//!
//! A document is a *piece* repeated at a *place*: a run of one tag, mark, word or reference, in the
//! body, in a paragraph, an attribute, a table, JSON-LD and so on. Most attacks on parsers and on
//! rules that look around themselves are of this form (unclosed elements, formatting elements for
//! the adoption agency of WHATWG HTML section 13.2.6.4.7, opening marks without closing ones,
//! megabytes without a full stop). The others are in [`special`]. Everything is made here, only from
//! its name and size; no real page is used.

/// Makes a document of about this many bytes.
type Make = Box<dyn Fn(usize) -> Vec<u8>>;

/// A hostile document.
pub struct Hostile {
    /// What it is: piece and place.
    pub name: String,
    /// How to make it.
    make: Make,
}

impl Hostile {
    /// The document, of about `size` bytes.
    pub fn of_size(&self, size: usize) -> Vec<u8> {
        (self.make)(size)
    }
}

/// Runs of markup.
const MARKUP: &[&str] = &[
    "<div>",
    "<p>",
    "<b>",
    "<i><b>",
    "<a href=x>",
    "<a href=/x/1>Word</a> ",
    "<font color=red>",
    "<nobr>",
    "<table>",
    "<table><tr><td>",
    "<table><b>",
    "<tr>",
    "<td>",
    "<caption>",
    "<select>",
    "<select><option>x",
    "<svg>",
    "<math><mi>",
    "<svg><foreignObject>",
    "<svg><desc><p>",
    "<template>",
    "<ul><li>",
    "<dl><dt>x<dd>",
    "<h1>x",
    "<h2>Why it matters</h2>",
    "<form>",
    "<button>",
    "<applet>",
    "<marquee>",
    "<object>",
    "<ruby>x<rt>",
    "<p><b>",
    "<b><p></b>",
    "<a><div></a>",
    "<i><div></i><b></div>",
    "<b><i><a><p></b></i></a>",
    "<p><b><i><u><s><em>x</p>",
    "</p>",
    "</br>",
    "</div>",
    "</a></b></i>",
    "<br>",
    "x<br>",
    "<hr>",
    "<img src=a>",
    "<input>",
    "<script>x</script>",
    "<script>",
    "<style>a{}</style>",
    "<style>.a,.b{display:none}</style>",
    "<noscript>",
    "<noscript><p>x</noscript>",
    "<textarea>",
    "<title>x</title>",
    "<xmp>",
    "<iframe>",
    "<frameset>",
    "<plaintext>",
    "<!--",
    "<!---->",
    "a<!---->",
    "<!-- x -- ->",
    "<![CDATA[x]]>",
    "<!DOCTYPE html>",
    "<?x?>",
    "</",
    "<",
    "< ",
    "<a b=c d=e>",
    "<p class='a b c'>",
    "<meta charset=utf-16>",
    "<meta property=og:title content=x>",
    "<meta name=author content='Ann Lee'>",
    "<base href=/x/>",
    "<link rel=canonical href=/x>",
    "<time datetime=2025-11-04>4 Nov</time>",
    "<article><p>Hale said so.",
    "<article>",
    "<section class=article-body>",
    "<div class=related>",
    "<div class=related><p>Hale said so.</p></div>",
    "<aside>",
    "<blockquote>",
    "<blockquote>We lose. — Ann Lee</blockquote>",
    "<li>",
    "<html lang=en>",
    "<body class=x>",
    "<head>",
    "<span itemprop=author>Ann Lee</span>",
    "<span class=byline>By Ann Lee</span>",
    "<div hidden>",
    "<div style='display:none'>x</div>",
    "<figure><figcaption>x",
    "<pre>\n",
    "<pre>\n x",
    "<details><summary>x",
    "<span>",
    "<span>a</span>",
    "<div itemscope itemtype=http://schema.org/NewsArticle>",
    "<h1 class=headline>Fire in Elm Falls</h1>",
    "<p>Correction: it was 3.</p>",
    "<dialog open>",
    "<center>",
    "<table><tr><td>1</td><td>2</td></tr></table>",
    "<tr><td>1</td><td>2</td></tr>",
    "<custom-tag a=b>",
    "<custom-tag></custom-tag>",
    "<p>“Yes,” she said.</p>",
    "<p>“Yes</p>",
    "<p>Word.</p>",
    "<div class=liveblog-entry><time>10:05</time><p>x</p></div>",
];

/// Runs of text.
const TEXT: &[&str] = &[
    "&",
    "&amp;",
    "&lt;",
    "&notin",
    "&#x1F600;",
    "&#0;",
    "&#99999999;",
    "&amp;amp;",
    "\0",
    "\r",
    "\r\n",
    "\u{feff}",
    "\u{200b}",
    "\u{ad}",
    "\u{202e}",
    "e\u{301}\u{301}",
    "\u{1f468}\u{200d}",
    "“",
    "“a ",
    "”",
    "\"",
    "\" ",
    "'",
    "‘ ",
    "’ ",
    "’s ",
    "«",
    "« ",
    "„",
    "「",
    "'' ",
    "``",
    "— ",
    "—",
    "– ",
    "- ",
    "-",
    "(",
    ")",
    "[",
    "( a ",
    "1",
    "1,",
    "1.",
    "1-",
    "1/2 ",
    "1 ",
    "1,000 ",
    "$1 ",
    "$",
    "£1bn ",
    "€ ",
    "ten ",
    "hundred ",
    "hundred and ",
    "million ",
    "between 5 and ",
    "from 3 to ",
    "at least ",
    "about ",
    "per cent ",
    "% ",
    "Nov. 4, 2025 ",
    "Nov. ",
    "4 p.m. ",
    "p.m. ",
    "U.S. ",
    "Mr. ",
    "A. ",
    "No. ",
    "St. ",
    "... ",
    "…",
    "? ",
    "?",
    ". ",
    ".",
    "! ",
    "; ",
    ": ",
    ", ",
    ",",
    "said ",
    "he said ",
    "said Ann Lee ",
    "“a” said ",
    "“x,” he said, ",
    "“x.” ",
    "“A b c d e f.” ",
    "‘x,’ he said. ",
    "x ' y ' ",
    "according to ",
    "Ann Lee ",
    "Ann Lee, ",
    "Ann Lee, the mayor, ",
    "Ann’s “x” ",
    "Smith and Jones and ",
    "President ",
    "The president ",
    "the man who ",
    "and ",
    "of the ",
    "that ",
    "to ",
    "word ",
    "word",
    "Word ",
    "文",
    "。",
    "「文」と",
    "الرئيس ",
    "\u{644}",
    "ß",
    "İ",
    "Correction: ",
    "This article was amended ",
    "Updated at 5pm ",
    "By Ann Lee and ",
    "By ",
    "@a ",
    "http://a.example/b ",
    "a@b.example ",
    "x\n",
    "\n",
    "\t",
    " ",
    "a",
    "A",
    "Aa",
    "Read more: ",
    "© ",
    "—Sí —dijo Ana—. ",
    "they said ",
    "she ",
    "It was “",
    "Lee: “A.” ",
    "told the ",
    "was told by ",
    "first ",
    "two-",
    "twenty-one ",
    "10:30 ",
    "2025-11-04 ",
    "4/11/",
    "15 strikes on 16 boats ",
    "3-2 ",
    "GMT ",
];

const HEAD: &str = "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Fire in Elm Falls</title></head><body>";
const PROSE: &str = "<p>The mayor of Elm Falls, Ann Lee, said on Tuesday that the fire had destroyed at least 15 houses in the old town.</p>";

/// Where runs of markup stand: a name, what comes before, and what comes behind.
const MARKUP_PLACES: &[(&str, &str, &str)] = &[
    ("alone", "", ""),
    ("in the body", "<html><body>", "</body></html>"),
    (
        "in an article",
        "<html lang=en><body><article class=article-body>",
        "</article></body></html>",
    ),
    ("in a paragraph", "<html lang=en><body><article><p>Word ", "</p></article>"),
    ("in a table", "<body><table><tr><td>", "</td></tr></table>"),
    ("in a list", "<body><main><ul><li>", "</ul></main>"),
    ("in the head", "<html><head>", "</head>"),
];

/// Where runs of text stand.
const TEXT_PLACES: &[(&str, &str, &str)] = &[
    ("in a paragraph", "<article><p>", "</p></article>"),
    ("in a heading", "<article><h1>", "</h1></article>"),
    ("in a block quote", "<article><blockquote><p>", "</p></blockquote></article>"),
    ("in a byline", "<article><div class=byline>", "</div></article>"),
    ("in a description", "<meta name=description content=`", "`>"),
    ("in a class", "<div class='", "'>x</div>"),
    (
        "in JSON-LD",
        "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"articleBody\":\"",
        "\"}</script>",
    ),
    ("in a link", "<article><p><a href=\"", "\">Word</a></p></article>"),
];

/// How often a piece fits.
fn times(piece: &str, size: usize) -> usize {
    (size / piece.len().max(1)).max(1)
}

/// All of them; always the same, in the same order.
pub fn all() -> Vec<Hostile> {
    let mut out: Vec<Hostile> = Vec::new();
    let mut add = |name: String, make: Make| out.push(Hostile { name, make });
    for (place, before, behind) in MARKUP_PLACES {
        for piece in MARKUP {
            add(
                format!("{piece:?} {place}"),
                Box::new(move |size| {
                    format!("{before}{}{behind}{PROSE}", piece.repeat(times(piece, size)))
                        .into_bytes()
                }),
            );
        }
    }
    for (place, before, behind) in TEXT_PLACES {
        for piece in TEXT {
            add(
                format!("{piece:?} {place}"),
                Box::new(move |size| {
                    let run = piece.repeat(times(piece, size));
                    let run = if *place == "in JSON-LD" { run.replace('"', "\\\"") } else { run };
                    format!("{HEAD}{before}{run}{behind}{PROSE}").into_bytes()
                }),
            );
        }
    }
    for piece in TEXT {
        add(
            format!("{piece:?} as paragraphs"),
            Box::new(move |size| {
                let paragraph = format!("<p>{}</p>\n", piece.repeat(40));
                format!("{HEAD}<article>{}</article>", paragraph.repeat(times(&paragraph, size)))
                    .into_bytes()
            }),
        );
    }
    special(&mut add);
    out
}

/// Documents that are not a run of one piece.
fn special(add: &mut dyn FnMut(String, Make)) {
    let mut page = |name: &str, body: Box<dyn Fn(usize) -> String>| {
        add(
            name.to_owned(),
            Box::new(move |size| format!("{HEAD}{}{PROSE}", body(size)).into_bytes()),
        );
    };
    let numbered = |size: usize, each: &dyn Fn(usize) -> String| {
        let mut out = String::new();
        let mut n = 0;
        while out.len() < size {
            out.push_str(&each(n));
            n += 1;
        }
        out
    };
    page(
        "one tag with many attributes",
        Box::new(move |size| format!("<p {}>x</p>", numbered(size, &|n| format!("a{n}=b ")))),
    );
    page(
        "one element with many classes",
        Box::new(move |size| format!("<p class='{}'>x</p>", numbered(size, &|n| format!("c{n} ")))),
    );
    page(
        "many names hidden by a style sheet",
        Box::new(move |size| {
            let half = size / 2;
            format!(
                "<style>{}</style>{}",
                numbered(half, &|n| format!(".c{n}{{display:none}}")),
                numbered(half, &|n| format!("<i class=c{n}>x</i>"))
            )
        }),
    );
    page(
        "one long rule of style",
        Box::new(move |size| {
            format!(
                "<style>{} .z{{display:none}}</style><p class=z>x",
                numbered(size, &|n| format!(".c{n},"))
            )
        }),
    );
    page(
        "nested style rules",
        Box::new(|size| format!("<style>{}</style>", "@media a{".repeat(size / 9))),
    );
    page(
        "megabytes of script",
        Box::new(|size| format!("<script>{}</script>", "var a='</p><p>';".repeat(size / 16))),
    );
    page(
        "escaped scripts",
        Box::new(|size| format!("<script><!--{}", "<script></script>".repeat(size / 17))),
    );
    page(
        "deep JSON-LD",
        Box::new(|size| {
            format!("<script type=application/ld+json>{}", "{\"a\":[".repeat(size / 6))
        }),
    );
    page(
        "deep and closed JSON-LD",
        Box::new(|size| {
            let n = size / 2;
            format!("<script type=application/ld+json>{}{}</script>", "[".repeat(n), "]".repeat(n))
        }),
    );
    page(
        "a wide JSON-LD graph",
        Box::new(move |size| {
            format!(
                "<script type=application/ld+json>{{\"@graph\":[{}{{}}]}}</script>",
                numbered(size, &|n| format!(
                    "{{\"@type\":\"NewsArticle\",\"@id\":\"#{n}\",\"author\":{{\"@id\":\"#{}\"}},\"headline\":\"h{n}\"}},",
                    n + 1
                ))
            )
        }),
    );
    page(
        "JSON-LD of many keys",
        Box::new(move |size| {
            format!(
                "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",{}\"a\":1}}</script>",
                numbered(size, &|n| format!("\"k{n}\":{{\"@type\":\"Person\",\"name\":\"A\"}},"))
            )
        }),
    );
    page(
        "many scripts of JSON-LD",
        Box::new(move |size| {
            numbered(size, &|n| {
                format!(
                    "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"headline\":\"h{n}\",\"author\":\"Ann Lee\"}}</script>"
                )
            })
        }),
    );
    page(
        "JSON-LD full of escapes",
        Box::new(|size| {
            format!(
                "<script type=application/ld+json>{{\"headline\":\"{}\"}}</script>",
                "\\u00e9\\\"".repeat(size / 8)
            )
        }),
    );
    page(
        "JSON-LD of many authors",
        Box::new(move |size| {
            format!(
                "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"author\":[{}\"x\"]}}</script>",
                numbered(size, &|n| format!("{{\"@type\":\"Person\",\"name\":\"Ann Lee{n}\"}},"))
            )
        }),
    );
    page(
        "many people",
        Box::new(move |size| {
            format!(
                "<article><p>{}</p></article>",
                numbered(size, &|n| format!("Ann{n} Lee{n} met. "))
            )
        }),
    );
    page(
        "many speakers",
        Box::new(move |size| {
            format!(
                "<article><p>{}</p></article>",
                numbered(size, &|n| format!("“We lost it all,” said Ann{n} Lee{n}. "))
            )
        }),
    );
    page(
        "many speakers with one surname",
        Box::new(move |size| {
            format!(
                "<article><p>{}</p></article>",
                numbered(size, &|n| format!("“We lost it all,” said A{n} Lee. “Yes,” he said. "))
            )
        }),
    );
    page(
        "many names of one first name",
        Box::new(move |size| {
            format!(
                "<article><p>{}</p></article>",
                numbered(size, &|n| format!("Ann Lee{n} came. "))
            )
        }),
    );
    page(
        "a name that grows",
        Box::new(move |size| {
            let mut out = String::from("<article><p>");
            let mut name = String::from("Ann");
            while out.len() < size {
                name = if name.len() > 600 { "Ann".to_owned() } else { format!("{name} Lee") };
                out.push_str(&name);
                out.push_str(" came. ");
            }
            out
        }),
    );
    page(
        "paragraphs that continue a quotation",
        Box::new(|size| {
            format!("<article>{}</article>", "<p>“We lost it all and more.</p>".repeat(size / 34))
        }),
    );
    page(
        "many links",
        Box::new(move |size| {
            numbered(size, &|n| format!("<li><a href=/a/{n}>Word {n} and more words here</a>"))
        }),
    );
    page(
        "links that go up",
        Box::new(|size| format!("<p><a href='{}'>x</a></p>", "../".repeat(size / 3))),
    );
    page(
        "many dates",
        Box::new(move |size| {
            numbered(size, &|n| {
                format!("<time datetime=2025-11-0{}T10:00:00Z>Nov {n}</time>", n % 9 + 1)
            })
        }),
    );
    page(
        "many metas",
        Box::new(move |size| {
            numbered(size, &|n| {
                format!("<meta property=article:tag content=t{n}><meta name=author content=a{n}>")
            })
        }),
    );
    page("one million text nodes", Box::new(|size| "a<wbr>".repeat(size / 6)));
    page(
        "nested and full of words",
        Box::new(|size| {
            format!(
                "<article>{}",
                "<div><p>The mayor said it was so on Tuesday, and left.</p>".repeat(size / 56)
            )
        }),
    );
    page(
        "furniture in furniture",
        Box::new(move |size| {
            numbered(size, &|n| {
                format!(
                    "<div class='related promo{n}'><div class='article-body'><p>The mayor said it was so on Tuesday, and left the house at once.</p></div>"
                )
            })
        }),
    );
    page(
        "many bodies",
        Box::new(move |size| {
            numbered(size, &|_| {
                "<div class=newsletter><div class='article-body'><p>The mayor said it was so on Tuesday, and left the house at once.</p></div></div>".to_owned()
            })
        }),
    );
    page(
        "many headlines",
        Box::new(move |size| numbered(size, &|n| format!("<h1>Fire in Elm Falls {n}</h1>"))),
    );
    page(
        "rows without cells",
        Box::new(|size| format!("<table>{}</table>", "<tr>".repeat(size / 4))),
    );
    page("a wide row", Box::new(|size| format!("<table><tr>{}</table>", "<td>1".repeat(size / 5))));
    page(
        "tables in cells, each begun",
        Box::new(|size| format!("<article>{}", "<table><tr><td>1<td>2<tr><td>".repeat(size / 29))),
    );
    page(
        "a text that is one line of JSON",
        Box::new(move |size| {
            format!("<article><p>{}</p>", numbered(size, &|n| format!("{{\"k{n}\":[{n},\"v\"]}},")))
        }),
    );
    let mut raw = |name: &str, body: Make| add(name.to_owned(), body);
    raw("nothing but bytes 0xff", Box::new(|size| vec![0xff; size]));
    raw("nothing but zeros", Box::new(|size| vec![0; size]));
    raw("cut characters", Box::new(|size| [0xe2, 0x80].repeat(size / 2)));
    raw("surrogates", Box::new(|size| [0xed, 0xa0, 0x80].repeat(size / 3)));
    raw(
        "a mark for UTF-16 and odd bytes",
        Box::new(|size| {
            [&[0xff, 0xfe][..], &b"<p>\xe2\x80\x9cx\x20\xd8".repeat(size / 8)].concat()
        }),
    );
    raw(
        "escapes of ISO-2022-JP",
        Box::new(|size| {
            [&b"<meta charset=iso-2022-jp>"[..], &b"\x1b$B!H\x1b(B".repeat(size / 8)].concat()
        }),
    );
    raw("many metas of charset", Box::new(|size| b"<meta charset=x-unknown>".repeat(size / 24)));
    raw(
        "half a meta",
        Box::new(|size| {
            b"<meta http-equiv=content-type content='text/html; charset=".repeat(size / 58)
        }),
    );
    raw("all bytes", Box::new(|size| (0..=255_u8).cycle().take(size).collect()));
}
