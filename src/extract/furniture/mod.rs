//! What names say about an element: which classes, ids, roles and tags mark furniture, and which mark
//! the body of an article.
//!
//! Names are read as words: split at punctuation and where case changes, so that `share` is found
//! in `article__share-bar` and not in `shareholder`. Words that publishers glue together are
//! found as parts. The lists grew by measurement on public sets (docs/extraction.md).

mod lexicon;

use lexicon::{PARTS, Part, WORDS, Word};

use super::dom::{Dom, NodeId, Tag};
use super::shown::Shown;
use crate::base::word_map::WordMap;

/// What the names of an element say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// Certainly no article text: navigation, sharing, comments, promotions.
    pub furniture: bool,
    /// Perhaps furniture: a name that bodies sometimes carry too.
    pub doubtful: bool,
    /// Names the body of an article; higher is surer, 0 is not at all.
    pub body: u8,
    /// Not shown to a reader.
    pub hidden: bool,
    /// A caption or credit of a picture.
    pub caption: bool,
    /// A standfirst, summary or lede.
    pub standfirst: bool,
    /// A notice of correction or update by its name.
    pub notice: bool,
    /// A byline, an author's name or a date line.
    pub byline: bool,
    /// An embedded post of a social network.
    pub post: bool,
    /// A fact of microdata that is read elsewhere: a date, an image's address, the publisher.
    pub fact: bool,
    /// Readers' comments.
    pub comments: bool,
    /// Crossed out: no longer part of what the page says.
    pub struck: bool,
    /// A box of the article: facts, key points, a pull quote.
    pub inset: bool,
}

/// Reads names, remembering what each set of names said: pages repeat a few hundred of them.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// What the page says of its names.
    shown: Shown,
    known: WordMap<(&'a str, &'a str), Marks>,
    /// What values of other attributes say.
    attributes: WordMap<&'a str, Marks>,
}

impl<'a> Names<'a> {
    /// A reader of names on a page that says this of its own.
    pub fn new(shown: Shown) -> Self {
        Self { shown, known: WordMap::default(), attributes: WordMap::default() }
    }

    /// The marks of an element by its tag, attributes and names.
    pub fn marks(&mut self, dom: &'a Dom, id: NodeId) -> Marks {
        let (mut class, mut name, mut extra) = ("", "", Marks::default());
        for (key, value) in dom.attrs(id) {
            match key {
                "class" => class = value,
                "id" => name = value,
                "hidden" => extra.hidden |= value != "until-found",
                "style" => {
                    extra.hidden |= hides(value);
                    extra.struck |= strikes(value);
                }
                "role" => extra.furniture |= is_furniture_role(value),
                "itemprop" => match value {
                    "articleBody" => extra.body = 4,
                    "caption" => extra.caption = true,
                    "description" => extra.standfirst = true,
                    "datePublished" | "dateModified" | "dateCreated" | "mainEntityOfPage"
                    | "image" | "publisher" | "logo" | "author" | "keywords" | "url"
                    | "wordCount" => extra.fact = true,
                    _ => {}
                },
                "aria-hidden" if value == "true" => extra.doubtful = true,
                "aria-modal" if value == "true" => extra.furniture = true,
                "data-testid" | "data-component" | "data-qa" | "data-module" | "data-type"
                | "data-gu-name"
                    if class.is_empty() || key == "data-component" =>
                {
                    let found = self.attributes.entry(value).or_insert_with(|| read(value, ""));
                    extra.furniture |= found.furniture;
                    extra.caption |= found.caption;
                    extra.post |= found.post;
                }
                _ => {}
            }
        }
        let mut marks = match (class, name) {
            ("", "") => Marks::default(),
            names => *self.known.entry(names).or_insert_with(|| {
                let mut marks = read(class, name);
                let said = self.shown.of(class, name);
                marks.hidden |= said.hidden;
                if said.article {
                    (marks.furniture, marks.doubtful, marks.hidden) = (false, false, false);
                }
                marks
            }),
        };
        marks.hidden |= self.shown.is_hidden_inside(dom, id, class, name);
        marks.furniture |= extra.furniture;
        marks.doubtful |= extra.doubtful;
        marks.hidden |= extra.hidden;
        marks.caption |= extra.caption;
        marks.standfirst |= extra.standfirst;
        marks.post |= extra.post;
        marks.fact |= extra.fact;
        marks.struck |= extra.struck;
        marks.body = marks.body.max(extra.body);
        marks
    }
}

/// Whether a style hides its element: at all, or by its place far outside the page.
pub(super) fn hides(style: &str) -> bool {
    let flat = squeezed(style);
    let has = |rule: &[u8]| memchr::memmem::find(&flat, rule).is_some();
    has(b"display:none")
        || has(b"visibility:hidden")
        || ["left:-", "top:-"].iter().any(|side| is_far(&flat, side))
}

/// Whether a place is thousands of pixels outside the page.
fn is_far(flat: &[u8], side: &str) -> bool {
    memchr::memmem::find_iter(flat, side.as_bytes()).any(|at| {
        let value = flat.get(at + side.len()..).unwrap_or_default();
        let begins = at == 0 || flat.get(at - 1) == Some(&b';');
        begins && value.iter().take_while(|b| b.is_ascii_digit()).count() >= 4
    })
}

fn strikes(style: &str) -> bool {
    memchr::memmem::find(style.as_bytes(), b"line-through").is_some()
}

/// A style in lower case without white space. Styles are short; the longest rule looked for has 17
/// bytes.
fn squeezed(style: &str) -> Vec<u8> {
    let bytes = style.bytes().filter(|b| !b.is_ascii_whitespace());
    bytes.map(|b| b.to_ascii_lowercase()).take(400).collect()
}

fn is_furniture_role(role: &str) -> bool {
    matches!(
        role,
        "navigation"
            | "banner"
            | "contentinfo"
            | "complementary"
            | "search"
            | "dialog"
            | "alertdialog"
            | "menu"
            | "menubar"
            | "toolbar"
            | "tablist"
            | "tooltip"
            | "form"
            | "button"
            | "status"
    )
}

/// The marks that a class list and an id say.
fn read(class: &str, id: &str) -> Marks {
    let mut marks = Marks::default();
    for names in [class, id] {
        // A class list of kilobytes is machine-made and says nothing; reading it costs.
        let names = names.get(..600).unwrap_or(names);
        let lower = names.to_ascii_lowercase();
        read_parts(&lower, &mut marks);
        let (sidebar, social) = (lower.contains("sidebar"), lower.contains("social"));
        for name in names.split_ascii_whitespace().take(40) {
            // WordPress lists the subjects of a post among its classes; "widget" marks a widget
            // only as a whole name, page builders have it in the names of everything.
            // Utility classes with values in brackets describe layout.
            if name.starts_with("tag-") || name.starts_with("category-") || name.contains('[') {
                continue;
            }
            marks.furniture |= name == "widget" || name == "tag";
            marks.struck |= matches!(name, "strikethrough" | "line-through" | "struck");
            read_words(name, &mut marks);
            if sidebar {
                read_sidebar(name, &mut marks);
            }
            if social {
                read_social(name, &mut marks);
            }
            marks.hidden |= matches!(
                name,
                "hidden"
                    | "hide"
                    | "d-none"
                    | "is-hidden"
                    | "u-hidden"
                    | "invisible"
                    | "display-none"
            ) && !names.contains(":block")
                && !names.contains(":flex")
                && !names.contains("d-md-")
                && !names.contains("d-lg-");
        }
    }
    if marks.body > 0 {
        // "article-body related-stories-enabled": the surer word wins.
        marks.doubtful = false;
    }
    marks
}

/// A sidebar, and not what is next to one: "has-sidebar", "sidebar-layout", "content-sidebar-wrap".
fn read_sidebar(name: &str, marks: &mut Marks) {
    let lower = name.to_ascii_lowercase();
    if !lower.contains("sidebar") {
        return;
    }
    let beside = [
        "with",
        "has",
        "no-",
        "no_",
        "layout",
        "content",
        "container",
        "wrap",
        "main",
        "page",
        "width",
    ];
    marks.furniture |= !beside.iter().any(|word| lower.contains(word));
    marks.doubtful = true;
}

/// Links to social networks, and not a post from one.
fn read_social(name: &str, marks: &mut Marks) {
    let lower = name.to_ascii_lowercase();
    if lower.contains("social") && !lower.contains("embed") && !lower.contains("post") {
        marks.furniture = true;
    }
}

/// The parts of names in lower case.
fn read_parts(lower: &str, marks: &mut Marks) {
    let Some((matcher, parts)) = PARTS.as_ref() else { return };
    for found in matcher.find_overlapping_iter(lower) {
        match parts.get(found.pattern().as_usize()) {
            Some(Part::Furniture) => marks.furniture = true,
            Some(Part::Hidden) => marks.hidden = true,
            Some(Part::Body(sure)) => marks.body = marks.body.max(*sure),
            Some(Part::Inset) => marks.inset = true,
            None => {}
        }
    }
}

fn read_words(name: &str, marks: &mut Marks) {
    let mut word = String::new();
    let mut was_lower = false;
    for c in name.chars().chain(std::iter::once(' ')) {
        let cut = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && was_lower);
        if cut && !word.is_empty() {
            read_word(&word, marks);
            word.clear();
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase();
    }
}

fn read_word(word: &str, marks: &mut Marks) {
    match WORDS.get(word) {
        Some(Word::Furniture) => marks.furniture = true,
        Some(Word::Doubtful) => marks.doubtful = true,
        None => {}
    }
    match word {
        "caption" | "figcaption" | "credit" | "credits" | "imagecaption" | "copyright" => {
            marks.caption = true
        }
        "standfirst" | "dek" | "chapo" | "chapeau" | "entradilla" | "bajada" | "vorspann"
        | "sottotitolo" | "subtitulo" | "linhafina" | "untertitel" | "intro" | "subtitle"
        | "subheadline" | "lede" | "summary" | "subhead" | "sapo" | "deck" => {
            marks.standfirst = true;
        }
        "correction" | "corrections" | "clarification" | "editorsnote" | "retraction" => {
            marks.notice = true
        }
        "byline" | "author" | "authors" | "dateline" | "timestamp" | "pubdate" | "published" => {
            marks.byline = true;
        }
        "tweet" | "instagram" | "tiktok" | "bluesky" | "mastodon" | "truthsocial" => {
            marks.post = true
        }
        "comment" | "comments" | "commentlist" | "disqus" | "respond" | "commenting" => {
            marks.comments = true
        }
        _ => {}
    }
}

/// Whether nothing inside an element of this name can be article text.
#[must_use]
pub fn is_never_text(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Script
            | Tag::Style
            | Tag::Noscript
            | Tag::Template
            | Tag::Svg
            | Tag::Iframe
            | Tag::Object
            | Tag::Embed
            | Tag::Video
            | Tag::Audio
            | Tag::Canvas
            | Tag::Map
            | Tag::Head
            | Tag::Title
            | Tag::Select
            | Tag::Input
            | Tag::Textarea
            | Tag::Datalist
            | Tag::Math
            | Tag::Progress
            | Tag::Meter
            | Tag::Button
            | Tag::Noframes
            | Tag::Frameset
            | Tag::Rp
            | Tag::Rt
    )
}

/// Whether elements of this name are furniture by themselves.
#[must_use]
pub fn is_furniture_tag(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Nav
            | Tag::Footer
            | Tag::Aside
            | Tag::Menu
            | Tag::Dialog
            | Tag::Search
            | Tag::Form
            | Tag::Label
            | Tag::Option
    )
}
